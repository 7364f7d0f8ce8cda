"""Which files of a folder are fonts that a PDF can hold: TrueType outlines, told by their first bytes."""

import os
import sys
from pathlib import Path

from reportgen.errors import UsageError

__all__ = ["FONTS_VARIABLE", "declared_fonts", "font_files", "system_fonts"]

#: A folder of fonts for who exports without a ``reportgen.toml``.
FONTS_VARIABLE = "REPORTGEN_FONTS"
_ENDINGS = {".ttf", ".ttc", ".otf", ".otc"}
_TRUE_TYPE, _COLLECTION = (b"\x00\x01\x00\x00", b"true"), b"ttcf"
_CFF = "has CFF outlines, and only TrueType outlines can be embedded"

#: Where systems keep fonts for Chinese, Japanese and Korean that have TrueType outlines.
_SYSTEM = {
    "linux": (
        "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
        "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf",
    ),
    "win32": ("C:/Windows/Fonts/msyh.ttc", "C:/Windows/Fonts/simsun.ttc", "C:/Windows/Fonts/malgun.ttf"),
    "darwin": ("/Library/Fonts/Arial Unicode.ttf", "/System/Library/Fonts/Supplemental/Arial Unicode.ttf"),
}


def _unfit(path: Path) -> str:
    """Why a file is no font that can be embedded; empty for one that is."""
    try:
        with path.open("rb") as stream:
            begin = stream.read(16)
            if begin.startswith(_COLLECTION):
                stream.seek(int.from_bytes(begin[12:16], "big"))
                begin = stream.read(4)
    except OSError as error:
        return f"cannot be read ({type(error).__name__})"
    if begin.startswith(_TRUE_TYPE):
        return ""
    return _CFF if begin.startswith(b"OTTO") else "is no font"


def font_files(folder: Path) -> list[Path]:
    """The fonts of a folder that can be embedded, by name; any other file is passed over.

    Raises:
        ValueError: There is no such folder, or no font in it can be embedded; the message says why.
    """
    try:
        files = sorted(path for path in folder.iterdir() if path.suffix.lower() in _ENDINGS)
    except OSError as error:
        raise ValueError(f"is no folder that can be read ({type(error).__name__})") from None
    unfit = {path: _unfit(path) for path in files}
    found = [path for path, why in unfit.items() if not why]
    if not found:
        why = "; ".join(f"{path.name} {why}" for path, why in unfit.items()) or "it holds no .ttf or .ttc"
        raise ValueError(f"holds no font that can be embedded: {why}")
    return found


def declared_fonts(folder: Path | None) -> list[Path]:
    """The fonts of the folder that was declared, here or by ``REPORTGEN_FONTS``.

    Raises:
        UsageError: There is no such folder, or no font in it can be embedded.
    """
    named = os.environ.get(FONTS_VARIABLE)
    place, name = (folder, "fonts") if folder else (Path(named), FONTS_VARIABLE) if named else (None, "")
    if place is None:
        return []
    try:
        return font_files(place)
    except ValueError as error:
        raise UsageError(f"{name}: {place} {error}.", "Put a TrueType font there, or declare none.") from None


def system_fonts() -> list[Path]:
    """The fonts of this machine that are asked last, those that are there."""
    return [path for path in map(Path, _SYSTEM.get(sys.platform, ())) if path.is_file()]
