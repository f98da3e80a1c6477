"""Logit Markov equilibria beside sgamesolver's homotopy: the same branch, from even odds to the same precision."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.environment import Patience, Peers
from benchmarks.random_games import Arrays, markov_game, seated_game, simultaneous_arrays, turn_arrays
from benchmarks.tables import Table, error, processor_time, seconds, times
from servanda.equilibrium import Period, Settings, solve
from servanda.equilibrium.continuation import principal_branch, steep_play
from servanda.equilibrium.stationary_certificate import certify_stationary
from servanda.game import game_from_tables

Floats = NDArray[np.float64]
PRECISION = 10.0
Ours = tuple[float, int, Floats, Floats]
COLUMNS = (
    "game", "states", "servanda", "steps", "sgamesolver", "its steps", "ratio", "our error", "its error",
    "odds differ by",
)  # fmt: skip
SAYS = (
    "Two players, payoffs between 0 and 1, discount factor 0.95, λ = 10. In turn: 3 options with 4 successors each. At "
    "once: 2 × 2 options, each leading to every state. Values are iterated to 1e-12 (the engine behind every case), or "
    "the branch is followed from λ = 0 as the homotopy does. Processor seconds of the solve, one thread, the least of "
    "several; where the branch is followed, ours includes its certificate. The error is the largest difference between "
    "the odds and those implied by values that other code recomputed from them."
)
STEEP = (
    "The same games in the limit λ → ∞ (Markov perfect play): both follow the branch until odds are all but pure. The "
    "error is the largest gain from changing one move, recomputed by other code."
)


def iterated(arrays: Arrays) -> Ours:
    """Processor seconds, steps, odds and values of the default engine."""
    states, options, _ = arrays["idx"].shape
    game, numbers = game_from_tables(
        arrays["mover"].tolist(), [list(range(options))] * states, arrays["idx"].tolist(), arrays["p"].tolist(),
        arrays["u"].tolist(), discount=arrays["delta"].tolist(), precision=[PRECISION] * 2,
    )  # fmt: skip
    settings = Settings(tail_tolerance=1e-12)
    solve(game, numbers, settings)
    taken, found = processor_time(lambda: solve(game, numbers, settings))
    assert found.tail_advantage is not None
    odds = Period(game, numbers).odds(found.tail_advantage)[:, 0]
    return taken, found.tail_steps, odds, found.terminal


def seated(arrays: Arrays) -> Ours:
    """The same where both move at once."""
    game, numbers = seated_game(arrays, PRECISION)
    settings = Settings(tail_tolerance=1e-12)
    solve(game, numbers, settings)
    taken, found = processor_time(lambda: solve(game, numbers, settings))
    assert found.tail_advantage is not None
    states, _, rows, columns = arrays["u"].shape
    odds = Period(game, numbers).odds(found.tail_advantage)[:, 0]
    first, second = np.split(odds[: states * rows * (1 + columns)], [states * rows])
    # the second seat has the same odds in every state that it cannot tell apart
    both = first.reshape(states, rows), second.reshape(states, rows, columns)[:, 0]
    return taken, found.tail_steps, np.concatenate(both, axis=1).ravel(), found.terminal[:states]


def followed(arrays: Arrays) -> Ours:
    """The same of the stationary engine, its certificate included."""
    game = markov_game(arrays)
    taken, branch = processor_time(lambda: principal_branch(game, PRECISION))
    assert branch.arrived, branch.equilibrium.status.value
    return taken, len(branch.shares) - 1, branch.equilibrium.odds, branch.equilibrium.values


def steepened(arrays: Arrays) -> Ours:
    """The same of the stationary engine, as far as odds are pure."""
    game = markov_game(arrays)
    taken, branch = processor_time(lambda: steep_play(game))
    return taken, len(branch.shares) - 1, branch.equilibrium.odds, branch.equilibrium.values


def odds_error(arrays: Arrays, odds: Floats, values: Floats) -> float:
    """How far odds are from logit play, by other code."""
    return certify_stationary(markov_game(arrays), np.full(2, PRECISION), odds, values).odds_error


def one_shot_gain(arrays: Arrays, odds: Floats, values: Floats) -> float:
    """The most that anybody gains by one change of move, by other code."""
    return certify_stationary(markov_game(arrays), np.full(2, PRECISION), odds, values).regret


Kind = tuple[str, Callable[[int], Arrays], Callable[[Arrays], Ours]]
FINITE: tuple[Kind, ...] = (
    ("in turn, iterated", turn_arrays, iterated),
    ("in turn, followed", turn_arrays, followed),
    ("at once, iterated", simultaneous_arrays, seated),
    ("at once, followed", simultaneous_arrays, followed),
)
LIMIT: tuple[Kind, ...] = (
    ("in turn, followed", turn_arrays, steepened),
    ("at once, followed", simultaneous_arrays, steepened),
)


def measure_equilibria(
    peers: Peers | None, sizes: tuple[int, ...] = (10, 20, 50, 100, 200), limit: float = 60.0
) -> list[Table]:
    """Time, steps, error and distance at growing numbers of states; the peer until it exceeds the limit (seconds)."""
    finite = compared(peers, FINITE, sizes, limit, PRECISION, odds_error)
    steep = compared(peers, LIMIT, sizes[:-1] or sizes, limit, np.inf, one_shot_gain)
    return [
        Table("Markov equilibria beside the homotopy solver", SAYS, COLUMNS, tuple(finite)),
        Table("Markov perfect play beside the homotopy solver", STEEP, COLUMNS, tuple(steep)),
    ]


def compared(
    peers: Peers | None, kinds: tuple[Kind, ...], sizes: tuple[int, ...], limit: float, precision: float,
    gap: Callable[[Arrays, Floats, Floats], float],
) -> list[tuple[str, ...]]:  # fmt: skip
    """A row for every kind of game and solver, and every size; the peer is asked about a game once."""
    patience: dict[Callable[[int], Arrays], Patience] = {}
    answers: dict[tuple[Callable[[int], Arrays], int], Arrays | str] = {}
    found = []
    for name, make, ours in kinds:
        patient = patience.setdefault(make, Patience(peers, limit))
        for states in sizes:
            arrays = make(states)
            taken, steps, odds, values = ours(arrays)
            if (make, states) not in answers:
                answers[make, states] = patient.ask("markov", {**arrays, "precision": precision})
            answer = answers[make, states]
            mine = error(gap(arrays, odds, values))
            row: tuple[str, ...] = (name, f"{states:,}", seconds(taken), f"{steps:,}")
            if isinstance(answer, str):
                ratio = f"> {times(limit, taken)}" if answer.startswith("more") else ""
                found.append((*row, answer, "", ratio, mine, "", ""))
                continue
            theirs, apart = float(answer["seconds"]), float(np.abs(answer["odds"] - odds).max())
            its = error(gap(arrays, answer["odds"], answer["values"])) + ("" if answer["arrived"] else " (gave up)")
            found.append(
                (*row, seconds(theirs), f"{int(answer['steps']):,}", times(theirs, taken), mine, its, error(apart))
            )
    return found
