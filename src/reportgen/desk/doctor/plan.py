"""What a run here is meant to do: what was asked for, and who would write because of it."""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal, get_args

from reportgen.desk.doctor.finding import Finding
from reportgen.domain import DEFAULT
from reportgen.engines import Precision, Preset, presets, room, store
from reportgen.engines.nvidia import Driver
from reportgen.engines.presets import describe
from reportgen.errors import EngineError
from reportgen.settings import Settings

__all__ = ["Meant", "Plan"]


@dataclass(frozen=True)
class Meant:
    """What ``reportgen run`` is asked for: by options, environment and reportgen.toml.

    Attributes:
        used: The configuration file, if there is one.
        fault: What is wrong with it: problem and cure; then all the rest stands at its defaults.
    """

    model: str = "auto"
    engine: str | None = None
    device: str = "auto"
    precision: str | None = None
    cluster: str | None = None
    domain: str = DEFAULT
    lang: str | None = None
    settings: Settings = field(default_factory=Settings)
    used: Path | None = None
    fault: tuple[str, str] | None = None


class Plan:
    """Who would write. The rules are those of ``load_engine``.

    Attributes:
        writer: ``model``: one on this machine; ``server``, ``cluster``: one elsewhere; ``fixed``: none.
        named: Whether the model was asked for, so that a run without it ends; else it is only hoped for.
        preset: The model; None where none is meant, or there is none of that name (``unknown`` says so).
        on_cuda: Whether it is meant to run on CUDA, and nowhere else.
        precision: What was asked for; else what suits the device, once ``settle`` has told its memory.
    """

    def __init__(self, meant: Meant) -> None:
        must = meant.engine == "transformers" or meant.device == "cuda"
        self.named = meant.model != "auto" or must
        self.writer = _writer(meant, named=self.named)
        self.unknown: EngineError | None = None
        self.preset: Preset | None = None
        if self.writer == "model":
            try:
                self.preset = _hoped_for() if meant.model == "auto" else describe(meant.model)
            except EngineError as error:
                self.unknown = error
        usual = self.preset.meant_for if self.preset else None
        self.on_cuda = meant.device == "cuda" or (meant.device == "auto" and usual == "cuda")
        known: dict[str, Precision] = {name: name for name in get_args(Precision)}
        self.precision = known.get(meant.precision or "")
        if self.preset is not None and self.precision is None:
            self.precision = self.preset.precision["cuda" if self.on_cuda else "cpu"]
        self._settled = meant.precision is not None or not self.on_cuda

    @cached_property
    def folder(self) -> Path | None:
        """The folder with its weights, or None."""
        return store.find(self.preset) if self.preset else None

    def settle(self, driver: Driver | None) -> None:
        """Let the memory of the GPU decide the precision, if none was asked for."""
        free = driver.used.free_gb if driver and driver.used else None
        if self.preset is not None and free is not None and not self._settled:
            self.precision, _ = room.precision_that_fits(self.preset, free)

    def hinders(self, name: str, said: str, cure: str) -> Finding:
        """What keeps the model from writing: a failure if it was named, else a reason for fixed sentences."""
        return Finding(name, "fail" if self.named else "warn", said, cure, "model")

    def on_gpu(self, name: str, said: str, cure: str) -> Finding:
        """What keeps CUDA from being used: it hinders a model that is meant to run there, and no other."""
        return self.hinders(name, said, cure) if self.on_cuda else Finding(name, "warn", said, cure)


def _writer(meant: Meant, *, named: bool) -> Literal["model", "server", "cluster", "fixed"]:
    if meant.cluster is not None:
        return "cluster"
    if meant.engine == "openai":
        return "server"
    if meant.engine == "template" or (meant.device == "cpu" and not named):
        return "fixed"
    return "model"


def _hoped_for() -> Preset:
    """What ``auto`` takes: the first that is here, else the first."""
    candidates = [preset for preset in presets().values() if preset.auto]
    return next(filter(store.find, candidates), candidates[0])
