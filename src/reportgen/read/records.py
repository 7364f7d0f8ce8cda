"""One input's bytes as a stream of records: a JSON document, lines of JSON, or a table.

A million lines or rows pass through without being held; a whole JSON document is held.
"""

import csv
import hashlib
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from reportgen.errors import InputError
from reportgen.files import canonical_json, sha256
from reportgen.read import shapes
from reportgen.read.options import Shape
from reportgen.read.strict_json import MAX_RECORD, decode, parse

__all__ = ["MAX_DOCUMENT", "Record", "records"]

#: Bytes of one JSON document that holds many records.
MAX_DOCUMENT = 64 * 1024 * 1024


def _too_large() -> InputError:
    return InputError(
        f"The record is over {MAX_RECORD // 2**20} MiB.", "Split it, or remove what is no result."
    )


def _endless() -> InputError:
    return InputError(
        f"The JSON document is over {MAX_DOCUMENT // 2**20} MiB.",
        "Write its records as JSON lines, one a line.",
    )


@dataclass(frozen=True, slots=True)
class Record:
    """One record as found.

    Attributes:
        value: Parsed JSON, or a table's row by column.
        shape: What it was recognised as; None for nothing that is known.
        row: One-based line of a JSONL file, entry of a list, or row of a table below its header.
        sha256: Of the bytes it was read from (of its canonical form where it is a part of a document).
        text: The JSON text, for native cases.
    """

    value: Any
    shape: Shape | None
    row: int | None
    sha256: str
    text: str = ""


class _Feed:
    """Lines of a binary stream, of bounded length, that can be put back."""

    def __init__(self, stream: BinaryIO, head: bytes = b"") -> None:
        self.stream = stream
        self._head = io.BytesIO(head)
        self._held: list[tuple[int, bytes]] = []
        self.number = 0

    def line(self, limit: int = MAX_RECORD) -> bytes:
        """The next line with its end; a longer one keeps ``limit`` bytes and one, the rest is thrown away."""
        if self._held:
            self.number, line = self._held.pop()
            return line
        self.number += 1
        line = self._part(limit + 1)
        if len(line) > limit and not line.endswith(b"\n"):
            while (more := self._part(MAX_RECORD)) and not more.endswith(b"\n"):
                pass
        return line

    def _part(self, limit: int) -> bytes:
        part = self._head.readline(limit)
        if len(part) < limit and not part.endswith(b"\n"):
            part += self.stream.readline(limit - len(part))
        return part

    def filled(self, limit: int = MAX_RECORD) -> tuple[int, bytes]:
        """Number and content of the next line that is not blank; nothing at the end."""
        while (line := self.line(limit)) and not line.strip():
            pass
        return self.number, line

    def put_back(self, *lines: tuple[int, bytes]) -> None:
        """Give back lines, the next one first."""
        self._held.extend(reversed(lines))

    def rest(self) -> bytes:
        """Everything that follows, at most ``MAX_DOCUMENT`` and a byte; nothing may have been put back."""
        return self.stream.read(MAX_DOCUMENT + 1)


def records(stream: BinaryIO) -> Iterator[Record | InputError]:
    """The records of an input; what is wrong with one of them is passed on in its place.

    Raises:
        InputError: The input as a whole cannot be read.
    """
    feed = _Feed(stream)
    number, first = feed.filled(MAX_DOCUMENT)
    if first and not decode(first).strip():
        number, first = feed.filled(MAX_DOCUMENT)
    start = decode(first if len(first) < 8192 or not first[:8192].isascii() else first[:8192]).lstrip()
    if not start:
        raise InputError("The file is empty.", "Write the results again.")
    if start[0] not in "{[":
        return _table(feed, first)
    return _json(feed, number, first)


def _json(feed: _Feed, number: int, first: bytes) -> Iterator[Record | InputError]:
    if len(first) > MAX_DOCUMENT:
        raise _endless()
    try:
        document = parse(decode(first))
    except InputError:
        return _document_or_lines(feed, number, first)
    second = feed.filled()
    if not second[1]:
        return _document(document, first)
    feed.put_back((number, first), second)
    return _lines(feed)


def _document_or_lines(feed: _Feed, number: int, first: bytes) -> Iterator[Record | InputError]:
    """A document over several lines, or lines of which the first is faulty."""
    body = first + feed.rest()
    try:
        if len(body) > MAX_DOCUMENT:
            raise _endless()
        document = parse(decode(body))
    except InputError:
        if not _looks_like_lines(body):
            raise
        lines = _Feed(feed.stream, body)
        lines.number = number - 1
        return _lines(lines)
    return _document(document, body)


