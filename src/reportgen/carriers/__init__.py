"""The language of a domain's sentences, made from its ``carriers``: to recognise it and to generate it.

One source serves both sides: ``Carriers.fault`` says where a sentence leaves the language, and
``Carriers.grammar`` writes a part of it as a Lark grammar for one passage, which binds a model to it. What
neither can say is what no report of this domain can say in a model's words.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache, partial
from typing import Any

from reportgen.carriers.automaton import Automaton
from reportgen.carriers.lark import Written, grammar
from reportgen.carriers.marks import MARKS, Context
from reportgen.carriers.sentence import Sentence
from reportgen.carriers.tree import COUNTS, KINDS, Choice, Trees, Word, nodes_of
from reportgen.domain import Domain
from reportgen.errors import DomainError
from reportgen.nouns import Fact

__all__ = ["KINDS", "Carriers", "carriers_of"]


IMAGE = frozenset({"image", "picture", "frame"})


class Carriers:
    """The carriers of one domain, read once.

    Attributes:
        words: Every word that a draft may hold, in lower case: the lexicon.
        root: The tree of whole sentences.
        written: The part of the language that ``grammar`` writes.
    """

    def __init__(self, data: Mapping[str, Any]) -> None:
        if stray := sorted(set(data["marks"]) - MARKS):
            raise DomainError(f"carriers: there is no mark '{stray[0]}'.", "Correct it in carriers.yaml.")
        kinds = {kind: data[kind] for kind in KINDS}
        trees = Trees(data["phrases"], data["constructions"], kinds, data["marks"])
        self.root = trees.phrase("sentence")
        separators, additions = (
            {kind: trees.phrase(name, kind) for kind in KINDS} for name in ("separator", "addition")
        )
        self._automaton = Automaton(self.root, separators, additions)
        self.written = _written(data["write"])
        self._grammar = lru_cache(maxsize=512)(partial(grammar, self.written))
        words = nodes_of([self.root, *separators.values(), *additions.values()])
        said = {node.text.lower() for node in words if isinstance(node, Word) and node.text[0].isalpha()}
        named = nodes_of([trees.phrase("program"), *map(trees.phrase, ("possessor", "deed", "pronoun"))])
        self._programs = frozenset(node.text for node in named if isinstance(node, Word))
        self.words = frozenset(said | set(COUNTS) | {"both"})

    def fault(
        self, sentence: str, slots: Mapping[str, Fact], before: str | None = None
    ) -> tuple[str, int, int] | None:
        """Where a sentence leaves the language: a code and a span of the text; None if it does not.

        Args:
            sentence: With its full stop; its slots are among ``slots``.
            slots: All facts of the passage, by the slot names that the sentence uses.
            before: The sentence before in its passage, to which "it" or "so was" may refer.

        Returns:
            ``spacing`` for blanks that no sentence has, ``count`` where a count is wrong or not all that is
            named is told, ``carrier_kind`` for words that carry facts of another kind, else ``carrier``.
        """
        read = Sentence(sentence, slots)
        context = self._context(before, slots)
        if read.spelled[:1].lower() + read.spelled[1:] != sentence[:1].lower() + sentence[1:]:
            return "spacing", 0, len(sentence)
        strange = read.first_outside(self.words)  # the automaton remembers what it has read: only the lexicon
        if strange is not None:
            return "carrier", *read.spans[strange]
        if read.mixed is not None:
            return "carrier", *read.spans[read.mixed]
        place = self._automaton.refused_at(read.symbols(), context)
        if place is None:
            return None
        span = read.spans[place] if read.spans else (0, len(sentence))
        for code, kinds in (("count", True), ("carrier_kind", False)):
            if self._automaton.refused_at(read.symbols(counts=False, kinds=kinds), context) is None:
                return code, *span
        return "carrier", *span

    def _context(self, before: str | None, slots: Mapping[str, Fact]) -> Context:
        totals = Counter(fact.carried_as for fact in slots.values())
        if before is None:
            return Context(totals)
        read = Sentence(before, slots)
        # "An image was recognised as A. So was B": but B may be in several.
        again = frozenset() if IMAGE.intersection(read.words) else read.kinds
        return Context(totals, not self._programs.isdisjoint(read.words), again)

    def grammar(self, facts: Sequence[Fact], passage: Sequence[Fact] = ()) -> str:
        """A Lark grammar (as llguidance reads it) of the texts that tell each of these facts once.

        Args:
            facts: The facts to tell; slots are numbered through them.
            passage: All facts of their passage, if they are not all: nothing may be said of all of a kind
                then that has others.
        """
        rest = Counter(fact.carried_as for fact in passage) - Counter(fact.carried_as for fact in facts)
        return self._grammar(tuple(fact.carried_as for fact in facts), frozenset(rest))


def _written(data: Mapping[str, Any]) -> Written:
    trees = Trees(data["phrases"], {"active": [], "tails": []}, {kind: data[kind] for kind in KINDS}, {})

    def by_kind(part: str) -> dict[str, Choice]:
        return {kind: trees.phrase(part, kind) for kind in KINDS}

    return Written(
        leads=trees.phrase("leads"),
        joiners=trees.phrase("joiners"),
        agents=trees.phrase("agent"),
        clauses=by_kind("clauses"),
        active=by_kind("active"),
        tails=by_kind("tails"),
    )


#: Carriers by the hash of their data: a process knows one domain, a test a few.
_KEPT: dict[str, Carriers] = {}


def carriers_of(domain: Domain) -> Carriers:
    """The carriers of a domain, made once for each distinct set."""
    key = domain.lexicon_sha256
    if key not in _KEPT:
        while len(_KEPT) >= 4:
            _KEPT.pop(next(iter(_KEPT)))
        _KEPT[key] = Carriers(domain.carriers)
    return _KEPT[key]
