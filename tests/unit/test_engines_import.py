"""The room can be entered without the model libraries, and quickly."""

import subprocess
import sys

HEAVY = [
    "torch",
    "transformers",
    "accelerate",
    "bitsandbytes",
    "llguidance",
    "huggingface_hub",
    "numpy",
    "openai",
    "ray",
]


def _run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_importing_the_engines_imports_no_model_library() -> None:
    done = _run(f"import sys, reportgen.engines; print([m for m in {HEAVY} if m in sys.modules])")
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr


def test_without_the_model_libraries_auto_gives_the_deterministic_text_and_says_why() -> None:
    code = f"""
import importlib.abc, importlib.util, sys
real = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name in {HEAVY} else real(name, *rest)
class Block(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split('.')[0] in {HEAVY}:
            raise ImportError(name)
sys.meta_path.insert(0, Block())
from reportgen.engines import load_engine, model_status
from reportgen.errors import EngineError
info = load_engine().info
print(info.engine, '|', info.why)
print({{status.why for status in model_status()}})
try:
    load_engine('medgemma-4b-it')
except EngineError as error:
    print(error)
"""
    done = _run(code)
    assert done.returncode == 0, done.stderr
    auto, status, named = done.stdout.strip().splitlines()
    assert auto == "template | PyTorch is not installed"
    assert status == "{'PyTorch is not installed'}"
    assert named.startswith("The model 'medgemma-4b-it' cannot run: PyTorch is not installed.")
    assert 'pip install "reportgen[medgemma]"' in named
