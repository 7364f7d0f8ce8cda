"""How much fits: figures of MedGemma 4B, from its configuration."""

import dataclasses
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from reportgen.engines import probe, room
from reportgen.engines.presets import Preset, presets
from reportgen.engines.room import Shape, batch_size, precision_that_fits, rows_that_fit

GB = 1e9
#: Every sixth of its 34 layers remembers all, the others 1024 tokens.
MEDGEMMA = Shape(
    layers=tuple(None if number % 6 == 0 else 1024 for number in range(1, 35)),
    heads=4,
    head=256,
    width=2560,
    inner=10240,
    vocabulary=262208,
)


def test_a_row_of_medgemma() -> None:
    # 34 layers, keys and values, 4 heads of 256 numbers of 2 bytes: 139 kB a token.
    assert MEDGEMMA.remembered(1) == 34 * 2 * 4 * 256 * 2 == 139_264
    assert MEDGEMMA.remembered(920) == 920 * 139_264
    assert MEDGEMMA.row() == pytest.approx(203e6, rel=0.01)


def test_layers_with_a_window_forget_what_is_beyond_it() -> None:
    assert MEDGEMMA.remembered(5024) - MEDGEMMA.remembered(1024) == 4000 * 5 * 4096


def test_logits_of_the_last_token_are_a_small_part() -> None:
    without = dataclasses.replace(MEDGEMMA, vocabulary=0)
    assert MEDGEMMA.row() - without.row() == 262208 * (2 + 12)
    assert (MEDGEMMA.row() - without.row()) / MEDGEMMA.row() < 0.02


@pytest.mark.parametrize(
    ("card", "free_gb", "rows"),
    [
        ("6 GB, nf4", 2.5, 2),
        ("12 GB, int8", 6.4, 16),
        ("24 GB, bf16", 15.6, 48),
        ("80 GB, bf16", 77, 256),
        ("nothing left", 0.1, 1),
    ],
)
def test_rows_of_medgemma_by_card(card: str, free_gb: float, rows: int) -> None:
    assert rows_that_fit(free_gb * GB, MEDGEMMA) == rows


def test_more_memory_never_means_fewer_rows_and_they_fit() -> None:
    sizes = [(gb, rows_that_fit(gb * GB, MEDGEMMA)) for gb in range(3, 90)]
    assert [rows for _, rows in sizes] == sorted(rows for _, rows in sizes)
    assert all(rows * MEDGEMMA.row() < gb * GB for gb, rows in sizes)


class Config(SimpleNamespace):
    def get_text_config(self) -> "Config":
        return self


def loaded(device: str, **config: Any) -> Any:
    return SimpleNamespace(
        config=Config(num_hidden_layers=3, hidden_size=64, num_attention_heads=4, **config),
        dtype=SimpleNamespace(itemsize=4),
        device=SimpleNamespace(type=device),
        get_output_embeddings=lambda: SimpleNamespace(weight=SimpleNamespace(shape=(1000, 64))),
    )


def test_the_shape_is_read_from_the_configuration() -> None:
    kinds = ["sliding_attention", "full_attention", "sliding_attention"]
    model = loaded(
        "cuda",
        layer_types=kinds,
        sliding_window=32,
        num_key_value_heads=2,
        head_dim=8,
        intermediate_size=96,
    )
    assert Shape.of(model) == Shape((32, None, 32), 2, 8, 64, 96, 1000, 4)


def test_a_configuration_that_says_little_is_read_as_a_plain_model() -> None:
    assert Shape.of(loaded("cuda")) == Shape((None, None, None), 4, 16, 64, 256, 1000, 4)


def test_on_the_processor_the_batch_is_fixed_and_cuda_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "cuda_free_gb", None)
    assert batch_size(loaded("cpu")) == 16


def test_on_cuda_the_free_memory_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room.probe, "cuda_free_gb", lambda: 80.0)
    assert batch_size(loaded("cuda")) == 256
    monkeypatch.setattr(room.probe, "cuda_free_gb", lambda: 0.02)
    assert batch_size(loaded("cuda")) < 16


def test_what_pytorch_holds_for_later_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    cuda = SimpleNamespace(
        mem_get_info=lambda: (5 * 10**9, 12 * 10**9),
        memory_reserved=lambda: 6 * 10**9,
        memory_allocated=lambda: 4 * 10**9,
    )
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(cuda=cuda))
    assert probe.cuda_free_gb() == 7.0


@pytest.mark.parametrize(
    ("name", "free_gb", "precision", "why"),
    [
        ("medgemma-4b-it", 24.0, "bf16", "bf16, as at least 16 GB of GPU memory are free"),
        ("medgemma-4b-it", 16.0, "bf16", "bf16, as at least 16 GB of GPU memory are free"),
        # A 12 GB card has 12.9 GB of 1e9 bytes.
        ("medgemma-4b-it", 12.9, "int8", "int8, as less than 16 GB of GPU memory are free"),
        ("medgemma-1.5-4b-it", 7.5, "int8", "int8, as less than 16 GB of GPU memory are free"),
        ("medgemma-1.5-4b-it", 5.9, "nf4", "nf4, as less than 7 GB of GPU memory are free"),
        # Nothing fits: the usual one, and who asked says so.
        ("medgemma-4b-it", 3.0, "int8", "int8, as less than 16 GB of GPU memory are free"),
        ("medgemma-27b-text-it", 84.0, "bf16", "bf16, as at least 76 GB of GPU memory are free"),
        ("medgemma-27b-text-it", 47.0, "int8", "int8, as less than 76 GB of GPU memory are free"),
        ("medgemma-27b-text-it", 24.0, "nf4", "nf4, as less than 36 GB of GPU memory are free"),
        ("smollm2-135m", 24.0, "fp32", None),
    ],
)
def test_the_precision_that_fits(name: str, free_gb: float, precision: str, why: str | None) -> None:
    assert precision_that_fits(presets()[name], free_gb) == (precision, why)


def test_a_model_of_unknown_size_keeps_the_usual_precision() -> None:
    assert precision_that_fits(Preset(name="x", title="X", hub="a/b"), 80.0) == ("int8", None)
