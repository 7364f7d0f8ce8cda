"""The structural gate: what is wrong with a text before any word of it is read."""

import re
import unicodedata
from collections.abc import Iterator

from reportgen.nouns import Objection

__all__ = ["structure"]

MOST_CHARACTERS = 2_000
#: Marks of a chat or of a prompt that a model repeated, and of documents.
_SPECIAL = re.compile(
    r"<[|/]?[A-Za-z_][\w ./:-]*\|?>|\[/?(?:INST|SYS)\]|^#+ |\*\*|`+|^=== ?\w+"
    r"|^(?:facts|user|assistant|system|model):",
    re.IGNORECASE | re.MULTILINE,
)
_LOOP = re.compile(r"\b(\w+(?:\W+\w+){0,7}?)(?:\W+\1\b){2,}", re.IGNORECASE)


def structure(text: str, *, cut_off: bool) -> Iterator[Objection]:
    """What is wrong with a text as a whole, each at the place where it shows.

    Args:
        text: The draft of one passage as it came.
        cut_off: The model was stopped by the length limit.
    """

    def at(code: str, message: str, start: int, end: int) -> Objection:
        return Objection(code=code, message=message, span=(start, end))

    bare = text.rstrip()
    if not bare:
        yield at("empty", "The draft is empty.", 0, 0)
        return
    for position, character in enumerate(text):
        if ord(character) > 126 or (ord(character) < 32 and character != "\n"):
            yield at(*_character(character), position, position + 1)
    last = len(bare) - 1
    if (newline := bare.find("\n")) >= 0:
        yield at("line_break", "A passage is one paragraph without line breaks.", newline, newline + 1)
    for match in _SPECIAL.finditer(text):
        yield at("special_token", "Marks of a chat or a document are no part of a passage.", *match.span())
    looped = _LOOP.search(text[:MOST_CHARACTERS])
    if looped:
        yield at("repeat", "The same words come three times in a row.", last, last + 1)
    if len(bare) > MOST_CHARACTERS:
        yield at("too_long", f"A passage has at most {MOST_CHARACTERS:,} characters.", last, last + 1)
    if cut_off:
        yield at("cut_off", "The model was stopped before it had finished.", last, last + 1)


def _character(character: str) -> tuple[str, str]:
    name = f"U+{ord(character):04X}"
    if unicodedata.bidirectional(character) in {
        "LRE",
        "RLE",
        "LRO",
        "RLO",
        "PDF",
        "LRI",
        "RLI",
        "FSI",
        "PDI",
    }:
        return "bidi", f"{name} changes the order in which text is read."
    if unicodedata.category(character)[0] == "C":
        return "control", f"The control character {name} is not allowed."
    if unicodedata.normalize("NFKC", character) != character:
        return "compatibility", f"{name} looks like other characters than it is."
    return "character", f"{name} is not plain ASCII."
