"""The figures of parts a and b of ``fidelity.py``: what must not be among them, and how they are printed."""

from dataclasses import dataclass, field
from typing import Any

from correct import Drafts
from judge import STYLE
from tally import Cost, Tally, markdown, share

__all__ = ["Figures", "report"]

#: Share of correct drafts that may be refused.
REFUSED_AT_MOST = 0.02


@dataclass
class Figures:
    """What was measured, and what of it must not be.

    Attributes:
        too_much: By rule of ``judge.LANGUAGE`` the accepted sentences under it, and those that break it.
        refused: Part b, by file of drafts.
        doubted: Reports as they were made that re-reading finds fault with.
    """

    drafts: Tally
    reports: Tally
    hands: Drafts
    too_much: dict[str, tuple[int, list[str]]]
    refused: dict[str, dict[str, Any]]
    doubted: list[str] = field(default_factory=list)
    check: Cost = field(default_factory=lambda: Cost("check of a passage", 2.0))
    reread: Cost = field(default_factory=lambda: Cost("re-reading of a report", 15.0))

    @property
    def shipped(self) -> list[tuple[str, str]]:
        """Everything unsupported that would be put out."""
        said = [(rule, text) for rule, (_, broken) in self.too_much.items() for text in broken]
        return [*self.drafts.shipped, *self.reports.shipped, *((r, t) for r, t in said if r not in STYLE)]

    @property
    def missed(self) -> list[str]:
        """Other targets that are missed, in sentences."""
        found = [f"No mutant was made: {name}." for name in (*self.drafts.empty, *self.reports.empty)]
        strays = self.drafts.strays + self.reports.strays
        found += [f"{strays} mutants were caught only by another code than intended."] if strays else []
        found += [f"A true report is doubted: {one}." for one in self.doubted]
        found += [
            f"{name}: {one['refused']} of {one['drafts']} correct drafts are refused."
            for name, one in self.refused.items()
            if one["refused"] > REFUSED_AT_MOST * one["drafts"]
        ]
        return found + [
            f"The {cost.name} takes {cost.mean:.1f} ms; it may take {cost.limit_ms:.0f}."
            for cost in (self.check, self.reread)
            if cost.over
        ]

    def plain(self) -> dict[str, Any]:
        """For a JSON file."""
        return {
            "drafts": self.drafts.plain(),
            "reports": self.reports.plain(),
            "correct_drafts": {"accepted": self.hands.made, "refused": self.hands.refused},
            "language": {rule: {"sentences": n, "broken": some} for rule, (n, some) in self.too_much.items()},
            "refused": self.refused,
            "cpu": {cost.name: cost.plain() for cost in (self.check, self.reread)},
            "shipped": self.shipped,
            "missed": self.missed,
        }


def report(figures: Figures) -> str:
    """The figures of parts a and b, as Markdown."""
    hands = ", ".join(f"{n:,} {origin}" for origin, n in figures.hands.made.items())
    lost = ", ".join(f"{n:,} {origin}" for origin, n in figures.hands.refused.items())
    said = [(rule, f"{n:,}", len(some)) for rule, (n, some) in figures.too_much.items()]
    rows = [
        (
            name,
            share(one["refused"], one["drafts"]),
            ", ".join(f"{c} {n}" for c, n in one["codes"].items()) or "-",
        )
        for name, one in figures.refused.items()
    ]
    costs = [
        (cost.name, f"{len(cost.ms):,}", f"{cost.mean:.2f}", f"{max(cost.ms):.2f}", f"{cost.limit_ms:.0f}")
        for cost in (figures.check, figures.reread)
    ]
    return "\n\n".join(
        [
            f"### Wrong drafts\n\nFrom correct drafts: {hands}. Left out, because they are refused: {lost}.",
            figures.drafts.table(),
            "### Wrong reports",
            figures.reports.table(),
            "### What the language itself allows",
            markdown(("rule", "accepted sentences", "that break it"), said),
            "### Correct drafts refused",
            markdown(("drafts", "refused (95 % interval)", "codes"), rows, text={0, 1, 2}),
            "### CPU, ms",
            markdown(("", "calls", "mean", "worst", "limit"), costs),
        ]
    )
