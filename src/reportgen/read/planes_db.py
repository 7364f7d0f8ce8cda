"""The annotation table of FETAL_PLANES_DB: labels that people gave, without scores.

``Patient_num`` serves to group images (``--group-by Patient_num``) and goes nowhere else.
"""

from typing import Any

from reportgen.domain import Domain
from reportgen.errors import InputError
from reportgen.phrases import say
from reportgen.read.foreign import Candidate, Result, text_of
from reportgen.read.ids import base_name
from reportgen.read.options import Scale

__all__ = ["read_planes_db"]

_ORDER = "fetal_planes_db"
#: The table's spelling of "a brain, but none of the three planes", and the label that says so by itself.
_BRAIN, _OTHER, _NOT_BRAIN = "fetal brain", "other", "not a brain"
_OTHER_BRAIN = "Fetal brain, other plane"


def read_planes_db(value: dict[str, Any], domain: Domain, scale: Scale) -> Result:  # noqa: ARG001 - one signature
    """One row: ``Image_name`` (without an extension), ``Plane`` and, for brains, ``Brain_plane``."""
    row = {str(key).strip().casefold(): cell for key, cell in value.items()}
    name = text_of(row.get("image_name"), "Image_name", "the name of an image")
    plane = text_of(row.get("plane"), "Plane", "a plane")
    brain = text_of(row.get("brain_plane"), "Brain_plane", "a plane of the brain")
    label, path = plane, "Plane"
    if plane.casefold() == _BRAIN:
        label, path = (_OTHER_BRAIN if brain.casefold() == _OTHER else brain), "Brain_plane"
    if (plane.casefold() == _BRAIN) == (brain.casefold() == _NOT_BRAIN):
        raise InputError(
            "Plane and Brain_plane contradict each other.", "Correct the row.", path="Brain_plane"
        )
    classifier: dict[str, Any] = {"name": "FETAL_PLANES_DB annotators", "score_kind": "none"}
    if _ORDER in domain.label_orders:
        classifier["label_set"] = _ORDER
    image = name if name.lower().endswith((".png", ".jpg", ".jpeg")) else f"{name}.png"
    return Result(
        (Candidate(label, None, None, path),),
        classifier,
        image,
        pictures=(base_name(image), f"Images/{base_name(image)}"),
        notes=(say(domain, "source.planes_db"),),
    )
