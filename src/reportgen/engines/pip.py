"""The pip that knows the site's mirror, proxy and certificates."""

import importlib.util
import shutil
import sys

from reportgen.errors import EngineError

__all__ = ["pip_command"]


def pip_command(cure: str) -> list[str]:
    """How pip is called here: this environment's own; where it has none, as those made by uv, the next best.

    Raises:
        EngineError: There is none; ``cure`` says what to do instead.
    """
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    if found := shutil.which("pip"):
        return [found]
    raise EngineError("There is no pip to fetch packages with.", cure)
