"""How far a figure may be from what more cases would show: 95 % intervals of shares and of anything else."""

import math
import random
import statistics
from collections.abc import Callable, Sequence
from typing import TypeVar

__all__ = ["RESAMPLES", "bootstrap", "wilson"]

T = TypeVar("T")
#: So many samples are drawn; the ends of a 95 % interval then rest on 50 each.
RESAMPLES = 2_000


def wilson(part: int, whole: int, z: float = 1.96) -> tuple[float, float]:
    """The 95 % interval of a share after Wilson (1927); 0 to 1 where nothing was counted."""
    if whole == 0:
        return 0.0, 1.0
    p, square = part / whole, z * z / whole
    middle, half = p + square / 2, z * math.sqrt(p * (1 - p) / whole + square / whole / 4)
    return max(0.0, (middle - half) / (1 + square)), min(1.0, (middle + half) / (1 + square))


def bootstrap(
    units: Sequence[T],
    figure: Callable[[Sequence[T]], float | None],
    *,
    seed: int,
    resamples: int = RESAMPLES,
) -> tuple[float, float] | None:
    """The 95 % interval of a figure by Efron's percentiles (1979): units are drawn again, with replacement.

    Args:
        units: What was drawn independently, such as cases; all that belongs to one stays together.
        figure: Of some units; None where it cannot be said of them.
        seed: Equal seeds give equal intervals.
        resamples: At least 40.

    Returns:
        The ends; None where fewer than half of the samples have the figure.
    """
    if not units:
        return None
    chance = random.Random(seed)  # noqa: S311 - no secret
    drawn = (figure(chance.choices(units, k=len(units))) for _ in range(resamples))
    found = [value for value in drawn if value is not None]
    if len(found) < resamples / 2:
        return None
    cuts = statistics.quantiles(found, n=40, method="inclusive")
    return cuts[0], cuts[-1]
