"""What a site puts on its reports: in every format, and refused by name where it cannot be printed."""

import base64
import io
import json
from pathlib import Path

import pikepdf
import pytest
from PIL import Image
from pydantic import ValidationError

import reportgen
from batches import put, record, tree
from reportgen.__main__ import main
from reportgen.desk.verify import Verified, verify
from reportgen.domain import load_domain
from reportgen.errors import ExitCode, UsageError
from reportgen.institution import DATE_FORMATS, Institution
from reportgen.logo import LONGEST, logo_png
from reportgen.nouns import Report
from reportgen.reread import faults_in_html, pdf_text
from reportgen.settings import Settings
from reportgen.site import configured

SAMPLE = Path(__file__).parents[2] / "samples" / "mid_trimester_full" / "mid_trimester_full.json"
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 20"{}>{}<rect width="40" height="20"/></svg>'
ADDRESS = "Department of Obstetrics\n1 Example Street, 12345 Exampletown"


def png(width: int = 60, height: int = 30, colour: object = (200, 0, 0, 128)) -> bytes:
    stream = io.BytesIO()
    Image.new("RGBA", (width, height), colour).save(stream, "PNG")  # type: ignore[arg-type]
    return stream.getvalue()


def site(folder: Path, **more: object) -> Institution:
    (folder / "logo.png").write_bytes(png())
    given = {
        "name": "Example University Hospital",
        "address": ADDRESS,
        "logo": folder / "logo.png",
        "footer": "Example University Hospital, Exampletown",
        "disclaimer": "A synthetic report.",
        "colour": "#5C1636",
        "paper": "Letter",
        "date_format": "DD.MM.YYYY",
    }
    return Institution.model_validate({**given, **more})


def made(institution: Institution) -> tuple[Report, bytes, str]:
    """The report, its PDF and its text."""
    report = reportgen.make_report(SAMPLE, settings=Settings(institution=institution))
    logo = {institution.logo_path: institution.logo_png} if institution.logo_path else {}
    return report, reportgen.export(report, "pdf", logo), reportgen.export(report, "txt").decode()


def test_all_of_it_is_in_the_report_the_text_and_the_pdf(tmp_path: Path):
    institution = site(tmp_path)
    report, pdf, text = made(institution)
    assert report.presentation["institution_address"] == ADDRESS
    assert report.presentation["logo_file"] == institution.logo_path
    pages = [" ".join(page.split()) for page in pdf_text(pdf)]
    for words in (
        "Example University Hospital",
        "1 Example Street, 12345 Exampletown",
        "A synthetic report.",
    ):
        assert words in text
        assert words in " ".join(pages)
    assert all(page.endswith("Example University Hospital, Exampletown") for page in pages)
    assert "14.03.1994" in text
    assert "14.03.1994" in pages[0]
    with pikepdf.open(io.BytesIO(pdf)) as document:
        page = document.pages[0]
        assert [float(x) for x in page.mediabox] == [0, 0, 612, 792]
        drawn = page.Contents.read_bytes()
        assert b".360784 .086275 .211765 rg" in drawn
        assert b".086275 .211765 .360784" not in drawn
        assert [image.Width for image in page.get_images().values()] == [60]


def test_without_a_letterhead_the_rest_stays(tmp_path: Path):
    report, pdf, text = made(site(tmp_path, letterhead=False))
    assert not {"institution", "institution_address", "logo_file"} & set(report.presentation)
    assert "12345" not in text
    assert "12345" not in " ".join(pdf_text(pdf))
    assert "A synthetic report." in text


def test_a_site_that_says_nothing_changes_nothing():
    report = reportgen.make_report(SAMPLE)
    other = reportgen.make_report(SAMPLE, settings=Settings(), created_at=None)
    assert report.presentation == other.presentation
    assert not {"paper", "date_format", "colour", "footer"} & set(report.presentation)


