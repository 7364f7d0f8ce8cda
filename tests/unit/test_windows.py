"""What can be known of Windows without one: names, shells, signals, and a process that looks like it."""

import errno
import io
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path, PureWindowsPath

import pytest

import as_windows
from batches import go, put, record
from factories import a_picture
from reportgen import read
from reportgen.batch.refusals import error_name
from reportgen.cli import main
from reportgen.cli_out import stdout_lost
from reportgen.errors import ExitCode, InputError
from reportgen.files import sqlite_address
from reportgen.ledger import Ledger, Row
from reportgen.moments import interruptible
from reportgen.nouns import Case
from reportgen.read import ids
from reportgen.read.discover import InputFile
from reportgen.settings import load_settings

SOURCE = Path(__file__).parents[2] / "src"


@pytest.mark.skipif(sys.platform != "linux", reason="takes away what Linux has")
def test_a_process_that_looks_like_windows_makes_and_verifies_reports(tmp_path):
    value = record("A", "Trans-thalamic", "Femur", patient={"id": "1", "name": "Ärztin"})
    value["images"][0]["file"] = "sub\\a.png"
    put(tmp_path / "in", "a b ü.json", value)
    (tmp_path / "in" / "sub").mkdir()
    a_picture().save(tmp_path / "in" / "sub" / "a.png")
    for name in ("CON .json", "aux.json", "COM¹.json", "dots. . .json", "what: is * this?.json"):
        put(tmp_path / "in", name, "{")
    done = subprocess.run(
        [sys.executable, "-X", "warn_default_encoding", as_windows.__file__, "in", "aus gabe"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=tmp_path,
        env={
            **os.environ,
            "LOCALAPPDATA": str(tmp_path / "local"),
            "REPORTGEN_CACHE_DIR": "",
            "HF_HUB_OFFLINE": "1",
        },
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "names, all of which Windows takes" in done.stdout
    assert (tmp_path / "local/reportgen/cache/passages.sqlite").is_file()
    assert len(list((tmp_path / "aus gabe/A/images").iterdir())) == 1


def test_no_format_of_a_time_is_one_that_windows_lacks():
    found = {
        path.name for path in SOURCE.rglob("*.py") if re.search(r"%[-#][A-Za-z]\b", path.read_text("utf-8"))
    }
    assert found == set()


DEVICES = ("con", "PRN", "aux", "NUL", "com1", "LPT9", "Com¹", "lpt³")


@pytest.fixture
def ledger(tmp_path):
    with_rows = Ledger(tmp_path / "ledger.sqlite")
    with_rows.begin("2025-11-23", "reportgen")
    yield with_rows
    with_rows.close()


@pytest.mark.parametrize("name", [f"{device}{end}" for device in DEVICES for end in ("", ".json", " .json")])
def test_no_error_file_has_the_name_of_a_device(ledger, name):
    assert error_name(ledger, "input:x#", name, None).startswith("_")


@pytest.mark.parametrize("name", ["a. ", "a...", " a .", "a.json. .", "..", ". ."])
def test_no_error_file_begins_or_ends_as_windows_would_not_keep_it(ledger, name):
    made = error_name(ledger, "input:x#", f"in/{name}", 3)
    assert made == made.strip(". ")
    assert made.endswith(".3.error.json")


def test_error_files_that_differ_in_case_alone_are_two_files_on_any_drive(ledger):
    made = set()
    for n, name in enumerate(
        ("A.json", "a.json", "Ä.json", "ä.json", "Ж.json", "ж.json", "straße", "STRASSE")
    ):
        key = f"input:{n}#"
        made.add(error := error_name(ledger, key, name, None))
        ledger.put(Row(key=key, origin=str(n), file=name, status="rejected", error_file=error, run=1))
    assert len({name.casefold() for name in made}) == 8
    assert {"A.json.error.json", "ä.json.error.json", "ж.json.error.json"} <= made


@pytest.mark.parametrize("device", DEVICES)
def test_no_case_has_the_folder_of_a_device(device):
    for name in (f"{device}.json", f"{device}.a.csv", f"dir/{device}/x.json", f"{device} .json"):
        made = ids.case_id(name, 1)
        assert made.split(".")[0].lower() not in {one.lower() for one in DEVICES}
        Case.model_validate_json(json.dumps(record(made)))


@pytest.mark.parametrize(
    "file",
    ["C:\\a.png", "c:a.png", "\\\\server\\share\\a.png", "//server/share/a.png", "\\a.png",
     "\\\\?\\C:\\a.png",
     "\\\\.\\C:\\a.png", "a.png:stream", "sub\\..\\..\\a.png", "..\\a.png", "file:///C:/a.png"],
)  # fmt: skip
def test_a_picture_by_a_path_of_windows_that_leads_elsewhere_is_refused(tmp_path, file):
    value = record("A")
    value["images"][0]["file"] = file
    path = put(tmp_path / "in", "a.json", value)
    a_picture().save(tmp_path / "a.png")
    with pytest.raises(InputError, match="not opened"):
        read.read_case(path)


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_marks_and_line_ends_of_windows_change_nothing(tmp_path, monkeypatch, mark, end):
    case = json.dumps(record("A"), indent=1)
    lines = "\n".join(json.dumps(record(f"L{n}")) for n in range(2)) + "\n"
    table = "filename,label,prob\na.png,Trans-thalamic,0.9\nb.png,Trans-cerebellum,0.8\n"
    setup = '[run]\nformat = "txt"\nengine = "template"\n'
    texts = {"in/a.json": case, "in/b.jsonl": lines, "in/c.csv": table, "reportgen.toml": setup}
    (tmp_path / "in").mkdir()
    for name, text in texts.items():
        (tmp_path / name).write_bytes(mark + text.replace("\n", end).encode())
    assert load_settings(tmp_path / "reportgen.toml")[1] == {"run": {"format": "txt", "engine": "template"}}
    monkeypatch.chdir(tmp_path)
    data = io.BytesIO(mark + case.replace("\n", end).encode())
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(data, encoding="cp1252"))
    assert main(["run", "-", "-o", "piped"]) == 0
    assert main(["run", "in", "-o", "out"]) == 0
    made = {path.parent.name for path in (tmp_path / "out").glob("*/report.txt")}
    assert {name.split("-")[0] for name in made} == {"A", "L0", "L1", "c"}
    assert len(made) == 5
    assert not list((tmp_path / "out").glob("*/report.pdf"))


def test_what_powershell_pipes_as_utf16_is_refused_with_the_cure(tmp_path, monkeypatch):
    data = json.dumps(record("A")).encode("utf-16")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data), encoding="utf-8"))
    summary = go(Path("-"), out=tmp_path / "out")
    assert summary.rejected == 1
    error = json.loads((tmp_path / "out/rejected/stdin.error.json").read_text("utf-8"))
    assert "UTF-16" in error["problem"]
    assert error["cure"] == "Save the file as UTF-8."


