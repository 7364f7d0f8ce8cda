"""What a sentence has said beside its facts, as bits, and what the marks of phrases make of it."""

from collections.abc import Mapping
from typing import NamedTuple

from reportgen.carriers.tree import GIVEN, KINDS, Choice

__all__ = [
    "AFTER",
    "CLAUSE",
    "CONTRADICTORY",
    "MANY",
    "MARKS",
    "MORE",
    "NAMED",
    "PAIR",
    "SINGLE",
    "SOLE",
    "TOLD",
    "Context",
    "known",
    "meaning",
]

#: It speaks of the whole study; it names all that there is; it speaks of a single image; a fact of it rests
#: on several. Those of a clause stand at 0, those that hold for the sentence at 4.
WIDE, SOLE, ONE, MANY = 1, 2, 4, 8
_SAYS = {"wide": WIDE, "sole": SOLE, "one": ONE, "many": MANY}
CLAUSE = 0x0F
#: A passage is one region, so naming all there is in the study would be false; several images are not one.
_CONTRADICTIONS = (WIDE | SOLE, ONE | MANY)
#: By what a clause and its sentence say whether that is contradictory.
CONTRADICTORY = tuple(
    any((said | said >> 4) & pair == pair for pair in _CONTRADICTIONS) for said in range(0x100)
)
#: The program was named, so that "it" refers to something.
NAMED = 0x100
#: By kind: all facts of the sentence before were of it, so that "so was" refers to something.
_AFTER = {kind: 0x200 << n for n, kind in enumerate(KINDS)}
AFTER = sum(_AFTER.values())
#: By kind: a fact of it was told in the sentence; the only one of its kind in the passage was.
TOLD = {kind: 0x2000 << n for n, kind in enumerate(KINDS)}
SINGLE = {kind: 0x20000 << n for n, kind in enumerate(KINDS)}
#: The passage has facts of one kind only; none that the program told. Two facts were listed; more were.
_LONE, _GIVEN_ONLY, PAIR, MORE = 0x200000, 0x400000, 0x800000, 0x1000000
#: What a phrase may be marked as; carriers.yaml says what each means.
MARKS = frozenset(
    "wide sole one many clause lasting names refers again pure further no_view lone two single".split()  # noqa: SIM905
)


class Context(NamedTuple):
    """What is known before a sentence begins.

    Attributes:
        totals: Facts of the passage by kind; each kind has some.
        named: The sentence before named the program.
        before: The kinds of facts in the sentence before, where "so was" may take them up.
    """

    totals: Mapping[str, int]
    named: bool = False
    before: frozenset[str] = frozenset()


def known(context: Context) -> int:
    """The same as bits."""
    said = NAMED * context.named | _LONE * (len(context.totals) == 1)
    said |= _GIVEN_ONLY * (context.totals.keys() <= GIVEN)
    for kind in context.before if len(context.before) == 1 else ():
        said |= _AFTER[kind]
    return said


def meaning(choice: Choice) -> tuple[int, int, int, int]:
    """What a phrase says by its marks, what it needs to have been said, what bars it, and what lifts that."""
    marks, kind = choice.marks, choice.kind
    says = NAMED * ("names" in marks)
    for mark in marks & _SAYS.keys():
        says |= _SAYS[mark]
    needs = NAMED * ("refers" in marks) | PAIR * ("two" in marks)
    needs |= (_GIVEN_ONLY if kind == "label" else _LONE) * ("lone" in marks)
    bars = MORE * ("two" in marks) | TOLD["view"] * ("no_view" in marks)
    unless = 0
    if kind:
        needs |= _AFTER[kind] * ("again" in marks) | SINGLE[kind] * ("single" in marks)
        bars |= sum(TOLD[other] for other in KINDS if other != kind) * bool({"pure", "further"} & marks)
        unless = TOLD[kind] * ("further" in marks)
    return says, needs, bars, unless
