"""What work takes from its surroundings: the time, what it cost, and the wish that it end."""

import contextlib
import os
import re
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from reportgen.errors import UsageError

__all__ = ["cpu_seconds", "interruptible", "now", "outcome", "over", "peak_memory_mb", "unheard"]

T = TypeVar("T")
#: Seconds between two moments in which somebody who wants to end is heard, while others work.
_LISTEN = 0.2


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
        told = re.search(
            r"^VmHWM:\s+(\d+) kB$", Path("/proc/self/status").read_text("ascii", "replace"), re.MULTILINE
        )
        if told:
            return round(int(told[1]) * 1024 / 1e6, 1)
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(most / 1e6 if sys.platform == "darwin" else most * 1024 / 1e6, 1)


class _Wish:
    """That the run end: where it may not be heard just now, it waits."""

    deaf = 0
    waits = False


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
        if _Wish.deaf:
            _Wish.waits = True
        else:
            raise KeyboardInterrupt

    before = {one: signal.signal(one, stop) for one in signals}
    try:
        yield
    finally:
        _Wish.waits = False
        for one, handler in before.items():
            signal.signal(one, handler)


@contextlib.contextmanager
def unheard() -> Iterator[None]:
    """Inside, the wish that the run end is not heard; it is at the end.

    For a moment in which a lock is taken that another thread needs as well: raised between taking it and the
    code that gives it back, ``KeyboardInterrupt`` leaves it taken for ever, and the other thread waits.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _Wish.deaf += 1
    try:
        yield
    finally:
        _Wish.deaf -= 1
    if _Wish.waits and not _Wish.deaf:
        _Wish.waits = False
        raise KeyboardInterrupt


def over(future: Future[Any]) -> bool:
    """Whether a future has come to its end."""
    with unheard():
        return future.done()


def outcome(future: Future[T]) -> T:
    """What a future comes to; while it is waited for, the wish that the run end is heard, and it is not lost.

    Raises:
        KeyboardInterrupt: Somebody wants the run to end.
        Exception: What the future came to instead.
    """
    while True:
        with unheard():
            if future.done():
                return future.result()
            with contextlib.suppress(TimeoutError, CancelledError):
                future.exception(timeout=_LISTEN)
