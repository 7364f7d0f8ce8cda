"""The openai engine against a server that does what servers do: answer, refuse, stall, babble and die."""

import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from fake_server import FakeServer, Reply, running, said, until
from reportgen.__main__ import main
from reportgen.engines import Engine, Parameters, load_engine, openai_wire
from reportgen.errors import EngineError, ExitCode, UsageError
from reportgen.nouns import Completion, Prompt

KEY = "sk-very-secret-0123456789"
LARK = (
    'start: s0\ns0: "The view" (m_was)? m_kept a1\nm_was: " was"\nm_kept: " kept" | " seen"\na1: "."\nm_x: \n'
)
GBNF = (
    'root ::= s0\ns0 ::= "The view" ( m-was ) ? m-kept a1\nm-was ::= " was"\nm-kept ::= " kept" | " seen"\n'
    'a1 ::= "."\nm-x ::= ""\n'
)
ONE = Parameters(max_new_tokens=40)


@pytest.fixture(autouse=True)
def _no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with running() as fake:
        yield fake


@pytest.fixture
def connect(server: FakeServer) -> Iterator[Callable[..., Engine]]:
    """Load the engine at the server; all are closed at the end, and leave no thread."""
    before, engines = threading.active_count(), []

    def load(model: str = "auto", **options: Any) -> Engine:
        engines.append(load_engine(model, engine="openai", server=server.url, **options))
        return engines[-1]

    yield load
    for engine in engines:
        engine.close()
        engine.close()  # twice does no harm
    own = [one for one in threading.enumerate() if "portal" in one.name]
    assert not own, (before, own)


def asked(number: int | str, grammar: str | None = None) -> Prompt:
    return Prompt(messages=(("system", "Be brief."), ("user", f"Question {number}")), grammar=grammar)


def answers(engine: Engine, *prompts: Prompt) -> dict[str, Completion]:
    return {one.prompt_id: one for one in engine.generate(prompts, ONE)}


@contextmanager
def stalling(server: FakeServer, when: Callable[[str], bool]) -> Iterator[None]:
    """Inside, such questions get no answer."""
    over = threading.Event()

    def say(body: dict[str, Any]) -> Reply:
        if when(body["messages"][-1]["content"]):
            over.wait(20)
        return said("Fine.")

    server.say = say
    yield
    over.set()


def by_question(replies: dict[str, Reply]) -> Callable[[dict[str, Any]], Reply]:
    """Reply to the questions that are named, and answer the others."""
    return lambda body: replies.get(body["messages"][-1]["content"].split()[-1], said("Fine."))


def test_a_prompt_is_put_greedily_and_its_answer_counted(server, connect):
    server.say = lambda _: said("<unused94>thought\nhm<unused95>The view was kept. ", tokens=9)
    engine = connect()
    (got,) = engine.generate([asked(1)], ONE)
    assert got == Completion(
        prompt_id=asked(1).id, text="The view was kept.", finish="stop", prompt_tokens=30, tokens=9
    )
    (body,) = server.asked
    assert body == {
        "model": "m/one",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Question 1"},
        ],
        "temperature": 0,
        "seed": 0,
        "max_tokens": 40,
    }
    server.say = lambda _: said("The view was", "length")
    assert next(iter(answers(engine, asked(2)).values())).finish == "length"


def test_as_many_are_in_flight_as_were_asked_for_and_no_more(server, connect):
    gate = threading.Barrier(8, timeout=20)
    server.say = lambda _: (gate.wait(), said("Fine."))[1]
    read: list[int] = []

    def stream() -> Iterator[Prompt]:
        for number in range(24):
            read.append(number)
            yield asked(number)

    engine = connect(batch_size=8)
    got = []
    for one in engine.generate(stream(), ONE):
        got.append(one.prompt_id)
        assert len(read) <= len(got) + 8, "prompts are read as requests become free"
    assert sorted(got) == sorted(asked(number).id for number in range(24))
    assert server.most == 8


