"""What a case must be in its domain: known labels, each once, scores that are scores, values in bounds."""

import difflib
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

from reportgen.domain import Domain, Measure
from reportgen.errors import InputError
from reportgen.label_order import same_label, verified_order
from reportgen.nouns import Case, Image, Measurement
from reportgen.read.refusal import first_of

__all__ = ["check_case"]

#: Softmax scores sum to one; half-precision rounding is forgiven.
MAX_SUM = 1.02
#: Measurements, and answers, of one case: far more than any examination has.
MAX_MEASURED = 5_000
#: Characters of an unknown name that are compared with the known ones.
_LONGEST_NAME = 100
#: What ten times, or a tenth, of a value in the domain's unit is likely to have been.
_TENFOLD = {"mm": "cm", "cm": "dm"}
_TENTH = {"cm": "mm"}


class _Fault(NamedTuple):
    """A fault whose cure is looked up only if it is told: similar words among thousands take their time."""

    problem: str
    cure: str | Callable[[], str]
    path: str

    def told(self) -> InputError:
        cure = self.cure if isinstance(self.cure, str) else self.cure()
        return InputError(self.problem, cure, path=self.path)


def check_case(case: Case, domain: Domain) -> None:
    """Judge a valid case against its domain.

    Raises:
        InputError: The first fault, with the number of the others.
    """
    too_many = _too_many(case)
    faults = [too_many] if too_many else list(_faults(case, domain))
    if faults:
        raise first_of(faults[0].told(), len(faults) - 1)
    verified_order(case.classifier, case.images, domain)


def _too_many(case: Case) -> _Fault | None:
    for kind in ("measurements", "answers"):
        count = 0
        for n, image in enumerate(case.images):
            count += len(getattr(image, kind))
            if count > MAX_MEASURED:
                return _Fault(
                    f"There are more than {MAX_MEASURED:,} {kind} in one case.",
                    "Split it into several cases.",
                    f"images[{n}].{kind}",
                )
    return None


def _faults(case: Case, domain: Domain) -> Iterator[_Fault]:
    if case.domain != domain.domain:
        yield _Fault(
            f"The case is for another domain than the one in use ({domain.domain}).",
            "Choose its domain with --domain.",
            "domain",
        )
        return
    for n, image in enumerate(case.images):
        path = f"images[{n}]"
        yield from _label_faults(image, path, case, domain)
        yield from _score_faults(image, path, case.classifier.score_kind)
        for m, measurement in enumerate(image.measurements):
            yield from _measurement_faults(measurement, f"{path}.measurements[{m}]", domain)


def _label_faults(image: Image, path: str, case: Case, domain: Domain) -> Iterator[_Fault]:
    declared = set(case.classifier.label_set) if isinstance(case.classifier.label_set, tuple) else set()
    seen: set[str] = set()
    of_list: dict[str, list[str]] = {}
    others: dict[str, list[str]] = {}
    for j, prediction in enumerate(image.predictions):
        label = prediction.label
        place = f"{path}.predictions[{j}].label"
        view = domain.view_of(label)
        if view is None:
            yield _Fault("The label is not known in this domain.", partial(_say_label, label, domain), place)
            continue
        # Labels of different views are different classes; so are different entries of a declared list, which
        # are not even compared: there may be a thousand of them.
        alike = others.get(view.id, []) + ([] if label in declared else of_list.get(view.id, []))
        if label in seen or any(same_label(other, label, domain) for other in alike):
            yield _Fault(
                "The label stands twice among the candidates of this image, maybe in two spellings.",
                "Give each label once.",
                place,
            )
            continue
        seen.add(label)
        (of_list if label in declared else others).setdefault(view.id, []).append(label)


def _say_label(label: str, domain: Domain) -> str:
    known = domain.why_no_label(label)
    if known:
        return f"This text is no label: {known['why']}; {known['say']}."
    close = domain.labels_like(label)
    if close:
        return f"Did you mean {' or '.join(repr(text) for text in close)}?"
    return "Give a label of a view of this domain, or choose another domain with --domain."


def _score_faults(image: Image, path: str, kind: str) -> Iterator[_Fault]:
    scores = [prediction.score for prediction in image.predictions]
    if kind == "none":
        given = next((j for j, score in enumerate(scores) if score is not None), None)
        if given is not None:
            yield _Fault(
                "There is a score, but classifier.score_kind is 'none'.",
                "Say 'softmax', 'sigmoid' or 'unknown', or remove the scores.",
                f"{path}.predictions[{given}].score",
            )
    elif kind in {"softmax", "sigmoid"} and None in scores:
        yield _Fault(
            f"The score is missing, but classifier.score_kind is '{kind}'.",
            "Add it, or say score_kind 'none'.",
            f"{path}.predictions[{scores.index(None)}].score",
        )
    elif kind == "softmax" and sum(score or 0 for score in scores) > MAX_SUM:
        yield _Fault(
            "The scores of this image sum to more than 1, which softmax scores cannot.",
            "Say score_kind 'sigmoid' if each label was scored by itself; otherwise write the scores again.",
            f"{path}.predictions",
        )


def _measurement_faults(measurement: Measurement, path: str, domain: Domain) -> Iterator[_Fault]:
    key = domain.measure_of(measurement.name)
    if key is None:
        say = partial(_say_measure, measurement.name, domain)
        yield _Fault("The measurement is not known in this domain.", say, f"{path}.name")
        return
    measure = domain.biometry[key]
    if measurement.unit not in measure.unit_aliases:
        yield _Fault(
            f"{key} is given in another unit than '{measure.unit}', and values are never converted.",
            f"Give the value in {measure.unit}.",
            f"{path}.unit",
        )
        return
    if measurement.convention not in (None, *measure.convention.values):
        yield _convention_fault(key, measure, f"{path}.convention")
    low, high = measure.refuse_outside
    if not low <= measurement.value <= high:
        yield _Fault(
            f"The value of {key} is outside {low:g} to {high:g} {measure.unit}.",
            _say_unit(measurement.value, measure),
            f"{path}.value",
        )


def _convention_fault(key: str, measure: Measure, path: str) -> _Fault:
    allowed = ", ".join(repr(value) for value in measure.convention.values)
    if not allowed:
        return _Fault(f"No convention is known for {key}.", "Leave it out.", path)
    return _Fault(
        f"The convention is not one that is known for {key}.",
        f"Give one of {allowed}, or leave it out.",
        path,
    )


def _say_measure(name: str, domain: Domain) -> str:
    names = [name for each, measure in domain.biometry.items() for name in (each, measure.name)]
    close = difflib.get_close_matches(name[:_LONGEST_NAME], names, n=1, cutoff=0.6)
    return f"Did you mean '{close[0]}'?" if close else f"Known: {', '.join(domain.biometry)}."


def _say_unit(value: float, measure: Measure) -> str:
    low, high = measure.flag_outside
    for factor, names in ((10, _TENFOLD), (0.1, _TENTH)):
        if low <= value * factor <= high:
            name = names.get(measure.unit)
            if name:
                return f"It looks like a value in {name}: give it in {measure.unit}."
            return f"{'Ten times' if factor > 1 else 'A tenth of'} it would fit: check the decimal point."
    return "Correct it, or remove the measurement."
