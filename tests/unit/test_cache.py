"""Passages are kept from run to run, never trusted, and never in the way."""

import io
import json
import multiprocessing
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from batches import Scripted, cohort, go, good_words, tree
from reportgen.cache import Cache, Entry, cache_path
from reportgen.cli import main
from reportgen.errors import ExitCode, UsageError
from reportgen.nouns import Completion

WRITER = "a" * 64
PROMPTS = [f"{number:064x}" for number in range(2_000)]


def completion(prompt: str, text: str = "The classifier recognised [[F1]].") -> Completion:
    return Completion(prompt_id=prompt, text=text, prompt_tokens=7, tokens=5)


@pytest.fixture
def cache(tmp_path: Path):
    with closing(Cache(tmp_path / "passages.sqlite")) as opened:
        yield opened


def test_what_was_kept_is_found_by_its_writer_only(cache: Cache):
    cache.keep(WRITER, "Model 1B", map(completion, PROMPTS))
    found = cache.find(WRITER, [*PROMPTS, "f" * 64, PROMPTS[0]])
    assert found == {prompt: completion(prompt) for prompt in PROMPTS}
    assert cache.find("b" * 64, PROMPTS) == {}


def test_a_prompt_without_an_answer_is_not_kept(cache: Cache):
    cache.keep(WRITER, "Model 1B", [Completion(prompt_id=PROMPTS[0], error="too long")])
    assert cache.info().passages == 0


def test_equal_prompts_keep_equal_words(cache: Cache):
    """A batch may change an answer's words in bf16; what was printed once stays."""
    cache.keep(WRITER, "Model 1B", [completion(PROMPTS[0])])
    cache.keep(WRITER, "Model 1B", [completion(PROMPTS[0], "[[F1]] was recognised.")])
    assert cache.find(WRITER, PROMPTS[:1])[PROMPTS[0]].text == "The classifier recognised [[F1]]."


def _keep_some(path: Path, start: int) -> None:
    with closing(Cache(path)) as cache:
        for number in range(start, start + 400):
            cache.keep(WRITER, "Model 1B", [completion(PROMPTS[number])])


def test_processes_may_use_it_at_once(tmp_path: Path):
    path = tmp_path / "passages.sqlite"
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_keep_some, args=(path, start)) for start in (0, 200, 400)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    with closing(Cache(path)) as cache:
        assert len(cache.find(WRITER, PROMPTS)) == 800


def test_a_second_run_asks_no_model_and_gives_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    cohort(tmp_path / "in", 12)
    first, second = Scripted(good_words), Scripted(good_words)
    cold = go(tmp_path / "in", out=tmp_path / "cold", engine=first)
    warm = go(tmp_path / "in", out=tmp_path / "warm", engine=second)
    assert (len(second.asked), warm.prompts) == (0, 0)
    assert tree(tmp_path / "cold") == tree(tmp_path / "warm")
    total = sum(cold.rungs.values())
    assert cold.passages == {"written": cold.prompts, "reused": total - cold.prompts, "deterministic": 0}
    assert warm.passages == {"written": 0, "reused": total, "deterministic": 0}


def test_a_run_without_cache_takes_and_keeps_nothing(tmp_path: Path):
    cohort(tmp_path / "in", 3)
    go(tmp_path / "in", out=tmp_path / "one", engine=Scripted(good_words), cache=False)
    assert not cache_path().exists()
    go(tmp_path / "in", out=tmp_path / "two", engine=Scripted(good_words))
    third = Scripted(good_words)
    go(tmp_path / "in", out=tmp_path / "three", engine=third, cache=False)
    assert third.asked


def test_another_model_writes_its_own_words(tmp_path: Path):
    cohort(tmp_path / "in", 3)
    go(tmp_path / "in", out=tmp_path / "one", engine=Scripted(good_words))
    other = Scripted(good_words, name="other")
    go(tmp_path / "in", out=tmp_path / "two", engine=other)
    assert other.asked


def test_what_a_lost_run_had_written_is_not_asked_again(tmp_path: Path):
    cohort(tmp_path / "in", 12)
    lost = Scripted(good_words, lost_after=2)
    assert go(tmp_path / "in", out=tmp_path / "out", engine=lost).exit_code == ExitCode.ENGINE
    rest = Scripted(good_words)
    summary = go(tmp_path / "in", out=tmp_path / "out", engine=rest)
    assert summary.exit_code == ExitCode.DONE
    assert not {prompt.id for prompt in lost.asked} & {prompt.id for prompt in rest.asked}


