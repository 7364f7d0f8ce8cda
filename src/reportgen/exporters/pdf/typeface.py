"""The typeface of the PDF: Noto Sans (SIL Open Font License), embedded, and which characters it has."""

from functools import lru_cache
from pathlib import Path
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

from reportgen.exporters.layout import composed, lines_of

__all__ = ["BOLD", "ITALIC", "MISSING", "REGULAR", "Pen", "fonts"]

REGULAR, BOLD, ITALIC = "NotoSans", "NotoSans-Bold", "NotoSans-Italic"
#: Printed for a character that the typeface does not have; it has this one.
MISSING = "\N{REPLACEMENT CHARACTER}"
#: Code points that no text of a PDF may be (PDF/A and PDF/UA): the typeface has a glyph for some of them.
_NO_TEXT = frozenset({0x0, 0xFEFF, 0xFFFE, 0xFFFF})
_FOLDER = Path(__file__).resolve().parent / "fonts"
_FILES = {REGULAR: "NotoSans-Regular.ttf", BOLD: "NotoSans-Bold.ttf", ITALIC: "NotoSans-Italic.ttf"}


@lru_cache(maxsize=1)
def fonts() -> frozenset[int]:
    """Register the fonts, once in a process; returns the code points that all of them have."""
    known: set[int] | None = None
    for name, file in _FILES.items():
        font = TTFont(name, str(_FOLDER / file))
        pdfmetrics.registerFont(font)
        has = set(font.face.charToGlyph) - _NO_TEXT
        known = has if known is None else known & has
    pdfmetrics.registerFontFamily(REGULAR, normal=REGULAR, bold=BOLD, italic=ITALIC, boldItalic=BOLD)
    return frozenset(known or ())


class Pen:
    """Prepares text for one PDF and remembers whether a character could not be printed.

    Args:
        accent: The site's colour of headings and rules, as ``#rrggbb``.
    """

    def __init__(self, accent: str | None = None) -> None:
        self.known = fonts()
        self.accent = HexColor(accent) if accent else None
        self.replaced = False

    def plain(self, text: str) -> str:
        """Text on its lines, with every character that the typeface lacks replaced visibly."""
        text = "\n".join(lines_of(text))
        if text.isascii():
            return text
        text = composed(text)
        printed = "".join(c if c == "\n" or ord(c) in self.known else MISSING for c in text)
        self.replaced = self.replaced or printed != text
        return printed

    def markup(self, text: str) -> str:
        """The same for a reportlab paragraph: escaped, so that no tag of the input is ever opened."""
        return escape(self.plain(text)).replace("\n", "<br/>")
