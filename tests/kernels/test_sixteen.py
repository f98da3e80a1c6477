"""The operators for sixteen draws in single precision against their plain twins in double precision.

Bounds come from the arithmetic. Inputs are single-precision numbers in both. A worth is a sum of at most three products
and two prices of size S, so it is off by a few units of S * 2**-24; odds are off by the precision times that, relative
to themselves, beside the exponential's own 2.5e-7; a value by both.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba as nb
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from servanda.game import Stage
from servanda.kernels import plain, stage
from servanda.kernels.lanes import LANES, every, exp_of_shortfall, larger, load, store, vanishes
from servanda.kernels.sixteen import (
    accrue,
    assign,
    backward_sixteen,
    catch,
    expect_sixteen,
    forward_marked_sixteen,
    forward_sixteen,
)
from tests.strategies import Floats, Shape, Table, few, ints, random_stage, seeds

Singles = NDArray[np.float32]
PRECISIONS = [1e-9, 1e-3, 0.1, 1.0, 30.0, 1e3]
UNIT = 2.0**-24
WORTH, OWN, EXPONENTIAL = 16.0 * UNIT, 6e-7, 2.5e-7


def single(values: Floats) -> Singles:
    return np.ascontiguousarray(values, dtype=np.float32)


@dataclass(frozen=True)
class Example:
    made: Stage
    table: Singles
    precision: Singles
    weight: float
    values: Singles
    random: np.random.Generator

    @property
    def actors(self) -> int:
        return len(self.precision)

    @property
    def size(self) -> float:
        """Size of what a worth is summed from."""
        return float(np.abs(self.values).max() + 2.0 * np.abs(self.table).max())

    def room(self, columns: int) -> Singles:
        return np.full(self.made.rows * columns * LANES, np.nan, dtype=np.float32)

    def options(self) -> Singles:
        return np.full((self.made.options, LANES), np.nan, dtype=np.float32)

    def odds(self) -> Singles:
        """Random odds, one on rows of nature."""
        raw = self.random.random((self.made.options, LANES))
        total = np.add.reduceat(raw, self.made.option_start[:-1].astype(int))[self.made.row_of_option]
        return single(np.where((self.made.mover < 0)[self.made.row_of_option][:, None], 1.0, raw / total))

    def backward(self) -> tuple[Singles, Singles]:
        """Values and odds by the compiled operator."""
        values, odds = self.values.copy(), self.options()
        backward_sixteen(self.actors)(
            *self.made.structure, self.made.cuts, self.table.reshape(-1), self.precision.reshape(-1), self.weight,
            values.reshape(-1), self.room(self.actors), odds.reshape(-1),
        )  # fmt: skip
        return values, odds

    def expect(self, odds: Singles, columns: Singles) -> Singles:
        found = columns.copy()
        expect_sixteen(
            *self.made.structure, self.table.reshape(-1), odds.reshape(-1), self.weight, columns.shape[1] // LANES,
            found.reshape(-1), self.room(columns.shape[1] // LANES),
        )  # fmt: skip
        return found

    def forward(self, odds: Singles, mass: Singles, which: list[int] | None = None) -> Singles:
        """Mass after the stage; column k goes under the set which[k] of odds[set * options + option, draw]."""
        found, columns = mass.copy(), mass.shape[1] // LANES
        alive = (mass != 0.0).any(axis=1).astype(np.uint8)
        sets = ints(which or [0] * columns)
        forward_sixteen(
            *self.made.structure, self.table.reshape(-1), odds.reshape(-1), sets, self.weight, found.reshape(-1),
            self.room(columns), alive,
        )  # fmt: skip
        assert not found[alive == 0].any()
        return found


@st.composite
def examples(draw: st.DrawFn) -> Example:
    random = np.random.default_rng(draw(seeds))
    # every number of actors is compiled by itself
    shape = Shape(draw(st.integers(1, 6)), draw(st.sampled_from([1, 3])), LANES, most_options=4)
    table = Table(LANES)
    made = random_stage(random, shape, table)
    precision = random.choice(PRECISIONS, (shape.actors, LANES))
    weight = draw(st.sampled_from([1.0, 0.5]) | st.floats(1e-3, 1.0))
    values = random.normal(0.0, 10.0, (shape.states, shape.actors * LANES))
    return Example(made, single(table.array), single(precision), float(np.float32(weight)), single(values), random)


def lane(values: Singles, draws: list[int]) -> Singles:
    """Some draws of values[..., column * 16 + draw], in this order."""
    cube = values.reshape(len(values), -1, LANES)
    return np.ascontiguousarray(cube[:, :, draws].reshape(len(values), -1))


@given(example=examples())
@few(40)
def test_backward(example: Example) -> None:
    values, odds = example.backward()
    made = example.made
    exact, behind = example.values.astype(np.float64), np.full((made.options, LANES), np.nan)
    precision, table = example.precision.astype(np.float64), example.table.astype(np.float64)
    scratch = np.full((made.rows, exact.shape[1]), np.nan)
    plain.backward(
        *made.structure, table, precision, example.weight, stage.LOGIT, 0, exact, scratch, behind
    )  # fmt: skip
    chosen = np.empty_like(behind)
    plain.choose(made.mover, made.option_start, behind, precision, stage.LOGIT, chosen)
    sharpness = np.where((made.mover < 0)[:, None], 0.0, precision[made.mover])
    loose = OWN + sharpness * WORTH * example.size
    assert np.isfinite(values).all()
    assert ((odds >= 0.0) & (odds <= 1.0)).all()
    assert (np.abs(odds - chosen) <= 2.0 * np.minimum(loose, 1.0)[made.row_of_option] * np.maximum(chosen, 1e-6)).all()
    total = np.add.reduceat(odds.astype(np.float64), made.option_start[:-1].astype(int))
    np.testing.assert_allclose(total, 1.0, atol=8.0 * UNIT)
    allowed = np.full((len(exact), LANES), 0.0)
    allowed[made.state] = (2.0 * WORTH + 2.0 * np.minimum(loose, 1.0)) * example.size
    error = np.abs(values - exact).reshape(len(exact), -1, LANES)
    assert (error <= allowed[:, None, :]).all()


@given(example=examples(), columns=st.integers(1, 3))
@few(40)
def test_expectations_under_given_odds(example: Example, columns: int) -> None:
    odds = example.odds()
    values = single(example.random.random((len(example.values), columns * LANES)))
    found = example.expect(odds, values)
    exact = values.astype(np.float64)
    structure = list(example.made.structure)
    structure[3] = np.zeros_like(structure[3])  # prices play no part
    plain.evaluate(
        *structure, example.table.astype(np.float64), odds.astype(np.float64), example.weight, exact, np.empty((0, 0))
    )  # fmt: skip
    np.testing.assert_allclose(found, exact, rtol=0.0, atol=16.0 * UNIT)


@given(example=examples(), which=st.lists(st.integers(0, 1), min_size=1, max_size=3))
@few(40)
def test_mass_pushed_through_a_stage(example: Example, which: list[int]) -> None:
    both, states, columns = (example.odds(), example.odds()), len(example.values), len(which)
    there = example.random.random((states, 1)) < 0.7  # states that no draw has reached are passed over
    mass = single(example.random.random((states, columns * LANES)) * there)
    found = example.forward(np.concatenate(both), mass, which)
    for column in range(columns):
        mine = slice(column * LANES, (column + 1) * LANES)
        exact = mass[:, mine].astype(np.float64)
        plain.forward(
            *example.made.structure, example.table.astype(np.float64), both[which[column]].astype(np.float64),
            example.weight, exact, np.empty((0, 0)),
        )  # fmt: skip
        np.testing.assert_allclose(found[:, mine], exact, rtol=0.0, atol=64.0 * UNIT)


@given(example=examples(), kinds=st.integers(1, 3), shared=st.sampled_from([0.0, 0.5, 1.0]))
@few(40)
def test_marked_mass(example: Example, kinds: int, shared: float) -> None:
    """What takes marked outcomes is counted, beside what was counted before; what is absorbed does not arrive."""
    random, made, odds = example.random, example.made, example.odds()
    outcomes, states = len(made.outcome_state), len(example.values)
    mark, absorb = ints(random.integers(0, kinds + 1, outcomes)), ints(random.random(outcomes) < shared)
    mass = single(random.random((states, LANES)) * (random.random((states, LANES)) < 0.7))
    moved, exact = mass.copy(), mass.astype(np.float64)
    caught, counted = np.full((2, kinds, LANES), 0.25)
    forward_marked_sixteen(
        *made.structure, example.table.reshape(-1), odds.reshape(-1), example.weight, mark, absorb, moved.reshape(-1),
        example.room(1), caught,
    )  # fmt: skip
    plain.forward_marked(
        *made.structure, example.table.astype(np.float64), odds.astype(np.float64), example.weight, mark, absorb, exact,
        np.empty((0, 0)), counted,
    )  # fmt: skip
    np.testing.assert_allclose(moved, exact, rtol=0.0, atol=64.0 * UNIT)
    np.testing.assert_allclose(caught, counted, rtol=0.0, atol=64.0 * UNIT)


@given(example=examples(), order=st.permutations(list(range(LANES))))
@few(15)
def test_a_draw_is_the_same_bit_for_bit_in_any_lane(example: Example, order: list[int]) -> None:
    made, weight, random = example.made, example.weight, example.random
    moved = Example(
        made, lane(example.table, order), lane(example.precision, order), weight, lane(example.values, order), random
    )
    values, odds = example.backward()
    again, chosen = moved.backward()
    np.testing.assert_array_equal(lane(values, order), again)
    np.testing.assert_array_equal(lane(odds, order), chosen)
    mass = np.abs(example.values)
    np.testing.assert_array_equal(
        lane(example.expect(odds, example.values), order), moved.expect(chosen, moved.values)
    )  # fmt: skip
    np.testing.assert_array_equal(lane(example.forward(odds, mass), order), moved.forward(chosen, lane(mass, order)))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 3e38])
@given(example=examples(), ill=st.integers(0, LANES - 1))
@few(6)
def test_what_is_no_number_stays_in_its_lane(bad: float, example: Example, ill: int) -> None:
    well = [d for d in range(LANES) if d != ill]
    odds = example.odds()
    mass = np.abs(example.values)
    spoilt = Example(
        example.made, example.table.copy(), example.precision.copy(), example.weight, example.values.copy(),
        example.random,
    )  # fmt: skip
    ruined, soiled = odds.copy(), mass.copy()
    for array in (spoilt.table, spoilt.precision, spoilt.values, ruined, soiled):
        array.reshape(len(array), -1, LANES)[:, :, ill] = bad
    for clean, dirty in zip(
        (*example.backward(), example.expect(odds, example.values), example.forward(odds, mass)),
        (*spoilt.backward(), spoilt.expect(ruined, spoilt.values), spoilt.forward(ruined, soiled)),
        strict=True,
    ):
        np.testing.assert_array_equal(lane(clean, well), lane(dirty, well))


@given(example=examples())
@few(20)
def test_mass_and_expectations_are_adjoint(example: Example) -> None:
    """What mass finds is what was expected: <mass, expected values> = <mass pushed on, values>."""
    odds = example.odds()
    mass = single(example.random.random((len(example.values), LANES)))
    values = single(example.random.random(mass.shape))
    before = (mass.astype(np.float64) * example.expect(odds, values)).sum(axis=0)
    after = (example.forward(odds, mass).astype(np.float64) * values).sum(axis=0)
    np.testing.assert_allclose(before, after, rtol=64.0 * UNIT)


@nb.njit
def _exponential(x: Singles) -> None:
    for k in range(0, len(x), 16):
        store(x, k, exp_of_shortfall(load(x, k)))


@nb.njit
def _largest(a: Singles, b: Singles) -> None:
    store(a, 0, larger(load(a, 0), load(b, 0)))


@nb.njit
def _nothing_there(a: Singles) -> bool:
    return vanishes(load(a, 0))


@nb.njit
def _computed(a: Singles, b: Singles, number: float) -> None:
    store(a, 16, load(a, 16) * load(b, 16) + every(number) / load(b, 16) - load(a, 0))


def test_the_exponential_of_a_shortfall() -> None:
    x = np.linspace(-90.0, 0.0, 1_600_000).astype(np.float32)
    found = x.copy()
    _exponential(found)
    inside = x > -87.0
    expected = np.exp(x[inside].astype(np.float64))
    assert np.abs(found[inside] / expected - 1.0).max() <= EXPONENTIAL
    assert np.unique(found[~inside]).size == 1
    assert found[0] == pytest.approx(np.exp(-87.0), rel=EXPONENTIAL)
    assert (np.diff(found) >= -EXPONENTIAL * found[1:]).all()


def test_the_exponential_at_its_ends() -> None:
    x = np.zeros(16, dtype=np.float32)
    x[:6] = [-0.0, -1e-45, -np.inf, np.nan, -3e38, -1e-7]
    found = x.copy()
    _exponential(found)
    assert found[[0, 1, 6]].tolist() == [1.0, 1.0, 1.0]
    assert found[2] == found[4] == pytest.approx(np.exp(-87.0), rel=EXPONENTIAL)
    assert np.isnan(found[3])
    assert found[5] == pytest.approx(1.0 - 1e-7, abs=1e-7)


def test_the_larger_of_two_vectors() -> None:
    random = np.random.default_rng(0)
    a, b = single(random.normal(size=16)), single(random.normal(size=16))
    a[0], b[0], a[1], b[2] = np.inf, 1.0, -np.inf, -np.inf
    expected = np.maximum(a, b)
    _largest(a, b)
    np.testing.assert_array_equal(a, expected)


@pytest.mark.parametrize("something", [1e-45, -1.0, np.nan, np.inf])
@pytest.mark.parametrize("at", range(LANES))
def test_vectors_vanish_only_whole(something: float, at: int) -> None:
    vector = np.zeros(16, dtype=np.float32)
    vector[at - 1] = -0.0
    assert _nothing_there(vector)
    vector[at] = something
    assert not _nothing_there(vector)


def test_arithmetic_between_vectors() -> None:
    random = np.random.default_rng(1)
    a, b = single(random.normal(size=48)), single(random.uniform(1.0, 2.0, size=48))
    before = a.copy()
    _computed(a, b, 3.0)
    x, y = before[16:32].astype(np.float64), b[16:32].astype(np.float64)
    np.testing.assert_allclose(a[16:32], x * y + 3.0 / y - before[:16], rtol=1e-6, atol=1e-6)
    np.testing.assert_array_equal(a[:16], before[:16])
    np.testing.assert_array_equal(a[32:], before[32:])


def test_flow_payoffs_accrue() -> None:
    random = np.random.default_rng(2)
    values, flow = single(random.normal(size=(5, 2 * LANES))), single(random.normal(size=(3, 2 * LANES)))
    rate, classes = single(random.uniform(0.5, 1.0, 2 * LANES)), np.array([2, 0, 0, 1, 2], dtype=np.int32)
    expected = values.astype(np.float64) * rate + flow[classes]
    accrue(values.reshape(-1), classes, flow.reshape(-1), rate)
    np.testing.assert_allclose(values, expected, rtol=1e-6, atol=1e-6)


def test_columns_are_assigned_and_caught() -> None:
    values = np.ones((4, 3, LANES), dtype=np.float32)
    states, caught = np.array([1, 3], dtype=np.int32), np.full(LANES, 0.5)
    assign(values.reshape(-1), states, 2, 3, 0.25)
    assert values[states, 2].tolist() == np.full((2, LANES), 0.25).tolist()
    catch(values.reshape(-1), states, 2, 3, caught)
    assert caught.tolist() == [1.0] * LANES
    assert values[states, 2].tolist() == np.zeros((2, LANES)).tolist()
    assert values.sum() == (4 * 3 - 2) * LANES
