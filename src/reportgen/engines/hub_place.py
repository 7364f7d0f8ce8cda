"""Where the Hugging Face Hub is, who is logged in, and what forbids asking: as huggingface_hub reads its own
variables and files, for where it is not installed, and without importing it."""

import os
from pathlib import Path

__all__ = ["HOME", "endpoint", "hub_cache", "offline_switch", "token"]

HOME = "https://huggingface.co"
_TRUE = {"1", "ON", "YES", "TRUE"}


def endpoint() -> str:
    """Base address of the hub: ``HF_ENDPOINT``, or huggingface.co."""
    return (os.environ.get("HF_ENDPOINT") or HOME).rstrip("/")


def offline_switch() -> str | None:
    """The variable that forbids to ask the hub, or None."""
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
        if value := os.environ.get(name):
            return name if value.upper() in _TRUE else None  # the first that is set decides
    return None


def token() -> tuple[str, str] | None:
    """The token that a download would send, and where it comes from; None where nobody is logged in."""
    if (os.environ.get("HF_HUB_DISABLE_IMPLICIT_TOKEN") or "").upper() in _TRUE:
        return None
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
        if value := (os.environ.get(name) or "").strip():
            return value, name
    try:
        value = _path("HF_TOKEN_PATH", _hf_home() / "token").read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return None
    return (value, "`hf auth login`") if value else None


def hub_cache() -> Path:
    """Where huggingface_hub keeps what it fetches. It need not exist yet."""
    return _path("HF_HUB_CACHE", _path("HUGGINGFACE_HUB_CACHE", _hf_home() / "hub"))


def _hf_home() -> Path:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return _path("HF_HOME", cache / "huggingface")


def _path(variable: str, default: Path) -> Path:
    named = os.environ.get(variable)
    return Path(os.path.expandvars(named)).expanduser() if named else default
