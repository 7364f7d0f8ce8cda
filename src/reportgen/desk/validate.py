"""Which inputs could be used, and what is wrong with the others, without making anything."""

from collections.abc import Iterator

from reportgen.domain import load_domain
from reportgen.errors import InputError
from reportgen.nouns import Found
from reportgen.nouns.base import Frozen
from reportgen.read import ReadOptions, discover, id_key, read_inputs

__all__ = ["Verdict", "validate"]


class Verdict(Frozen):
    """What is said of one case, or of an input that gives none.

    Attributes:
        row: One-based place inside the file.
        path: Field path of what is wrong.
    """

    valid: bool
    file: str
    row: int | None = None
    case_id: str | None = None
    format: str | None = None
    images: int | None = None
    path: str | None = None
    problem: str | None = None
    cure: str | None = None

    def line(self) -> str:
        """The verdict for a person."""
        place = self.file + (f", row {self.row}" if self.row else "")
        if self.valid:
            return f"ok       {self.case_id}  ({place}; {self.format}; images: {self.images})"
        where = place + (f", {self.path}" if self.path else "")
        return f"refused  {where}: {self.problem} {self.cure}".rstrip()


def validate(
    inputs: tuple[str, ...], domain: str, options: ReadOptions, lang: str | None = None
) -> Iterator[Verdict]:
    """Read all inputs.

    Raises:
        UsageError: Nothing was found, or the domain has not that language.
        DomainError: The domain is faulty.
    """
    seen: set[str] = set()
    for result in read_inputs(discover(inputs), load_domain(domain, lang), options):
        if isinstance(result, InputError):
            yield _refused(result)
        elif (key := id_key(result.case.case_id)) in seen:
            yield _refused(_duplicate(result))
        else:
            seen.add(key)
            yield Verdict(
                valid=True,
                file=result.source.name,
                row=result.source.row,
                case_id=result.case.case_id,
                format=result.source.format,
                images=len(result.case.images),
            )


def _refused(error: InputError) -> Verdict:
    return Verdict(
        valid=False,
        file=error.file,
        row=error.row,
        path=error.path or None,
        problem=error.problem,
        cure=error.cure,
    )


def _duplicate(found: Found) -> InputError:
    return InputError(
        "Another input has the same case_id (upper and lower case are the same).",
        "Give each case its own id; run would use the first in sorted order.",
        file=found.source.name,
        row=found.source.row,
        path="case_id",
    )
