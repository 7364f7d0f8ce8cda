"""What one step of ``model check`` found, and the whole."""

import textwrap
from collections.abc import Callable
from typing import Any, Literal

from pydantic import Field

from reportgen.errors import EngineError
from reportgen.nouns.base import Frozen

__all__ = ["Checked", "Step", "opening", "step_lines", "tried", "verdict"]

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


def opening(model: str, source: str, machine: dict[str, Any]) -> Step:
    """What is looked at, and where."""
    here = ", ".join(f"{key} {value}" for key, value in machine.items() if value is not None)
    return Step(name="model", state="done", said=(f"{model} ({source})", here), figures=machine)


def step_lines(step: Step) -> list[str]:
    """A step, for a person."""
    mark = {"done": "", "not done": "not done: ", "failed": "FAILED: "}[step.state]
    shown, told = [], f"{step.name:<{_WIDTH}}{mark}"
    for line in (*step.said, *filter(None, [step.cure])):
        shown += textwrap.wrap(told + line, _PAGE, subsequent_indent=" " * _WIDTH)
        told = " " * _WIDTH
    return shown


def verdict(checked: Checked) -> str:
    """All of it in a sentence."""
    if not checked.runs:
        return "The model cannot run here."
    if checked.random:
        return "Random weights: memory and speed are as measured; words, and so the canary, mean nothing."
    return "The model runs here."
