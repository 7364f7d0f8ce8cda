"""The ladder: the model's free words, repaired, completed under a grammar, and at last fixed sentences."""

import re
from collections.abc import Sequence

from reportgen.check.draft import check_passage
from reportgen.domain import Domain
from reportgen.nouns import Check, CheckedSentence, Completion, Fact, Passage
from reportgen.nouns.base import Frozen
from reportgen.nouns.report import Origin, Rung

__all__ = ["Refusal", "Told", "climb", "refusal"]

_SLOT = re.compile(r"\[\[(F\d+)\]\]")


class Told(Frozen):
    """The words that one passage will have: accepted sentences with local slots, and how they came about.

    Attributes:
        origins: Of each sentence.
    """

    sentences: tuple[CheckedSentence, ...]
    origins: tuple[Origin, ...]
    rung: Rung


class Refusal(Frozen):
    """Why a first answer holds on no rung, and what of it does.

    Attributes:
        objections: What was objected to, each sentence once, in words that hold nothing of the answer.
        kept: The sentences that stay.
        left: The facts that these do not tell: the model is asked for them again, bound by a grammar.
    """

    objections: tuple[str, ...]
    kept: tuple[CheckedSentence, ...]
    left: tuple[Fact, ...]


def refusal(passage: Passage, free: Completion, domain: Domain) -> Refusal | None:
    """What is wrong with a first answer; None if it holds as it is or repaired."""
    first = _checked(free, passage, domain)
    repaired = first if first.accepted else _repaired(first, passage, domain)
    return None if repaired.accepted else _refused(first, repaired, passage)


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
            refused = _refused(first, repaired, passage)
            second = _checked(_joined(refused, constrained, passage), passage, domain)
            if second.accepted:
                kept = len(refused.kept)
                return _told(second, passage, "constrained", "model_constrained", reasons, free=kept)
            reasons += [f"constrained:{code}" for code in _codes(constrained, second)]
    only = None if domain.has_lexicon else fixed
    last = check_passage(fixed, passage.slots, passage.id, domain, fixed=only)
    assert last.accepted, f"the fixed sentences of {passage.id} fail the check"
    return _told(last, passage, "deterministic", "template", reasons)


def _refused(first: Check, repaired: Check, passage: Passage) -> Refusal:
    """What a first answer leaves to be told, where it does not hold even repaired."""
    objections = [objection for sentence in first.sentences for objection in sentence.objections]
    said = [_SLOT.sub("A tag", objection.message) for objection in objections]
    kept = tuple(sentence for sentence in repaired.sentences if sentence.text)
    # A sentence may lean on one before it, and both fall: then all is told anew.
    if any(sentence.objections for sentence in kept):
        kept = ()
    told = {fact for sentence in kept for fact in sentence.evidence}
    return Refusal(
        objections=tuple(dict.fromkeys([*said, *(["A fact was left out."] if first.missing else [])])),
        kept=kept,
        left=tuple(fact for fact in passage.facts if fact.id not in told),
    )


def _joined(refused: Refusal, second: Completion, passage: Passage) -> Completion:
    """The sentences that stay, and the second answer, whose slots were numbered through what was left."""
    names = {fact.id: name for name, fact in passage.slots.items()}
    place = {f"F{number}": names[fact.id] for number, fact in enumerate(refused.left, 1)}
    # A slot that it was not given becomes one that no passage has.
    text = _SLOT.sub(lambda slot: f"[[{place.get(slot[1], 'F0')}]]", second.text.strip())
    return second.model_copy(update={"text": " ".join([*(one.text for one in refused.kept), text])})


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


def _told(
    check: Check, passage: Passage, rung: str, origin: Origin, reasons: Sequence[str], *, free: int = 0
) -> Told:
    """The words of a rung; the first ``free`` sentences are the model's own, all others of ``origin``."""
    return Told.model_validate(
        {
            "sentences": check.sentences,
            "origins": ("model",) * free + (origin,) * (len(check.sentences) - free),
            "rung": {"passage": passage.id, "rung": rung, "reasons": tuple(reasons)},
        }
    )
