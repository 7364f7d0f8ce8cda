"""What a comparison says of made-up outcomes, and that it is honest about few of them."""

import pytest

from compares import a_comparison, an_outcome, many, portions, words
from reportgen.desk.compare import lines
from reportgen.desk.compare.agreement import equal
from reportgen.desk.compare.noun import FEW
from reportgen.intervals import wilson


def test_shares_are_counted_and_have_wilson_s_interval():
    told = [words(n, "free" if n < 9 else "repaired" if n < 12 else "deterministic") for n in range(20)]
    result = a_comparison(("a", an_outcome(told)), ("b", an_outcome(told))).contestants[0]
    assert {rung: one.count for rung, one in result.rungs.items()} == {
        "free": 9,
        "repaired": 3,
        "constrained": 0,
        "deterministic": 8,
    }
    free = result.rungs["free"]
    assert free.interval is not None
    assert (free.interval.low, free.interval.high) == wilson(9, 20)
    assert [(one.code, one.passages.count) for one in result.refused] == [("word", 11)]


def test_a_reason_is_counted_once_a_passage():
    told = [words(n, "repaired").model_copy(update={"reasons": ("word", "word")}) for n in range(10)]
    assert a_comparison(("a", an_outcome(told))).contestants[0].refused[0].passages.count == 10


def test_rates_are_ratios_of_sums_within_their_interval():
    result = a_comparison(("a", an_outcome([words(0)], portions(12)))).contestants[0]
    assert result.tokens_a_second is not None
    spent = sum(2 + n / 100 for n in range(12))
    assert result.tokens_a_second.value == pytest.approx(1200 / spent)
    interval = result.tokens_a_second.interval
    assert interval is not None
    assert interval.low < result.tokens_a_second.value < interval.high
    assert (interval.method, interval.unit, interval.n) == ("bootstrap", "portions", 12)


def test_of_fewer_than_ten_nothing_is_told():
    few = [words(n) for n in range(FEW - 1)]
    comparison = a_comparison(
        ("a", an_outcome(few, portions(FEW - 1))), ("b", an_outcome(few, portions(FEW - 1)))
    )
    result = comparison.contestants[0]
    assert result.rungs["free"].interval is None
    assert result.tokens_a_second is not None
    assert result.tokens_a_second.interval is None
    assert {one.verdict for one in comparison.differences} == {"too few to tell"}
    shown = "\n".join(lines(comparison))
    assert "9, too few to tell" in shown
    assert "% (" not in shown


def test_differences_are_told_apart_only_where_zero_is_outside():
    done = portions(10, cases=6)
    comparison = a_comparison(
        ("first", an_outcome(many(0.6, 1), done)),
        ("like", an_outcome(many(0.6, 2), done)),
        ("better", an_outcome(many(0.95, 3), portions(10, cases=6, seconds=1.0))),
    )
    verdicts = {(one.name, one.figure): one.verdict for one in comparison.differences}
    assert verdicts["like", "free"] == "not told apart"
    assert verdicts["better", "free"] == "told apart"
    assert verdicts["like", "tokens_a_second"] == "not told apart"
    assert verdicts["better", "tokens_a_second"] == "told apart"
    free = next(one for one in comparison.differences if (one.name, one.figure) == ("better", "free"))
    counts = [sum(w.rung == "free" for w in many(share, seed)) for share, seed in ((0.95, 3), (0.6, 1))]
    assert free.difference == pytest.approx((counts[0] - counts[1]) / 120)
    assert free.interval is not None
    assert (free.interval.unit, free.interval.n) == ("cases", 60)


def test_a_contestant_without_a_model_has_no_rate_of_tokens_and_agrees_with_nobody():
    fixed = [words(n, "deterministic") for n in range(10)]
    engine = {"engine": an_outcome([]).engine.model_copy(update={"engine": "template"}), "answers": {}}
    comparison = a_comparison(
        ("a", an_outcome([words(n) for n in range(10)])),
        ("fixed", an_outcome(fixed, portions(tokens=0), **engine)),
    )
    assert comparison.contestants[1].tokens_a_second is None
    assert {one.figure for one in comparison.differences} == {"free", "model", "reports_a_second"}
    assert comparison.agreement == ()


def test_agreement_is_of_what_all_have_answered():
    assert equal([{"p": "x", "q": "y"}, {"p": "x", "q": "z", "r": "x"}]) == (1, 2)
    assert equal([{"p": "x"}, {"q": "x"}]) == (0, 0)
    one = [words(n) for n in range(12)]
    other = [words(n, sentence="[[F1]] was recognised.") if n < 3 else words(n) for n in range(12)]
    comparison = a_comparison(
        ("a", an_outcome(one)), ("b", an_outcome(other, answers={"head-0": "a", "head-1": "b"})),
        ("c", an_outcome([words(n, "deterministic") for n in range(12)])),
    )  # fmt: skip
    found = {each.names: each for each in comparison.agreement}
    assert list(found) == [("a", "b", "c"), ("a", "b"), ("a", "c"), ("b", "c")]
    assert (found["a", "b"].answers.count, found["a", "b"].answers.of) == (1, 2)
    assert (found["a", "b"].words.count, found["a", "b"].words.of) == (9, 12)
    assert found["a", "c"].words.of == 0, "fixed sentences are nobody's own"


def test_sentences_are_counted_without_the_place_of_their_slots():
    told = [words(n, sentence=f"[[F{n + 1}]] was recorded; [[F{n + 2}]] was recorded.") for n in range(4)]
    found = a_comparison(("a", an_outcome(told))).contestants[0].sentences
    assert found is not None
    assert (found.told, found.distinct) == (4, 1)
    assert found.most[0].carrier == "[[F1]] was recorded; [[F2]] was recorded."
