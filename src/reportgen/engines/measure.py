"""What a loaded model takes and gives on this machine: memory, tokens a second, and the longest prompt."""

import contextlib
import gc
import os
import platform
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import torch
import transformers

from reportgen.engines.hf_load import Loaded, is_out_of_memory, load, quiet
from reportgen.engines.hf_write import Writer, Written
from reportgen.engines.presets import Choice
from reportgen.engines.room import Shape
from reportgen.errors import EngineError
from reportgen.nouns.words import Prompt

__all__ = [
    "Held",
    "Longest",
    "Memory",
    "Speed",
    "answers",
    "drop_pages",
    "free_memory",
    "longest_prompt",
    "machine",
    "memory",
    "speed",
]

_READ, _WRITTEN = 256, 32
#: Seconds for 16 tokens read and two written, from which on a fourth of those must do.
_SLOW = 2.0
_SHORTEST = 256
#: The search ends where what fits and what does not are so near, as a part of what fits.
_NEAR = 1 / 16
#: The part of the free memory of a machine without GPU that a prompt may take: there is no error to come back
#: from, the system ends the process.
_PLANNED = 0.6


@dataclass(frozen=True)
class Memory:
    """Bytes that this process holds for itself, the most that it ever held with pages of files (which the
    system may take back), and the most of the GPU, None without one."""

    process: int
    process_peak: int
    gpu_peak: int | None


@dataclass(frozen=True)
class Speed:
    """Tokens a second of one prompt alone: ``read``, of ``prompt`` tokens, and ``written``, of ``new``."""

    prompt: int
    new: int
    read: float
    written: float


@dataclass(frozen=True)
class Longest:
    """The longest prompt that went, in tokens, and what ended the search, as a clause.

    Attributes:
        refused: The shortest that did not go; None if none was tried or foreseen.
        seconds: That the longest one took.
    """

    tokens: int
    refused: int | None
    ended: str
    seconds: float


class Held:
    """One model at a time, so that the memory of the last is free for the next."""

    loaded: Loaded | None = None

    def load(self, choice: Choice) -> tuple[Loaded, float]:
        """A model, and the seconds that loading took.

        Raises:
            EngineError: It cannot be loaded.
        """
        self.drop()
        begun = time.perf_counter()
        self.loaded = load(choice)
        return self.loaded, time.perf_counter() - begun

    def drop(self) -> None:
        """Give its memory back, if nobody else holds it."""
        self.loaded = None
        _let_go()


def machine() -> dict[str, Any]:
    """Where this is, for whoever reads the figures."""
    return {
        "system": platform.platform(),
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "torch": torch.__version__,
        "transformers": transformers.__version__,
    }


def memory() -> Memory:
    """As it is now, and the most that it was."""
    process = psutil.Process()
    if sys.platform == "win32":
        peak = int(process.memory_info().peak_wset)
    else:
        import resource

        unit = 1 if sys.platform == "darwin" else 1024
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    now = process.memory_info()
    # On Linux weights are read through the pages of their files, which belong to no process.
    own = now.rss - now.shared if sys.platform == "linux" else process.memory_full_info().uss
    gpu = int(torch.cuda.max_memory_allocated()) if torch.cuda.is_available() else None
    return Memory(process=int(own), process_peak=peak, gpu_peak=gpu)


def free_memory(device: str) -> float:
    """Bytes that are free on the device."""
    if device == "cuda":
        return float(torch.cuda.mem_get_info()[0])
    return float(psutil.virtual_memory().available)


def drop_pages(folder: Path) -> bool:
    """Have the system forget the weights' files, so that the next load reads the disk; whether it can."""
    if sys.platform == "win32" or not hasattr(os, "posix_fadvise"):
        return False
    for path in folder.glob("*.safetensors"):
        with path.open("rb") as stream:
            os.fsync(stream.fileno())
            os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    return True


