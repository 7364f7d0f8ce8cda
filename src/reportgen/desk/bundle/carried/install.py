"""Installs a bundle into a new folder, without a network. It needs Python's own library only.

    python -B install.py FOLDER

The folder becomes a Python environment with the program, the model inside it, and a sample report. To remove
all of it, delete the folder.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
#: Bytes on the disk for each byte of a wheel.
UNPACKED = 4


class NoInstallError(Exception):
    """Why it cannot be installed, and what to do."""


def main(folder: Path) -> None:
    """Take the steps one by one.

    Raises:
        NoInstallError: One of them failed; what it left is removed.
    """
    bundle = json.loads((HERE / "bundle.json").read_text("utf-8"))
    suits(bundle)
    free_for(folder)
    step("1 of 5: comparing all files with SHA256SUMS")
    run([sys.executable, "-B", str(HERE / "verify.py")], "The bundle is damaged: copy it again.")
    try:
        install(bundle, folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    print(f"\nInstalled. The program is {program(folder)}")
    if bundle["model"]["typed"] is None:
        print(f"The model: --model {model_place(bundle, folder)}")
    elif "medgemma" in bundle["extras"]:
        print(f"Try the model out: {program(folder)} model check {bundle['model']['typed']}")
    print("The sample report: " + str(folder / "sample-reports" / "index.html"))


def suits(bundle: dict[str, Any]) -> None:
    """Refuse a machine that the wheels are not for."""
    python = f"{sys.version_info[0]}.{sys.version_info[1]}"
    if python != bundle["python"]:
        raise NoInstallError(
            f"This is Python {python}, and the bundle is for {bundle['python']}: run it with that one."
        )
    machine = platform.machine().lower().replace("amd64", "x86_64")
    if sys.platform != bundle["system"] or machine not in bundle["machines"] or sys.maxsize < 2**32:
        raise NoInstallError(
            f"The bundle is for {bundle['platform']}, and this is {sys.platform} on {platform.machine()}, "
            f"{64 if sys.maxsize > 2**32 else 32} bits."
        )


def free_for(folder: Path) -> None:
    """Refuse a folder that holds something, and a disk that is too full."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise NoInstallError(f"{folder} is there already. Name a new folder.")
    sizes = [(path.suffix, path.stat().st_size) for path in HERE.rglob("*") if path.is_file()]
    need = sum(size * (UNPACKED if suffix == ".whl" else 1) for suffix, size in sizes)
    place = next(parent for parent in folder.parents if parent.exists())
    free = shutil.disk_usage(str(place)).free
    if need > free:
        raise NoInstallError(f"{need / 1e9:.1f} GB are needed, and {free / 1e9:.1f} GB are free at {place}.")


def install(bundle: dict[str, Any], folder: Path) -> None:
    """Environment, wheels, model, doctor, sample report."""
    step(f"2 of 5: a Python environment in {folder}")
    cure = "On Debian and Ubuntu, the package python3-venv may be missing."
    run([sys.executable, "-m", "venv", str(folder)], cure)
    step("3 of 5: the program and what it needs, from wheels")
    wanted = f"reportgen[{','.join(bundle['extras'])}]=={bundle['version']}"
    options = [
        "--no-index",
        "--find-links",
        str(HERE / "wheels"),
        "--no-cache-dir",
        "--disable-pip-version-check",
    ]
    run([str(inside(folder, "python")), "-m", "pip", "--isolated", "install", *options, wanted], "")
    step("4 of 5: the model")
    shutil.copytree(
        str(HERE / "models"), str(model_place(bundle, folder).parent), copy_function=shutil.copyfile
    )
    step("5 of 5: what reportgen doctor says, and a sample report")
    meant = ["--model", bundle["model"]["typed"] or str(model_place(bundle, folder))]
    look = ["doctor", *(meant if "medgemma" in bundle["extras"] else [])]
    subprocess.run([str(program(folder)), *look], cwd=str(folder), env=plain(), check=False)  # noqa: S603
    sample = ["run", str(HERE / "sample"), "-o", str(folder / "sample-reports"), "--engine", "template"]
    run([str(program(folder)), *sample], "", cwd=folder)


def inside(folder: Path, name: str) -> Path:
    """A program of the environment."""
    return folder / "Scripts" / f"{name}.exe" if os.name == "nt" else folder / "bin" / name


def program(folder: Path) -> Path:
    """The installed program."""
    return inside(folder, "reportgen")


def model_place(bundle: dict[str, Any], folder: Path) -> Path:
    """Where the model goes, so that `--model NAME` finds it for everyone who uses the environment."""
    return folder / "share" / "reportgen" / "models" / str(bundle["model"]["folder"])


def step(title: str) -> None:
    """Say what is being done."""
    print(f"\n== {title}", flush=True)


def plain() -> dict[str, str]:
    """The variables of this process, without those that lead pip and reportgen elsewhere."""
    ours = ("PIP_", "REPORTGEN_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {**kept, "PIP_CONFIG_FILE": os.devnull}


def run(command: list[str], cure: str, cwd: Path | None = None) -> None:
    """Run a program.

    Raises:
        NoInstallError: It failed.
    """
    done = subprocess.run(command, env=plain(), cwd=cwd, check=False)  # noqa: S603
    if done.returncode:
        raise NoInstallError(
            f"{Path(command[0]).name} failed with exit code {done.returncode}. {cure}".strip()
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Install this bundle, without a network.")
    parser.add_argument("folder", help="a new folder, such as /opt/reportgen")
    try:
        main(Path(parser.parse_args().folder).expanduser().absolute())
    except NoInstallError as error:
        sys.exit(f"Not installed. {error}")
    except KeyboardInterrupt:
        sys.exit("Not installed. Interrupted.")
    except OSError as error:
        sys.exit(f"Not installed. {error.filename}: {error.strerror}")
