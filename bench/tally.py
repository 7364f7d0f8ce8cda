"""Counts what was caught, by what, and what was not; and says it in tables."""

import gc
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from reportgen.intervals import wilson

__all__ = ["Cost", "Row", "Tally", "markdown", "share"]


_T = TypeVar("_T")


@dataclass
class Cost:
    """CPU time of many calls of one thing, without the collecting of others' garbage."""

    name: str
    limit_ms: float
    ms: list[float] = field(default_factory=list)

    def of(self, call: Callable[[], _T]) -> _T:
        """Call it, and add what it took."""
        gc.disable()
        begun = time.process_time_ns()
        try:
            return call()
        finally:
            self.ms.append((time.process_time_ns() - begun) / 1e6)
            gc.enable()

    @property
    def mean(self) -> float:
        """Milliseconds a call."""
        return sum(self.ms) / len(self.ms)

    @property
    def over(self) -> bool:
        """Whether a call takes more than it may, in the mean."""
        return self.mean > self.limit_ms

    def plain(self) -> dict[str, float]:
        """For a JSON file."""
        high = sum(ms > self.limit_ms for ms in self.ms)
        return {"calls": len(self.ms), "mean_ms": self.mean, "worst_ms": max(self.ms), "over_limit": high}


@dataclass
class Row:
    """One operator's mutants.

    Attributes:
        intended: Codes that are there to catch this; one of them must.
        codes: Mutants by code; a mutant may have several.
        strays: Mutants that were caught, but by none of the intended codes; ``strayed`` are the first ones.
        shipped: Those that would have been put out, as they would have been read.
    """

    intended: frozenset[str]
    made: int = 0
    codes: Counter[str] = field(default_factory=Counter)
    strays: int = 0
    stray_codes: Counter[str] = field(default_factory=Counter)
    strayed: list[str] = field(default_factory=list)
    shipped: list[str] = field(default_factory=list)


class Tally:
    """Rows by operator, in the order in which operators were named."""

    def __init__(self, operators: Iterable[tuple[str, frozenset[str]]]) -> None:
        self.rows = {name: Row(codes) for name, codes in operators}

    def add(self, operator: str, codes: Iterable[str], shipped: str | None, text: str = "") -> None:
        """Count a mutant: the codes that spoke against it, or the words that would have shipped."""
        row, found = self.rows[operator], frozenset(codes)
        row.made += 1
        row.codes.update(found)
        if shipped is not None:
            row.shipped.append(shipped)
        elif not found & row.intended:
            row.strays += 1
            row.stray_codes.update(found or {"nothing"})
            row.strayed += [text] if text and len(row.strayed) < 5 else []

    @property
    def made(self) -> int:
        """All mutants."""
        return sum(row.made for row in self.rows.values())

    @property
    def shipped(self) -> list[tuple[str, str]]:
        """Operator and words of every mutant that would have been put out."""
        return [(name, words) for name, row in self.rows.items() for words in row.shipped]

    @property
    def strays(self) -> int:
        """Mutants that no intended code caught."""
        return sum(row.strays for row in self.rows.values())

    @property
    def empty(self) -> list[str]:
        """Operators that made nothing: what they stand for was not tried."""
        return [name for name, row in self.rows.items() if not row.made]

    def table(self) -> str:
        """Operator by code, as Markdown."""
        rows = [
            (
                name,
                f"{row.made:,}",
                len(row.shipped),
                f"{row.strays:,}" + (f" ({_listed(row.stray_codes)})" if row.strays else ""),
                _listed(Counter({c: n for c, n in row.codes.items() if c in row.intended})),
                _listed(Counter({c: n for c, n in row.codes.items() if c not in row.intended})),
            )
            for name, row in self.rows.items()
        ]
        total = ("all", f"{self.made:,}", len(self.shipped), f"{self.strays:,}", "", "")
        head = ("operator", "mutants", "shipped", "only by others", "intended codes", "other codes")
        return markdown(head, [*rows, total], text={0, 4, 5})

    def plain(self) -> dict[str, Any]:
        """For a JSON file."""
        return {
            name: {
                "mutants": row.made,
                "shipped": row.shipped,
                "only_by_others": row.strays,
                "only_by_others_codes": dict(row.stray_codes),
                "only_by_others_texts": row.strayed,
                "intended": sorted(row.intended),
                "codes": dict(row.codes),
            }
            for name, row in self.rows.items()
        }


def _listed(codes: Counter[str]) -> str:
    return ", ".join(f"{code} {number:,}" for code, number in codes.most_common()) or "-"


def markdown(head: Sequence[str], rows: Iterable[Sequence[object]], text: set[int] | None = None) -> str:
    """A Markdown table; ``text`` are the columns that are no numbers (the first by default)."""
    left = text or {0}
    rule = ["---" if n in left else "--:" for n in range(len(head))]
    lines = [" | ".join(map(str, cells)) for cells in (head, *rows)]
    return "\n".join(f"| {line} |" for line in [lines[0], *lines[1:]]).replace(
        f"| {lines[0]} |", f"| {lines[0]} |\n|{'|'.join(rule)}|", 1
    )


def share(part: int, whole: int) -> str:
    """``12 of 300, 4.0 % (2.3-6.9)``."""
    low, high = wilson(part, whole)
    of = part / whole if whole else 0.0
    return f"{part:,} of {whole:,}, {of:.1%} ({low * 100:.1f}-{high * 100:.1f})".replace("%", " %")
