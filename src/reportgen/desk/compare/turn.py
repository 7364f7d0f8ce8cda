"""One contestant's turn: load, warm up, write all cases in portions. Runs in a process of its own."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from reportgen import pipeline
from reportgen.desk.compare.noun import Memory, RungName
from reportgen.desk.compare.plan import TEMPLATE, Contestant
from reportgen.domain import Domain, load_domain
from reportgen.engines import Engine, EngineInfo, Parameters, load_engine
from reportgen.engines.probe import gpu_in_use
from reportgen.files import sha256
from reportgen.moments import now, peak_memory_mb
from reportgen.narrate import fixed_sentences, prompt_for, prompt_sha256
from reportgen.nouns import Completion, Found, Prompt
from reportgen.nouns.base import Frozen
from reportgen.read import check_case
from reportgen.settings import Settings

__all__ = ["Outcome", "Portion", "Request", "Worded", "take_turn"]


@dataclass(frozen=True)
class Request:
    """All that a turn needs. ``portions`` are the cases in the order in which they are written."""

    contestant: Contestant
    portions: tuple[tuple[Found, ...], ...]
    domain: str
    lang: str | None
    settings: Settings


class Portion(Frozen):
    """What one portion of the cases took: counts, and seconds of the engine and of all."""

    cases: int
    prompts: int
    unanswered: int
    cut_off: int
    tokens_read: int
    tokens: int
    writing_s: float
    whole_s: float


class Worded(Frozen):
    """How one passage was told.

    Attributes:
        case: Number of the case, in the order of the portions.
        passage: Its id in the case.
        prompt: Id of its first prompt.
        sentences: What shipped, with local slots.
        as_fixed: Whether that is what the fixed sentences say.
    """

    case: int
    passage: str
    prompt: str
    rung: RungName
    reasons: tuple[str, ...]
    sentences: tuple[str, ...]
    as_fixed: bool


class Outcome(Frozen):
    """What came of a turn. ``answers``: by id of a free prompt the SHA-256 of what was answered."""

    engine: EngineInfo
    gpu: str | None
    batch_size: int | None
    prompt_sha256: str
    load_s: float
    warm_up_s: float
    memory: Memory
    portions: tuple[Portion, ...]
    words: tuple[Worded, ...]
    answers: dict[str, str]


def take_turn(request: Request, say: Callable[[str], None]) -> Outcome:
    """Do it.

    Raises:
        EngineError: The model cannot run, or was lost.
        UsageError: The contestant was asked for what it cannot be.
        InputError: Its domain does not fit the cases.
        DomainError: Its domain is faulty.
    """
    contestant = request.contestant
    named = load_domain(contestant.domain or request.domain, request.lang)
    domain = pipeline.configured(named, request.settings)
    if contestant.domain is not None:
        for found in (one for portion in request.portions for one in portion):
            check_case(found.case, domain)
    begun = time.perf_counter()
    engine = _loaded(contestant)
    load_s = time.perf_counter() - begun
    loaded = gpu_in_use()
    try:
        writer = _Writer(engine, domain, request.settings)
        begun = time.perf_counter()
        writer.warm_up(request.portions)
        warm_up_s = time.perf_counter() - begun
        say(f"{engine.info.name}: loaded in {load_s:.1f} s, warm after {warm_up_s:.1f} s")
        portions = []
        for number, some in enumerate(request.portions, 1):
            portions.append(writer.write(some))
            done = portions[-1]
            say(f"portion {number} of {len(request.portions)}: {done.whole_s:.1f} s")
        used = gpu_in_use()
    finally:
        engine.close()
    return Outcome(
        engine=engine.info,
        gpu=used.name if used else None,
        batch_size=getattr(engine, "batch_size", None),
        prompt_sha256=prompt_sha256(domain),
        load_s=load_s,
        warm_up_s=warm_up_s,
        memory=Memory(
            process_mb=peak_memory_mb(),
            gpu_loaded_mb=loaded.held_mb if loaded else None,
            gpu_peak_mb=used.peak_mb if used else None,
        ),
        portions=tuple(portions),
        words=tuple(writer.words),
        answers=writer.answers,
    )


def _loaded(contestant: Contestant) -> Engine:
    return load_engine(
        "auto" if contestant.engine == TEMPLATE else contestant.model,
        engine=contestant.engine,
        device=contestant.device or "auto",
        precision=contestant.precision,
        batch_size=contestant.batch_size,
        server=contestant.server,
        api_key_file=Path(contestant.api_key_file) if contestant.api_key_file else None,
    )


class _Writer:
    """Writes portions. Nothing is reused from one portion in another, so that they are alike."""

    def __init__(self, engine: Engine, domain: Domain, settings: Settings) -> None:
        self._engine, self._domain, self._settings = engine, domain, settings
        self._parameters = Parameters()
        self._asks = engine.info.engine != TEMPLATE and domain.has_lexicon
        self._met = 0
        self.words: list[Worded] = []
        self.answers: dict[str, str] = {}

    def warm_up(self, portions: Sequence[Sequence[Found]]) -> None:
        """Write one passage freely and under its grammar: what happens once has happened then."""
        if not self._asks:
            return
        prepared = (pipeline.prepare(found, self._domain) for some in portions for found in some)
        passage = next((passage for case in prepared for passage in case.facts.passages), None)
        if passage is not None:
            for refusal in (None, ()):
                prompt = prompt_for(passage, self._domain, refusal=refusal)
                list(self._engine.generate([prompt], self._parameters))

    def write(self, found: Sequence[Found]) -> Portion:
        """One portion, from cases to checked reports."""
        begun = time.perf_counter()
        cases = [pipeline.prepare(one, self._domain) for one in found]
        answers: dict[str, Completion] = {}
        asked = 0
        writing_s = 0.0
        if self._asks:
            for prompts in (_firsts(cases), _seconds(cases, answers, self._domain)):
                wanted = {prompt.id: prompt for prompt in prompts}
                started = time.perf_counter()
                written = list(self._engine.generate(wanted.values(), self._parameters))
                writing_s += time.perf_counter() - started
                answers |= {one.prompt_id: one for one in written}
                asked += len(wanted)
        for case in cases:
            pipeline.finish(
                case,
                answers,
                self._engine.info,
                self._domain,
                self._settings,
                pictures={},
                created_at=now(self._settings.zone),
            )
        whole_s = time.perf_counter() - begun
        for case in cases:
            self._note(case, answers)
        good = [one for one in answers.values() if not one.error]
        return Portion(
            cases=len(cases),
            prompts=asked,
            unanswered=asked - len(good),
            cut_off=sum(one.finish == "length" for one in good),
            tokens_read=sum(one.prompt_tokens for one in good),
            tokens=sum(one.tokens for one in good),
            writing_s=writing_s,
            whole_s=whole_s,
        )

    def _note(self, case: pipeline.Prepared, answers: Mapping[str, Completion]) -> None:
        """Keep how a case was told; the clock does not run."""
        told = pipeline.told(case, answers, self._domain)
        for passage, prompt, one in zip(case.facts.passages, case.prompts, told, strict=True):
            sentences = tuple(sentence.text for sentence in one.sentences)
            fixed = fixed_sentences(passage, self._domain)
            worded = Worded(
                case=self._met,
                passage=passage.id,
                prompt=prompt.id,
                rung=one.rung.rung,
                reasons=one.rung.reasons,
                sentences=sentences,
                as_fixed=" ".join(sentences).split() == fixed.split(),
            )
            self.words.append(worded)
            answer = answers.get(prompt.id)
            if answer is not None and not answer.error:
                self.answers.setdefault(prompt.id, sha256(answer.text.strip()))
        self._met += 1


def _firsts(cases: Sequence[pipeline.Prepared]) -> Iterable[Prompt]:
    return (prompt for case in cases for prompt in case.prompts)


def _seconds(
    cases: Sequence[pipeline.Prepared], answers: Mapping[str, Completion], domain: Domain
) -> Iterable[Prompt]:
    """The prompts for what was refused; asked for when the first answers are there."""
    for case in cases:
        yield from pipeline.second_prompts(case, answers, domain).values()
