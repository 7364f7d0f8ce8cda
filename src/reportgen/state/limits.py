"""Values outside the configured limits: pointed out, never graded and never changed."""

import operator
from collections.abc import Callable, Iterator, Sequence
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

from reportgen.domain import Domain
from reportgen.nouns import GestationalAge
from reportgen.phrases import age_phrase, ordinal, say

if TYPE_CHECKING:
    from reportgen.state.biometry import Value

__all__ = ["outside"]

_BROKEN: dict[str, Callable[[float, float], bool]] = {
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}
#: A unit ten times larger or smaller, for values that look like a slip.
_SLIPS = {("mm", 10.0): "cm", ("cm", 0.1): "mm"}


def outside(
    value: "Value", values: "Sequence[Value]", age: GestationalAge | None, domain: Domain
) -> Iterator[str]:
    """Why a value is pointed out: bounds, distance from the chart, or the measurement's own rule."""
    measure, number = value.measure, value.given.value
    lo, hi = measure.flag_outside
    if not lo <= number <= hi:
        guess = _slip(measure.unit, number, lo, hi)
        key = "outside.slip" if guess else "outside.bounds"
        yield say(domain, key, lo=f"{lo:g}", hi=f"{hi:g}", unit=measure.unit, guess=guess)
        return
    far = float(domain.thresholds["check_entry"]["z"])
    if value.z is not None and age and abs(value.z) > far:
        yield say(domain, "outside.z", ga=str(age), z=f"{far:g}")
        return
    rule = measure.flag_rule
    if rule["kind"] == "centile" and value.z is not None and age:
        low, high = (NormalDist().inv_cdf(int(str(rule[end])[1:]) / 100) for end in ("below", "above"))
        if not low <= value.z <= high:
            ends = {end: ordinal(domain, int(str(rule[end])[1:])) for end in ("below", "above")}
            limits = say(domain, "outside.centiles", **ends)
            yield say(domain, "outside.centile", ga=age_phrase(age.total_days), limits=limits)
    elif rule["kind"] == "value" and _applies(rule, value, values, age):
        for name, test in _BROKEN.items():
            if name in rule and test(number, rule[name]):
                yield say(domain, f"outside.{name}", limit=f"{rule[name]:g}", unit=measure.unit)


def _slip(unit: str, number: float, lo: float, hi: float) -> str:
    """The unit that the value looks like: ten times or a tenth of it lies inside the bounds."""
    return next(
        (name for (known, factor), name in _SLIPS.items() if known == unit and lo <= number * factor <= hi),
        "",
    )


def _applies(
    rule: dict[str, Any], value: "Value", values: "Sequence[Value]", age: GestationalAge | None
) -> bool:
    window = rule.get("window_days")
    if window and (age is None or not window[0] <= age.total_days <= window[1]):
        return False
    condition = rule.get("only_if", {})
    if "convention" in condition and value.given.convention != condition["convention"]:
        return False
    if "measurement" in condition:
        lo, hi = condition["between"]
        others = [
            v.given.value
            for v in values
            if v.key == condition["measurement"] and v.given.fetus == value.given.fetus
        ]
        return bool(others) and all(lo <= other <= hi for other in others)
    return True
