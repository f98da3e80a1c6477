"""Every compiled kernel against its plain twin, on random stages, at every precision from indifference to certainty."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from servanda.equilibrium import Period
from servanda.game import Stage, game_from_tables
from servanda.kernels import plain, stage
from servanda.kernels.single import backward_single, evaluate_single
from tests.strategies import Floats, Shape, Table, random_stage, seeds

MODES = [stage.LOGIT, stage.TASTE, stage.SHARP, stage.BEST_FOR, stage.WORST_FOR]
PRECISIONS = [1e-9, 1e-3, 1.0, 1e3, 1e9, 1e300]


@dataclass(frozen=True)
class Example:
    made: Stage
    table: Floats
    precision: Floats
    weight: float
    values: Floats
    random: np.random.Generator
    actors: int

    def space(self) -> Floats:
        return np.full((self.made.rows, self.values.shape[1]), np.nan)

    def options(self) -> Floats:
        return np.full((self.made.options, self.table.shape[1]), np.nan)

    def odds(self) -> Floats:
        """Random odds, one on rows of nature."""
        raw = self.random.random((self.made.options, self.table.shape[1]))
        total = np.add.reduceat(raw, self.made.option_start[:-1].astype(int))[self.made.row_of_option]
        return np.where((self.made.mover < 0)[self.made.row_of_option][:, None], 1.0, raw / total)


@st.composite
def examples(draw: st.DrawFn, draws: int = 4) -> Example:
    random = np.random.default_rng(draw(seeds))
    shape = Shape(draw(st.integers(1, 6)), draw(st.integers(1, 3)), draw(st.integers(1, draws)), most_options=4)
    table = Table(shape.draws)
    made = random_stage(random, shape, table)
    precision = random.choice(PRECISIONS, (shape.actors, shape.draws))
    weight = draw(st.sampled_from([1.0, 0.5]) | st.floats(1e-3, 1.0))
    values = random.normal(0.0, 10.0, (shape.states, shape.actors * shape.draws))
    return Example(made, table.array, precision, weight, values, random, shape.actors)


@pytest.mark.parametrize("mode", MODES)
@given(example=examples(), objective=st.integers(0, 2))
def test_backward(mode: int, example: Example, objective: int) -> None:
    found = []
    for kernel in (stage.backward, plain.backward):
        values, advantage = example.values.copy(), example.options()
        kernel(
            *example.made.structure, example.table, example.precision, example.weight, mode, objective % example.actors,
            values, example.space(), advantage,
        )  # fmt: skip
        found.append((values, advantage))
    np.testing.assert_allclose(found[0][0], found[1][0], rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(found[0][1], found[1][1], rtol=1e-10, atol=1e-10)
    assert np.isfinite(found[0][1]).all()
    assert found[0][1].max() == 0.0


@pytest.mark.parametrize("mode", [stage.LOGIT, stage.SHARP])
@given(example=examples(draws=1))
def test_backward_of_a_single_draw(mode: int, example: Example) -> None:
    found = []
    for kernel in (backward_single(example.actors, sharp=mode == stage.SHARP), plain.backward):
        values, advantage = example.values.copy(), example.options()
        rest = (mode, 0) if kernel is plain.backward else ()
        kernel(
            *example.made.structure, example.table, example.precision, example.weight, *rest, values, example.space(),
            advantage,
        )  # fmt: skip
        found.append((values, advantage))
    np.testing.assert_allclose(found[0][0], found[1][0], rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(found[0][1], found[1][1], rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("draws", [1, 2])
def test_sharp_play_takes_the_first_of_the_best(draws: int) -> None:
    # the mover is worth 1 with either of the last two options, the other actor 5 or 7
    game, numbers = game_from_tables(
        [0], [[0, 1, 2]], [[[0], [0], [0]]], [[[1.0], [1.0], [1.0]]], [[[0.0, 9.0], [1.0, 5.0], [1.0, 7.0]]],
        discount=[0.5, 0.5], precision=[1.0, 1.0], sharp=True,
    )  # fmt: skip
    numbers = replace(numbers, **{
        name: np.repeat(getattr(numbers, name), draws, axis=-1)
        for name in ("coefficient", "dated_value", "discount", "precision")
    })  # fmt: skip
    values = np.zeros((1, 2 * draws))
    Period(game, numbers).backward(values, 0)
    assert values[0].tolist() == [1.0] * draws + [5.0] * draws


@given(st.floats(-1e4, 0.0) | st.floats(-1.0, 0.0) | st.sampled_from([0.0, -0.0, -700.0, -1e300, -5e-324]))
def test_the_exponential_of_a_shortfall(x: float) -> None:
    assert stage.exp_of_shortfall(x) == pytest.approx(np.exp(x), rel=2e-15, abs=1e-303)


@given(example=examples(draws=1))
def test_evaluate_of_a_single_draw(example: Example) -> None:
    odds = example.odds()
    found = []
    for kernel in (evaluate_single(example.actors), plain.evaluate):
        values = example.values.copy()
        kernel(*example.made.structure, example.table, odds, example.weight, values, example.space())
        found.append(values)
    np.testing.assert_allclose(found[0], found[1], rtol=1e-10, atol=1e-10)


@given(example=examples())
def test_evaluate(example: Example) -> None:
    odds = example.odds()
    found = []
    for kernel in (stage.evaluate, plain.evaluate):
        values = example.values.copy()
        kernel(*example.made.structure, example.table, odds, example.weight, values, example.space())
        found.append(values)
    np.testing.assert_allclose(found[0], found[1], rtol=1e-10, atol=1e-10)


@given(example=examples(), shared=st.booleans())
def test_forward(example: Example, shared: bool) -> None:
    if shared:  # one draw may carry any number of columns
        example = replace(example, table=np.ascontiguousarray(example.table[:, :1]))
    columns = 3 if shared else example.table.shape[1]
    odds = example.odds()
    states = example.values.shape[0]
    start = example.random.random((states, columns)) * (example.random.random((states, columns)) < 0.7)
    found = []
    for kernel in (stage.forward, plain.forward):
        mass = start.copy()
        kernel(
            *example.made.structure,
            example.table,
            odds,
            example.weight,
            mass,
            np.full((example.made.rows, columns), np.nan),
        )
        found.append(mass)
    np.testing.assert_allclose(found[0], found[1], rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(found[0].sum(axis=0), start.sum(axis=0), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("mode", [stage.LOGIT, stage.TASTE, stage.SHARP])
@given(example=examples())
def test_choose(mode: int, example: Example) -> None:
    made, advantage = example.made, example.options()
    plain.backward(
        *made.structure,
        example.table,
        example.precision,
        1.0,
        mode,
        0,
        example.values.copy(),
        example.space(),
        advantage,
    )
    found = []
    for kernel in (stage.choose, plain.choose):
        odds = example.options()
        kernel(made.mover, made.option_start, advantage, example.precision, mode, odds)
        found.append(odds)
    np.testing.assert_allclose(found[0], found[1], rtol=1e-10, atol=1e-10)
    total = np.add.reduceat(found[0], made.option_start[:-1].astype(int))
    np.testing.assert_allclose(total, 1.0, atol=1e-12)


@given(example=examples())
def test_backward_and_evaluate_agree_on_the_odds_that_choose_gives(example: Example) -> None:
    made, advantage, odds = example.made, example.options(), example.options()
    values, again = example.values.copy(), example.values.copy()
    stage.backward(
        *made.structure,
        example.table,
        example.precision,
        example.weight,
        stage.LOGIT,
        0,
        values,
        example.space(),
        advantage,
    )
    stage.choose(made.mover, made.option_start, advantage, example.precision, stage.LOGIT, odds)
    stage.evaluate(*made.structure, example.table, odds, example.weight, again, example.space())
    np.testing.assert_allclose(values, again, rtol=1e-10, atol=1e-10)


@given(example=examples())
def test_accrue(example: Example) -> None:
    values, random = example.values.copy(), example.random
    paid = random.integers(0, 3, len(values)).astype(np.int32)
    flow, discount = random.normal(0.0, 5.0, (3, values.shape[1])), random.random((1, values.shape[1]))
    stage.accrue(values, paid, flow, discount)
    np.testing.assert_array_equal(values, example.values * discount + flow[paid])


@given(example=examples())
def test_values_and_mass_are_adjoint(example: Example) -> None:
    """Mass pushed forward earns what values said: <mass, stage values> = <moved mass, values> - expected prices."""
    made, draws = example.made, example.table.shape[1]
    free = example.table.copy()
    free[made.price_coefficient] = 0.0
    odds = example.odds()
    mass = example.random.random((example.values.shape[0], draws))
    values, moved = example.values.copy(), mass.copy()
    stage.evaluate(*made.structure, free, odds, example.weight, values, example.space())
    stage.forward(*made.structure, free, odds, example.weight, moved, np.empty((made.rows, draws)))
    before = np.einsum("sb,sab->ab", mass, values.reshape(len(values), -1, draws))
    after = np.einsum("sb,sab->ab", moved, example.values.reshape(len(values), -1, draws))
    np.testing.assert_allclose(before, after, rtol=1e-9, atol=1e-9)


def test_among_equal_options_sharp_play_takes_the_first() -> None:
    odds = np.empty((3, 1))
    for kernel in (stage.choose, plain.choose):
        kernel(
            np.zeros(1, np.int32), np.array([0, 3], np.int32), np.array([[-1.0], [0.0], [0.0]]), np.ones((1, 1)),
            stage.SHARP, odds,
        )  # fmt: skip
        assert odds[:, 0].tolist() == [0.0, 1.0, 0.0]
