"""A sentence as the automaton reads it: words, marks and slots, each with what is known of it."""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping

from reportgen.carriers.automaton import Symbol
from reportgen.carriers.tree import COUNTS, KINDS, PIECE
from reportgen.nouns import Fact

__all__ = ["Sentence"]

_ANY = frozenset(KINDS)
_PIECE = re.compile(rf"\[\[(F\d+)\]\]|{PIECE}")


class Sentence:
    """A sentence as tokens.

    Args:
        text: With its full stop.
        slots: All facts of the passage, by the slot names that the sentence uses.

    Attributes:
        words: Words, marks and slots in order; the first one without its capital.
        spans: Where each stands in the text.
    """

    def __init__(self, text: str, slots: Mapping[str, Fact]) -> None:
        found = list(_PIECE.finditer(text))
        self.words = [match[0] for match in found]
        self.spans = [match.span() for match in found]
        if self.words and not (len(self.words[0]) > 1 and self.words[0].isupper()):
            self.words[0] = self.words[0][:1].lower() + self.words[0][1:]
        self._facts = {n: slots[match[1]] for n, match in enumerate(found) if match[1] in slots}
        self._totals = Counter(fact.carried_as for fact in slots.values())

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of its facts."""
        return frozenset(fact.carried_as for fact in self._facts.values())

    def first_outside(self, lexicon: frozenset[str]) -> int | None:
        """The place of the first word that is not in a lexicon of lower-case words."""
        for place, word in enumerate(self.words):
            if word[0].isalpha() and word.lower() not in lexicon:
                return place
        return None

    @property
    def mixed(self) -> int | None:
        """The place of a slot of another kind than the one before it, with "and" alone between them, where
        the list goes on: in "recognised A and B, and C was recorded" nobody knows what B belongs to."""
        for place, fact in self._facts.items():
            before = self._facts.get(place - 2)
            if before is None or self.words[place - 1] != "and" or before.carried_as == fact.carried_as:
                continue
            after = place + 1
            while after < len(self.words) and self.words[after] in {",", ";", "and"}:
                after += 1
            if after > place + 1 and after in self._facts:
                return place
        return None

    @property
    def spelled(self) -> str:
        """The tokens as they should stand: one blank between words, none before a mark."""
        return "".join(word if word in ",;:." else f" {word}" for word in self.words)[1:]

    def symbols(self, *, counts: bool = True, kinds: bool = True) -> list[Symbol]:
        """What the automaton reads.

        Args:
            counts: Whether a count must be right, and "the views were" name all of them.
            kinds: Whether words may only carry facts of their own kind.
        """
        places = defaultdict(list)
        for place, fact in self._facts.items():
            places[fact.carried_as].append(place)
        symbols = []
        for place, word in enumerate(self.words):
            if place not in self._facts:
                number = COUNTS.index(word) + 1 if word in COUNTS else 0
                right = {kind for kind in KINDS if not counts or self._totals[kind] == number}
                symbols.append(Symbol(word, frozenset(right) if number else frozenset()))
                continue
            fact = self._facts[place]
            told = places[fact.carried_as]
            whole = len(told) == self._totals[fact.carried_as]
            symbols.append(
                Symbol(
                    "",
                    frozenset({fact.carried_as}) if kinds else _ANY,
                    opens=not counts or (whole and place == told[0]),
                    closes=not counts or (whole and place == told[-1]),
                    many=len(fact.images) > 1,
                    single=self._totals[fact.carried_as] == 1,
                )
            )
        return symbols
