"""Tables of timm's ``inference.py``: CSV or JSON; one label, lists in cells, or a column for each place."""

import re
from typing import Any

from reportgen.domain import Domain
from reportgen.errors import InputError
from reportgen.phrases import say
from reportgen.read.foreign import Candidate, Result, integer, score_of, text_of
from reportgen.read.options import Scale
from reportgen.read.shapes import FILE_KEYS

__all__ = ["read_timm"]

_PARTS = ("label", "prob", "index")
_PLACED = re.compile(r"(label|prob|index|logit)(_\d+)?\Z")
#: What numpy and pandas print inside brackets: quoted texts, or words without blanks.
_CELL = re.compile(r"""'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|([^\s,'"\[\]]+)""")


def read_timm(value: dict[str, Any], domain: Domain, scale: Scale) -> Result:
    """One row.

    Raises:
        InputError: It holds logits, or scores without labels, or lists of different length.
    """
    row = {str(key).strip(): cell for key, cell in value.items()}
    parts = {part: _column(row, part) for part in _PARTS}
    if _column(row, "logit"):
        raise InputError(
            "The table holds logits, which are not scores.",
            "Run inference.py with --output-type prob.",
            path="logit",
        )
    labels, probs, indices = (parts[part] for part in _PARTS)
    if not labels:
        raise InputError(
            "The table has scores and no labels, and the order of the classes is not known.",
            "Run inference.py with --label-type name (or detail), --include-index and --topk.",
            path="label",
        )
    if any(other and len(other) != len(labels) for other in (probs, indices)):
        raise InputError(
            "Labels, scores and indices of this row are not equally many.",
            "Write the table again.",
            path="label",
        )
    percent = scale == "percent"
    candidates = []
    for n, (path, label) in enumerate(labels):
        score = score_of(probs[n][1], probs[n][0], percent=percent, cell=True) if probs else None
        index = integer(indices[n][1], indices[n][0], cell=True) if indices else None
        places = [column[n][0] if column else "" for column in (probs, indices)]
        candidates.append(Candidate(text_of(label, path, "a label"), score, index, path, *places))
    classifier = {"name": "timm", "score_kind": "softmax" if probs else "none"}
    return Result(tuple(candidates), classifier, _image(row), notes=(say(domain, "source.timm"),))


def _column(row: dict[str, Any], part: str) -> list[tuple[str, Any]]:
    """The values of one part with their paths: from ``label_0`` on, or out of ``label``."""
    if part in row:
        cell = row[part]
        if isinstance(cell, list):
            return [(f"{part}[{n}]", entry) for n, entry in enumerate(cell)]
        if isinstance(cell, str) and cell.startswith("["):
            return [(f"{part}[{n}]", entry) for n, entry in enumerate(_listed(cell, part))]
        return [(part, cell)]
    found: list[tuple[str, Any]] = []
    while f"{part}_{len(found)}" in row:
        found.append((f"{part}_{len(found)}", row[f"{part}_{len(found)}"]))
    return found


def _listed(cell: str, path: str) -> list[str]:
    """The entries of a list as numpy prints it, over several lines or with commas."""
    inside = cell.strip()
    if not inside.endswith("]") or "..." in inside or _CELL.sub("", inside[1:-1]).strip(" \t\r\n,"):
        raise InputError(
            "The list in this cell is shortened or broken.",
            "Write the table with --results-separate-col.",
            path=path,
        )
    return [_unescaped(one or other) or word for one, other, word in _CELL.findall(inside[1:-1])]


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def _image(row: dict[str, Any]) -> str | None:
    """The image's name: from a column that is called so, else from the first that is no part of a result."""
    named = next((key for key in FILE_KEYS if key in row), None)
    key = named or next((key for key in row if not _PLACED.match(key)), None)
    name = row[key] if key else None
    return name if isinstance(name, str) and name.strip() else None
