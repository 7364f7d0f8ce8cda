"""What comes in: one case, schema ``reportgen/case/v1``.

These classes hold what can be judged without a domain. Labels, measurement names, units, bounds and label
order are judged against the domain in ``reportgen.read``.
"""

import re
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, field_validator, model_validator

from reportgen.nouns.base import Frozen, Line, Name, Text

__all__ = [
    "CASE_SCHEMA",
    "Answer",
    "Case",
    "Classifier",
    "Exam",
    "GestationalAge",
    "Image",
    "Measurement",
    "Patient",
    "Prediction",
    "Study",
    "why_no_folder",
]

CASE_SCHEMA = "reportgen/case/v1"

#: Names that Windows keeps for devices, whatever the extension.
DEVICE_NAMES = {"con", "prn", "aux", "nul"} | {f"{port}{n}" for port in ("com", "lpt") for n in range(10)}
#: Names that the output folder uses itself, in lower case. (The others begin with a dot or underscore.)
TAKEN_NAMES = {"rejected", "index.html", "reportgen.log"}
#: SQLite keeps files beside the ledger whose names begin with its own (-journal, -wal, -shm, and maybe more);
#: the parts of a run have ledgers and summaries of their own.
TAKEN_STARTS = ("ledger.", "summary.")
#: Years of an examination or a birth; at the ends of the calendar a change of time zone overflows.
YEARS = range(1900, 2201)

CaseId = Annotated[
    str, StringConstraints(pattern=re.compile(r"^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?\Z"))
]
Sha256 = Annotated[str, StringConstraints(pattern=re.compile(r"^[0-9a-f]{64}\Z"))]
#: A short token that tells fetuses apart, such as ``A`` or ``2``: it is printed inside sentences.
FetusToken = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{1,8}$")]
DicomUid = Annotated[str, StringConstraints(max_length=64, pattern=re.compile(r"^[0-9]+(\.[0-9]+)*\Z"))]


def why_no_folder(name: str) -> str | None:
    """Why no case's folder may have this name, as the end of a sentence; None where it may."""
    lower = name.lower()
    if lower.split(".")[0] in DEVICE_NAMES:
        return "is a device name on Windows"
    if lower in TAKEN_NAMES or lower.startswith(TAKEN_STARTS):
        return "is a name that the output folder uses itself"
    return None


class Exam(Frozen):
    """What kind of examination it was, as stated; without it the gestational age decides."""

    type: (
        Literal[
            "mid_trimester", "first_trimester", "growth", "cervical_length", "intrapartum", "single_image"
        ]
        | None
    ) = None
    fetuses: Annotated[int, Field(ge=1, le=9)] | None = None


class Patient(Frozen):
    """Printed in the header and nowhere else: never in a prompt, cache, log, ledger or error."""

    id: Line | None = None
    name: Line | None = None
    birth_date: date | None = None

    @field_validator("birth_date")
    @classmethod
    def _is_a_likely_year(cls, value: date | None) -> date | None:
        if value is not None and value.year not in YEARS:
            raise ValueError(f"is not in the years {YEARS[0]} to {YEARS[-1]}")
        return value


class Study(Frozen):
    """Where the images come from. All of it is inert text for the header."""

    accession: Line | None = None
    study_uid: DicomUid | None = None
    #: ISO 8601, date or date and time, as supplied, of the years 1900 to 2200; without offset it is in the
    #: configured time zone.
    performed_at: Line | None = None
    indication: Text | None = None
    referrer: Line | None = None
    operator: Line | None = None
    device: Line | None = None

    @field_validator("performed_at")
    @classmethod
    def _is_iso(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                moment = datetime.fromisoformat(value)
            except ValueError:
                raise ValueError(
                    "is not an ISO 8601 date or time, such as 2026-11-23T09:41:00+01:00"
                ) from None
            if moment.year not in YEARS:
                raise ValueError(f"is not in the years {YEARS[0]} to {YEARS[-1]}")
        return value


class GestationalAge(Frozen):
    """A gestational age as supplied; ``used`` marks the one that charts are read at."""

    weeks: Annotated[int, Field(ge=4, le=44)]
    days: Annotated[int, Field(ge=0, le=6)] = 0
    basis: Literal["LMP", "CRL", "HC", "ultrasound", "unknown"] = "unknown"
    used: bool = False

    @property
    def total_days(self) -> int:
        """The age in days."""
        return self.weeks * 7 + self.days

    def __str__(self) -> str:
        return f"{self.weeks}+{self.days}"


class Classifier(Frozen):
    """Who looked at the images; name and version are quoted in a sentence of the report."""

    name: Name
    version: Name | None = None
    #: Name of a label order that the domain knows (such as ``fada_12``), or the labels in model order.
    label_set: Line | Annotated[tuple[Line, ...], Field(min_length=2, max_length=1000)] | None = None
    score_kind: Literal["softmax", "sigmoid", "none", "unknown"] = "unknown"


class Prediction(Frozen):
    """One candidate: label as the classifier wrote it, score 0-1, zero-based class index."""

    label: Line
    score: Annotated[float, Field(ge=0, le=1)] | None = None
    index: Annotated[int, Field(ge=0, le=100_000)] | None = None


class Measurement(Frozen):
    """A value somebody else measured; ``unit`` is the unit of the domain for this name.

    ``convention`` is one of those that the domain lists for this name (none, where it lists none); ``fetus``
    is a token of one to eight letters and digits, such as ``A``. Both are printed, so neither is free text.
    """

    name: Line
    value: float
    unit: Line
    source: Literal["operator", "model"]
    convention: Line | None = None
    fetus: FetusToken | None = None


class Answer(Frozen):
    """Another model's answer to a question: printed in its own table, never narrated."""

    question: Line
    answer: Text
    model: Line


class Image(Frozen):
    """One image: its candidates in any order, and what was measured on it."""

    image_id: Line
    file: Line | None = None
    sha256: Sha256 | None = None
    sop_uid: DicomUid | None = None
    predictions: Annotated[tuple[Prediction, ...], Field(min_length=1, max_length=1000)]
    measurements: Annotated[tuple[Measurement, ...], Field(max_length=200)] = ()
    answers: Annotated[tuple[Answer, ...], Field(max_length=200)] = ()


class Case(Frozen):
    """One case: the unit of work, of the output tree and of the ledger."""

    schema_: Annotated[Literal["reportgen/case/v1"], Field(alias="schema")] = "reportgen/case/v1"
    case_id: CaseId
    domain: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")] = "fetal_ultrasound"
    exam: Exam | None = None
    patient: Patient | None = None
    study: Study | None = None
    gestational_age: Annotated[tuple[GestationalAge, ...], Field(max_length=20)] = ()
    classifier: Classifier
    images: Annotated[tuple[Image, ...], Field(min_length=1, max_length=500)]
    extensions: dict[str, Any] | None = None

    @field_validator("case_id")
    @classmethod
    def _usable_as_a_folder(cls, value: str) -> str:
        why = why_no_folder(value)
        if why:
            raise ValueError(why)
        return value

    @model_validator(mode="after")
    def _consistent(self) -> "Case":
        ids = [image.image_id for image in self.images]
        if len(set(ids)) != len(ids):
            raise ValueError("images: two images have the same image_id")
        if sum(age.used for age in self.gestational_age) > 1:
            raise ValueError("gestational_age: more than one is marked as used")
        return self
