"""An independent description of play: dense matrices, every drawn order by itself. Shares no code with the solver."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from servanda.equilibrium import Period, Slot
from servanda.game import Game, Numbers, Stage

Floats = NDArray[np.float64]
Policy = dict[tuple[int, int, int], Floats]


@dataclass(frozen=True)
class Step:
    """The map v -> move @ v - cost on values[state, actor]."""

    move: Floats
    cost: Floats

    def then(self, later: Step) -> Step:
        return Step(self.move @ later.move, self.cost + self.move @ later.cost)


def table_at(numbers: Numbers, period: int, draw: int) -> Floats:
    table = numbers.coefficient[:, draw].copy()
    for j, c in enumerate(numbers.dated):
        table[c] = numbers.dated_value[period, j, draw] if period >= 0 else numbers.dated_value[-1, j, draw]
    return table


def flow_of(game: Game, numbers: Numbers, period: int, draw: int) -> Floats:
    """Points of one period by state and actor."""
    table = table_at(numbers, period, draw)
    points = np.zeros((game.states, game.actors))
    for s, c in enumerate(game.payoff_class):
        for j in range(game.class_start[c], game.class_start[c + 1]):
            points[s, game.terms[game.class_term[j]].actor] += table[game.class_coefficient[j]] * game.period_years
    return points


def share_of(game: Game, stage: int, period: int) -> float:
    return float(game.schedule.tail[stage] if period < 0 else game.schedule.applies[period, stage])


def step_of(game: Game, stage: Stage, table: Floats, odds: Floats, share: float) -> Step:
    """One stage under given odds[option]; `share` applies to rows of nature."""
    row = np.repeat(np.arange(len(stage.state)), np.diff(stage.option_start))
    from_state = stage.state[row]
    acts = np.where(stage.mover < 0, share, float(share != 0.0))
    move, cost = np.eye(game.states), np.zeros((game.states, game.actors))
    move[stage.state] *= (1.0 - acts)[:, None]
    option = np.repeat(np.arange(len(row)), np.diff(stage.outcome_start))
    chance = (acts[row] * odds)[option] * table[stage.outcome_coefficient]
    np.add.at(move, (from_state[option], stage.outcome_state), chance)
    option = np.repeat(np.arange(len(row)), np.diff(stage.price_start))
    points = (acts[row] * odds)[option] * table[stage.price_coefficient]
    np.add.at(cost, (from_state[option], stage.price_actor), points)
    return Step(move, cost)


def orders(game: Game) -> list[list[tuple[int, int, int]]]:
    """Stages of a period in every order nature can draw: (stage, blocks remaining, block)."""
    schedule = game.schedule
    found = []
    for order in permutations(range(len(schedule.blocks))):
        sequence = [(stage, 0, -1) for stage in schedule.opening]
        remaining = (1 << len(schedule.blocks)) - 1
        for block in order:
            sequence += [(stage, remaining, block) for stage in schedule.blocks[block]]
            remaining ^= 1 << block
        found.append(sequence + [(stage, 0, -2) for stage in schedule.closing])
    return found


def policy_of(game: Game, numbers: Numbers, odds: Floats, draw: int) -> Policy:
    """Odds of the solver's period array by (stage, remaining, block)."""
    return {key(slot): odds[slot.options, draw] for slot in Period(game, numbers).slots}


def key(slot: Slot) -> tuple[int, int, int]:
    return slot.stage, slot.remaining, slot.block


def period_step(game: Game, numbers: Numbers, period: int, policy: Policy, draw: int = 0) -> Step:
    """The whole period before flow payoffs, averaged over the orders."""
    table = table_at(numbers, period, draw)
    found = []
    for sequence in orders(game):
        whole = Step(np.eye(game.states), np.zeros((game.states, game.actors)))
        for where in sequence:
            stage = game.stages[where[0]]
            whole = whole.then(step_of(game, stage, table, policy[where], share_of(game, where[0], period)))
        found.append(whole)
    return Step(
        np.mean([step.move for step in found], axis=0),
        np.mean([step.cost for step in found], axis=0),
    )


