"""Puts sentences of a file of bad prose into correct drafts.

A line is ``{"text": ..., "type": ..., "expect": "reject"}``. Where the type begins with ``slot``,
``[[F1]]`` and ``[[F2]]`` stand for any slots of the passage: such a sentence is wrong of any fact.
"""

import json
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from correct import SLOT, Draft
from mutants import CARRIER, Mutant

__all__ = ["PROSE_CODES", "Prose", "prose_mutants", "prose_of"]

CHARACTER = frozenset({"character", "compatibility", "control", "bidi", "special_token"})


class Prose(NamedTuple):
    """A sentence that no report may hold."""

    text: str
    type: str


def prose_of(lines: str) -> list[Prose]:
    """The sentences of a file that are to be rejected; others are passed over."""
    entries = [json.loads(line) for line in lines.splitlines() if line.strip()]
    return [Prose(entry["text"], entry["type"]) for entry in entries if entry["expect"] == "reject"]


#: Bad prose, as a sentence of its own, as a clause of a correct sentence, and around the passage's own slots.
PROSE_CODES = {
    "prose as a sentence": frozenset({"no_slot", "slot_broken", "slot_unknown"}),
    "prose as a clause": frozenset(
        {"word", "number_word", "digit", "markup", "slot_broken", "slot_unknown", "unfinished", "spacing"}
        | CARRIER
        | CHARACTER
    ),
    "prose around a slot": frozenset({"word", "number_word", "digit", "markup"}) | CARRIER | CHARACTER,
}


def prose_mutants(draft: Draft, prose: Sequence[Prose]) -> Iterator[Mutant]:
    """Each sentence of prose at every position of the draft; those with slots with every slot of it."""
    sentences = list(draft.sentences)
    for one in prose:
        if "[[F1]]" in one.text and one.type.startswith("slot"):
            yield from _around_slots(draft, one.text)
            continue
        for at in range(len(sentences) + 1):
            text = " ".join([*sentences[:at], one.text, *sentences[at:]])
            whole = one.text.rstrip().endswith((".", "!", "?"))  # else it runs into the next sentence
            yield Mutant(f"prose as a {'sentence' if whole else 'clause'}", text, draft.passage)
        for sentence in sentences:
            clause = one.text[:1].lower() + one.text[1:]
            glued = f"{sentence.removesuffix('.')}, and {clause}"
            text = " ".join(glued if other == sentence else other for other in sentences)
            yield Mutant("prose as a clause", text, draft.passage)


def _around_slots(draft: Draft, template: str) -> Iterator[Mutant]:
    for slot in draft.slots:
        others = [other for other in draft.slots if other != slot] if "[[F2]]" in template else [""]
        for other in others:
            names = {"[[F1]]": slot, "[[F2]]": other}
            said = SLOT.sub(lambda m, names=names: names[m[0]], template)  # type: ignore[misc]
            kept = [one for one in draft.sentences if slot not in one and (not other or other not in one)]
            yield Mutant("prose around a slot", " ".join([*kept, said]), draft.passage)
