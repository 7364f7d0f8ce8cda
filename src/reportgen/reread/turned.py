"""Lines that run from right to left: what pdfium reads of them has their words, and not always their order.

pdfium turns each stretch of such a line around by itself, words and brackets each on its own. A line is
therefore put into the order of that stretch of the report which has the very same words: no word, number or
sign may be other, missing or too many. The order of the words within such a line is what is not read again,
but on pages from right to left, which are read as they are seen (``seen``).
Where pdfium turns parts of words (marks on letters, letters beside digits, words broken over lines), the
numbers and characters must be the same; where even a line's place is lost, those of all lines.
"""

import re
import unicodedata
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from itertools import accumulate, chain
from typing import NamedTuple

from reportgen.reread.match import MISSING
from reportgen.reread.seen import in_order

__all__ = ["Straightener", "alike", "all_alike", "part_of", "turned"]

_RIGHT = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc"
#: Scripts whose letters move and join: pdfium puts blanks beside them, or leaves them out.
_JOINED = "\u0900-\u0dff\u0f00-\u109f\u1780-\u17ff"
_MARKS = "\u0591-\u05bd\u05bf-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed"
#: What on a mirrored page does not stand letter by letter where it should.
_HARD = re.compile(f"[{_MARKS}{_JOINED}{MISSING}\u0660-\u0669\u06f0-\u06f9]")
_OTHER = re.compile(f"[{_RIGHT}{_JOINED}]")
_ATOM = re.compile(rf"\d+|[{_RIGHT}]+|[{_JOINED}]+|[^\W\d_{_RIGHT}{_JOINED}]+|\S")
_DIGITS = re.compile(r"\d+")
#: Signs at the ends of a line, which stand at the other end in a sentence from right to left.
_ENDS = re.compile(r"^\W+|\W+$")
#: A line of so many characters stands at one place of a report.
CERTAIN = 10
#: A word that pdfium turns as one or not at all, perhaps with signs around it.
_SIGNS = rf"[^\w{_RIGHT}{_JOINED}]*"
_WHOLE = re.compile(rf"{_SIGNS}((?:(?![{_MARKS}\d])[{_RIGHT}]){{1,15}}|[{_JOINED}]{{1,15}}){_SIGNS}")
#: What pdfium writes as its parts in such lines (NFKC), as it does an ellipsis or a fraction.
_FORM = re.compile("[\u00a0-\uffdc]")
_FOLDED = str.maketrans(")]}>»›", "([{<«‹")


class _Word(NamedTuple):
    """A word of the report, as it is printed, and as it is compared."""

    printed: str
    folded: str
    atoms: Counter[str]


def turned(text: str) -> bool:
    """Whether a text has letters of a script that runs from right to left, or whose letters move."""
    return not text.isascii() and _OTHER.search(text) is not None


def _plain(text: str) -> str:
    """A text with forms of a letter as the letter."""
    plain = _FORM.sub(lambda form: unicodedata.normalize("NFKC", form[0]), text)
    return "".join(character for character in plain if unicodedata.category(character) != "Cf").replace(
        "\u2044", "/"
    )


def _fold(text: str) -> str:
    """A text as it is compared: also brackets of either side alike."""
    return _plain(text).translate(_FOLDED)


def _unspaced(text: str) -> str:
    return "".join(_fold(text).split())


def _chars(text: str) -> Counter[str]:
    return Counter(_unspaced(text))


def _whole(line: str) -> Counter[str]:
    """The words of a line that pdfium leaves in one piece."""
    found = (_WHOLE.fullmatch(word) for word in _fold(line).split() if turned(word))
    return Counter(word[1] for word in found if word)


def alike(wanted: str, found: str) -> bool:
    """Whether a line says what it should, in whatever order."""
    return _same(_chars(wanted), _chars(found)) and _whole(found) <= Counter(_ATOM.findall(_fold(wanted)))


def part_of(wanted: str, found: str) -> bool:
    """Whether a line that was cut says nothing but what it should."""
    said = _chars(found.replace("...", "").replace("…", ""))
    return said - Counter({MISSING: said[MISSING]}) <= _chars(wanted)


def all_alike(wanted: str, found: str, more: str) -> bool:
    """Whether all lines together have the numbers and characters that they should, marks on letters aside.

    For letters, digits and signs that are so mixed that nobody can tell a line's place. ``more`` may be
    there, such as the head of a table that goes on.
    """
    numbers, read = _numbers(wanted), _numbers(found)
    if numbers - read or (read - numbers) - _numbers(more):
        return False
    whole, said, spare = (_bare(text) for text in (wanted, found, more))
    signs, lost = (said - whole) - spare, whole - said
    parts = {part for one in wanted if not one.isascii() for part in _fold(one)}
    return set(signs) <= {MISSING} and all(one in parts or not one.isascii() for one in lost)


