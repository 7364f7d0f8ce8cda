"""What a screen reader says: along the structure of the PDF, every text of report.txt in its order."""

import re
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from factories import solid
from reportgen.exporters.pdf.typeface import Pen
from reportgen.nouns import Report
from reportgen.reread.printed import Printed, unmarked
from structure import Told, told

CELLS = {"TD", "TH"}
#: Their cells are longer than a page, and go on in further rows.
LONG = "long"


class Piece(NamedTuple):
    """A text of the report.

    Attributes:
        cell: It stands in a cell of a table.
        alone: Nothing else stands there.
    """

    text: str
    cell: bool = False
    alone: bool = False


def pieces(report: Report) -> Iterator[Piece]:
    """Texts of a report in the order of report.txt, taken from ``report.json`` and not from an exporter."""
    printed = Printed(report)
    yield Piece(report.title)
    yield from (Piece(text) for pair in report.header for text in pair)
    yield from (Piece(item.text) for item in report.reviewer_items)
    yield from map(Piece, report.method)
    for section in printed.findings:
        yield Piece("" if printed.single else section.title)
        yield from (Piece(sentence.text) for sentence in section.sentences)
    yield from _tables(report, printed)
    yield Piece(printed.impression)
    yield from map(Piece, report.limits)
    yield Piece(report.imprint)


def _tables(report: Report, printed: Printed) -> Iterator[Piece]:
    for row in report.biometry:
        yield from (Piece(text, cell=True, alone=True) for text in printed.measured(row))
    yield Piece(report.biometry_caption)
    yield from (Piece(f"({letter}) {note}") for letter, note in report.biometry_notes)
    for view in report.views:
        yield Piece("" if view.state == "undetermined" else view.display, cell=True)
        yield Piece(view.score or "-", cell=True)
        yield from (Piece(part, cell=True) for pair in view.candidates for part in pair)
    yield from map(Piece, report.checklist.text if report.checklist else ())
    yield from map(Piece, report.reliability)
    for row in report.answers:
        yield from (Piece(text, cell=True) for text in (row.question, printed.answer(row), row.model))


def lost(report: Report, read: list[Told]) -> list[str]:
    """Pieces that are not said after the piece before them.

    A text may go over elements, as a long one does; a cell may not.
    """
    pen = Pen()
    parts = [one for one in read if one.role != "Figure"]
    said = [solid(one.text) for one in parts]
    starts = [sum(map(len, said[:number])) for number in range(len(said))]
    stream, at, missing = "".join(said), 0, []
    ends = {
        start: start + len(text)
        for one, start, text in zip(parts, starts, said, strict=True)
        if CELLS & {one.role, *one.path}
    }
    for piece in pieces(report):
        wanted = solid(pen.plain(piece.text))
        where = _cell(stream, wanted, at, ends, piece.alone) if piece.cell else stream.find(wanted, at)
        if where < 0:
            missing.append(piece.text)
        else:
            at = where + len(wanted)
    return missing


def _cell(stream: str, wanted: str, at: int, ends: dict[int, int], alone: bool) -> int:
    """Where the text stands in a cell, from a place on; -1 if nowhere."""
    if not wanted:
        return at
    for start, end in ends.items():
        where = stream.find(wanted, max(at, start), end)
        if where >= 0 and (not alone or (where, where + len(wanted)) == (start, end)):
            return where
    return -1


def test_every_text_is_said_in_the_order_of_the_text(papers):
    for paper in papers:
        if paper.name != LONG:
            assert lost(paper.report, told(paper.pdf.read_bytes())) == [], paper.name


def test_what_is_longer_than_a_page_is_said_in_one_piece(papers):
    paper = next(paper for paper in papers if paper.name == LONG)
    said = solid(" ".join(one.text for one in told(paper.pdf.read_bytes())))
    words = solid(dict(paper.report.header)["Indication"])
    assert said.count(words) == 3  # the indication, a question and its answer


def test_the_text_has_that_order(papers):
    """That of the pieces is report.txt's: else the tests above would compare with nothing."""
    for paper in papers:
        text, at = solid(unmarked(paper.report, paper.text)), 0
        for piece in pieces(paper.report):
            # Cells are wrapped side by side there.
            found = text.find(solid(piece.text), at) if not piece.cell else at
            assert found >= 0, (paper.name, piece.text)
            at = found + (0 if piece.cell else len(solid(piece.text)))


def test_headings_are_headings(papers):
    for paper in papers:
        words = paper.report.presentation
        read = told(paper.pdf.read_bytes())
        heads = [one for one in read if re.fullmatch(r"H\d", one.role)]
        assert (heads[0].role, solid(heads[0].text)) == ("H1", solid(paper.report.title))
        assert [one.role for one in heads].count("H1") == 1
        named = [one.text for one in heads]
        places = [named.index(words[name]) for name in ("findings", "impression", "limits")]
        assert places == sorted(places), paper.name


def test_a_table_says_its_heads_before_its_data(papers):
    """Of tables with heads at all: the first of the biometry, and of the views."""
    for paper in papers:
        read = [one for one in told(paper.pdf.read_bytes()) if CELLS & {one.role, *one.path}]
        said = [(one.role, one.text) for one in read]
        if paper.report.biometry:
            assert ("TH", paper.report.presentation["measurement"]) in said, paper.name
        assert any(text == paper.report.presentation["model_score"] for _, text in said), paper.name


def test_what_stands_around_each_page_is_not_said(papers):
    for paper in papers:
        said = " ".join(one.text for one in told(paper.pdf.read_bytes()))
        assert not re.search(r"\bPage \d+ of \d+\b", said), paper.name


@pytest.mark.parametrize("first", ["findings", "limits", "biometry", "reviewer_items"])
def test_a_text_out_of_order_is_seen(papers, first):
    """The comparison bites: what is exchanged in the report is not in the order of the PDF."""
    paper = next(paper for paper in papers if paper.name == "images-6")
    changed = {
        "findings": {"sections": paper.report.sections[::-1]},
        "limits": {"limits": paper.report.limits[::-1]},
        "biometry": {"biometry": paper.report.biometry[::-1]},
        "reviewer_items": {"reviewer_items": paper.report.reviewer_items[::-1]},
    }
    assert lost(paper.report.model_copy(update=changed[first]), told(paper.pdf.read_bytes()))
