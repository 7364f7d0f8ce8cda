"""``report.pdf``: a letter for people, screen readers and archives; the same bytes on every run."""

import hashlib
import io
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from reportlab import rl_config
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate

from reportgen.errors import InputError
from reportgen.exporters.layout import Layout, Pictures
from reportgen.exporters.pdf.archive import archived
from reportgen.exporters.pdf.parts import story
from reportgen.exporters.pdf.style import ACCENT, BOTTOM, GREY, PAPERS, RULE, TOP, WHITE, WIDTH
from reportgen.exporters.pdf.tags import Tag, TaggedCanvas, tagged
from reportgen.exporters.pdf.typeface import BOLD, REGULAR, Pen
from reportgen.exporters.pdf.writing import measure, write
from reportgen.files import sha256
from reportgen.nouns import Report

__all__ = ["pdf"]

# ASCII-85 around every stream makes files larger and takes half of the time.
rl_config.useA85 = 0


def pdf(report: Report, pictures: Pictures, attachment: bytes, fonts: Path | None = None) -> bytes:
    """The report as PDF/A-3a and PDF/UA-1, with ``report.json`` attached.

    Args:
        report: What is printed.
        pictures: As ``reportgen.export`` takes them.
        attachment: ``report.json``.
        fonts: Folder of the site's fonts.

    Raises:
        DomainError: The report lacks a word of the layout.
        InputError: The patient's name or number cannot be printed.
        UsageError: The folder holds no font that can be embedded.
    """
    layout = Layout.of(report)
    pen = Pen(layout.colour, fonts, mirrored=layout.mirrored)
    _identified(layout, pen)
    flow = story(layout, pen, pictures, sha256(attachment))
    furniture, root = _Furniture(layout, pen), tagged(flow, "RlTb" if layout.mirrored else None)
    stream = io.BytesIO()
    maker = partial(_Canvas, furniture=furniture, root=root, mirrored=layout.mirrored)
    _document(stream, layout, pen).build(flow, canvasmaker=maker)
    return archived(stream, layout, attachment, pen.faces.used)


def _identified(layout: Layout, pen: Pen) -> None:
    """A report must not go out under a name that is not the patient's."""
    words = layout.report.presentation
    for number, (name, text) in enumerate(layout.report.header):
        if name in {words.get("patient"), words.get("patient_id")} and (lost := pen.lost(text)):
            raise InputError(
                f"No font has {_some(lost)}, and an identity is printed whole or not at all.",
                "Declare a folder of TrueType fonts that have it: [institution] fonts, or REPORTGEN_FONTS.",
                path=f"header[{number}] ({name})",
            )


def _some(codes: list[str]) -> str:
    return ", ".join(codes[:10]) + (" and others" if len(codes) > 10 else "")


def _document(stream: io.BytesIO, layout: Layout, pen: Pen) -> BaseDocTemplate:
    report, page = layout.report, _page(layout)
    document = BaseDocTemplate(
        stream,
        pagesize=page,
        invariant=1,
        pageCompression=1,
        initialFontName=REGULAR,
        lang=layout.words["language"],
        title=pen.plain(report.title),
        author=report.provenance.software,
        subject=f"{layout.words['report']} {report.report_id}",
        keywords=[report.provenance.domain, report.status, report.case_id],
        creator=report.provenance.software,
    )
    side, height = (page[0] - WIDTH) / 2, page[1] - TOP - BOTTOM
    first = Frame(side, BOTTOM, WIDTH, height, 0, 0, 0, 0)
    later = Frame(side, BOTTOM, WIDTH, height - 7 * mm, 0, 0, 0, 0)
    document.addPageTemplates(
        [
            PageTemplate("first", [first], autoNextPageTemplate="later"),
            PageTemplate("later", [later]),
        ]
    )
    return document


def _page(layout: Layout) -> tuple[float, float]:
    """Width and height of the paper, in points."""
    return PAPERS.get(layout.report.presentation.get("paper", "A4"), PAPERS["A4"])


