"""Pictures on the page: in a box, beside a view, or on a sheet; or a placeholder that says why not."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace

from PIL import Image, UnidentifiedImageError
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import CondPageBreak, Flowable, PageBreak, Spacer

from reportgen.exporters.layout import Layout, Pictures, file_of
from reportgen.exporters.pdf.flow import Heading, mark
from reportgen.exporters.pdf.style import CELL_BOLD, GREY, INK, PALE, RULE, TINY, WIDTH
from reportgen.exporters.pdf.tags import Tag, Tagged
from reportgen.exporters.pdf.typeface import REGULAR, Pen
from reportgen.exporters.pdf.writing import broken, first_side, write
from reportgen.nouns import ImageEntry

__all__ = ["Shot", "Thumb", "sheet", "shots_of"]

#: Pictures side by side on the sheet: small ones up to so many, so that a study of twenty has two pages.
SMALL_ACROSS, SMALL_MOST, ACROSS = 8, 24, 4


class Jpeg(ImageReader):  # type: ignore[misc]
    """A JPEG that goes into the PDF as it is."""

    _dataA = None  # noqa: N815 - reportlab's name for a mask

    def getRGBData(self) -> bytes:  # noqa: N802 - reportlab asks it for what tells pictures apart
        """The file's bytes: they name the picture without decoding it."""
        return self.fp.getvalue()  # type: ignore[no-any-return]


def jpeg(data: bytes) -> Jpeg | None:
    """A picture that can be embedded, or None if the bytes are no JPEG."""
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG",)) as image:
            if image.mode not in {"L", "RGB"} or not all(image.size):
                return None
        return Jpeg(io.BytesIO(data))
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError):
        return None


@dataclass(frozen=True)
class Shot:
    """A picture with its caption, or the words of its placeholder. Texts are ready to print.

    Attributes:
        alt: What it shows, for who does not see it, as the record has it.
    """

    picture: Jpeg | None
    absent: str
    title: str = ""
    caption: str = ""
    view: str = ""
    state: str = ""
    alt: str = ""


def _picture(canvas: Canvas, shot: Shot, box: tuple[float, float, float, float]) -> None:
    """Draw a picture inside a box (left, bottom, width, height), or a placeholder."""
    x, y, width, height = box
    if shot.picture is not None:
        wide, high = shot.picture.getSize()
        scale = min(width / wide, height / high)
        w, h = wide * scale, high * scale
        left = x + (width - w) / 2
        with canvas.upright(left, w):
            canvas.drawImage(shot.picture, left, y + height - h, w, h)
    else:
        _placeholder(canvas, shot.absent, box)


def _placeholder(canvas: Canvas, absent: str, box: tuple[float, float, float, float]) -> None:
    x, y, width, height = box
    canvas.setFillColor(PALE)
    canvas.setStrokeColor(RULE)
    canvas.setLineWidth(0.6)
    canvas.setDash(3, 2)
    canvas.rect(x, y, width, height, stroke=1, fill=1)
    canvas.setDash()
    size = 6.6
    room = max(int((height - 4) / 8.4), 1)
    lines = broken(absent, REGULAR, size, width - 8)
    if len(lines) > room:
        lines = [*lines[: room - 1], lines[room - 1][:-1] + "…"]
    canvas.setFillColor(GREY)
    top = y + height / 2 + len(lines) * 4.2 - 6.4
    for number, line in enumerate(lines):
        write(
            canvas,
            (x + width / 2, top - 8.4 * number),
            line,
            (REGULAR, size),
            align="centre",
            side=first_side(absent, mirrored=canvas.mirrored),
        )


class Thumb(Tagged):
    """One picture in a box."""

    def __init__(self, shot: Shot, width: float, height: float) -> None:
        super().__init__()
        self.shot, self.width, self.height = shot, width, height

    @property
    def alternative(self) -> str | None:
        """What the picture shows; a placeholder is text."""
        return self.shot.alt if self.shot.picture else None

    def draw(self) -> None:
        """The picture, top left; or the placeholder."""
        _picture(self.canv, self.shot, (0, 0, self.width, self.height))


class PictureRow(Flowable):  # type: ignore[misc]
    """A row of the picture sheet: pictures with their captions below."""

    def __init__(self, shots: Sequence[Shot], across: int) -> None:
        super().__init__()
        self.shots, self.gap = shots, 9.0
        self.box = (WIDTH - self.gap * (across - 1)) / across
        self.captions = [broken(shot.caption, TINY.fontName, TINY.fontSize, self.box) for shot in shots]
        self.width = WIDTH
        self.picture = self.box * 0.75
        self.height = self.picture + 11 + 8.6 * max(map(len, self.captions)) + 6
        self.tags: list[tuple[Tag, Tag]] = []

    def hang(self, parent: Tag, _role: str | None = None) -> None:
        """Each picture and its caption."""
        for shot in self.shots:
            figure = Tag("Figure", parent, alt=shot.alt) if shot.picture else Tag("P", parent)
            self.tags.append((figure, Tag("P", parent)))

    def draw(self) -> None:
        """Left to right."""
        canvas = self.canv
        for column, (shot, lines) in enumerate(zip(self.shots, self.captions, strict=True)):
            x, y = column * (self.box + self.gap), self.height - self.picture
            figure, caption = self.tags[column]
            canvas.say(figure)
            _picture(canvas, shot, (x, y, self.box, self.picture))
            figure.box = canvas.box(x, y, self.box, self.picture) if figure.alt else None
            canvas.hush()
            canvas.say(caption)
            canvas.setFillColor(INK)
            write(canvas, (x, y - 9.5), shot.title, (CELL_BOLD.fontName, 7.4))
            if shot.state:
                mark(canvas, shot.state, x + self.box - 3, y - 7)
            canvas.setFillColor(GREY)
            for number, line in enumerate(lines):
                write(canvas, (x, y - 18.5 - 8.6 * number), line, (TINY.fontName, TINY.fontSize))
            canvas.hush()


def sheet(layout: Layout, shots: Sequence[Shot]) -> list[Flowable]:
    """All pictures with their captions: few and small at the end of a page, many on pages of their own."""
    small = len(shots) <= SMALL_MOST
    if small:  # the score stands in the table
        shots = [replace(shot, caption=shot.view) for shot in shots]
    across = SMALL_ACROSS if small else ACROSS
    rows = [PictureRow(shots[start : start + across], across) for start in range(0, len(shots), across)]
    begin = CondPageBreak(28 + sum(row.height for row in rows)) if small else PageBreak()
    return [begin, Heading(layout.words["pictures"], "pictures"), Spacer(0, 4), *rows]


def shots_of(layout: Layout, pen: Pen, pictures: Pictures) -> list[Shot]:
    """The picture of each image, in the order of the table, or the words of its placeholder."""
    words, shots = layout.words, []
    for row in layout.report.views:
        entry = layout.entries.get(row.image)
        found = _read(entry, pictures)
        why = (entry.note if entry else None) or (
            words["picture_unreadable"] if entry and entry.picture else ""
        )
        absent = words["no_picture"] + (f": {why}" if why else "")
        shots.append(
            Shot(
                picture=found,
                absent="" if found else pen.plain(absent),
                title=f"{words['image']} {row.number}",
                caption=pen.plain(" ".join(filter(None, [layout.view(row), row.score]))),
                view=pen.plain(layout.view(row)),
                state=row.state,
                alt=layout.picture_text(row),
            )
        )
    return shots


def _read(entry: ImageEntry | None, pictures: Pictures) -> Jpeg | None:
    data = file_of(entry.picture, pictures) if entry and entry.picture else None
    return jpeg(data) if data else None
