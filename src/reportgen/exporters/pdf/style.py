"""How the PDF looks: one dark accent, greys, and a few sizes. All lengths are points (1/72 inch)."""

from reportlab.lib.colors import HexColor, white
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4, LETTER
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm

from reportgen.exporters.pdf.typeface import BOLD, REGULAR

__all__ = [
    "ACCENT",
    "BODY",
    "BOTTOM",
    "CELL",
    "CELL_BOLD",
    "CELL_NOTE",
    "CELL_RIGHT",
    "GREY",
    "HEAD",
    "HEAD_RIGHT",
    "INK",
    "LABEL",
    "LETTER_LINE",
    "LETTER_NAME",
    "NOTE",
    "PALE",
    "PAPERS",
    "REGION",
    "RULE",
    "TINY",
    "TITLE",
    "TOP",
    "WHITE",
    "WIDTH",
]

ACCENT, INK, GREY = HexColor("#16365c"), HexColor("#1c2126"), HexColor("#59636e")
RULE, PALE, WHITE = HexColor("#c8ced5"), HexColor("#f2f4f7"), white

#: All papers have columns of one width; what a paper is wider, its margins are.
PAPERS: dict[str, tuple[float, float]] = {"A4": A4, "Letter": LETTER}
TOP, BOTTOM = 20 * mm, 19 * mm
WIDTH = A4[0] - 36 * mm


def _style(name: str, size: float, leading: float, **more: object) -> ParagraphStyle:
    base = {
        "fontName": REGULAR,
        "bulletFontName": REGULAR,
        "textColor": INK,
        "allowWidows": 0,
        "allowOrphans": 0,
    }
    return ParagraphStyle(name, fontSize=size, leading=leading, **{**base, **more})


LETTER_NAME = _style("letter-name", 12, 15.5, fontName=BOLD)
LETTER_LINE = _style("letter-line", 8.2, 10.8, textColor=GREY)
BODY = _style("body", 9.2, 13)
# `role`: what a text of this style is in the structure of the PDF, if not a paragraph.
TITLE = _style("title", 14.5, 19, fontName=BOLD, textColor=ACCENT, role="H1")
REGION = _style("region", 9.2, 13, fontName=BOLD, textColor=ACCENT, role="H3")
# `rise`: distance of a single line's base line from its top, where a smaller text shares a row with a larger.
LABEL = _style("label", 7.6, 13, textColor=GREY, rise=9.83)
HEAD = _style("head", 7.4, 10, fontName=BOLD, textColor=GREY)
HEAD_RIGHT = _style("head-right", 7.4, 10, fontName=BOLD, textColor=GREY, alignment=TA_RIGHT)
CELL = _style("cell", 8.6, 11.6)
CELL_RIGHT = _style("cell-right", 8.6, 11.6, alignment=TA_RIGHT)
CELL_BOLD = _style("cell-bold", 8.6, 11.6, fontName=BOLD)
CELL_NOTE = _style("cell-note", 7.8, 11.6, textColor=GREY, rise=9.19)
NOTE = _style("note", 7.8, 10.6, textColor=GREY)
TINY = _style("tiny", 6.6, 8.2, textColor=GREY)
