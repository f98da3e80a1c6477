r"""Repeated negotiation: what can be kept if the relationship may be negotiated from scratch in every period.

Patience alone supports almost anything, by threats nobody would carry out once the parties sit down again. Here, at the
beginning of every period, with probability ρ (the hazard) all earlier understandings are bygones and the continuation
is bargained anew; a threat works only until then. The definition is the repeated-negotiation equilibrium of Goldlücke
and Kranz (2022), with negotiations in a finite number T of periods: after the last of them every subgame-perfect payoff
can be implemented, and for a given T the payoffs are unique. The payoff sets of the last of those periods are therefore
the subgame-perfect ones, whatever the hazard. One step back, with agreed payoffs :math:`r(s')` and the payoff set
:math:`W(s')` of the period that follows, a profile a is followed by

.. math:: \delta \sum_{s'} P(s' \mid s, a) \big[ \rho\, r(s') + (1 - \rho)\, c(s') \big], \qquad c(s') \in W(s'),

so that rewards gain :math:`\delta \rho \sum P r`, the future that can be promised or threatened is discounted by
:math:`\delta (1 - \rho)`, and one step of the self-generation operator gives W of the period. Then :math:`r(s)` is
bargained: the point of W(s) that maximises :math:`\prod_i (x_i - w_i)^{\beta_i}` (Nash 1950, with weights β), the
disagreement point being the worst payoffs w of W(s).

- `negotiated_transfers`: with payments, the original. W is the simplex above w with joint payoff U, and the rule gives
  :math:`r_i = v_i + \beta_i (U - \sum_j v_j)`. Exact for each T.
- `negotiated_sets`: two players who cannot pay each other, public randomisation, W a polygon. Our adaptation: the same
  timing and the same rule, on the polygons of `payoff_sets`. Exact up to the tolerance of the last period's sets.

ρ = 0 gives the subgame-perfect sets, ρ = 1 bargaining in each period with no promise that outlives it. Steps within a
period (discount factor 1) know no negotiation. T grows until the payoffs stop moving; they need not, as a bargained
outcome may go round with the distance from the end (it does in the arms race of the source). Then the status says so,
and `recent` says between what the agreed payoffs went. Nothing here is monotone in ρ.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from servanda.bounds.arena import arena_of, generated, longest_future, reaching
from servanda.bounds.deviations import deviations_of
from servanda.bounds.payoff_sets import Bound, PayoffSets, Settings, payoff_sets
from servanda.bounds.transfers import check_discounts, first_best, transfer_sets
from servanda.game.markov import MarkovGame
from servanda.kernels import polygons

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
_SLACK = 1e-12
_RECENT = 100


class Negotiation(Enum):
    """How the steps back ended. The value is the sentence a user reads."""

    SETTLED = "Settled: one more period of negotiations leaves all payoffs where they are."
    MOVING = "Moving: payoffs still change with the number of periods in which negotiations take place."
    EMPTY = "Empty: no pure strategies form an equilibrium, with however few periods of negotiations."


@dataclass(frozen=True)
class NegotiatedTransfers:
    """Repeated-negotiation payoffs with payments, in points of present value; NaN (profiles: -1) where there are none.

    joint[state]; worst[state, player]; agreed[state, player]: what negotiations yield; path[state],
    punishment[state, player], kept[profile]: as in `TransferSets`; periods: with negotiations; movement: from the last
    but one to the last; recent[2, state, player]: least and greatest agreed payoffs of the last hundred.
    """

    status: Negotiation
    joint: Floats
    worst: Floats
    agreed: Floats
    path: Ints
    punishment: Ints
    kept: Flags
    periods: int
    movement: float
    recent: Floats


@dataclass(frozen=True)
class NegotiatedSets:
    """Repeated-negotiation payoff sets without payments, in points of present value.

    vertices[state], threats[state, player], supported[profile] as in `PayoffSets`; agreed[state, player]: what
    negotiations yield (NaN without an equilibrium); periods: with negotiations; movement: from the last but one to the
    last; recent[2, state, player]: least and greatest agreed payoffs of the last hundred.
    """

    status: Negotiation
    vertices: tuple[Floats, ...]
    threats: Floats
    agreed: Floats
    supported: Flags
    periods: int
    movement: float
    recent: Floats
    scale: float


def negotiated_transfers(
    game: MarkovGame, hazard: float, weights: ArrayLike | None = None, periods: int = 1_000, tolerance: float = 1e-9
) -> NegotiatedTransfers:
    """Repeated-negotiation payoffs of players who can pay each other, any number of players.

    Parameters
    ----------
    hazard : odds per period that the relationship is negotiated anew
    weights : bargaining weight of each player (equal if absent), scaled to add up to one
    periods : most periods with negotiations, at least 1
    tolerance : of the last movement, relative to the largest payoff, times one minus the discount factor

    Raises
    ------
    ValueError
        If the hazard is no probability, the weights do not fit, or players discount differently.

    >>> from servanda.game.markov import simultaneous_game
    >>> row = np.array([[3.0, 0.0], [4.0, 1.0]])
    >>> game = simultaneous_game(np.stack([row, row.T])[None], np.ones((1, 2, 2, 1)), [0.6, 0.6])
    >>> [(negotiated_transfers(game, rho).agreed * 0.4).round(6).tolist() for rho in (0.0, 1.0)]
    [[[3.0, 3.0]], [[1.0, 1.0]]]
    """
    check_discounts(game)
    share = _weights(hazard, weights, game.actors)
    sets = transfer_sets(game)
    joint, worst, path, punishment, kept = sets.joint, sets.worst, sets.path, sets.punishment, sets.kept
    agreed = worst + share * sets.surplus[:, None]
    recent = deque([agreed], _RECENT)
    empty = sets.status is Bound.EMPTY
    deviations = deviations_of(game)
    anew = np.where(game.discount[game.state_of_profile] < 1.0, hazard, 0.0)
    discount = game.discount[game.state_of_profile]
    slack = _SLACK * max(1.0, float(np.abs(game.reward).max()))
    target = tolerance * (1.0 - longest_future(game))
    total = game.reward.sum(axis=1)
    gone = np.isnan(joint)
    status, movement, period = Negotiation.MOVING, np.inf, 1
    while period < periods and not empty:
        period += 1
        there = np.where(gone, 0.0, joint), np.where(gone[:, None], 0.0, worst), np.where(gone[:, None], 0.0, agreed)
        yields = total + discount[:, 0] * (game.successors @ there[0])
        held = deviations.best(
            game.reward + discount * (anew * (game.successors @ there[2]) + (1.0 - anew) * (game.successors @ there[1]))
        )
        kept = (yields >= held.sum(axis=1) - slack) & ~gone[game.state_of_profile]
        gone = gone | reaching(game, ~np.logical_or.reduceat(kept, game.profile_start[:-1]))
        kept &= ~gone[game.state_of_profile]
        path = first_best(np.where(kept, yields, -np.inf), game)
        holding = np.where(kept[:, None], -held, -np.inf)
        punishment = np.stack([first_best(holding[:, i], game) for i in range(game.actors)], axis=1)
        joint = np.where(gone, np.nan, yields[path])
        worst = np.where(gone[:, None], np.nan, np.take_along_axis(held, punishment, axis=0))
        path[gone], punishment[gone] = -1, -1
        agreed = worst + share * (joint - worst.sum(axis=1))[:, None]
        recent.append(agreed)
        empty = bool(gone.all())
        if empty:
            break
        before = np.column_stack(there)
        movement = float(np.nanmax(np.abs(np.column_stack((joint, worst, agreed)) - before)))
        if movement <= target * max(1.0, float(np.abs(before).max())):
            status = Negotiation.SETTLED
            break
    if empty:
        status, movement = Negotiation.EMPTY, 0.0
    return NegotiatedTransfers(status, joint, worst, agreed, path, punishment, kept, period, movement, _between(recent))


def negotiated_sets(
    game: MarkovGame,
    hazard: float,
    weights: ArrayLike | None = None,
    periods: int = 1_000,
    settings: Settings | None = None,
    sets: PayoffSets | None = None,
) -> NegotiatedSets:
    """Repeated-negotiation payoff sets of two players who cannot pay each other.

    Parameters
    ----------
    hazard : odds per period that the relationship is negotiated anew
    weights : bargaining weight of each player (equal if absent), scaled to add up to one
    periods : most periods with negotiations, at least 1
    settings : as of `payoff_sets`; sets: those of the game, if they are there

    Raises
    ------
    ValueError
        If the hazard is no probability, the weights do not fit, or there are not two players.

    >>> from servanda.game.markov import simultaneous_game
    >>> row = np.array([[3.0, 0.0], [4.0, 1.0]])
    >>> game = simultaneous_game(np.stack([row, row.T])[None], np.ones((1, 2, 2, 1)), [0.6, 0.6])
    >>> [(negotiated_sets(game, rho).agreed * 0.4).round(6).tolist() for rho in (0.0, 0.9)]
    [[[3.0, 3.0]], [[1.0, 1.0]]]
    """
    how = settings or Settings()
    share = _weights(hazard, weights, game.actors)
    before = sets if sets is not None else payoff_sets(game, how)
    arena = arena_of(game)
    anew = np.where(arena.discount < 1.0, hazard, 0.0)
    chances = replace(arena, discount=arena.discount * (1.0 - anew))
    old, sizes = _packed(before, arena.scale)
    threats = np.where(sizes[:, None] > 0, before.threats / arena.scale, 0.0)
    agreed = np.full((game.states, 2), np.nan)
    polygons.bargain(old, sizes, threats, float(share[0]), agreed)
    target = how.tolerance * (1.0 - longest_future(game))
    promised = (arena.discount * anew)[game.state_of_profile]
    status, movement, period = Negotiation.MOVING, np.inf, 1
    alive = before.supported.astype(np.int32)
    killed = np.zeros_like(alive)
    recent = deque([agreed], _RECENT)
    while period < periods and (sizes > 0).any():
        period += 1
        alive = np.ones(game.profiles, dtype=np.int32)
        reward = arena.reward + promised * (game.successors @ np.where(sizes[:, None] > 0, agreed, 0.0))
        stage = replace(chances, reward=np.ascontiguousarray(reward))
        coarse = how.widen * min(movement, 1e-6)
        (old, sizes), (new, new_sizes) = generated(stage, alive, killed, how.slack, old, sizes, threats, coarse)
        new_sizes[reaching(game, new_sizes == 0)] = 0
        alive[new_sizes[game.state_of_profile] == 0] = 0
        lowest = np.zeros((game.states, 2))
        polygons.lowest(new, new_sizes, lowest)
        bargained = np.full((game.states, 2), np.nan)
        polygons.bargain(new, new_sizes, lowest, float(share[0]), bargained)
        stays = new_sizes > 0
        movement = max(
            polygons.moved(old, sizes * stays, new, new_sizes), polygons.moved(new, new_sizes, old, sizes),
            float(np.abs(bargained - agreed)[stays].max(initial=0.0)),
            np.inf if (stays != (sizes > 0)).any() else 0.0,
        )  # fmt: skip
        old, sizes, threats, agreed = new, new_sizes, lowest, bargained
        recent.append(agreed)
        if movement <= target:
            status = Negotiation.SETTLED
            break
    if (sizes == 0).all():
        status, movement = Negotiation.EMPTY, 0.0
    return NegotiatedSets(
        status,
        tuple(old[s, : sizes[s]] * arena.scale for s in range(game.states)),
        np.where(sizes[:, None] > 0, threats * arena.scale, np.nan),
        agreed * arena.scale,
        alive == 1,
        period,
        movement * arena.scale,
        _between(recent) * arena.scale,
        arena.scale,
    )


def _weights(hazard: float, weights: ArrayLike | None, players: int) -> Floats:
    if not 0.0 <= hazard <= 1.0:
        raise ValueError(f"the odds of new negotiations lie between 0 and 1, and {hazard} does not")
    share = np.ones(players) if weights is None else np.asarray(weights, dtype=np.float64)
    if share.shape != (players,) or not (share > 0.0).all():
        raise ValueError(f"bargaining weights are {players} numbers above 0, not {share.tolist()}")
    return np.asarray(share / share.sum())


def _between(recent: deque[Floats]) -> Floats:
    """Least and greatest of the payoffs."""
    every = np.stack(list(recent))
    return np.stack([every.min(axis=0), every.max(axis=0)])


def _packed(sets: PayoffSets, scale: float) -> tuple[Floats, NDArray[np.int32]]:
    """Polygons as the kernels take them, in units of the arena."""
    sizes = np.array([len(v) for v in sets.vertices], dtype=np.int32)
    found = np.zeros((len(sizes), max(64, 2 * int(sizes.max(initial=1))), 2))
    for s, corners in enumerate(sets.vertices):
        # the same scale does not make the same floats: a hull again
        room = np.empty((2 * len(corners) + 2, 2))
        sizes[s] = polygons.hull(np.ascontiguousarray(corners / scale), len(corners), room)
        found[s, : sizes[s]] = room[: sizes[s]]
    return found, sizes
