"""Draws of uncertain parameters: inside their distributions, evenly spread, correlated as stated, always the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from servanda.case import load_text, read
from servanda.case.resolved import ResolvedCase
from servanda.uncertainty.draws import draws_of, parameter_draws
from tests.sketches import Sketch

TOGETHER = (Path(__file__).resolve().parents[2] / "spec" / "valid" / "correlations.yaml").read_text()
KINDS = """\
  a: {value: 2 to 5, source: judgement}
  m: {value: "normal(1, 2)", source: judgement}
  l: {value: "lognormal(3, 0.5)", source: judgement}
  w: {value: "beta(2, 5)", source: judgement}
  k: {value: "one of {low: 1, high: 3}", choices: {low: 10, high: 20}, source: judgement}
"""
MARGINS = {
    "a": stats.triang(0.5, 2, 3).cdf,
    "m": stats.norm(1, 2).cdf,
    "l": stats.lognorm(0.5, scale=3).cdf,
    "w": stats.beta(2, 5).cdf,
}


def case_of(text: str) -> ResolvedCase:
    return load_text(text, "together.yaml").require()


@pytest.fixture(scope="module")
def together() -> ResolvedCase:
    """Five kinds of distribution, b and c alone, all of them correlated in a chain."""
    lone = "  a: {value: 2 to 5, source: judgement}\n"
    text = TOGETHER.replace(lone, KINDS)
    pairs = "".join(
        f"  - {{between: [{pair}], correlation: {value}, source: judgement}}\n"
        for pair, value in (("m, l", 0.7), ("l, w", -0.6), ("w, k", 0.4))
    )
    return case_of(text.replace("modelling:", f"{pairs}modelling:"))


def test_every_uncertain_parameter_is_drawn_and_no_certain_one() -> None:
    case = read("us-iran")
    draws = parameter_draws(case, 64)
    uncertain = {p.name: p.number for p in case.parameters if not p.number.certain}
    correlated = {name for correlation in case.correlations for name in correlation.parameters}
    assert len(draws) == 64
    assert all(draw.keys() == uncertain.keys() for draw in draws)
    for name, number in uncertain.items():
        low, high = number.support
        values = np.array([draw[name] for draw in draws])
        assert np.isfinite(values).all()
        assert ((values >= low) & (values <= high)).all()
        # a balanced sequence: half of the draws on either side of the median
        below = int((values < number.quantile(0.5)).sum())
        assert number.kind == "choice" or name in correlated or below == 32, name


def test_fewer_draws_are_the_first_of_more_and_another_seed_gives_others() -> None:
    case = read("us-iran")
    assert parameter_draws(case, 5) == parameter_draws(case, 16)[:5]
    assert parameter_draws(case, 5, seed=1) != parameter_draws(case, 5)


def test_without_uncertainty_there_is_nothing_to_draw() -> None:
    case = load_text(Sketch().text, "sketch.yaml").require()
    assert parameter_draws(case, 8) == ()
    assert parameter_draws(read("us-iran"), 0) == ()
    with pytest.raises(ValueError, match="cannot make -1 draws"):
        parameter_draws(case, -1)
    with pytest.raises(ValueError, match="cannot make 4 draws from number -2 on"):
        draws_of(case, 4, first=-2)
    draws = draws_of(case, 3)
    assert (len(draws), draws.values.shape, draws.mappings()) == (3, (3, 0), ({}, {}, {}))
    assert set(draws.terminal) == {"stationary"}
    assert set(draws.order) == {case.protocol.order}


def test_uncorrelated_draws_are_those_of_scipy_in_one_piece() -> None:
    """The numbers that earlier results rest on."""
    from scipy.stats import qmc

    text = TOGETHER[: TOGETHER.index("correlations:")]
    points = qmc.Sobol(3, rng=np.random.default_rng(7)).random_base2(5)
    number = case_of(text).parameters[0].number
    assert np.array_equal(draws_of(case_of(text), 32, 7).values, number.quantile(points))


@given(first=st.integers(0, 300), count=st.integers(0, 40))
def test_any_part_of_the_sequence_can_be_had(first: int, count: int) -> None:
    case = case_of(TOGETHER)
    whole, part = draws_of(case, 340), draws_of(case, count, first=first)
    assert part.first == first
    assert part.values.tobytes() == whole.values[first : first + count].tobytes()
    assert part.terminal == whole.terminal[first : first + count]
    assert part.order == whole.order[first : first + count]


def test_margins_stay_what_they_are_and_ranks_are_correlated_as_stated(together: ResolvedCase) -> None:
    draws = draws_of(together, 4096)
    column = dict(zip(draws.names, draws.values.T, strict=True))
    for name, distribution in MARGINS.items():
        assert stats.kstest(column[name], distribution).statistic < 0.01, name
    assert np.mean(column["k"] == 20.0) == pytest.approx(0.75, abs=0.01)

    def ranks(one: str, other: str) -> float:
        return float(stats.spearmanr(column[one], column[other]).statistic)

    for one, other, stated in (("a", "b", 0.5), ("b", "c", -0.25), ("m", "l", 0.7), ("l", "w", -0.6)):
        assert ranks(one, other) == pytest.approx(stated, abs=0.02), (one, other)
    for one, other in (("a", "c"), ("m", "w"), ("a", "l"), ("c", "k")):
        assert ranks(one, other) == pytest.approx(0.0, abs=0.02), (one, other)
    # a choice has ties, which dilute the correlation of ranks
    assert 0.2 < ranks("w", "k") < 0.4


def test_choices_of_the_model_come_with_their_weights_and_independently(together: ResolvedCase) -> None:
    draws = draws_of(together, 4096)
    settled = np.array([kind == "settled" for kind in draws.terminal])
    fixed = np.array([order == "fixed" for order in draws.order])
    assert settled.mean() == pytest.approx(1 / 4, abs=0.005)
    assert fixed.mean() == pytest.approx(1 / 3, abs=0.005)
    assert np.mean(settled & fixed) == pytest.approx(1 / 12, abs=0.01)
    for values in draws.values.T:
        assert np.corrcoef(settled, values)[0, 1] == pytest.approx(0.0, abs=0.03)
        assert np.corrcoef(fixed, values)[0, 1] == pytest.approx(0.0, abs=0.03)


def test_correlations_and_choices_of_the_model_move_no_other_parameter(together: ResolvedCase) -> None:
    apart = draws_of(replace(together, correlations=together.correlations[2:]), 64)
    joined = draws_of(together, 64)
    moved = [n for k, n in enumerate(apart.names) if not np.array_equal(apart.values[:, k], joined.values[:, k])]
    assert moved == ["b", "c"]
    declared = draws_of(replace(together, modelling=type(together.modelling)()), 64)
    assert declared.values.tobytes() == joined.values.tobytes()
    assert set(declared.terminal) == {"stationary"}


def test_correlations_that_contradict_each_other_are_refused(together: ResolvedCase) -> None:
    one, two = together.correlations[:2]
    impossible = (
        replace(one, parameters=("a", "b", "c"), value=0.0),
        replace(one, parameters=("a", "b"), value=0.9),
        replace(two, parameters=("b", "c"), value=0.9),
        replace(two, parameters=("a", "c"), value=-0.9),
    )
    with pytest.raises(ValueError, match="the correlations contradict each other"):
        draws_of(replace(together, correlations=impossible), 4)
