"""Bad input is refused by name, with its place and a cure, without any value, and nothing else is lost."""

import json
import os
import socket
import time
from pathlib import Path

import pytest
import yaml

from cases import DOMAIN
from reportgen.errors import InputError
from reportgen.nouns import Found
from reportgen.read import InputFile, ReadOptions, read_case, read_file
from reportgen.read.strict_json import MAX_RECORD, parse

BAD = Path(__file__).resolve().parents[1] / "bad"
EXPECTED = yaml.safe_load((BAD / "expected.yaml").read_text("utf-8"))
GOOD = {
    "schema": "reportgen/case/v1",
    "case_id": "good",
    "classifier": {"name": "FADA classifier", "score_kind": "softmax"},
    "images": [{"image_id": "i1", "predictions": [{"label": "Femur", "score": 0.9}]}],
}


def read(path: Path, **options) -> list[Found | InputError]:
    return list(read_file(InputFile(path, path.name), DOMAIN, ReadOptions(**options)))


def refusals(path: Path, **options) -> list[InputError]:
    return [item for item in read(path, **options) if isinstance(item, InputError)]


def test_every_bad_file_is_expected() -> None:
    assert {path.name for path in BAD.iterdir()} == {*EXPECTED, "expected.yaml"}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_bad_file_is_refused_with_its_place_and_a_cure(name: str) -> None:
    (error,) = refusals(BAD / name)
    wanted = EXPECTED[name]
    assert (error.file, error.row, error.path) == (name, wanted["row"], wanted["path"])
    assert wanted["problem"] in error.problem
    assert wanted["cure"] in error.cure
    assert error.cure


@pytest.mark.parametrize("name", EXPECTED)
def test_no_value_of_the_patient_is_in_an_error(name: str) -> None:
    (error,) = refusals(BAD / name)
    for value in ("DOE", "Jane", "4711", "Elsewhere", "yesterday"):
        assert value not in str(error)


def test_good_lines_beside_a_bad_one_are_read() -> None:
    first, second = read(BAD / "lines.jsonl")
    assert isinstance(first, Found)
    assert isinstance(second, InputError)


def test_a_bad_first_line_does_not_take_the_others_with_it(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"schema": NaN}\n{"broken": \n\n' + json.dumps(GOOD) + "\n", "utf-8")
    first, second = refusals(path)
    assert (first.row, first.path) == (1, "schema")
    assert second.row == 2
    (good,) = [item for item in read(path) if isinstance(item, Found)]
    assert good.source.row == 4


def test_a_truncated_list_is_refused_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(f"[{json.dumps(GOOD)},\n{json.dumps(GOOD)}\n", "utf-8")
    (error,) = read(path)
    assert isinstance(error, InputError)
    assert "ends before" in error.problem


def test_several_faults_are_counted() -> None:
    case = json.loads((BAD / "quoted_number.json").read_text("utf-8"))
    case["images"][0]["predictions"][1]["score"] = "x"
    case["images"][0]["image_id"] = ""
    path = BAD.parent / "never_written.json"
    assert not path.exists()
    with pytest.raises(InputError, match=r"\(And 2 more faults in this record.\)"):
        _read_text(json.dumps(case))


def _read_text(text: str) -> None:
    from reportgen.read.build import Origin, native_case
    from reportgen.read.records import Record

    native_case(Record({}, "native", None, "0" * 64, text), Origin("x", Path(), 0, 0), DOMAIN, None)


def test_several_domain_faults_are_counted(tmp_path: Path) -> None:
    case = json.loads(json.dumps(GOOD))
    case["images"][0]["predictions"] = [{"label": "Femurr", "score": 0.5}, {"label": "Aortaa", "score": 0.1}]
    path = tmp_path / "a.json"
    path.write_text(json.dumps(case), "utf-8")
    (error,) = refusals(path)
    assert "(And 1 more fault in this record.)" in error.problem


def test_a_record_over_the_limit_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps({**GOOD, "extensions": {"x": "a" * MAX_RECORD}}), "utf-8")
    (error,) = refusals(path)
    assert "over 5 MiB" in error.problem


def test_a_line_over_the_limit_is_refused_and_the_next_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    large = json.dumps({**GOOD, "extensions": {"x": "a" * MAX_RECORD}})
    path.write_text(f"{json.dumps(GOOD)}\n{large}\n{json.dumps(GOOD)}\n", "utf-8")
    first, second, third = read(path)
    assert isinstance(first, Found)
    assert isinstance(second, InputError)
    assert (second.row, "over 5 MiB" in second.problem) == (2, True)
    assert isinstance(third, Found)
    assert third.source.row == 3


