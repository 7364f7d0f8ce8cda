"""What a PDF holds beside its pages: ``report.json`` as it is, and nothing that acts or is laid over them."""

import io

import pikepdf

__all__ = ["enclosed_fault"]

#: Entries of a document, or of a page, that act when it is opened.
_ACTING = ("/OpenAction", "/AA")


def enclosed_fault(data: bytes, source: bytes) -> str:
    """What is wrong with what a PDF encloses; empty if nothing.

    Args:
        data: The PDF.
        source: ``report.json``, of which it says that it was made from it.
    """
    try:
        with pikepdf.open(io.BytesIO(data)) as pdf:
            attached = list(pdf.attachments)
            if attached != ["report.json"]:
                return "does not hold report.json, and nothing else, as its attachment"
            if pdf.attachments["report.json"].get_file().read_bytes() != source:
                return "the report.json in it is not the one beside it"
            names = pdf.Root.get("/Names", pikepdf.Dictionary())
            if "/JavaScript" in names or any(entry in pdf.Root for entry in (*_ACTING, "/AcroForm")):
                return "holds something that acts"
            for number, page in enumerate(pdf.pages, 1):
                if "/Annots" in page or "/AA" in page:
                    return f"page {number}: something is laid over it"
    except (pikepdf.PdfError, ValueError, KeyError, TypeError, AttributeError):
        return "is no PDF that can be read"
    return ""
