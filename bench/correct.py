"""Correct drafts, from three hands: the domain's fixed sentences, its grammar walked at random (where
llguidance is installed, as with ``reportgen[medgemma]``), and people.

A draft that the check refuses is no base for mutants: what would catch the mutant is not known then.
"""

import json
import random
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from reportgen.carriers import carriers_of
from reportgen.check import check_passage
from reportgen.domain import Domain
from reportgen.narrate import fixed_sentences
from reportgen.nouns import Passage

__all__ = ["DRAFTS", "SLOT", "Draft", "Drafts", "hand_written", "kinds_of", "walked"]

DRAFTS = Path(__file__).resolve().parents[1] / "tests" / "drafts"
SLOT = re.compile(r"\[\[F\d+\]\]")


@dataclass(frozen=True)
class Draft:
    """A correct draft of one passage, with local slots."""

    text: str
    passage: Passage
    origin: str
    sentences: tuple[str, ...]

    @cached_property
    def slots(self) -> list[str]:
        """Its slots in order."""
        return SLOT.findall(self.text)


def kinds_of(passage: Passage) -> tuple[str, ...]:
    """By slot the kind of sentences that may carry it: passages alike in this share their drafts."""
    return tuple(fact.carried_as for fact in passage.facts)


def hand_written(name: str) -> list[tuple[Passage, str]]:
    """The drafts of ``tests/drafts/<name>.jsonl``, each with its passage."""
    listed = json.loads((DRAFTS / "passages.json").read_text("utf-8"))
    passages = {one["id"]: Passage.model_validate_json(json.dumps(one)) for one in listed}
    lines = (DRAFTS / f"{name}.jsonl").read_text("utf-8").splitlines()
    drafts = [json.loads(line) for line in lines if line.strip()]
    return [(passages[one["passage"]], one["draft"]) for one in drafts]


class Drafts:
    """Gives correct drafts of any passage.

    Attributes:
        refused: Drafts by origin that the check did not accept and that were left out.
        made: Drafts by origin.
    """

    def __init__(self, domain: Domain, hand: Sequence[tuple[Passage, str]]) -> None:
        self._domain = domain
        self._hand: Mapping[tuple[str, ...], list[str]] = defaultdict(list)
        for passage, text in hand:
            self._hand[kinds_of(passage)].append(text)
        self.made: dict[str, int] = {"fixed": 0, "grammar": 0, "hand": 0}
        self.refused: dict[str, int] = dict(self.made)

    def of(self, passage: Passage, rng: random.Random) -> Iterator[Draft]:
        """One draft of each hand that has one."""
        yield from self._good(fixed_sentences(passage, self._domain), passage, "fixed")
        if find_spec("llguidance"):
            grammar = carriers_of(self._domain).grammar(passage.facts)
            yield from self._good(walked(grammar, rng), passage, "grammar")
        texts = self._hand.get(kinds_of(passage))
        if texts:
            yield from self._good(rng.choice(texts), passage, "hand")

    def _good(self, text: str, passage: Passage, origin: str) -> Iterator[Draft]:
        check = check_passage(text, passage.slots, passage.id, self._domain)
        (self.made if check.accepted else self.refused)[origin] += 1
        if check.accepted:
            yield Draft(text, passage, origin, tuple(sentence.text for sentence in check.sentences))


def walked(grammar: str, rng: random.Random) -> str:
    """A text of a grammar, chosen byte by byte: any byte that may come next is as likely as another."""
    from llguidance import LLMatcher

    matcher: LLMatcher = _compiled(grammar).deep_copy()
    text = bytearray()
    while not matcher.is_stopped():
        forced = matcher.compute_ff_bytes()
        if not forced:
            mask = matcher.compute_bitmask()
            allowed = [token for token in range(len(mask) * 8) if mask[token // 8] >> token % 8 & 1]
            forced = bytes(token for token in [rng.choice(allowed)] if token < 256)
            if not forced:
                break
        matcher.consume_tokens(list(forced))
        text += forced
    return text.decode()


@lru_cache(maxsize=512)
def _compiled(grammar: str) -> Any:
    from llguidance import LLMatcher, LLTokenizer

    return LLMatcher(LLTokenizer("byte"), LLMatcher.grammar_from_lark(grammar), log_level=0)
