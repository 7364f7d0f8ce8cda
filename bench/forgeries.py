"""Changes finished reports: digits, units, labels, names, lines and rows, in each of the three files.

``report.json`` is changed twice over: by somebody who leaves its ``report_id``, read without the record
beside the text; and by a program that makes text and id fit, read with the record it was made from.
"""

import json
import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from reportgen.domain import Domain
from reportgen.engines import load_engine
from reportgen.exporters import export
from reportgen.nouns import Completion, Report
from reportgen.pipeline import Prepared, finish
from reportgen.reread import Fault, Record, faults_in_pdf_text, faults_in_text, pdf_text, read_again
from reportgen.settings import Settings

__all__ = ["OPERATORS", "Forgery", "Made", "forgeries", "made", "operators"]

CREATED = datetime(2026, 1, 1, tzinfo=UTC)
#: Lines of a paragraph, within which a fault is told at its place.
PARAGRAPH = 15
UNITS = ("mm", "cm", "g", "kg", "degree", "weeks", "bpm", "per cent")
WORDS = ("normal", "not", "left", "severe", "twin", "confirmed", "absent")
#: What a report says. Who wrote the words, and settings of the layout, are no part of it.
SAID = tuple(
    "title banner header reviewer_items method sections facts views biometry biometry_caption "  # noqa: SIM905
    "biometry_notes checklist reliability answers limits".split()
)
#: Keys of these whose text is printed or told; the others are ids, kinds and paths.
TOLD = frozenset("text surface name value unit display score centile abbr answer question convention".split())  # noqa: SIM905
LISTS = ("header", "reviewer_items", "facts", "views", "biometry", "answers", "limits", "method")


class Made(NamedTuple):
    """A finished report with its files; ``pages`` is the text of its PDF."""

    report: Report
    record: Record
    text: str
    pages: list[str]


class Forgery(NamedTuple):
    """A changed report: what was found wrong in it, as codes, and what was changed if nothing was found."""

    operator: str
    codes: frozenset[str]
    shipped: str | None


def made(case: Prepared, completions: Mapping[str, Completion], domain: Domain) -> Made:
    """A case's report with these words, and its files."""
    settings, info = Settings(), load_engine(engine="template").info
    report = finish(case, completions, info, domain, settings, pictures={}, created_at=CREATED)
    record = Record(case.found, case.facts, ZoneInfo("UTC") if settings.zone is None else settings.zone)
    return Made(report, record, export(report, "txt").decode(), pdf_text(export(report, "pdf")))


def operators() -> Iterator[tuple[str, frozenset[str]]]:
    """Operators with the codes that are there to catch them: ``here`` is the place that was changed."""
    for name in OPERATORS:
        yield f"txt: {name}", frozenset({"here"})
        yield f"pdf: {name}", frozenset({"here"})
        yield f"json, old id: {name}", frozenset({"report_id", "here", "report.txt"})
        yield (
            f"json, new id: {name}",
            frozenset({"here", "facts"}),
        )  # a sentence gone is a fact that is not told
    yield "pdf made of a changed report", frozenset({"report.pdf"})


def forgeries(one: Made, domain: Domain, rng: random.Random, each: int, *, whole: bool) -> Iterator[Forgery]:
    """Up to ``each`` of every operator in every file; with ``whole`` also a real PDF of a changed report."""
    for name, mutate in OPERATORS.items():
        for _ in range(each):
            changed = mutate(one.text.split("\n"), rng, domain)
            if changed and _differs(one.text.split("\n"), changed[1]):
                faults = faults_in_text(one.report, "\n".join(changed[1]))
                yield _judged(f"txt: {name}", faults, changed[0], [changed[1]])
            number = rng.randrange(len(one.pages))
            lines = one.pages[number].split("\n")
            changed = mutate(lines, rng, domain)
            if changed and _differs(lines, changed[1]):
                pages = [page.split("\n") for page in one.pages]
                pages[number] = changed[1]
                faults = faults_in_pdf_text(one.report, ["\n".join(page) for page in pages])
                yield _judged(f"pdf: {name}", faults, changed[0], pages, number)
            yield from _in_json(name, one, domain, rng)
    if whole:
        yield from _real_pdf(one, domain, rng)


