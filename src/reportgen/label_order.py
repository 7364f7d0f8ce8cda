"""Whether labels, class indices and the length of a vector agree with a known order of labels.

A model with twelve outputs whose indices are looked up in a list of fourteen labels names wrong views with
full confidence. That is a known real fault. It shows wherever an index or a whole vector is in the record;
where neither is, nothing can be said and the report must state so.
"""

import math
from collections.abc import Iterator, Sequence
from functools import lru_cache

from reportgen.domain import Domain, fold
from reportgen.errors import InputError
from reportgen.nouns import Classifier, Image, Prediction

__all__ = ["DECLARED", "place_of", "same_label", "verified_order"]

#: What ``verified_order`` says of labels that fit a declared list which is not one of the domain's.
DECLARED = "declared"
#: Candidates whose scores sum to one are taken for a whole vector, or nearly one, from this number on.
FULL_FROM = 10
FULL_WITHIN = 0.01

_DECLARE = (
    "Look up each class index in the label list of this very model; if the labels are right, "
    "declare that list as classifier.label_set in a native case."
)


def verified_order(classifier: Classifier, images: Sequence[Image], domain: Domain) -> str | None:
    """The label order that every image of a case was checked against.

    Returns:
        The order's name in the domain, ``declared`` for a list of the record's own, or None where some
        image has neither a class index nor a whole vector, so that the order cannot be verified.

    Raises:
        InputError: Label, index or length of a vector contradict each other or what is declared.
    """
    if classifier.label_set is not None:
        return _declared(classifier.label_set, images, domain)
    return _undeclared(images, domain)


def place_of(label: str, labels: Sequence[str], domain: Domain) -> int | None:
    """Zero-based place of a label in a list: as spelled, else as the only label there of the same meaning."""
    spelled = _spelled(tuple(labels))
    if fold(label) in spelled:
        return spelled.index(fold(label))
    alike = [n for n, entry in enumerate(labels) if same_label(label, entry, domain)]
    return alike[0] if len(alike) == 1 else None


def same_label(one: str, other: str, domain: Domain) -> bool:
    """Whether two labels are spellings of one class.

    Two labels of one view are different classes where a known list names both; an alias of a view that has
    two classes says neither.
    """
    if fold(one) == fold(other):
        return True
    view, its = domain.view_of(one), domain.view_of(other)
    if view is None or its is None or view.id != its.id:
        return False
    classes = {fold(label) for labels in view.labels.values() for label in labels}
    pair = {fold(one), fold(other)}
    for order in domain.label_orders.values():
        named = set(_spelled(order.labels))
        if len(classes & named) > 1 and (pair <= named or not all(_is_class(text, domain) for text in pair)):
            return False
    return True


