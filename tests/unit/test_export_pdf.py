"""report.pdf: all words, embedded fonts, equal bytes, page numbers, pictures, and inert text."""

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factories import (
    BARE,
    HEADER,
    a_report,
    an_answer,
    jpeg,
    pdf_pages,
    picture_name,
    solid,
    some_pictures,
)
from reportgen.__main__ import main
from reportgen.errors import InputError
from reportgen.exporters import export
from reportgen.files import sha256
from reportgen.nouns import Report

HOSTILE = '<img src="file:///etc/passwd"/> & <b>x</b> {{ 7*7 }} <para> </para> &amp; <a href="http://x">y</a>'


def with_header(name: str, text: str) -> Report:
    return a_report(header=tuple((n, text if n == name else t) for n, t in HEADER))


def said_in(report: Report) -> list[str]:
    """Every text of a report that its PDF must show."""
    said = [s.text for section in report.sections for s in section.sentences]
    said += [
        section.title for section in report.sections if section.name != "impression" and len(report.views) > 1
    ]
    said += [item.text for item in report.reviewer_items]
    said += [*report.limits, *report.method, *report.reliability, *report.source_notes]
    said += [report.title, report.imprint, report.report_id, report.biometry_caption]
    said += [text for pair in report.header for text in pair]
    said += list(report.checklist.text) if report.checklist else []
    said += [f"({letter}) {note}" for letter, note in report.biometry_notes]
    for row in report.biometry:
        said += [
            row.name,
            row.abbr,
            f"{row.value} {row.unit}",
            row.centile or "-",
            f"({row.note})" if row.note else "",
        ]
    for view in report.views:
        words = {"recognised": "Recognised", "uncertain": "Uncertain", "undetermined": "Not determined"}
        said += [words[view.state], view.display if view.view else "", view.score or "-", str(view.number)]
        said += [text for pair in view.candidates for text in pair]
    for row in report.answers:
        said += [row.question, row.reason if row.answer is None else f'"{row.answer}"', row.model]
    return said


def missing(report: Report, data: bytes) -> list[str]:
    found = solid("".join(pdf_pages(data)))
    # A table goes on over the page: what stands between is the page's own furniture.
    return [text for text in said_in(report) if solid(text) not in found]


@pytest.mark.parametrize("images", [1, 2, 6, 12, 13, 60])
def test_every_word_is_there_for_any_number_of_images(images: int) -> None:
    report = a_report(images, answers=(an_answer(), an_answer(answer=None)))
    data = export(report, "pdf", some_pictures(images))
    assert missing(report, data) == []
    pages = pdf_pages(data)
    for number, page in enumerate(pages, 1):
        assert report.banner in page
        assert f"Page {number} of {len(pages)}" in page
        assert f"Report {report.report_id[:8]} | Case {report.case_id}" in page
    assert "NOT SIGNED" in "".join(pages)


def test_500_images_fit() -> None:
    report = a_report(500)
    pages = pdf_pages(export(report, "pdf", some_pictures(500, distinct=2)))
    assert f"Page {len(pages)} of {len(pages)}" in pages[-1]
    assert "Image 500" in pages[-1]
    assert 30 < len(pages) < 50


def test_bytes_are_the_same_on_every_run(tmp_path: Path) -> None:
    script = (
        "import sys, hashlib; sys.path.insert(0, sys.argv[1])\n"
        "from factories import a_report, some_pictures\n"
        "from reportgen.exporters import export\n"
        "a = export(a_report(6), 'pdf', some_pictures(6)); b = export(a_report(6), 'pdf', some_pictures(6))\n"
        "assert a == b\n"
        "print(hashlib.sha256(a).hexdigest())\n"
    )
    tests = str(Path(__file__).parents[1])
    seen = set()
    for seed, epoch in (("1", "0"), ("2", "1000000000")):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "SOURCE_DATE_EPOCH": epoch, "TZ": f"UTC{seed}"}
        done = subprocess.run(
            [sys.executable, "-c", script, tests],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
            cwd=tmp_path,
        )
        seen.add(done.stdout)
    assert len(seen) == 1


def test_every_font_is_embedded() -> None:
    data = export(
        a_report(60, answers=(an_answer(), an_answer(answer=None))), "pdf", some_pictures(60, distinct=1)
    )
    objects = re.findall(rb"\d+ 0 obj(.*?)endobj", data, re.DOTALL)
    fonts = [o for o in objects if re.search(rb"/Type\s*/Font\b(?!D)", o)]
    described = [o for o in objects if b"/FontDescriptor" in o and b"/FontFile2" in o]
    assert len(fonts) >= 2
    assert len(described) == len(fonts)
    assert all(b"/TrueType" in font and b"NotoSans" in font for font in fonts)
    assert b"Helvetica" not in data


