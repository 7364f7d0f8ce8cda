"""Makes random records: every view, measurement and state of the domain, in any mixture.

``cohort.py`` draws studies as clinics see them; this draws records as a checker should see them, with no eye
to what is likely. Record n of a seed is the same whatever is drawn beside it. No patient is behind any.
"""

import math
import random
from collections.abc import Iterator
from typing import Any

from reportgen.domain import Domain, Measure, load_domain

__all__ = ["random_record", "random_records"]

#: Shares of images that are recognised, uncertain, not determined, and labelled without a score.
STATES = {"recognised": 0.62, "uncertain": 0.23, "undetermined": 0.15}
SUPPLIED = 0.15
#: Some labels with scores and some without, from one classifier.
MIXED = 0.05
NAMES = ("Test, Patient", "Sample, Ada", "Example, B. C.")
ANSWERS = (
    ("Is the cavum septi pellucidi visible?", "yes"),
    ("Which structure is shown?", "fetal head"),
    ("Describe the image.", "a black and white photo of a fetus"),
)


def random_records(n: int, seed: int, domain: Domain | None = None) -> Iterator[dict[str, Any]]:
    """The first ``n`` records of a seed, as ``reportgen/case/v1``."""
    domain = domain or load_domain()
    for number in range(1, n + 1):
        yield random_record(random.Random(f"{seed}/{number}"), f"record-{number:05d}", domain)


def random_record(rng: random.Random, case_id: str, domain: Domain) -> dict[str, Any]:
    """One record: 1 to 12 images, up to 3 measurements each, perhaps an age, a patient, answers of others."""
    drawn = rng.random()
    supplied = 1.0 if drawn < SUPPLIED else 0.4 if drawn < SUPPLIED + MIXED else 0.0
    score_kind = {1.0: "none", 0.4: "unknown", 0.0: "sigmoid"}[supplied]
    regions = rng.sample([region.id for region in domain.regions], rng.randint(1, 5))
    views = [view for view in domain.views if view.labels and view.region in regions]
    images = [
        _image(rng, number, rng.choice(views or list(domain.views)), rng.random() < supplied, domain)
        for number in range(1, rng.choice((1, 1, 2, 3, 4, 6, 8, 12)) + 1)
    ]
    record: dict[str, Any] = {
        "schema": "reportgen/case/v1",
        "case_id": case_id,
        "classifier": {"name": "bench", "score_kind": score_kind},
        "images": images,
    }
    if rng.random() < 0.6:
        days = rng.randint(12 * 7, 40 * 7)
        basis = rng.choice(("LMP", "CRL", "ultrasound", "unknown"))
        record["gestational_age"] = [
            {"weeks": days // 7, "days": days % 7, "basis": basis, "used": True},
        ]
    if rng.random() < 0.5:
        record["exam"] = {"fetuses": 1}
    if rng.random() < 0.5:
        record["patient"] = {"name": rng.choice(NAMES), "id": f"P-{rng.randrange(10**6):06d}"}
        record["study"] = {"accession": f"A{rng.randrange(10**6):06d}", "performed_at": "2026-03-05T09:30"}
    return record


def _label(rng: random.Random, labels: dict[str, tuple[str, ...]]) -> str:
    return rng.choice(sorted(label for texts in labels.values() for label in texts))


def _image(rng: random.Random, number: int, view: Any, supplied: bool, domain: Domain) -> dict[str, Any]:
    others = [other for other in domain.views if other.labels and other.id != view.id]
    second, third = rng.sample(others, 2)
    labels = [_label(rng, one.labels) for one in (view, second, third)]
    if supplied:
        predictions: list[dict[str, Any]] = [{"label": labels[0]}]
    else:
        state = rng.choices(list(STATES), list(STATES.values()))[0]
        top = {"recognised": (0.75, 0.999), "uncertain": (0.50, 0.69), "undetermined": (0.2, 0.49)}[state]
        first = rng.uniform(*top)
        scores = (first, first * rng.uniform(0.05, 0.95 if state != "recognised" else 0.5), first * 0.04)
        predictions = [
            {"label": label, "score": round(score, 4)} for label, score in zip(labels, scores, strict=True)
        ]
    image: dict[str, Any] = {"image_id": f"IMG_{number:04d}", "predictions": predictions}
    fitting = [domain.biometry[key] for key in view.biometry if key in domain.biometry]
    wanted = rng.sample(fitting, min(len(fitting), rng.randint(0, 3)))
    if wanted:
        image["measurements"] = [_measurement(rng, measure) for measure in wanted]
    if rng.random() < 0.1:
        question, answer = rng.choice(ANSWERS)
        image["answers"] = [{"question": question, "answer": answer, "model": "another model"}]
    return image


def _measurement(rng: random.Random, measure: Measure) -> dict[str, Any]:
    low, high = measure.flag_outside
    value = rng.uniform(low, high)
    scale = 10**measure.decimals
    value = math.floor(value * scale + 0.5) / scale
    entry: dict[str, Any] = {
        "name": measure.abbr,
        "value": min(max(value, low), high),
        "unit": measure.unit,
        "source": rng.choice(("operator", "operator", "model")),
    }
    if measure.convention.values and rng.random() < 0.5:
        entry["convention"] = rng.choice(measure.convention.values)
    return entry
