"""The only room that writes: whole files or none, and the hashes that name them.

What a program has open may not be moved or replaced on Windows, nor on a server of files. So each move has
some patience, and what stays held is told as such: everything is then as it was.
"""

import contextlib
import errno
import hashlib
import json
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePath
from typing import Any, BinaryIO
from urllib.parse import quote

__all__ = [
    "HeldError",
    "canonical_json",
    "growing",
    "link_or_copy",
    "move",
    "new_folder",
    "pretty_json",
    "put_back",
    "remove_file",
    "sha256",
    "sha256_file",
    "sqlite_address",
    "write_file",
]

#: What systems say of what a program has open; Windows' errors 5, 32 and 33 come as EACCES.
_HELD = {errno.EACCES, errno.EPERM, errno.EBUSY, errno.ETXTBSY}
#: Seconds between tries. A virus scanner lets go of a new file in less; a reader of PDFs does not.
_WAITS = (0.05, 0.1, 0.2, 0.4, 0.8)
#: A folder under work, and the older one that it replaces, each in one of these of the workshop.
_NEW, _OLD = "new", "old"


class HeldError(OSError):
    """A file or folder cannot be moved, since a program has it open, as far as one can tell. Nothing is lost.

    Attributes:
        place: What was to be moved, replaced or removed.
        files: Those that are open, where the system tells.
    """

    def __init__(self, place: Path, files: tuple[Path, ...], cause: OSError) -> None:
        super().__init__(cause.errno, cause.strerror)
        self.place = place
        self.files = files


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


def sqlite_address(path: PurePath) -> str:
    """An absolute path as the address that SQLite takes, also of a file on a share.

    ``Path.as_uri`` would name the share's server as the host, which SQLite refuses to ask.
    """
    name = path.as_posix()
    return f"file://{'' if name.startswith('/') else '/'}{quote(name, safe='/:')}"


def write_file(path: Path, data: bytes | Iterable[bytes]) -> None:
    """Write all of ``data`` (it may come in pieces) or nothing: a temporary file beside the target, flushed,
    then renamed.

    Raises:
        HeldError: The old file is open in a program.
        OSError: The disk is full or the place is not writable; the old file is still whole.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{secrets.token_hex(4)}.tmp")  # short: paths of Windows may not be long
    try:
        with temporary.open("xb") as stream:
            stream.writelines([data] if isinstance(data, bytes) else data)
            stream.flush()
            os.fsync(stream.fileno())
        move(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def link_or_copy(source: Path, target: Path) -> None:
    """Give a file a second name in another folder; a copy where the disk takes no hard link."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        target.hardlink_to(source.resolve())
    except OSError:
        shutil.copyfile(source, target)


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

    An older ``target`` is replaced. After an exception ``target`` is as it was before; after a kill at any
    moment ``put_back`` makes it so. What else is left in ``workshop`` is rubbish that the next run clears.

    The folder's path is longer while it is built than it will be: where no file is too long, none becomes so.

    Raises:
        HeldError: The older one, or a file of the new one, is open in a program.
    """
    # Not tempfile.mkdtemp: on Windows nobody but its owner may ever look into what that makes.
    bench = workshop / secrets.token_hex(4)
    building, old = bench / _NEW / target.name, bench / _OLD / target.name
    building.mkdir(parents=True)
    try:
        yield building
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():
            old.parent.mkdir()
            move(target, old)
        move(building, target)
    except BaseException as error:
        with contextlib.suppress(OSError):
            _return(bench, target.parent)
            shutil.rmtree(bench, ignore_errors=True)
        if isinstance(error, HeldError):
            error.place = target
        raise
    shutil.rmtree(bench, ignore_errors=True)


def put_back(workshop: Path, parent: Path) -> None:
    """Put older folders back to where a killed run had taken them from, to make place for new ones that never
    came there.

    Raises:
        OSError: One cannot be moved.
    """
    for bench in workshop.iterdir() if workshop.is_dir() else ():
        _return(bench, parent)


def _return(bench: Path, parent: Path) -> None:
    for building in (bench / _NEW).glob("*"):  # the new one is still here, so it never came there
        old, target = bench / _OLD / building.name, parent / building.name
        if old.exists() and not target.exists():
            move(old, target)


def move(source: Path, target: Path) -> None:
    """Rename; a file that is there is replaced.

    Raises:
        HeldError: One of them is open in a program, and still was after a second or two.
        OSError: It cannot be, for another reason.
    """
    _patiently(lambda: source.replace(target), target if target.exists() else source)


def remove_file(path: Path) -> None:
    """Remove a file, if it is there.

    Raises:
        HeldError: It is open in a program, and still was after a second or two.
    """
    _patiently(lambda: path.unlink(missing_ok=True), path)


def _patiently(act: Callable[[], object], place: Path) -> None:
    for wait in (*_WAITS, None):
        try:
            act()
        except OSError as error:
            if error.errno not in _HELD:
                raise
            if wait is None:
                raise HeldError(place, _open_files(place), error) from error
            time.sleep(wait)
        else:
            return


def _open_files(place: Path) -> tuple[Path, ...]:
    """The files there that may not even be renamed to what they are called: Windows' way of telling."""
    files = [place] if place.is_file() else sorted(path for path in place.rglob("*") if path.is_file())
    return tuple(path for path in files if not _is_free(path))


def _is_free(path: Path) -> bool:
    try:
        path.rename(path)
    except OSError as error:
        return error.errno not in _HELD
    return True
