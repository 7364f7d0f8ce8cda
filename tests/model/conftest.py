"""For tests that load real model code."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from reportgen.engines import load_engine
from reportgen.engines.presets import Choice, Precision, describe

Script = Callable[[Any, list[list[int]]], AbstractContextManager[list[int]]]


@pytest.fixture(scope="session")
def choose_tiny(tiny_gemma: Path) -> Callable[..., Choice]:
    """A choice of the tiny Gemma, or of a changed copy of it, at a precision."""

    def choose(precision: Precision = "fp32", folder: Path = tiny_gemma) -> Choice:
        return Choice(describe(str(folder)), folder, "cpu", precision)

    return choose


@pytest.fixture
def engine(tiny_gemma: Path) -> Iterator[Any]:
    """The tiny Gemma in fp32, in batches of four."""
    loaded = load_engine(str(tiny_gemma), device="cpu", precision="fp32", batch_size=4)
    yield loaded
    loaded.close()


@pytest.fixture(scope="session")
def scripted() -> Script:
    """Make a model write given tokens: all is real but the logits of its head.

    ``scripted(model, rows)`` is a context; each row is a list of tokens of which the last is repeated. It
    yields the sizes of the batches that came. A negative token stands for logits that are no numbers.
    """
    import torch

    @contextmanager
    def script(model: Any, rows: list[list[int]]) -> Iterator[list[int]]:
        batches: list[int] = []
        step = 0

        def embed(_module: Any, inputs: Any, _output: Any) -> None:
            nonlocal step
            # The prompt comes in one piece: a new batch, and its first token.
            step = 0 if inputs[0].shape[1] > 1 else step + 1

        def head(_module: Any, _inputs: Any, output: Any) -> Any:
            if step == 0:
                batches.append(len(output))
            forced = torch.full_like(output, -10.0)
            for row in range(len(output)):
                words = rows[row % len(rows)]
                token = words[min(step, len(words) - 1)]
                if token < 0:
                    forced[row] = float("nan")
                else:
                    forced[row, :, token] = 10.0
            return forced

        hooks = [
            model.get_input_embeddings().register_forward_hook(embed),
            model.get_output_embeddings().register_forward_hook(head),
        ]
        try:
            yield batches
        finally:
            for hook in hooks:
                hook.remove()

    return script
