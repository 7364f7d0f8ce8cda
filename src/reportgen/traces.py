"""Where a program broke, without what it was working on."""

import traceback
from pathlib import Path

__all__ = ["where_it_broke"]


def where_it_broke(error: BaseException) -> str:
    """Types of an exception and its causes, with the lines of code they passed.

    Messages are left out: that of an exception we do not know may hold a value of the input.
    """
    lines = []
    cause: BaseException | None = error
    while cause is not None:
        lines.append(f"{type(cause).__module__}.{type(cause).__qualname__}")
        frames = traceback.extract_tb(cause.__traceback__)
        lines += [f"  {Path(frame.filename).name}:{frame.lineno} in {frame.name}" for frame in frames]
        cause = cause.__cause__ or cause.__context__
    return "\n".join(lines)
