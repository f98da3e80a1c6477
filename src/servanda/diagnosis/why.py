"""Why one move is better than another: margins split exactly into named payoff terms.

For given play, values are linear in payoffs. The difference between the two futures that follow a move and its
alternative is a signed measure on states; pushed forward through the calendar and, beyond it, through the stationary
continuation (a linear fixed point, found to 1e-12), it collects every flow and every price by name. The parts are found
by forward propagation, the margin by backward induction, so their agreement checks both.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from servanda.diagnosis.findings import GateKind, Reason, Why
from servanda.diagnosis.margins import Point, moves_compared
from servanda.diagnosis.play import Floats, Play
from servanda.equilibrium import Period, Slot
from servanda.equilibrium.iteration import fixed_point
from servanda.game.game import flow_by_term


def explain(play: Play, points: Sequence[tuple[GateKind, Point]]) -> tuple[Why, ...]:
    """Split the margins of some points into payoff terms.

    Nothing is split under taste values: what they add for having options belongs to no payoff term.

    Raises
    ------
    ValueError
        If the continuation beyond the horizon is not one of play.
    """
    if not points or play.solution.numbers.taste:
        return ()
    if play.solution.tail_advantage is None:
        raise ValueError("a stationary continuation is needed to follow payoffs beyond the horizon")
    parts = _parts(play, [p for _, p in points])
    found = []
    for column, (gate, p) in enumerate(points):
        actor = play.compiled.case.actors[p.actor]
        merged: dict[str, float] = {}
        for index in np.flatnonzero(parts[:, column]):
            term = play.compiled.game.terms[index]
            merged[term.name] = merged.get(term.name, 0.0) + float(parts[index, column])
        reasons = tuple(Reason(n, v) for n, v in sorted(merged.items(), key=lambda x: -abs(x[1])))
        move, alternative = moves_compared(play, p)
        found.append(
            Why(
                gate, actor.name, actor.title, play.compiled.dates[p.period], move, alternative, p.margin, reasons,
                p.margin - sum(r.points for r in reasons),
            )
        )  # fmt: skip
    return tuple(found)


def _parts(play: Play, points: list[Point]) -> Floats:
    """Points of present value by payoff term and margin, [term, point]."""
    game = play.compiled.game
    period = play.period
    columns = len(points)
    parts = np.zeros((len(game.terms), columns))
    discount = np.array([play.solution.numbers.discount[p.actor, 0] for p in points])
    mine = [game.term_actor == p.actor for p in points]
    mass = np.zeros((game.states, columns))
    for t in range(min(p.period for p in points), play.periods):
        mass = _pass(play, period, mass, t, play.odds[t], parts, mine, points)
        mass *= discount
    assert play.solution.tail_advantage is not None
    odds = period.odds(play.solution.tail_advantage)
    start = mass

    def occupancy(x: Floats) -> Floats:
        return start + discount * period.forward(x, -1, odds)

    total = fixed_point(occupancy, start, 1e-12, 400).values
    _pass(play, period, total, -1, odds, parts, mine, [])
    return parts


def _pass(
    play: Play, period: Period, mass: Floats, t: int, odds: Floats, parts: Floats, mine: list[np.ndarray],
    points: list[Point],
) -> Floats:  # fmt: skip
    """Carry signed mass through one period, adding prices and flows to `parts`; points of this period are injected."""
    game = play.compiled.game
    table = period.table(t)
    starting = [(k, p) for k, p in enumerate(points) if p.period == t]
    columns = range(mass.shape[1])
    terms = len(game.terms)
    payers = np.unique(np.concatenate([game.term_actor[m] for m in mine]))

    def pay(slot: Slot, array: Floats) -> None:
        stage = game.stages[slot.stage]
        paid = np.flatnonzero(np.isin(stage.price_actor, payers)) if len(stage.price_actor) else stage.price_actor
        if not len(paid):
            return
        row = stage.row_of_price[paid]
        cost = odds[slot.options, 0][stage.option_of_price[paid]] * table[stage.price_coefficient[paid], 0]
        cost *= np.where(stage.mover[row] < 0, period.weight(slot, t), 1.0)
        due = np.flatnonzero(cost)
        states, names = stage.state[row[due]], stage.price_term[paid[due]]
        for k in columns:
            parts[:, k] -= mine[k] * np.bincount(names, array[states, k] * cost[due], minlength=terms)

    def inject(slot: Slot, array: Floats) -> None:
        stage = game.stages[slot.stage]
        for k, p in starting:
            if p.slot != slot:
                continue
            chosen = np.zeros(stage.options)
            np.add.at(chosen, p.move, p.weights)
            np.add.at(chosen, p.alternative, -p.weights)
            chance = chosen[stage.option_of_outcome] * table[stage.outcome_coefficient, 0]
            np.add.at(array[:, k], stage.outcome_state, chance)
            paid = chosen[stage.option_of_price] * table[stage.price_coefficient, 0]
            parts[:, k] -= mine[k] * np.bincount(stage.price_term, paid, minlength=terms)

    mass = period.forward(mass, t, odds, before=pay, after=inject if starting else None)
    classes, names, points_per_year = flow_by_term(game, table)
    for k in columns:
        in_class = np.bincount(game.payoff_class, mass[:, k], minlength=len(game.class_start) - 1)
        earned = in_class[classes] * points_per_year * game.period_years
        parts[:, k] += mine[k] * np.bincount(names, earned, minlength=terms)
    return mass
