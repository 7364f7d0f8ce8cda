"""The sentences of an answer: a model's around narrated facts where the check takes them, else fixed ones."""

import re
from collections.abc import Iterable, Sequence

from reportgen.assemble import filled
from reportgen.check import check_passage
from reportgen.desk.tellable import NARRATED, Tellable
from reportgen.domain import Domain
from reportgen.engines.base import Engine, Parameters
from reportgen.narrate import fixed_sentences, prompt_for
from reportgen.nouns import Fact, Passage, Report
from reportgen.nouns.reply import Evidence, Spoken
from reportgen.nouns.report import Origin

__all__ = ["worded"]

_SLOT = re.compile(r"\[\[(F\d+)\]\]")


def worded(chosen: Sequence[Tellable], report: Report, domain: Domain, engine: Engine | None) -> list[Spoken]:
    """Sentences around narrated facts, region by region, then what code prints."""
    spoken: list[Spoken] = []
    facts = {one.fact.id: one for one in chosen if one.fact is not None}
    for passage in _passages(report, domain):
        some = [fact for fact in passage.facts if fact.id in facts]
        if some:
            spoken += _around(passage, some, facts, domain, engine)
    said = {fact for one in spoken for fact in (e.id for e in one.evidence)}
    for one in chosen:
        if one.id not in said or one.fact is None:
            spoken.append(Spoken(text=one.text, evidence=(_evidence(one),), origin="template"))
    return spoken


def _around(
    passage: Passage, some: list[Fact], facts: dict[str, Tellable], domain: Domain, engine: Engine | None
) -> list[Spoken]:
    slots = {fact.id: fact for fact in passage.facts}
    for text, origin in _drafts(passage, some, domain, engine):
        check = check_passage(text, slots, passage.id, domain)
        told = [name for sentence in check.sentences for name in sentence.evidence]
        if not any(one.objections for one in check.sentences) and sorted(told) == sorted(f.id for f in some):
            return [
                Spoken(
                    text=filled(one.text, slots),
                    evidence=tuple(_evidence(facts[name]) for name in one.evidence),
                    origin=origin,
                )
                for one in check.sentences
            ]
    raise AssertionError(f"the fixed sentences of {passage.id} fail the check")


def _drafts(
    passage: Passage, some: list[Fact], domain: Domain, engine: Engine | None
) -> Iterable[tuple[str, Origin]]:
    """Texts with case-wide slots, the model's first."""
    place = {f"F{number}": fact.id for number, fact in enumerate(some, 1)}

    def wide(text: str) -> str:
        return _SLOT.sub(lambda slot: f"[[{place.get(slot[1], 'F0')}]]", text.strip())

    if engine is not None:
        prompt = prompt_for(passage, domain, refusal=(), left=some)
        for answer in engine.generate([prompt], Parameters()):
            if not answer.error and answer.finish == "stop":
                yield wide(answer.text), "model_constrained"
    yield (
        wide(fixed_sentences(passage.model_copy(update={"facts": tuple(some)}), domain)),
        "template",
    )


def _evidence(one: Tellable) -> Evidence:
    return Evidence(
        id=one.id, kind=one.kind, images=one.images, numbers=tuple(sorted(one.numbers)), source=one.source
    )


def _passages(report: Report, domain: Domain) -> list[Passage]:
    """The narrated facts by region, as they were when the report was written."""
    region = {view.display: view.region for view in domain.views}
    for section in report.sections:
        for sentence in section.sentences:
            region |= dict.fromkeys(sentence.evidence, section.name)
    by_region: dict[str, list[Fact]] = {}
    for fact in report.facts:
        if fact.kind in NARRATED:
            by_region.setdefault(region.get(fact.id) or region[fact.name], []).append(fact)
    return [
        Passage(id=f"P{number}", region=name, facts=tuple(facts))
        for number, (name, facts) in enumerate(by_region.items(), 1)
    ]
