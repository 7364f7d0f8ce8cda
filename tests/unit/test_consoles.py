"""Any console shows every command's words, and loses none: code pages of Windows, ASCII, none at all."""

import codecs
import io
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import consoles
from batches import put, read_terminal, record, tree
from reportgen.cli import main
from reportgen.cli_options import typed
from reportgen.cli_out import ascii_only, ready_streams
from reportgen.errors import ExitCode

ENCODINGS = ["cp1252:strict", "ascii", "cp437", "cp850", "latin-1", "cp932", "utf-16"]
#: What differs between equal commands: times, and what is free on the disk.
_OWN = re.compile(r'(?<=[ "])[\d.]+(?= (GB|s)\b)|(?<=seconds": )[\d.]+|(?<=memory_mb": )[\d.]+')


class Told:
    """What all commands printed on a console, and what they wrote."""

    def __init__(self, folder: Path, encoding: str, **environment: str) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        consoles.put_inputs(folder)
        environment |= {"PYTHONIOENCODING": encoding, "REPORTGEN_CACHE_DIR": str(folder / "缓存")}
        environment |= {"HF_HUB_OFFLINE": "1"}  # doctor would ask the hub
        self.codec = encoding.partition(":")[0]
        done = subprocess.run(
            [sys.executable, consoles.__file__, str(folder)],
            capture_output=True,
            env={**os.environ, "SOURCE_DATE_EPOCH": "1763888640", "COLUMNS": "100", **environment},
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr.decode(self.codec, "replace")
        self.out, self.err = (self._parts(stream) for stream in (done.stdout, done.stderr))
        self.reports = [
            {name: data for name, data in tree(folder / place).items() if "report." in name}
            for place in ("出力", "teile", "عربي")
        ]

    def _parts(self, printed: bytes) -> list[str]:
        """By command; it can be decoded, or something was printed past the console's encoding."""
        text = printed.decode(self.codec).replace("\ufeff", "")
        found = re.split(rf"^{consoles.MARK}\d+\r?\n", text, flags=re.MULTILINE)[1:]
        assert len(found) == len(consoles.COMMANDS)
        return [_OWN.sub("0", one) for one in found]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all consoles, since some commands print where they are."""
    return tmp_path_factory.mktemp("consoles") / "ordner mit ü"


@pytest.fixture(scope="module")
def plain(place: Path) -> Told:
    """On a console that can show everything."""
    return Told(place, "utf-8")


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_command_prints_on_every_console_and_loses_nothing(place, plain, encoding):
    shown = Told(place, encoding, LC_ALL="C", PYTHONLEGACYWINDOWSSTDIO="1")
    for n, (line, _) in enumerate(consoles.COMMANDS):
        if line == "doctor --json":  # which tells of the console
            assert len(values(shown.out[n])) == 1
        elif line == "doctor":
            assert "console" in shown.out[n]
        elif "--json" in line or re.match("schema [a-z]", line):
            assert values(shown.out[n]) == values(plain.out[n]), line
        else:
            assert shown.out[n] == escaped(plain.out[n], shown.codec), line
        assert shown.err[n] == escaped(plain.err[n], shown.codec), line
        assert "Traceback" not in shown.err[n]
    assert shown.reports == plain.reports, "no report depends on the console"
    assert {"A/report.txt", "B/report.html"} <= set(shown.reports[0])


def values(printed: str) -> list[object]:
    """JSON of one value, or one a line; nothing where the command only complains."""
    try:
        return [json.loads(printed)] if printed.strip() else []
    except ValueError:
        return [json.loads(line) for line in printed.splitlines()]


def escaped(text: str, codec: str) -> str:
    """What a console of this encoding can show of a text: all of it, some by its number."""
    return text.encode(codec, "backslashreplace").decode(codec).replace("\ufeff", "")


def ran(*arguments: str, folder: Path, **environment: str) -> "subprocess.CompletedProcess[bytes]":
    command = [sys.executable, "-m", "reportgen", *arguments]
    return subprocess.run(
        command, capture_output=True, env={**os.environ, **environment}, cwd=folder, check=False, timeout=60
    )


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="names are not bytes there")
def test_where_python_may_read_no_name_but_english_ones_the_others_are_refused_with_the_cure(tmp_path):
    put(tmp_path / "in", "a.json", record("A"))
    put(tmp_path / "in", "胎児.json", record("B"))
    done = ran(
        "run", "in", "-o", "out", "--engine", "template", "--format", "txt",
        folder=tmp_path, LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0",
    )  # fmt: skip
    assert done.returncode == ExitCode.REJECTED, done.stderr
    assert b"Unset PYTHONUTF8, or choose a locale of UTF-8" in done.stderr
    assert (tmp_path / "out/A/report.txt").is_file()
    assert len(list((tmp_path / "out/rejected").iterdir())) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal")
@pytest.mark.parametrize("encoding", ["ascii", "cp437", "cp1252:strict"])
def test_a_bar_on_a_terminal_of_a_code_page(tmp_path, encoding):
    import pty
    import termios

    for n in range(5):
        put(tmp_path / "in", f"胎児 {n}.json", record(f"case-{n}"))
    put(tmp_path / "in", "坏 ☹.json", "{")
    master, slave = pty.openpty()
    termios.tcsetwinsize(slave, (40, 100))
    command = [sys.executable, "-m", "reportgen", "run", "in", "-o", "出力", "--engine", "template"]
    process = subprocess.Popen(
        [*command, "--format", "txt"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONIOENCODING": encoding},
        stderr=slave,
        stdout=subprocess.DEVNULL,
    )
    os.close(slave)
    seen = read_terminal(master)
    assert process.wait() == ExitCode.REJECTED, seen
    text = seen.decode(encoding.partition(":")[0])
    assert "rejected: \\u574f \\u2639.json" in text
    assert "made       5" in text
    assert "%|" in text


class Console(io.TextIOWrapper):
    """stdout of a process on Windows."""

    def __init__(self, *, terminal: bool) -> None:
        super().__init__(io.BytesIO(), encoding="cp1252", newline="\r\n")
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal

    @property
    def bytes(self) -> bytes:
        self.flush()
        return self.buffer.getvalue()


def on_windows(monkeypatch: pytest.MonkeyPatch, *, terminal: bool = False) -> Console:
    """A terminal of Windows, or a file, that stdout goes to from now on."""
    monkeypatch.delenv("PYTHONIOENCODING", raising=False)
    monkeypatch.setattr(sys, "platform", "win32")
    console = Console(terminal=terminal)
    monkeypatch.setattr(sys, "stdout", console)
    return console


def test_what_windows_leads_into_a_file_is_utf8(monkeypatch):
    redirected = on_windows(monkeypatch)
    ready_streams()
    print("胎児")
    assert redirected.bytes == "胎児\r\n".encode()
    assert ascii_only(), "PowerShell would take it for something else"


def test_who_asks_for_an_encoding_gets_it(monkeypatch):
    redirected = on_windows(monkeypatch)
    monkeypatch.setenv("PYTHONIOENCODING", "cp1252")
    ready_streams()
    print("胎児 ü")
    assert redirected.bytes == rb"\u80ce\u5150 " + "ü\r\n".encode("cp1252")


def test_a_terminal_of_windows_keeps_its_encoding(monkeypatch):
    console = on_windows(monkeypatch, terminal=True)
    ready_streams()
    assert console.encoding == "cp1252"


def test_a_process_without_a_console_runs(tmp_path, monkeypatch):
    """As a scheduled task may start one, with ``pythonw``."""
    put(tmp_path / "in", "a.json", record("A"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    codes = [main(["run", "in", "-o", "out", "--engine", "template", "--format", "txt"]), main(["run"])]
    assert codes == [ExitCode.DONE, ExitCode.USAGE]


def test_a_draft_that_was_led_into_a_file_by_any_shell_is_read(tmp_path, monkeypatch, capsys):
    """cmd.exe keeps the bytes, with Windows' line ends; PowerShell 5.1 writes UTF-16."""
    case = str(put(tmp_path, "a.json", record("A", "Trans-thalamic", "Femur")))
    redirected = on_windows(monkeypatch)
    assert main(["draft", case, "--engine", "template", "--lang", "de"]) == 0
    draft = redirected.bytes
    assert b"\r\n\r\n" in draft
    monkeypatch.undo()
    text = draft.decode()
    powershell = codecs.BOM_UTF16_LE + text.encode("utf-16-le")
    for data in (draft, codecs.BOM_UTF8 + draft, powershell, codecs.BOM_UTF16_BE + text.encode("utf-16-be")):
        (tmp_path / "draft.txt").write_bytes(data)
        assert main(["check", case, str(tmp_path / "draft.txt"), "--lang", "de"]) == 0, (
            capsys.readouterr().out
        )
    (tmp_path / "draft.txt").write_bytes(powershell[:-1])
    assert main(["check", case, str(tmp_path / "draft.txt"), "--lang", "de"]) == ExitCode.USAGE


def test_windows_shells_expand_nothing_so_home_is_expanded_and_patterns_are_left_to_the_reader(
    monkeypatch, tmp_path
):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("VALUE", "changed")
    (tmp_path / "a.json").write_text("{}", "utf-8")
    line = ["reportgen", "run", "~/a.json", f"{tmp_path}/*.json", "$VALUE", "%VALUE%"]
    monkeypatch.setattr(sys, "argv", line)
    assert typed(None) == line[1:], "elsewhere the shell has done it"
    monkeypatch.setattr(sys, "platform", "win32")
    assert typed(None) == ["run", f"{tmp_path}/a.json", *line[3:]]
    assert typed(["run", "~"]) == ["run", "~"]
