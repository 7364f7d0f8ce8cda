"""The text and the PDF of a report, read again word by word."""

import contextlib
import re
import threading
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from reportgen import resources
from reportgen.nouns import Report
from reportgen.reread.match import MISSING, Stream, match
from reportgen.reread.pdf_blocks import pdf_blocks, running_head
from reportgen.reread.printed import Block, tokens, unmarked
from reportgen.reread.seen import is_mirrored, seen_lines
from reportgen.reread.text_blocks import text_blocks
from reportgen.reread.turned import Straightener, alike, all_alike, part_of, turned

__all__ = ["pdf_fault", "pdf_text", "shipped_layout", "text_fault", "told_fault"]

#: What pdfium gives for a hyphen at the end of a line, and for the end of that line.
_LINE_END_HYPHEN = "\ufffe"
_LIGATURES = dict(zip(range(0xFB00, 0xFB07), ("ff", "fi", "fl", "ffi", "ffl", "\u017ft", "st"), strict=True))
#: What no layout may leave out.
_TOLD = ("banner", "findings, ", "biometry, row", "reviewer's item")
_NUMBER = re.compile(r"\d+(?:[.,+:]\d+)*")
_CODES = re.compile(r"[(),\s]((?:U\+[0-9A-F]{4,6}[(),\s]+)*(?:U\+[0-9A-F]{4,6}|\+\d+))(?=[()\s]|$)")
#: pdfium is not made for threads.
_PDFIUM = threading.Lock()


@lru_cache(maxsize=1)
def shipped_layout() -> str:
    """The template of ``report.txt`` that ``text_fault`` knows."""
    return (resources.folder("templates") / "fetal_ultrasound" / "report.txt.jinja").read_text("utf-8")


def text_fault(report: Report, text: str) -> str:
    """Where ``report.txt``, in the shipped layout, is not what the report says; empty if nowhere."""
    text = unmarked(report, text)
    stream = Stream([text.split("\n")])
    wrong = match(stream, text_blocks(report))
    return "" if wrong is None else f"line {stream.where(wrong.at)[1]} ({wrong.place})"


def told_fault(report: Report, text: str, template: str = "", *, numbered: bool = True) -> str:
    """What ``report.txt``, or the words of ``report.html``, in a layout of somebody's own, leaves out or
    adds; empty if nothing.

    All that the report says must be there, and no number that it does not have; order and other words are
    the template's. In a page the numbers of a list are no words: it is not ``numbered``.
    """
    text = unmarked(report, text)
    solid, blocks = _solid(text), list(text_blocks(report))
    for block in blocks:
        if block.place.startswith(_TOLD):
            # of a row only the value with its unit is sure to stand together
            said = block.cells[2] if len(block.cells) > 2 else block.cells[0]
            said = said if numbered or not block.place.startswith("reviewer's item") else said[1:]
            if "".join(said) not in solid:
                return f"nowhere ({block.place})"
    known = set(_NUMBER.findall(template))
    for block in blocks:
        for cell in block.cells:
            known.update(_NUMBER.findall(" ".join(cell)))
    for number, line in enumerate(text.split("\n"), 1):
        if not known.issuperset(_NUMBER.findall(line)):
            return f"line {number} (a number that the report does not hold)"
    return ""


def pdf_text(data: bytes) -> list[str]:
    """The text of each page of a PDF, in the order in which it is drawn.

    Raises:
        ValueError: It is no PDF that can be read.
    """
    import pypdfium2

    with _PDFIUM:
        try:
            with contextlib.closing(pypdfium2.PdfDocument(data)) as document:
                return [_page_text(document, number) for number in range(len(document))]
        except pypdfium2.PdfiumError:
            raise ValueError("is no PDF that can be read") from None


def _page_text(document: object, number: int) -> str:
    with contextlib.closing(document[number]) as page, contextlib.closing(page.get_textpage()) as text:  # type: ignore[index]
        return seen_lines(text) if is_mirrored(document) else str(text.get_text_range())


