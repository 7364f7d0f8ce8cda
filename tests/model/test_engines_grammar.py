"""The constrained rung: rows with a grammar obey it, rows without one are left alone."""

import re
from typing import Any

import pytest

from reportgen.engines import Parameters
from reportgen.nouns.words import Completion, Prompt

pytestmark = pytest.mark.model

SHORT = Parameters(max_new_tokens=40)
END = 5
ONE = 'start: ("The software recognised" | "The view was") " [[F1]]" (" in this image")? "."'
TWO = 'start: "The software recognised [[F1]]." " " "[[F2]] was recorded."'


def prompt(text: str, grammar: str | None = None) -> Prompt:
    return Prompt(messages=(("user", text),), grammar=grammar)


def complete(engine: Any, prompts: list[Prompt], parameters: Parameters = SHORT) -> list[Completion]:
    done = {completion.prompt_id: completion for completion in engine.generate(prompts, parameters)}
    return [done[prompt.id] for prompt in prompts]


def test_bound_and_free_rows_share_a_batch(engine: Any, scripted: Any) -> None:
    bound = [prompt("view one", ONE), prompt("view of two", TWO)]
    free = [prompt("view of the head"), prompt("abdomen")]
    alone = [complete(engine, [one])[0] for one in free]
    with scripted(engine._writer.loaded.model, [[20]]) as batches:
        complete(engine, [bound[0], free[0], bound[1], free[1]], Parameters(max_new_tokens=1))
    assert batches == [4]
    one, free_one, two, free_two = complete(engine, [bound[0], free[0], bound[1], free[1]])
    assert re.fullmatch(r"(The software recognised|The view was) \[\[F1\]\]( in this image)?\.", one.text)
    assert two.text == "The software recognised [[F1]]. [[F2]] was recorded."
    assert (one.finish, two.finish, one.error, two.error) == ("stop", "stop", None, None)
    assert [free_one, free_two] == alone


def test_a_complete_answer_is_ended_whatever_the_model_wants(engine: Any, scripted: Any) -> None:
    # The head wants one token that no grammar allows after its end, and never an end.
    with scripted(engine._writer.loaded.model, [[300]]):
        (done,) = complete(engine, [prompt("view", TWO)])
    assert (done.text, done.finish) == ("The software recognised [[F1]]. [[F2]] was recorded.", "stop")


def test_an_optional_part_may_be_left_out_with_the_end_of_the_turn(engine: Any, scripted: Any) -> None:
    # A chat model ends with the turn's end, not with <eos>: if only <eos> were allowed, every optional part
    # would be written.
    grammar = 'start: "The view" (" was recorded")*'
    words = [*engine._writer.loaded.tokenizer("The view", add_special_tokens=False)["input_ids"], END]
    with scripted(engine._writer.loaded.model, [words]):
        (done,) = complete(engine, [prompt("view", grammar)])
    assert (done.text, done.finish) == ("The view", "stop")


def test_an_answer_cut_off_within_its_grammar_is_no_finished_one(engine: Any) -> None:
    (done,) = complete(engine, [prompt("view", TWO)], Parameters(max_new_tokens=3))
    assert (done.finish, done.error) == ("length", None)
    assert "The software recognised".startswith(done.text)


def test_a_loop_inside_a_grammar_is_ended(engine: Any, scripted: Any) -> None:
    # The head wants what is barred, so the first token that is allowed is taken: never the end, "~".
    endless = prompt("view", 'start: ("view ")+ "~"')
    with scripted(engine._writer.loaded.model, [[300]]):
        (done,) = complete(engine, [endless], Parameters(max_new_tokens=200))
    assert (done.finish, done.error) == ("length", None)
    assert done.tokens < 50
    assert done.text.startswith("view view view view")


def test_something_that_is_no_grammar_fails_alone(engine: Any) -> None:
    broken, sound = complete(engine, [prompt("view", "start: ("), prompt("head", TWO)])
    assert broken.error == "The grammar is not one that llguidance accepts."
    assert sound.text == "The software recognised [[F1]]. [[F2]] was recorded."


def test_an_answer_outside_its_grammar_is_an_error(engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from reportgen.engines.grammar import Masking

    # Without its effect, the mask's own check of the finished answer must still catch it.
    monkeypatch.setattr(Masking, "__call__", lambda _self, _ids, scores: scores)
    (done,) = complete(engine, [prompt("view", TWO)])
    assert (done.text, done.error) == ("", "The answer does not obey its grammar.")


def test_a_grammar_is_compiled_once_and_every_row_starts_anew(engine: Any) -> None:
    first = complete(engine, [prompt(f"view {n}", TWO) for n in range(6)])
    assert {completion.text for completion in first} == {
        "The software recognised [[F1]]. [[F2]] was recorded."
    }
    assert engine._writer._grammars._compiled.cache_info().misses == 1
