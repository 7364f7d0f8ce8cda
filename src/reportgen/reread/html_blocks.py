"""``report.html`` as the shipped template lays it out: every element, in order, with its words."""

import re
from collections.abc import Iterator, Mapping

from reportgen.nouns import BiometryRow, ViewRow
from reportgen.reread.html_tokens import (
    CLOSED,
    RIGHT,
    Part,
    Picture,
    Token,
    columns,
    element,
    escaped,
    figure,
    isolated,
    opened,
    said,
    tag,
    titled,
)
from reportgen.reread.printed import Printed

__all__ = ["html_parts"]

#: More images than this have smaller pictures.
MANY = 12
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
#: The little bar from 0 to 100, with a ring where the centile is.
_BAR = (
    '<svg class="bar" viewBox="0 0 112 24" width="168" height="36" aria-hidden="true" focusable="false">',
    '<path d="M6 9H106M6 6V12M106 6V12"/>',
    '<path d="M11 3V15M56 3V15M101 3V15"/>',
    *('<text x="11" y="23">', "=5", "</text>"),
    *('<text x="56" y="23">', "=50", "</text>"),
    *('<text x="101" y="23">', "=95", "</text>"),
)


def html_parts(page: Printed, style: str, *, logo: bool) -> Iterator[Part]:
    """Everything in the file.

    Args:
        page: What is printed.
        style: What stands in ``style``.
        logo: Whether the institution's logo is there; it may have been lost.
    """
    report, words = page.report, page.words
    language = words.get("language", "")
    turn = "rtl" if words.get("direction") == "rtl" else "ltr"
    yield Part(
        "head of the file", ("<!doctype html>", f'<html lang="{escaped(language)}" dir="{turn}">', "<head>")
    )
    yield Part(
        "rules of the file",
        (
            '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="robots" content="noindex">',
            '<meta name="referrer" content="no-referrer">',
        ),
    )
    yield Part("title", element("title", f"{report.title} | {words['case']} {report.case_id}"))
    own = _site_style(words)
    more = element("style", own) if own else ()
    yield Part("style", (*element("style", style), *more, "</head>", "<body>", '<div class="sheet">'))
    if report.status == "draft":
        yield Part("banner", tag('header class="banner"', *element("p", report.banner)))
    yield Part("title", ("<main>", *_letterhead(page, logo=logo), *element("h1", report.title)))
    yield from _head(page)
    yield from _reviewer(page)
    if report.method:
        lines = [one for line in report.method for one in element("p", line)]
        yield Part("method", titled("method", words["method"], *lines))
    yield from _findings(page)
    yield from _biometry(page)
    yield from _views(page)
    if report.checklist:
        lines = [one for line in report.checklist.text for one in element("p", line)]
        yield Part("checklist", titled("checklist", words["checklist"], *lines))
    if report.reliability:
        lines = [one for line in report.reliability for one in element('p class="note"', line)]
        yield Part("reliability", tag('div class="after"', *lines))
    yield from _answers(page)
    yield Part("impression", titled("impression", words["impression"], *element("p", page.impression),
                                      kind="impression"))  # fmt: skip
    disclaimer = element("p", words["disclaimer"]) if words.get("disclaimer") else ()
    limits = (*element("p", " ".join(report.limits)), *disclaimer)
    yield Part("limits", titled("limits", words["limits"], *limits))
    yield from _end(page)


def _site_style(words: Mapping[str, str]) -> str:
    colour = words.get("colour", "")
    own = f":root{{--rule:{colour}}}" if re.fullmatch("#[0-9a-f]{6}", colour) else ""
    return own + ("@page{size:letter}" if words.get("paper") == "Letter" else "")


def _letterhead(page: Printed, *, logo: bool) -> tuple[Token, ...]:
    lines = [token for line in page.letterhead() for token in element("p", line)]
    name = page.words.get("institution") or page.words["logo"]
    picture = [Picture(name, page.words["logo_file"], (), "png")] if logo else []
    return tag("address", *picture, *lines) if picture or lines else ()


