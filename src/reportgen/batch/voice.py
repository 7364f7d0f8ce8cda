"""What a run says while it works, on stderr: a bar on a terminal, plain lines elsewhere, JSON, or little."""

import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, Protocol, TextIO

if TYPE_CHECKING:
    from tqdm import tqdm

__all__ = ["BarVoice", "JsonVoice", "LineVoice", "QuietVoice", "Voice", "voice"]

Level = Literal["info", "warning", "error"]
#: Seconds between two lines of progress where no bar can be drawn.
EVERY = 10.0


class Voice(Protocol):
    """Tells a person, or a log, how the run goes. No patient's value is ever given to it."""

    def say(self, event: str, message: str, *, level: Level = "info", **fields: Any) -> None:
        """One thing happened; ``fields`` are for machines."""

    def step(self, settled: int, total: int, note: str = "") -> None:
        """So many cases of so many (as far as is known) have met their fate; ``note`` is what goes on now."""

    def close(self) -> None:
        """Nothing more will be said about progress."""


class QuietVoice:
    """Says only what went wrong."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def say(self, event: str, message: str, *, level: Level = "info", **fields: Any) -> None:  # noqa: ARG002
        """Print errors."""
        if level == "error":
            print(message, file=self._stream, flush=True)

    def step(self, settled: int, total: int, note: str = "") -> None:
        """Progress is not told."""

    def close(self) -> None:
        """Nothing to do."""


class LineVoice:
    """Plain lines: everything that is said, and progress every ten seconds."""

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._told = clock()

    def say(self, event: str, message: str, *, level: Level = "info", **fields: Any) -> None:  # noqa: ARG002
        """Print the message."""
        print(message, file=self._stream, flush=True)

    def step(self, settled: int, total: int, note: str = "") -> None:
        """Print progress, but not more often than every ten seconds."""
        if self._clock() - self._told >= EVERY:
            self._told = self._clock()
            message = f"{settled} of {total} cases" + (f", {note}" if note else "")
            self.say("progress", message, settled=settled, total=total)

    def close(self) -> None:
        """Nothing to do."""


class JsonVoice(LineVoice):
    """One JSON object a line: time, event, level, message, and the event's own fields."""

    def say(self, event: str, message: str, *, level: Level = "info", **fields: Any) -> None:
        """Print the event."""
        record = {"time": datetime.now(UTC).isoformat(), "event": event, "level": level, "message": message}
        super().say(event, json.dumps({**record, **fields}))


class BarVoice:
    """A progress bar at the foot of the terminal, messages above it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._bar: tqdm[Any] | None = None

    def say(self, event: str, message: str, *, level: Level = "info", **fields: Any) -> None:  # noqa: ARG002
        """Print the message above the bar."""
        if self._bar is None:
            print(message, file=self._stream, flush=True)
        else:
            self._bar.write(message, file=self._stream)

    def step(self, settled: int, total: int, note: str = "") -> None:
        """Move the bar; it appears with the first step."""
        if self._bar is None:
            from tqdm import tqdm

            self._bar = tqdm(total=total, unit=" cases", file=self._stream, dynamic_ncols=True, leave=False)
        self._bar.total = total
        self._bar.set_postfix_str(note, refresh=bool(note))
        self._bar.update(settled - self._bar.n)

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def voice(*, quiet: bool = False, log_json: bool = False, stream: TextIO | None = None) -> Voice:
    """The voice that suits the options and the place that stderr goes to."""
    out = stream or sys.stderr
    if log_json:
        return JsonVoice(out)
    if quiet:
        return QuietVoice(out)
    return BarVoice(out) if out.isatty() else LineVoice(out)
