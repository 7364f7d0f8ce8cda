"""The inputs of a run: found once, then read one after another."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from reportgen.batch.order import Order
from reportgen.domain import Domain
from reportgen.errors import InputError
from reportgen.nouns import Found
from reportgen.read import InputFile, discover, read_file, read_inputs

__all__ = ["Inputs", "Item"]


@dataclass(frozen=True)
class Item:
    """What is read in one go: a file, or with ``--group-by folder`` the files of one folder.

    Attributes:
        origin: Absolute path, or ``-``: tells it from all others.
        name: As a person knows it.
        path: The file; None where size and time say nothing (standard input, a group of files).
        results: Reads it.
    """

    origin: str
    name: str
    path: Path | None
    results: Callable[[], Iterator[Found | InputError]]


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
            UsageError: There is none.
        """
        found = discover(order.inputs, skip=order.out)
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
        return origin != "-" and Path(origin).exists()


def _file(file: InputFile, domain: Domain, order: Order) -> Item:
    origin = "-" if file.path is None else str(file.path.absolute())
    return Item(origin, file.name, file.path, partial(read_file, file, domain, order.read))


def _folder(files: list[InputFile], domain: Domain, order: Order) -> Item:
    first = files[0]
    origin = "-" if first.path is None else str(first.path.parent.absolute())
    return Item(origin, first.name, None, partial(read_inputs, files, domain, order.read))
