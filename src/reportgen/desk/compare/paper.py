"""A comparison as PDF/A-3a and PDF/UA-1, with its data attached; made with what reports are made with."""

from collections.abc import Iterator

from reportlab.lib.styles import ParagraphStyle
from reportlab.platypus import CondPageBreak, Flowable, KeepTogether, Spacer

from reportgen.desk.compare.charts import Box, Chart, Dot, Ink, Stroke
from reportgen.desk.compare.noun import Comparison
from reportgen.desk.compare.tell import TITLE, Part, Table, parts
from reportgen.exporters.pdf.archive import Attachment
from reportgen.exporters.pdf.binding import Cover, bound
from reportgen.exporters.pdf.flow import Heading
from reportgen.exporters.pdf.grid import Grid, Text, block
from reportgen.exporters.pdf.style import (
    ACCENT,
    BODY,
    CELL,
    CELL_BOLD,
    CELL_RIGHT,
    GREY,
    HEAD,
    HEAD_RIGHT,
    INK,
    RULE,
    WHITE,
    WIDTH,
)
from reportgen.exporters.pdf.style import (
    TITLE as TITLE_STYLE,
)
from reportgen.exporters.pdf.tags import Tagged
from reportgen.exporters.pdf.typeface import REGULAR, Pen
from reportgen.exporters.pdf.writing import write
from reportgen.exporters.pdf.xmp import BY_PROGRAM

__all__ = ["SOURCE", "paper"]

#: Name of the attached file, of which the pages are a view.
SOURCE = "comparison.json"
_INKS: dict[Ink, object] = {"ink": INK, "grey": GREY, "pale": RULE, "paper": WHITE, "accent": ACCENT}
_CAPTION = ParagraphStyle("caption", parent=HEAD, textColor=GREY, spaceBefore=0, role="H3")


class Drawing(Tagged):
    """A chart; who does not see it is told its figures."""

    def __init__(self, chart: Chart, pen: Pen) -> None:
        super().__init__()
        self.chart, self.pen = chart, pen
        self.width, self.height = chart.width, chart.height

    @property
    def alternative(self) -> str:
        """All that it shows, in words."""
        return self.chart.alternative

    def draw(self) -> None:
        """Mark after mark."""
        canvas, top = self.canv, self.height
        for mark in self.chart.marks:
            if isinstance(mark, Box):
                canvas.setLineWidth(0.6)
                canvas.setFillColor(_INKS[mark.fill or "paper"])
                canvas.setStrokeColor(_INKS[mark.outline or "paper"])
                canvas.rect(
                    mark.x,
                    top - mark.y - mark.height,
                    mark.width,
                    mark.height,
                    stroke=int(mark.outline is not None),
                    fill=int(mark.fill is not None),
                )
            elif isinstance(mark, Stroke):
                canvas.setLineWidth(mark.weight)
                canvas.setStrokeColor(_INKS[mark.ink])
                canvas.line(mark.x, top - mark.y, mark.to_x, top - mark.to_y)
            elif isinstance(mark, Dot):
                canvas.setFillColor(INK)
                canvas.circle(mark.x, top - mark.y, mark.radius, stroke=0, fill=1)
            else:
                canvas.setFillColor(_INKS[mark.ink])
                text = self.pen.plain(mark.text)
                write(canvas, (mark.x, top - mark.y), text, (REGULAR, mark.size), align=mark.align)


def paper(comparison: Comparison, data: bytes) -> bytes:
    """The pages.

    Args:
        comparison: What is shown.
        data: ``comparison.json``.
    """
    pen = Pen()
    story: list[Flowable] = [*block(pen, TITLE, TITLE_STYLE, WIDTH)]
    for part in parts(comparison):
        story += _part(part, pen)
    cover = Cover(
        title=TITLE,
        language="en",
        software=comparison.software,
        subject=f"{comparison.cases:,} cases, {len(comparison.contestants)} contestants",
        keywords=("comparison", comparison.domain),
        created_at=comparison.ended_at,
        metadata={"Iptc4xmpExt:DigitalSourceType": BY_PROGRAM, "reportgen:software": comparison.software},
        banner="FIGURES ON PROGRAMS: NO MEDICAL REPORT",
        running=comparison.ended_at[:10],
        ids=pen.plain(f"{comparison.software}  |  {comparison.machine.name}  |  {comparison.ended_at}"),
        page="Page {page} of {pages}",
    )
    return bound(story, cover, Attachment(SOURCE, data, "The comparison as data"), pen)


def _part(part: Part, pen: Pen) -> Iterator[Flowable]:
    said = [one for sentence in part.said for one in block(pen, sentence, BODY, WIDTH)]
    # A heading is never left alone at the foot of a page.
    yield CondPageBreak(130)
    yield KeepTogether([Heading(part.title, part.key), *said[:1]])
    for one in said[1:]:
        yield from (Spacer(0, 3), one)
    for table in part.tables:
        yield Spacer(0, 6)
        if table.caption != part.title:
            yield CondPageBreak(50)
            yield from block(pen, table.caption, _CAPTION, WIDTH)
        yield _grid(table, pen)
    for chart in part.charts:
        caption = block(pen, chart.title, _CAPTION, WIDTH)
        yield KeepTogether([Spacer(0, 8), *caption, Spacer(0, 3), Drawing(chart, pen)])


def _grid(table: Table, pen: Pen) -> Flowable:
    grid = Grid(pen, [share * WIDTH for share in table.widths], pad=2.2)
    if any(table.head):
        grid.head(
            [Text(text, HEAD_RIGHT if n in table.numbers else HEAD) for n, text in enumerate(table.head)]
        )
    for name, *rest in table.rows:
        styles = [CELL_RIGHT if n in table.numbers else CELL for n in range(1, len(rest) + 1)]
        grid.add([Text(name, CELL_BOLD), *map(Text, rest, styles)])
    return grid.table()
