"""The notation of carriers, as trees.

``the <recognised> views[ <here>]* include {}`` holds words, phrases (``<name>``, one of several), parts that
may be left out (``[...]``) or said again and again (``[...]*``), one of several (``(a|b)``), and places for
slots. A phrase is looked up among those of the kind of facts that it is written for, then among the
constructions that all kinds share, then among those that know no kind; ``<label:name>`` names another kind's.
"""

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from reportgen.errors import DomainError

__all__ = [
    "COUNTS",
    "GIVEN",
    "KINDS",
    "PIECE",
    "Choice",
    "Count",
    "Maybe",
    "Node",
    "Place",
    "Seq",
    "Trees",
    "Word",
    "nodes_of",
]

#: What can carry facts of its own: the narrated kinds, and labels supplied without a score.
KINDS = ("view", "candidate", "measurement", "label")
#: What came with the images: the program has no part in it.
GIVEN = frozenset({"measurement", "label"})
COUNTS = ("one", "two", "three", "four", "five", "six", "seven", "eight")
#: A word or a mark, as a regular expression.
PIECE = r"[^\W\d_]+(?:['-][^\W\d_]+)*|[,;:.]"
#: Tells parts apart that have no name of their own.
_NUMBERS = itertools.count(1)
_NOTATION = re.compile(rf"<(?:(\w+):)?(\w+)>|\{{(count|[1+]?!?)\}}|([\[(|)]|\]\*?)|({PIECE})|\s+")


@dataclass(frozen=True)
class Word:
    """A word, or a mark such as the comma."""

    text: str


@dataclass(frozen=True)
class Place:
    """Where slots of one kind stand.

    Attributes:
        kind: The kind of the slots.
        few: One slot is enough.
        many: Several may be listed.
        all: These must be all facts of their kind in the passage.
    """

    kind: str
    few: bool
    many: bool
    all: bool = False


@dataclass(frozen=True)
class Count:
    """The number of all facts of a kind in the passage, as a word."""

    kind: str


@dataclass(frozen=True)
class Maybe:
    """A part that may be left out, and perhaps be said again and again."""

    part: "Seq"
    again: bool = False


@dataclass(eq=False)
class Choice:
    """One of several. A phrase may hold itself, but not begin with itself.

    Attributes:
        marks: What the phrase is marked as (``marks`` of the carriers).
        kind: The kind that it is written for.
    """

    name: str
    options: tuple["Seq", ...]
    marks: frozenset[str] = field(default=frozenset())
    kind: str | None = None
    _asked: bool = field(default=False, init=False)

    @cached_property
    def begins(self) -> dict[str | type, tuple["Seq", ...]]:
        """The options by what they can begin with: a word, a place, a count. ``Maybe`` stands for nothing."""
        if self._asked:
            raise DomainError(f"carriers: '<{self.name}>' begins with itself.", "Put a word before it.")
        self._asked = True
        found: dict[str | type, list[Seq]] = {}
        for option in self.options:
            for first in _first(option):
                found.setdefault(first, []).append(option)
        return {first: tuple(options) for first, options in found.items()}


Node = Word | Place | Count | Maybe | Choice
Seq = tuple[Node, ...]


