"""A folder with all that a machine without a network needs: program, packages, model, licence, checksums."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any
from zoneinfo import ZoneInfo

from reportgen.desk.bundle.carried import verify
from reportgen.desk.bundle.own import own_wheel
from reportgen.desk.bundle.sbom import bill
from reportgen.desk.bundle.target import Target
from reportgen.desk.bundle.weights import Weights
from reportgen.desk.bundle.wheels import Pip, Wheel, collect, pins
from reportgen.engines.pip import pip_command
from reportgen.errors import UsageError
from reportgen.files import new_folder, pretty_json, write_file
from reportgen.moments import now
from reportgen.resources import constraints

__all__ = ["EXTRAS", "Wish", "make_bundle"]

Say = Callable[[str], None]

#: Extras that a bundle can have, and about how many bytes their wheels take at most: PyTorch's with CUDA.
EXTRAS = {"medgemma": 3_500_000_000, "openai": 30_000_000, "shaping": 5_000_000, "svg": 5_000_000}
_PROGRAM = 60_000_000
_CARRIED = Path(__file__).parent / "carried"
_FILLED = ("INSTALL.txt", "install.sh", "install.ps1")


@dataclass(frozen=True)
class Wish:
    """What a person wants in a bundle.

    Attributes:
        model: A preset, a Hub id, or a folder with weights.
        extras: Of ``EXTRAS``.
        terms: File with the text of the model's licence, where it did not come with the weights.
        indexes: Options of pip that say where wheels come from.
    """

    model: str
    target: Target
    extras: tuple[str, ...]
    terms: Path | None = None
    indexes: tuple[str, ...] = ()


def make_bundle(wish: Wish, out: Path, say: Say) -> str:
    """Make a bundle in a new folder: all of it, or nothing.

    Args:
        out: New, or empty.
        say: Called with a line about each step.

    Returns:
        SHA-256 of its SHA256SUMS.

    Raises:
        UsageError: ``out`` holds something, or its disk is full.
        EngineError: The model is not here, or a wheel cannot be had.
    """
    out = out.expanduser().absolute()
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"{out} is there already, and is no empty folder.", "Name a new folder.")
    weights, workshop = Weights.here(wish.model), out.parent / f".{out.name}.partial"
    shutil.rmtree(workshop, ignore_errors=True)  # of a process that was killed
    try:
        _enough_room(wish, weights, out)
        with new_folder(out, workshop) as folder:
            _fill(folder, wish, weights, say)
    except OSError as error:
        raise UsageError(
            f"The bundle could not be written to {out} ({error.strerror}).", "Name a folder with room."
        ) from error
    finally:
        shutil.rmtree(workshop, ignore_errors=True)
    return verify.digest(out / verify.SUMS)


def _enough_room(wish: Wish, weights: Weights, out: Path) -> None:
    place = next(parent for parent in out.parents if parent.exists())
    linked = place.stat().st_dev == weights.files[0].stat().st_dev
    need = _PROGRAM + sum(EXTRAS[extra] for extra in wish.extras) + (0 if linked else weights.size)
    free = shutil.disk_usage(place).free
    if need > free:
        raise UsageError(
            f"The bundle needs up to {need / 1e9:.1f} GB, and {free / 1e9:.1f} GB are free at {place}.",
            "Free some space, or name a folder on another disk.",
        )


def _fill(folder: Path, wish: Wish, weights: Weights, say: Say) -> None:
    target = wish.target
    write_file(folder / "constraints.txt", constraints().read_bytes())
    (folder / "wheels").mkdir()
    command = pip_command("Install pip into this environment: python -m ensurepip.")
    pinned = pins(folder / "constraints.txt", target)
    pip = Pip(command, folder / "wheels", wish.indexes, pinned)
    say("Making the wheel of reportgen ...")
    own = own_wheel(pip)
    needs = collect(own, wish.extras, target, pip, say)
    say(f"Taking {weights.preset.title}: {weights.size / 1e9:.2f} GB ...")
    weights.put(folder / "models" / weights.name)
    if not weights.put_licence(folder / "licence", own.read("licenses/LICENSE"), wish.terms):
        say(
            f"The text of the licence of {weights.preset.title} is not here: see --terms, licence/NOTICE.txt."
        )
    _write_texts(folder, wish, weights, own)
    write_file(folder / "sbom.cdx.json", pretty_json(bill(now(ZoneInfo("UTC")), needs, weights.component())))
    say("Hashing all files ...")
    write_file(folder / verify.SUMS, verify.sums(folder).encode())


def _write_texts(folder: Path, wish: Wish, weights: Weights, own: Wheel) -> None:
    target = wish.target
    study = json.loads((_CARRIED.parents[1] / "check_cases.json").read_text("utf-8"))[0]
    write_file(folder / "sample" / "study.json", pretty_json(study))
    about: dict[str, Any] = {
        "version": own.version,
        "extras": list(wish.extras),
        "python": target.python,
        "platform": target.platform,
        "system": target.markers["sys_platform"],
        "machines": target.machines,
        "model": {"folder": weights.name, "typed": weights.typed},
    }
    write_file(folder / "bundle.json", pretty_json(about))
    for name in ("verify.py", "install.py"):
        write_file(folder / name, (_CARRIED / name).read_bytes())
    writer = f"--model {weights.typed or 'FOLDER/share/reportgen/models/' + weights.name}"
    fields = {
        **{name: about[name] for name in ("version", "python", "platform")},
        "extras": ", ".join(wish.extras) or "none",
        "title": weights.preset.title,
        "licence": weights.preset.licence or "licence not stated",
        "run": f"reportgen run RESULTS -o OUT {writer if 'medgemma' in wish.extras else '--engine template'}",
    }
    for name in _FILLED:
        text = Template((_CARRIED / name).read_text("utf-8")).substitute(fields)
        write_file(folder / name, (text.replace("\n", "\r\n") if name.endswith("ps1") else text).encode())