def pdf_fault(report: Report, pages: Sequence[str]) -> str:
    """Where the text of ``report.pdf`` is not what the report says; empty if nowhere."""
    bodies = []
    for number, page in enumerate(pages, 1):
        lines = page.replace(_LINE_END_HYPHEN, "-\n").split("\n")
        feet = len(_furniture(report, number, len(pages)))
        if not _furnished(report, lines[-feet:], number, len(pages)):
            return f"page {number} (banner, head or foot of the page)"
        bodies.append(lines[:-feet])
    wrong = ""
    codes = _codes(report, bodies)
    # The note is printed where no typeface has a character; the input itself may hold the sign.
    for sign in [MISSING, ""] if any(MISSING in page for page in pages) else [""]:
        blocks = [_typeset(one) for one in pdf_blocks(report, sign, codes)]
        stream, lost, astray = _in_order(bodies, blocks, mirrored=_mirrored(report))
        found = match(stream, blocks)
        if found is None and stream.replaced == bool(sign):
            return ""
        if lost and not astray and _all_there(bodies, blocks):
            return ""
        page_number, line = stream.where(found.at if found else 0)
        wrong = wrong or f"page {page_number}, line {line} ({found.place if found else 'note on characters'})"
    return wrong


def _codes(report: Report, bodies: Sequence[Sequence[str]]) -> str:
    """The code points that the note on characters names, if the report has them all."""
    found = _CODES.findall(" ".join(line for body in bodies for line in body).replace("\r", ""))
    written = report.model_dump_json()
    held = {*written, *unicodedata.normalize("NFC", written)}
    named = {chr(int(code, 16)) for code in re.findall(r"U\+([0-9A-F]+)", found[-1])} if found else set()
    return ", ".join(re.findall(r"[U+][0-9A-F+]+", found[-1])) if found and named <= held else ""


def _all_there(bodies: Sequence[Sequence[str]], blocks: Sequence[Block]) -> bool:
    """Whether the lines hold what they should, where the places of some are lost."""
    must = " ".join(word for one in blocks if not one.optional for cell in one.cells for word in cell)
    may = " ".join(word for one in blocks if one.optional for cell in one.cells for word in cell)
    heads = " ".join(word for head in {one.head for one in blocks} for word in head)
    return all_alike(must, " ".join(map(" ".join, bodies)), f"{may} {heads * len(bodies)}")


def _mirrored(report: Report) -> bool:
    """Whether pages are read from right to left: pdfium then turns any line."""
    return report.presentation.get("direction") == "rtl"


def _in_order(
    bodies: Sequence[Sequence[str]], blocks: Sequence[Block], *, mirrored: bool
) -> tuple[Stream, bool, bool]:
    """The words of all pages, lines from right to left in reading order; whether one has no place, and
    whether that is one whose place could be told."""
    if not mirrored and not any(turned(line) for body in bodies for line in body):
        return Stream(bodies), False, False
    words = [word for block in blocks for cell in block.cells for word in cell]
    order = Straightener(words, mirrored=mirrored)
    stream = Stream([[order.line(line) for line in body] for body in bodies])
    stream.replaced = order.replaced
    return stream, order.lost, order.astray


def _furniture(report: Report, number: int, pages: int) -> list[tuple[str, str]]:
    """What a page ends with, as it is drawn: what it is, and its text."""
    words, case = report.presentation, report.case_id
    page = words["page"].replace("{page}", str(number)).replace("{pages}", str(pages))
    foot = f"{report.provenance.software} | {words['report']} {report.report_id[:8]} | {words['case']} {case}"
    wanted = [
        ("banner", report.banner if report.status == "draft" else ""),
        ("running head", f"{report.title} {running_head(report)}" if number > 1 else ""),
        ("foot", f"{foot} {page}"),
        ("footer", words.get("footer", "")),
    ]
    return [(name, text) for name, text in wanted if text]


def _furnished(report: Report, lines: Sequence[str], number: int, pages: int) -> bool:
    """Whether a page ends with banner, running head and foot."""
    wanted = _furniture(report, number, pages)
    if len(lines) != len(wanted):
        return False
    stream = Stream([])
    for (name, whole), line in zip(wanted, lines, strict=True):
        said, found = _solid(_set(whole)), _solid(line)
        if _mirrored(report) or turned(line):
            cut = name == "running head" and ("…" in found or "..." in found)
            if not (alike(_set(whole), line) or (cut and part_of(_set(whole), line))):
                return False
            continue
        short = name == "running head" and found.endswith("…") and len(found) > len(_solid(report.title))
        if not (
            stream.begins(said, found[:-1])
            if short
            else stream.begins(said, found) and len(said) == len(found)
        ):
            return False
    return True


def _solid(text: str) -> str:
    return "".join(tokens(text))


def _set(text: str) -> str:
    """Text as it comes back from a PDF: letters with their accents as one, ligatures as letters."""
    return text if text.isascii() else unicodedata.normalize("NFC", text).translate(_LIGATURES)


def _typeset(block: Block) -> Block:
    return block._replace(
        cells=tuple(tuple(map(_set, cell)) for cell in block.cells), head=tuple(map(_set, block.head))
    )
