"""Read classification results of any supported shape as checked cases.

``discover`` finds files, ``read_inputs`` turns them into cases, ``read_case`` reads exactly one::

    from reportgen.read import read_case

    case = read_case("samples/one.json")
    print(case.case_id, len(case.images))

What cannot be trusted is refused with an ``InputError`` that names file, row and field path, says what was
expected and what to do next, and never holds a value of the input.
"""

from pathlib import Path

from reportgen.domain import Domain, load_domain
from reportgen.errors import InputError
from reportgen.nouns import Case, Found
from reportgen.read.checks import check_case
from reportgen.read.discover import InputFile, Inputs, discover
from reportgen.read.ids import id_key
from reportgen.read.options import SHAPES, ReadOptions
from reportgen.read.walk import read_file, read_inputs

__all__ = [
    "SHAPES",
    "InputFile",
    "Inputs",
    "ReadOptions",
    "check_case",
    "discover",
    "id_key",
    "read_case",
    "read_file",
    "read_found",
    "read_inputs",
]


def read_case(path: str | Path, domain: Domain | None = None, options: ReadOptions | None = None) -> Case:
    """Read the one case that a file holds.

    Args:
        path: A file, or ``-`` for standard input.
        domain: What labels and measurements are checked against; the default domain if None.
        options: How to read it.

    Raises:
        InputError: The file cannot be read, is refused, or holds several cases.
    """
    return read_found(path, domain, options).case


def read_found(path: str | Path, domain: Domain | None = None, options: ReadOptions | None = None) -> Found:
    """As ``read_case``, with where the case came from, and its pictures.

    Raises:
        InputError: The file cannot be read, is refused, or holds several cases.
    """
    name = str(path)
    file = InputFile(None, "-") if name == "-" else InputFile(Path(path), Path(path).name)
    found = read_file(file, domain or load_domain(), options or ReadOptions())
    first = next(found, None)
    if first is None:
        raise InputError("There is no case in the file.", "Check what wrote it.", file=file.name)
    if isinstance(first, InputError):
        raise first
    if next(found, None) is not None:
        raise InputError(
            "The file holds several cases.", "Use 'reportgen run', or read_inputs in Python.", file=file.name
        )
    return first
