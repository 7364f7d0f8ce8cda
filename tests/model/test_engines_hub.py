"""``model setup`` for models of the Hub, with the Hub made up."""

import shutil
from pathlib import Path
from typing import Any

import huggingface_hub
import pytest
from huggingface_hub import constants
from huggingface_hub.errors import GatedRepoError, LocalEntryNotFoundError
from huggingface_hub.utils.tqdm import are_progress_bars_disabled, enable_progress_bars

from reportgen.engines import setup_model
from reportgen.errors import EngineError

pytestmark = pytest.mark.model


class Hub:
    """Plays ``snapshot_download``: gives ``folder``, or raises ``error``."""

    def __init__(self) -> None:
        self.folder: Path | None = None
        self.error: Exception | None = None
        self.asked: list[dict[str, Any]] = []

    def __call__(self, repo_id: str, **options: Any) -> str:
        if options.get("local_files_only"):
            raise LocalEntryNotFoundError("not here")
        self.asked.append({"repo_id": repo_id, **options})
        if self.error:
            raise self.error
        return str(self.folder)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Hub:
    made = Hub()
    monkeypatch.setattr(huggingface_hub, "snapshot_download", made)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    return made


def test_only_safetensors_and_texts_are_fetched(hub: Hub, tiny_gemma: Path) -> None:
    hub.folder = tiny_gemma
    said: list[str] = []
    assert setup_model("medgemma-4b-it", say=said.append) == tiny_gemma
    (asked,) = hub.asked
    assert asked["repo_id"] == "google/medgemma-4b-it"
    assert asked["allow_patterns"] == ["*.safetensors", "*.json", "*.jinja", "tokenizer.model"]
    assert "Health AI Developer Foundations" in said[0]


def test_fetching_draws_no_bar_where_there_is_no_terminal(hub: Hub, tiny_gemma: Path) -> None:
    hub.folder = tiny_gemma
    enable_progress_bars()
    setup_model("medgemma-4b-it")
    assert are_progress_bars_disabled()


def test_a_licence_that_was_not_accepted_says_where_to_accept_it(hub: Hub) -> None:
    # Its constructor wants the response of an HTTP library, which one depends on the version.
    hub.error = GatedRepoError.__new__(GatedRepoError)
    with pytest.raises(EngineError, match=r"https://huggingface\.co/google/medgemma-4b-it.*hf auth login"):
        setup_model("medgemma-4b-it")


def test_a_broken_connection_can_be_taken_up_again(hub: Hub) -> None:
    hub.error = ConnectionError("reset")
    with pytest.raises(EngineError, match="goes on where it stopped"):
        setup_model("medgemma-4b-it")


def test_a_repository_without_safetensors_is_refused(hub: Hub, tiny_gemma: Path, tmp_path: Path) -> None:
    hub.folder = shutil.copytree(tiny_gemma, tmp_path / "pickled")
    (hub.folder / "model.safetensors").rename(hub.folder / "pytorch_model.bin")
    with pytest.raises(EngineError, match="not in the safetensors format"):
        setup_model("someone/something")


def test_offline_mode_is_named(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(EngineError, match="HF_HUB_OFFLINE is set"):
        setup_model("medgemma-4b-it")
    assert hub.asked == []
