"""Killed at any moment, interrupted, or told to end: the same command completes the tree."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from batches import balanced, cohort, put, record, tree
from reportgen.batch import Summary
from reportgen.errors import ExitCode

CASES = 100
ENVIRONMENT = {**os.environ, "SOURCE_DATE_EPOCH": "1763888640", "PYTHONDONTWRITEBYTECODE": "1"}
needs_signals = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")


def start(folder: Path, out: Path, *more: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "reportgen", "run", str(folder), "-o", str(out), "--engine", "template"]
    return subprocess.Popen(
        [*command, "--format", "txt", *more],
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def finish(process: "subprocess.Popen[str]") -> tuple[int, str]:
    _, said = process.communicate(timeout=120)
    return process.returncode, said


def complete(folder: Path, out: Path, *more: str) -> Summary:
    code, said = finish(start(folder, out, *more))
    assert code == ExitCode.REJECTED, said
    summary = Summary.model_validate_json((out / "summary.json").read_text())
    assert balanced(summary)
    assert summary.pending == 0
    return summary


def wait_for_cases(out: Path, number: int, process: "subprocess.Popen[str]") -> None:
    deadline = time.monotonic() + 60
    while len(list(out.glob("case-*"))) < number:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = cohort(tmp_path_factory.mktemp("kill") / "in", CASES)
    put(folder, "bad.json", "{")
    put(folder, "double.json", record("case-000"))
    return folder


@pytest.fixture(scope="module")
def undisturbed(inputs: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    out = tmp_path_factory.mktemp("kill") / "undisturbed"
    summary = complete(inputs, out)
    assert (summary.done, summary.rejected) == (CASES, 2)
    return tree(out)


@needs_signals
@pytest.mark.parametrize("jobs", [1, 2])
def test_killed_at_random_moments_and_resumed(inputs, undisturbed, tmp_path, jobs):
    rng = random.Random(8)
    out = tmp_path / "out"
    kills = 0
    for _ in range(3):
        before = len(list(out.glob("case-*")))
        process = start(inputs, out, "--jobs", str(jobs))
        wait_for_cases(out, min(before + rng.randint(1, 20), CASES - 10), process)
        time.sleep(rng.random() * 0.02)
        process.kill()
        process.communicate()
        kills += process.returncode == -signal.SIGKILL
        for folder in out.glob("case-*"):  # what there is, is whole
            assert {path.name for path in folder.iterdir()} == {"report.json", "report.txt"}
            json.loads((folder / "report.json").read_bytes())
    assert kills == 3
    summary = complete(inputs, out, "--jobs", str(jobs))
    assert summary.skipped + summary.done == CASES
    assert tree(out) == undisturbed
    assert not (out / ".partial").exists()


@needs_signals
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("jobs", [1, 2])
def test_interrupted_and_resumed(inputs, undisturbed, tmp_path, how, jobs):
    out = tmp_path / "out"
    process = start(inputs, out, "--jobs", str(jobs))
    wait_for_cases(out, 5, process)
    if how == signal.SIGINT:
        os.killpg(process.pid, how)  # as a terminal does: all processes get it
    else:
        process.send_signal(how)
    code, said = finish(process)
    assert code == ExitCode.INTERRUPTED
    assert "Traceback" not in said
    assert "the same command completes the rest" in said
    summary = Summary.model_validate_json((out / "summary.json").read_text())
    assert (summary.exit_code, summary.stopped) == (ExitCode.INTERRUPTED, "interrupted")
    assert balanced(summary)
    assert summary.cases == CASES + 2
    assert 4 <= summary.done < CASES  # one may lie in its place and not be noted yet: it is made again
    assert summary.pending > 0
    again = complete(inputs, out)
    assert again.done < CASES
    assert tree(out) == undisturbed


@needs_signals
def test_workers_end_with_a_killed_parent(inputs, tmp_path):
    out = tmp_path / "out"
    process = start(inputs, out, "--jobs", "2")
    wait_for_cases(out, 5, process)
    process.kill()
    process.communicate()
    deadline = time.monotonic() + 20
    while True:
        try:
            os.killpg(process.pid, 0)  # is anybody of the group still there?
        except ProcessLookupError:
            break
        assert time.monotonic() < deadline
        time.sleep(0.05)


@needs_signals
def test_a_lock_ends_with_its_process(inputs, tmp_path):
    out = tmp_path / "out"
    process = start(inputs, out)
    wait_for_cases(out, 1, process)
    os.kill(process.pid, signal.SIGSTOP)
    code, said = finish(start(inputs, out))
    assert code == ExitCode.USAGE
    assert "Another run is at work" in said
    process.kill()
    process.communicate()
    complete(inputs, out)
