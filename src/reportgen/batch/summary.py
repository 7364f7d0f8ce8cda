"""The run at a glance: what was counted, whether it balances, and what the process says of it."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import Field

from reportgen.engines.base import EngineInfo
from reportgen.errors import ExitCode, exit_code
from reportgen.ledger import Row, Status
from reportgen.nouns.base import Frozen

__all__ = ["STATUSES", "SUMMARY_SCHEMA", "Stop", "Summary", "Tally", "counted"]

SUMMARY_SCHEMA: Literal["reportgen/summary/v1"] = "reportgen/summary/v1"
STATUSES: tuple[Status, ...] = ("done", "skipped", "rejected", "failed", "pending")
#: Why a run ended before its inputs did.
Stop = Literal[
    "interrupted", "engine lost", "disk full", "output lost", "worker lost", "max failures", "limit"
]
#: What a stop means for the exit code, beside the rejections and failures that were counted.
_STOP_CODES: dict[Stop, ExitCode] = {
    "interrupted": ExitCode.INTERRUPTED,
    "engine lost": ExitCode.ENGINE,
    "disk full": ExitCode.REJECTED,
    "output lost": ExitCode.REJECTED,
    "worker lost": ExitCode.REJECTED,
    "max failures": ExitCode.REJECTED,
}
Count = Annotated[int, Field(ge=0)]


class Summary(Frozen):
    """``summary.json`` of a run, schema ``reportgen/summary/v1``. ``cases`` is the sum of the five after it.

    Attributes:
        skipped: Finished by an earlier run, and unchanged since.
        pending: Begun or not yet read when the run was stopped; an input file not read counts as one.
        stopped: Why the run ended before its inputs did.
        shard: ``I-of-N`` of one part of a run; None of a whole one.
        ignored_files: Files in the input folders that are no input (pictures, notes).
        superseded: Case ids whose folder was moved to ``OUT/.superseded``: their input has changed and no
            longer gives that report.
        prompts: Distinct prompts that the engine was asked in this run.
        prompts_shared: Prompts that needed no answer of their own, because an equal one had been asked.
        rungs: Passages by rung of the ladder, of the cases that were done.
        passages: The same passages by where their words come from: ``written`` by a model in this run,
            ``reused`` from an equal passage of this run or an earlier one, ``deterministic``.
        seconds: Wall time of the run.
        cpu_seconds: CPU time of this process and its workers.
        peak_memory_mb: Most memory this process held (MB of 1e6 bytes), where the system tells.
    """

    schema_: Annotated[Literal["reportgen/summary/v1"], Field(alias="schema")] = SUMMARY_SCHEMA
    software: str
    started_at: str
    ended_at: str
    exit_code: Count
    cases: Count
    done: Count
    skipped: Count
    rejected: Count
    failed: Count
    pending: Count
    stopped: Stop | None = None
    shard: str | None = None
    files: Count
    ignored_files: Count
    superseded: tuple[str, ...] = ()
    formats: tuple[str, ...]
    engine: EngineInfo
    prompts: Count
    prompts_shared: Count
    rungs: dict[str, int]
    passages: dict[Literal["written", "reused", "deterministic"], int]
    seconds: Annotated[float, Field(ge=0)]
    cpu_seconds: Annotated[float, Field(ge=0)]
    peak_memory_mb: Annotated[float, Field(ge=0)] | None = None


def counted(summary: Summary, made: str = "made") -> list[str]:
    """The counts as a small table, in lines."""
    counts = {
        made: summary.done,
        "unchanged": summary.skipped,
        "rejected": summary.rejected,
        "failed": summary.failed,
        "pending": summary.pending,
    }
    width = len(f"{summary.cases:,}")
    lines = [f"  {name:<10} {count:>{width},}" for name, count in counts.items()]
    total = f"  {'cases':<10} {summary.cases:>{width},}   in {summary.seconds:.1f} s"
    return [*lines, "  " + "-" * (11 + width), total]


@dataclass
class Tally:
    """Counts cases as they come and go, so that none can be lost unseen.

    ``seen`` counts each case once when it is met; ``counts`` each once when its fate is known. What was seen
    and has no fate when the run ends is pending.
    """

    seen: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    rungs: Counter[str] = field(default_factory=Counter)
    reused: int = 0
    codes: set[ExitCode] = field(default_factory=set)
    stopped: Stop | None = None

    def settle(self, row: Row) -> None:
        """Count a case whose fate is known."""
        self.counts[row.status] += 1
        if row.status == "done":
            self.rungs.update(row.rungs)
            self.reused += row.cache_hits
        if row.status in {"rejected", "failed"}:
            self.codes.add(ExitCode.REJECTED)

    @property
    def passages(self) -> dict[Literal["written", "reused", "deterministic"], int]:
        """Passages of the cases that were done, by where their words come from."""
        fixed = self.rungs["deterministic"]
        written = sum(self.rungs.values()) - self.reused - fixed
        return {"written": written, "reused": self.reused, "deterministic": fixed}

    def stop(self, why: Stop) -> bool:
        """Note why the run ends early, and whether that is news.

        The first reason counts; but an interruption always does, and after the limit or the loss of the
        engine a run goes on with what it has, so that it may yet end for another reason.
        """
        rank = {None: 0, "limit": 1, "engine lost": 2, "interrupted": 4}
        news = rank.get(why, 3) > rank.get(self.stopped, 3)
        if news:
            self.stopped = why
        if why in _STOP_CODES:
            self.codes.add(_STOP_CODES[why])
        return news

    @property
    def unsettled(self) -> int:
        """Cases seen whose fate is not known (yet)."""
        return self.seen - sum(self.counts.values())

    @property
    def troubles(self) -> int:
        """Cases rejected or failed so far."""
        return self.counts["rejected"] + self.counts["failed"]

    def balance(self, unread: int) -> dict[str, int]:
        """``cases`` and the five it is the sum of; ``unread`` input files count as one pending case each.

        A sum that does not come out is a bug of ours and becomes the exit code.
        """
        pending = self.unsettled + unread
        if self.unsettled < 0:
            self.codes.add(ExitCode.BUG)
            pending = unread
        if pending:
            self.codes.add(ExitCode.REJECTED)
        five: dict[str, int] = {status: self.counts[status] for status in STATUSES}
        five["pending"] = pending
        return {"cases": sum(five.values()), **five}

    @property
    def exit_code(self) -> ExitCode:
        """What the process says; call ``balance`` before."""
        return exit_code(self.codes)
