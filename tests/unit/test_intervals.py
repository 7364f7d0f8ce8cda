"""Intervals against values that others have published or that can be worked out."""

import pytest

from reportgen.intervals import bootstrap, wilson


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [
        # Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_is_that_of_the_literature(part, whole, low, high):
    assert wilson(part, whole) == pytest.approx((low, high), abs=1e-4)


def test_wilson_of_nothing_says_nothing_and_is_mirrored():
    assert wilson(0, 0) == (0.0, 1.0)
    low, high = wilson(3, 20)
    assert wilson(17, 20) == pytest.approx((1 - high, 1 - low))


def mean(values):
    return sum(values) / len(values)


def test_the_bootstrap_of_a_mean_is_near_that_of_the_normal_distribution():
    """Of 400 evenly spread values the mean has a standard error of 0.2887 / 20."""
    values = [(n + 0.5) / 400 for n in range(400)]
    found = bootstrap(values, mean, seed=1, resamples=4000)
    assert found == pytest.approx((0.5 - 1.96 * 0.01443, 0.5 + 1.96 * 0.01443), abs=2e-3)


def test_the_bootstrap_is_the_same_for_the_same_seed_and_covers_what_does_not_vary():
    values = [1.1**n for n in range(40)]
    assert bootstrap(values, mean, seed=3) == bootstrap(values, mean, seed=3)
    assert bootstrap(values, mean, seed=3) != bootstrap(values, mean, seed=4)
    assert bootstrap([5.0] * 4, mean, seed=1) == (5.0, 5.0)


def test_the_bootstrap_says_nothing_where_the_figure_cannot_be_said():
    assert bootstrap([], mean, seed=1) is None
    assert bootstrap([1.0, 2.0], lambda _: None, seed=1) is None