def _let_go() -> None:
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def speed(loaded: Loaded) -> Speed:
    """How fast one prompt alone is read, and its answer written.

    Raises:
        EngineError: The device fails, or its memory does not do.
    """
    with _told(loaded, "measuring the speed"):
        _write(loaded, 16, 2)  # what is prepared once is no part of it
        slow = _timed(loaded, 16, 2) > _SLOW
        prompt, new = (_READ // 4, _WRITTEN // 4) if slow else (_READ, _WRITTEN)
        prompt = min(prompt, loaded.limit // 2)
        first = _timed(loaded, prompt, 1)
        whole = _timed(loaded, prompt, 1 + new)
    return Speed(prompt, new, prompt / first, new / max(whole - first, 1e-9))


def longest_prompt(loaded: Loaded, seconds: float) -> Longest:
    """The longest prompt that goes through, found by doubling and then by halves.

    The model's own limit ends the search, or memory, or time: a prompt that would overrun it, by what the
    last one took, is not tried. On CUDA memory runs out and is given back; on the processor it is foreseen.

    Args:
        seconds: For all tries together, about.

    Raises:
        EngineError: The device fails.
    """
    begun, limit = time.monotonic(), loaded.limit
    went, took, refused = 0, 0.0, None
    while went < limit:
        tokens = _next(went, refused, limit)
        if tokens is None:
            return Longest(went, refused, "memory", took)
        # Attention grows with the square of the length, all else with the length.
        if took * (tokens / max(went, 1)) ** 2 > seconds - (time.monotonic() - begun):
            return Longest(went, refused, f"the time of {seconds:g} s", took)
        started = time.monotonic()
        with _told(loaded, f"reading {tokens} tokens"):
            if _foreseen(loaded, tokens) and _goes(loaded, tokens):
                went, took = tokens, time.monotonic() - started
            else:
                refused = tokens
        _let_go()
    return Longest(went, refused, "the model's own limit", took)


def _next(went: int, refused: int | None, limit: int) -> int | None:
    """The length to try next; None where it is near enough."""
    if refused is None:
        return min(limit, max(_SHORTEST, 2 * went))
    middle = (went + refused) // 2
    return middle if refused - went > max(16, went * _NEAR) else None


def _foreseen(loaded: Loaded, tokens: int) -> bool:
    """Whether a prompt can be tried: on CUDA always, as memory that runs out does no harm there."""
    if loaded.model.device.type == "cuda":
        return True
    masks = 8 * tokens**2
    need = Shape.of(loaded.model).row(prompt=tokens, answer=1) + masks
    return need < _PLANNED * free_memory("cpu")


def _goes(loaded: Loaded, tokens: int) -> bool:
    """Whether a prompt of this length is read; False if memory ran out."""
    try:
        _write(loaded, tokens, 1)
    except (RuntimeError, MemoryError) as error:
        if is_out_of_memory(error):
            return False
        raise
    return True


def _timed(loaded: Loaded, prompt: int, new: int) -> float:
    begun = time.perf_counter()
    _write(loaded, prompt, new)
    return time.perf_counter() - begun


def _write(loaded: Loaded, prompt: int, new: int) -> None:
    """Read so many tokens and write so many, whatever they are."""
    ordinary = min(loaded.model.get_input_embeddings().num_embeddings, len(loaded.tokenizer))
    tokens = torch.arange(prompt, device=loaded.model.device) % ordinary
    settings = transformers.GenerationConfig(
        do_sample=False,
        max_new_tokens=new,
        min_new_tokens=new,
        eos_token_id=loaded.ends,
        pad_token_id=loaded.tokenizer.pad_token_id,
    )
    with torch.inference_mode(), quiet():
        loaded.model.generate(
            input_ids=tokens[None],
            attention_mask=torch.ones_like(tokens)[None],
            generation_config=settings,
        )[0, -1].item()  # waits for the device


@contextlib.contextmanager
def _told(loaded: Loaded, doing: str) -> Iterator[None]:
    """Failures of the device as errors that have a cure."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        model = loaded.info.name
        if is_out_of_memory(error):
            raise EngineError(
                f"Memory ran out while {model} was {doing}.",
                "Close what else uses the memory, or choose a smaller --precision (int8, nf4).",
            ) from error
        raise EngineError(
            f"{model} failed while {doing} ({type(error).__name__}).",
            "Try another --precision (bf16, fp32) or --device cpu; see that the driver suits PyTorch.",
        ) from error


def answers(loaded: Loaded, prompts: Iterable[Prompt], new: int, seconds: float) -> Iterator[Written]:
    """What the model answers to each prompt, written alone, until the time is over.

    Raises:
        EngineError: The device fails, or its memory does not do.
    """
    begun, writer = time.monotonic(), Writer(loaded)
    for prompt in prompts:
        if time.monotonic() - begun > seconds:
            return
        with _told(loaded, "writing"):
            (written,) = writer.write([writer.encode(prompt, new)], new)
        yield written
