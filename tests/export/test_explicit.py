"""The exported chain says what our own forward pass says, and its files say what the chain says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from scipy import sparse
from scipy.sparse.csgraph import dijkstra
from scipy.sparse.linalg import spsolve

from servanda.case import expression as syntax
from servanda.case import read
from servanda.equilibrium import Settings, solve
from servanda.equilibrium.solve import with_terminal
from servanda.export.explicit import Chain, ExportError, explicit_chain, write
from tests.export.chained import Chained, chained, ever, long_run
from tests.sketches import Sketch, sketches
from tests.strategies import Floats, few

THEORY = ["nonproliferation-window", "two-level-ratification", "durability-island", "pledge", "holdup-bond"]
BUSY = Sketch(phases=2, ratifiers=1, leads_to="suspension", hidden=True, shock="ended", spoiler="suspended", dated=True)


def chain_of(case: Chained, **more: bool) -> Chain:
    return explicit_chain(case.compiled, case.solution, case.events, **more)


def step_by_step(chain: Chain, steps: int, held: Floats | None = None) -> Floats:
    """Mass after so many steps; what is in `held` stays there."""
    mass = np.zeros(chain.nodes)
    mass[0] = 1.0
    back = chain.moves.T.tocsr()
    for _ in range(steps):
        moved = back @ (mass if held is None else mass * ~held.astype(bool))
        mass = moved if held is None else moved + mass * held.astype(bool)
    return mass


def by_state(chain: Chain, mass: Floats, states: int) -> Floats:
    return np.bincount(chain.state[1:], mass[1:], minlength=states)


def check_dated(case: Chained, chain: Chain) -> None:
    flow, states = case.flow, case.compiled.game.states
    for t, step in enumerate(chain.starts):
        mass = step_by_step(chain, step)
        assert mass[chain.labels["start"]].sum() == pytest.approx(1.0, abs=1e-12)
        assert set(chain.period[mass > 0.0]) == {t}
        np.testing.assert_allclose(by_state(chain, mass, states), flow.at_start[t], atol=1e-12)
    for k, event in enumerate(case.events):
        for t, step in enumerate(chain.starts[:-1]):
            caught = step_by_step(chain, step, chain.labels[event])[chain.labels[event]].sum()
            assert caught == pytest.approx(flow.caught[t, k], abs=1e-12), (event, t)


@given(sketches())
@few(6)
def test_chains_of_small_cases_forecast_as_we_do(sketch: Sketch) -> None:
    case = chained(sketch.case)
    chain = chain_of(case)
    np.testing.assert_allclose(chain.moves.sum(axis=1), 1.0, atol=1e-12)
    assert chain.moves.data.min() > 0.0
    check_dated(case, chain)


@pytest.mark.parametrize("name", THEORY)
def test_chains_of_theory_cases_forecast_as_we_do(name: str) -> None:
    case = chained(replace(read(f"theory/{name}"), periods=4))
    check_dated(case, chain_of(case))


def hit(chain: Chain, aim: Floats, stop: Floats) -> float:
    """Probability of ever reaching `aim` without passing `stop`, by one linear solve over all nodes that can."""
    if not aim.any():
        return 0.0
    # only nodes from which `aim` can be reached: the others would make the system singular
    ways = sparse.diags_array((~aim & ~stop).astype(np.float64)) @ chain.moves
    far = dijkstra(ways.T.tocsr(), indices=np.flatnonzero(aim), unweighted=True, min_only=True)
    able = np.flatnonzero(np.isfinite(far) & ~aim & ~stop)
    if len(able) == 0:
        return float(aim[0])
    system = sparse.eye_array(len(able), format="csc") - chain.moves[able][:, able].tocsc()
    worth = np.zeros(chain.nodes)
    worth[able] = spsolve(system, np.asarray(chain.moves[able][:, np.flatnonzero(aim)].sum(axis=1)))
    worth[aim] = 1.0
    return float(worth[0])


@pytest.mark.parametrize("name", [*THEORY, "sketch"])
def test_for_ever_means_the_calendar_and_the_continuation_after_it(name: str) -> None:
    case = chained(BUSY.case if name == "sketch" else replace(read(f"theory/{name}"), periods=3))
    chain = chain_of(case)
    deal, war = chain.labels["deal"], chain.labels["war"]
    never = np.zeros_like(deal)
    assert hit(chain, deal, never) == pytest.approx(ever(case, "deal"), abs=1e-9)
    assert hit(chain, war, never) == pytest.approx(ever(case, "war"), abs=1e-9)
    assert hit(chain, deal, war & ~deal) == pytest.approx(ever(case, "deal", "war"), abs=1e-9)
    assert hit(chain, war, deal & ~war) == pytest.approx(ever(case, "war", "deal"), abs=1e-9)


@pytest.mark.parametrize("name", ["nonproliferation-window", "pledge", "sketch"])
def test_the_long_run_is_that_of_the_continuation(name: str) -> None:
    case = chained(BUSY.case if name == "sketch" else replace(read(f"theory/{name}"), periods=3))
    chain = chain_of(case)
    share = long_run(case)
    inside = chain.labels["tail"] & chain.labels["start"]
    mass, steps = np.zeros(chain.nodes), 200 * chain.lap
    mass[0] = 1.0
    back = chain.moves.T.tocsr()
    for _ in range(chain.starts[-1] + 20 * steps):
        mass = back @ mass
    found = by_state(chain, mass, case.compiled.game.states)
    assert mass[inside].sum() == pytest.approx(1.0)
    assert found == pytest.approx(share, abs=1e-6)


def test_orders_are_tossed_and_every_way_takes_as_long() -> None:
    case = chained(BUSY.case)
    chain = chain_of(case)
    assert "who is next" in chain.places
    toss = np.flatnonzero(chain.place == chain.places.index("who is next"))
    blocks = len(case.compiled.game.schedule.blocks)
    assert {len(chain.moves[[k]].data) for k in toss} == set(range(2, blocks + 1))
    for k in toss:
        assert len(set(chain.moves[[k]].data)) == 1
        assert set(chain.state[chain.moves[[k]].indices]) == {chain.state[k]}
    assert chain.lap > 0
    assert {chain.period[0], chain.place[0], chain.state[0]} == {-1}
    at = np.flatnonzero(chain.labels["start"] & chain.labels["tail"])
    mass = np.zeros(chain.nodes)
    mass[at[0]] = 1.0
    for _ in range(chain.lap):
        mass = chain.moves.T @ mass
        if _ < chain.lap - 1:
            assert mass[chain.labels["start"]].sum() == 0.0
    assert mass[at].sum() == pytest.approx(1.0)


def test_an_event_counts_from_the_information_date_on() -> None:
    case = chained(Sketch(years=3).case)
    later = replace(
        case, compiled=replace(case.compiled, case=replace(case.compiled.case, as_of=case.compiled.dates[2]))
    )
    assert not chain_of(later).labels["deal"][chain_of(later).period < 2].any()
    check_dated(later, chain_of(later))


@pytest.mark.parametrize("order", ["drawn", "fixed"])
def test_a_period_in_which_nothing_can_happen_is_one_step(order: str) -> None:
    case = chained(Sketch(years=3, order=order).case)
    schedule = case.compiled.game.schedule
    applies = schedule.applies.copy()
    applies[1] = 0.0
    game = replace(case.compiled.game, schedule=replace(schedule, applies=applies))
    idle = replace(case, compiled=replace(case.compiled, game=game), solution=replace(case.solution, game=game))
    chain = chain_of(idle)
    assert chain.starts[2] - chain.starts[1] == 1
    assert ("nothing" in chain.places) == (order == "fixed")
    check_dated(idle, chain)


def test_without_a_tail_the_chain_stands_still() -> None:
    case = chained(Sketch().case)
    chain = chain_of(case, tail=False)
    assert chain.lap == 0
    end = np.flatnonzero(chain.labels["tail"])
    np.testing.assert_array_equal(chain.moves[end][:, end].toarray(), np.eye(len(end)))
    check_dated(case, chain)
    settled = solve(case.compiled.game, case.compiled.numbers(), with_terminal(Settings(), "settled"))
    with pytest.raises(ExportError, match="no play beyond its calendar"):
        chain_of(replace(case, solution=settled))
    assert chain_of(replace(case, solution=settled), tail=False).lap == 0


@pytest.mark.parametrize("name", ["start", "init", "two words", "1st", "", "krieg!"])
def test_names_must_be_plain(name: str) -> None:
    case = chained(Sketch().case)
    for events, rewards in (({name: syntax.Number(1.0)}, {}), ({}, {name: syntax.Number(1.0)})):
        with pytest.raises(ExportError, match="cannot name a label"):
            explicit_chain(case.compiled, case.solution, events, rewards)


def test_files_hold_the_chain_to_the_last_bit(tmp_path: Path) -> None:
    case = chained(BUSY.case)
    indicator = case.compiled.case.indicators[0]
    chain = explicit_chain(case.compiled, case.solution, case.events, {"arms": indicator.value.node})
    files = write(chain, tmp_path / "play.of.it")
    assert [p.name for p in (files.transitions, files.labels, files.rewards["arms"])] == [
        "play.of.it.tra",
        "play.of.it.lab",
        "play.of.it.arms.rew",
    ]
    kind, *lines = files.transitions.read_text().splitlines()
    assert kind == "dtmc"
    rows, columns, odds = zip(*(line.split() for line in lines), strict=True)
    pairs = list(zip(map(int, rows), map(int, columns), strict=True))
    assert pairs == sorted(pairs)
    again = sparse.csr_array((list(map(float, odds)), tuple(zip(*pairs, strict=True))), shape=chain.moves.shape)
    assert abs(again - chain.moves).max() == 0.0
    declared, names, end, *marks = files.labels.read_text().splitlines()
    assert (declared, end) == ("#DECLARATION", "#END")
    assert names.split() == ["init", "start", "tail", *case.events]
    found = {name: set() for name in names.split()}
    for mark in marks:
        node, *labels = mark.split()
        for label in labels:
            found[label].add(int(node))
    assert found.pop("init") == {0}
    assert found == {name: set(np.flatnonzero(truth).tolist()) for name, truth in chain.labels.items()}
    earned = dict(line.split() for line in files.rewards["arms"].read_text().splitlines())
    values = np.zeros(chain.nodes)
    for node, worth in earned.items():
        values[int(node)] = float(worth)
    np.testing.assert_array_equal(values, chain.rewards["arms"])
    last = step_by_step(chain, chain.starts[-1])
    levels = case.compiled.truth(indicator.value.node, case.solution.periods)
    assert last @ chain.rewards["arms"] == pytest.approx(case.flow.at_start[-1] @ levels, abs=1e-12)
