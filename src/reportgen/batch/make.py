"""From answered prompts to a case's folder: the part of the work that may run in other processes."""

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from reportgen import pipeline
from reportgen.batch.folder import TRUTH, check_written, keep_failed, read_report, views, write_case
from reportgen.batch.guard import Failure, guarded
from reportgen.domain import Domain, load_domain
from reportgen.engines.base import EngineInfo
from reportgen.errors import IntegrityError
from reportgen.moments import now, unheard
from reportgen.nouns import Completion, Report
from reportgen.reread import Record, reread
from reportgen.settings import Settings

__all__ = ["Bench", "Made", "Rendering", "Task", "Workers", "Writing"]


@dataclass(frozen=True)
class Bench:
    """What every worker needs, the same for all cases.

    Attributes:
        domain: Name or folder; each process loads it once.
        lang: Code of the language, or None.
        info: Who writes the words.
        formats: Names of formats beside ``json``, which is always made.
    """

    out: Path
    domain: str
    lang: str | None
    settings: Settings
    info: EngineInfo
    formats: tuple[str, ...]

    def load_domain(self) -> Domain:
        """The domain with the site's thresholds."""
        return pipeline.configured(load_domain(self.domain, self.lang), self.settings)


@dataclass(frozen=True)
class Writing:
    """A case whose prompts are answered; the words of ``reused`` passages had been written before."""

    prepared: pipeline.Prepared
    completions: Mapping[str, Completion]
    reused: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Rendering:
    """A case whose report stands and lacks some formats; ``kept`` are the files that stay, by name their
    sha256."""

    case_id: str
    formats: tuple[str, ...]
    kept: Mapping[str, str]


Task = Writing | Rendering


@dataclass(frozen=True)
class Made:
    """A case's folder is in place.

    Attributes:
        outputs: ``[size, time of change in ns, sha256]`` by path inside the folder.
        formats: Names of the formats that were made now.
        rules: Reviewer's items by the rule that raised them.
        rungs: Passages by rung of the ladder.
        reused: Passages in words that a model had written before.
        seconds: Time by step.
    """

    outputs: dict[str, list[Any]]
    formats: tuple[str, ...]
    images: int
    reviewer_items: int
    rules: dict[str, int]
    rungs: dict[str, int]
    reused: int
    seconds: dict[str, float]


def _make(bench: Bench, domain: Domain, task: Task) -> Made:
    if isinstance(task, Rendering):
        return _render(bench, domain, task)
    begun = time.perf_counter()
    found = task.prepared.found
    pictures = pipeline.load_pictures(found)
    loaded = time.perf_counter()
    report = pipeline.finish(
        task.prepared,
        task.completions,
        bench.info,
        domain,
        bench.settings,
        pictures=pictures,
        created_at=now(bench.settings.zone),
    )
    printable = {
        entry.picture: data
        for entry in report.images
        if entry.picture and isinstance(data := pictures.get(entry.image_id), bytes)
    }
    institution = bench.settings.institution
    if institution.logo_path and institution.logo_png:
        printable[institution.logo_path] = institution.logo_png
    finished = time.perf_counter()
    formats = tuple(dict.fromkeys(("json", *bench.formats)))
    files = views(report, formats, printable, domain.templates, institution.fonts)
    exported = time.perf_counter()
    record = Record(found, task.prepared.facts, bench.settings.zone)
    _read_again(bench.out, found.case.case_id, {**files, **printable}, domain, record)
    reread_at = time.perf_counter()
    outputs = write_case(bench.out, found.case.case_id, {**files, **printable})
    seconds = {
        "pictures": loaded - begun,
        "finish": finished - loaded,
        "export": exported - finished,
        "reread": reread_at - exported,
        "write": time.perf_counter() - reread_at,
    }
    return _made(report, outputs, formats, seconds, task.reused)


