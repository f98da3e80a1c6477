r"""A proof, by strategies, that a payoff set is not too large: an automaton that plays each of its corners.

A node is a corner of the set of a state (`PayoffSets.corners`). Its strategy is a profile, followed by a public lottery
over the corners of every successor; whoever deviates alone is sent to the corner of the state reached that is worst for
him. Values of the nodes solve :math:`x = r + \delta P x` (one sparse linear system for each player), whatever the sets
said. If no deviation for one period pays at any node, the nodes are subgame-perfect equilibria (one-shot deviation
principle), and so is every lottery over them.

Profiles and lotteries come from one linear program for each corner and profile (HiGHS): meet the corner, then leave the
largest incentive slack. Nothing here uses the set operator. Value errors and gains are reported relative to the range
of payoffs, and are exact up to the rounding of the solve; a gain above zero makes the nodes an approximate equilibrium
of that size. Abreu, Pearce and Stacchetti (1990) for the automaton; Abreu (1988) for the punishments.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import linprog
from scipy.sparse.linalg import splu

from servanda.bounds.arena import Arena, arena_of
from servanda.bounds.payoff_sets import PayoffSets
from servanda.game.markov import MarkovGame

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_PRICE = 1e3
"""What missing a corner by one unit costs in units of incentive slack."""


@dataclass(frozen=True)
class Automaton:
    """Strategies with public randomisation, a node for each corner of each state.

    state[node]; profile[node], a row of the game; after that profile the next node is drawn from follow[node] (odds of
    the next state times those of the lottery); threat[state, player]: node to which a deviation by the player leads.
    values[node, player]: exact, points of present value.
    """

    state: Ints
    profile: Ints
    follow: sparse.csr_array
    threat: Ints
    values: Floats

    @property
    def nodes(self) -> int:
        """Number of nodes."""
        return len(self.state)


@dataclass(frozen=True)
class Certificate:
    """What the automaton proves.

    value_error: largest distance of a node's exact value from its corner; gain: largest gain from deviating for one
    period at any node; both relative to the range of payoffs; lotteries: moves after which the next corner is drawn.
    """

    automaton: Automaton
    value_error: float
    gain: float
    lotteries: int

    def holds(self, tolerance: float = 1e-8) -> bool:
        """Whether no deviation gains more than `tolerance` of the range of payoffs, and the corners are met."""
        return self.gain <= tolerance and self.value_error <= 10.0 * tolerance


def certify_sets(game: MarkovGame, sets: PayoffSets) -> Certificate | None:
    """Strategies for the corners of payoff sets, valued anew; None where there is no set.

    Raises
    ------
    ArithmeticError
        If a corner has no profile at all: the sets are not those of this game.

    >>> from servanda.bounds import payoff_sets
    >>> from servanda.game.markov import simultaneous_game
    >>> row = np.array([[3.0, 0.0], [4.0, 1.0]])
    >>> game = simultaneous_game(np.stack([row, row.T])[None], np.ones((1, 2, 2, 1)), [0.6, 0.6])
    >>> found = certify_sets(game, payoff_sets(game))
    >>> found.gain < 1e-8 and found.value_error < 1e-8
    True
    """
    if any(len(v) == 0 for v in sets.vertices):
        return None
    arena = arena_of(game)
    corners = tuple(sets.corners(s) / arena.scale for s in range(game.states))
    first = np.concatenate(([0], np.cumsum([len(c) for c in corners])))
    at = np.concatenate(corners)
    state = np.repeat(np.arange(game.states), np.diff(first))
    threat = np.array([first[s] + c.argmin(axis=0) for s, c in enumerate(corners)])
    floors = _floors(arena, np.stack([at[threat[:, i], i] for i in range(2)], axis=1))
    profile = np.zeros(len(at), dtype=np.int64)
    rows: list[int] = []
    columns: list[int] = []
    odds: list[float] = []
    for node, corner in enumerate(at):
        profile[node], lottery = _support(arena, int(state[node]), corner, sets.supported, floors, corners, first)
        rows += [node] * len(lottery)
        columns += lottery
        odds += lottery.values()
    follow = sparse.csr_array((odds, (rows, columns)), shape=(len(at), len(at)))
    values = _values(arena, state, profile, follow)
    exact = _floors(arena, np.stack([values[threat[:, i], i] for i in range(2)], axis=1))
    # floors are of continuations: what a deviation yields is the profile's reward plus its discounted floor
    worth = arena.reward[profile] + arena.discount[state] * exact[profile]
    automaton = Automaton(state, profile, follow, threat, values * arena.scale)
    successors = np.diff(arena.outcome_start)[profile]
    return Certificate(
        automaton,
        float(np.abs(values - at).max()),
        float(max(0.0, (worth - values).max())),
        int((np.diff(follow.indptr) > successors).sum()),
    )


def _floors(arena: Arena, threats: Floats) -> Floats:
    """Least continuation payoff [profile, player] that keeps the player from every deviation (-inf: has none)."""
    follow = sparse.csr_array(
        (arena.outcome_odds, arena.outcome_state, arena.outcome_start),
        shape=(len(arena.reward), len(arena.profile_start) - 1),
    )
    punished = np.asarray(follow @ threats)
    state = np.repeat(np.arange(len(arena.profile_start) - 1), np.diff(arena.profile_start))
    found = np.full(arena.reward.shape, -np.inf)
    for profile in range(len(arena.reward)):
        for player in range(2):
            j = 2 * profile + player
            others = arena.deviation_profile[arena.deviation_start[j] : arena.deviation_start[j + 1]]
            if len(others):
                more = arena.reward[others, player] - arena.reward[profile, player]
                worth = more / arena.discount[state[profile], player] + punished[others, player]
                found[profile, player] = worth.max()
    return found


def _support(
    arena: Arena, state: int, corner: Floats, supported: NDArray[np.bool_], floors: Floats, corners: tuple[Floats, ...],
    first: Ints,
) -> tuple[int, dict[int, float]]:  # fmt: skip
    """The profile that meets a corner with the largest slack, and odds of the nodes that follow it."""
    best: tuple[float, int, dict[int, float]] | None = None
    discount = arena.discount[state]
    for profile in range(arena.profile_start[state], arena.profile_start[state + 1]):
        if not supported[profile]:
            continue
        ends = slice(arena.outcome_start[profile], arena.outcome_start[profile + 1])
        to, chance = arena.outcome_state[ends], arena.outcome_odds[ends]
        wanted = (corner - arena.reward[profile]) / discount
        lowest = sum(p * corners[t].min(axis=0) for t, p in zip(to, chance, strict=True))
        highest = sum(p * corners[t].max(axis=0) for t, p in zip(to, chance, strict=True))
        if (wanted < np.maximum(lowest, floors[profile]) - 1e-6).any() or (wanted > highest + 1e-6).any():
            continue
        price, lottery = _lottery(wanted, floors[profile], [p * corners[t] for t, p in zip(to, chance, strict=True)])
        if best is None or price < best[0]:
            nodes: dict[int, float] = {}
            for t, p, weights in zip(to, chance, lottery, strict=True):
                for k in np.flatnonzero(weights):
                    nodes[int(first[t] + k)] = nodes.get(int(first[t] + k), 0.0) + float(p * weights[k])
            best = price, profile, nodes
    if best is None:
        raise ArithmeticError(f"state {state}: no profile meets the payoffs {(corner * arena.scale).tolist()}")
    return best[1], best[2]


def _lottery(wanted: Floats, floor: Floats, polygons: list[Floats]) -> tuple[float, list[Floats]]:
    """Weights on the corners of each polygon whose sum comes nearest to `wanted`, then with the largest slack."""
    points = np.concatenate(polygons)
    n = len(points)
    # variables: weights, how far short and beyond for each player, slack
    cost = np.concatenate((np.zeros(n), np.full(4, _PRICE), [-1.0]))
    meet = np.hstack((points.T, np.eye(2), -np.eye(2), np.zeros((2, 1))))
    whole = np.zeros((len(polygons), n + 5))
    ends = np.cumsum([len(p) for p in polygons])
    for row, (end, polygon) in enumerate(zip(ends, polygons, strict=True)):
        whole[row, end - len(polygon) : end] = 1.0
    bound = np.isfinite(floor)
    keep = np.hstack((-points.T, np.zeros((2, 4)), np.ones((2, 1))))[bound]
    answer = linprog(
        cost, A_ub=keep if bound.any() else None, b_ub=-floor[bound] if bound.any() else None,
        A_eq=np.vstack((meet, whole)), b_eq=np.concatenate((wanted, np.ones(len(polygons)))),
        bounds=[(0.0, None)] * (n + 4) + [(None, 1.0)], method="highs-ds",
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )  # fmt: skip
    if answer.status != 0:
        raise ArithmeticError(f"the linear program of a lottery failed: {answer.message}")
    found = np.asarray(answer.x, dtype=np.float64)
    weights = np.where(found[:n] > 1e-13, found[:n], 0.0)
    lottery = [w / w.sum() for w in np.split(weights, ends[:-1])]
    return float(cost @ found), lottery


def _values(arena: Arena, state: Ints, profile: Ints, follow: sparse.csr_array) -> Floats:
    """Payoffs of the nodes, by one linear system for each player."""
    found = np.empty((len(state), 2))
    for player in range(2):
        discounted = sparse.diags_array(arena.discount[state, player]) @ follow
        system = sparse.csc_array(sparse.eye_array(len(state)) - discounted)
        found[:, player] = splu(system).solve(arena.reward[profile, player])
    return found
