"""Is everything here that a run needs? From metadata, within two seconds, and without importing PyTorch.

What a finding means to a run decides whether it is a failure: see ``Finding``. Nothing is downloaded, nothing
is waited for longer than the moments below, and no token, password or name of an account is told.
"""

import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from typing import Any

from reportgen.desk.doctor import deep as trials
from reportgen.desk.doctor import gpu, machine, model, packages, site
from reportgen.desk.doctor.finding import Finding
from reportgen.desk.doctor.plan import Meant, Plan
from reportgen.engines import nvidia

__all__ = ["Finding", "Meant", "doctor", "lines", "plain", "verdict"]

#: How long hub and driver may take, in seconds from the beginning; they are asked at once, beside the rest.
_HUB, _DRIVER = 1.2, 1.2


def doctor(meant: Meant | None = None, *, deep: bool = False) -> list[Finding]:
    """Look at everything, in the order in which it would be missed.

    Args:
        meant: What a run would be asked for; by default nothing beyond its inputs.
        deep: Also load PyTorch, and compute on the GPU and in 8 bits; takes up to minutes.
    """
    meant = meant or Meant()
    return list(_findings(meant, deep=deep))


def _findings(meant: Meant, *, deep: bool) -> Iterator[Finding]:
    begun = time.monotonic()
    inquiry = nvidia.Inquiry()
    try:
        plan = Plan(meant)
        torch_here = packages.installed("torch") is not None
        question = model.question(plan, _HUB, torch_here=torch_here)
        places = [*site.look(meant), *machine.folders(plan), *model.disk(plan), model.switches(plan)]
        driver = inquiry.within(_left(begun, _DRIVER))
    finally:
        inquiry.leave()
    plan.settle(driver)
    yield from machine.program(plan)
    yield machine.console(sys.stdout.encoding)
    yield from packages.look(plan)
    if plan.writer == "model":
        yield from gpu.look(plan, driver, nvidia.torch_build())
    yield from model.look(plan, partial(question.within, _left(begun, _HUB)) if question else None)
    yield from places
    if deep:
        yield from trials.try_out(plan, torch_here=torch_here, driver_here=driver is not None)


def _left(begun: float, seconds: float) -> float:
    return begun + seconds - time.monotonic()


def lines(findings: list[Finding]) -> list[str]:
    """The findings for a person, each with its cure below it, and the verdict."""
    width = max(len(finding.name) for finding in findings)
    shown = []
    for one in findings:
        shown.append(f"{one.state:<4}  {one.name:<{width}}  {one.said}")
        if one.cure:
            shown.append(f"{'':<{width + 8}}{one.cure}")
    return [*shown, "", verdict(findings)]


def verdict(findings: list[Finding]) -> str:
    """What it comes to, in a sentence."""
    if any(one.state == "fail" and one.blocks == "reports" for one in findings):
        return "Reports cannot be made until what is marked fail is mended."
    if any(one.state == "fail" for one in findings):
        return "The model that was asked for cannot write until what is marked fail is mended."
    if any(one.blocks == "model" for one in findings):
        return (
            "Reports can be made, worded by fixed sentences: no model can write yet; see what is marked warn."
        )
    return "Reports can be made."


def plain(findings: list[Finding]) -> dict[str, Any]:
    """The findings as JSON-ready values."""
    return {"verdict": verdict(findings), "findings": [asdict(finding) for finding in findings]}
