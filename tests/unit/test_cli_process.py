"""What only a process of its own can show: speed of help, consoles, pipes, standard input."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from batches import put, read_terminal, record

HEAVY = ("torch", "transformers", "reportlab", "PIL", "pydantic", "jinja2", "yaml", "tqdm", "numpy")


def ran(*arguments: str, stdin: str = "", **environment: str) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        [sys.executable, *arguments],
        input=stdin.encode(),
        capture_output=True,
        env={**os.environ, **environment},
        check=False,
        timeout=60,
    )


def test_help_imports_nothing_heavy():
    program = (
        "import sys\nfrom reportgen.cli import main\nmain(['run', '--help'])\n"
        f"print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)"
    )
    assert ran("-c", program).stderr.strip() == b"[]"


@pytest.mark.skipif(sys.platform == "win32", reason="CPU time of children")
def test_help_answers_at_once():
    import resource

    def cpu() -> float:
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime

    times = []
    for _ in range(3):
        before = cpu()
        assert ran("-m", "reportgen", "--help").returncode == 0
        times.append(cpu() - before)
    assert min(times) <= 0.4


def test_a_console_that_is_not_utf8_survives(tmp_path):
    value = record("A", extensions={})
    value["images"][0]["image_id"] = "Ω-胎児-1"
    case = str(put(tmp_path, "a.json", value))
    shown = ran("-m", "reportgen", "facts", case, PYTHONIOENCODING="cp1252:strict")
    assert shown.returncode == 0, shown.stderr
    data = ran("-m", "reportgen", "facts", case, "--json", PYTHONIOENCODING="cp1252:strict")
    facts = json.loads(data.stdout.decode("cp1252"))
    assert facts["passages"][0]["facts"][0]["images"] == ["Ω-胎児-1"]
    out = str(tmp_path / "out")
    done = ran(
        "-m", "reportgen", "run", case, "-o", out, "--engine", "template", PYTHONIOENCODING="cp1252:strict"
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="a POSIX pipe")
def test_a_reader_that_leaves_is_no_error(tmp_path):
    lines = "".join(json.dumps(record(f"case-{n}")) + "\n" for n in range(800))
    many = put(tmp_path, "many.jsonl", lines)
    command = f'"{sys.executable}" -m reportgen validate "{many}" | head -n 1'
    shown = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"], capture_output=True, check=False, timeout=60
    )
    assert shown.stdout.startswith(b"ok ")
    assert shown.stderr == b""
    assert shown.returncode == 0


@pytest.mark.skipif(sys.platform == "win32", reason="a POSIX pipe")
def test_a_reader_of_the_plan_that_leaves_is_no_error(tmp_path):
    lines = "".join(json.dumps(record(f"case-{n}")) + "\n" for n in range(800))
    many = put(tmp_path, "many.jsonl", lines)
    run = f'"{sys.executable}" -m reportgen run "{many}" -o out --engine template --quiet --dry-run'
    shown = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {run} | head -n 1"],
        capture_output=True,
        cwd=tmp_path,
        check=False,
        timeout=60,
    )
    assert (shown.returncode, shown.stdout, shown.stderr) == (0, b"make    case-0\n", b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
@pytest.mark.parametrize(
    "arguments", ["schema case", "--help", "doctor --json", "run many.jsonl -o out --dry-run"]
)
def test_a_full_disk_under_stdout_is_told_in_a_line(tmp_path, arguments):
    put(tmp_path, "many.jsonl", "".join(json.dumps(record(f"case-{n}")) + "\n" for n in range(800)))
    extra = ["--quiet", "--engine", "template"] if arguments.startswith("run") else []
    with Path("/dev/full").open("wb") as full:
        shown = subprocess.run(
            [sys.executable, "-m", "reportgen", *arguments.split(), *extra],
            stdout=full,
            stderr=subprocess.PIPE,
            cwd=tmp_path,
            env={**os.environ, "HF_HUB_OFFLINE": "1"},
            check=False,
            timeout=60,
        )
    assert shown.returncode == 2
    assert shown.stderr.startswith(b"reportgen: stdout cannot be written (")
    assert shown.stderr.count(b"\n") == 1


def test_standard_input_is_an_input(tmp_path):
    out = str(tmp_path / "out")
    arguments = ("-m", "reportgen", "run", "-", "-o", out, "--engine", "template", "--format", "txt")
    assert ran(*arguments, stdin=json.dumps(record("A"))).returncode == 0
    assert Path(out, "A", "report.txt").is_file()
    assert ran(*arguments, stdin="{").returncode == 3
    assert Path(out, "rejected", "stdin.error.json").is_file()


def test_lines_of_progress_where_there_is_no_terminal(tmp_path):
    put(tmp_path / "in", "a.json", record("A"))
    done = ran(
        "-m", "reportgen", "run", str(tmp_path / "in"), "-o", str(tmp_path / "out"), "--engine", "template"
    )
    assert b"\r" not in done.stderr
    assert b"\x1b" not in done.stderr
    assert b"made" in done.stderr
    assert done.stdout == b""


@pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal")
def test_a_bar_on_a_terminal(tmp_path):
    import pty
    import termios

    for n in range(30):
        put(tmp_path / "in", f"{n}.json", record(f"case-{n}"))
    put(tmp_path / "in", "bad.json", "{")
    master, slave = pty.openpty()
    termios.tcsetwinsize(slave, (40, 100))
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "reportgen",
            "run",
            "in",
            "-o",
            "out",
            "--engine",
            "template",
            "--format",
            "txt",
        ],
        cwd=tmp_path,
        stderr=slave,
        stdout=subprocess.DEVNULL,
    )
    os.close(slave)
    seen = read_terminal(master)
    assert process.wait() == 3
    assert b" cases/s]" in seen
    assert b"rejected: bad.json" in seen
    assert b"made" in seen


def test_bash_completion():
    found = ran("-m", "reportgen", "completion", "bash")
    assert b"_REPORTGEN_COMPLETE=bash_complete" in found.stdout
    words = ran(
        "-m", "reportgen", _REPORTGEN_COMPLETE="bash_complete", COMP_WORDS="reportgen va", COMP_CWORD="1"
    )
    assert b"validate" in words.stdout
