"""What somebody wants of a run."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from reportgen.batch.place import Place
from reportgen.batch.shard import Shard
from reportgen.engines.base import Parameters
from reportgen.ledger import Row
from reportgen.read import ReadOptions
from reportgen.settings import Settings

__all__ = ["Order"]


@dataclass(frozen=True, kw_only=True)
class Order:
    """A run as ordered on the command line.

    Attributes:
        inputs: Files, folders, globs, or ``-`` for standard input.
        out: The output folder; made if need be.
        formats: Names of formats; ``json`` is always made.
        domain: Name or folder.
        lang: Code of the language of the reports; None for the domain's own.
        jobs: Processes that finish and export; 1 is this one.
        shard: The part of the cases that is done; None does them all.
        limit: At most so many cases, the first in sorted order.
        max_failures: Stop once so many cases were rejected or failed.
        force: Do again what is done.
        cache: Whether passages are taken from, and kept in, the cache of this machine.
        dry_run: Read everything, write nothing.
        plan: Told what is done for each case: ``make``, ``render``, ``skip``, ``reject`` or ``failed``.
    """

    inputs: tuple[str, ...]
    out: Path
    formats: tuple[str, ...] = ("txt", "pdf")
    domain: str = "fetal_ultrasound"
    lang: str | None = None
    settings: Settings = field(default_factory=Settings)
    read: ReadOptions = field(default_factory=ReadOptions)
    parameters: Parameters = field(default_factory=Parameters)
    jobs: int = 1
    shard: Shard | None = None
    limit: int | None = None
    max_failures: int | None = None
    force: bool = False
    cache: bool = True
    dry_run: bool = False
    plan: Callable[[str, Row], None] | None = None

    @property
    def place(self) -> Place:
        """The output folder, or the part of it that is written."""
        return Place(self.out, self.shard)
