"""What fits into the memory of a device: at which precision a model, and how many prompts at once.

The rules err on the side of too little: where memory runs out the engine halves its batch, but a driver on
Windows may borrow the machine's memory instead, and then everything is slow.
"""

from dataclasses import dataclass
from typing import Any

from reportgen.engines import probe
from reportgen.engines.presets import Precision, Preset

__all__ = ["KEPT", "Shape", "batch_size", "precision_that_fits", "rows_that_fit"]

#: Tokens of a long prompt, and of its answer.
_PROMPT, _ANSWER = 700, 220
#: Beginnings that ``prefixes`` keeps, and tokens of a long one: some 50 MB each for MedGemma 4B.
KEPT, _BEGINNING = 32, 350
#: The part of the free memory that is planned with: keys and values grow with each token, which leaves gaps.
_PLANNED = 0.8
_MOST = 256
#: More rows hardly help a processor, and wait longer for the last of them (docs/performance.md).
_ON_CPU = 16


@dataclass(frozen=True)
class Shape:
    """What decides how much memory a row needs.

    Attributes:
        layers: For each layer how many tokens it remembers; None: all.
        heads: Heads of keys and values, in a layer.
        head: Numbers in one head.
        width: Numbers in a hidden state.
        inner: Numbers between the two halves of a layer's feed-forward part.
        vocabulary: Logits for a token.
        number: Bytes of a number that is computed with.
    """

    layers: tuple[int | None, ...]
    heads: int
    head: int
    width: int
    inner: int
    vocabulary: int
    number: int = 2

    @classmethod
    def of(cls, model: Any) -> "Shape":
        """The shape of a loaded model."""
        config = model.config.get_text_config()
        kinds = getattr(config, "layer_types", None) or ["full_attention"] * config.num_hidden_layers
        window = getattr(config, "sliding_window", None)
        return cls(
            layers=tuple(window if kind == "sliding_attention" else None for kind in kinds),
            heads=getattr(config, "num_key_value_heads", None) or config.num_attention_heads,
            head=getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads,
            width=config.hidden_size,
            inner=getattr(config, "intermediate_size", None) or 4 * config.hidden_size,
            vocabulary=model.get_output_embeddings().weight.shape[0],
            number=model.dtype.itemsize,
        )

    def remembered(self, tokens: int) -> int:
        """Bytes of the keys and values of one row."""
        held = sum(tokens if limit is None else min(tokens, limit) for limit in self.layers)
        return 2 * held * self.heads * self.head * self.number

    def row(self, prompt: int = _PROMPT, answer: int = _ANSWER) -> int:
        """Bytes that one row needs at most, as if nothing of its prompt were shared."""
        # One layer at a time reads the prompt: what goes in, what comes out, and copies of both.
        reading = 4 * prompt * (self.width + self.inner) * self.number
        # Only the last token has logits: as computed, and in float32 as they came, masked, and searched.
        logits = self.vocabulary * (self.number + 3 * 4)
        return self.remembered(prompt + answer) + reading + logits


def rows_that_fit(free: float, shape: Shape) -> int:
    """How many prompts can be written at once: 1 to 256, a multiple of eight from eight on.

    Args:
        free: Bytes of the device that are free once the model is there.
    """
    left = free * _PLANNED - KEPT * shape.remembered(_BEGINNING)
    rows = min(_MOST, int(left / shape.row()))
    return rows - rows % 8 if rows > 8 else max(1, rows)


def batch_size(model: Any) -> int:
    """How many prompts suit a loaded model and its device."""
    if model.device.type == "cpu":
        return _ON_CPU
    return rows_that_fit(probe.cuda_free_gb() * 1e9, Shape.of(model))


def precision_that_fits(preset: Preset, free_gb: float) -> tuple[Precision, str | None]:
    """The precision on CUDA when none was asked for, and why, as a clause, if the memory decided.

    bf16 where it leaves room for a large batch; else the preset's own; nf4 where only that fits. The clause
    names the limit, not the memory of the moment: it is in every report, and equal runs give equal reports.
    """
    usual, roomy = preset.precision["cuda"], preset.bf16_from_gb
    need = preset.memory_gb.get(usual, 0.0)
    if roomy is not None and free_gb >= roomy:
        return "bf16", f"bf16, as at least {roomy:g} GB of GPU memory are free"
    if preset.memory_gb.get("nf4", need) <= free_gb < need:
        return "nf4", f"nf4, as less than {need:g} GB of GPU memory are free"
    return usual, None if roomy is None else f"{usual}, as less than {roomy:g} GB of GPU memory are free"
