"""Reports that a program has open, which Windows does not let go: nothing is lost, and the others go on."""

import errno
import io
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from batches import balanced, cohort, go, put, record, tree
from reportgen import files
from reportgen.batch import folder, make
from reportgen.batch.guard import system_failure
from reportgen.batch.place import Place
from reportgen.errors import ExitCode, IntegrityError
from reportgen.files import HeldError, move, new_folder, write_file
from reportgen.ledger import Ledger


@pytest.fixture(autouse=True)
def _one_moment(monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1763888640")


class Windows:
    """Moves as Windows allows them: none of an open file, nor of a folder with one in it.

    Attributes:
        open: Files that a program has open.
        waited: Seconds of each wait.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, code: int = 32) -> None:
        self.open: set[Path] = set()
        self.waited: list[float] = []
        self._code = code
        for name in ("rename", "replace", "unlink"):
            monkeypatch.setattr(os, name, self._guarded(getattr(os, name)))
        monkeypatch.setattr(time, "sleep", self.waited.append)

    def _guarded(self, real):
        def act(source, *more, **options):
            for one in map(Path, (source, *more)):
                if any(path.exists() and path.is_relative_to(one) for path in self.open):
                    error = PermissionError(errno.EACCES, "in use", str(source))
                    error.winerror = self._code
                    raise error
            return real(source, *more, **options)

        return act


@pytest.fixture(params=[5, 32])
def windows(request, monkeypatch) -> Windows:
    return Windows(monkeypatch, request.param)


def changed(tmp_path: Path) -> Path:
    """An output folder of three cases, whose second input has changed since."""
    cohort(tmp_path / "in", 3)
    out = tmp_path / "out"
    assert go(tmp_path / "in", out=out, formats=("txt", "pdf")).done == 3
    put(tmp_path / "in", "case-001.json", record("case-001", "Femur", "Abdomen"))
    return out


def again(tmp_path: Path, **more):
    said = io.StringIO()
    summary = go(tmp_path / "in", out=tmp_path / "out", formats=("txt", "pdf"), said=said, **more)
    assert balanced(summary)
    return summary, said.getvalue()


@pytest.mark.parametrize("name", ["report.pdf", "notes.docx"])
def test_an_open_report_fails_its_case_only_and_the_next_run_makes_it(tmp_path, windows, name):
    out = changed(tmp_path)
    put(tmp_path / "in", "case-002.json", record("case-002", "Thorax"))
    put(out / "case-001", "notes.docx", "what somebody wrote beside it")
    before = tree(out / "case-001")
    windows.open = {out / "case-001" / name}
    summary, said = again(tmp_path)
    assert (summary.done, summary.failed, summary.skipped, summary.stopped) == (1, 1, 1, None)
    assert summary.exit_code == ExitCode.REJECTED
    assert f"{out / 'case-001'} could not be replaced: {name} is probably open in another program" in said
    assert "close it, and give the same command again" in said
    assert tree(out / "case-001") == before
    assert not (out / ".partial").exists()
    assert not (out / "reportgen.log").exists()
    assert 0 < sum(windows.waited) < 5
    index = (out / "index.html").read_text("utf-8")
    assert f"{name} is probably open" in index
    summary, _ = again(tmp_path)
    assert (summary.done, summary.failed, summary.skipped) == (0, 1, 2), "it never passes for the new report"
    windows.open = set()
    summary, said = again(tmp_path)
    assert (summary.done, summary.skipped, summary.exit_code) == (1, 2, 0)
    assert "femur" in (out / "case-001/report.txt").read_text("utf-8")
    assert (out / "case-001/notes.docx").read_text() == "what somebody wrote beside it"
    assert summary.superseded == ()


def test_an_open_report_is_one_that_its_ledger_still_knows(tmp_path, monkeypatch):
    from reportgen.desk.verify import verify

    out = changed(tmp_path)
    windows = Windows(monkeypatch)
    windows.open = {out / "case-001/report.pdf"}
    again(tmp_path)
    *faults, end = verify(out, "fetal_ultrasound")
    assert (faults, end.reports) == ([], 3)
    put(tmp_path / "in", "case-001.json", record("case-001", "Trans-cerebellum", "Trans-ventricular"))
    assert again(tmp_path)[0].skipped == 3, "its input is what it was: the report is current again"


def test_many_processes_wait_for_open_reports_as_one_does(tmp_path, monkeypatch):
    """Real processes, spawned anew: the folder is immutable, which refuses a move as an open file does."""
    out = changed(tmp_path)
    with immutable(out / "case-001"):
        summary, said = again(tmp_path, jobs=2)
    assert (summary.failed, summary.skipped, summary.exit_code) == (1, 2, ExitCode.REJECTED)
    assert "a file in it is probably open in another program" in said
    assert again(tmp_path, jobs=2)[0].done == 1


class immutable:  # noqa: N801 - reads as a statement
    """A folder that the system refuses to move, even for root; the test is skipped where that cannot be."""

    def __init__(self, place: Path) -> None:
        self._place = str(place)

    def _set(self, flag: str) -> bool:
        command = shutil.which("chattr")
        return (
            command is not None
            and subprocess.run([command, flag, self._place], capture_output=True, check=False).returncode == 0
        )

    def __enter__(self) -> None:
        if not self._set("+i"):
            pytest.skip("this file system has no immutable files; the refusals above are faked everywhere")

    def __exit__(self, *_: object) -> None:
        self._set("-i")


@pytest.mark.skipif(sys.platform != "linux", reason="a namespace of Linux")
def test_a_folder_that_is_mounted_is_held_too(tmp_path):
    changed(tmp_path)
    unshare = [shutil.which("unshare") or "unshare", "--mount", "--map-root-user"]
    if subprocess.run([*unshare, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this kernel gives no namespace; the refusals above are faked everywhere")
    run = f'"{sys.executable}" -m reportgen run in -o out --engine template --format txt,pdf'
    command = f"mount --bind out/case-001 out/case-001 && exec {run}"
    done = subprocess.run(
        [*unshare, "sh", "-c", command],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=tmp_path,
        check=False,
    )
    assert done.returncode == ExitCode.REJECTED, done.stderr
    assert "(EBUSY)" in done.stderr
    assert "  failed     1" in done.stderr
    assert again(tmp_path)[0].done == 1


def test_a_report_that_was_opened_for_a_moment_costs_a_moment(tmp_path, windows, monkeypatch):
    out = changed(tmp_path)
    windows.open = {out / "case-001/report.pdf"}
    monkeypatch.setattr(time, "sleep", lambda _: windows.open.clear())
    assert again(tmp_path)[0].done == 1


def test_a_scanner_that_holds_the_new_report_loses_no_older_one(tmp_path, monkeypatch):
    """The older folder is moved away already: it comes back."""
    out = changed(tmp_path)
    before = tree(out / "case-001")
    windows = Windows(monkeypatch)
    real = os.replace

    def scanned(source, target):
        if Path(target) == out / "case-001" and files._NEW in Path(source).parts:
            windows.open = {Path(source) / "report.pdf"}
        return real(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", scanned)
        summary, said = again(tmp_path)
    assert (summary.failed, summary.exit_code) == (1, ExitCode.REJECTED)
    assert f"{out / 'case-001'} could not be replaced: report.pdf is probably open" in said
    assert tree(out / "case-001") == before
    windows.open = set()
    assert again(tmp_path)[0].done == 1


class KilledError(BaseException):
    """As a process that is gone: nothing is put in order after it."""


def killed(place: Path, act: Callable[[], object]) -> None:
    """Leave what a killed run leaves when the older folder is moved away, and the new one is not yet in."""
    real, gone = os.replace, []

    def replace(source, target):
        if gone or Path(target) == place:
            gone.append(target)
            raise KilledError
        real(source, target)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "replace", replace)
        with pytest.raises(KilledError):
            act()


def test_a_run_that_is_killed_between_two_moves_loses_nothing(tmp_path, monkeypatch):
    out = changed(tmp_path)
    put(out / "case-001", "notes.docx", "what somebody wrote beside it")
    before = tree(out / "case-001")
    killed(out / "case-001", lambda: folder.write_case(out, "case-001", {"report.json": b"new"}))
    assert not (out / "case-001").exists()
    with monkeypatch.context() as patch:
        windows = Windows(patch)
        windows.open = set((out / ".partial").rglob("notes.docx"))
        with pytest.raises(Exception, match="cannot be replaced"), Place(out).opened():
            pass
    assert tree(out / ".partial"), "it waits there"
    with Place(out).opened():
        assert tree(out / "case-001") == before
    assert not (out / ".partial").exists()


def test_evidence_is_never_put_back_as_a_report(tmp_path):
    out = tmp_path / "out"
    folder.keep_failed(out, "A", {"report.json": b"refused"})
    killed(out / ".failed/A", lambda: folder.keep_failed(out, "A", {"report.txt": b"refused again"}))
    assert list((out / ".partial").rglob("report.json"))
    folder.clear_partial(out)
    assert [path.name for path in out.iterdir()] == [".failed"]


def test_a_refused_report_keeps_its_exit_code_where_older_evidence_is_open(tmp_path, windows, monkeypatch):
    cohort(tmp_path / "in", 1)
    put(tmp_path / "out/.failed/case-000", "report.pdf", "older evidence")
    windows.open = {tmp_path / "out/.failed/case-000/report.pdf"}

    def wrong(*_):
        raise IntegrityError("The text says what the record does not hold.", "")

    monkeypatch.setattr(make, "reread", wrong)
    summary, said = again(tmp_path)
    assert (summary.failed, summary.exit_code) == (1, ExitCode.INTEGRITY), said


def test_a_case_that_fails_while_its_older_report_is_open(tmp_path, windows, monkeypatch):
    out = changed(tmp_path)
    windows.open = {out / "case-001/report.pdf"}

    def broken(*_, **__):
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(make.pipeline, "finish", broken)
        summary, said = again(tmp_path)
    assert (summary.failed, summary.skipped, summary.exit_code) == (1, 2, ExitCode.BUG)
    assert summary.stopped is None
    assert "report.pdf is probably open" in said
    windows.open = set()
    assert again(tmp_path)[0].done == 1


def test_a_report_that_no_input_gives_any_more_is_set_aside_once_it_is_closed(tmp_path, windows):
    out = changed(tmp_path)
    put(tmp_path / "in", "case-001.json", record("another", "Femur"))
    windows.open = {out / "case-001/report.pdf"}
    for _ in range(2):
        summary, said = again(tmp_path)
        assert (summary.failed, summary.stopped, summary.exit_code) == (0, None, ExitCode.REJECTED)
        assert "case-001: No input gives this report any more." in said
        assert (out / "case-001/report.pdf").is_file()
        assert "No input gives this report any more." in (out / "index.html").read_text("utf-8")
    windows.open = set()
    summary, _ = again(tmp_path)
    assert (summary.superseded, summary.exit_code) == (("case-001",), 0)


def test_another_patients_open_report_is_never_mixed_up(tmp_path, monkeypatch):
    """What comes through a pipe under one id may be another patient's: it waits until the older is closed."""
    windows = Windows(monkeypatch)
    out = tmp_path / "out"

    def piped(*labels: str):
        text = json.dumps(record("A", *labels)).encode()
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text), encoding="utf-8"))
        return go(Path("-"), out=out)

    assert piped("Abdomen").done == 1
    windows.open = {out / "A/report.txt"}
    for _ in range(2):
        summary = piped("Femur")
        assert (summary.failed, summary.superseded, summary.exit_code) == (1, (), ExitCode.REJECTED)
        assert "abdomen" in (out / "A/report.txt").read_text("utf-8")
    windows.open = set()
    summary = piped("Femur")
    assert (summary.done, summary.superseded) == (1, ("A",))
    assert "abdomen" in (out / ".superseded/A/report.txt").read_text("utf-8")


