"""A program that is asked something and may crash or hang: as a child of this process, for so long and no longer."""

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
        code: Its exit code; negative: the signal that ended it; None: it did not end in time, or did not begin.
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
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        hidden = {"creationflags": getattr(subprocess, "CREATE_NO_WINDOW", 0)}
        try:
            self._child = subprocess.Popen(  # noqa: S603
                command, **quiet, **hidden, start_new_session=True, env={**os.environ, **(environ or {})}
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
            return Said(
                None, "", f"gave no answer within {seconds:.0f} s" if seconds >= 2 else "gave no answer"
            )
        except BaseException:
            self.leave()
            raise
        code = self._child.returncode
        return Said(code, out.decode("utf-8", "replace"), _failed(code))

    def leave(self) -> None:
        """Kill it with all that it began, and wait no longer than a moment."""
        child = self._child
        if child is None or child.poll() is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            if sys.platform == "win32":
                child.kill()
            else:
                os.killpg(child.pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(_FAREWELL)
        if child.stdout is not None and sys.platform != "win32":  # there a thread may still read it
            child.stdout.close()


def _failed(code: int) -> str:
    if code < 0:
        names = {one.value: one.name for one in signal.Signals}
        return f"was ended by {names.get(-code, f'signal {-code}')}"
    if code > 0xFFFF:  # Windows: an exception that nothing caught, such as an access violation
        return f"crashed ({code:#010x})"
    return f"ended with exit code {code}" if code else ""
