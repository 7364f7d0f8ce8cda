"""What ``reportgen doctor`` says of each thing that can be wrong, in this process."""

import json
import os
import shutil
import sys
import tomllib
from collections import namedtuple
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from doctors import driver, gpus, torch_package
from reportgen import resources
from reportgen.cli import main
from reportgen.desk.doctor import Finding, Meant, deep, doctor, lines, machine, model, packages, site
from reportgen.desk.doctor import verdict as comes_to
from reportgen.desk.doctor.finding import short
from reportgen.desk.doctor.plan import Plan
from reportgen.engines import child, nvidia, store
from reportgen.errors import DomainError, ExitCode
from reportgen.font_files import FONTS_VARIABLE

ROOT = Path(__file__).parents[2]
NAMED = Meant(model="medgemma-4b-it")
Usage = namedtuple("Usage", "total used free")


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.delenv(FONTS_VARIABLE, raising=False)


def found(meant: Meant | None = None) -> dict[str, Finding]:
    return {one.name: one for one in doctor(meant)}


def by_command(capsys, *arguments: str) -> tuple[int, dict[str, dict[str, str]]]:
    code = main(["doctor", "--json", *arguments])
    return code, {one["name"]: one for one in json.loads(capsys.readouterr().out)["findings"]}


def test_every_requirement_of_ours_is_understood():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    core = packages.wanted(project["dependencies"])
    assert ("click", "8.1.7") in {(one.name, one.least) for one in core}
    assert ("tzdata" in {one.name for one in core}) == (sys.platform == "win32")
    for lines_ in project["optional-dependencies"].values():
        packages.wanted(lines_)
    assert packages.wanted(['torch>=2.6; extra == "medgemma"']) == [
        packages.Wanted("torch", "2.6", "medgemma")
    ]
    with pytest.raises(ValueError, match="not understood"):
        packages.wanted(["torch~=2.6"])


@pytest.mark.parametrize(
    ("name", "has", "meant", "told"),
    [
        ("reportlab", None, None, ("fail", "is not installed")),
        ("click", "7.0", None, ("fail", "7.0 is here, and 8.1.7 or newer is needed")),
        ("pikepdf", "", None, ("fail", "is damaged")),
        ("transformers", "4.57.1", None, ("warn", "5.23 or newer")),
        ("transformers", "4.57.1", NAMED, ("fail", "5.23 or newer")),
        ("bitsandbytes", None, NAMED, ("fail", "is not installed")),
        ("bitsandbytes", None, Meant(model="smollm2-135m"), ("warn", "can be run without it")),
        ("gguf", None, NAMED, ("warn", "can be run without it")),
        ("openai", None, Meant(engine="openai"), ("warn", "is not installed")),
        ("ray", None, Meant(model="medgemma-4b-it", cluster="ray"), ("fail", "is not installed")),
    ],
)
def test_a_package_that_is_not_right_is_told(monkeypatch, name, has, meant, told):
    def version(asked):
        if asked != name:
            return real(asked)
        if has is None:
            raise PackageNotFoundError(name)
        return has

    real = packages.version
    monkeypatch.setattr(packages, "version", version)
    one = found(meant)[name]
    assert (one.state, told[1] in one.said) == (told[0], True)
    assert "pip install" in one.cure


@pytest.mark.parametrize(
    ("system", "machine_", "words"),
    [
        ("win32", "AMD64", f"For an NVIDIA card type first: {nvidia.CUDA_TORCH}. Then: pip install"),
        ("darwin", "x86_64", "no builds for Intel Macs"),
        ("darwin", "arm64", 'Type: pip install "reportgen[medgemma]"'),
        ("linux", "x86_64", 'Type: pip install "reportgen[medgemma]"'),
    ],
)
def test_how_pytorch_is_installed_differs_by_system(monkeypatch, system, machine_, words):
    monkeypatch.setattr(packages.sys, "platform", system)
    monkeypatch.setattr(packages.platform, "machine", lambda: machine_)
    monkeypatch.setattr(packages, "installed", lambda _: None)
    assert words in packages._install("medgemma")


@pytest.mark.parametrize(
    ("home", "path", "said"),
    [
        ("/home/alice", "/home/alice/cache", "~/cache"),
        ("/home/alice", "/home/alice", "~"),
        ("/home/alice", "cannot open /home/alice/x.so: no such file", "cannot open ~/x.so: no such file"),
        ("/home/alice", "/home/alicia/cache", "/home/alicia/cache"),
        ("/", "/var/cache", "/var/cache"),
    ],
)
@pytest.mark.skipif(sys.platform == "win32", reason="paths of POSIX")
def test_a_path_does_not_tell_who_is_at_home_there(monkeypatch, home, path, said):
    monkeypatch.setenv("HOME", home)
    assert short(path) == said


