"""Writing: batches, ends, loops, thoughts, memory. The model is real; some tests script its head."""

import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import torch

from reportgen.engines import Parameters, load_engine
from reportgen.errors import EngineError
from reportgen.nouns.words import Completion, Prompt

pytestmark = pytest.mark.model

SHORT = Parameters(max_new_tokens=24)
END = 5


def prompt(text: str, grammar: str | None = None) -> Prompt:
    return Prompt(messages=(("system", "Write plain sentences."), ("user", text)), grammar=grammar)


PROMPTS = [prompt("The view of the fetal head. " * n + f"[[F{n}]]") for n in (3, 1, 7, 2, 12, 5)]


def complete(engine: Any, prompts: list[Prompt], parameters: Parameters = SHORT) -> dict[str, Completion]:
    """Completions by prompt id: one a prompt, or the test fails."""
    done = list(engine.generate(prompts, parameters))
    assert sorted(completion.prompt_id for completion in done) == sorted(prompt.id for prompt in prompts)
    return {completion.prompt_id: completion for completion in done}


def ids(engine: Any, text: str) -> list[int]:
    return engine._writer.loaded.tokenizer(text, add_special_tokens=False)["input_ids"]


def model(engine: Any) -> Any:
    return engine._writer.loaded.model


def test_in_fp32_a_batch_writes_what_each_prompt_gets_alone(engine: Any) -> None:
    together = complete(engine, PROMPTS)
    alone = {one.id: complete(engine, [one])[one.id] for one in PROMPTS}
    assert together == alone
    assert len({completion.text for completion in together.values()}) > 1, (
        "the model says the same to everything"
    )


def test_closing_ends_what_another_thread_writes(engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = threading.Event()
    step = type(model(engine)).forward

    def slow(self: Any, *args: Any, **more: Any) -> Any:
        begun.set()
        time.sleep(0.05)
        return step(self, *args, **more)

    monkeypatch.setattr(type(model(engine)), "forward", slow)
    with ThreadPoolExecutor() as pool:
        writing = pool.submit(lambda: list(engine.generate(PROMPTS[:1], Parameters(max_new_tokens=500))))
        assert begun.wait(60)
        engine.close()
        with pytest.raises(EngineError, match="closed"):
            writing.result(timeout=60)


def test_padding_stands_on_the_left(engine: Any) -> None:
    inputs, attention = engine._writer.pad([[7, 8, 9], [7]])
    assert inputs.tolist() == [[7, 8, 9], [0, 0, 7]]
    assert attention.tolist() == [[1, 1, 1], [0, 0, 1]]


def test_the_template_writes_the_only_bos(engine: Any) -> None:
    row = engine._writer.encode(PROMPTS[0], 8)
    assert row.tokens.count(2) == 1
    assert row.tokens[0] == 2


def test_a_template_without_system_role_gets_the_system_text_in_the_users_turn(engine: Any) -> None:
    tokenizer = engine._writer.loaded.tokenizer
    before = engine._writer.encode(PROMPTS[0], 8).tokens
    refusing = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system') }}{% endif %}"
    tokenizer.chat_template = refusing + tokenizer.chat_template
    from reportgen.engines import chat, hf_write

    assert not chat.takes_system(tokenizer)
    loaded = type(engine._writer.loaded)(**{**vars(engine._writer.loaded), "system": False})
    assert hf_write.Writer(loaded).encode(PROMPTS[0], 8).tokens == before


def test_the_answer_is_cut_off_by_tokens_not_by_text(engine: Any, scripted: Any) -> None:
    # A prompt that does not decode to itself: a split of the text would cut in the wrong place.
    odd = prompt("a  b <bos> c <end_of_turn>")
    with scripted(model(engine), [[*ids(engine, "The view."), END]]):
        assert complete(engine, [odd])[odd.id].text == "The view."


def test_an_answer_ends_at_the_end_of_the_turn(engine: Any, scripted: Any) -> None:
    words = [*ids(engine, "The view was recorded."), END, *ids(engine, "user more")]
    with scripted(model(engine), [words]):
        done = complete(engine, [PROMPTS[0]])[PROMPTS[0].id]
    assert (done.text, done.finish) == ("The view was recorded.", "stop")
    assert done.tokens == words.index(END) + 1
    assert done.prompt_tokens == len(engine._writer.encode(PROMPTS[0], 8).tokens)


def test_an_answer_that_is_cut_off_says_so(engine: Any, scripted: Any) -> None:
    words = ids(
        engine, "The view of the fetal abdomen was identified; the circumference was recorded in this image."
    )
    with scripted(model(engine), [words]):
        done = complete(engine, [PROMPTS[0]], Parameters(max_new_tokens=6))[PROMPTS[0].id]
    assert (done.finish, done.tokens) == ("length", 6)


@pytest.mark.parametrize(
    ("thought", "answer"),
    [("<unused94>thought\nThe view<unused95>", "The view."), ("<unused94>thought\n", "")],
)
def test_a_thought_is_no_part_of_the_answer(engine: Any, scripted: Any, thought: str, answer: str) -> None:
    with scripted(model(engine), [[*ids(engine, thought + "The view."), END]]):
        assert complete(engine, [PROMPTS[0]])[PROMPTS[0].id].text == answer


def test_thought_marks_that_a_tokenizer_calls_special_still_count(engine: Any, scripted: Any) -> None:
    from reportgen.engines.hf_write import Writer

    tokenizer = engine._writer.loaded.tokenizer
    tokenizer.add_special_tokens({"additional_special_tokens": ["<unused94>", "<unused95>"]})
    assert tokenizer.convert_tokens_to_ids("<unused94>") in tokenizer.all_special_ids
    engine._writer = Writer(engine._writer.loaded)
    with scripted(model(engine), [[*ids(engine, "<unused94>thought\nThe view<unused95>The head."), END]]):
        assert complete(engine, [PROMPTS[0]])[PROMPTS[0].id].text == "The head."


def test_a_loop_is_ended_early_and_is_no_finished_answer(engine: Any, scripted: Any) -> None:
    looping = ids(engine, "The view was") + ids(engine, " recorded recorded") * 40
    ending = [*ids(engine, "The view."), END]
    short, long = PROMPTS[1], PROMPTS[4]
    with scripted(model(engine), [ending, looping]):
        done = complete(engine, [short, long], Parameters(max_new_tokens=160))
    assert (done[short.id].text, done[short.id].finish) == ("The view.", "stop")
    assert done[long.id].finish == "length"
    assert done[long.id].tokens < 80
    assert done[long.id].error is None


def test_prompts_are_read_as_they_are_needed_and_none_is_lost(engine: Any) -> None:
    read = 0

    def endless() -> Iterator[Prompt]:
        nonlocal read
        while True:
            read += 1
            yield prompt(f"view {read}")

    stream = engine.generate(endless(), Parameters(max_new_tokens=2))
    got = [next(stream).prompt_id for _ in range(40)]
    assert len(set(got)) == 40
    assert read == 64, "two windows of eight batches of four"


def test_batch_mates_have_similar_lengths(engine: Any, scripted: Any) -> None:
    prompts = [prompt("x " * n) for n in (40, 1, 41, 2, 42, 3, 43, 4)]
    order = []
    with scripted(model(engine), [[END]]) as batches:
        order = [completion.prompt_tokens for completion in engine.generate(prompts, SHORT)]
    assert batches == [4, 4]
    assert order == sorted(order)
    assert max(order[:4]) < min(order[4:]) - 30


def test_a_prompt_that_is_too_long_fails_alone(engine: Any) -> None:
    endless = prompt("view " * 2000)
    done = complete(engine, [PROMPTS[0], endless])
    assert "the model takes 1024 together" in (done[endless.id].error or "")
    assert done[endless.id].text == ""
    assert done[PROMPTS[0].id].error is None


def test_roles_that_the_template_refuses_fail_alone(engine: Any) -> None:
    odd = Prompt(messages=(("user", "a"), ("user", "b")))
    done = complete(engine, [PROMPTS[0], odd])
    assert "refuses this order of roles" in (done[odd.id].error or "")
    assert done[PROMPTS[0].id].error is None


OUT_OF_MEMORY = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
    MemoryError(),
    *map(
        RuntimeError,
        (
            "CUDA error: out of memory\nCUDA kernel errors might be asynchronously reported",
            "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
            "cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
            "cuDNN error: CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED",
            "HIP error: hipErrorOutOfMemory",
            "CUDA error: HIPBLAS_STATUS_ALLOC_FAILED when calling `hipblasCreate(handle)`",
            "CUDA error: rocblas_status_memory_error",
            "miopenStatusAllocFailed",
            "[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes.",
            "[enforce fail] DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes.",
        ),
    ),
]


