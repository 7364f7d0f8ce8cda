"""The bench of PDFs runs, names the peers that are not here, and says no more than a run can say."""

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pypdfium2
import pytest

import pdf
import pdf_rows
from bounds import missed
from pdf_content import Head, Table
from pdf_writers import WRITERS


def test_it_fills_its_columns_and_names_who_is_not_here(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf_rows, "find_spec", lambda name: None if name == "fpdf" else find_spec(name))
    file = tmp_path / "figures.json"
    given = ["--repeats", "2", "--reports", "3", "--json", str(file)]
    assert pdf.main(given) == 0
    figures = json.loads(file.read_text())
    rows = {row["writer"]: row for row in figures["rows"]}
    assert list(rows) == [pdf_rows.OURS, pdf_rows.BARE, *WRITERS, pdf_rows.COPY]
    for name in (pdf_rows.OURS, pdf_rows.BARE, pdf_rows.PLAIN):
        assert all(rows[name][column] for column in pdf_rows.COLUMNS), name
    assert (rows["fpdf2"]["note"], rows["fpdf2"]["CPU ms a report"]) == ("not installed", None)
    assert figures["picture_ms"].keys() == {"grey", "colour"}
    said = capsys.readouterr().out
    assert all(column in said for column in pdf_rows.COLUMNS)
    assert "fpdf2: not installed" in said
    assert "too small to say" in said
    assert pdf.main(["--repeats", "1", "--reports", "0", "--assert"]) == 1


def test_a_peer_that_fails_is_a_row_that_says_so() -> None:
    def fails(_: object) -> bytes:
        raise ZeroDivisionError

    peer, ours = pdf_rows.Row("peer", fails), pdf_rows.Row(pdf_rows.OURS, fails)
    peer.print(None, counted=True)
    assert peer.plain(1.0)["note"] == "failed (ZeroDivisionError)"
    assert peer.ms is None
    with pytest.raises(ZeroDivisionError):
        ours.print(None, counted=True)


def test_every_writer_has_the_same_to_print(tmp_path: Path) -> None:
    """All texts of the content are in the plain page, and its pictures."""
    study = next(pdf_rows.studies(1, tmp_path))
    texts = [study.content.title]
    for block in study.content.blocks:
        parts = [part for row in block.rows for part in row] if isinstance(block, Table) else [block]
        texts += [
            part.text if isinstance(part, Head) else part for part in parts if not isinstance(part, bytes)
        ]
    data = WRITERS[pdf_rows.PLAIN][1]()(study.content)
    found = "".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(data))
    solid = "".join(found.split())
    assert [text for text in texts if "".join(text.split()) not in solid] == []
    assert data.count(b"/DCTDecode") == len(study.pictures) == pdf_rows.IMAGES


def test_studies_differ_and_repeat(tmp_path: Path) -> None:
    first, again = pdf_rows.studies(1, tmp_path), pdf_rows.studies(1, tmp_path)
    one, two = next(first), next(first)
    assert one.report.report_id != two.report.report_id
    assert not set(one.pictures.values()) & set(two.pictures.values())
    assert next(again).pictures == one.pictures


def test_bounds_are_for_enough_repetitions_and_reports() -> None:
    def figures(repeats: int, reports: int, ms: float) -> dict[str, Any]:
        names = [pdf_rows.OURS, pdf_rows.BARE, pdf_rows.PLAIN, "WeasyPrint"]
        rows = [
            {"writer": name, "CPU ms a report": cost}
            for name, cost in zip(names, (20, 18, 15, ms), strict=True)
        ]
        memory = {"reports": reports, "tenth_mb": 80.0, "last_mb": 82.0}
        return {
            "repeats": repeats,
            "rows": rows,
            "picture_ms": {"grey": 5.0, "colour": 9.0},
            "memory": memory,
        }

    assert [one.holds for one in pdf.bounds(figures(40, 5000, 100))] == [True] * 5
    assert not missed(pdf.bounds(figures(40, 5000, 100)))
    assert [one.holds for one in pdf.bounds(figures(40, 10, 50))] == [True, True, False, True, None]
    assert [one.holds for one in pdf.bounds(figures(2, 5000, 100))] == [None] * 4 + [True]
