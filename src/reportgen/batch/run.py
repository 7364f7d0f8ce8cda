"""A run: streams cases from the inputs to the output tree, and never stops for one of them."""

import itertools
from collections import deque
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from functools import partial

from reportgen import pipeline
from reportgen.batch.book import Book
from reportgen.batch.decide import Decision, decide, still_good
from reportgen.batch.guard import Failure, guarded, refusal, system_failure
from reportgen.batch.inputs import Inputs, Item
from reportgen.batch.make import Made, Rendering, Task, Workers, Writing
from reportgen.batch.order import Order
from reportgen.batch.refusals import duplicate
from reportgen.batch.stamps import Stamps, file_state, narrative, picture_states
from reportgen.batch.words import Words
from reportgen.domain import Domain
from reportgen.errors import ExitCode, InputError
from reportgen.ledger import Ledger, Row
from reportgen.moments import outcome, over
from reportgen.nouns import Found

__all__ = ["Run"]

#: Cases that are under way in other processes, for each of them: enough that none waits for work.
AHEAD = 4
_WORKER_LOST = Failure(
    "pending",
    InputError(
        "A worker process was killed, perhaps for want of memory.",
        "Give the same command again with fewer --jobs.",
    ),
    ExitCode.REJECTED,
    stop="worker lost",
)


@dataclass(frozen=True)
class _Work:
    """A case that needs something: its row, with the fingerprints it will have, and what to do."""

    found: Found
    row: Row
    decision: Decision


