"""The inputs of a run: found once, then read one after another."""

import errno
import itertools
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

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
        path: The file; None where size and time say nothing (standard input, a group of files).
        results: Reads it.
    """

    origin: str
    name: str
    path: Path | None
    results: Callable[[], Iterator[Found | InputError]]

    def cases(self) -> Iterator[Found | Failure]:
        """What it gives; a bug in reading it is one failed case and the end of the file."""
        results = self.results()
        while (result := guarded(partial(next, results, None), reading=True)) is not None:
            yield refusal(result) if isinstance(result, InputError) else result
            if isinstance(result, Failure):
                return


@dataclass(frozen=True)
class Inputs:
    """All inputs, in the order in which they are read.

    Attributes:
        ignored: Files in the folders that are no input.
        options: How they are read, for fingerprints.
        origins: Of all items.
    """

    items: tuple[Item, ...]
    ignored: int
    options: dict[str, Any]
    origins: frozenset[str]

    @classmethod
    def find(cls, order: Order, domain: Domain) -> "Inputs":
        """Look for the inputs of an order; the output folder is not searched.

        Raises:
            UsageError: There is none, or ``--images`` cannot be noted down.
        """
        if order.read.images is not None and not _is_utf8(str(order.read.images)):
            raise UsageError("The name of the --images folder is not UTF-8.", "Rename it.")
        found = _discover(order)
        files = list(found)
        if order.read.group_by == "folder":
            groups = itertools.groupby(files, lambda file: file.path.parent if file.path else None)
            items = tuple(_folder(list(members), domain, order) for _, members in groups)
        else:
            items = tuple(_file(file, domain, order) for file in files)
        options = order.read.model_dump(mode="json")
        return cls(items, found.ignored, options, frozenset(item.origin for item in items))

    @staticmethod
    def exists(origin: str) -> bool:
        """Whether an input of this or an earlier run is still there."""
        return origin != "-" and _exists(_place(origin))

    def stands(self, origin: str, state: list[int] | None, item: "Item") -> bool:
        """Whether an input of an earlier run still stands, unread by this one, for what it gave then.

        Args:
            origin: Its origin.
            state: Size and time it had when it was read; None if that is not known.
            item: An input of this run, which may be the same file by another path.
        """
        if origin in self.origins or not self.exists(origin) or _same(origin, item.origin):
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


def _file(file: InputFile, domain: Domain, order: Order) -> Item:
    return Item(_origin(file.path), file.name, file.path, partial(read_file, file, domain, order.read))


def _folder(files: list[InputFile], domain: Domain, order: Order) -> Item:
    first = files[0]
    return Item(
        _origin(first.path and first.path.parent),
        first.name,
        None,
        partial(read_inputs, files, domain, order.read),
    )
