"""Which engine writes: what was named, or with ``auto`` MedGemma where it can run; never a silent change."""

import importlib.util
import os
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import get_args

from reportgen.engines import probe, room, store
from reportgen.engines.base import Engine
from reportgen.engines.presets import Choice, Device, Precision, Preset, describe, presets
from reportgen.engines.template import TemplateEngine
from reportgen.errors import EngineError, UsageError

__all__ = ["choose", "load_engine", "obstacle", "offline"]

#: Read by the libraries when they are imported: no network, no telemetry.
_OFFLINE = {"HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "DO_NOT_TRACK": "1"}

#: Requests in flight to a server, unless a number is given: servers queue what they cannot batch.
_IN_FLIGHT = 64


def load_engine(
    model: str = "auto",
    *,
    engine: str | None = None,
    device: str = "auto",
    precision: str | None = None,
    batch_size: int | None = None,
    server: str | None = None,
    api_key_file: Path | None = None,
    cluster: str | None = None,
    workers: int | None = None,
) -> Engine:
    """Load the engine that writes.

    Nothing is downloaded. With ``model="auto"`` MedGemma writes if CUDA and its weights are there; else no
    model does, and ``info.why`` says why. Anything that was named and cannot run is an error.

    Args:
        model: ``auto``, a preset's name, a Hub id, or a folder; with a server, the model's name there.
        engine: ``transformers``, ``openai``, ``template``, or None for whichever of the
            others fits ``model``.
        device: ``auto``, ``cuda`` or ``cpu``.
        precision: ``int8``, ``nf4``, ``bf16``, ``fp32``, or None for what suits the device and its memory.
        batch_size: Prompts written at once, at least 1; None for what fits into the memory, 64 for a server.
        server: Base address of the server of ``openai``, such as ``http://localhost:8000/v1``.
        api_key_file: Holds that server's key; without it, ``OPENAI_API_KEY`` does.
        cluster: ``ray`` loads the model on the nodes of a Ray cluster instead of here.
        workers: How many there; None for one a GPU, or one a node where there is none.

    Raises:
        UsageError: An argument has a value that it cannot have.
        EngineError: The model cannot run here.

    Example:
        >>> load_engine(engine="template").info.engine
        'template'
    """
    _allowed("--engine", engine, (None, "transformers", "openai", "template"))
    _allowed("--device", device, ("auto", "cuda", "cpu"))
    _allowed("--precision", precision, (None, *get_args(Precision)))
    if batch_size is not None and batch_size < 1:
        raise UsageError("--batch-size is less than 1.", "Give a whole number from 1, or leave it out.")
    if cluster is not None:
        _allowed("--cluster", cluster, ("ray",))
        _allowed("--engine with --cluster", engine, (None, "transformers"))
        there = partial(load_engine, model, engine="transformers", device=device, precision=precision)
        return _spread(partial(there, batch_size=batch_size), workers, gpus=device != "cpu")
    if workers is not None:
        raise UsageError("--workers is for --cluster alone.", "Give --cluster ray, or leave it out.")
    if engine == "openai":
        _allowed("--device with --engine openai", device, ("auto",))
        _allowed("--precision with --engine openai", precision, (None,))
        return _connect(server, model, api_key_file, batch_size)
    if server is not None or api_key_file is not None:
        raise UsageError(
            "--server and --api-key-file are for --engine openai alone.",
            "Give --engine openai, or leave them out (also in reportgen.toml and as REPORTGEN_SERVER).",
        )
    if engine == "template":
        _allowed("--model with --engine template", model, ("auto",))
        return TemplateEngine("the deterministic text was asked for")
    if model != "auto":
        return _open(choose(describe(model), device, precision), batch_size)
    return _automatic(device, precision, batch_size, must=engine == "transformers")


def _allowed(option: str, value: str | None, values: tuple[str | None, ...]) -> None:
    if value not in values:
        known = ", ".join(known for known in values if known)
        cure = f"It can be: {known}." if known else "Leave it out."
        raise UsageError(f"{option} cannot be '{value}'.", cure)


def obstacle(preset: Preset, precision: str | None = None) -> str | None:
    """Why ``auto`` cannot take this model on this machine, as a clause, or None if it can."""
    if package := probe.missing_package(None):
        return f"{package} is not installed"
    if reason := probe.no_cuda():
        return reason
    wanted, _ = _precision(preset, "cuda", precision)
    if package := probe.missing_package(wanted):
        return f"{package} is not installed"
    if store.find(preset) is None:
        return (
            f"the weights of {preset.source} are not on this machine; "
            f"`reportgen model setup {preset.name}` fetches them"
        )
    need, free = preset.memory_gb.get(wanted, 0), probe.cuda_free_gb()
    if need > free:
        return f"{preset.title} at {wanted} needs about {need:g} GB of GPU memory and {free:.0f} GB are free"
    return None


def _automatic(device: str, precision: str | None, batch_size: int | None, *, must: bool) -> Engine:
    candidates = [preset for preset in presets().values() if preset.auto]
    if must or device == "cuda":
        installed = [preset for preset in candidates if store.find(preset)]
        return _open(choose((installed or candidates)[0], device, precision), batch_size)
    if device == "cpu":
        return TemplateEngine("no model was named, and on the CPU none is taken by itself")
    reasons = [obstacle(preset, precision) for preset in candidates]
    for preset, reason in zip(candidates, reasons, strict=True):
        if reason is None:
            choice = choose(preset, "cuda", precision)
            why = "; ".join(filter(None, ("CUDA and its weights are here", choice.why)))
            return _open(replace(choice, why=why), batch_size)
    return TemplateEngine(reasons[0])


def choose(preset: Preset, device: str = "auto", precision: str | None = None) -> Choice:
    """The choice for a model that was named; device and precision as of ``load_engine``.

    Raises:
        EngineError: It cannot run.
    """
    _installed(preset, None)
    folder = store.find(preset)
    if folder is None:
        raise EngineError(
            f"The weights of '{preset.name}' are not on this machine.",
            f"Fetch them once with `reportgen model setup {preset.name}`.",
        )
    place = _device(preset, device)
    wanted, why = _precision(preset, place, precision)
    _installed(preset, wanted)
    return Choice(preset, folder, place, wanted, why)


def _installed(preset: Preset, precision: Precision | None) -> None:
    if package := probe.missing_package(precision):
        raise EngineError(f"The model '{preset.name}' cannot run: {package} is not installed.", probe.INSTALL)


def _device(preset: Preset, device: str) -> Device:
    if device == "cpu":
        return "cpu"
    reason = probe.no_cuda()
    if reason is None:
        return "cuda"
    if device == "cuda" or preset.meant_for == "cuda":
        raise EngineError(
            f"The model '{preset.name}' cannot run on CUDA: {reason}.",
            "Give --device cpu to run it on the processor (slowly); `run` does without it by --model auto.",
        )
    return "cpu"


def _precision(preset: Preset, device: Device, asked: str | None) -> tuple[Precision, str | None]:
    """What was asked for; else what suits the device, and why if that was its memory's doing."""
    known: dict[str, Precision] = {name: name for name in get_args(Precision)}
    if asked:
        return known[asked], None
    if device == "cpu":
        return preset.precision["cpu"], None
    return room.precision_that_fits(preset, probe.cuda_free_gb())


def offline() -> None:
    """Forbid the libraries the network, and to tell anybody, before they are imported."""
    os.environ.update(_OFFLINE)


def _open(choice: Choice, batch_size: int | None) -> Engine:
    offline()
    from reportgen.engines.hf import HfEngine
    from reportgen.engines.hf_load import load

    loaded = load(choice)
    return HfEngine(loaded, batch_size or room.batch_size(loaded.model))


def _connect(server: str | None, model: str, key_file: Path | None, batch_size: int | None) -> Engine:
    if server is None:
        raise UsageError(
            "--engine openai needs a server.", "Give --server, such as http://localhost:8000/v1."
        )
    _needs("openai", "openai")
    from reportgen.engines.openai import OpenAIEngine
    from reportgen.engines.openai_load import read_key

    return OpenAIEngine(server, model, key=read_key(key_file), batch_size=batch_size or _IN_FLIGHT)


def _spread(load: Callable[[], Engine], workers: int | None, *, gpus: bool) -> Engine:
    _needs("ray", "cluster")
    from reportgen.engines.cluster import ClusterEngine

    return ClusterEngine(load, workers=workers, gpus=gpus)


def _needs(package: str, extra: str) -> None:
    if importlib.util.find_spec(package) is None:
        raise EngineError(
            f"The package {package} is not installed.",
            f'Install reportgen with it: pip install "reportgen[{extra}]".',
        )