def test_metadata_names_the_report_and_nobody() -> None:
    report = a_report()
    data = export(report, "pdf")
    document = pypdfium2.PdfDocument(data)
    about = document.get_metadata_dict()
    assert about["Title"] == report.title
    assert about["Author"] == "reportgen 0.1.0"
    assert report.report_id in about["Subject"]
    assert about["Keywords"] == "fetal_ultrasound, draft, synthetic-0006"
    assert about["CreationDate"] == about["ModDate"] == "D:20261123094400+01'00'"
    assert not any("EXAMPLE" in value or "0000123" in value for value in about.values())


def test_outline_leads_to_the_page_of_each_section() -> None:
    data = export(
        a_report(60, answers=(an_answer(), an_answer(answer=None))), "pdf", some_pictures(60, distinct=1)
    )
    document = pypdfium2.PdfDocument(data)
    pages = pdf_pages(data)
    found = {}
    for item in document.get_toc():
        found[item.get_title()] = item.get_dest().get_index()
    names = ["METHOD", "FINDINGS", "BIOMETRY (one value each, as supplied)", "VIEWS", "CHECKLIST"]
    names += ["ANSWERS OF OTHER MODELS", "IMPRESSION", "LIMITS", "PROVENANCE", "PICTURES"]
    assert list(found) == names
    for title, page in found.items():
        assert solid(title) in solid(pages[page]), title


def test_markup_of_the_input_is_printed_and_never_opened() -> None:
    view = a_report().views[0].model_copy(update={"display": HOSTILE})
    entry = a_report().images[0].model_copy(update={"file": HOSTILE, "note": HOSTILE, "picture": None})
    report = a_report(
        header=(("Patient", HOSTILE), ("Indication", HOSTILE * 9)),
        views=(view, *a_report().views[1:]),
        answers=(an_answer(HOSTILE, HOSTILE),),
        method=(HOSTILE,),
    ).model_copy(update={"images": (entry, *a_report().images[1:])})
    data = export(report, "pdf")
    found = solid("".join(pdf_pages(data)))
    assert found.count(solid(HOSTILE)) >= 9 + 5
    assert missing(report, data) == []
    assert b"/URI" not in data
    assert b"/Subtype /Image" not in data


def test_a_character_without_a_glyph_is_shown_explained_and_named() -> None:
    plain = " ".join(pdf_pages(export(with_header("Patient", "Łucja Ñuñez Ωмега e\u0301"), "pdf")))
    assert "Łucja Ñuñez Ωмега é" in plain
    assert "cannot be printed here" not in plain
    boxed = " ".join(pdf_pages(export(with_header("Indication", "a\U0001f600 \ue000"), "pdf")))
    assert "a\ufffd \ufffd" in boxed
    assert "Some characters of the input cannot be printed here and are shown as \ufffd" in boxed
    assert "(U+E000, U+1F600)" in boxed


@pytest.mark.parametrize("field", ["Patient", "Patient ID"])
def test_an_identity_is_printed_whole_or_not_at_all(field: str) -> None:
    with pytest.raises(InputError, match=r"U\+1F600") as caught:
        export(with_header(field, "EXAMPLE \U0001f600"), "pdf")
    assert f"({field})" in str(caught.value)
    assert "REPORTGEN_FONTS" in str(caught.value)
    assert "EXAMPLE" not in str(caught.value)


def test_a_mark_of_byte_order_is_no_text_though_the_typeface_has_it() -> None:
    # PDF/A and PDF/UA forbid fonts to say that a glyph stands for it.
    assert "a\ufffdb" in " ".join(pdf_pages(export(with_header("Indication", "a\ufeffb"), "pdf")))


@pytest.mark.parametrize("place", ["input_name", "why_this_engine"])
def test_a_missing_glyph_below_the_limits_is_explained_too(place: str) -> None:
    made = a_report().provenance.model_copy(update={place: "\U0001f600"})
    assert "cannot be printed here" in " ".join(pdf_pages(export(a_report(provenance=made), "pdf")))


