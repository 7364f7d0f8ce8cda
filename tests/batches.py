"""Runs over small synthetic inputs, and what they leave."""

import io
import json
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from reportgen.batch import Order, Summary, run_batch, voice
from reportgen.engines.base import Engine, EngineInfo, Parameters
from reportgen.engines.template import TemplateEngine
from reportgen.errors import EngineError
from reportgen.nouns import Completion, Prompt

#: What differs between equal runs: times, and how often they were begun.
_OWN = {"ledger.sqlite", "summary.json", ".lock", "reportgen.log"}
LABELS = ("Trans-thalamic", "Trans-cerebellum", "Trans-ventricular", "Abdomen", "Femur", "Thorax")


def record(case_id: str, *labels: str, **more: Any) -> dict[str, Any]:
    """A native case with one image for each label."""
    return {
        "schema": "reportgen/case/v1",
        "case_id": case_id,
        "classifier": {"name": "Test classifier", "score_kind": "softmax"},
        "images": [
            {"image_id": f"i{n}", "predictions": [{"label": label, "score": 0.97}]}
            for n, label in enumerate(labels or ("Trans-thalamic",), 1)
        ],
        **more,
    }


def put(folder: Path, name: str, value: Any) -> Path:
    """Write an input."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(value if isinstance(value, str) else json.dumps(value), "utf-8")
    return path


def cohort(folder: Path, number: int) -> Path:
    """That many cases, of one to four images, one file each."""
    for n in range(number):
        put(
            folder,
            f"case-{n:03}.json",
            record(f"case-{n:03}", *(LABELS[(n + k) % 6] for k in range(1 + n % 4))),
        )
    return folder


def go(
    *inputs: Path,
    out: Path,
    engine: Engine | None = None,
    said: io.StringIO | None = None,
    **order: Any,
) -> Summary:
    """Run in this process; text only, since that is quick."""
    order.setdefault("formats", ("txt",))
    wanted = Order(inputs=tuple(map(str, inputs)), out=out, **order)
    return run_batch(wanted, lambda: engine or TemplateEngine(), voice(stream=said or io.StringIO()))


def tree(out: Path) -> dict[str, bytes]:
    """Every file of an output tree that must be equal after equal runs, by path."""
    files = (path for path in sorted(out.rglob("*")) if path.is_file())
    return {
        name: path.read_bytes()
        for path in files
        if (name := path.relative_to(out).as_posix()) not in _OWN and not name.startswith(".")
    }


def balanced(summary: Summary) -> bool:
    """The sum that must come out."""
    five = (summary.done, summary.skipped, summary.rejected, summary.failed, summary.pending)
    return summary.cases == sum(five)


class Scripted:
    """An engine that answers by a function of the prompt, and is lost after so many answers."""

    def __init__(
        self, say: Callable[[Prompt], str], *, lost_after: int | None = None, name: str = "s"
    ) -> None:
        self._say, self._lost_after, self._name = say, lost_after, name
        self.asked: list[Prompt] = []
        self.closed = False

    @property
    def info(self) -> EngineInfo:
        return EngineInfo(engine="transformers", name="Scripted 1B fp32", model=self._name)

    def generate(self, prompts: Iterable[Prompt], parameters: Parameters) -> Iterator[Completion]:
        for prompt in prompts:
            if self._lost_after is not None and len(self.asked) >= self._lost_after:
                raise EngineError("The GPU is gone.", "See to it.")
            self.asked.append(prompt)
            yield Completion(prompt_id=prompt.id, text=self._say(prompt))

    def fingerprint(self) -> str:
        return self._name

    def close(self) -> None:
        self.closed = True


def good_words(prompt: Prompt) -> str:
    """A draft that passes: each slot of the prompt's last message in a sentence of its own."""
    lines = [line for line in prompt.messages[-1][1].splitlines() if line.startswith(("[[", "- [["))]
    sentences = []
    for line in lines:
        slot = line[line.index("[[") : line.index("]]") + 2]
        kind = "measurement" if "measurement" in line else "candidate" if "candidate" in line else "view"
        frames = {
            "view": f"The classifier recognised {slot}.",
            "measurement": f"{slot} was recorded.",
            "candidate": f"The leading candidate was {slot}.",
        }
        sentences.append(frames[kind])
    return " ".join(sentences)


def read_terminal(master: int) -> bytes:
    """All that a process writes to its terminal, until it ends; closes our side of it."""
    seen = b""
    while True:
        try:
            piece = os.read(master, 4096)
        except OSError:  # Linux: the other side is closed
            break
        if not piece:
            break
        seen += piece
    os.close(master)
    return seen
