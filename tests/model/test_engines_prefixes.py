"""What many prompts begin with is computed once, and changes no word."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch

from reportgen.engines import Parameters, load_engine, prefixes
from reportgen.engines.hf_write import Writer
from reportgen.nouns.words import Prompt

pytestmark = pytest.mark.model

SHORT = Parameters(max_new_tokens=16)


def prompt(text: str, example: str = "", times: int = 1) -> Prompt:
    """A question after a worked example of some length; without one it has no beginning worth keeping."""
    shown = (("user", example * times), ("assistant", "[[F1]] was recorded.")) if example else ()
    return Prompt(messages=(("system", "Write plain sentences."), *shown, ("user", text)))


LONG = [prompt(f"[[F{n}]] the view of the fetal head", "Facts of the view. ", 24) for n in (1, 2, 3)]
LONGER = [prompt(f"[[F{n}]] head circumference", "Recorded measurement of the head. ", 20) for n in (1, 2)]
NONE = [prompt("The view of the fetal head. [[F1]]")]


@pytest.fixture
def engine(tiny_gemma: Path, tmp_path: Path) -> Iterator[Any]:
    """The tiny Gemma in fp32, with a sliding window as long, beside its prompts, as MedGemma's."""
    folder = tmp_path / "gemma"
    shutil.copytree(tiny_gemma, folder)
    config = json.loads((folder / "config.json").read_text("utf-8"))
    inner = config.get("text_config", config)
    assert inner["sliding_window"] == 32
    inner["sliding_window"] = 512
    (folder / "config.json").write_text(json.dumps(config), "utf-8")
    loaded = load_engine(str(folder), device="cpu", precision="fp32", batch_size=4)
    yield loaded
    loaded.close()


def words(engine: Any, prompts: list[Prompt]) -> dict[str, str]:
    return {one.prompt_id: one.text for one in engine.generate(prompts, SHORT)}


def test_beginnings_of_any_length_share_a_batch_and_change_no_word(
    engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    prompts = [*LONG, *LONGER, *NONE]
    rows = [engine._writer.encode(one, 16) for one in prompts]
    assert len({len(row.prefix) for row in rows}) == 3
    together = words(engine, prompts)
    alone = {name: text for one in prompts for name, text in words(engine, [one]).items()}
    monkeypatch.setattr(prefixes, "LEAST", 10_000)
    monkeypatch.setattr("reportgen.engines.hf_write.LEAST", 10_000)
    engine._writer = Writer(engine._writer.loaded)
    assert not engine._writer.encode(LONG[0], 16).prefix
    assert together == alone == words(engine, prompts)
    assert len(set(together.values())) > 1


@contextmanager
def watched(engine: Any) -> Iterator[list[int]]:
    """How many tokens wide each input of the model is."""
    widths: list[int] = []

    def look(_module: Any, inputs: Any, _output: Any) -> None:
        widths.append(inputs[0].shape[1])

    hook = engine._writer.loaded.model.get_input_embeddings().register_forward_hook(look)
    try:
        yield widths
    finally:
        hook.remove()


def test_a_beginning_is_computed_once(engine: Any) -> None:
    with watched(engine) as widths:
        words(engine, LONG)
        first, widths[:] = list(widths), []
        words(engine, LONG)
    length = len(engine._writer.encode(LONG[0], 16).prefix)
    assert length >= prefixes.LEAST
    assert first.count(length) == 1
    assert max(widths) < length


def test_of_a_beginning_only_that_is_computed_which_no_kept_one_begins_with_too(engine: Any) -> None:
    one, other = (engine._writer.encode(prompts[0], 16).prefix for prompts in (LONG, LONGER))
    shared = next(place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
    part = one[: prefixes.LEAST]
    assert shared > 0
    kept = engine._writer._prefixes
    with torch.inference_mode(), watched(engine) as widths:
        for prefix in (one, other, part):
            kept.under([prefix], 8)
    assert widths == [len(one), len(other) - shared, 1]
    fresh = prefixes.Prefixes(engine._writer.loaded.model)
    with torch.inference_mode():
        for near, far in zip(kept._layers(other), fresh._layers(other), strict=True):
            torch.testing.assert_close(near, far)


def test_a_beginning_beyond_the_sliding_window_is_not_kept(engine: Any) -> None:
    longest = engine._writer._prefixes.longest
    endless = prompt("[[F1]]", "The view of the fetal head. ", longest)
    assert engine._writer._beginnings(endless.messages[:-1]) == ()


def test_only_so_many_are_kept(engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prefixes, "KEPT", 2)
    kept = engine._writer._prefixes
    with torch.inference_mode():
        for start in range(4):
            kept.under([tuple(range(10 + start, 90 + start))], 8)
    assert len(kept._kept) == 2


def test_tokens_are_added_without_copying_what_is_there(engine: Any) -> None:
    from transformers.cache_utils import DynamicLayer

    from reportgen.engines.kv_cache import kv_cache

    cache = kv_cache(engine._writer.loaded.model.config.get_text_config(), room=3)
    plain = DynamicLayer()
    layer = next(layer for layer in cache.layers if not layer.is_sliding)
    torch.manual_seed(1)
    places = []
    for tokens in (5, 1, 1, 1, 2, 1):
        keys, values = torch.randn(2, 2, 2, tokens, 4)
        for one, other in zip(layer.update(keys, values), plain.update(keys, values), strict=True):
            assert torch.equal(one, other)
        places.append(layer.keys.data_ptr())
    assert len(set(places[:4])) == 1  # within the room
    assert places[4] != places[3]  # beyond it there is more
    assert places[5] == places[4]
    assert layer.get_seq_length() == 11
