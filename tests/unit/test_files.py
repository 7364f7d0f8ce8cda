import contextlib
import os
from pathlib import Path

import pytest

from reportgen.errors import ExitCode, InputError, exit_code
from reportgen.files import canonical_json, growing, new_folder, pretty_json, sha256, sha256_file, write_file


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    target = tmp_path / "deep" / "report.json"
    write_file(target, b"old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_file(target, b"new")
    assert target.read_bytes() == b"old"
    assert [path.name for path in target.parent.iterdir()] == ["report.json"]


def test_a_folder_appears_only_when_its_block_ended_well(tmp_path: Path):
    target, workshop = tmp_path / "case", tmp_path / ".partial"
    with new_folder(target, workshop) as building:
        write_file(building / "a.txt", b"1")
        assert not target.exists()
    assert (target / "a.txt").read_bytes() == b"1"

    def fail() -> None:
        with new_folder(target, workshop) as building:
            write_file(building / "a.txt", b"2")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert (target / "a.txt").read_bytes() == b"1"
    with new_folder(target, workshop) as building:
        write_file(building / "b.txt", b"3")
    assert [path.name for path in target.iterdir()] == ["b.txt"]
    assert list(workshop.iterdir()) == []


def test_equal_values_have_one_spelling_and_one_hash(tmp_path: Path):
    assert (
        canonical_json({"b": 1, "a": "é"}) == canonical_json({"a": "é", "b": 1}) == '{"a":"é","b":1}'.encode()
    )
    assert pretty_json({"b": 1, "a": 2}) == b'{\n  "b": 1,\n  "a": 2\n}\n'
    (tmp_path / "f").write_bytes(b"abc")
    assert sha256_file(tmp_path / "f") == sha256(b"abc") == sha256("abc")
    with pytest.raises(ValueError, match="JSON compliant"):
        canonical_json(float("nan"))


@pytest.mark.parametrize(
    ("codes", "code"),
    [
        (set(), 0),
        ({3}, 3),
        ({3, 4}, 4),
        ({3, 1, 4}, 1),
        ({130, 1}, 130),
        ({6, 5, 3}, 6),
        ({5, 3}, 5),
    ],
)
def test_the_exit_code_that_speaks_for_several(codes: set[int], code: int):
    assert exit_code({ExitCode(c) for c in codes}) == code


def test_an_input_error_names_file_row_and_field_and_ends_with_the_cure():
    error = InputError("the label is not known.", "Did you mean 'Femur'?", path="images[0]").located(
        "a.csv", 3
    )
    assert str(error) == "a.csv, row 3, images[0]: the label is not known. Did you mean 'Femur'?"
    assert error.code is ExitCode.REJECTED
    assert str(InputError("is odd.", path="images[0]")) == "images[0]: is odd."


def test_a_growing_file_keeps_what_came(tmp_path):
    path = tmp_path / "part"
    with growing(path) as stream:
        stream.write(b"one")
    with contextlib.suppress(KeyboardInterrupt), growing(path) as stream:
        stream.write(b" two")
        raise KeyboardInterrupt
    assert path.read_bytes() == b"one two"
