"""How many inputs there are, and which: counted beside the run, so that the first of a million is read at
once and none is held in memory but for eight bytes."""

import contextlib
import threading
from array import array
from bisect import bisect_left
from collections.abc import Iterator

from reportgen.read import Inputs

__all__ = ["Census"]


class Census:
    """Counts in a thread of its own.

    Args:
        origins: What tells each input from all others, in any order; taken from ``found``.
        found: Where they come from.

    Attributes:
        files: Inputs counted so far.
    """

    def __init__(self, origins: Iterator[str], found: Inputs) -> None:
        self.files = 0
        self._found = found
        self._marks = array("q")
        self._sorted = False
        self._thread = threading.Thread(target=self._count, args=(origins,), name="census", daemon=True)
        self._thread.start()

    @property
    def ignored(self) -> int:
        """Files in the folders that are no input, as far as is counted."""
        return self._found.ignored

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until all are counted, or so long; whether they are."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def knows(self, origin: str) -> bool:
        """Whether this is one of the inputs; waits until all are counted."""
        self.wait()
        if not self._sorted:
            self._marks, self._sorted = array("q", sorted(self._marks)), True
        mark = hash(origin)
        place = bisect_left(self._marks, mark)
        return place < len(self._marks) and self._marks[place] == mark

    def _count(self, origins: Iterator[str]) -> None:
        # An error of the drive ends the run's own walk too, which tells it.
        with contextlib.suppress(OSError):
            for origin in origins:
                self._marks.append(hash(origin))
                self.files += 1
