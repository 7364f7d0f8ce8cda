"""Small synthetic cases for the tests: say only what matters, the rest is filled in."""

import json
from typing import Any

from reportgen.domain import Domain, load_domain
from reportgen.nouns import Case, Facts, Found, Picture, Source
from reportgen.state import state

DOMAIN = load_domain()


def image(number: int, *predictions: tuple[str, float], **more: Any) -> dict[str, Any]:
    """An image ``i<number>`` with ``(label, score)`` candidates."""
    candidates = [{"label": label, "score": score} for label, score in predictions]
    return {"image_id": f"i{number}", "predictions": candidates, **more}


def value(name: str, number: float, unit: str = "mm", **more: Any) -> dict[str, Any]:
    """A measurement by the operator."""
    return {"name": name, "value": number, "unit": unit, "source": "operator", **more}


def case(*images: dict[str, Any], weeks: tuple[int, int] | None = None, **more: Any) -> Case:
    """A native case; ``weeks`` is one gestational age marked as used."""
    record: dict[str, Any] = {
        "case_id": "c1",
        "classifier": {"name": "FADA classifier", "score_kind": "softmax"},
        "images": list(images),
        **more,
    }
    if weeks:
        record["gestational_age"] = [{"weeks": weeks[0], "days": weeks[1], "used": True}]
    return Case.model_validate_json(json.dumps(record))


def found(one: Case, *pictures: Picture) -> Found:
    """The case as if it had been read from a file."""
    return Found(case=one, source=Source(name="c1.json", sha256="0" * 64, format="native", pictures=pictures))


def facts(*images: dict[str, Any], domain: Domain = DOMAIN, **more: Any) -> Facts:
    """The facts of such a case."""
    return state(found(case(*images, **more)), domain)


FULL = (
    image(
        1,
        ("Trans-thalamic", 0.96),
        ("Trans-ventricular", 0.02),
        measurements=[value("HC", 176.2), value("BPD", 47.6)],
    ),
    image(2, ("Trans-ventricular", 0.74), ("Trans-thalamic", 0.19)),
    image(3, ("Abodomen", 0.97), measurements=[value("AC", 150.4)]),
    image(4, ("Femur", 0.998), measurements=[value("FL", 32.1)]),
    image(5, ("Thorax", 0.91)),
    image(6, ("Trans-cerebellum", 0.41), ("Trans-ventricular", 0.33), ("Femur", 0.04)),
)
