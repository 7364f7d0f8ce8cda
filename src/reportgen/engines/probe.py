"""What this machine offers, found out without loading a model; as much as possible without importing PyTorch.

Importing PyTorch takes seconds, so a machine that plainly has no CUDA driver is not made to wait for it.
"""

import ctypes
import importlib.util
import sys
from typing import NamedTuple

from reportgen.engines.presets import Precision

__all__ = ["INSTALL", "Gpu", "cuda_free_gb", "gpu_in_use", "has_driver", "missing_package", "no_cuda"]

INSTALL = 'Install reportgen with its models: pip install "reportgen[medgemma]".'

_NEEDED = {
    "torch": "PyTorch",
    "transformers": "transformers",
    "accelerate": "accelerate",
    "llguidance": "llguidance",
}


def missing_package(precision: Precision | None) -> str | None:
    """The first package that the transformers engine needs and that is not installed, or None."""
    needed = dict(_NEEDED)
    if precision in {"int8", "nf4"}:
        needed["bitsandbytes"] = "bitsandbytes"
    return next((title for name, title in needed.items() if importlib.util.find_spec(name) is None), None)


def no_cuda() -> str | None:
    """Why CUDA cannot be used, as a clause, or None if it can."""
    if not has_driver():
        return "no CUDA device was found"
    import torch

    if torch.version.cuda is None:
        return "the installed PyTorch was built without CUDA"
    return None if torch.cuda.is_available() else "no CUDA device was found"


def cuda_free_gb() -> float:
    """Free memory of the current CUDA device, in GB (1e9 bytes), with what PyTorch holds for later use."""
    import torch

    kept = torch.cuda.memory_reserved() - torch.cuda.memory_allocated()
    return float(torch.cuda.mem_get_info()[0] + kept) / 1e9


class Gpu(NamedTuple):
    """The GPU that this process uses, and what PyTorch holds of its memory, in MB (1e6 bytes).

    Attributes:
        held_mb: By tensors, now.
        peak_mb: The most that was set aside so far, free blocks between tensors too.
    """

    name: str
    held_mb: float
    peak_mb: float


def gpu_in_use() -> Gpu | None:
    """The GPU that a model of this process is on; None where there is none."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_initialized():
        return None
    held, peak = torch.cuda.memory_allocated(), torch.cuda.max_memory_reserved()
    return Gpu(torch.cuda.get_device_name(), held / 1e6, peak / 1e6)


def has_driver() -> bool:
    """Whether the library is here without which PyTorch reaches no GPU, whichever way it was installed."""
    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return False
    return True
