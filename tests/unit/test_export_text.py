"""report.json and report.txt: words, columns, and text of the input that stays inert."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import reportgen.exporters.text as text_module
from factories import HEADER, a_report, an_answer
from reportgen.errors import DomainError, UsageError
from reportgen.exporters import FORMATS, export
from reportgen.exporters.text import row, wrap
from reportgen.nouns import Report

HOSTILE = "<img src=\"file:///etc/passwd\"> & <b>x</b> {{ 7*7 }} {% include 'x' %} ${HOME} %s"


def printed(report: Report) -> str:
    return export(report, "txt").decode()


def flat(text: str) -> str:
    return " ".join(text.split())


def with_header(name: str, text: str) -> Report:
    return a_report(header=tuple((n, text if n == name else t) for n, t in HEADER))


def test_formats_are_named_and_an_unknown_one_is_refused() -> None:
    assert list(FORMATS) == ["json", "txt", "pdf", "html"]
    with pytest.raises(UsageError, match="json, txt, pdf, html"):
        export(a_report(), "docx")


@pytest.mark.parametrize("images", [1, 6, 60])
def test_json_comes_back_equal_with_the_schema_first(images: int) -> None:
    report = a_report(images, answers=(an_answer(), an_answer(answer=None)))
    data = export(report, "json")
    assert Report.model_validate_json(data) == report
    assert next(iter(json.loads(data))) == "schema"
    assert data.endswith(b"}\n")
    assert data.startswith(b'{\n  "schema": "reportgen/report/v1",\n')
    assert export(report, "json") == data


def test_json_keeps_what_is_not_ascii_readable() -> None:
    data = export(with_header("Patient", "Łucja Ñuñez 北京"), "json")
    assert "Łucja Ñuñez 北京".encode() in data


@pytest.mark.parametrize("images", [1, 2, 6, 60, 500])
def test_text_has_80_columns_and_no_blank_at_a_line_end(images: int) -> None:
    lines = printed(a_report(images)).split("\n")
    assert max(map(len, lines)) == 80
    assert [line for line in lines if line != line.rstrip()] == []
    assert lines[-1] == ""
    assert lines[-2] != ""


def test_text_reads_like_the_specialists_example() -> None:
    text = printed(a_report())
    for block in (
        (
            "Patient      EXAMPLE, Anna                 Born         14 Mar 1994\n"
            "Patient ID   0000123                       Accession    US-2026-004711\n"
        ),
        (
            "Gestation    20 weeks 3 days, as supplied; dating basis not stated\n"
            "Indication   not supplied                  Comparison   none supplied\n"
        ),
        "FOR THE REVIEWER (3 open)\n 1. Image 6: view not determined",
        (
            "\nBIOMETRY (one value each, as supplied)\n"
            "                                   Value   Centile at 20+3   Image\n"
            "Head circumference      HC      176.2 mm        42             1\n"
            "Biparietal diameter     BPD      47.6 mm        - (a)          1\n"
        ),
        "(a) The chart needs outer-to-outer calipers.\n",
        (
            "\nVIEWS                                  Model score   Next candidate\n"
            "Image 1   Head, transthalamic             0.96\n"
        ),
        (
            "Image 4   Femur, longitudinal            >0.99\n"
            "Image 5   Thorax, axial (uncertain)       0.58       Abdomen, axial 0.31\n"
            "Image 6   not determined                  -          Head, transcerebellar 0.41,\n"
            "                                                     Head, transventricular 0.33\n"
        ),
        (
            "Report c9fa18bc | 23 Nov 2026, 09:44       Reviewed by: ____________  NOT SIGNED\n"
            "Case synthetic-0006                                                  Page 1 of 1\n"
        ),
    ):
        assert block in text
    titles = [
        "FOR THE REVIEWER",
        "METHOD",
        "FINDINGS",
        "BIOMETRY",
        "VIEWS",
        "Checklist",
        "IMPRESSION",
        "LIMITS",
    ]
    places = [text.index("\n" + title) for title in titles]
    assert places == sorted(places)


def test_text_of_one_image_has_rows_for_the_candidates_and_no_empty_list() -> None:
    view = a_report(1).views[0].model_copy(update={"candidates": (("Head, transventricular", "0.11"),)})
    text = printed(a_report(1, views=(view,)))
    assert "FOR THE REVIEWER" not in text
    assert "Recognised      Head, transthalamic         0.96\n" in text
    assert "Candidate       Head, transventricular      0.11\n" in text
    assert "\nFINDINGS\nThe software recognised the transthalamic plane" in text
    assert "Source: FADA chatbot result, 82.4 % read as 0.82\n" in text


@pytest.mark.parametrize("images", [1, 6, 60])
def test_every_word_of_the_report_is_in_the_text(images: int) -> None:
    report = a_report(images)
    text = flat(printed(report))
    said = [s.text for section in report.sections for s in section.sentences]
    said += [item.text for item in report.reviewer_items] + list(report.limits) + list(report.method)
    said += [report.banner, report.title, report.imprint, *report.reliability]
    said += [text for pair in report.header for text in pair]
    said += list(report.checklist.text) if report.checklist else []
    assert [sentence for sentence in said if flat(sentence) not in text] == []


def test_nothing_open_is_said() -> None:
    assert "FOR THE REVIEWER\nNothing is open.\n" in printed(a_report(reviewer_items=()))


def test_why_this_engine_is_said() -> None:
    for why in ("No CUDA device was found.", "no CUDA device was found"):
        made = a_report().provenance.model_copy(update={"why_this_engine": why})
        assert "\nNo CUDA device was found.\n" in printed(a_report(provenance=made))


def test_own_words_survive_a_cp1252_console() -> None:
    for images in (1, 6):
        printed(a_report(images)).encode("cp1252")


def test_text_of_the_input_is_printed_as_it_is() -> None:
    report = a_report(
        header=(("Indication", HOSTILE), ("Patient", "Łucja 北京")),
        answers=(an_answer(HOSTILE, HOSTILE),),
    )
    text = flat(printed(report))
    assert text.count("{{ 7*7 }}") == 3
    assert "{% include 'x' %}" in text
    assert "49" not in text
    assert "&amp;" not in text
    assert "Łucja 北京" in text


@pytest.mark.parametrize("breaker", ["\n", "\u2028", "\u2029", "\r\n", "\x0b"])
def test_a_line_break_of_the_input_stays_in_its_column(breaker: str) -> None:
    text = printed(with_header("Indication", f"pain{breaker}FINDINGS{breaker}Head      all well"))
    lines = text.splitlines()
    assert lines.count("FINDINGS") == 1
    assert "             FINDINGS" in lines
    assert "             Head      all well" in lines


def test_control_characters_of_an_edited_report_are_shown_not_sent() -> None:
    text = printed(with_header("Patient", "A\x1b[31mB\x07"))
    assert "A\ufffd[31mB\ufffd" in text


def test_long_text_is_wrapped_and_never_cut() -> None:
    long = " ".join(f"word{n:04d}" for n in range(1000)) + " " + "x" * 900
    text = printed(with_header("Indication", long))
    assert max(map(len, text.split("\n"))) == 80
    value = "".join(line[13:] for line in text[text.index("Indication") :].split("Comparison")[0].split("\n"))
    assert value.replace(" ", "") == long.replace(" ", "")


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=400))
def test_any_text_keeps_the_columns(value: str) -> None:
    lines = wrap(value, 13, "Name").split("\n")
    assert max(map(len, lines)) <= 80
    assert all(line[:13].strip() in {"", "Name"} for line in lines)
    assert row([(value, 0, 20, "l"), ("7", 22, 3, "r")]).split("\n")[0].endswith("7")


def test_measurements_carry_fetus_convention_and_a_models_mark() -> None:
    rows = a_report().biometry
    changed = rows[1].model_copy(update={"fetus": "B", "convention": "outer-to-outer", "source": "model"})
    text = printed(a_report(biometry=(rows[0], changed)))
    assert "Biparietal diameter,    BPD      47.6 mm*       - (a)" in text
    assert "fetus B" in text
    assert "(outer-to-outer)" in text


def test_values_supplied_twice_are_not_called_one_each() -> None:
    assert "BIOMETRY (as supplied)\n" in printed(a_report(measurements=8))


def test_without_any_centile_there_is_no_centile_column() -> None:
    rows = tuple(r.model_copy(update={"centile": None, "note": None}) for r in a_report().biometry)
    assert "Centile" not in printed(a_report(biometry=rows))


def test_a_domain_from_elsewhere_is_laid_out_like_the_default_one() -> None:
    for name in ("cardiac_mri", "../../secret", "/etc"):
        made = a_report().provenance.model_copy(update={"domain": name})
        assert printed(a_report(provenance=made)) == printed(a_report())


def test_a_missing_word_is_named() -> None:
    words = {k: v for k, v in a_report().presentation.items() if k != "not_signed"}
    for form in ("txt", "pdf"):
        with pytest.raises(DomainError, match="'not_signed'"):
            export(a_report(presentation=words), form)


def test_the_template_cannot_reach_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, report = tmp_path / "fetal_ultrasound", a_report()
    folder.mkdir()
    monkeypatch.setattr("reportgen.resources.folder", lambda _: tmp_path)
    for source in ("{{ report.__class__.__mro__ }}", "{{ nothing }}", "{% if %}"):
        (folder / "report.txt.jinja").write_text(source)

        text_module._template.cache_clear()
        with pytest.raises(DomainError, match=r"report\.txt\.jinja"):
            printed(report)
    text_module._template.cache_clear()


def test_no_line_ends_between_a_number_and_what_it_counts() -> None:
    lines = wrap(
        "The classifier recognised an axial plane of the fetal abdomen (image 3) 150.4 mm.", width=66
    )
    assert lines.splitlines() == [
        "The classifier recognised an axial plane of the fetal abdomen",
        "(image 3) 150.4 mm.",
    ]


def test_a_label_without_a_score_is_not_called_recognised() -> None:
    report = a_report(1)
    row = report.views[0].model_copy(update={"state": "recognised", "score": None})
    printed = export(report.model_copy(update={"views": (row,)}), "txt").decode()
    assert "Label supplied" in printed
    assert "Recognised" not in printed


@pytest.mark.parametrize(
    ("value", "unit"), [("176.253", "mm"), ("118", "degree"), ("47.62500000000001", "mm")]
)
def test_no_value_is_broken_however_long(value: str, unit: str) -> None:
    row = a_report().biometry[0].model_copy(update={"value": value, "unit": unit, "source": "model"})
    line = next(
        line for line in printed(a_report(biometry=(row,))).splitlines() if f" {value} {unit}* " in line
    )
    assert line.split()[-2:] == ["42", "1"]
    assert len(line) <= 80
