"""Whose report it is, on top of the first page: the logo at the left, name and address beside it."""

import io

from PIL import Image, UnidentifiedImageError
from reportlab.lib.utils import ImageReader
from reportlab.platypus import Flowable, Spacer

from reportgen.exporters.layout import Layout, Pictures, file_of
from reportgen.exporters.pdf.grid import PAD, Grid, block
from reportgen.exporters.pdf.style import LETTER_LINE, LETTER_NAME, WIDTH
from reportgen.exporters.pdf.tags import Tagged
from reportgen.exporters.pdf.typeface import Pen

__all__ = ["letterhead"]

#: Room for a logo, in points: 50 by 18 mm.
LOGO = (141.7, 51.0)


class Logo(Tagged):
    """A picture in its own proportions, as large as fits the room."""

    def __init__(self, picture: Image.Image, name: str) -> None:
        super().__init__()
        self._reader, self._name = ImageReader(picture), name
        scale = min(LOGO[0] / picture.width, LOGO[1] / picture.height)
        self.width, self.height = picture.width * scale, picture.height * scale

    @property
    def alternative(self) -> str:
        """Whose logo it is."""
        return self._name

    def draw(self) -> None:
        """The picture."""
        with self.canv.upright(0, self.width):
            self.canv.drawImage(self._reader, 0, 0, self.width, self.height)


def letterhead(layout: Layout, pen: Pen, pictures: Pictures) -> list[Flowable]:
    """The head of the letter; nothing where the paper has one, or the site gave none."""
    lines, logo = layout.letterhead, _logo(layout, pictures)
    if not lines and logo is None:
        return []
    left = logo.width + 14 if logo else 0.0
    room = WIDTH - left
    styled = [(line, LETTER_LINE if number else LETTER_NAME) for number, line in enumerate(lines)]
    told = [one for line, style in styled for one in block(pen, line, style, room - PAD)]
    if logo is None:
        return [*told, Spacer(0, 9)]
    grid = Grid(pen, [left, room], pad=0, form="flow")
    grid.add([logo, told])
    return [grid.table(("VALIGN", (0, 0), (-1, -1), "MIDDLE"), rules=False), Spacer(0, 9)]


def _logo(layout: Layout, pictures: Pictures) -> Logo | None:
    words = layout.report.presentation
    path, name = words.get("logo_file"), words.get("institution") or layout.words["logo"]
    data = file_of(path, pictures) if path else None
    if data is None:
        return None
    try:
        with Image.open(io.BytesIO(data), formats=("PNG",)) as image:
            return Logo(image.convert("RGB"), name)
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError):
        return None  # without it the letterhead still says whose report it is
