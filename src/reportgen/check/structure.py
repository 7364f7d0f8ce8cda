"""The structural gate: what is wrong with a text before any word of it is read."""

import re
import unicodedata
from collections.abc import Collection, Iterator

from reportgen.nouns import Objection

__all__ = ["STRUCTURE", "structure"]

MOST_CHARACTERS = 2_000
#: What can be wrong with a text as a whole; docs/guard.md explains each.
STRUCTURE = {
    "empty": "The draft is empty.",
    "line_break": "A passage is one paragraph without line breaks.",
    "special_token": "Marks of a chat or a document are no part of a passage.",
    "repeat": "The same words come three times in a row.",
    "too_long": f"A passage has at most {MOST_CHARACTERS:,} characters.",
    "cut_off": "The model was stopped before it had finished.",
    "bidi": "{} changes the order in which text is read.",
    "control": "The control character {} is not allowed.",
    "compatibility": "{} looks like other characters than it is.",
    "character": "{} is not plain ASCII.",
}
#: Marks of a chat or of a prompt that a model repeated, and of documents.
_SPECIAL = re.compile(
    r"<[|/]?[A-Za-z_][\w ./:-]*\|?>|\[/?(?:INST|SYS)\]|^#+ |\*\*|`+|^=== ?\w+"
    r"|^(?:facts|user|assistant|system|model):",
    re.IGNORECASE | re.MULTILINE,
)
_TURNING = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})
#: Most words of a phrase that is looked for three times in a row.
PHRASE = 8


def structure(text: str, *, cut_off: bool, letters: Collection[str] = ()) -> Iterator[Objection]:
    """What is wrong with a text as a whole, each at the place where it shows.

    Args:
        text: The draft of one passage as it came.
        cut_off: The model was stopped by the length limit.
        letters: Characters beyond plain ASCII that the language of the report is written with.
    """

    def at(code: str, start: int, end: int, character: str = "") -> Objection:
        message = STRUCTURE[code].format(f"U+{ord(character or ' '):04X}")
        return Objection(code=code, message=message, span=(start, end))

    bare = text.rstrip()
    if not bare:
        yield at("empty", 0, 0)
        return
    for position, character in enumerate(text):
        strange = ord(character) > 126 and character not in letters
        if strange or (ord(character) < 32 and character != "\n"):
            yield at(_character(character), position, position + 1, character)
    last = len(bare) - 1
    if (newline := bare.find("\n")) >= 0:
        yield at("line_break", newline, newline + 1)
    for match in _SPECIAL.finditer(text):
        yield at("special_token", *match.span())
    if looped := _looped(text[:MOST_CHARACTERS]):
        yield at("repeat", *looped)
    if len(bare) > MOST_CHARACTERS:
        yield at("too_long", last, last + 1)
    if cut_off:
        yield at("cut_off", last, last + 1)


def _looped(text: str) -> tuple[int, int] | None:
    """Where the same words come three times in a row."""
    found = list(re.finditer(r"\w+", text))
    words = [match[0].lower() for match in found]
    for size in range(1, PHRASE + 1):
        for at in range(len(words) - 3 * size + 1):
            middle, last, end = at + size, at + 2 * size, at + 3 * size
            if words[at:middle] == words[middle:last] == words[last:end]:
                return found[at].start(), found[end - 1].end()
    return None


def _character(character: str) -> str:
    if unicodedata.bidirectional(character) in _TURNING:
        return "bidi"
    if unicodedata.category(character)[0] == "C":
        return "control"
    return "compatibility" if unicodedata.normalize("NFKC", character) != character else "character"
