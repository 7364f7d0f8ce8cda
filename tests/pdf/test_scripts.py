"""Names in any script: drawn with joined letters and from the right side, told in the order in which they are
read, read again word by word, and refused where no font has them."""

import io
import re
import sys
import unicodedata
from pathlib import Path

import pikepdf
import pytest
from reportlab.pdfbase.pdfmetrics import getFont

import reportgen
import verapdf
from factories import HEADER, a_report, an_answer, some_pictures
from reportgen.errors import InputError, UsageError
from reportgen.exporters.pdf.typeface import BOLD, REGULAR, Pen
from reportgen.exporters.pdf.writing import _runs, _seen, broken, measure
from reportgen.font_files import declared_fonts, font_files
from reportgen.institution import Institution
from reportgen.nouns import Report
from reportgen.reread import faults_in_pdf_text, pdf_text
from scripts import FOREIGN, NAMES
from structure import told

SHIPPED = Path(reportgen.__file__).parent / "exporters" / "pdf" / "fonts"


def named(name: str, **more: object) -> Report:
    header = (("Patient", name), *HEADER[1:], ("Indication", f"{name}, referred by {name} (2026)."))
    return a_report(6, header=header, answers=(an_answer(name, f"{name} {name}"),), **more)


def a_long(name: str) -> Report:
    text = f"{name} 12/2026, 91.2 %. " * 60
    return named(name, limits=(text, "The end."), method=(text,))


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Report, Path]]:
    place = tmp_path_factory.mktemp("scripts")
    made = {}
    for key, name in NAMES.items():
        for kind, report in (("", named(name)), (" long", a_long(name))):
            pdf = place / f"{key}{kind}.pdf"
            pdf.write_bytes(reportgen.export(report, "pdf", some_pictures(6)))
            made[key + kind] = (report, pdf)
    return made


def test_all_of_them_conform(printed):
    found = verapdf.failures(path for _, path in printed.values())
    assert {name: said for name, said in found.items() if said} == {}


def test_a_screen_reader_says_each_name_as_it_is_read(printed):
    for key, (report, path) in printed.items():
        said = [one.text for one in told(path.read_bytes())]
        name = unicodedata.normalize("NFC", report.header[0][1])
        assert name in said, key
        assert f"{name}, referred by {name} (2026)." in said, key


def test_all_of_them_are_read_again(printed):
    for key, (report, path) in printed.items():
        assert faults_in_pdf_text(report, pdf_text(path.read_bytes())) == [], key


def test_another_name_is_found(printed):
    """Also one with the same letters, or with one of them gone."""
    for key, (report, path) in printed.items():
        pages = pdf_text(path.read_bytes())
        name = report.header[0][1]
        for other in (name[1:], name[:-1], "Bert", name + " " + name[:2]):
            changed = (("Patient", other), *report.header[1:])
            assert faults_in_pdf_text(report.model_copy(update={"header": changed}), pages), (key, other)
    report, path = printed["arabic"]
    swapped = (("Patient", "محمد عيل"), *report.header[1:])
    assert faults_in_pdf_text(report.model_copy(update={"header": swapped}), pdf_text(path.read_bytes()))


@pytest.mark.parametrize(
    ("text", "side", "seen"),
    [
        ("יעל כהן", "R", "ןהכ לעי"),
        ("בית 12 (חדש) 25/11", "R", "25/11 (שדח) 12 תיב"),
        ("Anna (אנה) 0123", "L", "Anna (הנא) 0123"),
        ("ab (cd)", "L", "ab (cd)"),
        ("\u202eabc א", "L", "\u2060abc א"),
    ],
)
def test_lines_are_put_into_the_order_in_which_they_are_seen(text, side, seen):
    assert _seen(text, side) == seen


def test_arabic_letters_join_and_no_vowel_is_lost():
    seen = _seen("مُحَمَّد", "R")
    assert unicodedata.normalize("NFKC", seen[::-1]) == unicodedata.normalize("NFKC", "مُحَمَّد")
    assert re.search("[\ufe70-\ufefc]", seen)


def test_a_line_has_a_font_for_each_script_and_bold_where_it_is_bold():
    Pen()
    assert [run.font for run in _runs("a אב c", BOLD, "L")] == [BOLD, "NotoSansHebrew-Bold", BOLD]
    assert {run.font for run in _runs("आशा", REGULAR, "L")} == {"NotoSansDevanagari"}
    for font in ("NotoSansHebrew", "NotoSansHebrew-Bold"):
        assert getFont(font).face.name


def test_lines_are_as_long_as_there_is_room_and_lose_nothing():
    Pen()
    for text in ("محمد علي " * 40, "एक दो तीन " * 40, "א" * 300, "אב " * 9 + "x" * 200):
        lines = broken(text, REGULAR, 9, 200)
        assert all(measure(line, REGULAR, 9) <= 200 for line in lines)
        assert "".join("".join(lines).split()) == "".join(text.split())


def test_latin_opens_no_other_font(monkeypatch):
    monkeypatch.setattr("reportgen.exporters.pdf.typeface._shipped", None)
    monkeypatch.setattr("reportgen.exporters.pdf.typeface._further", None)
    assert reportgen.export(named("Łucja Ñuñez, Ωмега"), "pdf")


# -- fonts of the site -------------------------------------------------------------------------------------


