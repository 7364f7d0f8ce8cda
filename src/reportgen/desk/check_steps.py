"""What one step of ``model check`` found, and the whole."""

import textwrap
from collections.abc import Callable
from typing import Any, Literal

from pydantic import Field

from reportgen.errors import EngineError
from reportgen.nouns.base import Frozen

__all__ = ["Checked", "Step", "lines", "tried"]

_WIDTH, _PAGE = 12, 100


class Step(Frozen):
    """One step.

    Attributes:
        vital: Without it the model cannot run.
        said: What was found, or why not, in lines for a person.
        figures: The same for programs: bytes, seconds, tokens, shares from 0 to 1.
        cure: What to do about a failure.
    """

    name: str
    state: Literal["done", "not done", "failed"]
    said: tuple[str, ...]
    figures: dict[str, Any] = Field(default_factory=dict)
    vital: bool = False
    cure: str = ""


class Checked(Frozen):
    """A model as it was found on this machine.

    Attributes:
        random: Its weights are random: memory and speed are as measured, words mean nothing.
    """

    model: str
    source: str
    random: bool
    machine: dict[str, Any]
    steps: tuple[Step, ...]

    @property
    def runs(self) -> bool:
        """Whether the model can run here."""
        return not any(step.vital and step.state == "failed" for step in self.steps)


def tried(name: str, look: Callable[[], Step], *, vital: bool = False) -> Step:
    """What a step found; a failure of the model is one of its outcomes."""
    try:
        return look()
    except EngineError as error:
        return Step(name=name, state="failed", said=(error.problem,), cure=error.cure, vital=vital)


def lines(checked: Checked) -> list[str]:
    """All that was found, for a person."""
    machine = ", ".join(f"{key} {value}" for key, value in checked.machine.items() if value is not None)
    shown = [f"{checked.model}  ({checked.source})", machine, ""]
    for step in checked.steps:
        mark = {"done": "", "not done": "not done: ", "failed": "FAILED: "}[step.state]
        told = f"{step.name:<{_WIDTH}}{mark}"
        for line in (*step.said, *filter(None, [step.cure])):
            shown += textwrap.wrap(told + line, _PAGE, subsequent_indent=" " * _WIDTH)
            told = " " * _WIDTH
    verdict = "The model runs here." if checked.runs else "The model cannot run here."
    if checked.random:
        verdict = "Random weights: memory and speed are as measured; words, and so the canary, mean nothing."
    return [*shown, "", verdict]
