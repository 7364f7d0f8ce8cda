"""A checkpoint of a model's exact shape with random weights: memory and speed without a download.

Both depend on shapes, not on what was learnt. The tokenizer beside the weights writes one token a byte, so
nothing is fetched; what such a model writes means nothing.
"""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import torch
import transformers
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from reportgen.engines import store
from reportgen.errors import EngineError
from reportgen.files import pretty_json, write_file

__all__ = ["build", "workshop"]

#: Most bytes of one file, and so about what building holds in memory.
_SHARD = 1_000_000_000
#: As in Gemma's checkpoints on the Hub, so that loading renames them as it renames those.
_ON_THE_HUB = {
    "model.language_model.": "language_model.model.",
    "model.vision_tower.": "vision_tower.",
    "model.multi_modal_projector.": "multi_modal_projector.",
}
_SPECIAL = ["<pad>", "<eos>", "<bos>", "<unk>", "<start_of_turn>", "<end_of_turn>"]
_TEMPLATE = """{{ bos_token }}{% for m in messages -%}
<start_of_turn>{{ m['role'] }}
{{ m['content'] }}<end_of_turn>
{% endfor %}{% if add_generation_prompt %}<start_of_turn>model
{% endif %}"""


@contextlib.contextmanager
def workshop() -> Iterator[Path]:
    """An empty folder on the disk of the models, as a temporary one may lie in memory; gone after the block.

    What a process that was killed left there goes too.
    """
    place = store.models_dir() / ".partial"
    place.mkdir(parents=True, exist_ok=True)
    for left in place.glob("random.*.*"):
        if not psutil.pid_exists(int(left.name.split(".")[1])):
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=place, prefix=f"random.{os.getpid()}.") as folder:
        yield Path(folder)


def build(config: dict[str, Any], folder: Path) -> int:
    """Save such a checkpoint into an empty folder, a file at a time.

    Args:
        config: Of a Gemma 3 with an image encoder, as its config.json holds it.
        folder: Needs two bytes a parameter.

    Returns:
        Number of parameters.

    Raises:
        EngineError: The disk has no room for it.
    """
    shape = transformers.Gemma3Config.from_dict(config)
    with torch.device("meta"):
        model = transformers.Gemma3ForConditionalGeneration._from_config(shape, dtype=torch.bfloat16)
    model.tie_weights()
    sizes = {_on_the_hub(name): weight.shape for name, weight in model.named_parameters()}
    need, free = 2 * model.num_parameters(), shutil.disk_usage(folder).free
    if need > free:
        raise EngineError(
            f"Random weights of this shape need {need / 1e9:.1f} GB, and {free / 1e9:.1f} GB are free at "
            f"{folder.parent}.",
            "Free some space, or set REPORTGEN_CACHE_DIR to a folder with more.",
        )
    torch.manual_seed(0)
    places: dict[str, str] = {}
    for number, names in enumerate(_shards(sizes), 1):
        file = f"model-{number:05}.safetensors"
        weights = {name: torch.empty(sizes[name], dtype=torch.bfloat16).normal_(0, 0.02) for name in names}
        save_file(weights, folder / file, metadata={"format": "pt"})
        places |= dict.fromkeys(names, file)
    index = {"metadata": {"total_size": need}, "weight_map": places}
    write_file(folder / "model.safetensors.index.json", pretty_json(index))
    shape.save_pretrained(folder)
    _tokenizer().save_pretrained(folder)
    return int(model.num_parameters())


def _on_the_hub(name: str) -> str:
    for ours, theirs in _ON_THE_HUB.items():
        name = name.replace(ours, theirs) if name.startswith(ours) else name
    return name


def _shards(sizes: dict[str, torch.Size]) -> Iterator[list[str]]:
    """Names in groups that together stay below the size of a file, if one does not exceed it alone."""
    names: list[str] = []
    held = 0
    for name, size in sizes.items():
        if names and held + 2 * size.numel() > _SHARD:
            yield names
            names, held = [], 0
        names.append(name)
        held += 2 * size.numel()
    yield names


def _tokenizer() -> Any:
    """One token a byte, and Gemma's marks of turns."""
    letters = [*_SPECIAL, *sorted(pre_tokenizers.ByteLevel.alphabet())]
    raw = Tokenizer(models.BPE({letter: number for number, letter in enumerate(letters)}, []))
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    made = transformers.PreTrainedTokenizerFast(
        tokenizer_object=raw,
        **{f"{name}_token": f"<{name}>" for name in ("bos", "eos", "pad", "unk")},
        additional_special_tokens=_SPECIAL[4:],
    )
    made.chat_template = _TEMPLATE
    return made
