"""The pieces of a page that is expected: tags as they are written, and words that none can take for a tag."""

from typing import NamedTuple

__all__ = [
    "CLOSED",
    "RIGHT",
    "Part",
    "Picture",
    "Token",
    "columns",
    "element",
    "escaped",
    "figure",
    "opened",
    "said",
    "tag",
    "titled",
]

_ESCAPED = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&#34;", "'": "&#39;"})
#: The end of a table.
CLOSED = ("</tbody>", "</table>")
#: What sets a head above values.
RIGHT = ' class="number"'


class Picture(NamedTuple):
    """Where a picture stands.

    Attributes:
        alt: What stands for it where it is not seen.
        name: Its path beside the report; None if there is none.
        absent: What stands there instead where it cannot be shown.
        form: ``jpeg`` or ``png``.
    """

    alt: str
    name: str | None
    absent: tuple[str, ...]
    form: str = "jpeg"


#: A tag as it is written, words after a ``=``, or the place of a picture.
Token = str | Picture


class Part(NamedTuple):
    """Tags and words that follow one another; ``place`` says for a person what they are, never a value."""

    place: str
    tokens: tuple[Token, ...]


def said(text: str) -> tuple[str, ...]:
    """Words as a token, which no words can make look like a tag; none for blanks."""
    words = " ".join(text.split())
    return (f"={words}",) if words else ()


def escaped(text: str) -> str:
    """Text as it stands in an attribute."""
    return text.translate(_ESCAPED)


def tag(start: str, *inner: Token) -> tuple[Token, ...]:
    """An element with its tokens; ``start`` is its tag as it is written."""
    return (f"<{start}>", *inner, f"</{start.partition(' ')[0]}>")


def element(start: str, text: str) -> tuple[Token, ...]:
    """An element that holds words of the report."""
    return tag(start, *said(text))


def isolated(text: str, start: str = "bdi") -> tuple[Token, ...]:
    """Words whose direction is their own."""
    return element(start, text)


def figure(text: str) -> tuple[Token, ...]:
    """A cell with a value, which is written from left to right in every language."""
    return tag('td class="number"', *element('bdi dir="ltr"', text))


def titled(name: str, title: str, *inner: Token, kind: str = "") -> tuple[Token, ...]:
    """A section with its title."""
    start = f'section class="{kind}"' if kind else "section"
    return tag(f'{start} aria-labelledby="{name}"', *element(f'h2 id="{name}"', title), *inner)


def opened(name: str, title: str, table: str, *more: Token, kind: str = "") -> Part:
    """The beginning of a section that is a table; ``CLOSED`` ends the table."""
    start = f'section class="{kind}"' if kind else "section"
    caption = tag("caption", *element(f'h2 id="{name}"', title), *more)
    return Part(f"{name} title", (f'<{start} aria-labelledby="{name}">', f"<{table}>", *caption))


def columns(cells: list[tuple[str, str]], *, roles: bool = False) -> tuple[Token, ...]:
    """The head of a table: attributes and words by column."""
    group, row, column = (f' role="{one}"' if roles else "" for one in ("rowgroup", "row", "columnheader"))
    inner = [one for more, text in cells for one in element(f'th{column} scope="col"{more}', text)]
    return (*tag(f"thead{group}", *tag(f"tr{row}", *inner)), f"<tbody{group}>")
