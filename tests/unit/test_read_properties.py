"""Whatever comes in: a valid case comes out as it was, all else is an ``InputError``, never a crash."""

import contextlib
import io
import json
from datetime import date, datetime, time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cases import DOMAIN
from reportgen.errors import InputError
from reportgen.nouns import Found
from reportgen.nouns.base import QUOTES
from reportgen.read import InputFile, ReadOptions, read_file
from reportgen.read.records import records
from reportgen.read.strict_json import decode, parse

SECRET = "QZXW-4711"
#: A secret that may be a key of a program.
WORD = "Mrs_QZXW"
LABELS = [view.labels[kind][0] for view in DOMAIN.views for kind in view.labels if view.labels[kind]]
BY_VIEW = [next(iter(view.labels.values()))[0] for view in DOMAIN.views]
dates = {"min_value": date(1900, 1, 1), "max_value": date(2200, 12, 31)}
moments = {limit: datetime.combine(day, time()) for limit, day in dates.items()}
words = st.text(st.characters(categories=("L", "N", "P", "S", "Zs")), min_size=1, max_size=30).filter(
    lambda text: "[[F" not in text
)
names = words.filter(lambda text: not QUOTES & set(text))


@st.composite
def measurements(draw: st.DrawFn) -> dict[str, Any]:
    key = draw(st.sampled_from(sorted(DOMAIN.biometry)))
    measure = DOMAIN.biometry[key]
    low, high = measure.refuse_outside
    made = {
        "name": draw(st.sampled_from([key, measure.name, measure.abbr])),
        "value": draw(st.floats(low, high)),
        "unit": draw(st.sampled_from(measure.unit_aliases)),
        "source": draw(st.sampled_from(["operator", "model"])),
    }
    if measure.convention.values and draw(st.booleans()):
        made["convention"] = draw(st.sampled_from(measure.convention.values))
    if draw(st.booleans()):
        made["fetus"] = draw(st.from_regex(r"[A-Za-z0-9]{1,8}", fullmatch=True))
    return made


@st.composite
def images(draw: st.DrawFn, number: int, scored: bool) -> dict[str, Any]:
    labels = draw(st.lists(st.sampled_from(BY_VIEW), min_size=1, max_size=8, unique=True))
    predictions: list[dict[str, Any]] = [{"label": label} for label in labels]
    if scored:
        for prediction in predictions:
            prediction["score"] = draw(st.floats(0, 0.1)) if len(labels) > 1 else draw(st.floats(0, 1))
    made: dict[str, Any] = {"image_id": f"{draw(words)} {number}", "predictions": predictions}
    if draw(st.booleans()):
        made["measurements"] = draw(st.lists(measurements(), max_size=3))
    if draw(st.booleans()):
        made["answers"] = [{"question": draw(words), "answer": draw(words), "model": draw(words)}]
    return made


@st.composite
def cases(draw: st.DrawFn) -> dict[str, Any]:
    scored = draw(st.booleans())
    kind = draw(st.sampled_from(["softmax", "sigmoid", "unknown"])) if scored else "none"
    made: dict[str, Any] = {
        "schema": "reportgen/case/v1",
        "case_id": draw(st.from_regex(r"c[A-Za-z0-9._-]{0,20}[0-9]", fullmatch=True)),
        "domain": "fetal_ultrasound",
        "patient": {"id": SECRET, "name": draw(words), "birth_date": str(draw(st.dates(**dates)))},
        "gestational_age": draw(
            st.lists(
                st.fixed_dictionaries({"weeks": st.integers(4, 44), "days": st.integers(0, 6)}), max_size=2
            )
        ),
        "classifier": {"name": draw(names), "score_kind": kind},
        "images": [draw(images(n, scored)) for n in range(draw(st.integers(1, 3)))],
    }
    if draw(st.booleans()):
        made["study"] = {"indication": draw(words), "performed_at": draw(st.datetimes(**moments)).isoformat()}
    return made


def read(data: bytes, **options: Any) -> list[Any]:
    class Stdin:
        buffer = io.BytesIO(data)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdin", Stdin())
        return list(read_file(InputFile(None, "-"), DOMAIN, ReadOptions(**options)))


def holds(given_value: Any, read_value: Any) -> bool:
    """Whether everything that was given is in what was read (defaults may have come)."""
    if isinstance(given_value, dict):
        return all(key in read_value and holds(value, read_value[key]) for key, value in given_value.items())
    if isinstance(given_value, list):
        return len(given_value) == len(read_value) and all(map(holds, given_value, read_value))
    return given_value == read_value


