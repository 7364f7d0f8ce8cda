"""Small things that are drawn on a page: a line of text, a heading, marks, the place to sign."""

from collections.abc import Sequence
from itertools import groupby

import segno
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase.pdfmetrics import getAscent
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable

from reportgen.exporters.pdf.style import ACCENT, BODY, CELL, GREY, INK, WIDTH
from reportgen.exporters.pdf.tags import Tagged
from reportgen.exporters.pdf.typeface import BOLD, REGULAR, foreign
from reportgen.exporters.pdf.writing import Side, measure, write

__all__ = ["Centile", "Code", "Heading", "Line", "Lines", "Signature", "State", "Tick", "mark"]


class Line(Tagged):
    """One line of text that is known to fit: a paragraph without its cost."""

    def __init__(self, text: str, style: ParagraphStyle, side: Side | None = None) -> None:
        super().__init__()
        self.text, self.style, self.side = text, style, side

    def wrap(self, width: float, _: float) -> tuple[float, float]:
        """As wide as there is room, one line high."""
        self.width, self.height = width, self.style.leading
        return self.width, self.height

    def draw(self) -> None:
        """Set on the same base line as a paragraph of this style."""
        style, canvas = self.style, self.canv
        canvas.setFillColor(style.textColor)
        rise = getattr(style, "rise", None) or getAscent(style.fontName, style.fontSize)
        right = style.alignment == TA_RIGHT and not canvas.mirrored  # digits line up at the right anywhere
        x, y = self.width if right else 0, style.leading - rise
        write(
            canvas,
            (x, y),
            self.text,
            (style.fontName, style.fontSize),
            align="right" if right else "left",
            side=self.side,
        )


