"""What only trying tells: PyTorch, CUDA and 8-bit, each in a process of its own that may crash or hang."""

import json
import sys
from collections.abc import Iterator

from reportgen.desk.doctor.finding import Finding, short
from reportgen.desk.doctor.plan import Plan
from reportgen.engines.child import Child, Said

__all__ = ["try_out"]

#: How long each may take, in seconds. Windows may look for viruses in gigabytes at the first import.
PATIENCE = 120.0
_OFFLINE = {"HF_HUB_OFFLINE": "1", "PYTHONUTF8": "1"}
_CURES = {
    "torch": 'Type: pip install --force-reinstall "reportgen[medgemma]". On Windows PyTorch also needs '
    "https://aka.ms/vs/17/release/vc_redist.x64.exe.",
    "cuda": "See the lines on driver and PyTorch build. If they are well: restart, then update the driver.",
    "8-bit": "Type: pip install --force-reinstall bitsandbytes. `--precision bf16` does without it.",
}


def try_out(plan: Plan, *, torch_here: bool, driver_here: bool) -> Iterator[Finding]:
    """Import, compute on the GPU, and multiply in 8 bits; what cannot go on after a failure is not tried."""
    if not torch_here:
        yield Finding("trial", "ok", "nothing to try: PyTorch is not installed")
        return
    first = _trial(plan, "torch")
    yield first
    if first.state != "ok":
        return
    if driver_here:
        yield _trial(plan, "cuda")
    yield _trial(plan, "8-bit")


def _trial(plan: Plan, what: str) -> Finding:
    command = [sys.executable, "-P", "-m", "reportgen.engines.trial", what]
    said = Child(command, _OFFLINE).said(PATIENCE)
    well, words = _understood(said)
    name = f"trial: {what}"
    if well:
        return Finding(name, "ok", words)
    hinders = plan.on_gpu if what == "cuda" else plan.hinders
    if what == "8-bit" and plan.precision not in {"int8", "nf4"}:
        return Finding(name, "warn", short(words), _CURES[what])
    return hinders(name, short(words), _CURES[what])


def _understood(said: Said) -> tuple[bool, str]:
    """Whether all was well, and what was said; libraries may have printed before."""
    if said.failed:
        return False, f"it {said.failed}"
    try:
        answer = json.loads(said.out.splitlines()[-1])
        return bool(answer["well"]), str(answer["said"])
    except (IndexError, KeyError, TypeError, ValueError):
        return False, "it ended without an answer"
