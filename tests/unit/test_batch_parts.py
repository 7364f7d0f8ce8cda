"""The smaller parts of a run, each by itself."""

import contextlib
import errno
import io
import json
import os
import re
import signal
import sys
import threading
from concurrent.futures import CancelledError, Future
from dataclasses import replace

import pytest

from reportgen.batch import make, voice
from reportgen.batch.guard import Failure, guarded
from reportgen.batch.lock import locked
from reportgen.batch.refusals import error_name
from reportgen.batch.summary import Tally
from reportgen.batch.voice import BarVoice, JsonVoice, LineVoice, QuietVoice
from reportgen.errors import DomainError, ExitCode, InputError, UsageError
from reportgen.institution import Institution
from reportgen.ledger import Ledger, Row
from reportgen.moments import interruptible, now, outcome, unheard
from reportgen.settings import Settings
from reportgen.traces import where_it_broke

ROW = Row(
    key="case:a", case_id="a", origin="/a.json", file="a.json", status="done",
    outputs={"report.json": [], "report.pdf": [], "report.txt": [], "images/0.jpg": []},
    rungs={"free": 2},
    images=3,
)  # fmt: skip


@pytest.fixture
def ledger(tmp_path):
    one = Ledger(tmp_path / "ledger.sqlite")
    one.begin("", "")
    yield one
    one.close()


@pytest.mark.parametrize(
    ("file", "row", "name"),
    [
        ("bad.json", None, "bad.json.error.json"),
        ("sub/folder/bad.csv", 7, "bad.csv.7.error.json"),
        ("-", None, "stdin.error.json"),
        ("-", 2, "stdin.2.error.json"),
        ("con.json", None, "_con.json.error.json"),
        ("..", None, "_.error.json"),
        ('a<b>"|?*:.json', None, "a_b______.json.error.json"),
        ("win\\dows.json", None, "dows.json.error.json"),
        ("Müller 胎.json", None, "Müller 胎.json.error.json"),
        ("x" * 300 + ".json", None, "x" * 95 + ".json.error.json"),
    ],
)
def test_names_of_refusals(ledger, file, row, name):
    assert error_name(ledger, "input:1", file, row) == name


def test_a_name_that_is_taken_gets_a_piece_of_hash(ledger):
    taken = replace(ROW, key="input:1", status="rejected", error_file="BAD.json.error.json")
    ledger.put(taken)
    assert error_name(ledger, "input:1", "bad.json", None) == "bad.json.error.json"
    assert re.fullmatch(
        r"bad\.json~[0-9a-f]{8}\.error\.json", error_name(ledger, "input:2", "bad.json", None)
    )


def test_cases_and_their_fates_balance():
    tally = Tally(seen=7)
    for status in ("done", "skipped", "rejected", "failed"):
        tally.settle(replace(ROW, status=status))
    assert tally.rungs == {"free": 2}
    assert tally.balance(unread=2) == {
        "cases": 9, "done": 1, "skipped": 1, "rejected": 1, "failed": 1, "pending": 5,
    }  # fmt: skip
    assert tally.exit_code == ExitCode.REJECTED


def test_a_sum_that_does_not_come_out_is_a_bug():
    tally = Tally(seen=0)
    tally.settle(ROW)
    tally.balance(unread=0)
    assert tally.exit_code == ExitCode.BUG


def test_done_is_0_and_pending_never_is():
    tally = Tally(seen=1)
    tally.settle(ROW)
    assert tally.balance(unread=0)["pending"] == 0
    assert tally.exit_code == ExitCode.DONE
    tally.balance(unread=1)
    assert tally.exit_code == ExitCode.REJECTED


