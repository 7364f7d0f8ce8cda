"""What the evidence says: passages of facts for the model, and everything that only code prints."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from reportgen.nouns.base import Frozen

__all__ = [
    "AnswerRow",
    "BiometryRow",
    "Checklist",
    "Fact",
    "Facts",
    "Kind",
    "Passage",
    "ReviewerItem",
    "Unusable",
    "ViewRow",
]

#: ``view``, ``candidate`` and ``measurement`` are narrated; all others are printed by code only.
Kind = Literal[
    "view",
    "candidate",
    "measurement",
    "undetermined",
    "near_tie",
    "duplicate_view",
    "duplicate_image",
    "measurement_set",
    "measurement_conflict",
    "measurement_view_mismatch",
    "centile",
    "centile_withheld",
    "outside_limits",
    "ga_discrepancy",
    "ga_view_conflict",
    "mixed_exam",
    "not_recognised",
    "not_recognisable",
    "answer",
    "label_reliability",
]

#: Why an answer of another model is not quoted.
Unusable = Literal[
    "error",
    "empty",
    "alphabet",
    "echo",
    "repetition",
    "same_for_every_view",
    "contradiction_age",
    "contradiction_view",
]


class Fact(Frozen):
    """One thing that the record holds, with the exact phrase that code will print for it.

    Attributes:
        id: ``F1`` ... through the case; narrated facts come first.
        surface: For narrated kinds a noun phrase with its own image, value and unit; for printed kinds a
            whole sentence.
        name: What the prompt calls it: a view's display name or a measurement's name, never a value.
        images: Ids of the images it rests on.
        carrier: Which sentences may carry it, where those of its kind may not: ``label`` for a view whose
            label was supplied without a score, which nobody "recognised".
        required: Must be in an accepted draft exactly once; others at most once.
    """

    id: Annotated[str, Field(pattern=r"^F[1-9][0-9]*$")]
    kind: Kind
    surface: str
    name: str
    images: tuple[str, ...] = ()
    carrier: Literal["label"] | None = None
    required: bool = False

    @property
    def carried_as(self) -> str:
        """The kind of sentences that may carry it."""
        return self.carrier or self.kind

    @property
    def slot(self) -> str:
        """The slot that stands for the fact in a draft of the whole case."""
        return f"[[{self.id}]]"


class Passage(Frozen):
    """The narrated facts of one region of the body: one to eight, never none."""

    id: str
    region: str
    facts: Annotated[tuple[Fact, ...], Field(min_length=1, max_length=8)]

    @property
    def slots(self) -> dict[str, Fact]:
        """Slots as a prompt numbers them, from F1 within the passage."""
        return {f"F{n}": fact for n, fact in enumerate(self.facts, 1)}


class ReviewerItem(Frozen):
    """One thing a reviewer must look at, and the rule that raised it."""

    rule: Kind | Literal["uncertain", "picture_missing", "score_missing", "answers_unusable"]
    text: str
    images: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()


class BiometryRow(Frozen):
    """One measured value as supplied, with its centile or the note that says why there is none.

    Attributes:
        value: As printed, in ``unit``.
        centile: As printed (``42``, ``<1``, ``>99``), or None.
        note: Letter of the footnote, or None.
    """

    name: str
    abbr: str
    value: str
    unit: str
    image: str
    image_number: int
    source: Literal["operator", "model"]
    fetus: str | None = None
    convention: str | None = None
    centile: str | None = None
    note: str | None = None
    facts: tuple[str, ...] = ()


class ViewRow(Frozen):
    """One image of the VIEWS table. Scores are printed text with two decimals, never a percentage."""

    image: str
    number: int
    state: Literal["recognised", "uncertain", "undetermined"]
    view: str | None = None
    display: str
    score: str | None = None
    candidates: tuple[tuple[str, str], ...] = ()
    label: str
    facts: tuple[str, ...] = ()


class AnswerRow(Frozen):
    """One answer of another model: its words as supplied, or why they are not quoted; never both.

    Attributes:
        question: As supplied.
        answer: The model's words as supplied, or None where they are unusable.
        unusable: The code of the reason, or None.
        reason: The reason as printed, a whole sentence.
        facts: The fact that holds the answer, if it is usable.
    """

    image: str
    image_number: int
    model: str
    question: str
    answer: str | None = None
    unusable: Unusable | None = None
    reason: str | None = None
    facts: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _quoted_or_refused(self) -> "AnswerRow":
        refused = {self.unusable is not None, self.reason is not None}
        if refused != {self.answer is None}:
            raise ValueError("an answer is either quoted, or unusable for a reason")
        return self


class Checklist(Frozen):
    """Which views of the examination were recognised, of those that the classifier can name."""

    exam: str
    chosen: Literal["stated", "gestational age"]
    recognised: tuple[str, ...]
    not_recognised: tuple[str, ...]
    not_recognisable: tuple[str, ...]
    optional: tuple[str, ...] = ()
    text: tuple[str, ...] = ()


class Facts(Frozen):
    """Everything the evidence says about one case."""

    case_id: str
    passages: tuple[Passage, ...]
    printed: tuple[Fact, ...]
    reviewer_items: tuple[ReviewerItem, ...]
    views: tuple[ViewRow, ...]
    biometry: tuple[BiometryRow, ...]
    biometry_notes: tuple[tuple[str, str], ...] = ()
    biometry_caption: str = ""
    checklist: Checklist | None = None
    answers: tuple[AnswerRow, ...] = ()
    method: tuple[str, ...]
    reliability: tuple[str, ...] = ()
    limits: tuple[str, ...]

    @property
    def all(self) -> tuple[Fact, ...]:
        """Narrated and printed facts, in the order of their ids."""
        return tuple(fact for passage in self.passages for fact in passage.facts) + self.printed