def test_a_document_of_many_records_may_be_larger_than_one(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    half = {**GOOD, "extensions": {"x": "a" * (MAX_RECORD // 2)}}
    path.write_text(json.dumps([half, half, half]), "utf-8")
    assert [type(item) for item in read(path)] == [Found, Found, Found]


@pytest.mark.parametrize("cell", ["a" * 200_000, "a" * (MAX_RECORD + 10)], ids=["cell", "line"])
def test_an_endless_table_row_is_refused_and_the_next_is_read(tmp_path: Path, cell: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"filename,label,prob\na.png,{cell},0.9\nb.png,Femur,0.9\n", "utf-8")
    first, second = read(path)
    assert isinstance(first, InputError)
    assert first.row == 1
    assert isinstance(second, Found)
    assert second.case.images[0].image_id == "b.png"


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    (error,) = refusals(tmp_path / "a.json")
    assert "no such file" in error.problem


def test_a_folder_where_a_file_is_expected(tmp_path: Path) -> None:
    (tmp_path / "a.json").mkdir()
    (error,) = refusals(tmp_path / "a.json")
    assert "is a folder" in error.problem


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFO on this system")
def test_a_pipe_is_refused_unopened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.json")
    (error,) = refusals(tmp_path / "a.json")
    assert "not a regular file" in error.problem


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="no sockets in the file system")
def test_a_socket_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("a.json")
        (error,) = refusals(Path("a.json"))
    assert "not a regular file" in error.problem


def test_a_file_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.json"
    path.write_text("{}", "utf-8")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    (error,) = refusals(path)
    assert "may not be read" in error.problem
    assert "permissions" in error.cure


def test_a_disk_that_fails_in_the_middle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(GOOD) + "\n" + json.dumps(GOOD) + "\n", "utf-8")
    monkeypatch.setattr("reportgen.read.walk.records", _fails_after_one)
    good, error = read(path)
    assert isinstance(good, Found)
    assert isinstance(error, InputError)
    assert "to its end" in error.problem


def _fails_after_one(stream):
    from reportgen.read.records import records

    yield next(iter(records(stream)))
    raise OSError(5, "Input/output error")


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege on Windows")
def test_a_loop_of_links(tmp_path: Path) -> None:
    (tmp_path / "a.json").symlink_to("b.json")
    (tmp_path / "b.json").symlink_to("a.json")
    (error,) = refusals(tmp_path / "a.json")
    assert "cannot be opened" in error.problem


def test_read_case_wants_exactly_one(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(GOOD) + "\n" + json.dumps({**GOOD, "case_id": "b"}) + "\n", "utf-8")
    with pytest.raises(InputError, match="holds several cases"):
        read_case(path)
    path.write_text(json.dumps(GOOD), "utf-8")
    assert read_case(str(path)).case_id == "good"
    with pytest.raises(InputError, match="Trans-ventricular"):
        read_case(BAD / "chatbot_label.json")


def test_a_broken_document_with_records_inside_is_one_refusal(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    entry = json.dumps([{"label": "Femur", "score": 0.9}])
    path.write_text(f"[{entry},\n{entry}\n", "utf-8")
    (error,) = read(path)
    assert isinstance(error, InputError)
    assert error.row is None


@pytest.mark.parametrize("layout", [None, 1])
def test_a_document_over_its_limit_is_refused(tmp_path: Path, monkeypatch, layout: int | None) -> None:
    monkeypatch.setattr("reportgen.read.records.MAX_DOCUMENT", 2000)
    path = tmp_path / "a.json"
    path.write_text(json.dumps([GOOD] * 30, indent=layout), "utf-8")
    (error,) = refusals(path)
    assert "document is over" in error.problem
    assert "JSON lines" in error.cure


def test_lines_are_read_past_the_limit_of_a_document_whatever_the_first_is(
    tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr("reportgen.read.records.MAX_DOCUMENT", 2000)
    path = tmp_path / "a.jsonl"
    path.write_text('{"schema":\n' + f"{json.dumps(GOOD)}\n" * 30, "utf-8")
    first, *others = read(path)
    assert isinstance(first, InputError)
    assert [item.source.row for item in others if isinstance(item, Found)] == list(range(2, 32))


def test_one_entry_over_the_limit_does_not_refuse_the_others(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    large = {**GOOD, "extensions": {"x": "a" * MAX_RECORD}}
    path.write_text(json.dumps([GOOD, large]), "utf-8")
    good, error = read(path)
    assert isinstance(good, Found)
    assert isinstance(error, InputError)
    assert error.row == 2


def test_a_very_long_line_is_thrown_away_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(f'{json.dumps(GOOD)}\n"{"a" * (3 * MAX_RECORD)}"\n{json.dumps(GOOD)}\n', "utf-8")
    assert [type(item) for item in read(path)] == [Found, InputError, Found]


@pytest.mark.parametrize("columns", [["label", "label", "prob"], ["label", 3, "prob"]])
def test_a_split_table_needs_names_for_its_columns(tmp_path: Path, columns: list) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"columns": columns, "data": [["Femur", "Femur", 0.9]]}), "utf-8")
    (error,) = refusals(path)
    assert error.path == "columns"


@pytest.mark.parametrize(
    ("name", "value", "unit", "hint"),
    [("CTAR", 4.0, "ratio", "A tenth of it would fit"), ("AFI", 120.0, "cm", "looks like a value in mm")],
)
def test_a_likely_unit_is_named(tmp_path: Path, name: str, value: float, unit: str, hint: str) -> None:
    case = json.loads(json.dumps(GOOD))
    measured = {"name": name, "value": value, "unit": unit, "source": "operator"}
    case["images"][0]["measurements"] = [measured]
    path = tmp_path / "a.json"
    path.write_text(json.dumps(case), "utf-8")
    (error,) = refusals(path)
    assert hint in error.cure
    assert str(value) not in str(error)


def test_a_repeated_key_among_very_many_is_found_in_time() -> None:
    text = "{" + ", ".join(f'"k{n}": 1' for n in range(200_000)) + ', "k199999": 2}'
    began = time.monotonic()
    with pytest.raises(InputError, match="stands twice in one object"):
        parse(text)
    assert time.monotonic() - began < 10


def changed(tmp_path: Path, **parts: object) -> InputError:
    """What the good case is refused with once its parts are others."""
    path = tmp_path / "a.json"
    path.write_text(json.dumps({**GOOD, **parts}), "utf-8")
    (error,) = refusals(path)
    return error


def test_of_many_unknown_labels_only_the_first_is_compared(tmp_path: Path, monkeypatch) -> None:
    asked: list[str] = []

    def labels_like(_: object, label: str) -> list[str]:
        asked.append(label)
        return ["Femur"]

    monkeypatch.setattr(type(DOMAIN), "labels_like", labels_like)
    predictions = [{"label": f"no label {n}"} for n in range(1000)]
    images = [{"image_id": f"i{n}", "predictions": predictions} for n in range(3)]
    error = changed(tmp_path, classifier={"name": "x"}, images=images)
    assert "And 2999 more faults" in error.problem
    assert error.path == "images[0].predictions[0].label"
    assert asked == ["no label 0"]


def test_spellings_in_a_declared_list_are_not_compared_with_one_another(tmp_path: Path, monkeypatch) -> None:
    compared: list[str] = []

    def same_label(one: str, other: str, _: object) -> bool:
        compared.append(other)
        return one.casefold() == other.casefold()

    monkeypatch.setattr("reportgen.read.checks.same_label", same_label)
    spellings = ["Femur", "FEmur", "FeMur", "FemUr", "FemuR"]
    predictions = [{"label": label} for label in [*spellings, "femur", "femur"]]
    error = changed(
        tmp_path,
        classifier={"name": "x", "label_set": spellings},
        images=[{"image_id": "i", "predictions": predictions}],
    )
    assert (error.path, "And 1 more fault" in error.problem) == ("images[0].predictions[5].label", True)
    assert set(compared) == {"femur"}


def test_of_many_unknown_keys_only_the_first_is_compared_and_none_is_shown(
    tmp_path: Path, monkeypatch
) -> None:
    asked: list[str] = []

    def get_close_matches(word: str, *_: object, **__: object) -> list[str]:
        asked.append(word)
        return []

    monkeypatch.setattr("reportgen.read.refusal.difflib.get_close_matches", get_close_matches)
    error = changed(tmp_path, patient={"id": "P", **{f"Mrs_SECRET{n}": n for n in range(5000)}})
    assert asked == ["Mrs_SECRET0"]
    assert (error.path, "SECRET" in str(error)) == ("patient", False)
    assert "not known (key 2 of 5001). (And 4999 more faults" in error.problem


def test_a_key_may_stand_in_the_wrong_place_or_be_in_no_path_at_all(tmp_path: Path) -> None:
    error = changed(tmp_path, extensions={"SECRET": {"label_0": {"Mrs_SECRET": "\ud800"}}})
    assert error.path == "extensions.(a key that is not known).label_0.(a key that is not known)"
    error = changed(tmp_path, patient={"score": 1})
    assert error.cure.startswith("Known here: id, name, birth_date.")


@pytest.mark.parametrize(("count", "fine"), [(5000, True), (5001, False)])
@pytest.mark.parametrize("kind", ["measurements", "answers"])
def test_the_number_of_measurements_and_answers_is_bounded(
    tmp_path: Path, kind: str, count: int, fine: bool
) -> None:
    one = {
        "measurements": {"name": "FL", "value": 32.1, "unit": "mm", "source": "model"},
        "answers": {"question": "q", "answer": "a", "model": "m"},
    }[kind]
    images = [
        {**GOOD["images"][0], "image_id": f"i{n}", kind: [one] * min(200, count - n * 200)}
        for n in range(26)
        if count > n * 200
    ]
    path = tmp_path / "a.json"
    path.write_text(json.dumps({**GOOD, "images": images}), "utf-8")
    (item,) = read(path)
    if fine:
        assert isinstance(item, Found)
    else:
        assert isinstance(item, InputError)
        assert (item.problem, item.path) == (
            f"There are more than 5,000 {kind} in one case.",
            f"images[25].{kind}",
        )


@pytest.mark.parametrize(
    ("score", "problem"),
    [
        (True, "Expected a number."),
        (None, None),
        ([], "Expected a number."),
        ("0.9", "Expected a number without quotation marks."),
    ],
)
def test_a_score_of_another_type(tmp_path: Path, score: object, problem: str | None) -> None:
    images = [{"image_id": "i", "predictions": [{"label": "Femur", "score": score}]}]
    if problem is None:
        assert "score is missing" in changed(tmp_path, images=images).problem
    else:
        assert changed(tmp_path, images=images).problem == problem


@pytest.mark.parametrize("name", ['a "b', "a \u201d b", "a\u2028b", "a\u2029", "x" * 101])
@pytest.mark.parametrize("key", ["name", "version"])
def test_the_classifier_is_called_something_that_can_be_quoted(tmp_path: Path, key: str, name: str) -> None:
    error = changed(tmp_path, classifier={"name": "x", "score_kind": "softmax", key: name})
    assert error.path == f"classifier.{key}"


@pytest.mark.parametrize("fetus", ["", "A B", "A.", "A\n", "123456789", "\u00c4"])
def test_a_fetus_is_a_short_token(tmp_path: Path, fetus: str) -> None:
    measured = {"name": "FL", "value": 32.1, "unit": "mm", "source": "model", "fetus": fetus}
    error = changed(tmp_path, images=[{**GOOD["images"][0], "measurements": [measured]}])
    assert error.path == "images[0].measurements[0].fetus"


def test_every_measurement_takes_its_own_conventions_and_no_others(tmp_path: Path) -> None:
    for key, measure in DOMAIN.biometry.items():
        measured = {"name": key, "value": sum(measure.refuse_outside) / 2, "unit": measure.unit}
        measured |= {"source": "model", "convention": "as ever"}
        error = changed(tmp_path, images=[{**GOOD["images"][0], "measurements": [measured]}])
        assert error.path == "images[0].measurements[0].convention"
        assert all(repr(value) in error.cure for value in measure.convention.values)
        assert "eave it out" in error.cure


@pytest.mark.parametrize("moment", ["1900-01-01", "2200-12-31T23:59:59-14:00"])
def test_the_first_and_the_last_year(tmp_path: Path, moment: str) -> None:
    path = tmp_path / "a.json"
    case = {**GOOD, "study": {"performed_at": moment}, "patient": {"birth_date": moment[:10]}}
    path.write_text(json.dumps(case), "utf-8")
    (item,) = read(path)
    assert isinstance(item, Found)


def test_the_version_of_an_android_result_is_named_as_it_is_there(tmp_path: Path) -> None:
    entry = {"classIndex": 4, "className": "Femur", "confidence": 0.9}
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"predictions": [entry], "modelName": 'a "b"'}), "utf-8")
    (error,) = refusals(path)
    assert (error.path, "quotation mark" in error.problem) == ("modelName", True)


@pytest.mark.parametrize(
    "record",
    [
        {"predicted_class": "Femur", "confidence": 90.0, "error": "x"},
        {"predicted_class": "Femur", "confidence": 90.0, "metadata": {"error": "x"}},
        {"predicted_class": "Femur", "confidence": 0},
        {"organ": "Femur", "confidence": 0.0},
        {"organ": "Femur", "confidence": 0.9, "error": "x"},
        {"predictions": [{"className": "error", "confidence": 0.0}]},
        {"predictions": [{"className": "Femur", "confidence": 0.9, "error": "x"}]},
    ],
)
def test_the_error_result_of_a_fada_program_is_no_result(tmp_path: Path, record: dict) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(record), "utf-8")
    (error,) = refusals(path)
    assert "classifier failed on this image" in error.problem


@pytest.mark.parametrize("error", [None, "", False])
def test_an_empty_error_of_a_fada_program_is_none(tmp_path: Path, error: object) -> None:
    path = tmp_path / "a.json"
    record = {"predicted_class": "Femur", "confidence": 90.0, "error": error, "metadata": {"error": error}}
    path.write_text(json.dumps(record), "utf-8")
    (item,) = read(path)
    assert isinstance(item, Found)
