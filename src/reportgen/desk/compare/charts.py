"""Charts as lists of marks, the same on a page and on paper: nothing relies on colour, all is said in words.

Lengths are points; x runs to the right and y down from the upper left corner.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from reportgen.desk.compare.noun import Rate

__all__ = ["Box", "Chart", "Dot", "Mark", "Stroke", "Words", "rates", "readable", "stacks"]

#: Left, upper edge, width and height.
Place = tuple[float, float, float, float]
Ink = Literal["ink", "grey", "pale", "paper", "accent"]
WIDE = 493.0
_LABEL, _RIGHT, _ROW, _BAR = 128.0, 64.0, 24.0, 14.0
#: From so many times on, an axis is logarithmic.
_FAR = 30.0
_MOST_LETTERS = 26


class Box(NamedTuple):
    """A rectangle; without ``fill`` only its outline."""

    x: float
    y: float
    width: float
    height: float
    fill: Ink | None = None
    outline: Ink | None = "ink"


class Stroke(NamedTuple):
    """A straight line."""

    x: float
    y: float
    to_x: float
    to_y: float
    weight: float = 0.7
    ink: Ink = "ink"


class Dot(NamedTuple):
    """A full circle."""

    x: float
    y: float
    radius: float


class Words(NamedTuple):
    """A line of text; ``x`` is its left end, middle or right end, ``y`` its base line."""

    x: float
    y: float
    text: str
    align: Literal["left", "centre", "right"] = "left"
    size: float = 8.0
    ink: Ink = "ink"


Mark = Box | Stroke | Dot | Words


class Chart(NamedTuple):
    """A drawing, and all it says in words."""

    title: str
    alternative: str
    height: float
    marks: tuple[Mark, ...]
    width: float = WIDE


def stacks(title: str, kinds: Sequence[str], rows: Sequence[tuple[str, Sequence[float], int]]) -> Chart:
    """Bars of parts that make a whole.

    Args:
        title: What is shown.
        kinds: Names of the parts, at most four, each with a pattern of its own.
        rows: Name, shares (0 to 1) and number of each whole.
    """
    marks: list[Mark] = []
    x = _LABEL
    for number, kind in enumerate(kinds):
        marks += _filled(number, (x, 2, 16, 9))
        marks.append(Words(x + 21, 10, kind))
        x += 92
    full = WIDE - _LABEL - _RIGHT
    for row, (name, shares, whole) in enumerate(rows):
        y = 20 + row * _ROW
        marks.append(Words(_LABEL - 8, y + 10.5, _short(name), "right"))
        x = _LABEL
        for number, share in enumerate(shares):
            if share > 0:
                marks += _filled(number, (x, y, share * full, _BAR), f"{share * 100:.0f} %")
            x += share * full
        if not whole:
            marks.append(Box(_LABEL, y, full, _BAR, outline="grey"))
        marks.append(Words(WIDE, y + 10.5, f"n = {whole:,}", "right", ink="grey"))
    told = "; ".join(
        f"{name}: "
        + ", ".join(f"{kind} {share * 100:.0f} %" for kind, share in zip(kinds, shares, strict=True))
        + f" of {whole:,}"
        for name, shares, whole in rows
    )
    return Chart(title, f"Bars. {title}. {told}.", 20 + len(rows) * _ROW, tuple(marks))


def _filled(number: int, place: Place, text: str = "") -> Iterator[Mark]:
    """A part in its pattern: full, hatched, lined on grey, empty; with its share where it has room."""
    x, y, width, height = place
    yield Box(x, y, width, height, ("accent", "paper", "pale", "paper")[number])
    if number == 1:
        step = 4.0
        for start in range(1, int((width + height) / step) + 1):
            length = start * step
            left, right = max(0.0, length - height), min(length, width)
            if right > left:
                yield Stroke(x + left, y + length - left, x + right, y + length - right, 0.6, "accent")
    if number == 2:
        for line in range(1, int(height / 3.0)):
            yield Stroke(x, y + line * 3.0, x + width, y + line * 3.0, 0.35, "grey")
    if text and width >= 30:
        middle = x + width / 2
        if number in {1, 2}:
            yield Box(middle - 12, y + 2, 24, height - 4, "paper", None)
        yield Words(middle, y + height - 3.8, text, "centre", 7.4, "paper" if number == 0 else "ink")


def rates(title: str, rows: Sequence[tuple[str, Rate | None]]) -> Chart | None:
    """Dots with their intervals on one axis; None where nobody has the figure."""
    known = [(name, rate) for name, rate in rows if rate is not None and rate.value > 0]
    if not known:
        return None
    ends = [end for _, rate in known for end in _ends(rate) if end > 0]
    axis = _Axis(min(ends), max(ends))
    bottom = 6 + len(known) * _ROW
    marks: list[Mark] = [Stroke(_LABEL, bottom, WIDE - _RIGHT, bottom, ink="grey")]
    for tick in axis.ticks:
        x = axis.at(tick)
        marks += [Stroke(x, 4, x, bottom, 0.35, "pale"), Stroke(x, bottom, x, bottom + 3, ink="grey")]
        marks.append(Words(x, bottom + 12, f"{tick:,.12g}", "centre", 7.2, "grey"))
    for row, (name, rate) in enumerate(known):
        y = 6 + row * _ROW + 9
        low, high = (axis.at(end) for end in _ends(rate))
        marks.append(Words(_LABEL - 8, y + 3, _short(name), "right"))
        if rate.interval is not None:
            marks.append(Stroke(low, y, high, y, 1.1))
            marks += [Stroke(x, y - 3.5, x, y + 3.5, 1.1) for x in (low, high)]
        marks += [Dot(axis.at(rate.value), y, 2.6), Words(WIDE, y + 3, readable(rate.value), "right")]
    told = "; ".join(f"{name}: {_said(rate)}" for name, rate in known)
    title += " (logarithmic axis)" if axis.logarithmic else ""
    return Chart(title, f"Dots with their intervals. {title}. {told}.", bottom + 27, tuple(marks))


def _ends(rate: Rate) -> tuple[float, float]:
    return (rate.interval.low, rate.interval.high) if rate.interval else (rate.value, rate.value)


def _said(rate: Rate) -> str:
    low, high = _ends(rate)
    within = f", 95 % interval {readable(low)} to {readable(high)}" if rate.interval else ", no interval"
    return readable(rate.value) + within


def readable(value: float) -> str:
    """Three digits, or all of the whole ones."""
    size = abs(value)
    return f"{value:,.{0 if size >= 100 else 1 if size >= 10 else 2 if size >= 1 else 3}f}"


class _Axis:
    """From values to places; its ticks are round."""

    def __init__(self, least: float, most: float) -> None:
        self.logarithmic = most / least >= _FAR
        if self.logarithmic:
            first, last = math.floor(math.log10(least)), math.ceil(math.log10(most))
            self.ticks = [10.0**power for power in range(first, max(last, first + 1) + 1)]
        else:
            step = 10.0 ** math.floor(math.log10(most))
            step = next(part for part in (step / 5, step / 2, step, 2 * step) if most / part <= 6)
            self.ticks = [step * number for number in range(math.ceil(most / step) + 1)]

    def at(self, value: float) -> float:
        """The place of a value, which may be below the first tick only by rounding."""
        ends = self.ticks[0], self.ticks[-1]
        if self.logarithmic:
            value = max(value, ends[0])
            part = math.log(value / ends[0]) / math.log(ends[1] / ends[0])
        else:
            part = value / ends[1]
        return _LABEL + part * (WIDE - _LABEL - _RIGHT)


def _short(name: str) -> str:
    return name if len(name) <= _MOST_LETTERS else name[: _MOST_LETTERS - 1] + "…"