def test_a_lie_in_the_cache_does_not_ship(tmp_path: Path):
    """Reads are checked again: the model is asked for other words, and the lie stays where it is."""
    cohort(tmp_path / "in", 4)
    go(tmp_path / "in", out=tmp_path / "one", engine=Scripted(good_words))
    with closing(sqlite3.connect(cache_path())) as db, db:
        db.execute("UPDATE passages SET text = 'The femur is normal in [[F1]].'")
    engine = Scripted(good_words)
    summary = go(tmp_path / "in", out=tmp_path / "two", engine=engine)
    assert summary.exit_code == ExitCode.DONE
    assert engine.asked
    assert all(prompt.grammar for prompt in engine.asked)
    assert summary.rungs["constrained"] == sum(summary.rungs.values())
    assert not any(b"normal in" in data for data in tree(tmp_path / "two").values())


def test_a_damaged_cache_is_said_and_the_run_goes_on(tmp_path: Path):
    cohort(tmp_path / "in", 3)
    cache_path().parent.mkdir(parents=True, exist_ok=True)
    cache_path().write_bytes(b"no database at all, for sure" * 100)
    said = io.StringIO()
    summary = go(tmp_path / "in", out=tmp_path / "out", engine=Scripted(good_words), said=said)
    assert summary.exit_code == ExitCode.DONE
    assert "Passages are not remembered" in said.getvalue()
    with pytest.raises(UsageError, match="Delete the file"):
        Cache(cache_path())


def test_the_cache_is_lost_in_the_middle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def full(*_: object) -> None:
        raise UsageError("The cache cannot be used (OperationalError).", "Free some space.")

    monkeypatch.setattr(Cache, "keep", full)
    cohort(tmp_path / "in", 12)
    said = io.StringIO()
    summary = go(tmp_path / "in", out=tmp_path / "out", engine=Scripted(good_words), said=said)
    assert summary.exit_code == ExitCode.DONE
    assert said.getvalue().count("not remembered any more") == 1


def test_the_ledger_knows_what_was_reused(tmp_path: Path):
    cohort(tmp_path / "in", 6)
    go(tmp_path / "in", out=tmp_path / "one", engine=Scripted(good_words))
    summary = go(tmp_path / "in", out=tmp_path / "two", engine=Scripted(good_words))
    with closing(sqlite3.connect(tmp_path / "two" / "ledger.sqlite")) as db:
        (hits,) = db.execute("SELECT sum(cache_hits) FROM cases").fetchone()
    assert hits == summary.passages["reused"] > 0


def test_export_and_import(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    cohort(tmp_path / "in", 6)
    go(tmp_path / "in", out=tmp_path / "one", engine=Scripted(good_words))
    assert main(["cache", "export", str(tmp_path / "passages.jsonl")]) == 0
    monkeypatch.setenv("REPORTGEN_CACHE_DIR", str(tmp_path / "another machine"))
    assert main(["cache", "import", str(tmp_path / "passages.jsonl")]) == 0
    assert main(["cache", "import", str(tmp_path / "passages.jsonl")]) == 0
    assert ", 0 new, 0 refused" in capsys.readouterr().out
    engine = Scripted(good_words)
    go(tmp_path / "in", out=tmp_path / "two", engine=engine)
    assert not engine.asked
    assert main(["cache", "info", "--json"]) == 0
    info = json.loads(capsys.readouterr().out)
    assert info["writers"] == {"Scripted 1B fp32": info["passages"]}
    assert main(["cache", "clear"]) == 0
    assert main(["cache", "info"]) == 0
    assert ": 0 passages" in capsys.readouterr().out


def test_lines_that_are_no_passage_are_refused_by_number(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    good = Entry(
        prompt=PROMPTS[0], writer=WRITER, text="[[F1]] was recorded.", finish="stop", prompt_tokens=1,
        tokens=1, engine="Model 1B", written_at="2026-01-01T00:00:00+00:00",
    ).plain()  # fmt: skip
    lines = [{"schema": "reportgen/passages/v1"}, good, {**good, "prompt": "short"}, {**good, "more": 1}]
    path = tmp_path / "some.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in lines) + "\nno json\n", "utf-8")
    assert main(["cache", "import", str(path)]) == ExitCode.REJECTED
    out, err = capsys.readouterr()
    assert "4 read, 1 new, 3 refused" in out
    assert [f"line {n}:" in err for n in (2, 3, 4, 5)] == [False, True, True, True]


@pytest.mark.parametrize("content", [None, "", "no export\n", '{"schema": "reportgen/case/v1"}\n'])
def test_a_file_that_is_no_export(tmp_path: Path, content: str | None, capsys: pytest.CaptureFixture[str]):
    path = tmp_path / "other.jsonl"
    if content is not None:
        path.write_text(content, "utf-8")
    assert main(["cache", "import", str(path)]) == ExitCode.USAGE
    assert str(path) in capsys.readouterr().err
