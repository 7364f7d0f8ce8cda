"""Reads one sentence in the language of the carriers: which clauses it can be, and how far it can be read."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from reportgen.carriers.tree import (
    CONTRADICTIONS,
    COUNTS,
    MANY,
    PIECE,
    SOLE,
    Choice,
    Count,
    Maybe,
    Node,
    Place,
    Seq,
    Word,
)
from reportgen.nouns import Fact

__all__ = ["LIST_WORDS", "Language", "Sentence", "reads"]

#: A token, and what has been said by then (``tree.MARKS``).
_End = tuple[int, int]
#: A token, kind and form of the clause that ends there, and what a lead has said of all clauses.
_State = tuple[int, str, bool, int]
_PIECE = re.compile(rf"\[\[(F\d+)\]\]|{PIECE}")
#: Between two slots of one list, with a comma or semicolon before it or not.
_AND = ((), ("and",), ("and", "also"), ("and", "as"), ("and", "for"), ("plus",))
#: The same, but only behind a comma: "as A, as B", never "A as B".
_AGAIN = (("as",), ("for",))
#: The same, where what came before stays a singular subject: "A as well as B was".
_WITH = (("as", "well", "as"), ("along", "with"), ("together", "with"), ("in", "addition", "to"))
LIST_WORDS = frozenset(word for words in _AND + _WITH for word in words) | {"both"}


@dataclass(frozen=True)
class Language:
    """The trees of a domain's carriers, by what they are for and, where they carry slots, by kind."""

    leads: Choice
    joiners: Choice
    chains: Choice
    agents: Choice
    pronouns: Choice
    clauses: Mapping[str, Choice]
    active: Mapping[str, Choice]
    tails: Mapping[str, Choice]
    echoes: Mapping[str, Choice]
    gaps: Mapping[str, Choice]


class Sentence:
    """A sentence as tokens.

    Attributes:
        words: Words, marks and slots in order.
        spans: Where each stands in the text.
        slots: By place among the tokens the fact of each slot.
    """

    def __init__(self, text: str, slots: Mapping[str, Fact]) -> None:
        found = list(_PIECE.finditer(text))
        self.words = [match[0] for match in found]
        self.spans = [match.span() for match in found]
        self.slots = {n: slots[match[1]] for n, match in enumerate(found) if match[1]}
        if self.words and not (len(self.words[0]) > 1 and self.words[0].isupper()):
            self.words[0] = self.words[0][:1].lower() + self.words[0][1:]

    @property
    def spelled(self) -> str:
        """The tokens as they should stand: one blank between words, none before a mark."""
        return "".join(word if word in ",;:." else f" {word}" for word in self.words)[1:]


def reads(
    sentence: Sentence,
    language: Language,
    totals: Mapping[str, int] | None,
    *,
    first: bool,
    kinds: bool = True,
) -> tuple[bool, int]:
    """Whether a sentence is in the language, and the token at which no reading goes on.

    Args:
        sentence: Its slots must be facts of the passage.
        language: The trees.
        totals: Facts of each kind in the passage; None to accept any count.
        first: It is the first sentence of its passage, so that "it" refers to nothing.
        kinds: Whether a carrier may only carry facts of its kind.
    """
    return _Reader(sentence, language, totals, kinds=kinds).whole(first=first)