def test_a_folder_that_is_not_installed_is_told(monkeypatch):
    def nobody(_):
        raise PackageNotFoundError("reportgen")

    monkeypatch.setattr(packages, "requires", nobody)
    assert found()["packages"].cure == "Type: pip install ."


def test_the_command_for_cuda_is_the_one_that_the_readme_and_the_constraints_have():
    pinned = next(
        line for line in (ROOT / "constraints.txt").read_text().splitlines() if line.startswith("torch==")
    )
    assert f"{pinned.split()[0]}+cu130 " in nvidia.CUDA_TORCH
    assert nvidia.CUDA_TORCH.replace("+cu130", "") in (ROOT / "README.md").read_text("utf-8")


def test_a_python_of_32_bits_is_told(monkeypatch):
    monkeypatch.setattr(machine.struct, "calcsize", lambda _: 4)
    assert (found()["Python"].state, found()["Python"].blocks) == ("warn", "model")
    assert found(NAMED)["Python"].state == "fail"


def test_a_python_that_was_not_asked_for_is_told(monkeypatch):
    monkeypatch.setattr(machine, "metadata", lambda _: {"Requires-Python": "<3.11,>=3.9"})
    assert found()["Python"].state == "warn"
    assert machine._suits((3, 11), "<3.14,>=3.11")
    assert not machine._suits((3, 14), "<3.14,>=3.11")
    assert not machine._suits((3, 10), "<3.14,>=3.11")


@pytest.mark.parametrize(
    ("system", "words"), [("win32", '$env:PYTHONUTF8 = "1"'), ("linux", "export PYTHONUTF8=1")]
)
def test_a_console_without_unicode_has_the_cure_of_its_system(monkeypatch, system, words):
    monkeypatch.delenv("PYTHONIOENCODING", raising=False)
    monkeypatch.setattr(machine.sys, "platform", system)
    assert words in machine.console("cp850").cure
    assert machine.console("utf-8").state == "ok"
    assert machine.console(None).state == "warn"


def test_a_cache_that_cannot_be_written_is_told(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("REPORTGEN_CACHE_DIR", str(tmp_path / "file" / "cache"))
    one = found()["cache folder"]
    assert (one.state, "REPORTGEN_CACHE_DIR" in one.cure) == ("warn", True)


def test_weights_that_cannot_be_written_hinder_the_model(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "file" / "hub"))
    assert found(NAMED)["weights folder"].state == "fail"
    assert found()["weights folder"].state == "warn"


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="nobody can write there, not even root")
def test_a_working_folder_that_cannot_be_written_is_told(monkeypatch):
    monkeypatch.chdir("/proc")
    assert found()["working folder"].state == "warn"


def test_a_folder_that_may_not_be_looked_into_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr(machine.tempfile, "TemporaryFile", _refuse)
    monkeypatch.setattr(machine.tempfile, "TemporaryDirectory", _refuse)
    told = found()
    assert "Permission denied" in told["cache folder"].said
    assert "Permission denied" in told["working folder"].said


def _refuse(**_):
    raise PermissionError(13, "Permission denied")


def test_no_symlinks_as_on_windows_without_developer_mode(monkeypatch):
    def privilege(*_, **__):
        raise OSError(22, "A required privilege is not held by the client")  # WinError 1314

    monkeypatch.setattr(Path, "symlink_to", privilege)
    one = found()["symlinks"]
    assert (one.state, "Developer Mode" in one.cure) == ("warn", True)
    assert "symlinks" not in found(Meant(engine="template"))


@pytest.mark.parametrize(
    ("free", "meant", "cache", "reports"),
    [
        (8e9, None, "warn", "ok"),
        (8e9, NAMED, "fail", "ok"),
        (20e9, NAMED, "ok", "ok"),
        (5e8, None, "warn", "warn"),
    ],
)
def test_a_full_disk_is_told_against_the_size_of_the_weights(monkeypatch, free, meant, cache, reports):
    monkeypatch.setattr(model.shutil, "disk_usage", lambda _: Usage(1e12, 1e12 - free, free))
    told = found(meant)
    assert (told["disk, cache"].state, told["disk, reports"].state) == (cache, reports)
    if cache != "ok":
        assert "take up to 11 GB" in told["disk, cache"].said
        assert "HF_HUB_CACHE" in told["disk, cache"].cure