def test_sixty_four_are_in_flight_unless_told_otherwise(server, connect):
    release = threading.Event()
    server.say = lambda _: (release.wait(20), said("Fine."))[1]
    engine = connect()
    stream = engine.generate(map(asked, range(100)), ONE)
    first = threading.Thread(target=lambda: next(stream))
    first.start()
    until(lambda: server.flying == 64)
    release.set()
    first.join()
    assert len(list(stream)) == 99
    assert server.most == 64


def test_an_overloaded_server_is_asked_again(server, connect):
    replies = iter([(503, "text/plain", b"busy"), (429, "text/plain", b"slow down"), said("Fine.")])
    server.say = lambda _: next(replies)
    (got,) = answers(connect(), asked(1)).values()
    assert (got.text, got.error) == ("Fine.", None)
    assert len(server.asked) == 3


ECHO = b'{"error": {"message": "cannot take: Question 1"}}'
RUBBISH: dict[str, Reply] = {
    "status_400": (400, "application/json", ECHO),
    "status_413": (413, "text/plain", ECHO),
    "status_422": (422, "application/json", ECHO),
    "status_500": (500, "application/json", ECHO),
    "null": said(None),
    "no_choices": (200, "application/json", b'{"choices": []}'),
    "no_completion": (200, "application/json", b'{"detail": "Question 1"}'),
    "html": (200, "text/html", b"<html>Question 1</html>"),
    "no_json": (200, "application/json", b'{"choices": [{"message": {"content": "Qu'),
    "withheld": said("Fi", "content_filter"),
}


@pytest.mark.parametrize("what", RUBBISH)
def test_a_refusal_or_rubbish_costs_one_prompt_and_repeats_nothing(server, connect, what):
    server.say = by_question({"1": RUBBISH[what]})
    got = answers(connect(), *map(asked, range(3)))
    bad = got.pop(asked(1).id)
    assert bad.error
    assert not bad.text
    assert "Question" not in bad.error
    if what.startswith("status"):
        assert f"HTTP {what[-3:]}" in bad.error
    assert [one.text for one in got.values()] == ["Fine.", "Fine."]


@pytest.mark.parametrize(
    ("status", "message"),
    [(401, "refuses the key"), (403, "refuses the key"), (404, "does not have"), (429, "a smaller --batch")],
)
def test_what_every_prompt_would_get_ends_the_run(server, connect, monkeypatch, status, message):
    monkeypatch.setattr(openai_wire, "RETRIES", 1)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    engine = connect(batch_size=1)
    server.say = by_question({"1": (status, "text/plain", f"no: {KEY}".encode())})
    stream = engine.generate(map(asked, range(3)), ONE)
    assert next(stream).text == "Fine."
    with pytest.raises(EngineError, match=message) as refused:
        next(stream)
    assert KEY not in str(refused.value)
    assert server.place in str(refused.value)


def test_a_server_that_dies_is_lost_and_the_rest_has_no_completion(server, connect, monkeypatch):
    monkeypatch.setattr(openai_wire, "RETRIES", 0)
    engine = connect(batch_size=1)

    def die(body: dict[str, Any]) -> Reply:
        if body["messages"][-1]["content"].endswith("2"):
            server.pages["/v1/models"] = (503, "text/plain", b"")
            return 502, "text/html", b"<html>Bad Gateway</html>"
        return said("Fine.")

    server.say = die
    stream = engine.generate(map(asked, range(9)), ONE)
    assert [next(stream).text for _ in range(2)] == ["Fine.", "Fine."]
    with pytest.raises(EngineError, match=r"was lost.*same command again") as lost:
        next(stream)
    assert lost.value.code == ExitCode.ENGINE
    assert len(server.asked) == 3
    assert list(stream) == []


def test_a_server_that_is_gone_is_lost(connect, server, monkeypatch):
    monkeypatch.setattr(openai_wire, "RETRIES", 0)
    engine = connect()
    server.gone = True
    with pytest.raises(EngineError, match="was lost"):
        list(engine.generate([asked(1)], ONE))


