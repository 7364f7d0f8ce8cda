"""Text in columns as a terminal shows it, and the marks that keep a text read from right to left in order."""

import re
import textwrap
import unicodedata

__all__ = ["LRM", "RLM", "in_order", "left", "marked", "pieces", "right", "width_of"]

#: Characters that take no column: accents and vowel signs on a letter, and what is not seen at all.
_NO_WIDTH = frozenset({"Mn", "Me", "Cf"})
#: Right-to-left and left-to-right mark: unseen letters of a direction.
RLM, LRM = "\u200f", "\u200e"
_GAP = re.compile(r"(?<=  )(?=\S)")
#: A number with the signs that belong to it: ``20+3``, ``2-5``, ``>0.99``, ``176.2 mm*``, ``82.4 %``.
_NUMBER = re.compile(
    r"(?<![A-Za-z0-9_.<>+:/*-])[<>]?\d+(?:[.:+/-]\d+)*(?: (?:%|[a-z]+(?:/[a-z]+)?\b))?\*?(?![\d*+:/-]?\d)"
)
_COMMA = re.compile(r"(?<![\u0590-\u08ff])،(?= ?[^\s\u0590-\u08ff])")
#: After an Arabic letter a plus or a hyphen parts two numbers, and 20+3 is shown as 3+20; a point does not.
_BARE = re.compile(r"\d+(?:[.:]\d+)*")


def width_of(text: str) -> int:
    """Columns that a text takes: none for an accent, two for a wide letter of East Asia."""
    if text.isascii():
        return len(text)
    return sum(map(_columns, text))


def _columns(character: str) -> int:
    if unicodedata.category(character) in _NO_WIDTH:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


def left(text: str, width: int) -> str:
    """The text with blanks behind it, ``width`` columns wide."""
    return text + " " * (width - width_of(text))


def right(text: str, width: int) -> str:
    """The text with blanks before it, ``width`` columns wide."""
    return " " * (width - width_of(text)) + text


def pieces(line: str, width: int, *, whole: bool = False) -> list[str]:
    """A line broken to ``width`` columns, a word longer than that too unless it is to stay ``whole``."""
    width = max(width, 1)
    if len(line) == width_of(line):
        return textwrap.wrap(line, width, break_on_hyphens=False, break_long_words=not whole)
    lines: list[str] = []
    current = ""
    for word in re.findall(r"\s*\S+", line):
        if width_of(current + word) <= width:
            current += word
            continue
        rest = word
        if current:
            lines.append(current)
            rest = word.lstrip()
        while width_of(rest) > width and not whole:
            head = _head(rest, width)
            lines.append(head)
            rest = rest[len(head) :]
        current = rest
    return [*lines, current] if current else lines


def _head(word: str, width: int) -> str:
    """As much of a word as fits, but at least one letter; what has no width stays with its letter."""
    taken = 0
    for place, character in enumerate(word):
        taken += _columns(character)
        if taken > width and place:
            return word[:place]
    return word


def marked(line: str) -> str:
    """A line that a viewer shows from right to left.

    A viewer takes the direction of a line from its first letter, and runs of Latin letters and digits on
    through the blanks of a table. So each line and each cell begins with a mark of the right direction.
    """
    return RLM + in_order(_GAP.sub(RLM, line)) if line.strip() else line


def in_order(text: str) -> str:
    """Text from right to left, each number with its sign and unit between marks of the left direction.

    The comma of Arabic has no direction of its own: between numbers or Latin words, which would run on to the
    right over it, it has a mark of the right one.
    """
    return _COMMA.sub(f"{RLM}،", _NUMBER.sub(_kept_together, text))


def _kept_together(number: re.Match[str]) -> str:
    return number[0] if _BARE.fullmatch(number[0]) else f"{LRM}{number[0]}{LRM}"
