"""How numbers, ages, scores and lists of images are spelled, the same in every room."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from itertools import groupby
from typing import Any, Literal

from reportgen.domain import Domain

__all__ = [
    "age_phrase",
    "capital",
    "date_phrase",
    "images_phrase",
    "joined",
    "number_phrase",
    "ordinal",
    "say",
    "score_phrase",
    "strung",
]

_PART = re.compile("YYYY|MMM|MM|DD|D")
_NAMED = re.compile(r"\{(?:day|month|year)\}")


def say(domain: Domain, key: str, **values: object) -> str:
    """A sentence of the domain's ``wording`` (``reviewer.near_tie``) with its values put in."""
    text: Any = domain.wording
    for part in key.split("."):
        text = text[part]
    return str(text).format(**values)


def joined(domain: Domain, words: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    if len(words) == 1:
        return words[0]
    return strung(domain, "comma", words[:-1]) + say(domain, "joining.last") + words[-1]


def strung(domain: Domain, mark: Literal["comma", "semicolon"], parts: Iterable[str]) -> str:
    """``a, b``, or ``a; b`` for longer parts."""
    return say(domain, f"joining.{mark}").join(parts)


def ordinal(domain: Domain, number: int) -> str:
    """``1st``, ``2nd``, ``3rd``, ``11th``: the forms of English, which other languages may write alike."""
    form = {1: "one", 2: "two", 3: "few"}.get(number % 10, "other")
    return say(domain, f"ordinal.{'other' if number % 100 in (11, 12, 13) else form}", n=number)


def images_phrase(domain: Domain, numbers: Iterable[int]) -> str:
    """``image 1``, ``images 1 and 3``, ``images 2-5 and 9``: three or more in a row become a range."""
    ordered = sorted(set(numbers))
    if len(ordered) == 1:
        return say(domain, "image", n=ordered[0])
    parts: list[str] = []
    for _, run in groupby(enumerate(ordered), key=lambda pair: pair[1] - pair[0]):
        members = [number for _, number in run]
        if len(members) > 2:
            parts.append(f"{members[0]}-{members[-1]}")
        else:
            parts += [str(member) for member in members]
    return say(domain, "images", list=joined(domain, parts))


def number_phrase(value: float, decimals: int) -> str:
    """A value as it was supplied, with at least ``decimals`` decimals: 175.0, 47.63, 1850."""
    plain = format(Decimal(repr(value)).normalize(), "f")
    whole, _, fraction = plain.partition(".")
    fraction = fraction.ljust(decimals, "0")
    return f"{whole}.{fraction}" if fraction else whole


def score_phrase(score: float | None) -> str | None:
    """A score with two decimals, never 1.00: ``0.82``, ``>0.99``; ``<0.01`` for less than half of that."""
    if score is None:
        return None
    rounded = Decimal(repr(abs(score))).quantize(Decimal("0.01"), ROUND_HALF_UP)
    if rounded >= 1:
        return ">0.99"
    return "<0.01" if rounded == 0 < score else f"{rounded}"


def age_phrase(days: int) -> str:
    """Days as weeks+days: 143 is ``20+3``."""
    return f"{days // 7}+{days % 7}"


def date_phrase(day: date, words: Mapping[str, str]) -> str:
    """A day in the site's ``date_format``, else as the language has it: ``23 Nov 2026``.

    Not by ``str.format``: the words may be those of a report.json, which is no place for expressions.
    """
    month = words["months"].split()[day.month - 1]
    if "date_format" not in words:
        named = {"{day}": str(day.day), "{month}": month, "{year}": f"{day.year:04}"}
        return _NAMED.sub(lambda part: named[part[0]], words["date"])
    parts = {
        "YYYY": f"{day.year:04}",
        "MMM": month,
        "MM": f"{day.month:02}",
        "DD": f"{day.day:02}",
        "D": str(day.day),
    }
    return _PART.sub(lambda part: parts[part[0]], words["date_format"])


def capital(text: str) -> str:
    """The text with a capital first letter."""
    return text[:1].upper() + text[1:]
