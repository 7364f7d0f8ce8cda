"""The synthetic cohort follows its sources, and the bench judges what it measures."""

import itertools
import json
import sys
from collections import Counter
from pathlib import Path

import pytest

from reportgen.domain import load_domain
from reportgen.equations import z_score
from reportgen.nouns import Case

ROOT = Path(__file__).resolve().parents[2]
STUDIES = 2000


@pytest.fixture(scope="module")
def bench():
    """The scripts of bench/ as modules."""
    sys.path.insert(0, str(ROOT / "bench"))
    try:
        import cohort
        import pipeline
    finally:
        sys.path.remove(str(ROOT / "bench"))
    return {"cohort": cohort, "pipeline": pipeline}


@pytest.fixture(scope="module")
def cohort(bench):
    return bench["cohort"]


@pytest.fixture(scope="module")
def cases(cohort) -> list[dict]:
    return list(cohort.cohort(STUDIES, seed=1))


def images_of(cases: list[dict]):
    for case in cases:
        yield from zip(case["extensions"]["truth"]["planes"], case["images"], strict=True)


def test_the_counts_are_those_of_the_paper(cohort) -> None:
    assert sum(count for count, _, _ in cohort.PLANES.values()) == 12_400
    brain = ("Trans-thalamic", "Trans-cerebellum", "Trans-ventricular", "Fetal brain, other plane")
    assert sum(cohort.PLANES[name][0] for name in brain) == 3_092
    domain = load_domain()
    for name, (_, view, label) in cohort.PLANES.items():
        assert domain.view_of(name).id == view
        assert label is None or domain.view_of(label).id == view


def test_the_mix_of_views_follows_the_counts(cohort, cases) -> None:
    seen = Counter(plane for plane, _ in images_of(cases))
    for plane, (count, _, _) in cohort.PLANES.items():
        assert seen[plane] / seen.total() == pytest.approx(count / 12_400, abs=0.012), plane


def test_labels_are_right_as_often_as_published(cohort, cases) -> None:
    published = load_domain().reliability["labels"]
    asked, right = Counter(), Counter()
    for plane, image in images_of(cases):
        asked[plane] += 1
        right[plane] += image["predictions"][0]["label"] == cohort.PLANES[plane][2]
    for plane, (_, _, label) in cohort.PLANES.items():
        if label:
            recall = published[label]["recall"]
            error = (recall * (1 - recall) / asked[plane]) ** 0.5
            assert right[plane] / asked[plane] == pytest.approx(recall, abs=4 * error + 1e-9), plane


def test_a_mistake_on_a_head_plane_is_another_head_plane(cases) -> None:
    heads = {"Trans-thalamic", "Trans-cerebellum", "Trans-ventricular"}
    called = {image["predictions"][0]["label"] for plane, image in images_of(cases) if plane in heads}
    assert called == heads


def test_scores_are_a_softmax_high_when_right_and_low_otherwise(cohort, cases) -> None:
    order = load_domain().label_orders["fada_12"].labels
    best: dict[str, list[float]] = {"right": [], "wrong": [], "none": []}
    for plane, image in images_of(cases):
        scores = [entry["score"] for entry in image["predictions"]]
        assert scores == sorted(scores, reverse=True)
        assert scores[0] > scores[1]
        assert 0.9999 < sum(scores) <= 1
        assert all(order[entry["index"]] == entry["label"] for entry in image["predictions"])
        label = cohort.PLANES[plane][2]
        kind = "none" if label is None else "right" if image["predictions"][0]["label"] == label else "wrong"
        best[kind].append(scores[0])
    mean = {kind: sum(values) / len(values) for kind, values in best.items()}
    assert mean["right"] > 0.85
    assert mean["none"] < mean["wrong"] < 0.6
    assert sum(score >= 0.7 for score in best["none"]) / len(best["none"]) < 0.05


def test_every_study_is_a_valid_case_within_the_domains_bounds(cases) -> None:
    domain = load_domain()
    assert len({case["case_id"] for case in cases}) == STUDIES
    for plain in cases:
        case = Case.model_validate_json(json.dumps(plain))
        assert 1 <= len(case.images) <= 12
        for measurement in (entry for image in case.images for entry in image.measurements):
            measure = domain.biometry[measurement.name]
            assert measurement.unit == measure.unit
            assert measure.refuse_outside[0] <= measurement.value <= measure.refuse_outside[1]
            assert measurement.convention is None or measurement.convention in measure.convention.values


def test_values_scatter_around_the_chart_at_the_true_age(cases) -> None:
    equation = load_domain().biometry["HC"].equation
    scores = [
        z_score(equation, entry["value"], case["extensions"]["truth"]["ga_days"])
        for case in cases
        for image in case["images"]
        for entry in image.get("measurements", ())
        if entry["name"] == "HC"
    ]
    assert len(scores) > 500
    mean = sum(scores) / len(scores)
    spread = (sum((z - mean) ** 2 for z in scores) / len(scores)) ** 0.5
    assert abs(mean) < 0.15
    assert 0.85 < spread < 1.15


def test_some_studies_have_no_age_and_the_others_are_off_by_days(cases) -> None:
    without = [case for case in cases if "gestational_age" not in case]
    assert 0.06 < len(without) / STUDIES < 0.14
    off = {
        age["weeks"] * 7 + age["days"] - case["extensions"]["truth"]["ga_days"]
        for case in cases
        for age in case.get("gestational_age", ())
    }
    assert min(off) < 0 < max(off)


