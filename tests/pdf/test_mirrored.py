"""Pages that are read from right to left: a mirror of the others, but for what has a side of its own."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pikepdf
import pypdfium2
import pytest
import zxingcpp
from PIL import Image

import reportgen
from reportgen.domain import load_domain
from reportgen.institution import Institution
from reportgen.nouns import Report
from reportgen.reread import faults_in_pdf_text
from reportgen.reread.paper import pdf_text
from reportgen.settings import Settings

SAMPLES = Path(__file__).parents[2] / "samples"
POINTS = 300 / 72


class Letter(NamedTuple):
    """A character on the page, with its box in points."""

    text: str
    left: float
    bottom: float
    right: float
    top: float


def made(sample: str, lang: str | None = "ar", **institution: object) -> Report:
    site = Settings(institution=Institution.model_validate(institution))
    case = SAMPLES / sample / f"{sample}.json"
    return reportgen.make_report(case, domain=load_domain(lang=lang), settings=site)


def letters(pdf: bytes, page: int = 0) -> list[Letter]:
    with pypdfium2.PdfDocument(pdf) as document:
        text = document[page].get_textpage()
        found = (Letter(text.get_text_range(n, 1), *text.get_charbox(n)) for n in range(text.count_chars()))
        return [one for one in found if one.text.strip() and one.right > one.left]


def seen(pdf: bytes, page: int = 0) -> Iterator[str]:
    """Lines in the order in which they are seen, from left to right, without blanks."""
    lines: dict[int, list[Letter]] = {}
    for one in letters(pdf, page):
        middle = (one.bottom + one.top) / 2
        near = next((line for line in lines if abs(line - middle) < 5), round(middle))
        lines.setdefault(near, []).append(one)
    for line in lines.values():
        yield "".join(one.text for one in sorted(line, key=lambda one: one.left))


@pytest.fixture(scope="module")
def study() -> bytes:
    return reportgen.export(made("mid_trimester_full"), "pdf", SAMPLES / "mid_trimester_full")


@pytest.mark.parametrize(
    "number", ["20+3", "176.2mm", "EXAMPLE,Anna", "INTERGROWTH-21st", "mid_trimester_full"]
)
def test_numbers_and_latin_names_are_seen_in_their_own_order(study, number):
    assert any(number in line for line in seen(study))


def test_signs_stay_with_their_numbers():
    lines = [*seen(reportgen.export(made("contradictions"), "pdf"))]
    for number in ("20+0(LMP)", "22+4", "11+0", "14+1", ">99", "<1"):
        assert any(number in line or number.replace("(LMP)", "LMP") in line for line in lines), number


def test_text_begins_at_the_right(study):
    english = reportgen.export(made("mid_trimester_full", None), "pdf")
    page = 595.28
    arabic, left = letters(study), letters(english)
    title = max(one.top - one.bottom for one in arabic)
    heads = [one for one in arabic if one.top - one.bottom > title * 0.7]
    assert max(one.right for one in heads) == pytest.approx(page - min(one.left for one in left), abs=2)
    assert min(one.left for one in arabic) > 50
    assert max(one.right for one in arabic) < page - 50


def halves(left: tuple[int, int, int], right: tuple[int, int, int], form: str) -> bytes:
    """A picture with two halves of one colour each."""
    picture, stream = Image.new("RGB", (400, 300), left), io.BytesIO()
    picture.paste(right, (200, 0, 400, 300))
    picture.save(stream, form)
    return stream.getvalue()


def figures(pdf: bytes) -> Iterator[tuple[Image.Image, list[float]]]:
    """Each picture that the structure tells, cut out of its page where it says that it stands."""
    pages = [page.render(scale=POINTS).to_pil().convert("RGB") for page in pypdfium2.PdfDocument(pdf)]
    with pikepdf.open(io.BytesIO(pdf)) as document:
        at = {page.obj.objgen: number for number, page in enumerate(document.pages)}
        for one in document.objects:
            if isinstance(one, pikepdf.Dictionary) and one.get("/S") == "/Figure":
                left, bottom, right, top = box = [float(side) for side in one.A[0].BBox]
                page = pages[at[one.K[0].Pg.objgen]]
                down = page.height / POINTS
                cut = [side * POINTS for side in (left, down - top, right, down - bottom)]
                yield page.crop(tuple(map(round, cut))), box


def test_pictures_logo_and_code_are_not_mirrored_and_stand_where_the_tree_says(tmp_path):
    blue, grey, red, white = (0, 0, 254), (99, 99, 99), (254, 0, 0), (254, 254, 254)
    (tmp_path / "logo.png").write_bytes(halves(red, white, "PNG"))
    site = {"name": "Example Hospital", "logo": tmp_path / "logo.png"}
    report, given = made("mid_trimester_full", **site), Institution.model_validate(site)
    assert given.logo_png is not None
    pictures = {str(one.picture): halves(grey, blue, "JPEG") for one in report.images if one.picture}
    pdf = reportgen.export(report, "pdf", {**pictures, str(given.logo_path): given.logo_png})
    found: list[str] = []
    for picture, (left, _, right, _) in figures(pdf):
        wide, high = picture.size
        ends = [picture.getpixel((round(wide * part), high // 2)) for part in (0.1, 0.9)]
        if (codes := zxingcpp.read_barcodes(picture)) and codes[0].text.startswith("REPORTGEN:"):
            found.append("code")
        elif [near(*ends, *pair) for pair in ((red, white), (grey, blue))] == [True, False]:
            found.append("logo")
        elif near(*ends, grey, blue):
            found.append("picture")
            assert left > 595 / 2
        assert 45 < left < right < 595 - 45
    assert sorted(found) == ["code", "logo", *["picture"] * len(pictures)]


def near(one: Any, other: Any, left: tuple[int, int, int], right: tuple[int, int, int]) -> bool:
    """Whether two pixels are of these colours, as far as JPEG keeps them."""
    parts = zip([*one, *other], [*left, *right], strict=True)
    return all(abs(seen - meant) < 12 for seen, meant in parts)


def test_readers_are_told_the_direction(study):
    with pikepdf.open(io.BytesIO(study)) as pdf:
        assert pdf.Root.ViewerPreferences.Direction == "/R2L"
        assert pdf.Root.StructTreeRoot.K[0].A[0].WritingMode == "/RlTb"


def test_another_value_is_found():
    report = made("mid_trimester_full")
    pages = pdf_text(reportgen.export(report, "pdf", SAMPLES / "mid_trimester_full"))
    assert faults_in_pdf_text(report, pages) == []
    text = report.model_dump_json(by_alias=True)
    for old, new in [
        ("176.2", "167.2"),
        ("20+3", "20+4"),
        ("الرأس", "البطن"),
        ("Anna", "Anno"),
        ("0.41", "0.14"),
    ]:
        assert old in text
        other = Report.model_validate_json(text.replace(old, new))
        assert faults_in_pdf_text(other, pages), (old, new)


def answered(folder: Path, question: str) -> Report:
    """An Arabic report of one image, with the answer of another model."""
    told = {"question": question, "answer": "yes", "model": "another"}
    image = {"image_id": "IMG_1", "predictions": [{"label": "Abdomen", "score": 0.9}], "answers": [told]}
    record = {
        "schema": "reportgen/case/v1",
        "case_id": "one",
        "classifier": {"name": "bench", "score_kind": "sigmoid"},
        "images": [image],
    }
    (folder / "one.json").write_text(json.dumps(record))
    return reportgen.make_report(folder / "one.json", domain=load_domain(lang="ar"))


SECTIONS, HC = ("sections", 0, "sentences", 1, "text"), "176.2 mm (الصورة 1)"


@pytest.mark.parametrize(
    ("place", "old", "new"),
    [
        (SECTIONS, HC, "1 mm (الصورة 176.2)"),
        ((*SECTIONS[:3], 0, "text"), "تعرف", "لم يتعرف"),
        (("sections", 4, "sentences", 0, "text"), "لم يحدد", "يحدد"),
        (("reviewer_items", 1, "text"), "لم يتم", "يتم"),
        (("header", 7, 1), "20، الأيام: 3", "3، الأيام: 20"),
        (("biometry", 0, "centile"), "42", "1"),
    ],
)
def test_one_thing_that_differs_is_found(place, old, new):
    folder = SAMPLES / "mid_trimester_full"
    report = made("mid_trimester_full")
    pages = pdf_text(reportgen.export(report, "pdf", folder))
    changed = json.loads(report.model_dump_json(by_alias=True))
    at = changed
    for step in place[:-1]:
        at = at[step]
    assert old in at[place[-1]]
    at[place[-1]] = at[place[-1]].replace(old, new)
    assert faults_in_pdf_text(Report.model_validate_json(json.dumps(changed)), pages)


@pytest.mark.parametrize(
    ("table", "name"), [("biometry", "value"), ("biometry", "centile"), ("views", "score")]
)
def test_values_of_two_rows_that_are_swapped_are_found(table, name):
    report = made("mid_trimester_full")
    pages = pdf_text(reportgen.export(report, "pdf", SAMPLES / "mid_trimester_full"))
    changed = json.loads(report.model_dump_json(by_alias=True))
    one, other = changed[table][0], changed[table][2]
    one[name], other[name] = other[name], one[name]
    assert faults_in_pdf_text(Report.model_validate_json(json.dumps(changed)), pages)


def test_what_a_comma_parts_is_seen_from_right_to_left():
    report = made("mid_trimester_full", date_format="YYYY-MM-DD")
    assert any("09:41،2026-11-23" in line for line in seen(reportgen.export(report, "pdf")))


def test_a_long_latin_word_stays_in_its_cell(tmp_path):
    report = answered(tmp_path, "x" * 60)
    pdf = reportgen.export(report, "pdf")
    question = [one for one in letters(pdf) if one.text == "x"]
    beside = [one for one in letters(pdf) if one.text in "yes" and abs(one.bottom - question[0].bottom) < 5]
    assert len(question) == 60
    assert min(one.left for one in question) > max(one.right for one in beside)
    assert faults_in_pdf_text(report, pdf_text(pdf)) == []


def test_a_character_that_no_font_has_is_named_and_read_again(tmp_path):
    report = answered(tmp_path, "Is it \N{GRINNING FACE} there?")
    pages = pdf_text(reportgen.export(report, "pdf"))
    assert "U+1F600" in "".join(pages)
    assert faults_in_pdf_text(report, pages) == []
