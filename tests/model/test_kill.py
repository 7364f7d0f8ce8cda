"""A run whose model is at work is killed, and the same command completes the tree."""

import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from batches import balanced, put, record, tree
from reportgen.batch import Summary

pytestmark = [pytest.mark.model, pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")]
LABELS = ("Abdomen", "Thorax", "Femur", "Cervix")


def start(folder: Path, out: Path, model: Path, cache: Path) -> "subprocess.Popen[bytes]":
    options = [
        "--model",
        str(model),
        "--device",
        "cpu",
        "--precision",
        "fp32",
        "--batch-size",
        "1",
        "--quiet",
    ]
    return subprocess.Popen(
        [sys.executable, "-m", "reportgen", "run", str(folder), "-o", str(out), *options],
        env={**os.environ, "SOURCE_DATE_EPOCH": "1763888640", "REPORTGEN_CACHE_DIR": str(cache)},
        start_new_session=True,
    )


def done(out: Path) -> int:
    """Cases that the ledger of a run has as done; it may be only just being made."""
    try:
        with sqlite3.connect(f"file:{out / 'ledger.sqlite'}?mode=ro", uri=True) as ledger:
            return int(ledger.execute("SELECT count(*) FROM cases WHERE status = 'done'").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


def test_a_run_killed_while_its_model_writes_loses_nothing_and_does_nothing_twice(
    smollm2_folder: Path, tmp_path: Path
):
    for number, label in enumerate(LABELS):
        put(tmp_path / "in", f"case-{number}.json", record(f"case-{number}", label))
    out, caches = tmp_path / "out", (tmp_path / "cache", tmp_path / "other")
    process = start(tmp_path / "in", out, smollm2_folder, caches[0])
    deadline = time.monotonic() + 120
    while not any(out.glob("case-*")):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.kill()
    process.wait()
    before = done(out)
    assert before < len(LABELS)

    assert start(tmp_path / "in", out, smollm2_folder, caches[0]).wait(timeout=180) == 0
    summary = Summary.model_validate_json((out / "summary.json").read_text())
    assert balanced(summary)
    assert (summary.done, summary.skipped) == (len(LABELS) - before, before)
    assert start(tmp_path / "in", tmp_path / "undisturbed", smollm2_folder, caches[1]).wait(timeout=180) == 0
    assert tree(out) == tree(tmp_path / "undisturbed")
