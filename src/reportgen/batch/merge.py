"""The parts of a run put together: one ledger, one summary, one page, once nothing is missing or double."""

import contextlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path

from pydantic import ValidationError

from reportgen.batch.folder import clear_partial
from reportgen.batch.index import write_index
from reportgen.batch.lock import locked
from reportgen.batch.place import Place, parts_of
from reportgen.batch.shard import Shard
from reportgen.batch.stamps import changed_outputs
from reportgen.batch.summary import STATUSES, Summary
from reportgen.errors import ExitCode, IntegrityError, UsageError, exit_code
from reportgen.files import pretty_json, write_file
from reportgen.ledger import Ledger, Row

__all__ = ["merge"]

#: What must be equal in all parts: else they are not parts of one run.
_EQUAL = ("software", "formats", "files", "ignored_files")
_ENGINE = ("engine", "name", "model", "revision", "weights_sha256", "precision")
_SUMS = (*STATUSES, "cases", "prompts", "prompts_shared")


def merge(out: Path) -> Summary:
    """Put the parts of an output folder together, after looking whether they make a whole.

    Every part is there and was run to its end; all saw the same inputs; no case is in two of them; each
    report lies there as it was written. The parts stay: each can be run again, and merged again.

    Returns:
        The summary of all, which also lies in ``OUT/summary.json``.

    Raises:
        UsageError: The folder is not made in parts, or a part is at work.
        IntegrityError: Something is missing, double or not equal. Nothing was written.
    """
    parts = parts_of(out)
    if not parts:
        raise UsageError(f"{out} is not made in parts.", "Give the output folder of runs with --shard.")
    try:
        with contextlib.ExitStack() as stack:
            for place in (*(Place(out, shard) for shard in parts), Place(out)):
                stack.enter_context(locked(place.lock))
            summaries = _summaries(out, parts)
            _same_inputs(parts)
            whole = _sum(summaries)
            _write(out, parts, whole)
            clear_partial(out)
    except OSError as error:
        raise UsageError(
            f"{out} cannot be read or written ({type(error).__name__}).",
            "See to the drive, and to programs that have its files open; then merge again.",
        ) from None
    return whole


def _opened(path: Path) -> contextlib.closing[Ledger]:
    return contextlib.closing(Ledger(path, read_only=True))


def _summaries(out: Path, parts: dict[Shard, Path]) -> list[Summary]:
    of = next(iter(parts)).of
    missing = sorted(set(range(1, of + 1)) - {shard.number for shard in parts})
    if missing:
        numbers = ", ".join(map(str, missing))
        raise IntegrityError(f"Of {of} parts these were never run: {numbers}.", "Run them, then merge again.")
    summaries: list[Summary] = []
    for shard, path in parts.items():
        cure = f"Run it again with --shard {shard.number}/{of}, then merge again."
        try:
            summary = Summary.model_validate_json(Place(out, shard).summary.read_bytes())
        except (OSError, ValidationError):
            raise IntegrityError(f"Part {shard} has not come to its end.", cure) from None
        with _opened(path) as ledger:
            complete = ledger.is_complete
        if summary.stopped is not None or summary.pending or not complete:
            raise IntegrityError(
                f"Part {shard} is not complete: {summary.stopped or 'cases are pending'}.", cure
            )
        _same(summaries[0] if summaries else summary, summary)
        summaries.append(summary)
    return summaries


def _same(first: Summary, other: Summary) -> None:
    names = [name for name in _EQUAL if getattr(first, name) != getattr(other, name)]
    names += [name for name in _ENGINE if getattr(first.engine, name) != getattr(other.engine, name)]
    if names:
        raise IntegrityError(
            f"Parts {first.shard} and {other.shard} differ in: {', '.join(names)}.",
            "Run all parts by one command on the same inputs, then merge again.",
        )


def _same_inputs(parts: dict[Shard, Path]) -> None:
    """Every part reads all inputs and does its own cases: each must have met the same files, in the same
    state, with the same domain and settings."""
    (one, path), *others = parts.items()
    for shard, other in others:
        with _opened(path) as first, _opened(other) as second:
            if any(a != b for a, b in zip_longest(first.met_files(), second.met_files())):
                raise IntegrityError(
                    f"Parts {one} and {shard} did not read the same inputs, with the same settings.",
                    "Run all parts again by one command on the same paths, then merge again.",
                )


def _sum(summaries: list[Summary]) -> Summary:
    passages: Counter[str] = Counter()
    rungs: Counter[str] = Counter()
    for one in summaries:
        passages.update(one.passages)
        rungs.update(one.rungs)
    peaks = [one.peak_memory_mb for one in summaries if one.peak_memory_mb is not None]
    return summaries[0].model_copy(
        update={
            "shard": None,
            "started_at": min(one.started_at for one in summaries),
            "ended_at": max(one.ended_at for one in summaries),
            "exit_code": int(exit_code({ExitCode(one.exit_code) for one in summaries})),
            **{name: sum(getattr(one, name) for one in summaries) for name in _SUMS},
            "superseded": tuple(sorted(name for one in summaries for name in one.superseded)),
            "rungs": dict(sorted(rungs.items())),
            "passages": dict(passages),
            "seconds": max(one.seconds for one in summaries),
            "cpu_seconds": round(sum(one.cpu_seconds for one in summaries), 3),
            "peak_memory_mb": max(peaks, default=None),
        }
    )


def _write(out: Path, parts: dict[Shard, Path], whole: Summary) -> None:
    """The ledger of all, under another name until it is whole; then summary and page."""
    place = Place(out)
    building = place.ledger.with_name("ledger.merging.sqlite")
    building.unlink(missing_ok=True)
    try:
        with contextlib.closing(Ledger(building)) as ledger:
            run = ledger.begin(whole.started_at, whole.software)
            for shard, row in _rows(out, parts):
                known = ledger.get(row.key)
                if known is not None and row.key.startswith("case:"):
                    raise IntegrityError(f"{row.case_id} is in two parts.", "Make the folder from the start.")
                # two refusals at one place of an input are two
                key = row.key if known is None else f"{row.key}+{shard}"
                ledger.put(replace(row, key=key, run=run))
            ledger.end(run, whole.ended_at, whole.exit_code)
            write_index(out, ledger, whole.software, whole.ended_at)
        building.replace(place.ledger)
    finally:
        building.unlink(missing_ok=True)
    write_file(place.summary, pretty_json(whole.plain()))


def _rows(out: Path, parts: dict[Shard, Path]) -> Iterator[tuple[Shard, Row]]:
    for shard, path in parts.items():
        with _opened(path) as ledger:
            for row in ledger.rows():
                if row.case_id and row.outputs and changed_outputs(out / row.case_id, row):
                    raise IntegrityError(
                        f"{row.case_id} of part {shard} is not as it was written.",
                        f"Run it again with --shard {shard.number}/{shard.of}, then merge again.",
                    )
                yield shard, row
