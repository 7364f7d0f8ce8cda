"""A ``report.html`` read again, tag by tag and word by word."""

import base64
import binascii
import io
import re
from collections.abc import Mapping
from functools import lru_cache
from html.parser import HTMLParser

from PIL import Image, UnidentifiedImageError

from reportgen import resources
from reportgen.nouns import Report
from reportgen.reread.html_blocks import html_parts
from reportgen.reread.html_tokens import Picture, escaped, said
from reportgen.reread.printed import Printed, unmarked

__all__ = ["html_fault", "shipped_page"]

_LOGO = '<img src="data:image/png;'
#: The only characters that are written as references, by their names and numbers.
_NAMED = {"amp": "&", "lt": "<", "gt": ">"}
_NUMBERED = {"34": '"', "39": "'"}
#: An end tag that a browser may read otherwise than Python does.
_ODD_END = re.compile(r"</(?![a-z][a-z0-9]*>)")


@lru_cache(maxsize=1)
def shipped_page() -> str:
    """The template of ``report.html`` that ``html_fault`` knows."""
    return (resources.folder("templates") / "fetal_ultrasound" / "report.html.jinja").read_text("utf-8")


@lru_cache(maxsize=1)
def _style() -> str:
    """What stands in ``style`` of every page: it holds no value."""
    found = re.search(r"<style>(.*?)</style>", shipped_page(), re.DOTALL)
    return found[1] if found else ""


def html_fault(report: Report, text: str, pictures: Mapping[str, bytes]) -> str:
    """Where ``report.html``, in the shipped layout, is not what the report says; empty if nowhere.

    Args:
        report: What the page must say.
        text: The page.
        pictures: Those that are at hand, by their path beside the report: the page must hold them.
    """
    odd = _ODD_END.search(text)
    if odd:
        return f"line {text.count(chr(10), 0, odd.start()) + 1} (the end of an element)"
    reader = _Reader()
    reader.feed(text)
    reader.close()
    reader.end_words()
    found, at = [(line, unmarked(report, token)) for line, token in reader.tokens], 0
    logo = report.presentation.get("logo_file")
    held = logo is not None and (logo in pictures or any(token.startswith(_LOGO) for _, token in found))
    for part in html_parts(Printed(report), _style(), logo=held):
        for token in part.tokens:
            line, here = found[at] if at < len(found) else (found[-1][0] if found else 1, "")
            step = _picture(token, found, at, pictures) if isinstance(token, Picture) else int(here == token)
            if not step:
                return f"line {line} ({part.place})"
            at += step
    return f"line {found[at][0]} (after the last line)" if at < len(found) else ""


def _picture(wanted: Picture, found: list[tuple[int, str]], at: int, pictures: Mapping[str, bytes]) -> int:
    """How many tokens a picture, or what stands for it, takes; 0 if it is not as it should be."""
    here = found[at][1] if at < len(found) else ""
    data = pictures.get(wanted.name) if wanted.name else None
    if here.startswith("<img "):
        return int(wanted.name is not None and _as_it_should_be(here, wanted, data))
    shown = tuple(token for _, token in found[at : at + len(wanted.absent)])
    lost = data is None or _size(data, wanted.form) is None
    return len(wanted.absent) if lost and shown == wanted.absent else 0


def _as_it_should_be(img: str, wanted: Picture, data: bytes | None) -> bool:
    """Whether an image shows these bytes, or at least a picture of its form, and these words for it."""
    source = re.match(rf'<img src="data:image/{wanted.form};base64,([A-Za-z0-9+/=]*)"', img)
    if source is None:
        return False
    if data is None:
        try:
            data = base64.b64decode(source[1], validate=True)
        except binascii.Error:
            return False
    elif base64.b64encode(data).decode() != source[1]:
        return False
    size = _size(data, wanted.form)
    if size is None:
        return False
    attributes = f'" alt="(?P<alt>[^"]*)" width="{size[0]}" height="{size[1]}">'
    rest = re.fullmatch(attributes, img[source.end() - 1 :])
    return rest is not None and rest["alt"].split() == escaped(wanted.alt).split()


def _size(data: bytes, form: str) -> tuple[int, int] | None:
    try:
        with Image.open(io.BytesIO(data), formats=(form.upper(),)) as image:
            shown = form == "png" or image.mode in {"L", "RGB"}
            return image.size if shown and all(image.size) else None
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError):
        return None


class _Reader(HTMLParser):
    """The tags of a page as they are written, and its words.

    Raises:
        ValueError: It holds what no page of ours does, or what readers may understand in different ways.
    """

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.tokens: list[tuple[int, str]] = []
        self._words = ""
        self._began = 1

    def _put(self, token: str) -> None:
        self.end_words()
        self.tokens.append((self.getpos()[0], token))

    def end_words(self) -> None:
        """Words are one token, in however many pieces they come."""
        self.tokens += ((self._began, token) for token in said(self._words))
        self._words = ""

    def _say(self, text: str) -> None:
        if not self._words:
            self._began = self.getpos()[0]
        self._words += text

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002
        """A tag as it is written."""
        self._put(self.get_starttag_text() or "")

    def handle_startendtag(self, tag: str, attrs: object) -> None:  # noqa: ARG002
        """The same."""
        self._put(self.get_starttag_text() or "")

    def handle_endtag(self, tag: str) -> None:
        """The end of an element."""
        self._put(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        """Words; only in ``style`` a sign of markup may stand for itself."""
        if self.cdata_elem != "style" and re.search("[<>&\0]", data):
            raise ValueError(f"line {self.getpos()[0]}: holds a sign of markup that is not escaped")
        self._say(data)

    def handle_entityref(self, name: str) -> None:
        """A character by name."""
        self._say(self._known(_NAMED, name))

    def handle_charref(self, name: str) -> None:
        """A character by number."""
        self._say(self._known(_NUMBERED, name))

    def _known(self, characters: Mapping[str, str], name: str) -> str:
        if name not in characters:
            raise ValueError(f"line {self.getpos()[0]}: holds a reference that no page of ours does")
        return characters[name]

    def handle_comment(self, data: str) -> None:  # noqa: ARG002
        """A comment, which no page of ours has."""
        self._put("<!--")

    def handle_decl(self, decl: str) -> None:
        """The document type."""
        self._put(f"<!{decl}>")

    def handle_pi(self, data: str) -> None:  # noqa: ARG002
        """An instruction, which no page of ours has."""
        self._put("<?")

    def unknown_decl(self, data: str) -> None:  # noqa: ARG002
        """A section of XML, which no page of ours has."""
        self._put("<![")
