"""A comparison as data: schema ``reportgen/comparison/v1``. Text, page and PDF are views of it.

Nothing in it is of a patient: sentences have slots, and cases are only counted.
"""

from typing import Annotated, Literal

from pydantic import Field

from reportgen.engines.base import EngineInfo
from reportgen.nouns.base import Frozen

__all__ = [
    "COMPARISON_SCHEMA",
    "FEW",
    "Agreement",
    "Comparison",
    "Difference",
    "Interval",
    "Machine",
    "Memory",
    "Rate",
    "Refused",
    "Result",
    "Sentences",
    "Share",
    "Told",
    "Verdict",
]

COMPARISON_SCHEMA: Literal["reportgen/comparison/v1"] = "reportgen/comparison/v1"
#: Of fewer passages, cases or portions nothing is said: a bootstrap of fewer has few different samples and
#: intervals too narrow, and that of a share spans half of all there is.
FEW = 10
Count = Annotated[int, Field(ge=0)]
Positive = Annotated[float, Field(ge=0)]
Verdict = Literal["told apart", "not told apart", "too few to tell"]
RungName = Literal["free", "repaired", "constrained", "deterministic"]


class Interval(Frozen):
    """A 95 % interval and how it was found; ``n`` is the number of units that were drawn independently."""

    low: float
    high: float
    method: Literal["wilson", "bootstrap"]
    unit: Literal["passages", "prompts", "cases", "portions"]
    n: Count


class Share(Frozen):
    """A part of a whole. ``share`` is None of nothing, ``interval`` where there are too few to tell."""

    count: Count
    of: Count
    share: Annotated[float, Field(ge=0, le=1)] | None = None
    interval: Interval | None = None


class Rate(Frozen):
    """Something a second, over all portions; ``interval`` is None where there are too few to tell."""

    value: Positive
    interval: Interval | None = None


class Memory(Frozen):
    """What one contestant's own process held, in MB (1e6 bytes); None where the system does not tell.

    Attributes:
        process_mb: The most that the process held of the machine's memory, libraries and all.
        gpu_loaded_mb: What the model held of the GPU's memory once it was loaded.
        gpu_peak_mb: The most that PyTorch kept of it, for batches and their keys and values too.
    """

    process_mb: Positive | None = None
    gpu_loaded_mb: Positive | None = None
    gpu_peak_mb: Positive | None = None


class Refused(Frozen):
    """How many passages were refused for a reason: a code of the check, or ``constrained:`` and one."""

    code: str
    passages: Share


class Told(Frozen):
    """A sentence that shipped, with slots in place of facts, and in how many passages."""

    carrier: str
    passages: Count


class Sentences(Frozen):
    """The sentences that a model has written and that shipped.

    Attributes:
        told: All of them, in all passages.
        distinct: How many differ, their slots numbered from F1 each.
        as_fixed: Of the passages in a model's words those that are worded as the fixed sentences.
        most: The most frequent.
    """

    told: Count
    distinct: Count
    as_fixed: Share
    most: tuple[Told, ...]


class Result(Frozen):
    """What one contestant did. All after ``reason`` is absent where it did not finish.

    Attributes:
        asked: As it would be typed after ``--with``.
        state: ``not run`` where the comparison ended before its turn, or in it.
        reason: Why it did not finish.
        gpu: The name of the GPU that it used.
        prompts: Questions that were answered, those under a grammar too.
        unanswered: Questions without an answer, or with an error in place of one.
        cut_off: Answers that were ended by their length.
        load_s: From nothing to a model that has passed its canary, in seconds.
        warm_up_s: Two prompts that are in no other figure, in seconds.
        writing_s: What the engine took for all prompts, in seconds.
        whole_s: From cases to checked reports, in seconds, without reading files and printing.
        tokens_a_second: Written, of the engine's own time; None for fixed sentences.
        rungs: Passages by rung of the ladder.
        refused: Passages by reason, the most frequent first.
    """

    name: str
    asked: str
    state: Literal["finished", "failed", "not run"]
    reason: str | None = None
    engine: EngineInfo | None = None
    gpu: str | None = None
    batch_size: Count | None = None
    prompt_sha256: str | None = None
    load_s: Positive | None = None
    warm_up_s: Positive | None = None
    memory: Memory | None = None
    prompts: Count | None = None
    unanswered: Count | None = None
    cut_off: Count | None = None
    tokens_read: Count | None = None
    tokens_written: Count | None = None
    writing_s: Positive | None = None
    whole_s: Positive | None = None
    tokens_a_second: Rate | None = None
    reports_a_second: Rate | None = None
    rungs: dict[RungName, Share] = Field(default_factory=dict)
    refused: tuple[Refused, ...] = ()
    sentences: Sentences | None = None


class Difference(Frozen):
    """How much a contestant has more than the first one that finished, of one figure.

    Attributes:
        figure: ``free``: passages in the model's free words; ``model``: passages in a model's words at all.
    """

    figure: Literal["free", "model", "tokens_a_second", "reports_a_second"]
    name: str
    baseline: str
    difference: float
    interval: Interval | None = None
    verdict: Verdict


class Agreement(Frozen):
    """How often models said the same. It is not how often they are right.

    Attributes:
        names: Two contestants, or all that have a model, where these are more.
        answers: Of the free prompts that all of them answered, those with one and the same text.
        words: Of the passages that all of them told in words of their own, those with the same sentences.
    """

    names: tuple[str, ...]
    answers: Share
    words: Share


class Machine(Frozen):
    """Where it was measured; no user, no folder.

    Attributes:
        memory_gb: In GB (1e9 bytes).
        libraries: Versions by name.
    """

    name: str
    system: str
    cpu: str
    cores: Count
    memory_gb: Positive | None = None
    gpus: tuple[str, ...] = ()
    python: str
    libraries: dict[str, str]


class Comparison(Frozen):
    """``comparison.json``.

    Attributes:
        stopped: Why not every contestant had its turn.
        command: What was typed, without files, folders and addresses.
        cases: That every contestant wrote; ``rejected`` inputs are not among them.
        passages: Of these cases.
        distinct_prompts: Of these passages, as the comparison's own domain asks them.
        portion: Cases that were written together.
        contestants: In the order in which they ran.
    """

    schema_: Annotated[Literal["reportgen/comparison/v1"], Field(alias="schema")] = COMPARISON_SCHEMA
    software: str
    started_at: str
    ended_at: str
    stopped: Literal["interrupted"] | None = None
    command: str
    machine: Machine
    domain: str
    domain_sha256: str
    seed: int
    resamples: Count
    few: Count = FEW
    cases: Count
    rejected: Count
    passages: Count
    distinct_prompts: Count
    portion: Count
    contestants: tuple[Result, ...]
    differences: tuple[Difference, ...] = ()
    agreement: tuple[Agreement, ...] = ()
