"""What makes a tagged PDF one that archives keep: PDF/A-3 with its colours, its metadata and its source."""

import io
import re
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import pikepdf
from pikepdf import Array, Dictionary, Name, String
from PIL import ImageCms

from reportgen.exporters.pdf.xmp import xmp

__all__ = ["Attachment", "archived"]

_DATE = re.compile(r"D:(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:([+-]\d\d)'?(\d\d)'?)?")


class Attachment(NamedTuple):
    """The data that all pages are views of: a file's name, its JSON, and what it is, in words."""

    name: str
    data: bytes
    about: str


def archived(
    stream: io.BytesIO,
    attached: Attachment,
    language: str,
    metadata: Mapping[str, str],
    fonts: Collection[str] = (),
    *,
    mirrored: bool = False,
) -> bytes:
    """The document as PDF/A-3a and PDF/UA-1; the same bytes on every run.

    Args:
        stream: A tagged PDF.
        attached: Goes along as its source.
        language: Of the words, as BCP 47 has it.
        metadata: As ``xmp`` takes it.
        fonts: Files beyond the fonts that are shipped, each with its SHA-256.
        mirrored: It is read from right to left.
    """
    with pikepdf.open(stream) as pdf:
        root, info = pdf.Root, pdf.docinfo
        for number, page in enumerate(pdf.pages):
            page.obj.StructParents, page.obj.Tabs = number, Name.S
        root.MarkInfo = Dictionary(Marked=True)
        root.ViewerPreferences = Dictionary(DisplayDocTitle=True)
        if mirrored:
            root.ViewerPreferences.Direction = Name.R2L
        root.OutputIntents = Array([_intent(pdf)])
        created = str(info["/CreationDate"])
        _attach(pdf, attached, created)
        del info["/Trapped"]
        told = {name.lower(): str(info[f"/{name}"]) for name in _INFO}
        told |= {"language": language, "created": _xmp_date(created)}
        packet = xmp(told, {**metadata, "reportgen:fonts": ", ".join(sorted(fonts))})
        root.Metadata = pdf.make_stream(packet, Type=Name.Metadata, Subtype=Name.XML)
        written = io.BytesIO()
        pdf.save(
            written,
            deterministic_id=True,
            min_version="1.7",
            object_stream_mode=pikepdf.ObjectStreamMode.disable,
            compress_streams=False,
            stream_decode_level=pikepdf.StreamDecodeLevel.none,
        )
        return written.getvalue()


_INFO = ("Title", "Author", "Subject", "Keywords", "Creator", "Producer")


def _intent(pdf: pikepdf.Pdf) -> Any:
    """All colours are meant as sRGB."""
    profile = pdf.make_stream(_srgb(), N=3)
    return pdf.make_indirect(
        Dictionary(
            Type=Name.OutputIntent,
            S=Name.GTS_PDFA1,
            OutputConditionIdentifier=String("sRGB"),
            DestOutputProfile=profile,
        )
    )


@lru_cache(maxsize=1)
def _srgb() -> bytes:
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[24:36] = bytes([7, 0xE8, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0])  # bytes 24 to 35 hold when it was made
    return bytes(profile)


def _attach(pdf: pikepdf.Pdf, attached: Attachment, created: str) -> None:
    spec = pikepdf.AttachedFileSpec(
        pdf,
        attached.data,
        filename=attached.name,
        description=attached.about,
        mime_type="application/json",
        relationship=Name.Source,
        creation_date=created,
        mod_date=created,
    )
    pdf.attachments[attached.name] = spec
    pdf.Root.AF = Array([pdf.attachments[attached.name].obj])


def _xmp_date(date: str) -> str:
    """A PDF's date as XMP writes it: ``2026-11-23T09:44:00+01:00``."""
    found = _DATE.match(date)
    assert found is not None, "reportlab writes whole dates"
    year, month, day, hour, minute, second, *zone = found.groups()
    offset = f"{zone[0]}:{zone[1]}" if zone[0] else "Z"
    return f"{year}-{month}-{day}T{hour}:{minute}:{second}{offset}"
