"""Chat templates, hidden reasoning, loops: everything about words that needs no model."""

from typing import Any

import jinja2
import pytest

from reportgen.engines.chat import fold_system, render, repeats, takes_system, without_thought
from reportgen.errors import EngineError

PLAIN = "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}<assistant>"
REFUSING = "{% if messages[0].role == 'system' %}{{ fail() }}{% endif %}" + PLAIN
DROPPING = PLAIN.replace(
    "<{{ m.role }}>{{ m.content }}", "{% if m.role != 'system' %}<{{ m.role }}>{{ m.content }}{% endif %}"
)


class Tokenizer:
    """The part of a tokenizer that renders."""

    def __init__(self, template: str | None) -> None:
        self.template = template

    def apply_chat_template(self, chat: list[dict[str, str]], **_: Any) -> str:
        if self.template is None:
            raise ValueError("Cannot use chat template functions")
        return jinja2.Environment().from_string(self.template).render(messages=chat, fail=self._fail)

    def _fail(self) -> None:
        raise jinja2.TemplateError("System role not supported")


MESSAGES = [("system", "Be brief."), ("user", "One"), ("assistant", "1"), ("user", "Two")]


@pytest.mark.parametrize(("template", "takes"), [(PLAIN, True), (REFUSING, False), (DROPPING, False)])
def test_no_template_loses_the_system_text(template: str, takes: bool) -> None:
    tokenizer = Tokenizer(template)
    assert takes_system(tokenizer) is takes
    text = render(tokenizer, MESSAGES, system=takes)
    assert text.count("Be brief.") == 1
    assert text.endswith("<user>Two<assistant>")


def test_the_system_text_is_folded_into_the_first_user_turn_only() -> None:
    assert fold_system(MESSAGES) == [("user", "Be brief.\n\nOne"), ("assistant", "1"), ("user", "Two")]


def test_a_tokenizer_without_template_is_refused() -> None:
    with pytest.raises(EngineError, match="has no chat template"):
        takes_system(Tokenizer(None))


@pytest.mark.parametrize(
    ("written", "answer"),
    [
        ("An answer.", "An answer."),
        ("<unused94>thought\nThe user wants ...<unused95>An answer.", "An answer."),
        ("<unused94>thought\nThe user wants ...", ""),
        ("thought\nThe user wants ...<unused95>An answer.", "An answer."),
        ("An <unused94>thought a<unused95>answer.<unused94>thought\nb", "An answer."),
    ],
)
def test_hidden_reasoning_is_no_part_of_the_answer(written: str, answer: str) -> None:
    assert without_thought(written) == answer


@pytest.mark.parametrize(
    ("tokens", "loops"),
    [
        ([1, 2, 3] + [9] * 16, True),
        ([1, 2, 3] + [9] * 15, False),
        ([5] + [1, 2, 3, 4] * 4, True),
        ([5] + [1, 2, 3, 4] * 3 + [1, 2, 3], False),
        ([*range(100), *range(30), *range(30), *range(30), *range(30)], True),
        ([7, 1, 7, 2, 7, 3, 7, 4, 7, 5, 7, 6, 7, 8, 7, 9, 7, 10], False),
        ([], False),
    ],
)
def test_a_loop_is_a_block_four_times_over(tokens: list[int], loops: bool) -> None:
    assert repeats(tokens) is loops
