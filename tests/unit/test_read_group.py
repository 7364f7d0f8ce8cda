"""Several results as one case: by folder, or by an equal value in a column."""

import json
from pathlib import Path

import pytest

from cases import DOMAIN
from reportgen.errors import InputError
from reportgen.nouns import Found
from reportgen.read import InputFile, ReadOptions, discover, read_file, read_inputs

NATIVE = {
    "case_id": "n1",
    "classifier": {"name": "mine"},
    "images": [{"image_id": "i1", "predictions": [{"label": "Femur"}]}],
}
HEAD = "Image_name;Patient_num;Plane;Brain_plane;Operator;US_Machine;Train \n"


def chat(label: str, name: str | None = None, **more) -> str:
    record = {"predicted_class": label, "confidence": 90.0, **more}
    return json.dumps(record | ({"image_path": name} if name else {}))


def by_folder(folder: Path) -> list[Found | InputError]:
    return list(read_inputs(discover([str(folder)]), DOMAIN, ReadOptions(group_by="folder")))


def by_column(path: Path, column: str) -> list[Found | InputError]:
    return list(read_file(InputFile(path, path.name), DOMAIN, ReadOptions(group_by=column)))


def write(folder: Path, **files: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.json").write_text(text, "utf-8")
    return folder


def images(found: Found) -> list[tuple[str, str]]:
    return [(image.image_id, image.predictions[0].label) for image in found.case.images]


def test_a_folder_is_a_case(tmp_path: Path) -> None:
    root = tmp_path / "study7"
    write(root, a=chat("Femur", "x/1.png"), b=chat("Aorta", "2.png"), n=json.dumps(NATIVE))
    write(root / "sub", a=chat("Thorax"), b=chat("Cervix"))
    native, first, second = by_folder(root)
    assert isinstance(native, Found)
    assert isinstance(first, Found)
    assert isinstance(second, Found)
    assert native.case.case_id == "n1"
    assert images(first) == [("1.png", "Femur"), ("2.png", "Aorta")]
    assert (first.case.case_id, first.source.name, first.source.row) == ("study7", "study7", None)
    assert images(second) == [("image-1", "Thorax"), ("image-2", "Cervix")]
    assert (second.case.case_id, second.source.name) == ("sub", "sub")
    assert first.source.size == sum((root / name).stat().st_size for name in ("a.json", "b.json"))


def test_without_grouping_each_result_is_a_case(tmp_path: Path) -> None:
    write(tmp_path, a=chat("Femur"), b=chat("Aorta"))
    found = list(read_inputs(discover([str(tmp_path)]), DOMAIN, ReadOptions()))
    assert [item.case.case_id for item in found if isinstance(item, Found)] == ["a", "b"]


@pytest.mark.parametrize("bad", ["", '{"x": 1}', chat("error", confidence=0.0)])
def test_one_faulty_file_refuses_the_group_and_not_the_next(tmp_path: Path, bad: str) -> None:
    write(tmp_path / "one", a=chat("Femur"), b=bad)
    write(tmp_path / "two", a=chat("Femur"))
    error, good = by_folder(tmp_path)
    assert isinstance(error, InputError)
    assert error.file == "one/b.json"
    assert "whole group" in error.problem
    assert isinstance(good, Found)
    assert good.case.case_id == "two"


def test_results_of_two_programs_are_no_case(tmp_path: Path) -> None:
    write(tmp_path, a=chat("Femur"), b=json.dumps([{"label": "Aorta", "score": 0.5}]))
    (error,) = by_folder(tmp_path)
    assert isinstance(error, InputError)
    assert error.file == "b.json"
    assert "different classifiers" in error.problem


def test_two_results_for_one_image_are_refused(tmp_path: Path) -> None:
    write(tmp_path, a=chat("Femur", "x/1.png"), b=chat("Aorta", "x/1.png"))
    (error,) = by_folder(tmp_path)
    assert isinstance(error, InputError)
    assert "two results for one image" in error.problem


def test_equal_base_names_are_told_apart(tmp_path: Path) -> None:
    write(tmp_path / "s", a=chat("Femur", "x/1.png"), b=chat("Aorta", "y/1.png"))
    (found,) = by_folder(tmp_path / "s")
    assert isinstance(found, Found)
    assert [identifier for identifier, _ in images(found)] == ["1.png", "1.png (2)"]


def test_a_fault_in_a_group_is_told_at_its_file(tmp_path: Path) -> None:
    write(tmp_path, a=chat("Femur"), b=chat("Femurr"))
    (error,) = by_folder(tmp_path)
    assert isinstance(error, InputError)
    assert (error.file, error.path) == ("b.json", "predicted_class")


def test_a_column_anywhere_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(
        HEAD
        + "P1_a;4711;Fetal abdomen;Not A Brain;Op;Aloka;1\n"
        + "P2_a;4712;Fetal femur;Not A Brain;Op;Aloka;1\n"
        + "P1_b;4711;Fetal thorax;Not A Brain;Op;Aloka;1\n",
        "utf-8",
    )
    first, second = by_column(path, "patient_num")
    assert isinstance(first, Found)
    assert isinstance(second, Found)
    assert images(first) == [("P1_a.png", "Fetal abdomen"), ("P1_b.png", "Fetal thorax")]
    assert images(second) == [("P2_a.png", "Fetal femur")]
    for found in (first, second):
        assert "471" not in found.model_dump_json(exclude={"source": {"sha256", "mtime_ns"}}).replace(
            found.case.case_id, ""
        )
        assert "4711" not in found.case.case_id
    assert first.case.case_id != second.case.case_id


def test_a_key_of_json_lines(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    lines = [chat("Femur", study=1), chat("Aorta", study=2), chat("Thorax", study=1)]
    path.write_text("\n".join(lines), "utf-8")
    first, second = by_column(path, "study")
    assert isinstance(first, Found)
    assert isinstance(second, Found)
    assert [label for _, label in images(first)] == ["Femur", "Thorax"]


def test_a_column_that_is_not_there_is_said_once(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("filename,label,prob\n" + "a.png,Femur,0.9\n" * 5, "utf-8")
    (error,) = by_column(path, "study")
    assert isinstance(error, InputError)
    assert "--group-by" in error.cure


def test_a_faulty_row_refuses_its_group_only(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(
        "filename,label,prob,study\na.png,Femur,0.9,x\nb.png,Femur,9,x\nc.png,Aorta,0.9,y\n", "utf-8"
    )
    error, good = by_column(path, "study")
    assert isinstance(error, InputError)
    assert (error.row, error.path) == (2, "prob")
    assert isinstance(good, Found)
    assert good.source.notes == ("timm inference result",)


def test_a_row_of_an_unknown_group_is_stated_in_all(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("filename,label,prob,study\na.png,Femur,0.9,x\nb.png,Femur\nc.png,Aorta,0.9,\n", "utf-8")
    short, empty, good = by_column(path, "study")
    assert isinstance(short, InputError)
    assert isinstance(empty, InputError)
    assert (short.row, empty.row) == (2, 3)
    assert isinstance(good, Found)
    assert good.source.notes[-1] == "a row of the input could not be read; it may belong to this case"


def test_more_images_than_a_case_may_have(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    rows = "".join(f"{n}.png,Femur,0.9,x\n" for n in range(501))
    path.write_text("filename,label,prob,study\n" + rows, "utf-8")
    (error,) = by_column(path, "study")
    assert isinstance(error, InputError)
    assert "at most 500" in error.problem


def test_native_cases_are_no_members_of_a_column_group(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text(f"{json.dumps(NATIVE)}\n{chat('Femur', study=1)}\n", "utf-8")
    native, grouped = by_column(path, "study")
    assert isinstance(native, Found)
    assert native.source.format == "native"
    assert isinstance(grouped, Found)
    assert grouped.case.case_id.startswith("t-")


def test_results_of_two_versions_of_a_model_are_no_case(tmp_path: Path) -> None:
    entry = {"classIndex": 4, "className": "Femur", "confidence": 0.9}
    texts = [json.dumps({"predictions": [entry], "modelName": name}) for name in ("b0", "b1")]
    write(tmp_path, a=texts[0], b=texts[1])
    (error,) = by_folder(tmp_path)
    assert isinstance(error, InputError)
    assert "different classifiers" in error.problem
