"""Makes unsupported texts from correct drafts. Every operator names the codes that are there to catch it.

A mutant counts only if it is wrong whatever one thinks of the check: two slots of one kind change places in
no mutant, and a sentence carries another kind only where its own words (``TELLS``) are untrue of that kind.
"""

import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from correct import SLOT, Draft
from reportgen.nouns import Fact, Passage

__all__ = ["CARRIER", "OPERATORS", "Mutant", "Operator", "Sources", "mutants_of"]

#: Words that say of a fact what no record holds; the domain's ``never_words`` come on top.
DANGEROUS = tuple(
    "unremarkable healthy reassuring abnormal pathological enlarged shortened dilated thickened cystic "  # noqa: SIM905
    "echogenic small large left right lateral male female mild moderate severe marked slight absent present "
    "missing stable unchanged progressive increased decreased previous former confirmed definite definitely "
    "clearly certainly undoubtedly excellent adequate complete incomplete diagnostic suspicious anterior "
    "posterior cephalic breech maternal twin only every correctly wrongly visible seen shown because "
    "therefore probably mm weeks".split()
)
NEGATIONS = ("not", "no", "never", "without", "hardly", "cannot", "neither", "nor", "none", "un", "non-")
NUMBER_WORDS = ("nine", "eleven", "twenty", "fiftieth", "twice", "half", "dozen", "hundred", "third")
COUNTS = ("one", "two", "three", "four", "five", "six", "seven", "eight")
DIGITS = ("3", "47.3", "20+3", "0.91", "12 mm", "50th", "1")
BROKEN = (
    "[F{n}]",
    "[[ F{n} ]]",
    "[[F{n}]",
    "[[f{n}]]",
    "[[F0{n}]]",
    "((F{n}))",
    "{{F{n}}}",
    "<F{n}>",
    "F{n}",
)
#: Words that are said of facts of one kind, and of which other kinds they would be untrue.
TELLS: Mapping[str, tuple[str, frozenset[str]]] = {
    "view": (
        r"\b(recogni[sz]ed|identified|classified|detected)\b",
        frozenset({"candidate", "measurement", "label"}),
    ),
    "candidate": (r"\b(candidates?|uncertain|tentative)\b", frozenset({"view", "measurement", "label"})),
    "measurement": (
        r"\b(measurements?|values?|(was|were|been) recorded)\b",
        frozenset({"view", "candidate"}),
    ),
    "label": (r"\blabels?\b", frozenset({"measurement", "candidate"})),
}


@dataclass(frozen=True)
class Mutant:
    """A wrong text, and the passage that it is wrong of.

    Attributes:
        wrong: Sentences that are wrong although the correct draft has them too.
    """

    operator: str
    text: str
    passage: Passage
    wrong: frozenset[str] = field(default_factory=frozenset)


class Sources(NamedTuple):
    """What operators draw from.

    Attributes:
        dangerous: Words to insert.
        facts: By kind some facts of other cases.
    """

    dangerous: Sequence[str]
    facts: Mapping[str, Sequence[Fact]]


class Operator(NamedTuple):
    """One way to make a text wrong; ``None`` where a draft offers no place for it."""

    name: str
    codes: frozenset[str]
    mutate: Callable[[Draft, random.Random, Sources], Mutant | None]


OPERATORS: list[Operator] = []
_WORD = frozenset({"word"})
CARRIER = frozenset({"carrier", "carrier_kind"})


def _operator(name: str, codes: frozenset[str]) -> Callable[[Any], Any]:
    def register(mutate: Callable[[Draft, random.Random, Sources], str | Mutant | None]) -> Any:
        def made(draft: Draft, rng: random.Random, sources: Sources) -> Mutant | None:
            one = mutate(draft, rng, sources)
            return Mutant(name, one, draft.passage) if isinstance(one, str) else one

        OPERATORS.append(Operator(name, codes, made))
        return mutate

    return register


def mutants_of(draft: Draft, rng: random.Random, sources: Sources, each: int) -> Iterator[Mutant]:
    """Up to ``each`` different mutants of every operator."""
    for operator in OPERATORS:
        made = (operator.mutate(draft, rng, sources) for _ in range(each))
        yield from dict.fromkeys(one for one in made if one is not None)


