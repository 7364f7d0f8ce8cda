"""A report as bytes: pure views of ``report.json`` that can be made again at any time without a model.

Nothing here asks the domain: a report carries all its words, so that one can be exported years later.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from reportgen.errors import UsageError
from reportgen.exporters.html_page import html as page_of
from reportgen.exporters.layout import Pictures
from reportgen.exporters.text import text as text_of
from reportgen.nouns import Report

__all__ = ["FORMATS", "Exporter", "export"]

Exporter = Callable[[Report, Pictures, str | None, Path | None], bytes]


def _json(report: Report, *_: object) -> bytes:
    """``report.json``: pretty, ``schema`` first, absent values left out."""
    return (report.model_dump_json(by_alias=True, exclude_none=True, indent=2) + "\n").encode()


def _text(report: Report, _: Pictures, template: str | None, __: Path | None) -> bytes:
    return text_of(report, template).encode()


def _pdf(report: Report, pictures: Pictures, _: str | None, fonts: Path | None) -> bytes:
    from reportgen.exporters.pdf import pdf  # reportlab and its fonts cost a second of start-up

    return pdf(report, pictures, _json(report), fonts)


def _html(report: Report, pictures: Pictures, template: str | None, _: Path | None) -> bytes:
    return page_of(report, pictures, template).encode()


#: What a report can be made into, by the name of the format; also the extension of the file.
FORMATS: Mapping[str, Exporter] = {"json": _json, "txt": _text, "pdf": _pdf, "html": _html}


def export(
    report: Report,
    format: str,  # noqa: A002
    pictures: Mapping[str, bytes] | Path | None = None,
    text_template: str | None = None,
    html_template: str | None = None,
    *,
    fonts: Path | None = None,
) -> bytes:
    """Make one format of a report.

    Args:
        report: The report, as assembled or read back from ``report.json``.
        format: A key of ``FORMATS``.
        pictures: JPEG files by the relative path in ``images[].picture``, or the folder that these paths are
            relative to. A picture that is not there becomes a placeholder that says so.
        text_template: ``report.txt.jinja`` of a domain that is not shipped.
        html_template: ``report.html.jinja`` of such a domain.
        fonts: Folder of TrueType fonts for what the shipped ones lack (see docs/fonts.md); without, that of
            ``REPORTGEN_FONTS``.

    Raises:
        UsageError: There is no such format; no font in the folder can be embedded.
        InputError: No font has a character of the patient's name or number.
        DomainError: The report lacks a word of the layout, or the installation a template.
    """
    if format not in FORMATS:
        raise UsageError(f"There is no format '{format}'.", f"Use one of: {', '.join(FORMATS)}.")
    template = {"txt": text_template, "html": html_template}.get(format)
    return FORMATS[format](report, pictures, template, fonts)
