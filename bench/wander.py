"""Random sentences of the whole language that the check reads, whatever they sound like.

Nobody would write most of them. They are here to be read: what one of them says beyond its facts, a draft
could say and ship.
"""

import random
from collections.abc import Iterator, Sequence

from reportgen.carriers import KINDS, Carriers
from reportgen.carriers.tree import COUNTS, Choice, Count, Maybe, Place, Seq, Word
from reportgen.nouns import Fact, Passage

__all__ = ["wandered"]

#: Passages to wander in, by the kinds of their facts.
MIXTURES = (
    *((kind,) for kind in KINDS),
    *((kind, kind) for kind in KINDS),
    ("view", "candidate"),
    ("view", "measurement"),
    ("candidate", "measurement"),
    ("label", "measurement"),
)
#: Chances that an optional part is said, and that one that may come again is.
SAID, AGAIN = 0.3, 0.22
DEEPEST, LONGEST = 40, 200


class _LostError(Exception):
    """The walk has no way to go on."""


def wandered(carriers: Carriers, number: int, rng: random.Random) -> Iterator[tuple[str, Passage]]:
    """Accepted sentences, each with a passage whose facts it tells."""
    while number:
        kinds = rng.choice(MIXTURES)
        try:
            text = _Walk(kinds, rng).sentence(carriers.root)
        except _LostError:
            continue
        passage = _passage(kinds)
        if len(text) <= LONGEST and "[[" in text and carriers.fault(text, passage.slots) is None:
            number -= 1
            yield text, passage


def _passage(kinds: Sequence[str]) -> Passage:
    facts = tuple(
        Fact(
            id=f"F{number}",
            kind="view" if kind == "label" else kind,  # type: ignore[arg-type]
            carrier="label" if kind == "label" else None,
            surface=f"fact {number}",
            name=f"fact {number}",
            images=("IMG_0001",),
        )
        for number, kind in enumerate(kinds, 1)
    )
    return Passage(id="P1", region="head", facts=facts)


class _Walk:
    """One way through the trees, which tells facts in their order."""

    def __init__(self, kinds: Sequence[str], rng: random.Random) -> None:
        self._kinds, self._rng = kinds, rng
        self._left = {k: [f"[[F{n}]]" for n, kind in enumerate(kinds, 1) if kind == k] for k in KINDS}
        self._words: list[str] = []

    def sentence(self, root: Choice) -> str:
        self._go((root,), 0)
        text = "".join(word if word in ",;:." else f" {word}" for word in self._words)[1:]
        return text[:1].upper() + text[1:]

    def _go(self, seq: Seq, depth: int) -> None:
        if depth > DEEPEST:
            raise _LostError
        for node in seq:
            if isinstance(node, Word):
                self._words.append(node.text)
            elif isinstance(node, Choice):
                if not node.options:
                    raise _LostError
                self._go(self._rng.choice(node.options), depth + 1)
            elif isinstance(node, Maybe):
                while self._rng.random() < (AGAIN if node.again else SAID):
                    self._go(node.part, depth + 1)
                    if not node.again:
                        break
            elif isinstance(node, Count):
                self._words.append(COUNTS[max(self._kinds.count(node.kind) - 1, 0)])
            else:
                self._list(node)

    def _list(self, place: Place) -> None:
        few = place.few and (not place.many or self._rng.random() < 0.5)
        number = self._kinds.count(place.kind) if place.all else 1 if few else 2
        slots = self._left[place.kind]
        if not number or len(slots) < number:
            raise _LostError
        told, self._left[place.kind] = slots[:number], slots[number:]
        self._words.append(" and ".join(told))
