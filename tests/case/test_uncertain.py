"""Distribution texts: quantiles against scipy.stats, central values, refusals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from servanda.case.uncertain import DistributionError, certain, parse_uncertain

GRID = np.linspace(0.001, 0.999, 57)


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("2 to 5", stats.triang(0.5, 2, 3)),
        ("triangular(1, 2, 5)", stats.triang(0.25, 1, 4)),
        ("triangular(1, 1, 5)", stats.triang(0.0, 1, 4)),
        ("triangular(1, 5, 5)", stats.triang(1.0, 1, 4)),
        ("uniform(-1, 3)", stats.uniform(-1, 4)),
        ("normal(12, 3)", stats.norm(12, 3)),
        ("lognormal(2, 0.5)", stats.lognorm(0.5, scale=2)),
        ("beta(2, 5)", stats.beta(2, 5)),
    ],
)
def test_quantiles_are_those_of_scipy(text: str, reference: stats.rv_continuous) -> None:
    np.testing.assert_allclose(parse_uncertain(text).quantile(GRID), reference.ppf(GRID), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(
    ("text", "central"),
    [
        ("3", 3.0),
        ("-1e-3", -0.001),
        ("2 to 5", 3.5),
        ("uniform(0, 4)", 2.0),
        ("normal(12, 3)", 12.0),
        ("lognormal(2, 0.5)", 2.0),
        ("triangular(1, 2, 5)", 2.0),
        ("beta(2, 2)", 0.5),
        ("one of {1: 0.5, 2.5: 1}", 2.5),
    ],
)
def test_central_values(text: str, central: float) -> None:
    assert parse_uncertain(text).central == pytest.approx(central, abs=1e-12)


def test_a_central_value_is_the_mode_of_a_range() -> None:
    number = parse_uncertain("2 to 5", central=3)
    assert (number.kind, number.arguments, number.central) == ("triangular", (2.0, 3.0, 5.0), 3.0)


def test_choices_are_taken_in_proportion_to_their_weights() -> None:
    number = parse_uncertain("one of {low: 1, high: 3}", choices={"low": 10.0, "high": 20.0})
    assert number.choices == (("low", 10.0, 0.25), ("high", 20.0, 0.75))
    assert number.quantile([0.0, 0.2, 0.3, 1.0]).tolist() == [10.0, 10.0, 20.0, 20.0]
    assert number.support == (10.0, 20.0)


def test_a_certain_number_has_one_quantile() -> None:
    number = certain(4.0)
    assert number.certain
    assert number.quantile([[0.0, 1.0]]).tolist() == [[4.0, 4.0]]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("5 to 2", "runs from 5 to 2"),
        ("2 to 2", "runs from 2 to 2"),
        ("uniform(3, 1)", "runs from 3 to 1"),
        ("normal(0, 0)", "standard deviation must be greater than 0"),
        ("lognormal(-2, 1)", "median must be greater than 0"),
        ("beta(0, 1)", "a must be greater than 0"),
        ("triangular(1, 9, 5)", "mode 9 lies outside"),
        ("gamma(1, 2)", "no distribution is called `gamma`"),
        ("normal(1)", "takes 2 numbers"),
        ("normal(a, b)", "takes 2 numbers"),
        ("soon", "neither a number nor a distribution"),
        ("1e999", "too large"),
        ("one of {a: 1}", "`a` has no number"),
        ("one of {1: -1, 2: 1}", "weights must be zero or more"),
        ("one of {1: 1, 1: 1}", "stands twice"),
        ("one of {}", "is not `name: weight`"),
    ],
)
def test_impossible_texts_are_refused(text: str, said: str) -> None:
    with pytest.raises(DistributionError) as refused:
        parse_uncertain(text)
    assert said in str(refused.value)
    assert refused.value.hint


def test_a_central_value_outside_the_support_is_refused() -> None:
    with pytest.raises(DistributionError, match="central value 7 lies outside 2 to 5"):
        parse_uncertain("2 to 5", central=7)


def test_choices_without_one_of_are_refused() -> None:
    with pytest.raises(DistributionError, match="belong to `one of"):
        parse_uncertain("3", choices={"a": 1.0})


NUMBERS = st.floats(-1e6, 1e6, allow_nan=False)


@given(low=NUMBERS, width=st.floats(1e-3, 1e6), share=st.floats(0, 1), u=st.lists(st.floats(0, 1), min_size=1))
def test_quantiles_of_triangles_rise_inside_the_support(low: float, width: float, share: float, u: list[float]) -> None:
    high = low + width
    mode = min(max(low + share * width, low), high)
    number = parse_uncertain(f"triangular({low!r}, {mode!r}, {high!r})")
    found = number.quantile(np.sort(u))
    slack = 1e-9 * (abs(low) + width)
    assert np.all(np.diff(found) >= -slack)
    assert found.min() >= low - slack
    assert found.max() <= high + slack


@given(st.text(max_size=60))
def test_any_text_is_a_number_or_refused_with_a_hint(text: str) -> None:
    try:
        outcome: object = parse_uncertain(text).central
    except DistributionError as refused:
        outcome = refused.hint
    assert isinstance(outcome, float) or (isinstance(outcome, str) and "write" in outcome)
