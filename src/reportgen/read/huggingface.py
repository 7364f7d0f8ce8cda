"""Hugging Face ``image-classification`` pipelines: a list of ``label`` and ``score`` for each image."""

from typing import Any

from reportgen.domain import Domain
from reportgen.errors import InputError
from reportgen.phrases import say
from reportgen.read.foreign import Candidate, Result, listed, score_of, text_of
from reportgen.read.options import Scale

__all__ = ["read_huggingface"]


def read_huggingface(value: Any, domain: Domain, scale: Scale) -> Result:
    """One image's list. The pipeline may apply softmax or sigmoid and does not say which."""
    candidates = []
    for n, entry in enumerate(listed(value, "")):
        if not isinstance(entry, dict):
            raise InputError(
                "Expected an object with label and score.", "Write the result again.", path=f"[{n}]"
            )
        candidates.append(
            Candidate(
                text_of(entry.get("label"), f"[{n}].label", "a label"),
                score_of(entry.get("score"), f"[{n}].score", percent=scale == "percent"),
                None,
                f"[{n}].label",
                f"[{n}].score",
            )
        )
    classifier = {"name": "image-classification pipeline", "score_kind": "unknown"}
    return Result(tuple(candidates), classifier, notes=(say(domain, "source.huggingface"),))
