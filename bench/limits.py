"""What a device can do, measured, and what a model needs, counted: the two sides of `roofline.py`."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from peers import timed

__all__ = ["Device", "Needs", "device_of", "needs"]

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
