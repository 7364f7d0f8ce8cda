"""Everything that can go wrong and has a name: one tree, one exit code each.

    ReportgenError
    ├── UsageError          2   wrong usage, or nothing to do found
    ├── InputError          3   one input is refused; the rest goes on
    ├── DomainError         2   a domain folder is faulty
    ├── EngineError         4   the model cannot run, or was lost
    └── IntegrityError      6   an output is not what was written

An exception that is none of these is a bug of ours (exit code 1). Messages never hold a value of the
input: they name the file, the row and the field, say what was expected, and end with what to do next.
"""

from enum import IntEnum

__all__ = [
    "DomainError",
    "EngineError",
    "ExitCode",
    "InputError",
    "IntegrityError",
    "ReportgenError",
    "UsageError",
    "exit_code",
]


class ExitCode(IntEnum):
    """What the process says when it ends (see docs/errors.md)."""

    DONE = 0
    BUG = 1
    USAGE = 2
    REJECTED = 3
    ENGINE = 4
    DELIVERY = 5
    INTEGRITY = 6
    INTERRUPTED = 130


#: When several hold, the first of these is the exit code.
PRECEDENCE = (
    ExitCode.INTERRUPTED,
    ExitCode.BUG,
    ExitCode.ENGINE,
    ExitCode.INTEGRITY,
    ExitCode.DELIVERY,
    ExitCode.REJECTED,
    ExitCode.DONE,
)


def exit_code(codes: set[ExitCode]) -> ExitCode:
    """The one exit code that speaks for several, by precedence; ``DONE`` for none."""
    return next((code for code in PRECEDENCE if code in codes), ExitCode.DONE)


class ReportgenError(Exception):
    """An expected failure: says what is wrong and what to do next.

    Attributes:
        problem: What is wrong, in one sentence, without any value of the input.
        cure: What to do next; may be empty.
    """

    code = ExitCode.BUG

    def __init__(self, problem: str, cure: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.cure = cure

    def __str__(self) -> str:
        return f"{self.problem} {self.cure}".strip()


class UsageError(ReportgenError):
    """Wrong usage, or nothing to do was found."""

    code = ExitCode.USAGE


class DomainError(ReportgenError):
    """A domain folder lacks something or contradicts itself."""

    code = ExitCode.USAGE


class EngineError(ReportgenError):
    """The language model is not available, cannot run, or was lost."""

    code = ExitCode.ENGINE


class IntegrityError(ReportgenError):
    """An output is not what was written, or says what the record does not hold."""

    code = ExitCode.INTEGRITY


class InputError(ReportgenError):
    """One input is refused.

    Attributes:
        file: The input's name as it was found (never its content).
        row: One-based line or row inside the file, when it holds several cases.
        path: Field path inside the record, such as ``images[0].predictions[1].score``.
    """

    code = ExitCode.REJECTED

    def __init__(
        self, problem: str, cure: str = "", *, file: str = "", row: int | None = None, path: str = ""
    ) -> None:
        super().__init__(problem, cure)
        self.file = file
        self.row = row
        self.path = path

    def located(self, file: str, row: int | None = None) -> "InputError":
        """The same refusal with the place it was found at, where none was known yet."""
        return InputError(
            self.problem, self.cure, file=self.file or file, row=self.row or row, path=self.path
        )

    def __str__(self) -> str:
        parts = (self.file, f"row {self.row}" if self.row else "", self.path)
        where = ", ".join(part for part in parts if part)
        return f"{where}: {super().__str__()}" if where else super().__str__()
