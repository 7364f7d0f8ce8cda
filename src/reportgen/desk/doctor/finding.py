"""One line of what was looked at."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

__all__ = ["Blocks", "Finding", "State", "short"]

State = Literal["ok", "warn", "fail"]
#: What cannot be had while it stands as it is: words of the model that is meant, or any report.
Blocks = Literal["", "model", "reports"]


@dataclass(frozen=True)
class Finding:
    """One thing looked at.

    Attributes:
        state: ``fail``: what was asked for would stumble over it. ``warn``: it works, but not as hoped.
        said: What was found and what it means.
        cure: What to do next, or to type; empty where nothing need be done.
        blocks: What cannot be had until then.
    """

    name: str
    state: State
    said: str
    cure: str = ""
    blocks: Blocks = ""


#: Makes a finding that keeps the model from writing: a failure where the model was named.
Hinders = Callable[[str, str, str], Finding]


def short(path: Path | str) -> str:
    """A path, or a text with paths, without the name of who is logged in: the home folder is ``~``."""
    home = f"{Path.home()}{os.sep}"
    return f"{path}{os.sep}".replace(home, f"~{os.sep}").removesuffix(os.sep) if len(home) > 2 else str(path)
