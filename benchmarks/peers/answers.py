"""Run by the peers' interpreter: `answers.py TASK QUESTION ANSWER`; knows the peers, and of this
project how times are taken."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from benchmarks.tables import processor_time


def versions(_: Any) -> dict[str, Any]:
    from importlib.metadata import version

    return {"versions": ", ".join(f"{name} {version(name)}" for name in ("sgamesolver", "quantecon", "pygambit"))}


def markov(asked: Any) -> dict[str, Any]:
    """Logit Markov equilibrium by sgamesolver's homotopy, compiled implementation; precision inf traces to the end."""
    import sgamesolver

    if "phi" in asked:
        rewards, moves = list(asked["u"]), list(asked["phi"])
    else:
        rewards, moves = [], []
        states, options, _ = asked["idx"].shape
        for s in range(states):
            row = np.zeros((options, states))
            np.add.at(row, (np.arange(options)[:, None], asked["idx"][s]), asked["p"][s])
            alone = 1 - int(asked["mover"][s])  # the axis of the one who has no choice
            rewards.append(np.expand_dims(asked["u"][s].T, 1 + alone))
            moves.append(np.expand_dims(row, alone))
    game = sgamesolver.SGame(rewards, moves, asked["delta"])

    def trace() -> Any:
        homotopy = sgamesolver.homotopy.QRE(game, implementation="cython")
        homotopy.solver_setup(target_lambda=float(asked["precision"]))
        homotopy.solver.verbose = 0
        return homotopy, homotopy.solver.start()

    seconds, (homotopy, found) = processor_time(trace)
    sigma, values, reached = homotopy.y_to_sigma_V_t(found["y"], zeros=True)
    if "mover" in asked:
        sigma = sigma[np.arange(len(sigma)), asked["mover"]]
    return {
        "seconds": seconds, "steps": found["steps"], "arrived": found["success"], "reached": reached,
        "odds": sigma.ravel(), "values": values,
    }  # fmt: skip


def dynamic_program(asked: Any) -> dict[str, Any]:
    """One player: backward induction over a calendar, and the stationary problem by two methods (sparse pairs)."""
    from quantecon.markov import DiscreteDP, backward_induction
    from scipy import sparse

    idx, p, u = asked["idx"], asked["p"], asked["u"]
    states, options, _ = idx.shape
    pairs = states * options
    starts = np.arange(pairs + 1) * idx.shape[2]
    moves = sparse.csr_matrix((p.ravel(), idx.ravel(), starts), shape=(pairs, states))
    where, what = np.divmod(np.arange(pairs), options)
    problem = DiscreteDP(u.ravel(), moves, float(asked["discount"]), where, what)
    periods = int(asked["periods"])
    backward_induction(problem, 1)
    found: dict[str, Any] = {}
    found["calendar_seconds"], (values, _) = processor_time(lambda: backward_induction(problem, periods))
    found["calendar_values"] = values[0]
    for method in ("value_iteration", "modified_policy_iteration"):
        words = {"method": method, "epsilon": float(asked["epsilon"]), "max_iter": 100_000}
        problem.solve(**{**words, "max_iter": 1})
        seconds, answer = processor_time(lambda words=words: problem.solve(**words))
        found |= {f"{method}_seconds": seconds, f"{method}_values": answer.v, f"{method}_steps": answer.num_iter}
    return found


def tree(text: str) -> dict[str, Any]:
    """Agent logit equilibrium on the principal branch; the first line of the question is the precision."""
    import io

    import pygambit

    precision, game_text = text.split("\n", 1)
    game = pygambit.read_efg(io.StringIO(game_text))
    seconds, answers = processor_time(lambda: pygambit.qre.logit_solve_lambda(game, float(precision)))
    profile = answers[0].profile
    odds = [float(p) for player in game.players for _, mixed in profile[player] for _, p in mixed]
    return {"seconds": seconds, "odds": np.array(odds), "reached": answers[0].lam}


def payoff_set(asked: Any) -> dict[str, Any]:
    """Average payoffs of a repeated game of two: Abreu and Sannikov's algorithm."""
    from quantecon.game_theory import NormalFormGame, Player, RepeatedGame

    one, two = asked["u"]
    game = RepeatedGame(NormalFormGame((Player(one), Player(np.ascontiguousarray(two.T)))), float(asked["discount"]))
    options = {"tol": float(asked["tolerance"]), "max_iter": 10_000}
    game.equilibrium_payoffs(options=options)
    seconds, hull = processor_time(lambda: game.equilibrium_payoffs(options=options))
    return {"seconds": seconds, "corners": hull.points[hull.vertices]}


TASKS = {
    "versions": versions, "markov": markov, "dynamic_program": dynamic_program, "tree": tree,
    "payoff_set": payoff_set,
}  # fmt: skip


def main(task: str, question: str, answer: str) -> None:
    if task == "tree":
        with open(question, encoding="utf-8") as file:  # noqa: PTH123
            asked: Any = file.read()
    else:
        with np.load(question) as arrays:
            asked = dict(arrays)
    np.savez(answer, **TASKS[task](asked))


if __name__ == "__main__":
    main(*sys.argv[1:])
