"""``OUT/index.html``: everything the output folder holds, for a person. No script, no patient, one file."""

from collections import Counter
from collections.abc import Iterable, Iterator
from html import escape
from urllib.parse import quote

from reportgen.ledger import Row

__all__ = ["index_page"]

_STYLE = """
:root{color-scheme:light dark;--ink:#1d2733;--soft:#5c6b7a;--line:#d9e0e6;--paper:#fff;--wash:#f4f6f8;
--good:#1b7a43;--bad:#b3261e;--wait:#8a6100}
@media(prefers-color-scheme:dark){:root{--ink:#e6ebf0;--soft:#9fb0bf;--line:#33414e;--paper:#151b21;--wash:#1d252d;
--good:#62c88d;--bad:#ff8a80;--wait:#e6b84d}}
body{margin:0 auto;max-width:72rem;padding:2rem 1.25rem 4rem;background:var(--paper);color:var(--ink);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
h1{font-size:1.5rem;margin:0}p{margin:.25rem 0;color:var(--soft)}
.banner{margin:1rem 0;padding:.6rem .9rem;border-left:4px solid var(--wait);background:var(--wash);
color:var(--ink)}
ul.counts{display:flex;flex-wrap:wrap;gap:.75rem;list-style:none;margin:1.25rem 0;padding:0}
ul.counts li{flex:1 1 8rem;padding:.7rem .9rem;background:var(--wash);border-radius:.5rem;color:var(--soft)}
ul.counts b{display:block;font-size:1.6rem;line-height:1.2;color:var(--ink);font-variant-numeric:tabular-nums}
h2{font-size:1.1rem;margin:2rem 0 .5rem}
.wide{overflow-x:auto}table{width:100%;border-collapse:collapse;font-size:.93rem}
th{position:sticky;top:0;background:var(--paper);text-align:left;color:var(--soft);font-weight:600}
th,td{padding:.4rem .75rem .4rem 0;border-bottom:1px solid var(--line);vertical-align:top}
tr{content-visibility:auto}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
td.id{min-width:14rem;font-family:ui-monospace,"Cascadia Mono",Consolas,monospace;overflow-wrap:anywhere}
a{color:inherit;text-underline-offset:.15em;margin-right:.6rem}
.done{color:var(--good)}.rejected,.failed{color:var(--bad)}.pending{color:var(--wait)}
""".strip()

#: A case that a later run found finished is as done as before.
_SHOWN = {"done": "done", "skipped": "done", "rejected": "rejected", "failed": "failed", "pending": "pending"}
_COUNTS = (("done", "reports"), ("rejected", "rejected"), ("failed", "failed"), ("pending", "pending"))
_HEAD = (
    '<div class="wide"><table><thead><tr><th scope="col">Case</th><th scope="col">Status</th>'
    '<th scope="col" class="n">Images</th><th scope="col" class="n">To look at</th>'
    '<th scope="col">Words</th><th scope="col">Files</th></tr></thead><tbody>\n'
)
_TROUBLE_HEAD = (
    '<div class="wide"><table><thead><tr><th scope="col">Case or input</th><th scope="col">Status</th>'
    '<th scope="col">What is wrong</th><th scope="col">Details</th></tr></thead><tbody>\n'
)
_FOOT = "</tbody></table></div>\n"


def index_page(
    rows: Iterable[Row], counts: dict[str, int], software: str, written_at: str
) -> Iterator[bytes]:
    """The page in pieces, from the ledger's rows with what went wrong first.

    Args:
        rows: Ordered as ``Ledger.rows`` gives them; read once.
        counts: Rows by status.
        software: Name and version of the program.
        written_at: Date and time as printed.
    """
    return map(str.encode, _page(rows, counts, software, written_at))


def _page(rows: Iterable[Row], counts: dict[str, int], software: str, written_at: str) -> Iterator[str]:
    shown: Counter[str] = Counter()
    for status, count in counts.items():
        shown[_SHOWN[status]] += count
    yield (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="robots" content="noindex">\n<title>Draft reports</title>\n'
        f"<style>\n{_STYLE}\n</style>\n</head>\n<body>\n<h1>Draft reports</h1>\n"
        f"<p>{escape(software)}, {escape(written_at)}</p>\n"
        '<p class="banner">Every report here is a draft written by software. None is for clinical use until '
        "a clinician has reviewed and signed it.</p>\n"
    )
    cards = "".join(f"<li><b>{shown[status]}</b>{name}</li>" for status, name in _COUNTS)
    yield f'<ul class="counts">{cards}</ul>\n'
    yield from _tables(rows)
    yield "</body>\n</html>\n"


def _tables(rows: Iterable[Row]) -> Iterator[str]:
    open_table = None
    for row in rows:
        good = _SHOWN[row.status] == "done"
        if open_table is not good:
            yield _FOOT if open_table is not None else ""
            yield "<h2>Reports</h2>\n" + _HEAD if good else "<h2>Needs attention</h2>\n" + _TROUBLE_HEAD
            open_table = good
        yield _report(row) if good else _trouble(row)
    yield _FOOT if open_table is not None else "<p>No case was read.</p>\n"


def _report(row: Row) -> str:
    links = "".join(
        f'<a href="{quote(f"{row.case_id}/{name}")}">{escape(name.removeprefix("report."))}</a>'
        for name in sorted(row.outputs, key=_by_use)
        if "/" not in name
    )
    words = ", ".join(f"{count} {rung}" for rung, count in sorted(row.rungs.items())) or "none"
    return (
        f'<tr><td class="id">{escape(row.case_id or "")}</td><td class="done">draft</td>'
        f'<td class="n">{row.images or 0}</td><td class="n">{row.reviewer_items or 0}</td>'
        f"<td>{escape(words)}</td><td>{links}</td></tr>\n"
    )


def _trouble(row: Row) -> str:
    name = row.case_id or row.file + (f", row {row.row}" if row.row else "")
    link = f'<a href="rejected/{quote(row.error_file)}">error</a>' if row.error_file else ""
    return (
        f'<tr><td class="id">{escape(name)}</td><td class="{row.status}">{row.status}</td>'
        f"<td>{escape(row.problem or '')}</td><td>{link}</td></tr>\n"
    )


def _by_use(name: str) -> tuple[int, str]:
    order = ["report.pdf", "report.txt", "report.json"]
    return (order.index(name) if name in order else len(order), name)
