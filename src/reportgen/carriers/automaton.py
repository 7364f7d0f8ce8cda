"""Reads sentences as an automaton that is made as it goes: a state once reached is never worked out again.

A state is the set of all ways in which the sentence so far can be one of the language. A way is a frame (what
is still to come, as a stack) and what has been said: marks that must not meet in one clause.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from reportgen.carriers.marks import (
    AFTER,
    CLAUSE,
    CONTRADICTORY,
    MANY,
    MORE,
    NAMED,
    PAIR,
    SINGLE,
    SOLE,
    TOLD,
    Context,
    known,
    meaning,
)
from reportgen.carriers.tree import GIVEN, Choice, Count, Maybe, Node, Place, Seq, Word

__all__ = ["Automaton", "Symbol"]

#: States that are kept; then all begin anew.
_MOST_STATES = 8_000

#: A frame and what has been said.
_Way = tuple[int, int]


class Symbol(NamedTuple):
    """A word or a slot of a sentence.

    Attributes:
        word: Empty for a slot.
        kinds: Of a slot: its kind. Of a word: the kinds of which it is the right count.
        opens: The slot is the first of its kind in a sentence that tells all facts of the kind.
        closes: It is the last one.
        many: The fact rests on several images.
        single: The fact is the only one of its kind in the passage.
    """

    word: str
    kinds: frozenset[str]
    opens: bool = False
    closes: bool = False
    many: bool = False
    single: bool = False


class _Slot(NamedTuple):
    """One slot of a list."""

    kind: str
    opens: bool = False
    closes: bool = False
    says: int = 0


@dataclass(frozen=True)
class _Again:
    """A part of a list that may be left out or said again and again."""

    part: "_Items"


class _Leave(NamedTuple):
    """The end of a clause, or of what holds for the whole sentence."""

    lasting: bool


_Item = Node | _Slot | _Again | _Leave
_Items = tuple[_Item, ...]


class _Opening(NamedTuple):
    """One way to begin a node with a symbol.

    Attributes:
        stack: What is still to come of the node, the last first: a sequence and the place in it.
        says: Bits that are said by then.
        needs: Bits that must have been said before; ``bars`` are bits that must not, ``unless`` another was.
        clears: Bits that hold no longer.
    """

    stack: tuple[tuple[_Items, int], ...]
    says: int = 0
    needs: int = 0
    bars: int = 0
    unless: int = 0
    clears: int = 0


class _Memory:
    """Frames, states and steps that are known."""

    def __init__(self) -> None:
        self.frames: list[tuple[_Items, int, int]] = [((), 0, 0)]
        self.frame: dict[tuple[int, int, int], int] = {}
        self.states: dict[frozenset[_Way], int] = {frozenset(): 0}
        self.ways: list[frozenset[_Way]] = [frozenset()]
        self.steps: dict[tuple[int, int], int] = {}

    def pushed(self, items: _Items, at: int, below: int) -> int:
        """The frame of what is left of a sequence, on top of another frame."""
        if at == len(items):
            return below
        key = (id(items), at, below)
        if key not in self.frame:
            self.frame[key] = len(self.frames)
            self.frames.append((items, at, below))
        return self.frame[key]

    def state(self, ways: frozenset[_Way]) -> int:
        """The number of a state."""
        if ways not in self.states:
            self.states[ways] = len(self.ways)
            self.ways.append(ways)
        return self.states[ways]


_PLAIN = (_Opening(()),)


class Automaton:
    """Recognises the sentences of a tree.

    Args:
        root: The tree of whole sentences.
        separators: By kind what may stand between two slots of a list.
        additions: By kind the same, where what came before stays a singular subject: "A as well as B was".
    """

    def __init__(
        self, root: Choice, separators: Mapping[str, Choice], additions: Mapping[str, Choice]
    ) -> None:
        self._root = root.options
        self._separators, self._additions = separators, additions
        self._lists: dict[Place, tuple[_Items, ...]] = {}
        self._leave = {lasting: (_Leave(lasting),) for lasting in (False, True)}
        self._openings: dict[tuple[int, int], tuple[_Opening, ...]] = {}
        # Symbols by themselves: one that is met again is the same object, and its id stands for it.
        self._symbols: dict[Symbol, Symbol] = {}
        self._memory = _Memory()

    def refused_at(self, symbols: Sequence[Symbol], context: Context) -> int | None:
        """The place of the symbol at which no reading goes on, or None if the sentence is in the language.

        Args:
            symbols: The whole sentence with its full stop.
            context: What is known before the sentence begins.
        """
        if len(self._memory.states) > _MOST_STATES:
            self._memory = _Memory()
        memory = self._memory
        said = known(context)
        state = memory.state(frozenset((memory.pushed(seq, 0, 0), said) for seq in self._root))
        for place, some in enumerate(symbols):
            symbol = self._symbols.setdefault(some, some)
            following = memory.steps.get((state, id(symbol)))
            if following is None:
                following = memory.state(frozenset(self._step(memory, memory.ways[state], symbol)))
                memory.steps[state, id(symbol)] = following
            if not following:
                return place
            state = following
        return None if any(frame == 0 for frame, _ in memory.ways[state]) else max(len(symbols) - 1, 0)

    def _step(self, memory: _Memory, ways: frozenset[_Way], symbol: Symbol) -> Iterator[_Way]:
        """All ways after a symbol."""
        waiting, seen = list(ways), set(ways)
        while waiting:
            frame, said = waiting.pop()
            if frame == 0:
                continue
            items, at, below = memory.frames[frame]
            node = items[at]
            if isinstance(node, _Leave):
                rest = memory.pushed(items, at + 1, below)
                skipped = (rest, (said & ~CLAUSE) | ((said & CLAUSE) << 4 if node.lasting else 0))
            else:
                openings, empty = self._opened(node, symbol), _can_be_empty(node)
                if not (openings or empty):
                    continue
                rest = memory.pushed(items, at + 1, below)
                for stack, says, needs, bars, unless, clears in openings:
                    after = (said & ~(clears | AFTER)) | says
                    barred = said & bars and not said & unless
                    if said & needs == needs and not barred and not CONTRADICTORY[after & 0xFF]:
                        top = rest
                        for seq, place in stack:
                            top = memory.pushed(seq, place, top)
                        yield top, after
                if not empty:
                    continue
                skipped = (rest, said)
            if skipped not in seen:
                seen.add(skipped)
                waiting.append(skipped)

    def _opened(self, node: _Item, symbol: Symbol) -> tuple[_Opening, ...]:
        """The ways to begin a node with a symbol. They do not depend on where it stands, so they are kept."""
        if isinstance(node, Word | _Slot | Count):
            return _taken(node, symbol)
        key = (id(node), id(symbol))
        if key not in self._openings:
            self._openings[key] = tuple(dict.fromkeys(self._inner(node, symbol)))
        return self._openings[key]

    def _inner(self, node: _Item, symbol: Symbol) -> Iterator[_Opening]:
        below: tuple[tuple[_Items, int], ...] = ()
        says = needs = bars = unless = 0
        sequences: Iterable[_Items] = ()
        if isinstance(node, Maybe | _Again):
            sequences = (node.part,)
            below = (((node,), 0),) if isinstance(node, _Again) or node.again else ()
        elif isinstance(node, Place):
            sequences = self._listed(node)
        elif isinstance(node, Choice):
            sequences = _beginning(node, symbol)
            says, needs, bars, unless = meaning(node)
            if node.marks & {"clause", "lasting"}:
                below = ((self._leave["lasting" in node.marks], 0),)
        for items in sequences:
            for at, inner in enumerate(items):
                for one in self._opened(inner, symbol):
                    stack = (*below, (items, at + 1), *one.stack)
                    own = (says & ~one.clears) | one.says
                    lifted = unless & one.unless if bars and one.bars else unless | one.unless
                    yield _Opening(stack, own, needs | one.needs, bars | one.bars, lifted, one.clears)
                if not _can_be_empty(inner):
                    break

    def _listed(self, place: Place) -> tuple[_Items, ...]:
        """The lists that may stand in a place."""
        if place not in self._lists:
            kind, every = place.kind, place.all
            sep, add = self._separators[kind], self._additions[kind]
            slot, first, last = _Slot(kind), _Slot(kind, opens=every), _Slot(kind, closes=every)
            lists: list[_Items] = []
            if place.few:
                lists.append((_Slot(kind, opens=every, closes=every),))
                lists.append((first, _Again((add, slot)), add, last))
            if place.many:
                pair, more = (last._replace(says=bits | MANY) for bits in (PAIR, MORE))
                lists.append((first, sep, pair))
                lists.append((first, sep, slot, sep, _Again((slot, sep)), more))
                lists.append((Word("both"), first, sep, pair))
            self._lists[place] = tuple(lists)
        return self._lists[place]


def _beginning(choice: Choice, symbol: Symbol) -> Iterator[Seq]:
    """The options that can begin with a symbol, or be empty."""
    begins = choice.begins
    yield from begins.get(symbol.word or Place, ())
    if symbol.word and symbol.kinds:
        yield from begins.get(Count, ())
    yield from begins.get(Maybe, ())


def _can_be_empty(node: _Item) -> bool:
    return isinstance(node, Maybe | _Again) or (isinstance(node, Choice) and Maybe in node.begins)


def _taken(node: Word | _Slot | Count, symbol: Symbol) -> tuple[_Opening, ...]:
    """How a symbol stands for a node: in one way or in none."""
    if isinstance(node, Word):
        return _PLAIN if node.text == symbol.word else ()
    if node.kind not in symbol.kinds or isinstance(node, Count) != bool(symbol.word):
        return ()
    if isinstance(node, Count):
        return (_Opening((), SOLE),)
    if symbol.opens < node.opens or symbol.closes < node.closes:
        return ()
    says = node.says | TOLD[node.kind] | (SOLE if node.opens or node.closes else 0)
    says |= MANY * symbol.many | SINGLE[node.kind] * symbol.single
    return (_Opening((), says, clears=NAMED if node.kind in GIVEN else 0),)
