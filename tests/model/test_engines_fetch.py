"""``model setup`` for a gated repository, from a hub on this machine: real requests, and all that fails."""

import errno
import json
import os
import shutil
import subprocess
import sys
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import constants, file_download
from huggingface_hub.utils import WeakFileLock

from reportgen.cli import main
from reportgen.engines import fetch, setup_model, store
from reportgen.engines.hf_load import load
from reportgen.engines.presets import Choice, presets
from reportgen.errors import EngineError, ExitCode, UsageError
from reportgen.resources import cache_dir
from serving_hub import REPO, ServingHub, serving

pytestmark = pytest.mark.model

NAME, WEIGHTS = "medgemma-4b-it", "model.safetensors"
NEVER = ("README.md", "pytorch_model.bin", ".gitattributes", "modeling.py")
PRESET = presets()[NAME]


@pytest.fixture
def hub(tiny_gemma: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ServingHub]:
    """A hub with the tiny Gemma in it, and with things that nobody wants; a login; an empty cache."""
    repository = shutil.copytree(tiny_gemma, tmp_path / "repository")
    for name in NEVER:
        (repository / name).write_bytes(b"not wanted")
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 10_000)
    monkeypatch.setattr(file_download.time, "sleep", lambda _: None)
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    with serving(repository) as served:
        monkeypatch.setenv("HF_ENDPOINT", served.place)
        yield served


@pytest.fixture
def said() -> list[str]:
    return []


def parts(tmp_path: Path) -> list[Path]:
    """What is still coming."""
    return sorted((tmp_path / "hf").rglob("*.incomplete"))


def test_a_licence_that_lies_beside_the_weights_comes_along(
    hub: ServingHub, tmp_path: Path, said: list[str]
) -> None:
    (hub.folder / "LICENSE.md").write_text("terms")
    folder = setup_model(NAME, folder=tmp_path / "there", say=said.append)
    assert (folder / "LICENSE.md").read_text() == "terms"


def test_only_safetensors_and_texts_of_one_commit_are_fetched(
    hub: ServingHub, tiny_gemma: Path, tmp_path: Path, said: list[str]
) -> None:
    folder = setup_model(NAME, say=said.append)
    assert folder == tmp_path / "hf/hub/models--google--medgemma-4b-it/snapshots" / ("a" * 40)
    wanted = {path.name for path in tiny_gemma.iterdir()}
    assert {path.name for path in folder.iterdir()} == wanted
    assert all((folder / name).read_bytes() == (tiny_gemma / name).read_bytes() for name in wanted)
    assert not set(hub.fetched) & set(NEVER)
    assert parts(tmp_path) == []
    assert "Health AI Developer Foundations" in said[0]
    assert "the size and the hash that the Hub states" in said[-2]
    assert set(hub.store_tokens) == {None}, "the login went to another host"


def test_what_was_fetched_is_what_loads_from_then_on(hub: ServingHub, tmp_path: Path) -> None:
    folder = setup_model(NAME)
    home = folder.parents[1]
    assert (home / "refs/main").read_text() == "a" * 40
    # Another program fetches a newer commit: it is not taken.
    shutil.copytree(folder, home / "snapshots" / ("c" * 40))
    (home / "refs/main").write_text("c" * 40)
    assert store.find(PRESET) == folder
    assert load(Choice(PRESET, folder, "cpu", "fp32")).info.revision == "a" * 40
    shutil.rmtree(folder)
    assert store.find(PRESET) is None


def test_a_revision_is_pinned_by_name(hub: ServingHub) -> None:
    newest = setup_model(NAME)
    pinned = setup_model(NAME, revision="v1")
    assert (newest.name, pinned.name) == ("a" * 40, "b" * 40)
    assert store.find(PRESET) == pinned
    # The same content lies there once.
    assert hub.fetched.count(WEIGHTS) == 1
    with pytest.raises(EngineError, match="has no revision 'v2'"):
        setup_model(NAME, revision="v2")