def test_an_open_error_file_ends_no_run(tmp_path, windows):
    out = changed(tmp_path)
    put(tmp_path / "in", "bad.json", "{")
    again(tmp_path)
    error = out / "rejected/bad.json.error.json"
    windows.open = {error}
    put(tmp_path / "in", "bad.json", "[")
    summary, said = again(tmp_path)
    assert (summary.rejected, summary.skipped, summary.stopped) == (1, 3, None)
    assert f"{error} could not be replaced: it is probably open in another program" in said
    put(tmp_path / "in", "bad.json", record("good"))
    summary, _ = again(tmp_path)
    assert (summary.done, summary.stopped, summary.exit_code) == (1, None, ExitCode.REJECTED)


def test_an_open_index_is_told_by_name(tmp_path, windows):
    out = changed(tmp_path)
    windows.open = {out / "index.html"}
    summary, said = again(tmp_path)
    assert (summary.done, summary.exit_code) == (1, ExitCode.REJECTED)
    assert f"{out / 'index.html'} could not be replaced: it is probably open" in said


def test_a_move_names_what_is_open_and_leaves_everything(tmp_path, windows):
    one, two = put(tmp_path, "one", "1"), put(tmp_path, "two", "2")
    windows.open = {two}
    with pytest.raises(HeldError) as caught:
        move(one, two)
    assert (caught.value.place, caught.value.files, caught.value.errno) == (two, (two,), errno.EACCES)
    assert (one.read_text(), two.read_text()) == ("1", "2")
    windows.waited.clear()
    with pytest.raises(FileNotFoundError):
        move(tmp_path / "none", one)
    assert windows.waited == [], "only what may pass is waited for"


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX")
def test_others_may_read_what_the_umask_lets_them(tmp_path):
    """On Windows what tempfile makes is its owner's alone, for ever; here the mode shows it."""
    before = os.umask(0o022)
    try:
        with new_folder(tmp_path / "case", tmp_path / ".partial") as building:
            write_file(building / "report.txt", b"1")
    finally:
        os.umask(before)
    assert (tmp_path / "case").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "case/report.txt").stat().st_mode & 0o777 == 0o644


