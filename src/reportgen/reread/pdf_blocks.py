"""``report.pdf``: what is drawn, cell by cell, and what every page carries."""

from collections.abc import Iterator, Mapping

from reportgen.nouns import Report, ViewRow
from reportgen.reread.printed import Block, Printed, Tokens, block, row

__all__ = ["pdf_blocks", "running_head"]

#: Up to so many images have their pictures in the table of views; more, on a sheet of their own.
MOST_BESIDE = 12
#: Up to so many on that sheet are small, without their scores.
MOST_SMALL = 24
#: Characters and lines of a cell up to which its row is never continued.
LONG, MANY = 120, 20


def pdf_blocks(report: Report, glyphs: str, codes: str = "") -> Iterator[Block]:
    """Everything in ``report.pdf`` but what every page carries.

    Args:
        report: What is printed.
        glyphs: The sign for characters that no typeface has; a sentence says so where there are any.
        codes: How that sentence names them.
    """
    page = Printed(report)
    words = page.words
    for number, line in enumerate(page.letterhead(), 1):
        yield block(f"letterhead, line {number}", line)
    yield block("title", report.title)
    for number, (name, value) in enumerate(report.header, 1):
        yield _row(f"header {number}", name, value)
    yield from _pdf_reviewer(page)
    yield from page.narrative()
    if report.biometry:
        yield block("biometry title", page.biometry_title())
        heads = [words["measurement"], words["value"], page.centile_title(), words["image"]]
        cells = [page.measured(one) for one in report.biometry]
        yield from _table("biometry", heads, {f"row {n}": texts for n, texts in enumerate(cells, 1)})
        yield from page.captions()
    yield from _pdf_views(page)
    if report.checklist:
        yield block("checklist", " ".join([words["checklist"], *report.checklist.text]))
    yield block("reliability", " ".join(report.reliability))
    yield from _pdf_answers(page)
    yield block("impression", words["impression"], page.impression)
    yield block("limits", " ".join([words["limits"], *report.limits]))
    yield block("note on characters", f"{page.fill('glyphs', sign=glyphs)} ({codes})" if glyphs else "")
    yield block("disclaimer", words.get("disclaimer", ""))
    yield block("signature", f"{words['reviewed_by']}: {page.signature()}")
    yield block("provenance", words["provenance"])
    yield from page.colophon()
    yield from _origins(page)
    if _pictured(page) and len(report.views) > MOST_BESIDE:
        yield block("pictures", words["pictures"])
        for one in report.views:
            yield from _placeholder(page, one)
            place = f"pictures, image {one.number}"
            score = one.score or "" if len(report.views) > MOST_SMALL else ""
            yield block(place, f"{words['image']} {one.number}", f"{page.view(one)} {score}")


def _row(place: str, *cells: str, head: Tokens = ()) -> Block:
    """A row of a table: cell after cell, unless one is so long that the row goes on in further rows."""
    long = any(len(cell) > LONG or len(cell.splitlines()) > MANY for cell in cells)
    return (row if long else block)(place, *cells, head=head)


def running_head(report: Report) -> str:
    """What later pages say of the patient, before it is cut to the room that there is."""
    shown = [
        f"{n} {v}"
        for k, (n, v) in enumerate(report.header)
        if not k or n == report.presentation["patient_id"]
    ]
    return " ".join(shown)


def _table(place: str, heads: list[str], rows: Mapping[str, list[str]]) -> Iterator[Block]:
    """A table whose head is repeated on every page that it goes on."""
    head = tuple(" ".join(heads).split())
    yield Block(f"{place} head", (head,))
    for name, cells in rows.items():
        yield _row(f"{place}, {name}", *cells, head=head)


def _pdf_reviewer(page: Printed) -> Iterator[Block]:
    reviewer = page.reviewer()
    if reviewer is not None:
        items = {f"item {n}": [str(n), text] for n, text in enumerate(reviewer[1:], 1)}
        nothing = {"nothing": [page.words["nothing_open"]]}
        yield from _table("reviewer's list", reviewer[:1], items or nothing)


def _pictured(page: Printed) -> bool:
    return any(entry.picture or entry.file for entry in page.report.images)


def _placeholder(page: Printed, one: ViewRow, head: Tokens = ()) -> Iterator[Block]:
    """What stands where there is no picture; one that was there may have been lost since."""
    entry, words = page.entries.get(one.image), page.words
    there = entry is not None and entry.picture is not None
    why = (entry.note if entry else None) or (words["picture_unreadable"] if there else "")
    text = words["no_picture"] + (f": {why}" if why else "")
    yield block(f"picture of image {one.number}", text, head=head)._replace(optional=there, cut=True)


def _pdf_views(page: Printed) -> Iterator[Block]:
    words, views = page.words, page.report.views
    pictured = _pictured(page)
    if page.single:
        one = views[0]
        yield block("views title", words["view"])
        if pictured:
            yield from _placeholder(page, one)
        yield block("name of the image", page.file(one))
        ranked = {"view": [page.state(one), one.display if one.view else "", one.score or "-"]}
        for number, (name, score) in enumerate(one.candidates, 1):
            ranked[f"candidate {number}"] = [words["candidate"], name, score]
        yield from _table("views", [words["view_name"], words["model_score"]], ranked)
        return
    yield block("views title", words["views"])
    names = [words[name] for name in ("image", "view_name", "model_score", "next_candidate")]
    head = tuple(" ".join(names).split())
    yield Block("views head", (head,))
    beside = pictured and len(views) <= MOST_BESIDE
    for one in views:
        if beside:
            yield from _placeholder(page, one, head)
        name = f"{words['image']} {one.number}" if beside else str(one.number)
        display = "" if one.state == "undetermined" else one.display
        others = " ".join(f"{name} {score}" for name, score in one.candidates)
        cells = (name, page.file(one), display, page.state(one), one.score or "-", others)
        yield _row(f"views, image {one.number}", *cells, head=head)


def _pdf_answers(page: Printed) -> Iterator[Block]:
    words, rows = page.words, {}
    if not page.report.answers:
        return
    yield block("answers", f"{words['answers']} {words['answers_note']}")
    for number, one in enumerate(page.report.answers, 1):
        rows[f"row {number}"] = [str(one.image_number), one.question, page.answer(one), one.model]
    yield from _table("answers", [words[n] for n in ("image", "question", "answer", "model")], rows)


def _origins(page: Printed) -> Iterator[Block]:
    """Where the report comes from: name and value, two in a one."""
    words, made = page.words, page.report.provenance
    values = {
        "report": page.report.report_id,
        "created": page.created(),
        "input": f"{made.input_name} ({made.input_format}) {made.input_sha256[:12]}",
        "software": made.software,
        "engine": ", ".join(filter(None, [made.engine, made.server])),
        "model": " ".join(filter(None, [made.model, made.precision])),
        "revision": (made.revision or "")[:12],
        "weights": (made.weights_sha256 or "")[:12],
        "prompts": made.prompt_sha256[:12],
        "domain": f"{made.domain} {made.domain_sha256[:12]}",
        "lexicon": made.lexicon_sha256[:12],
    }
    shown = [(name, words[name], value) for name, value in values.items() if value]
    for left in range(0, len(shown), 2):
        pair = shown[left : left + 2]
        cells = [text for _, word, value in pair for text in (word, value)]
        yield _row(f"provenance, {' and '.join(name for name, _, _ in pair)}", *cells)
