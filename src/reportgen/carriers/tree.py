"""The notation of carriers, as trees.

``the <recognised> views[ <here>] include {}`` holds words, phrases (``<name>``, one of several), an optional
part (``[...]``), and a place for slots.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from reportgen.errors import DomainError

__all__ = [
    "CONTRADICTIONS",
    "COUNTS",
    "MANY",
    "MARKS",
    "ONE",
    "PIECE",
    "SOLE",
    "WIDE",
    "Choice",
    "Count",
    "Maybe",
    "Node",
    "Place",
    "Seq",
    "Trees",
    "Word",
]

#: What a clause may say beside its facts, as bits: it speaks of the whole study; it names all that there is;
#: it speaks of a single image; a fact of it rests on several.
WIDE, SOLE, ONE, MANY = 1, 2, 4, 8
MARKS = {"wide": WIDE, "sole": SOLE, "one": ONE}
#: A passage is one region, so naming all there is in the study would be false; several images are not one.
CONTRADICTIONS = (WIDE | SOLE, ONE | MANY)
COUNTS = ("one", "two", "three", "four", "five", "six", "seven", "eight")
#: A word or a mark, as a regular expression.
PIECE = r"[A-Za-z]+(?:['-][A-Za-z]+)*|[,;:.]"
_NOTATION = re.compile(rf"<(\w+)>|\{{(count|[1+]?!?(?::[a-z]+)?)\}}|([\[\]])|({PIECE})|\s+")


@dataclass(frozen=True)
class Word:
    """A word, or a mark such as the comma."""

    text: str


@dataclass(frozen=True)
class Place:
    """Where slots of one kind stand.

    Attributes:
        few: One slot is enough.
        many: Several may be listed.
        all: These must be all facts of their kind in the passage.
        kind: The kind of the slots, where it is not that of the carrier.
    """

    few: bool
    many: bool
    all: bool = False
    kind: str | None = None


@dataclass(frozen=True)
class Count:
    """The number of all facts of the kind in the passage, as a word."""


@dataclass(frozen=True, eq=False)
class Maybe:
    """A part that may be left out."""

    part: "Seq"


@dataclass(frozen=True, eq=False)
class Choice:
    """One of several.

    Attributes:
        by_word: The options that can begin with a word, by that word.
        others: The options that can begin with a slot or a count, or be empty.
        says: What each option says beside its facts.
    """

    name: str
    options: tuple["Seq", ...]
    says: int = 0
    by_word: dict[str, tuple["Seq", ...]] = field(default_factory=dict)
    others: tuple["Seq", ...] = ()

    def __post_init__(self) -> None:
        begins = [(option, *_first(option)) for option in self.options]
        words = {word for _, some, _ in begins for word in some}
        index = {word: tuple(option for option, some, _ in begins if word in some) for word in words}
        object.__setattr__(self, "by_word", index)
        object.__setattr__(self, "others", tuple(option for option, _, other in begins if other))


Node = Word | Place | Count | Maybe | Choice
Seq = tuple[Node, ...]


class Trees:
    """Grows trees from templates; those that name the same phrase share its tree.

    Raises:
        DomainError: A template is no notation, or names a phrase that is not there.
    """

    def __init__(self, phrases: Mapping[str, Sequence[str]], marks: Mapping[str, Sequence[str]]) -> None:
        self._phrases = phrases
        self._says = {name: MARKS[mark] for mark, names in marks.items() for name in names}
        self._made: dict[str, Choice] = {}

    def choice(self, name: str, templates: Sequence[str]) -> Choice:
        """A choice among templates."""
        options = tuple(self._seq(text) for text in templates)
        return Choice(name, options, says=self._says.get(name, 0))

    def _phrase(self, name: str) -> Choice:
        if name not in self._made:
            if name not in self._phrases:
                raise DomainError(
                    f"carriers: '<{name}>' is not one of phrases.", "Define it in carriers.yaml."
                )
            self._made[name] = self.choice(name, self._phrases[name])
        return self._made[name]

    def _seq(self, template: str) -> Seq:
        levels: list[list[Node]] = [[]]
        for match in _pieces(template):
            phrase, place, bracket, word = match.groups()
            if phrase:
                levels[-1].append(self._phrase(phrase))
            elif place is not None:
                levels[-1].append(Count() if place == "count" else _place(place))
            elif bracket == "[":
                levels.append([])
            elif bracket == "]" and len(levels) > 1:
                part = tuple(levels.pop())
                levels[-1].append(Maybe(part))
            elif word:
                levels[-1].append(Word(word))
        if len(levels) > 1:
            raise DomainError(f"carriers: '{template}' leaves a bracket open.", "Close it in carriers.yaml.")
        return tuple(levels[0])


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


def _place(mark: str) -> Place:
    mark, _, kind = mark.partition(":")
    how = mark.rstrip("!")
    return Place(
        few=how != "+",
        many=how in {"", "+"},
        all=mark.endswith("!"),
        kind=kind or None,
    )


def _first(seq: Seq) -> tuple[set[str], bool]:
    """The words that a sequence can begin with, and whether it can begin otherwise or be empty."""
    words: set[str] = set()
    otherwise = False
    for node in seq:
        if isinstance(node, Word):
            return words | {node.text}, otherwise
        if isinstance(node, Place | Count):
            return words, True
        if isinstance(node, Choice):
            words |= set(node.by_word)
            otherwise = otherwise or bool(node.others)
            if not any(map(_empty, node.options)):
                return words, otherwise
        else:
            some, other = _first(node.part)
            words |= some
            otherwise = otherwise or other
    return words, True


def _empty(seq: Seq) -> bool:
    return all(
        isinstance(node, Maybe) or (isinstance(node, Choice) and any(map(_empty, node.options)))
        for node in seq
    )
