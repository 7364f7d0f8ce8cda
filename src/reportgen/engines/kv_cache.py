"""Keys and values with room for what is still to be written.

The cache of ``transformers`` grows by making a new tensor for each token and copying all into it: with
sixteen rows of a small model on a processor a tenth of all time.
"""

from typing import Any

import torch
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer

__all__ = ["kv_cache"]


class _RoomyLayer(DynamicLayer):  # type: ignore[misc]
    """As its base, but what is added is written behind what is there.

    Args:
        room: Tokens beyond the first ones that are added, for which there is room from the start.
    """

    def __init__(self, room: int) -> None:
        super().__init__()
        self._room = room

    def lazy_initialization(self, key_states: Any, value_states: Any) -> None:
        super().lazy_initialization(key_states, value_states)
        self._all = [self._made(key_states, 0), self._made(value_states, 0)]

    def update(self, key_states: Any, value_states: Any, *_: Any, **__: Any) -> tuple[Any, Any]:
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        held = self.get_seq_length()
        end = held + key_states.shape[-2]
        for side, new in enumerate((key_states, value_states)):
            if end > self._all[side].shape[-2]:
                wider = self._made(new, held)
                wider[..., :held, :] = self._all[side][..., :held, :]
                self._all[side] = wider
            self._all[side][..., held:end, :] = new
        self.keys, self.values = (whole[..., :end, :] for whole in self._all)
        return self.keys, self.values

    def _made(self, like: Any, held: int) -> Any:
        rows, heads, new, size = like.shape
        return torch.empty((rows, heads, held + new + self._room, size), dtype=like.dtype, device=like.device)


def kv_cache(config: Any, room: int) -> Any:
    """An empty cache for one batch.

    Args:
        config: Of the text model. Layers with a sliding window keep their own way.
        room: Tokens that each row will get after those that are added first.
    """
    cache = DynamicCache(config=config)
    cache.layers = [_RoomyLayer(room) if type(layer) is DynamicLayer else layer for layer in cache.layers]
    return cache
