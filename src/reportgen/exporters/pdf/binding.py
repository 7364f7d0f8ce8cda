"""Pages put together: what every page carries, what the document says of itself, and its bytes."""

import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from reportlab import rl_config
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, PageTemplate

from reportgen.exporters.pdf.archive import Attachment, archived
from reportgen.exporters.pdf.style import ACCENT, BOTTOM, GREY, PAPERS, RULE, TOP, WHITE, WIDTH
from reportgen.exporters.pdf.tags import Tag, TaggedCanvas, tagged
from reportgen.exporters.pdf.typeface import BOLD, REGULAR, Pen
from reportgen.exporters.pdf.writing import measure, write

__all__ = ["Cover", "bound", "fitted"]

# ASCII-85 around every stream makes files larger and takes half of the time.
rl_config.useA85 = 0


@dataclass(frozen=True, kw_only=True)
class Cover:
    """What a document says of itself, and what stands on each of its pages, as printed.

    Attributes:
        software: Who wrote it, with the version.
        created_at: ISO 8601.
        metadata: Properties of XMP, by name with its prefix.
        paper: A key of ``PAPERS``.
        banner: White on the accent above each page; empty for none.
        running: At the right of the title, from the second page on.
        ids: At the left of the foot.
        page: The page's number, with ``{page}`` and ``{pages}``.
        footer: Below all.
    """

    title: str
    language: str
    software: str
    subject: str
    keywords: tuple[str, ...]
    created_at: str
    metadata: Mapping[str, str]
    paper: str = "A4"
    banner: str = ""
    running: str = ""
    ids: str = ""
    page: str = ""
    footer: str = ""

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of the paper, in points."""
        return PAPERS.get(self.paper, PAPERS["A4"])


def bound(story: Sequence[Flowable], cover: Cover, attached: Attachment, pen: Pen) -> bytes:
    """A story as PDF/A-3a and PDF/UA-1.

    Args:
        story: Everything between the banner and the footer.
        cover: What is said around it.
        attached: The data that all pages are views of.
        pen: That the story was written with.
    """
    root, stream = tagged(story, "RlTb" if pen.mirrored else None), io.BytesIO()
    accent = pen.accent or ACCENT
    maker = partial(_Canvas, cover=cover, accent=accent, root=root, mirrored=pen.mirrored)
    _document(stream, cover).build(list(story), canvasmaker=maker)
    return archived(stream, attached, cover.language, cover.metadata, pen.faces.used, mirrored=pen.mirrored)


def _document(stream: io.BytesIO, cover: Cover) -> BaseDocTemplate:
    page = cover.size
    document = BaseDocTemplate(
        stream,
        pagesize=page,
        invariant=1,
        pageCompression=1,
        initialFontName=REGULAR,
        lang=cover.language,
        title=cover.title,
        author=cover.software,
        subject=cover.subject,
        keywords=list(cover.keywords),
        creator=cover.software,
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


def _furnish(canvas: Canvas, cover: Cover, page: int, pages: int) -> None:
    """Draw around the page's content: banner, running head, and a footer with ids and page numbers."""
    wide, top = cover.size
    left, right = (wide - WIDTH) / 2, (wide + WIDTH) / 2
    if cover.banner:
        canvas.setFillColor(ACCENT)
        canvas.rect(left, top - 15 * mm, WIDTH, 5.4 * mm, stroke=0, fill=1)
        canvas.setFillColor(WHITE)
        size = min(7.8, 7.8 * (WIDTH - 12) / measure(cover.banner, BOLD, 7.8))
        write(canvas, (wide / 2, top - 15 * mm + 4.9), cover.banner, (BOLD, size), align="centre")
    canvas.setFillColor(GREY)
    canvas.setStrokeColor(RULE)
    canvas.setLineWidth(0.5)
    if page > 1:
        write(canvas, (left, top - 20.5 * mm), cover.title, (REGULAR, 7.2))
        write(canvas, (right, top - 20.5 * mm), cover.running, (REGULAR, 7.2), align="right")
        canvas.line(left, top - 22 * mm, right, top - 22 * mm)
    canvas.line(left, 14 * mm, right, 14 * mm)
    write(canvas, (left, 10.4 * mm), cover.ids, (REGULAR, 7.2))
    number = cover.page.replace("{page}", str(page)).replace("{pages}", str(pages))
    write(canvas, (right, 10.4 * mm), number, (REGULAR, 7.2), align="right")
    if cover.footer:
        size = min(6.6, 6.6 * WIDTH / measure(cover.footer, REGULAR, 6.6))
        write(canvas, (wide / 2, 7.2 * mm), cover.footer, (REGULAR, size), align="centre")


class _Canvas(TaggedCanvas):
    """A canvas that keeps its pages until their number is known, and then puts the furniture on them."""

    def __init__(self, *args: Any, cover: Cover, accent: Any, root: Tag, **options: Any) -> None:
        self._kept: list[dict[str, Any]] = []
        self._marks: list[tuple[str, str, float]] = []
        self._cover, self._accent, self._root = cover, accent, root
        super().__init__(*args, **options)
        # The document's id is made from this and the pages; reportlab begins with the time.
        self._doc.signature = hashlib.md5(cover.ids.encode(), usedforsecurity=False)
        if date := _pdf_date(cover.created_at):
            self.setDateFormatter(lambda *_: date)

    def setFillColor(self, aColor: Any, alpha: Any = None) -> None:  # noqa: N802, N803
        """Set it; the accent is the site's."""
        super().setFillColor(self._own(aColor), alpha)

    def setStrokeColor(self, aColor: Any, alpha: Any = None) -> None:  # noqa: N802, N803
        """Set it; the accent is the site's."""
        super().setStrokeColor(self._own(aColor), alpha)

    def _own(self, colour: Any) -> Any:
        return self._accent if colour is ACCENT else colour

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
            _furnish(self, self._cover, number, len(self._kept))
            for title, key, top in self._marks:
                self.bookmarkPage(key, fit="XYZ", left=0, top=top + 4)
                self.addOutlineEntry(title, key)
            self.close_page()
            super().showPage()
        self.showOutline()
        self.write_structure(self._root)
        self._doc.SaveToFile(self._filename, self)


def fitted(text: str, font: str, size: float, room: float) -> str:
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
