"""Comparisons for tests: made-up outcomes, and the command in a process whose engines fail on demand."""

import os
import random
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from reportgen.desk.compare import Comparison, Contestant
from reportgen.desk.compare.agreement import agreement
from reportgen.desk.compare.figures import differences, finished
from reportgen.desk.compare.machine import this_machine
from reportgen.desk.compare.noun import Memory, Result
from reportgen.desk.compare.turn import Outcome, Portion, Worded
from reportgen.engines import EngineInfo

SRC = Path(__file__).parents[1] / "src"
#: Put on the path of the command's processes: what the model named does there.
FAULTS = """
import os, signal, sys, time
import reportgen.engines as engines
from reportgen.engines.template import TemplateEngine
from reportgen.errors import EngineError
real = engines.load_engine

def load_engine(model="auto", **options):
    if model == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if model == "crashed":
        os.kill(os.getpid(), signal.SIGSEGV)
    if model == "no-memory":
        raise MemoryError
    if model == "bug":
        raise ZeroDivisionError("MARKsecret")
    if model == "left":
        os._exit(7)
    if model == "waits":
        print("WAITING", file=sys.stderr, flush=True)
        time.sleep(600)
    return real(model, **options)

engines.load_engine = load_engine
"""


def words(
    case: int, rung: str = "free", passage: str = "head", sentence: str = "The software recognised [[F1]]."
) -> Worded:
    return Worded.model_validate(
        {
            "case": case,
            "passage": passage,
            "prompt": f"{passage}-{case % 3}",
            "rung": rung,
            "reasons": () if rung == "free" else ("word",),
            "sentences": (sentence,),
            "as_fixed": rung == "deterministic",
        }
    )


def portions(
    number: int = 10, *, cases: int = 1, tokens: int = 100, seconds: float = 2.0
) -> tuple[Portion, ...]:
    """Alike but for a little time."""
    return tuple(
        Portion(
            cases=cases,
            prompts=2 if tokens else 0,
            unanswered=0,
            cut_off=0,
            tokens_read=500 if tokens else 0,
            tokens=tokens,
            writing_s=seconds + n / 100 if tokens else 0.0,
            whole_s=seconds + n / 50,
        )
        for n in range(number)
    )


def an_outcome(told: list[Worded], done: tuple[Portion, ...] | None = None, **more: Any) -> Outcome:
    made: dict[str, Any] = {
        "engine": EngineInfo(
            engine="transformers", name="Tiny fp32", model="tiny", precision="fp32", device="cpu"
        ),
        "gpu": None,
        "batch_size": 8,
        "prompt_sha256": "d" * 64,
        "load_s": 1.5,
        "warm_up_s": 0.5,
        "memory": Memory(process_mb=512.0),
        "portions": done or portions(),
        "words": tuple(told),
        "answers": {one.prompt: "a" for one in told},
    }
    return Outcome(**made | more)


def a_comparison(*pairs: tuple[str, Outcome], lost: str | None = None, **more: Any) -> Comparison:
    done = [(Contestant(name=name, model="tiny"), outcome) for name, outcome in pairs]
    results = [finished(contestant, outcome, 1) for contestant, outcome in done]
    if lost is not None:
        results.append(Result(name="lost", asked="lost", state="failed", reason=lost))
    at = datetime(2026, 11, 30, tzinfo=UTC).isoformat()
    made: dict[str, Any] = {
        "software": "reportgen 0.1.0",
        "started_at": at,
        "ended_at": at,
        "command": "reportgen compare INPUT... -o DIR",
        "machine": this_machine("bench"),
        "domain": "fetal_ultrasound",
        "domain_sha256": "e" * 64,
        "seed": 1,
        "resamples": 2000,
        "cases": 10,
        "rejected": 0,
        "passages": 20,
        "distinct_prompts": 3,
        "portion": 1,
        "contestants": tuple(results),
        "differences": tuple(differences(done, 1)) if done else (),
        "agreement": tuple(agreement(done)),
    }
    return Comparison(**made | more)


def many(share: float, seed: int) -> list[Worded]:
    """Two passages for each of sixty cases, about so many of them in free words."""
    chance = random.Random(seed)
    rungs = ("free" if chance.random() < share else "constrained" for _ in range(120))
    return [words(n // 2, rung, f"p{n % 2}") for n, rung in enumerate(rungs)]


def started(folder: Path, *arguments: str, **more: Any) -> "subprocess.Popen[str]":
    """The command, in processes whose engines fail on demand (see ``FAULTS``)."""
    (folder / "faults").mkdir(exist_ok=True)
    (folder / "faults" / "sitecustomize.py").write_text(FAULTS, "utf-8")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(folder / "faults"), str(SRC)])}
    return subprocess.Popen(
        [sys.executable, "-m", "reportgen", "compare", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=environment,
        **more,
    )