def test_a_pattern_is_expanded_by_the_reader_and_passes_pictures_over(tmp_path, monkeypatch):
    put(tmp_path / "results [1]", "a.json", record("A"))
    put(tmp_path / "results", "b.json", record("B"))
    put(tmp_path / "results", "c.png", "no case")
    summary = go(tmp_path / "results*" / "*", tmp_path / "results [1]" / "a.json", out=tmp_path / "out")
    assert (summary.done, summary.rejected, summary.ignored_files) == (2, 0, 1)


def test_a_path_that_windows_does_not_open_is_told_as_too_long(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "platform", "win32")
    long = tmp_path.joinpath(*["x" * 80] * 3, "a.json")
    for path, said in ((long, True), (tmp_path / "a.json", False)):
        (refused,) = read.read_file(InputFile(path, path.name), read.load_domain(), read.ReadOptions())
        assert ("Windows must be told to open such" in refused.cure) is said


@pytest.mark.parametrize(
    ("path", "address"),
    [
        (r"C:\out a\ledger.sqlite", "file:///C:/out%20a/ledger.sqlite"),
        (r"\\server\share\out\ledger.sqlite", "file:////server/share/out/ledger.sqlite"),
    ],
)
def test_a_ledger_on_a_share_has_an_address_that_sqlite_takes(path, address):
    assert sqlite_address(PureWindowsPath(path)) == address


def test_a_ledger_may_lie_in_a_folder_of_any_name(tmp_path):
    folder = tmp_path / "a#b %41?c ü胎"
    folder.mkdir()
    Ledger(folder / "ledger.sqlite").close()
    Ledger(folder / "ledger.sqlite", read_only=True).close()
    twice = sqlite_address(folder / "ledger.sqlite").replace("file:///", "file:////", 1)  # as of a share
    sqlite3.connect(f"{twice}?mode=ro", uri=True).close()


def test_a_reader_that_leaves_is_no_error_on_windows_either(monkeypatch):
    """There it is an invalid argument, not a broken pipe."""
    monkeypatch.setattr(os, "dup2", lambda *_: None)
    lost = OSError(errno.EINVAL, "Invalid argument")
    assert stdout_lost(lost) == ExitCode.USAGE
    monkeypatch.setattr(sys, "platform", "win32")
    assert stdout_lost(lost) == ExitCode.DONE


@pytest.mark.skipif(sys.platform == "win32", reason="stands for its signal")
def test_ctrl_break_ends_a_run_as_ctrl_c_does(monkeypatch):
    monkeypatch.setattr(signal, "SIGBREAK", signal.SIGUSR1, raising=False)

    def press() -> None:
        with interruptible():
            os.kill(os.getpid(), signal.SIGUSR1)

    before = signal.getsignal(signal.SIGUSR1)
    with pytest.raises(KeyboardInterrupt):
        press()
    assert signal.getsignal(signal.SIGUSR1) is before
