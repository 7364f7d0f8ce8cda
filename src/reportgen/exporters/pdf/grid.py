"""Tables whose cells hold text of any length: a row too tall for a page goes on in the next row."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.platypus import Flowable, LongTable, Paragraph, TableStyle

from reportgen.exporters.pdf.flow import Line, Lines
from reportgen.exporters.pdf.style import ACCENT, CELL, GREY, HEAD, RULE
from reportgen.exporters.pdf.tags import Tag, Tagged
from reportgen.exporters.pdf.typeface import REGULAR, Pen, foreign
from reportgen.exporters.pdf.writing import broken, first_side

__all__ = ["PAD", "Grid", "Text", "block", "pieces"]

#: Lines that one row may hold at the most; a page has about 55 of the largest.
MOST_LINES = 24
PAD = 4.0


class Text(NamedTuple):
    """Text of a cell, as it came; the grid wraps, escapes and, where it must, continues it."""

    text: str
    style: ParagraphStyle = CELL


Cell: TypeAlias = Text | Flowable | list[Flowable] | None
#: What a grid is for a reader who does not see it: a table, a list of a mark and a text, or only an order.
Form = Literal["table", "list", "flow"]


class Prose(Tagged, Paragraph):  # type: ignore[misc]
    """A paragraph, of which each part that a page takes has the same tag."""

    def split(self, width: float, height: float) -> list[Flowable]:
        """Its parts above and below the end of the page."""
        parts: list[Flowable] = super().split(width, height)
        for part in parts:
            part.tag = self.tag
        return parts


class _Table(LongTable):  # type: ignore[misc]
    """A table that knows its grid."""

    grid: "Grid"

    def hang(self, parent: Tag, _role: str | None = None) -> None:
        """Tag its rows and cells."""
        self.grid.hang(parent)


def pieces(text: str, most: int) -> list[str]:
    """Cut a long text at blanks into pieces of at most ``most`` characters and ``MOST_LINES`` lines."""
    found: list[str] = []
    lines = text.split("\n")
    for start in range(0, len(lines), MOST_LINES):
        rest = "\n".join(lines[start : start + MOST_LINES])
        while len(rest) > most:
            cut = max(rest.rfind(" ", most // 2, most), rest.rfind("\n", most // 2, most))
            cut = cut if cut > 0 else most
            found.append(rest[:cut])
            rest = rest[cut:].lstrip(" \n")
        found.append(rest)
    return found


def block(pen: Pen, text: str, style: ParagraphStyle, width: float) -> list[Flowable]:
    """A text as one line where it fits, as a paragraph otherwise, as several if it is very long."""
    plain = pen.plain(text)
    other = foreign(plain)
    if not other and "\n" not in plain and stringWidth(plain, style.fontName, style.fontSize) <= width:
        return [Line(plain, style)]
    if other or pen.mirrored:  # a paragraph of reportlab's is in one direction
        return _lines(plain, style, width, mirrored=pen.mirrored)
    # No character is wider than its size, so that no piece can outgrow a page.
    most = int(MOST_LINES * width / style.fontSize)
    if pen.accent and style.textColor is ACCENT:
        style = ParagraphStyle("accent", parent=style, textColor=pen.accent)
    return [Prose(pen.markup(piece), style) for piece in pieces(plain, most)]


def _lines(plain: str, style: ParagraphStyle, width: float, *, mirrored: bool) -> list[Flowable]:
    """The same for a text of any script, on a page of either direction."""
    lines = [
        (line, first_side(part, mirrored=mirrored))
        for part in plain.split("\n")
        for line in broken(part, style.fontName, style.fontSize, width)
    ]
    if len(lines) == 1:
        return [Line(lines[0][0], style, lines[0][1])]
    return [Lines(lines[start : start + MOST_LINES], style) for start in range(0, len(lines), MOST_LINES)]


class Grid:
    """Rows of cells with a thin rule between them and, where there is one, a head that each page repeats.

    Args:
        widths: Of the columns, in points.
        pad: Above and below each cell.
        edge: Left of the first column.
        form: What it is in the structure of the PDF.
        labels: Columns that say what the cells right of them are.
    """

    def __init__(
        self,
        pen: Pen,
        widths: Sequence[float],
        *,
        pad: float = 3.0,
        edge: float = 0.0,
        form: Form = "table",
        labels: Collection[int] = (0,),
    ) -> None:
        self.pen, self.widths, self.pad, self.edge = pen, list(widths), pad, edge
        self.form, self.labels = form, labels
        self.rows: list[list[Any]] = []
        self.starts: list[int] = []
        self.spans: list[Sequence[tuple[int, int]]] = []
        self.heads = 0
        self.extra: list[tuple[Any, ...]] = []

    def head(self, cells: Sequence[Text | Flowable | None]) -> "Grid":
        """The head, above the first row."""
        self.add(
            [
                Text(c.text, c.style if c.style is not CELL else HEAD) if isinstance(c, Text) else c
                for c in cells
            ]
        )
        self.heads = len(self.rows)
        return self

    def add(self, cells: Sequence[Cell], spans: Sequence[tuple[int, int]] = ()) -> None:
        """One row; ``spans`` joins columns, as (first, last)."""
        columns = [self._column(cell, self._room(number, spans)) for number, cell in enumerate(cells)]
        self.starts.append(len(self.rows))
        self.spans.append(spans)
        for number in range(max(map(len, columns))):
            for first, last in spans:
                self.extra.append(("SPAN", (first, len(self.rows)), (last, len(self.rows))))
            self.rows.append([column[number] if number < len(column) else "" for column in columns])

    def _room(self, number: int, spans: Sequence[tuple[int, int]]) -> float:
        last = next((last for first, last in spans if first == number), number)
        inset = self.edge if number == 0 else PAD
        return sum(self.widths[number : last + 1]) - inset - PAD

    def _column(self, cell: Cell, width: float) -> list[Any]:
        if isinstance(cell, Text):
            return list(block(self.pen, cell.text, cell.style, width))
        return [cell if cell is not None else ""]

    def table(self, *commands: tuple[Any, ...], rules: bool = True, **options: Any) -> "_Table":
        """The finished table; ``commands`` are reportlab's."""
        style: list[tuple[Any, ...]] = [
            ("FONT", (0, 0), (-1, -1), REGULAR, CELL.fontSize),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (-1, -1), PAD),
            ("LEFTPADDING", (0, 0), (0, -1), self.edge),
            ("RIGHTPADDING", (0, 0), (-1, -1), PAD),
            ("TOPPADDING", (0, 0), (-1, -1), self.pad),
            ("BOTTOMPADDING", (0, 0), (-1, -1), self.pad),
            *(self._rules() if rules else []),
            *self.extra,
            *commands,
        ]
        if self.heads:
            style.append(("LINEBELOW", (0, self.heads - 1), (-1, self.heads - 1), 0.6, GREY))
        table = _Table(
            self.rows, colWidths=self.widths, repeatRows=self.heads, style=TableStyle(style), **options
        )
        table.grid = self
        return table

    def hang(self, parent: Tag) -> None:
        """Tag all that stands in the rows, in reading order."""
        within = {"table": "Table", "list": "L"}.get(self.form)
        below: Tag | None = None
        for number, cells in enumerate(self._cells()):
            if within is None or (self.form == "list" and number < self.heads):
                for flowable in (one for cell in cells for one in cell):
                    flowable.hang(parent)
                continue
            below = below or Tag(within, parent)
            row = Tag("TR" if self.form == "table" else "LI", below)
            if self.form == "table":
                self._hang_row(row, cells, number)
                continue
            for role, cell in zip(("Lbl", "LBody", None), cells, strict=False):
                for flowable in cell:
                    flowable.hang(row, role)

    def _hang_row(self, row: Tag, cells: Sequence[Sequence[Any]], number: int) -> None:
        head = number < self.heads
        joined = dict(self.spans[number])
        column = 0
        while column < len(cells):
            last = joined.get(column, column)
            while head and last + 1 < len(cells) and not cells[last + 1]:
                last += 1
            said = cells[column]
            label = bool(said) and (head or column in self.labels)
            scope = ("Column" if head else "Row") if label else None
            more = {"scope": scope, "span": last - column + 1, "repeats": head}
            cell = Tag("TH" if label else "TD", row, **more)
            for flowable in said:
                if len(said) == 1 and not flowable.alternative and flowable.role:
                    flowable.tag = cell
                else:
                    flowable.hang(cell)
            column = last + 1

    def _cells(self) -> Iterator[list[list[Any]]]:
        """By row and column what stands there, in all parts of a row that was continued."""
        ends = [*self.starts[1:], len(self.rows)]
        for start, end in zip(self.starts, ends, strict=True):
            columns = []
            for parts in zip(*self.rows[start:end], strict=True):
                many = [part if isinstance(part, list) else [part] for part in parts if part]
                columns.append([one for part in many for one in part if hasattr(one, "hang")])
            yield columns

    def _rules(self) -> list[tuple[Any, ...]]:
        if len(self.starts) == len(self.rows):
            return [("LINEBELOW", (0, self.heads), (-1, -1), 0.35, RULE)]
        # A row that was continued has its rule below its last part, and no gap inside.
        lasts = [start - 1 for start in self.starts[1:]] + [len(self.rows) - 1]
        ruled = [("LINEBELOW", (0, last), (-1, last), 0.35, RULE) for last in lasts if last >= self.heads]
        inner = [row for row in range(len(self.rows)) if row not in set(self.starts)]
        tops = [("TOPPADDING", (0, row), (-1, row), 1) for row in inner]
        return ruled + tops + [("BOTTOMPADDING", (0, row - 1), (-1, row - 1), 0) for row in inner]