def _inserted(draft: Draft, rng: random.Random, word: str) -> str:
    """The draft with a word put before any of its words or slots."""
    at = rng.choice([match.start() for match in re.finditer(r"\S+", draft.text)])
    begins = at == 0 or draft.text[:at].rstrip().endswith(".")
    rest = draft.text[at:]
    if begins:
        word, rest = word[:1].upper() + word[1:], rest[:1].lower() + rest[1:]
    return f"{draft.text[:at]}{word}{'' if word in {'un', 'non-'} else ' '}{rest}"


def _instead(draft: Draft, rng: random.Random, text: str) -> str:
    """The draft with a text in the place of one slot."""
    match = rng.choice(list(SLOT.finditer(draft.text)))
    return draft.text[: match.start()] + text + draft.text[match.end() :]


@_operator("digit inserted", frozenset({"digit"}))
def _digit(draft: Draft, rng: random.Random, _: Sources) -> str:
    return _inserted(draft, rng, rng.choice(DIGITS))


@_operator("number word inserted", frozenset({"number_word"}))
def _number_word(draft: Draft, rng: random.Random, _: Sources) -> str:
    return _inserted(draft, rng, rng.choice(NUMBER_WORDS))


@_operator("wrong count", CARRIER | {"count", "number_word"})
def _count(draft: Draft, rng: random.Random, _: Sources) -> str:
    """A count that is that of no kind, in the place of a right one or anywhere."""
    kinds = [fact.carried_as for fact in draft.passage.facts]
    word = rng.choice(
        [word for n, word in enumerate(COUNTS, 1) if n > 1 and n not in map(kinds.count, kinds)]
    )
    right = re.compile(rf"\b({'|'.join(COUNTS)})\b", re.IGNORECASE)
    if right.search(draft.text):
        return right.sub(lambda m: word.capitalize() if m[0][:1].isupper() else word, draft.text)
    return _inserted(draft, rng, word)


@_operator("dangerous word inserted", _WORD | {"number_word"})
def _dangerous(draft: Draft, rng: random.Random, sources: Sources) -> str:
    return _inserted(draft, rng, rng.choice(sources.dangerous))


@_operator("negation inserted", _WORD)
def _negation(draft: Draft, rng: random.Random, _: Sources) -> str | None:
    """After an auxiliary, as an ending of it, or anywhere."""
    after = list(re.finditer(r"\b(was|were|has|have|is|are|recognised|recorded)\b", draft.text))
    if after and rng.random() < 0.6:
        match = rng.choice(after)
        how = rng.choice((" not", " never", "n't")) if match[1] in {"was", "were", "has", "have"} else " no"
        return draft.text[: match.end()] + how + draft.text[match.end() :]
    return _inserted(draft, rng, rng.choice(NEGATIONS))


@_operator("slot written out", frozenset({"word", "number_word", "digit", "no_slot", "markup"}))
def _written_out(draft: Draft, rng: random.Random, _: Sources) -> str:
    """A fact in the words of the record instead of its slot: they are put in by code only."""
    slot = rng.choice(draft.slots)
    return draft.text.replace(slot, draft.passage.slots[slot[2:-2]].surface)


@_operator("slot broken", frozenset({"slot_broken", "markup", "slot_unknown", "digit"}))
def _broken(draft: Draft, rng: random.Random, _: Sources) -> str:
    number = rng.randint(1, len(draft.passage.facts))
    return _instead(draft, rng, rng.choice(BROKEN).replace("{n}", str(number)))


@_operator("slot alien", frozenset({"slot_unknown"}))
def _alien(draft: Draft, rng: random.Random, _: Sources) -> str:
    number = len(draft.passage.facts) + rng.choice((1, 1, 2, 5, 90))
    return _instead(draft, rng, f"[[F{rng.choice((number, number, 0))}]]")


@_operator("slot doubled", frozenset({"slot_repeated"}))
def _doubled(draft: Draft, rng: random.Random, _: Sources) -> str | None:
    """In one list, in another's place, or with its whole sentence."""
    slot, how = rng.choice(draft.slots), rng.random()
    if how < 0.4:
        return draft.text.replace(slot, f"{slot} and {slot}")
    if how < 0.7:
        return f"{draft.text} {next(one for one in draft.sentences if slot in one)}"
    # Instead of one that must be told: a candidate left out for another one would still be true.
    required = [one for one in draft.slots if one != slot and draft.passage.slots[one[2:-2]].required]
    return draft.text.replace(rng.choice(required), slot) if required else None