def test_no_folder_is_made_for_its_owner_alone():
    """``tempfile.mkdtemp`` gives a folder on Windows rights that moving it does not take away."""
    assert not hasattr(files, "tempfile")


def long_path(code: int, path: str) -> OSError:
    error = FileNotFoundError(errno.ENOENT, "No such file or directory", path)
    error.winerror = code
    return error


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENAMETOOLONG, "File name too long"), True),
        (long_path(206, "x"), True),
        (long_path(3, "C:\\" + "x" * 260), True),
        (long_path(3, "C:\\x"), False),
        (FileNotFoundError(errno.ENOENT, "gone", "x" * 300), False),
    ],
)
def test_a_path_that_is_too_long_is_told_as_such(error, said):
    failure = system_failure(error)
    assert (failure.status, failure.code) == ("failed", ExitCode.REJECTED)
    assert ("too long" in failure.error.problem) is said


def test_where_paths_are_short_the_long_case_fails_before_it_could_not_be_read(tmp_path, monkeypatch):
    """A limit as that of Windows: what was built and moved has no path that is too long there."""
    limit = len(str(tmp_path)) + 75
    real = os.mkdir

    def mkdir(path, *mode, **more):
        if len(str(path)) > limit:
            raise long_path(206, str(path))
        real(path, *mode, **more)

    put(tmp_path / "in", "long.json", record("x" * 60))
    put(tmp_path / "in", "short.json", record("short"))
    with monkeypatch.context() as patch:
        patch.setattr(os, "mkdir", mkdir)
        summary, said = again(tmp_path)
    assert (summary.done, summary.failed) == (1, 1)
    assert "too long for this system. Choose a shorter folder with -o" in said
    longest = max(len(str(path)) for path in (tmp_path / "out/short").iterdir())
    assert longest < limit


def test_the_ledger_keeps_what_it_says_of_an_open_report(tmp_path, monkeypatch):
    out = changed(tmp_path)
    ledger = Ledger(out / "ledger.sqlite", read_only=True)
    before = ledger.get("case:case-001")
    ledger.close()
    windows = Windows(monkeypatch)
    windows.open = {out / "case-001/report.pdf"}
    again(tmp_path)
    ledger = Ledger(out / "ledger.sqlite", read_only=True)
    after = ledger.get("case:case-001")
    ledger.close()
    assert before is not None
    assert after is not None
    assert (after.content, after.outputs, after.writer) == (before.content, before.outputs, before.writer)
    assert (after.status, after.attempts) == ("failed", before.attempts + 1)
