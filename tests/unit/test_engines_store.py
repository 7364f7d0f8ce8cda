"""Where weights lie, whether they are whole, and what their hash is."""

import json
import os
import shutil
from pathlib import Path

import pytest

from reportgen.engines import store
from reportgen.engines.presets import describe, presets
from reportgen.resources import cache_dir


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with everything a model has, in name."""
    for name in ("config.json", "tokenizer_config.json", "tokenizer.json"):
        (tmp_path / name).write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    return tmp_path


def test_a_whole_folder_has_no_fault(folder: Path) -> None:
    assert store.fault(folder) is None


@pytest.mark.parametrize("name", ["config.json", "tokenizer_config.json"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert store.fault(folder) == f"it holds no {name}"


def test_pickled_weights_are_no_weights(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    assert "not in the safetensors format" in str(store.fault(folder))


def test_a_folder_without_weights_says_so(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    assert store.fault(folder) == "it holds no safetensors weights"


def test_a_missing_shard_is_named(folder: Path) -> None:
    index = {"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    (folder / "model.safetensors").rename(folder / "model-1.safetensors")
    assert "model-2.safetensors is missing" in str(store.fault(folder))


def test_the_hash_is_of_the_content_and_remembered(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = store.weights_sha256(folder)
    with monkeypatch.context() as patch:
        patch.setattr(store, "sha256_file", lambda _path: pytest.fail("hashed again"))
        assert store.weights_sha256(folder) == first
    (folder / "model.safetensors").write_bytes(b"weightz")
    os.utime(folder / "model.safetensors", ns=(1, 1))
    assert store.weights_sha256(folder) != first


def test_hashes_of_files_that_are_gone_are_forgotten(folder: Path) -> None:
    store.weights_sha256(folder)
    other = folder / "other"
    other.mkdir()
    (folder / "model.safetensors").rename(other / "model.safetensors")
    store.weights_sha256(other)
    (remembered,) = json.loads((cache_dir() / "weights.json").read_text())
    assert remembered.startswith(str(other))


def test_a_damaged_memory_of_hashes_is_made_again(folder: Path) -> None:
    first = store.weights_sha256(folder)
    (cache_dir() / "weights.json").write_text("{")
    assert store.weights_sha256(folder) == first


def test_the_chat_template_counts_and_the_marker_does_not(folder: Path) -> None:
    first = store.texts_sha256(folder)
    (folder / store.MARKER).write_text("{}")
    assert store.texts_sha256(folder) == first
    (folder / "chat_template.jinja").write_text("{{ messages }}")
    assert store.texts_sha256(folder) != first


def test_a_converted_model_counts_only_with_its_marker() -> None:
    preset = presets()["smollm2-135m"]
    assert preset.wheel
    folder = store.models_dir() / preset.name
    folder.mkdir(parents=True)
    assert store.find(preset) is None
    (folder / store.MARKER).write_text(json.dumps({"sha256": "0" * 64}))
    assert store.find(preset) is None
    (folder / store.MARKER).write_text(json.dumps({"sha256": preset.wheel.sha256}))
    assert store.find(preset) == folder


def snapshot(folder: Path, home: Path, commit: str) -> Path:
    """The model of ``folder`` as a commit in the cache of the Hub's library."""
    place = home / "hub" / "models--google--medgemma-4b-it" / "snapshots" / commit
    return Path(shutil.copytree(folder, place))


def test_the_hubs_cache_is_read_without_its_library(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, preset = tmp_path_factory.mktemp("hf"), presets()["medgemma-4b-it"]
    monkeypatch.setenv("HF_HOME", str(home))
    assert store.find(preset) is None
    here = snapshot(folder, home, "a" * 40)
    assert store.find(preset) is None, "nothing says which commit the main branch is"
    refs = here.parents[1] / "refs"
    refs.mkdir()
    (refs / "main").write_text("a" * 40)
    assert store.find(preset) == here
    (here / "model.safetensors").unlink()
    assert store.find(preset) is None


def test_the_recorded_revision_is_found_and_no_other(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, preset = tmp_path_factory.mktemp("hf"), presets()["medgemma-4b-it"]
    monkeypatch.setenv("HF_HOME", str(home))
    old, new = (snapshot(folder, home, letter * 40) for letter in "ab")
    store.keep_record(preset, old, {"revision": "a" * 40})
    assert store.find(preset) == old
    shutil.rmtree(old)
    assert store.find(preset) is None
    # A later version of this program pins another commit: what was fetched for the old one is not it ...
    pinned = preset.model_copy(update={"revision": "b" * 40})
    assert store.find(pinned) == new
    # ... unless a person asked for it by name.
    store.keep_record(preset, snapshot(folder, home, "a" * 40), {"revision": "a" * 40}, asked="v1")
    assert store.find(pinned) == old


def test_a_given_folder_is_found_where_it_is(tmp_path: Path) -> None:
    assert store.find(describe(str(tmp_path))) == tmp_path.resolve()


def test_the_commit_is_the_name_of_the_snapshot() -> None:
    assert store.revision(Path("hub/models--a--b/snapshots/0123abcd")) == "0123abcd"
    assert store.revision(Path("/data/models/ours")) is None


def test_the_cache_is_where_the_user_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert cache_dir() == Path(os.environ["REPORTGEN_CACHE_DIR"])
    monkeypatch.setenv("REPORTGEN_CACHE_DIR", "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("sys.platform", "linux")
    assert cache_dir() == tmp_path / "reportgen"
    monkeypatch.setattr("sys.platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "Local"))
    assert cache_dir() == tmp_path / "Local" / "reportgen" / "cache"
    monkeypatch.setattr("sys.platform", "darwin")
    assert cache_dir() == Path.home() / "Library" / "Caches" / "reportgen"
