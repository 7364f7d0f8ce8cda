"""Is everything here that a run needs? Answered without a run, a network, or loading a model."""

import importlib.util
import platform
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Literal

from reportgen import resources
from reportgen.assemble import software_version
from reportgen.domain import DEFAULT, load_domain
from reportgen.engines import model_status
from reportgen.errors import ReportgenError

__all__ = ["Finding", "doctor", "lines", "plain"]

_CORE = ("click", "jinja2", "pillow", "pydantic", "pypdfium2", "pyyaml", "reportlab", "tqdm")
_MODEL = ("torch", "transformers", "accelerate", "bitsandbytes", "llguidance", "gguf")
_GB = 1_000_000_000


@dataclass(frozen=True)
class Finding:
    """One thing looked at. ``bad`` keeps reports from being made; ``note`` keeps a model from writing."""

    name: str
    state: Literal["good", "note", "bad"]
    said: str
    cure: str = ""


def doctor() -> list[Finding]:
    """Look at everything, in the order in which it would be missed."""
    return [finding for look in (_program, _packages, _files, _places, _models) for finding in look()]


def _program() -> Iterator[Finding]:
    yield Finding("reportgen", "good", software_version().removeprefix("reportgen "))
    python = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    yield Finding("Python", "good", python)


def _packages() -> Iterator[Finding]:
    for name in _CORE:
        yield _package(name, "bad", "Install reportgen again.")
    for name in _MODEL:
        yield _package(name, "note", 'Needed for a model to write: pip install "reportgen[medgemma]".')


def _package(name: str, state: Literal["note", "bad"], cure: str) -> Finding:
    try:
        return Finding(name, "good", version(name))
    except PackageNotFoundError:
        return Finding(name, state, "not installed", cure)


def _files() -> Iterator[Finding]:
    yield _tried("domain", lambda: f"{DEFAULT}, {len(load_domain().views)} views")
    yield _tried("schemas", lambda: f"{len(list(resources.folder('schemas').glob('*.json')))} in place")


def _tried(name: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(name, "good", look())
    except ReportgenError as error:
        return Finding(name, "bad", error.problem, error.cure)


def _places() -> Iterator[Finding]:
    cache = resources.cache_dir()
    there = next(place for place in (cache, *cache.parents) if place.exists())
    try:
        with tempfile.TemporaryFile(dir=there):
            state = Finding("cache folder", "good", str(cache))
    except OSError as error:
        said = f"{cache} cannot be written ({type(error).__name__})"
        state = Finding("cache folder", "note", said, "Set REPORTGEN_CACHE_DIR to a folder that can.")
    yield state
    free = shutil.disk_usage(there).free / _GB
    if free < 1:
        yield Finding("disk", "note", f"{free:.1f} GB free at the cache", "Free some space.")
    else:
        yield Finding("disk", "good", f"{free:.0f} GB free at the cache")


def _models() -> Iterator[Finding]:
    if importlib.util.find_spec("torch") is None:
        yield Finding("models", "note", "the deterministic text writes; no model can", "See torch above.")
        return
    for model in model_status():
        if model.runs:
            yield Finding(f"model {model.name}", "good", f"{model.title}: ready")
        else:
            yield Finding(f"model {model.name}", "note", f"{model.title}: {model.why}")


def lines(findings: list[Finding]) -> list[str]:
    """The findings for a person, and a verdict."""
    width = max(len(finding.name) for finding in findings)
    shown = [f"{one.state:<4}  {one.name:<{width}}  {one.said}. {one.cure}".rstrip(" .") for one in findings]
    bad = sum(one.state == "bad" for one in findings)
    verdict = "Reports can be made." if not bad else f"Reports cannot be made: see {bad} marked bad."
    return [*shown, "", verdict]


def plain(findings: list[Finding]) -> list[dict[str, Any]]:
    """The findings as JSON-ready values."""
    return [asdict(finding) for finding in findings]
