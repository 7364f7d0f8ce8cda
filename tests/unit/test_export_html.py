"""report.html: one inert file, escaped everywhere, in order, readable by eye, ear and on paper."""

import base64
import copy
import json
import re
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

import reportgen.exporters.html_page as html_module
from batches import put, record
from factories import HEADER, a_report, an_answer, jpeg, picture_name, some_pictures
from reportgen import resources
from reportgen.__main__ import main
from reportgen.domain import HTML_TEMPLATE, load_domain
from reportgen.errors import DomainError
from reportgen.exporters import export
from reportgen.nouns import Report
from reportgen.reread import faults_in_html

HOSTILE = "</title></style><img src=\"//h.example/x\" onerror='a()'> & <b>x</b> {{ 7*7 }} {% include 'x' %}"
VOID = {"meta", "img"}
STYLE = re.search(r"<style>(.*?)</style>", load_domain().templates[HTML_TEMPLATE], re.DOTALL)[1]  # type: ignore[index]


def page(report: Report, pictures: dict[str, bytes] | None = None) -> str:
    return export(report, "html", pictures).decode()


def bare(text: str) -> str:
    """The page without what its pictures are made of."""
    return re.sub(r'src="data:image/jpeg;base64,[A-Za-z0-9+/=]+"', 'src=""', text)


class Tree(HTMLParser):
    """Elements with their attributes, in order; refuses what is not nested well."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs)
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert "svg" in self.open
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and "style" not in self.open:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def with_header(name: str, text: str) -> Report:
    return a_report(header=tuple((n, text if n == name else t) for n, t in HEADER))


# -- one inert file --------------------------------------------------------------------------------------


@pytest.mark.parametrize("images", [1, 2, 20, 500])
def test_a_page_of_any_size_is_one_well_formed_inert_file(images: int) -> None:
    report = a_report(images, answers=(an_answer(), an_answer(answer=None)))
    text = page(report, some_pictures(images))
    tree, plain = Tree(text), bare(text)
    assert text.startswith("<!doctype html>\n")
    assert text.endswith("</html>\n")
    assert len(tree.named("img")) == images
    for word in (
        "<script",
        "http:",
        "https:",
        "//",
        "url(",
        "@import",
        "<link",
        "<a ",
        " href=",
        "<iframe",
        " on",
    ):
        assert word not in re.sub(r"(?<=>)[^<]*", "", plain), word
    assert {name for name, _ in tree.elements} <= {
        *(
            "html",
            "head",
            "meta",
            "title",
            "style",
            "body",
            "header",
            "main",
            "section",
            "footer",
            "h1",
            "h2",
        ),
        *("p", "div", "span", "bdi", "strong", "dl", "dt", "dd", "ol", "li", "img", "svg", "path", "circle"),
        *("table", "caption", "thead", "tbody", "tr", "th", "td", "text"),
    }
    policies = [one["content"] for one in tree.named("meta") if one.get("http-equiv")]
    assert policies == ["default-src 'none'; img-src data:; style-src 'unsafe-inline'"]
    assert "//" not in STYLE
    assert not any(sign in STYLE for sign in ("url(", "@import", "{{", "{%", "{#"))


def test_the_same_report_gives_the_same_bytes() -> None:
    assert export(a_report(), "html", some_pictures(6)) == export(a_report(), "html", some_pictures(6))


# -- escaped ---------------------------------------------------------------------------------------------


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of each text."""
    if isinstance(value, str):
        yield path
    elif isinstance(value, dict | list):
        for key, one in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(one, (*path, key))


@pytest.mark.parametrize("images", [1, 6])
def test_markup_in_any_text_of_a_report_stays_text(images: int) -> None:
    report = a_report(images, answers=(an_answer(), an_answer(answer=None)))
    plain, tried = report.model_dump(mode="json", by_alias=True, exclude_none=True), 0
    for path in leaves(plain):
        value = copy.deepcopy(plain)
        inner: Any = value
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] = HOSTILE
        try:
            changed = Report.model_validate_json(json.dumps(value))
        except ValidationError:
            continue  # not any text may stand there
        text = page(changed)
        Tree(text)
        for piece in ("<b>", 'h.example/x"', "onerror='", "{{ 49", "</style><"):
            assert piece not in text, path
        assert faults_in_html(changed, text) == [], path
        tried += 1
    assert tried > 80


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=300))
def test_any_text_is_one_text(value: str) -> None:
    report = a_report(header=(("Indication", value),), answers=(an_answer(value, value or "-"),))
    text = page(report)
    tree = Tree(text)
    assert len(tree.named("img")) == 0
    assert " ".join(value.split()) in tree.text
    assert faults_in_html(report, text) == []


def test_control_characters_of_an_edited_report_are_shown_and_line_breaks_kept() -> None:
    text = page(with_header("Patient", "A\x1b[31mB\x07\r\nC\u2028D"))
    assert "<bdi>A\ufffd[31mB\ufffd\nC\nD</bdi>" in text


