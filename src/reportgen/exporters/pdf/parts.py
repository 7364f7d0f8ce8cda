"""The sections of the PDF, in reading order."""

import re

from reportlab.lib.styles import ParagraphStyle
from reportlab.platypus import CondPageBreak, Flowable, KeepTogether, Spacer

from reportgen.exporters.layout import Layout, Pictures, header_rows
from reportgen.exporters.pdf.flow import Centile, Code, Heading, Line, Signature, Tick
from reportgen.exporters.pdf.grid import PAD, Grid, Text, block
from reportgen.exporters.pdf.letterhead import letterhead
from reportgen.exporters.pdf.pictures import sheet, shots_of
from reportgen.exporters.pdf.style import (
    ACCENT,
    BODY,
    CELL,
    CELL_BOLD,
    CELL_NOTE,
    CELL_RIGHT,
    GREY,
    HEAD,
    HEAD_RIGHT,
    LABEL,
    NOTE,
    PALE,
    REGION,
    TINY,
    TITLE,
    WIDTH,
)
from reportgen.exporters.pdf.typeface import MISSING, Pen, lacking
from reportgen.exporters.pdf.views import views

__all__ = ["story"]

#: Up to so many images, each has its picture in its row of the table; beyond, there is a picture sheet.
MOST_BESIDE = 12
_CENTILE = re.compile(r"[<>]?[0-9]{1,3}")


def story(layout: Layout, pen: Pen, pictures: Pictures, digest: str) -> list[Flowable]:
    """Everything between the banner and the footer; ``digest`` is the SHA-256 of ``report.json``."""
    shots = shots_of(layout, pen, pictures) if layout.pictured else []
    beside = len(layout.report.views) <= MOST_BESIDE
    flow = [
        *letterhead(layout, pen, pictures),
        *block(pen, layout.report.title, TITLE, WIDTH),
        *_header(layout, pen),
        *_reviewer(layout, pen),
        *_method(layout, pen),
        *_findings(layout, pen),
        *_biometry(layout, pen),
        *views(layout, pen, shots if beside else []),
        *_checklist(layout, pen),
        *_answers(layout, pen),
        *_section(layout, pen, "impression", [layout.impression], BODY),
    ]
    pages = sheet(layout, shots) if shots and not beside else []
    return [*flow, *_limits(layout, pen), *_end(layout, pen, digest), *pages]


def _paragraphs(pen: Pen, texts: list[str], style: ParagraphStyle) -> list[Flowable]:
    return [flowable for text in texts for flowable in block(pen, text, style, WIDTH)]


def _section(layout: Layout, pen: Pen, name: str, texts: list[str], style: ParagraphStyle) -> list[Flowable]:
    """A heading with paragraphs; the heading stays with the first of them."""
    flow = _paragraphs(pen, texts, style)
    return [KeepTogether([Heading(layout.words[name], name), *flow[:1]]), *flow[1:]]


def _header(layout: Layout, pen: Pen) -> list[Flowable]:
    if not layout.report.header:
        return []
    half, label = WIDTH / 2, 62.0
    grid = Grid(pen, [label, half - label, label, half - label], pad=1.6, labels=(0, 2))
    probe = half - label - 12

    def fits(text: str) -> bool:
        made = block(pen, text, BODY, probe)
        return len(made) == 1 and isinstance(made[0], Line)

    for pair in header_rows(layout.report.header, fits):
        cells = [part for name, text in pair for part in (Text(name, LABEL), Text(text, BODY))]
        grid.add(cells if len(pair) == 2 else [*cells, None, None], () if len(pair) == 2 else [(1, 3)])
    edges = [("LINEABOVE", (0, 0), (-1, 0), 0.8, ACCENT), ("LINEBELOW", (0, -1), (-1, -1), 0.8, ACCENT)]
    return [Spacer(0, 4), grid.table(*edges)]


def _reviewer(layout: Layout, pen: Pen) -> list[Flowable]:
    if not layout.reviewer_block:
        return []
    report = layout.report
    title = ParagraphStyle("panel", parent=HEAD, fontSize=8.6, leading=11.6, textColor=ACCENT, role="H2")
    grid = Grid(pen, [24, WIDTH - 48, 24], pad=3, edge=9, form="list")
    grid.add([Text(layout.reviewer_title, title), None, None], [(0, 2)])
    grid.heads = 1
    for number, item in enumerate(report.reviewer_items, 1):
        grid.add([Text(f"{number}", CELL_BOLD), Text(item.text), Tick()])
    if not report.reviewer_items:
        grid.add([Text(layout.words["nothing_open"]), None, None], [(0, 2)])
    table = grid.table(
        ("BACKGROUND", (0, 0), (-1, 0), PALE),
        ("BOX", (0, 0), (-1, -1), 0.6, GREY),
        ("LINEBEFORE", (0, 0), (0, -1), 3, ACCENT, 0),
    )
    return [Spacer(0, 11), CondPageBreak(50), table]


def _method(layout: Layout, pen: Pen) -> list[Flowable]:
    method = [" ".join(layout.report.method)] if layout.report.method else []
    return _section(layout, pen, "method", method, BODY) if method else []


def _findings(layout: Layout, pen: Pen) -> list[Flowable]:
    heading = Heading(layout.words["findings"], "findings")
    if layout.single:
        said = _paragraphs(pen, [layout.said(section) for section in layout.findings], BODY)
        return [KeepTogether([heading, *said[:1]]), *said[1:]]
    grid = Grid(pen, [78, WIDTH - 78], pad=2.6, form="flow")
    for section in layout.findings:
        grid.add([Text(section.title, REGION), Text(layout.said(section), BODY)])
    return [CondPageBreak(64), heading, *([grid.table()] if grid.rows else [])]


