"""Reads sentences as an automaton that is made as it goes: a state once reached is never worked out again.

A state is the set of all ways in which the sentence so far can be one of the language. A way is a frame (what is
still to come, as a stack) and what has been said: marks that must not meet in one clause.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from reportgen.carriers.tree import KINDS, Choice, Count, Maybe, Node, Place, Seq, Word

__all__ = ["Automaton", "Symbol"]

#: What is said beside the facts, as bits: it speaks of the whole study; it names all that there is; it speaks of a
#: single image; a fact of it rests on several. In a clause they stand at 0, what holds for a whole sentence at 4.
_WIDE, _SOLE, _ONE, _MANY = 1, 2, 4, 8
_SAYS = {"wide": _WIDE, "sole": _SOLE, "one": _ONE}
#: A passage is one region, so naming all there is in the study would be false; several images are not one.
_CONTRADICTIONS = (_WIDE | _SOLE, _ONE | _MANY)
_CLAUSE, _SENTENCE = 0x0F, 0xF0
#: The program was named, so that "it" refers to something.
_NAMED = 0x100
#: By kind: all facts of the sentence before were of it, so that "so was" refers to something.
_AFTER = {kind: 0x200 << n for n, kind in enumerate(KINDS)}
#: States that are kept; then all begin anew. Some 100 MB at the most.
_MOST_STATES = 20_000

_Way = tuple[int, int]


class Symbol(NamedTuple):
    """A word or a slot of a sentence.

    Attributes:
        word: Empty for a slot.
        kinds: Of a slot: its kind. Of a word: the kinds of which it is the right count.
        opens: The slot is the first of its kind in a sentence that tells all facts of the kind.
        closes: It is the last one.
        many: The fact rests on several images.
    """

    word: str
    kinds: frozenset[str]
    opens: bool = False
    closes: bool = False
    many: bool = False


class _Slot(NamedTuple):
    """One slot of a list."""

    kind: str
    opens: bool = False
    closes: bool = False


class _Leave(NamedTuple):
    """The end of a clause, or of what holds for the whole sentence."""

    lasting: bool


class _Memory:
    """Frames, states and steps that are known."""

    def __init__(self) -> None:
        self.frames: list[tuple[tuple[object, ...], int, int]] = [((), 0, 0)]
        self.frame: dict[tuple[int, int, int], int] = {}
        self.states: dict[frozenset[_Way], int] = {frozenset(): 0}
        self.ways: list[frozenset[_Way]] = [frozenset()]
        self.steps: dict[tuple[int, Symbol], int] = {}


class Automaton:
    """Recognises the sentences of a tree.

    Args:
        root: The tree of whole sentences.
        separators: By kind what may stand between two slots of a list.
        additions: By kind the same, where what came before stays a singular subject: "A as well as B was".
    """

    def __init__(self, root: Choice, separators: dict[str, Choice], additions: dict[str, Choice]) -> None:
        self._root = root.options
        self._separators, self._additions = separators, additions
        self._lists: dict[Place, tuple[tuple[object, ...], ...]] = {}
        self._leave = {lasting: (_Leave(lasting),) for lasting in (False, True)}
        self._memory = _Memory()

    def refused_at(self, symbols: Sequence[Symbol], before: frozenset[str] | None) -> int | None:
        """The place of the symbol at which no reading goes on, or None if the sentence is in the language.

        Args:
            symbols: The whole sentence with its full stop.
            before: The kinds of facts in the sentence before; None for the first one of a passage.
        """
        if len(self._memory.states) > _MOST_STATES:
            self._memory = _Memory()
        memory = self._memory
        said = 0 if before is None else _NAMED | (_AFTER[next(iter(before))] if len(before) == 1 else 0)
        begin = frozenset((self._pushed(memory, seq, 0, 0), said) for seq in self._root)
        state = self._state(memory, begin)
        for place, symbol in enumerate(symbols):
            following = memory.steps.get((state, symbol))
            if following is None:
                following = self._state(memory, frozenset(self._step(memory, memory.ways[state], symbol)))
                memory.steps[state, symbol] = following
            if not following:
                return place
            state = following
        return None if any(frame == 0 for frame, _ in memory.ways[state]) else max(len(symbols) - 1, 0)

    def _state(self, memory: _Memory, ways: frozenset[_Way]) -> int:
        if ways not in memory.states:
            memory.states[ways] = len(memory.ways)
            memory.ways.append(ways)
        return memory.states[ways]

    def _pushed(self, memory: _Memory, seq: tuple[object, ...], at: int, below: int) -> int:
        """The frame of what is left of a sequence, on top of another frame."""
        if at == len(seq):
            return below
        key = (id(seq), at, below)
        if key not in memory.frame:
            memory.frame[key] = len(memory.frames)
            memory.frames.append((seq, at, below))
        return memory.frame[key]

    def _step(self, memory: _Memory, ways: frozenset[_Way], symbol: Symbol) -> Iterator[_Way]:
        """All ways after a symbol. The work is bounded by the ways that begin with it."""
        waiting, seen = list(ways), set(ways)
        while waiting:
            frame, said = waiting.pop()
            if frame == 0:
                continue
            seq, at, below = memory.frames[frame]
            node, rest = seq[at], self._pushed(memory, seq, at + 1, below)
            if isinstance(node, Word | _Slot | Count):
                after = _taken(node, symbol, said)
                if after is not None:
                    yield rest, after
                continue
            for way in self._opened(memory, node, frame, rest, said, symbol):
                if way not in seen:
                    seen.add(way)
                    waiting.append(way)

    def _opened(
        self, memory: _Memory, node: object, frame: int, rest: int, said: int, symbol: Symbol
    ) -> Iterator[_Way]:
        if isinstance(node, _Leave):
            kept = (said & _CLAUSE) << 4 if node.lasting else 0
            yield rest, (said & ~_CLAUSE) | kept
        elif isinstance(node, Maybe):
            yield rest, said
            yield self._pushed(memory, node.part, 0, frame if node.again else rest), said
        elif isinstance(node, Place):
            for seq in self._listed(node):
                yield self._pushed(memory, seq, 0, rest), said
        elif isinstance(node, Choice):
            if node.marks:
                if "refers" in node.marks and not said & _NAMED:
                    return
                if "again" in node.marks and node.kind and not said & _AFTER[node.kind]:
                    return
                for mark in node.marks & _SAYS.keys():
                    said |= _SAYS[mark]
                if "names" in node.marks:
                    said |= _NAMED
                if "clause" in node.marks or "lasting" in node.marks:
                    rest = self._pushed(memory, self._leave["lasting" in node.marks], 0, rest)
                if _contradicts(said):
                    return
            for option in _beginning(node, symbol):
                yield self._pushed(memory, option, 0, rest), said

    def _listed(self, place: Place) -> tuple[tuple[object, ...], ...]:
        """The lists that may stand in a place."""
        if place not in self._lists:
            kind, every = place.kind, place.all
            sep, add = self._separators[kind], self._additions[kind]
            slot, first, last = _Slot(kind), _Slot(kind, opens=every), _Slot(kind, closes=every)
            lists: list[tuple[object, ...]] = []
            if place.few:
                lists.append((_Slot(kind, opens=every, closes=every),))
                lists.append((first, Maybe((add, slot), again=True), add, last))  # type: ignore[arg-type]
            if place.many:
                lists.append((first, sep, Maybe((slot, sep), again=True), last))  # type: ignore[arg-type]
                lists.append((Word("both"), first, sep, last))
            self._lists[place] = tuple(lists)
        return self._lists[place]


def _beginning(choice: Choice, symbol: Symbol) -> Iterator[Seq]:
    """The options that can begin with a symbol, or be empty."""
    if symbol.word:
        yield from choice.begins.get(symbol.word, ())
        if symbol.kinds:
            yield from choice.begins.get(Count, ())
    else:
        yield from choice.begins.get(Place, ())
    yield from choice.begins.get(Maybe, ())


def _taken(node: object, symbol: Symbol, said: int) -> int | None:
    """What has been said after a symbol that stands for a node; None if it does not."""
    if isinstance(node, Word):
        return said if node.text == symbol.word else None
    if isinstance(node, Count):
        fits = bool(symbol.word) and node.kind in symbol.kinds
        said |= _SOLE
    else:
        assert isinstance(node, _Slot)
        fits = not symbol.word and node.kind in symbol.kinds
        fits = fits and symbol.opens >= node.opens and symbol.closes >= node.closes
        said |= (_SOLE if node.opens or node.closes else 0) | (_MANY if symbol.many else 0)
    return said if fits and not _contradicts(said) else None


def _contradicts(said: int) -> bool:
    both = (said | said >> 4) & _CLAUSE
    return any(both & pair == pair for pair in _CONTRADICTIONS)
