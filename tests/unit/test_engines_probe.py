"""What is told of the GPU that a model of this process is on."""

import sys
from types import SimpleNamespace

import pytest

from reportgen.engines.probe import gpu_in_use


def torch(*, begun: bool) -> SimpleNamespace:
    return SimpleNamespace(
        cuda=SimpleNamespace(
            is_initialized=lambda: begun,
            memory_allocated=lambda: 5_300_000_000,
            max_memory_reserved=lambda: 8_100_000_000,
            get_device_name=lambda: "NVIDIA GeForce RTX 4070",
        )
    )


def test_a_gpu_in_use_is_told_in_megabytes(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "torch", torch(begun=True))
    assert gpu_in_use() == ("NVIDIA GeForce RTX 4070", 5300.0, 8100.0)


def test_where_none_is_in_use_nothing_is_loaded_to_find_out(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "torch", torch(begun=False))
    assert gpu_in_use() is None
    monkeypatch.delitem(sys.modules, "torch")
    assert gpu_in_use() is None
    assert "torch" not in sys.modules