def _biometry(layout: Layout, pen: Pen) -> list[Flowable]:
    report, words = layout.report, layout.words
    if not report.biometry:
        return []
    widths = [200, 52, 84, WIDTH - 200 - 52 - 84 - 50, 50]
    grid = Grid(pen, widths, pad=2.4)
    right = [
        Text(words["value"], HEAD_RIGHT),
        Text(layout.centile_title, HEAD_RIGHT),
        Text(words["image"], HEAD_RIGHT),
    ]
    grid.head([Text(words["measurement"]), None, *right])
    for row in report.biometry:
        text = layout.centile(row) if layout.centile_title else ""
        centile: Text | Centile = Text(text, CELL_RIGHT)
        if _CENTILE.fullmatch(row.centile or ""):
            centile = Centile(pen.plain(text), row.centile or "", widths[3] - 2 * PAD, CELL_RIGHT)
        value, image = Text(layout.value(row), CELL_RIGHT), Text(str(row.image_number), CELL_RIGHT)
        grid.add([Text(layout.measure_name(row)), Text(row.abbr, CELL_BOLD), value, centile, image])
    caption = [report.biometry_caption] if report.biometry_caption else []
    notes = [*caption, *(f"({letter}) {note}" for letter, note in report.biometry_notes)]
    heading = Heading(layout.biometry_title, "biometry")
    return [CondPageBreak(84), heading, grid.table(), Spacer(0, 3), *_paragraphs(pen, notes, NOTE)]


def _checklist(layout: Layout, pen: Pen) -> list[Flowable]:
    report = layout.report
    published = (
        [Spacer(0, 4), *_paragraphs(pen, list(report.reliability), NOTE)] if report.reliability else []
    )
    if report.checklist is None:
        return published
    return [*_section(layout, pen, "checklist", list(report.checklist.text), BODY), *published]


def _answers(layout: Layout, pen: Pen) -> list[Flowable]:
    report, words = layout.report, layout.words
    if not report.answers:
        return []
    rest = WIDTH - 52 - 96
    grid = Grid(pen, [52, rest * 0.42, rest * 0.58, 96], pad=2.6)
    grid.head([Text(words[name]) for name in ("image", "question", "answer", "model")])
    for row in report.answers:
        # What is not quoted must not look like a quotation: the reason is set as a note.
        said = Text(layout.answer(row), CELL if row.answer is not None else CELL_NOTE)
        grid.add(
            [Text(str(row.image_number), CELL_BOLD), Text(row.question), said, Text(row.model, CELL_NOTE)]
        )
    note = _paragraphs(pen, [words["answers_note"]], NOTE)
    return [CondPageBreak(96), Heading(words["answers"], "answers"), *note, Spacer(0, 3), grid.table()]


def _limits(layout: Layout, pen: Pen) -> list[Flowable]:
    limits = list(layout.report.limits)
    for text in [*layout.colophon, *(value for pair in _origins(layout) for value in pair)]:
        pen.plain(text)  # is printed below, and may hold what cannot be printed
    if pen.lacking:
        limits.append(f"{layout.words.fill('glyphs', sign=MISSING)} ({lacking(pen.lacking)})")
    disclaimer = [layout.disclaimer] if layout.disclaimer else []
    return _section(layout, pen, "limits", [" ".join(limits), *disclaimer], NOTE)


def _origins(layout: Layout) -> list[tuple[str, str]]:
    """Where the report comes from, label and text; hashes short, whole in report.json."""
    words, made = layout.words, layout.report.provenance
    model = " ".join(filter(None, [made.model, made.precision]))
    engine = ", ".join(filter(None, [made.engine, made.server]))
    return [
        (label, text)
        for label, text in (
            (words["report"], layout.report.report_id),
            (words["created"], layout.created),
            (words["input"], f"{made.input_name} ({made.input_format}) {made.input_sha256[:12]}"),
            (words["software"], made.software),
            (words["engine"], engine),
            (words["model"], model),
            (words["revision"], (made.revision or "")[:12]),
            (words["weights"], (made.weights_sha256 or "")[:12]),
            (words["prompts"], made.prompt_sha256[:12]),
            (words["domain"], f"{made.domain} {made.domain_sha256[:12]}"),
            (words["lexicon"], made.lexicon_sha256[:12]),
        )
        if text
    ]


def _end(layout: Layout, pen: Pen, digest: str) -> list[Flowable]:
    words, side = layout.words, 60.0
    room = WIDTH - side - 12
    grid = Grid(pen, [44, room * 0.62 - 44, 44, room * 0.38 - 44], pad=0.6, labels=(0, 2))
    origins = [(Text(label, TINY), Text(text, TINY)) for label, text in _origins(layout)]
    for left, right in zip(origins[::2], [*origins[1::2], (None, None)], strict=False):
        grid.add([*left, *right])
    table = grid.table(rules=False)
    told = words.fill("qr_code", id=layout.report.report_id)
    code = Code(f"REPORTGEN:{layout.report.report_id}:{digest}".upper(), told, side)
    made: list[Flowable] = [table, code]
    if table.wrap(room, 0)[1] < 2 * side:
        beside = Grid(pen, [room + 12, side], pad=0, form="flow")
        beside.add([[table], code])
        made = [beside.table(rules=False)]
    return [
        Spacer(0, 4),
        KeepTogether(
            [
                Signature(pen.plain(words["reviewed_by"]), pen.plain(layout.signature)),
                Spacer(0, 2),
                Heading(words["provenance"], "provenance"),
                *_paragraphs(pen, layout.colophon, NOTE),
                Spacer(0, 2),
                *made,
            ]
        ),
    ]
