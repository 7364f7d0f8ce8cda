"""The openai engine against a real server: ``transformers serve`` with SmolLM2, also killed in the middle."""

import contextlib
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from batches import balanced, put, record, tree
from fake_server import until
from reportgen.__main__ import main
from reportgen.batch import Summary
from reportgen.engines import openai_wire
from reportgen.errors import ExitCode

pytestmark = [pytest.mark.model, pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")]
MODEL = "local/smollm2"
COMMIT = "0" * 40


@pytest.fixture(scope="module")
def hub(smollm2_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """SmolLM2 as the Hub's cache holds a model, so that the server lists it."""
    home = tmp_path_factory.mktemp("hub")
    model = home / f"models--{MODEL.replace('/', '--')}"
    (model / "refs").mkdir(parents=True)
    (model / "refs" / "main").write_text(COMMIT)
    (model / "snapshots" / COMMIT).mkdir(parents=True)
    for file in smollm2_folder.iterdir():
        (model / "snapshots" / COMMIT / file.name).symlink_to(file)
    return home


class Served:
    """A server on a port of its own, that can be killed and started again."""

    def __init__(self, hub: Path, log: Path) -> None:
        self._hub, self._log = hub, log
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self._port}/v1"
        self.start()

    def start(self) -> None:
        """Start it, with the model loaded."""
        program = Path(sys.executable).with_name("transformers")
        self._log.write_bytes(b"")
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [program, "serve", MODEL, "--device=cpu", "--dtype=bfloat16", f"--port={self._port}"],
                env={**os.environ, "HF_HUB_CACHE": str(self._hub), "HF_HUB_OFFLINE": "1"},
                stdout=log,
                stderr=log,
            )
        until(self._ready, seconds=120)

    def kill(self) -> None:
        """As the system does that has no memory left."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def kill_over(self, request: int, monkeypatch: pytest.MonkeyPatch) -> None:
        """Kill it while it works at this request, of those that begin from now on."""
        ask, begun = openai_wire.Wire.ask, itertools.count(1)

        async def watched(*given: Any, **named: Any) -> openai_wire.Answer:
            if next(begun) == request:
                threading.Timer(0.05, self.kill).start()  # far less than an answer takes
            return await ask(*given, **named)

        monkeypatch.setattr(openai_wire.Wire, "ask", watched)

    def _ready(self) -> bool:
        assert self._process.poll() is None, self._log.read_text()
        with contextlib.suppress(urllib.error.URLError, ConnectionError):
            return urllib.request.urlopen(f"{self.url}/models", timeout=5).status == 200
        time.sleep(0.1)
        return False


@pytest.fixture
def served(hub: Path, tmp_path: Path) -> Iterator[Served]:
    server = Served(hub, tmp_path / "server.log")
    yield server
    server.kill()


def test_a_real_server_writes_and_its_loss_loses_nothing(served, tmp_path, monkeypatch, capsys):
    """Two cases of one passage each: the whole run, then one whose server is killed over the second case."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1763888640")
    monkeypatch.setattr(openai_wire, "RETRIES", 0)
    for name, label in (("a", "Abdomen"), ("b", "Thorax")):
        put(tmp_path / "in", f"{name}.json", record(name, label))

    def run(out: Path) -> tuple[int, Summary]:
        """One request at a time, without the passages of earlier runs; ``auto`` finds the model."""
        options = ["--engine", "openai", "--server", served.url, "--batch-size", "1", "--no-cache", "--quiet"]
        code = main(["run", str(tmp_path / "in"), "-o", str(out), *options])
        summary = Summary.model_validate_json((out / "summary.json").read_text())
        assert balanced(summary)
        return code, summary

    assert run(tmp_path / "undisturbed")[0] == ExitCode.DONE
    for case in ("a", "b"):
        report = json.loads((tmp_path / "undisturbed" / case / "report.json").read_bytes())
        told = [s for section in report["sections"] for s in section["sentences"] if s["evidence"]]
        assert {sentence["origin"] for sentence in told} == {"model"}
        made = report["provenance"]
        assert (made["engine"], made["model"], made["server"]) == ("openai", MODEL, "uvicorn")
        assert (tmp_path / "undisturbed" / case / "report.pdf").read_bytes().startswith(b"%PDF-")

    served.kill()
    served.start()
    with monkeypatch.context() as patched:
        served.kill_over(4, patched)  # after two of the canary, and the first case's
        code, summary = run(tmp_path / "out")
    assert code == ExitCode.ENGINE
    assert (summary.done, summary.pending, summary.stopped) == (1, 1, "engine lost")
    assert "was lost" in capsys.readouterr().err
    assert not (tmp_path / "out" / "b").exists()

    served.start()
    code, summary = run(tmp_path / "out")
    assert (code, summary.done, summary.skipped) == (ExitCode.DONE, 1, 1)
    assert tree(tmp_path / "out") == tree(tmp_path / "undisturbed")
