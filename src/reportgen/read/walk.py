"""The walk over inputs: each file's records become cases, one by one or grouped; nothing stops for one."""

import contextlib
import os
import stat
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from reportgen.domain import Domain
from reportgen.errors import InputError
from reportgen.nouns import Found
from reportgen.phrases import say
from reportgen.read import shapes
from reportgen.read.build import Member, Origin, foreign_case, native_case
from reportgen.read.discover import InputFile
from reportgen.read.fada import read_android, read_chatbot, read_web
from reportgen.read.huggingface import read_huggingface
from reportgen.read.ids import case_id, group_id
from reportgen.read.options import ReadOptions, Shape
from reportgen.read.planes_db import read_planes_db
from reportgen.read.records import Record, records
from reportgen.read.timm import read_timm

__all__ = ["read_file", "read_inputs"]

_ADAPTERS = {
    "fada_chatbot": read_chatbot,
    "fada_web": read_web,
    "fada_android": read_android,
    "huggingface": read_huggingface,
    "timm": read_timm,
    "fetal_planes_db": read_planes_db,
}
#: Shapes whose records are rows of one table, so that a missing column is missing in all of them.
TABLES = ("timm", "fetal_planes_db")
#: Characters of a path that Windows does not open, unless long paths are switched on.
_MAX_PATH = 260
#: A native case, a foreign result or a refusal, with the record it comes from where one could be read.
_Item = tuple[Found | InputError | Member, Record | None]


def read_inputs(
    files: Iterable[InputFile], domain: Domain, options: ReadOptions
) -> Iterator[Found | InputError]:
    """The cases of many files; what is refused comes in its place and the walk goes on.

    With ``group_by="folder"`` the foreign results of consecutive files of one folder are one case; one faulty
    result or file refuses the whole group, as one faulty image refuses a whole native case.
    """
    if options.group_by != "folder":
        for file in files:
            yield from read_file(file, domain, options)
        return
    group = _Group(domain, options)
    folder: Path | None = None
    for file in files:
        here = file.path.parent if file.path else None
        if here != folder:
            yield from group.close()
            folder = here
            group = _Group(domain, options, _folder_name(file))
        yield from group.add(_members(file, domain, options))
    yield from group.close()


def read_file(file: InputFile, domain: Domain, options: ReadOptions) -> Iterator[Found | InputError]:
    """The cases of one file, in order; with a column to group by, native cases first."""
    found = _members(file, domain, options)
    if options.group_by == "file":
        for item, _ in found:
            yield _single(item, domain, options) if isinstance(item, Member) else item
    elif options.group_by == "folder":
        group = _Group(domain, options, _folder_name(file))
        yield from group.add(found)
        yield from group.close()
    else:
        yield from _by_column(file, found, domain, options)


def _single(member: Member, domain: Domain, options: ReadOptions) -> Found | InputError:
    identifier = case_id(member.origin.name, member.record.row)
    try:
        return foreign_case([member], identifier, domain, options.images)
    except InputError as error:
        return error


class _Group:
    """The results that make one case, and the first thing that is wrong with any of them."""

    def __init__(self, domain: Domain, options: ReadOptions, name: str = "") -> None:
        self.domain, self.options, self.name = domain, options, name
        self.members: list[Member] = []
        self.fault: InputError | None = None
        self.notes: tuple[str, ...] = ()

    def add(self, found: Iterable[_Item]) -> Iterator[Found | InputError]:
        """Take foreign results in, keep the first fault, and pass native cases on."""
        for item, _ in found:
            if isinstance(item, Member):
                self.members.append(item)
            elif isinstance(item, InputError):
                self.fault = self.fault or item
            else:
                yield item

    def close(self, identifier: str | None = None) -> Iterator[Found | InputError]:
        """The group as one case, or why it is refused; nothing where it is empty."""
        if self.fault is not None:
            yield _of_group(self.fault) if self.members else self.fault
        elif self.members:
            made, name = identifier or case_id(self.name), None if identifier else self.name
            images = self.options.images
            try:
                yield foreign_case(self.members, made, self.domain, images, name=name, notes=self.notes)
            except InputError as error:
                yield error


def _of_group(error: InputError) -> InputError:
    return InputError(
        f"{error.problem} The whole group of results is refused with it.",
        f"{error.cure} Or move it out of the group.",
        file=error.file,
        row=error.row,
        path=error.path,
    )


def _by_column(
    file: InputFile, found: Iterable[_Item], domain: Domain, options: ReadOptions
) -> Iterator[Found | InputError]:
    """One case for each value of a column. A row that cannot be read has no known group, so all say so."""
    column = options.group_by
    groups: dict[str, _Group] = {}
    lost = False
    for item, record in found:
        value = _cell(record.value, column) if record else None
        if isinstance(item, Found):
            yield item
        elif value is not None:
            yield from groups.setdefault(value, _Group(domain, options)).add([(item, record)])
        elif isinstance(item, InputError):
            lost = True
            yield item
        else:
            yield _no_column(item)
            if item.record.shape in TABLES and not _has(item.record.value, column):
                return
            lost = True
    for value, group in groups.items():
        group.notes = (say(domain, "source.row_lost"),) if lost else ()
        yield from group.close(group_id(file.name, column, value))


