"""An answer read against the record that it is about, by code that knows nothing of how it was made."""

import re
from collections.abc import Iterator

from reportgen.carriers import carriers_of
from reportgen.domain import Domain
from reportgen.nouns import Fact, Report
from reportgen.nouns.reply import Evidence, Reply, Spoken
from reportgen.reread.narrative import NARRATED, slotted_again

__all__ = ["reply_faults"]

#: A word or a number.
_WORD = re.compile(r"[^\W\d_]+|\d+")


def reply_faults(reply: Reply, report: Report, domain: Domain) -> Iterator[str]:
    """What an answer says that its record does not hold: each fault with its place; never a value.

    Args:
        reply: The answer.
        report: The record.
        domain: The one that both were made with.
    """
    asking = domain.asking
    if asking is None:
        yield "the domain answers no questions"
        return
    alone = {asking.sentences["none"]} if not reply.answered else {asking.sentences["rest"]}
    facts = {fact.id: fact for fact in report.facts}
    for number, spoken in enumerate(reply.sentences):
        place = f"sentences[{number}]"
        if not spoken.evidence:
            if spoken.text not in alone or spoken.origin != "template":
                yield f"{place}: rests on nothing"
            continue
        told = [facts[one.id] for one in spoken.evidence if one.id in facts]
        if told and all(fact.kind in NARRATED for fact in told):
            if len(told) != len(spoken.evidence) or not _carried(spoken, told, report, domain):
                yield f"{place}: its words do not suit its facts"
        elif spoken.origin != "template":
            yield f"{place}: is a model's, of what only code prints"
        elif not _printed(spoken, report, domain):
            yield f"{place}: is not what the record has there"
    if not reply.answered and len(reply.sentences) != 1:
        yield "says more than that the record does not say"


def _carried(spoken: Spoken, told: list[Fact], report: Report, domain: Domain) -> bool:
    slotted = slotted_again(spoken.text, told)
    if slotted is None:
        return False
    homes = {view.display: view.region for view in domain.views}
    for section in report.sections:
        homes |= {name: section.name for sentence in section.sentences for name in sentence.evidence}
    regions = {homes.get(fact.id, homes.get(fact.name)) for fact in told}
    slots = {
        fact.id: fact
        for fact in report.facts
        if fact.kind in NARRATED and homes.get(fact.id, homes.get(fact.name)) in regions
    }
    return len(regions) == 1 and carriers_of(domain).fault(slotted, slots) is None


def _printed(spoken: Spoken, report: Report, domain: Domain) -> bool:
    """Whether a fixed sentence is what the record has at its places, and words of the domain's own."""
    assert domain.asking is not None
    pieces: list[str] = []
    for one in spoken.evidence:
        there = list(_pieces(one, report))
        if not there or not any(piece in spoken.text for piece in there):
            return False
        pieces += there
    text = spoken.text
    for piece in sorted(pieces, key=len, reverse=True):
        either = f"{re.escape(piece)}|{re.escape(piece[:1].upper() + piece[1:])}"
        text = re.sub(rf"(?<!\w)(?:{either})(?!\w)", " ", text)
    said = domain.wording
    own = [*domain.asking.sentences.values(), *said["surface"].values(), said["image"], said["images"]]
    own += [said["joining"]["last"], said["header"]["images"]]
    known = {word.lower() for word in _WORD.findall(re.sub(r"\{\w+\}", " ", " ".join(own)))}
    return {word.lower() for word in _WORD.findall(text)} <= known | _numbers(spoken, report)


def _numbers(spoken: Spoken, report: Report) -> set[str]:
    """Numbers of the images that a sentence rests on."""
    named = {image for one in spoken.evidence for image in one.images}
    return {str(entry.number) for entry in report.images if entry.image_id in named}


def _pieces(one: Evidence, report: Report) -> Iterator[str]:
    """The texts that the record has at a place."""
    for place, fact in enumerate(report.facts):
        if one.id == fact.id and one.source == f"facts[{place}]" and one.images == fact.images:
            yield fact.surface
            yield fact.surface.removesuffix(".")
    found = re.fullmatch(r"([a-z_]+)(?:\.([a-z]+))?(?:\[(\d+)\])?", one.source)
    if found is None or one.source.startswith("facts"):
        return
    value = getattr(report, found[1], None)
    value = getattr(value, found[2], None) if found[2] else value
    if one.source == "images":
        yield str(len(report.images))
    elif one.source == "answers" and report.answers:
        yield from (str(row.image_number) for row in report.answers)
    elif found[1] == "header" and found[3]:
        yield from (text for _, text in report.header[int(found[3]) : int(found[3]) + 1])
    elif found[3] and isinstance(value, tuple) and int(found[3]) < len(value):
        yield from _texts(value[int(found[3])])
    elif isinstance(value, str):
        yield value


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for inner in value:
            yield from _texts(inner)
    elif hasattr(value, "model_dump"):
        yield from _within(value.model_dump())


def _within(value: object) -> Iterator[str]:
    if isinstance(value, str) and value:
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _within(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _within(inner)
