"""The run's bookkeeping: what became of each case, in the ledger, in the tally and in the output tree."""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import replace

from reportgen.batch.folder import file_name, supersede
from reportgen.batch.guard import Failure, system_failure
from reportgen.batch.inputs import Inputs
from reportgen.batch.make import Made
from reportgen.batch.order import Order
from reportgen.batch.refusals import error_name, log_bug, remove_refusal, write_refusal
from reportgen.batch.stamps import Stamps
from reportgen.batch.summary import Tally
from reportgen.batch.voice import Voice
from reportgen.errors import InputError
from reportgen.files import HeldError
from reportgen.ledger import Ledger, Row

__all__ = ["Book"]

#: Seconds between two commits of the ledger: what a killed run may have to do again.
COMMIT_EVERY = 1.0


def _bare(row: Row) -> Row:
    """A row of a case of which nothing stands."""
    return replace(row, content=None, writer=None, narrative=None, outputs={}, render={}, rungs={}, rules={})


class Book:
    """Writes down the fate of cases.

    Attributes:
        tally: The counts of this run.
        number: The run's number.
        read: Input files that were read, or need not be.
        superseded: Ids of cases whose folder was set aside.
    """

    def __init__(
        self, order: Order, inputs: Inputs, ledger: Ledger, *, number: int, stamps: Stamps, voice: Voice
    ) -> None:
        self.tally = Tally()
        self.number = number
        self.read = 0
        self.superseded: list[str] = []
        self._order, self._inputs, self._ledger = order, inputs, ledger
        self._stamps, self._voice = stamps, voice
        self._committed = time.monotonic()

    def begin(self, old: Row | None, new: Row, content: str) -> Row | None:
        """A case waits for its words. Its old fingerprints stay: they belong to what still lies there.

        Returns:
            The row of the case; None if it failed: what must be set aside before is open in a program.
        """
        row = replace(new, status="pending", attempts=new.attempts + 1)
        try:
            self._keep_other(old, row, content)
        except HeldError as error:
            self.fail(row, system_failure(error), old)
            return None
        self._ledger.put(row)
        return row

    def settle(self, row: Row, old: Row | None = None, action: str = "") -> None:
        """A case's fate is known; ``old`` is its row before, ``action`` what a plan calls it."""
        if old is not None and old.error_file and old.error_file != row.error_file:
            self._remove_refusal(old.error_file)
        self._ledger.put(row)
        self.tally.settle(row)
        if self._order.plan is not None:
            known = {"skipped": "skip", "rejected": "reject", "failed": "fail"}
            self._order.plan(action or known[row.status], row)
        self.note()

    def note(self, text: str = "") -> None:
        """Tell how far the run is, and what goes on now."""
        unread = max(self._inputs.census.files - self.read, 0)
        self._voice.step(sum(self.tally.counts.values()), self.tally.seen + unread, text)

    def done(self, row: Row, made: Made) -> None:
        """A case's folder is in place."""
        kept = {name: stamp for name, stamp in row.render.items() if file_name(name) in made.outputs}
        finished = replace(
            row,
            status="done",
            problem=None,
            error_file=None,
            render=kept | {name: self._stamps.render(name) for name in made.formats},
            outputs=made.outputs,
            images=made.images,
            reviewer_items=made.reviewer_items,
            rules=made.rules,
            rungs=made.rungs,
            cache_hits=made.reused,
            seconds=made.seconds,
        )
        self.settle(finished, row)

    def fail(self, row: Row, failure: Failure, old: Row | None) -> None:
        """A case came to nothing: told, written down, and its older report set aside."""
        if failure.stop is not None:
            self.stop(failure)
            return
        error = failure.error.located(row.file, row.row)
        name = None
        if failure.status == "rejected":
            name = error_name(self._ledger, row.key, row.file, row.row, alone=self._order.shard is None)
        fallen = replace(
            self._still_there(row) if failure.held else _bare(row),
            status=failure.status,
            problem=(f"{error.path}: " if error.path else "") + f"{error.problem} {error.cure}".strip(),
            error_file=name,
        )
        self._write_failure(fallen, failure, error)
        self.tally.codes.add(failure.code)
        shown = f"{row.case_id}: " if row.case_id else ""
        fields = {"case": row.case_id, "file": row.file, "row": row.row, "path": error.path or None}
        self._voice.say(failure.status, f"{failure.status}: {shown}{error}", level="error", **fields)
        self.settle(fallen, old)
        most = self._order.max_failures
        if most is not None and self.tally.troubles >= most and self.tally.stopped is None:
            self.tally.stop("max failures")
            self._voice.say("max failures", f"Stopped after {most} rejected or failed cases.", level="error")

    def _still_there(self, row: Row) -> Row:
        """The row of a case whose older folder could not be moved: what it says of that folder stays true, so
        that it never passes for the new report, and the next run makes that."""
        return replace(self._ledger.get(row.key) or row, attempts=row.attempts, run=row.run)

    def _write_failure(self, row: Row, failure: Failure, error: InputError) -> None:
        if self._order.dry_run:
            return
        if row.error_file is not None:
            with self._or_told():
                write_refusal(self._order.out, row.error_file, error)
        if failure.trace:
            log_bug(self._order.out, row.key, failure.trace)
        if row.case_id is not None and not failure.held:
            with self._or_told():
                self.set_aside(row.case_id)

    @contextlib.contextmanager
    def _or_told(self) -> Iterator[None]:
        """What a program has open is told and stays as it is; it never ends a run."""
        try:
            yield
        except HeldError as error:
            failure = system_failure(error)
            self.tally.codes.add(failure.code)
            self._voice.say("held", str(failure.error), level="error")

    def stop(self, failure: Failure) -> None:
        """No other case can be done either."""
        why = failure.stop or "output lost"
        if self.tally.stop(why):
            self._voice.say(why, str(failure.error), level="error")

    def set_aside(self, case_id: str) -> bool:
        """Move a case's folder out of the way; False if there is none.

        Raises:
            HeldError: A program has a file of it open.
        """
        if self._order.dry_run or not supersede(self._order.out, case_id):
            return False
        self.superseded.append(case_id)
        message = f"{case_id}: its older report is out of date and now lies in .superseded."
        self._voice.say("superseded", message, level="warning", case=case_id)
        return True

    def _keep_other(self, old: Row | None, new: Row, content: str) -> None:
        """Set a report aside that is about to be replaced, but was made from another input which still exists
        or is not known to be the same (it may be another patient's: what comes through standard input always
        has one origin), or has an id that differs in upper and lower case."""
        if old is None or not old.outputs or old.case_id is None:
            return
        if old.origin == "-":
            other = old.content != content
        else:
            other = old.origin != new.origin and self._inputs.exists(old.origin)
        if other or old.case_id != new.case_id:
            self.set_aside(old.case_id)

    def reconcile(self) -> None:
        """Once all inputs were read: forget what the ledger knows of them beyond this run, and set reports
        aside that none of them gives any more. What came from other inputs stays; so do the reports of inputs
        that are gone, but not their errors. What comes through standard input is gone each time."""
        if self._order.dry_run:
            return
        for row in self._ledger.stale(self.number):
            if row.origin == "-" or not self._inputs.census.knows(row.origin):
                gone = not self._inputs.exists(row.origin)
                if not gone or (row.outputs and (self._order.out / str(row.case_id)).is_dir()):
                    continue
            if row.error_file:
                self._remove_refusal(row.error_file)
            if row.case_id is None or self._put_away(row):
                self._ledger.remove(row.key)
        self._ledger.commit()

    def _put_away(self, row: Row) -> bool:
        """Set a report aside that no input gives any more; what a program has open waits for the next run."""
        try:
            self.set_aside(str(row.case_id))
        except HeldError as error:
            failure = system_failure(error)
            problem = f"No input gives this report any more. {failure.error}"
            self._ledger.put(replace(row, status="failed", problem=problem))
            self.tally.codes.add(failure.code)
            self._voice.say("held", f"{row.case_id}: {problem}", level="error", case=row.case_id)
            return False
        return True

    def commit(self, *, now: bool = False) -> None:
        """Make what was written down last, but not more often than every second unless it must be now."""
        if now or time.monotonic() - self._committed > COMMIT_EVERY:
            self._ledger.commit()
            self._committed = time.monotonic()

    def _remove_refusal(self, name: str) -> None:
        if not self._order.dry_run:
            with self._or_told():
                remove_refusal(self._order.out, name, alone=self._order.shard is None)
