"""What a person reads when something went wrong: a small file in ``OUT/rejected`` for each input that was
refused, and ``OUT/reportgen.log`` for bugs of ours."""

import contextlib
import re
import sys
import unicodedata
from pathlib import Path, PurePosixPath

from reportgen.errors import InputError
from reportgen.files import pretty_json, remove_file, sha256, write_file
from reportgen.ledger import Ledger
from reportgen.nouns import Found

__all__ = ["duplicate", "error_name", "log_bug", "remove_refusal", "write_refusal"]

_FOLDER = "rejected"
#: Names that Windows keeps for devices, whatever the extension; ports also have superscript numbers.
_DEVICE = re.compile(r"(con|prn|aux|nul|(com|lpt)[\d¹²³]) *(\.|$)", re.IGNORECASE)
#: A byte that is not UTF-8, as ``discover`` shows it; no folder ends before it.
_BYTE = re.compile(r"\\x([0-9a-f]{2})")
#: Characters of the input's name that are kept; file systems allow 255 bytes.
_MOST = 100


def error_name(ledger: Ledger, key: str, file: str, row: int | None, *, alone: bool = True) -> str:
    """``<input file name>[.<row>].error.json``, with a piece of a hash where another input has that name, or
    may have it: this run is not ``alone`` in the folder, or the drive may not tell Ä from ä."""
    safe = "".join(map(_kept, PurePosixPath(_BYTE.sub(r"_\1", file).replace("\\", "/")).name)).strip(". ")
    if file == "-":
        safe = "stdin"
    while len(safe.encode()) > _MOST:
        safe = safe[1:]
    if not safe or _DEVICE.match(safe):
        safe = f"_{safe}"
    suffix = f".{row}.error.json" if row is not None else ".error.json"
    owner = ledger.by_error_file(safe + suffix)
    folds = any(not one.isascii() and one != one.casefold() for one in safe)  # the ledger folds A to Z only
    if alone and not folds and (owner is None or owner.key == key):
        return safe + suffix
    return f"{safe}~{sha256(key)[:8]}{suffix}"


def _kept(character: str) -> str:
    """A character of a name that any drive can hold, and this process can ask for."""
    legible = character in "._- " or unicodedata.category(character)[0] in "LN"
    known = character.isascii() or sys.getfilesystemencoding() == "utf-8"
    return character if legible and known else "_"


def duplicate(found: Found, *, earlier: str | None = None) -> InputError:
    """The refusal of a case whose id is taken: in this run, or by an input of an ``earlier`` one."""
    cure = "Give each case its own id; the first in sorted order was used."
    if found.source.format != "native":
        cure = "Such ids come from file names: rename one; the first in sorted order was used."
    if earlier is not None:
        cure = (
            f"The report that an earlier run made from {earlier} has this id, and was kept. "
            "Give each case its own id; if that input is out of date, remove it."
        )
    return InputError(
        "Another input has the same case_id (upper and lower case are the same).",
        cure,
        file=found.source.name,
        row=found.source.row,
        path="case_id",
    )


def write_refusal(out: Path, name: str, error: InputError) -> None:
    """Write one file; it holds no value of the input.

    Raises:
        HeldError: An older one is open in a program.
    """
    said = {
        "file": error.file,
        "row": error.row,
        "path": error.path,
        "problem": error.problem,
        "cure": error.cure,
    }
    write_file(out / _FOLDER / name, pretty_json(said))


def remove_refusal(out: Path, name: str, *, alone: bool = True) -> None:
    """Remove the file of an input that is no longer refused; and the folder with the last of them, unless
    others may be about to write there.

    Raises:
        HeldError: It is open in a program.
    """
    folder = out / _FOLDER
    remove_file(folder / name)
    if alone and folder.is_dir() and not any(folder.iterdir()):
        with contextlib.suppress(OSError):  # somebody looks into it: an empty folder harms nobody
            folder.rmdir()


def log_bug(out: Path, key: str, trace: str) -> None:
    """Add to ``OUT/reportgen.log`` where the program broke. There is no such file while all is well."""
    with (out / "reportgen.log").open("a", encoding="utf-8") as stream:
        stream.write(f"{key}\n{trace}\n\n")
