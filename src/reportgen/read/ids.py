"""Ids for shapes that bring none: from relative path and row, never from a patient's data."""

import re

from reportgen.files import sha256
from reportgen.nouns.case import why_no_folder

__all__ = ["base_name", "case_id", "group_id", "id_key"]

_LONGEST = 64
_KEPT = 48
_SUFFIXES = re.compile(r"\.(jsonl?|ndjson|csv|txt)\Z", re.IGNORECASE)


def case_id(name: str, row: int | None = None) -> str:
    """The id of a case that has none of its own: ``study/a.csv``, row 3 becomes ``study-a-row3-5f0c2a91``.

    The hash is added where the readable part alone would not say the whole: where characters were replaced,
    it was too long, or the name is one that no folder may have. Equal inputs get equal ids.
    """
    stem = "stdin" if name == "-" else _SUFFIXES.sub("", name)
    wanted = stem if row is None else f"{stem}-row{row}"
    clean = _clean(wanted)
    if clean == wanted and len(clean) <= _LONGEST and not why_no_folder(clean):
        return clean
    return f"{_short(clean)}-{sha256(f'{name}:{row}')[:8]}"


def group_id(name: str, column: str, value: str) -> str:
    """The id of the results of one file that share a value; the value, maybe a patient number, is not in it.

    The hash hides the value from a reader. It does not make it anonymous: who knows all possible values can
    try them.
    """
    stem = _clean("stdin" if name == "-" else _SUFFIXES.sub("", name))
    return f"{_short(stem)}-{sha256(f'{name}:{column}:{value}')[:12]}"


def id_key(identifier: str) -> str:
    """What must be unique in a run: two ids that differ in case alone are one folder on some systems."""
    return identifier.casefold()


def base_name(path: str) -> str:
    """The last part of a path as any system writes it."""
    return re.split(r"[\\/]", path.rstrip("\\/"))[-1]


def _clean(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("._-")


def _short(clean: str) -> str:
    short = clean[:_KEPT].strip("._-") or "case"
    return f"case-{short}" if why_no_folder(short) else short
