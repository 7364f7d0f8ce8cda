"""A comparison on a terminal: columns of plain text."""

import textwrap
from collections.abc import Iterator

from reportgen.desk.compare.noun import Comparison
from reportgen.desk.compare.tell import TITLE, Part, Table, parts

__all__ = ["lines"]

_WIDE = 110
_GAP = "  "


def lines(comparison: Comparison) -> Iterator[str]:
    """All of it, line by line."""
    yield TITLE
    for part in parts(comparison):
        yield from _part(part)


def _part(part: Part) -> Iterator[str]:
    yield from ("", part.title, "-" * len(part.title))
    for sentence in part.said:
        yield from textwrap.wrap(sentence, _WIDE)
    for table in part.tables:
        yield ""
        if table.caption != part.title:
            yield table.caption
        yield from _table(table)


def _table(table: Table) -> Iterator[str]:
    rows = [table.head, *table.rows] if any(table.head) else list(table.rows)
    widths = [max(len(row[column]) for row in rows) for column in range(len(table.head))]
    last = len(widths) - 1
    room = _WIDE - sum(widths[:last]) - len(_GAP) * last
    for row in rows:
        cells = [
            cell.rjust(width) if column in table.numbers else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        # Only the last column may be longer than the line: it goes on below itself.
        before = _GAP.join([*cells[:last], ""])
        if last in table.numbers or widths[last] <= room:
            yield (before + cells[last]).rstrip()
            continue
        wrapped = textwrap.wrap(row[last], max(room, 40)) or [""]
        yield (before + wrapped[0]).rstrip()
        yield from (" " * len(before) + more for more in wrapped[1:])
