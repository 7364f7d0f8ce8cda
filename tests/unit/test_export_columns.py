"""Columns as a terminal shows them, and marks for text that is read from right to left."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factories import a_report
from reportgen.exporters.columns import in_order, left, marked, pieces, right, width_of
from reportgen.reread.printed import unmarked


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("HC", 2),
        ("Fötus", 5),
        ("a\u0308", 1),
        ("北京", 4),
        ("رأس", 3),
        ("رَأْس", 3),
        ("\u200f\u200e", 0),
        ("", 0),
    ],
)
def test_the_width_is_that_on_a_terminal(text: str, columns: int):
    assert width_of(text) == columns
    assert width_of(left(text, 9)) == width_of(right(text, 9)) == 9


@pytest.mark.parametrize(
    ("line", "width", "expected"),
    [
        ("北京 上海 a", 5, ["北京", "上海", "a"]),
        ("北京上海", 5, ["北京", "上海"]),
        ("رَأْس رَأْس", 7, ["رَأْس رَأْس"]),
        ("رَأْس رَأْس", 6, ["رَأْس", "رَأْس"]),
        ("a\u0308a\u0308a\u0308", 2, ["a\u0308a\u0308", "a\u0308"]),
        ("北", 1, ["北"]),
        ("", 5, []),
    ],
)
def test_lines_are_broken_by_width(line: str, width: int, expected: list[str]):
    assert pieces(line, width) == expected


def test_a_whole_word_may_outgrow_its_column():
    assert pieces("北京上海", 5, whole=True) == ["北京上海"]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", ""),
        ("عند 20+3.", "Rعند L20+3L."),
        ("من 2-5 و22+4", "Rمن L2-5L وL22+4L"),
        ("الدرجة >0.99", "Rالدرجة L>0.99L"),
        ("طول 47.6 mm*", "Rطول L47.6 mm*L"),
        ("معدل 140 beats/min (1)", "Rمعدل L140 beats/minL (1)"),
        ("الصورة 12 من 0.41", "Rالصورة 12 من 0.41"),
        ("الرأس   HC   42", "Rالرأس   RHC   R42"),
        ("US-2026-004711 A1+2", "RUS-2026-004711 A1+2"),
    ],
)
def test_marks_keep_lines_cells_and_numbers_in_order(line: str, expected: str):
    """R and L stand for the marks."""
    assert marked(line) == expected.replace("R", "\u200f").replace("L", "\u200e")


@settings(max_examples=300, deadline=None)
@given(st.text("12ab <>+:/*.-%()\u0645\u0648\n", max_size=14))
def test_numbers_that_are_marked_are_read_as_they_were(text: str):
    report = a_report(presentation={**a_report().presentation, "direction": "rtl"})
    assert unmarked(report, in_order(text)) == text


@pytest.mark.parametrize("text", ["x 3*4", "7*7", ":>1", "/<2", "+>1", ":2*", ">>1"])
def test_what_is_no_number_of_ours_is_not_marked_in_a_way_that_is_not_read(text: str):
    report = a_report(presentation={**a_report().presentation, "direction": "rtl"})
    assert unmarked(report, in_order(text)) == text
