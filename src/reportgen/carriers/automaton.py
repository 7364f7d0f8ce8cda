"""Reads sentences as an automaton that is made as it goes: a state once reached is never worked out again.

A state is the set of all ways in which the sentence so far can be one of the language. A way is a frame (what
is still to come, as a stack) and what has been said: marks that must not meet in one clause.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from reportgen.carriers.tree import KINDS, Choice, Count, Maybe, Node, Place, Seq, Word

__all__ = ["Automaton", "Context", "Symbol"]

#: What is said beside the facts, as bits: it speaks of the whole study; it names all that there is; it speaks
#: of a single image; a fact of it rests on several. Those of a clause stand at 0, those of a sentence at 4.
_WIDE, _SOLE, _ONE, _MANY = 1, 2, 4, 8
_SAYS = {"wide": _WIDE, "sole": _SOLE, "one": _ONE, "many": _MANY}
#: A passage is one region, so naming all there is in the study would be false; several images are not one.
_CONTRADICTIONS = (_WIDE | _SOLE, _ONE | _MANY)
_CLAUSE = 0x0F
#: By what a clause and its sentence say whether that is contradictory.
_CONTRADICTORY = tuple(
    any((said | said >> 4) & pair == pair for pair in _CONTRADICTIONS) for said in range(0x100)
)
#: The program was named, so that "it" refers to something.
_NAMED = 0x100
#: By kind: all facts of the sentence before were of it, so that "so was" refers to something.
_AFTER = {kind: 0x200 << n for n, kind in enumerate(KINDS)}
#: By kind: a fact of it was told in the sentence; it is the only fact of its kind in the passage.
_TOLD = {kind: 0x2000 << n for n, kind in enumerate(KINDS)}
_SINGLE = {kind: 0x20000 << n for n, kind in enumerate(KINDS)}
#: The passage has facts of one kind only; none that the program told. Two facts were listed; more were.
_LONE, _GIVEN_ONLY, _PAIR, _MORE = 0x200000, 0x400000, 0x800000, 0x1000000
#: What the software has nothing to do with: after such a fact "it" would not be the software.
_GIVEN = frozenset({"measurement", "label"})
#: States that are kept; then all begin anew.
_MOST_STATES = 5_000

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
        self.steps: dict[tuple[int, Symbol], int] = {}

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


class Context(NamedTuple):
    """What is known before a sentence begins.

    Attributes:
        totals: Facts of the passage by kind; each kind has some.
        named: The sentence before named the program.
        before: The kinds of facts in the sentence before.
    """

    totals: Mapping[str, int]
    named: bool = False
    before: frozenset[str] = frozenset()


def _known(context: Context) -> int:
    """The same as bits."""
    said = _NAMED * context.named | _LONE * (len(context.totals) == 1)
    said |= _GIVEN_ONLY * (context.totals.keys() <= _GIVEN)
    for kind in context.before if len(context.before) == 1 else ():
        said |= _AFTER[kind]
    for kind, number in context.totals.items():
        said |= _SINGLE[kind] * (number == 1)
    return said


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
        self._openings: dict[tuple[int, Symbol], tuple[_Opening, ...]] = {}
        self._memory = _Memory()

    def refused_at(self, symbols: Sequence[Symbol], context: "Context") -> int | None:
        """The place of the symbol at which no reading goes on, or None if the sentence is in the language.

        Args:
            symbols: The whole sentence with its full stop.
            context: What is known before the sentence begins.
        """
        if len(self._memory.states) > _MOST_STATES:
            self._memory = _Memory()
        memory = self._memory
        said = _known(context)
        state = memory.state(frozenset((memory.pushed(seq, 0, 0), said) for seq in self._root))
        for place, symbol in enumerate(symbols):
            following = memory.steps.get((state, symbol))
            if following is None:
                following = memory.state(frozenset(self._step(memory, memory.ways[state], symbol)))
                memory.steps[state, symbol] = following
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
            rest = memory.pushed(items, at + 1, below)
            if isinstance(node, _Leave):
                skipped = (rest, (said & ~_CLAUSE) | ((said & _CLAUSE) << 4 if node.lasting else 0))
            else:
                for stack, says, needs, bars, unless, clears in self._opened(node, symbol):
                    after = (said & ~clears) | says
                    barred = said & bars and not said & unless
                    if said & needs == needs and not barred and not _CONTRADICTORY[after & 0xFF]:
                        top = rest
                        for seq, place in stack:
                            top = memory.pushed(seq, place, top)
                        yield top, after
                if not _can_be_empty(node):
                    continue
                skipped = (rest, said)
            if skipped not in seen:
                seen.add(skipped)
                waiting.append(skipped)

    def _opened(self, node: _Item, symbol: Symbol) -> tuple[_Opening, ...]:
        """The ways to begin a node with a symbol. They do not depend on where it stands, so they are kept."""
        if isinstance(node, Word | _Slot | Count):
            return _taken(node, symbol)
        key = (id(node), symbol)
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
            says, needs, bars, unless = _meaning(node)
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
                pair, more = (last._replace(says=bits | _MANY) for bits in (_PAIR, _MORE))
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


def _meaning(choice: Choice) -> tuple[int, int, int, int]:
    """What a phrase says by its marks, what it needs to have been said, what bars it, and what lifts that."""
    marks, kind = choice.marks, choice.kind
    says = _NAMED * ("names" in marks)
    for mark in marks & _SAYS.keys():
        says |= _SAYS[mark]
    needs = _NAMED * ("refers" in marks) | _PAIR * ("two" in marks)
    needs |= (_GIVEN_ONLY if kind == "label" else _LONE) * ("lone" in marks)
    bars = _MORE * ("two" in marks) | _TOLD["view"] * ("no_view" in marks)
    unless = 0
    if kind:
        needs |= _AFTER[kind] * ("again" in marks) | _SINGLE[kind] * ("single" in marks)
        bars |= sum(_TOLD[other] for other in KINDS if other != kind) * bool({"pure", "further"} & marks)
        unless = _TOLD[kind] * ("further" in marks)
    return says, needs, bars, unless


def _taken(node: Word | _Slot | Count, symbol: Symbol) -> tuple[_Opening, ...]:
    """How a symbol stands for a node: in one way or in none."""
    if isinstance(node, Word):
        return _PLAIN if node.text == symbol.word else ()
    if node.kind not in symbol.kinds or isinstance(node, Count) != bool(symbol.word):
        return ()
    if isinstance(node, Count):
        return (_Opening((), _SOLE),)
    if symbol.opens < node.opens or symbol.closes < node.closes:
        return ()
    says = node.says | _TOLD[node.kind] | (_SOLE if node.opens or node.closes else 0)
    says |= _MANY if symbol.many else 0
    return (_Opening((), says, clears=_NAMED if node.kind in _GIVEN else 0),)
