"""Where a comparison is made: the machine and its libraries, without its user or any folder."""

import os
import platform
import re
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from reportgen.desk.compare.apart import user_name
from reportgen.desk.compare.noun import Machine

__all__ = ["this_machine"]

_LIBRARIES = ("torch", "transformers", "accelerate", "bitsandbytes", "llguidance", "tokenizers", "openai")


def this_machine(name: str | None = None) -> Machine:
    """What is known of it without loading a library; ``name`` replaces its own."""
    return Machine(
        name=name or _node(),
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        cpu=_cpu(),
        cores=os.cpu_count() or 0,
        memory_gb=_memory_gb(),
        python=platform.python_version(),
        libraries={name: found for name in _LIBRARIES if (found := _version(name))},
    )


def _node() -> str:
    """The machine's own name, unless its user's is in it."""
    node, user = platform.node(), user_name().casefold()
    return node if node and not (user and user in node.casefold()) else "(unnamed)"


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _cpu() -> str:
    """The processor's name, where the system has it in one of the usual places."""
    try:
        text = Path("/proc/cpuinfo").read_text("utf-8", "replace")
    except OSError:
        text = ""
    found = re.search(r"^(?:model name|Hardware)\s*:\s*(.+)$", text, re.MULTILINE)
    named = found[1] if found else os.environ.get("PROCESSOR_IDENTIFIER") or platform.processor()
    return " ".join(named.split()) or "unknown"


def _memory_gb() -> float | None:
    if sys.platform == "win32":  # it has no such call
        return None
    try:
        return round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9, 1)
    except (OSError, ValueError):
        return None
