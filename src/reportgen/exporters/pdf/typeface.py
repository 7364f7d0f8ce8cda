"""The typefaces of the PDF: Noto Sans, and further ones for the characters that it lacks; all embedded.

A font is opened when a character first needs it: Latin, Greek and Cyrillic never open another than Noto Sans.
"""

import unicodedata
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError, TTFont

from reportgen import resources
from reportgen.exporters.layout import composed, lines_of
from reportgen.files import sha256
from reportgen.font_files import declared_fonts, system_fonts

__all__ = ["BOLD", "FACES", "ITALIC", "MISSING", "REGULAR", "Faces", "Pen", "foreign", "lacking", "letters"]

REGULAR, BOLD, ITALIC = "NotoSans", "NotoSans-Bold", "NotoSans-Italic"
#: Printed for a character that no typeface has; Noto Sans has this one.
MISSING = "\N{REPLACEMENT CHARACTER}"
#: Code points that no text of a PDF may be (PDF/A and PDF/UA): the typeface has a glyph for some of them.
_NO_TEXT = frozenset({0x0, 0xFEFF, 0xFFFE, 0xFFFF})
#: The largest code point that reportlab can say the meaning of.
_LAST = 0xFFFF
#: Letters that are drawn as nothing: nobody could see that they are there.
_UNSEEN = frozenset({0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0})
#: Blanks that Noto Sans lacks are printed as the blank that it has.
_BLANKS = str.maketrans("\u1680\u3000", "  ")
#: So many characters are named at the most.
MOST_NAMED = 40
_FOLDER = resources.fonts()
_FILES = {REGULAR: "NotoSans-Regular.ttf", BOLD: "NotoSans-Bold.ttf", ITALIC: "NotoSans-Italic.ttf"}
#: Typefaces that are shipped, and the blocks of Unicode in which they are asked.
_SHIPPED: dict[str, tuple[range, ...]] = {
    "NotoSansArabic": (
        range(0x0600, 0x0700),
        range(0x0750, 0x0780),
        range(0x08A0, 0x0900),
        range(0xFB50, 0xFE00),
        range(0xFE70, 0xFEFF),
    ),
    "NotoSansHebrew": (range(0x0590, 0x0600), range(0xFB1D, 0xFB50)),
    "NotoSansDevanagari": (range(0x0900, 0x0980), range(0x1CD0, 0x1D00), range(0xA8E0, 0xA900)),
}


class _Face(NamedTuple):
    """A typeface beside Noto Sans: names of its fonts, and the code points that it has."""

    regular: str
    bold: str
    has: frozenset[int]
    told: str


@lru_cache(maxsize=1)
def letters() -> frozenset[str]:
    """Register Noto Sans, once in a process; returns the characters that all of its fonts have."""
    known: set[int] | None = None
    for name, file in _FILES.items():
        has = _registered(name, _FOLDER / file)
        known = set(has) if known is None else known & has
    pdfmetrics.registerFontFamily(REGULAR, normal=REGULAR, bold=BOLD, italic=ITALIC, boldItalic=BOLD)
    return frozenset(map(chr, known or ())) | {"\n"}


def _registered(name: str, path: Path) -> frozenset[int]:
    font = TTFont(name, str(path))
    pdfmetrics.registerFont(font)
    return frozenset(code for code in font.face.charToGlyph if code <= _LAST) - _NO_TEXT


@lru_cache(maxsize=len(_SHIPPED))
def _shipped(name: str) -> _Face:
    bold = f"{name}-Bold"
    has = _registered(name, _FOLDER / f"{name}-Regular.ttf") & _registered(bold, _FOLDER / f"{bold}.ttf")
    return _Face(name, bold, has, "")


