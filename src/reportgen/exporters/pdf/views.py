"""The VIEWS of the PDF: pictures beside their views for few images, a compact table for many."""

from collections.abc import Sequence

from reportlab.lib.units import mm
from reportlab.platypus import CondPageBreak, Flowable, Spacer

from reportgen.exporters.layout import Layout
from reportgen.exporters.pdf.flow import Heading, State
from reportgen.exporters.pdf.grid import PAD, Grid, Text, block
from reportgen.exporters.pdf.pictures import Shot, Thumb
from reportgen.exporters.pdf.style import CELL_BOLD, CELL_NOTE, CELL_RIGHT, HEAD_RIGHT, NOTE, WIDTH
from reportgen.exporters.pdf.typeface import Pen
from reportgen.nouns import ViewRow

__all__ = ["views"]


def views(layout: Layout, pen: Pen, shots: Sequence[Shot]) -> list[Flowable]:
    """The section; with ``shots`` each image's picture stands beside its view."""
    if layout.single:
        return _one(layout, pen, shots[0] if shots else None)
    return _few(layout, pen, shots) if shots else _many(layout, pen)


def _file(layout: Layout, row: ViewRow) -> str:
    """What the sender called the image: its file, or its id."""
    entry = layout.entries.get(row.image)
    return entry.file if entry and entry.file else row.image


def _view(layout: Layout, pen: Pen, row: ViewRow, width: float) -> list[Flowable]:
    """Name of the view above its state; where nothing was determined, the state alone."""
    state = State(row.state, pen.plain(layout.state(row)))
    return [state] if row.state == "undetermined" else [*block(pen, row.display, CELL_BOLD, width), state]


def _one(layout: Layout, pen: Pen, shot: Shot | None) -> list[Flowable]:
    """The picture at the left, the view and its candidates at the right; or the table alone."""
    width, height, gap = 68 * mm, 51 * mm, 20.0
    heading = Heading(layout.words["view"], "views")
    name = block(pen, _file(layout, layout.report.views[0]), NOTE, width)
    if shot is None:
        return [CondPageBreak(84), heading, *name, _ranked(layout, pen, WIDTH).table()]
    picture, ranked = Thumb(shot, width, height), _ranked(layout, pen, WIDTH - width - gap)
    if len(ranked.rows) > 10 or len(name) > 1:  # beside the picture they would not fit on one page
        return [CondPageBreak(height + 30), heading, Spacer(0, 4), picture, *name, ranked.table()]
    outer = Grid(pen, [width + gap - PAD, WIDTH - width - gap + PAD], pad=0, form="flow")
    outer.add([[picture, *name], [ranked.table()]])
    flush = ("RIGHTPADDING", (1, 0), (1, 0), 0)
    return [CondPageBreak(height + 50), heading, Spacer(0, 4), outer.table(flush, rules=False)]


def _ranked(layout: Layout, pen: Pen, width: float) -> Grid:
    row, words = layout.report.views[0], layout.words
    grid = Grid(pen, [78, width - 78 - 62, 62], pad=3)
    grid.head([Text(words["view_name"]), None, Text(words["model_score"], HEAD_RIGHT)])
    state = State(row.state, pen.plain(layout.state(row)))
    grid.add([state, Text(row.display if row.view else "", CELL_BOLD), Text(row.score or "-", CELL_RIGHT)])
    for candidate, score in row.candidates:
        grid.add([Text(words["candidate"]), Text(candidate), Text(score, CELL_RIGHT)])
    return grid


def _few(layout: Layout, pen: Pen, shots: Sequence[Shot]) -> list[Flowable]:
    words = layout.words
    width = (38 if len(shots) <= 4 else 26) * mm
    name, score = 70.0, 60.0
    rest = WIDTH - width - 8 - name - score
    grid = Grid(pen, [width + 8, name, rest * 0.5, score, rest * 0.5], pad=3.5, labels=(1,))
    heads = [None, Text(words["image"]), Text(words["view_name"])]
    grid.head([*heads, Text(words["model_score"], HEAD_RIGHT), Text(words["next_candidate"])])
    for row, shot in zip(layout.report.views, shots, strict=True):
        file = block(pen, _file(layout, row), NOTE, name - 8)
        title = block(pen, f"{words['image']} {row.number}", CELL_BOLD, name - 8)
        first: list[Flowable] = [*title, *file[:1]]
        view = _view(layout, pen, row, rest * 0.5 - 8)
        others = Text("\n".join(layout.candidates(row)))
        grid.add([Thumb(shot, width, width * 0.75), first, view, Text(row.score or "-", CELL_RIGHT), others])
        for more in file[1:]:  # a name so long that its row would outgrow the page
            grid.add([None, [more], None, None, None])
    return [CondPageBreak(width * 0.75 + 60), Heading(words["views"], "views"), grid.table()]


def _many(layout: Layout, pen: Pen) -> list[Flowable]:
    words = layout.words
    number, file, state, score, others = 34.0, 80.0, 82.0, 54.0, 126.0
    grid = Grid(
        pen, [number, file, WIDTH - number - file - state - score - others, state, score, others], pad=1.1
    )
    heads = [Text(words["image"]), None, Text(words["view_name"]), None]
    grid.head([*heads, Text(words["model_score"], HEAD_RIGHT), Text(words["next_candidate"])])
    for row in layout.report.views:
        undetermined = row.state == "undetermined"
        grid.add(
            [
                Text(str(row.number), CELL_BOLD),
                Text(_file(layout, row), CELL_NOTE),
                Text("" if undetermined else row.display),
                State(row.state, pen.plain(layout.state(row))),
                Text(row.score or "-", CELL_RIGHT),
                Text("\n".join(layout.candidates(row)), CELL_NOTE),
            ]
        )
    return [CondPageBreak(84), Heading(words["views"], "views"), grid.table()]