class _Reader:
    """Positions reached, remembered: the work is bounded by nodes times tokens, whatever the sentence."""

    def __init__(
        self, sentence: Sentence, language: Language, totals: Mapping[str, int] | None, *, kinds: bool
    ) -> None:
        self._words, self._slots = sentence.words, sentence.slots
        self._language, self._totals, self._kinds = language, totals, kinds
        self._known: dict[tuple[int, str, int], frozenset[_End]] = {}
        self._furthest = 0

    def whole(self, *, first: bool) -> tuple[bool, int]:
        language, last = self._language, len(self._words) - 1
        starts = {(0, 0)} | self._ends(language.leads, "", 0)
        subjects = [language.agents] if first else [language.agents, language.pronouns]
        waiting = {state for begun in starts for state in self._chunks(begun, subjects)}
        seen: set[_State] = set()
        while waiting:
            state = waiting.pop()
            if state[0] == last and self._words[last] == ".":
                return True, last
            seen.add(state)
            waiting |= set(self._next(*state)) - seen
        return False, min(self._furthest, max(last, 0))

    def _chunks(self, begun: _End, subjects: list[Choice]) -> Iterator[_State]:
        at, said = begun
        for kind, clauses in self._language.clauses.items():
            yield from self._states(clauses, kind, at, said, active=False)
        for subject in subjects:
            for end, _ in self._ends(subject, "", at):
                yield from self._deeds(end, said)

    def _deeds(self, at: int, said: int) -> Iterator[_State]:
        for kind, active in self._language.active.items():
            yield from self._states(active, kind, at, said, active=True)

    def _states(self, choice: Choice, kind: str, at: int, said: int, *, active: bool) -> Iterator[_State]:
        """Where a clause can end. What a lead has said holds for each; what a clause says, for itself."""
        for end, more in self._ends(choice, kind, at):
            if all((said | more) & pair != pair for pair in CONTRADICTIONS):
                yield end, kind, active, said

    def _next(self, at: int, kind: str, active: bool, said: int) -> Iterator[_State]:
        language = self._language
        for joined, _ in self._ends(language.joiners, "", at):
            for begun, more in {(joined, 0)} | self._ends(language.leads, "", joined):
                yield from self._chunks((begun, said | more), [language.agents])
        if active:
            for chained, _ in self._ends(language.chains, "", at):
                yield from self._deeds(chained, said)
        for other, tails in language.tails.items():
            for end, _, _, _ in self._states(tails, other, at, said, active=active):
                yield end, kind, active, said
            if not active:
                for end, _, _, _ in self._states(language.gaps[other], other, at, said, active=active):
                    yield end, kind, active, said
        yield from self._states(language.echoes[kind], kind, at, said, active=active)

    def _ends(self, node: Node, kind: str, at: int) -> frozenset[_End]:
        """Where ``node`` can end if it begins at a token, and what it has said by then."""
        if isinstance(node, Word):
            return frozenset(((at + 1, 0),)) if self._word(at) == node.text else frozenset()
        key = (id(node), kind, at)
        if key not in self._known:
            self._known[key] = frozenset(self._found(node, kind, at))
        return self._known[key]

    def _found(self, node: Node, kind: str, at: int) -> Iterator[_End]:
        if isinstance(node, Choice):
            word = self._word(at)
            for option in (*node.by_word.get(word, ()), *node.others):
                for end, said in self._through(option, kind, at):
                    yield end, said | node.says
        elif isinstance(node, Maybe):
            yield at, 0
            yield from self._through(node.part, kind, at)
        elif isinstance(node, Place):
            yield from self._listed(node, kind, at)
        elif isinstance(node, Count):
            word = self._word(at)
            if word in COUNTS and self._all(COUNTS.index(word) + 1, kind):
                yield at + 1, SOLE

    def _through(self, seq: Seq, kind: str, at: int) -> set[_End]:
        reached = {(at, 0)}
        for node in seq:
            reached = {
                (end, said | more) for one, said in reached for end, more in self._ends(node, kind, one)
            }
            if not reached:
                break
        return reached

    def _listed(self, place: Place, kind: str, at: int) -> Iterator[_End]:
        """The ends of a list of slots: each slot may be the last."""
        kind = place.kind or kind
        both = place.many and self._word(at) == "both"
        at += both
        count, said = 0, SOLE if place.all else 0
        while self._is_slot(at, kind):
            said |= 0 if len(self._slots[at].images) == 1 else MANY
            count += 1
            at += 1
            enough = place.few if count == 1 else place.many or count > 1
            whole = not place.all or self._all(count, kind)
            if enough and whole and (not both or count == 2):
                yield at, said
            following = self._separated(at, kind, place)
            if following is None:
                return
            at = following

    def _separated(self, at: int, kind: str, place: Place) -> int | None:
        """Where the next slot of a list stands, if one follows."""
        mark = self._word(at) in {",", ";"}
        for words in (*_AND, *_WITH, *(_AGAIN if mark else ())) if place.many else _WITH:
            end = at + mark + len(words)
            if (words or mark) and tuple(self._words[at + mark : end]) == words and self._is_slot(end, kind):
                return end
        return None

    def _all(self, count: int, kind: str) -> bool:
        return self._totals is None or count == self._totals.get(kind)

    def _is_slot(self, at: int, kind: str) -> bool:
        fact = self._slots.get(at)
        if fact is None or (self._kinds and fact.carried_as != kind):
            return False
        self._furthest = max(self._furthest, at + 1)
        return True

    def _word(self, at: int) -> str:
        self._furthest = max(self._furthest, at)
        return self._words[at] if at < len(self._words) else ""
