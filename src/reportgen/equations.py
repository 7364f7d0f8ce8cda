"""Growth-chart equations as data: arithmetic text from a domain, evaluated without ``eval``."""

import ast
import math
import operator
from collections.abc import Callable, Mapping
from functools import lru_cache
from statistics import NormalDist

from reportgen.errors import DomainError

__all__ = ["centile_of", "evaluate", "z_score"]

_BINARY: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
_FUNCTIONS: dict[str, Callable[[float], float]] = {"ln": math.log, "exp": math.exp, "sqrt": math.sqrt}


def evaluate(expression: str, variables: Mapping[str, float]) -> float:
    """The value of an arithmetic expression with ``+ - * / **``, ``ln``, ``exp`` and ``sqrt``.

    Raises:
        DomainError: The expression holds anything else, or a name that is not given.
    """
    return _value(_parse(expression), variables)


@lru_cache(maxsize=256)
def _parse(expression: str) -> ast.expr:
    try:
        return ast.parse(expression, mode="eval").body
    except SyntaxError:
        raise DomainError(
            f"The equation '{expression}' cannot be read.", "Correct it in domain.yaml."
        ) from None


def _value(node: ast.expr, variables: Mapping[str, float]) -> float:
    match node:
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.Name(id=name) if name in variables:
            return variables[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand, variables)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            return float(_BINARY[type(op)](_value(left, variables), _value(right, variables)))
        case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in _FUNCTIONS:
            return _FUNCTIONS[name](_value(argument, variables))
    raise DomainError(
        f"The equation part '{ast.unparse(node)}' is not arithmetic that reportgen reads.",
        "Use numbers, + - * / **, ln, exp, sqrt and the variable that the equation names.",
    )


def z_score(equation: Mapping[str, object], value: float, ga_days: int) -> float:
    """How many standard deviations ``value`` lies from the chart's mean at a gestational age.

    Args:
        equation: An ``equation`` of the domain: mean and sd (plain or natural-log scale), or L, M and S
            over the natural log of the value.
        value: In the unit of the measurement; above 0 for the log scales.
        ga_days: Gestational age in days; the caller has checked ``valid_ga_days``.
    """
    age = {"g": ga_days / 7, "d": float(ga_days)}
    if "l" in equation:
        power, median, spread = (evaluate(str(equation[key]), age) for key in ("l", "m", "s"))
        ratio = math.log(value) / median
        return math.log(ratio) / spread if power == 0 else (ratio**power - 1) / (spread * power)
    mean, deviation = (evaluate(str(equation[key]), age) for key in ("mean", "sd"))
    observed = math.log(value) if equation.get("scale") == "natural log" else value
    return (observed - mean) / deviation


def centile_of(z: float) -> str:
    """A z-score as a printed centile: whole numbers, ``<1`` and ``>99`` at the ends."""
    centile = NormalDist().cdf(z) * 100
    if centile < 1:
        return "<1"
    return ">99" if centile > 99 else str(round(centile))