def test_a_drive_that_does_not_answer_is_told(monkeypatch):
    def gone(_):
        raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr(model.shutil, "disk_usage", gone)
    assert found()["disk, cache"].state == "warn"


def test_a_model_that_nobody_knows_is_told():
    one = found(Meant(model="medgema-4b-it"))["model"]
    assert (one.state, one.cure) == ("fail", "Did you mean 'medgemma-4b-it'?")


def test_a_folder_with_half_a_model_is_told(tmp_path):
    (tmp_path / "half").mkdir()
    one = found(Meant(model="./half"))["model"]
    assert (one.state, "it holds no config.json" in one.said) == ("fail", True)


def test_weights_that_are_here_are_not_asked_for(monkeypatch, tmp_path):
    for name in ("config.json", "tokenizer_config.json", "model.safetensors"):
        (tmp_path / name).write_text("{}")
    monkeypatch.setattr(
        store, "find", lambda preset: tmp_path if preset.name == "medgemma-1.5-4b-it" else None
    )
    told = found()
    assert told["model"].said.startswith("MedGemma 1.5 4B: its weights are here")
    assert told["Hugging Face"].said.startswith("not asked: the weights are here")
    assert told["network"].state == "ok"


@pytest.mark.parametrize(
    ("meant", "writer", "named"),
    [
        (Meant(), "model", False),
        (Meant(engine="template"), "fixed", False),
        (Meant(device="cpu"), "fixed", False),
        (Meant(device="cuda"), "model", True),
        (Meant(engine="transformers", device="cpu"), "model", True),
        (Meant(engine="openai"), "server", False),
        (Meant(cluster="ray"), "cluster", False),
    ],
)
def test_who_would_write_is_as_in_load_engine(meant, writer, named):
    plan = Plan(meant)
    assert (plan.writer, plan.named) == (writer, named)


PROC = "NVRM version: NVIDIA UNIX {}  {}  Release Build  (dvs-builder)\nGCC version:  gcc 12.3.0\n"


@pytest.mark.parametrize(
    ("kind", "version"),
    [("x86_64 Kernel Module", "535.104.05"), ("Open Kernel Module for x86_64", "580.65.06")],
)
def test_without_its_tool_the_driver_is_known_from_proc(monkeypatch, tmp_path, kind, version):
    (tmp_path / "version").write_text(PROC.format(kind, version))
    monkeypatch.setattr(nvidia, "_PROC", tmp_path / "version")
    monkeypatch.setenv("PATH", str(tmp_path))
    one = found()["NVIDIA driver"]
    assert (one.state, one.said.startswith(f"{version}; nvidia-smi was not found")) == ("warn", True)


def test_a_card_without_a_driver_is_told(monkeypatch, tmp_path):
    for number, (vendor, kind) in enumerate([("0x8086", "0x060000"), ("0x10de", "0x030000")]):
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / "vendor").write_text(vendor + "\n")
        (tmp_path / str(number) / "class").write_text(kind + "\n")
    monkeypatch.setattr(nvidia, "_PCI", tmp_path)
    monkeypatch.setattr(nvidia, "_tool", lambda: None)
    monkeypatch.setattr(nvidia.probe, "has_driver", lambda: False)
    assert "but no driver for it" in found()["NVIDIA driver"].said


def test_a_driver_that_hides_is_told(monkeypatch):
    monkeypatch.setattr(nvidia, "_tool", lambda: None)
    monkeypatch.setattr(nvidia.probe, "has_driver", lambda: True)
    assert found(NAMED)["NVIDIA driver"].state == "fail"


def test_on_windows_the_tool_is_never_that_of_the_working_folder(monkeypatch, tmp_path):
    monkeypatch.setattr(nvidia.sys, "platform", "win32")
    monkeypatch.setenv("SYSTEMROOT", str(tmp_path))
    monkeypatch.setenv("PROGRAMFILES", str(tmp_path))
    (tmp_path / "nvidia-smi.exe").write_text("")
    assert nvidia._tool() is None
    (tmp_path / "System32").mkdir()
    (tmp_path / "System32/nvidia-smi.exe").write_text("")
    assert nvidia._tool() == str(tmp_path / "System32/nvidia-smi.exe")


