"""Files, folders, patterns and standard input: found lazily, in a stable order, each once."""

import itertools
import os
from pathlib import Path

import pytest

from reportgen.errors import UsageError
from reportgen.read import InputFile, discover


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in (
        "b.json",
        "a.csv",
        "c.JSONL",
        "notes.txt",
        "sub/d.json",
        "sub/picture.png",
        "sub/deep/e.json",
        ".hidden/f.json",
        ".g.json",
        "out/ledger.sqlite",
        "out/case/report.json",
    ):
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}", "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "in"


def names(*inputs: str, skip: Path | None = None) -> list[str]:
    return [file.name for file in discover(inputs, skip)]


def test_a_folder(tree: Path) -> None:
    found = discover([str(tree)], tree / "out")
    assert [file.name for file in found] == ["a.csv", "b.json", "c.JSONL", "sub/d.json", "sub/deep/e.json"]
    assert found.ignored == 2


def test_an_output_folder_that_was_not_named_is_searched(tree: Path) -> None:
    assert "out/case/report.json" in names(str(tree))


def test_a_file_may_have_any_name(tree: Path) -> None:
    (file,) = discover([str(tree / "notes.txt")])
    assert file == InputFile(tree / "notes.txt", "notes.txt", "in")


def test_patterns_are_expanded_here_because_cmd_does_not(tree: Path) -> None:
    assert names("in/*.json") == ["b.json"]
    assert names("in/**/*.json", skip=tree / "out") == [
        "b.json",
        "out/case/report.json",
        "sub/d.json",
        "sub/deep/e.json",
    ]
    found = discover(["in/s*"])
    assert [file.name for file in found] == ["sub/d.json", "sub/deep/e.json"]
    assert found.ignored == 1
    found = discover(["in/[a-z]*"], tree / "out")
    assert [file.name for file in found] == [
        "a.csv", "b.json", "c.JSONL", "sub/d.json", "sub/deep/e.json"
    ]  # fmt: skip


def test_a_file_whose_name_looks_like_a_pattern(tree: Path) -> None:
    (tree / "x[1].json").write_text("{}", "utf-8")
    assert names(str(tree / "x[1].json")) == ["x[1].json"]


def test_what_is_named_twice_is_read_once(tree: Path) -> None:
    assert names("in/b.json", "in/b.json", "in/sub", "in/sub/d.json", "-", "-") == [
        "b.json",
        "d.json",
        "deep/e.json",
        "-",
    ]
    assert names("in/b.json", "in", skip=tree / "out") == [
        "b.json",
        "a.csv",
        "c.JSONL",
        "sub/d.json",
        "sub/deep/e.json",
    ]
    assert names("in/sub", "in/sub") == ["d.json", "deep/e.json"]


def test_standard_input(tree: Path) -> None:
    assert list(discover(["-"])) == [InputFile(None, "-")]


@pytest.mark.parametrize("given", ["nothing.json", "in/*.dcm", ""])
def test_what_does_not_exist_is_left_to_the_reader(tree: Path, given: str) -> None:
    (tree / "empty").mkdir()
    found = list(discover([given, "in/b.json", given]))
    assert [file.name for file in found] == ["b.json", given or "."]
    for alone in ([given], [given, str(tree / "empty")]):
        with pytest.raises(UsageError, match="no such file or folder"):
            discover(alone)


def test_nothing_to_do_is_wrong_usage(tree: Path) -> None:
    (tree / "empty").mkdir()
    with pytest.raises(UsageError, match="Nothing to do"):
        discover([str(tree / "empty")])
    (tree / "empty" / "a.png").write_bytes(b"")
    with pytest.raises(UsageError, match="1 other files were passed over"):
        discover([str(tree / "empty")])


def test_a_folder_called_like_a_file_is_left_to_the_reader(tree: Path) -> None:
    (tree / "sub" / "z.json").mkdir()
    assert names(str(tree / "sub")) == ["d.json", "z.json", "deep/e.json"]


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege on Windows")
def test_links_to_folders_are_not_followed(tree: Path) -> None:
    (tree / "sub" / "up").symlink_to(tree, target_is_directory=True)
    assert names(str(tree / "sub")) == ["d.json", "deep/e.json"]


@pytest.mark.skipif(os.name == "nt", reason="such names cannot exist on Windows")
def test_names_are_printable(tree: Path) -> None:
    for name in (b"x\x1b[31m.json", b"x\xff.json", b"x\n.json"):
        (Path(os.fsdecode(bytes(tree / "sub") + b"/" + name))).write_text("{}", "utf-8")
    found = [name for name in names(str(tree / "sub")) if name.startswith("x")]
    assert len(set(found)) == 3
    assert all(name.isprintable() and name.encode() for name in found)
    assert any(name.startswith("x\\xff.json~") for name in found)


def test_a_folder_that_cannot_be_listed_is_left_to_the_reader(tree: Path, monkeypatch) -> None:
    real = os.scandir

    def scandir(path):
        if Path(path).name == "deep":
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert names(str(tree / "sub")) == ["d.json", "deep"]


def test_files_are_found_while_they_are_asked_for(tree: Path, monkeypatch) -> None:
    listed = []
    real = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: listed.append(Path(path).name) or real(path))
    found = discover([str(tree)])
    assert len(list(itertools.islice(found, 3))) == 3
    assert listed == ["in"]
