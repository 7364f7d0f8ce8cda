"""Slips of typing: a word that is nearly a known one is taken for it."""

import re
from collections.abc import Iterable

__all__ = ["Spelling"]

#: Shorter words are only mended where two letters changed places: "dead" is not "head".
_SHORT, _LONG = 5, 9


class Spelling:
    """Knows words, in lower case.

    Args:
        words: What a slip may be meant for.
        real: Words of the language that are near one of these and are none: "fatal" is not "fetal".
    """

    def __init__(self, words: Iterable[str], real: Iterable[str] = ()) -> None:
        self._words, self._real = frozenset(words), frozenset(real)

    def corrected(self, word: str) -> str:
        """The only known word that a word can be a slip of; else the word itself."""
        if (
            word in self._words
            or word in self._real
            or not re.fullmatch("[a-z]{3,}", word)
            or word.removesuffix("s") in self._words
        ):
            return word
        swapped = {w for w in _swaps(word) if w in self._words}
        if len(swapped) == 1:
            return swapped.pop()
        if len(word) < _SHORT:
            return word
        most = 2 if len(word) >= _LONG else 1
        near: dict[int, set[str]] = {}
        for known in self._words:
            if known[0] == word[0] and len(known) >= _SHORT and abs(len(known) - len(word)) <= most:
                near.setdefault(_distance(word, known, most), set()).add(known)
        best = near.get(min((d for d in near if d <= most), default=-1), set())
        return best.pop() if len(best) == 1 else word


def _swaps(word: str) -> set[str]:
    return {word[:n] + word[n + 1] + word[n] + word[n + 2 :] for n in range(len(word) - 1)}


def _distance(one: str, other: str, most: int) -> int:
    """How many letters are put in, left out, changed or swapped; above ``most``, some larger number."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        last, before, row = before, row, [i]
        for j, b in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return row[-1]
