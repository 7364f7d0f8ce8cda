"""A finished report, read again: what its files say is what its record says, word for word, and nothing else.

This room knows nothing of the steps that made the report (assembling, exporting, checking, narrating): what
they get wrong must not be got wrong here in the same way.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from reportgen.domain import HTML_TEMPLATE, TEXT_TEMPLATE, Domain
from reportgen.errors import IntegrityError
from reportgen.nouns import Facts, Found, Report
from reportgen.reread.enclosed import enclosed_fault
from reportgen.reread.inert import active_fault, page_text
from reportgen.reread.narrative import narrative_faults
from reportgen.reread.page import html_fault, shipped_page
from reportgen.reread.paper import pdf_fault, pdf_text, shipped_layout, text_fault, told_fault
from reportgen.reread.record import record_faults

__all__ = [
    "TRUTH",
    "Fault",
    "Reading",
    "Record",
    "faults_in_html",
    "faults_in_pdf_text",
    "faults_in_report",
    "faults_in_text",
    "pdf_text",
    "read_again",
    "reread",
]

TRUTH = "report.json"


class Fault(NamedTuple):
    """What is wrong in which file; never a value of the input."""

    file: str
    problem: str


class Record(NamedTuple):
    """What a report was made from; ``zone`` is that of printed times."""

    found: Found
    facts: Facts
    zone: ZoneInfo


class Reading(NamedTuple):
    """What a reading found wrong, what it could not judge, and the report, if there is one."""

    faults: tuple[Fault, ...]
    unchecked: tuple[Fault, ...] = ()
    report: Report | None = None


def reread(files: Mapping[str, bytes], domain: Domain, record: Record | None = None) -> None:
    """Read the files of a report before they are written.

    Args:
        files: ``report.json``, and ``report.<format>`` for other formats; pictures, by their path beside
            them, are those that a page must hold; anything else is passed over.
        domain: The one that the report was made with.
        record: What it was made from, where that is at hand.

    Raises:
        IntegrityError: A file says what the record does not hold, or leaves out what it does.
    """
    faults = read_again(files, domain, record).faults
    if faults:
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        raise IntegrityError(
            f"The finished {faults[0].file} does not say what its record holds: {faults[0].problem}{more}.",
            "Nothing of it was put out. Report this with the name of the file and the place.",
        )


def read_again(files: Mapping[str, bytes], domain: Domain | None, record: Record | None = None) -> Reading:
    """Read the files of a report, and say what is wrong.

    Args:
        files: As for ``reread``.
        domain: One that is at hand; where the report was made with another, what only that one tells stays
            unchecked, and so it is said.
        record: As for ``reread``.
    """
    try:
        report = _report(files[TRUTH])
    except KeyError:
        return Reading((Fault(TRUTH, "is missing"),))
    except ValueError as error:
        return Reading((Fault(TRUTH, str(error)),))
    known = domain if domain and domain.sha256 == report.provenance.domain_sha256 else None
    faults = [Fault(TRUTH, problem) for problem in faults_in_report(report, known, record)]
    unchecked = []
    if known is None:
        unchecked.append(Fault(TRUTH, "the words of its sentences: it was made with another domain"))
    for name, data in files.items():
        if name == TRUTH or not name.startswith("report."):
            continue
        if name not in _FORMATS:
            unchecked.append(Fault(name, "this format cannot be read again"))
            continue
        try:
            found, unsure = _FORMATS[name](report, data, known, files)
        except KeyError as error:
            found, unsure = [f"cannot be judged: 'presentation' lacks the word {error}"], []
        except ValueError as error:
            found, unsure = [str(error)], []
        faults += [Fault(name, problem) for problem in found]
        unchecked += [Fault(name, problem) for problem in unsure]
    return Reading(tuple(faults), tuple(unchecked), report)


def faults_in_report(report: Report, domain: Domain | None = None, record: Record | None = None) -> list[str]:
    """What is wrong in a report itself: each fault with its path."""
    faults = [] if report.report_id == report.identity() else ["report_id: facts and words do not give it"]
    faults += narrative_faults(report, domain)
    if record is not None and domain is not None:
        faults += record_faults(report, record.found, record.facts, domain, record.zone)
    elif record is not None:
        faults.append("provenance.domain_sha256: is not as the record has it")
    return faults


def faults_in_text(report: Report, text: str) -> list[str]:
    """Where a ``report.txt`` in the shipped layout differs from its report: the first place, or none."""
    place = text_fault(report, text)
    return [_differs(place)] if place else []


def faults_in_pdf_text(report: Report, pages: Sequence[str]) -> list[str]:
    """Where the text of a ``report.pdf``, page by page, differs from its report: the first place, or none."""
    place = pdf_fault(report, pages)
    return [_differs(place)] if place else []


def faults_in_html(report: Report, text: str, pictures: Mapping[str, bytes] | None = None) -> list[str]:
    """Where a ``report.html`` in the shipped layout differs from its report: the first place, or none.

    Raises:
        ValueError: It holds what no page of ours does.
    """
    place = html_fault(report, text, pictures or {})
    return [_differs(place)] if place else []


def _differs(place: str) -> str:
    return f"{place}: is not what report.json says"


def _report(data: bytes) -> Report:
    """The report in ``report.json``.

    Raises:
        ValueError: It is none, and why.
    """
    try:
        report = Report.model_validate_json(data)
        json.loads(data, object_pairs_hook=_each_once)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ValueError(f"{where or 'it'}: {first['msg']}") from None
    return report


def _each_once(pairs: list[tuple[str, Any]]) -> None:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("an object has a key twice")


def _decoded(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise ValueError("is not UTF-8") from None


_Judged = tuple[list[str], list[str]]
_Files = Mapping[str, bytes]


def _text(report: Report, data: bytes, domain: Domain | None, _: _Files) -> _Judged:
    text = _decoded(data)
    template = domain.templates[TEXT_TEMPLATE] if domain else ""
    if template in {"", shipped_layout()}:
        faults = faults_in_text(report, text)
        if not faults or domain is not None:
            return faults, []
    return _told(told_fault(report, text, template), domain)


def _html(report: Report, data: bytes, domain: Domain | None, files: _Files) -> _Judged:
    text = _decoded(data)
    active = active_fault(text)
    if active:
        return [active], []
    template = domain.templates[HTML_TEMPLATE] if domain else ""
    if template in {"", shipped_page()}:
        try:
            faults = faults_in_html(report, text, files)
        except ValueError as error:
            faults = [str(error)]
        if not faults or domain is not None:
            return faults, []
    return _told(told_fault(report, page_text(text), template, numbered=False), domain)


def _told(place: str, domain: Domain | None) -> _Judged:
    """What is to be said of a file in a layout of somebody's own."""
    if domain is None and not place:
        return [], ["its fixed words and their order: it has the layout of another domain"]
    return [_differs(place)] if place else [], []


def _pdf(report: Report, data: bytes, _: Domain | None, files: _Files) -> _Judged:
    faults = faults_in_pdf_text(report, pdf_text(data))
    strange = "" if faults else enclosed_fault(data, files[TRUTH])
    return [strange] if strange else faults, []


_FORMATS = {"report.txt": _text, "report.pdf": _pdf, "report.html": _html}
