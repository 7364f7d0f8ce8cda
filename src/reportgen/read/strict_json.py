"""The front door for text: UTF-8 only, and JSON without its ambiguities.

Python's parser takes NaN, lets the last of two equal keys win, turns 1e400 into infinity and fails on deep
nesting with a RecursionError. Here each of these is refused with the path of the place.
"""

import json
import math
import re
from collections import Counter
from typing import Any, NoReturn

from reportgen.errors import InputError
from reportgen.read.keys import is_known

__all__ = ["MAX_DEPTH", "MAX_RECORD", "below", "decode", "parse"]

#: Bytes of one record.
MAX_RECORD = 5 * 1024 * 1024
MAX_DEPTH = 64
#: Digits of one whole number; Python itself stops at 4,300.
MAX_DIGITS = 40

_BOMS = (
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)
#: First bytes of PNG, JPEG, PDF, zip and gzip files.
_NO_TEXT = (b"\x89PNG", b"\xff\xd8\xff", b"%PDF", b"PK\x03\x04", b"\x1f\x8b")
_MARKS = re.compile(r'"(?:[^"\\]++|\\.)*+"|[\[\]{}]', re.DOTALL)
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_AS_UTF8 = "Save the file as UTF-8."


class _Bad:
    """Stands in a parsed value for something that is refused, until its path is known."""

    def __init__(self, problem: str, cure: str) -> None:
        self.problem = problem
        self.cure = cure


def below(path: str, key: str | int) -> str:
    """The path of a member: ``images[0].score``. A key that no shape has may hold anything: not shown."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    shown = key if is_known(key) else "(a key that is not known)"
    return f"{path}.{shown}" if path else shown


def decode(data: bytes) -> str:
    """Bytes as text, without a byte order mark.

    Raises:
        InputError: They are not UTF-8, or not text.
    """
    for mark, name in _BOMS:
        if data.startswith(mark):
            raise InputError(f"The file is encoded as {name}, not UTF-8.", _AS_UTF8)
    head = data[:4096]
    if max(head[0::2].count(0), head[1::2].count(0)) * 3 > len(head) > 0:
        raise InputError("The file looks as if it were encoded as UTF-16, not UTF-8.", _AS_UTF8)
    if b"\x00" in head or head.startswith(_NO_TEXT):
        raise InputError(
            "The file is not text.",
            "Give classification results as JSON, JSONL or CSV, not the pictures themselves.",
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"The text is not UTF-8 (at byte {error.start + 1}); it may be Windows-1252 or Latin-1.", _AS_UTF8
        ) from None


def parse(text: str) -> Any:
    """A JSON text as Python values.

    Raises:
        InputError: It is not JSON, is truncated, is nested more than 64 deep, repeats a key, or holds NaN,
            Infinity, a number out of range or half a surrogate pair.
    """
    _refuse_deep(text)
    bad: list[_Bad] = []

    def stand_in(problem: str, cure: str) -> _Bad:
        bad.append(_Bad(problem, cure))
        return bad[-1]

    def constant(name: str) -> _Bad:
        return stand_in(f"{name} is not a number.", "Give a number, or leave the field out.")

    def decimal(digits: str) -> float | _Bad:
        number = float(digits)
        return number if math.isfinite(number) else stand_in("The number is out of range.", "Correct it.")

    def whole(digits: str) -> int | _Bad:
        return (
            int(digits)
            if len(digits) <= MAX_DIGITS
            else stand_in("The number is out of range.", "Correct it.")
        )

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            counts = Counter(key for key, _ in pairs)
            twice = next(key for key in counts if counts[key] > 1)
            found[twice] = stand_in("The key stands twice in one object.", "Keep one of the two.")
        return found

    try:
        value = json.loads(
            text, parse_constant=constant, parse_float=decimal, parse_int=whole, object_pairs_hook=members
        )
    except json.JSONDecodeError as error:
        _refuse_syntax(text, error)
    if bad:
        _refuse_first(value, "")
        raise InputError(bad[0].problem, bad[0].cure)
    if _SURROGATE.search(text):
        _refuse_surrogates(value, "")
    return value


def _refuse_deep(text: str) -> None:
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    depth = 0
    for mark in _MARKS.finditer(text):
        first = mark[0][0]
        if first in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise InputError(f"The JSON is nested more than {MAX_DEPTH} deep.", "Flatten the record.")
        elif first in "]}":
            depth -= 1


def _refuse_syntax(text: str, error: json.JSONDecodeError) -> NoReturn:
    where = f"line {error.lineno}, column {error.colno}"
    if error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string"):
        raise InputError(
            f"The JSON ends before it is complete ({where}).", "It looks truncated: write or copy it again."
        ) from None
    cure = "Correct it there, or write it with a JSON library."
    if text[error.pos : error.pos + 1] == "'":
        cure = "Write it with a JSON library: names and texts stand in double quotes."
    raise InputError(f"This is not JSON ({where}: {error.msg}).", cure) from None


def _refuse_first(value: Any, path: str) -> None:
    if isinstance(value, _Bad):
        raise InputError(value.problem, value.cure, path=path)
    for key, member in _members(value):
        _refuse_first(member, below(path, key))


def _refuse_surrogates(value: Any, path: str) -> None:
    if isinstance(value, str) and not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise InputError(
                "The text holds half a surrogate pair.", "Correct the text.", path=path
            ) from None
    for key, member in _members(value):
        _refuse_surrogates(key, below(path, key))
        _refuse_surrogates(member, below(path, key))


def _members(value: Any) -> list[tuple[str | int, Any]]:
    if isinstance(value, dict):
        return list(value.items())
    return list(enumerate(value)) if isinstance(value, list) else []
