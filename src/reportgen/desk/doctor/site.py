"""What shapes reports here: configuration, domain, schemas, fonts."""

import os
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

from reportgen import resources
from reportgen.desk.doctor.finding import Finding, short
from reportgen.desk.doctor.plan import Meant
from reportgen.domain import load_domain
from reportgen.errors import ReportgenError
from reportgen.files import sha256_file
from reportgen.font_files import FONTS_VARIABLE, declared_fonts
from reportgen.site import configured

__all__ = ["look"]


def look(meant: Meant) -> Iterator[Finding]:
    """Everything without which no report can be made, on any machine."""
    yield _configuration(meant)
    yield _tried("domain", lambda: f"{meant.domain}, {_views(meant)} views")
    yield _tried("schemas", lambda: f"{len(list(resources.folder('schemas').glob('*.json')))} in place")
    yield _shipped(resources.fonts())
    yield from _declared(meant.settings.institution.fonts)


def _configuration(meant: Meant) -> Finding:
    if meant.fault is not None:
        problem, cure = meant.fault
        return Finding("configuration", "fail", short(problem).rstrip("."), cure, "reports")
    if meant.used is None:
        return Finding("configuration", "ok", "no reportgen.toml in the working folder: defaults")
    return _tried("configuration", lambda: _institution(meant))


def _institution(meant: Meant) -> str:
    _ = meant.settings.institution.logo_png  # read, if there is one
    return f"{short(str(meant.used))} is valid"


def _views(meant: Meant) -> int:
    return len(configured(load_domain(meant.domain, meant.lang), meant.settings).views)


def _tried(name: str, attempt: Callable[[], str]) -> Finding:
    try:
        return Finding(name, "ok", attempt())
    except ReportgenError as error:
        return Finding(name, "fail", short(error.problem).rstrip("."), error.cure, "reports")


def _shipped(folder: Path) -> Finding:
    """The fonts of the PDF against the list of their hashes that lies beside them."""
    cure = "Type: pip install --force-reinstall --no-deps reportgen"
    try:
        lines = (folder / "SHA256SUMS").read_text("ascii").splitlines()
        hashes = {name: digest for digest, name in (line.split("  ") for line in lines)}
        wrong = sorted(name for name, right in hashes.items() if _hash(folder / name) != right)
    except (OSError, ValueError) as error:
        said = f"the list of the shipped fonts cannot be read ({type(error).__name__})"
        return Finding("fonts", "fail", said, cure, "reports")
    if wrong:
        said = f"missing or damaged: {', '.join(wrong)}; no PDF can be made with them"
        return Finding("fonts", "fail", said, cure, "reports")
    return Finding("fonts", "ok", f"{len(hashes)} shipped, all whole")


def _hash(path: Path) -> str:
    return sha256_file(path) if path.is_file() else ""


def _declared(folder: Path | None) -> Iterator[Finding]:
    """The site's own fonts, if it declares any."""
    if folder is None and not os.environ.get(FONTS_VARIABLE):
        return
    try:
        files = declared_fonts(folder)
    except ReportgenError as error:
        yield Finding("fonts of the site", "fail", short(error.problem).rstrip("."), error.cure, "reports")
        return
    closed = [path.name for path in files if _forbids(path)]
    if closed:
        said = (
            f"{', '.join(closed)}: the font says that its licence forbids embedding it, and a PDF embeds it"
        )
        cure = "Declare another font for that script, or get the right from its maker (docs/fonts.md)."
        yield Finding("fonts of the site", "warn", said, cure)
    else:
        yield Finding("fonts of the site", "ok", f"{len(files)} in {short(files[0].parent)}")


def _forbids(path: Path) -> bool:
    """Whether a font's own licence bits keep it out of a PDF, which holds a part of its outlines.

    OpenType 1.9, OS/2, fsType: 0x0002 restricted, 0x0100 no subsetting, 0x0200 bitmaps only.
    """
    with path.open("rb") as stream:
        begin = stream.read(16)
        start = struct.unpack(">I", begin[12:16])[0] if begin.startswith(b"ttcf") else 0
        stream.seek(start + 4)
        tables = int.from_bytes(stream.read(2), "big")
        stream.seek(start + 12)
        for _ in range(tables):
            tag, _, offset, _ = struct.unpack(">4sIII", stream.read(16).ljust(16, b"\0"))
            if tag == b"OS/2":
                stream.seek(offset + 8)
                kind = int.from_bytes(stream.read(2), "big")
                return kind & 0x000F == 0x0002 or bool(kind & 0x0300)
    return False
