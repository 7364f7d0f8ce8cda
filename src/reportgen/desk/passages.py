"""The passages kept on this machine: carried to another one, and taken from there."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from reportgen.cache import SCHEMA, Cache, CacheInfo, Entry
from reportgen.errors import UsageError
from reportgen.files import write_file

__all__ = ["Imported", "export_passages", "import_passages", "info_lines"]

#: Entries that are put in together.
_AT_ONCE = 1_000


@dataclass(frozen=True)
class Imported:
    """What came of an import.

    Attributes:
        new: Entries that were not there before.
        refused: One-based numbers of lines that are no entry.
    """

    read: int
    new: int
    refused: tuple[int, ...]


def info_lines(info: CacheInfo) -> list[str]:
    """For a person."""
    lines = [f"{info.path}: {info.passages:,} passages, {info.size / 1e6:.1f} MB"]
    return [*lines, *(f"  {number:>8,}  {writer}" for writer, number in info.writers.items())]


def export_passages(cache: Cache, target: Path) -> int:
    """Write all passages as JSON lines; how many they were. The first line says what the file is."""
    lines = [json.dumps({"schema": SCHEMA}), *(json.dumps(entry.plain()) for entry in cache.entries())]
    try:
        write_file(target, ("\n".join(lines) + "\n").encode())
    except OSError as error:
        raise UsageError(
            f"{target} cannot be written ({type(error).__name__}).", "Choose another file."
        ) from None
    return len(lines) - 1


def import_passages(cache: Cache, source: Path) -> Imported:
    """Take passages from a file that ``export_passages`` wrote; like all others they are checked at each use.

    Lines that are no entry are refused by number; the others are taken.

    Raises:
        UsageError: The file is not there, or is no export.
    """
    read = new = 0
    refused: list[int] = []
    some: list[Entry] = []
    for number, line in enumerate(_lines(source), 2):
        read += 1
        try:
            some.append(Entry.model_validate_json(line))
        except ValidationError:
            refused.append(number)
        if len(some) >= _AT_ONCE:
            new += cache.add(some)
            some = []
    return Imported(read, new + cache.add(some), tuple(refused))


def _lines(source: Path) -> Iterator[bytes]:
    """The lines after the first, which must say that this is an export."""
    try:
        with source.open("rb") as stream:
            try:
                first = json.loads(stream.readline(1_000))
            except ValueError:
                first = None
            if not isinstance(first, dict) or first.get("schema") != SCHEMA:
                raise UsageError(
                    f"{source} is no export of passages.", "Give a file that `reportgen cache export` wrote."
                )
            yield from (line for line in stream if line.strip())
    except OSError as error:
        raise UsageError(f"{source} cannot be read ({type(error).__name__}).", "Check its name.") from None
