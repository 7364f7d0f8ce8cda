"""Reads a tagged PDF as a screen reader does: along the structure tree, and never along the page.

Written apart from the exporters. It knows what reports need: marked content on pages, fonts with a ToUnicode
map, alternative texts. Content that the tree does not reach is not read; that is the point.
"""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Object

__all__ = ["Told", "told"]

#: Elements that stand inside a line: their text is that of the element around them.
INLINE = {"/Span", "/Quote", "/Em", "/Strong", "/Code", "/Lbl", "/Link", "/Reference", "/Annot"}
#: Operators after which text is on another place: a reader hears a blank.
MOVES = {"Td", "TD", "T*", "Tm", "'", '"', "BT", "ET"}

#: Key of content outside of any marked content that the tree could name.
LOOSE = -1


@dataclass(frozen=True)
class Told:
    """One element and what it says.

    Attributes:
        role: Standard structure type without the slash, as in ``H1``, ``P``, ``TD``.
        text: Its alternative text if it has one, otherwise what is shown; blanks made one.
        path: Roles of the elements around it, outermost first.
    """

    role: str
    text: str
    path: tuple[str, ...] = ()


@dataclass
class _Spoken:
    """What an element says, while it is put together."""

    role: str
    path: tuple[str, ...]
    parts: list[str] = field(default_factory=list)

    def told(self) -> Iterator[Told]:
        text = " ".join("".join(self.parts).split())
        if text:
            yield Told(self.role, text, self.path)


def told(data: bytes) -> list[Told]:
    """All elements that say something, in the order of the structure tree.

    An element that holds both text and other elements is told in pieces, in order.

    Raises:
        KeyError: There is no structure tree, or it names marked content that no page has.
    """
    with pikepdf.open(io.BytesIO(data)) as document:
        root = document.Root["/StructTreeRoot"]
        roles = {name: str(role) for name, role in root.get("/RoleMap", Dictionary()).items()}
        walk = _Walk(roles)
        top = _Spoken("StructTreeRoot", ())
        found = [one for kid in _kids(root) for one in walk.element(kid, None, top)]
        return [*found, *top.told()]


class _Walk:
    """One walk over a structure tree; pages are read once."""

    def __init__(self, roles: dict[str, str]) -> None:
        self._roles = roles
        self._pages: dict[tuple[int, int], dict[int, str]] = {}

    def element(self, kid: Any, page: Object | None, around: _Spoken) -> Iterator[Told]:
        """What a kid of an element says; text goes into ``around``, elements are told."""
        if isinstance(kid, int):
            assert page is not None, "an MCID whose page nobody names"
            around.parts.append(self._content(page, kid))
        elif kid.get("/Type") == Name.MCR:
            around.parts.append(self._content(kid.get("/Pg", page), int(kid["/MCID"])))
        elif kid.get("/Type") != Name.OBJR:
            yield from self._structure(kid, kid.get("/Pg", page), around)

    def _structure(self, node: Object, page: Object | None, around: _Spoken) -> Iterator[Told]:
        role = str(node["/S"])
        role = self._roles.get(role, role)
        said = node.get("/Alt", node.get("/ActualText"))
        if role in INLINE:
            if said is not None:
                around.parts.append(f" {said} ")
                return
            for kid in _kids(node):
                yield from self.element(kid, page, around)
            return
        # What stands before an inner element is told before it.
        yield from around.told()
        around.parts.clear()
        inner = _Spoken(role[1:], (*around.path, around.role))
        if said is not None:
            inner.parts.append(str(said))
        else:
            for kid in _kids(node):
                yield from self.element(kid, page, inner)
        yield from inner.told()

    def _content(self, page: Object, mcid: int) -> str:
        if page.objgen not in self._pages:
            self._pages[page.objgen] = _marked(page)
        return self._pages[page.objgen][mcid] + " "


def _kids(node: Object) -> list[Any]:
    kids = node.get("/K", Array())
    return list(kids) if isinstance(kids, Array) else [kids]


