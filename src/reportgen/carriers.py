"""The language of a domain's sentences, made from its ``carriers``: to recognise it and to generate it.

One source serves both sides: ``Carriers.parse`` says whether a sentence is in the language and which word
is not, ``Carriers.grammar`` writes the same language as a Lark grammar for one passage, which binds a model
to it. What neither can say is what no report of this domain can say in a model's words.
"""

import itertools
import json
import re
from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache
from typing import Any

from reportgen.domain import Domain
from reportgen.errors import DomainError
from reportgen.files import canonical_json
from reportgen.nouns import Fact

__all__ = ["COUNTS", "Carriers", "carriers_of"]

#: Slots of each kind travel as one private character, so that a sentence is a plain string.
SYMBOLS = {"view": "\ue001", "candidate": "\ue002", "measurement": "\ue003", "label": "\ue004"}
COUNTS = ("two", "three", "four", "five", "six", "seven", "eight")
_SLOT = re.compile(r"\[\[(F\d+)\]\]")
_PLACE = re.compile(r"\{(1|\+|)\}")


class Carriers:
    """The carriers of one domain, expanded once.

    Attributes:
        words: Every word that a draft may hold, in lower case: the lexicon.
    """

    def __init__(self, data: dict[str, Any]) -> None:
        self._key = canonical_json(data)
        self._phrases: dict[str, list[str]] = data["phrases"]
        self._clauses = {kind: self._expanded(data[kind]) for kind in SYMBOLS}
        self._tails = {"measurement": self._expanded(data.get("measurement_tail", []))}
        self._leads = self._expanded(data["leads"])
        self._joiners: list[str] = data["joiners"]
        texts = itertools.chain(
            *self._clauses.values(), *self._tails.values(), self._leads, self._joiners, COUNTS, ["and"]
        )
        self.words = frozenset(word for text in texts for word in re.findall(r"[a-z]+", text.lower()))

    def _expanded(self, templates: Sequence[str]) -> list[str]:
        return list(dict.fromkeys(text for template in templates for text in self._expand(template)))

    def _expand(self, template: str) -> Iterator[str]:
        found = re.search(r"<(\w+)>", template)
        if not found:
            yield template
            return
        if found[1] not in self._phrases:
            raise DomainError(f"carriers: '<{found[1]}>' is not one of phrases.", "Define it in domain.yaml.")
        for phrase in self._phrases[found[1]]:
            yield from self._expand(template[: found.start()] + phrase + template[found.end() :])

    # -- recognising -------------------------------------------------------------------------------------

    def encode(self, sentence: str, kinds: dict[str, str]) -> str:
        """The sentence with each slot as the symbol of its kind; slots that ``kinds`` lacks stay."""
        return _SLOT.sub(lambda m: SYMBOLS[kinds[m[1]]] if m[1] in kinds else m[0], sentence)

    def parse(self, encoded: str) -> bool:
        """Whether an encoded sentence, with its full stop, is in the language."""
        return self._sentence.fullmatch(encoded[:1].lower() + encoded[1:]) is not None

    @cached_property
    def _sentence(self) -> re.Pattern[str]:
        clause = "|".join(
            _pattern(text, SYMBOLS[kind]) for kind, texts in self._clauses.items() for text in texts
        )
        tail = "|".join(
            _pattern(text, SYMBOLS[kind]) for kind, texts in self._tails.items() for text in texts
        )
        lead = "|".join(map(re.escape, self._leads))
        joiner = "|".join(map(re.escape, self._joiners))
        body = f"(?:{clause})" + (f"(?:,? (?:{tail}))?" if tail else "")
        return re.compile(f"(?:(?:{lead}) )?{body}(?:(?:{joiner}) {body})*\\.")

    # -- generating --------------------------------------------------------------------------------------

    def grammar(self, facts: Sequence[Fact]) -> str:
        """A Lark grammar (as llguidance reads it) of the texts that tell every fact of a passage once.

        Facts keep their order; neighbours of one kind may share a clause, clauses may share a sentence.
        Slots are numbered from F1. The language is finite: it cannot loop.
        """
        return _grammar(self._key, tuple(fact.carried_as for fact in facts))


