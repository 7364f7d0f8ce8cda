"""The keys that records may have.

Errors show these and no others: somebody may have written a patient's name into any other.
"""

import re
import typing
from typing import Any

from pydantic import BaseModel

from reportgen.nouns import Case

__all__ = ["is_known", "keys_of", "model_in"]

#: Keys of the shapes that other programs write.
# fmt: off
_FOREIGN = frozenset((
    "image_path", "predicted_class", "confidence", "top_3_predictions", "response_text",
    "processing_time", "metadata", "error", "organ", "raw_organ", "quality", "orientation",
    "description", "classIndex", "className", "displayName", "inferenceTimeMs", "modelName", "prob",
    "logit", "filename", "image", "path", "columns", "data", "Image_name", "Patient_num", "Plane",
    "Brain_plane",
))
# fmt: on
#: The columns of a table with one for each place.
_PLACED = re.compile(r"(label|prob|index|logit)_[0-9]{1,3}\Z")


def is_known(key: str) -> bool:
    """Whether a key is one of a supported shape, so that it may be shown."""
    return key in _KNOWN or bool(_PLACED.match(key))


def keys_of(model: type[BaseModel]) -> list[str]:
    """The keys of one model, as records spell them."""
    return [field.alias or name for name, field in model.model_fields.items()]


def model_in(annotation: Any) -> type[BaseModel] | None:
    """The model that an annotation holds, alone or in a list or union; None where it holds none."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (model_in(argument) for argument in typing.get_args(annotation))
    return next((model for model in found if model), None)


def _native(model: type[BaseModel]) -> set[str]:
    inner = (model_in(field.annotation) for field in model.model_fields.values())
    return set(keys_of(model)).union(*(_native(each) for each in inner if each))


_KNOWN = _FOREIGN | _native(Case)
