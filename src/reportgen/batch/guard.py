"""The guard around each case: whatever happens in one, the others go on.

This is one of the two places where any exception may be caught. What is written down of an unknown one is its
type and the lines of code it passed, never its message: that may hold a value of the input.
"""

import errno
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from reportgen.batch.summary import Stop
from reportgen.errors import ExitCode, InputError, IntegrityError, ReportgenError
from reportgen.ledger import Status
from reportgen.traces import where_it_broke

__all__ = ["Failure", "guarded", "refusal", "system_failure"]

T = TypeVar("T")
_DISK_FULL = {errno.ENOSPC, errno.EDQUOT}
_OUTPUT_LOST = {errno.EROFS, errno.EIO, errno.ENODEV, errno.ENXIO, errno.ESTALE, errno.ENOTCONN}


@dataclass(frozen=True)
class Failure:
    """Why a case came to nothing.

    Attributes:
        status: What becomes of the case.
        error: Problem and cure, to be shown.
        code: What it means for the exit code.
        trace: Where it broke, for the log, if it is a bug of ours.
        stop: Set when no other case can be done either.
    """

    status: Status
    error: InputError
    code: ExitCode
    trace: str = ""
    stop: Stop | None = None


def guarded(work: Callable[[], T], *, reading: bool = False) -> T | Failure:
    """The result of ``work``, or why there is none. Interruptions pass.

    Args:
        work: What is done for one case.
        reading: An error of the operating system is then the input's, else the output folder's.
    """
    try:
        return work()
    except InputError as error:
        return refusal(error)
    except IntegrityError as error:
        return Failure("failed", InputError(error.problem, error.cure), ExitCode.INTEGRITY)
    except ReportgenError as error:
        return Failure("failed", InputError(error.problem, error.cure), ExitCode.REJECTED)
    except OSError as error:
        return _unreadable(error) if reading else system_failure(error)
    except Exception as error:  # noqa: BLE001 - the batch's per-case guard
        problem = f"A bug of reportgen stopped this case ({type(error).__name__})."
        cure = "Report it with OUT/reportgen.log, which says where; it holds nothing of the input."
        return Failure("failed", InputError(problem, cure), ExitCode.BUG, where_it_broke(error))


def refusal(error: InputError) -> Failure:
    """An input that is refused."""
    return Failure("rejected", error, ExitCode.REJECTED)


def system_failure(error: OSError) -> Failure:
    """What an error of the operating system means: for this case alone, or for the whole run."""
    name = _name(error)
    if error.errno in _DISK_FULL:
        problem = InputError("The disk is full.", "Free some space, then give the same command again.")
        return Failure("pending", problem, ExitCode.REJECTED, stop="disk full")
    if error.errno in _OUTPUT_LOST:
        problem = InputError(
            f"The output folder can no longer be written ({name}).",
            "See to the drive, then give the same command again.",
        )
        return Failure("pending", problem, ExitCode.REJECTED, stop="output lost")
    problem = InputError(
        f"The operating system refused to write the report ({name}).",
        "Close programs that have its files open, see to permissions, and give the same command again.",
    )
    return Failure("failed", problem, ExitCode.REJECTED, where_it_broke(error))


def _unreadable(error: OSError) -> Failure:
    problem = f"The input cannot be read to its end ({_name(error)})."
    return refusal(InputError(problem, "See to the drive and to permissions."))


def _name(error: OSError) -> str:
    return errno.errorcode.get(error.errno or 0, type(error).__name__)
