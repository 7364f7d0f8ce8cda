"""Presets are data: what models.yaml must hold, and what --model may be."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from reportgen.engines.presets import Preset, describe, presets
from reportgen.errors import EngineError


def test_the_presets_of_the_file_are_valid_and_licensed() -> None:
    known = presets()
    assert list(known) == ["medgemma-4b-it", "medgemma-1.5-4b-it", "medgemma-27b-text-it", "smollm2-135m"]
    for name, preset in known.items():
        assert preset.name == name
        assert preset.licence
        assert set(preset.precision) == {"cuda", "cpu"}
        assert set(preset.memory_gb) == {"int8", "nf4", "bf16", "fp32"}


def test_medgemma_is_8_bit_on_cuda_in_bfloat16() -> None:
    for name, preset in presets().items():
        if name.startswith("medgemma"):
            assert preset.precision["cuda"] == "int8"
            assert preset.dtype == "bfloat16"
            assert preset.meant_for == "cuda"


def test_float16_is_no_dtype_that_a_preset_can_have() -> None:
    with pytest.raises(ValidationError, match="dtype"):
        Preset(name="x", title="X", hub="a/b", dtype="float16")  # type: ignore[arg-type]


@pytest.mark.parametrize("sources", [{}, {"hub": "a/b", "folder": Path()}])
def test_a_preset_has_one_source(sources: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="exactly one of hub, wheel and folder"):
        Preset(name="x", title="X", **sources)  # type: ignore[arg-type]


def test_the_hub_id_of_a_preset_is_that_preset() -> None:
    assert describe("google/medgemma-4b-it") == presets()["medgemma-4b-it"]


def test_another_hub_id_gets_the_usual_settings() -> None:
    preset = describe("someone/some-model-it")
    assert (preset.title, preset.source) == ("some-model-it", "someone/some-model-it")
    assert preset.precision == {"cuda": "int8", "cpu": "bf16"}


def test_a_folder_is_named_without_its_path(tmp_path: Path) -> None:
    folder = tmp_path / "our-model"
    folder.mkdir()
    preset = describe(str(folder))
    assert (preset.title, preset.source, preset.folder) == ("our-model", "our-model", folder.resolve())


def test_a_preset_comes_before_a_folder_of_that_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "smollm2-135m").mkdir()
    monkeypatch.chdir(tmp_path)
    assert describe("smollm2-135m").wheel is not None
    assert describe("./smollm2-135m").folder == (tmp_path / "smollm2-135m").resolve()


def test_a_wrong_name_is_an_error_with_a_hint() -> None:
    with pytest.raises(EngineError, match="Did you mean 'medgemma-4b-it'"):
        describe("medgema-4b-it")
    with pytest.raises(EngineError, match="Known names: medgemma-4b-it"):
        describe("/nowhere/at/all")
