"""How often models say the same of the same. It is no measure of who is right.

All here is about answers by the id of what was asked, whatever it was: prompts of passages now. Questions
about a report can be put in beside them as further mappings from a question's id to its answer.
"""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

from reportgen.desk.compare.figures import share
from reportgen.desk.compare.noun import Agreement
from reportgen.desk.compare.plan import TEMPLATE, Contestant
from reportgen.desk.compare.turn import Outcome

__all__ = ["agreement", "equal"]


def agreement(done: Sequence[tuple[Contestant, Outcome]]) -> Iterator[Agreement]:
    """Of all contestants with a model, where they are more than two; then of each pair."""
    models = [one for one in done if one[1].engine.engine != TEMPLATE]
    groups = [models] if len(models) > 2 else []
    for group in (*groups, *combinations(models, 2)):
        outcomes = [outcome for _, outcome in group]
        yield Agreement(
            names=tuple(contestant.name for contestant, _ in group),
            answers=share(*equal([one.answers for one in outcomes]), unit="prompts"),
            words=share(*equal([_words(one) for one in outcomes])),
        )


def equal(answers: Sequence[Mapping[Any, Hashable]]) -> tuple[int, int]:
    """How many of the questions that all have answered have one answer, and how many these questions are."""
    first, *others = answers
    common = [key for key in first if all(key in other for other in others)]
    return sum(all(first[key] == other[key] for other in others) for key in common), len(common)


def _words(outcome: Outcome) -> dict[tuple[int, str], tuple[str, ...]]:
    """By case and passage the sentences that shipped, where they are a model's."""
    own = (one for one in outcome.words if one.rung != "deterministic")
    return {(one.case, one.passage): one.sentences for one in own}
