"""What else could print reports: plain reportlab, WeasyPrint, fpdf2, typst; each gets the same content.

Texts, tables and pictures are those of the report, in its order and with its typeface embedded, in the
plainest way that each library's manual shows: none of the layout, none of the structure that a screen reader
follows (but typst, which tags by default). What can be made once for many documents, such as fonts, is not
timed.
A library that is not installed, or cannot start, is a row that says so.
"""

import base64
import hashlib
import html
import io
import json
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pdf_content import Block, Content, Head, Part, Table
from reportgen.exporters.pdf import typeface
from reportgen.exporters.pdf.typeface import BOLD, REGULAR, letters

__all__ = ["WRITERS"]

Write = Callable[[Content], bytes]
#: Characters that fit a cell of a table on one line: a string, where more would be a paragraph.
SHORT = 20
FONTS = Path(typeface.__file__).resolve().parent / "fonts"


def reportlab() -> Write:
    """A Platypus document of paragraphs, tables and images."""
    from reportlab import rl_config
    from reportlab.lib import colors
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.platypus import Image, Paragraph, SimpleDocTemplate
    from reportlab.platypus import Table as Grid

    rl_config.useA85 = 0  # else twice the time
    letters()
    body = ParagraphStyle("body", fontName=REGULAR, fontSize=9, leading=12)
    bold = ParagraphStyle("bold", fontName=BOLD, fontSize=10, leading=14, spaceBefore=6)

    def cell(part: Part) -> Any:
        if isinstance(part, bytes):
            return Image(io.BytesIO(part), 82, 62)
        if len(part) <= SHORT:
            return part
        return Paragraph(html.escape(part).replace("\n", "<br/>"), body)

    def flow(block: Block) -> Any:
        if isinstance(block, Head):
            return Paragraph(html.escape(block.text), bold)
        if isinstance(block, str):
            return Paragraph(html.escape(block), body)
        return Grid(
            [[cell(part) for part in row] for row in block.rows],
            # Widths that nobody gives are computed from all cells, which takes longer.
            colWidths=[440 / len(block.rows[0])] * len(block.rows[0]) if block.rows else None,
            repeatRows=int(block.headed),
            style=[
                ("FONT", (0, 0), (-1, -1), REGULAR, 9),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LINEBELOW", (0, 0), (-1, -1), 0.35, colors.grey),
            ],
        )

    def write(content: Content) -> bytes:
        def furniture(canvas: Any, document: Any) -> None:
            canvas.setFont(REGULAR, 7)
            canvas.drawCentredString(A4[0] / 2, A4[1] - 40, content.banner)
            canvas.drawString(60, 40, f"{content.foot} | {document.page}")

        stream = io.BytesIO()
        document = SimpleDocTemplate(
            stream, pagesize=A4, title=content.title, lang=content.language, initialFontName=REGULAR
        )
        story = [flow(block) for block in (Head(content.title), *content.blocks) if block]
        document.build(story, onFirstPage=furniture, onLaterPages=furniture)
        return stream.getvalue()

    return write


def weasyprint() -> Write:
    """A page of HTML with a style sheet that is read once."""
    from weasyprint import CSS, HTML
    from weasyprint.text.fonts import FontConfiguration

    config = FontConfiguration()
    faces = "".join(
        f"@font-face {{ font-family: Noto; font-weight: {weight}; src: url({(FONTS / file).as_uri()}) }}"
        for weight, file in (("normal", "NotoSans-Regular.ttf"), ("bold", "NotoSans-Bold.ttf"))
    )
    rules = (
        "body, @page { font: 9pt Noto } h1, h2 { font-size: 11pt } table { width: 100% } img { width: 29mm }"
    )
    sheet = CSS(string=faces + rules, font_config=config)
    page = "@page { size: A4; margin: 20mm 18mm; font: 7pt Noto; "
    page += "@top-center { content: %s } @bottom-left { content: %s } }"

    def cell(part: Part) -> str:
        if isinstance(part, bytes):
            return f'<img alt="" src="data:image/jpeg;base64,{base64.b64encode(part).decode()}">'
        return html.escape(part).replace("\n", "<br>")

    def block(one: Block) -> str:
        if isinstance(one, Head):
            return f"<h2>{html.escape(one.text)}</h2>"
        if isinstance(one, str):
            return f"<p>{cell(one)}</p>"
        rows = [
            "".join(f"<{tag}>{cell(part)}</{tag}>" for part in row)
            for tag, row in zip(
                ["th" if one.headed else "td", *["td"] * len(one.rows)], one.rows, strict=False
            )
        ]
        return "<table>" + "".join(f"<tr>{row}</tr>" for row in rows) + "</table>"

    def write(content: Content) -> bytes:
        title = html.escape(content.title)
        furniture = html.escape(page % (json.dumps(content.banner), json.dumps(content.foot)), quote=False)
        head = f'<html lang="{content.language}"><title>{title}</title><style>{furniture}</style>'
        text = f"{head}<body><h1>{title}</h1>" + "".join(map(block, content.blocks))
        return HTML(string=text).write_pdf(stylesheets=[sheet], font_config=config)  # type: ignore[no-any-return]

    return write