def _head(page: Printed) -> Iterator[Part]:
    yield Part("header", ('<dl class="head">',))
    for number, (name, value) in enumerate(page.report.header, 1):
        cells = (*element("dt", name), *tag("dd", *isolated(value)))
        yield Part(f"header {number}", tag("div", *cells))
    yield Part("header", ("</dl>",))


def _reviewer(page: Printed) -> Iterator[Part]:
    reviewer = page.reviewer()
    if reviewer is None:
        return
    title, *items = reviewer
    start = element('h2 id="reviewer"', title)
    yield Part("reviewer's title", ('<section class="review" aria-labelledby="reviewer">', *start))
    if items:
        yield Part("reviewer's list", ("<ol>",))
        for number, text in enumerate(items, 1):
            yield Part(f"reviewer's item {number}", element("li", text))
    rest = ("</ol>",) if items else element("p", page.words["nothing_open"])
    yield Part("reviewer's list", (*rest, "</section>"))


def _findings(page: Printed) -> Iterator[Part]:
    title = element('h2 id="findings"', page.words["findings"])
    yield Part("findings", ('<section aria-labelledby="findings">', *title))
    listed = page.findings and not page.single
    yield Part("findings", ('<dl class="regions">',) if listed else ())
    for section in page.findings:
        text = page.said(section)
        cells = (*element("dt", section.title), *element("dd", text))
        yield Part(f"findings, {section.name}", element("p", text) if page.single else tag("div", *cells))
    yield Part("findings", ("</dl>", "</section>") if listed else ("</section>",))


def _biometry(page: Printed) -> Iterator[Part]:
    report, words = page.report, page.words
    if not report.biometry:
        return
    yield opened("biometry", page.biometry_title(), "table")
    centile = page.centile_title()
    heads = [("", words["measurement"]), (RIGHT, words["value"])]
    heads += [("", centile)] if centile else []
    yield Part("biometry head", columns([*heads, (RIGHT, words["image"])]))
    for number, one in enumerate(report.biometry, 1):
        name, abbr, value, read, image = page.measured(one)
        cells = [*tag('th scope="row"', *isolated(name), *element('span class="abbr"', abbr))]
        cells += figure(value)
        if centile:
            shown = tag('span class="read"', *isolated(read, 'bdi dir="ltr"'))
            cells += tag('td class="centile"', *shown, *_bar(one))
        cells += element('td class="number"', image)
        yield Part(f"biometry, row {number}", tag("tr", *cells))
    yield Part("biometry", CLOSED)
    if report.biometry_caption:
        yield Part("biometry caption", element('p class="note"', report.biometry_caption))
    for number, (letter, note) in enumerate(report.biometry_notes, 1):
        yield Part(f"biometry note {number}", element('p class="note"', f"({letter}) {note}"))
    yield Part("biometry", ("</section>",))


def _bar(row: BiometryRow) -> tuple[str, ...]:
    """The bar of a centile between 0 and 100; below the first and above the 99th it stands at the end."""
    found = re.fullmatch(r"([<>]?)([0-9]{1,3})", row.centile or "")
    if found is None or int(found[2]) > 100:
        return ()
    at = {"": int(found[2]), "<": 0, ">": 100}[found[1]]
    return (*_BAR, f'<circle cx="{at + 6}" cy="9" r="3.5"/>', "</svg>")


def _picture(page: Printed, row: ViewRow) -> Picture:
    entry, words = page.entries.get(row.image), page.words
    recognised = [f for f in page.report.facts if f.kind == "view" and row.image in f.images]
    name = f"{words['image']} {row.number}"
    if row.state != "undetermined":
        plane = recognised[-1].name if recognised and row.state == "recognised" else row.display
        name += f": {plane}"
    score = f". {words['model_score']} {row.score}" if row.score else ""
    why = (entry.note if entry else "") or (words["picture_unreadable"] if entry and entry.picture else "")
    absent = words["no_picture"] + (f": {why}" if why else "")
    text = f"{name}. {page.state(row)}{score}"
    held = tag('span class="absent"', *isolated(absent))
    return Picture(text, entry.picture if entry else None, tuple(one for one in held if isinstance(one, str)))


