"""The walk in one screen: read -> state -> narrate -> check -> assemble -> export.

``prepare`` and ``finish`` are pure. Between them somebody (``make_report`` for one case, ``batch`` for
many) lets an engine answer the prompts.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from reportgen import read
from reportgen.assemble import assemble
from reportgen.check import Told, check_draft, climb, refusal
from reportgen.domain import Domain, load_domain
from reportgen.engines import load_engine
from reportgen.engines.base import Engine, EngineInfo, Parameters
from reportgen.exporters.pictures import PictureError, picture
from reportgen.files import canonical_json, sha256
from reportgen.narrate import fixed_sentences, prompt_for, prompt_sha256
from reportgen.nouns import Case, Check, Completion, Facts, Found, Passage, Picture, Prompt, Report, Source
from reportgen.nouns.base import Frozen
from reportgen.read.checks import check_case
from reportgen.settings import Settings
from reportgen.site import configured
from reportgen.state import state

__all__ = [
    "Prepared",
    "check_text",
    "configured",
    "draft_text",
    "finish",
    "load_pictures",
    "make_report",
    "prepare",
    "second_prompts",
    "told",
]

_SLOT = re.compile(r"\[\[(F\d+)\]\]")


class Prepared(Frozen):
    """A case on its way: its facts, and one prompt a passage, in the order of ``facts.passages``."""

    found: Found
    facts: Facts
    prompts: tuple[Prompt, ...]


def prepare(found: Found, domain: Domain) -> Prepared:
    """State the facts of a case and write the prompts of its passages."""
    facts = state(found, domain)
    prompts = tuple(prompt_for(passage, domain) for passage in facts.passages)
    return Prepared(found=found, facts=facts, prompts=prompts)


def second_prompts(
    prepared: Prepared, completions: Mapping[str, Completion], domain: Domain
) -> dict[str, Prompt]:
    """By passage the constrained prompt for what is left to tell, where the first answer holds on no rung."""
    second = {}
    for passage, prompt in zip(prepared.facts.passages, prepared.prompts, strict=True):
        refused = refusal(passage, completions[prompt.id], domain) if prompt.id in completions else None
        if refused is not None:
            second[passage.id] = prompt_for(passage, domain, refusal=refused.objections, left=refused.left)
    return second


def told(prepared: Prepared, completions: Mapping[str, Completion], domain: Domain) -> list[Told]:
    """The words that each passage of a case will have, and how they came about, in the order of passages.

    Args:
        prepared: From ``prepare``.
        completions: By prompt id; a passage without an answer gets the fixed sentences.
        domain: The one that ``prepare`` had.
    """
    if not domain.has_lexicon:
        completions = {}
    seconds = {passage: p.id for passage, p in second_prompts(prepared, completions, domain).items()}
    return [
        climb(
            passage,
            completions.get(prompt.id),
            completions.get(seconds.get(passage.id, "")),
            fixed_sentences(passage, domain),
            domain,
        )
        for passage, prompt in zip(prepared.facts.passages, prepared.prompts, strict=True)
    ]


def finish(
    prepared: Prepared,
    completions: Mapping[str, Completion],
    info: EngineInfo,
    domain: Domain,
    settings: Settings,
    *,
    pictures: Mapping[str, bytes | str],
    created_at: datetime,
) -> Report:
    """Check the answers and put the report together.

    Args:
        prepared: From ``prepare``.
        completions: By prompt id; a passage without an answer gets the fixed sentences.
        info: Who wrote the words.
        domain: The one that ``prepare`` had.
        settings: The site's settings.
        pictures: From ``load_pictures``.
        created_at: When the report is made, with time zone.
    """
    digests = {p.image_id: p.sha256 for p in prepared.found.source.pictures}
    return assemble(
        prepared.found,
        prepared.facts,
        [(one.sentences, one.origins, one.rung) for one in told(prepared, completions, domain)],
        info,
        domain,
        pictures={i: digests.get(i) for i, data in pictures.items() if isinstance(data, bytes)},
        notes={i: data for i, data in pictures.items() if isinstance(data, str)},
        prompt_sha256=prompt_sha256(domain),
        zone=settings.zone,
        created_at=created_at,
    )


def load_pictures(found: Found) -> dict[str, bytes | str]:
    """By image id the picture as JPEG, or why there is none; images that name no file are left out."""
    loaded: dict[str, bytes | str] = {}
    named = {image.image_id for image in found.case.images if image.file}
    for one in found.source.pictures:
        if one.image_id not in named:
            continue
        if one.path is None:
            loaded[one.image_id] = one.note or "file not found"
            continue
        try:
            loaded[one.image_id] = picture(one.path)
        except PictureError as error:
            loaded[one.image_id] = str(error)
    return loaded


def draft_text(prepared: Prepared, completions: Mapping[str, Completion], domain: Domain) -> str:
    """The draft of the whole case with case-wide slots: the model's words as they came, if it gave any.

    A slot that its passage does not have becomes ``[[F0]]``, which no passage has: its number may be that of
    a fact elsewhere in the case. Blank lines stand between passages only.
    """
    blocks = []
    for passage, prompt in zip(prepared.facts.passages, prepared.prompts, strict=True):
        answer = completions.get(prompt.id)
        text = answer.text.strip() if answer else fixed_sentences(passage, domain)
        blocks.append(re.sub(r"\n\s*\n", "\n", _case_wide(text, passage)))
    return "\n\n".join(blocks) + "\n"


def _case_wide(text: str, passage: Passage) -> str:
    """A text with the slots of its passage as those of the case."""

    def slot(match: re.Match[str]) -> str:
        fact = passage.slots.get(match[1])
        return f"[[{fact.id if fact else 'F0'}]]"

    return _SLOT.sub(slot, text)


def check_text(prepared: Prepared, text: str, domain: Domain) -> Check:
    """The verdict on a draft of the whole case with case-wide slots."""
    passages = prepared.facts.passages
    if domain.has_lexicon:
        return check_draft(text, passages, domain)
    return check_draft(text, passages, domain, [_case_wide(fixed_sentences(p, domain), p) for p in passages])


def make_report(
    path_or_case: str | Path | Case,
    engine: Engine | None = None,
    *,
    domain: Domain | None = None,
    settings: Settings | None = None,
    created_at: datetime | None = None,
) -> Report:
    """The walk for one case.

    Args:
        path_or_case: A file that holds exactly one case, in any shape that is read; or a case.
        engine: Who writes the words; without one, and in a language without carriers, they are the fixed
            sentences.
        domain: The shipped domain of the case when omitted; ``load_domain(lang="de")`` for another language.
        settings: Defaults when omitted.
        created_at: Now when omitted.

    Raises:
        InputError: The case is refused.
        EngineError: The engine is lost.
    """
    settings = settings or Settings()
    domain = configured(domain or load_domain(), settings)
    found = _found(path_or_case, domain)
    writer = (engine if domain.has_lexicon else None) or load_engine(engine="template")
    prepared = prepare(found, domain)
    completions: dict[str, Completion] = {}
    if writer.info.engine != "template":
        completions |= _answered(writer, prepared.prompts)
        completions |= _answered(writer, second_prompts(prepared, completions, domain).values())
    return finish(
        prepared,
        completions,
        writer.info,
        domain,
        settings,
        pictures=load_pictures(found),
        created_at=created_at or datetime.now(UTC).astimezone(settings.zone),
    )


def _answered(writer: Engine, prompts: Iterable[Prompt]) -> dict[str, Completion]:
    """By prompt id the engine's answers; equal prompts are asked once."""
    asked = {prompt.id: prompt for prompt in prompts}
    return {answer.prompt_id: answer for answer in writer.generate(asked.values(), Parameters())}


def _found(path_or_case: str | Path | Case, domain: Domain) -> Found:
    if not isinstance(path_or_case, Case):
        return read.read_found(path_or_case, domain)
    check_case(path_or_case, domain)
    content = canonical_json(path_or_case.plain())
    pictures = tuple(
        Picture(image_id=image.image_id, note="no folder of pictures was given")
        for image in path_or_case.images
        if image.file
    )
    return Found(
        case=path_or_case,
        source=Source(name="(memory)", sha256=sha256(content), format="native", pictures=pictures),
    )
