"""The benches run and fill their columns, on a random model of a megabyte; no time is judged."""

import json
import math
import sys
from pathlib import Path
from typing import Any

import pytest

import models
import peers
import random_medgemma
import roofline
import throughput
import tiny_gemma
from limits import Device, needs
from reportgen.engines import Parameters, load_engine
from reportgen.errors import EngineError
from reportgen.nouns import Prompt

pytestmark = pytest.mark.model

NEW = 6
VLLM = """
from types import SimpleNamespace
class SamplingParams:
    def __init__(self, temperature, max_tokens): self.max_tokens = max_tokens
class LLM:
    def __init__(self, model, dtype, **_): assert dtype == "float32"
    def generate(self, prompts, told):
        return [SimpleNamespace(outputs=[SimpleNamespace(token_ids=[7] * told.max_tokens)]) for _ in prompts]
"""
LLAMA = """
class Llama:
    def __init__(self, model_path, **_): raise OSError("no such model")
"""

SERVER = """
import json, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
class Door(BaseHTTPRequestHandler):
    def do_GET(self): self.answer({"status": "ok"} if self.path == "/health" else {})
    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert self.path == "/completion" and asked["temperature"] == 0 and asked["prompt"][0] > 0
        self.answer({"tokens_predicted": asked["n_predict"]})
    def answer(self, what):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(what).encode())
    def log_message(self, *_): pass
given = dict(zip(sys.argv[1::2], sys.argv[2::2]))
ThreadingHTTPServer((given["--host"], int(given["--port"])), Door).serve_forever()
"""


@pytest.fixture(scope="module")
def random_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random model made as MedGemma's is, in a tiny shape, whose layers with a window hold a beginning."""
    tokenizer = tmp_path_factory.mktemp("tokenizer")
    words = tiny_gemma.tokenizer()
    words.save_pretrained(tokenizer)
    shape = tiny_gemma.config(len(words) + 13)
    shape.text_config.max_position_embeddings = 16_384
    shape.text_config.sliding_window = 4096
    # So wide that the canary judges its language.
    shape.text_config.intermediate_size = 20_000
    return random_medgemma.build(tmp_path_factory.mktemp("random") / "model", tokenizer, shape)