def _views(page: Printed) -> Iterator[Part]:
    report, words = page.report, page.words
    pictured = any(entry.picture or entry.file for entry in report.images)
    if page.single:
        yield from _view(page, pictured=pictured)
        return
    many = " many" if len(report.views) > MANY else ""
    yield opened("views", words["views"], f'table role="table" class="views{many}"')
    heads = [("", words["image"]), ("", words["view_name"])]
    heads += [(RIGHT, words["model_score"]), ("", words["next_candidate"])]
    yield Part("views head", columns(heads, roles=True))
    for one in report.views:
        file = isolated(page.file(one))
        start = 'th role="rowheader" scope="row" class="image"'
        cells = [*tag(start, *said(str(one.number)), *tag('span class="file"', *file))]
        display = "" if one.state == "undetermined" else one.display
        state = element(f'span class="mark {one.state}"', page.state(one))
        text = tag('div class="said"', *element('span class="view"', display), *state)
        shown = tag('div class="shown"', _picture(page, one), *text) if pictured else text
        cells += tag('td role="cell"', *shown)
        cells += tag('td role="cell" class="number"', *isolated(one.score or "-", 'bdi dir="ltr"'))
        others = [
            part
            for name, score in one.candidates
            for part in tag('span class="next"', *said(name), *isolated(score, 'bdi dir="ltr"'))
        ]
        cells += tag('td role="cell"', *others)
        yield Part(f"views, image {one.number}", tag('tr role="row"', *cells))
    yield Part("views", (*CLOSED, "</section>"))


def _view(page: Printed, *, pictured: bool) -> Iterator[Part]:
    """The view of a single image, with its candidates as rows."""
    words, one = page.words, page.report.views[0]
    title = element('h2 id="views"', words["view"])
    yield Part("views title", ('<section aria-labelledby="views">', *title))
    if pictured:
        yield Part("picture of image 1", ('<div class="one">', *tag("div", _picture(page, one))))
    caption = tag("caption", *said(words["image"]), *isolated(page.file(one)))
    yield Part("name of the image", ("<table>", *caption))
    yield Part("views head", columns([(' colspan="2"', words["view_name"]), (RIGHT, words["model_score"])]))
    display = element('td class="view"', one.display if one.view else "")
    first = (*element('th scope="row"', page.state(one)), *display, *figure(one.score or "-"))
    yield Part("view", tag("tr", *first))
    for number, (name, score) in enumerate(one.candidates, 1):
        cells = (*element('th scope="row"', words["candidate"]), *element("td", name), *figure(score))
        yield Part(f"candidate {number}", tag("tr", *cells))
    yield Part("views", (*CLOSED, *(["</div>"] if pictured else []), "</section>"))


def _answers(page: Printed) -> Iterator[Part]:
    words = page.words
    if not page.report.answers:
        return
    note = element('p class="note"', words["answers_note"])
    yield opened("answers", words["answers"], "table", *note, kind="answers")
    heads = [(RIGHT, words["image"]), *(("", words[name]) for name in ("question", "answer", "model"))]
    yield Part("answers head", columns(heads))
    for number, one in enumerate(page.report.answers, 1):
        cells = [*element('th scope="row" class="number"', str(one.image_number))]
        for text in (one.question, page.answer(one), one.model):
            cells += tag("td", *isolated(text))
        yield Part(f"answer {number}", tag("tr", *cells))
    yield Part("answers", (*CLOSED, "</section>"))


def _end(page: Printed) -> Iterator[Part]:
    """Signature and foot."""
    report, words = page.report, page.words
    by = (*element("span", f"{words['reviewed_by']}:"), *tag('span class="line"'))
    signature = tag('p class="sign"', *by, *element("strong", page.signature()))
    yield Part("signature", (*signature, "</main>", "<footer>"))
    for block in page.colophon():
        text = " ".join(block.cells[0])
        yield Part(block.place, element("p", text))
    made = f"{words['report']} {report.report_id[:8]} | {page.created()}"
    yield Part("report id", element("p", made))
    yield Part("case id", element("p", f"{words['case']} {report.case_id}"))
    footer = element("p", words["footer"]) if words.get("footer") else ()
    yield Part("end of the file", (*footer, "</footer>", "</div>", "</body>", "</html>"))
