"""What the text and the PDF have in common: words, order, and how a row reads."""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path, PurePosixPath

from reportgen.errors import DomainError
from reportgen.nouns import AnswerRow, BiometryRow, ImageEntry, Report, Section, ViewRow
from reportgen.phrases import date_phrase

__all__ = ["Layout", "Pictures", "Words", "clean", "composed", "file_of", "header_rows", "lines_of"]

#: JPEG files by relative path, or the folder that the paths are relative to, or none.
Pictures = Mapping[str, bytes] | Path | None

IMPRESSION = "impression"
SHORT = 8
_COLOUR = re.compile(r"#[0-9a-f]{6}")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def clean(text: str) -> str:
    """Text without control characters. Reading refuses them; a report.json may have been edited since."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


def lines_of(text: str) -> list[str]:
    """The lines of a text, at any line break that Unicode knows, so that none breaks out of its column."""
    return [clean(line.expandtabs(4)) for line in text.replace("\r\n", "\n").splitlines()] or [""]


class Words:
    """The fixed words that a report carries; a missing one is named."""

    def __init__(self, words: Mapping[str, str]) -> None:
        self._words = words

    def __getitem__(self, name: str) -> str:
        try:
            return self._words[name]
        except KeyError:
            raise DomainError(
                f"The report's 'presentation' lacks the word '{name}'.",
                "Add it to 'presentation' in domain.yaml and make the report again.",
            ) from None

    def fill(self, name: str, **values: object) -> str:
        """A word with its braces filled in. Not ``str.format``: a report.json is no place for expressions."""
        text = self[name]
        for key, value in values.items():
            text = text.replace("{" + key + "}", str(value))
        return text


@dataclass(frozen=True)
class Layout:
    """A report with the small decisions that text and PDF share."""

    report: Report
    words: Words

    @classmethod
    def of(cls, report: Report) -> "Layout":
        """The layout of a report."""
        return cls(report, Words(report.presentation))

    @cached_property
    def entries(self) -> dict[str, ImageEntry]:
        """The images by id."""
        return {entry.image_id: entry for entry in self.report.images}

    @property
    def mirrored(self) -> bool:
        """Whether the report is read from right to left."""
        return self.report.presentation.get("direction") == "rtl"

    @property
    def colour(self) -> str:
        """The site's colour of headings and rules, as ``#rrggbb``; empty for the usual one."""
        colour = self.report.presentation.get("colour", "")
        return colour if _COLOUR.fullmatch(colour) else ""

    @property
    def single(self) -> bool:
        """One image: no region labels, the candidates as rows of their own."""
        return len(self.report.views) == 1

    @property
    def pictured(self) -> bool:
        """Whether any image came with a picture, be it lost since: else no place is kept for pictures."""
        return any(entry.picture or entry.file for entry in self.report.images)

    @property
    def findings(self) -> tuple[Section, ...]:
        """The regions, head to toe."""
        return tuple(section for section in self.report.sections if section.name != IMPRESSION)

    @property
    def impression(self) -> str:
        """The impression, which is the clinician's to write."""
        return " ".join(map(self.said, (s for s in self.report.sections if s.name == IMPRESSION)))

    @staticmethod
    def said(section: Section) -> str:
        """The sentences of a section as one paragraph."""
        return " ".join(sentence.text for sentence in section.sentences)

    @property
    def reviewer_title(self) -> str:
        """Title of the reviewer's list, with the number of open items."""
        items, words = len(self.report.reviewer_items), self.words
        return words["for_the_reviewer"] + (f" ({items} {words['open']})" if items else "")

    @property
    def reviewer_block(self) -> bool:
        """Whether the list is printed: always, but for a single image that raised nothing."""
        return bool(self.report.reviewer_items) or not self.single

    @property
    def biometry_title(self) -> str:
        """Title of the biometry, which says whether any value was supplied twice."""
        keys = [(row.abbr, row.fetus) for row in self.report.biometry]
        how = "one_value_each" if len(set(keys)) == len(keys) else "as_supplied"
        return f"{self.words['biometry']} ({self.words[how]})"

    @property
    def centile_title(self) -> str:
        """Head of the centile column, with the age that it was read at; empty without such a column."""
        if not any(row.centile or row.note for row in self.report.biometry):
            return ""
        age = self.report.chart_age
        return self.words.fill("centile_at", ga=age) if age else self.words["centile"]

    def measure_name(self, row: BiometryRow) -> str:
        """Name of a measurement, with its fetus and caliper convention where they were stated."""
        comma = self.words["comma"]
        fetus = f"{comma} {self.words.fill('fetus', fetus=row.fetus)}" if row.fetus else ""
        return row.name + fetus + (f" ({row.convention})" if row.convention else "")

    @staticmethod
    def value(row: BiometryRow) -> str:
        """Value and unit; a star marks a model's value, as the caption says."""
        return f"{row.value} {row.unit}".strip() + ("*" if row.source == "model" else "")

    @staticmethod
    def centile(row: BiometryRow) -> str:
        """Centile with its footnote, or a dash."""
        return (row.centile or "-") + (f" ({row.note})" if row.note else "")

    def state(self, row: ViewRow) -> str:
        """The state of a view in words; a label that came without a score was supplied, not recognised."""
        names = {"recognised": "recognised", "uncertain": "uncertain", "undetermined": "not_determined"}
        supplied = row.state == "recognised" and row.score is None
        word = self.words["supplied" if supplied else names[row.state]]
        return word[:1].upper() + word[1:]

    def view(self, row: ViewRow) -> str:
        """What stands for the view in a table."""
        if row.state == "undetermined":
            return self.words["not_determined"]
        return row.display + (f" ({self.words['uncertain']})" if row.state == "uncertain" else "")

    def picture_text(self, row: ViewRow) -> str:
        """What a picture is, for who does not see it: only what the record has of it."""
        score = f"{self.words['model_score']} {row.score}" if row.score else ""
        shown = self.words["not_determined"] if row.state == "undetermined" else row.display
        state = "" if row.state == "undetermined" else self.state(row)
        said = f"{self.words['comma']} ".join(filter(None, [shown, state, score]))
        return f"{self.words['image']} {row.number}: {said}"

    @staticmethod
    def candidates(row: ViewRow) -> list[str]:
        """The next candidates, best first."""
        return [f"{name} {score}".strip() for name, score in row.candidates]

    def answer(self, row: AnswerRow) -> str:
        """What another model answered, in quotation marks; of an unusable answer the reason, without."""
        return row.reason or "" if row.answer is None else self.words.fill("quoted", text=row.answer)

    @property
    def banner(self) -> str:
        """The mark of a draft; a report that somebody has signed has none."""
        return self.report.banner if self.report.status == "draft" else ""

    @property
    def letterhead(self) -> list[str]:
        """Name of the institution and the lines of its address; nothing where the paper has them."""
        words = self.report.presentation
        told = [words.get("institution", ""), *words.get("institution_address", "").split("\n")]
        return [line for line in map(str.strip, told) if line]

    @property
    def footer(self) -> str:
        """The institution's line at the end of every page."""
        return self.report.presentation.get("footer", "")

    @property
    def disclaimer(self) -> str:
        """What the institution adds to the limits."""
        return self.report.presentation.get("disclaimer", "")

    @property
    def report_short(self) -> str:
        """The first characters of the report's id, for people."""
        return self.report.report_id[:SHORT]

    @property
    def created(self) -> str:
        """When the report was made, as in ``23 Nov 2026, 09:44``."""
        try:
            when = datetime.fromisoformat(self.report.created_at)
        except ValueError:
            return self.report.created_at
        words = {**self.report.presentation, **{name: self.words[name] for name in ("months", "date")}}
        return self.words.fill("moment", date=date_phrase(when.date(), words), time=f"{when:%H:%M}")

    @property
    def signature(self) -> str:
        """``NOT SIGNED``, or the status of a report that is no draft any more."""
        status = self.report.status
        return self.words["not_signed" if status == "draft" else status]

    @property
    def colophon(self) -> list[str]:
        """Who wrote the words, why this engine, and how the input was read."""
        notes = [f"{self.words['source']}: {note}" for note in self.report.source_notes]
        why = self.report.provenance.why_this_engine or ""
        reason = why[:1].upper() + why[1:] + ("" if why.endswith(".") else ".")
        return [self.report.imprint, *([reason] if why else []), *notes]


