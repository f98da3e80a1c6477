"""Payoff sets of two players beside quantecon's (repeated games, live) and SGSolve's (recorded elsewhere)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.environment import ROOT, Patience, Peers
from benchmarks.tables import Table, error, processor_time, seconds, times
from servanda.bounds import certify_sets, payoff_sets
from servanda.game.markov import MarkovGame, simultaneous_game
from servanda.kernels import polygons

Floats = NDArray[np.float64]
RECORDS = ROOT.parent / "shared" / "reference" / "payoff_sets"
DISCOUNT = 0.8
LIVE = (
    f"Repeated games of two, δ = {DISCOUNT}, random payoffs between 0 and 1; quantecon's algorithm is Abreu and "
    "Sannikov's. Ours to 1e-9 of the range of payoffs, theirs to 1e-10 between steps. The distance is Hausdorff's, "
    "relative to the range; the certificate is the largest one-shot gain from strategies recovered for every corner. "
    "Theirs is made for one state; ours is the one for stochastic games."
)
RECORDED = (
    "The reference games. The C++ program's processor seconds were **recorded elsewhere**, on another machine of two "
    "shared cores (the fastest of its algorithms among those whose answer lies within 1e-4 of the reference): take the "
    "ratio as an order of magnitude. Distances are relative to the range of payoffs."
)


def repeated_game(choices: int, seed: int = 1) -> Floats:
    """Payoffs u[player, a, b] of a stage game in which the first profile is mutual best reply, so that an equilibrium
    exists."""
    random = np.random.default_rng(seed)
    payoff = random.random((2, choices, choices))
    payoff[0, 0, 0] = payoff[0, :, 0].max()
    payoff[1, 0, 0] = payoff[1, 0, :].max()
    return payoff


def hausdorff(one: Floats, other: Floats) -> float:
    """Distance between the hulls of two clouds of points."""
    worst = 0.0
    for a, b in ((one, other), (other, one)):
        corners = np.empty((2 * len(b) + 2, 2))
        count = polygons.hull(np.ascontiguousarray(b), len(b), corners)
        worst = max([worst, *(float(polygons.distance(*p, corners, count)) for p in a)])
    return worst


def measure_repeated(peers: Peers | None, sizes: tuple[int, ...] = (2, 4, 8, 16, 32), limit: float = 60.0) -> Table:
    """Times and distances at growing numbers of choices."""
    patience, rows = Patience(peers, limit), []
    for choices in sizes:
        payoff = repeated_game(choices)
        game = simultaneous_game((1 - DISCOUNT) * payoff[None], np.ones((1, choices, choices, 1)), [DISCOUNT] * 2)
        payoff_sets(game)
        taken, sets = processor_time(lambda game=game: payoff_sets(game))
        found = certify_sets(game, sets)
        answer = patience.ask("payoff_set", {"u": payoff, "discount": DISCOUNT, "tolerance": 1e-10})
        gain = "" if found is None else error(found.gain)
        row = (f"{choices} × {choices}", f"{len(sets.corners(0))}", f"{sets.steps:,}", seconds(taken))
        if isinstance(answer, str):
            rows.append((*row, answer, "", gain, ""))
            continue
        theirs = float(answer["seconds"])
        apart = hausdorff(sets.vertices[0], answer["corners"]) / sets.scale
        rows.append((*row, seconds(theirs), times(theirs, taken), gain, error(apart)))
    columns = ("stage game", "corners", "steps", "servanda", "quantecon", "ratio", "certificate", "distance")
    return Table("Payoff sets of repeated games beside quantecon", LIVE, columns, tuple(rows))


def measure_recorded(folder: Path = RECORDS) -> Table:
    """Ours, live, on the reference games that the C++ program solved, beside its recorded times."""
    columns = ("game", "states", "servanda", "C++ (recorded)", "ratio", "certificate", "distance to the reference")
    rows = []
    for path in sorted(folder.glob("*.json")):
        answer = json.loads(path.read_text(encoding="utf-8"))
        record = recorded(answer)
        if not answer["reference"]["nonempty"] or record is None:
            continue
        game, allowed = game_of(answer)
        payoff_sets(game, allowed=allowed)
        taken, sets = processor_time(lambda game=game, allowed=allowed: payoff_sets(game, allowed=allowed))
        found = certify_sets(game, sets)
        assert found is not None
        corners = answer["reference"]["vertices"]
        apart = max(hausdorff(v, np.array(c)) for v, c in zip(sets.vertices, corners, strict=True)) / sets.scale
        rows.append((
            answer["name"], f"{game.states}", seconds(taken), seconds(record), times(record, taken), error(found.gain),
            error(apart),
        ))  # fmt: skip
    says = RECORDED if rows else "The reference games are not beside the project."
    return Table("Payoff sets of stochastic games beside recorded C++ times", says, columns, tuple(rows))


def recorded(answer: dict[str, Any]) -> float | None:
    """Least recorded processor seconds of the runs whose sets agree with the reference."""
    agree = answer["reference"].get("agrees_with") or []
    runs = (answer.get(name) for name in agree)
    found = [run["cpu_s_median"] for run in runs if run and run.get("status") == "ok" and run.get("cpu_s_median")]
    return min(found) if found else None


def game_of(answer: dict[str, Any]) -> tuple[MarkovGame, NDArray[np.bool_]]:
    """The game of a reference file (rewards made averages), and the profiles that may be played on path."""
    fading = 1.0 - answer["discount"]
    reward, start, to, odds, allowed = [], [0], [], [], []
    for s, (one, two) in enumerate(answer["n_actions"]):
        for a in range(one):
            for b in range(two):
                reward.append([fading * g for g in answer["payoffs"][s][a][b]])
                row = answer["transition_rows"][answer["transition_index"][s][a][b]]
                to += [t for t, p in row if p > 0.0]
                odds += [p for _, p in row if p > 0.0]
                start.append(len(to))
                allowed.append(answer["on_path_actions"] is None or answer["on_path_actions"][s][a][b])
    states = answer["n_states"]
    game = MarkovGame(
        np.arange(states + 1) * 2, np.tile([0, 1], states), np.array(answer["n_actions"]).ravel(), np.array(reward),
        np.array(start), np.array(to), np.array(odds), np.full((states, 2), answer["discount"]), np.eye(states)[0],
    )  # fmt: skip
    return game, np.array(allowed)
