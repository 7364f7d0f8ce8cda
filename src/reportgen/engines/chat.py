"""From chat messages to the text a model reads, and from the text a model wrote to the answer in it."""

import re
from collections.abc import Iterable
from typing import Any

from reportgen.errors import EngineError

__all__ = ["THOUGHT_MARKS", "fold_system", "render", "repeats", "takes_system", "without_thought"]

#: MedGemma 1.5 thinks aloud between these two before it answers. They are ordinary tokens to its tokenizer.
THOUGHT_MARKS = ("<unused94>", "<unused95>")

_THOUGHT = re.compile(re.escape(THOUGHT_MARKS[0]) + ".*?" + re.escape(THOUGHT_MARKS[1]), re.DOTALL)
_SENTINEL = "reportgen-system-sentinel"

Messages = Iterable[tuple[str, str]]


def takes_system(tokenizer: Any) -> bool:
    """Whether the chat template prints a system message. Some refuse it, some drop it without a word."""
    from jinja2 import TemplateError

    probe = [{"role": "system", "content": _SENTINEL}, {"role": "user", "content": "?"}]
    try:
        return _SENTINEL in tokenizer.apply_chat_template(probe, tokenize=False, add_generation_prompt=True)
    except TemplateError:
        return False
    except ValueError as error:
        raise EngineError(
            "The model's tokenizer has no chat template, so it is not one that follows instructions.",
            "Choose an instruction-tuned model ('-it', '-instruct').",
        ) from error


def fold_system(messages: Messages) -> list[tuple[str, str]]:
    """The same conversation with the system text at the head of the first user message."""
    system, folded = "", []
    for role, text in messages:
        if role == "system":
            system += text + "\n\n"
        else:
            folded.append((role, system + text if role == "user" else text))
            system = "" if role == "user" else system
    return folded


def render(tokenizer: Any, messages: Messages, *, system: bool, answer: bool = True) -> str:
    """The prompt as the model's chat template writes it, up to where the answer begins.

    The template writes ``<bos>`` itself where the model wants it, so the result is to be tokenized with
    ``add_special_tokens=False``.

    Args:
        system: Whether the template prints system messages (see ``takes_system``).
        answer: Whether an answer is to follow; else the text ends with the last message.

    Raises:
        jinja2.TemplateError: The template refuses this order of roles.
    """
    turns = list(messages) if system else fold_system(messages)
    chat = [{"role": role, "content": text} for role, text in turns]
    return str(tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=answer))


def without_thought(text: str) -> str:
    """The answer without hidden reasoning, even where that was never closed, or never opened."""
    opened, closed = THOUGHT_MARKS
    text = _THOUGHT.sub("", text)
    text = text.partition(opened)[0]
    return text.rpartition(closed)[2].strip()


def repeats(tokens: list[int], *, times: int = 4, least: int = 16, longest: int = 32) -> bool:
    """Whether ``tokens`` end in one block, over and over: the model loops and will not stop by itself.

    A block of up to ``longest`` tokens, at least ``times`` times, over at least ``least`` tokens. Sentences
    of a report differ in their slots, so honest text does not come near this.
    """
    for size in range(1, longest + 1):
        span = max(size * times, least)
        if span > len(tokens):
            return False
        tail = tokens[-span:]
        if tail[size:] == tail[:-size]:
            return True
    return False
