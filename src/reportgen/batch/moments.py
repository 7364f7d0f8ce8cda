"""What a run takes from its surroundings: the time, what it cost, and the wish that it end."""

import contextlib
import os
import re
import signal
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from zoneinfo import ZoneInfo

from reportgen.errors import UsageError

__all__ = ["cpu_seconds", "interruptible", "now", "peak_memory_mb"]


def now(zone: ZoneInfo) -> datetime:
    """The time in ``zone``; ``SOURCE_DATE_EPOCH`` (seconds since 1970) stands for it where it is set.

    Raises:
        UsageError: ``SOURCE_DATE_EPOCH`` is no such number.
    """
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    if not epoch:
        return datetime.now(UTC).astimezone(zone)
    try:
        return datetime.fromtimestamp(int(epoch), UTC).astimezone(zone)
    except (ValueError, OverflowError, OSError):
        raise UsageError(
            "SOURCE_DATE_EPOCH is not a number of seconds since 1970.", "Correct the variable, or unset it."
        ) from None


def cpu_seconds() -> float:
    """CPU time of this process and of its workers that have ended, in seconds."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def peak_memory_mb() -> float | None:
    """The most memory this process held, in MB (1e6 bytes), or None where the system does not tell."""
    if sys.platform == "win32":
        return None
    with contextlib.suppress(OSError):  # elsewhere than on Linux; there, getrusage also counts the parent's
        told = re.search(r"^VmHWM:\s+(\d+) kB$", Path("/proc/self/status").read_text(), re.MULTILINE)
        if told:
            return round(int(told[1]) * 1024 / 1e6, 1)
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(most / 1e6 if sys.platform == "darwin" else most * 1024 / 1e6, 1)


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Inside, the first Ctrl-C or SIGTERM raises ``KeyboardInterrupt``; later ones are ignored, so that the
    run can put its things in order. Outside, all is as before."""
    names = ("SIGINT", "SIGTERM", "SIGBREAK")
    signals = [getattr(signal, name) for name in names if hasattr(signal, name)]
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(_number: int, _frame: FrameType | None) -> None:
        for one in signals:
            signal.signal(one, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {one: signal.signal(one, stop) for one in signals}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
