"""What a question about a record is answered with."""

from typing import Literal

from reportgen.nouns.base import Frozen
from reportgen.nouns.report import Origin

__all__ = ["Evidence", "Reply", "Silence", "Spoken"]

#: Why the record does not say: the question asks for more than records hold; it has a word that nobody here
#: knows; it names nothing that records hold; this one does not hold it; the model found that nothing answers.
Silence = Literal["beyond", "unknown_word", "nothing_named", "not_in_record", "not_chosen"]


class Evidence(Frozen):
    """What a sentence rests on.

    Attributes:
        id: Of a fact (``F3``), or the place in ``report.json`` where the record holds it (``views[2]``).
        images: Ids of the images.
        numbers: What the report calls these, one-based.
        source: Its place in ``report.json``.
    """

    id: str
    kind: str
    images: tuple[str, ...] = ()
    numbers: tuple[int, ...] = ()
    source: str


class Spoken(Frozen):
    """One sentence of an answer, what it rests on, and who chose its words."""

    text: str
    evidence: tuple[Evidence, ...] = ()
    origin: Origin


class Reply(Frozen):
    """The answer to one question; the question is no part of it.

    Attributes:
        answered: Whether the record says anything to it.
        complete: False where only a part of what was asked is in the record.
        why: Why it does not say.
        chosen_by: Who chose the facts: the model, or the words of the question alone.
    """

    case_id: str
    answered: bool
    complete: bool = True
    why: Silence | None = None
    chosen_by: Literal["model", "words"] = "words"
    sentences: tuple[Spoken, ...]
