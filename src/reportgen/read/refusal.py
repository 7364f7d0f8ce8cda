"""What pydantic objects to, in this program's words: path, what was expected, a cure; never a value."""

import difflib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from reportgen.errors import InputError
from reportgen.nouns import Case
from reportgen.read.keys import keys_of, model_in
from reportgen.read.strict_json import below

__all__ = ["first_of", "refusal"]

_PLAIN = {
    "string_type": "a text in double quotes",
    "float_type": "a number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "model_type": "an object",
    "dict_type": "an object",
    "finite_number": "a number within range",
    "float_parsing": "a number",
    "date_type": "a date as YYYY-MM-DD",
    "date_parsing": "a date as YYYY-MM-DD",
    "date_from_datetime_parsing": "a date as YYYY-MM-DD",
    "date_from_datetime_inexact": "a date as YYYY-MM-DD",
}
_BOUND = {
    "greater_than_equal": "{ge} or more",
    "less_than_equal": "at most {le}",
    "too_short": "at least {min_length} entries",
    "too_long": "at most {max_length} entries",
    "string_too_short": "a text that is not empty",
    "string_too_long": "at most {max_length} characters",
    "literal_error": "{expected}",
}
_PATTERNS = {
    "case_id": "1 to 64 of A-Z a-z 0-9 . _ - that begin and end with a letter or digit",
    "sha256": "64 hexadecimal digits in lower case",
    "study_uid": "a DICOM UID: digits and dots",
    "sop_uid": "a DICOM UID: digits and dots",
    "domain": "the name of a domain, such as fetal_ultrasound",
    "fetus": "1 to 8 letters and digits that tell fetuses apart, such as A",
}
_CURES = {
    "score": "Scores are 0 to 1; logits and percentages are refused here.",
    "score_kind": "Logits are refused: supply softmax or sigmoid scores, and say which.",
    "schema": "This program reads cases (reportgen/case/v1), not reports or other records.",
}
_NO_SEX = "The sex is not accepted; remove it."
#: Characters of a key that are compared with the known ones.
_LONGEST_KEY = 60
_NUMBERS = ("float_type", "int_type")
#: Ways of a union: pydantic puts them into the location of an error.
_BRANCH = re.compile(r"(function-|tuple\[|constrained-|str$|dict\[)")


def refusal(error: ValidationError, record: Any = None) -> InputError:
    """The first of a record's faults, with the number of the others.

    Args:
        error: What pydantic says.
        record: The value it was said of, for the place of a key that may not be shown.
    """
    faults = error.errors(include_url=False, include_input=False)
    # Each beginning of a location once: a list of thousands of faults is not searched for each of them.
    above = {fault["loc"][:n] for fault in faults for n in range(len(fault["loc"]))}
    own = [fault for fault in faults if fault["type"] != "too_short" or fault["loc"] not in above]
    # A misspelt key explains why another is missing, so it is named first.
    own.sort(key=lambda fault: fault["type"] != "extra_forbidden")
    distinct: dict[tuple[str | int, ...], Any] = {}
    for fault in own:
        distinct.setdefault(_without_branches(fault["loc"]), fault)
    return first_of(_one(next(iter(distinct.values())), record), len(distinct) - 1)


def first_of(first: InputError, others: int) -> InputError:
    """The first of several faults, which says how many others there are."""
    if not others:
        return first
    more = f"(And {others} more {'fault' if others == 1 else 'faults'} in this record.)"
    return InputError(f"{first.problem} {more}", first.cure, file=first.file, row=first.row, path=first.path)


def _one(fault: Mapping[str, Any], record: Any) -> InputError:
    kind, location = fault["type"], fault["loc"]
    path, field = _path(location), str(location[-1]) if location else ""
    context = fault.get("ctx", {})
    if kind == "extra_forbidden":
        return _unknown_key(location, record)
    if kind == "missing":
        return InputError("This field is missing.", "Add it.", path=path)
    if kind == "value_error":
        return _own_words(str(context["error"]), path)
    if kind == "json_invalid":
        return InputError("The record is not valid JSON text.", "Write it with a JSON library.", path=path)
    if kind == "too_short" and context["min_length"] == 1:
        expected = "a list that is not empty"
    elif kind == "string_pattern_mismatch":
        expected = _PATTERNS.get(field, "another form of text")
    else:
        expected = _BOUND[kind].format(**context) if kind in _BOUND else _PLAIN.get(kind, "something else")
    if kind in _NUMBERS and isinstance(_at(record, location), str):
        expected += " without quotation marks"
    return InputError(f"Expected {expected}.", _CURES.get(field, "Correct it."), path=path)


def _own_words(message: str, path: str) -> InputError:
    """A validator of ours speaks: ``[field: ]says what is wrong``."""
    named = re.match(r"([a-z_]+): (.+)", message, re.DOTALL) if not path else None
    if named:
        return InputError(f"{named[2][0].upper()}{named[2][1:]}.", "Correct it.", path=named[1])
    return InputError(f"The value {message}.", "Correct it.", path=path)


def _without_branches(location: Sequence[str | int]) -> tuple[str | int, ...]:
    return tuple(part for part in location if isinstance(part, int) or not _BRANCH.match(part))


def _path(location: Sequence[str | int]) -> str:
    path = ""
    for part in _without_branches(location):
        path = below(path, part)
    return path


def _at(record: Any, location: Sequence[str | int]) -> Any:
    """The value at a location, or None where there is none."""
    for part in location:
        try:
            record = record[part]
        except (KeyError, IndexError, TypeError):
            return None
    return record


def _unknown_key(location: Sequence[str | int], record: Any) -> InputError:
    """The key itself is not shown: somebody may have written a name into it."""
    key, above = str(location[-1]), _at(record, location[:-1])
    which = ""
    if isinstance(above, dict) and key in above:
        which = f" (key {list(above).index(key) + 1} of {len(above)})"
    return InputError(
        f"A key here is not known{which}.", _did_you_mean(key, location[:-1]), path=_path(location[:-1])
    )


def _did_you_mean(key: str, location: Sequence[str | int]) -> str:
    known = _keys(location)
    close = difflib.get_close_matches(key[:_LONGEST_KEY], known, n=1, cutoff=0.6)
    if key == "sex":
        return _NO_SEX
    if close:
        return f"Did you mean '{close[0]}'?"
    return f"Known here: {', '.join(known)}. Anything else may stand under 'extensions' of the case."


def _keys(location: Sequence[str | int]) -> list[str]:
    """The keys that the model at a location knows."""
    model: type[BaseModel] = Case
    for part in location:
        field = model.model_fields.get(str(part)) if isinstance(part, str) else None
        model = (model_in(field.annotation) if field else None) or model
    return keys_of(model)
