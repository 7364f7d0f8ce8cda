"""Text on the page in any script: its fonts, its letters as they join, and the side from which it runs.

What Noto Sans has alone goes to reportlab as it is. Anything else is broken into lines in the order in which
it is read; each line is then put into the order in which it is seen (Unicode's bidirectional algorithm).
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from functools import lru_cache
from itertools import groupby
from typing import Any, Literal, NamedTuple

from reportlab.lib.utils import simpleSplit
from reportlab.pdfbase.pdfmetrics import getFont, stringWidth
from reportlab.pdfbase.ttfonts import ShapedStr, shapeStr

from reportgen.exporters.columns import LRM, RLM, in_order
from reportgen.exporters.pdf.typeface import BOLD, FACES, MISSING, foreign, letters

__all__ = ["Side", "broken", "first_side", "measure", "runs_right_to_left", "write"]

Side = Literal["L", "R"]
Align = Literal["left", "right", "centre"]
_RIGHT = re.compile(r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_ARABIC = re.compile(r"[\u0600-\u06ff\u0750-\u077f\u08a0-\u08ff]")
#: Scripts whose letters change places and shapes beside others; without a shaper they are whole but plain.
_COMPLEX = re.compile(r"[\u0900-\u0dff\u0f00-\u109f\u1780-\u17ff]")
#: Chinese and Japanese may be broken after any character that no closing mark follows.
_WIDE = "\u2e80-\u9fff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef"
_CLOSING = "、。，．）」』】〕〉》！？：；ー々…"
#: "(image 5)" is a word too.
_WORD = re.compile(rf"\([^\W\d_]+ \d+\)\S*|[^\S\n]+|[{_WIDE}][{_CLOSING}]*|[^\s{_WIDE}]+[{_CLOSING}]*")
#: Follows a bracket through the algorithm, and then tells by its side whether the bracket was turned.
_AFTER = "\u206a"
_UNSEEN = dict.fromkeys(map(ord, (_AFTER, LRM, RLM)))
_BRACKET = re.compile(r"[()<>\[\]{}«»‹›]")
_TURNED = re.compile(rf"{_AFTER}([()<>\[\]{{}}«»‹›])")
_MIRROR = dict(zip("()<>[]{}«»‹›", ")(><][}{»«›‹", strict=True))
#: Marks that overrule the algorithm are the input's, and are not obeyed.
_ORDERS = dict.fromkeys(range(0x202A, 0x202F), "\u2060")


_LAST_PRIVATE = 0xF8FF


class _Run(NamedTuple):
    """Characters of one font, as they stand from left to right."""

    text: str
    font: str


def runs_right_to_left(text: str) -> bool:
    """Whether a text has letters of a script that is written from right to left."""
    return not text.isascii() and _RIGHT.search(text) is not None


def first_side(text: str, *, mirrored: bool = False) -> Side:
    """The side on which a text begins: that of its first letter; on a mirrored page the right one, if it has
    any letter of such a script (``HC`` may begin an Arabic sentence)."""
    if text.isascii():
        return "L"
    if mirrored and runs_right_to_left(text):
        return "R"
    sides = (unicodedata.bidirectional(character) for character in text)
    return "R" if next((side for side in sides if side in {"L", "R", "AL"}), "L") != "L" else "L"


def measure(text: str, font: str, size: float) -> float:
    """The width of a text on one line, in points."""
    if not foreign(text):
        return stringWidth(text, font, size)  # type: ignore[no-any-return]
    return sum(_width(run, size) for run in _runs(text, font, "L"))


def write(
    canvas: Any,
    place: tuple[float, float],
    text: str,
    font: tuple[str, float],
    *,
    align: Align = "left",
    side: Side | None = None,
) -> None:
    """One line of text.

    Args:
        canvas: On which.
        place: Of its left end, right end or middle, on its base line.
        text: In the order in which it is read.
        font: Name and size.
        align: What of it is at the place.
        side: Where its sentence begins; by default, as the text alone tells.
    """
    (x, y), (name, size) = place, font
    before = {"left": 0.0, "right": 1.0, "centre": 0.5}[align]
    if side != "R" and not foreign(text):
        wide = stringWidth(text, name, size) if before or canvas.mirrored else 0.0
        x -= before * wide
        with canvas.upright(x, wide):
            canvas.setFont(name, size)
            canvas.drawString(x, y, text)
        return
    runs = _runs(text, name, side or first_side(text, mirrored=canvas.mirrored))
    widths = [_width(run, size) for run in runs]
    x -= sum(widths) * before
    moved = "".join(run.text for run in runs) != text
    with canvas.upright(x, sum(widths)), canvas.turned(text) if moved else nullcontext():
        for said, some in groupby(zip(runs, widths, strict=True), _told(runs)):
            with canvas.spelled(said) if said else nullcontext():
                for run, width in some:
                    _draw(canvas, x, y, run, size)
                    x += width
    canvas.setFont(name, size)


def _draw(canvas: Any, x: float, y: float, run: _Run, size: float) -> None:
    canvas.setFont(run.font, size)
    if not _shaped(run):
        canvas.drawString(x, y, run.text)
        return
    # drawString shapes only beside another library for directions.
    text = canvas.beginText(x, y)
    text.textOut(shapeStr(run.text, run.font, size))
    canvas.drawText(text)


def broken(text: str, font: str, size: float, width: float) -> list[str]:
    """A text in lines that fit a width, in the order in which it is read."""
    if not foreign(text):
        lines = list(simpleSplit(text, font, size, width))
        if all(stringWidth(line, font, size) <= width for line in lines):  # else a word is longer than a line
            return lines
    return [line for part in text.split("\n") for line in _filled(part, font, size, width)]


def _filled(text: str, font: str, size: float, width: float) -> Iterator[str]:
    line, room = "", width
    for word in _WORD.findall(text):
        wide = measure(word, font, size)
        if wide > room and line.strip():
            yield line.rstrip()
            line, room = "", width
            if word.isspace():
                continue
        while wide > room:  # longer than a whole line
            most = _most(word, font, size, room)
            yield word[:most]
            word = word[most:]  # noqa: PLW2901 - what is left of it
            wide = measure(word, font, size)
        line, room = line + word, room - wide
    yield line.rstrip()


def _most(word: str, font: str, size: float, room: float) -> int:
    """How many characters of a word fit; one at least."""
    low, high = 1, len(word)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if measure(word[:middle], font, size) <= room else (low, middle - 1)
    return low


@lru_cache(maxsize=1)
def _reshaper() -> Any:
    from arabic_reshaper import ArabicReshaper

    # No vowel sign may be lost. Of ligatures only lam with alef, which Arabic cannot do without, is made.
    return ArabicReshaper({"delete_harakat": False, "ARABIC LIGATURE ALLAH": False})


def _seen(text: str, side: Side) -> str:
    """A line in the order in which it is seen, from left to right, its Arabic letters joined."""
    if side == "L" and not runs_right_to_left(text):
        return text
    from bidi import get_display

    ordered = in_order(text) if side == "R" else in_order(text).replace(RLM, "")
    joined = _reshaper().reshape(ordered) if _ARABIC.search(text) else ordered
    marked = _BRACKET.sub(lambda found: found[0] + _AFTER, joined.translate(_ORDERS))
    seen = get_display(marked, base_dir=side)
    return (
        _TURNED.sub(lambda found: _MIRROR[found[1]], seen)
        .replace(_AFTER, "")
        .replace(LRM, "")
        .replace(RLM, "")
    )


def _runs(text: str, font: str, side: Side) -> list[_Run]:
    spelled = _spelled(_seen(text, side), font)
    return [_Run("".join(c for c, _ in some), name) for name, some in groupby(spelled, lambda one: one[1])]


def _spelled(seen: str, font: str) -> Iterator[tuple[str, str]]:
    """Each character with the font that it is set in."""
    known, faces, last = letters(), FACES.get(), font
    for character in seen:
        mark = unicodedata.category(character)[0] == "M"
        if mark and last != font and faces.font(character) is not None:
            pass  # a mark stays with its letter
        elif character in known:
            last = font
        else:
            found = faces.font(character, bold=font == BOLD)
            if found is None:  # a form of a letter that the typeface has only in itself
                plain = unicodedata.normalize("NFKC", character)
                yield from ((c, faces.font(c, bold=font == BOLD) or font) for c in plain)
                continue
            last = found
        yield character, last


def _told(runs: list[_Run]) -> Callable[[tuple[_Run, float]], str]:
    """What is told of a run to readers of the page: nothing, or all that stands with letters that move.

    Blanks too, which pdfium loses beside such letters; but not the sign of a missing character, which it
    leaves out of what is told.
    """
    told: dict[int, str] = {}
    for _, group in groupby(runs, lambda run: MISSING in run.text or runs_right_to_left(run.text)):
        some = list(group)
        text = "".join(run.text for run in some)
        told |= dict.fromkeys(map(id, some), text if _COMPLEX.search(text) else "")
    return lambda one: told[id(one[0])]


def _shaped(run: _Run) -> bool:
    """Whether a run's letters are arranged by HarfBuzz, where it is installed."""
    return _COMPLEX.search(run.text) is not None and _arranges(run.font)


@lru_cache(maxsize=64)
def _arranges(name: str) -> bool:
    """Make a font ready for HarfBuzz, once in a process; False without it.

    A glyph that stands for no character gets a code by its place in the font. reportlab would count them as
    they come, with the advance of their first use: other bytes after other reports, and wrong widths.
    """
    font = getFont(name)
    if not font.shapable:
        return False
    shaper, face = font.hbFont(), font.face
    nameless = [glyph for glyph in range(face.numGlyphs) if glyph not in face.glyphToChar]
    for code, glyph in enumerate(nameless, 0xE000):
        if code > _LAST_PRIVATE or code in face.charToGlyph:
            continue
        face.charToGlyph[code], face.glyphToChar[glyph] = glyph, [code]
        face.charWidths[code] = font.pdfScale(shaper.get_glyph_h_advance(glyph))
    return True


def _width(run: _Run, size: float) -> float:
    if _shaped(run):
        shaped = shapeStr(run.text, run.font, size)
        if isinstance(shaped, ShapedStr):
            return float(sum(one.x_advance for one in shaped.__shapeData__) * size / 1000)
    return stringWidth(run.text, run.font, size)  # type: ignore[no-any-return]
