"""Payoff sets against the reference answers: emptiness exactly, sets, strategies and what hangs on a hair."""

from __future__ import annotations

import json

import numpy as np
import pytest

from benchmarks.peers.payoff_sets import game_of
from servanda.bounds import certify_sets, knife_edge, payoff_sets
from servanda.game.markov import MarkovGame
from servanda.kernels import polygons
from tests.reference.sources import FOLDER

FILES = sorted(path.stem for path in (FOLDER / "payoff_sets").glob("*.json"))


def read(name: str) -> tuple[dict, MarkovGame, np.ndarray]:
    """A reference answer, its game (rewards made averages) and the profiles that may be played on path."""
    answer = json.loads((FOLDER / "payoff_sets" / f"{name}.json").read_text(encoding="utf-8"))
    return answer, *game_of(answer)


def apart(one: np.ndarray, other: np.ndarray) -> float:
    worst = 0.0
    for a, b in ((one, other), (other, one)):
        corners = np.empty((2 * len(b) + 2, 2))
        n = polygons.hull(np.ascontiguousarray(b), len(b), corners)
        worst = max([worst, *(polygons.distance(*p, corners, n) for p in a)])
    return worst


def test_all_answers_are_there() -> None:
    assert len(FILES) == 16


@pytest.mark.parametrize("name", FILES)
def test_sets_and_strategies(name: str) -> None:
    answer, game, allowed = read(name)
    wanted = answer["reference"]
    sets = payoff_sets(game, allowed=allowed)
    found = certify_sets(game, sets)
    if not wanted["nonempty"]:
        assert sets.empty
        assert [len(v) for v in sets.vertices] == [0] * game.states
        assert found is None
        return
    span = max(np.ptp([g for s in answer["payoffs"] for row in s for g in row], axis=0))
    for s, corners in enumerate(wanted["vertices"]):
        assert apart(sets.vertices[s], np.array(corners)) <= 1e-6 * span
        assert apart(sets.corners(s), np.array(corners)) <= 1e-6 * span
    np.testing.assert_allclose(sets.threats, wanted["threats"], atol=1e-6 * span)
    assert found.gain <= 1e-8
    assert found.value_error <= 1e-8


@pytest.mark.parametrize("name", FILES)
def test_what_hangs_on_a_hair(name: str) -> None:
    answer, game, allowed = read(name)
    sets = payoff_sets(game, allowed=allowed)
    moved = knife_edge(game, sets, allowed=allowed)
    assert moved.sharp() == answer["reference"].get("knife_edge", False)
