"""A bundle with the real packages is installed into a fresh environment and works, with the network off."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from reportgen.cli import main
from reportgen.errors import ExitCode

pytestmark = pytest.mark.model

ROOT = Path(__file__).parents[2]
SAMPLE = "mid_trimester_full"
#: Reaches for another machine, by address and by name; prints what stopped each.
PROBE = """
import socket
tries = (socket.create_connection, ("1.1.1.1", 443), 5), (socket.getaddrinfo, "pypi.org", 443)
for reach, *arguments in tries:
    try:
        reach(*arguments)
    except OSError as error:
        print("stopped by", type(error).__name__)
    else:
        print("got through")
"""
#: Where a process cannot be put into a network of its own: no socket leaves, and no name is looked up.
BLOCKER = """
import socket
class Socket(socket.socket):
    def connect(self, address):
        raise PermissionError("the network is off")
    connect_ex = connect
def getaddrinfo(*_, **__):
    raise socket.gaierror("the network is off")
socket.socket, socket.getaddrinfo = Socket, getaddrinfo
"""


class Offline:
    """Runs programs with the network off."""

    def __init__(self, folder: Path) -> None:
        ours = ("PYTHONPATH", "REPORTGEN_CACHE_DIR", "PIP_")
        self.env = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        self.env["REPORTGEN_CACHE_DIR"] = str(folder / "cache")
        self.before: list[str] = []
        for before in (["unshare", "-n"], ["unshare", "-rn"]):
            if shutil.which("unshare") and not subprocess.run([*before, "true"], check=False).returncode:
                self.before = before
                return
        folder.mkdir()
        (folder / "sitecustomize.py").write_text(BLOCKER)
        self.env["PYTHONPATH"] = str(folder)

    def run(self, *command: object, **more: Any) -> str:
        """What a program prints; it must end well."""
        words = [*self.before, *map(str, command)]
        done = subprocess.run(words, env=self.env, capture_output=True, text=True, check=False, **more)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def bundled(tiny_gemma: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle without PyTorch, which would take minutes, and with a tiny random Gemma."""
    out = tmp_path_factory.mktemp("bundle") / "carried"
    assert main(["model", "bundle", str(tiny_gemma), "-o", str(out), "--extra", "none"]) == ExitCode.DONE
    return out


@pytest.fixture
def offline(tmp_path: Path) -> Offline:
    """The network is off, which is tried first."""
    off = Offline(tmp_path / "off")
    assert "got through" not in off.run(sys.executable, "-c", PROBE)
    return off


def test_a_bundle_installs_and_reports_with_the_network_off(
    bundled: Path, tiny_gemma: Path, offline: Offline, tmp_path: Path
) -> None:
    there = tmp_path / "there"
    moved = Path(shutil.copytree(bundled, tmp_path / "carried"))
    if sys.platform == "win32":
        told = offline.run(sys.executable, "-B", moved / "install.py", there)
    else:
        offline.env["PYTHON"] = sys.executable
        told = offline.run("sh", moved / "install.sh", there)
    shutil.rmtree(moved)  # nothing of it is needed any more
    assert "Installed." in told
    place = there / "Scripts" if sys.platform == "win32" else there / "bin"
    code = "import reportgen, sys; print(reportgen.__file__)"
    assert offline.run(place / "python", "-c", code, cwd=tmp_path).startswith(str(there))

    offline.run(place / "reportgen", "doctor", cwd=tmp_path)
    sample = shutil.copytree(ROOT / "samples" / SAMPLE, tmp_path / "samples" / SAMPLE)
    offline.run(place / "reportgen", "run", sample, "-o", "out", "--engine", "template", cwd=tmp_path)
    assert (tmp_path / "out" / SAMPLE / "report.pdf").read_bytes().startswith(b"%PDF")
    assert json.loads((tmp_path / "out" / "summary.json").read_text("utf-8"))["done"] == 1
    model = there / "share" / "reportgen" / "models" / "tiny-gemma-3"
    assert (model / "model.safetensors").read_bytes() == (tiny_gemma / "model.safetensors").read_bytes()


def test_a_bundle_for_windows_made_here_has_what_only_windows_needs(tiny_gemma: Path, tmp_path: Path) -> None:
    out = tmp_path / "windows"
    options = ["--extra", "none", "--platform", "win", "--python", "3.12"]
    assert main(["model", "bundle", str(tiny_gemma), "-o", str(out), *options]) == ExitCode.DONE
    names = {path.name for path in (out / "wheels").iterdir()}
    assert {"tzdata", "colorama"} <= {name.split("-")[0] for name in names}
    assert any(name.startswith("pillow-") and name.endswith("-cp312-cp312-win_amd64.whl") for name in names)
    assert not any("linux" in name or "macosx" in name for name in names)
    assert main(["model", "bundle", "--verify", str(out)]) == ExitCode.DONE
