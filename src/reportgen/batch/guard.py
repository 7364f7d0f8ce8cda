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
from reportgen.files import HeldError
from reportgen.ledger import Status
from reportgen.traces import where_it_broke

__all__ = ["Failure", "guarded", "refusal", "system_failure"]

T = TypeVar("T")
_DISK_FULL = {errno.ENOSPC, errno.EDQUOT}
_OUTPUT_LOST = {errno.EROFS, errno.EIO, errno.ENODEV, errno.ENXIO, errno.ESTALE, errno.ENOTCONN}
#: Windows' ways of saying that a path is too long, the second of which also says other things; and the length
#: from which on it says so of a folder.
_TOO_LONG, _NO_SUCH_PATH, _LONG = 206, 3, 248


@dataclass(frozen=True)
class Failure:
    """Why a case came to nothing.

    Attributes:
        status: What becomes of the case.
        error: Problem and cure, to be shown.
        code: What it means for the exit code.
        trace: Where it broke, for the log, if it is a bug of ours.
        stop: Set when no other case can be done either.
        held: The case's older folder is open in a program; it is left as it was.
    """

    status: Status
    error: InputError
    code: ExitCode
    trace: str = ""
    stop: Stop | None = None
    held: bool = False


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
    if isinstance(error, HeldError):
        return Failure("failed", _held(error), ExitCode.REJECTED, held=True)
    if error.errno in _DISK_FULL:
        problem = InputError("The disk is full.", "Free some space, then give the same command again.")
        return Failure("pending", problem, ExitCode.REJECTED, stop="disk full")
    if error.errno in _OUTPUT_LOST:
        problem = InputError(
            f"The output folder can no longer be written ({name}).",
            "See to the drive, then give the same command again.",
        )
        return Failure("pending", problem, ExitCode.REJECTED, stop="output lost")
    if _is_too_long(error):
        problem = InputError(
            "The path of a file of the report is too long for this system.",
            "Choose a shorter folder with -o; on Windows, long paths can be switched on (docs/windows.md).",
        )
        return Failure("failed", problem, ExitCode.REJECTED)
    problem = InputError(
        f"The operating system refused to write the report ({name}).",
        "Close programs that have its files open, see to permissions, and give the same command again.",
    )
    return Failure("failed", problem, ExitCode.REJECTED, where_it_broke(error))


def _held(error: HeldError) -> InputError:
    files = ", ".join(path.name for path in error.files if path != error.place)
    what = files or ("it" if error.place.is_file() else "a file in it")
    opened = f"{what} {'are' if len(error.files) > 1 else 'is'} probably open in another program"
    return InputError(
        f"{error.place} could not be replaced: {opened}, such as a reader of PDFs ({_name(error)}).",
        "Nothing was lost: close it, and give the same command again.",
    )


def _is_too_long(error: OSError) -> bool:
    code, path = getattr(error, "winerror", None), str(error.filename or "")
    return (
        error.errno == errno.ENAMETOOLONG
        or code == _TOO_LONG
        or (code == _NO_SUCH_PATH and len(path) >= _LONG)
    )


def _unreadable(error: OSError) -> Failure:
    problem = f"The input cannot be read to its end ({_name(error)})."
    return refusal(InputError(problem, "See to the drive and to permissions."))


def _name(error: OSError) -> str:
    return errno.errorcode.get(error.errno or 0, type(error).__name__)
