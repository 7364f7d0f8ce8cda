"""Converting draws no bars where nobody sees them move."""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import transformers
from transformers import modeling_gguf_pytorch_utils as gguf_utils

from reportgen.engines import setup

pytestmark = pytest.mark.model


@pytest.mark.parametrize("terminal", [False, True])
def test_the_bar_over_the_weights_is_for_terminals(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, terminal: bool
) -> None:
    def read(*_: Any, **__: Any) -> SimpleNamespace:
        list(gguf_utils.tqdm(range(3), desc="Converting"))
        return SimpleNamespace(save_pretrained=lambda *_, **__: None)

    monkeypatch.setattr(gguf_utils, "tqdm", gguf_utils.tqdm)  # put back afterwards
    monkeypatch.setattr(transformers.AutoTokenizer, "from_pretrained", read)
    monkeypatch.setattr(transformers.AutoModelForCausalLM, "from_pretrained", read)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal, raising=False)
    setup._convert(tmp_path / "model.gguf", tmp_path)
    assert ("Converting" in capsys.readouterr().err) is terminal
