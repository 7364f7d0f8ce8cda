"""Says how fast a model could write on this device at best, and what share of that reportgen reaches.

    python bench/roofline.py [--model smollm2-135m] [--device auto] [--precision P] [--batch 1,8,32,256]
    python bench/roofline.py --random-medgemma --precision int8 --keep DIR [--tokenizer DIR]

The device's two limits are measured: memory read by a matrix times a vector or copied (whichever is faster),
and the rate of large matrix products in the precision that the model computes in. The model's two needs are
counted: the bytes that a step of decoding must read (all weights once, the output's among them, and the keys
and values of each row), and the operations of a token. A step cannot be faster than the slower of the two;
reading a prompt is bound by operations. Nothing here is lost to launches, sampling or padding, so no program
reaches it. Then reportgen's engine writes the same: as many equal prompts as the batch, of the given lengths.
"""

import argparse
import contextlib
import json
import math
import random
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean
from typing import Any
from unittest.mock import patch

import models
from asked import prepared
from cohort import cohort
from limits import Device, Needs, device_of, needs
from peers import timed
from random_medgemma import looping
from reportgen.engines.base import Parameters
from reportgen.nouns import Completion, Prompt
from tally import markdown

__all__ = ["COLUMNS", "main"]

COLUMNS = {
    "batch": "{:,}",
    "decode limit": "{:,.0f}",
    "bound by": "{}",
    "decode measured": "{:,.0f}",
    "share of it": "{:.0%}",
    "prefill limit": "{:,.0f}",
    "prefill measured": "{:,.0f}",
    "share of that": "{:.0%}",
    "reports a second": "{:.3f}",
    "cohort's reports a second": "{:.3f}",
}


@dataclass(frozen=True)
class Mix:
    """The prompts of a cohort on average: how many a study, how many of them different, and their tokens."""

    a_study: float
    distinct: float
    shared: float
    own: float


def mix(engine: Any, studies: int, seed: int) -> Mix:
    """Count the prompts of a cohort with the engine's tokenizer; ``shared`` are beginnings that it keeps."""
    prompts = [prompt for one in prepared(cohort(studies, seed)) for prompt in one.prompts]
    some = random.Random(seed).sample(prompts, min(200, len(prompts)))
    rows = [engine._writer.encode(prompt, 1) for prompt in some]
    return Mix(
        a_study=len(prompts) / studies,
        distinct=len({prompt.id for prompt in prompts}) / len(prompts),
        shared=mean(len(row.prefix) for row in rows),
        own=mean(len(row.tokens) - len(row.prefix) for row in rows),
    )


def _prompt(engine: Any, tokens: int) -> Prompt:
    """One of so many tokens, or nearly, with no beginning that could be kept."""
    words = engine._writer.loaded.tokenizer
    ids = words("The software recognised a view of the fetal head in this image. " * tokens)["input_ids"]
    return Prompt(messages=(("user", words.decode(ids[:tokens], skip_special_tokens=True)),))


@dataclass(frozen=True)
class Measured:
    """What the engine did with one batch: tokens a second, None where it did not come to that."""

    read: int
    steps: int
    prefill_s: float | None
    decode_s: float | None


@contextlib.contextmanager
def endless(engine: Any) -> Iterator[None]:
    """Let no row end before it has as many tokens as it may."""
    loaded = engine._writer.loaded
    generate = loaded.model.generate

    def going_on(**given: Any) -> Any:
        return generate(**given, suppress_tokens=loaded.ends)

    with looping(), patch.object(loaded.model, "generate", going_on):
        yield


