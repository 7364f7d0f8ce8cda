"""What a report says and shows, without its layout: the same for every library that prints it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import NamedTuple

from reportgen.exporters.layout import Layout
from reportgen.nouns import Report

__all__ = ["Block", "Content", "Head", "Part", "Table", "content_of"]

Part = str | bytes


class Table(NamedTuple):
    """Rows of texts and JPEGs; the first row is the head if there is one."""

    rows: list[list[Part]]
    headed: bool = True


class Head(NamedTuple):
    """Title of a section."""

    text: str


Block = Head | str | Table


@dataclass(frozen=True)
class Content:
    """A report without its layout.

    Attributes:
        banner: Stands on top of every page.
        foot: Stands below every page, beside its number.
        blocks: Heads, paragraphs and tables in reading order.
    """

    title: str
    language: str
    banner: str
    foot: str
    blocks: tuple[Block, ...]


def content_of(report: Report, pictures: Mapping[str, bytes]) -> Content:
    """What the PDF of a report says and shows."""
    layout = Layout.of(report)
    foot = f"{report.provenance.software} | {layout.report_short} | {report.case_id}"
    blocks = tuple(_blocks(layout, pictures))
    return Content(report.title, layout.words["language"], report.banner, foot, blocks)


def _blocks(layout: Layout, pictures: Mapping[str, bytes]) -> Iterator[Block]:
    report, words = layout.report, layout.words
    pairs = list(report.header)
    yield Table(
        [[*one, *two] for one, two in zip_longest(pairs[::2], pairs[1::2], fillvalue=("", ""))], False
    )
    yield Head(layout.reviewer_title)
    yield Table([[str(n), item.text] for n, item in enumerate(report.reviewer_items, 1)], False)
    yield Head(words["method"])
    yield " ".join(report.method)
    yield Head(words["findings"])
    yield Table([[section.title, layout.said(section)] for section in layout.findings], False)
    yield Head(layout.biometry_title)
    heads = [words["measurement"], "", words["value"], layout.centile_title, words["image"]]
    measured = [
        [layout.measure_name(row), row.abbr, layout.value(row), layout.centile(row), str(row.image_number)]
        for row in report.biometry
    ]
    yield Table([heads, *measured])
    yield from filter(
        None, [report.biometry_caption, *(f"({a}) {note}" for a, note in report.biometry_notes)]
    )
    yield Head(words["views"])
    yield _views(layout, pictures)
    yield from report.checklist.text if report.checklist else ()
    yield from report.reliability
    yield Head(words["impression"])
    yield layout.impression
    yield Head(words["limits"])
    yield " ".join(report.limits)
    yield f"{words['reviewed_by']}: {layout.signature}"
    yield Head(words["provenance"])
    yield from layout.colophon
    made = report.provenance.model_dump(
        include={"input_name", "input_sha256", "software", "engine", "domain"}
    )
    yield Table([[words["report"], report.report_id, words["created"], layout.created]], False)
    yield Table([[name, str(value)] for name, value in made.items()], False)


def _views(layout: Layout, pictures: Mapping[str, bytes]) -> Table:
    words = layout.words
    names = ("image", "view_name", "model_score", "next_candidate")
    rows: list[list[Part]] = [["", *(words[name] for name in names)]]
    for row in layout.report.views:
        entry = layout.entries[row.image]
        picture = pictures.get(entry.picture or "", "")
        number = f"{words['image']} {row.number}\n{entry.file or row.image}"
        state = f"{row.display}\n{layout.state(row)}"
        rows.append([picture, number, state, row.score or "-", "\n".join(layout.candidates(row))])
    return Table(rows)