def header_rows(
    entries: Sequence[tuple[str, str]], fits: Callable[[str], bool]
) -> list[tuple[tuple[str, str], ...]]:
    """Header entries in reading order, two in a row where both fit half of the width."""
    rows: list[tuple[tuple[str, str], ...]] = []
    waiting: tuple[str, str] | None = None
    for entry in entries:
        half = fits(entry[1])
        if waiting and half:
            rows.append((waiting, entry))
            waiting = None
            continue
        if waiting:
            rows.append((waiting,))
        waiting = entry if half else None
        if not half:
            rows.append((entry,))
    return [*rows, (waiting,)] if waiting else rows


def composed(text: str) -> str:
    """Letters with their accents as one character (NFC), which more fonts have than the parts."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def file_of(path: str, pictures: Pictures) -> bytes | None:
    """A file that a report names; nothing outside of the given folder is ever opened."""
    if pictures is None:
        return None
    if isinstance(pictures, Mapping):
        return pictures.get(path)
    name = PurePosixPath(path)
    if name.is_absolute() or ".." in name.parts or "\\" in path or ":" in path:
        return None
    found = pictures.joinpath(*name.parts)
    try:
        inside = found.resolve().is_relative_to(pictures.resolve()) and found.is_file()
        return found.read_bytes() if inside else None
    except (OSError, ValueError):  # unreadable or unthinkable is missing: the placeholder says so
        return None
