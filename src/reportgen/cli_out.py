"""What the command line prints, on any console: data on stdout, words for people on stderr."""

import errno
import io
import json
import os
import sys
import traceback
from collections.abc import Iterable
from typing import Any

from reportgen.errors import ExitCode

__all__ = [
    "StdoutError",
    "ascii_only",
    "bug",
    "by_click",
    "flush",
    "print_json",
    "print_lines",
    "ready_streams",
    "say",
    "stdout_lost",
]


class StdoutError(Exception):
    """stdout takes nothing more. No error of the system, so that no one takes it for the output folder's."""


def ready_streams() -> None:
    """Prepare stdout and stderr, so that no character ends a command or is lost.

    One that the console cannot show is written as its code, such as ``\\u4e2d``. On Windows, what goes into a
    file or another program is UTF-8 as all our files are, and not in the code page of the machine, unless
    ``PYTHONIOENCODING`` says otherwise. A process without a console (``pythonw``) has no streams at all.
    """
    sys.stdout, sys.stderr = sys.stdout or io.StringIO(), sys.stderr or io.StringIO()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            foreign = sys.platform == "win32" and not stream.isatty()
            ours = foreign and not os.environ.get("PYTHONIOENCODING")
            stream.reconfigure(encoding="utf-8" if ours else None, errors="backslashreplace")


def ascii_only() -> bool:
    """Whether JSON is escaped, so that no character is lost: on a console that is not UTF-8, and on Windows
    where another program reads it, since PowerShell takes all bytes for characters of its code page."""
    unknown = sys.platform == "win32" and not sys.stdout.isatty()
    return unknown or (sys.stdout.encoding or "").lower().replace("-", "") != "utf8"


def print_lines(lines: Iterable[str]) -> None:
    """Print data.

    Raises:
        StdoutError: It cannot be written.
    """
    for line in lines:
        try:
            print(line)
        except OSError as error:
            raise StdoutError from error


def print_json(value: Any) -> None:
    """Print a value as JSON.

    Raises:
        StdoutError: It cannot be written.
    """
    print_lines([json.dumps(value, ensure_ascii=ascii_only(), indent=2)])


def flush() -> None:
    """Have what was printed written.

    Raises:
        StdoutError: It cannot be.
    """
    try:
        sys.stdout.flush()
    except OSError as error:
        raise StdoutError from error


def by_click(error: Exception) -> bool:
    """Whether click could not print its help."""
    if not isinstance(error, OSError):
        return False
    last = [frame for frame, _ in traceback.walk_tb(error.__traceback__)][-1]
    return str(last.f_globals.get("__name__")).startswith("click.")


def stdout_lost(cause: BaseException | None = None) -> int:
    """The exit code where stdout takes nothing more: a reader that left has enough, anything else is told.

    The rest goes nowhere, also what Python flushes at its end.
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if not isinstance(cause, OSError) or isinstance(cause, BrokenPipeError):
        return ExitCode.DONE
    if sys.platform == "win32" and cause.errno == errno.EINVAL:  # how Windows says that the reader left
        return ExitCode.DONE
    say(f"reportgen: stdout cannot be written ({cause.strerror}). Free some space, or print elsewhere.")
    return ExitCode.USAGE


def say(message: str) -> None:
    """Tell a person."""
    print(message, file=sys.stderr, flush=True)


def bug(error: Exception) -> int:
    """Say that a bug of ours ended the command, and where; its exit code."""
    from reportgen.traces import where_it_broke

    if os.environ.get("REPORTGEN_DEBUG"):
        raise error
    say(f"Traceback, without messages (set REPORTGEN_DEBUG=1 to see them):\n{where_it_broke(error)}")
    say("This is a bug of reportgen. Please report it with the lines above.")
    return ExitCode.BUG
