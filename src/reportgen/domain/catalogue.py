"""A language's catalogue: the part of gettext's ``.po`` files that a domain needs, read without gettext.

Plural forms are not in it: the sentences of a domain are worded so that none is needed.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from reportgen.errors import DomainError

__all__ = ["RTL", "Catalogue", "read_catalogue"]

RTL = "rtl"
_LINE = re.compile(r'(?:(msgctxt|msgid|msgstr)\s+)?"((?:[^"\\]|\\[nt"\\])*)"\s*\Z')
_ESCAPED = re.compile(r"\\(.)")
_MEANT = {"n": "\n", "t": "\t"}


@dataclass(frozen=True)
class Catalogue:
    """The words of a domain in another language.

    Attributes:
        language: The code of the language, as the header has it.
        direction: ``ltr`` or ``rtl``.
        reviewed: Whether a clinician who speaks the language has read all of it.
        texts: By context (or None) and English text the text in the language; no empty and no fuzzy ones.
    """

    language: str
    direction: str
    reviewed: bool
    texts: Mapping[tuple[str | None, str], str] = field(repr=False)

    def said(self, path: str, text: str) -> str | None:
        """The text that stands at a path of the domain; None if it is not translated."""
        return self.texts.get((path, text)) or self.texts.get((None, text))


def read_catalogue(path: Path) -> Catalogue:
    """Read a ``.po`` file.

    Raises:
        DomainError: It is not UTF-8, a line is none of gettext's, or the header lacks the language.
    """
    try:
        content = path.read_text("utf-8")
    except UnicodeDecodeError:
        raise DomainError(f"{path} is not UTF-8.", "Save it as UTF-8.") from None
    texts: dict[tuple[str | None, str], str] = {}
    header: dict[str, str] = {}
    for entry in _entries(content, path):
        if entry["msgid"]:
            if entry["msgstr"] and "fuzzy" not in entry:
                texts[entry.get("msgctxt"), entry["msgid"]] = entry["msgstr"]
        else:
            lines = (line.partition(":") for line in entry["msgstr"].splitlines())
            header = {name.strip().lower(): value.strip() for name, _, value in lines}
    if header.get("language") != path.stem:
        raise DomainError(
            f"{path}: its header does not say 'Language: {path.stem}'.",
            "Correct it, or the name of the file.",
        )
    direction, reviewed = header.get("x-direction", "ltr"), header.get("x-reviewed", "false")
    if direction not in {"ltr", RTL} or reviewed not in {"true", "false"}:
        raise DomainError(f"{path}: X-Direction is ltr or rtl, X-Reviewed true or false.", "Correct it.")
    return Catalogue(path.stem, direction, reviewed == "true", texts)


def _entries(content: str, path: Path) -> Iterator[dict[str, str]]:
    """Each entry by its keywords, with the key ``fuzzy`` if it is; obsolete ones are comments."""
    entry: dict[str, str] = {}
    fuzzy = False
    last = ""
    for number, line in enumerate(map(str.strip, content.splitlines()), 1):
        if not line or line.startswith("#"):
            if "msgstr" in entry:
                yield entry
                entry, last = {}, ""
            fuzzy = (fuzzy and bool(line)) or (line.startswith("#,") and "fuzzy" in line)
            continue
        found = _LINE.match(line)
        if found is None or not (found[1] or last):
            raise DomainError(f"{path}, line {number}: is not a line of a catalogue.", "Correct it.")
        if found[1]:
            if found[1] in entry:
                yield entry
                entry = {}
            if fuzzy:
                entry["fuzzy"], fuzzy = "", False
            last = found[1]
            entry[last] = ""
        entry[last] += _ESCAPED.sub(lambda match: _MEANT.get(match[1], match[1]), found[2])
    if "msgstr" in entry:
        yield entry
