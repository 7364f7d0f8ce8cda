"""Who writes: every way through ``load_engine``, with the machine and the loading made up."""

from pathlib import Path

import pytest

from reportgen.engines import choose, load_engine, probe, store
from reportgen.engines.presets import Choice, Preset, presets
from reportgen.errors import EngineError, ExitCode, UsageError


class Machine:
    """A made-up machine: with everything, until a test takes something away."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.package: str | None = None
        self.cuda: str | None = None
        self.installed = {"medgemma-4b-it", "smollm2-135m"}
        self.free = 12.0
        self.opened: list[tuple[Choice, int | None]] = []
        monkeypatch.setattr(probe, "missing_package", lambda _precision: self.package)
        monkeypatch.setattr(probe, "no_cuda", lambda: self.cuda)
        monkeypatch.setattr(probe, "cuda_free_gb", lambda: self.free)
        monkeypatch.setattr(store, "find", self._find)
        monkeypatch.setattr(choose, "_open", lambda choice, size: self.opened.append((choice, size)))

    def _find(self, preset: Preset) -> Path | None:
        return preset.folder or (Path("/models") / preset.name if preset.name in self.installed else None)

    @property
    def choice(self) -> Choice:
        assert len(self.opened) == 1
        return self.opened[0][0]


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(monkeypatch)


def test_auto_takes_medgemma_in_8_bit_and_says_why(machine: Machine) -> None:
    load_engine()
    choice = machine.choice
    assert (choice.preset.name, choice.device, choice.precision) == ("medgemma-4b-it", "cuda", "int8")
    assert choice.why == "CUDA and its weights are here; int8, as less than 16 GB of GPU memory are free"


@pytest.mark.parametrize(("free", "precision"), [(24.0, "bf16"), (5.5, "nf4")])
def test_more_or_less_memory_is_another_precision_and_said(
    machine: Machine, free: float, precision: str
) -> None:
    machine.free = free
    load_engine()
    load_engine("medgemma-4b-it")
    assert [choice.precision for choice, _ in machine.opened] == [precision, precision]
    assert all(f"{precision}, as " in (choice.why or "") for choice, _ in machine.opened)


def test_a_precision_that_was_asked_for_is_taken(machine: Machine) -> None:
    machine.free = 80.0
    load_engine(precision="int8")
    load_engine("medgemma-4b-it", precision="int8")
    assert [choice.precision for choice, _ in machine.opened] == ["int8", "int8"]
    assert [choice.why for choice, _ in machine.opened] == ["CUDA and its weights are here", None]


def test_bitsandbytes_is_only_needed_where_weights_are_quantised(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        probe, "missing_package", lambda wanted: "bitsandbytes" if wanted in {"int8", "nf4"} else None
    )
    assert load_engine().info.why == "bitsandbytes is not installed"
    with pytest.raises(EngineError, match="bitsandbytes is not installed"):
        load_engine("medgemma-4b-it")
    machine.free = 24.0
    load_engine()
    load_engine("medgemma-4b-it")
    assert [choice.precision for choice, _ in machine.opened] == ["bf16", "bf16"]


def test_auto_takes_the_next_medgemma_that_is_here(machine: Machine) -> None:
    machine.installed = {"medgemma-1.5-4b-it"}
    load_engine()
    assert machine.choice.preset.name == "medgemma-1.5-4b-it"


def test_auto_never_takes_a_model_that_is_not_marked_for_it(machine: Machine) -> None:
    machine.installed = {"smollm2-135m", "medgemma-27b-text-it"}
    assert load_engine().info.engine == "template"
    assert not machine.opened


@pytest.mark.parametrize(
    ("lack", "why"),
    [
        ({"package": "bitsandbytes"}, "bitsandbytes is not installed"),
        ({"cuda": "no CUDA device was found"}, "no CUDA device was found"),
        (
            {"installed": set()},
            (
                "the weights of google/medgemma-4b-it are not on this machine; "
                "`reportgen model setup medgemma-4b-it` fetches them"
            ),
        ),
        ({"free": 3.4}, "MedGemma 4B at int8 needs about 7 GB of GPU memory and 3 GB are free"),
    ],
)
def test_auto_says_why_no_model_writes(machine: Machine, lack: dict[str, object], why: str) -> None:
    vars(machine).update(lack)
    info = load_engine().info
    assert (info.engine, info.why) == ("template", why)
    assert not machine.opened


def test_auto_on_the_cpu_takes_no_model_by_itself(machine: Machine) -> None:
    info = load_engine(device="cpu").info
    assert info.engine == "template"
    assert "CPU" in (info.why or "")


def test_auto_with_device_cuda_is_a_demand(machine: Machine) -> None:
    machine.cuda = "no CUDA device was found"
    with pytest.raises(EngineError, match="no CUDA device was found") as caught:
        load_engine(device="cuda")
    assert caught.value.code == ExitCode.ENGINE


def test_engine_transformers_never_becomes_the_deterministic_text(machine: Machine) -> None:
    load_engine(engine="transformers", device="cpu")
    assert (machine.choice.device, machine.choice.precision) == ("cpu", "bf16")
    machine.installed = set()
    with pytest.raises(EngineError, match="The weights of 'medgemma-4b-it' are not on this machine"):
        load_engine(engine="transformers")


@pytest.mark.parametrize(
    ("lack", "message"),
    [
        ({"package": "PyTorch"}, "PyTorch is not installed.*pip install"),
        ({"cuda": "no CUDA device was found"}, "cannot run on CUDA: no CUDA device was found.*--device cpu"),
        ({"installed": set()}, "are not on this machine.*`reportgen model setup medgemma-4b-it`"),
    ],
)
def test_a_named_model_that_cannot_run_is_an_error_with_a_cure(
    machine: Machine, lack: dict[str, object], message: str
) -> None:
    vars(machine).update(lack)
    with pytest.raises(EngineError, match=message) as caught:
        load_engine("medgemma-4b-it")
    assert caught.value.code == ExitCode.ENGINE
    assert not machine.opened


@pytest.mark.parametrize("name", list(presets()))
def test_any_model_runs_on_the_cpu_when_told_so(machine: Machine, name: str) -> None:
    machine.cuda = "no CUDA device was found"
    machine.installed = set(presets())
    load_engine(name, device="cpu")
    assert (machine.choice.device, machine.choice.precision) == ("cpu", presets()[name].precision["cpu"])


def test_a_small_model_takes_the_cpu_by_itself_but_not_when_cuda_was_named(machine: Machine) -> None:
    machine.cuda = "no CUDA device was found"
    load_engine("smollm2-135m")
    assert machine.choice.device == "cpu"
    with pytest.raises(EngineError, match="cannot run on CUDA"):
        load_engine("smollm2-135m", device="cuda")


def test_a_folder_is_loaded_from_where_it_is(machine: Machine, tmp_path: Path) -> None:
    load_engine(str(tmp_path), precision="nf4", batch_size=3)
    assert (machine.choice.folder, machine.choice.precision) == (tmp_path.resolve(), "nf4")
    assert machine.opened[0][1] == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"engine": "vllm"}, "--engine cannot be 'vllm'. It can be: transformers, openai, template"),
        ({"device": "mps"}, "--device cannot be 'mps'. It can be: auto, cuda, cpu"),
        ({"precision": "fp16"}, "--precision cannot be 'fp16'. It can be: int8, nf4, bf16, fp32"),
        ({"batch_size": 0}, "--batch-size is less than 1"),
        ({"engine": "template", "model": "smollm2-135m"}, "--model with --engine template"),
    ],
)
def test_wrong_arguments_are_wrong_usage(
    machine: Machine, arguments: dict[str, object], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        load_engine(**arguments)  # type: ignore[arg-type]


def test_without_a_driver_pytorch_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe.ctypes, "CDLL", lambda _name: (_ for _ in ()).throw(OSError()))
    monkeypatch.setitem(__import__("sys").modules, "torch", None)
    assert probe.no_cuda() == "no CUDA device was found"