def test_a_server_that_lives_but_answers_nothing_any_more_is_lost(server, connect, monkeypatch):
    monkeypatch.setattr(openai_wire, "RETRIES", 0)
    monkeypatch.setattr(openai_wire, "PATIENCE", 3)
    engine = connect(batch_size=1)
    server.say = lambda _: (500, "text/plain", b"")
    stream = engine.generate(map(asked, range(9)), ONE)
    failed = "The server failed at this prompt (HTTP 500)."
    assert [next(stream).error for _ in range(3)] == [failed] * 3
    with pytest.raises(EngineError, match="was lost"):
        next(stream)


def test_an_answer_that_does_not_end_costs_one_prompt(server, connect, monkeypatch):
    engine = connect()
    monkeypatch.setattr(openai_wire, "ANSWER_SECONDS", 0.3)
    with stalling(server, lambda question: question == "Question 1"):
        got = answers(engine, asked(1), asked(2))
    assert got[asked(1).id].error == "No answer within 0.3 seconds."
    assert got[asked(2).id].text == "Fine."


def test_a_consumer_that_leaves_calls_off_what_is_in_flight(server, connect):
    engine = connect(batch_size=4)
    with stalling(server, lambda question: question != "Question 0"):
        stream = engine.generate(map(asked, range(50)), ONE)
        assert next(stream).text == "Fine."
        stream.close()
        engine.close()  # would wait for answers that never come
        assert server.flying <= 4
    assert len(server.asked) <= 5
    with pytest.raises(EngineError, match="closed"):
        next(engine.generate([asked(1)], ONE))


def test_the_key_comes_from_file_or_environment_and_is_never_told(server, connect, monkeypatch, tmp_path):
    connect()
    assert KEY not in "".join(map(str, server.keys))
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    engine = connect()
    assert server.keys[-1] == f"Bearer {KEY}"
    (tmp_path / "key").write_text("another\n")
    second = connect(api_key_file=tmp_path / "key")
    assert server.keys[-1] == "Bearer another"
    assert engine.fingerprint() == second.fingerprint()
    assert KEY not in engine.info.model_dump_json() + repr(engine)


def test_a_redirect_is_not_followed(server, connect):
    with running() as other:
        server.pages["/v1/models"] = (307, "text/plain", f"{other.url}/models".encode())
        with pytest.raises(EngineError, match=r"leads to another address \(HTTP 307\)"):
            connect()
        assert not other.keys


@pytest.mark.parametrize(
    ("owner", "pages", "software"),
    [
        ("vllm", {"/version": {"version": "0.14.0"}}, "vLLM 0.14.0"),
        ("llamacpp", {"/props": {"build_info": "b9000-abc"}}, "llama.cpp b9000-abc"),
        ("sglang", {"/get_server_info": {"version": "0.5.9"}}, "SGLang 0.5.9"),
        ("sglang", {"/server_info": (200, "text/html", b"<p>")}, "SGLang, version unknown"),
    ],
)
def test_each_software_gets_the_grammar_in_its_own_field(server, connect, owner, pages, software):
    field = {
        "vllm": {"structured_outputs": {"grammar": GBNF}},
        "llamacpp": {"grammar": GBNF},
        "sglang": {"ebnf": GBNF},
    }[owner]
    server.pages = pages
    server.models("m/one", owner=owner)
    engine = connect()
    assert (engine.info.server, engine.info.name) == (software, f"one ({software})")
    answers(engine, asked(1, LARK))
    (body,) = server.asked
    assert field.items() <= body.items()


def test_a_server_of_another_kind_is_not_asked_under_a_grammar(server, connect):
    server.models("m/one", owner="me")
    engine = connect()
    assert engine.info.server is not None
    assert engine.info.server.startswith("BaseHTTP")
    (got,) = answers(engine, asked(1, LARK)).values()
    assert (got.error, server.asked) == ("The server takes no grammar.", [])


