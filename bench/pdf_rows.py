"""Who prints a report in the bench of PDFs, on what studies, and what each of them cost."""

import io
import json
import math
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property, partial
from importlib.util import find_spec
from pathlib import Path
from statistics import mean, median
from typing import Any

import pypdfium2

import reportgen
from cohort import cohort
from draw import draw
from pdf_content import Content, content_of
from pdf_writers import WRITERS
from reportgen.exporters.pictures import picture
from reportgen.nouns import Case, Report
from tally import Cost

__all__ = ["BARE", "COLUMNS", "COPY", "OURS", "PLAIN", "Row", "Study", "studies", "writers"]

COLUMNS = ("writer", "CPU ms a report", "times ours", "kB", "pages")
OURS, BARE, PLAIN, COPY = "reportgen", "reportgen, no pictures", "plain reportlab", "pikepdf copy"
IMAGES = 6
VIEWS = ("transthalamic", "transventricular", "abdomen_ac", "femur_fl", "thorax_4ch", "transcerebellar")


@dataclass(frozen=True)
class Study:
    """A report and its prepared pictures, by relative path."""

    report: Report
    pictures: dict[str, bytes]

    @property
    def bare(self) -> Report:
        """The report of a study that came without files of its images."""
        bare = {"file": None, "picture": None, "note": None}
        entries = tuple(entry.model_copy(update=bare) for entry in self.report.images)
        return self.report.model_copy(update={"images": entries})

    @cached_property
    def content(self) -> Content:
        """What peers print: taken from the report once, and not in their time."""
        return content_of(self.report, self.pictures)


def studies(seed: int, place: Path) -> Iterator[Study]:
    """Studies of six images each, without end; no two have equal pictures."""
    drawn = []
    for number, view in enumerate(VIEWS):
        file = place / f"{view}.png"
        file.write_bytes(draw(view, number))
        drawn.append(picture(file))
    for case in cohort(sys.maxsize, seed):
        if len(case["images"]) == IMAGES:
            report = reportgen.make_report(Case.model_validate_json(json.dumps(case)))
            yield _pictured(report, drawn)


def _pictured(report: Report, drawn: list[bytes]) -> Study:
    pictures, entries = {}, []
    for entry, data in zip(report.images, drawn, strict=True):
        name = f"images/{entry.image_id}.jpg"
        # A comment keeps the bytes apart, as those of different studies are.
        comment = f"{report.report_id} {entry.number}".encode()
        size = (len(comment) + 2).to_bytes(2)
        pictures[name] = data[:2] + b"\xff\xfe" + size + comment + data[2:]
        entries.append(entry.model_copy(update={"file": f"{entry.image_id}.png", "picture": name}))
    return Study(report.model_copy(update={"images": tuple(entries)}), pictures)


class Row:
    """One writer: what it cost, or why it was not measured.

    Attributes:
        last: What it wrote last.
        note: Empty for one that is measured.
    """

    def __init__(self, name: str, write: Callable[[Study], bytes] | None, note: str = "") -> None:
        self.name, self.note, self._write = name, note, write
        self.last = b""
        self._cost = Cost(name, math.inf)
        self._sizes: list[int] = []
        self._pages: list[int] = []

    def print(self, study: Study, *, counted: bool) -> None:
        """Print a study. A peer that fails is a row that says so from then on."""
        if self._write is None:
            return
        cost = self._cost if counted else Cost(self.name, math.inf)
        try:
            self.last = cost.of(partial(self._write, study))
        except Exception as error:
            if self.name in {OURS, BARE}:
                raise
            self._write, self.note = None, f"failed ({type(error).__name__})"
            return
        if counted:
            self._sizes.append(len(self.last))
            with closing(pypdfium2.PdfDocument(self.last)) as document:
                self._pages.append(len(document))

    @property
    def ms(self) -> float | None:
        """The median, milliseconds of CPU."""
        return median(self._cost.ms) if self._write and self._cost.ms else None

    def plain(self, ours: float) -> dict[str, Any]:
        """For the table and a JSON file."""
        if self.ms is None:
            return dict.fromkeys(COLUMNS) | {"writer": self.name, "note": self.note}
        cells = (self.name, self.ms, self.ms / ours, median(self._sizes) / 1000, mean(self._pages))
        return dict(zip(COLUMNS, cells, strict=True)) | {"note": ""}


def writers() -> list[Row]:
    """All of them, those that are not here too."""
    ours = Row(OURS, lambda study: reportgen.export(study.report, "pdf", study.pictures))
    made = [ours, Row(BARE, lambda study: reportgen.export(study.bare, "pdf"))]
    for name, (module, maker) in WRITERS.items():
        if find_spec(module) is None:
            made.append(Row(name, None, "not installed"))
            continue
        try:
            made.append(Row(name, partial(_written, maker())))
        except (ImportError, OSError) as error:  # such as WeasyPrint without Pango
            made.append(Row(name, None, f"failed ({type(error).__name__})"))
    return [*made, _copy(ours)]


def _written(write: Callable[[Content], bytes], study: Study) -> bytes:
    return write(study.content)


def _copy(ours: Row) -> Row:
    """What opening our PDF and saving it costs at the least."""
    if find_spec("pikepdf") is None:
        return Row(COPY, None, "not installed")
    import pikepdf

    def copied(_: Study) -> bytes:
        stream = io.BytesIO()
        with pikepdf.open(io.BytesIO(ours.last)) as document:
            document.save(stream)
        return stream.getvalue()

    return Row(COPY, copied)