class _Furniture:
    """What every page carries: banner, running head, and a footer with ids and page numbers."""

    def __init__(self, layout: Layout, pen: Pen) -> None:
        report, self.words = layout.report, layout.words
        self.date = _pdf_date(report.created_at)
        self.banner, self.title = pen.plain(layout.banner), pen.plain(report.title)
        # The first entry and the patient's number: a page that got loose can be put back.
        running = [
            f"{name} {text}"
            for number, (name, text) in enumerate(report.header)
            if number == 0 or name == self.words["patient_id"]
        ]
        room = WIDTH - measure(self.title, REGULAR, 7.2) - 16
        self.running = _fit(pen.plain("   ".join(running)).replace("\n", " "), REGULAR, 7.2, room)
        ids = [f"{self.words['report']} {layout.report_short}", f"{self.words['case']} {report.case_id}"]
        self.ids = pen.plain("  |  ".join([report.provenance.software, *ids]))
        self.page, self.footer = _page(layout), pen.plain(layout.footer)
        self.accent = pen.accent or ACCENT

    def draw(self, canvas: Canvas, page: int, pages: int) -> None:
        """Draw around the page's content."""
        wide, top = self.page
        left, right = (wide - WIDTH) / 2, (wide + WIDTH) / 2
        if self.banner:
            canvas.setFillColor(ACCENT)
            canvas.rect(left, top - 15 * mm, WIDTH, 5.4 * mm, stroke=0, fill=1)
            canvas.setFillColor(WHITE)
            size = min(7.8, 7.8 * (WIDTH - 12) / measure(self.banner, BOLD, 7.8))
            write(canvas, (wide / 2, top - 15 * mm + 4.9), self.banner, (BOLD, size), align="centre")
        canvas.setFillColor(GREY)
        canvas.setStrokeColor(RULE)
        canvas.setLineWidth(0.5)
        if page > 1:
            write(canvas, (left, top - 20.5 * mm), self.title, (REGULAR, 7.2))
            write(canvas, (right, top - 20.5 * mm), self.running, (REGULAR, 7.2), align="right")
            canvas.line(left, top - 22 * mm, right, top - 22 * mm)
        canvas.line(left, 14 * mm, right, 14 * mm)
        write(canvas, (left, 10.4 * mm), self.ids, (REGULAR, 7.2))
        number = self.words.fill("page", page=page, pages=pages)
        write(canvas, (right, 10.4 * mm), number, (REGULAR, 7.2), align="right")
        if self.footer:
            size = min(6.6, 6.6 * WIDTH / measure(self.footer, REGULAR, 6.6))
            write(canvas, (wide / 2, 7.2 * mm), self.footer, (REGULAR, size), align="centre")


class _Canvas(TaggedCanvas):
    """A canvas that keeps its pages until their number is known, and then puts the furniture on them."""

    def __init__(self, *args: Any, furniture: _Furniture, root: Tag, **options: Any) -> None:
        self._kept: list[dict[str, Any]] = []
        self._marks: list[tuple[str, str, float]] = []
        self._furniture, self._root = furniture, root
        super().__init__(*args, **options)
        # The document's id is made from this and the pages; reportlab begins with the time.
        self._doc.signature = hashlib.md5(furniture.ids.encode(), usedforsecurity=False)
        if furniture.date:
            self.setDateFormatter(lambda *_: furniture.date)

    def setFillColor(self, aColor: Any, alpha: Any = None) -> None:  # noqa: N802, N803
        """Set it; the accent is the site's."""
        super().setFillColor(self._own(aColor), alpha)

    def setStrokeColor(self, aColor: Any, alpha: Any = None) -> None:  # noqa: N802, N803
        """Set it; the accent is the site's."""
        super().setStrokeColor(self._own(aColor), alpha)

    def _own(self, colour: Any) -> Any:
        return self._furniture.accent if colour is ACCENT else colour

    def mark(self, title: str, key: str, top: float) -> None:
        """Note a heading on this page for the outline."""
        self._marks.append((title, key, top))

    def showPage(self) -> None:  # noqa: N802 - reportlab's name
        """Keep the page."""
        self._kept.append(dict(self.__dict__))
        self._marks = []
        self._startPage()

    def save(self) -> None:
        """Finish all pages and write the document."""
        for number, page in enumerate(self._kept, 1):
            self.__dict__.update(page)
            self._furniture.draw(self, number, len(self._kept))
            for title, key, top in self._marks:
                self.bookmarkPage(key, fit="XYZ", left=0, top=top + 4)
                self.addOutlineEntry(title, key)
            self.close_page()
            super().showPage()
        self.showOutline()
        self.write_structure(self._root)
        self._doc.SaveToFile(self._filename, self)


def _fit(text: str, font: str, size: float, room: float) -> str:
    """Text cut with an ellipsis: only for the running head, whose whole text is on the first page."""
    if measure(text, font, size) <= room:
        return text
    while text and measure(text + "…", font, size) > room:
        text = text[: max(len(text) - 1 - len(text) // 20, 0)]
    return text + "…"


def _pdf_date(created_at: str) -> str:
    """ISO 8601 as PDF writes dates: ``D:20261123094400+01'00'``; empty for what is no date."""
    try:
        when = datetime.fromisoformat(created_at)
    except ValueError:
        return ""
    zone = when.strftime("%z")
    return f"D:{when:%Y%m%d%H%M%S}" + (f"{zone[:3]}'{zone[3:5]}'" if zone else "")
