"""``reportgen doctor --deep`` with the real libraries, on the processor."""

import pytest

from doctors import doctor
from reportgen.engines import trial

pytestmark = pytest.mark.model


def test_what_is_installed_here_computes(tmp_path):
    told = doctor("--deep", cwd=tmp_path)
    assert told["trial: torch"][0] == "ok"
    assert told["trial: 8-bit"][0] == "ok"
    assert "multiplies in 8 bits" in told["trial: 8-bit"][1]


def test_an_8_bit_product_that_is_wrong_is_told(monkeypatch, capsys):
    import bitsandbytes as bnb
    import torch

    monkeypatch.setattr(bnb.nn.Linear8bitLt, "forward", lambda self, x: torch.zeros(len(x), trial._SIDE))
    trial.main("8-bit")
    assert '"well": false' in capsys.readouterr().out


def test_a_gpu_that_is_not_there_is_told(capsys):
    import torch

    if torch.cuda.is_available():
        pytest.skip("CUDA is there")
    trial.main("cuda")
    assert '"well": false' in capsys.readouterr().out
