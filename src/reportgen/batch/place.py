"""The output folder of a run, or of one part of it: opened, locked, and the files that are the run's own.

A folder is made whole, or in N parts by as many processes. Parts have ledgers and summaries of their own;
what ``merge`` makes of them stands only as long as it is true: the next run of a part takes it away.
"""

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from reportgen.batch.folder import LEDGER, clear_partial
from reportgen.batch.index import remove_index
from reportgen.batch.lock import locked
from reportgen.batch.shard import Shard
from reportgen.errors import UsageError
from reportgen.files import write_file
from reportgen.ledger import Ledger

__all__ = ["Place", "parts_of"]

_PART = re.compile(r"ledger\.(\d+)-of-(\d+)\.sqlite")


@dataclass(frozen=True)
class Place:
    """Where a run writes: all of ``out``, or with ``shard`` one part of it."""

    out: Path
    shard: Shard | None = None

    @property
    def ledger(self) -> Path:
        """The ledger's file."""
        return self.out / (f"ledger.{self.shard}.sqlite" if self.shard else LEDGER)

    @property
    def summary(self) -> Path:
        """The summary's file."""
        return self.out / (f"summary.{self.shard}.json" if self.shard else "summary.json")

    @property
    def index(self) -> Path | None:
        """The page of all reports; a part has none."""
        return None if self.shard else self.out / "index.html"

    @property
    def lock(self) -> Path:
        """The lock's file."""
        return self.out / (f".lock.{self.shard}" if self.shard else ".lock")

    @contextlib.contextmanager
    def opened(self) -> Iterator[Ledger]:
        """The folder, made, locked and cleared, and the ledger.

        Raises:
            UsageError: It cannot be written, another run is at work in it, or it is made in other parts.
        """
        try:
            self.out.mkdir(parents=True, exist_ok=True)
            write_file(self.lock.with_name(f"{self.lock.name}.writable"), b"")
            self.lock.with_name(f"{self.lock.name}.writable").unlink()
        except OSError as error:
            raise UsageError(
                f"{self.out} cannot be written ({type(error).__name__}).", "Choose another folder with -o."
            ) from None
        with locked(self.lock):
            self._check_parts()
            try:
                self._begin()
            except OSError as error:
                raise UsageError(
                    f"Files of {self.out} cannot be replaced ({type(error).__name__}).",
                    "Close programs that have them open, and give the same command again.",
                ) from None
            with contextlib.closing(Ledger(self.ledger)) as ledger:
                yield ledger

    def clear(self) -> None:
        """Remove what killed runs left unfinished; where other parts may be at work that is left to merge."""
        if self.shard is None:
            clear_partial(self.out)

    def _begin(self) -> None:
        self.clear()
        if self.shard is None:
            return
        # What says that this part, or the whole, is complete is not true any more.
        whole = Place(self.out)
        for path in (self.summary, whole.ledger, whole.summary):
            path.unlink(missing_ok=True)
        remove_index(self.out)

    def _check_parts(self) -> None:
        parts = parts_of(self.out)
        if self.shard is None and parts:
            raise UsageError(
                f"{self.out} is made in {next(iter(parts)).of} parts.",
                "Give --shard as for the others, or choose another folder with -o.",
            )
        if self.shard is None:
            return
        other = next((part.of for part in parts if part.of != self.shard.of), None)
        if other is not None:
            raise UsageError(
                f"{self.out} is made in {other} parts, not in {self.shard.of}.",
                f"Give --shard {self.shard.number}/{other}, or choose another folder with -o.",
            )
        if not parts and (self.out / LEDGER).exists():
            raise UsageError(
                f"{self.out} holds the reports of a run without --shard.",
                "Leave --shard out, or choose another folder with -o.",
            )


def parts_of(out: Path) -> dict[Shard, Path]:
    """The ledgers of the parts that a folder is made in, in order; none if it is made whole."""
    found = ((_PART.fullmatch(path.name), path) for path in out.glob("ledger.*-of-*.sqlite"))
    return dict(sorted((Shard(int(name[1]), int(name[2])), path) for name, path in found if name))