def _differs(before: Sequence[str], after: Sequence[str]) -> bool:
    return " ".join(before).split() != " ".join(after).split()


def _judged(
    operator: str, faults: Sequence[str], at: int, pages: Sequence[Sequence[str]], page: int = 0
) -> Forgery:
    """Whether the fault names the line that was changed, or its paragraph, which may lie on two pages."""
    if not faults:
        return Forgery(operator, frozenset(), " / ".join(pages[page][max(at - 1, 0) : at + 2]))
    named = re.search(r"(?:page (\d+), )?line (\d+)", faults[0])
    begins = [sum(map(len, pages[:number])) for number in range(len(pages))]
    near = named is None or (
        abs(begins[int(named[1] or 1) - 1] + int(named[2]) - 1 - begins[page] - at) <= PARAGRAPH
    )
    return Forgery(operator, frozenset({"here" if near else "elsewhere"}), None)


def _in_json(name: str, one: Made, domain: Domain, rng: random.Random) -> Iterator[Forgery]:
    plain = one.report.model_dump(mode="json", by_alias=True)
    head = _changed(plain, name, rng, domain)
    if head is None:
        return
    report = Report.model_validate_json(json.dumps(plain))
    old = {"report.json": export(report, "json"), "report.txt": one.text.encode()}
    yield _found(f"json, old id: {name}", read_again(old, domain).faults, head, plain)
    fitted = report.model_copy(update={"report_id": report.identity()})
    new = {"report.json": export(fitted, "json"), "report.txt": export(fitted, "txt")}
    yield _found(f"json, new id: {name}", read_again(new, domain, one.record).faults, head, plain)


def _found(operator: str, faults: Sequence[Fault], head: str, plain: dict[str, Any]) -> Forgery:
    places = {
        re.split(r"[\[.:]", fault.problem)[0] if fault.file == "report.json" else fault.file
        for fault in faults
    }
    codes = frozenset("here" if place == head else place for place in places)
    return Forgery(operator, codes, None if faults else f"{head}: {plain[head]}")


def _real_pdf(one: Made, domain: Domain, rng: random.Random) -> Iterator[Forgery]:
    plain = one.report.model_dump(mode="json", by_alias=True)
    head = _changed(plain, "digit", rng, domain, printed=("biometry", "views"))
    if head is not None:
        files = {
            "report.json": export(one.report, "json"),
            "report.pdf": export(Report.model_validate_json(json.dumps(plain)), "pdf"),
        }
        yield _found("pdf made of a changed report", read_again(files, domain).faults, "", {"": head})


def _changed(
    plain: dict[str, Any], name: str, rng: random.Random, domain: Domain, printed: Sequence[str] = SAID
) -> str | None:
    """Change a report in place: the part that was changed, or None if there is nothing for this operator."""
    if name in ROWS:
        return ROWS[name](plain, rng)
    leaves = [(key, *leaf) for key in printed for leaf in _leaves(plain, key)]
    rng.shuffle(leaves)
    for key, holder, place in leaves:
        changed = OPERATORS[name]([holder[place]], rng, domain)
        if changed and _differs([holder[place]], changed[1]):
            holder[place] = changed[1][0]
            return str(key)
    return None


def _rows(plain: dict[str, Any], rng: random.Random) -> tuple[str, list[Any]]:
    """A list of the report: sentences of a section as often as any other."""
    key = rng.choice([*(key for key in LISTS if len(plain[key]) > 1), "sections"])
    return key, rng.choice(plain[key])["sentences"] if key == "sections" else plain[key]