@lru_cache(maxsize=64)
def _further(path: Path) -> _Face | None:
    """A font of the site or of the machine; None for one that cannot be embedded after all."""
    try:
        digest = sha256(path.read_bytes())
        # Named by its content: the same bytes wherever it lies, and in whichever order fonts are opened.
        name = f"Further-{digest[:12]}"
        has = _registered(name, path)
    except (TTFError, OSError, ValueError, KeyError, IndexError):
        return None
    return _Face(name, name, has, f"{path.name} {digest}")


def foreign(text: str) -> bool:
    """Whether a text needs more than Noto Sans."""
    return not (text.isascii() or letters().issuperset(text))


class Faces:
    """Which font a character beyond Noto Sans is set in: of what is shipped, of the site, of the machine.

    Args:
        folder: The site's fonts; without, those of ``REPORTGEN_FONTS``.

    Attributes:
        used: Name and SHA-256 of the files that are not shipped and were needed.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._files: list[Path] | None = None
        self._found: dict[str, _Face | None] = {}
        self.used: set[str] = set()

    def font(self, character: str, *, bold: bool = False) -> str | None:
        """The name of a font that has a character, or None.

        Raises:
            UsageError: The declared folder holds no font that can be embedded.
        """
        if character not in self._found:
            self._found[character] = face = self._face(character)
            self.used |= {face.told} if face and face.told else set()
        face = self._found[character]
        return None if face is None else face.bold if bold else face.regular

    def _face(self, character: str) -> _Face | None:
        code = ord(character)
        # What has no meaning that all share cannot be told to who does not see it.
        if code > _LAST or code in _UNSEEN or unicodedata.category(character) in {"Cc", "Cn", "Co", "Cs"}:
            return None
        for name, blocks in _SHIPPED.items():
            if any(code in block for block in blocks) and code in _shipped(name).has:
                return _shipped(name)
        if self._files is None:
            self._files = [*declared_fonts(self._folder), *system_fonts()]
        opened = map(_further, self._files)
        return next((face for face in opened if face is not None and code in face.has), None)


#: The faces of the document that is being made.
FACES: ContextVar[Faces] = ContextVar("FACES")


class Pen:
    """Prepares text for one PDF and remembers which characters could not be printed.

    Args:
        accent: The site's colour of headings and rules, as ``#rrggbb``; empty for the usual one.
        fonts: Folder of the site's fonts.
        mirrored: The page is read from right to left.
    """

    def __init__(self, accent: str = "", fonts: Path | None = None, *, mirrored: bool = False) -> None:
        self._known, self.faces = letters(), Faces(fonts)
        FACES.set(self.faces)
        self.accent, self.mirrored = HexColor(accent) if accent else None, mirrored
        self.lacking: set[str] = set()

    def plain(self, text: str) -> str:
        """Text on its lines, with every character that no typeface has replaced visibly."""
        text = "\n".join(lines_of(text))
        if text.isascii():
            return text
        text = composed(text).translate(_BLANKS)
        lost = self._lost(text)
        if lost:
            self.lacking |= lost
            text = "".join(MISSING if c in lost else c for c in text)
        return text

    def lost(self, text: str) -> list[str]:
        """The characters of a text that cannot be printed, as code points: ``U+1F600``."""
        return named(self._lost(composed("\n".join(lines_of(text))).translate(_BLANKS)))

    def _lost(self, text: str) -> set[str]:
        return {c for c in set(text) - self._known if self.faces.font(c) is None}

    def markup(self, text: str) -> str:
        """The same for a reportlab paragraph: escaped, so that no tag of the input is ever opened."""
        return escape(self.plain(text)).replace("\n", "<br/>")


def named(characters: set[str]) -> list[str]:
    """Characters as people look them up."""
    return [f"U+{ord(character):04X}" for character in sorted(characters)]


def lacking(characters: set[str]) -> str:
    """Characters that could not be printed, the first of them by name and the number of all others."""
    codes = named(characters)
    more = [f"+{len(codes) - MOST_NAMED}"] if len(codes) > MOST_NAMED else []
    return ", ".join([*codes[:MOST_NAMED], *more])