@pytest.mark.parametrize(
    ("stops", "code", "stopped"),
    [
        (["interrupted"], ExitCode.INTERRUPTED, "interrupted"),
        (["engine lost", "interrupted"], ExitCode.INTERRUPTED, "interrupted"),
        (["engine lost", "disk full"], ExitCode.ENGINE, "disk full"),
        (["limit", "engine lost"], ExitCode.ENGINE, "engine lost"),
        (["disk full", "worker lost"], ExitCode.REJECTED, "disk full"),
        (["limit"], ExitCode.DONE, "limit"),
        (["disk full"], ExitCode.REJECTED, "disk full"),
    ],
)
def test_why_a_run_ended_and_its_exit_code(stops, code, stopped):
    tally = Tally()
    for stop in stops:
        tally.stop(stop)
    tally.balance(unread=0)
    assert (tally.exit_code, tally.stopped) == (code, stopped)


def _raised(error):
    def work():
        raise error

    return guarded(work)


@pytest.mark.parametrize(
    ("error", "status", "code", "stop"),
    [
        (InputError("Refused.", "Do."), "rejected", ExitCode.REJECTED, None),
        (DomainError("Faulty.", "Do."), "failed", ExitCode.REJECTED, None),
        (OSError(errno.ENOSPC, "full"), "pending", ExitCode.REJECTED, "disk full"),
        (OSError(errno.EDQUOT, "quota"), "pending", ExitCode.REJECTED, "disk full"),
        (OSError(errno.EIO, "lost"), "pending", ExitCode.REJECTED, "output lost"),
        (OSError(errno.EROFS, "read only"), "pending", ExitCode.REJECTED, "output lost"),
        (PermissionError(errno.EACCES, "in use"), "failed", ExitCode.REJECTED, None),
        (ValueError("SECRET"), "failed", ExitCode.BUG, None),
        (MemoryError(), "failed", ExitCode.BUG, None),
        (RecursionError(), "failed", ExitCode.BUG, None),
    ],
)
def test_what_becomes_of_an_exception(error, status, code, stop):
    failure = _raised(error)
    assert isinstance(failure, Failure)
    assert (failure.status, failure.code, failure.stop) == (status, code, stop)
    assert failure.error.cure
    assert "SECRET" not in failure.trace + str(failure.error)


def test_an_interruption_passes_the_guard():
    with pytest.raises(KeyboardInterrupt):
        _raised(KeyboardInterrupt())


def test_where_it_broke_names_types_and_lines_but_no_message():
    try:
        try:
            int("SECRET")
        except ValueError as error:
            raise KeyError("SECRET") from error
    except KeyError as error:
        said = where_it_broke(error)
    assert said.splitlines()[0] == "builtins.KeyError"
    assert "builtins.ValueError" in said
    assert "test_batch_parts.py:" in said
    assert "SECRET" not in said


def test_the_voice_suits_the_place():
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    assert isinstance(voice(stream=Terminal()), BarVoice)
    assert type(voice(stream=io.StringIO())) is LineVoice
    assert isinstance(voice(quiet=True, stream=Terminal()), QuietVoice)
    assert isinstance(voice(log_json=True, quiet=True, stream=Terminal()), JsonVoice)


def test_lines_of_progress_come_every_ten_seconds():
    time = [0.0]
    out = io.StringIO()
    line = LineVoice(out, clock=lambda: time[0])
    for second in range(25):
        time[0] = float(second)
        line.step(second, 100, "prompt 3 of 9" if second > 15 else "")
    assert out.getvalue().splitlines() == ["10 of 100 cases", "20 of 100 cases, prompt 3 of 9"]


def test_progress_as_json():
    time = [0.0]
    out = io.StringIO()
    log = JsonVoice(out, clock=lambda: time[0])
    time[0] = 11.0
    log.step(5, 10)
    event = json.loads(out.getvalue())
    assert (event["event"], event["settled"], event["total"]) == ("progress", 5, 10)


def test_a_lock_is_held_by_one_and_leaves_an_empty_file(tmp_path):
    path = tmp_path / ".lock"
    with locked(path), pytest.raises(UsageError, match="Another run"), locked(path):
        pass
    with locked(path):
        pass
    assert (tmp_path / ".lock").read_bytes() == b""