def _pattern(template: str, symbol: str) -> str:
    many = f"{symbol}(?:, {symbol})*,? and {symbol}"
    if "{count}" in template:
        listed = [
            re.escape(template).replace(r"\{count\}", word).replace(r"\{\+\}", _exactly(symbol, n))
            for n, word in enumerate(COUNTS, 2)
        ]
        return f"(?:{'|'.join(listed)})"
    places = {"1": symbol, "+": f"(?:{many})", "": f"(?:{many}|{symbol})"}
    head, mark, end = _PLACE.split(template)
    return re.escape(head) + places[mark] + re.escape(end)


def _exactly(symbol: str, n: int) -> str:
    return f"{symbol}{f', {symbol}' * (n - 2)},? and {symbol}"


@lru_cache(maxsize=512)
def _grammar(key: bytes, kinds: tuple[str, ...]) -> str:
    data = json.loads(key)
    total = len(kinds)
    rules = ["start: s0"]
    for name, texts in data["phrases"].items():
        rules.append(f"p_{name}: " + " | ".join(map(_quoted, texts)))
        rules.append(f"q_{name}: " + " | ".join(_quoted(text[:1].upper() + text[1:]) for text in texts))
    tails = data.get("measurement_tail", [])

    def whole(start: int, end: int) -> bool:
        return kinds.count(kinds[start]) == end - start

    for start, kind in enumerate(kinds):
        ends = [end for end in range(start + 1, total + 1) if set(kinds[start:end]) == {kind}]
        for end in ends:
            rules.append(f"k{start}_{end}: {_options(data[kind], start, end, whole=whole(start, end))}")
            rules.append(
                f"h{start}_{end}: {_options(data[kind], start, end, capital=True, whole=whole(start, end))}"
            )
            if kind == "measurement" and tails:
                rules.append(f"t{start}_{end}: {_options(tails, start, end)}")
        rules.append(f"s{start}: " + " | ".join(f"h{start}_{end} a{end}" for end in ends))
        rules.append(f"c{start}: " + " | ".join(f"k{start}_{end} b{end}" for end in ends))
        if start:
            leans = bool(tails) and kind == "measurement" != kinds[start - 1]
            stop = [f'". " s{start}', *(f'", " t{start}_{end} b{end}' for end in ends if leans)]
            rules.append(f"a{start}: " + " | ".join([*stop, f'"; " c{start}', f'", and " c{start}']))
            rules.append(f"b{start}: " + " | ".join(stop))
    rules += [f'a{total}: "."', f'b{total}: "."']
    return "\n".join(rules) + "\n"


def _quoted(text: str) -> str:
    return json.dumps(text)


def _options(
    templates: list[str], start: int, end: int, *, capital: bool = False, whole: bool = False
) -> str:
    """Alternatives for the facts from ``start`` to ``end``; counts only if these are all of a kind."""
    usable = [text for text in templates if whole or "{count}" not in text]
    return " | ".join(said for text in usable if (said := _filled(text, start, end, capital=capital)))


def _filled(template: str, start: int, end: int, *, capital: bool) -> str | None:
    """The template as Lark with the slots from ``start`` to ``end``; None if it does not take so many."""
    count = end - start
    mark = _PLACE.search(template)
    few = mark is not None and (mark[1] == "+" or "{count}" in template) and count < 2
    if mark is None or few or (mark[1] == "1" and count > 1):
        return None
    slots = [f"[[F{n}]]" for n in range(start + 1, end + 1)]
    listed = slots[0] if count == 1 else f"{', '.join(slots[:-1])} and {slots[-1]}"
    text = template.replace(mark[0], listed).replace("{count}", COUNTS[count - 2])
    parts = re.split(r"<(\w+)>", text)
    if capital and parts[0]:
        parts[0] = parts[0][:1].upper() + parts[0][1:]
    return " ".join(
        (f"q_{part}" if capital and n == 1 and not parts[0] else f"p_{part}") if n % 2 else _quoted(part)
        for n, part in enumerate(parts)
        if part
    )


@lru_cache(maxsize=4)
def _carriers(key: bytes) -> Carriers:
    return Carriers(json.loads(key))


def carriers_of(domain: Domain) -> Carriers:
    """The carriers of a domain, made once for each distinct set."""
    return _carriers(canonical_json(domain.carriers))
