"""What every adapter gives back, and how it takes values out of another program's record."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from reportgen.errors import InputError

__all__ = ["Candidate", "Result", "integer", "listed", "score_of", "shown_score", "text_of"]

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,4})?\Z")
_FRACTIONS = "Say --confidence-scale percent if the numbers are percentages."
_LOGITS = "Logits are refused: write the classifier's softmax or sigmoid output."


@dataclass(frozen=True, slots=True)
class Candidate:
    """One label of one image, with the path of each value in the record it comes from."""

    label: str
    score: float | None
    index: int | None
    label_path: str
    score_path: str = ""
    index_path: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """What a foreign record says of one image.

    Attributes:
        classifier: A native ``classifier`` block.
        image: The image's file name or path as the record gives it, or None.
        pictures: Relative paths at which its picture may be, most likely first.
        notes: What was read in a way that the report must state.
    """

    candidates: tuple[Candidate, ...]
    classifier: Mapping[str, Any]
    image: str | None = None
    pictures: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())


def text_of(value: Any, path: str, what: str = "a text") -> str:
    """A text that is not empty.

    Raises:
        InputError: It is something else, or missing.
    """
    if not isinstance(value, str) or not value.strip():
        problem = "The field is missing." if value is None else f"Expected {what} here."
        raise InputError(problem, f"Give {what}.", path=path)
    return value.strip()


def listed(value: Any, path: str) -> list[Any]:
    """A list that is not empty.

    Raises:
        InputError: It is something else.
    """
    if not isinstance(value, list) or not value:
        raise InputError(
            "Expected a list with at least one entry here.", "Write the result again.", path=path
        )
    return value


def integer(value: Any, path: str, *, cell: bool = False) -> int | None:
    """A class index, zero or more, or None where there is none; ``cell`` says that a table gives it as text.

    Raises:
        InputError: It is something else.
    """
    if value is None or value == "":
        return None
    if cell and isinstance(value, str) and re.fullmatch(r"[0-9]{1,6}", value):
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise InputError("Expected a class index: a whole number, zero or more.", "Correct it.", path=path)
    return value


def score_of(value: Any, path: str, *, percent: bool, cell: bool = False) -> float:
    """A score between 0 and 1; percentages are divided exactly; ``cell`` as for ``integer``.

    Raises:
        InputError: It is no number, or outside 0 to 1 (or 0 to 100).
    """
    if cell and isinstance(value, str) and _NUMBER.match(value):
        number = Decimal(value)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        number = Decimal(str(value))
    else:
        problem = "The score is missing." if value is None or value == "" else "Expected a number here."
        raise InputError(problem, "Give the score as a number with a decimal point.", path=path)
    top = 100 if percent else 1
    if number < 0:
        raise InputError("The score is negative.", _LOGITS, path=path)
    if number > top:
        kind = "percentages, 0 to 100" if percent else "fractions, 0 to 1"
        raise InputError(
            f"The score is above {top}; scores of this shape are {kind}.",
            _LOGITS if percent else _FRACTIONS,
            path=path,
        )
    return float(number / top) + 0.0  # a negative zero becomes zero


def shown_score(score: float) -> str:
    """A score as reports print it: two decimals, never 1.00 or 0.00 for what is only near."""
    if 0.995 <= score < 1:
        return ">0.99"
    return "<0.01" if 0 < score < 0.005 else f"{score:.2f}"
