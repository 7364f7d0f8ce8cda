"""``report.pdf``: a letter for people, screen readers and archives; the same bytes on every run."""

from pathlib import Path

from reportgen.errors import InputError
from reportgen.exporters.layout import Layout, Pictures
from reportgen.exporters.pdf.archive import Attachment
from reportgen.exporters.pdf.binding import Cover, bound, fitted
from reportgen.exporters.pdf.parts import story
from reportgen.exporters.pdf.style import WIDTH
from reportgen.exporters.pdf.typeface import REGULAR, Pen
from reportgen.exporters.pdf.writing import measure
from reportgen.exporters.pdf.xmp import told_of
from reportgen.files import sha256
from reportgen.nouns import Report

__all__ = ["SOURCE", "pdf"]

#: Name of the attached file: the report as data, of which all pages are views.
SOURCE = "report.json"


def pdf(report: Report, pictures: Pictures, attachment: bytes, fonts: Path | None = None) -> bytes:
    """The report as PDF/A-3a and PDF/UA-1, with ``report.json`` attached.

    Args:
        report: What is printed.
        pictures: As ``reportgen.export`` takes them.
        attachment: ``report.json``.
        fonts: Folder of the site's fonts.

    Raises:
        DomainError: The report lacks a word of the layout.
        InputError: The patient's name or number cannot be printed.
        UsageError: The folder holds no font that can be embedded.
    """
    layout = Layout.of(report)
    pen = Pen(layout.colour, fonts, mirrored=layout.mirrored)
    _identified(layout, pen)
    flow = story(layout, pen, pictures, sha256(attachment))
    attached = Attachment(SOURCE, attachment, layout.words["source"])
    return bound(flow, _cover(layout, pen), attached, pen)


def _identified(layout: Layout, pen: Pen) -> None:
    """A report must not go out under a name that is not the patient's."""
    words = layout.report.presentation
    for number, (name, text) in enumerate(layout.report.header):
        if name in {words.get("patient"), words.get("patient_id")} and (lost := pen.lost(text)):
            raise InputError(
                f"No font has {_some(lost)}, and an identity is printed whole or not at all.",
                "Declare a folder of TrueType fonts that have it: [institution] fonts, or REPORTGEN_FONTS.",
                path=f"header[{number}] ({name})",
            )


def _some(codes: list[str]) -> str:
    return ", ".join(codes[:10]) + (" and others" if len(codes) > 10 else "")


def _cover(layout: Layout, pen: Pen) -> Cover:
    report, words = layout.report, layout.words
    banner, title = pen.plain(layout.banner), pen.plain(report.title)
    # The first entry and the patient's number: a page that got loose can be put back.
    running = [
        f"{name} {text}"
        for number, (name, text) in enumerate(report.header)
        if number == 0 or name == words["patient_id"]
    ]
    room = WIDTH - measure(title, REGULAR, 7.2) - 16
    ids = [f"{words['report']} {layout.report_short}", f"{words['case']} {report.case_id}"]
    return Cover(
        title=title,
        language=words["language"],
        software=report.provenance.software,
        subject=f"{words['report']} {report.report_id}",
        keywords=(report.provenance.domain, report.status, report.case_id),
        created_at=report.created_at,
        metadata=told_of(report),
        paper=report.presentation.get("paper", "A4"),
        banner=banner,
        running=fitted(pen.plain("   ".join(running)).replace("\n", " "), REGULAR, 7.2, room),
        ids=pen.plain("  |  ".join([report.provenance.software, *ids])),
        page=words["page"],
        footer=pen.plain(layout.footer),
    )
