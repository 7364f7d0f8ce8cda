import errno
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from reportgen.errors import UsageError
from reportgen.ledger import MIGRATIONS, Ledger, Row

ROW = Row(
    key="case:a",
    case_id="A",
    origin="/in/a.json",
    file="a.json",
    row=3,
    format="native",
    status="done",
    content="c",
    writer="w",
    narrative="n",
    render={"txt": "t"},
    outputs={"report.txt": [10, 20, "sha"]},
    pictures={"/in/a.png": [1, 2]},
    images=2,
    reviewer_items=4,
    rungs={"free": 2},
    attempts=1,
    seconds={"finish": 0.25},
    run=1,
)


def opened(folder: Path) -> Ledger:
    ledger = Ledger(folder / "ledger.sqlite")
    if not ledger.counts():
        ledger.begin("2026-11-23", "reportgen 0")
    return ledger


def test_a_row_comes_back_as_it_was_put(tmp_path):
    ledger = opened(tmp_path)
    ledger.put(ROW)
    ledger.commit()
    ledger.close()
    again = Ledger(tmp_path / "ledger.sqlite")
    assert again.get("case:a") == ROW
    assert again.get("case:b") is None
    assert again.counts() == {"done": 1}
    again.close()


def test_what_was_not_committed_is_gone(tmp_path):
    ledger = opened(tmp_path)
    ledger.put(ROW)
    ledger.close()
    again = Ledger(tmp_path / "ledger.sqlite")
    assert again.get("case:a") is None
    again.close()


def test_rows_are_ordered_with_trouble_first(tmp_path):
    ledger = opened(tmp_path)
    for key, status in (
        ("case:b", "done"),
        ("case:a", "skipped"),
        ("case:z", "failed"),
        ("input:q", "rejected"),
    ):
        ledger.put(replace(ROW, key=key, case_id=key[-1], status=status))
    assert [row.key for row in ledger.rows()] == ["case:z", "input:q", "case:a", "case:b"]
    ledger.close()


def test_rows_of_an_input_and_of_older_runs(tmp_path):
    ledger = opened(tmp_path)
    ledger.put(ROW)
    ledger.put(replace(ROW, key="case:b", row=1, run=2))
    ledger.put(replace(ROW, key="case:c", origin="/in/c.json", error_file="C.json.error.json", run=2))
    assert [row.key for row in ledger.of_origin("/in/a.json")] == ["case:b", "case:a"]
    assert [row.key for row in ledger.stale(2)] == ["case:a"]
    found = ledger.by_error_file("c.JSON.error.json")
    assert found is not None
    assert found.key == "case:c"
    ledger.remove("case:a")
    assert list(ledger.stale(2)) == []
    ledger.put_file("/in/a.json", "stamp", 2)
    assert ledger.file("/in/a.json") == ("stamp", 2)
    assert ledger.file("/in/b.json") is None
    ledger.close()


def test_the_copy_in_memory_writes_nothing(tmp_path):
    ledger = opened(tmp_path)
    ledger.put(ROW)
    ledger.commit()
    ledger.close()
    before = (tmp_path / "ledger.sqlite").read_bytes()
    copy = Ledger(tmp_path / "ledger.sqlite", as_if=True)
    assert copy.get("case:a") == ROW
    copy.remove("case:a")
    copy.commit()
    copy.close()
    assert (tmp_path / "ledger.sqlite").read_bytes() == before


def test_a_copy_of_no_ledger_is_empty_and_makes_no_file(tmp_path):
    copy = Ledger(tmp_path / "ledger.sqlite", as_if=True)
    assert list(copy.rows()) == []
    copy.close()
    assert list(tmp_path.iterdir()) == []


def test_a_status_that_does_not_exist_is_refused(tmp_path):
    ledger = opened(tmp_path)
    with pytest.raises(sqlite3.IntegrityError):
        ledger.put(replace(ROW, status="perhaps"))
    ledger.close()


def test_a_damaged_ledger_says_so(tmp_path):
    (tmp_path / "ledger.sqlite").write_bytes(b"no database at all" * 100)
    with pytest.raises(UsageError, match="Move it away"):
        Ledger(tmp_path / "ledger.sqlite")


def test_a_ledger_of_a_newer_program_is_refused(tmp_path):
    ledger = opened(tmp_path)
    ledger.close()
    database = sqlite3.connect(tmp_path / "ledger.sqlite")
    database.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    database.close()
    with pytest.raises(UsageError, match="newer"):
        Ledger(tmp_path / "ledger.sqlite")


def test_every_migration_leads_to_the_columns_of_a_row(tmp_path):
    opened(tmp_path).close()
    database = sqlite3.connect(tmp_path / "ledger.sqlite")
    columns = {name for _, name, *_ in database.execute("PRAGMA table_info(cases)")}
    assert columns == set(Row.__dataclass_fields__)
    assert database.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
    database.close()


def test_a_ledger_of_the_first_version_goes_on(tmp_path):
    database = sqlite3.connect(tmp_path / "ledger.sqlite")
    database.executescript(
        f"{MIGRATIONS[0]}; PRAGMA user_version = 1; INSERT INTO files VALUES ('/a', 's', 1)"
    )
    database.close()
    ledger = opened(tmp_path)
    assert (ledger.file("/a"), ledger.file_state("/a"), ledger.file_state("/b")) == (("s", 1), None, None)
    ledger.put_file("/a", "t", 2, [5, 6])
    assert (ledger.file("/a"), ledger.file_state("/a")) == (("t", 2), [5, 6])
    ledger.close()


def test_a_full_disk_is_an_error_of_the_system(tmp_path):
    ledger = opened(tmp_path)
    pages = ledger._db.execute("PRAGMA page_count").fetchone()[0]
    ledger._db.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(OSError, match="ledger") as caught:
        ledger.put(replace(ROW, problem="x" * 1_000_000))
    assert caught.value.errno == errno.ENOSPC
    ledger.close()