def test_long_names_and_labels_are_printed_whole() -> None:
    name, label = "N" * 200, "L" * 80
    views = tuple(row.model_copy(update={"display": label}) for row in a_report().views)
    report = a_report(header=(("Patient", name),), views=views)
    text = page(report, some_pictures(6))
    assert name in text
    assert text.count(f'<span class="view">{label}</span>') == 5
    assert faults_in_html(report, text) == []
    assert "overflow-wrap:anywhere" in STYLE


# -- the same as the text --------------------------------------------------------------------------------


@pytest.mark.parametrize("images", [1, 6, 60])
def test_every_word_of_the_report_is_on_the_page_in_the_order_of_the_text(images: int) -> None:
    report = a_report(images, answers=(an_answer(),))
    text, printed = Tree(page(report)).text, " ".join(export(report, "txt").decode().split())
    said = [s.text for section in report.sections for s in section.sentences]
    said += [item.text for item in report.reviewer_items] + list(report.limits) + list(report.method)
    said += [report.banner, report.title, report.imprint, *report.reliability]
    said += [text for pair in report.header for text in pair]
    said += list(report.checklist.text) if report.checklist else []
    assert [sentence for sentence in said if " ".join(sentence.split()) not in text] == []
    words = report.presentation
    names = ["method", "findings", "view" if images == 1 else "views", "answers", "impression", "limits"]
    for whole in (text, printed):
        places = [whole.rindex(words[name]) for name in names]
        assert places == sorted(places)


def test_a_missing_word_is_named() -> None:
    words = {k: v for k, v in a_report().presentation.items() if k != "not_signed"}
    with pytest.raises(DomainError, match="'not_signed'"):
        page(a_report(presentation=words))


def test_a_report_without_anything_open_or_recognised_is_still_a_page() -> None:
    report = a_report(reviewer_items=(), sections=(), method=(), biometry=(), checklist=None, reliability=())
    text = page(report)
    Tree(text)
    assert "<p>Nothing is open.</p>" in text
    assert faults_in_html(report, text) == []


def test_a_domain_from_elsewhere_is_laid_out_like_the_default_one() -> None:
    for name in ("cardiac_mri", "../../secret", "/etc"):
        made = a_report().provenance.model_copy(update={"domain": name})
        assert page(a_report(provenance=made)) == page(a_report())


def test_the_template_cannot_reach_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, report = tmp_path / "fetal_ultrasound", a_report()
    folder.mkdir()
    monkeypatch.setattr("reportgen.resources.folder", lambda _: tmp_path)
    for source in ("{{ report.__class__.__mro__ }}", "{{ nothing }}", "{% if %}"):
        (folder / "report.html.jinja").write_text(source)
        html_module._template.cache_clear()
        with pytest.raises(DomainError, match=r"report\.html\.jinja"):
            page(report)
    html_module._template.cache_clear()


# -- for every reader ------------------------------------------------------------------------------------


@pytest.mark.parametrize("images", [1, 6, 20])
def test_headings_tables_and_landmarks_are_in_order(images: int) -> None:
    tree = Tree(page(a_report(images, answers=(an_answer(),)), some_pictures(images)))
    names = [name for name, _ in tree.elements]
    assert names.count("h1") == names.count("main") == 1
    assert [name for name in names if re.fullmatch("h[1-6]", name)] == ["h1"] + ["h2"] * names.count("h2")
    assert names.index("h1") < names.index("h2")
    assert names.count("caption") == names.count("table") == names.count("thead") > 0
    assert all(one.get("scope") in {"col", "row"} for one in tree.named("th"))
    ids = [one["id"] for _, one in tree.elements if "id" in one]
    assert len(ids) == len(set(ids))
    assert {one["aria-labelledby"] for _, one in tree.elements if "aria-labelledby" in one} == set(ids)
    assert all(one.get("alt") for one in tree.named("img"))
    assert all(one.get("aria-hidden") == "true" for one in tree.named("svg"))
    assert all("tabindex" not in one and "hidden" not in one for _, one in tree.elements)


def test_a_picture_is_told_in_the_words_of_the_record() -> None:
    report = a_report()
    fact = report.facts[0].model_copy(
        update={"images": ("img-003",), "name": "an axial plane of the fetal abdomen"}
    )
    alts = [
        one["alt"]
        for one in Tree(page(report.model_copy(update={"facts": (fact,)}), some_pictures(6))).named("img")
    ]
    assert alts == [
        "Image 1: Head, transthalamic. Recognised. Model score 0.96",
        "Image 2: Head, transventricular. Recognised. Model score 0.74",
        "Image 3: an axial plane of the fetal abdomen. Recognised. Model score 0.97",
        "Image 4: Femur, longitudinal. Recognised. Model score >0.99",
        "Image 5: Thorax, axial. Uncertain. Model score 0.58",
        "Image 6. Not determined",
    ]


