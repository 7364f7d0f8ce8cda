"""Text, page and PDF of a comparison say what its data say, and do nothing."""

import re
from html import unescape
from pathlib import Path

import pypdfium2
import pytest

import verapdf
from compares import a_comparison, an_outcome, many, portions, words
from reportgen.desk import compare as desk
from reportgen.desk.compare.charts import rates, stacks
from reportgen.desk.compare.page import page
from reportgen.reread.inert import active_fault, page_text

EVIL = '<script>alert(1)</script> & "x" [[F1]] 北 <img src=x>'


@pytest.fixture(scope="module")
def comparisons():
    done = portions(10, cases=6)
    evil = [words(n, sentence=EVIL) for n in range(12)]
    return {
        "full": a_comparison(
            ("a", an_outcome(many(0.6, 1), done)),
            ("b", an_outcome(many(0.8, 2), done)),
            lost="Memory ran out.",
        ),
        "evil": a_comparison(("<b>a", an_outcome(evil)), ("&b", an_outcome(evil)), lost=EVIL),
        "one": a_comparison(("a", an_outcome([words(0)], portions(1)))),
        "none": a_comparison(lost="It crashed.", stopped="interrupted"),
        "twelve": a_comparison(
            *((f"a contestant with a long name, {n:02}", an_outcome(many(0.6, n), done)) for n in range(12))
        ),
    }


@pytest.fixture(scope="module")
def made(comparisons, tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("compared")
    for name, comparison in comparisons.items():
        desk.write(comparison, folder / name)
    return {name: folder / name for name in comparisons}


def test_every_pdf_conforms(made):
    found = verapdf.failures(folder / "comparison.pdf" for folder in made.values())
    assert {name: said for name, said in found.items() if said} == {}


def test_the_page_is_inert_and_escaped(comparisons):
    for comparison in comparisons.values():
        text = page(comparison)
        assert active_fault(text) == ""
        assert "<script" not in text
        assert "style=" not in text
    assert EVIL in " ".join(page_text(page(comparisons["evil"])).split())


def test_the_page_can_be_read_without_seeing_it(comparisons):
    text = page(comparisons["full"])
    assert '<html lang="en">' in text
    drawings = re.findall(r'<svg role="img" aria-label="([^"]+)"', text)
    assert len(drawings) == 3 == text.count("<svg")
    share = comparisons["full"].contestants[0].rungs["free"].share
    assert any(f"free {share * 100:.0f} %" in unescape(said) for said in drawings)
    assert text.count("<table>") == text.count("<caption>")
    ids = re.findall(r' id="([^"]+)"', text)
    assert len(set(ids)) == len(ids)
    assert set(re.findall(r'aria-labelledby="([^"]+)"', text)) == set(ids)


def test_all_views_have_the_same_cells(comparisons, made):
    from reportgen.desk.compare.tell import parts

    for name in ("full", "evil", "none"):
        pdf = pypdfium2.PdfDocument(made[name] / "comparison.pdf")
        printed = "".join("".join(p.get_textpage().get_text_bounded().split()) for p in pdf)
        shown = "".join(page_text(page(comparisons[name])).split())
        typed = "".join("".join(desk.lines(comparisons[name])).split())
        for part in parts(comparisons[name]):
            for table in part.tables:
                for cell in (cell for row in table.rows for cell in row):
                    packed = "".join(cell.split())
                    assert packed in shown, cell
                    assert packed in typed, cell
                    if cell.isascii() and len(cell) < 20:
                        assert packed in printed, cell


def test_the_data_are_valid_and_attached(comparisons, made):
    import json

    import jsonschema
    import pikepdf

    from reportgen.schemas import schema_text

    validator = jsonschema.Draft202012Validator(json.loads(schema_text("comparison")))
    for name, comparison in comparisons.items():
        data = (made[name] / "comparison.json").read_bytes()
        validator.validate(json.loads(data))
        assert desk.Comparison.model_validate_json(data) == comparison
        with pikepdf.open(made[name] / "comparison.pdf") as pdf:
            assert pdf.attachments["comparison.json"].get_file().read_bytes() == data


def test_views_are_the_same_on_every_run(comparisons, made, tmp_path):
    desk.write(comparisons["full"], tmp_path)
    for path in tmp_path.iterdir():
        assert path.read_bytes() == (made["full"] / path.name).read_bytes()


def test_charts_say_all_in_words_and_tell_parts_apart_without_colour():
    chart = stacks("Words", ["free", "repaired", "constrained", "fixed"], [("a", [0.5, 0.25, 0.15, 0.1], 40)])
    assert (
        chart.alternative == "Bars. Words. a: free 50 %, repaired 25 %, constrained 15 %, fixed 10 % of 40."
    )
    rate = a_comparison(("a", an_outcome([words(0)]))).contestants[0].tokens_a_second
    assert rates("Tokens a second", [("a", None)]) is None
    drawn = rates(
        "Tokens a second", [("a", rate), ("b", rate.model_copy(update={"value": 9000.0, "interval": None}))]
    )
    assert "logarithmic" in drawn.title
    assert "b: 9,000, no interval" in drawn.alternative
