"""The language of a domain's sentences, made from its ``carriers``: to recognise it and to generate it.

One source serves both sides: ``Carriers.fault`` says where a sentence leaves the language, and
``Carriers.grammar`` writes a part of it as a Lark grammar for one passage, which binds a model to it. What
neither can say is what no report of this domain can say in a model's words.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from reportgen.carriers.lark import grammar
from reportgen.carriers.match import LIST_WORDS, Language, Sentence, reads
from reportgen.carriers.tree import COUNTS, Choice, Maybe, Node, Trees, Word
from reportgen.domain import Domain
from reportgen.files import canonical_json
from reportgen.nouns import Fact

__all__ = ["KINDS", "Carriers", "carriers_of"]

#: What can carry facts of its own: the narrated kinds, and labels supplied without a score.
KINDS = ("view", "candidate", "measurement", "label")


class Carriers:
    """The carriers of one domain, read once.

    Attributes:
        words: Every word that a draft may hold, in lower case: the lexicon.
        written: The part of the language that ``grammar`` writes.
    """

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._key = canonical_json(data)
        self._read = _language(data, data["phrases"], data["marks"])
        self.written = _language(data["write"], {**data["phrases"], **data["write"]["phrases"]}, {})
        words = {word.lower() for word in _words_of(self._read) if word[0].isalpha()}
        self.words = frozenset(words | set(COUNTS) | LIST_WORDS)

    def fault(
        self, sentence: str, slots: Mapping[str, Fact], *, first: bool = True
    ) -> tuple[str, int, int] | None:
        """Where a sentence leaves the language: a code and a span of the text; None if it does not.

        Args:
            sentence: With its full stop; its slots are among ``slots``.
            slots: All facts of the passage, by the slot names that the sentence uses.
            first: It is the first sentence of its passage.

        Returns:
            ``spacing`` for blanks that no sentence has, ``count`` where a count is wrong or not all that is
            named is told, ``carrier_kind`` for words that carry facts of another kind, else ``carrier``.
        """
        read = Sentence(sentence, slots)
        if read.spelled[:1].lower() + read.spelled[1:] != sentence[:1].lower() + sentence[1:]:
            return "spacing", 0, len(sentence)
        totals = Counter(fact.carried_as for fact in slots.values())
        good, furthest = reads(read, self._read, totals, first=first)
        if good:
            return None
        span = read.spans[furthest] if read.spans else (0, len(sentence))
        for code, kinds in (("count", True), ("carrier_kind", False)):
            if reads(read, self._read, None, first=first, kinds=kinds)[0]:
                return code, *span
        return "carrier", *span

    def grammar(self, facts: Sequence[Fact]) -> str:
        """A Lark grammar (as llguidance reads it) of the texts that tell every fact of a passage once."""
        return _grammar(self._key, tuple(fact.carried_as for fact in facts))


def _language(data: Mapping[str, Any], phrases: Mapping[str, Any], marks: Mapping[str, Any]) -> Language:
    choice = Trees(phrases, marks).choice

    def by_kind(part: str) -> dict[str, Choice]:
        return {kind: choice(f"{part}_{kind}", data[kind].get(part, [])) for kind in KINDS}

    return Language(
        leads=choice("leads", data["leads"]),
        joiners=choice("joiners", data["joiners"]),
        chains=choice("chains", data.get("chains", [])),
        agents=choice("agents", ["<agent>"]),
        pronouns=choice("pronouns", data.get("pronouns", [])),
        clauses=by_kind("clauses"),
        active=by_kind("active"),
        tails=by_kind("tails"),
        echoes=by_kind("echoes"),
        gaps=by_kind("gaps"),
    )


def _words_of(language: Language) -> Iterator[str]:
    for part in vars(language).values():
        for tree in [part] if isinstance(part, Choice) else part.values():
            yield from _words(tree)


def _words(node: Node) -> Iterator[str]:
    if isinstance(node, Word):
        yield node.text
    for option in (
        node.options if isinstance(node, Choice) else [node.part] if isinstance(node, Maybe) else []
    ):
        for inner in option:
            yield from _words(inner)


@lru_cache(maxsize=512)
def _grammar(key: bytes, kinds: tuple[str, ...]) -> str:
    return grammar(_carriers(key).written, kinds)


@lru_cache(maxsize=4)
def _carriers(key: bytes) -> Carriers:
    return Carriers(json.loads(key))


def carriers_of(domain: Domain) -> Carriers:
    """The carriers of a domain, made once for each distinct set."""
    return _carriers(canonical_json(domain.carriers))
