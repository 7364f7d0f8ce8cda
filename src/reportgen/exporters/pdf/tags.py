"""The structure of the PDF for screen readers: which piece of the page is a heading, a cell, a picture.

The story is walked once, in reading order, and every flowable that says something gets a tag. While pages are
drawn, a tag collects the marked content that it stands for; what no tag claims is an artifact.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from reportlab.pdfbase.pdfdoc import PDFDocument, PDFObject, PDFString
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, KeepTogether

__all__ = ["Tag", "Tagged", "TaggedCanvas", "tagged"]

Box = tuple[float, float, float, float]


class Tag(PDFObject):  # type: ignore[misc]
    """An element of the structure tree, written as PDF 1.7 (ISO 32000-1, 14.7) has it.

    Attributes:
        role: A standard structure type, such as ``P`` or ``TH``.
        kids: Elements below, and marked content as (page from 1, number on that page).
        alt: What a picture shows, in words.
        actual: What a line says, where its characters do not stand in that order.
        scope: ``Row`` or ``Column`` of a header cell.
        span: Columns that a cell takes.
        box: Where a picture stands on its page.
        repeats: Drawn anew on every page that its table goes on: only the first time is said.
        mode: The side from which lines and columns begin, here and below, if not the left: ``RlTb``.
    """

    __RefOnly__ = 1

    def __init__(self, role: str, parent: "Tag | None" = None, **more: Any) -> None:
        self.role, self.parent = role, parent
        self.kids: list[Tag | tuple[int, int]] = []
        self.alt: str | None = more.get("alt")
        self.actual: str | None = more.get("actual")
        self.scope: str | None = more.get("scope")
        self.span: int = more.get("span", 1)
        self.box: Box | None = None
        self.repeats: bool = more.get("repeats", False)
        self.mode: str | None = more.get("mode")
        if parent is not None:
            parent.kids.append(self)

    def format(self, document: PDFDocument) -> bytes:
        """The dictionary of the element."""
        number = document.idToObjectNumberAndVersion
        above = document.Reference(self.parent) if self.parent else document.Catalog.StructTreeRoot
        parts = [f"<</Type /StructElem /S /{self.role} /P {_ref(document, above)}"]
        kids = [
            f"{number[kid.__InternalName__][0]} 0 R"
            if isinstance(kid, Tag)
            else f"<</Type /MCR /Pg {number[f'Page{kid[0]}'][0]} 0 R /MCID {kid[1]}>>"
            for kid in self.kids
        ]
        parts.append(f"/K [{' '.join(kids)}]")
        if self.alt:
            parts.append(f"/Alt {PDFString(self.alt).format(document).decode('latin-1')}")
        if self.actual:
            parts.append(f"/ActualText {_utf16(self.actual)}")
        attributes = "".join(self._attributes())
        if attributes:
            parts.append(f"/A [{attributes}]")
        return (" ".join(parts) + ">>").encode("latin-1")

    def _attributes(self) -> Iterator[str]:
        if self.scope or self.span > 1:
            scope = f" /Scope /{self.scope}" if self.scope else ""
            span = f" /ColSpan {self.span}" if self.span > 1 else ""
            yield f"<</O /Table{scope}{span}>>"
        if self.mode:
            yield f"<</O /Layout /WritingMode /{self.mode}>>"
        if self.box:
            yield f"<</O /Layout /Placement /Block /BBox [{' '.join(f'{x:.2f}' for x in self.box)}]>>"

    def walk(self) -> Iterator["Tag"]:
        """The element and all below it."""
        yield self
        for kid in self.kids:
            if isinstance(kid, Tag):
                yield from kid.walk()


class _Raw(PDFObject):  # type: ignore[misc]
    """An object whose text is made when the numbers of all others are known."""

    __RefOnly__ = 1

    def __init__(self, text: Callable[[PDFDocument], str]) -> None:
        self._text = text

    def format(self, document: PDFDocument) -> bytes:
        """The text of the object."""
        return self._text(document).encode("latin-1")


def _ref(document: PDFDocument, obj: Any) -> str:
    return document.Reference(obj).format(document).decode()  # type: ignore[no-any-return]


def _utf16(text: str) -> str:
    """A string of PDF that holds any character."""
    return f"<FEFF{text.encode('utf-16-be').hex().upper()}>"


class Tagged(Flowable):  # type: ignore[misc]
    """A flowable that says something: what it draws belongs to its tag."""

    tag: Tag | None = None

    @property
    def role(self) -> str | None:
        """What it is where no table decides; its style may know. None for what says nothing."""
        return getattr(getattr(self, "style", None), "role", "P")

    @property
    def alternative(self) -> str | None:
        """What a picture shows, in words; None for what is text."""
        return None

    def hang(self, parent: Tag, role: str | None = None) -> None:
        """Make its tag below ``parent``; ``role`` overrules its own."""
        shown = self.alternative
        own = "Figure" if shown else role or self.role
        if own is not None:
            self.tag = Tag(own, parent, alt=shown)

    def drawOn(self, canvas: "TaggedCanvas", x: float, y: float, _sW: float = 0) -> None:  # noqa: N802, N803
        """Draw it as the content of its tag."""
        canvas.say(self.tag)
        super().drawOn(canvas, x, y, _sW)
        canvas.hush()
        if self.tag is not None and self.tag.alt:
            self.tag.box = canvas.box(x, y, self.width, self.height)


class TaggedCanvas(Canvas):  # type: ignore[misc]
    """A canvas whose content is an artifact until a flowable speaks.

    Args:
        mirrored: A page is read from right to left. It is laid out as any other and drawn in a mirror; what
            has a side of its own, such as text and pictures, is drawn ``upright``.
    """

    def __init__(self, *args: Any, mirrored: bool = False, **options: Any) -> None:
        self._said: list[list[Tag]] = []
        self._speaks: Tag | None = None
        self.mirrored = mirrored
        super().__init__(*args, **options)
        self._turn()

    def _startPage(self) -> None:  # noqa: N802 - reportlab's name
        super()._startPage()
        self._turn()

    def _turn(self) -> None:
        if self.mirrored:
            self.transform(-1, 0, 0, 1, self._pagesize[0], 0)

    @contextmanager
    def upright(self, x: float, width: float) -> Iterator[None]:
        """What is drawn inside, from ``x`` to ``x + width``, stands there as it is."""
        if not self.mirrored:
            yield
            return
        self.saveState()
        self.transform(-1, 0, 0, 1, 2 * x + width, 0)
        yield
        self.restoreState()

    def box(self, x: float, y: float, width: float, height: float) -> Box:
        """Where on the page a rectangle lies: left, bottom, right and top."""
        left, bottom = self.absolutePosition(x + width if self.mirrored else x, y)
        return left, bottom, left + width, bottom + height

    def say(self, tag: Tag | None) -> None:
        """From here on all that is drawn is the tag's."""
        page = self._pageNumber
        self._said += [[] for _ in range(page - len(self._said))]
        self._speaks = None
        if tag is None or (tag.repeats and any(isinstance(kid, tuple) and kid[0] < page for kid in tag.kids)):
            return
        self._speaks = tag
        self._open(tag)

    def _open(self, tag: Tag) -> None:
        page = self._pageNumber
        number = len(self._said[page - 1])
        self._said[page - 1].append(tag)
        tag.kids.append((page, number))
        self._code.append(f"EMC /{tag.role} <</MCID {number}>> BDC")

    @contextmanager
    def turned(self, text: str) -> Iterator[None]:
        """What is drawn inside is a line from right to left that says ``text``.

        Only the structure tells it. Readers of the page (pdfium, poppler) turn such a line around by
        themselves, be it drawn or told there.
        """
        tag = self._speaks
        if tag is None:
            yield
            return
        self._open(Tag("Span", tag, actual=text))
        yield
        self._open(tag)

    @contextmanager
    def spelled(self, text: str) -> Iterator[None]:
        """What is drawn inside says ``text``; its glyphs do not, which are parts of letters, or moved."""
        self._code.append(f"/Span <</ActualText {_utf16(text)}>> BDC")
        yield
        self._code.append("EMC")

    def hush(self) -> None:
        """What there was to say is drawn."""
        self._speaks = None
        self._code.append("EMC /Artifact BMC")

    def close_page(self) -> None:
        """Call before a page goes into the document, when all is drawn on it."""
        self._code.insert(0, "/Artifact BMC")
        self._code.append("EMC")

    def write_structure(self, root: Tag) -> None:
        """Put the tree into the document."""
        document, pages = self._doc, self._said

        def tree(doc: PDFDocument) -> str:
            below = f"/K [{_ref(doc, root)}] /ParentTree {_ref(doc, parents)}"
            return f"<</Type /StructTreeRoot {below} /ParentTreeNextKey {len(pages)}>>"

        def numbers(doc: PDFDocument) -> str:
            tags = (f"{page} [{' '.join(_ref(doc, tag) for tag in said)}]" for page, said in enumerate(pages))
            return f"<</Nums [{' '.join(tags)}]>>"

        parents = _Raw(numbers)
        document.Catalog.StructTreeRoot = _Raw(tree)
        for obj in (document.Catalog.StructTreeRoot, parents, *root.walk()):
            document.Reference(obj)


def tagged(story: Sequence[Any], mode: str | None = None) -> Tag:
    """Give every flowable of a story its tag; returns the root of the tree."""
    root = Tag("Document", mode=mode)
    for flowable in story:
        _tag(flowable, root)
    return root


def _tag(flowable: Any, parent: Tag) -> None:
    if hasattr(flowable, "hang"):
        flowable.hang(parent)
    elif isinstance(flowable, KeepTogether):
        for one in flowable._content:
            _tag(one, parent)
