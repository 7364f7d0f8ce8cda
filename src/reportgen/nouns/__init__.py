"""The things that travel between the rooms: frozen, validated, and the same everywhere.

``case`` is what comes in, ``facts`` what the evidence says, ``words`` what the model is asked and answers,
``report`` what goes out.
"""

from reportgen.nouns.case import (
    Answer,
    Case,
    Classifier,
    Exam,
    GestationalAge,
    Image,
    Measurement,
    Patient,
    Prediction,
    Study,
)
from reportgen.nouns.facts import (
    AnswerRow,
    BiometryRow,
    Checklist,
    Fact,
    Facts,
    Passage,
    ReviewerItem,
    ViewRow,
)
from reportgen.nouns.report import ImageEntry, Provenance, Report, Section, Sentence
from reportgen.nouns.source import Found, Picture, Source
from reportgen.nouns.words import Check, CheckedSentence, Completion, Objection, Prompt

__all__ = [
    "Answer",
    "AnswerRow",
    "BiometryRow",
    "Case",
    "Check",
    "CheckedSentence",
    "Checklist",
    "Classifier",
    "Completion",
    "Exam",
    "Fact",
    "Facts",
    "Found",
    "GestationalAge",
    "Image",
    "ImageEntry",
    "Measurement",
    "Objection",
    "Passage",
    "Patient",
    "Picture",
    "Prediction",
    "Prompt",
    "Provenance",
    "Report",
    "ReviewerItem",
    "Section",
    "Sentence",
    "Source",
    "Study",
    "ViewRow",
]
