"""What a report must look like on paper, as pieces of text in reading order: made from ``report.json`` alone.

Written apart from the exporters on purpose: a mistake of theirs must not be made here a second time.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import NamedTuple

from reportgen.nouns import AnswerRow, BiometryRow, Report, Section, ViewRow

__all__ = [
    "IMPRESSION",
    "Block",
    "Printed",
    "Tokens",
    "block",
    "day_in",
    "row",
    "tokens",
    "unmarked",
]

IMPRESSION = "impression"
Tokens = tuple[str, ...]


def tokens(text: str) -> Tokens:
    """The words of a text, without the blanks and line ends between them."""
    return tuple(text.split())


class Block(NamedTuple):
    """A paragraph (one cell), or a row of a table whose cells are wrapped side by side; words without blanks.

    Attributes:
        place: What it is, for a person; never a value of the input.
        head: What each page on which the table goes on must repeat.
        even: Every cell begins on the first line of the row.
        optional: It may be missing: the placeholder of a picture that could not be read any more.
        cut: It may end early with an ellipsis.
        beside: The next row may stand beside it.
    """

    place: str
    cells: tuple[Tokens, ...]
    head: Tokens = ()
    even: bool = False
    optional: bool = False
    cut: bool = False
    beside: bool = False


def block(place: str, *texts: str, head: Tokens = ()) -> Block:
    """Texts that stand one after the other."""
    return Block(place, (tokens(" ".join(texts)),), head)


def row(place: str, *cells: str, head: Tokens = (), even: bool = False) -> Block:
    """Texts that stand side by side."""
    blank = any(cell[:1].isspace() for cell in cells)  # its first line, or more
    return Block(place, tuple(map(tokens, cells)), head, even and not blank)


def day_in(day: date, words: Mapping[str, str]) -> str:
    """A day as the site writes it, or else the language."""
    month = words["months"].split()[day.month - 1]
    match words.get("date_format", ""):
        case "DD.MM.YYYY":
            return f"{day:%d.%m.}{day.year:04}"
        case "DD/MM/YYYY":
            return f"{day:%d/%m/}{day.year:04}"
        case "MM/DD/YYYY":
            return f"{day:%m/%d/}{day.year:04}"
        case "YYYY-MM-DD":
            return day.isoformat()[:10]
        case "D MMM YYYY":
            return f"{day.day} {month} {day.year:04}"
    parts = {"{day}": str(day.day), "{month}": month, "{year}": f"{day.year:04}"}
    return "".join(parts.get(part, part) for part in re.split(r"(\{\w+\})", words["date"]))


#: Right-to-left marks where a line or a cell begins; left-to-right ones around a number with its unit.
_TURNS = re.compile("^\u200f|(?<=  )\u200f", re.MULTILINE)
_KEPT = re.compile(r"(?<![<>\d+.:/-])\u200e([<>]?\d[^\u200e\n]*)\u200e(?![+:/-]?\d)")


def unmarked(report: Report, text: str) -> str:
    """A text without the marks of its direction, where these may stand; elsewhere they are a fault."""
    if report.presentation.get("direction") != "rtl":
        return text
    return _KEPT.sub(r"\1", _TURNS.sub("", text).replace("\u200f،", "،"))


class Printed:
    """A report with the small decisions of its layout, taken anew."""

    def __init__(self, report: Report) -> None:
        self.report, self.words = report, report.presentation
        self.entries = {entry.image_id: entry for entry in report.images}
        self.single = len(report.views) == 1
        self.findings = [section for section in report.sections if section.name != IMPRESSION]
        self.impression = " ".join(self.said(s) for s in report.sections if s.name == IMPRESSION)

    def fill(self, name: str, **values: object) -> str:
        """A word with its braces filled in."""
        text = self.words[name]
        for key, value in values.items():
            text = text.replace("{" + key + "}", str(value))
        return text

    @staticmethod
    def said(section: Section) -> str:
        """The sentences of a section."""
        return " ".join(sentence.text for sentence in section.sentences)

    def letterhead(self) -> list[str]:
        """Whose report it is, line by line."""
        text = f"{self.words.get('institution', '')}\n{self.words.get('institution_address', '')}"
        return [line for line in text.splitlines() if line.strip()]

    def reviewer(self) -> list[str] | None:
        """Title and items of the reviewer's list; None where it is not printed."""
        items = [item.text for item in self.report.reviewer_items]
        if self.single and not items:
            return None
        count = f" ({len(items)} {self.words['open']})" if items else ""
        return [self.words["for_the_reviewer"] + count, *items]

    def biometry_title(self) -> str:
        """The title, which says whether a value was supplied twice."""
        keys = {(row.abbr, row.fetus) for row in self.report.biometry}
        how = "one_value_each" if len(keys) == len(self.report.biometry) else "as_supplied"
        return f"{self.words['biometry']} ({self.words[how]})"

    def centile_title(self) -> str:
        """Head of the centile's column, or nothing."""
        if not any(row.centile or row.note for row in self.report.biometry):
            return ""
        age = self.report.chart_age
        return self.fill("centile_at", ga=age) if age else self.words["centile"]

    def measured(self, row: BiometryRow) -> list[str]:
        """Name, abbreviation, value with unit, centile and image of a row."""
        name = row.name
        if row.fetus:
            name += f"{self.words['comma']} " + self.fill("fetus", fetus=row.fetus)
        if row.convention:
            name += f" ({row.convention})"
        value = f"{row.value} {row.unit}".strip() + ("*" if row.source == "model" else "")
        centile = (row.centile or "-") + (f" ({row.note})" if row.note else "")
        return [name, row.abbr, value, centile if self.centile_title() else "", str(row.image_number)]

    def state(self, row: ViewRow) -> str:
        """The state of a view in words."""
        name = {"recognised": "recognised", "uncertain": "uncertain", "undetermined": "not_determined"}
        supplied = row.state == "recognised" and row.score is None
        word = self.words["supplied" if supplied else name[row.state]]
        return word[:1].upper() + word[1:]

    def view(self, row: ViewRow) -> str:
        """The view, with its doubt."""
        if row.state == "undetermined":
            return self.words["not_determined"]
        return row.display + (f" ({self.words['uncertain']})" if row.state == "uncertain" else "")

    def file(self, row: ViewRow) -> str:
        """What the sender called the image."""
        entry = self.entries.get(row.image)
        return entry.file if entry and entry.file else row.image

    def answer(self, row: AnswerRow) -> str:
        """What another model answered, as its words; or why that is not quoted."""
        return row.reason or "" if row.answer is None else self.fill("quoted", text=row.answer)

    def created(self) -> str:
        """When the report was made."""
        try:
            when = datetime.fromisoformat(self.report.created_at)
        except ValueError:
            return self.report.created_at
        return self.fill("moment", date=day_in(when, self.words), time=f"{when:%H:%M}")

    def signature(self) -> str:
        """Whether it is signed."""
        status = self.report.status
        return self.words["not_signed" if status == "draft" else status]

    def colophon(self) -> Iterator[Block]:
        """Who wrote the words, why this engine, and how the input was read."""
        why = self.report.provenance.why_this_engine or ""
        yield block("imprint", self.report.imprint)
        if why:
            yield block("reason", why[:1].upper() + why[1:] + ("" if why.endswith(".") else "."))
        for number, note in enumerate(self.report.source_notes, 1):
            yield block(f"source note {number}", f"{self.words['source']}: {note}")

    def narrative(self) -> Iterator[Block]:
        """Method and findings."""
        if self.report.method:
            yield block("method", " ".join([self.words["method"], *self.report.method]))
        yield block("findings", self.words["findings"])
        for section in self.findings:
            title = "" if self.single else section.title
            yield block(f"findings, {section.name}", title, self.said(section))

    def captions(self) -> Iterator[Block]:
        """What stands below the biometry."""
        if self.report.biometry_caption:
            yield block("biometry caption", self.report.biometry_caption)
        for number, (letter, note) in enumerate(self.report.biometry_notes, 1):
            yield block(f"biometry note {number}", f"({letter}) {note}")