@lru_cache(maxsize=64)
def _spelled(labels: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(fold(label) for label in labels)


def _is_class(folded: str, domain: Domain) -> bool:
    return any(folded in _spelled(order.labels) for order in domain.label_orders.values())


def _declared(label_set: str | tuple[str, ...], images: Sequence[Image], domain: Domain) -> str | None:
    labels, ordered, name = _resolve(label_set, domain)
    for path, prediction in _candidates(images):
        place = place_of(prediction.label, labels, domain)
        if place is None:
            raise InputError(
                "The label is not in the declared classifier.label_set.",
                "Declare the label list of the model that made these results.",
                path=f"{path}.label",
            )
        if ordered and prediction.index not in (None, place):
            raise InputError(
                "The index names another label in the declared classifier.label_set.",
                "Look up each class index in the label list of this very model.",
                path=f"{path}.index",
            )
    for n, image in enumerate(images):
        if len(image.predictions) > len(labels):
            raise InputError(
                f"There are more candidates than the {len(labels)} labels of classifier.label_set.",
                "Declare the label list of the model that made these results.",
                path=f"images[{n}].predictions",
            )
    if not ordered:
        return None if any(p.index is not None for _, p in _candidates(images)) else name
    return name if all(_indexed(i) or len(i.predictions) == len(labels) for i in images) else None


def _resolve(label_set: str | tuple[str, ...], domain: Domain) -> tuple[tuple[str, ...], bool, str]:
    """The declared labels, whether their order counts, and the name to report."""
    if isinstance(label_set, str):
        if label_set not in domain.label_orders:
            raise InputError(
                "The label set is not known in this domain.",
                f"Give one of {', '.join(domain.label_orders)}, or the list of labels in model order.",
                path="classifier.label_set",
            )
        order = domain.label_orders[label_set]
        return order.labels, order.ordered, label_set
    spelled = [fold(label) for label in label_set]
    for n, label in enumerate(spelled):
        if label in spelled[:n]:
            raise InputError(
                "The declared label set names a label twice.",
                "Give each label once, in model order.",
                path=f"classifier.label_set[{n}]",
            )
    known = (name for name, labels in _orders(domain).items() if [fold(label) for label in labels] == spelled)
    return label_set, True, next(known, DECLARED)


def _undeclared(images: Sequence[Image], domain: Domain) -> str | None:
    orders = _orders(domain)
    lengths = {len(labels) for labels in orders.values()}
    evidence = [_has_index(image) or _is_full(image, lengths) for image in images]
    if not any(evidence):
        return None
    fitting = {
        name: labels for name, labels in orders.items() if _misfit(images, labels, lengths, domain) is None
    }
    if domain.default_label_set in fitting:
        name = domain.default_label_set
    elif not fitting:
        raise _contradiction(images, orders, lengths, domain)
    else:
        # A longer list that fits by chance is how wrong views come about, so only its whole vector counts.
        whole = (n for n, labels in fitting.items() if any(len(i.predictions) == len(labels) for i in images))
        name = next(whole, "")
        if not name:
            raise _only_if_declared(images, next(iter(fitting)), orders, domain)
    return name if all(_indexed(image) or _is_full(image, lengths) for image in images) else None


def _contradiction(
    images: Sequence[Image], orders: dict[str, tuple[str, ...]], lengths: set[int], domain: Domain
) -> InputError:
    likely = orders.get(domain.default_label_set) or next(iter(orders.values()), ())
    for labels in orders.values():
        if any(len(image.predictions) == len(labels) for image in images):
            likely = labels
    path = _misfit(images, likely, lengths, domain) or "classifier.label_set"
    return InputError(
        f"Label order: labels, class indices and number of candidates fit no label list of this domain "
        f"({', '.join(f'{name}: {len(labels)} labels' for name, labels in orders.items())}).",
        _DECLARE,
        path=path,
    )


def _only_if_declared(
    images: Sequence[Image], fitting: str, orders: dict[str, tuple[str, ...]], domain: Domain
) -> InputError:
    usual = orders.get(domain.default_label_set, ())
    path = _misfit(images, usual, {len(labels) for labels in orders.values()}, domain) or ""
    return InputError(
        f"Label order: the class indices or labels fit only the label list '{fitting}', and nothing shows "
        f"that the model has its {len(orders[fitting])} outputs.",
        f'If it has, declare classifier.label_set "{fitting}" in a native case, or give all '
        f"{len(orders[fitting])} candidates; if not, look the indices up in the model's own list.",
        path=path,
    )


def _misfit(images: Sequence[Image], labels: Sequence[str], lengths: set[int], domain: Domain) -> str | None:
    """Path of the first thing that speaks against a list, or None where it fits."""
    for n, image in enumerate(images):
        count = len(image.predictions)
        full = _is_full(image, lengths)
        if (count in lengths and count != len(labels)) or (full and count > len(labels)):
            return f"images[{n}].predictions"
        for j, prediction in enumerate(image.predictions):
            path = f"images[{n}].predictions[{j}]"
            place = place_of(prediction.label, labels, domain)
            if prediction.index is not None and prediction.index != place:
                return f"{path}.index"
            if full and place is None:
                return f"{path}.label"
    return None


def _orders(domain: Domain) -> dict[str, tuple[str, ...]]:
    return {name: order.labels for name, order in domain.label_orders.items() if order.ordered}


def _candidates(images: Sequence[Image]) -> Iterator[tuple[str, Prediction]]:
    for n, image in enumerate(images):
        for j, prediction in enumerate(image.predictions):
            yield f"images[{n}].predictions[{j}]", prediction


def _has_index(image: Image) -> bool:
    return any(prediction.index is not None for prediction in image.predictions)


def _indexed(image: Image) -> bool:
    return all(prediction.index is not None for prediction in image.predictions)


def _is_full(image: Image, lengths: set[int]) -> bool:
    count = len(image.predictions)
    if count in lengths:
        return True
    scores = [p.score for p in image.predictions if p.score is not None]
    return count >= FULL_FROM and len(scores) == count and math.isclose(sum(scores), 1, abs_tol=FULL_WITHIN)