class Trees:
    """Grows trees from templates. Those that name the same phrase share its tree.

    Args:
        phrases: Templates by name, of no kind.
        shared: Templates by name that each kind has, with places of its own.
        kinds: By kind its own templates.
        marks: Names of phrases by mark.

    Raises:
        DomainError: A template is no notation, or names a phrase that is not there.
    """

    def __init__(
        self,
        phrases: Mapping[str, Sequence[str]],
        shared: Mapping[str, Sequence[str]],
        kinds: Mapping[str, Mapping[str, Sequence[str]]],
        marks: Mapping[str, Sequence[str]],
    ) -> None:
        self._phrases, self._shared, self._kinds, self._marks = phrases, shared, kinds, marks
        known = {name for templates in (phrases, shared, *kinds.values()) for name in templates}
        for mark, names in marks.items():
            if stray := sorted(set(names) - known):  # it would mark nothing, and nobody would know
                raise DomainError(
                    f"carriers: '{stray[0]}' is marked as {mark} and is no phrase.", "Correct it."
                )
        self._made: dict[tuple[str | None, str], Choice] = {}

    def phrase(self, name: str, kind: str | None = None) -> Choice:
        """The tree of a phrase."""
        kind, templates = self._found(name, kind)
        if (kind, name) not in self._made:
            marks = frozenset(mark for mark, names in self._marks.items() if name in names)
            made = self._made[kind, name] = Choice(f"{name}_{kind}" if kind else name, (), marks, kind)
            made.options = _factored([self._seq(text, kind) for text in templates])
        return self._made[kind, name]

    def _found(self, name: str, kind: str | None) -> tuple[str | None, Sequence[str]]:
        """The templates of a phrase, and the kind that they are read for."""
        for templates in (self._kinds[kind], self._shared) if kind else ():
            if name in templates:
                return kind, templates[name]
        if name in self._phrases:
            return None, self._phrases[name]
        whose = f" and no phrase of {kind}" if kind else ""
        raise DomainError(f"carriers: '<{name}>' is not one of phrases{whose}.", "Define it there.")

    def _seq(self, template: str, kind: str | None) -> Seq:
        # By depth of brackets the alternatives, each a sequence.
        levels: list[list[list[Node]]] = [[[]]]
        for match in _pieces(template):
            other, phrase, place, bracket, word = match.groups()
            here = levels[-1][-1]
            if phrase:
                here.append(self.phrase(phrase, other or kind))
            elif place is not None:
                here.append(_place(place, kind, template))
            elif bracket in {"[", "("}:
                levels.append([[]])
            elif bracket == "|" and len(levels) > 1:
                levels[-1].append([])
            elif bracket and len(levels) > 1:
                some = [tuple(one) for one in levels.pop()]
                part = some[0] if len(some) == 1 else (Choice(f"part{next(_NUMBERS)}", _factored(some)),)
                levels[-1][-1] += part if bracket == ")" else [Maybe(part, again=bracket == "]*")]
            elif word:
                here.append(Word(word))
        if len(levels) > 1:
            raise DomainError(f"carriers: '{template}' leaves a bracket open.", "Close it in carriers.yaml.")
        return tuple(levels[0][0])


def _factored(options: Sequence[Seq]) -> tuple[Seq, ...]:
    """The same options, those that begin alike as one: fewer ways to go on at each word."""
    groups: dict[object, list[Seq]] = {}
    for option in dict.fromkeys(options):
        groups.setdefault(option[0] if option else None, []).append(option)
    found: list[Seq] = []
    for alike in groups.values():
        if len(alike) == 1 or not alike[0]:
            found += alike
        else:
            rests = _factored([option[1:] for option in alike])
            found.append((alike[0][0], Choice(f"rest{next(_NUMBERS)}", rests)))
    return tuple(found)


def nodes_of(nodes: Iterable[Node]) -> Iterator[Node]:
    """All nodes of trees, each once."""
    waiting, seen = list(nodes), set[int]()
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        yield node
        if isinstance(node, Choice):
            waiting += [inner for option in node.options for inner in option]
        elif isinstance(node, Maybe):
            waiting += node.part


def _pieces(template: str) -> Iterator[re.Match[str]]:
    at = 0
    while at < len(template):
        match = _NOTATION.match(template, at)
        if match is None:
            raise DomainError(
                f"carriers: '{template}' cannot be read from character {at + 1}.",
                "Correct it in carriers.yaml.",
            )
        yield match
        at = match.end()


def _place(mark: str, kind: str | None, template: str) -> Place | Count:
    if kind is None:
        raise DomainError(f"carriers: '{template}' has a place, but belongs to no kind.", "Give it one.")
    if mark == "count":
        return Count(kind)
    how = mark.rstrip("!")
    return Place(kind, few=how != "+", many=how in {"", "+"}, all=mark.endswith("!"))


def _first(seq: Seq) -> set[str | type]:
    """What a sequence can begin with: words, ``Place``, ``Count``, and ``Maybe`` if it can be empty."""
    found: set[str | type] = set()
    for node in seq:
        if isinstance(node, Word):
            return found | {node.text}
        if isinstance(node, Place):
            return found | {Place} | ({"both"} if node.many else set())
        if isinstance(node, Count):
            return found | {Count}
        if isinstance(node, Choice):
            found |= set(node.begins) - {Maybe}
            if Maybe not in node.begins:
                return found
        else:
            found |= _first(node.part) - {Maybe}
    return found | {Maybe}