def test_a_grammar_beyond_the_carriers_costs_one_prompt(server, connect):
    beyond, plain = asked(1, "start: /[a-z]+/\n"), asked(2)
    got = answers(connect(), beyond, plain)
    assert got[beyond.id].error == "The grammar is not one that can be translated for a server."
    assert got[plain.id].text == "Fine."
    assert len(server.asked) == 1


def _refuses_system(body: dict[str, Any]) -> Reply:
    return (400, "text/plain", b"") if body["messages"][0]["role"] == "system" else said("Recorded.")


@pytest.mark.parametrize("canary", [_refuses_system, lambda _: said("Recorded.")])
def test_a_template_that_refuses_or_drops_the_system_text_gets_it_with_the_question(server, connect, canary):
    server.canary = canary
    engine = connect()
    answers(engine, asked(1))
    assert server.asked[0]["messages"] == [{"role": "user", "content": "Be brief.\n\nQuestion 1"}]
    assert engine.info.generation["system"] == "folded"


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (said("  "), "answers a plain question with nothing"),
        ((400, "text/plain", b"secret"), r"gives no answer to a plain question.*HTTP 400"),
        (said(None), "gives no answer to a plain question"),
        ((401, "text/plain", b""), "refuses the key"),
    ],
)
def test_a_server_that_fails_the_canary_is_not_used(server, connect, reply, message):
    server.canary = lambda _: reply
    with pytest.raises(EngineError, match=message):
        connect()


@pytest.mark.parametrize(
    ("page", "message"),
    [
        ((404, "text/plain", b""), "usually ends in /v1"),
        ((200, "text/html", b"<html>"), "no OpenAI-compatible list"),
        ({"data": "none"}, "no OpenAI-compatible list"),
        ((401, "text/plain", b""), "refuses the key"),
    ],
)
def test_what_is_no_such_server_is_named(server, connect, page, message):
    server.pages["/v1/models"] = page
    with pytest.raises(EngineError, match=message) as error:
        connect()
    assert server.place in str(error.value)


def test_auto_takes_the_only_model_and_others_must_be_there(server, connect):
    assert connect().info.model == "m/one"
    server.models("m/one", "m/two", owner="vllm")
    assert connect("m/two").info.model == "m/two"
    with pytest.raises(UsageError, match=r"lists: m/one, m/two\. Name one with --model"):
        connect()
    with pytest.raises(EngineError, match=r"does not have the model of --model\. It lists: m/one, m/two"):
        connect("m/three")
    server.models(owner="me")
    assert connect("a/folder").info.model == "a/folder"
    with pytest.raises(UsageError, match="lists: none"):
        connect()


def test_the_fingerprint_is_of_model_and_software_not_of_the_place(server, connect):
    first = connect().fingerprint()
    with running() as other:
        elsewhere = load_engine(engine="openai", server=other.url + "/")
        assert elsewhere.fingerprint() == first
        elsewhere.close()
    server.pages["/version"] = {"version": "0.15.0"}
    second = connect().fingerprint()
    server.models("m/two", owner="vllm")
    third = connect().fingerprint()
    server.canary = _refuses_system
    assert len({first, second, third, connect().fingerprint()}) == 4


