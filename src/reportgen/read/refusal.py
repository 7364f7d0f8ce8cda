"""What pydantic objects to, in this program's words: path, what was expected, a cure; never a value."""

import difflib
import re
import typing
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from reportgen.errors import InputError
from reportgen.nouns import Case
from reportgen.read.strict_json import below

__all__ = ["first_of", "refusal"]

_PLAIN = {
    "string_type": "a text in double quotes",
    "float_type": "a number without quotation marks",
    "int_type": "a whole number without quotation marks",
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
}
_CURES = {
    "score": "Scores are 0 to 1; logits and percentages are refused here.",
    "score_kind": "Logits are refused: supply softmax or sigmoid scores, and say which.",
    "schema": "This program reads cases (reportgen/case/v1), not reports or other records.",
    "sex": "The sex is not accepted; remove it.",
}
#: Ways of a union: pydantic puts them into the location of an error.
_BRANCH = re.compile(r"(function-|tuple\[|constrained-|str$|dict\[)")


def refusal(error: ValidationError) -> InputError:
    """The first of a record's faults, with the number of the others."""
    faults = error.errors(include_url=False, include_input=False)
    locations = {fault["loc"] for fault in faults}
    own = [
        fault
        for fault in faults
        if fault["type"] != "too_short"
        or not any(
            other != fault["loc"] and other[: len(fault["loc"])] == fault["loc"] for other in locations
        )
    ]
    # A misspelt key explains why another is missing, so it is named first.
    own.sort(key=lambda fault: fault["type"] != "extra_forbidden")
    distinct = {_path(fault["loc"]): fault for fault in reversed(own)}
    return first_of([_one(fault) for fault in reversed(distinct.values())])


def first_of(faults: Sequence[InputError]) -> InputError:
    """The first of several faults, which says how many more there are."""
    first, others = faults[0], len(faults) - 1
    if not others:
        return first
    more = f"(And {others} more {'fault' if others == 1 else 'faults'} in this record.)"
    return InputError(f"{first.problem} {more}", first.cure, file=first.file, row=first.row, path=first.path)


def _one(fault: Mapping[str, Any]) -> InputError:
    kind, path = fault["type"], _path(fault["loc"])
    field = str(fault["loc"][-1]) if fault["loc"] else ""
    context = fault.get("ctx", {})
    if kind == "extra_forbidden":
        return InputError("This key is not known.", _did_you_mean(fault["loc"]), path=path)
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
    return InputError(f"Expected {expected}.", _CURES.get(field, "Correct it."), path=path)


def _own_words(message: str, path: str) -> InputError:
    """A validator of ours speaks: ``[field: ]says what is wrong``."""
    named = re.match(r"([a-z_]+): (.+)", message, re.DOTALL) if not path else None
    if named:
        return InputError(f"{named[2][0].upper()}{named[2][1:]}.", "Correct it.", path=named[1])
    return InputError(f"The value {message}.", "Correct it.", path=path)


def _path(location: Sequence[str | int]) -> str:
    path = ""
    for part in location:
        if isinstance(part, int) or not _BRANCH.match(part):
            path = below(path, part)
    return path


def _did_you_mean(location: Sequence[str | int]) -> str:
    known = _keys(location[:-1])
    close = difflib.get_close_matches(str(location[-1]), known, n=1, cutoff=0.6)
    if str(location[-1]) in _CURES:
        return _CURES[str(location[-1])]
    if close:
        return f"Did you mean '{close[0]}'?"
    return f"Known here: {', '.join(known)}. Anything else may stand under 'extensions' of the case."


def _keys(location: Sequence[str | int]) -> list[str]:
    """The keys that the model at a location knows."""
    model: type[BaseModel] = Case
    for part in location:
        field = model.model_fields.get(str(part)) if isinstance(part, str) else None
        inner = _model_in(field.annotation) if field else None
        model = inner or model
    return [field.alias or name for name, field in model.model_fields.items()]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (_model_in(argument) for argument in typing.get_args(annotation))
    return next((model for model in found if model), None)
