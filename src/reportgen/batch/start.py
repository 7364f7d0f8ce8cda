"""Beginning and end of a run: what can be refused early is, and the end is written whatever happens."""

import contextlib
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path

from reportgen import pipeline
from reportgen.assemble import software_version
from reportgen.batch.book import Book
from reportgen.batch.guard import system_failure
from reportgen.batch.index import write_index
from reportgen.batch.inputs import Inputs
from reportgen.batch.make import Bench, Workers
from reportgen.batch.order import Order
from reportgen.batch.rehearse import rehearse
from reportgen.batch.run import Run
from reportgen.batch.stamps import Stamps
from reportgen.batch.summary import Summary, counted
from reportgen.batch.voice import Voice
from reportgen.batch.words import Words
from reportgen.cache import Cache, cache_path
from reportgen.domain import Domain, load_domain
from reportgen.engines import TemplateEngine
from reportgen.engines.base import Engine
from reportgen.errors import UsageError
from reportgen.exporters import FORMATS
from reportgen.files import pretty_json, write_file
from reportgen.ledger import Ledger, Row
from reportgen.moments import cpu_seconds, interruptible, now, peak_memory_mb

__all__ = ["run_batch"]

#: How long the first words wait for the number of inputs, in seconds.
_MOMENT = 0.5
#: How long a run that was stopped waits for it.
_FAREWELL = 10.0


def run_batch(order: Order, open_engine: Callable[[], Engine], voice: Voice) -> Summary:
    """Make the reports of all inputs.

    Args:
        order: What is wanted.
        open_engine: Called once it is clear that there is something to do.
        voice: Told how it goes.

    Returns:
        The summary, with the exit code; it also lies in ``OUT/summary.json``.

    Raises:
        UsageError: Wrong usage, no input, or another run is at work there. Nothing was written.
        EngineError: The engine cannot run. Nothing was written.
    """
    begun = (time.monotonic(), cpu_seconds(), now(order.settings.zone))
    _check_formats(order.formats)
    domain = pipeline.configured(load_domain(order.domain, order.lang), order.settings)
    rehearse(domain, order.settings)
    inputs = Inputs(order, domain)
    if not domain.has_lexicon:
        open_engine = partial(TemplateEngine, f"the domain has no carriers.{domain.lang}.yaml")
    with interruptible(), contextlib.closing(open_engine()) as engine, _opened(order) as ledger:
        _introduce(voice, inputs, engine, domain)
        with _remembered(order, engine, voice) as cache:
            session = _Session(
                order, inputs, ledger, engine, domain=domain, cache=cache, voice=voice, begun=begun
            )
            return session.run()


def _check_formats(formats: tuple[str, ...]) -> None:
    unknown = [name for name in formats if name not in FORMATS]
    if unknown:
        raise UsageError(f"There is no format '{unknown[0]}'.", f"Use some of: {', '.join(FORMATS)}.")


@contextlib.contextmanager
def _opened(order: Order) -> Iterator[Ledger]:
    """The ledger of the output folder; in a dry run a copy of it in memory."""
    if not order.dry_run:
        with order.place.opened() as ledger:
            yield ledger
        return
    with contextlib.closing(Ledger(order.place.ledger, as_if=True)) as ledger:
        yield ledger


@contextlib.contextmanager
def _remembered(order: Order, engine: Engine, voice: Voice) -> Iterator[Cache | None]:
    """The passages of earlier runs; None where none are wanted, or the cache is of no use: it never stops a
    run."""
    if not order.cache or order.dry_run or engine.info.engine == "template":
        yield None
        return
    try:
        cache = Cache(cache_path())
    except UsageError as error:
        _warn(voice, f"Passages are not remembered: {error}")
        yield None
        return
    with contextlib.closing(cache):
        yield cache


def _warn(voice: Voice, message: str) -> None:
    voice.say("cache", message, level="warning")


def _introduce(voice: Voice, inputs: Inputs, engine: Engine, domain: Domain) -> None:
    """The first words; of very many inputs, or a slow drive, the number is not known yet."""
    census = inputs.census
    more = "" if census.wait(_MOMENT) else "more than "
    ignored = f", {census.ignored} other files ignored" if census.ignored else ""
    why = f": {engine.info.why}" if engine.info.why else ""
    said = f"{software_version()}: {more}{census.files} inputs{ignored}\nwords: {engine.info.name}{why}"
    language = f"\nlanguage: {domain.lang}, a machine-made translation that nobody has reviewed"
    voice.say(
        "start",
        said if domain.reviewed else said + language,
        inputs=census.files,
        ignored=census.ignored,
        engine=engine.info.plain(),
    )


