"""``model check``: all steps on a megabyte of random Gemma and on SmolLM2; what fails is told, and the rest
goes on."""

import contextlib
import json
import os
import signal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

import tiny_gemma
from reportgen import pipeline
from reportgen.cli import main
from reportgen.desk import check_model, check_random, check_words
from reportgen.desk.check_steps import Checked
from reportgen.engines import Parameters, canary, load_engine, measure, random_weights, store
from reportgen.engines.hf_load import load
from reportgen.engines.presets import Choice, Preset, describe
from reportgen.errors import EngineError, ExitCode, UsageError

pytestmark = pytest.mark.model


_FOR_EVER = 1e6
_STEPS = ["model", "weights", "load", "canary", "speed", "context", "report", "load again", "8-bit"]


def by_name(checked: Checked) -> dict[str, Any]:
    return {step.name: step for step in checked.steps}


@pytest.fixture(scope="module")
def tiny_shape() -> dict[str, Any]:
    """The shape of the tiny Gemma, as config.json holds it, wide enough for a token a byte."""
    return dict(tiny_gemma.config(300).to_dict())


@pytest.fixture
def few_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers are short."""
    few = Parameters(max_new_tokens=4)
    for place in (pipeline, check_words):
        monkeypatch.setattr(place, "Parameters", lambda: few)


@pytest.fixture
def tiny(tiny_gemma: Path) -> Any:
    """The tiny Gemma, loaded in fp32."""
    return load(Choice(describe(str(tiny_gemma)), tiny_gemma, "cpu", "fp32"))


def test_all_steps_of_a_small_model(tiny_gemma: Path, few_words: None) -> None:
    said: list[str] = []
    found = check_model.check_model(str(tiny_gemma), "cpu", "fp32", _FOR_EVER, said.append)
    steps = by_name(found)
    assert list(steps) == _STEPS
    assert {step.state for step in found.steps} == {"done"}, found.steps
    assert found.runs
    figures = steps["load"].figures
    assert figures["parameters"] > 50_000
    assert figures["footprint_bytes"] >= 4 * figures["parameters"]
    assert figures["process_peak_bytes"] > figures["process_bytes"] > 0
    assert (figures["image_encoder"], figures["text_only"], figures["context"]) == (True, True, 1024)
    assert "its image encoder is left out" in " ".join(steps["load"].said)
    assert steps["context"].figures["tokens"] == 1024
    assert steps["context"].said[-1] == "the search was ended by the model's own limit"
    assert steps["report"].figures["of_the_model"] <= steps["report"].figures["sentences"]
    assert sum(steps["report"].figures["rungs"].values()) == pytest.approx(1)
    assert steps["8-bit"].figures["prompts"] == check_words.TEN
    assert [line for line in said if "Loading it" in line][-2:] == [
        "Loading it at int8 ...",
        "Loading it at bf16 ...",
    ]


def test_random_weights_give_both_footprints_and_no_words(tiny_shape: dict[str, Any], tmp_path: Path) -> None:
    found = check_random.check_random(
        "medgemma-4b-it", "cpu", None, _FOR_EVER, lambda _: None, config=tiny_shape
    )
    steps = by_name(found)
    assert found.random
    assert found.runs
    whole, text = steps["with images"].figures, steps["load"].figures
    assert whole["precision"] == text["precision"] == "int8"
    assert whole["footprint_bytes"] > text["footprint_bytes"]
    assert whole["parameters"] > text["parameters"]
    assert steps["speed"].figures["written"] > 0
    assert steps["context"].figures["tokens"] == 1024
    for name in ("canary", "report", "8-bit"):
        assert (steps[name].state, steps[name].said) == ("not done", ("random weights know no language",))
    assert list((store.models_dir() / ".partial").iterdir()) == []


def test_the_shape_of_medgemma_is_the_published_one() -> None:
    from transformers import Gemma3Config, Gemma3ForConditionalGeneration

    shape = Gemma3Config.from_dict(check_random._shape(describe("medgemma-4b-it")))
    with torch.device("meta"):
        model = Gemma3ForConditionalGeneration._from_config(shape, dtype=torch.bfloat16)
    model.tie_weights()
    assert model.num_parameters() == 4_300_079_472
    kinds = shape.text_config.layer_types
    assert (len(kinds), kinds.count("full_attention"), kinds[5]) == (34, 5, "full_attention")
    assert shape.text_config.max_position_embeddings == 131_072


def test_random_weights_are_loaded_by_the_names_of_the_hub(
    tiny_shape: dict[str, Any], tmp_path: Path
) -> None:
    count = random_weights.build(tiny_shape, tmp_path)
    names = json.loads((tmp_path / "model.safetensors.index.json").read_text())["weight_map"]
    assert "language_model.model.embed_tokens.weight" in names
    assert any(name.startswith("vision_tower.") for name in names)
    whole = Preset(name="r", title="r", folder=tmp_path, text_only=False)
    assert load(Choice(whole, tmp_path, "cpu", "bf16")).model.num_parameters() == count


def test_random_weights_are_of_one_shape_in_several_files(
    tiny_shape: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(random_weights, "_SHARD", 50_000)
    random_weights.build(tiny_shape, tmp_path)
    assert len(list(tmp_path.glob("*.safetensors"))) > 2
    load(Choice(describe(str(tmp_path)), tmp_path, "cpu", "bf16"))


def test_random_weights_want_room_on_the_disk(
    tiny_shape: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(random_weights.shutil, "disk_usage", lambda _: SimpleNamespace(free=10))
    with pytest.raises(EngineError, match="Random weights of this shape need"):
        random_weights.build(tiny_shape, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_is_cleared_and_what_a_living_one_uses_is_not() -> None:
    place = store.models_dir() / ".partial"
    for pid in (os.getpid(), 2**22 + 1):  # the second is no number of a process on Linux
        (place / f"random.{pid}.x").mkdir(parents=True)
    with random_weights.workshop() as folder:
        assert {path.name for path in place.iterdir()} == {f"random.{os.getpid()}.x", folder.name}
    assert not folder.exists()


def test_sigterm_takes_the_random_weights_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPORTGEN_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(random_weights, "build", lambda *_: signal.raise_signal(signal.SIGTERM))
    heard = signal.signal(signal.SIGTERM, lambda *_: pytest.fail("nobody listens"))
    try:
        assert main(["model", "check", "--random"]) == ExitCode.INTERRUPTED
    finally:
        signal.signal(signal.SIGTERM, heard)
    assert not list(tmp_path.rglob("random.*"))


def test_a_shape_that_is_not_known_names_those_that_are() -> None:
    with pytest.raises(UsageError, match=r"shape of 'smollm2-135m' is not known. Known: medgemma-4b-it"):
        check_random.check_random("smollm2-135m", "cpu", None, 30, lambda _: None)


def test_a_canary_that_fails_does_not_hide_the_rest_and_ends_with_4(
    tiny_gemma: Path, few_words: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def dead(_: object) -> str:
        raise EngineError("It computes rubbish.", "Try bf16.")

    monkeypatch.setattr(canary, "sing", dead)
    arguments = [
        "model",
        "check",
        str(tiny_gemma),
        "--device",
        "cpu",
        "--precision",
        "fp32",
    ]
    assert main([*arguments, "--json"]) == ExitCode.ENGINE
    found = json.loads(capsys.readouterr().out)
    states = {step["name"]: step["state"] for step in found["steps"]}
    assert found["runs"] is False
    assert states["canary"] == "failed"
    assert states["report"] == "not done"
    assert {states[name] for name in ("load", "speed", "context", "load again", "8-bit")} == {"done"}
    assert next(step for step in found["steps"] if step["name"] == "canary")["cure"] == "Try bf16."


def test_weights_that_are_not_whole_end_it_with_a_cure(
    tiny_gemma: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "config.json").write_bytes((tiny_gemma / "config.json").read_bytes())
    assert main(["model", "check", str(tmp_path), "--device", "cpu"]) == ExitCode.ENGINE
    shown = capsys.readouterr().out
    assert "weights     FAILED: The weights cannot be used: it holds no tokenizer_config.json." in shown
    assert shown.endswith("The model cannot run here.\n")


def test_a_model_that_is_not_here_or_not_named_is_said_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["model", "check", "medgemma-4b-it", "--device", "cpu"]) == ExitCode.ENGINE
    assert "Fetch them once with `reportgen model setup medgemma-4b-it`" in capsys.readouterr().err
    assert main(["model", "check"]) == ExitCode.USAGE
    assert "No model is named" in capsys.readouterr().err


def test_memory_that_does_not_do_for_bf16_is_said(tiny_gemma: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "free_memory", lambda _: 1e8)
    held = measure.Held()
    choice = Choice(describe(str(tiny_gemma)), tiny_gemma, "cpu", "int8")
    held.load(choice)
    step = check_model._agreement(held, choice, 30, lambda _: None)
    assert step.state == "not done"
    assert step.said == ("bf16 needs about 0.5 GB, and 0.1 GB are free",)


def test_the_longest_prompt_survives_memory_that_runs_out(tiny: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[int] = []

    def write(_: object, prompt: int, new: int) -> None:
        tried.append(prompt)
        if prompt > 700:
            raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(measure, "_write", write)
    found = measure.longest_prompt(tiny, 1000)
    assert tried[:3] == [256, 512, 1024]
    assert found.ended == "memory"
    assert 640 <= found.tokens <= 700 < (found.refused or 0) <= 744


def test_the_longest_prompt_is_not_looked_for_beyond_its_time(
    tiny: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]

    def write(_: object, prompt: int, new: int) -> None:
        clock[0] += prompt / 100

    monkeypatch.setattr(measure, "_write", write)
    monkeypatch.setattr(measure.time, "monotonic", lambda: clock[0])
    found = measure.longest_prompt(tiny, 20)
    # 256 took 2.56 s, 512 5.12 s; 1,024 would take up to 20.48 s, and 12.32 s are left.
    assert (found.tokens, found.ended, clock[0]) == (512, "the time of 20 s", 7.68)


def test_on_the_processor_memory_is_reckoned_with_before(tiny: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "free_memory", lambda _: 12e6)
    monkeypatch.setattr(measure, "_write", lambda *_: None)
    found = measure.longest_prompt(tiny, 1000)
    assert found.ended == "memory"
    assert 256 <= found.tokens < 1024


def test_a_device_that_fails_is_an_error_with_a_cure(tiny: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("CUDA error: an illegal memory access was encountered")

    monkeypatch.setattr(measure, "_write", broken)
    with pytest.raises(EngineError, match=r"failed while measuring the speed.*--precision"):
        measure.speed(tiny)


def test_agreement_counts_texts_first_tokens_and_passages() -> None:
    def written(text: str, *tokens: int) -> Any:
        return SimpleNamespace(text=text, tokens=list(tokens), finish="stop")

    left = [written("The moon.", 1, 2), written("Rubbish.", 3), written("The sun.", 4, 5)]
    right = [written("The moon.", 1, 2), written("Nonsense.", 4), written("The sea.", 4, 6)]
    step = check_words.agreement(left, right)
    assert step.figures == {
        "prompts": 3,
        "equal_texts": pytest.approx(1 / 3),
        "equal_first_tokens": pytest.approx(2 / 3),
        "equal_passages": 1.0,  # none of them passes the check
    }
    assert check_words.agreement([], right).state == "not done"


def test_smollm2_writes_a_report(smollm2: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "Parameters", lambda: Parameters(max_new_tokens=48))
    with contextlib.closing(load_engine(smollm2)) as engine:
        step = check_words.report(engine)
    assert step.figures["of_the_model"] > 0
    assert step.figures["rungs"]["free"] > 0
    assert "image 1" in " ".join(step.figures["text"])
    assert "IMPRESSION" not in " ".join(step.figures["text"])
