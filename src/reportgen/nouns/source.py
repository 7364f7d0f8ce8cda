"""Where a case came from. Paths live here and never in a report."""

from pathlib import Path

from reportgen.nouns.base import Frozen
from reportgen.nouns.case import Case

__all__ = ["Found", "Picture", "Source"]


class Picture(Frozen):
    """The picture of one image, found and checked, or why there is none.

    Attributes:
        path: The file, inside the input's folder or the folder of pictures.
        sha256: Of the file's content.
        note: Why there is no picture ("file not found", "not an image file"), when ``path`` is None.
    """

    image_id: str
    path: Path | None = None
    sha256: str | None = None
    note: str | None = None


class Source(Frozen):
    """The input of one case.

    Attributes:
        name: Path as found, relative to the input that was given, with ``/``; ``-`` for standard input.
        row: One-based line, row or record inside the file, when it holds several cases.
        sha256: Of the bytes that this case was read from.
        format: The shape that was recognised, such as ``native`` or ``fada_chatbot``.
        size: Bytes of the file (of all files of a group).
        mtime_ns: Time of the last change (the newest of a group), nanoseconds.
        notes: What the adapter read in a way that the report must state
            ("FADA chatbot result, 82.4 % read as 0.82").
    """

    name: str
    row: int | None = None
    sha256: str
    format: str
    size: int = 0
    mtime_ns: int = 0
    notes: tuple[str, ...] = ()
    pictures: tuple[Picture, ...] = ()


class Found(Frozen):
    """A valid case and where it came from."""

    case: Case
    source: Source
