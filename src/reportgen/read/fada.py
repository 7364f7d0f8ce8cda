"""Results of the FADA programs: chatbot, web page and Android app.

Their ``response_text``, ``quality``, ``orientation``, ``description`` and ``metadata`` are no evidence: the
first is prose, ``quality`` is a tier of the confidence, ``orientation`` is a constant.
"""

from typing import Any

from reportgen.domain import Domain
from reportgen.errors import InputError
from reportgen.phrases import say
from reportgen.read.foreign import Candidate, Result, integer, listed, score_of, shown_score, text_of
from reportgen.read.options import Scale

__all__ = ["read_android", "read_chatbot", "read_web"]

#: Percent points by which the two places of a chatbot's confidence may differ (one is rounded).
_ROUNDING = 0.005


def read_chatbot(value: dict[str, Any], domain: Domain, scale: Scale) -> Result:
    """FADA chatbot: ``predicted_class``, ``confidence`` in percent, ``top_3_predictions`` as pairs."""
    best = text_of(value.get("predicted_class"), "predicted_class", "a label")
    top = value.get("top_3_predictions") or []
    _refuse_error(best, value, alone=not top)
    percent = scale != "fraction"
    score = score_of(value.get("confidence"), "confidence", percent=percent)
    candidates = (
        _pairs(top, percent) if top else (Candidate(best, score, None, "predicted_class", "confidence"),)
    )
    first = max(candidates, key=lambda candidate: candidate.score or 0)
    agree = _same(best, first.label, domain) and abs((first.score or 0) - score) <= _ROUNDING
    if not agree:
        raise InputError(
            "predicted_class and confidence are not the best of top_3_predictions.",
            "Write the result again.",
            path="top_3_predictions",
        )
    stated = _plain(value["confidence"]) if percent else ""
    form = "source.fada_percent" if percent else "source.fada_fraction"
    how = say(domain, form, stated=stated, score=shown_score(score))
    note = say(domain, "source.fada_chatbot", how=how)
    return Result(candidates, _classifier(), _image(value), notes=(note,))


def _pairs(top: Any, percent: bool) -> tuple[Candidate, ...]:
    pairs = []
    for n, pair in enumerate(listed(top, "top_3_predictions")):
        path = f"top_3_predictions[{n}]"
        if not isinstance(pair, list) or len(pair) != 2:
            raise InputError("Expected a label and a percentage.", "Write the result again.", path=path)
        label = text_of(pair[0], f"{path}[0]", "a label")
        pairs.append(
            Candidate(
                label, score_of(pair[1], f"{path}[1]", percent=percent), None, f"{path}[0]", f"{path}[1]"
            )
        )
    return tuple(pairs)


def read_web(value: dict[str, Any], domain: Domain, scale: Scale) -> Result:
    """FADA web: ``raw_organ`` (the label) or ``organ`` (its display name), ``confidence`` as a fraction."""
    organ = value.get("organ")
    if isinstance(organ, str):
        _refuse_error(organ, value, alone=True)
    key = "raw_organ" if value.get("raw_organ") not in (None, "") else "organ"
    label = text_of(value.get(key), key, "a label")
    _refuse_error(label, value, alone=True)
    shown = domain.view_of(organ) if isinstance(organ, str) else None
    if shown and domain.view_of(label) and not _same(shown.id, label, domain):
        raise InputError("organ and raw_organ name different views.", "Write the result again.", path="organ")
    score = score_of(value.get("confidence"), "confidence", percent=scale == "percent")
    note = (say(domain, "source.fada_web"),)
    return Result(
        (Candidate(label, score, None, key, "confidence"),), _classifier(), _image(value), notes=note
    )


def read_android(value: dict[str, Any], domain: Domain, scale: Scale) -> Result:
    """FADA Android: ``predictions[]`` of ``classIndex``, ``className`` and ``confidence`` as a fraction."""
    _refuse_stated_error(value)
    candidates = []
    for n, entry in enumerate(listed(value.get("predictions"), "predictions")):
        path = f"predictions[{n}]"
        if not isinstance(entry, dict):
            raise InputError("Expected an object.", "Write the result again.", path=path)
        key = "className" if entry.get("className") not in (None, "") else "displayName"
        label = text_of(entry.get(key), f"{path}.{key}", "a label")
        _refuse_error(label, entry)
        score = score_of(entry.get("confidence"), f"{path}.confidence", percent=scale == "percent")
        index = integer(entry.get("classIndex"), f"{path}.classIndex")
        candidates.append(
            Candidate(label, score, index, f"{path}.{key}", f"{path}.confidence", f"{path}.classIndex")
        )
    version = value.get("modelName")
    classifier = _classifier() | (
        {"version": version} if isinstance(version, str) and version.strip() else {}
    )
    return Result(tuple(candidates), classifier, _image(value), notes=(say(domain, "source.fada_android"),))


def _classifier() -> dict[str, Any]:
    return {"name": "FADA classifier", "score_kind": "softmax"}


def _refuse_error(label: str, value: dict[str, Any], *, alone: bool = False) -> None:
    """Refuse the results that these programs write of images they failed on.

    Args:
        label: The best label.
        value: The record, or the entry of the label.
        alone: Whether there is no other candidate: the best of a softmax is never 0 then.
    """
    _refuse_stated_error(value)
    confidence = value.get("confidence")
    zero = not isinstance(confidence, (bool, str)) and confidence == 0
    if (label.strip().casefold() == "error" and not confidence) or (alone and zero):
        raise _failed("")


def _refuse_stated_error(value: dict[str, Any]) -> None:
    metadata = value.get("metadata")
    if value.get("error"):
        raise _failed("error")
    if isinstance(metadata, dict) and metadata.get("error"):
        raise _failed("metadata.error")


def _failed(path: str) -> InputError:
    return InputError(
        "The classifier failed on this image; the record is its error result.",
        "Run it again on this image.",
        path=path,
    )


def _image(value: dict[str, Any]) -> str | None:
    path = value.get("image_path")
    return path if isinstance(path, str) and path.strip() else None


def _same(one: str, other: str, domain: Domain) -> bool:
    view = domain.view_of(one)
    return one == other or (view is not None and view is domain.view_of(other))


def _plain(percentage: float) -> str:
    """A percentage as supplied, without more digits than a reader wants."""
    return f"{percentage:.4g}"
