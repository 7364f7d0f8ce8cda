"""The files of one model, from the Hub to a folder: one commit, each file compared with the hash that the Hub
states, and a download that was broken off taken up where it stopped.

The library's own ``snapshot_download`` throws a broken-off file away and compares no hash, so its parts are
used one by one: the list of files, the address, the login, and the download of a file from a given byte on.
"""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from huggingface_hub import HfApi, errors, hf_hub_url
from huggingface_hub.file_download import http_get
from huggingface_hub.utils import WeakFileLock, build_hf_headers
from tqdm.auto import tqdm

from reportgen.engines.hub_file import HubFile
from reportgen.engines.hub_place import endpoint
from reportgen.engines.store import HUB_FILES
from reportgen.errors import EngineError
from reportgen.files import growing

__all__ = ["Plan", "fetch", "plan"]

Say = Callable[[str], None]

#: What the library raises for a connection or a server that fails: the base class of its HTTP library, which
#: differs between its versions, and of the operating system.
_TROUBLE = (errors.HTTPError, OSError)
_SECONDS = 10.0
#: Room left on the disk beside what is fetched.
_SPARE = 200_000_000


@dataclass(frozen=True)
class Plan:
    """What is to be fetched: the wanted files of a repository as they are in one commit."""

    hub: str
    revision: str
    files: tuple[HubFile, ...]

    def plain(self) -> dict[str, Any]:
        """For the record."""
        files = {one.name: {"size": one.size, "sha256": one.sha256, "git": one.git} for one in self.files}
        return {"model": self.hub, "revision": self.revision, "files": files}


def plan(hub: str, revision: str | None) -> Plan:
    """Ask the Hub which files a commit has.

    Args:
        hub: ``owner/name``.
        revision: A commit, branch or tag; None: the newest of the main branch.

    Raises:
        EngineError: There is no such revision, or the Hub does not answer.
    """
    try:
        found = HfApi(endpoint=endpoint()).model_info(
            hub, revision=revision, files_metadata=True, timeout=_SECONDS
        )
    except errors.RevisionNotFoundError as error:
        raise EngineError(
            f"{hub} has no revision '{revision}'.", "Give a commit, a branch or a tag of it, or leave it out."
        ) from error
    except _TROUBLE as error:
        raise EngineError(
            f"The Hub does not say which files {hub} has ({_why(error)}).",
            "Check connection and proxy (HTTPS_PROXY), and run this again.",
        ) from error
    files = tuple(
        HubFile(one.rfilename, one.size, one.lfs.sha256 if one.lfs else None, one.blob_id)
        for one in found.siblings or ()
        if any(fnmatch(one.rfilename, pattern) for pattern in HUB_FILES)
        if Path(one.rfilename).name == one.rfilename  # nothing is put outside of the folder
        if one.size is not None and one.blob_id is not None
    )
    if not found.sha or not any(one.name.endswith(".safetensors") for one in files):
        raise EngineError(
            f"{hub} cannot be used: it holds no weights in the safetensors format, the one that is loaded.",
            "Choose another model.",
        )
    return Plan(hub, found.sha, files)


def fetch(wanted: Plan, folder: Path, parts: Path, blobs: Path | None, say: Say) -> None:
    """Fetch what is not there yet, or not whole.

    Args:
        wanted: From ``plan``.
        folder: Where the files are to lie.
        parts: Where a file lies while it comes, under its hash; on the same disk.
        blobs: In the Hub's cache, where a file lies under its hash, with a link to it in ``folder``.
        say: Called with a line about each file.

    Raises:
        EngineError: The disk is full, the connection was lost, or a file came damaged twice.
    """
    try:
        parts.mkdir(parents=True, exist_ok=True)
        folder.mkdir(parents=True, exist_ok=True)
        with WeakFileLock(parts / ".reportgen.lock", timeout=1):
            missing = [one for one in wanted.files if not _here(one, folder, blobs, say)]
            _enough_room(wanted.hub, missing, parts)
            for one in missing:
                part = parts / f"{one.etag}.incomplete"
                _whole(wanted, one, part, say)
                _put(one, part, folder, blobs)
    except TimeoutError as error:
        raise EngineError(
            f"Another process is fetching {wanted.hub} into {folder}.", "Wait for it, and run this again."
        ) from error
    except OSError as error:
        raise EngineError(
            f"{wanted.hub} could not be written to {folder} ({error.strerror or type(error).__name__}).",
            "Free some space there and run this again: it goes on where it stopped. Or give --folder.",
        ) from error


