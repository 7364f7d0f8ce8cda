"""Recognise which program wrote a record, by its shape and never by a file's name."""

from collections.abc import Iterable, Iterator
from typing import Any

from reportgen.errors import InputError
from reportgen.read.options import Shape

__all__ = ["EXPECTED", "FILE_KEYS", "Item", "shape_of", "shape_of_columns", "split"]

EXPECTED = (
    "Give a native case (reportgen schema case), a FADA result, a Hugging Face image-classification list, "
    "a timm results table, or a FETAL_PLANES_DB table."
)
#: Names under which a table may hold the image's file name; the first column counts where none is there.
FILE_KEYS = ("filename", "file", "image", "image_path", "path")
_ANDROID = {"className", "classIndex", "displayName"}

#: A record, the shape it has (None where it has none), and whether a list or table of its kind held it.
Item = tuple[Any, Shape | None]


def shape_of(value: Any) -> Shape | None:
    """The shape of one record, or None."""
    if isinstance(value, list):
        labelled = value and all(isinstance(entry, dict) and "label" in entry for entry in value)
        return "huggingface" if labelled and not is_timm(value[0]) else None
    if not isinstance(value, dict):
        return None
    if "schema" in value or "case_id" in value or {"images", "classifier"} <= value.keys():
        return "native"
    if "predicted_class" in value:
        return "fada_chatbot"
    if "organ" in value or "raw_organ" in value:
        return "fada_web"
    if isinstance(value.get("predictions"), list) and _is_android(value):
        return "fada_android"
    return "timm" if is_timm(value) else None


def _is_android(value: dict[str, Any]) -> bool:
    entries = [entry for entry in value["predictions"] if isinstance(entry, dict)]
    return bool({"inferenceTimeMs", "modelName"} & value.keys()) or any(
        _ANDROID & entry.keys() for entry in entries
    )


def is_timm(value: Any) -> bool:
    """Whether a row has the columns that timm's inference.py writes."""
    if not isinstance(value, dict):
        return False
    columns = {str(key).strip().removesuffix("_0") for key in value}
    return bool({"prob", "logit"} & columns) or ("label" in columns and bool({"index", *FILE_KEYS} & columns))


def shape_of_columns(header: list[str]) -> Shape | None:
    """The shape of a table with these columns (stripped), or None."""
    if {"image_name", "plane", "brain_plane"} <= {name.casefold() for name in header}:
        return "fetal_planes_db"
    return "timm" if is_timm(dict.fromkeys(header)) else None


def split(document: Any) -> tuple[Iterable[Item], bool]:
    """The records of a whole JSON document, and whether it holds several.

    Raises:
        InputError: It is nothing that this program knows.
    """
    shape = shape_of(document)
    if shape is not None:
        return [(document, shape)], False
    if isinstance(document, list) and document:
        items = [(entry, shape_of(entry)) for entry in document]
        if any(found is not None for _, found in items):
            return items, True
    if isinstance(document, dict) and isinstance(document.get("columns"), list) and "data" in document:
        return _split_table(document), True
    if isinstance(document, dict) and document and all(is_timm(entry) for entry in document.values()):
        return [({FILE_KEYS[0]: name, **entry}, "timm") for name, entry in document.items()], True
    if not document and isinstance(document, (list, dict)):
        raise InputError("The JSON is empty: there is no result in it.", EXPECTED)
    raise InputError("The JSON is in no shape that this program knows.", EXPECTED)


def _split_table(document: dict[str, Any]) -> Iterator[Item]:
    """Rows of pandas' ``split`` orientation; a row that does not fit is passed on without a shape."""
    columns, data = document["columns"], document["data"]
    if not all(isinstance(name, str) for name in columns) or not isinstance(data, list):
        raise InputError("'columns' and 'data' must be lists of names and of rows.", EXPECTED, path="columns")
    if len(set(columns)) < len(columns):
        raise InputError("Two columns of the table have the same name.", "Rename one.", path="columns")
    shape = shape_of_columns([name.strip() for name in columns])
    for row in data:
        fits = isinstance(row, list) and len(row) == len(columns)
        yield (dict(zip(columns, row, strict=True)), shape) if fits else (row, None)