class _Session:
    """A run between its beginning and its end."""

    def __init__(
        self,
        order: Order,
        inputs: Inputs,
        ledger: Ledger,
        engine: Engine,
        *,
        domain: Domain,
        cache: Cache | None,
        voice: Voice,
        begun: tuple[float, float, datetime],
    ) -> None:
        self._order, self._inputs, self._ledger, self._engine = order, inputs, ledger, engine
        self._voice, self._begun = voice, begun
        self._software = software_version()
        stamps = Stamps.of(domain, order.settings, engine, order.parameters)
        bench = Bench(order.out, order.domain, order.lang, order.settings, engine.info, order.formats)
        number = ledger.begin(begun[2].isoformat(), self._software)
        self._book = Book(order, inputs, ledger, number=number, stamps=stamps, voice=voice)
        self._words: Words[Row] = Words(
            engine, domain, order.parameters, cache=cache, note=self._book.note, warn=partial(_warn, voice)
        )
        self._run = Run(
            order,
            inputs,
            ledger,
            self._book,
            stamps=stamps,
            words=self._words,
            workers=Workers(
                bench,
                domain,
                1 if order.dry_run else order.jobs,
                apart=not order.dry_run and getattr(engine, "computes_here", False),
            ),
            domain=domain,
        )

    def run(self) -> Summary:
        """Go through all cases; then, also after an interruption, put everything in order and sum up."""
        try:
            self._run.go()
        except KeyboardInterrupt:
            self._book.tally.stop("interrupted")
        finally:
            self._run.wind_up()
            self._voice.close()
        summary = self._sum_up()
        try:
            summary = self._write(summary)
        except OSError as error:
            self._book.stop(system_failure(error))
            summary = self._sum_up()
        self._tell(summary)
        return summary

    def _sum_up(self) -> Summary:
        tally = self._book.tally
        files = self._book.read
        if self._run.complete:
            self._inputs.census.wait()
        else:  # who ends a run does not wait for the list of a slow drive
            self._inputs.census.wait(_FAREWELL)
            files = max(files, self._inputs.census.files)
        unread = 0 if tally.stopped == "limit" else files - self._book.read
        counts = tally.balance(unread)
        wall, cpu, started = self._begun
        return Summary(
            software=self._software,
            started_at=started.isoformat(timespec="seconds"),
            ended_at=now(self._order.settings.zone).isoformat(timespec="seconds"),
            exit_code=int(tally.exit_code),
            cases=counts["cases"],
            done=counts["done"],
            skipped=counts["skipped"],
            rejected=counts["rejected"],
            failed=counts["failed"],
            pending=counts["pending"],
            stopped=tally.stopped,
            shard=str(self._order.shard) if self._order.shard else None,
            files=files,
            ignored_files=self._inputs.census.ignored,
            superseded=tuple(sorted(self._book.superseded)),
            formats=tuple(dict.fromkeys(("json", *self._order.formats))),
            engine=self._engine.info,
            prompts=self._words.asked,
            prompts_shared=self._words.shared,
            rungs=dict(sorted(tally.rungs.items())),
            passages=tally.passages,
            seconds=round(time.monotonic() - wall, 3),
            cpu_seconds=round(cpu_seconds() - cpu, 3),
            peak_memory_mb=peak_memory_mb(),
        )

    def _write(self, summary: Summary) -> Summary:
        if self._order.dry_run:
            return summary
        place = self._order.place
        write_file(place.summary, pretty_json(summary.plain()))
        if place.index is not None:
            written = now(self._order.settings.zone).strftime("%d %b %Y, %H:%M %Z")
            write_index(place.out, self._ledger, self._software, written)
        self._ledger.end(self._book.number, summary.ended_at, summary.exit_code)
        place.clear()
        return summary

    def _tell(self, summary: Summary) -> None:
        self._voice.say("end", _table(summary, self._order), summary=summary.plain())


_STOPPED = {
    "interrupted": "Interrupted: the same command completes the rest.",
    "engine lost": "The engine was lost: the same command completes the rest once it runs again.",
    "disk full": "The disk is full: free some space, and the same command completes the rest.",
    "output lost": "The output folder failed: see above, and the same command completes the rest.",
    "worker lost": "A worker process was lost: the same command, with fewer --jobs, completes the rest.",
    "max failures": "Stopped by --max-failures: correct the inputs, and the same command completes the rest.",
    "limit": "Stopped by --limit: there are more inputs.",
}


def _table(summary: Summary, order: Order) -> str:
    """The last words of a run, for a person."""
    lines = counted(summary, made="to make" if order.dry_run else "made")
    if summary.stopped is not None:
        lines.append(_STOPPED[summary.stopped])
    if order.dry_run:
        lines.append("Nothing was written.")
    else:
        lines.append(f"All at a glance: {order.place.index or order.place.summary}")
        if summary.rejected:
            lines.append(f"What was refused, and why: {Path(order.out) / 'rejected'}")
    return "\n".join(lines)
