"""The installed packages against what reportgen's own metadata asks for."""

import platform
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version

from reportgen.desk.doctor.finding import Finding
from reportgen.desk.doctor.plan import Plan
from reportgen.engines.nvidia import CUDA_TORCH

__all__ = ["Wanted", "installed", "look", "wanted"]

_NAMED = re.compile(r"(?P<name>[\w.-]+) *(?:>= *(?P<least>[\d.]+))? *(?:; *(?P<when>.+))?")
_EXTRA = re.compile(r"extra == ['\"](\w+)['\"]")
_SYSTEM = re.compile(r"sys_platform (==|!=) ['\"](\w+)['\"]")
#: Wanted by ``model setup`` for some models, by no run.
_NO_RUN_NEEDS = {"gguf"}
_QUANTISES = "bitsandbytes"


@dataclass(frozen=True)
class Wanted:
    """One package: its name, the least version, and the extra that asks for it (empty: always)."""

    name: str
    least: str
    extra: str


def wanted(lines: list[str]) -> list[Wanted]:
    """What requirement lines, as metadata and pyproject.toml write them, ask for on this system.

    Raises:
        ValueError: A line has a form that this program does not use.
    """
    found = []
    for line in lines:
        match = _NAMED.fullmatch(line)
        if match is None:
            raise ValueError(f"the requirement '{line}' is not understood")
        when = match["when"] or ""
        extra, system = _EXTRA.search(when), _SYSTEM.search(when)
        if system is None or (system[2] == sys.platform) == (system[1] == "=="):
            found.append(Wanted(match["name"], match["least"] or "0", extra[1] if extra else ""))
    return found


def installed(name: str) -> str | None:
    """The version of a package, ``?`` if its metadata are damaged, None if it is not installed."""
    try:
        return version(name) or "?"
    except PackageNotFoundError:
        return None


def look(plan: Plan) -> Iterator[Finding]:
    """Core packages, and those that the writer needs."""
    try:
        asked = wanted(requires("reportgen") or [])
    except PackageNotFoundError:
        yield Finding(
            "packages", "warn", "reportgen runs from a folder and is not installed", "Type: pip install ."
        )
        return
    core = [one for one in asked if not one.extra]
    yield from _told("packages", core, plan, "Type: pip install --force-reinstall reportgen")
    extra = {"model": "medgemma", "server": "openai", "cluster": "cluster", "fixed": ""}[plan.writer]
    further = [one for one in asked if extra and one.extra == extra]
    if plan.writer == "model" and not plan.named and not any(installed(one.name) for one in further):
        said = "none is installed: every report is worded by fixed sentences"
        cure = f"{_install(extra)}. If it is meant so, say so with --engine template."
        yield Finding("model packages", "warn", said, cure, "model")
    elif further:
        yield from _told("model packages", further, plan, _install(extra))


def _install(extra: str) -> str:
    if extra == "medgemma" and sys.platform == "darwin" and platform.machine() != "arm64":
        return "PyTorch has no builds for Intel Macs any more: no model can write here."
    cuda = extra == "medgemma" and sys.platform == "win32" and installed("torch") is None
    first = f"For an NVIDIA card type first: {CUDA_TORCH}. Then: " if cuda else "Type: "
    return f'{first}pip install "reportgen[{extra}]"'


def _told(name: str, asked: list[Wanted], plan: Plan, cure: str) -> Iterator[Finding]:
    good = []
    for one in asked:
        has = installed(one.name)
        if has is not None and _numbers(has) >= _numbers(one.least):
            good.append(f"{one.name} {has}")
            continue
        said = "is not installed" if has is None else f"{has} is here, and {one.least} or newer is needed"
        if has == "?":
            said = "is damaged"
        yield _fault(one, plan, said, cure)
    if good:
        yield Finding(name, "ok", ", ".join(good))


def _fault(one: Wanted, plan: Plan, said: str, cure: str) -> Finding:
    if not one.extra:
        return Finding(one.name, "fail", said, cure, "reports")
    spared = one.name in _NO_RUN_NEEDS or (one.name == _QUANTISES and plan.precision not in {"int8", "nf4"})
    if spared:
        return Finding(one.name, "warn", f"{said}; this model can be run without it", cure)
    return plan.hinders(one.name, said, cure)


def _numbers(text: str) -> tuple[int, ...]:
    """The release of a version as numbers; ``2.13.0+cpu`` is (2, 13, 0)."""
    match = re.match(r"\d+(\.\d+)*", text)
    return tuple(map(int, match[0].split("."))) if match else ()