def test_without_a_login_it_says_step_by_step_what_to_do(hub: ServingHub, said: list[str]) -> None:
    hub.answer = "not logged in"
    os.environ.pop("HF_TOKEN")
    with pytest.raises(EngineError, match="Not logged in") as refused:
        setup_model(NAME, say=said.append)
    steps = refused.value.cure.splitlines()
    assert f"1. Open https://huggingface.co/{REPO}" in steps[1]
    assert "2. Make a token of type Read on https://huggingface.co/settings/tokens" in steps[2]
    assert "3. Type `hf auth login` here and paste it; or set HF_TOKEN" in steps[3]
    assert f"4. Then type `reportgen model setup {NAME}` again" in steps[4]
    assert hub.fetched == []


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (
            "licence",
            f"licence of {REPO} is not accepted.*1. Open https://huggingface.co/{REPO}.*2. Then type",
        ),
        ("pending", "its owner has not yet agreed"),
        ("fine-grained", "may not read gated repositories"),
        ("invalid token", "The token of HF_TOKEN is not accepted"),
        ("down", "cannot answer now"),
    ],
)
def test_each_refusal_of_the_hub_is_told_apart(hub: ServingHub, answer: str, told: str) -> None:
    hub.answer = answer
    with pytest.raises(EngineError, match=f"(?s){told}"):
        setup_model(NAME)
    assert hub.fetched == []
    assert store.find(PRESET) is None


def test_a_broken_download_is_taken_up_where_it_stopped(
    hub: ServingHub, tmp_path: Path, said: list[str]
) -> None:
    size = (hub.folder / WEIGHTS).stat().st_size
    hub.cut = (WEIGHTS, size // 2)
    with pytest.raises(EngineError, match=rf"connection was lost at .* MB of {WEIGHTS}.*where it stopped"):
        setup_model(NAME)
    (part,) = parts(tmp_path)
    held = part.stat().st_size
    assert 0 < held <= size // 2
    assert store.find(PRESET) is None
    hub.cut, hub.gone, hub.ranges = None, False, []
    setup_model(NAME, say=said.append)
    assert hub.ranges[-1] == f"bytes={held}-"
    assert any(f"{WEIGHTS}:" in line and "MB on" in line for line in said)
    assert store.find(PRESET)


def test_a_process_that_was_killed_is_taken_up_too(hub: ServingHub, tmp_path: Path) -> None:
    hub.cut, hub.stalls = (WEIGHTS, 60_000), True
    code = (
        "from huggingface_hub import constants; constants.DOWNLOAD_CHUNK_SIZE = 10_000; "
        f"from reportgen.cli import main; main(['model', 'setup', '{NAME}'])"
    )
    with subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL) as process:
        assert hub.stalled.wait(60)
        while not any(path.stat().st_size for path in parts(tmp_path)):
            assert process.poll() is None
        process.kill()
    held = parts(tmp_path)[0].stat().st_size
    hub.cut, hub.ranges = None, []
    hub.over.set()
    assert store.find(PRESET) is None
    setup_model(NAME)
    assert hub.ranges[-1] == f"bytes={held}-"


def test_a_file_that_came_damaged_is_fetched_again(hub: ServingHub, said: list[str]) -> None:
    hub.damaged = 1
    folder = setup_model(NAME, say=said.append)
    assert (folder / WEIGHTS).read_bytes() == (hub.folder / WEIGHTS).read_bytes()
    assert any("SHA-256" in line and "came damaged" in line for line in said)


def test_a_file_that_comes_damaged_again_is_refused_by_name(hub: ServingHub, tmp_path: Path) -> None:
    hub.damaged = 9
    with pytest.raises(EngineError, match=rf"{REPO} came damaged twice: it has not the SHA-256"):
        setup_model(NAME)
    assert parts(tmp_path) == []
    assert store.find(PRESET) is None


def test_a_file_that_was_damaged_here_is_seen_and_mended(hub: ServingHub, said: list[str]) -> None:
    folder = setup_model(NAME)
    path = (folder / "config.json").resolve()
    path.write_bytes(path.read_bytes().replace(b"2", b"3"))
    hub.fetched.clear()
    setup_model(NAME, say=said.append)
    assert hub.fetched == ["config.json"]
    assert said[1].startswith("config.json has not the git hash")
    hub.fetched.clear()
    setup_model(NAME, say=said.append)
    assert hub.fetched == []
    assert "is here already" in said[-1]


