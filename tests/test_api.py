"""The Python interface, as the README shows it."""

import re
import subprocess
import sys
from pathlib import Path

import reportgen

ROOT = Path(__file__).parents[1]


def test_the_public_names():
    assert sorted(reportgen.__all__) == ["export", "load_engine", "make_report", "read_case"]
    for name in reportgen.__all__:
        assert callable(getattr(reportgen, name)), name


def test_the_readmes_example_runs_as_it_stands():
    text = (ROOT / "README.md").read_text("utf-8")
    example = re.search(r"```python\n(.*?)```", text, re.DOTALL)
    assert example
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", example[1]],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "OBSTETRIC ULTRASOUND - IMAGE VIEW REPORT" in done.stdout


def test_the_readmes_commands_are_one_line_of_plain_pip():
    text = (ROOT / "README.md").read_text("utf-8")
    commands = re.findall(r"^pip install -c .*$", text, re.MULTILINE)
    assert len(commands) == 2
    for command in commands:
        assert "'" not in command  # cmd does not know single quotes
        assert "\\" not in command
        assert "$" not in command


def test_importing_the_package_is_quick_and_light():
    heavy = "('torch', 'pydantic', 'reportlab', 'PIL')"
    code = f"import sys, reportgen; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