def push(
    game: Game, numbers: Numbers, period: int, policy: Policy, mass: Floats, caught: NDArray[np.bool_] | None = None
) -> Floats:
    """Distribution over states after a period of draw 0, order by order; mass that enters `caught` stays there."""
    table, ends = table_at(numbers, period, 0), []
    for sequence in orders(game):
        here, held = mass.copy(), np.zeros(game.states)
        for where in sequence:
            if caught is not None:
                held[caught] += here[caught]
                here[caught] = 0.0
            stage = game.stages[where[0]]
            here = here @ step_of(game, stage, table, policy[where], share_of(game, where[0], period)).move
        ends.append(here + held)
    return np.asarray(np.mean(ends, axis=0))


def stationary_values(game: Game, numbers: Numbers, policy: Policy, draw: int = 0) -> Floats:
    """Values[state, actor] of holding a policy for ever in the average calendar, by one linear solve per actor."""
    step = period_step(game, numbers, -1, policy, draw)
    reward = step.move @ flow_of(game, numbers, -1, draw) - step.cost
    values = np.zeros_like(reward)
    for a in range(game.actors):
        values[:, a] = np.linalg.solve(np.eye(game.states) - numbers.discount[a, draw] * step.move, reward[:, a])
    return values


def before_period(game: Game, numbers: Numbers, period: int, policy: Policy, after: Floats, draw: int = 0) -> Floats:
    """Values at the start of a period from those at the start of the next, under a policy."""
    step = period_step(game, numbers, period, policy, draw)
    return step.move @ (flow_of(game, numbers, period, draw) + numbers.discount[:, draw] * after) - step.cost


def logit_policy(game: Game, numbers: Numbers, period: int, after: Floats, draw: int = 0) -> tuple[Policy, Floats]:
    """Logit odds at every node of a period and the values at its start, by recursion over what remains."""
    table = table_at(numbers, period, draw)
    policy: Policy = {}
    schedule = game.schedule

    def back(values: Floats, stages: tuple[int, ...], remaining: int, block: int) -> Floats:
        for index in reversed(stages):
            stage = game.stages[index]
            odds = np.ones(stage.options)
            for r, mover in enumerate(stage.mover):
                if mover < 0:
                    continue
                worth = []
                for o in range(stage.option_start[r], stage.option_start[r + 1]):
                    outcomes = slice(stage.outcome_start[o], stage.outcome_start[o + 1])
                    prices = slice(stage.price_start[o], stage.price_start[o + 1])
                    own = stage.price_actor[prices] == mover
                    worth.append(
                        float(table[stage.outcome_coefficient[outcomes]] @ values[stage.outcome_state[outcomes], mover])
                        - float(table[stage.price_coefficient[prices]][own].sum())
                    )
                raw = np.exp(numbers.precision[mover, draw] * (np.array(worth) - max(worth)))
                odds[stage.option_start[r] : stage.option_start[r + 1]] = raw / raw.sum()
            policy[index, remaining, block] = odds
            step = step_of(game, stage, table, odds, share_of(game, index, period))
            values = step.move @ values - step.cost
        return values

    values = flow_of(game, numbers, period, draw) + numbers.discount[:, draw] * after
    values = back(values, schedule.closing, 0, -2)
    if schedule.blocks:
        worth = {0: values}
        for remaining in sorted(range(1, 1 << len(schedule.blocks)), key=int.bit_count):
            worth[remaining] = np.mean(
                [
                    back(worth[remaining ^ (1 << b)], stages, remaining, b)
                    for b, stages in enumerate(schedule.blocks)
                    if remaining >> b & 1
                ],
                axis=0,
            )
        values = worth[max(worth)]
    return policy, back(values, schedule.opening, 0, -1)