def test_too_little_room_is_said_before_anything_is_fetched(
    hub: ServingHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = namedtuple("disk", "total used free")(0, 0, 1_000)
    monkeypatch.setattr(fetch.shutil, "disk_usage", lambda _: disk)
    with pytest.raises(EngineError, match=r"needs 0\.0 GB more, and 0\.0 GB are free.*--folder"):
        setup_model(NAME)
    assert hub.fetched == []


def test_a_disk_that_fills_up_is_named(hub: ServingHub, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(fetch, "http_get", full)
    with pytest.raises(EngineError, match=r"could not be written .*No space left on device.*Free some space"):
        setup_model(NAME)


def test_a_place_that_cannot_be_written_is_named(hub: ServingHub, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EngineError, match=r"could not be written to .*Not a directory"):
        setup_model(NAME, folder=tmp_path / "file" / "below")


def test_two_at_a_time_do_not_write_one_file(hub: ServingHub, tmp_path: Path) -> None:
    blobs = tmp_path / "hf/hub/models--google--medgemma-4b-it/blobs"
    blobs.mkdir(parents=True)
    with WeakFileLock(blobs / ".reportgen.lock"), pytest.raises(EngineError, match="Another process"):
        setup_model(NAME)
    setup_model(NAME)


def test_names_that_lead_elsewhere_are_left_out(hub: ServingHub, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = hub.files()
    strange = [
        {"rfilename": name, "size": 2, "blobId": "0" * 40} for name in ("../evil.json", "x/config.json")
    ]
    monkeypatch.setattr(hub, "files", lambda: listed + strange)
    setup_model(NAME)
    assert not [name for name in hub.fetched if "/" in name]


def test_a_hub_that_is_not_there_is_named(hub: ServingHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(EngineError, match=r"127\.0\.0\.1 cannot be reached"):
        setup_model(NAME)


def test_offline_mode_is_named(hub: ServingHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(EngineError, match="HF_HUB_OFFLINE is set"):
        setup_model(NAME)


def test_a_repository_without_safetensors_is_refused(hub: ServingHub) -> None:
    (hub.folder / WEIGHTS).rename(hub.folder / "weights.bin")
    with pytest.raises(EngineError, match="no weights in the safetensors format"):
        setup_model(NAME)


def test_a_folder_of_ones_own_is_filled_and_found(hub: ServingHub, tmp_path: Path) -> None:
    chosen = tmp_path / "models" / "medgemma"
    hub.cut = (WEIGHTS, 50_000)
    with pytest.raises(EngineError, match="goes on where it stopped"):
        setup_model(NAME, folder=chosen)
    hub.cut, hub.gone = None, False
    assert setup_model(NAME, folder=chosen) == chosen
    assert not any(path.is_symlink() or path.is_dir() for path in chosen.iterdir())
    assert not (tmp_path / "hf").exists()
    assert store.find(PRESET) == chosen
    assert store.revision(chosen) == "a" * 40
    copied = shutil.copytree(chosen, tmp_path / "another machine")
    assert store.revision(copied) == "a" * 40
    (record,) = (cache_dir() / "models" / "fetched").iterdir()
    assert json.loads(record.read_text())["revision"] == "a" * 40


def test_a_folder_with_something_else_in_it_is_left_alone(hub: ServingHub, tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "config.json").write_text("{}")
    with pytest.raises(UsageError, match="is not empty"):
        setup_model(NAME, folder=tmp_path / "thesis")
    with pytest.raises(UsageError, match="is a file"):
        setup_model(NAME, folder=tmp_path / "thesis" / "config.json")


def test_where_links_cannot_be_made_the_files_themselves_lie_there(
    hub: ServingHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError("a required privilege is not held by the client")

    monkeypatch.setattr(Path, "symlink_to", refused)
    folder = setup_model(NAME)
    assert (folder / WEIGHTS).is_file()
    assert list((folder.parents[1] / "blobs").glob("[0-9a-f]*")) == []


def test_the_command_says_what_it_does_and_prints_the_folder(
    hub: ServingHub, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["model", "setup", NAME]) == ExitCode.DONE
    out, err = capsys.readouterr()
    assert out == f"{store.find(PRESET)}\n"
    assert f"Revision {'a' * 40}" in err
    assert "model.safetensors: " in err
    hub.answer = "licence"
    assert main(["model", "setup", NAME, "--revision", "v1"]) == ExitCode.ENGINE
    assert "hf_secret" not in capsys.readouterr().err


def test_the_status_says_what_is_here_and_what_the_hub_says(
    hub: ServingHub, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = setup_model(NAME)
    hub.answer = "licence"
    assert main(["model", "status", "--json"]) == ExitCode.DONE
    found = {one["name"]: one for one in json.loads(capsys.readouterr().out)}
    assert found[NAME]["revision"] == "a" * 40
    assert found[NAME]["bytes"] == sum(path.stat().st_size for path in folder.iterdir())
    assert found[NAME]["access"]["state"] == "licence"
    assert main(["model", "status"]) == ExitCode.DONE
    assert f"here    revision {'a' * 40}" in capsys.readouterr().out