def test_a_crash_of_windows_is_told_by_its_number():
    assert child._failed(0xC0000005) == "crashed (0xc0000005)"
    assert child._failed(-9) == "was ended by SIGKILL"
    assert child.Child(["/no/such/program"]).said(1).failed == "could not be started (FileNotFoundError)"


@pytest.fixture
def fonts(monkeypatch, tmp_path):
    folder = tmp_path / "shipped"
    shutil.copytree(resources.fonts(), folder)
    monkeypatch.setattr(resources, "fonts", lambda: folder)
    return folder


def test_the_list_of_the_shipped_fonts_is_whole():
    listed = {line.split("  ")[1] for line in (resources.fonts() / "SHA256SUMS").read_text().splitlines()}
    assert listed == {path.name for path in resources.fonts().glob("*.ttf")}
    assert found()["fonts"].said == f"{len(listed)} shipped, all whole"


@pytest.mark.parametrize("harm", ["missing", "cut", "changed", "no list"])
def test_a_font_that_is_not_whole_is_told(fonts, harm):
    font = fonts / "NotoSans-Bold.ttf"
    content = font.read_bytes()
    if harm == "missing":
        font.unlink()
    elif harm == "no list":
        (fonts / "SHA256SUMS").write_text("nothing\n")
    else:
        font.write_bytes(content[:-1] + (b"" if harm == "cut" else bytes([content[-1] ^ 1])))
    one = found()["fonts"]
    assert (one.state, one.blocks) == ("fail", "reports")
    assert harm == "no list" or "NotoSans-Bold.ttf" in one.said


def test_fonts_of_the_site_are_looked_at(monkeypatch, fonts):
    monkeypatch.setenv(FONTS_VARIABLE, str(fonts))
    assert found()["fonts of the site"].state == "ok"
    monkeypatch.setenv(FONTS_VARIABLE, str(fonts / "nowhere"))
    assert (found()["fonts of the site"].state, main(["doctor"])) == ("fail", ExitCode.ENGINE)
    (fonts / "cff").mkdir()
    (fonts / "cff/x.otf").write_bytes(b"OTTO" + bytes(20))
    monkeypatch.setenv(FONTS_VARIABLE, str(fonts / "cff"))
    assert "CFF outlines" in found()["fonts of the site"].said


@pytest.mark.parametrize(
    ("bits", "state"), [(0x0002, "warn"), (0x0100, "warn"), (0x0008, "ok"), (0x0004, "ok")]
)
def test_a_font_whose_licence_forbids_it_is_told(monkeypatch, fonts, bits, state):
    font = fonts / "own" / "Own.ttf"
    font.parent.mkdir()
    content = bytearray((fonts / "NotoSans-Bold.ttf").read_bytes())
    entry = content.index(b"OS/2", 0, 400)
    place = int.from_bytes(content[entry + 8 : entry + 12], "big") + 8
    content[place : place + 2] = bits.to_bytes(2, "big")
    font.write_bytes(content)
    monkeypatch.setenv(FONTS_VARIABLE, str(font.parent))
    assert found()["fonts of the site"].state == state


def test_a_collection_is_looked_into(tmp_path, fonts):
    content = (fonts / "NotoSans-Bold.ttf").read_bytes()
    (tmp_path / "cut.ttf").write_bytes(content[:20])
    assert not site._forbids(tmp_path / "cut.ttf")
    head = b"ttcf\0\1\0\0\0\0\0\1" + (16).to_bytes(4, "big")
    tables = int.from_bytes(content[4:6], "big")
    moved = bytearray(content)
    for number in range(tables):
        at = 12 + 16 * number + 8
        moved[at : at + 4] = (int.from_bytes(moved[at : at + 4], "big") + 16).to_bytes(4, "big")
    entry = moved.index(b"OS/2", 0, 400)
    place = int.from_bytes(moved[entry + 8 : entry + 12], "big") + 8 - 16
    moved[place : place + 2] = b"\0\2"
    (tmp_path / "all.ttc").write_bytes(head + moved)
    assert site._forbids(tmp_path / "all.ttc")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[run", "is not TOML"),
        ("[run]\ndevise = 'cpu'", "there is no option 'devise'"),
        ("[run]\ndevice = 'gpu'", "gpu"),
        ("[institution]\npaper = 'A5'", "paper"),
        ("[institution]\nfonts = 'nowhere'", "fonts"),
        ("[institution]\nlogo = 'nowhere.png'", "nowhere.png"),
    ],
)
def test_a_configuration_that_run_would_refuse_is_told(capsys, tmp_path, text, words):
    (tmp_path / "reportgen.toml").write_text(text)
    code, told = by_command(capsys)
    assert (code, told["configuration"]["state"]) == (ExitCode.ENGINE, "fail")
    assert words in told["configuration"]["said"]
    assert told["configuration"]["cure"]
    assert main(["run", "nowhere.json", "-o", "out"]) == ExitCode.USAGE


