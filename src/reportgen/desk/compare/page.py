"""A comparison as one page for a browser: no script, nothing fetched, every text escaped."""

from collections.abc import Iterator
from html import escape

from reportgen.desk.compare.charts import Box, Chart, Dot, Mark, Stroke, Words
from reportgen.desk.compare.noun import Comparison
from reportgen.desk.compare.tell import TITLE, Part, Table, parts

__all__ = ["page"]

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_STYLE = """
:root{color-scheme:light dark;--ink:#1d2733;--grey:#4f5d6b;--pale:#d3dbe2;--paper:#ffffff;--wash:#f4f6f8;
--accent:#16365c}
@media(prefers-color-scheme:dark){:root{--ink:#e6ebf0;--grey:#a9b8c6;--pale:#3a4855;--paper:#151b21;--wash:#1d252d;
--accent:#8cb4e0}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:64rem;padding:2rem 1.25rem 4rem;background:var(--paper);color:var(--ink);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
h1{font-size:1.6rem;margin:0 0 .25rem}h2{font-size:1.15rem;margin:2.25rem 0 .5rem;padding-bottom:.2rem;
border-bottom:2px solid var(--accent)}
p{margin:.5rem 0;max-width:46rem}p.made{color:var(--grey)}
.wide{overflow-x:auto;margin:.75rem 0}
table{border-collapse:collapse;width:100%;font-size:.9rem}
caption{text-align:start;color:var(--grey);padding-block:.35rem}
th,td{padding:.35rem .9rem .35rem 0;border-bottom:1px solid var(--pale);text-align:start;vertical-align:top;
overflow-wrap:break-word}
thead th{color:var(--grey);font-weight:600}tbody th{font-weight:600}
td.n,th.n{text-align:end;font-variant-numeric:tabular-nums}
figure{margin:1rem 0}figcaption{color:var(--grey);font-size:.9rem}
svg{display:block;width:100%;max-width:48rem;height:auto;font-family:inherit}
.f-ink{fill:var(--ink)}.f-grey{fill:var(--grey)}.f-pale{fill:var(--pale)}.f-paper{fill:var(--paper)}
.f-accent{fill:var(--accent)}.f-none{fill:none}
.s-ink{stroke:var(--ink)}.s-grey{stroke:var(--grey)}.s-pale{stroke:var(--pale)}.s-accent{stroke:var(--accent)}
.s-none{stroke:none}
@media print{body{max-width:none;padding:0}tr,figure{break-inside:avoid}thead{display:table-header-group}
.wide{overflow:visible}}
""".strip()
_ANCHOR = {"left": "start", "centre": "middle", "right": "end"}


def page(comparison: Comparison) -> str:
    """The page, with one newline at its end."""
    return "".join(_pieces(comparison))


def _pieces(comparison: Comparison) -> Iterator[str]:
    yield (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(_POLICY, quote=False)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="robots" content="noindex">\n<title>{TITLE}</title>\n'
        f"<style>\n{_STYLE}\n</style>\n</head>\n<body>\n<main>\n<h1>{TITLE}</h1>\n"
        f'<p class="made">{escape(comparison.software)}, {escape(comparison.ended_at)}</p>\n'
    )
    for part in parts(comparison):
        yield from _part(part)
    yield "</main>\n</body>\n</html>\n"


def _part(part: Part) -> Iterator[str]:
    yield f'<section aria-labelledby="{part.key}">\n<h2 id="{part.key}">{escape(part.title)}</h2>\n'
    yield from (f"<p>{escape(sentence)}</p>\n" for sentence in part.said)
    yield from (piece for table in part.tables for piece in _table(table))
    yield from map(_figure, part.charts)
    yield "</section>\n"


def _table(table: Table) -> Iterator[str]:
    def cell(column: int, text: str, tag: str = "td", more: str = "") -> str:
        side = ' class="n"' if column in table.numbers else ""
        return f"<{tag}{more}{side}>{escape(text)}</{tag}>"

    # What may scroll sideways can be reached without a mouse.
    yield f'<div class="wide" role="region" tabindex="0" aria-label="{escape(table.caption)}">\n<table>\n'
    yield f"<caption>{escape(table.caption)}</caption>\n"
    if any(table.head):
        heads = (cell(column, text, "th", ' scope="col"') for column, text in enumerate(table.head))
        yield f"<thead><tr>{''.join(heads)}</tr></thead>\n"
    yield "<tbody>\n"
    for name, *rest in table.rows:
        cells = "".join(cell(column, text) for column, text in enumerate(rest, 1))
        first = cell(0, name, "th", ' scope="row"')
        yield f"<tr>{first}{cells}</tr>\n"
    yield "</tbody>\n</table>\n</div>\n"


def _figure(chart: Chart) -> str:
    marks = "".join(map(_mark, chart.marks))
    return (
        f'<figure>\n<svg role="img" aria-label="{escape(chart.alternative)}" '
        f'viewBox="0 0 {chart.width:g} {chart.height:g}">{marks}</svg>\n'
        f"<figcaption>{escape(chart.title)}</figcaption>\n</figure>\n"
    )


def _mark(mark: Mark) -> str:
    if isinstance(mark, Box):
        kinds = f"f-{mark.fill or 'none'} s-{mark.outline or 'none'}"
        place = f'x="{mark.x:.2f}" y="{mark.y:.2f}" width="{mark.width:.2f}" height="{mark.height:.2f}"'
        return f'<rect class="{kinds}" {place} stroke-width="0.6"/>'
    if isinstance(mark, Stroke):
        ends = f'x1="{mark.x:.2f}" y1="{mark.y:.2f}" x2="{mark.to_x:.2f}" y2="{mark.to_y:.2f}"'
        return f'<line class="s-{mark.ink}" {ends} stroke-width="{mark.weight:g}"/>'
    if isinstance(mark, Dot):
        return f'<circle class="f-ink" cx="{mark.x:.2f}" cy="{mark.y:.2f}" r="{mark.radius:g}"/>'
    assert isinstance(mark, Words)
    place = f'x="{mark.x:.2f}" y="{mark.y:.2f}" text-anchor="{_ANCHOR[mark.align]}" font-size="{mark.size:g}"'
    return f'<text class="f-{mark.ink}" {place}>{escape(mark.text)}</text>'
