"""What the model is asked, what it answers, and what the check says of the answer."""

from functools import cached_property
from typing import Literal

from reportgen.files import canonical_json, sha256
from reportgen.nouns.base import Frozen

__all__ = ["Check", "CheckedSentence", "Completion", "Objection", "Prompt"]


class Prompt(Frozen):
    """One question to a model: chat messages, and optionally a grammar that binds the answer.

    Attributes:
        messages: ``(role, text)`` pairs; roles are system, user and assistant.
        grammar: A Lark grammar as llguidance reads it, or None for a free answer.
    """

    messages: tuple[tuple[Literal["system", "user", "assistant"], str], ...]
    grammar: str | None = None

    @cached_property
    def id(self) -> str:
        """Equal prompts have equal ids: hash of messages and grammar."""
        return sha256(canonical_json([self.messages, self.grammar]))


class Completion(Frozen):
    """A model's raw answer to one prompt, or why there is none.

    Attributes:
        text: The answer without prompt, special tokens and hidden reasoning; empty if ``error`` is set.
        finish: ``stop`` if the model ended by itself, ``length`` if it was cut off.
        error: A failure of this one prompt, in words without any input.
    """

    prompt_id: str
    text: str = ""
    finish: Literal["stop", "length"] = "stop"
    error: str | None = None
    prompt_tokens: int = 0
    tokens: int = 0


class Objection(Frozen):
    """Why a sentence may not ship: a stable code, a sentence for a person, and where.

    ``span`` is zero-based in the sentence's text, its end exclusive.
    """

    code: str
    message: str
    span: tuple[int, int]


class CheckedSentence(Frozen):
    """One sentence of a draft with the facts it rests on, or with what speaks against it."""

    text: str
    passage: str
    evidence: tuple[str, ...] = ()
    objections: tuple[Objection, ...] = ()


class Check(Frozen):
    """The verdict on a draft: ``accepted`` if no sentence is objected to and no required fact is missing."""

    accepted: bool
    sentences: tuple[CheckedSentence, ...]
    missing: tuple[str, ...] = ()
