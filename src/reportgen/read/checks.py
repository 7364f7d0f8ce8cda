"""What a case must be in its domain: known labels, each once, scores that are scores, values in bounds."""

import difflib
from collections.abc import Iterator

from reportgen.domain import Domain, Measure
from reportgen.errors import InputError
from reportgen.label_order import same_label, verified_order
from reportgen.nouns import Case, Image, Measurement
from reportgen.read.refusal import first_of

__all__ = ["check_case"]

#: Softmax scores sum to one; half-precision rounding is forgiven.
MAX_SUM = 1.02
#: What ten times, or a tenth, of a value in the domain's unit is likely to have been.
_TENFOLD = {"mm": "cm", "cm": "dm"}
_TENTH = {"cm": "mm"}


def check_case(case: Case, domain: Domain) -> None:
    """Judge a valid case against its domain.

    Raises:
        InputError: The first fault, with the number of the others.
    """
    faults = list(_faults(case, domain))
    if not faults:
        try:
            verified_order(case.classifier, case.images, domain)
        except InputError as error:
            faults.append(error)
    if faults:
        raise first_of(faults)


def _faults(case: Case, domain: Domain) -> Iterator[InputError]:
    if case.domain != domain.domain:
        yield InputError(
            f"The case is for another domain than the one in use ({domain.domain}).",
            "Choose its domain with --domain.",
            path="domain",
        )
        return
    for n, image in enumerate(case.images):
        path = f"images[{n}]"
        yield from _label_faults(image, path, case, domain)
        yield from _score_faults(image, path, case.classifier.score_kind)
        for m, measurement in enumerate(image.measurements):
            yield from _measurement_faults(measurement, f"{path}.measurements[{m}]", domain)


def _label_faults(image: Image, path: str, case: Case, domain: Domain) -> Iterator[InputError]:
    declared = set(case.classifier.label_set) if isinstance(case.classifier.label_set, tuple) else set()
    by_view: dict[str, list[str]] = {}
    for j, prediction in enumerate(image.predictions):
        label = prediction.label
        place = f"{path}.predictions[{j}].label"
        view = domain.view_of(label)
        if view is None:
            yield InputError("The label is not known in this domain.", _say_label(label, domain), path=place)
            continue
        # Labels of different views are different classes; so are different entries of a declared list.
        earlier = by_view.setdefault(view.id, [])
        if any(
            same_label(other, label, domain) and (other == label or not {other, label} <= declared)
            for other in earlier
        ):
            yield InputError(
                "The label stands twice among the candidates of this image, maybe in two spellings.",
                "Give each label once.",
                path=place,
            )
        earlier.append(label)


def _say_label(label: str, domain: Domain) -> str:
    known = domain.why_no_label(label)
    if known:
        return f"This text is no label: {known['why']}; {known['say']}."
    close = domain.labels_like(label)
    if close:
        return f"Did you mean {' or '.join(repr(text) for text in close)}?"
    return "Give a label of a view of this domain, or choose another domain with --domain."


def _score_faults(image: Image, path: str, kind: str) -> Iterator[InputError]:
    scores = [prediction.score for prediction in image.predictions]
    if kind == "none":
        given = next((j for j, score in enumerate(scores) if score is not None), None)
        if given is not None:
            yield InputError(
                "There is a score, but classifier.score_kind is 'none'.",
                "Say 'softmax', 'sigmoid' or 'unknown', or remove the scores.",
                path=f"{path}.predictions[{given}].score",
            )
    elif kind in {"softmax", "sigmoid"} and None in scores:
        yield InputError(
            f"The score is missing, but classifier.score_kind is '{kind}'.",
            "Add it, or say score_kind 'none'.",
            path=f"{path}.predictions[{scores.index(None)}].score",
        )
    elif kind == "softmax" and sum(score or 0 for score in scores) > MAX_SUM:
        yield InputError(
            "The scores of this image sum to more than 1, which softmax scores cannot.",
            "Say score_kind 'sigmoid' if each label was scored by itself; otherwise write the scores again.",
            path=f"{path}.predictions",
        )


def _measurement_faults(measurement: Measurement, path: str, domain: Domain) -> Iterator[InputError]:
    key = domain.measure_of(measurement.name)
    if key is None:
        names = [name for each, m in domain.biometry.items() for name in (each, m.name)]
        close = difflib.get_close_matches(measurement.name, names, n=1, cutoff=0.6)
        cure = f"Did you mean '{close[0]}'?" if close else f"Known: {', '.join(domain.biometry)}."
        yield InputError("The measurement is not known in this domain.", cure, path=f"{path}.name")
        return
    measure = domain.biometry[key]
    if measurement.unit not in measure.unit_aliases:
        yield InputError(
            f"{key} is given in another unit than '{measure.unit}', and values are never converted.",
            f"Give the value in {measure.unit}.",
            path=f"{path}.unit",
        )
        return
    allowed = measure.convention.values
    if allowed and measurement.convention is not None and measurement.convention not in allowed:
        yield InputError(
            f"The convention is not one that is known for {key}.",
            f"Give one of {', '.join(repr(value) for value in allowed)}, or leave it out.",
            path=f"{path}.convention",
        )
    low, high = measure.refuse_outside
    if not low <= measurement.value <= high:
        yield InputError(
            f"The value of {key} is outside {low:g} to {high:g} {measure.unit}.",
            _say_unit(measurement.value, measure),
            path=f"{path}.value",
        )


def _say_unit(value: float, measure: Measure) -> str:
    low, high = measure.flag_outside
    for factor, names in ((10, _TENFOLD), (0.1, _TENTH)):
        if low <= value * factor <= high:
            name = names.get(measure.unit)
            if name:
                return f"It looks like a value in {name}: give it in {measure.unit}."
            return f"{'Ten times' if factor > 1 else 'A tenth of'} it would fit: check the decimal point."
    return "Correct it, or remove the measurement."
