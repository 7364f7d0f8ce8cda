"""What many prompts begin with, computed once: instructions and worked examples are most of each prompt.

The keys and values of a beginning are kept and put under the rows of a batch. Beginnings of different length
may share a batch: shorter ones are padded on the left, like prompts. All begin with the same instructions, so
of a beginning only that is computed which no kept one begins with too.
"""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import torch
from transformers import DynamicCache

from reportgen.engines.kv_cache import kv_cache
from reportgen.engines.room import KEPT

__all__ = ["LEAST", "Prefix", "Prefixes"]

#: Shorter beginnings are computed with their prompt: keeping them would not pay.
LEAST = 64

#: Tokens.
Prefix = tuple[int, ...]
_Layers = list[tuple[Any, Any]]


class Prefixes:
    """Keys and values of beginnings, for one model.

    Attributes:
        longest: Longest beginning that can be kept: layers with a sliding window forget what is beyond it.
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        self._config = model.config.get_text_config()
        self.longest: int = (
            getattr(self._config, "sliding_window", None) or self._config.max_position_embeddings
        )
        self._kept: OrderedDict[Prefix, _Layers] = OrderedDict()

    def under(self, prefixes: Sequence[Prefix], room: int) -> Any:
        """A cache with each row's beginning, padded on the left to the longest, and room for more tokens."""
        width = max(map(len, prefixes))
        cache = kv_cache(self._config, room)
        if width == 0:
            return cache
        rows = [self._layers(prefix) if prefix else None for prefix in prefixes]
        some = next(layers for layers in rows if layers is not None)
        for number, (keys, _) in enumerate(some):
            nothing = keys[:, :, :0]
            parts = [(nothing, nothing) if layers is None else layers[number] for layers in rows]
            both = (torch.cat([_widened(part[side], width) for part in parts]) for side in (0, 1))
            cache.update(*both, number)
        return cache

    def _layers(self, prefix: Prefix) -> _Layers:
        if prefix not in self._kept:
            self._kept[prefix] = self._computed(prefix)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(prefix)
        return self._kept[prefix]

    def _computed(self, prefix: Prefix) -> _Layers:
        """Of a new beginning only what comes after its own beginning, where a kept one has that too."""
        near = max(self._kept, key=lambda kept: _shared(kept, prefix), default=())
        # The last token is always computed: the model takes no empty input.
        known = min(_shared(near, prefix), len(prefix) - 1)
        cache = DynamicCache(config=self._config)
        if known:
            for number, (keys, values) in enumerate(self._kept[near]):
                cache.update(keys[:, :, :known], values[:, :, :known], number)
        tokens = torch.tensor([prefix[known:]], device=self._model.device)
        self._model(input_ids=tokens, past_key_values=cache, use_cache=True, logits_to_keep=1)
        return [(layer.keys, layer.values) for layer in cache.layers]


def _shared(one: Prefix, other: Prefix) -> int:
    """How many tokens both begin with."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (a, b) in pairs if a != b), min(len(one), len(other)))


def _widened(tensor: Any, width: int) -> Any:
    """Keys or values (1, heads, tokens, size) with zeros before them; the attention mask hides those."""
    return torch.nn.functional.pad(tensor, (0, 0, width - tensor.shape[2], 0))
