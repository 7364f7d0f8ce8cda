"""A real, weak model chooses and words: what it says is of the record all the same."""

import json
from pathlib import Path

import pytest

import ask as bench
from reportgen.engines import load_engine

pytestmark = pytest.mark.model


def test_a_weak_model_says_nothing_unsupported_and_answers_most(smollm2: str, tmp_path: Path) -> None:
    """Every sixth question; the whole is for ``bench/ask.py``."""
    lines = [line for file in bench.FILES for line in file.read_text("utf-8").splitlines()][::6]
    some = tmp_path / "some.jsonl"
    some.write_text("\n".join(lines), "utf-8")
    engine = load_engine(smollm2, device="cpu")
    found = list(bench.outcomes(some, engine))
    engine.close()
    assert len(found) == len(lines) == len([json.loads(line) for line in lines])
    assert all(one.got is not None for one in found)
    assert [one.question for one in found if not one.wanted and one.got] == []
    assert sum(one.right for one in found) >= 0.8 * len(found)
    assert sum(one.worded[0] for one in found) > 0
