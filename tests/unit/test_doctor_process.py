"""``reportgen doctor`` on machines that are not like this one, each made for it, in a process of its own."""

import subprocess
import sys

import pytest

import fake_hub
from doctors import ALONE, Told, doctor, driver, gpus, torch_package
from reportgen.cli import main
from reportgen.engines.nvidia import CUDA_TORCH
from reportgen.errors import ExitCode

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="the stand-in for nvidia-smi is a shell script"
)

CPU = "cuda: Optional[str] = None\nhip: Optional[str] = None"
CUDA = "cuda: Optional[str] = '13.0'\nhip: Optional[str] = None"
ROCM = "cuda: Optional[str] = None\nhip: Optional[str] = '7.1'"
MEDGEMMA = ("--model", "medgemma-4b-it")
SECRET = "hf_SecretSecretSecret"


@pytest.fixture
def machine(tmp_path, monkeypatch, capsys):
    """Looks at a machine with this driver; with another PyTorch, or ``apart``, in a process of its own."""
    monkeypatch.chdir(tmp_path)

    def look(*arguments: str, smi="", then="exit 0", torch=None, apart=False, **environ: str) -> Told:
        made = driver(tmp_path / "bin", smi, then) if smi or then != "exit 0" else {}
        if torch is not None:
            made |= torch_package(tmp_path / "packages", *torch)
        if torch is not None or apart:
            return doctor(*arguments, cwd=tmp_path, **{**made, **environ})
        for name, value in {**ALONE, **made, **environ}.items():
            monkeypatch.setenv(name, value)
        code = main(["doctor", "--json", *arguments])
        return Told.of(code, capsys.readouterr().out)

    return look


def test_nothing_heavy_is_imported_and_all_is_asked(tmp_path):
    code = (
        "import sys; from reportgen.cli import main; code = main(['doctor']);"
        "heavy = {'torch', 'transformers', 'bitsandbytes', 'accelerate'};"
        "print(code, sorted(heavy & set(sys.modules)))"
    )
    with fake_hub.running() as hub:
        environ = driver(tmp_path / "bin", gpus()) | {"HF_ENDPOINT": hub.place, "HF_HUB_OFFLINE": "0"}
        environ |= {"PYTHONPATH": ":".join(filter(None, sys.path))}
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            env=environ,
            cwd=tmp_path,
            check=True,
        )
        assert len(hub.asked) == 1
    assert done.stdout.splitlines()[-1] == "0 []"
    assert "NVIDIA GeForce RTX 4070" in done.stdout


def test_a_machine_on_which_all_is_well(machine):
    told = machine(smi=gpus(), torch=("2.13.0", CUDA))
    assert told["NVIDIA driver"] == ("ok", "580.95.05, for CUDA up to 13. ")
    assert told["PyTorch build"] == ("ok", "2.13.0, for CUDA 13.0. ")
    state, said = told["GPU memory"]
    assert state == "ok"
    assert said.startswith("NVIDIA GeForce RTX 4070: 12.1 of 12.9 GB free. ")
    assert "medgemma-4b-it fits at int8 (7 GB), nf4 (5 GB), bf16 (11 GB);" in said
    assert "medgemma-27b-text-it does not fit: it needs 22 GB at nf4" in said


@pytest.mark.parametrize(("named", "state", "code"), [((), "warn", 0), (MEDGEMMA, "fail", ExitCode.ENGINE)])
def test_a_build_for_the_processor_beside_a_driver_is_named_with_the_command(machine, named, state, code):
    told = machine(*named, smi=gpus(), torch=("2.13.0+cpu", CPU))
    assert told["PyTorch build"][0] == state
    assert f"Type: {CUDA_TORCH}" in told["PyTorch build"][1]
    assert told.code == code


def test_with_an_old_driver_the_driver_comes_first(machine):
    said = machine(smi=gpus("535.104.05"), torch=("2.13.0+cpu", CPU))["PyTorch build"][1]
    assert said.index("Update the NVIDIA driver to 580") < said.index(CUDA_TORCH)


@pytest.mark.parametrize(
    ("version", "build", "smi", "words"),
    [
        ("2.13.0", CUDA, gpus("535.104.05"), "built for CUDA 13.0, and the driver runs CUDA up to 12"),
        ("2.13.0+rocm7.1", ROCM, gpus(), "built for AMD's ROCm"),
        ("2.13.0", None, gpus(), "are damaged"),
        ("2.13.0", "\0", gpus(), "built for the processor alone"),
    ],
)
def test_a_build_that_does_not_suit_is_told(machine, version, build, smi, words):
    told = machine(*MEDGEMMA, smi=smi, torch=(version, build))
    assert told["PyTorch build"][0] == "fail"
    assert words in told["PyTorch build"][1]
    assert told.code == ExitCode.ENGINE