def measured(engine: Any, prompt: Prompt, batch: int, new: int) -> Measured:
    """Let reportgen's engine write one batch of equal prompts, once one token each and once ``new``."""
    engine.batch_size = batch
    done: list[Completion] = []

    def written(most: int) -> float:
        def write() -> None:
            done[:] = engine.generate([prompt] * batch, Parameters(max_new_tokens=most))

        return timed(write)

    with endless(engine):
        written(2)  # what is made at first use is no part of it
        first, whole = written(1), written(new)
    if engine.batch_size < batch or any(one.error for one in done):
        return Measured(0, 0, None, None)
    later = sum(one.tokens - 1 for one in done)
    read = done[0].prompt_tokens
    decode = later / (whole - first) if later and whole > first else None
    return Measured(read, later // batch, batch * read / first, decode)


@dataclass(frozen=True)
class Roof:
    """The limits of one model on one device, for prompts and answers of given lengths (tokens)."""

    device: Device
    needs: Needs
    mix: Mix
    read: int
    new: int

    def row(self, batch: int, did: Measured) -> dict[str, Any]:
        """Limits and measures of one batch size."""
        device, need, average, read, new = self.device, self.needs, self.mix, self.read, self.new

        def step(length: float) -> float:
            return max(need.step_s(device, batch, length)) / batch

        memory, operations = need.step_s(device, batch, read + new / 2)
        prefill = read / need.prefill_s(device, read)
        own = need.prefill_s(device, average.own, average.shared)
        passage = own + new * step(average.shared + average.own + new / 2)
        at = step(did.read + did.steps / 2)
        share = (did.decode_s and did.decode_s * at, did.prefill_s and did.prefill_s / prefill)
        cells = (batch, batch / max(memory, operations), "memory" if memory > operations else "operations")
        cells = (*cells, did.decode_s, share[0], prefill, did.prefill_s, share[1])
        report = 1 / (need.prefill_s(device, read) + new * step(read + new / 2))
        return dict(zip(COLUMNS, (*cells, report, 1 / (average.a_study * passage)), strict=True))


def told(figures: dict[str, Any], options: argparse.Namespace) -> str:
    """The figures as Markdown."""
    device, need, average = figures["device"], figures["needs"], figures["cohort"]
    table = [
        ["-" if one[name] is None else shape.format(one[name]) for name, shape in COLUMNS.items()]
        for one in figures["rows"]
    ]
    size = figures["random_weights"]
    said = [
        f"{figures['model']['name']} on {figures['model']['device']}: ",
        f"memory {device['bytes_s'] / 1e9:,.1f} GB/s, ",
        f"{device['operations_s'] / 1e12:,.3f} Tops/s in {device['counted_in']}, both measured. ",
        f"A step reads {need['weights'] / 1e9:.2f} GB of weights; ",
        f"a token takes {(need['body'] + need['head']) / 1e9:.2f} Gops.",
        f" {size / 1e9:.3f} billion random weights, image encoder included." if size else "",
    ]
    notes = [
        "Tokens a second. Limits are for ",
        f"{options.prompt_tokens} tokens read and {options.new_tokens} written",
        ", which is also one report of 'reports a second'. The cohort's report is ",
        f"{average['a_study']:.2f} prompts of {average['own']:.0f} tokens beside {average['shared']:.0f} ",
        f"that are shared and computed once, {options.new_tokens} written for each, nothing reused; ",
        f"{average['distinct']:.0%} of its prompts are different, and only those need be written.",
    ]
    return "\n\n".join(["".join(said), markdown(list(COLUMNS), table, text={2}), "".join(notes)])


def main(arguments: list[str] | None = None) -> int:
    """Measure, print the table, write the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    models.add_options(parser)
    parser.add_argument("--batch", default="1,8,32,256", metavar="N,N", help="rows written at once")
    parser.add_argument("--prompt-tokens", type=int, default=700, metavar="N")
    parser.add_argument("--new-tokens", type=int, default=220, metavar="N")
    parser.add_argument(
        "--studies", type=int, default=300, metavar="N", help="of the cohort whose prompts count"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--side", type=int, default=0, metavar="N", help="of the matrices that are timed")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures as JSON")
    options = parser.parse_args(arguments)
    with models.opened(options) as opened:
        engine = opened.engine
        model = engine._writer.loaded.model
        device, need = device_of(model, engine.info.precision, options.side), needs(model)
        average = mix(engine, options.studies, options.seed)
        prompt = _prompt(engine, options.prompt_tokens)
        roof = Roof(device, need, average, options.prompt_tokens, options.new_tokens)
        batches = map(int, options.batch.split(","))
        rows = [roof.row(n, measured(engine, prompt, n, options.new_tokens)) for n in batches]
        figures = {"model": engine.info.model_dump(mode="json", exclude_none=True)}
    figures |= {"device": asdict(device), "needs": asdict(need), "cohort": asdict(average), "rows": rows}
    figures |= {"random_weights": opened.weights}
    figures["needs"]["layers"] = [None if math.isinf(reach) else reach for reach in need.layers]
    print(told(figures, options))
    if options.json:
        text = json.dumps(figures | models.machine(), indent=2)
        options.json.write_text(text + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
