"""The model that a bench measures: the options that name it, and its loading by reportgen's own loader."""

import argparse
import contextlib
import os
import platform
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import random_medgemma
from reportgen.engines import load_engine, store
from reportgen.engines.presets import describe

__all__ = ["Opened", "add_options", "machine", "opened"]


class Opened(NamedTuple):
    """A loaded engine.

    Attributes:
        folder: Its weights.
        load_s: Seconds of reading, quantising, hashing and the canary.
        weights: Parameters of the whole checkpoint where they are random, else None.
    """

    engine: Any
    folder: Path
    load_s: float
    weights: int | None


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options that name a model."""
    parser.add_argument("--model", default="smollm2-135m", help="a preset's name, a Hub id, or a folder")
    parser.add_argument("--device", default="auto", choices=("auto", "cuda", "cpu"))
    parser.add_argument("--precision", choices=("int8", "bf16", "fp32", "nf4"))
    parser.add_argument(
        "--random-medgemma", action="store_true", help="random weights of MedGemma 4B's shape"
    )
    parser.add_argument(
        "--layers", type=int, default=random_medgemma.LAYERS, metavar="N", help="of that shape"
    )
    parser.add_argument(
        "--tokenizer", type=Path, metavar="DIR", help="Gemma 3's tokenizer, else it is fetched"
    )
    parser.add_argument(
        "--keep", type=Path, metavar="DIR", help="where the random weights stay for next time"
    )


@contextlib.contextmanager
def opened(options: argparse.Namespace) -> Iterator[Opened]:
    """Load what the options name; a random model is made first, and may be used within only."""
    with contextlib.ExitStack() as stack:
        name, weights = options.model, None
        if options.random_medgemma:
            stack.enter_context(random_medgemma.measuring())
            keep = options.keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
            shape = random_medgemma.config(options.layers)
            weights = random_medgemma.parameters(shape)
            name = str(random_medgemma.build(keep, options.tokenizer, shape))
        begun = time.perf_counter()
        engine = load_engine(name, device=options.device, precision=options.precision)
        load_s = time.perf_counter() - begun
        stack.callback(engine.close)
        folder = store.find(describe(name))
        assert folder is not None, "it was loaded from there"
        yield Opened(engine, folder, load_s, weights)


def machine() -> dict[str, Any]:
    """Where and when, for a JSON file."""
    from importlib.util import find_spec

    here = {"system": platform.platform(), "python": platform.python_version(), "cores": os.cpu_count()}
    if find_spec("torch"):
        import torch

        here["torch"] = torch.__version__
        here["gpu"] = torch.cuda.get_device_name() if torch.cuda.is_available() else None
    return {"when": datetime.now(UTC).isoformat("T", "seconds"), "machine": here}
