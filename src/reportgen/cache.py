"""Passages that a model has written, kept from run to run: one SQLite file for all runs of a machine.

Equal evidence gives equal prompts, so most passages of most studies were written before. The raw text is
kept, with who wrote it; every read is checked again like a fresh answer, so a wrong entry can do no more harm
than a wrong answer. Entries hold slots, never a patient's value. Several processes may use the file at once.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from reportgen.errors import UsageError
from reportgen.nouns import Completion
from reportgen.nouns.base import Frozen
from reportgen.resources import cache_dir

__all__ = ["SCHEMA", "Cache", "CacheInfo", "Entry", "cache_path"]

SCHEMA: Literal["reportgen/passages/v1"] = "reportgen/passages/v1"
#: Keys looked up in one statement; SQLite takes some hundreds of values at once.
_AT_ONCE = 500
#: How long one process waits for another that writes, in seconds.
_PATIENCE = 60
_TABLE = """
CREATE TABLE IF NOT EXISTS passages (
    prompt TEXT NOT NULL, writer TEXT NOT NULL,
    text TEXT NOT NULL, finish TEXT NOT NULL, prompt_tokens INTEGER NOT NULL, tokens INTEGER NOT NULL,
    engine TEXT NOT NULL, written_at TEXT NOT NULL,
    PRIMARY KEY (writer, prompt)
) WITHOUT ROWID;
"""
_COLUMNS = "prompt, writer, text, finish, prompt_tokens, tokens, engine, written_at"
_HASH = r"^[0-9a-f]{64}$"


class Entry(Frozen):
    """One passage as it is kept, exported and imported.

    Attributes:
        prompt: Hash of the messages and the grammar (``Prompt.id``).
        writer: Hash of engine, weights and parameters: equal writers give equal words for equal prompts.
        text: As the model wrote it, unchecked.
        engine: How a person calls the writer.
        written_at: ISO 8601, UTC.
    """

    prompt: Annotated[str, Field(pattern=_HASH)]
    writer: Annotated[str, Field(pattern=_HASH)]
    text: Annotated[str, Field(max_length=20_000)]
    finish: Literal["stop", "length"]
    prompt_tokens: Annotated[int, Field(ge=0)]
    tokens: Annotated[int, Field(ge=0)]
    engine: Annotated[str, Field(max_length=200)]
    written_at: Annotated[str, Field(max_length=40)]

    @property
    def completion(self) -> Completion:
        """The answer again."""
        fields = self.model_dump(include={"text", "finish", "prompt_tokens", "tokens"})
        return Completion(prompt_id=self.prompt, **fields)


@dataclass(frozen=True)
class CacheInfo:
    """What lies in the cache: passages by writer, and the file's size in bytes."""

    path: Path
    size: int
    passages: int
    writers: Mapping[str, int]

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        return {**vars(self), "path": str(self.path), "writers": dict(self.writers)}


def cache_path() -> Path:
    """Where the passages of this machine are kept (see ``REPORTGEN_CACHE_DIR``)."""
    return cache_dir() / "passages.sqlite"


class Cache:
    """The passages of one file.

    Args:
        path: The file; it is made if it is not there.

    Raises:
        UsageError: It cannot be used: no place to write, or damaged.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, timeout=_PATIENCE)
        except (OSError, sqlite3.Error) as error:
            raise self._unusable(error) from None
        try:
            # Readers do not wait for a writer then. A drive that cannot do it keeps what it has.
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = NORMAL")
            self._db.executescript(_TABLE)
        except sqlite3.Error as error:
            self._db.close()
            raise self._unusable(error) from None

    def find(self, writer: str, prompts: Iterable[str]) -> dict[str, Completion]:
        """By prompt the answers that this writer gave before."""
        wanted = list(dict.fromkeys(prompts))
        found: dict[str, Completion] = {}
        for start in range(0, len(wanted), _AT_ONCE):
            some = wanted[start : start + _AT_ONCE]
            marks = ", ".join("?" * len(some))
            rows = self._rows(f"WHERE writer = ? AND prompt IN ({marks})", writer, *some)
            found |= {entry.prompt: entry.completion for entry in rows}
        return found

    def keep(self, writer: str, engine: str, completions: Iterable[Completion]) -> None:
        """Keep answers. A prompt without an answer (``error``) is asked again next time."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        self.add(
            Entry(
                prompt=one.prompt_id,
                writer=writer,
                engine=engine,
                written_at=now,
                **one.model_dump(include={"text", "finish", "prompt_tokens", "tokens"}),
            )
            for one in completions
            if one.error is None
        )

    def add(self, entries: Iterable[Entry]) -> int:
        """Keep entries that are not there yet; how many were new. What is there stays: equal prompts keep
        equal words."""
        rows = [tuple(entry.model_dump().values()) for entry in entries]
        marks = ", ".join("?" * len(_COLUMNS.split(", ")))
        try:
            with self._db:
                before = self._db.total_changes
                self._db.executemany(f"INSERT OR IGNORE INTO passages ({_COLUMNS}) VALUES ({marks})", rows)  # noqa: S608 - names of ours
                return self._db.total_changes - before
        except sqlite3.Error as error:
            raise self._unusable(error) from None

    def entries(self) -> Iterator[Entry]:
        """Everything, by writer and prompt."""
        return self._rows("ORDER BY writer, prompt")

    def info(self) -> CacheInfo:
        """What there is."""
        try:
            counted = self._db.execute(
                "SELECT engine, count(*) FROM passages GROUP BY engine ORDER BY engine"
            ).fetchall()
        except sqlite3.Error as error:
            raise self._unusable(error) from None
        beside = [Path(f"{self.path}{ending}") for ending in ("", "-wal")]
        size = sum(path.stat().st_size for path in beside if path.exists())
        return CacheInfo(self.path, size, sum(number for _, number in counted), dict(counted))

    def clear(self) -> int:
        """Forget everything; how many passages that were."""
        try:
            with self._db:
                forgotten = self._db.execute("DELETE FROM passages").rowcount
            self._db.execute("VACUUM")
        except sqlite3.Error as error:
            raise self._unusable(error) from None
        return forgotten

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _rows(self, where: str, *values: object) -> Iterator[Entry]:
        try:
            for row in self._db.execute(f"SELECT {_COLUMNS} FROM passages {where}", values):  # noqa: S608 - names of ours
                yield Entry.model_validate(dict(zip(_COLUMNS.split(", "), row, strict=True)))
        except (sqlite3.Error, ValidationError) as error:
            raise self._unusable(error) from None

    def _unusable(self, error: Exception) -> UsageError:
        return UsageError(
            f"The cache {self.path} cannot be used ({type(error).__name__}).",
            "Delete the file, or choose another folder with REPORTGEN_CACHE_DIR.",
        )
