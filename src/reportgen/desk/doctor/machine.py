"""Python, console and folders."""

import os
import platform
import struct
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

from reportgen.assemble import software_version
from reportgen.desk.doctor.finding import Finding, short
from reportgen.desk.doctor.plan import Plan
from reportgen.engines import hub_place
from reportgen.resources import cache_dir

__all__ = ["console", "existing", "folders", "program"]

#: Letters that reports and messages hold: German, the dash of a range, Arabic, Devanagari.
_LETTERS = "ü–عन"


def program(plan: Plan) -> Iterator[Finding]:
    """reportgen, and the Python that runs it."""
    yield Finding("reportgen", "ok", software_version().removeprefix("reportgen "))
    bits = struct.calcsize("P") * 8
    said = (
        f"{platform.python_version()} ({bits} bit) on {platform.platform(terse=True)}, {platform.machine()}"
    )
    try:
        asked = metadata("reportgen")["Requires-Python"] or ""
    except PackageNotFoundError:
        asked = ""
    if bits < 64:
        yield plan.hinders("Python", f"{said}: no model can run", "Install a 64-bit Python.")
    elif not _suits(sys.version_info[:2], asked):
        yield Finding("Python", "warn", f"{said}: reportgen asks for {asked}", "Install such a Python.")
    else:
        yield Finding("Python", "ok", said)


def _suits(has: tuple[int, int], asked: str) -> bool:
    """Whether a version is in a range such as ``<3.14,>=3.11``, the only form that our metadata has."""
    for part in filter(None, asked.split(",")):
        limit = tuple(map(int, part.lstrip("<>=").split(".")))
        if (part.startswith(">=") and has < limit) or (part.startswith("<") and has >= limit):
            return False
    return True


def console(encoding: str | None) -> Finding:
    """Whether what is printed can be printed.

    Args:
        encoding: Of stdout.
    """
    name, encoding = "console", encoding or "ascii"
    lacking = []
    for letter in _LETTERS:
        try:
            letter.encode(encoding)
        except UnicodeEncodeError:
            lacking.append(letter)
    if not lacking:
        return Finding(name, "ok", f"prints every script ({encoding})")
    said = (
        f"{encoding} lacks letters, which are printed as their code (\\u4e2d); files are not affected, and "
        "--json escapes them"
    )
    if os.environ.get("PYTHONIOENCODING"):
        return Finding(name, "warn", said, "Unset PYTHONIOENCODING, or set it to utf-8.")
    return Finding(name, "warn", said, f"Type: {_utf8()}")


def _utf8() -> str:
    if sys.platform == "win32":
        return '$env:PYTHONUTF8 = "1" (PowerShell), or set PYTHONUTF8=1 (cmd)'
    return "export PYTHONUTF8=1"


def folders(plan: Plan) -> Iterator[Finding]:
    """Where something is to be written: passages, weights, and usually the reports."""
    cache = cache_dir()
    cure = "Set REPORTGEN_CACHE_DIR to a folder that can be written."
    if fault := _unwritable(cache):
        yield Finding(
            "cache folder", "warn", f"{short(cache)} {fault}: no passage is kept for later runs", cure
        )
    else:
        yield Finding("cache folder", "ok", short(cache))
    weights = hub_place.hub_cache()
    if plan.preset is not None and plan.preset.hub is not None and plan.folder is None:
        if fault := _unwritable(weights):
            said = f"{short(weights)} {fault}: no weights can be fetched"
            yield plan.hinders("weights folder", said, "Set HF_HUB_CACHE to a folder that can be written.")
        elif not _links(existing(weights)):
            yield Finding("symlinks", "warn", *_NO_LINKS)
        else:
            yield Finding("symlinks", "ok", "can be made where weights are kept")
    here = Path()
    if fault := _unwritable(here):
        yield Finding("working folder", "warn", f"it {fault}", "Give run another place with -o.")
    else:
        yield Finding("working folder", "ok", "can be written")


_NO_LINKS = (
    "cannot be made where weights are kept: each version of a model takes its full room, and no more is lost",
    "On Windows turn on Developer Mode (Settings, System, For developers), or leave it.",
)


def existing(place: Path) -> Path:
    """The folder itself, or the nearest above it that there is."""
    return next((one for one in (place, *place.parents) if os.path.exists(one)), place)  # noqa: PTH110 - never raises


def _unwritable(place: Path) -> str:
    """Why nothing can be written there, as a clause; empty if it can."""
    try:
        with tempfile.TemporaryFile(dir=existing(place)) as file:
            file.write(b"\0" * 4096)
            file.flush()
    except OSError as error:
        return f"cannot be written ({error.strerror or type(error).__name__})"
    return ""


def _links(place: Path) -> bool:
    try:
        with tempfile.TemporaryDirectory(dir=place) as folder:
            (Path(folder) / "link").symlink_to("target")
    except (OSError, NotImplementedError):
        return False
    return True
