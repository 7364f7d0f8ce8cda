"""``OUT/index.html``: everything the output folder holds, for a person, from the ledger alone.

No value of a record is in it, since none is in the ledger, but the names of input files are: of what a
reviewer must look at it tells the number and the rules, whose texts are in the reports. It is read and
written row by row; what is more than a page goes on in ``OUT/_index`` (no case's folder can have that name),
so that neither memory nor a browser feels how many cases there are.
"""

import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from html import escape
from itertools import islice
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from reportgen.batch.index_look import POLICY, SCRIPT, STYLE
from reportgen.files import write_file
from reportgen.ledger import Ledger, Row

__all__ = ["ROWS", "remove_index", "write_index"]

#: Rows of one page.
ROWS = 2000
FIRST = "index.html"
FURTHER = "_index"

#: A case that a later run found finished is as done as before.
_SHOWN = {"done": "done", "skipped": "done", "rejected": "rejected", "failed": "failed", "pending": "pending"}
_COUNTS = (("done", "reports"), ("rejected", "rejected"), ("failed", "failed"), ("pending", "pending"))
_ORDER = ("report.pdf", "report.html", "report.txt", "report.json")
_HEADS = (
    ("", "Picture"),
    (' data-sort=""', "Case or input"),
    (' data-sort=""', "Status"),
    (' data-sort="" class="n"', "Images"),
    (' data-sort=""', "To look at"),
    (' data-sort=""', "Passages"),
    ("", "Files"),
)


class _Page(NamedTuple):
    """A page: its number from 1, and its first and last row by name."""

    number: int
    first: str
    last: str

    @property
    def name(self) -> str:
        """Its path in the output folder."""
        return FIRST if self.number == 1 else f"{FURTHER}/{self.number}.html"


class _Frame(NamedTuple):
    """What all pages have in common."""

    software: str
    written_at: str
    counts: Counter[str]
    pages: int


