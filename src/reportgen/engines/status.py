"""How the models stand on this machine. Loads none, downloads none, needs neither network nor the extra."""

from pathlib import Path
from typing import Any

from reportgen.engines import hub, probe, room, store
from reportgen.engines.choose import obstacle
from reportgen.engines.presets import Device, Precision, Preset, presets
from reportgen.nouns.base import Frozen

__all__ = ["ModelStatus", "model_status", "status_lines"]

#: For the Hub's answer, all models together.
_SECONDS = 5.0


class ModelStatus(Frozen):
    """How one preset stands on this machine.

    Attributes:
        installed: Whether its weights are here; ``folder`` says where.
        revision: The commit that is here; None where the weights come from elsewhere than the Hub.
        bytes: Of all its files here.
        runs: Whether it can run here as it is; if not, ``why`` says why as a clause.
        device, precision: As it would run, where it can.
        access: What the Hub says to a request for it: ``state``, ``problem``, ``cure``. None where it was not
            asked, or the model does not come from there.
    """

    name: str
    title: str
    licence: str | None
    installed: bool
    folder: str | None
    revision: str | None = None
    bytes: int | None = None
    runs: bool
    why: str | None
    device: Device | None = None
    precision: Precision | None = None
    access: dict[str, Any] | None = None


def model_status(*, ask: bool = False) -> list[ModelStatus]:
    """All presets, in the order of models.yaml.

    Args:
        ask: Ask the Hub, for a few seconds, whether it would give each of them.
    """
    asked = {one.name: hub.Question(one.hub, _SECONDS) for one in presets().values() if ask and one.hub}
    found = [_status(preset) for preset in presets().values()]
    said = {name: vars(question.within(_SECONDS)) for name, question in asked.items()}
    return [one.model_copy(update={"access": said.get(one.name)}) for one in found]


def _status(preset: Preset) -> ModelStatus:
    folder = store.find(preset)
    why = obstacle(preset) if preset.meant_for == "cuda" else _obstacle_on_cpu(preset, folder)
    device, precision = (None, None) if why else _as_it_runs(preset)
    return ModelStatus(
        name=preset.name,
        title=preset.title,
        licence=preset.licence,
        installed=folder is not None,
        folder=None if folder is None else str(folder),
        revision=None if folder is None else store.revision(folder),
        bytes=None if folder is None else store.size(folder),
        runs=why is None,
        why=why,
        device=device,
        precision=precision,
    )


def _obstacle_on_cpu(preset: Preset, folder: Path | None) -> str | None:
    if package := probe.missing_package(preset.precision["cpu"]):
        return f"{package} is not installed"
    return (
        None
        if folder
        else f"its weights are not on this machine; `reportgen model setup {preset.name}` fetches them"
    )


def _as_it_runs(preset: Preset) -> tuple[Device, Precision]:
    if probe.no_cuda():
        return "cpu", preset.precision["cpu"]
    return "cuda", room.precision_that_fits(preset, probe.cuda_free_gb())[0]


def status_lines(models: list[ModelStatus]) -> list[str]:
    """The models for a person."""
    return [line for one in models for line in _lines(one)]


def _lines(one: ModelStatus) -> list[str]:
    lines = [f"{one.name}  ({one.title}; {one.licence or 'licence not stated'})"]
    if one.folder:
        commit = f"revision {one.revision}, " if one.revision else ""
        lines.append(f"  here    {commit}{(one.bytes or 0) / 1e9:.2f} GB in {one.folder}")
    else:
        lines.append("  here    no")
    lines.append(f"  runs    on {one.device} in {one.precision}" if one.runs else f"  runs    no: {one.why}")
    if one.access:
        lines.append(f"  access  {one.access['problem']}")
    return lines