@given(cases())
@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_a_valid_case_is_read_as_it_was_and_reads_back_the_same(case: dict[str, Any]) -> None:
    (item,) = read(json.dumps(case).encode())
    assert isinstance(item, Found), item
    assert holds(case, item.case.plain())
    (again,) = read(json.dumps(item.case.plain(), ensure_ascii=False).encode())
    assert again.case == item.case


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path]
    members = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, member in members:
        found += places(member, (*path, key))
    return found


scalars = st.none() | st.booleans() | st.integers(-5, 2000) | st.floats() | st.text(max_size=5)
odd = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
)


@given(cases(), st.data())
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_a_changed_case_is_read_or_refused_and_the_patient_is_never_told(
    case: dict[str, Any], data: st.DataObject
) -> None:
    place = data.draw(st.sampled_from(places(case)[1:]))
    target: Any = case
    for key in place[:-1]:
        target = target[key]
    if data.draw(st.booleans()):
        target[place[-1]] = data.draw(odd)
    elif isinstance(target, dict):
        target[data.draw(st.text(max_size=10) | st.just(SECRET) | st.just(WORD))] = target.pop(place[-1])
    for item in read(json.dumps(case).encode()):
        assert isinstance(item, Found | InputError)
        if isinstance(item, InputError):
            assert SECRET not in str(item)
            assert WORD not in str(item)
            assert item.problem
            assert item.cure


@given(cases(), st.data())
@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_a_truncated_case_is_refused(case: dict[str, Any], data: st.DataObject) -> None:
    raw = json.dumps(case, indent=data.draw(st.sampled_from([None, 1]))).encode()
    cut = data.draw(st.integers(0, len(raw) - 1))
    items = read(raw[:cut])
    assert items
    assert all(isinstance(item, InputError) for item in items)


@given(odd, st.sampled_from(["file", "folder", "study"]))
@settings(max_examples=300, deadline=None)
def test_any_json_is_read_or_refused(value: Any, group_by: str) -> None:
    for item in read(json.dumps(value).encode(), group_by=group_by):
        assert isinstance(item, Found | InputError)


KEYS = ["label", "score", "prob", "index", "filename", "predicted_class", "confidence", "organ", "raw_organ"]
KEYS += [
    "top_3_predictions",
    "predictions",
    "className",
    "classIndex",
    "modelName",
    "columns",
    "data",
    "label_0",
]
KEYS += ["prob_0", "logit", "image_path", "Image_name", "Plane", "Brain_plane", "schema", "case_id", "images"]
near = st.recursive(
    scalars | st.sampled_from(["Femur", "Aorta", "['Femur' 'Aorta']", "[0.9 0.1]", "error"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=20,
)


@given(near, st.sampled_from(["file", "folder", "study", "label"]), st.sampled_from(["auto", "percent"]))
@settings(max_examples=400, deadline=None)
def test_json_that_resembles_a_result_is_read_or_refused(value: Any, group_by: str, scale: str) -> None:
    for item in read(json.dumps(value).encode(), group_by=group_by, confidence_scale=scale):
        assert isinstance(item, Found | InputError)


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(InputError):
        for item in records(io.BytesIO(data)):
            assert item is not None
    for item in read(data):
        assert isinstance(item, Found | InputError)


@given(
    st.lists(st.lists(st.text(st.characters(codec="utf-8"), max_size=12), min_size=1, max_size=5), max_size=5)
)
@settings(max_examples=200, deadline=None)
def test_any_table_is_read_or_refused(rows: list[list[str]]) -> None:
    table = "filename,label,prob\n" + "\n".join(",".join(row) for row in rows)
    for item in read(table.encode()):
        assert isinstance(item, Found | InputError)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(10**30), 10**30)
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(st.characters(codec="utf-8")),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
    ),
    st.booleans(),
)  # fmt: skip
@settings(deadline=None)
def test_the_front_door_reads_what_python_wrote(value: Any, ascii_only: bool) -> None:
    assert parse(decode(json.dumps(value, ensure_ascii=ascii_only).encode())) == value


@pytest.mark.parametrize(("depth", "fine"), [(64, True), (65, False), (5000, False)])
def test_the_depth_that_is_allowed(depth: int, fine: bool) -> None:
    text = "[" * depth + "]" * depth
    if fine:
        assert parse(text)
    else:
        with pytest.raises(InputError, match="nested more than 64"):
            parse(text)
    assert parse(json.dumps(["[" * 100 + '"\\', "{" * 100]))