@pytest.mark.parametrize("date_format", DATE_FORMATS)
def test_a_run_writes_it_and_what_is_read_again_agrees(tmp_path: Path, date_format: str):
    site(tmp_path)
    one = record("a", "Abdomen")
    one["patient"] = {"name": "EXAMPLE, Anna", "birth_date": "1994-03-04"}
    put(tmp_path / "in", "a.json", one)
    config = tmp_path / "reportgen.toml"
    config.write_text(
        f'[institution]\nname = "Example"\nlogo = "{(tmp_path / "logo.png").as_posix()}"\n'
        f'address = "A street\\nA town"\ndate_format = "{date_format}"\n'
        'timezone = "Asia/Kolkata"\nfooter = "Foot"\ndisclaimer = "Note."\n'
    )
    out = tmp_path / "out"
    given = ["run", str(tmp_path / "in"), "-o", str(out), "--engine", "template", "--config", str(config)]
    assert main([*given, "--format", "txt,pdf,html", "--quiet"]) == ExitCode.DONE
    *faults, end = verify(out, "fetal_ultrasound")
    assert not faults
    assert isinstance(end, Verified)
    assert (end.faults, end.unchecked) == (0, {})
    made_of = json.loads((out / "a" / "report.json").read_bytes())["presentation"]
    assert (out / "a" / made_of["logo_file"]).read_bytes() == logo_png(tmp_path / "logo.png")
    assert main(["export", str(out / "a"), "--format", "pdf", "-o", str(tmp_path / "again")]) == ExitCode.DONE
    assert (tmp_path / "again" / "report.pdf").read_bytes() == (out / "a" / "report.pdf").read_bytes()


def test_another_logo_makes_reports_anew(tmp_path: Path):
    site(tmp_path)
    put(tmp_path / "in", "a.json", record("a", "Abdomen"))
    config = tmp_path / "reportgen.toml"
    config.write_text(f'[institution]\nlogo = "{(tmp_path / "logo.png").as_posix()}"\n')
    out = tmp_path / "out"
    given = ["run", str(tmp_path / "in"), "-o", str(out), "--engine", "template", "--config", str(config)]
    assert main([*given, "--quiet"]) == ExitCode.DONE
    before = (out / "a" / "report.json").read_bytes()
    assert main([*given, "--quiet"]) == ExitCode.DONE
    assert (out / "a" / "report.json").read_bytes() == before
    (tmp_path / "logo.png").write_bytes(png(colour="blue"))
    assert main([*given, "--quiet"]) == ExitCode.DONE
    assert (out / "a" / "report.json").read_bytes() != before
    assert len(list((out / "a" / "images").iterdir())) == 1


def test_templates_of_a_folder_stand_for_those_of_the_domain(tmp_path: Path):
    shipped = load_domain().templates["report.txt.jinja"]
    (tmp_path / "report.txt.jinja").write_text(shipped + "\nPrinted with a template of our own\n")
    institution = Institution(templates=tmp_path)
    report = reportgen.make_report(SAMPLE, settings=Settings(institution=institution))
    assert report.provenance.domain_sha256 != reportgen.make_report(SAMPLE).provenance.domain_sha256
    put(tmp_path / "in", "a.json", record("a", "Abdomen"))
    config = tmp_path / "reportgen.toml"
    config.write_text(f'[institution]\ntemplates = "{tmp_path.as_posix()}"\n')
    given = ["run", str(tmp_path / "in"), "-o", str(tmp_path / "out"), "--engine", "template"]
    assert main([*given, "--config", str(config), "--format", "txt", "--quiet"]) == ExitCode.DONE
    assert (tmp_path / "out" / "a" / "report.txt").read_text().endswith("of our own\n")


@pytest.mark.parametrize("folder", ["empty", "missing"])
def test_a_folder_without_templates_is_refused(tmp_path: Path, folder: str):
    (tmp_path / "empty").mkdir()
    settings = Settings(institution=Institution(templates=tmp_path / folder))
    with pytest.raises(UsageError, match="holds no template"):
        reportgen.make_report(SAMPLE, settings=settings)


