"""Slips of typing: a word that is nearly a known one is taken for it."""

import re
from collections.abc import Iterable

__all__ = ["Spelling"]

#: Letters that a known word must have for two of its letters to have changed places, for one to be left out
#: or put in, and for one to be another. In shorter words such a slip is too often a word of its own: "dead"
#: is not "head", "fatal" not "fetal".
_SWAPPED, _LEFT_OUT, _CHANGED = 5, 8, 10


class Spelling:
    """Knows words, in lower case.

    Args:
        words: What a slip may be meant for.
        real: Words of the language that are near one of these and are none: "eternal" is not "external".
    """

    def __init__(self, words: Iterable[str], real: Iterable[str] = ()) -> None:
        self._words, self._real = frozenset(words), frozenset(real)

    def corrected(self, word: str) -> str:
        """The only known word that a word can be a slip of, by one letter; else the word itself."""
        known = {word, word.removesuffix("s")} & (self._words | self._real)
        if known or not re.fullmatch(f"[a-z]{{{_SWAPPED},}}", word):
            return word
        near = {meant for meant in self._words if meant[0] == word[0] and _is_slip(word, meant)}
        return near.pop() if len(near) == 1 else word


def _is_slip(word: str, meant: str) -> bool:
    if abs(len(word) - len(meant)) > 1 or len(meant) < _SWAPPED:
        return False
    if len(word) != len(meant):
        longer, shorter = sorted((word, meant), key=len, reverse=True)
        return len(meant) >= _LEFT_OUT and any(
            longer[:place] + longer[place + 1 :] == shorter for place in range(len(longer))
        )
    wrong = [place for place in range(len(word)) if word[place] != meant[place]]
    if len(wrong) == 1:
        return len(meant) >= _CHANGED
    first, last = wrong[0], wrong[-1]
    return len(wrong) == 2 and last == first + 1 and word[first : last + 1] == meant[first : last + 1][::-1]
