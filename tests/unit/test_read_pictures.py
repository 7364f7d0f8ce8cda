"""Pictures are found, checked, and never opened outside the folder that they must be in."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest

from cases import DOMAIN
from reportgen.errors import InputError
from reportgen.nouns import Found, Picture
from reportgen.read import InputFile, ReadOptions, read_file

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 20


def native(tmp_path: Path, options: ReadOptions | None = None, **image: Any) -> Found | InputError:
    record = {
        "case_id": "c",
        "classifier": {"name": "x"},
        "images": [{"image_id": "i", "predictions": [{"label": "Femur"}], **image}],
    }
    return result(tmp_path, record, options)


def foreign(tmp_path: Path, name: str, options: ReadOptions | None = None) -> Found | InputError:
    return result(tmp_path, {"predicted_class": "Femur", "confidence": 90, "image_path": name}, options)


def result(tmp_path: Path, record: Any, options: ReadOptions | None) -> Found | InputError:
    folder = tmp_path / "in"
    folder.mkdir(exist_ok=True)
    (folder / "a.json").write_text(json.dumps(record), "utf-8")
    (item,) = read_file(InputFile(folder / "a.json", "a.json"), DOMAIN, options or ReadOptions())
    return item


def picture(item: Found | InputError) -> Picture:
    assert isinstance(item, Found), item
    return item.source.pictures[0]


def put(path: Path, data: bytes = PNG) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path.resolve()


@pytest.mark.parametrize("file", ["p/x.png", "p\\x.png", "./p/../p/x.png"])
def test_a_picture_below_the_input(tmp_path: Path, file: str) -> None:
    target = put(tmp_path / "in" / "p" / "x.png")
    digest = hashlib.sha256(PNG).hexdigest()
    expected = Picture(image_id="i", path=target, sha256=digest)
    assert picture(native(tmp_path, file=file)) == expected
    assert picture(native(tmp_path, file=file, sha256=digest)) == expected


def test_a_folder_of_pictures(tmp_path: Path) -> None:
    put(tmp_path / "in" / "x.png", b"GIF89a")
    target = put(tmp_path / "pictures" / "x.png")
    options = ReadOptions(images=tmp_path / "pictures")
    assert picture(native(tmp_path, options, file="x.png")).path == target
    assert picture(foreign(tmp_path, "/data/x.png", options)).path == target


def test_a_missing_picture_is_a_placeholder_that_says_so(tmp_path: Path) -> None:
    assert picture(native(tmp_path, file="x.png")) == Picture(image_id="i", note="file not found")
    assert picture(native(tmp_path, file="x.png", sha256="0" * 64)).note == "file not found"
    assert picture(native(tmp_path)) == Picture(image_id="i", note="no file was named")
    assert picture(foreign(tmp_path, "x.png")).note == "file not found"


def test_what_is_no_picture(tmp_path: Path) -> None:
    put(tmp_path / "in" / "x.png", b"hello")
    (tmp_path / "in" / "folder.png").mkdir()
    put(tmp_path / "in" / "sound.png", b"RIFF0000WAVE")
    for name in ("x.png", "folder.png", "sound.png", "a.json"):
        assert picture(native(tmp_path, file=name)) == Picture(image_id="i", note="not an image file")


def test_a_picture_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "in" / "x.png")

    def refuse(path: Path) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("reportgen.read.pictures.sha256_file", refuse)
    assert picture(native(tmp_path, file="x.png")).note == "file cannot be read"


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege on Windows")
def test_a_link_that_leads_out_is_refused(tmp_path: Path) -> None:
    put(tmp_path / "secret.png")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "x.png").symlink_to(tmp_path / "secret.png")
    (tmp_path / "in" / "up").symlink_to(tmp_path, target_is_directory=True)
    for file in ("x.png", "up/secret.png"):
        error = native(tmp_path, file=file)
        assert isinstance(error, InputError)
        assert error.path == "images[0].file"
    assert picture(foreign(tmp_path, "x.png")).note == "file is outside the folder of the pictures"


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege on Windows")
def test_a_link_that_stays_inside_and_a_loop(tmp_path: Path) -> None:
    put(tmp_path / "in" / "real.png")
    (tmp_path / "in" / "x.png").symlink_to("real.png")
    (tmp_path / "in" / "loop.png").symlink_to("loop.png")
    assert picture(native(tmp_path, file="x.png")).path == (tmp_path / "in" / "real.png").resolve()
    assert picture(native(tmp_path, file="loop.png")).note == "file cannot be read"


OUTSIDE = ["/etc/passwd", "\\\\srv\\a.png", "//srv/a.png", "C:/a.png", "c:a.png", "file:///etc/passwd"]
OUTSIDE += ["https://example.org/a.png", "../x.png", "p/../../x.png", "..\\x.png", ".", "x.png:stream"]


@pytest.mark.parametrize("file", OUTSIDE)
def test_nothing_else_is_opened(tmp_path: Path, file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "x.png")
    looked: list[Path] = []
    monkeypatch.setattr("reportgen.read.pictures._look", lambda _, target: looked.append(target))
    error = native(tmp_path, file=file)
    assert isinstance(error, InputError)
    assert error.path == "images[0].file"
    assert looked == []


@pytest.mark.parametrize(
    "name", ["/data/scans/x.png", "C:\\scans\\x.png", "../../x.png", "x.png", "\\\\srv\\s\\x.png"]
)
def test_foreign_shapes_try_the_base_name_only(tmp_path: Path, name: str) -> None:
    put(tmp_path / "x.png", b"GIF89a")
    target = put(tmp_path / "in" / "x.png")
    assert picture(foreign(tmp_path, name)).path == target


@pytest.mark.parametrize("name", ["/data/..", "a:b.png", ".."])
def test_foreign_names_that_lead_elsewhere_are_not_opened(tmp_path: Path, name: str) -> None:
    assert picture(foreign(tmp_path, name)).note == "file is outside the folder of the pictures"


def test_pictures_of_fetal_planes_db_lie_in_a_folder_of_their_own(tmp_path: Path) -> None:
    target = put(tmp_path / "in" / "Images" / "P1.png")
    table = "Image_name;Patient_num;Plane;Brain_plane\nP1;1;Fetal femur;Not A Brain\n"
    (tmp_path / "in" / "t.csv").write_text(table, "utf-8")
    (item,) = read_file(InputFile(tmp_path / "in" / "t.csv", "t.csv"), DOMAIN, ReadOptions())
    assert picture(item).path == target
