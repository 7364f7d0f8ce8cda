"""A contestant's turn in a process of its own: what it holds is its own, and its end is only its own."""

import contextlib
import getpass
import os
import pickle
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from pydantic import ValidationError

from reportgen.desk.compare.child import Ended
from reportgen.desk.compare.plan import Contestant, tail
from reportgen.desk.compare.turn import Outcome, Request

__all__ = ["apart", "user_name", "without_places"]

#: Names that every such system has.
_NOBODY = {"root", "user", "admin", "administrator", "system", "ubuntu"}
#: A path of any system, up to the last of its names.
_FOLDERS = re.compile(r"(?<![\w/:.])(?:[A-Za-z]:)?(?:[\\/][^\s'\":;,\\/]+)+[\\/](?=[^\s'\":;,\\/])")


def apart(request: Request, *, quiet: bool = False) -> Outcome | str:
    """Have a turn taken.

    Args:
        request: What is asked; it goes through a pipe, and patients' data with it never onto a disk.
        quiet: Say nothing of how far it is.

    Returns:
        What came of it, or why it did not finish, in a sentence that names no folder.

    Raises:
        KeyboardInterrupt: Somebody wants an end; the process is gone.
    """
    with tempfile.TemporaryDirectory(prefix="reportgen-compare-") as place:
        result = Path(place) / "result.json"
        # -P: nothing in the working folder passes for a library.
        command = [sys.executable, "-P", "-m", "reportgen.desk.compare", str(result)]
        told = subprocess.DEVNULL if quiet else sys.stderr.fileno() if _has_number(sys.stderr) else None
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=told)  # noqa: S603 - ours
        assert process.stdin is not None
        try:
            with contextlib.suppress(BrokenPipeError):  # it has ended already; how, is seen below
                process.stdin.write(pickle.dumps(request))
                process.stdin.flush()
            # The pipe stays open: to the other end its closing says that nobody waits any more.
            process.wait()
        except BaseException:
            process.kill()
            process.wait()
            raise
        finally:
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()
        if process.returncode:
            return _end(process.returncode)
        try:
            ended = Ended.model_validate_json(result.read_bytes())
        except (OSError, ValidationError):
            return "It ended without a result."
    return ended.outcome or without_places(ended.reason or "", request.contestant)


def _has_number(stream: object) -> bool:
    """Whether a stream is a file of the system, which a process can be given."""
    try:
        return isinstance(stream.fileno(), int)  # type: ignore[attr-defined]
    except (AttributeError, OSError, ValueError):
        return False


def _end(status: int) -> str:
    """Why a process ended that should not have."""
    if status == -getattr(signal, "SIGKILL", 9):
        return "The system ended it (SIGKILL), as it does where the memory of the machine runs out."
    if status < 0:
        return f"It crashed ({signal.Signals(-status).name})."
    return f"It ended with exit status {status}; where, it has said on stderr."


def without_places(text: str, contestant: Contestant | None = None) -> str:
    """A message as the outputs have it: no folder of this machine, no name of its user."""
    for typed in (contestant.model, contestant.domain or "") if contestant else ():
        if os.sep in typed:
            text = text.replace(typed, tail(typed))
    text = _FOLDERS.sub("", text)
    if user := user_name():
        text = re.sub(rf"(?<!\w){re.escape(user)}(?!\w)", "(user)", text, flags=re.IGNORECASE)
    return text


def user_name() -> str:
    """The name of who is at work here; empty where it is nobody's own, or too short to be found in a text."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container may have no name for its user
        return ""
    return "" if len(user) < 3 or user.lower() in _NOBODY else user