def _marked(page: Object) -> dict[int, str]:
    """The text of a page by MCID; all that has none is under ``LOOSE``."""
    resources = page.get("/Resources", Dictionary())
    fonts = {name: _Font(font) for name, font in resources.get("/Font", Dictionary()).items()}
    properties = resources.get("/Properties", Dictionary())
    found: dict[int, str] = {}
    open_marks: list[int] = []
    spelled: list[bool] = []
    kept: list[_Font | None] = []
    font: _Font | None = None
    for operands, operator in pikepdf.parse_content_stream(page):
        name = str(operator)
        mcid = next((mark for mark in reversed(open_marks) if mark != LOOSE), LOOSE)
        if name in {"BDC", "BMC"}:
            open_marks.append(_mcid(operands, properties))
            found.setdefault(open_marks[-1], "")
            actual = _actual(operands)
            if actual is not None and not any(spelled):
                found[mcid] = found.get(mcid, "") + actual
            spelled.append(actual is not None)
        elif name == "EMC":
            open_marks.pop()
            spelled.pop()
        elif name == "q":
            kept.append(font)
        elif name == "Q":
            font = kept.pop()
        elif name == "Tf":
            font = fonts[str(operands[0])]
        elif name in MOVES | {"Tj", "TJ"} and not any(spelled):
            found[mcid] = found.get(mcid, "") + (" " if name in MOVES else "") + _shown(operands, font, name)
    return found


def _mcid(operands: Any, properties: Object) -> int:
    """The MCID of a mark, or ``LOOSE``."""
    if len(operands) < 2:
        return LOOSE
    given = operands[1]
    given = properties[str(given)] if isinstance(given, Name) else given
    return int(given.get("/MCID", LOOSE))


def _actual(operands: Any) -> str | None:
    """What a mark says in place of what is shown."""
    given = operands[1] if len(operands) > 1 else None
    return str(given["/ActualText"]) if isinstance(given, Dictionary) and "/ActualText" in given else None


def _shown(operands: Any, font: "_Font | None", operator: str) -> str:
    if operator not in {"Tj", "TJ", "'", '"'}:
        return ""
    assert font is not None, "text before any font"
    shown = operands[-1]
    strings = [one for one in shown if isinstance(one, pikepdf.String)] if operator == "TJ" else [shown]
    return "".join(font.text(bytes(one)) for one in strings)


class _Font:
    """What the codes of a font stand for."""

    def __init__(self, font: Object) -> None:
        self._font = font
        self._width = 2 if font["/Subtype"] == Name.Type0 else 1

    @cached_property
    def _letters(self) -> dict[int, str]:
        return _letters(self._font["/ToUnicode"].read_bytes().decode("latin-1"))

    def text(self, codes: bytes) -> str:
        """The text of a string that is shown."""
        width = self._width
        starts = range(0, len(codes), width)
        return "".join(self._letters[int.from_bytes(codes[start : start + width])] for start in starts)


def _letters(cmap: str) -> dict[int, str]:
    """A ToUnicode map: code to text."""
    letters: dict[int, str] = {}
    for block in re.findall(r"beginbfchar(.*?)endbfchar", cmap, re.DOTALL):
        for code, text in re.findall(r"<(\w+)>\s*<(\w+)>", block):
            letters[int(code, 16)] = _utf16(text)
    for block in re.findall(r"beginbfrange(.*?)endbfrange", cmap, re.DOTALL):
        for first, last, text, texts in re.findall(r"<(\w+)>\s*<(\w+)>\s*(?:<(\w+)>|\[([^\]]*)\])", block):
            codes = range(int(first, 16), int(last, 16) + 1)
            if text:
                start = _utf16(text)
                letters |= {code: start[:-1] + chr(ord(start[-1]) + n) for n, code in enumerate(codes)}
            else:
                letters |= dict(zip(codes, map(_utf16, re.findall(r"<(\w+)>", texts)), strict=True))
    return letters


def _utf16(digits: str) -> str:
    return bytes.fromhex(digits).decode("utf-16-be")
