"""The samples as files: every one is listed, synthetic, small, and drawn by the script that says so."""

import io
import json
import re
import sys
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat

from reportgen.domain import load_domain
from reportgen.errors import InputError
from reportgen.files import sha256_file
from reportgen.read import SHAPES, ReadOptions, discover, id_key, read_inputs

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "samples"
README = (SAMPLES / "README.md").read_text("utf-8")
DATA = sorted(path for path in SAMPLES.rglob("*") if path.suffix in {".json", ".jsonl", ".csv"})
PICTURES = sorted(SAMPLES.rglob("*.png"))
NATIVE = [path for path in DATA if "reportgen/case/v1" in path.read_text("utf-8")]


def name_of(path: Path) -> str:
    return path.relative_to(SAMPLES).as_posix()


def native_cases() -> list[dict]:
    texts = [
        text
        for path in NATIVE
        for text in (
            path.read_text("utf-8").splitlines() if path.suffix == ".jsonl" else [path.read_text("utf-8")]
        )
    ]
    return [json.loads(text) for text in texts]


@pytest.fixture(scope="module")
def draw():
    sys.path.insert(0, str(ROOT / "bench"))
    try:
        import draw as module
    finally:
        sys.path.remove(str(ROOT / "bench"))
    return module


def test_there_are_enough_samples_in_every_shape() -> None:
    rows = re.findall(r"^\| `([^`]+)` \| ([^|]+) \|", README, re.MULTILINE)
    shapes = {shape.strip() for name, shape in rows if not name.endswith(".png")}
    for shape in (
        "native",
        "FADA chatbot",
        "FADA web",
        "FADA Android",
        "Hugging Face list",
        "FETAL_PLANES_DB",
    ):
        assert shape in shapes
    assert "Hugging Face list of lists" in shapes
    assert sum(shape.startswith("timm") for shape in shapes) >= 4
    assert len(DATA) >= 14


def test_the_readme_has_a_row_for_every_file_and_no_other() -> None:
    listed = re.findall(r"^\| `([^`]+)` \|", README, re.MULTILINE)
    assert len(listed) == len(set(listed))
    assert set(listed) == {name_of(path) for path in [*DATA, *PICTURES]}


def test_nothing_else_lies_among_the_samples() -> None:
    files = {path for path in SAMPLES.rglob("*") if path.is_file()}
    assert files == {*DATA, *PICTURES, SAMPLES / "README.md"}


@pytest.mark.parametrize("path", PICTURES, ids=name_of)
def test_a_picture_is_small_and_says_that_it_is_synthetic(path: Path) -> None:
    assert path.stat().st_size <= 30_000
    with Image.open(path) as picture:
        assert picture.size == (480, 360)
        assert picture.text["SYNTHETIC"].startswith("SYNTHETIC")
        corner = picture.convert("L").crop((8, 6, 122, 28))
    # The word itself: bright letters on the dark outside of the sector.
    assert 0.10 < sum(corner.histogram()[180:]) / (corner.width * corner.height) < 0.5


def test_the_pictures_are_those_that_the_script_draws(draw) -> None:
    assert {name for name, *_ in draw.SAMPLES} == {name_of(path) for path in PICTURES}
    for name, view, seed, calipers in draw.SAMPLES:
        drawn = Image.open(io.BytesIO(draw.draw(view, seed, calipers))).convert("L")
        difference = ImageChops.difference(drawn, Image.open(SAMPLES / name).convert("L"))
        assert ImageStat.Stat(difference).mean[0] < 4, name  # another Pillow may round differently


def test_equal_seeds_draw_equal_pictures_and_others_do_not(draw) -> None:
    assert draw.draw("femur_fl", 5) == draw.draw("femur_fl", 5)
    assert draw.draw("femur_fl", 5) != draw.draw("femur_fl", 6)
    assert draw.draw("femur_fl", 5) != draw.draw("femur_fl", 5, calipers=True)


def test_every_view_of_the_domain_can_be_drawn(draw) -> None:
    assert set(draw.VIEWS) == {view.id for view in load_domain().views}
    for view in draw.VIEWS:
        assert len(draw.draw(view, 99, calipers=True)) <= 30_000


