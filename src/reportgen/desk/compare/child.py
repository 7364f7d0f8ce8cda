"""The process of one contestant: reads what is asked from stdin, writes what came of it into a file.

stdout and stderr are for people. A failure that has a name goes into the file; any other ends the process,
and the one who started it sees that.
"""

import os
import pickle
import signal
import sys
import threading
from pathlib import Path
from types import TracebackType

from reportgen.desk.compare.turn import Outcome, Request, take_turn
from reportgen.errors import ReportgenError
from reportgen.files import write_file
from reportgen.nouns.base import Frozen
from reportgen.traces import where_it_broke

__all__ = ["NO_MEMORY", "Ended", "main"]

NO_MEMORY = "The memory of the machine ran out."


class Ended(Frozen):
    """What is in the file: an outcome, or why there is none."""

    outcome: Outcome | None = None
    reason: str | None = None


def main(result: Path) -> None:
    """Take the turn that is asked for on stdin."""
    # Ctrl-C reaches every process of a terminal; only the one who started this one acts on it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.excepthook = _broken
    request = pickle.load(sys.stdin.buffer)  # noqa: S301 - from the process that started this one
    assert isinstance(request, Request)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        ended = Ended(outcome=take_turn(request, _say))
    except ReportgenError as error:
        ended = Ended(reason=str(error))
    except MemoryError:
        ended = Ended(reason=NO_MEMORY)
    write_file(result, ended.model_dump_json().encode())


def _end_with_parent() -> None:
    """End when the one who started this process is gone: a model would stay on the GPU for nobody.

    Reads the file itself: a thread that waits inside of ``sys.stdin`` would hold up the process's own end.
    """
    while os.read(0, 1):
        pass
    os._exit(1)


def _say(message: str) -> None:
    print(f"  {message}", file=sys.stderr, flush=True)


def _broken(_kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
    """A bug: where, and nothing of what it was about."""
    print(where_it_broke(error), file=sys.stderr, flush=True)
