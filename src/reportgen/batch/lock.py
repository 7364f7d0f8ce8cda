"""One run at a time on one output folder.

The lock is the operating system's, on an open file: when its process ends, however it ends, the lock is gone.
So a file that a killed run left behind never blocks anyone. The file itself stays, and stays empty.
"""

import contextlib
import errno
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from reportgen.errors import UsageError

__all__ = ["locked"]

_BUSY = {errno.EACCES, errno.EAGAIN, errno.EDEADLK}

if sys.platform == "win32":
    import msvcrt

    def _take(stream: BinaryIO) -> None:
        stream.seek(0)
        msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _take(stream: BinaryIO) -> None:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock of a run, a file in its output folder, while the block runs.

    Raises:
        UsageError: Another run holds it, or the drive knows no locks.
    """
    with path.open("ab") as stream:
        try:
            _take(stream)
        except OSError as error:
            if error.errno in _BUSY:
                raise UsageError(
                    f"Another run is at work in {path.parent}.",
                    "Wait for it, stop it, or choose another folder with -o.",
                ) from None
            name = errno.errorcode.get(error.errno or 0, "?")
            raise UsageError(
                f"{path.parent} lies on a drive that cannot lock files ({name}).",
                "Choose a folder on a local drive with -o, and copy it afterwards.",
            ) from None
        yield