class Run:
    """One run over the inputs. ``go`` does the work; the book says how it went.

    Attributes:
        complete: All inputs were read to their end.
    """

    def __init__(
        self,
        order: Order,
        inputs: Inputs,
        ledger: Ledger,
        book: Book,
        *,
        stamps: Stamps,
        words: Words[Row],
        workers: Workers,
        domain: Domain,
    ) -> None:
        self.complete = False
        self._order, self._inputs, self._ledger, self._book = order, inputs, ledger, book
        self._stamps, self._words, self._workers, self._domain = stamps, words, workers, domain
        self._most = AHEAD * order.jobs
        self._waiting: deque[tuple[Row, Future[Made | Failure]]] = deque()

    def go(self) -> None:
        """Do all the cases, or as many as can be done.

        Raises:
            KeyboardInterrupt: Somebody wants the run to end.
        """
        try:
            for work in self._work():
                self._do(work)
                self._pass_on()
                while self._words.full and not self._ended:
                    self._words.wait()
                    self._pass_on()
                if self._ended:
                    return
            self._words.last_call()
            while self._words.waiting and not self._ended:
                self._words.wait()
                self._pass_on()
            self._collect(at_most=0)
        except OSError as error:  # what is wrong with an input is an InputError: this is the output folder
            self._book.stop(system_failure(error))

    def wind_up(self) -> None:
        """Let what was begun end, begin nothing more, and note what came of it."""
        self._words.close()
        self._workers.close()
        try:
            self._collect(at_most=0)
            self._book.commit(now=True)
            if self.complete and not self._ended:
                self._book.reconcile()
        except OSError as error:
            self._book.stop(system_failure(error))

    @property
    def _ended(self) -> bool:
        return self._book.tally.stopped not in {None, "engine lost", "limit"}

    def _work(self) -> Iterator[_Work]:
        """Read the inputs; settle what needs nothing or is refused, and yield the rest."""
        for item in self._inputs.items():
            if self._skip_unread(item):
                self._book.read += 1
                continue
            self._book.commit()
            stamp = self._stamps.files(item.paths, self._inputs.options)  # what changes later is read again
            cases = own = refused = 0
            for result in item.cases():
                if self._room == 0:
                    self._book.tally.stop("limit")
                    return
                self._book.read += cases == 0
                cases += 1
                refused += isinstance(result, Failure)
                if not self._is_own(item, result):
                    continue
                own += 1
                self._book.tally.seen += 1
                if isinstance(result, Failure):
                    self._refuse(item, result)
                elif (work := self._meet(item, result)) is not None:
                    yield work
                if self._ended:
                    return
            if cases == 0:
                self._book.read += 1
                nothing = refusal(InputError("There is no case in it.", "Check what wrote it."))
                if self._is_own(item, nothing):
                    self._book.tally.seen += 1
                    self._refuse(item, nothing)
            elif stamp is not None:
                # A file with refusals is always read again; parts of a run must agree on how many it has.
                seen = f"{refused} of {cases} refused" if refused else stamp
                state = file_state(item.path) if item.path else None
                self._ledger.put_file(item.origin, seen, own, state, self._book.number)
        self.complete = True

    @property
    def _room(self) -> float:
        """How many more cases may be met."""
        limit = self._order.limit
        return float("inf") if limit is None else limit - self._book.tally.seen

    def _is_own(self, item: Item, result: Found | Failure) -> bool:
        """Whether this run is to do it, or another part of the whole is."""
        shard = self._order.shard
        if shard is None:
            return True
        if isinstance(result, Found):
            return shard.takes(result.case.case_id)
        return shard.takes(f"{item.name}#{result.error.row or ''}")

    def _skip_unread(self, item: Item) -> bool:
        """Settle all cases of a file that has not changed since they were made; False if it must be read."""
        if item.path is None or self._order.force:
            return False
        known = self._ledger.file(item.origin)
        if known is None or known[0] != self._stamps.files(item.paths, self._inputs.options):
            return False
        rows = self._ledger.of_origin(item.origin)
        if len(rows) != known[1] or len(rows) > self._room:
            return False
        good = partial(still_good, self._order.out, stamps=self._stamps, formats=self._order.formats)
        if not all(not self._is_met(row) and good(row=row) for row in rows):
            return False
        self._ledger.keep_file(item.origin, self._book.number)
        self._book.tally.seen += len(rows)
        for row in rows:
            self._book.settle(replace(row, status="skipped", run=self._book.number))
        return True

    def _meet(self, item: Item, found: Found) -> _Work | None:
        """A valid case: refuse it as a duplicate, skip it, or hand it on."""
        case_id, source = found.case.case_id, found.source
        key = f"case:{case_id.casefold()}"
        old = self._ledger.get(key)
        if self._is_met(old):
            self._refuse(item, refusal(duplicate(found)))
            return None
        content = self._stamps.content(found)
        if old is not None and self._is_anothers(old, content, item):
            self._refuse(item, refusal(duplicate(found, earlier=old.file)))
            return None
        decision = Decision("make")
        if not self._order.force:
            decision = decide(self._order.out, old, content, self._stamps, self._order.formats)
        row = replace(
            old or Row(key=key, origin=item.origin, file=source.name, status="pending"),
            case_id=case_id,
            origin=item.origin,
            file=source.name,
            row=source.row,
            format=source.format,
            pictures=picture_states(found),
            run=self._book.number,
        )
        if decision.action == "skip":
            self._book.settle(replace(row, status="skipped"))
            return None
        begun = self._book.begin(old, row, content)
        if begun is None:
            return None
        return _Work(found, replace(begun, content=content, writer=self._stamps.writer), decision)

    def _is_met(self, old: Row | None) -> bool:
        """Whether this row has been written in this run: the ledger remembers, so that memory stays flat."""
        return old is not None and old.run == self._book.number

    def _is_anothers(self, old: Row, content: str, item: Item) -> bool:
        """Whether the report that lies there is of other evidence, perhaps another patient's, whose input is
        no part of this run and still stands."""
        if not old.outputs or old.content == content:
            return False
        return self._inputs.stands(old.origin, self._ledger.file_state(old.origin), item)

    def _refuse(self, item: Item, failure: Failure) -> None:
        """An input that gives no case."""
        error = failure.error.located(item.name)
        key = f"input:{item.origin}#{error.row or ''}"
        old = self._ledger.get(key)
        if self._is_met(old):  # two refusals at one place are still two
            more = (f"{key}+{n}" for n in itertools.count(2))
            key = next(new for new in more if not self._is_met(self._ledger.get(new)))
            old = self._ledger.get(key)
        row = Row(
            key=key,
            origin=item.origin,
            file=error.file,
            row=error.row,
            status=failure.status,
            attempts=(old.attempts if old else 0) + 1,
            run=self._book.number,
        )
        self._book.fail(row, replace(failure, error=error), old)

    def _do(self, work: _Work) -> None:
        """Prepare a case and have its words written; one that only lacks formats goes to the workers."""
        if work.decision.action == "render" and not self._order.dry_run:
            digests = {name: work.row.outputs[name][2] for name in work.decision.kept}
            self._submit(work.row, Rendering(work.found.case.case_id, work.decision.formats, digests))
            return
        ready = guarded(partial(pipeline.prepare, work.found, self._domain))
        if isinstance(ready, Failure):
            self._book.fail(work.row, ready, work.row)
        elif self._order.dry_run:
            self._book.settle(replace(work.row, status="done"), action=work.decision.action)
        else:
            prompts = narrative(self._stamps.writer, ready.prompts)
            self._words.put(replace(work.row, narrative=prompts), ready)

    def _pass_on(self) -> None:
        """Hand the cases that have their words to the workers, and note what these have made."""
        for row, case, answered in self._words.ready():
            if isinstance(answered, Failure):
                self._book.fail(row, answered, row)
            else:
                self._submit(row, Writing(case, answered.completions, answered.reused))
        if self._words.lost is not None and self._book.tally.stopped in {None, "limit"}:
            cause = str(self._words.lost)
            self._book.stop(Failure("pending", InputError(cause), ExitCode.ENGINE, stop="engine lost"))
        self._collect(at_most=self._most)

    def _submit(self, row: Row, task: Task) -> None:
        if not self._ended:
            self._waiting.append((row, self._workers.submit(task)))
            self._collect(at_most=self._most)

    def _collect(self, at_most: int) -> None:
        """Note what became of the oldest cases: of those made, until at most so many are under way."""
        while self._waiting and (len(self._waiting) > at_most or over(self._waiting[0][1])):
            row, future = self._waiting[0]  # an interrupt while it is waited for must not lose it
            try:
                made: Made | Failure | None = outcome(future)
            except CancelledError:
                made = None
            except BrokenProcessPool:
                self._workers.kill()
                made = _WORKER_LOST
            self._waiting.popleft()
            if isinstance(made, Failure):
                self._book.fail(row, made, row)
            elif made is not None:
                self._book.done(row, made)
        self._book.commit()
