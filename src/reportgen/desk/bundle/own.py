"""The wheel of this program itself: built from what it runs from or was installed from, else fetched."""

import json
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from reportgen.desk.bundle.wheels import Pip, Wheel
from reportgen.errors import EngineError
from reportgen.resources import checkout

__all__ = ["own_wheel"]

_CURE = "Make the bundle from a checkout of reportgen: pip install -e . there, and give the command again."


def own_wheel(pip: Pip) -> Wheel:
    """Have it in the folder of the wheels.

    Raises:
        EngineError: pip cannot make it or fetch it, or its source is another version by now.
    """
    try:
        here = distribution("reportgen")
    except PackageNotFoundError:
        raise EngineError("reportgen is not installed, so its version is not known.", _CURE) from None
    source = checkout() or _installed_from(here.read_text("direct_url.json"))
    wanted = str(source) if source else f"reportgen=={here.version}"
    options = ("--no-deps", "--wheel-dir", str(pip.into))
    pip.run(
        f"pip could not make the wheel of reportgen from {source or 'an index'}",
        _CURE,
        "wheel",
        *options,
        wanted,
    )
    wheel = Wheel(next(pip.into.glob("reportgen-*.whl")))
    if wheel.version != here.version:
        raise EngineError(
            f"{source} is reportgen {wheel.version} by now, and {here.version} is what runs here.",
            "Install it again from there, and give the command again.",
        )
    return wheel


def _installed_from(direct_url: str | None) -> Path | None:
    """The folder or file on this machine that pip installed it from, if it is still there."""
    place = urlsplit(json.loads(direct_url)["url"]) if direct_url else None
    if place is None or place.scheme != "file":
        return None
    source = Path(url2pathname(unquote(place.path)))
    return source if source.exists() else None
