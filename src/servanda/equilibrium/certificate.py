r"""A certificate from code that did not find the solution.

Every stage is rebuilt as a scipy sparse matrix from options to states, the calendar is run backward with it under the
odds that the solution used, and at every decision point the odds implied by the rebuilt values are compared with those
used. Exact: no sampling, no tolerance inside. What it does not cover: whether other stationary continuations exist.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from servanda.equilibrium.outcome import Certificate
from servanda.equilibrium.period import Period, Slot
from servanda.equilibrium.solve import Solution
from servanda.game import Game, Numbers, Stage
from servanda.game.game import flow_payoffs

Floats = NDArray[np.float64]


class _Rebuilt:
    """A stage of one draw as matrices: successors[option, state], prices[option, actor]."""

    def __init__(self, game: Game, stage: Stage, table: Floats) -> None:
        self.stage = stage
        self.states = game.states
        self.successors = sparse.csr_array(
            (table[stage.outcome_coefficient, 0], stage.outcome_state, stage.outcome_start),
            shape=(stage.options, game.states),
        )
        self.prices = sparse.csr_array(
            (table[stage.price_coefficient, 0], stage.price_actor, stage.price_start),
            shape=(stage.options, game.actors),
        ).toarray()

    def worth(self, values: Floats) -> Floats:
        """Q[option, actor] given values[state, actor] after the stage."""
        return np.asarray(self.successors @ values) - self.prices

    @cached_property
    def first(self) -> NDArray[np.int64]:
        return self.stage.option_start[:-1].astype(np.int64)


def certify(solution: Solution, draw: int = 0, start: Floats | None = None) -> Certificate:
    """Recompute one draw of a solution independently and measure how far it is from what it claims to be.

    Parameters
    ----------
    start : distribution over states at the start (default: the game's own), to know which nodes are reached

    >>> from servanda.game import game_from_tables
    >>> from servanda.equilibrium.solve import solve
    >>> game, numbers = game_from_tables(
    ...     [0], [[0, 1]], [[[0], [0]]], [[[1.0], [1.0]]], [[[0.0], [1.0]]], discount=[0.5], precision=[1.0])
    >>> certify(solve(game, numbers)).value_error < 1e-10
    True
    """
    game = solution.game
    numbers = solution.numbers.draw(draw)
    period = Period(game, numbers)
    pick = np.arange(game.actors) * solution.numbers.draws + draw
    values = solution.terminal[:, pick].copy()
    choice_error = 0.0
    tail_change = solution.tail_change
    losses: list[dict[int, Floats]] = []
    dated = bool(len(numbers.dated))
    rebuilt: dict[int, _Rebuilt] = {}
    owed: list[tuple[NDArray[np.int32], NDArray[np.int32], Floats]] = []

    def step(after: Floats, t: int, odds: Floats, loss: dict[int, Floats]) -> Floats:
        nonlocal choice_error, rebuilt
        if dated:
            rebuilt = {}
        table = period.table(t)
        now = after * numbers.discount[:, 0] + flow_payoffs(game, table)[game.payoff_class, :, 0] * game.period_years

        def apply(array: Floats, slot: Slot) -> Floats:
            nonlocal choice_error
            stage = game.stages[slot.stage]
            weight = period.weight(slot, t)
            if weight == 0.0 or stage.rows == 0:
                return array
            if slot.stage not in rebuilt:
                rebuilt[slot.stage] = _Rebuilt(game, stage, table)
            matrix = rebuilt[slot.stage]
            worth = matrix.worth(array)
            everywhere = odds[:, draw if odds.shape[1] > 1 else 0]
            used = everywhere[slot.options]
            new = np.add.reduceat(used[:, None] * worth, matrix.first, axis=0)
            deciding = stage.mover >= 0
            group = next((g for g in game.simultaneous if slot.stage in g), ())
            if deciding.any():
                own = worth[np.arange(stage.options), np.maximum(stage.mover, 0)[stage.row_of_option]]
                if group:
                    node, reach = _information(game, period, group, slot.stage, everywhere)
                    own = _as_believed(stage, own, node, reach)
                best = np.maximum.reduceat(own, matrix.first)
                gain = best - np.add.reduceat(used * own, matrix.first)
                loss[slot.options.start] = np.where(deciding, gain, 0.0)
                if not numbers.sharp:
                    raw = np.exp(
                        numbers.precision[np.maximum(stage.mover, 0)[stage.row_of_option], 0]
                        * (own - best[stage.row_of_option])
                    )
                    implied = raw / np.add.reduceat(raw, matrix.first)[stage.row_of_option]
                    wrong = np.abs(implied - used)[deciding[stage.row_of_option]]
                    choice_error = max(choice_error, float(wrong.max()))
                if numbers.taste:
                    who = np.maximum(stage.mover, 0)
                    entropy = np.log(np.add.reduceat(raw, matrix.first)) / numbers.precision[who, 0]
                    bonus = np.where(deciding, gain + entropy, 0.0)
                    if group:
                        # paid where the group starts, once for every information set
                        sets, one = np.unique(node[stage.state], return_index=True)
                        owed.append((sets, who[one], bonus[one]))
                    else:
                        new[np.arange(stage.rows), who] += bonus
            out = array.copy()
            share = np.where(stage.mover < 0, weight, 1.0)[:, None]
            out[stage.state] = share * new + (1.0 - share) * array[stage.state]
            if group and slot.stage == group[0]:
                for states, who, bonus in owed:
                    out[states, who] += bonus
                owed.clear()
            return out

        blocks = range(len(game.schedule.blocks))
        for slot in reversed([s for s in period.slots if s.block == -2]):
            now = apply(now, slot)
        if len(game.schedule.blocks):
            worth_at = {0: now}
            for remaining in sorted(range(1, 1 << len(game.schedule.blocks)), key=int.bit_count):
                parts = []
                for block in blocks:
                    if remaining >> block & 1:
                        part = worth_at[remaining ^ (1 << block)]
                        for slot in reversed([s for s in period.slots if (s.block, s.remaining) == (block, remaining)]):
                            part = apply(part, slot)
                        parts.append(part)
                worth_at[remaining] = np.mean(parts, axis=0)
            now = worth_at[max(worth_at)]
        for slot in reversed([s for s in period.slots if s.block == -1]):
            now = apply(now, slot)
        return now

    full_odds = Period(game, solution.numbers).odds
    if solution.tail_advantage is not None:
        again = step(values, -1, full_odds(solution.tail_advantage), {})
        size = max(float(np.ptp(values)), 1e-3 * float(np.abs(values).max()), 1e-100)
        tail_change = float(np.abs(again - values).max()) / size
    played: list[Floats] = []
    for t in reversed(range(solution.periods)):
        rebuilt = {} if dated else rebuilt
        loss: dict[int, Floats] = {}
        odds = full_odds(solution.advantage[t])
        values = step(values, t, odds, loss)
        losses.append(loss)
        played.append(np.ascontiguousarray(odds[:, [draw if odds.shape[1] > 1 else 0]]))
    losses.reverse()
    played.reverse()
    value_error = float(np.abs(values - solution.values[:, pick]).max())
    regret, where = _regret(game, numbers, period, losses, played, start)
    actor, place = where
    rule = (
        f"continuation iterated {solution.tail_steps} steps to a relative change of {solution.tail_change:.1e} "
        f"(tolerance {solution.settings.tail_tolerance:.0e})"
        if solution.settings.terminal.kind == "stationary"
        else f"terminal values: {solution.settings.terminal.kind}"
    )
    return Certificate(value_error, choice_error, regret, actor, place, solution.tail_steps, tail_change, rule)


def _information(
    game: Game, period: Period, group: tuple[int, ...], seat: int, odds: Floats
) -> tuple[NDArray[np.int32], Floats]:
    """The node from which a group that moves at once leads to each state before a seat, and with what odds."""
    node = np.full(game.states, -1, dtype=np.int32)
    reach = np.zeros(game.states)
    first = game.stages[group[0]]
    node[first.state], reach[first.state] = first.state, 1.0
    for index in group[: group.index(seat)]:
        stage = game.stages[index]
        options = next(s.options for s in period.slots if s.stage == index)
        source = stage.state[stage.row_of_option]
        node[stage.outcome_state] = node[source]
        reach[stage.outcome_state] = reach[source] * odds[options]
    return node, reach


def _as_believed(stage: Stage, own: Floats, node: NDArray[np.int32], reach: Floats) -> Floats:
    """What options are worth to a mover who does not see the rows of an information set apart: own[option]."""
    place = np.arange(stage.options) - stage.option_start[stage.row_of_option]
    states = stage.state[stage.row_of_option]
    _, key = np.unique(np.stack([node[states], place]), axis=1, return_inverse=True)
    key = np.asarray(key).reshape(-1)
    mean = np.bincount(key, own * reach[states]) / np.bincount(key, reach[states])
    return np.asarray(mean[key])


def _regret(
    game: Game,
    numbers: Numbers,
    period: Period,
    losses: list[dict[int, Floats]],
    played: list[Floats],
    start: Floats | None,
) -> tuple[float, tuple[str, str]]:
    """Largest loss at a node reached with at least one chance in a thousand (any node in sharp play)."""
    worst, who, place = 0.0, "", ""
    mass = (game.start if start is None else start).reshape(-1, 1).copy()
    for t, loss in enumerate(losses):

        def look(slot: Slot, array: Floats, loss: dict[int, Floats] = loss) -> None:
            nonlocal worst, who, place
            if slot.options.start not in loss:
                return
            stage = game.stages[slot.stage]
            reached = np.ones(stage.rows, bool) if numbers.sharp else array[stage.state, 0] >= 1e-3
            seen = np.where(reached, loss[slot.options.start], 0.0)
            if len(seen) and seen.max() > worst:
                row = int(seen.argmax())
                worst = float(seen[row])
                who = game.labels.actors[int(stage.mover[row])]
                place = f"{stage.name}: {game.labels.state(int(stage.state[row]))}"

        mass = period.forward(mass, t, played[t], before=look)
    return worst, (who, place)