def _here(one: HubFile, folder: Path, blobs: Path | None, say: Say) -> bool:
    """Whether a file is there and whole. One that is not is removed, and said so."""
    path = folder / one.name
    if path.exists() or path.is_symlink():
        fault = one.fault(path)
        if fault is None:
            return True
        say(f"{one.name} on this machine {fault}; it is fetched again.")
        path.resolve().unlink(missing_ok=True)
        path.unlink(missing_ok=True)
    if blobs is not None and one.fault(blobs / one.etag) is None:
        _link(blobs / one.etag, path)
        return True
    return False


def _enough_room(hub: str, missing: list[HubFile], parts: Path) -> None:
    here = sum(path.stat().st_size for one in missing if (path := parts / f"{one.etag}.incomplete").is_file())
    need, free = sum(one.size for one in missing) - here, shutil.disk_usage(parts).free
    if missing and need + _SPARE > free:
        raise EngineError(
            f"{hub} needs {need / 1e9:.1f} GB more, and {free / 1e9:.1f} GB are free at {parts.parent}.",
            "Free some space, or give --folder on another disk.",
        )


def _whole(wanted: Plan, one: HubFile, part: Path, say: Say) -> None:
    """Have a file in ``part`` that is what the Hub says; one that came damaged is fetched once more."""
    for attempt in ("first", "last"):
        held = part.stat().st_size if part.is_file() else 0
        if held > one.size:
            part.unlink()
            held = 0
        taken_up = f", from {held / 1e6:,.1f} MB on" if held else ""
        say(f"{one.name}: {one.size / 1e6:,.1f} MB{taken_up}")
        _download(wanted, one, part, held)
        fault = one.fault(part)
        if fault is None:
            return
        part.unlink()
        if attempt == "first":
            say(f"{one.name} {fault}: it came damaged, and is fetched again.")
    raise EngineError(
        f"{one.name} of {wanted.hub} came damaged twice: it {fault}.",
        "Something between here and the Hub changes files, as a proxy or a virus scanner may. Fetch the "
        "model on another network, copy the folder, and give it as --model.",
    )


def _download(wanted: Plan, one: HubFile, part: Path, held: int) -> None:
    url = hf_hub_url(wanted.hub, one.name, revision=wanted.revision, endpoint=endpoint())
    # Packed by the server, a file could not be taken up in its middle.
    headers = build_hf_headers() | {"Accept-Encoding": "identity"}
    try:
        with growing(part) as stream:
            http_get(url, stream, resume_size=held, headers=headers, expected_size=one.size, tqdm_class=_Bar)
    except _TROUBLE as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # of the disk
        came = part.stat().st_size
        raise EngineError(
            f"The connection was lost at {came / 1e6:,.1f} of {one.size / 1e6:,.1f} MB of {one.name} "
            f"({_why(error)}).",
            "Run this again: it goes on where it stopped. If it stays so, check connection and proxy.",
        ) from error


class _Bar(tqdm):  # type: ignore[type-arg]
    """A bar where stderr is a terminal."""

    def __init__(self, *args: Any, **options: Any) -> None:
        options.pop("name", None)
        super().__init__(*args, **options | {"disable": None})


def _put(one: HubFile, part: Path, folder: Path, blobs: Path | None) -> None:
    if blobs is None:
        part.replace(folder / one.name)
    else:
        part.replace(blobs / one.etag)
        _link(blobs / one.etag, folder / one.name)


def _link(blob: Path, path: Path) -> None:
    """A link, as the Hub's cache has them; where none can be made, as on many a Windows, the file itself."""
    try:
        path.symlink_to(os.path.relpath(blob, path.parent))
    except OSError:
        blob.replace(path)


def _why(error: BaseException) -> str:
    response = getattr(error, "response", None)
    return f"HTTP {response.status_code}" if response is not None else type(error).__name__
