"""From what the contestants did to figures with their intervals: pure, and the same on every run."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, get_args

from reportgen.desk.compare.noun import (
    FEW,
    Difference,
    Interval,
    Rate,
    Refused,
    Result,
    RungName,
    Sentences,
    Share,
    Told,
    Verdict,
)
from reportgen.desk.compare.plan import Contestant
from reportgen.desk.compare.turn import Outcome, Worded
from reportgen.intervals import bootstrap, wilson

__all__ = ["RUNGS", "differences", "finished", "share"]

RUNGS: tuple[RungName, ...] = get_args(RungName)
#: Sentences and reasons that are listed.
_LISTED = 12
_SLOT = re.compile(r"\[\[F\d+\]\]")


def share(count: int, of: int, unit: Any = "passages") -> Share:
    """A share with its interval after Wilson."""
    if not of:
        return Share(count=0, of=0)
    low, high = wilson(count, of)
    interval = Interval(low=low, high=high, method="wilson", unit=unit, n=of) if of >= FEW else None
    return Share(count=count, of=of, share=count / of, interval=interval)


def finished(contestant: Contestant, outcome: Outcome, seed: int) -> Result:
    """The figures of a contestant that finished."""
    portions, words = outcome.portions, outcome.words
    rungs = Counter(one.rung for one in words)
    reasons = Counter(reason for one in words for reason in set(one.reasons))
    return Result(
        name=contestant.name,
        asked=contestant.told,
        state="finished",
        engine=outcome.engine,
        gpu=outcome.gpu,
        batch_size=outcome.batch_size,
        prompt_sha256=outcome.prompt_sha256,
        load_s=outcome.load_s,
        warm_up_s=outcome.warm_up_s,
        memory=outcome.memory,
        prompts=sum(one.prompts for one in portions),
        unanswered=sum(one.unanswered for one in portions),
        cut_off=sum(one.cut_off for one in portions),
        tokens_read=sum(one.tokens_read for one in portions),
        tokens_written=sum(one.tokens for one in portions),
        writing_s=sum(one.writing_s for one in portions),
        whole_s=sum(one.whole_s for one in portions),
        tokens_a_second=_rate(_writing(outcome), seed),
        reports_a_second=_rate(_making(outcome), seed),
        rungs={rung: share(rungs[rung], len(words)) for rung in RUNGS},
        refused=tuple(
            Refused(code=code, passages=share(count, len(words)))
            for code, count in sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
        ),
        sentences=_sentences(words),
    )


def _sentences(words: Sequence[Worded]) -> Sentences:
    own = [one for one in words if one.rung != "deterministic"]
    carriers = [_carrier(text) for one in own for text in one.sentences]
    shown = sorted(Counter(carriers).items(), key=lambda item: (-item[1], item[0]))[:_LISTED]
    return Sentences(
        told=len(carriers),
        distinct=len(set(carriers)),
        as_fixed=share(sum(one.as_fixed for one in own), len(own)),
        most=tuple(Told(carrier=text, passages=count) for text, count in shown),
    )


def _carrier(sentence: str) -> str:
    """A sentence with its slots numbered from F1, so that the place in the passage makes no difference."""
    numbers: dict[str, int] = {}
    return _SLOT.sub(lambda slot: f"[[F{numbers.setdefault(slot[0], len(numbers) + 1)}]]", sentence)


class _Part(NamedTuple):
    """What one unit adds to a ratio."""

    above: float
    below: float


def _ratio(parts: Sequence[_Part]) -> float | None:
    below = sum(one.below for one in parts)
    return sum(one.above for one in parts) / below if below else None


def _writing(outcome: Outcome) -> list[_Part]:
    """By portion; nothing where no model was asked."""
    asked = any(one.prompts for one in outcome.portions)
    return [_Part(one.tokens, one.writing_s) for one in outcome.portions] if asked else []


def _making(outcome: Outcome) -> list[_Part]:
    return [_Part(one.cases, one.whole_s) for one in outcome.portions]


def _rate(parts: Sequence[_Part], seed: int) -> Rate | None:
    value = _ratio(parts)
    if value is None:
        return None
    return Rate(value=value, interval=_drawn(parts, _ratio, "portions", seed))


def _drawn(
    units: Sequence[Any], figure: Callable[[Sequence[Any]], float | None], unit: Any, seed: int
) -> Any:
    """The interval of a figure; None where there are too few units."""
    ends = bootstrap(units, figure, seed=seed) if len(units) >= FEW else None
    return ends and Interval(low=ends[0], high=ends[1], method="bootstrap", unit=unit, n=len(units))


def differences(done: Sequence[tuple[Contestant, Outcome]], seed: int) -> Iterator[Difference]:
    """What each has more than the first of them. The same cases, and portions, are drawn for both."""
    for contestant, outcome in done[1:]:
        baseline, first = done[0]
        kinds: tuple[tuple[Any, Callable[[Outcome], list[_Part]], str], ...] = (
            ("free", lambda one: _told(one, lambda word: word.rung == "free"), "cases"),
            ("model", lambda one: _told(one, lambda word: word.rung != "deterministic"), "cases"),
            ("tokens_a_second", _writing, "portions"),
            ("reports_a_second", _making, "portions"),
        )
        for figure, parts, unit in kinds:
            pairs = list(zip(parts(outcome), parts(first), strict=False))
            value = _apart(pairs)
            if value is None:
                continue
            interval = _drawn(pairs, _apart, unit, seed)
            yield Difference(
                figure=figure,
                name=contestant.name,
                baseline=baseline.name,
                difference=value,
                interval=interval,
                verdict=_verdict(interval),
            )


def _told(outcome: Outcome, counts: Callable[[Worded], bool]) -> list[_Part]:
    """By case, its passages that count and all of them."""
    cases = range(sum(one.cases for one in outcome.portions))
    counted = Counter(one.case for one in outcome.words if counts(one))
    every = Counter(one.case for one in outcome.words)
    return [_Part(counted[case], every[case]) for case in cases]


def _apart(pairs: Sequence[tuple[_Part, _Part]]) -> float | None:
    one, other = _ratio([pair[0] for pair in pairs]), _ratio([pair[1] for pair in pairs])
    return None if one is None or other is None else one - other


def _verdict(interval: Interval | None) -> Verdict:
    if interval is None:
        return "too few to tell"
    return "not told apart" if interval.low <= 0 <= interval.high else "told apart"