def _looks_like_lines(body: bytes) -> bool:
    """Whether one of the next lines is a whole record by itself, of the kind that the first line begins with.

    A first line that ends with a comma goes on in the next: a document that was cut off, never lines.
    """
    first, *others = [line.strip() for line in body[:MAX_RECORD].split(b"\n", 64)[:64] if line.strip()]
    return not first.endswith(b",") and any(line[:1] == first[:1] and _is_record(line) for line in others)


def _is_record(line: bytes) -> bool:
    try:
        return shapes.shape_of(json.loads(line)) is not None
    except (ValueError, RecursionError):
        return False


def _document(document: Any, raw: bytes) -> Iterator[Record | InputError]:
    items, several = shapes.split(document)
    if not several:
        if len(raw) > MAX_RECORD:
            raise _too_large()
        return iter([Record(document, shapes.shape_of(document), None, sha256(raw), decode(raw))])
    return _entries(items, len(raw) > MAX_RECORD)


def _entries(items: Any, measure: bool) -> Iterator[Record | InputError]:
    for row, (value, shape) in enumerate(items, 1):
        text = json.dumps(value, ensure_ascii=False) if measure or shape == "native" else ""
        if len(text) > MAX_RECORD:
            yield _too_large().located("", row)
        else:
            yield Record(value, shape, row, sha256(canonical_json(value)), text)


def _lines(feed: _Feed) -> Iterator[Record | InputError]:
    while line := feed.line():
        if not line.strip():
            continue
        row = feed.number
        try:
            yield _line_record(line, row)
        except InputError as error:
            yield error.located("", row)


def _line_record(line: bytes, row: int) -> Record:
    if len(line) > MAX_RECORD:
        raise _too_large()
    text = decode(line)
    value = parse(text)
    return Record(value, shapes.shape_of(value), row, sha256(line), text)


class _TableText:
    """Lines of a table as text, with what is wrong with them and their hash since the last row."""

    def __init__(self, feed: _Feed, head: bytes) -> None:
        self._feed = feed
        self._head = head
        self._fault: InputError | None = None
        self._hash = hashlib.sha256(head)

    def __iter__(self) -> Iterator[str]:
        while line := self._feed.line():
            self._hash.update(line)
            try:
                if len(line) > MAX_RECORD:
                    raise _too_large()
                text = decode(line)
            except InputError as error:
                self._fault = self._fault or error
                text = line[:MAX_RECORD].decode("ascii", "replace") if len(line) <= MAX_RECORD else "?\n"
            yield text

    def take(self) -> tuple[str, InputError | None]:
        """The hash of header and row, and the fault, since the last call."""
        taken = self._hash.hexdigest(), self._fault
        self._hash, self._fault = hashlib.sha256(self._head), None
        return taken


def _table(feed: _Feed, first: bytes) -> Iterator[Record | InputError]:
    header, delimiter = _header(decode(first[: MAX_RECORD + 1]).lstrip())
    shape = shapes.shape_of_columns(header)
    if shape is None:
        raise InputError("The text is neither JSON nor a table that this program knows.", shapes.EXPECTED)
    if len(set(header)) < len(header):
        raise InputError("Two columns of the table have the same name.", "Rename one in the first line.")
    return _rows(feed, first, header, delimiter, shape)


def _header(line: str) -> tuple[list[str], str]:
    """Column names, stripped, and the delimiter that separates most of them."""
    delimiter = max(",;\t", key=line.count)
    try:
        names = next(csv.reader([line.rstrip("\r\n")], delimiter=delimiter), [])
    except csv.Error:
        return [], delimiter
    while names and not names[-1].strip():
        names.pop()
    return [name.strip() for name in names], delimiter


def _rows(
    feed: _Feed, first: bytes, header: list[str], delimiter: str, shape: Shape
) -> Iterator[Record | InputError]:
    text = _TableText(feed, first)
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    row = 0
    while True:
        problem: InputError | None = None
        cells: list[str] = []
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            problem = InputError(f"The row is not CSV ({_plain(error)}).", "Check its quotation marks.")
        digest, fault = text.take()
        if not (cells or problem or fault):
            continue
        row += 1
        problem = fault or problem or _misfit(cells, header)
        yield problem.located("", row) if problem else Record(_named(header, cells), shape, row, digest)
    if row == 0:
        raise InputError("The table has a header and no rows.", "Write the results again.")


def _plain(error: csv.Error) -> str:
    """The csv module's words, without what it may quote of the row."""
    return re.sub(r"'[^']*'", "...", str(error))


def _named(header: list[str], cells: list[str]) -> dict[str, str]:
    return {name: cell.strip() for name, cell in zip(header, cells, strict=False)}


def _misfit(cells: list[str], header: list[str]) -> InputError | None:
    given = len(cells)
    while given > len(header) and not cells[given - 1].strip():
        given -= 1
    if given == len(header):
        return None
    return InputError(
        f"The row has {given} cells, but the header names {len(header)} columns.",
        "It looks truncated, or a cell with the delimiter in it lacks its quotation marks.",
    )