def fit(engine: Any, monkeypatch: pytest.MonkeyPatch, rows: int, error: BaseException) -> list[int]:
    """Let only batches of up to ``rows`` fit into memory; the sizes that were tried."""
    tried: list[int] = []
    real = model(engine).generate

    def generate(input_ids: Any, **options: Any) -> Any:
        tried.append(len(input_ids))
        if len(input_ids) > rows:
            raise error
        return real(input_ids=input_ids, **options)

    monkeypatch.setattr(model(engine), "generate", generate)
    return tried


@pytest.mark.parametrize("error", OUT_OF_MEMORY, ids=str)
def test_when_memory_runs_out_the_batch_is_halved_and_no_prompt_lost(
    engine: Any, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    expected = complete(engine, PROMPTS)
    tried = fit(engine, monkeypatch, 1, error)
    assert complete(engine, PROMPTS) == expected
    assert tried == [4, 2, 1, 1, 1, 1, 1, 1]
    assert engine.batch_size == 1


def test_a_prompt_that_does_not_fit_even_alone_is_its_own_failure(
    engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    fit(engine, monkeypatch, 0, OUT_OF_MEMORY[0])
    done = complete(engine, PROMPTS[:2])
    assert all("does not fit into the memory" in (completion.error or "") for completion in done.values())


@pytest.mark.parametrize(
    "words",
    [
        "CUDA error: an illegal memory access was encountered",
        "CUDA error: CUBLAS_STATUS_EXECUTION_FAILED when calling `cublasSgemm(handle)`",
        "HIP error: the memory is not ours",
    ],
)
def test_another_failure_of_the_device_is_the_loss_of_the_engine(
    engine: Any, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    tried = fit(engine, monkeypatch, 0, RuntimeError(f"{words}\nmore"))
    with pytest.raises(EngineError, match=rf"was lost .*{re.escape(words)}\)"):
        list(engine.generate(PROMPTS, SHORT))
    assert tried == [4]


@pytest.mark.parametrize(("given", "size"), [(3, 3), (None, 16)])
def test_the_batch_is_what_was_given_or_suits_the_device(
    tiny_gemma: Path, given: int | None, size: int
) -> None:
    loaded = load_engine(str(tiny_gemma), device="cpu", precision="fp32", batch_size=given)
    assert loaded.batch_size == size
    loaded.close()


def test_a_closed_engine_says_so(engine: Any) -> None:
    engine.close()
    with pytest.raises(EngineError, match="was closed"):
        list(engine.generate(PROMPTS, SHORT))