@pytest.mark.parametrize(
    ("smi", "then", "words"),
    [
        ("", "sleep 90", "gave no answer in time"),
        ("", "sleep 90 & wait", "gave no answer in time"),
        ("", "sleep 90 & exit 0", "gave no answer in time"),  # what it began holds its stdout
        ("\x00\x01 \xff garbage, , ,\n", "exit 0", "cannot be read"),
        ("No devices were found\n", "exit 6", "finds no GPU"),
        ("Failed to initialize NVML: Driver/library version mismatch\n", "exit 18", "restart the machine"),
        (
            "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.\n",
            "exit 9",
            "not loaded",
        ),
        (gpus(), "exit 3", "ended with exit code 3"),
        ("", "kill -SEGV $$", "was ended by SIGSEGV"),
        (gpus("390.157"), "exit 0", "too old for any PyTorch"),
    ],
)
def test_a_driver_that_is_not_well_is_told_and_not_waited_for(machine, smi, then, words):
    told = machine(*MEDGEMMA, smi=smi, then=then, apart="sleep" in then)
    assert told["NVIDIA driver"][0] == "fail"
    assert words in told["NVIDIA driver"][1]
    assert told.code == ExitCode.ENGINE


@pytest.mark.parametrize(
    ("total", "free", "words"),
    [
        (12282, 3000, "needs about 7 GB. Other programs hold it"),
        (4096, 4000, "Choose a smaller model"),
    ],
)
def test_too_little_memory_is_told(machine, total, free, words):
    told = machine(*MEDGEMMA, smi=gpus(total=total, free=free))
    assert told["GPU memory"][0] == "fail"
    assert words in told["GPU memory"][1]


def test_what_the_memory_decides_is_decided_here_too(machine):
    assert machine(*MEDGEMMA, smi=gpus(total=6144, free=6000))["GPU memory"][0] == "ok"  # nf4
    told = machine(*MEDGEMMA, "--precision", "bf16", smi=gpus(total=8192, free=8000))
    assert "Give --precision nf4." in told["GPU memory"][1]


def test_memory_that_is_not_told_is_no_failure(machine):
    told = machine(*MEDGEMMA, smi="NVIDIA GB10, GPU-1, 580.95.05, [N/A], [N/A]\n")
    assert told["GPU memory"][0] == "warn"


@pytest.mark.parametrize("value", ["", "-1", "3", "GPU-2"])
def test_a_gpu_that_is_hidden_is_told(machine, value):
    told = machine(*MEDGEMMA, smi=gpus(), CUDA_VISIBLE_DEVICES=value)
    assert told["GPU memory"] == (
        "fail",
        f"1 GPU(s), and CUDA_VISIBLE_DEVICES={value} hides them from PyTorch. Unset CUDA_VISIBLE_DEVICES.",
    )
    assert machine(smi=gpus(), CUDA_VISIBLE_DEVICES="GPU-1111")["GPU memory"][0] == "ok"


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_a_console_that_lacks_letters_is_told_in_its_own(tmp_path, encoding):
    told = doctor(cwd=tmp_path, PYTHONIOENCODING=encoding)
    assert told["console"][0] == "warn"
    assert "Unset PYTHONIOENCODING" in told["console"][1]
    plain = subprocess.run(
        [sys.executable, "-m", "reportgen", "doctor"], capture_output=True, check=True, cwd=tmp_path,
        env={**ALONE, "PYTHONPATH": ":".join(filter(None, sys.path)), "PYTHONIOENCODING": encoding},
    )  # fmt: skip
    assert "Reports can be made" in plain.stdout.decode(encoding)


@pytest.mark.parametrize(("named", "state"), [((), "warn"), (MEDGEMMA, "fail")])
@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("not logged in", "Not logged in"),
        ("licence", "is not accepted with this account"),
        ("fine-grained", "may not read gated repositories"),
        ("invalid token", "is not accepted by the hub"),
        ("down", "HTTP 500"),
        ("silent", "gave no answer in time"),
    ],
)
def test_what_the_hub_says_is_told_and_no_secret(machine, answer, words, named, state):
    with fake_hub.running() as hub:
        hub.answer = answer
        token = "" if answer == "not logged in" else SECRET
        environ = {"HF_HUB_OFFLINE": "", "HF_ENDPOINT": hub.place, "HF_TOKEN": token}
        told = machine(*named, apart=answer == "silent", **environ)
    assert told["Hugging Face"][0] == state
    assert words in told["Hugging Face"][1]
    assert told.code == (ExitCode.ENGINE if named else 0)
    assert "Secret" not in told.text
    assert len(hub.asked) == 1


