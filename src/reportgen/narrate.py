"""Passage to prompt, and passage to the fixed sentences that stand in where no model's words may."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from reportgen.carriers import carriers_of
from reportgen.domain import Domain
from reportgen.errors import DomainError
from reportgen.files import canonical_json, sha256
from reportgen.nouns import Fact, Passage, Prompt

__all__ = ["choice_prompt", "fixed_sentences", "prompt_for", "prompt_sha256"]

_ENVIRONMENT = ImmutableSandboxedEnvironment(undefined=StrictUndefined, trim_blocks=True, autoescape=False)
#: A template may word its examples in so many ways; which one follows from the facts shown.
VARIANTS = 4
_MESSAGE = re.compile(r"^=== (system|user|assistant)\n", re.MULTILINE)


def prompt_for(
    passage: Passage,
    domain: Domain,
    *,
    refusal: Sequence[str] | None = None,
    left: Sequence[Fact] | None = None,
) -> Prompt:
    """The prompt of one passage, slots numbered from F1.

    Args:
        passage: Its facts give slots, kinds and names; surfaces and images are not shown.
        domain: Holds the template and the carriers.
        refusal: What was objected to in a first answer: the second one is bound to the domain's carriers by a
            grammar, and told what was wrong. None for the first answer.
        left: Of the passage's facts those that the second answer is to tell; all when omitted.

    Raises:
        DomainError: prompt.jinja is faulty or has no message.
    """
    facts = passage.facts if left is None else tuple(left)
    parts = _MESSAGE.split(_render(domain.templates["prompt.jinja"], facts, refusal))
    messages = tuple((role, text.strip()) for role, text in zip(parts[1::2], parts[2::2], strict=True))
    if not messages:
        raise DomainError(
            "prompt.jinja renders no message.", 'Open messages with "=== system" or "=== user".'
        )
    grammar = None if refusal is None else carriers_of(domain).grammar(facts, passage.facts)
    return Prompt.model_validate({"messages": messages, "grammar": grammar})


def choice_prompt(question: str, shown: Sequence[tuple[str, str]], domain: Domain) -> Prompt:
    """The prompt with which a model chooses the facts that answer a question, or none of them.

    Args:
        question: One line, as a person typed it.
        shown: Kind and name of each fact that may be chosen; they are numbered from F1.
        domain: Its ``asking.choose`` has the messages.
    """
    assert domain.asking is not None
    listed = "\n".join(
        f"F{number} {kind.replace('_', ' ')}: {name}" for number, (kind, name) in enumerate(shown, 1)
    )
    asked = domain.asking.choose[-1][1].format(facts=listed, question=question)
    messages = (*domain.asking.choose[:-1], (domain.asking.choose[-1][0], asked))
    return Prompt.model_validate({"messages": messages, "grammar": _some_of(len(shown))})


def _some_of(number: int) -> str:
    """A grammar of "none", and of one or more of so many facts, in order."""
    rules = [f'rest_{n}: "F{n}" (", " rest_{n + 1})? | rest_{n + 1}' for n in range(1, number)]
    return "\n".join(['start: "none" | rest_1', *rules, f'rest_{number}: "F{number}"']) + "\n"


def fixed_sentences(passage: Passage, domain: Domain) -> str:
    """The deterministic text of one passage, with its local slots. It is checked like a model's."""
    return _render(domain.templates["narrative.jinja"], passage.facts).strip()


def prompt_sha256(domain: Domain) -> str:
    """Hash of the prompt template."""
    return sha256(domain.templates["prompt.jinja"])


@lru_cache(maxsize=16)
def _template(source: str) -> Any:
    return _ENVIRONMENT.from_string(source)


def _render(source: str, facts: Iterable[Fact], refusal: Sequence[str] | None = None) -> str:
    shown = [
        {"slot": f"[[F{number}]]", "kind": fact.carried_as, "name": fact.name}
        for number, fact in enumerate(facts, 1)
    ]
    variant = int(sha256(canonical_json(shown))[:8], 16) % VARIANTS
    try:
        return str(_template(source).render(facts=shown, refusal=refusal or (), variant=variant))
    except TemplateError as error:
        raise DomainError(f"A template of the domain is faulty: {error}", "Correct it.") from None
