"""Whether a page, in any layout, is as inert as it must be, and the words in it."""

import re
from html.parser import HTMLParser

__all__ = ["active_fault", "page_text"]

#: Elements that stand within a word.
_WITHIN = {
    "a",
    "abbr",
    "b",
    "bdi",
    "bdo",
    "em",
    "i",
    "mark",
    "s",
    "small",
    "span",
    "strong",
    "sub",
    "sup",
    "u",
    "wbr",
}
_DATA = ("data:image/jpeg;base64,", "data:image/png;base64,")
#: Elements that run, fetch, send or lead elsewhere.
_ACTIVE = set(
    re.findall(
        r"\w+",
        "script link base iframe frame frameset object embed applet form input button select textarea video"
        " audio source track portal noscript template foreignobject animate animatemotion animatetransform"
        " set use image feimage slot",
    )
)
#: Attributes that name what is fetched or gone to.
_LEADING = {"src", "href", "xlink:href", "srcset", "action", "formaction", "background", "poster", "data"}
_LEADING |= {"ping", "cite", "manifest"}
_FETCHES = re.compile(r"@import|url\s*\(|image-set|expression\s*\(|-moz-binding|\\", re.IGNORECASE)


class _Loose(HTMLParser):
    """The words of a page in any layout, and what in it is active."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self.active: list[int] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look for what is active."""
        if tag not in _WITHIN:
            self.words.append(" ")
        if tag in _ACTIVE or any(_is_active(tag, name, value or "") for name, value in attrs):
            self.active.append(self.getpos()[0])

    def handle_endtag(self, tag: str) -> None:
        """What stands after a cell is no part of it."""
        if tag not in _WITHIN:
            self.words.append(" ")

    def handle_data(self, data: str) -> None:
        """Words, but for those of ``style``."""
        if self.cdata_elem != "style":
            self.words.append(data)
        elif _FETCHES.search(data):
            self.active.append(self.getpos()[0])


def _is_active(tag: str, name: str, value: str) -> bool:
    if name in _LEADING:
        return not (value.startswith(_DATA) if tag == "img" and name == "src" else value.startswith("#"))
    if name == "http-equiv":
        return value.lower() != "content-security-policy"
    return name.startswith("on") or (name == "style" and bool(_FETCHES.search(value)))


def active_fault(text: str) -> str:
    """Where a page runs or fetches something, or leads out of itself; empty if nowhere."""
    reader = _Loose()
    reader.feed(text)
    reader.close()
    return f"line {reader.active[0]} (an active element, or one that leads outside)" if reader.active else ""


def page_text(text: str) -> str:
    """The words of a page in any layout, in their order."""
    reader = _Loose()
    reader.feed(text)
    reader.close()
    return "".join(reader.words)
