"""``report.txt``: 80 columns, UTF-8, from the domain's ``report.txt.jinja``.

The template knows the order; the filters here know how text is wrapped. Text of the input is only ever a
value: it is wrapped inside its column, never cut, and never read as a template.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from jinja2 import StrictUndefined, Template, TemplateError
from jinja2.sandbox import SandboxedEnvironment

from reportgen import resources
from reportgen.errors import DomainError
from reportgen.exporters import columns
from reportgen.exporters.columns import width_of
from reportgen.exporters.layout import Layout, header_rows, lines_of
from reportgen.nouns import Report

__all__ = ["WIDTH", "shipped", "text"]

WIDTH = 80
LABEL = 13
SECOND = 43
TEMPLATE = "report.txt.jinja"
DEFAULT = "fetal_ultrasound"

#: A cell of a row: text, first column, width, and ``l`` or ``r`` for the side it is set to.
Cell = tuple[str, int, int, str]


def text(report: Report, template: str | None = None) -> str:
    """The report as text, at most 80 columns wide, with one newline at the end.

    Args:
        report: What is printed.
        template: The layout; by default that of the shipped domain with the report's domain name.

    Raises:
        DomainError: The template is faulty, or the report lacks a word of the layout.
    """
    layout = Layout.of(report)
    try:
        printed = _template(template or shipped(report.provenance.domain, TEMPLATE)).render(
            report=report, layout=layout, words=layout.words, width=WIDTH
        )
    except TemplateError as error:
        raise DomainError(f"{TEMPLATE}: {error}.", "Correct the template.") from None
    lines = [line.rstrip() for line in printed.split("\n")]
    if report.presentation.get("direction") == "rtl":
        lines = list(map(columns.marked, lines))
    return "\n".join(lines).strip("\n") + "\n"


def shipped(domain: str, name: str) -> str:
    """A template of a shipped domain; a domain from elsewhere is laid out like the default one."""
    templates = resources.folder("templates")
    own = templates / domain / name if re.fullmatch(r"[a-z][a-z0-9_]*", domain) else templates
    return (own if own.is_file() else templates / DEFAULT / name).read_text("utf-8")


@lru_cache(maxsize=8)
def _template(source: str) -> Template:
    environment = SandboxedEnvironment(
        undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(wrap=wrap, row=row, heads=heads, ends=ends)
    return environment.from_string(source)


def wrap(value: str, indent: int = 0, first: str = "", width: int = WIDTH) -> str:
    """Wrap text to ``width`` columns, indented by ``indent``; ``first`` stands in the indent of line one."""
    pad = " " * indent
    lines = [piece for line in lines_of(value) for piece in _pieces(line, width - indent)]
    if width_of(first.rstrip()) >= indent > 0:
        return "\n".join([first, *(pad + line for line in lines)])
    return (columns.left(first, indent) + ("\n" + pad).join(lines)).rstrip()


def row(cells: Sequence[Cell]) -> str:
    """Cells side by side, each wrapped inside its own columns; a number may outgrow them, never be broken."""
    cut = [
        [piece for line in lines_of(value) for piece in _pieces(line, width, whole=side == "r")]
        for value, _, width, side in cells
    ]
    lines = []
    for number in range(max(map(len, cut), default=0)):
        line = ""
        for (_, start, width, side), column in zip(cells, cut, strict=True):
            piece = column[number] if number < len(column) else ""
            line = f"{line} " if line and width_of(line) >= start else columns.left(line, start)
            line += columns.right(piece, width) if side == "r" else piece
        lines.append(line.rstrip())
    return "\n".join(lines)


def heads(entries: Sequence[tuple[str, str]]) -> str:
    """The header as a grid of two columns; long entries take the whole width."""
    label = min(max([LABEL, *(width_of(name) + 1 for name, _ in entries)]), 24)

    def fits(value: str) -> bool:
        return width_of(value) < min(SECOND - label, WIDTH - SECOND - label + 1) and len(lines_of(value)) == 1

    printed = []
    for pair in header_rows(entries, fits):
        cells: list[Cell] = [(pair[0][0], 0, label - 1, "l")]
        if len(pair) == 2:
            cells += [(pair[0][1], label, SECOND - label - 1, "l"), (pair[1][0], SECOND, label - 1, "l")]
            cells += [(pair[1][1], SECOND + label, WIDTH - SECOND - label, "l")]
        else:
            cells += [(pair[0][1], label, WIDTH - label, "l")]
        printed.append(row(cells))
    return "\n".join(printed)


def ends(left: str, right: str) -> str:
    """``left`` and ``right`` at the ends of one line, or of two where one is too short."""
    if width_of(left) + width_of(right) < WIDTH:
        return left + columns.right(right, WIDTH - width_of(left))
    return wrap(left) + "\n" + columns.right(right, WIDTH)


#: Blanks that no line ends at: before a number in brackets, "(image 5)", and between a number and its unit.
_TIGHT = re.compile(r"(\([^\W\d_]+|\d) (?:(?<=\D )(?=\d)|(?<=\d )(?=[a-z]+\b))")
#: Stands for such a blank while lines are broken; no input can hold it.
_JOIN = "\ue000"


def _pieces(line: str, width: int, *, whole: bool = False) -> list[str]:
    pieces = columns.pieces(_TIGHT.sub(rf"\1{_JOIN}", line), width, whole=whole)
    return [piece.replace(_JOIN, " ") for piece in pieces] or [""]