def _row_dropped(plain: dict[str, Any], rng: random.Random) -> str | None:
    key, rows = _rows(plain, rng)
    optional = {fact["id"] for fact in plain["facts"] if fact["kind"] == "candidate" and not fact["required"]}
    at = rng.randrange(len(rows))
    if key == "sections" and rows[at]["evidence"] and set(rows[at]["evidence"]) <= optional:
        return None  # a candidate may be left to the table
    del rows[at]
    return key


def _rows_swapped(plain: dict[str, Any], rng: random.Random) -> str | None:
    """The values of two rows change places."""
    key, rows = _rows(plain, rng)
    one, other = rng.choice(rows), rng.choice(rows)
    fields = [
        f for f in ("value", "display", "score", "surface", "text") if isinstance(one, dict) and f in one
    ]
    if not fields or one[fields[0]] == other[fields[0]]:
        return None
    one[fields[0]], other[fields[0]] = other[fields[0]], one[fields[0]]
    return key


ROWS = {"line dropped": _row_dropped, "rows swapped": _rows_swapped}


def _leaves(holder: Any, place: Any) -> Iterator[tuple[Any, Any]]:
    """Where text stands that is printed or told."""
    value = holder[place]
    if isinstance(value, str):
        yield holder, place
    elif isinstance(value, dict):
        for key in TOLD & set(value) | {"sentences", "candidates"} & set(value):
            yield from _leaves(value, key)
    elif isinstance(value, list):
        for number in range(len(value)):
            yield from _leaves(value, number)


#: The index of the line that was changed, and all lines after the change.
_Changed = tuple[int, list[str]] | None
_Mutate = Callable[[list[str], random.Random, Domain], _Changed]


def _substituted(pattern: str, new: Callable[[str, random.Random], str]) -> _Mutate:
    def mutate(lines: list[str], rng: random.Random, _: Domain) -> _Changed:
        places = [(n, match) for n, line in enumerate(lines) for match in re.finditer(pattern, line)]
        if not places:
            return None
        n, match = rng.choice(places)
        line = lines[n][: match.start()] + new(match[0], rng) + lines[n][match.end() :]
        return n, [*lines[:n], line, *lines[n + 1 :]]

    return mutate


def _other(old: str, rng: random.Random, some: Sequence[str]) -> str:
    return rng.choice([one for one in some if one.casefold() != old.casefold()])


def _named(lines: list[str], rng: random.Random, names: Sequence[str]) -> _Changed:
    some = [name for name in names if any(name in line for line in lines)]
    if not some:
        return None
    pattern = rf"\b{re.escape(rng.choice(some))}\b"
    return _substituted(pattern, lambda old, rng: _other(old, rng, names))(lines, rng, None)  # type: ignore[arg-type]


def _label(lines: list[str], rng: random.Random, domain: Domain) -> _Changed:
    return _named(lines, rng, [name for view in domain.views for name in (view.display, view.display_short)])


def _name(lines: list[str], rng: random.Random, domain: Domain) -> _Changed:
    return _named(lines, rng, [name for one in domain.biometry.values() for name in (one.name, one.abbr)])


def _dropped(lines: list[str], rng: random.Random, _: Domain) -> _Changed:
    said = [n for n, line in enumerate(lines) if re.search(r"\w", line)]
    if not said:
        return None
    n = rng.choice(said)
    return n, [*lines[:n], *lines[n + 1 :]]


def _swapped(lines: list[str], rng: random.Random, _: Domain) -> _Changed:
    if len(lines) < 2:
        return None
    n = rng.randrange(len(lines) - 1)
    return n, [*lines[:n], lines[n + 1], lines[n], *lines[n + 2 :]]


OPERATORS: dict[str, _Mutate] = {
    "digit": _substituted(r"\d", lambda old, rng: _other(old, rng, "0123456789")),
    "unit": _substituted(r"(?<=\d )(mm|cm|g|degree)\b", lambda old, rng: _other(old, rng, UNITS)),
    "label": _label,
    "name": _name,
    "word": _substituted(r"(?<=[a-z]) (?=[a-z])", lambda _, rng: f" {rng.choice(WORDS)} "),
    "line dropped": _dropped,
    "rows swapped": _swapped,
}