@pytest.mark.parametrize(
    "text",
    [
        " ".join(f"word{n:04d}" for n in range(1100)),
        "W" * 10_000,
        "\n".join(f"l{n}" for n in range(1500)),
        "i\n" * 5000,
        "<&>" * 1500,
    ],
)
@pytest.mark.parametrize("images", [1, 6, 14])
def test_long_text_is_whole_wherever_it_stands(text: str, images: int) -> None:
    line = text.replace("\n", " ")
    base = a_report(images)
    entry = base.images[0].model_copy(update={"file": line, "picture": None, "note": line})
    rows = (
        a_report().biometry[0].model_copy(update={"fetus": line, "convention": line}),
        *a_report().biometry,
    )
    report = base.model_copy(
        update={
            "header": (*HEADER, ("Indication", text)),
            "answers": (an_answer(line, text), an_answer()),
            "images": (entry, *base.images[1:]),
            "biometry": rows,
            "provenance": base.provenance.model_copy(update={"input_name": line}),
        }
    )
    document = pypdfium2.PdfDocument(export(report, "pdf"))
    letters = "".join("".join(page.get_textpage().get_text_range().split()) for page in document)
    key = solid(text)[0]
    assert letters.count(key) >= 6 * solid(text).count(key)


def test_200_measurements_go_over_pages_with_their_head() -> None:
    report = a_report(measurements=200)
    pages = pdf_pages(export(report, "pdf"))
    with_values = [page for page in pages if "176.2 mm" in page]
    assert len(with_values) > 3
    assert all("Measurement Value Centile at 20+3 Image" in page for page in with_values)
    assert sum(page.count("176.2 mm") for page in pages) == 50


def test_no_head_stands_without_a_row_and_no_title_without_its_text() -> None:
    heads = ("Image View Model score Next candidate", "Measurement Value Centile at 20+3 Image")
    titles = ("METHOD", "FINDINGS", "IMPRESSION", "LIMITS", "PROVENANCE", "CHECKLIST", "VIEWS")
    for measurements in range(4, 60):
        for page in pdf_pages(export(a_report(measurements=measurements), "pdf")):
            body = page[: page.rindex("reportgen 0.1.0 | Report")].rstrip()
            assert not body.endswith(heads + titles), measurements


@pytest.mark.parametrize("images", [1, 6, 60])
def test_a_picture_that_is_missing_says_so(images: int, tmp_path: Path) -> None:
    named = a_report(images)
    for pictures in (None, {}, tmp_path, {picture_name(1): b"not a picture"}):
        pages = solid("".join(pdf_pages(export(named, "pdf", pictures))))
        assert pages.count(solid("no picture: its file is missing or damaged")) == images
    noted = solid("".join(pdf_pages(export(a_report(images, pictures=False), "pdf"))))
    assert noted.count(solid("no picture: file not found")) == images


@pytest.mark.parametrize("images", [1, 6, 60])
def test_where_no_image_names_a_file_no_place_is_kept_for_pictures(images: int) -> None:
    base = a_report(images, pictures=False)
    bare = tuple(
        entry.model_copy(update={"file": None, "note": "no file was named"}) for entry in base.images
    )
    report = base.model_copy(update={"images": bare})
    data = export(report, "pdf")
    found = " ".join(pdf_pages(data))
    assert "no picture" not in found
    assert "PICTURES" not in found
    assert missing(report, data) == []
    assert "img-001" in found  # the id stands where the file's name would


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege on Windows")
def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.jpg").write_bytes(jpeg(2))
    target = tmp_path / "case" / picture_name(1)
    target.parent.mkdir(parents=True)
    target.symlink_to(tmp_path / "secret.jpg")
    assert b"/DCTDecode" not in export(a_report(1), "pdf", tmp_path / "case")


@pytest.mark.parametrize("images", [1, 6])
def test_a_report_with_nothing_optional_is_whole(images: int) -> None:
    report = a_report(images, **BARE)
    data = export(report, "pdf")
    assert missing(report, data) == []
    assert max(map(len, export(report, "txt").decode().split("\n"))) == 80


def test_pictures_come_from_a_folder_and_from_nowhere_else(tmp_path: Path) -> None:
    case = tmp_path / "case"
    (case / "images").mkdir(parents=True)
    (case / picture_name(1)).write_bytes(jpeg(1))
    (tmp_path / "secret.jpg").write_bytes(jpeg(2))
    base = a_report(1)

    def count(picture: str) -> int:
        entry = base.images[0].model_copy(update={"picture": picture})
        return export(base.model_copy(update={"images": (entry,)}), "pdf", case).count(b"/DCTDecode")

    assert count(picture_name(1)) == 1
    for outside in (
        "../secret.jpg",
        str(tmp_path / "secret.jpg"),
        "images/../../secret.jpg",
        "C:\\x.jpg",
        "..",
        "a\0b.jpg",
    ):
        assert count(outside) == 0


