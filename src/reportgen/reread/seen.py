"""A page that is read from right to left, as it is seen: its lines by the places of their characters.

pdfium turns each stretch of such a line around as it thinks best, digits and signs too. Where the characters
stand is certain; of a sign that has a side, such as ``>``, it also changes which one it is.
"""

import ctypes
import re
from typing import Any, NamedTuple

__all__ = ["GAP", "in_order", "is_mirrored", "seen_lines"]

#: Stands between the cells of a row.
GAP = "\t"
#: Points between characters from which on they are of two cells; a blank has less than 4.
_APART = 6.0
#: Points between base lines from which on they are of two lines.
_BELOW = 3.0
#: Letters from right to left; digits of any script and their signs run from left to right.
_RIGHT = r"\u0590-\u065f\u066d-\u06ef\u06fa-\u08ff\ufb1d-\ufdff\ufe70-\ufefc"
#: What pdfium gives for a hyphen at the end of a line, and for the end of that line.
_HYPHENS = dict.fromkeys("\x02\ufffe", "-")
_ENDS = {"\n", *_HYPHENS}
_SIDE = re.compile(rf"[{_RIGHT}]+")
#: What runs from left to right, but for the signs around it.
_LEFT = re.compile(rf"[^\W{_RIGHT}](?:[^{_RIGHT}]*[^\W{_RIGHT}])?")
_LATIN = re.compile(r"[^\W\d_]")
_NUMBER = re.compile(r"\d+(?:[.,:+/-]\d+)*")


class _Letter(NamedTuple):
    text: str
    left: float
    right: float
    number: int


def _from_right(one: _Letter) -> tuple[float, int]:
    """Parts of one glyph, such as of a fraction, stand at one place."""
    return -(one.left + one.right), one.number if _SIDE.match(one.text) else -one.number


def is_mirrored(document: Any) -> bool:
    """Whether a PDF says that its pages are read from right to left."""
    import pypdfium2.raw as pdfium

    told = ctypes.create_string_buffer(8)
    pdfium.FPDF_VIEWERREF_GetName(document, b"Direction", told, len(told))
    return told.value == b"R2L"


def seen_lines(page: Any) -> str:
    """The text of a page: in each line, cell after cell and word after word from right to left, what runs
    from left to right in its own order."""
    import pypdfium2.raw as pdfium

    lines: list[list[_Letter]] = [[]]
    x, y, base = ctypes.c_double(), ctypes.c_double(), 0.0
    for number in range(page.count_chars()):
        text = chr(pdfium.FPDFText_GetUnicode(page, number))
        if text not in "\r\n":
            left, _, right, _ = page.get_charbox(number)
            pdfium.FPDFText_GetCharOrigin(page, number, x, y)
            if lines[-1] and abs(y.value - base) > _BELOW and not text.isspace():
                lines.append([])
            base = base if text.isspace() else y.value
            lines[-1].append(_Letter(_HYPHENS.get(text, text), left, right, number))
        if text in _ENDS:
            lines.append([])
    return "\n".join(map(_read, lines))


def _read(line: list[_Letter]) -> str:
    cells, end = [""], None
    for one in sorted(line, key=_from_right):
        if one.text.isspace():
            cells[-1] += " "
            continue
        if end is not None and end - one.right > _APART:
            cells.append("")
        cells[-1] += one.text
        end = min(end or one.left, one.left)
    return f" {GAP} ".join(map(_forward, cells))


def _forward(cell: str) -> str:
    """Text from right to left, with what runs from left to right turned around."""
    return _LEFT.sub(lambda found: found[0][::-1], cell)


def in_order(wanted: str, found: str) -> bool:
    """Whether words and numbers of a line stand in the order in which they should."""
    return _SIDE.findall(wanted) == _SIDE.findall(found) and _numbered(wanted, found)


def _numbered(wanted: str, found: str) -> bool:
    """The same for numbers between two words; in a cell with Latin letters too their order is theirs."""
    for whole, seen in zip(_SIDE.split(wanted), _SIDE.split(found), strict=True):
        left = _NUMBER.findall(whole)
        for cell in seen.split(GAP):
            numbers = _NUMBER.findall(cell)
            here, left = left[: len(numbers)], left[len(numbers) :]
            if numbers not in (here, here[::-1]) and (
                sorted(numbers) != sorted(here) or not _LATIN.search(cell)
            ):
                return False
    return True