@pytest.fixture
def bare(monkeypatch):
    """A machine without fonts of its own."""
    monkeypatch.delenv("REPORTGEN_FONTS", raising=False)
    monkeypatch.setattr("reportgen.exporters.pdf.typeface.system_fonts", list)


@pytest.fixture
def declared(tmp_path, monkeypatch):
    """A folder with a font that has one more letter than the shipped ones: that of Hebrew, if it were not
    shipped."""
    folder = tmp_path / "fonts"
    folder.mkdir()
    (folder / "Site.ttf").write_bytes((SHIPPED / "NotoSansHebrew-Regular.ttf").read_bytes())
    (folder / "Broken.ttf").write_bytes(b"\x00\x01\x00\x00 and no more")
    (folder / "Other.otf").write_bytes(b"OTTO and more")
    monkeypatch.setattr("reportgen.exporters.pdf.typeface._SHIPPED", {})
    return folder


@pytest.mark.usefixtures("bare")
def test_a_font_of_the_site_prints_what_the_shipped_ones_lack(declared):
    report = named(NAMES["hebrew"])
    with pytest.raises(InputError, match=r"U\+05D9"):
        reportgen.export(report, "pdf")
    data = reportgen.export(report, "pdf", fonts=declared)
    assert data == reportgen.export(report, "pdf", fonts=declared)
    assert faults_in_pdf_text(report, pdf_text(data)) == []
    with pikepdf.open(io.BytesIO(data)) as document:
        assert re.search(rb"<reportgen:fonts>Site.ttf [0-9a-f]{64}<", document.Root.Metadata.read_bytes())


@pytest.mark.usefixtures("bare")
def test_the_variable_declares_them_too(declared, monkeypatch):
    monkeypatch.setenv("REPORTGEN_FONTS", str(declared))
    assert [path.name for path in declared_fonts(None)] == ["Broken.ttf", "Site.ttf"]
    assert reportgen.export(named(NAMES["hebrew"]), "pdf")
    monkeypatch.setenv("REPORTGEN_FONTS", str(declared / "none"))
    with pytest.raises(UsageError, match="REPORTGEN_FONTS"):
        reportgen.export(named(NAMES["hebrew"]), "pdf")
    assert reportgen.export(named("Anna"), "pdf")  # which needs none of them


@pytest.mark.usefixtures("bare")
def test_an_indication_that_cannot_be_printed_is_named_and_the_report_is_made():
    report = a_report(2, header=(*HEADER, ("Indication", FOREIGN["chinese"])))
    pages = pdf_text(reportgen.export(report, "pdf"))
    assert "(U+5C0F, U+660E, U+738B)" in " ".join(" ".join(pages).split())
    assert faults_in_pdf_text(report, pages) == []


def test_a_folder_without_fonts_is_refused_by_name(tmp_path):
    folder = tmp_path / "empty"
    with pytest.raises(ValueError, match=r"no folder that can be read"):
        Institution(fonts=folder)
    folder.mkdir()
    with pytest.raises(ValueError, match=r"empty holds no font"):
        Institution(fonts=folder)
    (folder / "a.otf").write_bytes(b"OTTO and more")
    (folder / "b.ttf").write_bytes(b"text")
    with pytest.raises(ValueError, match=r"a\.otf has CFF outlines.*b\.ttf is no font"):
        Institution(fonts=folder)
    collection = b"ttcf\x00\x01\x00\x00\x00\x00\x00\x01\x00\x00\x00\x10" + b"\x00\x01\x00\x00"
    (folder / "c.ttc").write_bytes(collection)
    assert [path.name for path in font_files(folder)] == ["c.ttc"]
    assert Institution(fonts=folder).fonts == folder


def test_arranged_letters_conform_and_are_the_same_after_other_reports(tmp_path):
    """With HarfBuzz: conjuncts and vowel signs are glyphs that no character has."""
    import uharfbuzz  # noqa: F401 - of the extra "dev": without it nothing would be tried here

    report = named("आशा देवी क्षत्रिय, हिन्दी भ्रूण")
    first = reportgen.export(report, "pdf")
    assert reportgen.export(named("ट्रांस-थैलेमिक वर्गीकृत"), "pdf")
    assert reportgen.export(report, "pdf") == first
    assert faults_in_pdf_text(report, pdf_text(first)) == []
    assert report.header[0][1] in [one.text for one in told(first)]
    pdf = tmp_path / "arranged.pdf"
    pdf.write_bytes(first)
    assert verapdf.failures([pdf])[str(pdf)] == []


@pytest.mark.parametrize("script", sorted(FOREIGN))
@pytest.mark.skipif(sys.platform != "linux", reason="the font is one of Debian's")
def test_names_in_chinese_japanese_and_korean_are_printed_with_a_font_of_the_machine(script: str, tmp_path):
    assert Path("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc").is_file(), (
        "apt-get install fonts-wqy-microhei"
    )
    report = named(FOREIGN[script])
    data = reportgen.export(report, "pdf")
    assert faults_in_pdf_text(report, pdf_text(data)) == []
    assert report.header[0][1] in [one.text for one in told(data)]
    pdf = tmp_path / f"{script}.pdf"
    pdf.write_bytes(data)
    assert verapdf.failures([pdf])[str(pdf)] == []