def test_a_colour_that_is_none_is_the_usual_one() -> None:
    base = a_report(1)
    for colour in ("red", "}body{", "#fff", "#5c1636;"):
        edited = base.model_copy(update={"presentation": {**base.presentation, "colour": colour}})
        with pikepdf.open(io.BytesIO(export(edited, "pdf"))) as pdf:
            assert b".086275 .211765 .360784 rg" in pdf.pages[0].Contents.read_bytes()


def test_equal_pictures_are_stored_once() -> None:
    same = {picture_name(n): jpeg(1) for n in range(1, 7)}
    data = export(a_report(6), "pdf", same)
    assert data.count(b"/DCTDecode") == 1
    assert export(a_report(6), "pdf", some_pictures(6)).count(b"/DCTDecode") == 6


@settings(max_examples=25, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=300))
def test_any_text_can_be_exported(text: str) -> None:
    base = a_report(2, pictures=False)
    answer = an_answer().model_copy(update={"question": text, "answer": text, "model": text})
    report = base.model_copy(update={"header": (("Indication", text), (text, text)), "answers": (answer,)})
    assert export(report, "pdf").startswith(b"%PDF-1.")


def test_states_can_be_told_apart_without_colour() -> None:
    data = " ".join(pdf_pages(export(a_report(14), "pdf")))
    assert data.count("Recognised") == 10
    assert data.count("Uncertain") == 2
    assert data.count("Not determined") == 2


def test_the_qr_code_names_the_report_and_the_file_that_is_attached():
    import zxingcpp

    report = a_report()
    data = export(report, "pdf")
    with pikepdf.open(io.BytesIO(data)) as document:
        attached = document.attachments["report.json"].get_file().read_bytes()
    assert attached == export(report, "json")
    pages = pypdfium2.PdfDocument(data)
    (code,) = zxingcpp.read_barcodes(pages[len(pages) - 1].render(scale=3).to_pil())
    assert code.text == f"REPORTGEN:{report.report_id}:{sha256(attached)}".upper()


def test_what_a_model_wrote_is_marked_for_machines():
    """IPTC's digital source type, which the EU's AI Act has in mind with a machine-readable mark."""
    for origin, made in (("model", "compositeWithTrainedAlgorithmicMedia"), ("template", "algorithmicMedia")):
        sections = tuple(
            s.model_copy(
                update={"sentences": tuple(t.model_copy(update={"origin": origin}) for t in s.sentences)}
            )
            for s in a_report().sections
        )
        with pikepdf.open(io.BytesIO(export(a_report(sections=sections), "pdf"))) as document:
            metadata = document.Root.Metadata.read_bytes().decode()
        assert f"digitalsourcetype/{made}<" in metadata
        assert a_report().provenance.input_sha256 in metadata
        assert "Anna" not in metadata


@pytest.mark.parametrize("status", ["draft", "signed"])
def test_only_a_draft_has_the_mark_of_a_draft(status: str):
    report = a_report(status=status)
    pages = pdf_pages(export(report, "pdf"))
    assert all((report.banner in page) == (status == "draft") for page in pages)
    assert (report.banner in export(report, "txt").decode()) == (status == "draft")


@pytest.mark.parametrize(("images", "pages"), [(1, 1), (20, 2)])
def test_one_page_for_one_image_and_two_for_twenty(tmp_path: Path, images: int, pages: int):
    sample = Path(__file__).parents[2] / "samples" / "sixty_images" / "sixty_images.json"
    case = json.loads(sample.read_bytes())
    case["images"] = case["images"][:images]
    for number, image in enumerate(case["images"]):
        image.pop("sha256", None)
        image["file"] = f"{number}.jpg"
        (tmp_path / image["file"]).write_bytes(jpeg(number + 1))
    (tmp_path / "case.json").write_text(json.dumps(case))
    assert (
        main(["run", str(tmp_path / "case.json"), "-o", str(tmp_path / "out"), "--engine", "template"]) == 0
    )
    (pdf,) = (tmp_path / "out").glob("*/report.pdf")
    assert len(pdf_pages(pdf.read_bytes())) == pages
