"""What was asked of a figure, and whether it holds: shared by the benches of speed and scale."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from tally import markdown

__all__ = ["Bound", "holding", "missed"]


@dataclass(frozen=True)
class Bound:
    """One figure and its bound.

    Attributes:
        measured: None where this run did not measure it.
        enough: Whether the run is large enough to say.
        most: Whether ``asked`` is the most that is allowed, and not the least.
    """

    what: str
    measured: float | None
    asked: float
    enough: bool
    most: bool = False

    @property
    def holds(self) -> bool | None:
        """None where this run cannot say."""
        if self.measured is None or not self.enough:
            return None
        return self.measured <= self.asked if self.most else self.measured >= self.asked

    def plain(self) -> dict[str, Any]:
        """For a JSON file."""
        return {**asdict(self), "holds": self.holds}


def holding(bounds: Iterable[Bound]) -> str:
    """The bounds as a Markdown table."""
    says = {True: "yes", False: "no", None: "too small to say"}
    rows = [
        (
            one.what,
            "-" if one.measured is None else f"{one.measured:,.2f}",
            f"{'<=' if one.most else '>='} {one.asked:,g}",
            "not measured" if one.measured is None else says[one.holds],
        )
        for one in bounds
    ]
    return markdown(("bound", "measured", "asked", "holds"), rows, text={0, 3})


def missed(bounds: Iterable[Bound]) -> bool:
    """Whether any bound is not seen to hold: for ``--assert``, a run that cannot say has not passed."""
    return not all(one.holds for one in bounds)
