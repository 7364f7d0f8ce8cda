"""What goes out: schema ``reportgen/report/v1``. ``report.json`` is the truth, all else are views of it."""

from typing import Annotated, Any, Literal

from pydantic import Field

from reportgen.files import canonical_json, sha256
from reportgen.nouns.base import Frozen
from reportgen.nouns.facts import AnswerRow, BiometryRow, Checklist, Fact, ReviewerItem, ViewRow

__all__ = ["REPORT_SCHEMA", "ImageEntry", "Origin", "Provenance", "Report", "Rung", "Section", "Sentence"]

REPORT_SCHEMA = "reportgen/report/v1"
Origin = Literal["model", "model_constrained", "template", "reviewer"]


class Sentence(Frozen):
    """A finished sentence, the facts it rests on, and who chose its words."""

    text: str
    evidence: tuple[str, ...] = ()
    origin: Origin


class Section(Frozen):
    """A part of the narrative: a region of the findings, or the impression."""

    name: str
    title: str
    sentences: tuple[Sentence, ...]


class ImageEntry(Frozen):
    """An image of the case and the picture that is printed of it.

    Attributes:
        number: One-based, in the order of the input; what the report calls it.
        picture: Path of the picture relative to the case's folder, or None.
        note: Why there is no picture.
    """

    number: int
    image_id: str
    file: str | None = None
    sha256: str | None = None
    sop_uid: str | None = None
    picture: str | None = None
    note: str | None = None


class Rung(Frozen):
    """How the words of one passage came about: the rung of the ladder and the codes of what was refused."""

    passage: str
    rung: Literal["free", "repaired", "constrained", "deterministic"]
    reasons: tuple[str, ...] = ()


class Provenance(Frozen):
    """What made the report, complete enough to make it again."""

    input_sha256: str
    input_name: str
    input_format: str
    software: str
    engine: str
    model: str | None = None
    revision: str | None = None
    weights_sha256: str | None = None
    precision: str | None = None
    dtype: str | None = None
    device: str | None = None
    server: str | None = None
    generation: dict[str, Any] = Field(default_factory=dict)
    canary: str | None = None
    why_this_engine: str | None = None
    prompt_sha256: str
    domain: str
    domain_sha256: str
    lexicon_sha256: str
    passages: tuple[Rung, ...] = ()


class Report(Frozen):
    """A draft report. ``report_id`` is its ``identity``."""

    schema_: Annotated[Literal["reportgen/report/v1"], Field(alias="schema")] = "reportgen/report/v1"
    report_id: str
    case_id: str
    status: Literal["draft", "signed", "amended", "withdrawn"] = "draft"
    title: str
    banner: str
    #: ``(name, text as printed)`` in reading order: patient, study, gestation.
    header: tuple[tuple[str, str], ...]
    reviewer_items: tuple[ReviewerItem, ...]
    method: tuple[str, ...]
    sections: tuple[Section, ...]
    facts: tuple[Fact, ...]
    images: tuple[ImageEntry, ...]
    views: tuple[ViewRow, ...]
    biometry: tuple[BiometryRow, ...]
    biometry_caption: str = ""
    biometry_notes: tuple[tuple[str, str], ...] = ()
    #: Gestational age that the centiles were read at, as printed (``20+3``), or None.
    chart_age: str | None = None
    checklist: Checklist | None = None
    reliability: tuple[str, ...] = ()
    #: What other models answered about the images, or why that is not quoted.
    answers: tuple[AnswerRow, ...] = ()
    limits: tuple[str, ...]
    #: Fixed words of the layout: section titles, column heads, "not supplied" ...; from the domain.
    presentation: dict[str, str] = Field(default_factory=dict)
    #: One line: which program, and who wrote the words.
    imprint: str
    #: What the adapter read in a way that must be stated ("FADA chatbot result, 82.4 % read as 0.82").
    source_notes: tuple[str, ...] = ()
    provenance: Provenance
    created_at: str

    def identity(self) -> str:
        """The ``report_id`` that the facts and the final words give: 12 hex digits.

        Who the patient is, who wrote the words, when, and the layout are no part of it. A report whose
        ``report_id`` is another one has been changed since it was made.
        """
        said = self.model_dump(mode="json", by_alias=True, exclude_none=True, include=_SAID)
        return sha256(canonical_json(said))[:12]


#: What a report says: facts and final words.
_SAID = {
    "case_id",
    "reviewer_items",
    "method",
    "sections",
    "facts",
    "views",
    "biometry",
    "biometry_caption",
    "biometry_notes",
    "chart_age",
    "checklist",
    "reliability",
    "answers",
    "limits",
}
