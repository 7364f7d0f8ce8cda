"""The VIEWS of the PDF: pictures beside their views for few images, a compact table for many."""

from collections.abc import Sequence

from reportlab.lib.units import mm
from reportlab.platypus import CondPageBreak, Flowable, Spacer

from reportgen.export.layout import Layout
from reportgen.export.pdf_flow import Heading, Shot, State, Thumb
from reportgen.export.pdf_grid import Grid, Text, block
from reportgen.export.pdf_style import CELL, CELL_BOLD, CELL_NOTE, CELL_RIGHT, HEAD_RIGHT, NOTE, WIDTH
from reportgen.export.typeface import Pen
from reportgen.nouns import ViewRow

__all__ = ["views"]


def views(layout: Layout, pen: Pen, shots: Sequence[Shot] | None) -> list[Flowable]:
    """The section; with ``shots`` each image's picture stands beside its view."""
    if layout.single and shots is not None:
        return _one(layout, pen, shots[0])
    if shots is not None:
        return _few(layout, pen, shots)
    return _many(layout, pen)


def _file(layout: Layout, row: ViewRow) -> str:
    """What the sender called the image: its file, or its id."""
    entry = next((entry for entry in layout.report.images if entry.image_id == row.image), None)
    return entry.file if entry and entry.file else row.image


def _view(layout: Layout, pen: Pen, row: ViewRow, width: float) -> list[Flowable]:
    """Name of the view above its state; where nothing was determined, the state alone."""
    state = State(row.state, pen.plain(layout.state(row)))
    return [state] if row.state == "undetermined" else [*block(pen, row.display, CELL_BOLD, width), state]


def _one(layout: Layout, pen: Pen, shot: Shot) -> list[Flowable]:
    row, words = layout.report.views[0], layout.words
    width, height = 78 * mm, 58.5 * mm
    inner = Grid(pen, [74, WIDTH - width - 20 - 74 - 60, 60], pad=3)
    inner.head([Text(words["view_name"]), None, Text(words["model_score"], HEAD_RIGHT)])
    inner.add(
        [State(row.state, pen.plain(layout.state(row))), Text(row.display if row.view else "", CELL_BOLD), Text(row.score or "-", CELL_RIGHT)]
    )  # fmt: skip
    for name, score in row.candidates:
        inner.add([Text(words["candidate"], CELL), Text(name), Text(score, CELL_RIGHT)])
    heading = Heading(words["view"], "views")
    picture, name = Thumb(shot, width, height), block(pen, _file(layout, row), NOTE, width)
    if len(inner.rows) > 10 or len(name) > 1:  # beside the picture they would not fit on one page
        return [CondPageBreak(height + 30), heading, Spacer(0, 4), picture, *name, inner.table()]
    outer = Grid(pen, [width + 16, WIDTH - width - 16], pad=0)
    outer.add([[picture, *name], [inner.table()]])
    return [CondPageBreak(height + 50), heading, Spacer(0, 4), outer.table(("RIGHTPADDING", (1, 0), (1, 0), 0), rules=False)]


def _few(layout: Layout, pen: Pen, shots: Sequence[Shot]) -> list[Flowable]:
    words = layout.words
    width = (38 if len(shots) <= 4 else 29) * mm
    name, score = 70.0, 60.0
    rest = WIDTH - width - 8 - name - score
    grid = Grid(pen, [width + 8, name, rest * 0.5, score, rest * 0.5], pad=3.5)
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
    grid = Grid(pen, [number, file, WIDTH - number - file - state - score - others, state, score, others], pad=1.1)
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
