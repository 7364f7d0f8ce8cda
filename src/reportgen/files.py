"""The only room that writes: whole files or none, and the hashes that name them."""

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

__all__ = ["canonical_json", "growing", "new_folder", "pretty_json", "sha256", "sha256_file", "write_file"]


def sha256(data: bytes | str) -> str:
    """Hex digest (64 characters) of bytes, or of text as UTF-8."""
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()


def sha256_file(path: Path) -> str:
    """Hex digest of a file's content, read in pieces."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def canonical_json(value: Any) -> bytes:
    """One spelling for equal values: sorted keys, no spaces, UTF-8. What fingerprints are made from."""
    return json.dumps(
        value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False
    ).encode()


def pretty_json(value: Any) -> bytes:
    """JSON for people: indented, keys in the order given, UTF-8, one newline at the end."""
    return (json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False) + "\n").encode()


def write_file(path: Path, data: bytes | Iterable[bytes]) -> None:
    """Write all of ``data`` (it may come in pieces) or nothing: a temporary file beside the target, flushed,
    then renamed.

    Raises:
        OSError: The disk is full or the place is not writable; the old file is still whole.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.writelines([data] if isinstance(data, bytes) else data)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).chmod(0o666 & ~_umask())  # as any new file; mkstemp keeps it to its owner
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise


@contextlib.contextmanager
def growing(path: Path) -> Iterator[BinaryIO]:
    """A file to be written on from where it ends; what came is kept whatever happens."""
    with path.open("ab") as stream:
        yield stream
        stream.flush()
        os.fsync(stream.fileno())


@contextlib.contextmanager
def new_folder(target: Path, workshop: Path) -> Iterator[Path]:
    """Build a folder out of sight in ``workshop`` and rename it to ``target`` when the block ends well.

    An older ``target`` is replaced. After an exception, or a kill at any moment, ``target`` is as it was
    before; what is left in ``workshop`` is rubbish that the next run clears.
    """
    workshop.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(dir=workshop, prefix=f"{target.name}."))
    building.chmod(0o777 & ~_umask())
    try:
        yield building
        if target.exists():
            old = Path(tempfile.mkdtemp(dir=workshop, prefix="old.")) / target.name
            target.replace(old)
            building.replace(target)
            shutil.rmtree(old.parent, ignore_errors=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            building.replace(target)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
