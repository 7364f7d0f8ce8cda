"""What the command line prints: data on stdout, words for people on stderr."""

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
    "say",
    "stdout_lost",
]


class StdoutError(Exception):
    """stdout takes nothing more. No error of the system, so that no one takes it for the output folder's."""


def ascii_only() -> bool:
    """A console that is not UTF-8 gets JSON escaped, so that no character is lost."""
    return (sys.stdout.encoding or "").lower().replace("-", "") != "utf8"


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
