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
import json
import math
import random
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean
from typing import Any

import models
from asked import prepared
from cohort import cohort
from peers import timed
from reportgen.engines.base import Parameters
from reportgen.nouns import Completion, Prompt
from tally import markdown

__all__ = ["COLUMNS", "Device", "Needs", "main", "needs"]

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
TIMES = 5


@dataclass(frozen=True)
class Device:
    """What the device can do: bytes read, and operations done, a second."""

    bytes_s: float
    operations_s: float
    counted_in: str


@dataclass(frozen=True)
class Needs:
    """What the model needs.

    Attributes:
        weights: Bytes that a step reads whatever the batch is.
        body: Operations of a token in all layers, attention to what is before it apart.
        head: Operations of the output, once a token that is written.
        layers: Of each layer how far it looks back, in tokens.
        kv: Bytes of keys and values of one token in one layer.
        attention: Operations of one token that looks at one other, in one layer.
    """

    weights: int
    body: int
    head: int
    layers: tuple[float, ...]
    kv: int
    attention: int

    def seen(self, length: float) -> float:
        """Tokens looked at, summed over the layers, after ``length`` tokens."""
        return sum(min(length, reach) for reach in self.layers)

    def step_s(self, device: Device, batch: int, length: float) -> tuple[float, float]:
        """Seconds of one step of a batch: of memory, and of operations."""
        read = self.weights + batch * self.seen(length) * self.kv
        done = batch * (self.body + self.head + self.seen(length) * self.attention)
        return read / device.bytes_s, done / device.operations_s

    def prefill_s(self, device: Device, tokens: float, before: float = 0) -> float:
        """Seconds to read so many tokens of a prompt after those that are kept already."""
        middle = self.seen(before + tokens / 2)
        return (tokens * (self.body + middle * self.attention) + self.head) / device.operations_s


def needs(model: Any) -> Needs:
    """Count what a loaded model needs, in the precision in which it is loaded."""
    import torch

    shape = model.config.get_text_config()
    head, embedding = model.get_output_embeddings(), model.get_input_embeddings()
    # A row of the embedding is read, not all; where it is the output too, all of it is.
    apart = head.weight.data_ptr() != embedding.weight.data_ptr()
    weights = sum(_bytes(weight) for weight in model.parameters())
    linear = [
        module for module in model.modules() if isinstance(module, torch.nn.Linear) and module is not head
    ]
    kinds = getattr(shape, "layer_types", None) or ["full_attention"] * shape.num_hidden_layers
    size = getattr(shape, "head_dim", None) or shape.hidden_size // shape.num_attention_heads
    return Needs(
        weights=weights - (_bytes(embedding.weight) if apart else 0),
        body=2 * sum(module.in_features * module.out_features for module in linear),
        head=2 * head.weight.numel(),
        layers=tuple(shape.sliding_window if kind == "sliding_attention" else math.inf for kind in kinds),
        kv=2 * shape.num_key_value_heads * size * model.dtype.itemsize,
        attention=4 * shape.num_attention_heads * size,
    )


def _bytes(weight: Any) -> int:
    size = weight.numel() * weight.element_size()
    state = getattr(weight, "quant_state", None)  # four bits: a scale for each block of weights lies beside
    return size + (state.absmax.numel() * state.absmax.element_size() if state is not None else 0)


def device_of(model: Any, precision: str, scale: int) -> Device:
    """Measure the device; ``scale`` is the side of the matrices, 0 for what suits it."""
    import torch

    cuda = model.device.type == "cuda"
    place = {"device": model.device}
    wait = torch.cuda.synchronize if cuda else (lambda: None)
    side = scale or (16_384 if cuda else 8_192)
    kind = torch.bfloat16 if cuda else torch.float32
    matrix, vector = torch.ones(side, side, dtype=kind, **place), torch.ones(side, dtype=kind, **place)
    copy = torch.empty_like(matrix)
    size = matrix.numel() * matrix.element_size()
    read = size / _best(lambda: torch.mv(matrix, vector), wait)
    copied = 2 * size / _best(lambda: copy.copy_(matrix), wait)
    del matrix, copy
    side = scale or (8_192 if cuda else 2_048)
    name = {"fp32": "fp32", "int8": "int8"}.get(precision, "bf16")
    if name == "int8":
        one = torch.ones(side, side, dtype=torch.int8, **place)
        took = _best(lambda: torch._int_mm(one, one.T), wait)
    else:
        one = torch.randn(side, side, **place).to(torch.float32 if name == "fp32" else torch.bfloat16)
        took = _best(lambda: one @ one, wait)
    return Device(max(read, copied), 2 * side**3 / took, name)


def _best(work: Callable[[], Any], wait: Callable[[], None]) -> float:
    """The fewest seconds of some times."""

    def whole() -> None:
        work()
        wait()

    whole()
    return min(timed(whole) for _ in range(TIMES))


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


def measured(engine: Any, prompt: Prompt, batch: int, new: int) -> Measured:
    """Let reportgen's engine write one batch of equal prompts, once one token each and once ``new``."""
    engine.batch_size = batch
    done: list[Completion] = []

    def written(most: int) -> float:
        def write() -> None:
            done[:] = engine.generate([prompt] * batch, Parameters(max_new_tokens=most))

        return timed(write)

    written(2)  # what is made at first use is no part of it
    first, whole = written(1), written(new)
    if engine.batch_size < batch or any(one.error for one in done):
        return Measured(0, 0, None, None)
    later = sum(one.tokens - 1 for one in done)
    read = done[0].prompt_tokens
    decode = later / (whole - first) if later and whole > first else None
    return Measured(read, later // batch, batch * read / first, decode)


def row(
    device: Device, need: Needs, batch: int, did: Measured, average: Mix, options: argparse.Namespace
) -> dict[str, Any]:
    """Limits and measures of one batch size."""
    read, new = options.prompt_tokens, options.new_tokens

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
    size = (
        f" {figures['random_weights'] / 1e9:.3f} billion random weights." if figures["random_weights"] else ""
    )
    lines = (
        f"{figures['model']['name']} on {figures['model']['device']}: memory {device['bytes_s'] / 1e9:,.1f} GB/s, "
        f"{device['operations_s'] / 1e12:,.3f} Tops/s in {device['counted_in']}, both measured. A step reads "
        f"{need['weights'] / 1e9:.2f} GB of weights; a token takes {(need['body'] + need['head']) / 1e9:.2f} Gops.{size}",
        markdown(list(COLUMNS), table, text={2}),
        f"Tokens a second. Limits are for {options.prompt_tokens} tokens read and {options.new_tokens} written, which "
        "is also one report of 'reports a second'. The cohort's report is "
        f"{average['a_study']:.2f} prompts of {average['own']:.0f} tokens beside {average['shared']:.0f} that are "
        f"shared and computed once, {options.new_tokens} written for each, nothing reused; {average['distinct']:.0%} "
        "of its prompts are different, so reuse allows that many times more.",
    )
    return "\n\n".join(lines)


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
        rows = [
            row(device, need, batch, measured(engine, prompt, batch, options.new_tokens), average, options)
            for batch in map(int, options.batch.split(","))
        ]
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
