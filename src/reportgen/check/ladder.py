"""The ladder: the model's free words, repaired, constrained, and at last the fixed sentences."""

import re
from collections.abc import Sequence

from reportgen.check.draft import check_passage
from reportgen.domain import Domain
from reportgen.nouns import Check, CheckedSentence, Completion, Passage
from reportgen.nouns.base import Frozen
from reportgen.nouns.report import Origin, Rung

__all__ = ["Told", "climb", "refusal"]

_SLOT = re.compile(r"\[\[F\d+\]\]")


class Told(Frozen):
    """The words that one passage will have: accepted sentences with local slots, and how they came about."""

    sentences: tuple[CheckedSentence, ...]
    origin: Origin
    rung: Rung


def refusal(passage: Passage, free: Completion, domain: Domain) -> tuple[str, ...] | None:
    """Why the first answer holds on no rung, so that the model is asked again, bound by a grammar.

    Returns:
        What was objected to, each sentence once, in words that hold nothing of the answer; None if the answer
        holds as it is or repaired.
    """
    first = _checked(free, passage, domain)
    if first.accepted or _repaired(first, passage, domain).accepted:
        return None
    objections = [objection for sentence in first.sentences for objection in sentence.objections]
    said = [_SLOT.sub("A tag", objection.message) for objection in objections]
    return tuple(dict.fromkeys([*said, *(["A fact was left out."] if first.missing else [])]))


def climb(
    passage: Passage, free: Completion | None, constrained: Completion | None, fixed: str, domain: Domain
) -> Told:
    """Take the first rung that holds.

    Args:
        passage: The facts to tell.
        free: The model's first answer, or None where no model was asked.
        constrained: Its second answer, bound by a grammar, or None where it was not asked again.
        fixed: The deterministic text.
        domain: Holds the carriers.

    Raises:
        AssertionError: The fixed sentences fail the check: the domain's narrative.jinja is faulty.
    """
    reasons: list[str] = []
    if free is not None:
        first = _checked(free, passage, domain)
        if first.accepted:
            return _told(first, passage, "free", "model", reasons)
        reasons += _codes(free, first)
        repaired = _repaired(first, passage, domain)
        if repaired.accepted:
            return _told(repaired, passage, "repaired", "model", reasons)
    if constrained is not None:
        second = _checked(constrained, passage, domain)
        if second.accepted:
            return _told(second, passage, "constrained", "model_constrained", reasons)
        reasons += [f"constrained:{code}" for code in _codes(constrained, second)]
    last = check_passage(fixed, passage.slots, passage.id, domain)
    assert last.accepted, f"the fixed sentences of {passage.id} fail the check"
    return _told(last, passage, "deterministic", "template", reasons)


def _repaired(check: Check, passage: Passage, domain: Domain) -> Check:
    """The draft without the sentences that are objected to, checked again.

    A fact told twice falls with the later sentence, unless the earlier one falls anyway.
    """
    for forgiven in ({"slot_repeated"}, set()):
        kept = [s.text for s in check.sentences if not {o.code for o in s.objections} - forgiven]
        check = check_passage(" ".join(kept), passage.slots, passage.id, domain)
    return check


def _checked(completion: Completion, passage: Passage, domain: Domain) -> Check:
    cut_off = completion.finish == "length"
    return check_passage(completion.text.strip(), passage.slots, passage.id, domain, cut_off=cut_off)


def _codes(completion: Completion, check: Check) -> list[str]:
    """Why a draft was refused: the stable codes, each once, in the order found."""
    if completion.error:
        return ["engine_error"]
    codes = [objection.code for sentence in check.sentences for objection in sentence.objections]
    return list(dict.fromkeys([*codes, *(["slot_missing"] if check.missing else [])]))


def _told(check: Check, passage: Passage, rung: str, origin: str, reasons: Sequence[str]) -> Told:
    return Told.model_validate(
        {
            "sentences": check.sentences,
            "origin": origin,
            "rung": {"passage": passage.id, "rung": rung, "reasons": tuple(reasons)},
        }
    )
