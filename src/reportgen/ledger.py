"""What was done: one SQLite file in the output folder, one row per case, with fingerprints and timings.

A plain rollback journal is used, because a write-ahead log needs shared memory, which network drives lack.
Rows hold case ids, file names, fingerprints and counts; never a patient's value.
"""

import contextlib
import errno
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, cast, get_args

from reportgen.errors import UsageError
from reportgen.files import sqlite_address

__all__ = ["Ledger", "Row", "Status"]

Status = Literal["done", "skipped", "rejected", "failed", "pending"]

#: Numbered by place, from 1. A released migration is never edited: a change is a new one at the end.
MIGRATIONS = (
    f"""
    CREATE TABLE runs (
        run INTEGER PRIMARY KEY, started TEXT NOT NULL, ended TEXT, exit_code INTEGER, software TEXT NOT NULL
    );
    CREATE TABLE cases (
        key TEXT PRIMARY KEY, case_id TEXT, origin TEXT NOT NULL, file TEXT NOT NULL, row INTEGER,
        format TEXT,
        status TEXT NOT NULL CHECK (status IN {get_args(Status)}),
        problem TEXT, error_file TEXT,
        content TEXT, writer TEXT, narrative TEXT,
        render TEXT NOT NULL, outputs TEXT NOT NULL, pictures TEXT NOT NULL,
        images INTEGER, reviewer_items INTEGER, rungs TEXT NOT NULL,
        attempts INTEGER NOT NULL, seconds TEXT NOT NULL, cache_hits INTEGER NOT NULL,
        run INTEGER NOT NULL REFERENCES runs
    );
    CREATE TABLE files (origin TEXT PRIMARY KEY, stamp TEXT NOT NULL, cases INTEGER NOT NULL);
    CREATE INDEX cases_by_origin ON cases (origin);
    CREATE INDEX cases_by_error_file ON cases (error_file COLLATE NOCASE);
    """,
    "ALTER TABLE files ADD COLUMN state TEXT NOT NULL DEFAULT 'null';",
    "ALTER TABLE files ADD COLUMN run INTEGER NOT NULL DEFAULT 0;",
    "ALTER TABLE cases ADD COLUMN rules TEXT NOT NULL DEFAULT '{}';",
)
_JSON = ("render", "outputs", "pictures", "rungs", "rules", "seconds")  # columns that hold it
_ENCODED = json.JSONEncoder(sort_keys=True).encode  # json.dumps would make one for each value


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What is known of one case.

    Attributes:
        key: ``case:<id, casefolded>``, or ``input:<origin>#<row>`` of an input that gave no case.
        origin: What tells the input from all others (see ``batch.inputs``); always UTF-8.
        file: The input as a person knows it; ``row`` is one-based inside it.
        format: Shape of the input.
        problem: Why it was rejected or failed, without any value of the input.
        error_file: Name of its file in ``OUT/rejected``.
        content: Fingerprint of input, pictures, domain, settings and program version.
        writer: Fingerprint of the engine and its parameters.
        narrative: Fingerprint of the prompts and the writer.
        render: Fingerprint by format.
        outputs: ``(size, mtime in ns, sha256)`` by path inside the case's folder.
        pictures: ``(size, mtime in ns)`` by absolute path of each picture of the case.
        rungs: Passages by rung of the ladder.
        rules: Reviewer's items by the rule that raised them; their texts hold scores, ages and values.
        attempts: How often this case was begun.
        seconds: Time by step.
        run: The run that last touched this row.
    """

    key: str
    case_id: str | None = None
    origin: str
    file: str
    row: int | None = None
    format: str | None = None
    status: Status
    problem: str | None = None
    error_file: str | None = None
    content: str | None = None
    writer: str | None = None
    narrative: str | None = None
    render: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, list[Any]] = field(default_factory=dict)
    pictures: dict[str, list[int]] = field(default_factory=dict)
    images: int | None = None
    reviewer_items: int | None = None
    rungs: dict[str, int] = field(default_factory=dict)
    rules: dict[str, int] = field(default_factory=dict)
    attempts: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    cache_hits: int = 0
    run: int = 0


_COLUMNS = tuple(one.name for one in fields(Row))
_NAMES = ", ".join(_COLUMNS)
_PUT = f"INSERT OR REPLACE INTO cases ({_NAMES}) VALUES ({', '.join('?' * len(_COLUMNS))})"  # noqa: S608 - names of ours


class Ledger:
    """The ledger of one output folder. One process writes at a time: the folder's lock sees to that."""

    def __init__(self, path: Path, *, as_if: bool = False, read_only: bool = False) -> None:
        """Open or make the ledger.

        Args:
            path: The file.
            as_if: Work on a copy in memory, so that nothing is ever written.
            read_only: Only read what is there, which may be much.

        Raises:
            UsageError: The file is no ledger, is damaged, or was written by a newer program.
        """
        self.path = path
        try:
            self._db = _copy(path) if as_if else _reader(path) if read_only else sqlite3.connect(path)
        except sqlite3.DatabaseError as error:
            raise self._damaged(error) from None
        try:
            self._check_version()
            if not read_only:
                self._db.execute("PRAGMA synchronous = NORMAL")
                self._migrate()
            self._columns = _NAMES if self._version > 3 else _NAMES.replace("rules", "'{}'")  # only read
        except BaseException as error:
            self._db.close()
            if isinstance(error, sqlite3.DatabaseError):
                raise self._damaged(error) from None
            raise

    def _damaged(self, error: sqlite3.DatabaseError) -> UsageError:
        name = getattr(error, "sqlite_errorname", type(error).__name__)
        what, cure = f"cannot be used ({name})", "Move it away and run again; every case is then made again."
        if name.startswith("SQLITE_READONLY"):
            what = "was left unfinished by a run that was killed"
            cure = "Give that run's command again first."
        elif name.startswith(("SQLITE_IOERR", "SQLITE_BUSY", "SQLITE_CANTOPEN", "SQLITE_FULL")):
            cure = "See to the drive, and to programs that have the file open."
        return UsageError(f"{self.path} {what}.", cure)

    @property
    def _version(self) -> int:
        return int(self._db.execute("PRAGMA user_version").fetchone()[0])

    def _check_version(self) -> None:
        if self._version > len(MIGRATIONS):
            raise UsageError(
                f"{self.path} was written by a newer reportgen.",
                "Use that version, or another output folder.",
            )

    def _migrate(self) -> None:
        version = self._version
        for number, script in enumerate(MIGRATIONS[version:], version + 1):
            self._db.executescript(f"BEGIN; {script}; PRAGMA user_version = {number}; COMMIT;")

    def begin(self, started: str, software: str) -> int:
        """Note the start of a run; its number, from 1."""
        self._write("INSERT INTO runs (started, software) VALUES (?, ?)", started, software)
        self.commit()
        return int(self._db.execute("SELECT max(run) FROM runs").fetchone()[0])

    def end(self, run: int, ended: str, code: int) -> None:
        """Note the end of a run and its exit code."""
        self._write("UPDATE runs SET ended = ?, exit_code = ? WHERE run = ?", ended, code, run)
        self.commit()

    def get(self, key: str) -> Row | None:
        """The row with this key."""
        return next(self._rows("WHERE key = ?", key), None)

    def of_origin(self, origin: str) -> list[Row]:
        """The rows that came from an input, by row number."""
        return list(self._rows("WHERE origin = ? ORDER BY row, key", origin))

    def stale(self, run: int) -> Iterator[Row]:
        """The rows that a run did not touch, by key; they may be removed meanwhile."""
        last = ""
        while rows := list(self._rows("WHERE run <> ? AND key > ? ORDER BY key LIMIT 500", run, last)):
            yield from rows
            last = rows[-1].key

    def file(self, origin: str) -> tuple[str, int] | None:
        """Stamp of an input file when it was last read to its end, and how many cases it gave."""
        return next(self._db.execute("SELECT stamp, cases FROM files WHERE origin = ?", (origin,)), None)

    def file_state(self, origin: str) -> list[int] | None:
        """Size and time of change of an input file when it was last read to its end, where that is known."""
        found = self._db.execute("SELECT state FROM files WHERE origin = ?", (origin,)).fetchone()
        return cast("list[int] | None", json.loads(found[0]) if found else None)

    def put_file(
        self, origin: str, stamp: str, cases: int, state: list[int] | None = None, run: int = 0
    ) -> None:
        """Note that an input file was read to its end; lasts from the next ``commit``."""
        put = "INSERT OR REPLACE INTO files (origin, stamp, cases, state, run) VALUES (?, ?, ?, ?, ?)"
        self._write(put, origin, stamp, cases, json.dumps(state), run)

    def keep_file(self, origin: str, run: int) -> None:
        """Note that a file is as it was when it was last read."""
        self._write("UPDATE files SET run = ? WHERE origin = ?", run, origin)

    def met_files(self) -> Iterator[tuple[str, str]]:
        """Origin and stamp of the input files that the last run met, by origin."""
        query = "SELECT origin, stamp FROM files WHERE run = (SELECT max(run) FROM runs) ORDER BY origin"
        yield from self._db.execute(query)

    @property
    def is_complete(self) -> bool:
        """The last run came to its end and left nothing pending."""
        ended = self._db.execute("SELECT ended FROM runs ORDER BY run DESC LIMIT 1").fetchone()
        return bool(ended and ended[0]) and not self.counts().get("pending")

    def by_error_file(self, name: str) -> Row | None:
        """The row that owns a file in ``OUT/rejected``; upper and lower case are the same."""
        return next(self._rows("WHERE error_file = ? COLLATE NOCASE", name), None)

    def rows(self) -> Iterator[Row]:
        """All rows: what went wrong first, then by case id and file."""
        return self._rows(
            "ORDER BY CASE status WHEN 'failed' THEN 0 WHEN 'rejected' THEN 1 WHEN 'pending' THEN 2 ELSE 3"
            " END, case_id IS NULL, case_id, file, row"
        )

    def finished(self) -> Iterator[Row]:
        """The rows whose case's folder stands, by key."""
        return self._rows("WHERE outputs <> '{}' ORDER BY key")

    def counts(self) -> dict[str, int]:
        """Rows by status, over everything that the folder holds."""
        return dict(self._db.execute("SELECT status, count(*) FROM cases GROUP BY status").fetchall())

    def put(self, row: Row) -> None:
        """Write a row over the one with its key; it lasts from the next ``commit``."""
        values = (_ENCODED(getattr(row, one)) if one in _JSON else getattr(row, one) for one in _COLUMNS)
        self._write(_PUT, *values)

    def remove(self, key: str) -> None:
        """Forget a row; lasts from the next ``commit``."""
        self._write("DELETE FROM cases WHERE key = ?", key)

    def commit(self) -> None:
        """Make everything since the last commit last.

        Raises:
            OSError: The disk is full or lost.
        """
        try:
            self._db.commit()
        except sqlite3.OperationalError as error:
            raise _as_system_error(error) from None

    def close(self) -> None:
        """Close; what was not committed is forgotten."""
        self._db.close()

    def _write(self, statement: str, *values: object) -> None:
        try:
            self._db.execute(statement, values)
        except sqlite3.OperationalError as error:
            raise _as_system_error(error) from None

    def _rows(self, where: str, *values: object) -> Iterator[Row]:
        try:
            # a list at a time, so that a row may be written while others are read
            cursor = self._db.execute(f"SELECT {self._columns} FROM cases {where}", values)  # noqa: S608
            while batch := cursor.fetchmany(500):
                for found in batch:
                    named = dict(zip(_COLUMNS, found, strict=True))
                    plain = {name: {} if named[name] == "{}" else json.loads(named[name]) for name in _JSON}
                    yield Row(**{**named, **plain})
        except sqlite3.DatabaseError as error:
            raise self._damaged(error) from None


def _reader(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{sqlite_address(path.absolute())}?mode=ro", uri=True)


def _copy(path: Path) -> sqlite3.Connection:
    copy = sqlite3.connect(":memory:")
    if path.exists():
        with contextlib.closing(_reader(path)) as source:
            try:
                source.backup(copy)
            except sqlite3.DatabaseError:
                copy.close()
                raise
    return copy


def _as_system_error(error: sqlite3.OperationalError) -> OSError:
    full = error.sqlite_errorcode == sqlite3.SQLITE_FULL
    return OSError(errno.ENOSPC if full else errno.EIO, "the ledger cannot be written")
