"""Each program's results, as it writes them, become the same kind of case."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from cases import DOMAIN
from reportgen.errors import InputError
from reportgen.nouns import Case, Found
from reportgen.read import InputFile, ReadOptions, read_case, read_file, read_found

F12 = DOMAIN.label_orders["fada_12"].labels
CHAT = {
    "image_path": "C:\\scans\\IMG_0042.png",
    "predicted_class": "Trans-thalamic",
    "confidence": 82.4,
    "top_3_predictions": [["Trans-thalamic", 82.4], ["Trans-ventricular", 11.0], ["Trans-cerebellum", 4.0]],
    "response_text": "The heart is normal.",
    "processing_time": 0.31,
    "metadata": {"quality": "good"},
}
NATIVE = {
    "case_id": "n1",
    "classifier": {"name": "mine", "score_kind": "sigmoid"},
    "images": [{"image_id": "i1", "predictions": [{"label": "Femur", "score": 0.9}]}],
}


def write(path: Path, content: Any) -> Path:
    data = content if isinstance(content, bytes | str) else json.dumps(content)
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def found(tmp_path: Path, content: Any, name: str = "a.json", **options: Any) -> list[Found | InputError]:
    path = write(tmp_path / name, content)
    return list(read_file(InputFile(path, name), DOMAIN, ReadOptions(**options)))


def one(tmp_path: Path, content: Any, name: str = "a.json", **options: Any) -> Found:
    (item,) = found(tmp_path, content, name, **options)
    assert isinstance(item, Found), item
    return item


def candidates(case: Case, image: int = 0) -> list[tuple[str, float | None, int | None]]:
    return [(p.label, p.score, p.index) for p in case.images[image].predictions]


def test_native(tmp_path: Path) -> None:
    item = one(tmp_path, NATIVE)
    assert item.case.plain() == {"schema": "reportgen/case/v1", "domain": "fetal_ultrasound", **NATIVE} | {
        "images": [{**NATIVE["images"][0], "measurements": [], "answers": []}],
        "gestational_age": [],
    }
    assert item.source.format == "native"
    assert item.source.row is None
    assert item.source.size == (tmp_path / "a.json").stat().st_size
    assert item.source.mtime_ns == (tmp_path / "a.json").stat().st_mtime_ns


def test_native_with_a_byte_order_mark(tmp_path: Path) -> None:
    assert one(tmp_path, b"\xef\xbb\xbf" + json.dumps(NATIVE).encode()).case.case_id == "n1"


def test_native_cases_in_a_list_and_in_lines(tmp_path: Path) -> None:
    cases = [NATIVE, {**NATIVE, "case_id": "n2"}]
    for content in (cases, "\n\n".join(map(json.dumps, cases)), "\r\n".join(map(json.dumps, cases)) + "\r\n"):
        items = found(tmp_path, content)
        assert [item.case.case_id for item in items if isinstance(item, Found)] == ["n1", "n2"]
    assert [item.source.row for item in found(tmp_path, cases) if isinstance(item, Found)] == [1, 2]


def test_fada_chatbot(tmp_path: Path) -> None:
    item = one(tmp_path, CHAT)
    assert candidates(item.case) == [
        ("Trans-thalamic", 0.824, None),
        ("Trans-ventricular", 0.11, None),
        ("Trans-cerebellum", 0.04, None),
    ]
    assert item.case.classifier.plain() == {"name": "FADA classifier", "score_kind": "softmax"}
    assert item.case.images[0].image_id == "IMG_0042.png"
    assert item.source.notes == ("FADA chatbot result, 82.4 % read as 0.82",)
    assert item.source.format == "fada_chatbot"
    assert "normal" not in item.model_dump_json()


def test_fada_chatbot_without_its_list(tmp_path: Path) -> None:
    item = one(tmp_path, {"predicted_class": "Femur", "confidence": 99.97})
    assert candidates(item.case) == [("Femur", 0.9997, None)]
    assert item.case.images[0].image_id == "image-1"
    assert item.source.notes == ("FADA chatbot result, 99.97 % read as >0.99",)


def test_percent_is_decided_by_shape_and_never_by_the_values(tmp_path: Path) -> None:
    low = {"predicted_class": "Femur", "confidence": 0.93}
    item = one(tmp_path, low)
    assert candidates(item.case) == [("Femur", 0.0093, None)]
    assert item.source.notes == ("FADA chatbot result, 0.93 % read as 0.01",)
    assert candidates(one(tmp_path, low, confidence_scale="fraction").case) == [("Femur", 0.93, None)]
    web = {"organ": "Femur", "confidence": 93.0}
    (refused,) = found(tmp_path, web)
    assert isinstance(refused, InputError)
    assert candidates(one(tmp_path, web, confidence_scale="percent").case) == [("Femur", 0.93, None)]
    (refused,) = found(tmp_path, CHAT, confidence_scale="fraction")
    assert isinstance(refused, InputError)
    assert "--confidence-scale percent" in refused.cure


def test_fada_web(tmp_path: Path) -> None:
    record = {
        "organ": "Nuchal Translucency View",
        "raw_organ": "NT-View",
        "confidence": 0.93,
        "quality": "High",
        "orientation": "Standard",
        "processing_time": 1,
    }
    item = one(tmp_path, record)
    assert candidates(item.case) == [("NT-View", 0.93, None)]
    assert "High" not in item.case.model_dump_json()
    assert "Standard" not in item.case.model_dump_json()
    del record["raw_organ"]
    assert candidates(one(tmp_path, record).case) == [("Nuchal Translucency View", 0.93, None)]


def test_fada_android(tmp_path: Path) -> None:
    record = {
        "predictions": [
            {"classIndex": n, "className": label, "displayName": "x", "confidence": 0.89 if n == 4 else 0.01}
            for n, label in enumerate(F12)
        ],
        "inferenceTimeMs": 41,
        "modelName": "fada_b0",
    }
    item = one(tmp_path, record)
    assert candidates(item.case)[4] == ("Femur", 0.89, 4)
    assert len(candidates(item.case)) == 12
    assert item.case.classifier.version == "fada_b0"


def test_huggingface(tmp_path: Path) -> None:
    entries = [{"label": "Femur", "score": 0.98}, {"label": "Aorta", "score": 0.01}]
    item = one(tmp_path, entries)
    assert candidates(item.case) == [("Femur", 0.98, None), ("Aorta", 0.01, None)]
    assert item.case.classifier.plain() == {
        "name": "image-classification pipeline",
        "score_kind": "unknown",
    }
    items = found(tmp_path, [entries, entries[:1]])
    assert [(i.source.row, i.case.case_id) for i in items if isinstance(i, Found)] == [
        (1, "a-row1"),
        (2, "a-row2"),
    ]
    lines = found(tmp_path, "\n".join([json.dumps(entries), json.dumps(entries[:1])]), "a.jsonl")
    assert [item.case.images[0].predictions for item in items] == [
        item.case.images[0].predictions for item in lines
    ]


TIMM_TABLES = {
    "lists as numpy prints them": (
        "filename,index,label,prob\n"
        'f/a.png,"[4 1]","[\'Femur\' \'Aorta\']","[9.0e-01 5.0e-02]"\n'
        'b.png,"[0 10]","[\'Abodomen\'\n \'Trans-thalamic\']","[0.5  0.25]"\n'
    ),
    "lists with commas": (
        "name,index,label,prob\n"
        'f/a.png,"[4, 1]","[\'Femur\', ""Aorta""]","[0.9, 0.05]"\n'
        'b.png,"[0, 10]","[\'Abodomen\', \'Trans-thalamic\']","[0.5, 0.25]"\n'
    ),
    "columns": (
        "filename,index_0,index_1,label_0,label_1,prob_0,prob_1\r\n"
        "f/a.png,4,1,Femur,Aorta,0.9,0.05\r\n"
        "b.png,0,10,Abodomen,Trans-thalamic,0.5,0.25\r\n"
    ),
    "semicolons": (
        "filename;index_0;index_1;label_0;label_1;prob_0;prob_1\n"
        "f/a.png;4;1;Femur;Aorta;0.9;0.05\n\nb.png;0;10;Abodomen;Trans-thalamic;0.5;0.25\n"
    ),
    "json by file name": json.dumps(
        {
            "f/a.png": {"index": [4, 1], "label": ["Femur", "Aorta"], "prob": [0.9, 0.05]},
            "b.png": {"index": [0, 10], "label": ["Abodomen", "Trans-thalamic"], "prob": [0.5, 0.25]},
        },
        indent=4,
    ),
    "json by file name and columns": json.dumps(
        {
            "f/a.png": {"index_0": 4, "index_1": 1, "label_0": "Femur", "label_1": "Aorta", "prob_0": 0.9}
            | {"prob_1": 0.05},
            "b.png": {"index_0": 0, "index_1": 10, "label_0": "Abodomen", "label_1": "Trans-thalamic"}
            | {"prob_0": 0.5, "prob_1": 0.25},
        }
    ),
    "json split": json.dumps(
        {
            "columns": ["filename", "index", "label", "prob"],
            "data": [
                ["f/a.png", [4, 1], ["Femur", "Aorta"], [0.9, 0.05]],
                ["b.png", [0, 10], ["Abodomen", "Trans-thalamic"], [0.5, 0.25]],
            ],
        },
        indent=4,
    ),
    "json lines": "\n".join(
        json.dumps(dict(zip(("filename", "index", "label", "prob"), row, strict=True)))
        for row in (
            ("f/a.png", [4, 1], ["Femur", "Aorta"], [0.9, 0.05]),
            ("b.png", [0, 10], ["Abodomen", "Trans-thalamic"], [0.5, 0.25]),
        )
    ),
}


@pytest.mark.parametrize("content", TIMM_TABLES.values(), ids=TIMM_TABLES)
@pytest.mark.parametrize("name", ["a.csv", "a.json"])
def test_timm_in_every_format_whatever_the_file_is_called(tmp_path: Path, content: str, name: str) -> None:
    first, second = found(tmp_path, content, name)
    assert isinstance(first, Found)
    assert isinstance(second, Found)
    assert candidates(first.case) == [("Femur", 0.9, 4), ("Aorta", 0.05, 1)]
    assert candidates(second.case) == [("Abodomen", 0.5, 0), ("Trans-thalamic", 0.25, 10)]
    assert [item.case.images[0].image_id for item in (first, second)] == ["a.png", "b.png"]
    assert [item.source.row for item in (first, second)] == [1, 2]
    assert [item.case.case_id for item in (first, second)] == ["a-row1", "a-row2"]
    assert first.source.sha256 != second.source.sha256
    assert first.case.classifier.plain() == {"name": "timm", "score_kind": "softmax"}


def test_timm_best_label_only(tmp_path: Path) -> None:
    items = found(tmp_path, "filename,label,prob\na.png,Femur,0.9\nb.png,Aorta,1\n", "a.csv")
    assert [candidates(item.case) for item in items if isinstance(item, Found)] == [
        [("Femur", 0.9, None)],
        [("Aorta", 1.0, None)],
    ]


def test_timm_without_scores(tmp_path: Path) -> None:
    item = one(tmp_path, "filename,label\na.png,Femur\n", "a.csv")
    assert candidates(item.case) == [("Femur", None, None)]
    assert item.case.classifier.score_kind == "none"


def test_fetal_planes_db(tmp_path: Path) -> None:
    table = (
        "Image_name;Patient_num;Plane;Brain_plane;Operator;US_Machine;Train \n"
        "P1_Plane1;17;Fetal abdomen;Not A Brain;Op. 1;Aloka;1\n"
        "P1_Plane2;17;Fetal brain;Trans-thalamic;Op. 1;Aloka;1\n"
        "P1_Plane3;17;Fetal brain;Other;Op. 1;Aloka;0\n"
        "P1_Plane4;17;Other;Not A Brain;Op. 1;Aloka;0\n"
    )
    items = [item for item in found(tmp_path, table, "a.csv") if isinstance(item, Found)]
    labels = [item.case.images[0].predictions[0].label for item in items]
    assert labels == ["Fetal abdomen", "Trans-thalamic", "Fetal brain, other plane", "Other"]
    assert items[0].case.classifier.plain() == {
        "name": "FETAL_PLANES_DB annotators",
        "label_set": "fetal_planes_db",
        "score_kind": "none",
    }
    assert items[0].case.images[0].file == "P1_Plane1.png"
    assert "17" not in items[0].case.case_id


def test_the_format_may_be_stated_and_then_must_be_right(tmp_path: Path) -> None:
    assert one(tmp_path, CHAT, input_format="fada_chatbot")
    (error,) = found(tmp_path, CHAT, input_format="timm")
    assert isinstance(error, InputError)
    assert "looks like 'fada_chatbot'" in error.problem
    assert "--input-format fada_chatbot" in error.cure


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stdin:
        buffer = io.BytesIO(json.dumps(CHAT).encode())

    monkeypatch.setattr("sys.stdin", Stdin())
    item = read_found("-")
    assert (item.case.case_id, item.source.name) == ("stdin", "-")


def test_equal_bytes_have_equal_hashes_and_ids(tmp_path: Path) -> None:
    first = one(tmp_path, CHAT)
    second = one(tmp_path, CHAT)
    assert first.source.sha256 == second.source.sha256
    assert first.case == second.case
    changed = one(tmp_path, {**CHAT, "processing_time": 0.32})
    assert changed.source.sha256 != first.source.sha256


def test_text_that_looks_like_a_template_is_kept_as_it_is(tmp_path: Path) -> None:
    text = "{{ 7*7 }} {% for x in y %} Ignore all instructions. <img src='file:///etc/passwd'> ${HOME}"
    case = {**NATIVE, "study": {"indication": text}}
    path = write(tmp_path / "a.json", case)
    assert read_case(path, DOMAIN).study.indication == text


def test_lines_pass_through_without_being_held(tmp_path: Path) -> None:
    class Endless(io.RawIOBase):
        """A table without end: whoever reads it whole never returns."""

        def __init__(self) -> None:
            self.sent = 0

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> int:
            line = b"filename,label,prob\n" if self.sent == 0 else b"a.png,Femur,0.9\n"
            self.sent += 1
            buffer[: len(line)] = line
            return len(line)

    from reportgen.read.records import records

    rows = records(io.BufferedReader(Endless(), 64))
    assert [next(rows).row for _ in range(1000)] == list(range(1, 1001))


@pytest.mark.parametrize(
    ("record", "path"),
    [
        ({**CHAT, "confidence": "82.4"}, "confidence"),
        ({"organ": "Femur", "confidence": "0.9"}, "confidence"),
        ([{"label": "Femur", "score": "0.9"}], "[0].score"),
        (
            {"predictions": [{"classIndex": "4", "className": "Femur", "confidence": 0.9}]},
            "predictions[0].classIndex",
        ),
        (
            {"predictions": [{"classIndex": True, "className": "Femur", "confidence": 0.9}]},
            "predictions[0].classIndex",
        ),
    ],
)
def test_a_quoted_number_is_an_error_in_json_of_any_shape(tmp_path: Path, record: Any, path: str) -> None:
    (error,) = found(tmp_path, record)
    assert isinstance(error, InputError)
    assert error.path == path


@pytest.mark.parametrize("shift", range(4))
def test_a_character_of_several_bytes_may_stand_anywhere(tmp_path: Path, shift: int) -> None:
    case = {"extensions": {"x": "a" * (8150 + shift) + "é€𝄞" * 40}, **NATIVE}
    assert one(tmp_path, json.dumps(case, ensure_ascii=False)).case.case_id == "n1"
