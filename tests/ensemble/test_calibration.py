"""Simulation-based calibration (Talts and others 2018): draw the truth from the prior, let it play, report, and learn.

The rank of the truth among weighted draws is then uniform, intervals cover what they say, and answers come true as
often as they say. The simulator plays one history at a time with odds of its own solve in double precision.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from scipy import stats

from servanda.ensemble import Ensemble
from servanda.uncertainty.draws import draws_of
from servanda.uncertainty.weights import quantiles, weigh
from tests.ensemble.border import border
from tests.ensemble.histories import Tree
from tests.ensemble.rows import Rows

DRAWS, TRUTHS, TIMES = 512, 400, 4
# what is reported: of things with two values, so that the report is either right or the other one
ASKED = (
    ("date: 2022-07-01, variable: tension, level: {}", ("calm", "crisis"), 0.9),
    ("date: 2022-08-01, decision: patrolling, option: {}", ("stay", "push"), 0.85),
    ("date: 2023-01-01, variable: tension, level: {}", ("calm", "crisis"), 0.95),
    ("date: 2023-01-01, indicator: burden, value: {}", ("[0, 2.5]", "[2.5000001, 99]"), 0.9),
)
# a question on the very day of the last reports, which hang together with it
AT: dict[str, Any] = {"as_of": "2023-01-01", "more": (("at: 2023-02-10", "at: 2023-01-01"),)}


@cache
def learnt(told: tuple[int, ...]) -> Rows:
    """Rows of all draws under one set of reports."""
    said = [
        f"{what.format(values[k])}, reliability: {reliability}"
        for (what, values, reliability), k in zip(ASKED, told, strict=True)
    ]
    study = Ensemble.of(border(*said, **AT), leave_out=False, paths=False)
    assert len(study.frame.seen) == len(ASKED)
    return study.solve(0, DRAWS)


def played(tree: Tree, random: np.random.Generator) -> tuple[tuple[bool, ...], bool]:
    """One history: what was so of what is reported (the second value of each), and whether the question came true."""
    state, so, happened = tree.start, [False] * len(ASKED), False

    def crisis() -> bool:
        return tree.levels(state)["tension"] == "crisis"

    for t in range(tree.periods):
        if t == 1:
            so[0] = crisis()
        if t == 2:
            so[2] = happened = crisis()
            so[3] = tree.values["scale"] * int(tree.levels(state)["arms"][1]) + crisis() > 2.5
        for where in tree.orders[random.integers(len(tree.orders))]:
            moves = tree.moves(t, where, state)
            move = moves[random.choice(len(moves), p=[m.odds for m in moves])]
            if t == 1 and tree.compiled.game.stages[where[0]].name == "patrolling":
                so[1] = move.option == "push"
            state = move.to
    return tuple(so), happened


@pytest.mark.verify
def test_the_truth_is_anywhere_among_the_weighted_draws() -> None:
    random = np.random.default_rng(20240229)
    case = border(**AT)
    truths = draws_of(case, TRUTHS, seed=7).mappings()
    compiled = Ensemble.of(case).frame.compiled
    ranks: dict[str, list[float]] = {name: [] for name in truths[0]}
    covered, expected, came = [], [], []
    for truth in truths:
        tree = Tree.of(compiled, truth)
        for _ in range(TIMES):
            so, happened = played(tree, random)
            told = tuple(
                int(fact == (random.random() < reliability))
                for fact, (_, _, reliability) in zip(so, ASKED, strict=True)
            )
            rows = learnt(told)
            weights, weighing = weigh(rows["likelihood"])
            assert weighing.tempering == 1.0
            expected.append(float(weights @ rows["question.crisis first"]))
            came.append(happened)
            for name, value in truth.items():
                draws = rows[f"parameter.{name}"]
                ranks[name].append(float(weights @ (draws < value)))
                low, high = quantiles(draws, weights, [0.1, 0.9])
                covered.append(low <= value <= high)
    number = TRUTHS * TIMES
    # four histories a truth are not four truths: the truth's own rank is tested, its mean over histories
    for name, found in ranks.items():
        # fixed seed; a level of one in a thousand for each of four parameters
        thinned = np.array(found).reshape(TRUTHS, TIMES)[:, 0]
        assert stats.kstest(thinned, "uniform").pvalue > 1e-3, name
        counts = np.histogram(found, bins=8, range=(0.0, 1.0))[0]
        assert np.abs(counts - number / 8).max() <= 4.0 * np.sqrt(TIMES * number / 8), name
    share = float(np.mean(covered))
    assert abs(share - 0.8) <= 4.0 * np.sqrt(0.8 * 0.2 / TRUTHS / len(ranks)) + 2.0 / DRAWS
    p, y = np.array(expected), np.array(came, dtype=float)
    assert abs((y - p).sum()) <= 4.0 * np.sqrt((p * (1.0 - p)).sum())
    assert np.ptp(p) > 0.5
    # the likelier half comes true more often, by as much as is said
    upper = p > np.median(p)
    for half in (upper, ~upper):
        assert abs((y - p)[half].sum()) <= 4.0 * np.sqrt((p * (1.0 - p))[half].sum())


@pytest.mark.verify
def test_what_was_learnt_helps() -> None:
    """Reports of a high burden tell of a high scale."""
    high, low = learnt((0, 0, 0, 1)), learnt((0, 0, 0, 0))
    means = [float(weigh(r["likelihood"])[0] @ r["parameter.scale"]) for r in (low, high)]
    assert means[0] < 2.0 < means[1]
    assert means[1] - means[0] > 0.1
