"""What the tests of ``reportgen doctor`` share: machines that are not like this one."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["ALONE", "Told", "doctor", "driver", "gpus", "torch_package"]

#: Variables with which nobody is asked, and nobody is logged in.
ALONE = {
    **dict.fromkeys(("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_ENDPOINT", "TRANSFORMERS_OFFLINE"), ""),
    "HF_HUB_OFFLINE": "1",
}
ROWS = "NVIDIA GeForce RTX 4070, GPU-11111111-aaaa, {driver}, {total}, {free}\n"


@dataclass(frozen=True)
class Told:
    """What the program said, started as a person starts it."""

    code: int
    verdict: str
    findings: dict[str, dict[str, Any]]
    text: str

    @classmethod
    def of(cls, code: int, text: str) -> "Told":
        """From what was printed."""
        value = json.loads(text)
        return cls(code, value["verdict"], {one["name"]: one for one in value["findings"]}, text)

    def __getitem__(self, name: str) -> tuple[str, str]:
        """State, and what was said with its cure."""
        one = self.findings[name]
        return one["state"], f"{one['said']}. {one['cure']}"


def doctor(*arguments: str, cwd: Path, **environ: str) -> Told:
    """Run ``reportgen doctor --json`` in a process; nobody is asked unless ``environ`` says so."""
    env = {**os.environ, **ALONE, **environ}
    command = [sys.executable, "-m", "reportgen", "doctor", "--json", *arguments]
    done = subprocess.run(command, capture_output=True, cwd=cwd, env=env, check=False, timeout=100)
    text = done.stdout.decode() + done.stderr.decode()
    assert done.stderr == b"", text
    return Told.of(done.returncode, done.stdout.decode())


def gpus(driver: str = "580.95.05", total: int = 12282, free: int = 11500) -> str:
    """A line of nvidia-smi, memory in MiB."""
    return ROWS.format(driver=driver, total=total, free=free)


def driver(place: Path, says: str, then: str = "exit 0") -> dict[str, str]:
    """A PATH on which nvidia-smi says this, and then does that (shell)."""
    place.mkdir(parents=True, exist_ok=True)
    tool = place / "nvidia-smi"
    tool.write_text(f"#!/bin/sh\ncat <<'END'\n{says}END\n{then}\n")
    tool.chmod(0o755)
    return {"PATH": f"{place}{os.pathsep}{os.environ['PATH']}"}


def torch_package(place: Path, version: str, build: str | None, code: str = "") -> dict[str, str]:
    """A PYTHONPATH on which torch has this version, version.py and __init__.py."""
    (place / "torch").mkdir(parents=True, exist_ok=True)
    (place / "torch/__init__.py").write_text(code)
    if build is not None:
        (place / "torch/version.py").write_text(f"__version__ = '{version}'\n{build}\n")
    info = place / f"torch-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: torch\nVersion: {version}\n")
    return {"PYTHONPATH": os.pathsep.join(filter(None, [str(place), os.environ.get("PYTHONPATH")]))}