def test_a_seed_gives_the_same_studies_however_many_are_asked_for(cohort, cases) -> None:
    assert list(cohort.cohort(20, seed=1)) == cases[:20]
    assert list(cohort.cohort(20, seed=2)) != cases[:20]


def test_files_are_sharded_and_equal_byte_for_byte(cohort, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(cohort, "SHARD", 4)
    for folder in ("one", "two"):
        assert cohort.main(["10", "--seed", "5", "-o", str(tmp_path / folder)]) == 0
    one, two = (
        {p.relative_to(tmp_path / f): p.read_bytes() for p in (tmp_path / f).rglob("*.json")}
        for f in ("one", "two")
    )
    assert one == two
    assert sorted(Counter(path.parent.name for path in one).items()) == [("000", 4), ("001", 4), ("002", 2)]


def test_pictures_are_named_in_the_case_and_no_two_are_equal(cohort, tmp_path) -> None:
    from PIL import Image

    assert cohort.main(["6", "--seed", "3", "-o", str(tmp_path), "--pictures"]) == 0
    contents = []
    for path in tmp_path.rglob("*.json"):
        for image in json.loads(path.read_text("utf-8"))["images"]:
            contents.append((path.parent / image["file"]).read_bytes())
            with Image.open(path.parent / image["file"]) as picture:
                picture.load()
                assert "SYNTHETIC" in picture.text
    assert len(contents) == len(set(contents)) > 10


def run(bench, studies: int, cpu_s: float, peak_mb: float, name: str = "reportgen"):
    return bench["pipeline"].Run(name, studies, cpu_s, cpu_s, peak_mb, 3 * studies)


def test_the_bench_names_each_target_that_is_missed(bench) -> None:
    judge = bench["pipeline"].judge
    assert judge([run(bench, 1000, 59, 100), run(bench, 5000, 295, 110)], 1) == []
    slow = judge([run(bench, 1000, 61, 100)], 1)
    assert len(slow) == 1
    assert "61.0 ms" in slow[0]
    fat = judge([run(bench, 1000, 10, 251)], 1)
    assert len(fat) == 1
    assert "251 MB" in fat[0]
    growing = judge([run(bench, 5000, 50, 140), run(bench, 1000, 10, 100)], 1)
    assert len(growing) == 1
    assert "grows by 40 MB" in growing[0]
    assert judge([run(bench, 1000, 99, 999)], 2) == [], "the targets are for one job"
    assert judge([run(bench, 1000, 99, 999, name="peer")], 1) == []


def test_the_bench_prints_a_row_for_each_run(bench) -> None:
    lines = bench["pipeline"].table([run(bench, 1000, 59, 100), run(bench, 5000, 295, 110)]).splitlines()
    assert len(lines) == 4
    assert "| 5,000 |" in lines[3]
    assert "| 59.0 |" in lines[3]
    assert len({line.count("|") for line in lines}) == 1


@pytest.mark.skipif(not hasattr(sys.modules["os"], "wait4"), reason="POSIX tells what a process used")
def test_a_run_is_measured_by_what_its_process_used(bench, tmp_path) -> None:
    script = "import pathlib,sys,time\nb = bytearray(80_000_000)\nt = time.process_time()\n"
    script += "while time.process_time() - t < 0.3: pass\npathlib.Path(sys.argv[1], 'x').write_text('x')"
    done = bench["pipeline"].measured("busy", 10, [sys.executable, "-c", script, str(tmp_path)], tmp_path)
    assert 0.3 <= done.cpu_s < 3
    assert done.ms_a_study == pytest.approx(done.cpu_s * 100)
    assert done.peak_mb > 80
    assert done.files == 1


@pytest.mark.skipif(not hasattr(sys.modules["os"], "wait4"), reason="POSIX tells what a process used")
def test_a_run_that_fails_stops_the_bench_and_says_why(bench, tmp_path) -> None:
    with pytest.raises(SystemExit, match=r"(?s)broken: exit code 4 .*no engine"):
        bench["pipeline"].measured(
            "broken", 1, [sys.executable, "-c", "import sys; print('no engine'); sys.exit(4)"], tmp_path
        )


def test_the_peer_writes_three_files_a_study(bench, cohort, tmp_path) -> None:
    pytest.importorskip("reportlab")
    cohort.write(itertools.islice(cohort.cohort(3, seed=1), 3), tmp_path / "given")
    assert bench["pipeline"].main(["--peer", str(tmp_path / "given"), str(tmp_path / "out")]) == 0
    assert (
        sorted(path.suffix for path in (tmp_path / "out").rglob("*.*") if path.is_file())
        == [".json"] * 3 + [".pdf"] * 3 + [".txt"] * 3
    )


def test_the_reader_refuses_none_of_the_studies(cohort, tmp_path) -> None:
    from reportgen.errors import InputError
    from reportgen.read import ReadOptions, discover, read_inputs

    cohort.write(cohort.cohort(60, seed=8), tmp_path)
    found = list(read_inputs(discover([str(tmp_path)]), load_domain(), ReadOptions()))
    assert [str(item) for item in found if isinstance(item, InputError)] == []
    assert len(found) == 60