def test_a_logo_is_flat_small_and_the_same_every_time(tmp_path: Path):
    path = tmp_path / "logo.png"
    path.write_bytes(png(3000, 1500))
    first = logo_png(path)
    assert first == logo_png(path)
    with Image.open(io.BytesIO(first)) as image:
        assert (image.format, image.mode, image.size) == ("PNG", "RGB", (LONGEST, LONGEST // 2))
        assert image.getpixel((0, 0)) == (227, 127, 127)
    declared = (
        '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">'
    )
    drawing = "<linearGradient id='a'/><circle cx='5' cy='5' r='3' fill=\"url('#a')\"/><text>EXH</text>"
    path.write_text(declared + SVG.format("", drawing))
    with Image.open(io.BytesIO(logo_png(path))) as image:
        assert image.width == LONGEST


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "neither a PNG nor an SVG"),
        (b"hello", "neither a PNG nor an SVG"),
        (b"<html/>", "neither a PNG nor an SVG"),
        (b"\xff\xd8\xff\xe0" + b"0" * 99, "neither a PNG nor an SVG"),
        (png()[:-30], "damaged"),
        (b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 100000"/>', "far longer"),
        (SVG.format("", "<style>rect{fill:u\\72l(x)}</style>").encode(), "outside of itself"),
        (png(5000, 5000), "pixels"),
        (b"\x89PNG\r\n\x1a\n" + b"0" * 2_000_001, "larger than"),
        (SVG.format("", "<script>alert(1)</script>").encode(), "holds <script>"),
        (SVG.format(' onload="alert(1)"', "").encode(), "holds a script"),
        (SVG.format("", '<image href="file:///etc/passwd"/>').encode(), "holds <image>"),
        (SVG.format("", '<use href="https://example.org/x.svg#a"/>').encode(), "outside of itself"),
        (SVG.format("", '<use href="java\nscript:alert(1)"/>').encode(), "outside of itself"),
        (SVG.format("", '<rect fill="url(https://example.org/a)"/>').encode(), "outside of itself"),
        (SVG.format("", "<style>@import 'https://example.org/a.css';</style>").encode(), "outside of itself"),
        (SVG.format("", "<foreignObject/>").encode(), "holds <foreignobject>"),
        (b'<!DOCTYPE svg [<!ENTITY a "b">]>' + SVG.format("", "&a;").encode(), "entities of its own"),
        (SVG.format("", "<?xml-stylesheet href='https://example.org'?>").encode(), "processing instruction"),
    ],
)
def test_a_logo_that_is_none_is_refused_by_name(tmp_path: Path, content: bytes, says: str):
    path = tmp_path / "our-logo"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=says) as refused:
        logo_png(path)
    assert "our-logo" in str(refused.value)


def test_a_logo_that_is_missing_stops_a_run_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    put(tmp_path / "in", "a.json", record("a", "Abdomen"))
    config = tmp_path / "reportgen.toml"
    config.write_text('[institution]\nlogo = "nowhere.png"\n')
    given = ["run", str(tmp_path / "in"), "-o", str(tmp_path / "out"), "--engine", "template"]
    assert main([*given, "--config", str(config), "--quiet"]) == ExitCode.USAGE
    assert "nowhere.png cannot be read" in capsys.readouterr().err


def test_templates_that_hold_words_are_those_of_the_language(tmp_path: Path):
    """An English narrative of the site's own is not put into a German report."""
    for name in ("narrative.jinja", "report.txt.jinja"):
        (tmp_path / name).write_text(load_domain().templates[name] + "{# ours #}", "utf-8")
    settings = Settings(institution=Institution(templates=tmp_path, date_format="YYYY-MM-DD"))
    german = load_domain(lang="de")
    own = configured(german, settings)
    assert own.templates["narrative.jinja"] == german.templates["narrative.jinja"]
    assert own.templates["report.txt.jinja"].endswith("{# ours #}")
    assert configured(load_domain(), settings).templates["narrative.jinja"].endswith("{# ours #}")
    unsere = german.templates["narrative.jinja"] + "{# unsere #}"
    (tmp_path / "narrative.de.jinja").write_text(unsere, "utf-8")
    own = configured(german, settings)
    assert own.templates["narrative.jinja"] == unsere
    report = reportgen.make_report(SAMPLE, domain=german, settings=settings)
    assert dict(report.header)["Untersucht"] == "2026-11-23, 09:41"
    plain = reportgen.make_report(SAMPLE, domain=german)
    assert dict(plain.header)["Untersucht"] == "23. Nov. 2026, 09:41"


@pytest.mark.parametrize(
    "template", ["{{ nope.x }}", "{{ 1/0 }}", '{% include "x" %}', "{% for i in range(10**12) %}{% endfor %}"]
)
def test_a_faulty_template_is_refused_before_any_report_is_touched(
    tmp_path: Path, template: str, capsys: pytest.CaptureFixture[str]
):
    put(tmp_path / "in", "a.json", record("a", "Abdomen"))
    given = ["run", str(tmp_path / "in"), "-o", str(tmp_path / "out"), "--engine", "template", "--quiet"]
    assert main(given) == ExitCode.DONE
    before = tree(tmp_path / "out")
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "report.txt.jinja").write_text(template)
    config = tmp_path / "reportgen.toml"
    config.write_text(f'[institution]\ntemplates = "{(tmp_path / "own").as_posix()}"\n')
    assert main([*given, "--config", str(config)]) == ExitCode.USAGE
    assert "Nothing was touched" in capsys.readouterr().err
    assert tree(tmp_path / "out") == before


