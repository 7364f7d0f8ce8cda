"""The inputs of a run: found once, then read one after another."""

import errno
import itertools
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from reportgen.batch.census import Census
from reportgen.batch.guard import Failure, guarded, refusal
from reportgen.batch.order import Order
from reportgen.batch.stamps import file_state
from reportgen.domain import Domain
from reportgen.errors import InputError, UsageError
from reportgen.nouns import Found
from reportgen.read import InputFile, discover, read_file, read_inputs
from reportgen.read import Inputs as FoundInputs

__all__ = ["Inputs", "Item"]

_BYTES = "bytes:"
_ABSENT = {errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP}


@dataclass(frozen=True)
class Item:
    """What is read in one go: a file, or with ``--group-by folder`` the files of one folder.

    Attributes:
        origin: Tells it from all others: the absolute path, where that is not UTF-8 its bytes in hex after
            ``bytes:``, or ``-``.
        name: As a person knows it.
        path: The file; None for standard input and a group of files, which are always read.
        paths: All its files.
        results: Reads it.
    """

    origin: str
    name: str
    path: Path | None
    paths: tuple[Path, ...]
    results: Callable[[], Iterator[Found | InputError]]

    def cases(self) -> Iterator[Found | Failure]:
        """What it gives; a bug in reading it is one failed case and the end of the file."""
        results = self.results()
        while (result := guarded(partial(next, results, None), reading=True)) is not None:
            yield refusal(result) if isinstance(result, InputError) else result
            if isinstance(result, Failure):
                return


class Inputs:
    """All inputs, found while they are asked for.

    Args:
        order: Names them; the output folder is not searched.
        domain: What they are checked against.

    Attributes:
        options: How they are read, for fingerprints.
        census: Counts them meanwhile.

    Raises:
        UsageError: There is none, they cannot be done in parts, or ``--images`` cannot be noted down.
    """

    def __init__(self, order: Order, domain: Domain) -> None:
        if order.read.images is not None and not _is_utf8(str(order.read.images)):
            raise UsageError("The name of the --images folder is not UTF-8.", "Rename it.")
        if order.shard is not None and "-" in order.inputs:
            raise UsageError("Standard input cannot be done in parts.", "Give files, or leave --shard out.")
        self.options: dict[str, Any] = order.read.model_dump(mode="json")
        self._order, self._domain = order, domain
        self._found = _discover(order)
        counted = _discover(order)
        self.census = Census(map(self._origin_of, self._grouped(counted)), counted)

    def items(self) -> Iterator[Item]:
        """Them all, in the order in which they are read; once."""
        for files in self._grouped(self._found):
            yield self._item(files, self._origin_of(files))

    def _item(self, files: list[InputFile], origin: str) -> Item:
        first, read = files[0], self._order.read
        paths = tuple(file.path for file in files if file.path)
        if read.group_by == "folder":
            return Item(origin, first.name, None, paths, partial(read_inputs, files, self._domain, read))
        return Item(origin, first.name, first.path, paths, partial(read_file, first, self._domain, read))

    def _origin_of(self, files: list[InputFile]) -> str:
        path = files[0].path
        return _origin(path and path.parent if self._order.read.group_by == "folder" else path)

    def _grouped(self, files: FoundInputs) -> Iterator[list[InputFile]]:
        """What is read in one go."""
        if self._order.read.group_by != "folder":
            return ([file] for file in files)
        groups = itertools.groupby(files, lambda file: file.path.parent if file.path else None)
        return (list(members) for _, members in groups)

    @staticmethod
    def exists(origin: str) -> bool:
        """Whether an input of this or an earlier run is still there."""
        return origin != "-" and _exists(_place(origin))

    def stands(self, origin: str, state: list[int] | None, item: Item) -> bool:
        """Whether an input of an earlier run still stands, unread by this one, for what it gave then.

        Args:
            origin: Its origin.
            state: Size and time it had when it was read; None if that is not known.
            item: An input of this run, which may be the same file by another path.
        """
        if not self.exists(origin) or _same(origin, item.origin) or self.census.knows(origin):
            return False
        return state is None or file_state(_place(origin)) == state


def _discover(order: Order) -> FoundInputs:
    try:
        return discover(order.inputs, skip=order.out)
    except UsageError as error:
        out = order.out.resolve()
        if any(text != "-" and Path(text).resolve().is_relative_to(out) for text in order.inputs):
            cure = f"The output folder is not searched for inputs. Choose another one with -o. {error.cure}"
            raise UsageError(error.problem, cure) from None
        raise


def _origin(path: Path | None) -> str:
    if path is None:
        return "-"
    text = str(path.absolute())
    return text if _is_utf8(text) else f"{_BYTES}{os.fsencode(text).hex()}"


def _place(origin: str) -> Path:
    if origin.startswith(_BYTES):
        return Path(os.fsdecode(bytes.fromhex(origin.removeprefix(_BYTES))))
    return Path(origin)


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _exists(path: Path) -> bool:
    try:
        path.stat()
    except OSError as error:  # what may not be seen (permissions, a sick drive) may well be there
        return error.errno not in _ABSENT
    return True


def _same(one: str, other: str) -> bool:
    try:
        return other != "-" and _place(one).samefile(_place(other))
    except OSError:
        return False