def _no_column(member: Member) -> InputError:
    return InputError(
        "The column or key to group by is missing or empty here.",
        "Name one that each result has with --group-by.",
    ).located(member.origin.name, member.record.row)


def _has(record: Any, column: str) -> bool:
    return column.strip().casefold() in {str(key).strip().casefold() for key in record}


def _cell(record: Any, column: str) -> str | None:
    """The value to group by: a text or a whole number that is not empty."""
    if not isinstance(record, dict):
        return None
    keys = {str(key).strip().casefold(): key for key in record}
    cell = record.get(keys.get(column.strip().casefold(), column))
    if isinstance(cell, bool) or not isinstance(cell, (str, int)) or not str(cell).strip():
        return None
    return str(cell).strip()


def _members(file: InputFile, domain: Domain, options: ReadOptions) -> Iterator[_Item]:
    """A file's native cases, foreign results and refusals, in order."""
    try:
        with _opened(file) as (stream, origin):
            for record in records(stream):
                if isinstance(record, InputError):
                    yield record.located(file.name), None
                else:
                    yield _read(record, origin, domain, options), record
    except InputError as error:
        yield error.located(file.name), None
    except OSError:
        cut_off = InputError("The file cannot be read to its end.", "Check the disk or the network.")
        yield cut_off.located(file.name), None


def _read(
    record: Record, origin: Origin, domain: Domain, options: ReadOptions
) -> Found | InputError | Member:
    try:
        shape = _shape(record, options)
        if shape == "native":
            return native_case(record, origin, domain, options.images)
        result = _ADAPTERS[shape](record.value, domain, options.confidence_scale)
        return Member(result, record, origin)
    except InputError as error:
        return error.located(origin.name, record.row)


def _shape(record: Record, options: ReadOptions) -> Shape:
    wanted = options.input_format
    if record.shape is None:
        raise InputError("The record is in no shape that this program knows.", shapes.EXPECTED)
    if wanted not in ("auto", record.shape):
        raise InputError(
            f"The record is not in the shape '{wanted}'; it looks like '{record.shape}'.",
            f"Say --input-format {record.shape}, or leave the option out.",
        )
    return record.shape


@contextlib.contextmanager
def _opened(file: InputFile) -> Iterator[tuple[BinaryIO, Origin]]:
    if file.path is None:
        yield sys.stdin.buffer, Origin(file.name, Path(), 0, 0)
        return
    _refuse_unwritable_name(file.path)
    try:
        status = file.path.stat()
        if stat.S_ISDIR(status.st_mode):
            os.scandir(file.path).close()
            raise InputError("This is a folder, not a file.", "Give the files in it.")
        if not stat.S_ISREG(status.st_mode):
            raise InputError(
                "This is not a regular file (a pipe, a socket or a device).", "Use - to read a pipe."
            )
        stream = file.path.open("rb")
    except FileNotFoundError:
        raise InputError("There is no such file.", f"Check the name.{_if_too_long(file.path)}") from None
    except PermissionError:
        raise InputError("The file or folder may not be read.", "Check its permissions.") from None
    except OSError as error:
        raise InputError(
            f"The file cannot be opened ({os.strerror(error.errno or 0)}).", "Check the name."
        ) from None
    with stream:
        yield stream, Origin(file.name, file.path.parent, status.st_size, status.st_mtime_ns)


def _if_too_long(path: Path) -> str:
    """What Windows does not say of a file that is there."""
    length = len(str(path.absolute()))
    if sys.platform == "win32" and length >= _MAX_PATH:
        return f" Its path has {length} characters: Windows must be told to open such (docs/windows.md)."
    return ""


def _refuse_unwritable_name(path: Path) -> None:
    """A name that is not UTF-8 can be opened, but no report, ledger or log could say where it came from."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        cure = "Rename it."
        if (
            sys.getfilesystemencoding() != "utf-8"
        ):  # Python was told so: no name but an English one can be read
            cure = "Unset PYTHONUTF8, or choose a locale of UTF-8, such as LC_ALL=C.UTF-8."
        raise InputError("The name of the file, or of a folder it lies in, is not UTF-8.", cure) from None


def _folder_name(file: InputFile) -> str:
    """What a folder's group is called: its path below the input, or the input folder's own name."""
    if file.path is None:
        return file.name
    return file.name.rpartition("/")[0] or file.root or file.path.absolute().parent.name or "case"
