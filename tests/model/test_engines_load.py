"""Loading: the traps of Gemma 3, and folders that are not what they seem."""

import json
import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from reportgen.engines import Parameters, hf_load, load_engine
from reportgen.engines.hf_load import load
from reportgen.engines.presets import Choice
from reportgen.errors import EngineError
from reportgen.nouns.words import Prompt

pytestmark = pytest.mark.model
ChooseTiny = Callable[..., Choice]


@pytest.fixture
def copy(tiny_gemma: Path, tmp_path: Path) -> Path:
    """A copy of the tiny Gemma that a test may damage."""
    return shutil.copytree(tiny_gemma, tmp_path / "copy")


def edit_json(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | changes), "utf-8")


def edit_weights(folder: Path, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    path = folder / "model.safetensors"
    save_file(change(load_file(path)), path, metadata={"format": "pt"})


def test_only_the_language_part_is_loaded_and_computes_the_same(
    tiny_gemma: Path, choose_tiny: ChooseTiny
) -> None:
    from transformers import Gemma3ForConditionalGeneration

    ours = load(choose_tiny()).model
    assert type(ours).__name__ == "Gemma3ForCausalLM"
    assert not [name for name, _ in ours.named_parameters() if "vision" in name]
    whole = Gemma3ForConditionalGeneration.from_pretrained(tiny_gemma, dtype=torch.float32).eval()
    ids = torch.tensor([[2, 50, 60, 70, 80]])
    with torch.inference_mode():
        assert torch.equal(ours(input_ids=ids).logits, whole(input_ids=ids).logits)


def test_both_spellings_of_a_multimodal_checkpoint_are_read(copy: Path, choose_tiny: ChooseTiny) -> None:
    expected = load(choose_tiny()).model.state_dict()
    edit_weights(
        copy,
        lambda weights: {
            name.replace("language_model.model.", "model.language_model."): value
            for name, value in weights.items()
        },
    )
    found = load(choose_tiny(folder=copy)).model.state_dict()
    assert all(torch.equal(expected[name], found[name]) for name in expected)


@pytest.mark.parametrize("precision", ["int8", "nf4"])
def test_it_is_quantised_on_the_cpu_and_computes_in_bfloat16(
    choose_tiny: ChooseTiny, copy: Path, precision: Any
) -> None:
    # Quantised on top of a float16 default, the real one overflows and answers nothing.
    edit_json(copy / "config.json", dtype="float16")
    loaded = load(choose_tiny(precision, copy))
    layers = {type(module).__name__ for module in loaded.model.model.layers.modules()}
    assert {"int8": "Linear8bitLt", "nf4": "Linear4bit"}[precision] in layers
    assert loaded.model.get_input_embeddings().weight.dtype == torch.bfloat16
    assert (loaded.info.precision, loaded.info.dtype) == (precision, "bfloat16")


@pytest.mark.parametrize(("precision", "dtype"), [("bf16", "bfloat16"), ("fp32", "float32")])
def test_unquantised_weights_have_the_dtype_asked_for(
    choose_tiny: ChooseTiny, precision: Any, dtype: str
) -> None:
    loaded = load(choose_tiny(precision))
    assert loaded.info.dtype == dtype
    assert {str(value.dtype) for value in loaded.model.parameters()} == {f"torch.{dtype}"}


def test_8_bit_writes_in_batches_without_a_warning(
    tiny_gemma: Path, caplog: pytest.LogCaptureFixture
) -> None:
    # Any Python warning is an error in these tests; bitsandbytes also logs one a layer and step.
    logging.getLogger("bitsandbytes").setLevel(logging.NOTSET)
    engine = load_engine(str(tiny_gemma), device="cpu", precision="int8", batch_size=3)
    prompts = [Prompt(messages=(("system", "Write."), ("user", "view " * n))) for n in (1, 9, 30, 4)]
    done = {
        completion.prompt_id: completion
        for completion in engine.generate(prompts, Parameters(max_new_tokens=8))
    }
    assert set(done) == {prompt.id for prompt in prompts}
    assert all(completion.error is None and completion.tokens > 0 for completion in done.values())
    assert not [record for record in caplog.records if record.name.startswith("bitsandbytes")]


def test_the_turns_end_ends_an_answer_although_the_checkpoint_does_not_say_so(
    choose_tiny: ChooseTiny,
) -> None:
    loaded = load(choose_tiny())
    assert loaded.tokenizer.eos_token == "<eos>"
    assert loaded.ends == sorted([1, loaded.tokenizer.convert_tokens_to_ids("<end_of_turn>")])


def test_the_checkpoints_sampling_is_forgotten(choose_tiny: ChooseTiny) -> None:
    settings = load(choose_tiny()).model.generation_config
    assert not settings.do_sample
    assert settings.top_k in {None, 50}
    assert settings.repetition_penalty in {None, 1.0}


def test_it_says_who_it_is(tiny_gemma: Path) -> None:
    info = load_engine(str(tiny_gemma), device="cpu", precision="fp32").info
    assert (info.engine, info.name, info.model) == ("transformers", "tiny-gemma-3 fp32", "tiny-gemma-3")
    assert (info.precision, info.dtype, info.device, info.why) == ("fp32", "float32", "cpu", None)
    assert len(info.weights_sha256 or "") == 64
    assert info.generation == {"do_sample": False, "num_beams": 1, "ends": [1, 5]}
    assert "too small to be judged" in (info.canary or "")


def test_weights_that_are_missing_are_not_made_up(copy: Path, choose_tiny: ChooseTiny) -> None:
    edit_weights(
        copy, lambda weights: {name: value for name, value in weights.items() if "layers.1.mlp" not in name}
    )
    with pytest.raises(EngineError, match="3 of its weights are missing") as caught:
        load(choose_tiny(folder=copy))
    assert "Copy the folder again" in caught.value.cure


def test_weights_of_another_shape_are_refused(copy: Path, choose_tiny: ChooseTiny) -> None:
    edit_weights(
        copy,
        lambda weights: {
            name: value[..., :-1].contiguous() if "q_proj" in name else value
            for name, value in weights.items()
        },
    )
    with pytest.raises(EngineError, match="cannot be loaded"):
        load(choose_tiny(folder=copy))


def test_a_tokenizer_of_another_model_is_refused(copy: Path, choose_tiny: ChooseTiny) -> None:
    from transformers import AutoTokenizer

    other = AutoTokenizer.from_pretrained(copy)
    other.add_tokens([f"word{number}" for number in range(50)])
    other.save_pretrained(copy)
    with pytest.raises(EngineError, match="its tokenizer belongs to another model"):
        load(choose_tiny(folder=copy))


def test_pickled_weights_are_never_opened(copy: Path, choose_tiny: ChooseTiny) -> None:
    (copy / "model.safetensors").rename(copy / "pytorch_model.bin")
    with pytest.raises(EngineError, match="not in the safetensors format"):
        load(choose_tiny(folder=copy))


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json", "config.json"])
def test_a_file_that_was_cut_off_is_an_engine_error(copy: Path, choose_tiny: ChooseTiny, name: str) -> None:
    whole = (copy / name).read_bytes()
    (copy / name).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(EngineError, match="cannot be loaded"):
        load(choose_tiny(folder=copy))


def test_code_in_a_repository_is_not_run(copy: Path, choose_tiny: ChooseTiny, tmp_path: Path) -> None:
    trace = tmp_path / "ran"
    (copy / "evil.py").write_text(f"open({str(trace)!r}, 'w').close()\n", "utf-8")
    edit_json(copy / "config.json", model_type="evil", auto_map={"AutoConfig": "evil.Config"})
    with pytest.raises(EngineError, match="cannot be loaded"):
        load(choose_tiny(folder=copy))
    assert not trace.exists()


def test_weights_that_are_quantised_already_are_refused(copy: Path, choose_tiny: ChooseTiny) -> None:
    edit_json(
        copy / "config.json", quantization_config={"quant_method": "bitsandbytes", "load_in_8bit": True}
    )
    with pytest.raises(EngineError, match="quantised already"):
        load(choose_tiny(folder=copy))


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory"),
    ],
)
def test_a_model_that_does_not_fit_says_what_would(
    choose_tiny: ChooseTiny, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(hf_load, "_load_model", lambda _choice: (_ for _ in ()).throw(error))
    with pytest.raises(EngineError, match=r"does not fit into the memory that is free.*--precision"):
        load(choose_tiny())


def test_equal_models_have_equal_fingerprints_wherever_they_lie(tiny_gemma: Path, tmp_path: Path) -> None:
    def fingerprint(folder: Path, precision: str = "fp32") -> str:
        return load_engine(str(folder), device="cpu", precision=precision).fingerprint()

    first = fingerprint(tiny_gemma)
    other = shutil.copytree(tiny_gemma, tmp_path / "elsewhere" / tiny_gemma.name)
    assert fingerprint(other) == first
    assert fingerprint(other, "bf16") != first
    template = other / "chat_template.jinja"
    template.write_text(template.read_text("utf-8") + " ", "utf-8")
    assert fingerprint(other) != first


def test_a_model_of_the_hub_that_was_fetched_is_found_with_its_commit(
    tiny_gemma: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = tmp_path / "models--google--medgemma-4b-it"
    commit = "0123456789abcdef0123456789abcdef01234567"
    shutil.copytree(tiny_gemma, hub / "snapshots" / commit)
    (hub / "refs").mkdir()
    (hub / "refs" / "main").write_text(commit)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    info = load_engine("medgemma-4b-it", device="cpu", precision="int8").info
    assert (info.name, info.model, info.revision) == ("MedGemma 4B int8", "google/medgemma-4b-it", commit)


def test_a_model_of_the_hub_that_was_not_fetched_is_not_fetched_now() -> None:
    with pytest.raises(EngineError, match=r"not on this machine.*`reportgen model setup someone/something`"):
        load_engine("someone/something", device="cpu")


def test_cuda_that_is_not_there_is_an_engine_error(tiny_gemma: Path) -> None:
    if torch.cuda.is_available():
        assert load_engine(str(tiny_gemma), device="cuda", precision="int8").info.device == "cuda"
    else:
        with pytest.raises(EngineError, match="cannot run on CUDA"):
            load_engine(str(tiny_gemma), device="cuda")
