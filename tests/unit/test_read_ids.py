"""Ids for shapes that bring none: stable, usable as folders, and without a patient's data."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from reportgen.nouns import Case
from reportgen.read.ids import base_name, case_id, group_id, id_key

CASE_ID = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?\Z")


def usable(identifier: str) -> bool:
    record = {
        "case_id": identifier,
        "classifier": {"name": "x"},
        "images": [{"image_id": "i", "predictions": [{"label": "Femur"}]}],
    }
    return Case.model_validate_json(__import__("json").dumps(record)).case_id == identifier


@pytest.mark.parametrize(
    ("name", "row", "expected"),
    [
        ("fada-0042.json", None, "fada-0042"),
        ("table.csv", 3, "table-row3"),
        ("lines.JSONL", 1, "lines-row1"),
        ("-", 2, "stdin-row2"),
        ("a.b.json", None, "a.b"),
    ],
)
def test_plain_names_stay(name: str, row: int | None, expected: str) -> None:
    assert case_id(name, row) == expected


@pytest.mark.parametrize(
    "name",
    [
        "a/b.json",
        "ä.json",
        "con.json",
        "rejected.json",
        "-x.json",
        "x" * 90 + ".json",
        "Ledger.sqlite-wal.json",
    ],
)
def test_others_get_a_hash(name: str) -> None:
    assert re.search(r"-[0-9a-f]{8}\Z", case_id(name))
    assert usable(case_id(name))


@pytest.mark.parametrize(
    "name",
    [
        "ledger.sqlite",
        "ledger.sqlite-wal",
        "Ledger.SQLite-shm",
        "ledger.sqlite-journal",
        "ledger.sqlite-mj01",
        "Rejected",
        "SUMMARY.json",
        "index.html",
        "reportgen.log",
    ],
)
def test_no_case_is_called_as_a_file_of_the_output_folder(name: str) -> None:
    with pytest.raises(ValidationError, match="output folder uses itself"):
        usable(name)


def test_names_that_clean_up_alike_stay_apart() -> None:
    names = ["a/b.json", "a-b.json", "a b.json", "a_b.json", "a//b.json"]
    assert len({id_key(case_id(name)) for name in names}) == len(names)


@given(st.text(min_size=1), st.none() | st.integers(1, 10**7))
def test_any_name_makes_a_usable_id(name: str, row: int | None) -> None:
    name = name.encode("utf-8", "replace").decode()
    assert CASE_ID.match(case_id(name, row))
    assert usable(case_id(name, row))
    assert usable(group_id(name, "c", "v"))


def test_a_group_id_hides_the_value() -> None:
    identifier = group_id("table.csv", "Patient_num", "DOE-4711")
    assert re.fullmatch(r"table-[0-9a-f]{12}", identifier)
    assert identifier != group_id("table.csv", "Patient_num", "DOE-4712")
    assert identifier == group_id("table.csv", "Patient_num", "DOE-4711")


def test_base_names_of_any_system() -> None:
    assert [base_name(path) for path in ("a/b.png", "C:\\a\\b.png", "b.png", "a/b/")] == [
        "b.png",
        "b.png",
        "b.png",
        "b",
    ]