def test_people_in_the_samples_are_examples() -> None:
    people = [case["patient"]["name"] for case in native_cases() if "patient" in case]
    assert len(people) >= 5
    assert all(name.startswith("EXAMPLE, ") for name in people)


def test_case_ids_are_unique_and_name_the_file() -> None:
    ids = [case["case_id"].casefold() for case in native_cases()]
    assert len(ids) == len(set(ids))
    for path in NATIVE:
        if path.suffix == ".json":
            assert json.loads(path.read_text("utf-8"))["case_id"] == path.stem == path.parent.name


def test_a_named_picture_is_there_but_for_the_one_that_shows_what_happens_without() -> None:
    found, missing = set(), set()
    for path in NATIVE:
        for line in (
            path.read_text("utf-8").splitlines() if path.suffix == ".jsonl" else [path.read_text("utf-8")]
        ):
            named = {path.parent / image["file"] for image in json.loads(line)["images"] if "file" in image}
            found |= {name_of(picture) for picture in named if picture.is_file()}
            missing |= {name_of(picture) for picture in named if not picture.is_file()}
    assert missing == {"another_classifier/not_here.png"}
    by_base_name = {"fada_chatbot/IMG_0042.png", "timm/aorta_01.png"}
    assert found | by_base_name == {name_of(path) for path in PICTURES}


def test_the_full_study_is_the_one_that_the_documentation_shows() -> None:
    case = json.loads((SAMPLES / "mid_trimester_full/mid_trimester_full.json").read_text("utf-8"))
    assert case["patient"] == {"id": "0000123", "name": "EXAMPLE, Anna", "birth_date": "1994-03-14"}
    assert case["gestational_age"] == [{"weeks": 20, "days": 3, "basis": "unknown", "used": True}]
    best = [(image["predictions"][0]["label"], image["predictions"][0]["score"]) for image in case["images"]]
    assert best == [
        ("Trans-thalamic", 0.96),
        ("Trans-ventricular", 0.74),
        ("Abodomen", 0.97),
        ("Femur", 0.998),
        ("Thorax", 0.91),
        ("Trans-cerebellum", 0.41),
    ]
    values = {m["name"]: m["value"] for image in case["images"] for m in image.get("measurements", ())}
    assert values == {"HC": 176.2, "BPD": 47.6, "AC": 150.4, "FL": 32.1}


def test_equal_pictures_are_equal_and_carry_their_checksum() -> None:
    case = json.loads((SAMPLES / "duplicate_views/duplicate_views.json").read_text("utf-8"))
    sums = [image["sha256"] for image in case["images"] if "sha256" in image]
    assert sums == [sha256_file(SAMPLES / f"duplicate_views/image_{n}.png") for n in (1, 2, 3)]
    assert sums[0] == sums[1] != sums[2]


def everything_read(**options):
    domain = load_domain()
    return list(read_inputs(discover([str(SAMPLES)]), domain, ReadOptions(**options)))


def test_every_sample_is_read_and_nothing_is_refused() -> None:
    found = everything_read()
    assert [str(item) for item in found if isinstance(item, InputError)] == []
    assert {item.source.name for item in found} == {name_of(path) for path in DATA}
    assert {item.source.format for item in found} == set(SHAPES)
    ids = [id_key(item.case.case_id) for item in found]
    assert len(ids) == len(set(ids)) == 44


def test_the_pictures_of_foreign_shapes_are_found_by_their_base_name() -> None:
    found = {item.source.name: item.source.pictures for item in everything_read() if not item.source.row}
    assert found["fada_chatbot/fada-0042.json"][0].path == SAMPLES / "fada_chatbot/IMG_0042.png"
    rows = [item.source.pictures[0] for item in everything_read() if item.source.name == "timm/timm_top1.csv"]
    assert [row.path and row.path.name for row in rows] == ["aorta_01.png", None, None]


def test_the_rows_of_a_patient_become_one_study_on_request() -> None:
    table = SAMPLES / "fetal_planes_db/fetal_planes_db_excerpt.csv"
    found = list(read_inputs(discover([str(table)]), load_domain(), ReadOptions(group_by="Patient_num")))
    assert [len(item.case.images) for item in found] == [4, 5]