@_operator("slot dropped", frozenset({"slot_missing", "empty"}))
def _dropped(draft: Draft, rng: random.Random, _: Sources) -> str | None:
    """From its list, or with its sentence; the rest stays a correct sentence."""
    needed = [f"[[{slot}]]" for slot, fact in draft.passage.slots.items() if fact.required]
    slot = rng.choice([one for one in needed if one in draft.text] or [""])
    if not slot:
        return None
    bare = re.escape(slot)
    three = rf"{bare}, (?=\[\[)|, {bare}(?=,? and \[\[)"
    if re.search(three, draft.text):
        return re.sub(three, "", draft.text, count=1)
    return " ".join(sentence for sentence in draft.sentences if slot not in sentence)


@_operator("slots of two kinds swapped", CARRIER)
def _swapped(draft: Draft, rng: random.Random, _: Sources) -> str | None:
    kinds = {f"[[{name}]]": fact.carried_as for name, fact in draft.passage.slots.items()}
    pairs = [
        (one, other)
        for one in draft.slots
        for other in draft.slots
        if _untrue(draft, one, kinds[one], kinds[other]) and _untrue(draft, other, kinds[other], kinds[one])
    ]
    if not pairs:
        return None
    one, other = rng.choice(pairs)
    return re.sub(SLOT, lambda m: other if m[0] == one else one if m[0] == other else m[0], draft.text)


def _untrue(draft: Draft, slot: str, own: str, other: str) -> bool:
    """Whether the words that carry a slot would be untrue of a fact of another kind."""
    sentence = next(one for one in draft.sentences if slot in one)
    tell, untrue_of = TELLS[own]
    return other in untrue_of and re.search(tell, SLOT.sub("", sentence)) is not None


@_operator("listed with another kind", CARRIER)
def _listed(draft: Draft, rng: random.Random, _: Sources) -> str | None:
    """A fact told in the list of a sentence of which it is untrue, and nowhere else."""
    kinds = {f"[[{name}]]": fact.carried_as for name, fact in draft.passage.slots.items()}
    sentence = rng.choice(draft.sentences)
    slots = SLOT.findall(sentence)
    others = [
        one
        for one in draft.slots
        if one not in slots and _untrue(draft, slots[0], kinds[slots[0]], kinds[one])
    ]
    if not others or len({kinds[slot] for slot in slots}) > 1:
        return None
    slot, other = rng.choice(slots), rng.choice(others)
    listed = sentence.replace(
        slot, rng.choice((f"{slot} and {other}", f"{other} and {slot}", f"{other}, {slot}"))
    )
    kept = [listed if one == sentence else one for one in draft.sentences if other not in one]
    return " ".join(kept)


@_operator("carrier of the wrong kind", CARRIER | {"count"})
def _wrong_kind(draft: Draft, rng: random.Random, sources: Sources) -> Mutant | None:
    """A correct sentence, told of facts of another kind: the passage changes, not the words."""
    slots = draft.passage.slots
    sentence = rng.choice(draft.sentences)
    names = [slot[2:-2] for slot in SLOT.findall(sentence)]
    own = {slots[name].carried_as for name in names}
    if len(own) != 1:
        return None
    tell, untrue_of = TELLS[(kind := own.pop())]
    others = sorted(other for other in untrue_of if len(sources.facts.get(other, ())) >= len(names))
    words = SLOT.sub("", sentence)
    if not others or not re.search(tell, words):
        return None
    other = rng.choice(others)
    if kind != "candidate" and re.search(TELLS[other][0], words):
        return None
    new = dict(zip(names, rng.sample(list(sources.facts[other]), len(names)), strict=True))
    facts = tuple(
        new[name].model_copy(update={"id": fact.id}) if name in new else fact for name, fact in slots.items()
    )
    passage = draft.passage.model_copy(update={"facts": facts})
    return Mutant("carrier of the wrong kind", draft.text, passage, frozenset({sentence}))