def test_pictures_are_embedded_as_they_are_and_what_is_no_jpeg_is_not(tmp_path: Path) -> None:
    report, pictures = a_report(2), some_pictures(2)
    text = page(report, pictures)
    assert all(base64.b64encode(data).decode() in text for data in pictures.values())
    assert text.count('width="640" height="480"') == 2
    for data in (b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"", b"\xff\xd8\xff", jpeg(1)[:40]):
        text = page(report, {**pictures, picture_name(1): data})
        assert text.count("<img ") == 1
        assert '<span class="absent"><bdi>no picture: its file is missing or damaged</bdi></span>' in text
    (tmp_path / "case").mkdir()
    (tmp_path / "x.jpg").write_bytes(jpeg(1))
    entry = report.images[0].model_copy(update={"picture": "../x.jpg"})
    outside = report.model_copy(update={"images": (entry, report.images[1])})
    assert "<img " not in export(outside, "html", tmp_path / "case").decode()
    assert "no picture: file not found" in page(a_report(2, pictures=False))


@pytest.mark.parametrize(
    ("language", "direction"), [("en-GB", "ltr"), ("de", "ltr"), ("ar", "rtl"), ("AR-EG", "rtl"), ("", "ltr")]
)
def test_language_and_direction_are_the_words_own(language: str, direction: str) -> None:
    words = {**a_report().presentation, "language": language, "direction": direction}
    report = a_report(presentation=words)
    text = page(report)
    assert f'<html lang="{language}" dir="{direction}">' in text
    assert faults_in_html(report, text) == []


def test_lengths_are_logical_so_that_a_page_can_be_mirrored() -> None:
    sides = re.findall(
        r"(?:margin|padding|border)-(?:left|right|top|bottom)|text-align:(?:left|right)|float:", STYLE
    )
    assert sides == []


def luminance(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_every_colour_has_contrast_enough() -> None:
    """WCAG 2.2: 7 to 1 for words, 3 to 1 for signs."""
    colours = dict(re.findall(r"--([a-z-]+):(#[0-9a-f]{6})", STYLE))
    for ink, paper in (("ink", "paper"), ("ink", "wash"), ("soft", "paper"), ("draft", "draft-wash")):
        assert contrast(colours[ink], colours[paper]) >= 7, (ink, paper)
    assert contrast(colours["soft"], colours["wash"]) >= 4.5
    assert contrast(colours["mark"], colours["paper"]) >= 3
    others = set(re.findall(r"#[0-9a-f]{3,6}", STYLE)) - set(colours.values())
    assert others == {"#000000"}  # behind pictures


def test_the_banner_stays_on_screen_and_on_each_printed_page_and_heads_are_repeated() -> None:
    assert "position:sticky" in STYLE
    paper = STYLE[STYLE.index("@media print") :]
    assert ".banner{display:table-header-group" in paper
    assert "thead{display:table-header-group}" in paper
    assert "@page{size:A4" in STYLE


# -- the little bars -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("centile", "at"),
    [
        ("42", 48),
        ("5", 11),
        ("0", 6),
        ("100", 106),
        ("<1", 6),
        (">99", 106),
        (None, None),
        ("101", None),
        ("n", None),
    ],
)
def test_a_bar_stands_beside_each_printed_centile_and_its_number_stays(
    centile: str | None, at: int | None
) -> None:
    row = a_report().biometry[0].model_copy(update={"centile": centile, "note": None if centile else "a"})
    report = a_report(biometry=(row,))
    text = page(report)
    assert re.findall(r'<circle cx="(\d+)"', text) == ([str(at)] if at is not None else [])
    shown = (centile or "- (a)").replace("<", "&lt;").replace(">", "&gt;")
    assert f'<bdi dir="ltr">{shown}</bdi>' in text
    assert faults_in_html(report, text) == []


# -- domains of one's own --------------------------------------------------------------------------------


def test_a_domain_without_a_page_has_the_shipped_one_and_one_with_a_page_its_own(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(resources.folder("templates") / "fetal_ultrasound", tmp_path / "own"))
    (folder / HTML_TEMPLATE).unlink()
    put(tmp_path / "in", "a.json", record("A"))
    arguments = ["run", str(tmp_path / "in"), "-o", str(tmp_path / "out"), "--engine", "template", "--quiet"]
    arguments += ["--domain", str(folder), "--format", "html"]
    assert main(arguments) == 0
    printed = (tmp_path / "out" / "A" / "report.html").read_text("utf-8")
    assert f"<style>{STYLE}</style>" in printed
    assert main(["verify", str(tmp_path / "out"), "--domain", str(folder)]) == 0
    own = load_domain().templates[HTML_TEMPLATE].replace("<h1>", "<p>OUR CLINIC</p>\n<h1>", 1)
    shutil.copytree(folder, tmp_path / "other")
    (tmp_path / "other" / HTML_TEMPLATE).write_text(own, "utf-8")
    assert main([*arguments[:-3], str(tmp_path / "other"), "--format", "html"]) == 0
    assert "OUR CLINIC" in (tmp_path / "out" / "A" / "report.html").read_text("utf-8")
    assert main(["verify", str(tmp_path / "out"), "--domain", str(tmp_path / "other")]) == 0
    assert (
        main(["export", str(tmp_path / "out" / "A"), "--format", "html", "-o", str(tmp_path / "again")]) == 0
    )
    again = (tmp_path / "again" / "report.html").read_text("utf-8")  # as for text, in the shipped layout
    assert f"<style>{STYLE}</style>" in again
