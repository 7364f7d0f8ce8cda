"""The schemas are those of the code, and what the program writes is valid under them."""

import json

import jsonschema
import pytest

from batches import go, put, record
from reportgen import resources
from reportgen.cli import main
from reportgen.schemas import NAMES, schema_text, schemas


def validator(name: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads(schema_text(name)))


def test_the_files_are_current():
    shipped = {path.stem: path.read_bytes() for path in resources.folder("schemas").glob("*.json")}
    assert shipped == schemas(), "run: python -m reportgen.schemas"


@pytest.mark.parametrize("name", NAMES)
def test_each_is_a_schema_that_says_which_it_is(name):
    schema = json.loads(schema_text(name))
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["additionalProperties"] is False


def test_what_a_run_writes_is_valid(tmp_path, capsys):
    case = record("A", "Trans-thalamic", "Femur", patient={"id": "1", "birth_date": "1994-03-14"})
    case["images"][0]["measurements"] = [{"name": "HC", "value": 176.2, "unit": "mm", "source": "operator"}]
    path = put(tmp_path / "in", "a.json", case)
    validator("case").validate(case)
    go(tmp_path / "in", out=tmp_path / "out")
    validator("report").validate(json.loads((tmp_path / "out/A/report.json").read_text()))
    validator("summary").validate(json.loads((tmp_path / "out/summary.json").read_text()))
    assert main(["facts", str(path), "--json"]) == 0
    validator("facts").validate(json.loads(capsys.readouterr().out))
    put(tmp_path, "draft.txt", "[[F1]] is normal.\n")
    assert main(["check", str(path), str(tmp_path / "draft.txt"), "--json"]) == 3
    validator("check").validate(json.loads(capsys.readouterr().out))


def test_a_wrong_case_is_invalid():
    case = record("A")
    assert not validator("case").is_valid({**case, "sex": "f"})
    assert not validator("case").is_valid({**case, "case_id": "../x"})
    assert not validator("case").is_valid({key: value for key, value in case.items() if key != "images"})
