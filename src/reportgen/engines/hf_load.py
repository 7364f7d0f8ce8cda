"""Loading a model with transformers: from this machine only, safetensors only, no code from a repository."""

import contextlib
import json
import logging
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import safetensors
import torch
import transformers

from reportgen.engines import chat, store
from reportgen.engines.base import EngineInfo
from reportgen.engines.presets import Choice, Precision, Preset
from reportgen.errors import EngineError

__all__ = ["Loaded", "does_not_fit", "is_out_of_memory", "load", "quiet"]

#: From the names in a multimodal Gemma 3 checkpoint (two spellings exist) to those of its language model.
_GEMMA3_TEXT = {
    r"^(?:language_model\.model|model\.language_model)\.": "model.",
    r"^language_model\.lm_head": "lm_head",
}
#: Tokens that end a turn in common chat templates. A checkpoint's generation settings do not always name
#: them, and the model would then go on and talk to itself.
_TURN_ENDS = ("<end_of_turn>", "<|im_end|>", "<|eot_id|>", "<|end|>")
#: What CUDA, HIP, cuBLAS, cuDNN, MIOpen and the CPU's allocator say, as letters only.
_OUT_OF_MEMORY = (
    "outofmemory",
    "allocfailed",
    "allocationfailed",
    "cantallocatememory",
    "notenoughmemory",
    "rocblasstatusmemoryerror",
)
_LOCAL = {"local_files_only": True, "trust_remote_code": False}


@dataclass(frozen=True)
class Loaded:
    """A model ready to write.

    Attributes:
        ends: Tokens that end an answer.
        system: Whether the chat template prints a system message.
        limit: Most tokens that prompt and answer may have together.
        info: Who it is; the canary has not run yet.
        inputs: What else shapes the words, and so the fingerprint: versions, tokenizer, configuration.
    """

    model: Any
    tokenizer: Any
    ends: list[int]
    system: bool
    limit: int
    info: EngineInfo
    inputs: dict[str, str]


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Drop bitsandbytes' warning at every matrix product, or the log drowns. Other warnings pass."""
    # Newer versions log it, older ones warn.
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"bitsandbytes\b")
        warnings.filterwarnings("ignore", message="MatMul8bitLt: inputs will be cast")
        yield


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out, on the device or beside it. Only some say so by their class."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    letters = re.sub("[^a-z]", "", str(error).lower())
    return isinstance(error, RuntimeError) and any(words in letters for words in _OUT_OF_MEMORY)


def does_not_fit(preset: str, precision: str | None) -> EngineError:
    """The error for a model that is larger than the memory."""
    return EngineError(
        f"The model '{preset}' at {precision} does not fit into the memory that is free.",
        "Close what else uses the memory, choose a smaller --precision (int8, nf4), or a smaller model.",
    )


def load(choice: Choice) -> Loaded:
    """Load a model and its tokenizer.

    Raises:
        EngineError: The folder is incomplete or damaged, its parts do not match, or memory is short.
    """
    preset, folder = choice.preset, choice.folder
    if fault := store.fault(folder):
        raise _unusable(preset, fault)
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    try:
        # A damaged tokenizer.json ends in a bare Exception of the tokenizers library; JSON says it better.
        json.loads((folder / "tokenizer.json").read_text("utf-8"))
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder, padding_side="left", **_LOCAL)
        with quiet():
            model, report = _load_model(choice)
    except (
        OSError,
        ValueError,
        RuntimeError,
        ImportError,
        LookupError,
        safetensors.SafetensorError,
    ) as error:
        if is_out_of_memory(error):
            raise does_not_fit(preset.name, choice.precision) from error
        reason = str(error).strip().partition("\n")[0]
        raise _unusable(preset, f"{type(error).__name__}: {reason}") from error
    _belong_together(preset, model, tokenizer, report)
    return _ready(choice, model, tokenizer)


def _unusable(preset: Preset, why: str) -> EngineError:
    cure = (
        "Copy the folder again from where it is whole."
        if preset.folder
        else f"Fetch it again with `reportgen model setup {preset.name}`."
    )
    return EngineError(f"The model '{preset.name}' cannot be loaded: {why}.", cure)