def test_templates_of_a_site_are_used_to_export_and_to_verify(tmp_path: Path):
    put(tmp_path / "in", "a.json", record("a", "Abdomen"))
    (tmp_path / "own").mkdir()
    shipped = load_domain().templates["report.txt.jinja"]
    (tmp_path / "own" / "report.txt.jinja").write_text(shipped + "\nPhone 0800 555 1234\n")
    config = tmp_path / "reportgen.toml"
    config.write_text(f'[institution]\ntemplates = "{(tmp_path / "own").as_posix()}"\n')
    out, with_it = tmp_path / "out", ["--config", str(config)]
    given = ["run", str(tmp_path / "in"), "-o", str(out), "--engine", "template", "--quiet", *with_it]
    assert main([*given, "--format", "txt"]) == ExitCode.DONE
    assert main(["verify", str(out), *with_it]) == ExitCode.DONE
    assert main(["export", str(out / "a"), "--format", "txt", "-o", str(tmp_path / "b"), *with_it]) == 0
    assert (tmp_path / "b" / "report.txt").read_bytes() == (out / "a" / "report.txt").read_bytes()


def test_what_others_put_into_a_folder_stays_when_its_case_is_made_anew(tmp_path: Path):
    put(tmp_path / "in", "a.json", record("a", "Abdomen"))
    given = ["run", str(tmp_path / "in"), "-o", str(tmp_path / "out"), "--engine", "template", "--quiet"]
    assert main(given) == ExitCode.DONE
    (tmp_path / "out" / "a" / "signed.txt").write_text("by hand")
    put(tmp_path / "in", "a.json", record("a", "Thorax"))
    assert main(given) == ExitCode.DONE
    assert "Thorax" in (tmp_path / "out" / "a" / "report.txt").read_text()
    assert (tmp_path / "out" / "a" / "signed.txt").read_text() == "by hand"


@pytest.mark.parametrize(
    "given",
    [{"footer": "\u200e"}, {"name": "\u0301"}, {"address": "\n".join(f"line {n}" for n in range(7))}],
)
def test_what_cannot_be_seen_or_does_not_fit_is_refused(given: dict[str, str]):
    with pytest.raises(ValidationError):
        Institution.model_validate(given)


def test_a_format_of_dates_that_is_given_is_used_in_every_language():
    settings = Settings(institution=Institution(date_format="YYYY-MM-DD"))
    german = load_domain(lang="de")
    assert (
        "1994-03-14" in dict(reportgen.make_report(SAMPLE, domain=german, settings=settings).header).values()
    )
    assert "1994-03-14" not in dict(reportgen.make_report(SAMPLE, domain=german).header).values()


def test_the_page_has_logo_colour_and_paper_and_is_read_again(tmp_path: Path):
    site(tmp_path)
    given = {"name": "Example", "logo": tmp_path / "logo.png", "colour": "#5c1636", "paper": "Letter"}
    own = Institution.model_validate(given)
    report = reportgen.make_report(SAMPLE, settings=Settings(institution=own))
    assert own.logo_png is not None
    pictures = {str(own.logo_path): own.logo_png}
    page = reportgen.export(report, "html", pictures).decode()
    assert base64.b64encode(own.logo_png).decode() in page
    assert "<style>:root{--rule:#5c1636}@page{size:letter}</style>" in page
    assert faults_in_html(report, page, pictures) == []
    assert faults_in_html(report, page) == []
    bare = reportgen.export(report, "html").decode()  # the logo was lost
    assert "image/png" not in bare
    assert faults_in_html(report, bare) == []
    assert faults_in_html(report, bare, pictures) != []
    assert faults_in_html(report, page.replace("#5c1636", "#5c1637"), pictures) != []
    other = {str(own.logo_path): own.logo_png + b"more"}
    assert faults_in_html(report, page, other) != []
    words = {**report.presentation, "colour": "red}body{display:none"}
    assert (
        "display:none"
        not in reportgen.export(report.model_copy(update={"presentation": words}), "html").decode()
    )
