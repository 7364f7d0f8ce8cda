"""One case seen step by step: its facts, its prompts, a draft, and the verdict on a draft."""

from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from reportgen import pipeline, read
from reportgen.domain import load_domain
from reportgen.engines.base import Engine, Parameters
from reportgen.errors import UsageError
from reportgen.nouns import Check, Completion, Facts, Passage, Prompt
from reportgen.settings import Settings

__all__ = [
    "Desk",
    "check_json",
    "check_lines",
    "draft",
    "facts_json",
    "facts_lines",
    "prompts_json",
    "prompts_lines",
]


class Desk:
    """One case, prepared.

    Args:
        case: A file that holds exactly one case.
        domain: Name or folder.
        settings: The site's settings.
        options: How the file is read.
        lang: Code of the language, or None for the domain's own.

    Raises:
        InputError: The case is refused.
        DomainError: The domain is faulty.
        UsageError: The domain has not that language.
    """

    def __init__(
        self,
        case: str,
        domain: str,
        settings: Settings,
        options: read.ReadOptions,
        lang: str | None = None,
    ) -> None:
        self.domain = pipeline.configured(load_domain(domain, lang), settings)
        self.prepared = pipeline.prepare(read.read_found(case, self.domain, options), self.domain)

    @property
    def facts(self) -> Facts:
        """What the evidence says."""
        return self.prepared.facts

    def check(self, text: str) -> Check:
        """The verdict on a draft of the whole case."""
        return pipeline.check_text(self.prepared, text, self.domain)


def facts_json(facts: Facts) -> dict[str, Any]:
    """The facts as other programs read them: as the noun, with each fact's slot."""
    slots = {fact.id: fact.slot for fact in facts.all}
    plain = facts.plain()
    told = [*(fact for passage in plain["passages"] for fact in passage["facts"]), *plain["printed"]]
    for fact in told:
        fact["slot"] = slots[fact["id"]]
    return plain


def facts_lines(facts: Facts) -> list[str]:
    """The facts for a person: what is narrated, by passage, then what code alone prints."""
    lines = [f"Case {facts.case_id}"]
    for passage in facts.passages:
        lines += ["", f"{passage.id} ({passage.region})"]
        lines += [f"  {fact.slot} {fact.kind}: {fact.surface}" for fact in passage.facts]
    if facts.printed:
        lines += ["", "printed by code only"]
        lines += [f"  {fact.id} {fact.kind}: {fact.surface}" for fact in facts.printed]
    return lines


def prompts_json(desk: Desk) -> list[dict[str, Any]]:
    """Each prompt with its passage, its id, its messages and its map from local slots to facts."""
    return [
        {
            "passage": passage.id,
            "prompt_id": prompt.id,
            "map": {local: fact.id for local, fact in passage.slots.items()},
            "messages": [{"role": role, "content": text} for role, text in prompt.messages],
        }
        for passage, prompt in _asked(desk)
    ]


def prompts_lines(desk: Desk) -> list[str]:
    """Each prompt as the model gets it, and the map of its slots."""
    lines: list[str] = []
    for passage, prompt in _asked(desk):
        lines.append(f"===== passage {passage.id}, prompt {prompt.id[:12]}")
        lines += [f"{local} = {fact.id}: {fact.surface}" for local, fact in passage.slots.items()]
        for role, text in prompt.messages:
            lines += [f"----- {role}", text]
        lines.append("")
    return lines


def _asked(desk: Desk) -> Iterable[tuple[Passage, Prompt]]:
    """Each passage with its prompt.

    Raises:
        UsageError: No model is asked in this language.
    """
    if not desk.domain.has_lexicon:
        raise UsageError(
            f"No model is asked for words in the language '{desk.domain.lang}'.",
            f"The domain has no carriers.{desk.domain.lang}.yaml; leave out --lang to see the prompts.",
        )
    return zip(desk.facts.passages, desk.prepared.prompts, strict=True)


def draft(desk: Desk, engine: Engine) -> str:
    """The engine's words as they came, with case-wide slots; without a model the deterministic text."""
    completions: dict[str, Completion] = {}
    if engine.info.engine != "template" and desk.domain.has_lexicon:
        distinct = {prompt.id: prompt for prompt in desk.prepared.prompts}
        answers = engine.generate(distinct.values(), Parameters())
        completions = {answer.prompt_id: answer for answer in answers}
    return pipeline.draft_text(desk.prepared, completions, desk.domain)


def check_json(check: Check) -> dict[str, Any]:
    """The verdict as other programs read it."""
    return check.plain()


def check_lines(check: Check) -> list[str]:
    """The verdict for a person: each sentence with its evidence or what speaks against it."""
    lines = []
    for sentence in check.sentences:
        mark = "no" if sentence.objections else "ok"
        lines.append(f"{mark}  [{sentence.passage}] {sentence.text}  ({', '.join(sentence.evidence) or '-'})")
        lines += [
            f"      {objection.code} at {objection.span[0]}-{objection.span[1]}: {objection.message}"
            for objection in sentence.objections
        ]
    if check.missing:
        lines.append(f"missing: {', '.join(check.missing)}")
    lines.append("accepted" if check.accepted else "not accepted")
    return lines


def read_draft(path: str, stdin: bytes | None) -> str:
    """The text of a draft: a file, or standard input.

    Raises:
        UsageError: It cannot be read, or is neither UTF-8 nor UTF-16 that says so, as PowerShell writes with
            ``>``.
    """
    try:
        data = Path(path).read_bytes() if stdin is None else stdin
        text = data.decode("utf-16" if data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) else "utf-8-sig")
        return text.replace("\r\n", "\n")  # as Windows ends the lines of what `draft` prints into a file
    except OSError as error:
        raise UsageError(
            f"The draft {path} cannot be read ({type(error).__name__}).", "Check the path."
        ) from None
    except UnicodeDecodeError:
        raise UsageError(f"The draft {path} is not UTF-8.", "Save it as UTF-8.") from None
