"""The operators for four draws at a time against their plain twins; no draw sees what is in the lanes beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from servanda.game import Stage
from servanda.kernels import plain, stage
from servanda.kernels.fourfold import LANES, backward_four, forward_marked
from tests.strategies import Floats, Shape, Table, few, ints, random_stage, seeds

PRECISIONS = [1e-9, 1e-3, 1.0, 1e3, 1e9, 1e300]
lanes = st.lists(st.integers(0, LANES - 1), min_size=LANES, max_size=LANES)


@dataclass(frozen=True)
class Example:
    made: Stage
    table: Floats
    precision: Floats
    weight: float
    values: Floats
    random: np.random.Generator

    def picked(self, lane: list[int]) -> Example:
        """The same stage with other draws in the lanes."""
        return Example(
            self.made,
            np.ascontiguousarray(self.table[:, lane]),
            np.ascontiguousarray(self.precision[:, lane]),
            self.weight,
            in_lanes(self.values, lane),
            self.random,
        )

    def backward(self, *, as_odds: bool) -> tuple[Floats, Floats]:
        """Values, and shortfalls or odds, by the operator for four draws."""
        values, found = self.values.copy(), self.options()
        operator = backward_four(len(self.precision))
        operator(
            *self.made.structure, self.table, self.precision, self.weight, values, self.space(), found, as_odds
        )  # fmt: skip
        return values, found

    def space(self) -> Floats:
        return np.full((self.made.rows, self.values.shape[1]), np.nan)

    def options(self) -> Floats:
        return np.full((self.made.options, LANES), np.nan)


def in_lanes(values: Floats, lane: list[int]) -> Floats:
    by_actor = values.reshape(len(values), -1, LANES)
    return np.ascontiguousarray(by_actor[:, :, lane].reshape(len(values), -1))


@st.composite
def examples(draw: st.DrawFn) -> Example:
    random = np.random.default_rng(draw(seeds))
    shape = Shape(draw(st.integers(1, 6)), draw(st.sampled_from([1, 3])), LANES, most_options=4)
    table = Table(shape.draws)
    made = random_stage(random, shape, table)
    precision = random.choice(PRECISIONS, (shape.actors, shape.draws))
    weight = draw(st.sampled_from([1.0, 0.5]) | st.floats(1e-3, 1.0))
    values = random.normal(0.0, 10.0, (shape.states, shape.actors * shape.draws))
    return Example(made, table.array, precision, weight, values, random)


def twin_of(example: Example) -> tuple[Floats, Floats, Floats]:
    """Values, shortfalls and odds by the plain operators."""
    made, values, shortfall, odds = example.made, example.values.copy(), example.options(), example.options()
    plain.backward(
        *made.structure, example.table, example.precision, example.weight, stage.LOGIT, 0, values, example.space(),
        shortfall,
    )  # fmt: skip
    plain.choose(made.mover, made.option_start, shortfall, example.precision, stage.LOGIT, odds)
    return values, shortfall, odds


@given(examples())
def test_backward_as_its_plain_twin(example: Example) -> None:
    expected, shortfall, odds = twin_of(example)
    for as_odds, beside in ((False, shortfall), (True, odds)):
        values, found = example.backward(as_odds=as_odds)
        np.testing.assert_allclose(values, expected, rtol=1e-10, atol=1e-10)
        np.testing.assert_allclose(found, beside, rtol=1e-10, atol=1e-10)
    total = np.add.reduceat(found, example.made.option_start[:-1].astype(int))
    np.testing.assert_allclose(total, 1.0, atol=1e-12)


@given(example=examples(), as_odds=st.booleans())
def test_backward_as_the_operator_for_any_number_of_draws(example: Example, as_odds: bool) -> None:
    """Nothing is left of it where the written-out lanes went wrong by no more than rounding."""
    values, shortfall = example.values.copy(), example.options()
    stage.backward(
        *example.made.structure, example.table, example.precision, example.weight, stage.LOGIT, 0, values,
        example.space(), shortfall,
    )  # fmt: skip
    odds = example.options()
    stage.choose(example.made.mover, example.made.option_start, shortfall, example.precision, stage.LOGIT, odds)
    found = example.backward(as_odds=as_odds)
    np.testing.assert_allclose(found[0], values, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(found[1], odds if as_odds else shortfall, rtol=1e-12, atol=1e-12)


@given(example=examples(), lane=lanes, as_odds=st.booleans())
@few(100)
def test_a_draw_does_not_see_its_neighbours_nor_its_place(example: Example, lane: list[int], as_odds: bool) -> None:
    values, found = example.backward(as_odds=as_odds)
    moved, there = example.picked(lane).backward(as_odds=as_odds)
    np.testing.assert_array_equal(moved, in_lanes(values, lane))
    np.testing.assert_array_equal(there, found[:, lane])


@pytest.mark.parametrize("poison", [np.nan, np.inf, 1e300])
@given(example=examples(), at=st.integers(0, LANES - 1))
@few(15)
def test_a_draw_that_is_no_number_spoils_no_other(poison: float, example: Example, at: int) -> None:
    values, found = example.backward(as_odds=True)
    table, before = example.table.copy(), example.values.copy()
    table[:, at] = poison
    before.reshape(len(before), -1, LANES)[:, :, at] = poison
    spoilt = Example(example.made, table, example.precision, example.weight, before, example.random)
    moved, there = spoilt.backward(as_odds=True)
    others = [b for b in range(LANES) if b != at]
    np.testing.assert_array_equal(there[:, others], found[:, others])
    by_actor = (len(values), -1, LANES)
    np.testing.assert_array_equal(moved.reshape(by_actor)[:, :, others], values.reshape(by_actor)[:, :, others])


@dataclass(frozen=True)
class Marked:
    """A stage, odds, a mass, and which outcomes are counted and which swallow what comes."""

    example: Example
    odds: Floats
    mass: Floats
    mark: np.ndarray
    absorb: np.ndarray
    kinds: int

    def pushed(self, kernel: Callable[..., None] = forward_marked) -> tuple[Floats, Floats]:
        mass, caught = self.mass.copy(), np.full((self.kinds, self.mass.shape[1]), 0.25)
        kernel(
            *self.example.made.structure, self.example.table, self.odds, self.example.weight, self.mark, self.absorb,
            mass, np.full((self.example.made.rows + 1, self.mass.shape[1]), np.nan), caught,
        )  # fmt: skip
        return mass, caught


@st.composite
def marked(draw: st.DrawFn) -> Marked:
    example = draw(examples())
    random, made = example.random, example.made
    kinds = draw(st.integers(1, 3))
    raw = random.random((made.options, LANES))
    total = np.add.reduceat(raw, made.option_start[:-1].astype(int))[made.row_of_option]
    odds = np.where((made.mover < 0)[made.row_of_option][:, None], 1.0, raw / total)
    states = len(example.values)
    mass = random.random((states, LANES)) * (random.random((states, LANES)) < draw(st.sampled_from([0.0, 0.4, 1.0])))
    outcomes = len(made.outcome_state)
    mark = ints(random.integers(0, kinds + 1, outcomes))
    absorb = ints(random.random(outcomes) < draw(st.sampled_from([0.0, 0.5, 1.0])))
    return Marked(example, odds, mass, mark, absorb, kinds)


@given(marked())
def test_marked_mass_as_its_plain_twin(example: Marked) -> None:
    (mass, caught), (expected, counted) = example.pushed(), example.pushed(plain.forward_marked)
    np.testing.assert_allclose(mass, expected, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(caught, counted, rtol=1e-12, atol=1e-14)


@given(marked())
@few(30)
def test_no_mass_is_lost_that_is_not_absorbed(example: Marked) -> None:
    """With every absorbed outcome counted and nothing else, mass and counts add up to what there was."""
    mark = example.absorb.copy()
    mass, caught = Marked(example.example, example.odds, example.mass, mark, example.absorb, 1).pushed()
    np.testing.assert_allclose(mass.sum(axis=0) + caught[0] - 0.25, example.mass.sum(axis=0), rtol=1e-12, atol=1e-12)
    free, _ = Marked(example.example, example.odds, example.mass, mark, 0 * example.absorb, 1).pushed()
    plainly = example.mass.copy()
    stage.forward(
        *example.example.made.structure, example.example.table, example.odds, example.example.weight, plainly,
        np.empty((example.example.made.rows, LANES)),
    )  # fmt: skip
    np.testing.assert_allclose(free, plainly, rtol=1e-12, atol=1e-14)


@given(example=marked(), lane=lanes)
@few(50)
def test_marked_mass_does_not_see_its_neighbours(example: Marked, lane: list[int]) -> None:
    mass, caught = example.pushed()
    other = Marked(
        example.example.picked(lane), np.ascontiguousarray(example.odds[:, lane]),
        np.ascontiguousarray(example.mass[:, lane]), example.mark, example.absorb, example.kinds,
    )  # fmt: skip
    moved, counted = other.pushed()
    np.testing.assert_array_equal(moved, mass[:, lane])
    np.testing.assert_array_equal(counted, caught[:, lane])