@pytest.fixture
def given(random_folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Options that name it."""
    monkeypatch.setattr(random_medgemma, "build", lambda *_: random_folder)
    monkeypatch.setattr(random_medgemma, "parameters", lambda _: 4_300_000_000)
    return ["--random-medgemma", "--device", "cpu", "--precision", "fp32", "--new-tokens", str(NEW)]


def test_the_random_model_has_the_weights_of_medgemma() -> None:
    assert f"{random_medgemma.parameters(random_medgemma.config()) / 1e9:.3f}" == "4.300"
    kinds = random_medgemma.config().text_config.layer_types
    assert (len(kinds), kinds.count("full_attention"), kinds[5]) == (34, 5, "full_attention")


def test_a_random_model_writes_to_the_end_for_the_bench_and_for_nobody_else(random_folder: Path) -> None:
    with pytest.raises(EngineError, match=r"knows no English|over and over"):
        load_engine(str(random_folder), device="cpu", precision="fp32")
    with random_medgemma.measuring():
        engine = load_engine(str(random_folder), device="cpu", precision="fp32")
        (one,) = engine.generate([Prompt(messages=(("user", "a view"),))], Parameters(max_new_tokens=40))
    assert (one.tokens, one.finish) == (40, "length")
    assert engine.info.canary == "not asked: random weights, for measuring only"


def test_throughput_fills_its_columns(
    given: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, text in (("vllm", VLLM), ("llama_cpp", LLAMA)):
        (tmp_path / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", ":".join(path for path in sys.path if path))
    monkeypatch.setattr(peers.shutil, "which", lambda _: None)
    file = tmp_path / "figures.json"
    size = ["--studies", "2", "--sample", "2", "--gguf", str(tmp_path / "a.Q4.gguf"), "--json", str(file)]
    assert throughput.main([*given, *size]) == 0
    figures = json.loads(file.read_text())
    rows = {row["writer"]: row for row in figures["rows"]}
    assert list(rows) == [
        "pipeline, batch 1",
        "pipeline, batch 8",
        "llama.cpp binding Q4",
        "vLLM fp32",
        "reportgen, prompts alone",
        "reportgen, nothing reused",
        "reportgen, cold cache",
        "reportgen, warm cache",
    ]
    assert rows["llama.cpp binding Q4"]["note"] == "failed: OSError: no such model"
    for name in ("pipeline, batch 1", "pipeline, batch 8", "vLLM fp32", "reportgen, prompts alone"):
        row = rows[name]
        assert (row["prompts"], row["tokens written"]) == (2, 2 * NEW), name
        assert row["tokens read"] == rows["pipeline, batch 1"]["tokens read"], name
        assert row["over pipeline 8"] > 0
    # Refused answers are asked again, so a run writes more than it has prompts.
    assert rows["reportgen, cold cache"]["prompts"] > figures["distinct_prompts"]
    assert rows["reportgen, warm cache"]["prompts"] == 0
    said = capsys.readouterr().out
    assert all(column in said for column in throughput.COLUMNS)
    assert "4.300 billion" in said
    assert [bound["holds"] for bound in figures["bounds"]] == [None] * 5
    assert all(bound["measured"] > 0 for bound in figures["bounds"])


def test_a_pipeline_ends_where_the_model_ends(engine: Any, scripted: Any) -> None:
    prompts = [Prompt(messages=(("user", text),)) for text in ("a view", "the view of the head", "a")]
    with scripted(engine._writer.loaded.model, [[70, 71, 5]]):
        paces = [peers.pipelined(engine, prompts, size, 20, times=2) for size in (1, 8)]
    assert [(pace.prompts, pace.new) for pace in paces] == [(3, 9), (3, 9)]
    assert paces[0].read == paces[1].read > 0


def test_a_server_of_llama_cpp_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = tmp_path / "llama-server"
    server.write_text(f"#!{sys.executable}\n{SERVER}")
    server.chmod(0o755)
    monkeypatch.setattr(peers.shutil, "which", lambda _: str(server))
    pace = peers.llama([[1, 2], [3]], 5, tmp_path / "a.Q4.gguf", gpu=False, times=2)
    assert (pace.name, pace.note) == ("llama.cpp server Q4", "")
    assert (pace.prompts, pace.read, pace.new) == (2, 3, 10)
    assert pace.a_prompt is not None
    server.write_text("#!/bin/sh\nexit 1\n")
    assert peers.llama([[1]], 5, tmp_path / "a.gguf", gpu=False).note == "failed (OSError)"


def test_a_run_that_reuses_nothing_writes_for_each_passage(random_folder: Path) -> None:
    class Writer:
        def __init__(self) -> None:
            self.asked: list[str] = []

        def generate(self, prompts: Any, parameters: Any) -> Any:
            for prompt in prompts:
                self.asked.append(prompt.id)
                yield throughput.Completion(prompt_id=prompt.id, text="Nothing.", tokens=2, prompt_tokens=3)

    study = next(one for one in throughput.prepared(throughput.cohort(9, 1)) if one.prompts)
    writer = Writer()
    engine = throughput.Counted(writer, [study, study])
    first = {prompt.id: prompt for prompt in study.prompts}
    assert [one.prompt_id for one in engine.generate(first.values(), Parameters())] == list(first)
    answers = {one: throughput.Completion(prompt_id=one, text="Nothing.") for one in first}
    second = {p.id: p for p in asked_again(study, answers)}
    list(engine.generate(second.values(), Parameters()))
    assert (
        len(writer.asked)
        == engine.prompts
        == 2 * (len(study.prompts) + len(list(asked_again(study, answers))))
    )
    assert (engine.read, engine.new) == (3 * engine.prompts, 2 * engine.prompts)


def asked_again(study: Any, answers: Any) -> list[Prompt]:
    from reportgen.domain import load_domain
    from reportgen.pipeline import second_prompts

    return list(second_prompts(study, answers, load_domain()).values())


def test_the_roof_fills_its_columns(
    given: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "figures.json"
    size = ["--batch", "1,3", "--prompt-tokens", "30", "--studies", "3", "--side", "64", "--json", str(file)]
    assert roofline.main([*given, *size]) == 0
    figures = json.loads(file.read_text())
    assert [row["batch"] for row in figures["rows"]] == [1, 3]
    said = capsys.readouterr().out
    assert all(column in said for column in roofline.COLUMNS)
    for row in figures["rows"]:
        assert all(row[name] is not None for name in ("decode limit", "prefill measured", "reports a second"))
    assert figures["cohort"]["shared"] > figures["cohort"]["own"] > 0


def test_what_a_model_needs_is_counted(random_folder: Path) -> None:
    with random_medgemma.measuring():
        model = load_engine(str(random_folder), device="cpu", precision="fp32")._writer.loaded.model
    need, text = needs(model), model.config
    per_layer = 64 * (4 * 16 + 2 * 2 * 16) + 4 * 16 * 64 + 3 * 64 * 20_000
    assert need.body == 2 * 3 * per_layer
    assert need.head == 2 * text.vocab_size * 64
    assert need.weights == 4 * sum(weight.numel() for weight in model.parameters())
    assert (need.kv, need.attention) == (2 * 2 * 16 * 4, 4 * 4 * 16)
    assert need.layers == (4096, math.inf, 4096)
    assert need.seen(5000) == 2 * 4096 + 5000
    # One that reads a byte, and does an operation, a second.
    memory, operations = need.step_s(Device(1, 1, "fp32"), 2, 10)
    assert memory == need.weights + 2 * 30 * need.kv
    assert operations == 2 * (need.body + need.head + 30 * need.attention)
    assert models.machine()["machine"]["torch"]