def _render(bench: Bench, domain: Domain, task: Rendering) -> Made:
    begun = time.perf_counter()
    folder = bench.out / task.case_id
    check_written(folder, task.kept, "Give the same command with --force to make it again.")
    report = read_report(folder)
    fonts = bench.settings.institution.fonts
    files = views(report, task.formats, folder, domain.templates, fonts)
    exported = time.perf_counter()
    beside = {name: (folder / name).read_bytes() for name in task.kept if name == TRUTH or "/" in name}
    _read_again(bench.out, task.case_id, {**beside, **files}, domain)
    reread_at = time.perf_counter()
    outputs = write_case(bench.out, task.case_id, files, kept=task.kept)
    seconds = {
        "export": exported - begun,
        "reread": reread_at - exported,
        "write": time.perf_counter() - reread_at,
    }
    return _made(report, outputs, task.formats, seconds)


def _read_again(
    out: Path, case_id: str, files: Mapping[str, bytes], domain: Domain, record: Record | None = None
) -> None:
    try:
        reread(files, domain, record)
    except IntegrityError as error:
        made = {name: data for name, data in files.items() if "/" not in name}
        place = keep_failed(out, case_id, made)
        cure = f"It was not put out; what was made lies in {place}. This is a fault of reportgen: report it."
        raise IntegrityError(error.problem, cure) from None


def _made(
    report: Report,
    outputs: dict[str, list[Any]],
    formats: tuple[str, ...],
    seconds: dict[str, float],
    reused: frozenset[str] = frozenset(),
) -> Made:
    told = report.provenance.passages
    return Made(
        outputs=outputs,
        formats=formats,
        images=len(report.images),
        reviewer_items=len(report.reviewer_items),
        rules=dict(Counter(item.rule for item in report.reviewer_items)),
        rungs=dict(Counter(rung.rung for rung in told)),
        reused=sum(rung.passage in reused and rung.rung != "deterministic" for rung in told),
        seconds={step: round(value, 4) for step, value in seconds.items()},
    )


class _Here:
    """The bench of a worker process."""

    bench: Bench
    domain: Domain


def _begin(bench: Bench) -> None:
    # Ctrl-C reaches every process of a terminal; only the parent acts on it
    for name in ("SIGINT", "SIGTERM", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:  # a killed parent must not leave workers behind that wait for ever
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    _Here.bench, _Here.domain = bench, bench.load_domain()


def _end_with(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)


def _work(task: Task) -> Made | Failure:
    return guarded(partial(_make, _Here.bench, _Here.domain, task))


@contextlib.contextmanager
def _signals_held() -> Iterator[None]:
    """A process started inside is deaf to signals from its first moment."""
    if sys.platform == "win32":
        yield
        return
    held = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, held)


class Workers:
    """Makes cases, in this process with one job, else in that many others.

    Processes are spawned, never forked: the parent may hold a GPU.

    Args:
        apart: Not in this process even with one job: a model computes here, and would wait for the
            interpreter at each of its steps.
    """

    def __init__(self, bench: Bench, domain: Domain, jobs: int, *, apart: bool = False) -> None:
        self._bench, self._domain = bench, domain
        self._pool = None
        if jobs > 1 or apart:
            context = multiprocessing.get_context("spawn")
            most = 61 if sys.platform == "win32" else jobs  # Windows cannot wait for more
            self._pool = ProcessPoolExecutor(min(jobs, most), context, initializer=_begin, initargs=(bench,))

    def submit(self, task: Task) -> "Future[Made | Failure]":
        """Have a case made. With one job it is made when this returns."""
        done: Future[Made | Failure] = Future()
        if self._pool is None:
            with unheard():  # reportlab catches any exception here and there, and the wish would be lost
                done.set_result(guarded(partial(_make, self._bench, self._domain, task)))
            return done
        try:
            with unheard(), _signals_held():
                return self._pool.submit(_work, task)
        except BrokenProcessPool as error:  # lost a moment ago: told like the loss of a case's own worker
            done.set_exception(error)
            return done

    def kill(self) -> None:
        """End the other processes at once, after one was lost: the pool waits for them, and they are deaf."""
        for process in multiprocessing.active_children():
            process.kill()

    def close(self) -> None:
        """Begin nothing more; what has been begun is finished."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
