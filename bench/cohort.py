"""Makes a synthetic cohort of studies: native JSON, for speed, memory and accuracy runs.

    python bench/cohort.py N --seed S -o DIR [--pictures]

No patient is behind it. What is drawn, and from what:

* **Views** follow the counts of FETAL_PLANES_DB (12,400 images; Burgos-Artizzu et al.,
  Sci Rep 2020;10:10200).
* **Labels** are FADA's twelve. An image gets its right label as often as FADA's published per-class recall
  says (`reliability` of the domain). A wrong label follows the published false positives (images called so
  less images called so rightly), within the same region of the body where that region has any; FADA's
  confusion matrix itself is not published.
* **Images outside FADA's classes** ("other", and brain planes that are none of the three) must still be
  called something by a softmax: a label at random ("brain, other": one of the head) with a low and spread
  score. No figure is published for them; this is our assumption, and kind to the classifier.
* **Scores** are softmax values over all twelve labels: high when right, low when wrong. FADA publishes no
  distribution of scores; the two gaps below are chosen so that most right labels pass the domain's
  threshold and most wrong ones do not.
* **Measurements** are the domain's growth-chart equations at the true age plus the chart's own spread, put on
  the image that shows the view; the age supplied is off by some days, or absent.

Study n of a seed is the same whatever N is. `extensions.truth` holds the true views; reading ignores it.
Needs the standard library and reportgen's domain.
"""

import argparse
import json
import math
import random
import struct
import sys
import zlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from reportgen.domain import Domain, Measure, load_domain
from reportgen.equations import evaluate

__all__ = ["PLANES", "cohort", "write"]

#: FETAL_PLANES_DB: images of each class, and the view and FADA label that stand for it.
PLANES: dict[str, tuple[int, str, str | None]] = {
    "Fetal abdomen": (711, "abdomen_ac", "Abodomen"),
    "Trans-thalamic": (1638, "transthalamic", "Trans-thalamic"),
    "Trans-cerebellum": (714, "transcerebellar", "Trans-cerebellum"),
    "Trans-ventricular": (597, "transventricular", "Trans-ventricular"),
    "Fetal brain, other plane": (143, "other", None),
    "Fetal femur": (1040, "femur_fl", "Femur"),
    "Fetal thorax": (1718, "thorax_4ch", "Thorax"),
    "Maternal cervix": (1626, "cervix_tv", "Cervix"),
    "Other": (4213, "other", None),
}
FADA_BRAIN = ("Trans-thalamic", "Trans-cerebellum", "Trans-ventricular")
#: What is measured on a view, how often, and the convention that the operator states (None: not stated).
MEASURED: dict[str, tuple[tuple[str, str | None], ...]] = {
    "transthalamic": (("HC", None), ("BPD", "outer-outer")),
    "transventricular": (("ATRIUM", None),),
    "transcerebellar": (("TCD", None), ("CM", None)),
    "abdomen_ac": (("AC", None),),
    "femur_fl": (("FL", None),),
    "cervix_tv": (("CL", "transvaginal"),),
}
OFTEN = 0.7
#: Lead of the named label's logit over the best of the others: mean, spread.
LEAD = {"right": (4.3, 1.4), "wrong": (1.3, 0.8), "none": (0.7, 0.5)}
SHARD = 1000


def cohort(n: int, seed: int, domain: Domain | None = None) -> Iterator[dict[str, Any]]:
    """Yield ``n`` cases (schema ``reportgen/case/v1``), one after another; equal seeds, equal cases."""
    known = domain or load_domain()
    for number in range(n):
        yield _study(number, seed, known)


def _study(number: int, seed: int, domain: Domain) -> dict[str, Any]:
    rng = random.Random(f"{seed}:{number}")
    days = rng.randint(126, 174) if rng.random() < 0.6 else rng.randint(175, 280)
    planes = rng.choices(list(PLANES), [count for count, _, _ in PLANES.values()], k=rng.randint(1, 12))
    case = {
        "schema": "reportgen/case/v1",
        "case_id": f"cohort-{seed}-{number:06d}",
        "domain": domain.domain,
        "patient": {
            "id": f"SYN{seed}-{number:06d}",
            "name": f"SYNTHETIC, N{number:06d}",
            "birth_date": "1990-01-01",
        },
        "study": {"accession": f"COHORT-{number:06d}", "performed_at": "2026-01-01T12:00:00"},
        "gestational_age": _age(rng, days),
        "classifier": {"name": "FADA classifier", "label_set": "fada_12", "score_kind": "softmax"},
        "images": [_image(rng, n, plane, days, domain) for n, plane in enumerate(planes, 1)],
        "extensions": {"truth": {"planes": planes, "ga_days": days}},
    }
    return case if case["gestational_age"] else {k: v for k, v in case.items() if k != "gestational_age"}


def _age(rng: random.Random, days: int) -> list[dict[str, Any]]:
    """The supplied age: absent in one study of ten, otherwise off by some days."""
    if rng.random() < 0.1:
        return []
    weeks, rest = divmod(days + round(rng.gauss(0, 3)), 7)
    return [{"weeks": weeks, "days": rest, "basis": rng.choice(["LMP", "CRL", "unknown"]), "used": True}]


def _image(rng: random.Random, number: int, plane: str, days: int, domain: Domain) -> dict[str, Any]:
    _, view, right = PLANES[plane]
    label = _label(rng, plane, right, domain)
    lead = "none" if right is None else "right" if label == right else "wrong"
    image: dict[str, Any] = {
        "image_id": f"IMG_{number:04d}",
        "predictions": _scores(rng, label, lead, domain),
    }
    measured = [
        _measurement(rng, name, convention, days, domain.biometry[name])
        for name, convention in MEASURED.get(view, ())
        if rng.random() < OFTEN
    ]
    if found := [entry for entry in measured if entry]:
        image["measurements"] = found
    return image


