"""The bench of scale runs, fills its columns, and says only what a run is large enough to say."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import scale
from bounds import Bound, holding, missed

pytestmark = pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="needs Linux")


def test_scale_fills_its_columns(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "figures.json"
    given = ["--sizes", "3", "1", "--format", "txt", "--work", str(tmp_path), "--json", str(file)]
    assert scale.main(given) == 0
    rows = json.loads(file.read_text())["rows"]
    assert [row["studies"] for row in rows] == [1, 3]
    assert all(row[column] > 0 for row in rows for column in scale.COLUMNS)
    assert rows[0]["relative cost"] == 1
    said = capsys.readouterr().out
    assert all(column in said for column in scale.COLUMNS)
    assert "too small to say" in said
    assert len(list((tmp_path / "out-3").rglob("report.txt"))) == 3
    assert scale.main([*given[:-2], "--assert"]) == 1


def test_memory_of_children_counts() -> None:
    child = "b = bytearray(40_000_000); import time; print(flush=True); time.sleep(60)"
    nest = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    with subprocess.Popen([sys.executable, "-c", nest], stdout=subprocess.PIPE, process_group=0) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            tree = scale._tree(process.pid)
            assert len(tree) == 2
            assert sum(map(scale._pss, tree)) > 40_000_000 > scale._pss(process.pid)
        finally:
            os.killpg(process.pid, 9)


def test_cost_is_compared_with_a_thousand_and_bounds_are_for_ten_thousand() -> None:
    def row(studies: int, cost: float) -> dict[str, float]:
        return dict.fromkeys(scale.COLUMNS, 1.0) | {"studies": studies, "CPU ms a study": cost}

    rows = scale.compared([row(100, 40.0), row(1000, 20.0), row(10_000, 24.0)])
    assert [one["relative cost"] for one in rows] == [2.0, 1.0, 1.2]
    assert [one.holds for one in scale.bounds(rows)] == [False, True, True]
    assert [one.holds for one in scale.bounds(rows[:2])] == [None, None, None]
    assert missed(scale.bounds(rows))


def test_a_bound_says_yes_no_or_nothing() -> None:
    some = [
        Bound("a", 3.0, 2.5, enough=True),
        Bound("b", 3.0, 2.5, enough=True, most=True),
        Bound("c", 3.0, 2.5, enough=False),
        Bound("d", None, 2.5, enough=True),
    ]
    assert [one.holds for one in some] == [True, False, None, None]
    table = holding(some).splitlines()[2:]
    assert [line.split("|")[4].strip() for line in table] == ["yes", "no", "too small to say", "not measured"]
    assert not missed(some[:1])
    assert missed(some[2:])
