"""The canary: what a broken model does, and that none of it gets through."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from reportgen.engines import load_engine
from reportgen.engines.hf import HfEngine
from reportgen.engines.hf_load import load
from reportgen.engines.presets import Choice, describe
from reportgen.errors import EngineError, ExitCode

pytestmark = pytest.mark.model


@pytest.mark.parametrize(
    ("tokens", "what"),
    [
        ([-1], "computes values that are not numbers"),
        ([0], "answers nothing"),
        ([5], "answers nothing"),
        ([1], "answers nothing"),
        ([70], "answers with one token over and over"),
    ],
)
def test_a_model_that_computes_rubbish_stops_the_run(
    choose_tiny: Callable[..., Choice], scripted: Any, tokens: list[int], what: str
) -> None:
    loaded = load(choose_tiny())
    with scripted(loaded.model, [tokens]), pytest.raises(EngineError, match=what) as caught:
        HfEngine(loaded, 4)
    assert caught.value.code == ExitCode.ENGINE
    assert "--precision" in caught.value.cure


def test_damaged_weights_stop_the_run(tiny_gemma: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny_gemma, tmp_path / "damaged")
    weights = load_file(folder / "model.safetensors")
    weights["language_model.model.layers.2.mlp.down_proj.weight"][0, 0] = float("nan")
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(EngineError, match="values that are not numbers"):
        load_engine(str(folder), device="cpu", precision="fp32")


def test_memory_that_runs_out_at_the_canary_is_no_rubbish(
    choose_tiny: Callable[..., Choice], monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = load(choose_tiny())

    def generate(**_: Any) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(loaded.model, "generate", generate)
    with pytest.raises(EngineError, match="does not fit into the memory"):
        HfEngine(loaded, 4)


@pytest.mark.parametrize("precision", ["int8", "nf4", "bf16", "fp32"])
def test_a_sound_model_passes(tiny_gemma: Path, precision: str) -> None:
    assert "passed" in (load_engine(str(tiny_gemma), device="cpu", precision=precision).info.canary or "")


def test_a_language_model_that_lost_its_language_stops_the_run(smollm2_folder: Path) -> None:
    choice = Choice(describe(str(smollm2_folder)), smollm2_folder, "cpu", "bf16")
    loaded = load(choice)
    # Each row is sound by itself, but none stands where its token is: a tokenizer of another model does this.
    with torch.no_grad():
        weight = loaded.model.get_input_embeddings().weight
        weight.copy_(weight.roll(1000, dims=0))
    with pytest.raises(EngineError, match=r"knows no English|one token over and over|answers nothing"):
        HfEngine(loaded, 4)
