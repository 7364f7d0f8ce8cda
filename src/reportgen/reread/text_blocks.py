"""``report.txt`` as the shipped template lays it out."""

from collections.abc import Iterator
from functools import partial

from reportgen.nouns import Report
from reportgen.reread.printed import Block, Printed, block, row

__all__ = ["text_blocks"]

#: Most columns of a header's name that stand on one line.
LABEL = 23
_row = partial(row, even=True)


def text_blocks(report: Report) -> Iterator[Block]:
    """Everything in the file, in reading order."""
    page = Printed(report)
    words = page.words
    yield block("banner", report.banner if report.status == "draft" else "")
    yield block("rule", "=" * 80)
    for number, line in enumerate(page.letterhead(), 1):
        yield block(f"letterhead, line {number}", line)
    yield block("title", report.title)
    for number, (name, value) in enumerate(report.header, 1):
        wide = any(_columns(one) > LABEL for one, _ in report.header[number - 1 : number + 1])
        yield _row(f"header {number}", name, value)._replace(beside=wide)
    reviewer = page.reviewer()
    if reviewer is not None:
        yield block("reviewer's title", reviewer[0])
        for number, text in enumerate(reviewer[1:], 1):
            yield block(f"reviewer's item {number}", f"{number}.", text)
        if not reviewer[1:]:
            yield block("reviewer's list", words["nothing_open"])
    yield from page.narrative()
    if report.biometry:
        yield block("biometry title", page.biometry_title())
        yield _row("biometry head", words["value"], page.centile_title(), words["image"])
        for number, one in enumerate(report.biometry, 1):
            yield _row(f"biometry, row {number}", *page.measured(one))
        yield from page.captions()
    yield from _text_views(page)
    if report.checklist:
        yield block("checklist", " ".join(report.checklist.text))
    yield block("reliability", " ".join(report.reliability))
    yield from _text_answers(page)
    yield block("impression", words["impression"], page.impression)
    yield block("limits", " ".join([words["limits"], *report.limits]))
    yield block("disclaimer", words.get("disclaimer", ""))
    yield block("rule", "-" * 80)
    yield from page.colophon()
    yield block("report id", f"{words['report']} {report.report_id[:8]} | {page.created()}")
    yield block("signature", f"{words['reviewed_by']}: ____________ {page.signature()}")
    yield block("case id", f"{words['case']} {report.case_id}")
    yield block("page number", page.fill("page", page=1, pages=1))
    yield block("footer", words.get("footer", ""))


def _columns(text: str) -> int:
    """The columns that a text takes at the most: letters of East Asia take two."""
    return len(text) + sum(not character.isascii() for character in text)


def _text_views(page: Printed) -> Iterator[Block]:
    words = page.words
    if page.single:
        one = page.report.views[0]
        yield _row("views head", words["view"], words["model_score"])
        yield _row("view", page.state(one), one.display if one.view else "", one.score or "-")
        for number, (name, score) in enumerate(one.candidates, 1):
            yield _row(f"candidate {number}", words["candidate"], name, score)
        return
    yield _row("views head", words["views"], words["model_score"], words["next_candidate"])
    for one in page.report.views:
        others = f"{words['comma']} ".join(f"{name} {score}".strip() for name, score in one.candidates)
        cells = (f"{words['image']} {one.number}", page.view(one), one.score or "-", others)
        yield _row(f"views, image {one.number}", *cells)


def _text_answers(page: Printed) -> Iterator[Block]:
    words = page.words
    if not page.report.answers:
        return
    yield block("answers head", f"{words['answers']} {words['answers_note']}")
    for number, one in enumerate(page.report.answers, 1):
        image = f"{words['image']} {one.image_number}"
        yield _row(f"answer {number}, question", image, words["question"], one.question)
        yield _row(f"answer {number}", words["answer"], page.answer(one))
        yield _row(f"answer {number}, model", words["model"], one.model)