def fpdf2() -> Write:
    """Cells and tables of fpdf2; its fonts cannot be kept from one document for the next."""
    from fpdf import FPDF

    class Page(FPDF):  # type: ignore[misc]
        """A page with what stands around its content."""

        def __init__(self, content: Content) -> None:
            super().__init__()
            self.content = content

        def header(self) -> None:
            self.set_font("Noto", size=7)
            self.cell(0, 8, self.content.banner, align="C", new_x="LMARGIN", new_y="NEXT")

        def footer(self) -> None:
            self.set_y(-15)
            self.set_font("Noto", size=7)
            self.cell(0, 8, f"{self.content.foot} | {self.page_no()}")

    def table(page: FPDF, block: Table) -> None:
        with page.table(first_row_as_headings=block.headed, line_height=4.5) as grid:
            for cells in block.rows:
                row = grid.row()
                for part in cells:
                    row.cell(img=io.BytesIO(part)) if isinstance(part, bytes) else row.cell(part)

    def write(content: Content) -> bytes:
        page = Page(content)
        page.set_lang(content.language)
        page.add_font("Noto", "", FONTS / "NotoSans-Regular.ttf")
        page.add_font("Noto", "B", FONTS / "NotoSans-Bold.ttf")
        page.set_title(content.title)
        page.add_page()
        for block in (Head(content.title), *content.blocks):
            page.set_font("Noto", "B" if isinstance(block, Head) else "", 9)
            if isinstance(block, Table):
                if block.rows:
                    table(page, block)
            else:
                text = block.text if isinstance(block, Head) else block
                page.multi_cell(0, 4.5, text, new_x="LMARGIN", new_y="NEXT")
        return bytes(page.output())

    return write


def typst() -> Write:
    """A document of typst, by a compiler that is kept; it takes pictures from files only."""
    import typst as library

    place = tempfile.TemporaryDirectory(prefix="reportgen-bench-")
    folder = Path(place.name)
    compiler = library.Compiler(root=place.name, font_paths=[str(FONTS)], ignore_system_fonts=True)

    def quoted(text: str) -> str:
        return json.dumps(text, ensure_ascii=False)

    def cell(part: Part) -> str:
        if isinstance(part, str):
            return f"text({quoted(part)})"
        picture = folder / f"{hashlib.sha256(part).hexdigest()}.jpg"
        if not picture.is_file():
            picture.write_bytes(part)
        return f"image({quoted(picture.name)}, width: 29mm)"

    def block(one: Block) -> str:
        if isinstance(one, Head):
            return f"#heading({quoted(one.text)})\n"
        if isinstance(one, str):
            return f"#par({cell(one)})\n"
        if not one.rows:
            return ""
        first, *rest = [", ".join(map(cell, row)) for row in one.rows]
        first = f"table.header({first})" if one.headed else first
        return f"#table(columns: {len(one.rows[0])}, {', '.join([first, *rest])})\n"

    def write(content: Content) -> bytes:
        assert place.name, "kept as long as the writer"
        head = f"#set document(title: {quoted(content.title)})\n"
        head += f"#set text(font: {quoted('Noto Sans')}, size: 9pt)\n"
        head += f"#set page(header: text({quoted(content.banner)}), footer: text({quoted(content.foot)}))\n"
        body = "".join(map(block, (Head(content.title), *content.blocks)))
        return compiler.compile(input=(head + body).encode())  # type: ignore[no-any-return]

    return write


#: By the name of the row: the library's module, and who makes a writer.
WRITERS: Mapping[str, tuple[str, Callable[[], Write]]] = {
    "plain reportlab": ("reportlab", reportlab),
    "WeasyPrint": ("weasyprint", weasyprint),
    "fpdf2": ("fpdf", fpdf2),
    "typst": ("typst", typst),
}