def _numbers(text: str) -> Counter[str]:
    return Counter(_DIGITS.findall(_fold(text)))


def _bare(text: str) -> Counter[str]:
    chars = _chars(text)
    return Counter({one: times for one, times in chars.items() if unicodedata.category(one)[0] != "M"})


def _same(wanted: Counter[str], found: Counter[str]) -> bool:
    if wanted == found:
        return True
    lost, signs = wanted - found, found - wanted
    lettered = not any(map(str.isascii, lost))
    return set(signs) == {MISSING} and lettered and lost.total() == signs.total()


class Straightener:
    """Puts lines into the order of the report.

    Args:
        words: All words that the report should have in the PDF, in order.
        mirrored: Pages are read from right to left, and any line may be turned.

    Attributes:
        replaced: A character of a line was printed as ``MISSING``.
        lost: A line has the words of no stretch.
        astray: So has one whose characters all stand where they are seen: it says something else.
    """

    def __init__(self, words: Sequence[str], *, mirrored: bool = False) -> None:
        self._mirrored = mirrored
        folded = [(word, "".join(map(_unspaced, word))) for word in words]
        self._words = [_Word(word, fold, Counter(_ATOM.findall(fold))) for word, fold in folded]
        each = [
            (number, fold, "" if more else character)
            for number, word in enumerate(words)
            for character in word
            for more, fold in enumerate(_unspaced(character))
        ]
        self._owner = [number for number, _, _ in each]
        self._flat = "".join(fold for _, fold, _ in each)
        self._printed = [character for _, _, character in each]
        self._starts = [0, *accumulate(len(word.folded) for word in self._words)]
        self._place = 0
        self.replaced = self.lost = self.astray = False

    def line(self, line: str) -> str:
        """A line as pdfium gives it, in reading order if it has letters that run from right to left."""
        if not self._mirrored and not turned(line):
            return self._go_past(line)
        if not _unspaced(line):
            return line
        found = self._by_words(line) or self._by_characters(line)
        hard = not self._mirrored or _HARD.search(line) is not None
        if found is not None and (hard or in_order(_plain(found), _plain(line))):
            return found
        self.lost, self.astray = True, self.astray or not hard
        return line

    def _go_past(self, line: str) -> str:
        """A line from left to right; look for what comes next after it, if its place is certain."""
        said = _unspaced(line)
        end = self._place + len(said)
        here = self._flat[self._place : end]
        if MISSING in said and _same(_chars(here), _chars(said)):
            self._place = end
            return line
        core = _ENDS.sub("", said)
        if said != here and core and core in here and _same(_chars(here), _chars(said)):
            begin, self._place = self._place, end  # the last line of a text from right to left
            return self._cut(begin, end)
        found = self._flat.find(said, self._place)
        if found == self._place or (found > 0 and len(said) >= CERTAIN):
            self._place = found + len(said)
        return line

    def _word_at(self, place: int) -> int:
        """The first word that begins at a character or after it."""
        return bisect_left(self._starts, place, 0, len(self._words))

    def _by_words(self, line: str) -> str | None:
        """The stretch of whole words with the same words, numbers and signs."""
        said = Counter(_ATOM.findall(_fold(line)))
        if MISSING in said:
            return None
        begin = self._word_at(self._place)
        for first in [*range(begin, len(self._words)), *range(begin)]:
            left, last = Counter(said), first
            while last < len(self._words) and left and self._words[last].atoms <= left:
                left -= self._words[last].atoms
                last += 1
            if not left:
                if first >= begin:  # else the head of a table that goes on
                    self._place = self._starts[last]
                return " ".join(word.printed for word in self._words[first:last])
        return None

    def _by_characters(self, line: str) -> str | None:
        """The stretch, perhaps of parts of words, with the same characters."""
        said = _unspaced(line)
        size, wanted, whole, numbers = len(said), Counter(said), _whole(line), _numbers(line)
        last = len(self._flat) - size + 1
        begins = [start for start in self._starts if self._place <= start < last]
        for start in chain([self._place], begins, range(self._place, last), range(min(self._place, last))):
            stretch = self._flat[start : start + size]
            if (
                len(stretch) == size
                and (stretch[0] in wanted or MISSING in wanted)
                and _same(Counter(stretch), wanted)
            ):
                cut = self._cut(start, start + size)
                if numbers == _numbers(cut) and whole <= Counter(_ATOM.findall(_fold(cut))):
                    self._place = start + size
                    self.replaced = self.replaced or (MISSING in said and MISSING not in stretch)
                    return cut
        return None

    def _cut(self, start: int, end: int) -> str:
        """Characters as the words and parts of words that they are."""
        parts: dict[int, str] = {}
        for place in range(start, end):
            parts[self._owner[place]] = parts.get(self._owner[place], "") + self._printed[place]
        return " ".join(parts.values())