def _label(rng: random.Random, plane: str, right: str | None, domain: Domain) -> str:
    """The label that the classifier gives to an image of a plane."""
    test: dict[str, dict[str, float]] = _reliability(domain)["labels"]
    if right is None:
        return rng.choice(sorted(test) if plane == "Other" else list(FADA_BRAIN))
    if rng.random() < test[right]["recall"]:
        return right
    labels, weights = _mistakes(right)
    return rng.choices(labels, weights)[0]


def _reliability(domain: Domain) -> dict[str, Any]:
    assert domain.reliability is not None, "the domain publishes how reliable FADA's labels are"
    return domain.reliability


@cache
def _mistakes(right: str) -> tuple[list[str], list[int]]:
    """Labels that an image is wrongly given, with their published false positives as weights."""
    domain = load_domain()
    wrong = {
        label: entry["n_called"] - entry["n_correct"]
        for label, entry in _reliability(domain)["labels"].items()
        if label != right and entry["n_called"] > entry["n_correct"]
    }
    region = _region(domain, right)
    near = {label: count for label, count in wrong.items() if _region(domain, label) == region}
    chosen = near or wrong
    return list(chosen), list(chosen.values())


def _region(domain: Domain, label: str) -> str:
    view = domain.view_of(label)
    assert view is not None, "the domain knows the labels of its own classifier"
    return view.region


def _scores(rng: random.Random, label: str, lead: str, domain: Domain) -> list[dict[str, Any]]:
    """A softmax over the twelve labels, ``label`` highest; cut to six decimals, so the sum stays <= 1."""
    labels = domain.label_orders[_reliability(domain)["label_set"]].labels
    logits = {name: rng.gauss(0, 1) for name in labels}
    best = max(value for name, value in logits.items() if name != label)
    logits[label] = best + max(0.05, rng.gauss(*LEAD[lead]))
    total = sum(math.exp(value) for value in logits.values())
    scored = [
        {"label": name, "score": math.floor(math.exp(logits[name]) / total * 1e6) / 1e6, "index": index}
        for index, name in enumerate(labels)
    ]
    return sorted(scored, key=lambda entry: -entry["score"])


def _measurement(
    rng: random.Random, name: str, convention: str | None, days: int, measure: Measure
) -> dict[str, Any] | None:
    """A plausible value at the age, or None where the domain has no equation for that age."""
    low, high = measure.flag_outside
    equation = measure.equation
    if equation is None:
        value = rng.triangular(low, high)
    elif equation["valid_ga_days"][0] <= days <= equation["valid_ga_days"][1]:
        age = {"g": days / 7, "d": float(days)}
        mean, spread = (evaluate(str(equation[part]), age) for part in ("mean", "sd"))
        value = mean + rng.gauss(0, 1) * spread
        value = math.exp(value) if equation.get("scale") == "natural log" else value
    else:
        return None
    bottom, top = measure.refuse_outside
    entry = {"name": name, "value": round(min(max(value, bottom), top), measure.decimals)}
    entry |= {"unit": measure.unit, "source": "operator"}
    return {**entry, "convention": convention} if convention else entry


def write(cases: Iterator[dict[str, Any]], folder: Path, pictures: bool = False) -> int:
    """Write one file a case, a thousand to a subfolder; returns how many."""
    count = -1
    for count, case in enumerate(cases):
        shard = folder / f"{count // SHARD:03d}"
        shard.mkdir(parents=True, exist_ok=True)
        if pictures:
            _add_pictures(case, shard)
        text = json.dumps(case, separators=(",", ":"), allow_nan=False)
        (shard / f"{case['case_id']}.json").write_text(text + "\n", encoding="utf-8", newline="\n")
    return count + 1


def _add_pictures(case: dict[str, Any], shard: Path) -> None:
    folder = shard / case["case_id"]
    folder.mkdir(exist_ok=True)
    planes = case["extensions"]["truth"]["planes"]
    for number, (image, plane) in enumerate(zip(case["images"], planes, strict=True), 1):
        name = f"{image['image_id']}.png"
        drawn = _drawn(PLANES[plane][1], (zlib.crc32(case["case_id"].encode()) + number) % 16)
        (folder / name).write_bytes(_stamped(drawn, f"{case['case_id']} {image['image_id']}"))
        image["file"] = f"{case['case_id']}/{name}"


@cache
def _drawn(view: str, variant: int) -> bytes:
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    from draw import draw

    return draw(view, variant, calipers=view in MEASURED)


def _stamped(png: bytes, text: str) -> bytes:
    """The same picture with a comment of its own, so that no two are equal by checksum."""
    chunk = b"tEXt" + b"Comment\0" + text.encode("latin-1")
    body = struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    end = png.rindex(b"IEND") - 4
    return png[:end] + body + png[end:]


def main(arguments: list[str] | None = None) -> int:
    """Write a cohort and say how many studies it has."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("n", type=int, metavar="N", help="studies")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR")
    parser.add_argument("--pictures", action="store_true", help="with a drawn picture for every image")
    options = parser.parse_args(arguments)
    if options.n < 1:
        parser.error("N must be at least 1")
    done = write(cohort(options.n, options.seed), options.output, options.pictures)
    print(f"{done} studies in {options.output}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
