"""The re-reading of report.html finds every change, also one that only a browser would act on."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from factories import a_report, an_answer, picture_name, some_pictures
from mutants import mutants
from reportgen import pipeline
from reportgen.domain import HTML_TEMPLATE, load_domain
from reportgen.exporters import export
from reportgen.nouns import Report
from reportgen.reread import faults_in_html, read_again

ROOT = Path(__file__).parents[2]
PICTURES = some_pictures(6)


def wrong(report: Report, text: str, pictures: dict[str, bytes] | None = None) -> bool:
    try:
        return bool(faults_in_html(report, text, pictures))
    except ValueError:
        return True


@pytest.mark.parametrize("images", [1, 6])
def test_every_change_of_the_page_is_found(images: int) -> None:
    report = a_report(images, answers=(an_answer(),))
    text = export(report, "html").decode()
    assert faults_in_html(report, text) == []
    start = text.index("</style>")  # what stands before is looked at in pieces below
    changed = [(what, text[:start] + rest) for what, rest in mutants(text[start:])]
    assert len(changed) > 1000
    assert [what for what, other in changed if not wrong(report, other)] == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("</main>", "<script>alert(1)</script></main>"),
        ("</head>", '<link rel="stylesheet" href="https://h.example/x.css"></head>'),
        ("</head>", '<base href="https://h.example/"></head>'),
        ("</head>", "<style>.review{display:none}</style></head>"),
        ("</head>", '<meta http-equiv="refresh" content="0;url=https://h.example/"></head>'),
        ("img-src data:", "img-src *"),
        (".review{background", ".review{display:none;background"),
        ('.mark::before{content:""', '.mark::before{content:"Normal. "'),
        ("</main>", '<img src="https://h.example/x.png" alt=""></main>'),
        ("</main>", '<p><a href="https://h.example/">more</a></p></main>'),
        ("</main>", "<p>All structures are normal.</p></main>"),
        ("</h1>", " (final)</h1>"),
        ('<p class="sign">', '<p class="sign" onclick="a()">'),
        ('<p class="sign">', '<p class="sign" hidden>'),
        ('<p class="sign">', '<p class="sign" style="background:url(https://h.example/x)">'),
        ('<p class="sign">', '<P class="sign">'),
        ('<p class="sign">', '<p  class="sign">'),
        ("<ol>", '<ol start="2">'),
        ("<ol>", "<!-- <ol> --><ol>"),
        ("<ol>", "<!--><script>alert(1)</script--><ol>"),
        ("<ol>", "<![CDATA[x]]><ol>"),
        ("<ol>", "<?x?><ol>"),
        ("</ol>", "</ol\0>"),
        ("176.2 mm", "176.3 mm"),
        ("176.2 mm", "176&#46;2 mm"),
        ("176.2 mm", "176.2 &nbsp;mm"),
        ("NOT SIGNED", "SIGNED"),
        ('dir="ltr">176.2', 'dir="rtl">176.2'),
        ('<circle cx="48"', '<circle cx="98"'),
        ('<circle cx="48" cy="9" r="3.5"/>', ""),
        ('<text x="11" y="23">5<', '<text x="11" y="23">10<'),
        ("Image 1: Head, transthalamic. Rec", "Image 1: Head, transcerebellar. Rec"),
        ('width="640" height="480"', 'width="1" height="1"'),
        (";base64,/9j/", ";base64,/9k/"),
        ("data:image/jpeg", "data:image/svg+xml"),
        ('lang="en-GB"', 'lang="de"'),
        ("</body>", "<plaintext></body>"),
        ("</ol>", "</ol x>"),
        ("&#39;s.", "&apos;s."),
    ],
)
def test_what_a_browser_would_act_on_is_found(old: str, new: str) -> None:
    report = a_report()
    text = export(report, "html", PICTURES).decode()
    assert faults_in_html(report, text, PICTURES) == []
    assert old in text
    assert wrong(report, text.replace(old, new, 1))
    assert wrong(report, text.replace(old, new, 1), PICTURES)


def test_a_row_or_a_picture_that_was_dropped_swapped_or_put_in_is_found() -> None:
    report = a_report()
    text = export(report, "html", PICTURES).decode()
    rows = re.findall(r'<tr role="row"><th role="rowheader".*?</tr>\n', text, re.DOTALL)
    assert len(rows) == 6
    for row in rows:
        assert wrong(report, text.replace(row, ""))
        assert wrong(report, text.replace(row, row + row))
    assert wrong(report, text.replace(rows[0] + rows[1], rows[1] + rows[0]))
    first, second, *_ = re.findall(r"base64,([^\"]+)", text)
    swapped = text.replace(first, "X").replace(second, first).replace("X", second)
    assert wrong(report, swapped, PICTURES)
    lost = export(report, "html", {**PICTURES, picture_name(2): b""}).decode()
    assert faults_in_html(report, lost) == []  # what was lost since is said to be lost
    assert wrong(report, lost, PICTURES)
    without = a_report(pictures=False)
    assert wrong(without, text)


@pytest.mark.parametrize(
    "change",
    [
        lambda r: {"biometry": r.biometry[1:]},
        lambda r: {"reviewer_items": r.reviewer_items[1:]},
        lambda r: {"limits": r.limits[:-1]},
        lambda r: {"banner": "REVIEWED"},
        lambda r: {"status": "signed"},
        lambda r: {"header": r.header[1:]},
        lambda r: {"views": r.views[1:]},
        lambda r: {"checklist": None},
        lambda r: {"source_notes": ("More.",)},
        lambda r: {"presentation": {**r.presentation, "value": "Worth"}},
        lambda r: {"biometry": (r.biometry[0].model_copy(update={"centile": "43"}), *r.biometry[1:])},
    ],
)
def test_a_page_of_another_report_is_found(change: Callable[[Report], dict[str, Any]]) -> None:
    report = a_report()
    assert wrong(report, export(report.model_copy(update=change(report)), "html").decode())


def test_what_is_found_is_named_by_place_and_holds_no_value() -> None:
    report = a_report()
    text = export(report, "html").decode().replace("EXAMPLE, Anna", "EXAMPLE, Anne")
    (said,) = faults_in_html(report, text)
    assert re.fullmatch(r"line \d+ \(header 1\): is not what report\.json says", said)


def test_a_layout_of_ones_own_holds_all_that_is_said_and_nothing_active() -> None:
    domain = load_domain()
    template = domain.templates[HTML_TEMPLATE].replace("<h1>", "<p>OUR CLINIC</p>\n<h1>", 1)
    own = domain.model_copy(
        update={"templates": {**domain.templates, HTML_TEMPLATE: template}, "sha256": "f" * 64}
    )
    report = pipeline.make_report(ROOT / "samples" / "twins" / "twins.json", domain=own)
    files = {
        "report.json": export(report, "json"),
        "report.html": export(report, "html", html_template=template),
    }
    assert b"OUR CLINIC" in files["report.html"]
    assert read_again(files, own)[:2] == ((), ())
    value = report.biometry[0].value.encode()
    for old, new in (
        (value, b"1"),
        (b"</h1>", b" 4711</h1>"),
        (b"</main>", b"<script></script></main>"),
        (b"</main>", b'<img src="http://h.example/x" alt=""></main>'),
        (b"<ol>", b'<ol onclick="a()">'),
        (b"<ol>", b'<ol style="background:url(//h.example)">'),
        (b":root{", b"@import 'x';:root{"),
        (b"</head>", b'<meta http-equiv="refresh" content="0"></head>'),
    ):
        assert old in files["report.html"]
        changed = {**files, "report.html": files["report.html"].replace(old, new)}
        assert [fault.file for fault in read_again(changed, own).faults] == ["report.html"], new
        assert [fault.file for fault in read_again(changed, domain).faults] == ["report.html"], new
    assert "report.html" in {one.file for one in read_again(files, domain).unchecked}
    assert read_again(files, domain).faults == ()