SERVER = "http://127.0.0.1:9/v1"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"engine": "openai"}, "--engine openai needs a server. Give --server"),
        ({"server": SERVER}, "for --engine openai alone"),
        ({"engine": "template", "server": SERVER}, "for --engine openai alone"),
        ({"engine": "transformers", "api_key_file": Path("key")}, "for --engine openai alone"),
        ({"engine": "openai", "server": SERVER, "device": "cpu"}, "--device with --engine openai"),
        ({"engine": "openai", "server": SERVER, "precision": "bf16"}, "--precision with --engine openai"),
        ({"engine": "openai", "server": SERVER, "batch_size": 0}, "less than 1"),
        ({"engine": "openai", "server": "localhost:8000"}, "--server is no address"),
        ({"engine": "openai", "server": "http://[1/v1"}, "--server is no address"),
        ({"engine": "openai", "server": "ftp://host/v1"}, "--server is no address"),
        ({"engine": "openai", "server": f"http://me:{KEY}@host/v1"}, "more than an address"),
        ({"engine": "openai", "server": f"http://host/v1?key={KEY}"}, "more than an address"),
        ({"engine": "openai", "server": SERVER, "api_key_file": Path("none")}, "cannot be read"),
    ],
)
def test_wrong_arguments_are_wrong_usage(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message) as error:
        load_engine(**arguments)
    assert KEY not in str(error.value)


@pytest.mark.parametrize("content", ["", " \n", "two\nlines", "schlüssel"])
def test_a_file_without_a_key_is_wrong_usage(content: str, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(content, "utf-8")
    with pytest.raises(UsageError, match="key"):
        load_engine(engine="openai", server=SERVER, api_key_file=tmp_path / "key")


def test_nobody_there_is_said_with_host_and_port():
    with pytest.raises(EngineError, match=r"No server answers at 127\.0\.0\.1:9\..*correct --server"):
        load_engine(engine="openai", server=SERVER)


SAMPLE = Path(__file__).parents[2] / "samples" / "fada_chatbot"


def good(body: dict[str, Any]) -> Reply:
    return said("The software recognised [[F1]].")


def test_run_and_draft_take_the_server_from_the_environment_too(server, tmp_path, monkeypatch, capsys):
    server.say = good
    out, key = tmp_path / "out", tmp_path / "key"
    key.write_text(KEY)
    assert (
        main(["run", str(SAMPLE), "-o", str(out), "--engine", "openai", "--server", server.url, "--quiet",
              "--api-key-file", str(key)]) == 0
    )  # fmt: skip
    report = json.loads(next(out.glob("*/report.json")).read_bytes())
    provenance = report["provenance"]
    assert (provenance["engine"], provenance["model"], provenance["server"]) == (
        "openai", "m/one", "vLLM 0.14.0",
    )  # fmt: skip
    assert "one (vLLM 0.14.0)" in report["imprint"]
    assert "revision" not in provenance
    for path in out.rglob("*"):
        assert path.is_dir() or KEY.encode() not in path.read_bytes()
    monkeypatch.setenv("REPORTGEN_SERVER", server.url)
    monkeypatch.setenv("REPORTGEN_ENGINE", "openai")
    assert main(["draft", str(next(SAMPLE.glob("*.json")))]) == 0
    said_ = capsys.readouterr()
    assert said_.out.strip() == "The software recognised [[F1]]."
    assert KEY not in said_.out + said_.err


def test_a_run_that_loses_its_server_ends_with_4(server, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(openai_wire, "RETRIES", 0)
    server.say = lambda _: (401, "text/plain", b"")
    out = tmp_path / "out"
    arguments = ["run", str(SAMPLE), "-o", str(out), "--engine", "openai", "--server", server.url]
    assert main(arguments) == ExitCode.ENGINE
    assert "refuses the key" in capsys.readouterr().err
    summary = json.loads((out / "summary.json").read_bytes())
    assert (summary["done"], summary["pending"], summary["stopped"]) == (0, 1, "engine lost")
    server.say = good
    assert main(arguments) == 0


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_ctrl_c_is_heard_while_the_server_is_silent(server, tmp_path):
    def press() -> None:
        until(lambda: server.flying > 0)
        os.kill(os.getpid(), signal.SIGINT)

    pressing = threading.Thread(target=press)
    pressing.start()
    arguments = ["run", str(SAMPLE), "-o", str(tmp_path), "--engine", "openai", "--server", server.url]
    with stalling(server, lambda _: True):
        code = main(arguments)
        assert server.flying == 1, "it did not wait for the answer"
    pressing.join()
    assert code == ExitCode.INTERRUPTED
