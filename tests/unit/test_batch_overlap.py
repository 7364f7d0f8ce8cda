"""Reading, writing and printing go on at once, in bounded memory; what is asked does not depend on time."""

import _thread
import contextlib
import io
import json
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from batches import Scripted, balanced, cohort, go, good_words, put, record, tree
from reportgen.batch import inputs as batch_inputs
from reportgen.batch import words
from reportgen.cache import Cache, cache_path
from reportgen.engines.base import Parameters
from reportgen.errors import EngineError, ExitCode
from reportgen.ledger import Ledger
from reportgen.nouns import Completion, Prompt
from reportgen.read import InputFile

PATIENCE = 20.0


def wait_until(there: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not there():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.002)


class Watched(Scripted):
    """Does something before each answer; ``calls`` are the prompts by call."""

    def __init__(self, before: Callable[[int], None], **more: Any) -> None:
        super().__init__(good_words, **more)
        self.calls: list[set[str]] = []
        self._before = before

    def generate(self, prompts: Iterable[Prompt], parameters: Parameters) -> Iterator[Completion]:
        prompts = list(prompts)
        self.calls.append({prompt.id for prompt in prompts})
        for number, completion in enumerate(super().generate(prompts, parameters)):
            self._before(number)
            yield completion


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_case_is_printed_while_the_engine_writes_for_the_next(tmp_path, jobs):
    put(tmp_path / "in", "a.json", record("a", "Femur"))
    put(tmp_path / "in", "b.json", record("b", "Abdomen", "Thorax"))
    out = tmp_path / "out"

    def before(number: int) -> None:
        if number == 1:  # the only prompt of the first case is answered
            wait_until((out / "a" / "report.txt").exists)

    summary = go(tmp_path / "in", out=out, engine=Watched(before), jobs=jobs)
    assert (summary.done, summary.exit_code) == (2, 0)


def test_cases_are_read_while_the_engine_writes_but_not_without_end(tmp_path, monkeypatch):
    monkeypatch.setattr(words, "CASES", 10)
    read: list[str] = []
    real = batch_inputs.read_file
    monkeypatch.setattr(
        batch_inputs, "read_file", lambda file, *rest: read.append(file.name) or real(file, *rest)
    )
    cohort(tmp_path / "in", 40)
    most: list[int] = []

    def before(number: int) -> None:
        if number == 0 and len(engine.calls) == 1:
            wait_until(lambda: len(read) > 10)
            time.sleep(0.2)
            most.append(len(read))

    engine = Watched(before)
    summary = go(tmp_path / "in", out=tmp_path / "out", engine=engine)
    assert (summary.done, summary.exit_code) == (40, 0)
    assert most == [20]


