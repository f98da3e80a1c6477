"""Words and numbers: one word for every probability, and no number that says more or less than it is."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servanda.forecast.vocabulary import SCALE, words
from servanda.report.words import fine_percent, likelihood, log_odds, number, percent, percent_with_odds, signed

probabilities = st.floats(0.0, 1.0)


def test_the_scale_is_the_standard_one() -> None:
    names = [name for name, _, _ in SCALE]
    assert [words((low + high) / 2) for _, low, high in SCALE] == names
    assert [high for _, _, high in SCALE[:-1]] == [low for _, low, _ in SCALE[1:]]
    assert (words(0.2), words(0.45), words(0.55), words(0.95)) == (
        "very unlikely",
        "unlikely",
        "likely",
        "almost certain",
    )


@given(probabilities, probabilities)
def test_words_never_fall_as_the_probability_rises(one: float, other: float) -> None:
    names = [name for name, _, _ in SCALE]
    low, high = sorted((one, other))
    assert names.index(words(low)) <= names.index(words(high))


@pytest.mark.parametrize("nonsense", [-0.01, 1.01, math.nan, math.inf])
def test_what_is_no_probability_has_no_words(nonsense: float) -> None:
    with pytest.raises(ValueError, match="not a probability"):
        words(nonsense)


@given(probabilities)
def test_only_certainty_reads_as_certainty(probability: float) -> None:
    for text in (percent(probability), fine_percent(probability)):
        assert (text == "0 %") == (probability == 0.0)
        assert (text == "100 %") == (probability == 1.0)


@given(st.floats(1e-300, 9e-4))
def test_a_tiny_probability_shows_its_log_odds(probability: float) -> None:
    assert percent_with_odds(probability) == f"<0.1 % (log-odds {signed(math.log(probability / (1 - probability)))})"
    assert likelihood(probability) == "almost no chance (less than 1 %)"


def test_log_odds_end_in_infinity() -> None:
    assert (log_odds(0.0), log_odds(1.0), log_odds(0.5)) == (-math.inf, math.inf, 0.0)


@given(st.floats(-1e12, 1e12))
def test_a_number_reads_back_to_three_digits(value: float) -> None:
    back = float(number(value).replace(",", "").replace("\N{MINUS SIGN}", "-"))
    assert back == pytest.approx(value, rel=6e-3, abs=1e-6)
