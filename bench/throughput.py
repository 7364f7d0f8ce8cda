"""Measures reports on disk a second with a real model, against peers with the same model and prompts.

    python bench/throughput.py [--model smollm2-135m] [--device auto] [--studies 100] [--sample 24]

The peers are what one would write first: `transformers.pipeline("text-generation")` with `batch_size` 1 and
8, over every prompt of every study (nothing remembered), and a plain reportlab page for each report. They
run on a sample of prompts, and their reports a second follow from the time of a prompt and the prompts of a
study. Ours is a whole run: read, written, checked, PDF, text and JSON on disk, with a cold cache and again
with a warm one; and, for the model alone, the same sample of different prompts, so that nothing can be
reused. Loading is measured apart, for nobody. Times are wall time of one after the other: on a shared
machine look at the ratios.
"""

import argparse
import json
import os
import platform
import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cohort import cohort, write
from pipeline import peer
from reportgen.batch import Order, run_batch, voice
from reportgen.domain import load_domain
from reportgen.engines import load_engine
from reportgen.engines.base import Engine, Parameters
from reportgen.nouns import Case, Found, Prompt, Source
from reportgen.pipeline import Prepared, prepare
from tally import markdown

__all__ = ["main"]

Row = tuple[str, str, str]


def _prepared(studies: Sequence[dict[str, Any]]) -> list[Prepared]:
    domain = load_domain()
    source = Source(name="(memory)", sha256="0" * 64, format="native")
    return [
        prepare(Found(case=Case.model_validate_json(json.dumps(one)), source=source), domain)
        for one in studies
    ]


def _timed(work: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _piped(engine: Any, prompts: Sequence[Prompt], batch_size: int) -> float:
    """Seconds a prompt of a plain pipeline over the engine's own model."""
    import torch
    from transformers import pipeline

    loaded = engine._writer.loaded
    generate = pipeline("text-generation", model=loaded.model, tokenizer=loaded.tokenizer)
    chats = [[{"role": role, "content": text} for role, text in prompt.messages] for prompt in prompts]
    options = {"do_sample": False, "max_new_tokens": Parameters().max_new_tokens, "return_full_text": False}
    with torch.inference_mode():
        seconds = _timed(lambda: generate(chats, batch_size=batch_size, **options))
    return seconds / len(prompts)


def _page_seconds(folder: Path, studies: int) -> float:
    """Seconds a report of the plainest PDF."""
    with tempfile.TemporaryDirectory() as out:
        return _timed(lambda: peer(folder, Path(out))) / studies


def measured(engine: Engine, studies: int, sample: int, seed: int) -> tuple[list[Row], dict[str, Any]]:
    """The table, and the figures behind it."""
    cases = list(cohort(studies, seed))
    prompts = [prompt for one in _prepared(cases) for prompt in one.prompts]
    distinct = list({prompt.id: prompt for prompt in prompts}.values())
    some = random.Random(seed).sample(distinct, min(sample, len(distinct)))
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "in"
        write(iter(cases), folder)
        os.environ["REPORTGEN_CACHE_DIR"] = str(Path(place) / "cache")
        page = _page_seconds(folder, studies)
        list(engine.generate(some[:2], Parameters()))  # what is made at first use is nobody's time
        ours = _timed(lambda: list(engine.generate(some, Parameters()))) / len(some)
        pipes = {size: _piped(engine, some, size) for size in (1, 8)}
        runs = {}
        for name in ("cold", "warm"):
            order = Order(inputs=(str(folder),), out=Path(place) / name, formats=("txt", "pdf"))
            summary = run_batch(order, lambda: _Kept(engine), voice(quiet=True))
            assert summary.exit_code == 0, summary
            runs[name] = {"seconds": summary.seconds, "passages": dict(summary.passages)}
    each = len(prompts) / studies
    peers = {size: 1 / (each * seconds + page) for size, seconds in pipes.items()}
    whole = {name: studies / run["seconds"] for name, run in runs.items()}
    rows = [
        *((f"pipeline, batch {n}", f"{s:.2f}", f"{peers[n]:.2f}") for n, s in pipes.items()),
        ("reportgen, nothing reused", f"{ours:.2f}", "-"),
        ("reportgen, cold cache", "-", f"{whole['cold']:.2f}"),
        ("reportgen, warm cache", "-", f"{whole['warm']:.2f}"),
    ]
    rows += [(f"prompt without reuse, over pipeline {n}", f"{s / ours:.1f} x", "-") for n, s in pipes.items()]
    rows += [(f"cold cache over pipeline {n}", "-", f"{whole['cold'] / p:.1f} x") for n, p in peers.items()]
    figures = {
        "studies": studies,
        "prompts": len(prompts),
        "distinct_prompts": len(distinct),
        "sample": len(some),
        "seconds_a_prompt": {"reportgen": ours, **{f"pipeline {n}": s for n, s in pipes.items()}},
        "reports_a_second": {**whole, **{f"pipeline {n}": p for n, p in peers.items()}},
        "seconds_a_plain_page": page,
        "runs": runs,
    }
    return rows, figures


class _Kept:
    """The engine, left open by a run that closes its own."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def close(self) -> None:
        """Another run uses it."""


def main(arguments: list[str] | None = None) -> int:
    """Measure, print the table, write the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="smollm2-135m", help="a preset's name, a Hub id, or a folder")
    parser.add_argument("--device", default="auto", choices=("auto", "cuda", "cpu"))
    parser.add_argument("--precision", choices=("int8", "bf16", "fp32", "nf4"))
    parser.add_argument("--studies", type=int, default=100, metavar="N")
    parser.add_argument("--sample", type=int, default=24, metavar="N", help="prompts that the peers write")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures as JSON")
    options = parser.parse_args(arguments)
    engines: list[Engine] = []
    loading = _timed(
        lambda: engines.append(load_engine(options.model, device=options.device, precision=options.precision))
    )
    rows, figures = measured(engines[0], options.studies, options.sample, options.seed)
    print(markdown((engines[0].info.name, "seconds a prompt", "reports a second"), rows, text={0}))
    print(
        f"\n{figures['prompts']} prompts of {options.studies} studies, {figures['distinct_prompts']} of them "
        f"different; peers on {figures['sample']}. Loading: {loading:.1f} s."
    )
    if options.json:
        machine = {"system": platform.platform(), "cores": os.cpu_count()}
        figures |= {"when": datetime.now(UTC).isoformat("T", "seconds"), "machine": machine}
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
