"""Where things are: templates and schemas (inside the package, or at the top of a checkout) and the cache.

An editable install leaves both folders at the top of the repository, where ``importlib.resources`` does
not see them; a wheel carries them inside the package. This is the one place that knows.
"""

import os
import sys
from pathlib import Path

from reportgen.errors import DomainError

__all__ = ["cache_dir", "checkout", "constraints", "folder", "fonts"]

_PACKAGE = Path(__file__).resolve().parent


def folder(name: str) -> Path:
    """The folder ``templates`` or ``schemas``.

    Raises:
        DomainError: The installation is damaged and has neither.
    """
    for place in (_PACKAGE / name, _PACKAGE.parents[1] / name):
        if place.is_dir():
            return place
    raise DomainError(f"The installation has no folder '{name}'.", "Install reportgen again.")


def constraints() -> Path:
    """The file with the versions that were tested together, as pip reads it.

    Raises:
        DomainError: The installation is damaged and has none.
    """
    for place in (_PACKAGE / "constraints.txt", _PACKAGE.parents[1] / "constraints.txt"):
        if place.is_file():
            return place
    raise DomainError("The installation has no file 'constraints.txt'.", "Install reportgen again.")


def checkout() -> Path | None:
    """The source that this program runs from, or None where it was installed."""
    root = _PACKAGE.parents[1]
    return root if (root / "pyproject.toml").is_file() and root / "src" == _PACKAGE.parent else None


def fonts() -> Path:
    """The folder of the fonts that are shipped, with their hashes in ``SHA256SUMS``."""
    return _PACKAGE / "exporters" / "pdf" / "fonts"


def cache_dir() -> Path:
    """Where passages already written and converted models are kept: ``REPORTGEN_CACHE_DIR``, or the place
    that the operating system means for such things. It need not exist yet."""
    if chosen := os.environ.get("REPORTGEN_CACHE_DIR"):
        return Path(chosen).expanduser().absolute()
    home = Path.home()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / "reportgen" / "cache"
    if sys.platform == "darwin":
        return home / "Library" / "Caches" / "reportgen"
    return Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache") / "reportgen"
