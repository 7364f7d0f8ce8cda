"""Whose report it is: name, letterhead, paper and the like, from ``[institution]`` of ``reportgen.toml``."""

import re
import unicodedata
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from reportgen.files import sha256
from reportgen.font_files import font_files

__all__ = ["DATE_FORMATS", "Institution"]

DateFormat = Literal["D MMM YYYY", "DD.MM.YYYY", "DD/MM/YYYY", "MM/DD/YYYY", "YYYY-MM-DD"]
DATE_FORMATS: tuple[str, ...] = DateFormat.__args__  # type: ignore[attr-defined]
#: Least contrast of a text to its ground (WCAG 2.2, 1.4.3).
CONTRAST = 4.5
#: Of an address.
MOST_LINES = 6
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def _plain(text: str) -> str:
    if _CONTROL.search(text):
        raise ValueError("holds a control character")
    if not any(unicodedata.category(character)[0] in "LNPS" for character in text):
        raise ValueError("holds nothing that can be seen")
    return text.strip()


def _few_lines(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > MOST_LINES:
        raise ValueError(f"has more than {MOST_LINES} lines")
    return "\n".join(lines)


def _luminance(colour: str) -> float:
    """Relative luminance of ``#rrggbb`` (WCAG 2.2)."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _dark(colour: str) -> str:
    if 1.05 / (_luminance(colour) + 0.05) < CONTRAST:
        raise ValueError(f"is too light to be read on white (contrast below {CONTRAST})")
    return colour.lower()


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError("is not an IANA time zone such as Europe/Berlin") from None
    return name


Address = Annotated[str, Field(max_length=600), AfterValidator(_plain), AfterValidator(_few_lines)]


def _fonts(folder: Path) -> Path:
    try:
        font_files(folder)
    except ValueError as error:
        raise ValueError(f"{folder} {error}") from None
    return folder


class Institution(BaseModel):
    """What a site wants on its reports.

    Attributes:
        name: In the letterhead, and in ``report.txt``.
        address: Up to six lines below it.
        logo: PNG or SVG file, in PDF and page.
        letterhead: Whether name, address and logo are printed: not on paper that has them already.
        paper: Of the PDF, and of the page where it is printed.
        timezone: IANA name; times without an offset are in it, and report times are printed in it.
        date_format: Of all dates that are printed; by default that of the language.
        footer: One line at the end of every page.
        disclaimer: Printed after the limits.
        colour: Of headings and rules of PDF and page, dark enough to be read: ``#16365c``.
        fonts: Folder of TrueType fonts for characters that the shipped ones lack.
        templates: Folder of templates that stand for those of the domain with the same name.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_plain)] | None = None
    address: (
        Annotated[str, Field(max_length=600), AfterValidator(_plain), AfterValidator(_few_lines)] | None
    ) = None
    logo: Path | None = None
    letterhead: bool = True
    paper: Literal["A4", "Letter"] = "A4"
    timezone: Annotated[str, AfterValidator(_zone)] = "UTC"
    date_format: DateFormat | None = None
    footer: Annotated[str, Field(max_length=200, pattern=r"^[^\n]*$"), AfterValidator(_plain)] | None = None
    disclaimer: Annotated[str, Field(max_length=2000), AfterValidator(_plain)] | None = None
    colour: Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$"), AfterValidator(_dark)] = "#16365c"
    templates: Path | None = None
    fonts: Annotated[Path, AfterValidator(_fonts)] | None = None

    @cached_property
    def logo_png(self) -> bytes | None:
        """The logo as the reports have it.

        Raises:
            UsageError: It is no picture that can be printed.
        """
        from reportgen.logo import logo_png

        return logo_png(self.logo) if self.logo and self.letterhead else None

    @property
    def logo_path(self) -> str | None:
        """Where the logo lies in a case's folder."""
        return f"images/{sha256(self.logo_png)[:16]}.png" if self.logo_png else None

    @property
    def presentation(self) -> dict[str, str]:
        """What of it reports carry, so that they can be printed again anywhere."""
        shown = {
            "institution": self.name if self.letterhead else None,
            "institution_address": self.address if self.letterhead else None,
            "logo_file": self.logo_path,
            "paper": self.paper,
            "date_format": self.date_format,
            "colour": self.colour,
            "footer": self.footer,
            "disclaimer": self.disclaimer,
        }
        plain = {name: Institution.model_fields[name].default for name in ("paper", "colour")}
        return {name: value for name, value in shown.items() if value and value != plain.get(name)}
