"""A program that is asked something and may crash or hang: a child, waited for so long and no longer."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Child", "Said"]

#: How long a child that was killed is waited for, in seconds. A driver that hangs can keep it for ever.
_FAREWELL = 0.2


@dataclass(frozen=True)
class Said:
    """What a child said.

    Attributes:
        code: Its exit code; negative: the signal that ended it; None: it did not begin, or not end in time.
        out: Its stdout, as far as it is text.
        failed: How it failed, as a clause; empty if it ended with 0.
    """

    code: int | None
    out: str
    failed: str


class Child:
    """Begins at once; ``said`` waits for it. What it says on stderr is dropped."""

    def __init__(self, command: list[str], environ: Mapping[str, str] | None = None) -> None:
        self._child: subprocess.Popen[bytes] | None = None
        self._failed = ""
        try:
            self._child = subprocess.Popen(  # noqa: S603
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, **(environ or {})},
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
                start_new_session=True,  # so that all that it begins can be ended with it
            )
        except OSError as error:
            self._failed = f"could not be started ({type(error).__name__})"

    def said(self, seconds: float) -> Said:
        """Its words; after so many seconds it is killed."""
        if self._child is None:
            return Said(None, "", self._failed)
        try:
            out, _ = self._child.communicate(timeout=max(0.0, seconds))
        except subprocess.TimeoutExpired:
            self.leave()
            return Said(None, "", "gave no answer in time")
        except BaseException:
            self.leave()
            raise
        code = self._child.returncode
        return Said(code, out.decode("utf-8", "replace"), _failed(code))

    def leave(self) -> None:
        """Kill it with all that it began, and wait no longer than a moment."""
        child = self._child
        if child is None or child.stdout is None or child.stdout.closed:
            return
        with contextlib.suppress(
            ProcessLookupError, PermissionError
        ):  # the second is macOS, of one that ended
            if sys.platform == "win32":
                child.kill()
            else:
                os.killpg(child.pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(_FAREWELL)
        if sys.platform != "win32":  # there a thread may still read it
            child.stdout.close()


def _failed(code: int) -> str:
    if code < 0:
        names = {one.value: one.name for one in signal.Signals}
        return f"was ended by {names.get(-code, f'signal {-code}')}"
    if code > 0xFFFF:  # Windows: an exception that nothing caught, such as an access violation
        return f"crashed ({code:#010x})"
    return f"ended with exit code {code}" if code else ""