class Lines(Tagged):
    """Lines in scripts that reportlab's paragraphs do not know, each with the side of its sentence; what each
    page takes has the same tag."""

    def __init__(self, lines: Sequence[tuple[str, Side]], style: ParagraphStyle) -> None:
        super().__init__()
        self.lines, self.style = lines, style

    def wrap(self, width: float, _: float) -> tuple[float, float]:
        """As wide as there is room, as high as its lines."""
        self.width, self.height = width, self.style.leading * len(self.lines)
        return self.width, self.height

    def split(self, _width: float, height: float) -> list[Flowable]:
        """Its lines above and below the end of the page."""
        fit = int(height // self.style.leading)
        if not 0 < fit < len(self.lines):
            return [] if not fit else [self]
        parts = [Lines(some, self.style) for some in (self.lines[:fit], self.lines[fit:])]
        for part in parts:
            part.tag = self.tag
        return parts

    def draw(self) -> None:
        """Line below line, with the base lines of a paragraph."""
        style, canvas = self.style, self.canv
        canvas.setFillColor(style.textColor)
        right = style.alignment == TA_RIGHT and not canvas.mirrored
        y = self.height - getAscent(style.fontName, style.fontSize)
        for line, side in self.lines:
            place, font = (self.width if right else 0, y), (style.fontName, style.fontSize)
            write(canvas, place, line, font, align="right" if right else "left", side=side)
            y -= style.leading


class Heading(Tagged):
    """Title of a section over a thin rule; what stands in parentheses is grey. Also a bookmark."""

    role = "H2"

    def __init__(self, text: str, key: str) -> None:
        super().__init__()
        self.text, self.key = text, key
        self.width, self.height = WIDTH, 24.0

    def draw(self) -> None:
        """Draw it and tell the canvas where it is."""
        canvas = self.canv
        title, bracket, rest = self.text.partition(" (")
        canvas.setFillColor(ACCENT)
        x = measure(title, BOLD, 8.6) + 4
        if foreign(title) or canvas.mirrored:  # letters that join are not set apart
            write(canvas, (0, 7), title, (BOLD, 8.6))
        else:
            canvas.setFont(BOLD, 8.6)
            canvas.drawString(0, 7, title, charSpace=0.35)
            x += 0.35 * len(title)
        if bracket:
            canvas.setFillColor(GREY)
            write(canvas, (x, 7), "(" + rest, (REGULAR, 8.2))
        canvas.setStrokeColor(ACCENT)
        canvas.setLineWidth(0.7)
        canvas.line(0, 3, self.width, 3)
        canvas.mark(self.text, self.key, canvas.absolutePosition(0, self.height)[1])


def mark(canvas: Canvas, state: str, x: float, y: float, radius: float = 2.5) -> None:
    """A full circle for recognised, a half one for uncertain, an empty one for not determined."""
    canvas.setStrokeColor(INK)
    canvas.setFillColor(INK)
    canvas.setLineWidth(0.7)
    if state == "uncertain":
        path = canvas.beginPath()
        path.arc(x - radius, y - radius, x + radius, y + radius, 90, 180)
        path.close()
        canvas.drawPath(path, stroke=0, fill=1)
    canvas.circle(x, y, radius, stroke=1, fill=int(state == "recognised"))


class State(Tagged):
    """The state of a view as a mark and in words: legible without colour."""

    def __init__(self, state: str, words: str, style: ParagraphStyle = CELL) -> None:
        super().__init__()
        self.state, self.words, self.style = state, words, style
        self.width, self.height = 10 + measure(words, style.fontName, style.fontSize), style.leading

    def draw(self) -> None:
        """Mark, then words."""
        y = self.height - getAscent(self.style.fontName, self.style.fontSize)
        mark(self.canv, self.state, 3, y + self.style.fontSize * 0.34)
        self.canv.setFillColor(self.style.textColor)
        write(self.canv, (10, y), self.words, (self.style.fontName, self.style.fontSize))


class Centile(Tagged):
    """A centile at the right, and where it lies between 0 and 100: the bar adds nothing to the number."""

    _BAR = 46.0

    def __init__(self, text: str, centile: str, width: float, style: ParagraphStyle) -> None:
        super().__init__()
        self.text, self.style = text, style
        self.share = min(max(float(centile.strip("<>")) / 100, 0.0), 1.0)
        self.width, self.height = width, style.leading

    def draw(self) -> None:
        """A line with its ends and its middle marked, a full circle on it, and the number."""
        canvas, y = self.canv, self.height * 0.42
        canvas.setStrokeColor(GREY)
        canvas.setLineWidth(0.5)
        canvas.setFillColor(INK)
        with canvas.upright(0, self._BAR):  # numbers grow to the right in every language
            canvas.line(0, y, self._BAR, y)
            for tick, half in ((0.0, 2.2), (0.5, 1.4), (1.0, 2.2)):
                canvas.line(tick * self._BAR, y - half, tick * self._BAR, y + half)
            canvas.circle(self.share * self._BAR, y, 1.9, stroke=0, fill=1)
        base = self.height - getAscent(self.style.fontName, self.style.fontSize)
        font = (self.style.fontName, self.style.fontSize)
        if canvas.mirrored:  # digits line up beside the bar
            write(canvas, (self._BAR + 12, base), self.text, font)
        else:
            write(canvas, (self.width, base), self.text, font, align="right")


class Tick(Tagged):
    """An empty box for the reviewer's pen."""

    role = None

    def __init__(self) -> None:
        super().__init__()
        self.width, self.height = 9.0, 11.6

    def draw(self) -> None:
        """A square on the line of the text beside it."""
        self.canv.setStrokeColor(GREY)
        self.canv.setLineWidth(0.7)
        self.canv.rect(0.5, 1.4, 8, 8, stroke=1, fill=0)


class Code(Tagged):
    """A QR code (ISO/IEC 18004) with the report's id and the SHA-256 of the report as data."""

    def __init__(self, data: str, words: str, side: float) -> None:
        super().__init__()
        self.data, self.words = data, words
        self.width = self.height = side

    @property
    def alternative(self) -> str:
        """What it holds."""
        return self.words

    def draw(self) -> None:
        """Dark squares, those beside each other as one bar."""
        # Any mask can be read; trying all eight for the evenest costs more than the rest of the page.
        code = segno.make(self.data, error="m", micro=False, boost_error=False, mask=3)
        size, border = code.symbol_size(border=0)[0], 2
        unit = self.width / (size + 2 * border)
        path = self.canv.beginPath()
        for line, row in enumerate(code.matrix):
            y = self.height - (line + border + 1) * unit
            place = 0
            for dark, squares in groupby(row):
                length = len(list(squares))
                if dark:
                    path.rect((place + border) * unit, y, length * unit, unit)
                place += length
        self.canv.setFillColor(INK)
        with self.canv.upright(0, self.width):
            self.canv.drawPath(path, stroke=0, fill=1)


class Signature(Tagged):
    """``Reviewed by`` with a line to write on, and whether the report is signed."""

    def __init__(self, reviewed_by: str, status: str) -> None:
        super().__init__()
        self.reviewed_by, self.status = reviewed_by, status
        self.width, self.height = WIDTH, 28.0

    def draw(self) -> None:
        """The line, and the status in a box at the right."""
        canvas = self.canv
        label = f"{self.reviewed_by}:"
        canvas.setFillColor(INK)
        write(canvas, (0, 10), label, (BODY.fontName, BODY.fontSize))
        box = measure(self.status, BOLD, 8.6) + 16
        canvas.setStrokeColor(GREY)
        canvas.setLineWidth(0.6)
        canvas.line(measure(label, BODY.fontName, BODY.fontSize) + 6, 8, self.width - box - 14, 8)
        canvas.setStrokeColor(ACCENT)
        canvas.setLineWidth(1)
        canvas.rect(self.width - box, 4, box, 17, stroke=1, fill=0)
        canvas.setFillColor(ACCENT)
        write(canvas, (self.width - box / 2, 9.4), self.status, (BOLD, 8.6), align="centre")
