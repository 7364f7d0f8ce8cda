"""The model that is meant: its weights, the hub that would give them, and the room for them."""

import shutil
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

from reportgen.desk.doctor.finding import Finding, short
from reportgen.desk.doctor.machine import existing
from reportgen.desk.doctor.plan import Plan
from reportgen.engines import hub, hub_place, store
from reportgen.resources import cache_dir

__all__ = ["disk", "look", "question", "switches"]

#: Room for reports, or for passages, below which one should know.
_LITTLE_GB = 1.0
_GB = 1e9


def question(plan: Plan, seconds: float, *, torch_here: bool) -> hub.Question | None:
    """Ask the hub, if its answer matters: the weights would come from there and are not here. None: it is not
    asked."""
    if plan.preset is None or plan.preset.hub is None or plan.folder is not None:
        return None
    return hub.Question(plan.preset.hub, seconds) if torch_here or plan.named else None


def look(plan: Plan, answer: Callable[[], hub.Access] | None) -> Iterator[Finding]:
    """Weights and hub.

    Args:
        answer: Waits for what the hub says; None if it was not asked.
    """
    if plan.unknown is not None:
        yield plan.hinders("model", plan.unknown.problem.rstrip("."), plan.unknown.cure)
    if plan.preset is None:
        if plan.writer != "model":
            yield Finding("model", "ok", _ELSEWHERE[plan.writer])
        return
    yield _weights(plan)
    if plan.preset.hub is None:
        return
    if answer is None:
        here = "the weights are here, and a run needs no network"
        said = here if plan.folder else "no model can write here without its packages"
        yield Finding("Hugging Face", "ok", f"not asked: {said}")
        return
    found = answer()
    if found.state == "open":
        yield Finding("Hugging Face", "ok", found.problem.rstrip("."))
    else:
        yield plan.hinders("Hugging Face", found.problem.rstrip("."), found.cure)


_ELSEWHERE = {
    "fixed": "none is meant to write: every report is worded by fixed sentences",
    "server": "a server writes; a run asks it before it begins",
    "cluster": "the nodes of a cluster write; they need the packages and weights, this machine does not",
}


def _weights(plan: Plan) -> Finding:
    assert plan.preset is not None
    name = plan.preset.name
    if plan.folder is None:
        cure = f"Type: reportgen model setup {name}"
        return plan.hinders("model", f"{plan.preset.title}: its weights are not on this machine", cure)
    if fault := store.fault(plan.folder):
        return plan.hinders(
            "model", f"{plan.preset.title}: {fault}", "Fetch or copy it again, all files of the folder."
        )
    return Finding("model", "ok", f"{plan.preset.title}: its weights are here, in {short(plan.folder)}")


def switches(plan: Plan) -> Finding:
    """Variables that keep the network away, or lead through a proxy. Their values may hold a password."""
    said = []
    if switch := hub_place.offline_switch():
        said.append(f"{switch} is set: `model setup` fetches nothing from the hub; a run needs no network")
    if {"http", "https", "all"} & set(urllib.request.getproxies()):
        said.append("a proxy is set (HTTPS_PROXY, or the system's), and the hub is asked through it")
    if not said:
        return Finding("network", "ok", "no offline switch and no proxy is set")
    lacking = plan.preset is not None and plan.preset.hub is not None and plan.folder is None
    if switch and lacking:
        return Finding("network", "warn", "; ".join(said), f"Unset {switch} while the weights are fetched.")
    return Finding("network", "ok", "; ".join(said))


def disk(plan: Plan) -> Iterator[Finding]:
    """Room where weights and passages are kept, and where reports are written."""
    keeps = cache_dir()
    need = _LITTLE_GB
    if plan.preset is not None and plan.preset.folder is None and plan.folder is None:
        keeps = hub_place.hub_cache() if plan.preset.hub else store.models_dir()
        # Weights are published in bf16; memory_gb counts a few prompts too, so it errs on the safe side.
        need = plan.preset.memory_gb.get("bf16", _LITTLE_GB)
    yield _room("disk, cache", keeps, need, plan if need > _LITTLE_GB else None)
    yield _room("disk, reports", Path(), _LITTLE_GB, None)


def _room(name: str, place: Path, need: float, plan: Plan | None) -> Finding:
    there = existing(place)
    try:
        free = shutil.disk_usage(there).free / _GB
    except OSError as error:
        said = f"{short(there)} does not tell its size ({type(error).__name__})"
        return Finding(name, "warn", said, "See to the drive.")
    said = f"{free:.1f} GB free at {short(there.absolute())}"
    if free >= need:
        return Finding(name, "ok", said)
    if plan is None or plan.preset is None:
        return Finding(name, "warn", f"{said}: a full disk stops a run", "Free some space.")
    said = f"{said}; the weights of {plan.preset.title} take up to {need:g} GB"
    variable = "HF_HUB_CACHE" if plan.preset.hub else "REPORTGEN_CACHE_DIR"
    return plan.hinders(name, said, f"Free some space, or set {variable} to a folder on a larger drive.")