def test_an_open_hub_is_well(tmp_path):
    with fake_hub.running() as hub:
        told = doctor(cwd=tmp_path, HF_HUB_OFFLINE="", HF_ENDPOINT=hub.place, HF_TOKEN=SECRET)
    assert told["Hugging Face"] == ("ok", "The hub gives google/medgemma-4b-it to this login. ")


@pytest.mark.parametrize(
    "arguments", [("--engine", "template"), ("--engine", "openai"), ("--model", "smollm2-135m")]
)
def test_the_hub_is_not_asked_where_nothing_would_come_from_it(machine, arguments):
    with fake_hub.running() as hub:
        machine(*arguments, HF_HUB_OFFLINE="", HF_ENDPOINT=hub.place)
    assert hub.asked == []


def test_an_offline_switch_is_explained(machine):
    told = machine()
    assert told["network"][0] == "warn"
    assert "Unset HF_HUB_OFFLINE" in told["network"][1]
    assert "was not asked" in told["Hugging Face"][1]
    assert machine("--engine", "template")["network"][0] == "ok"


def test_a_proxy_is_told_without_its_password(machine):
    told = machine(https_proxy="http://alice:s3cret@proxy.example:3128")
    assert "a proxy is set" in told["network"][1]
    assert "s3cret" not in told.text


def test_no_name_of_a_user_is_told(tmp_path):
    home = tmp_path / "home" / "alice"
    (home / "work").mkdir(parents=True)
    told = doctor(
        cwd=home / "work", HOME=str(home), REPORTGEN_CACHE_DIR=str(home / "cache"), HF_HOME=str(home / "hf")
    )
    assert "alice" not in told.text
    assert told["cache folder"] == ("ok", "~/cache. ")


CORE = """
import importlib.abc, importlib.metadata as metadata, importlib.util, sys
heavy = {"torch", "transformers", "accelerate", "bitsandbytes", "llguidance", "gguf"}
heavy |= {"huggingface_hub", "numpy"}
real, spec = metadata.version, importlib.util.find_spec
def version(name):
    if name in heavy:
        raise metadata.PackageNotFoundError(name)
    return real(name)
metadata.version = version
importlib.util.find_spec = lambda name, *rest: None if name in heavy else spec(name, *rest)
class Block(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in heavy:
            raise ImportError(name)
sys.meta_path.insert(0, Block())
from reportgen.cli import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ((), 0, "none is installed: every report is worded by fixed sentences"),
        (("--engine", "template"), 0, "none is meant to write"),
        (MEDGEMMA, ExitCode.ENGINE, "fail  torch"),
    ],
)
def test_the_core_install_has_a_doctor_too(tmp_path, arguments, code, words):
    with fake_hub.running() as hub:
        environ = {"PYTHONPATH": ":".join(filter(None, sys.path)), "HF_ENDPOINT": hub.place}
        done = subprocess.run(
            [sys.executable, "-c", CORE, "doctor", *arguments],
            capture_output=True, text=True, env=environ, cwd=tmp_path, check=False,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (code, "")
    assert words in done.stdout
    assert len(hub.asked) == (arguments == MEDGEMMA)  # without packages nobody is asked, unless it was named
    assert ("warn" in done.stdout) == (arguments != ("--engine", "template"))


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import os; os.abort()", "it was ended by SIGABRT"),
        ("import os; os._exit(7)", "it ended with exit code 7"),
        ("raise ImportError('libcudart.so.13: cannot open shared object file')", "libcudart.so.13"),
        ("raise OSError('[WinError 126] Error loading c10.dll')", "vc_redist"),
        ("print('hello'); import sys; sys.exit(0)", "without an answer"),
    ],
)
def test_a_pytorch_that_breaks_is_told_and_not_suffered(machine, code, words):
    told = machine(*MEDGEMMA, "--deep", torch=("2.13.0", CUDA, code))
    assert told["trial: torch"][0] == "fail"
    assert words in told["trial: torch"][1]
    assert "trial: 8-bit" not in told.findings
