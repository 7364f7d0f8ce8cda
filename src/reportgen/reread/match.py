"""Whether a file's words are those of its blocks: each once, in order, in its own row, and nothing else."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from reportgen.reread.printed import Block, tokens

__all__ = ["MISSING", "Mismatch", "Stream", "match"]

#: Stands in a PDF for a character that the typeface lacks.
MISSING = "\N{REPLACEMENT CHARACTER}"
#: Words of fewer characters are never broken over two lines, but for those of Chinese and Japanese.
BREAKABLE = 7
_WIDE = re.compile("[\u2e80-\u9fff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef]")
#: Ways to read one row that are followed at most.
MOST = 500
_Cells = tuple[tuple[str, ...], ...]
#: By cell the next word, and how many characters of it stand already.
_Places = tuple[tuple[int, int], ...]
#: Also the cell that was printed last.
_State = tuple[_Places, int]


class Mismatch(NamedTuple):
    """Where the words of a file leave those of the report: index of the word, and the block."""

    at: int
    place: str


class Stream:
    """The words of a file.

    Attributes:
        tokens: Words in the order of the file.
        starts: By index of a word that begins a line, its page and line, both one-based.
        pages: Indices of the words that begin a page other than the first.
        replaced: A character was found printed as ``MISSING``.
    """

    def __init__(self, pages: Iterable[Sequence[str]]) -> None:
        self.tokens: list[str] = []
        self.starts: dict[int, tuple[int, int]] = {}
        self.pages: set[int] = set()
        self.replaced = False
        for page, lines in enumerate(pages, 1):
            if page > 1:
                self.pages.add(len(self.tokens))
            for number, line in enumerate(lines, 1):
                words = tokens(line)
                if words:
                    self.starts[len(self.tokens)] = (page, number)
                    self.tokens += words

    def where(self, at: int) -> tuple[int, int]:
        """Page and line of a word, or of the last one where there are no more."""
        known = [start for start in self.starts if start <= at]
        return self.starts[max(known)] if known else (1, 1)

    def begins(self, wanted: str, found: str) -> bool:
        """Whether a wanted word, or what is left of it, begins with a found one."""
        if wanted.startswith(found):
            return True
        if wanted.isascii() or MISSING not in found or len(found) > len(wanted):
            return False
        alike = all(w == f or (f == MISSING and not w.isascii()) for w, f in zip(wanted, found, strict=False))
        self.replaced = self.replaced or alike
        return alike


def match(stream: Stream, blocks: Iterable[Block]) -> Mismatch | None:
    """Go through file and blocks side by side.

    Returns:
        The first place where they differ, or None.
    """
    at = 0
    waiting: Block | None = None  # a row that may have its neighbour beside it
    for block in blocks:
        one = block
        if waiting is not None:
            one, waiting = block._replace(cells=(*waiting.cells, *block.cells)), None
        flat = [word for cell in one.cells for word in cell]
        end = at + len(flat)
        breaks = stream.starts.keys() if one.even else stream.pages
        if stream.tokens[at:end] == flat and breaks.isdisjoint(range(at + one.even, end)):
            at = end
            continue
        found = _cut(stream, one, at) if one.cut else None
        found = found if found is not None else _row(stream, one, at)
        if found is not None:
            at = found
        elif block.beside and one is block:
            waiting = block
        elif not block.optional:
            return Mismatch(at, block.place)
    if waiting is not None:
        return Mismatch(at, waiting.place)
    return Mismatch(at, "after the last line") if at < len(stream.tokens) else None


def _after_head(stream: Stream, block: Block, at: int) -> int | None:
    """The place after a head that is repeated where a page begins; None if it is not there."""
    if at not in stream.pages or not block.head:
        return at
    end = at + len(block.head)
    return end if tuple(stream.tokens[at:end]) == block.head else None


def _cut(stream: Stream, block: Block, at: int) -> int | None:
    """The place after a text that ends early with an ellipsis."""
    start = _after_head(stream, block, at)
    whole, said = "".join(word for cell in block.cells for word in cell), ""
    for place in range(start if start is not None else len(stream.tokens), len(stream.tokens)):
        said += stream.tokens[place]
        if said.endswith("…") and stream.begins(whole, said[:-1]):
            return place + 1
        if not stream.begins(whole, said):
            break
    return None


def _row(stream: Stream, block: Block, at: int) -> int | None:
    """The place after a row whose cells are wrapped side by side; None if its words are not there.

    Each line holds a piece of each cell, from left to right. A word may be broken where its cell's line ends.
    """
    cells, begun = block.cells, at
    ends = tuple((len(cell), 0) for cell in cells)
    states: set[_State] = {(((0, 0),) * len(cells), 0)}
    first_line = True
    while states:
        if any(places == ends for places, _ in states):
            return at
        after = _after_head(stream, block, at)
        if after is None or after >= len(stream.tokens):
            return None
        at = after
        new_line = at in stream.starts
        first_line = first_line and (not new_line or at == begun)
        states = {
            reached
            for places, last in states
            for cell in range(0 if new_line else last, len(cells))
            if _open(cells, places, cell, first=first_line or not block.even)
            and (not places[cell][1] or new_line or cell != last)
            and (reached := _step(stream, cells, places, cell, stream.tokens[at])) is not None
        }
        at += 1
        if len(states) > MOST:
            return _mixed(stream, block, begun)
    return None


def _mixed(stream: Stream, block: Block, at: int) -> int | None:
    """The place after a row whose cells repeat themselves for pages, so that nobody can tell whose a word is.

    Then it is enough that together they hold the characters that they should.
    """
    wanted = Counter(character for cell in block.cells for word in cell for character in word)
    found: Counter[str] = Counter()
    while found.total() < wanted.total():
        after = _after_head(stream, block, at)
        if after is None or after >= len(stream.tokens):
            return None
        found.update(stream.tokens[after])
        at = after + 1
    lacking = wanted - found
    signs = found - wanted
    stream.replaced = stream.replaced or MISSING in signs
    return at if set(signs) <= {MISSING} and not any(map(str.isascii, lacking)) else None


def _open(cells: _Cells, places: _Places, cell: int, *, first: bool) -> bool:
    """Whether a cell may go on here: it begins after those to its left, in even rows on the first line."""
    if places[cell] != (0, 0):
        return places[cell][0] < len(cells[cell])
    left = all(place != (0, 0) or not words for place, words in zip(places[:cell], cells, strict=False))
    return bool(cells[cell]) and first and left


def _step(stream: Stream, cells: _Cells, places: _Places, cell: int, found: str) -> _State | None:
    """The state once a found word is taken for the next one of a cell; None if it is another word."""
    number, done = places[cell]
    word = cells[cell][number]
    rest = word[done:]
    if not stream.begins(rest, found) or (
        len(found) < len(rest) and len(word) < BREAKABLE and not _WIDE.search(word)
    ):
        return None
    reached = (number + 1, 0) if len(found) == len(rest) else (number, done + len(found))
    return (*places[:cell], reached, *places[cell + 1 :]), cell
