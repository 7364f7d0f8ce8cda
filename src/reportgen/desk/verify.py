"""Whether finished reports still say what their records hold: each file is read again, none is written."""

import contextlib
import json
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from reportgen.domain import Domain, languages, load_domain
from reportgen.errors import UsageError
from reportgen.files import sha256
from reportgen.ledger import Ledger, Row
from reportgen.nouns.base import Frozen
from reportgen.reread import TRUTH, read_again
from reportgen.site import templated

__all__ = ["Finding", "Verified", "verify"]

LEDGER = "ledger.sqlite"


class Finding(Frozen):
    """What is wrong with a file of a case; never a value of it."""

    case: str
    file: str
    problem: str

    def line(self) -> str:
        """The fault for a person."""
        return f"{self.case}  {self.file}: {self.problem}"


class Verified(Frozen):
    """The end of it.

    Attributes:
        ledger: Whether size and SHA-256 of the files were compared with a ledger's.
        unchecked: Number of reports by what could not be judged.
    """

    reports: int
    faults: int
    ledger: bool
    unchecked: dict[str, int]

    def line(self) -> str:
        """The end for a person."""
        rest = [f"not checked in {number:,}: {what}" for what, number in self.unchecked.items()]
        how = "with the ledger" if self.ledger else "without a ledger"
        return "\n".join([*rest, f"reports: {self.reports:,} ({how}), faults: {self.faults:,}"])


def verify(folder: Path, domain: str, templates: Path | None = None) -> Iterator[Finding | Verified]:
    """Read all reports below an output folder again, or those of one case.

    Args:
        folder: ``OUT``, or ``OUT/CASE_ID``, with or without a ledger.
        domain: Name or folder of the domain that the reports were made with.
        templates: The site's own, in place of the domain's.

    Yields:
        Each fault, then the end.

    Raises:
        UsageError: There is no report, or no template.
        DomainError: The domain is faulty.
    """
    templated(load_domain(domain), templates)  # what is faulty is refused before any report is read
    alone = (folder / TRUTH).is_file()
    root = folder.absolute().parent if alone else folder
    with contextlib.ExitStack() as stack:
        ledger = None
        if (root / LEDGER).is_file():
            ledger = stack.enter_context(contextlib.closing(Ledger(root / LEDGER, read_only=True)))
        cases = _one(folder.absolute(), ledger) if alone else _all(folder, ledger)
        count, faults, unchecked = 0, 0, Counter[str]()
        for count, (place, row) in enumerate(cases, 1):  # noqa: B007 - is used below
            strange = ledger is not None and row is None and not alone
            for finding in _case(place, row, (domain, templates), unchecked, strange=strange):
                faults += 1
                yield finding
    if count == 0 and ledger is None:
        raise UsageError(
            f"{folder} holds no report.", "Give an output folder of run, or a case's folder in it."
        )
    yield Verified(
        reports=count, faults=faults, ledger=ledger is not None, unchecked=dict(sorted(unchecked.items()))
    )


def _language(truth: bytes) -> str:
    """The language of a report; empty where it says none. What is wrong with it, reading it will say."""
    try:
        return str(json.loads(truth)["presentation"]["language"])
    except (ValueError, KeyError, TypeError):
        return ""


@lru_cache(maxsize=8)
def _spoken(domain: str, templates: Path | None, language: str) -> Domain | None:
    """The domain in a language, with the site's templates; None if it has not that language."""
    own = load_domain(domain)
    if language in {"", own.presentation["language"]}:
        return templated(own, templates)
    return templated(load_domain(domain, language), templates) if language in languages(domain) else None


def _one(folder: Path, ledger: Ledger | None) -> Iterator[tuple[Path, Row | None]]:
    row = ledger.get(f"case:{folder.name.casefold()}") if ledger else None
    yield folder, row if row and row.outputs else None


def _all(out: Path, ledger: Ledger | None) -> Iterator[tuple[Path, Row | None]]:
    """Each case that the ledger holds finished, then each folder that it does not know."""
    if ledger is not None:
        for row in ledger.finished():
            yield out / str(row.case_id), row
    try:
        entries = sorted(path.name for path in out.iterdir())
    except OSError as error:
        raise UsageError(f"{out} cannot be read ({type(error).__name__}).", "Check the path.") from None
    for name in entries:
        if not name.startswith(".") and any((out / name).glob("report.*")):
            known = ledger.get(f"case:{name.casefold()}") if ledger else None
            if known is None or known.case_id != name or not known.outputs:
                yield out / name, None


def _case(
    folder: Path, row: Row | None, own: tuple[str, Path | None], unchecked: Counter[str], *, strange: bool
) -> Iterator[Finding]:
    def finding(file: str, problem: str) -> Finding:
        return Finding(case=folder.name, file=file, problem=problem)

    recorded = row.outputs if row else {}
    names = sorted({*recorded, *(path.name for path in folder.glob("report.*"))})
    if row is None:  # a page must hold the pictures that lie beside it
        names += sorted(f"images/{path.name}" for path in folder.glob("images/*.[jp][pn]g"))
    files: dict[str, bytes] = {}
    for name in names:
        try:
            data = (folder / name).read_bytes()
        except OSError as error:
            yield finding(name, f"is missing or cannot be read ({type(error).__name__})")
            continue
        files[name] = data
        if name not in recorded:
            if "/" in name:
                continue
            if strange or row is not None:
                yield finding(name, "is not in the ledger")
        elif [len(data), sha256(data)] != [recorded[name][0], recorded[name][2]]:
            yield finding(name, "is not the file that was written: its SHA-256 is not the ledger's")
    if TRUTH not in files and TRUTH in recorded:
        return
    reading = read_again(files, _spoken(*own, _language(files.get(TRUTH, b""))))
    unchecked.update(f"{file}, {problem}" for file, problem in reading.unchecked)
    yield from (finding(file, problem) for file, problem in reading.faults)
    if reading.report is not None:
        if reading.report.case_id != folder.name:
            yield finding(TRUTH, "case_id: is not the name of its folder")
        for number, entry in enumerate(reading.report.images):
            if entry.picture and entry.picture not in recorded and not (folder / entry.picture).is_file():
                yield finding(TRUTH, f"images[{number}].picture: there is no such file")