def test_a_drive_without_locks_says_so(tmp_path, monkeypatch):
    from reportgen.batch import lock

    def no_locks(_):
        raise OSError(errno.ENOLCK, "no locks")

    monkeypatch.setattr(lock, "_take", no_locks)
    with pytest.raises(UsageError, match=r"cannot lock files \(ENOLCK\)"), locked(tmp_path / ".lock"):
        pass


def test_the_time_is_in_the_configured_zone(monkeypatch):
    zone = Settings(institution=Institution(timezone="Europe/Berlin")).zone
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1763888640")
    assert now(zone).isoformat() == "2025-11-23T10:04:00+01:00"
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    assert now(zone).tzinfo is zone


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_only_the_first_signal_interrupts():
    import os
    import signal

    before = signal.getsignal(signal.SIGTERM)
    with interruptible():
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGTERM) == before


def test_every_stop_has_last_words():
    from typing import get_args

    from reportgen.batch.start import _STOPPED
    from reportgen.batch.summary import Stop

    assert set(_STOPPED) == set(get_args(Stop))


def test_stamps_see_what_matters(tmp_path):
    from cases import DOMAIN, case, found, image
    from reportgen.batch.stamps import Stamps
    from reportgen.engines.base import Parameters
    from reportgen.engines.template import TemplateEngine

    def stamps(**settings):
        return Stamps.of(DOMAIN, Settings(**settings), TemplateEngine(), Parameters())

    one = found(case(image(1, ("Femur", 0.9))))
    other = one.model_copy(update={"source": one.source.model_copy(update={"sha256": "1" * 64})})
    assert stamps().content(one) == stamps().content(one) != stamps().content(other)
    assert stamps().content(one) != stamps(institution=Institution(timezone="Europe/Berlin")).content(one)
    assert stamps().render("txt") != stamps().render("pdf")
    longer = Stamps.of(DOMAIN, Settings(), TemplateEngine(), Parameters(max_new_tokens=5))
    assert longer.writer != stamps().writer
    assert stamps().files([tmp_path / "nowhere"], {}) is None


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_a_wish_to_end_waits_while_a_lock_is_taken():
    """Raised between taking a lock and giving it back, it would leave it taken: the run would hang."""
    reached = []

    def locked_twice() -> None:
        with unheard():
            with unheard():
                os.kill(os.getpid(), signal.SIGINT)
                reached.append("inner")
            reached.append("outer")
        reached.append("after")

    with interruptible(), pytest.raises(KeyboardInterrupt):
        locked_twice()
    assert reached == ["inner", "outer"]


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_a_wish_to_end_is_heard_while_others_work():
    never: Future[None] = Future()
    timer = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGTERM))
    timer.start()
    with interruptible(), pytest.raises(KeyboardInterrupt):
        outcome(never)
    timer.join()
    never.set_result(None)  # no lock of it was left taken
    assert outcome(never) is None


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_a_wish_to_end_is_not_lost_in_a_library_that_catches_everything(monkeypatch):
    """reportlab does, where it looks for what is installed: the run would go on to its end."""

    def careless(*_: object) -> None:
        with contextlib.suppress(BaseException):
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(make, "_make", careless)
    workers = make.Workers(None, None, jobs=1)  # type: ignore[arg-type]
    with interruptible(), pytest.raises(KeyboardInterrupt):
        workers.submit(None)  # type: ignore[arg-type]


def test_what_a_future_comes_to_is_told_whatever_it_is():
    ends: list[Future[None]] = [Future(), Future()]
    ends[0].cancel()  # as a pool does that is closed: nobody has been told yet
    ends[1].set_exception(TimeoutError("of its own"))
    with pytest.raises(CancelledError):
        outcome(ends[0])
    with pytest.raises(TimeoutError, match="of its own"):
        outcome(ends[1])
