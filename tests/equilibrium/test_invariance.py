"""What must not matter does not: names and order, units of payoff, constants, options that nobody would take."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from servanda.equilibrium import Period, Settings, Solution, Terminal, solve
from servanda.game import Game, Numbers, Stage, Term
from tests.strategies import Floats, few, games, ints, seeds

EXACT = Settings(tail_tolerance=1e-12, tail_steps=2000)
Order = np.ndarray


def all_odds(solution: Solution) -> list[Floats]:
    period = Period(solution.game, solution.numbers)
    return [period.odds(a) for a in solution.advantage]


def segments(start: Order, order: Order) -> tuple[Order, Order]:
    """Flat indices of segments start[i]..start[i+1] taken in another order, and their new offsets."""
    flat = [np.arange(start[i], start[i + 1]) for i in order]
    return np.concatenate([*flat, np.zeros(0, int)]).astype(int), np.append(0, np.cumsum([len(f) for f in flat]))


def relabelled_stage(stage: Stage, states: Order, actors: Order, random: np.random.Generator) -> tuple[Stage, Order]:
    """The stage with new numbers for states and actors, rows sorted by them, options of every row shuffled."""
    rows = np.argsort(states[stage.state])
    by_row, option_start = segments(stage.option_start, rows)
    options = np.concatenate([random.permutation(by_row[a:b]) for a, b in pairwise(option_start)])
    prices, price_start = segments(stage.price_start, options)
    outcomes, outcome_start = segments(stage.outcome_start, options)
    actor = actors[stage.price_actor[prices]]
    made = Stage(
        stage.name, ints(states[stage.state[rows]]), ints(np.append(actors, -1)[stage.mover[rows]]), ints(option_start),
        ints(stage.label[options]), ints(price_start), ints(actor), ints(actor), ints(stage.price_coefficient[prices]),
        ints(outcome_start), ints(states[stage.outcome_state[outcomes]]), ints(stage.outcome_coefficient[outcomes]),
    )  # fmt: skip
    return made, options


@given(made=games(), seed=seeds)
@few(30)
def test_names_and_order_do_not_matter(made: tuple[Game, Numbers], seed: int) -> None:
    game, numbers = made
    random = np.random.default_rng(seed)
    states, actors = random.permutation(game.states), random.permutation(game.actors)
    stages, options = zip(*(relabelled_stage(s, states, actors, random) for s in game.stages), strict=True)
    back_state, back_actor = np.argsort(states), np.argsort(actors)
    other = replace(
        game,
        stages=stages,
        start=game.start[back_state],
        payoff_class=ints(game.payoff_class[back_state]),
        terms=tuple(Term(int(actors[t.actor]), t.name) for t in game.terms),
    )
    shuffled = replace(
        numbers,
        discount=np.ascontiguousarray(numbers.discount[back_actor]),
        precision=np.ascontiguousarray(numbers.precision[back_actor]),
    )
    one, two = solve(game, numbers, EXACT), solve(other, shuffled, EXACT)
    np.testing.assert_allclose(two.values[np.ix_(states, actors)], one.values, rtol=1e-8, atol=1e-8)
    for slot in Period(game, numbers).slots:
        for t in range(one.periods):
            np.testing.assert_allclose(
                two.advantage[t][slot.options],
                one.advantage[t][slot.options][options[slot.stage]],
                rtol=1e-7,
                atol=1e-7,
            )


@given(made=games(), factor=st.sampled_from([0.01, 0.5, 3.0, 100.0]), who=st.integers(0, 2))
@few(30)
def test_the_unit_of_payoff_does_not_matter(made: tuple[Game, Numbers], factor: float, who: int) -> None:
    game, numbers = made
    actor = who % game.actors
    table, dated, precision = numbers.coefficient.copy(), numbers.dated_value.copy(), numbers.precision.copy()
    mine = [c for s in game.stages for c, a in zip(s.price_coefficient, s.price_actor, strict=True) if a == actor]
    mine += [
        c for c, t in zip(game.class_coefficient, game.class_term, strict=True) if game.terms[t].actor == actor
    ]  # fmt: skip
    table[mine] *= factor
    dated[:, np.isin(numbers.dated, mine)] *= factor
    precision[actor] /= factor
    one = solve(game, numbers, EXACT)
    two = solve(game, replace(numbers, coefficient=table, dated_value=dated, precision=precision), EXACT)
    for before, after in zip(all_odds(one), all_odds(two), strict=True):
        np.testing.assert_allclose(after, before, atol=1e-8)
    scale = np.where(np.arange(game.actors) == actor, factor, 1.0)
    np.testing.assert_allclose(two.values, one.values * scale, rtol=1e-7, atol=1e-7)


@given(made=games(), points=st.floats(-50.0, 50.0), who=st.integers(0, 2))
@few(30)
def test_a_constant_income_changes_no_choice(made: tuple[Game, Numbers], points: float, who: int) -> None:
    game, numbers = made
    actor = who % game.actors
    classes = len(game.class_start) - 1
    width = len(game.class_term) // classes + 1
    income = numbers.coefficient.shape[0]
    richer = replace(
        game,
        terms=(*game.terms, Term(actor, "income")),
        class_start=ints(np.arange(classes + 1) * width),
        class_term=ints(
            np.insert(game.class_term.reshape(classes, -1), width - 1, len(game.terms), axis=1).reshape(-1)
        ),
        class_coefficient=ints(
            np.insert(game.class_coefficient.reshape(classes, -1), width - 1, income, axis=1).reshape(-1)
        ),
    )
    more = replace(numbers, coefficient=np.vstack([numbers.coefficient, np.full((1, numbers.draws), points)]))
    one, two = solve(game, numbers, EXACT), solve(richer, more, EXACT)
    for before, after in zip(all_odds(one), all_odds(two), strict=True):
        np.testing.assert_allclose(after, before, atol=1e-8)
    worth = np.zeros(game.actors)
    worth[actor] = points * game.period_years / (1.0 - numbers.discount[actor, 0])
    np.testing.assert_allclose(two.values, one.values + worth, rtol=1e-7, atol=1e-7)


def with_folly(stage: Stage, price: int) -> tuple[Stage, Order]:
    """Every decision row gets one more option, at its end: the first one again at a ruinous price."""
    source: list[int] = []
    option_start = [0]
    for r, mover in enumerate(stage.mover):
        mine = list(range(stage.option_start[r], stage.option_start[r + 1]))
        source += mine + ([mine[0]] if mover >= 0 else [])
        option_start.append(len(source))
    order = np.array(source)
    extra = np.append(np.diff(stage.option_start), 0)
    fools = np.array([option_start[r + 1] - 1 for r, m in enumerate(stage.mover) if m >= 0], dtype=int)
    assert len(fools) == len(order) - extra.sum()
    outcomes, outcome_start = segments(stage.outcome_start, order)
    prices, price_start = segments(stage.price_start, order)
    who, cost = stage.price_actor[prices], stage.price_coefficient[prices]
    rows = np.repeat(np.arange(stage.rows), np.diff(option_start))
    for fool in reversed(fools):
        who = np.insert(who, price_start[fool], stage.mover[rows[fool]])
        cost = np.insert(cost, price_start[fool], price)
    added = np.append(0, np.cumsum(np.isin(np.arange(len(order)), fools)))
    made = Stage(
        stage.name, stage.state, stage.mover, ints(option_start), ints(stage.label[order]), ints(price_start + added),
        ints(who), ints(who), ints(cost), ints(outcome_start), ints(stage.outcome_state[outcomes]),
        ints(stage.outcome_coefficient[outcomes]),
    )  # fmt: skip
    return made, np.setdiff1d(np.arange(len(order)), fools)


@given(made=games())
@few(30)
def test_an_option_nobody_would_take_changes_nothing(made: tuple[Game, Numbers]) -> None:
    game, numbers = made
    price = len(numbers.coefficient)
    stages, kept = zip(*(with_folly(s, price) for s in game.stages), strict=True)
    assume(any(len(k) < s.options for k, s in zip(kept, stages, strict=True)))
    dear = replace(numbers, coefficient=np.vstack([numbers.coefficient, np.full((1, numbers.draws), 1e9)]))
    other = replace(game, stages=stages)
    one, two = solve(game, numbers, EXACT), solve(other, dear, EXACT)
    np.testing.assert_allclose(two.values, one.values, rtol=1e-8, atol=1e-8)
    for t, (before, after) in enumerate(zip(all_odds(one), all_odds(two), strict=True)):
        period = Period(game, numbers)
        for slot, wider in zip(period.slots, Period(other, dear).slots, strict=True):
            if period.weight(slot, t) == 0.0:
                continue
            np.testing.assert_allclose(after[wider.options][kept[slot.stage]], before[slot.options], atol=1e-8)
            assert np.delete(after[wider.options], kept[slot.stage], axis=0).sum() == 0.0


@given(made=games())
@few(30)
def test_sharp_play_is_the_limit_of_precision(made: tuple[Game, Numbers]) -> None:
    game, numbers = made
    settled = Settings(terminal=Terminal("settled"))
    sharp = solve(game, replace(numbers, sharp=True), settled)
    for advantage in sharp.advantage:
        for slot in Period(game, numbers).slots:
            near = advantage[slot.options, 0] > -1e-3
            assume((np.add.reduceat(near, game.stages[slot.stage].option_start[:-1].astype(int), dtype=int) == 1).all())
    sure = solve(game, replace(numbers, precision=np.full_like(numbers.precision, 1e5)), settled)
    np.testing.assert_allclose(sure.values, sharp.values, rtol=1e-9, atol=1e-9)
    for near, limit in zip(all_odds(sure), all_odds(sharp), strict=True):
        np.testing.assert_allclose(near, limit, atol=1e-9)


@given(made=games())
@few(30)
def test_without_precision_every_option_is_as_likely(made: tuple[Game, Numbers]) -> None:
    game, numbers = made
    blind = replace(numbers, precision=np.full_like(numbers.precision, 1e-12))
    for odds in all_odds(solve(game, blind)):
        for slot in Period(game, blind).slots:
            stage = game.stages[slot.stage]
            even = 1.0 / np.diff(stage.option_start)[stage.row_of_option]
            np.testing.assert_allclose(odds[slot.options, 0], even, atol=1e-9)
