"""What a model writes in ``model check``: one sample report, and ten prompts at two precisions."""

import json
from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from reportgen.check import climb
from reportgen.desk.check_steps import Step
from reportgen.domain import Domain, load_domain
from reportgen.engines.base import Engine, Parameters
from reportgen.files import canonical_json, sha256
from reportgen.narrate import fixed_sentences
from reportgen.nouns import Case, Completion, Found, Passage, Prompt, Source
from reportgen.pipeline import make_report, prepare

if TYPE_CHECKING:
    from reportgen.engines.hf_load import Loaded
    from reportgen.engines.hf_write import Written

__all__ = ["TEN", "agreement", "report", "ten"]

#: Prompts that two precisions are compared on.
TEN = 10


@cache
def _cases() -> tuple[Case, ...]:
    """Synthetic records; the first is the sample report's."""
    raw = json.loads((Path(__file__).parent / "check_cases.json").read_text("utf-8"))
    return tuple(Case.model_validate_json(json.dumps(one)) for one in raw)


def report(engine: Engine) -> Step:
    """A sample report through the whole walk.

    Raises:
        EngineError: The model was lost.
    """
    made = make_report(_cases()[0], engine)
    narrated = [part for part in made.sections if any(one.evidence for one in part.sentences)]
    sentences = [sentence for section in narrated for sentence in section.sentences]
    rungs = Counter(one.rung for one in made.provenance.passages)
    ours = sum(sentence.origin.startswith("model") for sentence in sentences)
    shares = ", ".join(f"{count} {rung}" for rung, count in rungs.most_common())
    told = [f"{part.title}: {' '.join(one.text for one in part.sentences)}" for part in narrated]
    return Step(
        name="report",
        state="done",
        said=(
            f"{ours} of {len(sentences)} sentences are the model's; passages: {shares}",
            *told,
        ),
        figures={
            "sentences": len(sentences),
            "of_the_model": ours,
            "rungs": {rung: count / rungs.total() for rung, count in rungs.items()},
            "text": told,
        },
    )


def ten(loaded: "Loaded", seconds: float) -> list["Written"]:
    """What a model answers to the ten prompts, or to as many of them as the time does for.

    Raises:
        EngineError: The device fails, or its memory does not do.
    """
    from reportgen.engines import measure

    prompts = [prompt for _, prompt in _asked()]
    return list(measure.answers(loaded, prompts, Parameters().max_new_tokens, seconds))


def agreement(left: Sequence["Written"], right: Sequence["Written"]) -> Step:
    """8-bit beside bf16: how many answers, first tokens, and passages after the check are the same."""
    count = min(len(left), len(right))
    if not count:
        return Step(name="8-bit", state="not done", said=("no prompt was written in the time given",))
    domain = load_domain()
    pairs = list(zip(_asked(), left, right, strict=False))
    texts = sum(one.text == other.text for _, one, other in pairs)
    firsts = sum(one.tokens[:1] == other.tokens[:1] for _, one, other in pairs)
    passages = sum(
        _told(passage, prompt, one, domain) == _told(passage, prompt, other, domain)
        for (passage, prompt), one, other in pairs
    )
    said = (
        f"8-bit beside bf16, {count} of {TEN} prompts, each written alone: {texts} texts are the same, "
        f"{firsts} first tokens, {passages} passages as they come out of the check"
    )
    figures = {
        "prompts": count,
        "equal_texts": texts / count,
        "equal_first_tokens": firsts / count,
        "equal_passages": passages / count,
    }
    return Step(name="8-bit", state="done", said=(said,), figures=figures)


@cache
def _asked() -> tuple[tuple[Passage, Prompt], ...]:
    """The ten: different prompts of the synthetic records, those of few facts first, as time may end."""
    domain = load_domain()
    found: dict[str, tuple[Passage, Prompt]] = {}
    for case in _cases():
        source = Source(name=case.case_id, sha256=sha256(canonical_json(case.plain())), format="native")
        prepared = prepare(Found(case=case, source=source), domain)
        for passage, prompt in zip(prepared.facts.passages, prepared.prompts, strict=True):
            found.setdefault(prompt.id, (passage, prompt))
    short_first = sorted(found.values(), key=lambda asked: len(asked[0].facts))
    return tuple(short_first[:TEN])


def _told(passage: Passage, prompt: Prompt, written: "Written", domain: Domain) -> tuple[str, list[str]]:
    """The rung and the sentences that an answer comes to."""
    answer = Completion(prompt_id=prompt.id, text=written.text, finish=written.finish)
    told = climb(passage, answer, None, fixed_sentences(passage, domain), domain)
    return told.rung.rung, [sentence.text for sentence in told.sentences]
