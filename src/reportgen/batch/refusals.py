"""What a person reads when something went wrong: a small file in ``OUT/rejected`` for each input that was
refused, and ``OUT/reportgen.log`` for bugs of ours."""

import re
import unicodedata
from pathlib import Path, PurePosixPath

from reportgen.errors import InputError
from reportgen.files import pretty_json, sha256, write_file
from reportgen.ledger import Ledger

__all__ = ["error_name", "log_bug", "remove_refusal", "write_refusal"]

_FOLDER = "rejected"
_DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
#: Characters of the input's name that are kept; file systems allow 255 bytes.
_MOST = 100


def error_name(ledger: Ledger, key: str, file: str, row: int | None) -> str:
    """``<input file name>[.<row>].error.json``, with a piece of a hash where another input has that name."""
    safe = "".join(
        character if character in "._- " or unicodedata.category(character)[0] in "LN" else "_"
        for character in PurePosixPath(file.replace("\\", "/")).name
    ).strip(". ")
    if file == "-":
        safe = "stdin"
    while len(safe.encode()) > _MOST:
        safe = safe[1:]
    if not safe or _DEVICE.match(safe):
        safe = f"_{safe}"
    suffix = f".{row}.error.json" if row is not None else ".error.json"
    owner = ledger.by_error_file(safe + suffix)
    if owner is None or owner.key == key:
        return safe + suffix
    return f"{safe}~{sha256(key)[:8]}{suffix}"


def write_refusal(out: Path, name: str, error: InputError) -> None:
    """Write one file; it holds no value of the input."""
    said = {
        "file": error.file,
        "row": error.row,
        "path": error.path,
        "problem": error.problem,
        "cure": error.cure,
    }
    write_file(out / _FOLDER / name, pretty_json(said))


def remove_refusal(out: Path, name: str) -> None:
    """Remove the file of an input that is no longer refused, and the folder with the last of them."""
    folder = out / _FOLDER
    (folder / name).unlink(missing_ok=True)
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def log_bug(out: Path, key: str, trace: str) -> None:
    """Add to ``OUT/reportgen.log`` where the program broke. There is no such file while all is well."""
    with (out / "reportgen.log").open("a", encoding="utf-8") as stream:
        stream.write(f"{key}\n{trace}\n\n")
