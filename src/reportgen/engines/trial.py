"""One thing tried with the model libraries, in a process of its own: ``python -m reportgen.engines.trial``.

Prints a line of JSON: whether all was well, and what was found. A crash is told by who began the process.
"""

import json
import sys
from collections.abc import Callable

__all__ = ["TRIALS", "main"]

#: Side of the matrices; a product of ones is this number exactly, in every precision.
_SIDE = 64
#: How far an 8-bit product may be from the right one, as a part of the largest number. One step of 8 bits is
#: 1/127, for rows and columns alike.
_TOLERANCE = 0.05


def _torch() -> str:
    import torch

    ones = torch.ones(_SIDE, _SIDE)
    _right(float((ones @ ones).max()), _SIDE)
    return f"PyTorch {torch.__version__} is loaded and computes"


def _cuda() -> str:
    import torch

    torch.cuda.init()
    ones = torch.ones(_SIDE, _SIDE, device="cuda", dtype=torch.bfloat16)
    _right(float((ones @ ones).max()), _SIDE)
    free, total = torch.cuda.mem_get_info()
    name = torch.cuda.get_device_name()
    return f"{name} computes; {free / 1e9:.1f} of {total / 1e9:.1f} GB free"


def _int8() -> str:
    import bitsandbytes as bnb
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    generator = torch.Generator().manual_seed(0)
    weights, given = (torch.randn(_SIDE, _SIDE, generator=generator) for _ in range(2))
    layer = bnb.nn.Linear8bitLt(_SIDE, _SIDE, bias=False, has_fp16_weights=False)
    layer.weight = bnb.nn.Int8Params(weights.clone(), requires_grad=False, has_fp16_weights=False)
    with torch.no_grad():
        made = layer.to(device)(given.to(device, torch.bfloat16)).float().cpu()
    right = given @ weights.T
    off = float((made - right).abs().max() / right.abs().max())
    if not off < _TOLERANCE:  # also if it is not a number
        raise ValueError(f"an 8-bit product is off by {off:.2f} of its largest number")
    return f"bitsandbytes {bnb.__version__} multiplies in 8 bits on {device}"


def _right(made: float, right: float) -> None:
    if made != right:
        raise ValueError(f"a product is {made:g} and should be {right:g}")


TRIALS: dict[str, Callable[[], str]] = {"torch": _torch, "cuda": _cuda, "8-bit": _int8}


def main(what: str) -> None:
    """Try it and print what came of it."""
    try:
        answer = {"well": True, "said": TRIALS[what]()}
    # What broken installations raise: a missing or misfit library, a driver, a device without kernels for it.
    except (ImportError, OSError, RuntimeError, AssertionError, AttributeError, ValueError) as error:
        first = (str(error).strip().splitlines() or [""])[0]
        answer = {"well": False, "said": f"{type(error).__name__}: {first}"}
    print(json.dumps(answer))


if __name__ == "__main__":
    main(sys.argv[1])
