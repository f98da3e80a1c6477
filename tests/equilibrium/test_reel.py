"""A wound-up game against the period operator in double precision, its plain twin.

Values of these games are of size 100 at most and precisions at most 1, so that an odd is off by about 1e-5 of itself.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from servanda.equilibrium import Period, Settings, Terminal, solve
from servanda.equilibrium.reel import Reel, Watch, fits
from servanda.game import Game, Numbers
from servanda.kernels.calendar import MARKED
from servanda.kernels.lanes import LANES
from tests.strategies import few, games, seeds

FINE = Settings(tail_tolerance=2e-6, tail_steps=500)


def acting(period: Period, t: int) -> np.ndarray:
    """Options of the stages that act in a period."""
    found = np.zeros(period.options, dtype=bool)
    for slot in period.slots:
        found[slot.options] = period.weight(slot, t) > 0.0
    return found


@given(made=games())
@few(60)
def test_a_calendar_is_played_as_by_the_operator(made: tuple[Game, Numbers]) -> None:
    game, numbers = made
    exact = solve(game, numbers, Settings(polish=False))
    found = Reel(game).play(numbers, FINE, warm=exact.terminal.astype(np.float32))
    size = max(1.0, float(np.abs(exact.values).max()))
    np.testing.assert_allclose(found.terminal, exact.terminal, atol=2e-4 * size)
    np.testing.assert_allclose(found.values, exact.values, atol=2e-4 * size)
    period = Period(game, numbers)
    for t, advantage in enumerate(exact.advantage):
        used = acting(period, t)
        np.testing.assert_allclose(found.odds[t][used], period.odds(advantage)[used, 0], atol=5e-4)


@given(made=games())
@few(20)
def test_a_cold_start_ends_where_the_solver_does(made: tuple[Game, Numbers]) -> None:
    game, numbers = made
    exact = solve(game, numbers, Settings(polish=False))
    found = Reel(game).play(numbers, FINE)
    assert found.settled
    size = max(1.0, float(np.abs(exact.terminal).max()))
    np.testing.assert_allclose(found.terminal, exact.terminal, atol=5e-4 * size)


@given(made=games(), seed=seeds, lanes=st.integers(1, LANES))
@few(60)
def test_mass_goes_where_the_operator_sends_it(made: tuple[Game, Numbers], seed: int, lanes: int) -> None:
    game, numbers = made
    random = np.random.default_rng(seed)
    reel, period = Reel(game), Period(game, numbers)
    odds = reel.play(numbers, FINE).odds.astype(np.float64)
    start = random.dirichlet(np.ones(game.states), lanes).T
    outcomes = sum(len(s.outcome_state) for s in game.stages)
    # marks count through all stages; the mass of lane 0 that takes a marked outcome stays out, that of lane 1 goes on
    mark = np.zeros((outcomes, MARKED), dtype=np.int8)
    mark[:, :2] = random.integers(0, 3, (outcomes, 2))
    sets = tuple(np.flatnonzero(random.random(game.states) < 0.4).astype(np.int32) for _ in range(2))
    causes = np.ones((2, len(game.stages)), dtype=np.uint8)
    event_of = np.full((reel.periods, lanes), -1, dtype=np.int32)
    if lanes > 4:
        event_of[:, 3], event_of[1:, 4] = 0, 1
    absorbs = np.array([True, False, False, False])
    found = reel.push(start.astype(np.float32), Watch(mark, absorbs, 2, event_of, sets, causes), keep=True)
    offsets = np.concatenate([[0], np.cumsum([len(s.outcome_state) for s in game.stages])])

    for lane in range(min(lanes, 5)):
        mass, arrived = start[:, lane : lane + 1].copy(), 0.0
        for t in range(reel.periods + 1):
            watched = sets[event_of[t, lane]] if t < reel.periods and event_of[t, lane] >= 0 else []
            caught = mass[watched].sum()
            mass[watched] = 0.0
            np.testing.assert_allclose(found.total[t, lane], mass.sum(), atol=1e-5)
            if lane == 0:
                np.testing.assert_allclose(found.starts[t], mass[:, 0], atol=1e-5)
            if t == reel.periods:
                break
            table, taken = period.table(t), np.zeros(2)
            after = [0.0]

            def step(slot, weight, array, t=t, table=table, taken=taken, after=after, watched=watched, lane=lane):
                stage = game.stages[slot.stage]
                before = array.copy()
                kept = np.zeros(game.states)
                for r, s in enumerate(stage.state):
                    share = weight if stage.mover[r] < 0 else 1.0
                    array[s] -= share * before[s]
                    for o in range(stage.option_start[r], stage.option_start[r + 1]):
                        for k in range(stage.outcome_start[o], stage.outcome_start[o + 1]):
                            part = share * before[s, 0] * odds[t][slot.options][o]
                            part *= table[stage.outcome_coefficient[k], 0]
                            kind = mark[offsets[slot.stage] + k, lane] if lane < MARKED else 0
                            if kind:
                                taken[kind - 1] += part
                            if not (kind and absorbs[lane]):
                                kept[stage.outcome_state[k]] += part
                array[:, 0] += kept
                after[0] += array[watched].sum()
                array[watched] = 0.0

            mass = period.carry(mass, t, step)
            np.testing.assert_allclose(found.caught[t, lane], caught + arrived, atol=1e-5)
            arrived = after[0]
            if lane < MARKED:
                np.testing.assert_allclose(found.taken[t, lane], taken, atol=1e-5)
        np.testing.assert_allclose(found.caught[reel.periods, lane], arrived, atol=1e-5)


def test_only_plain_logit_play_is_wound_up() -> None:
    from servanda.case import read
    from servanda.compile import compile_case

    plain = compile_case(read("theory/two-level-ratification"))
    assert fits(plain.game, plain.numbers([{}]))
    sharp = plain.numbers([{}], sharp=True)
    assert not fits(plain.game, sharp)
    with pytest.raises(ValueError, match="one draw of logit play"):
        Reel(plain.game).play(sharp, Settings(terminal=Terminal()))
    with pytest.raises(ValueError, match="one draw of logit play"):
        Reel(plain.game).play(plain.numbers([{}, {}]), Settings())
