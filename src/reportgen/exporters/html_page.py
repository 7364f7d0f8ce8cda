"""``report.html``: one file for a screen, a phone and paper, from the domain's ``report.html.jinja``.

Everything is in the file, the pictures too; it runs nothing and fetches nothing, and says so to the browser.
Text of the input is only ever a value: it is escaped, kept in its element, and never read as a template.
"""

import base64
import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from html import unescape
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup, escape

from reportgen.errors import DomainError
from reportgen.exporters.columns import in_order
from reportgen.exporters.layout import Layout, Pictures, file_of, lines_of
from reportgen.exporters.pictures import size_of
from reportgen.exporters.text import shipped
from reportgen.nouns import BiometryRow, Report, ViewRow

__all__ = ["html"]

TEMPLATE = "report.html.jinja"
#: What stands between tags.
_TEXT = re.compile(r"(?<=>)[^<]+")
_CENTILE = re.compile(r"[<>]?([0-9]{1,3})")


def html(report: Report, pictures: Pictures = None, template: str | None = None) -> str:
    """The report as a page, with one newline at the end.

    Args:
        report: What is printed.
        pictures: As for ``export``; each is put into the page.
        template: The layout; by default that of the shipped domain with the report's domain name.

    Raises:
        DomainError: The template is faulty, or the report lacks a word of the layout.
    """
    layout = Layout.of(report)
    source = template or shipped(report.provenance.domain, TEMPLATE)
    try:
        printed = _template(source).render(
            report=report, layout=layout, words=layout.words, page=Page(layout, pictures)
        )
    except TemplateError as error:
        raise DomainError(f"{TEMPLATE}: {error}.", "Correct the template.") from None
    page = printed.strip("\n") + "\n"
    return _in_order(page) if report.presentation.get("direction") == "rtl" else page


def _in_order(page: str) -> str:
    """A page from right to left, with the marks that keep numbers whole also inside sentences."""
    head, start, body = page.partition("<body>")
    return head + start + _TEXT.sub(lambda text: escape(in_order(unescape(text[0]))), body)


@lru_cache(maxsize=8)
def _template(source: str) -> Template:
    environment = SandboxedEnvironment(
        undefined=StrictUndefined, autoescape=True, trim_blocks=True, lstrip_blocks=True, finalize=_inert
    )
    return environment.from_string(source)


def _inert(value: Any) -> Any:
    """A value as the page shows it: line breaks of any kind are one kind, control characters are shown."""
    return "\n".join(lines_of(value)) if isinstance(value, str) and not isinstance(value, Markup) else value


@dataclass(frozen=True)
class Shot:
    """A picture as the page holds it; ``src`` is a data: URI, ``alt`` what the record says of the image."""

    src: str
    alt: str
    width: int
    height: int


@dataclass(frozen=True)
class Page:
    """What a page needs beside the layout: language, pictures and the little bars."""

    layout: Layout
    pictures: Pictures

    @property
    def language(self) -> str:
        """The language of the words, as BCP 47 has it; empty, which means unknown, where it is not stated."""
        return self.layout.report.presentation.get("language", "")

    @property
    def direction(self) -> str:
        """``rtl`` for a language that is written from right to left, else ``ltr``."""
        return "rtl" if self.layout.report.presentation.get("direction") == "rtl" else "ltr"

    @property
    def site_style(self) -> str:
        """The site's colour and paper, where they are not the usual ones."""
        words, colour = self.layout.report.presentation, self.layout.colour
        own = f":root{{--rule:{colour}}}" if colour else ""
        return own + ("@page{size:letter}" if words.get("paper") == "Letter" else "")

    @cached_property
    def logo(self) -> "Shot | None":
        """The institution's logo, with its name for who does not see it."""
        words = self.layout.report.presentation
        data = file_of(words["logo_file"], self.pictures) if words.get("logo_file") else None
        size = size_of(data, "PNG") if data else None
        if not data or not size:
            return None
        source = f"data:image/png;base64,{base64.b64encode(data).decode()}"
        return Shot(source, words.get("institution") or self.layout.words["logo"], *size)

    def file(self, row: ViewRow) -> str:
        """What the sender called the image: its file, or its id."""
        entry = self.layout.entries.get(row.image)
        return entry.file if entry and entry.file else row.image

    @cached_property
    def _planes(self) -> dict[str, str]:
        """By image the plane that was recognised on it, in the words of its fact."""
        facts = (fact for fact in self.layout.report.facts if fact.kind == "view")
        return {image: fact.name for fact in facts for image in fact.images}

    def alt(self, row: ViewRow) -> str:
        """What stands for a picture where it is not seen: image, plane, state and score."""
        words, parts = self.layout.words, [f"{self.layout.words['image']} {row.number}"]
        if row.state != "undetermined":
            plane = self._planes.get(row.image) if row.state == "recognised" else None
            parts[0] += f": {plane or row.display}"
        parts.append(self.layout.state(row))
        if row.score:
            parts.append(f"{words['model_score']} {row.score}")
        return ". ".join(parts)

    def shot(self, row: ViewRow) -> Shot | None:
        """The picture of an image, or None where there is none that can be shown."""
        entry = self.layout.entries.get(row.image)
        data = file_of(entry.picture, self.pictures) if entry and entry.picture else None
        size = size_of(data, "JPEG") if data else None
        if not data or not size:
            return None
        return Shot(f"data:image/jpeg;base64,{base64.b64encode(data).decode()}", self.alt(row), *size)

    def absent(self, row: ViewRow) -> str:
        """Why there is no picture."""
        entry, words = self.layout.entries.get(row.image), self.layout.words
        why = entry.note if entry else None
        why = why or (words["picture_unreadable"] if entry and entry.picture else "")
        return words["no_picture"] + (f": {why}" if why else "")

    @staticmethod
    def at(row: BiometryRow) -> int | None:
        """Where a centile stands between 0 and 100; ``<1`` and ``>99`` at the ends; None without one."""
        found = _CENTILE.fullmatch(row.centile or "")
        if not found or int(found[1]) > 100:
            return None
        return {"<": 0, ">": 100}.get(found[0][0], int(found[1]))