def test_the_same_prompts_share_a_call_however_long_anything_takes(tmp_path, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1763888640")
    monkeypatch.setattr(words, "CASES", 2)
    cohort(tmp_path / "in", 30)
    quick = Watched(lambda _: None)
    slow = Watched(lambda number: time.sleep(0.02 * (number % 3)))
    go(tmp_path / "in", out=tmp_path / "quick", engine=quick, cache=False)
    go(tmp_path / "in", out=tmp_path / "slow", engine=slow, cache=False)
    assert len(quick.calls) > 1
    assert quick.calls == slow.calls
    assert tree(tmp_path / "quick") == tree(tmp_path / "slow")


def test_refused_drafts_are_asked_again_together_with_the_first_prompts_of_others(tmp_path, monkeypatch):
    monkeypatch.setattr(words, "CASES", 2)
    cohort(tmp_path / "in", 8)
    engine = Watched(lambda _: None)
    engine._say = lambda prompt: good_words(prompt) if prompt.grammar else "All is normal."
    summary = go(tmp_path / "in", out=tmp_path / "out", engine=engine)
    assert set(summary.rungs) == {"constrained"}
    grammars = {prompt.id: prompt.grammar is not None for prompt in engine.asked}
    mixed = [len({grammars[prompt] for prompt in call}) == 2 for call in engine.calls]
    assert any(mixed)


def test_an_interruption_ends_the_engine_and_what_it_wrote_is_kept(tmp_path):
    cohort(tmp_path / "in", 12)
    ended = threading.Event()

    def before(number: int) -> None:
        if number == 3:
            _thread.interrupt_main()
            assert ended.wait(PATIENCE)
            raise EngineError("The engine was closed.")

    engine = Watched(before, name="interrupted")
    engine.close = ended.set
    summary = go(tmp_path / "in", out=tmp_path / "out", engine=engine)
    assert (summary.stopped, summary.exit_code) == ("interrupted", ExitCode.INTERRUPTED)
    assert balanced(summary)
    assert summary.pending > 0
    assert sum(Cache(cache_path()).info().writers.values()) == 3
    again = Watched(lambda _: None, name="interrupted")
    assert go(tmp_path / "in", out=tmp_path / "out", engine=again).exit_code == 0
    assert not {prompt.id for prompt in engine.asked[:3]} & {prompt.id for prompt in again.asked}


def test_a_bug_in_the_engine_fails_its_cases_and_no_others(tmp_path):
    cohort(tmp_path / "in", 6)
    go(tmp_path / "in", out=tmp_path / "out", engine=Scripted(good_words))  # all passages are known now
    put(tmp_path / "in", "new.json", record("new", "Maternal cervix"))

    def broken(prompt: Prompt) -> str:
        raise ZeroDivisionError

    summary = go(tmp_path / "in", out=tmp_path / "other", engine=Scripted(broken))
    assert (summary.done, summary.failed, summary.exit_code) == (6, 1, ExitCode.BUG)


def test_the_first_case_is_done_before_the_inputs_are_counted(tmp_path, monkeypatch):
    """As with a million files: neither their list nor their number is waited for."""
    paths = [put(tmp_path / "in", f"{n}.json", record(f"case-{n}")) for n in range(3)]
    first = tmp_path / "out" / "case-0" / "report.txt"

    class Endless:
        ignored = 0

        def __init__(self) -> None:
            self._files = self._walk()

        def __iter__(self) -> Iterator[InputFile]:
            return self._files

        def _walk(self) -> Iterator[InputFile]:
            for number, path in enumerate(paths):
                if number == 2:
                    wait_until(first.exists)
                yield InputFile(path, path.name)

    monkeypatch.setattr(batch_inputs, "discover", lambda *_, **__: Endless())
    monkeypatch.setattr("reportgen.batch.start._MOMENT", 0.01)
    summary = go(tmp_path / "in", out=tmp_path / "out")
    assert (summary.done, summary.files, summary.exit_code) == (3, 3, 0)


def test_inputs_that_were_not_read_are_pending_though_they_were_counted_beside_the_run(tmp_path):
    cohort(tmp_path / "in", 20)
    put(tmp_path / "in", "bad.json", "{")
    summary = go(tmp_path / "in", out=tmp_path / "out", max_failures=1)
    assert (summary.files, summary.rejected, summary.done + summary.pending) == (21, 1, 20)
    assert balanced(summary)


def test_what_changes_while_it_is_read_is_read_again(tmp_path, monkeypatch):
    path = put(
        tmp_path / "in", "many.jsonl", "\n".join(json.dumps(record(f"r{n}", "Femur")) for n in range(3))
    )

    def before(number: int) -> None:
        if number == 0:
            lines = [json.dumps(record(f"r{n}", "Femur", "Abdomen")) for n in range(4)]
            path.write_text("\n".join(lines), "utf-8")

    monkeypatch.setattr(words, "CASES", 1)
    go(tmp_path / "in", out=tmp_path / "out", engine=Watched(before))
    assert go(tmp_path / "in", out=tmp_path / "out", engine=Watched(lambda _: None)).skipped < 4
    assert (tmp_path / "out" / "r3" / "report.txt").exists()


def test_a_worker_that_is_killed_ends_the_run_in_good_order(tmp_path):
    cohort(tmp_path / "in", 30)
    killed: list[int] = []

    def before(number: int) -> None:
        if number == 3:
            wait_until(lambda: len(list((tmp_path / "out").glob("case-*"))) > 0)
            victim = multiprocessing.active_children()[0]
            os.kill(victim.pid or 0, signal.SIGKILL)
            killed.append(1)

    summary = go(tmp_path / "in", out=tmp_path / "out", engine=Watched(before), jobs=2)
    assert killed
    assert (summary.stopped, summary.exit_code) == ("worker lost", ExitCode.REJECTED)
    assert balanced(summary)
    again = go(tmp_path / "in", out=tmp_path / "out", engine=Watched(lambda _: None))
    assert again.skipped + again.done == 30


def test_the_limit_does_not_hide_that_the_engine_was_lost(tmp_path):
    cohort(tmp_path / "in", 12)
    said = io.StringIO()
    engine = Scripted(good_words, lost_after=1)
    summary = go(tmp_path / "in", out=tmp_path / "out", engine=engine, limit=6, said=said)
    assert (summary.stopped, summary.exit_code) == ("engine lost", ExitCode.ENGINE)
    assert "The GPU is gone." in said.getvalue()


def test_an_engine_whose_connection_breaks_is_lost_and_no_case_failed(tmp_path):
    cohort(tmp_path / "in", 4)

    def broken(prompt: Prompt) -> str:
        raise ConnectionResetError

    summary = go(tmp_path / "in", out=tmp_path / "out", engine=Scripted(broken))
    assert (summary.failed, summary.exit_code, summary.stopped) == (0, ExitCode.ENGINE, "engine lost")


def test_refusals_last_though_nothing_is_made(tmp_path, monkeypatch):
    monkeypatch.setattr("reportgen.batch.book.COMMIT_EVERY", 0.0)
    for n in range(5):
        put(tmp_path / "in", f"{n}.json", "{")
    seen: list[int] = []
    real = batch_inputs.read_file

    def reading(file: InputFile, *rest: Any) -> Any:
        with contextlib.closing(Ledger(tmp_path / "out" / "ledger.sqlite", read_only=True)) as ledger:
            seen.append(sum(ledger.counts().values()))
        return real(file, *rest)

    monkeypatch.setattr(batch_inputs, "read_file", reading)
    go(tmp_path / "in", out=tmp_path / "out")
    assert seen == [0, 1, 2, 3, 4]


def test_a_passage_asked_again_in_this_run_is_not_reused(tmp_path):
    put(tmp_path / "in", "a.json", record("a", "Femur"))

    def say(prompt: Prompt) -> str:
        return good_words(prompt) if prompt.grammar else "All is normal."

    go(tmp_path / "in", out=tmp_path / "first", engine=Scripted(say, lost_after=1))
    summary = go(tmp_path / "in", out=tmp_path / "out", engine=Scripted(say))
    assert summary.passages == {"written": 1, "reused": 0, "deterministic": 0}