@pytest.mark.parametrize(
    "text", ["[run]\ndomain = 'nowhere'", "[run]\nlang = 'xx'", "[report.thresholds.nonsense]\nscore = 0.5"]
)
def test_a_domain_that_cannot_be_had_is_told(capsys, tmp_path, text):
    (tmp_path / "reportgen.toml").write_text(text)
    code, told = by_command(capsys)
    assert (code, told["domain"]["state"]) == (ExitCode.ENGINE, "fail")


def test_an_installation_without_its_folders_is_told(monkeypatch):
    def nowhere(name):
        raise DomainError(f"The installation has no folder '{name}'.", "Install reportgen again.")

    monkeypatch.setattr(resources, "folder", nowhere)
    told = found()
    assert (told["schemas"].state, told["domain"].state) == ("fail", "fail")
    assert told["schemas"].cure == "Install reportgen again."


def test_what_run_is_configured_for_is_what_is_looked_at(capsys, tmp_path, monkeypatch):
    (tmp_path / "reportgen.toml").write_text("[run]\nmodel = 'medgemma-4b-it'\noutput = 'out'\n")
    code, told = by_command(capsys)
    assert (code, told["model"]["state"]) == (ExitCode.ENGINE, "fail")
    assert told["configuration"]["said"] == "reportgen.toml is valid"
    assert by_command(capsys, "--engine", "template", "--model", "auto")[0] == 0
    (tmp_path / "other.toml").write_text("[run]\nengine = 'template'\n")
    assert by_command(capsys, "--config", "other.toml")[0] == 0
    assert by_command(capsys, "--config", "nowhere.toml")[0] == ExitCode.ENGINE
    monkeypatch.setenv("REPORTGEN_RUN_ENGINE", "template")
    monkeypatch.setenv("REPORTGEN_RUN_MODEL", "auto")
    assert by_command(capsys)[0] == 0


def test_wrong_usage_of_doctor_itself_is_2():
    assert main(["doctor", "--device", "gpu"]) == ExitCode.USAGE


def test_the_verdict_says_who_writes():
    assert comes_to([Finding("a", "ok", ""), Finding("b", "warn", "")]) == "Reports can be made."
    assert "by fixed sentences" in comes_to([Finding("a", "warn", "", "", "model")])
    assert "model that was asked for" in comes_to([Finding("a", "fail", "", "", "model")])
    both = [Finding("a", "fail", "", "", "model"), Finding("b", "fail", "", "", "reports")]
    assert comes_to(both).startswith("Reports cannot be made")


def test_a_line_has_its_cure_below_it():
    shown = lines([Finding("a", "ok", "well"), Finding("long name", "fail", "broken", "Type: mend.")])
    assert shown[:3] == ["ok    a          well", "fail  long name  broken", f"{'':17}Type: mend."]


def test_every_line_that_is_not_well_says_what_to_do():
    assert all(one.cure for one in doctor() if one.state != "ok")


def test_a_trial_that_hangs_is_left(monkeypatch, tmp_path):
    for name, value in torch_package(
        tmp_path / "packages", "2.13.0", "", "import time; time.sleep(60)"
    ).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(deep, "PATIENCE", 0.5)
    (one,) = deep.try_out(Plan(NAMED), torch_here=True, driver_here=False)
    assert (one.state, "gave no answer in time" in one.said) == ("fail", True)


def test_without_pytorch_there_is_nothing_to_try():
    (one,) = deep.try_out(Plan(NAMED), torch_here=False, driver_here=False)
    assert one.state == "ok"


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for nvidia-smi is a shell script")
def test_a_driver_that_hangs_is_not_left_behind_as_a_process(monkeypatch, tmp_path):
    environ = driver(tmp_path / "bin", gpus(), f"echo $$ > {tmp_path}/pid; exec sleep 60")
    monkeypatch.setenv("PATH", environ["PATH"])
    inquiry = nvidia.Inquiry()
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text().strip():
        pass
    assert inquiry.within(0.1).trouble == "nvidia-smi gave no answer in time"
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)
