"""What a caller may say about how inputs are read."""

from pathlib import Path
from typing import Literal

from reportgen.nouns.base import Frozen

__all__ = ["FOREIGN", "SHAPES", "ReadOptions", "Scale", "Shape"]

Shape = Literal[
    "native", "fada_chatbot", "fada_web", "fada_android", "huggingface", "timm", "fetal_planes_db"
]
Scale = Literal["auto", "fraction", "percent"]
SHAPES: tuple[Shape, ...] = (
    "native",
    "fada_chatbot",
    "fada_web",
    "fada_android",
    "huggingface",
    "timm",
    "fetal_planes_db",
)
FOREIGN = SHAPES[1:]


class ReadOptions(Frozen):
    """How inputs are read; native cases are affected by ``input_format`` and ``images`` only.

    Attributes:
        input_format: ``auto`` recognises each record's shape; a name refuses every other shape.
        confidence_scale: ``auto`` takes percent or fraction from the shape; never from the values.
        group_by: ``file``: each result of a foreign shape is a case of one image, so a table of a hundred
            rows is a hundred cases. ``folder``: all results below one folder's files are one case. Anything
            else is the name of a column or key: results of one file with an equal value there are one case.
        images: Folder that pictures are looked for in, instead of the input's own folder.
    """

    input_format: Shape | Literal["auto"] = "auto"
    confidence_scale: Scale = "auto"
    group_by: str = "file"
    images: Path | None = None