def _load_model(choice: Choice) -> tuple[Any, dict[str, Any]]:
    """The model, and what transformers says about keys that were missing or did not fit."""
    preset, folder, precision = choice.preset, choice.folder, choice.precision
    config = transformers.AutoConfig.from_pretrained(folder, **_LOCAL)
    if getattr(config, "quantization_config", None):
        raise ValueError("its weights are quantised already; reportgen quantises full weights itself")
    options: dict[str, Any] = dict(
        _LOCAL,
        use_safetensors=True,
        # Given always: without it Gemma 3 in 8-bit may compute in float16, overflow, and answer nothing.
        dtype=torch.float32 if precision == "fp32" else getattr(torch, preset.dtype),
        device_map={"": 0 if choice.device == "cuda" else "cpu"},
        quantization_config=_quantisation(precision),
        output_loading_info=True,
    )
    if config.model_type == "gemma3" and preset.text_only:
        # Saves the memory of the image encoder and the slower attention of mixed input.
        options |= {"config": config.text_config, "key_mapping": _GEMMA3_TEXT}
        loaded = transformers.Gemma3ForCausalLM.from_pretrained(folder, **options)
    else:
        loaded = transformers.AutoModelForCausalLM.from_pretrained(folder, config=config, **options)
    model, report = loaded
    return model.eval(), report


def _quantisation(precision: Precision) -> Any:
    if precision == "int8":
        return transformers.BitsAndBytesConfig(load_in_8bit=True)
    if precision == "nf4":
        return transformers.BitsAndBytesConfig(
            load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=torch.bfloat16
        )
    return None


def _belong_together(preset: Preset, model: Any, tokenizer: Any, report: dict[str, Any]) -> None:
    # transformers fills what is missing with random numbers and goes on.
    absent = len(report["missing_keys"]) + len(report["mismatched_keys"])
    if absent:
        raise _unusable(preset, f"{absent} of its weights are missing or of the wrong shape")
    if len(tokenizer) > model.get_input_embeddings().num_embeddings:
        raise _unusable(preset, "its tokenizer belongs to another model, with more tokens")
    if not isinstance(tokenizer, transformers.PreTrainedTokenizerFast):
        raise _unusable(preset, "its tokenizer has no tokenizer.json")
    if not tokenizer.pad_token:
        tokenizer.pad_token = tokenizer.eos_token


def _ready(choice: Choice, model: Any, tokenizer: Any) -> Loaded:
    folder, precision = choice.folder, choice.precision
    ends = _ends(model.generation_config.eos_token_id, tokenizer)
    # The checkpoint's own settings may sample or penalise; ours are greedy and come with each call.
    model.generation_config = transformers.GenerationConfig()
    info = EngineInfo(
        engine="transformers",
        name=f"{choice.preset.title} {precision}",
        model=choice.preset.source,
        revision=store.revision(folder),
        weights_sha256=store.weights_sha256(folder),
        precision=precision,
        dtype=str(model.dtype).removeprefix("torch."),
        device=choice.device,
        generation={"do_sample": False, "num_beams": 1, "ends": ends},
        why=choice.why,
    )
    packages = ["torch", "transformers", "tokenizers", "llguidance"]
    packages += ["bitsandbytes"] if precision in {"int8", "nf4"} else []
    inputs = {name: version(name) for name in packages} | {"texts": store.texts_sha256(folder)}
    limit = model.config.get_text_config().max_position_embeddings
    return Loaded(model, tokenizer, ends, chat.takes_system(tokenizer), limit, info, inputs)


def _ends(stated: int | list[int] | None, tokenizer: Any) -> list[int]:
    """Every token that ends an answer: of the checkpoint, of the tokenizer, and of the chat template."""
    found = set(stated if isinstance(stated, list) else [stated])
    found.add(tokenizer.eos_token_id)
    for token in _TURN_ENDS:
        number = tokenizer.convert_tokens_to_ids(token)
        if number != tokenizer.unk_token_id:
            found.add(number)
    return sorted(number for number in found if number is not None)
