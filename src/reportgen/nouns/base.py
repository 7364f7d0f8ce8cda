"""What all nouns have in common."""

import unicodedata
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

__all__ = ["Frozen", "Line", "Name", "Text"]

MAX_TEXT = 10_000
#: Marks that would end the quotation that a report prints a name in.
QUOTES = frozenset('"\u201c\u201d\u201e\u201f\uff02')


class Frozen(BaseModel):
    """Immutable, strict (a quoted number is an error), and closed (an unknown key is an error)."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        allow_inf_nan=False,
        hide_input_in_errors=True,
    )

    def plain(self) -> dict[str, Any]:
        """The noun as JSON-ready values, fields in the order of the class, absent ones left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


def _inert(text: str) -> str:
    for character in text:
        category = unicodedata.category(character)
        if category in {"Cc", "Cf", "Cs", "Co", "Cn"} and character not in "\n\t":
            raise ValueError(
                f"holds U+{ord(character):04X}, a control, bidirectional or unassigned character"
            )
    if "[[F" in text:
        raise ValueError("holds '[[F', which is reserved for slots")
    return text


def _one_line(text: str) -> str:
    if "\t" in text or text.splitlines() != [text]:  # U+2028 and U+2029 break lines too
        raise ValueError("holds a line break or a tab")
    return text


def _quotable(text: str) -> str:
    if QUOTES & set(text):
        raise ValueError("holds a double quotation mark")
    return text


#: Free text of the input: printed escaped, never in a prompt. At most 10,000 characters, no control,
#: bidirectional or format characters, no slot.
Text = Annotated[str, StringConstraints(max_length=MAX_TEXT), AfterValidator(_inert)]
#: As ``Text``, on one line and not empty.
Line = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MAX_TEXT),
    AfterValidator(_inert),
    AfterValidator(_one_line),
]
#: As ``Line``, for what a sentence of the report quotes: at most 100 characters, no double quotation mark.
Name = Annotated[
    str,
    StringConstraints(min_length=1, max_length=100),
    AfterValidator(_inert),
    AfterValidator(_one_line),
    AfterValidator(_quotable),
]