def write_index(out: Path, ledger: Ledger, software: str, written_at: str) -> None:
    """Write the pages, what went wrong first; the first one, which lists the others, last.

    Args:
        out: The output folder.
        ledger: What is told.
        software: Name and version of the program.
        written_at: Date and time as printed.

    Raises:
        OSError: A page cannot be written.
    """
    counts: Counter[str] = Counter()
    for status, count in ledger.counts().items():
        counts[_SHOWN[status]] += count
    frame = _Frame(software, written_at, counts, max(-(-counts.total() // ROWS), 1))
    rows = ledger.rows()
    first = list(islice(rows, ROWS))
    pages = [_Page(1, *_ends(first))]
    while more := list(islice(rows, ROWS)):
        pages.append(_Page(len(pages) + 1, *_ends(more)))
        write_file(out / pages[-1].name, _page(frame, pages[-1], more, ()))
    write_file(out / FIRST, _page(frame, pages[0], first, pages))
    _remove_further(out, len(pages))


def remove_index(out: Path) -> None:
    """Take the pages away, where what they tell is not true any more."""
    (out / FIRST).unlink(missing_ok=True)
    shutil.rmtree(out / FURTHER, ignore_errors=True)


def _remove_further(out: Path, last: int) -> None:
    """Take away the pages of a time when there were more rows."""
    if last == 1:
        shutil.rmtree(out / FURTHER, ignore_errors=True)
        return
    for path in (out / FURTHER).glob("*.html"):
        if not path.stem.isdecimal() or int(path.stem) > last:
            path.unlink(missing_ok=True)


def _page(frame: _Frame, page: _Page, rows: list[Row], pages: list[_Page] | tuple[()]) -> Iterator[bytes]:
    return map(str.encode, _pieces(frame, page, rows, pages))


def _pieces(frame: _Frame, page: _Page, rows: list[Row], pages: list[_Page] | tuple[()]) -> Iterator[str]:
    of = f", page {page.number} of {frame.pages}" if frame.pages > 1 else ""
    yield (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY, quote=False)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="robots" content="noindex">\n<title>Draft reports{of}</title>\n'
        f"<style>\n{STYLE}\n</style>\n</head>\n<body>\n<main>\n<h1>Draft reports{of}</h1>\n"
        f"<p>{escape(frame.software)}, {escape(frame.written_at)}</p>\n"
        '<p class="banner">Every report here is a draft written by software. None is for clinical use until '
        "a clinician has reviewed and signed it.</p>\n"
    )
    cards = "".join(f"<li><b>{frame.counts[status]:,}</b>{name}</li>" for status, name in _COUNTS)
    yield f'<ul class="counts">{cards}</ul>\n'
    yield _ways(frame, page, pages)
    yield from _table(rows, "" if page.number == 1 else "../")
    yield f"</main>\n<script>\n{SCRIPT}\n</script>\n</body>\n</html>\n"


def _ways(frame: _Frame, page: _Page, pages: list[_Page] | tuple[()]) -> str:
    """Links to the pages before and after; on the first to all, with the rows at their ends."""
    if frame.pages == 1:
        return ""
    up = "" if page.number == 1 else "../"
    near = {"First page": 1, "Previous page": page.number - 1, "Next page": page.number + 1}
    links = "".join(
        f'<a href="{up}{_Page(number, "", "").name}">{name}</a>'
        for name, number in near.items()
        if 1 <= number <= frame.pages and number != page.number
    )
    listed = "".join(
        f'<li><a href="{one.name}">{escape(one.first)} to {escape(one.last)}</a></li>\n' for one in pages
    )
    every = f"<details><summary>All pages</summary>\n<ol>\n{listed}</ol></details>\n" if listed else ""
    return f'<nav aria-label="Pages">{links}\n{every}</nav>\n'


def _table(rows: list[Row], up: str) -> Iterator[str]:
    if not rows:
        yield "<p>No case was read.</p>\n"
        return
    boxes = "".join(
        f'<label><input type="checkbox" name="status" value="{status}" checked> {_word(status)}</label>'
        for status, _ in _COUNTS
    )
    yield (
        '<form id="tools" hidden>\n'
        '<label>Filter <input type="search" name="words" autocomplete="off"></label>\n'
        f"<fieldset><legend>Status</legend>{boxes}</fieldset>\n"
        '<p id="shown" role="status"></p>\n</form>\n'
    )
    heads = "".join(f'<th role="columnheader" scope="col"{more}>{name}</th>' for more, name in _HEADS)
    yield (
        '<table role="table">\n<caption>Cases</caption>\n<thead role="rowgroup"><tr role="row">'
        f'{heads}</tr></thead>\n<tbody role="rowgroup">\n'
    )
    yield from (_row(row, up) for row in rows)
    yield "</tbody>\n</table>\n"


def _cell(kind: str, content: str, value: object = None) -> str:
    data = "" if value is None else f' data-value="{value}"'
    return f'<td role="cell" class="{kind}"{data}>{content}</td>'


def _row(row: Row, up: str) -> str:
    status = _SHOWN[row.status]
    good = status == "done"
    place = escape(row.file) + (f", row {row.row}" if row.row else "")
    name = escape(row.case_id or "") + ("" if good else f"<span>{place}</span>")
    words = ", ".join(f"{count} {rung}" for rung, count in sorted(row.rungs.items()))
    cells = (
        _cell("p", _thumbnail(row, up) if good else ""),
        f'<th role="rowheader" scope="row" class="id">{name}</th>',
        f'<td role="cell" class="{status}">{_word(status)}</td>',
        _cell("n", str(row.images or 0) if good else ""),
        _to_look_at(row) if good else _cell("look", escape(row.problem or "")),
        _cell("w", escape(words or "none") if good else ""),
        _cell("f", _links(row, up) if good else _refusal(row, up)),
    )
    return f'<tr role="row" data-status="{status}">{"".join(cells)}</tr>\n'


def _word(status: str) -> str:
    """A status for people: what is done is a draft."""
    return "draft" if status == "done" else status


def _thumbnail(row: Row, up: str) -> str:
    """One of the case's pictures; which view it shows only the report says, so it has no words here."""
    name = next((name for name in row.outputs if name.startswith("images/") and name.endswith(".jpg")), None)
    if name is None:
        return ""
    source = f"{up}{row.case_id}/{quote(name)}"
    return f'<img src="{source}" alt="" loading="lazy" decoding="async" width="72" height="54">'


def _to_look_at(row: Row) -> str:
    """How many items the reviewer has, and what rules raised them."""
    items = row.reviewer_items or 0
    rules = ", ".join(
        rule.replace("_", " ") + (f" ({count})" if count > 1 else "")
        for rule, count in sorted(row.rules.items())
    )
    return _cell("look", f"<b>{items}</b>" + (f"<span>{escape(rules)}</span>" if rules else ""), items)


def _links(row: Row, up: str) -> str:
    return "".join(
        f'<a href="{up}{row.case_id}/{name}">{name.removeprefix("report.")}</a>'
        for name in _files(row.outputs)
    )


def _refusal(row: Row, up: str) -> str:
    return f'<a href="{up}rejected/{quote(row.error_file)}">error</a>' if row.error_file else ""


def _ends(rows: list[Row]) -> tuple[str, str]:
    """The first and the last row of a page by name."""
    return (_named(rows[0]), _named(rows[-1])) if rows else ("", "")


def _named(row: Row) -> str:
    return row.case_id or row.file


def _files(outputs: Iterable[str]) -> list[str]:
    """The report's files, the most used first; their names are ours, as a case's id is plain."""
    there = [name for name in outputs if "/" not in name]
    return [name for name in _ORDER if name in there] + [name for name in there if name not in _ORDER]
