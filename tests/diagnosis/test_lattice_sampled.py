"""The friction lattice past the number of frictions of which every subset is solved."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from servanda.diagnosis import lattice as module
from servanda.diagnosis.lattice import friction_lattice
from servanda.diagnosis.trials import Trials, remembering
from tests.diagnosis.frictional import (
    BASE,
    DUST,
    FREE,
    PLEDGE,
    TOLL_A,
    TOLL_B,
    friction,
    lattice_of,
    parameter,
    with_frictions,
)
from tests.diagnosis.tried import said
from tests.sketches import Sketch

MANY = tuple(parameter(f"fee_{i}", 0.4 * (2 + i)) for i in range(12))
FEES = tuple(("  council", f"    fee {i}: {{worth: -fee_{i}, when: deal is live}}") for i in range(12))
PAYING = tuple(friction(f"fee {i}", f"fee_{i}: 0") for i in range(12))
THIRTEEN = Sketch(
    levels=2, office=False, order="fixed", pain=40.0, gain=5.0, exit_price=60.0,
    also=(parameter("dust", 1), *MANY, *FEES, *PAYING, DUST),
)  # fmt: skip


def test_thirteen_frictions_are_sampled() -> None:
    found = lattice_of(THIRTEEN, outcome="survival", threshold=0.8, permutations=6)
    assert not found.exact
    assert (found.permutations, found.values, found.headlines, found.interactions) == (12, (), (), ())
    total = sum(s.shapley for s in found.shares)
    assert total == pytest.approx(found.all_off - found.none_off, abs=1e-12)
    assert found.all_off - found.none_off > 0.3
    odds = [np.log(p / (1.0 - p)) for p in (found.none_off, found.all_off)]
    assert sum(s.log_odds for s in found.shares) == pytest.approx(odds[1] - odds[0], abs=1e-9)
    *fees, idle = found.shares
    assert (idle.shapley, idle.error, idle.alone, idle.last) == (0.0, 0.0, 0.0, 0.0)
    assert all(0.0 < s.error < 0.2 for s in fees)
    assert [s.friction for s in found.shares] == list(found.frictions)
    trials = Trials.of(THIRTEEN.case, "draft0", 4)
    off = {f"fee_{i}": 0.0 for i in range(12)}
    alone = trials.run([{}, *({k: 0.0} for k in off), {**off, "dust": 2.0}]).keep
    np.testing.assert_array_equal([s.alone for s in fees], alone[1:13] - alone[0])
    assert (found.none_off, found.all_off) == (alone[0], alone[13])


def test_repairs_among_thirteen_are_searched_up_to_three(tmp_path: Path) -> None:
    trials = Trials.of(THIRTEEN.case, "draft0", 4)
    names = [f"fee {i}" for i in range(12)]
    three = [c for n in range(4) for c in combinations(range(12), n)]
    with remembering(tmp_path):
        keep = dict(zip(three, trials.run([{f"fee_{i}": 0.0 for i in c} for c in three]).keep, strict=True))
        threshold = float(np.quantile(list(keep.values()), 0.97))
        found, hard = (
            lattice_of(THIRTEEN, outcome="survival", threshold=x, permutations=2, seed=5) for x in (threshold, 0.99)
        )
    expected = {
        frozenset(names[i] for i in c)
        for c, value in keep.items()
        if value >= threshold and all(keep[p] < threshold for n in range(len(c)) for p in combinations(c, n))
    }
    assert expected
    assert {frozenset(r.frictions) for r in found.repairs} == expected
    assert found.searched == 3
    assert hard.repairs == ()
    assert said(hard.sentence).endswith("No set of up to 3 lifts it to 99%.")


def test_sampling_comes_near_what_is_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    case = with_frictions(BASE, FREE, PLEDGE, TOLL_A, TOLL_B, DUST).case
    trials = Trials.of(case, "draft0", 4)
    exact = friction_lattice(case, "draft0", window=4, threshold=0.3, trials=trials)
    assert exact is not None
    monkeypatch.setattr(module, "MOST_EXACT", 4)
    found, other = (
        friction_lattice(case, "draft0", window=4, threshold=0.3, trials=trials, permutations=60, seed=seed)
        for seed in (1, 2)
    )
    assert found is not None
    assert other is not None
    assert found.permutations == 120
    for near, elsewhere, true in zip(found.shares, other.shares, exact.shares, strict=True):
        assert abs(near.shapley - true.shapley) <= 4.0 * near.error
        assert abs(elsewhere.shapley - true.shapley) <= 4.0 * elsewhere.error
        assert (near.alone, near.last) == (true.alone, true.last)
    assert found.shares != other.shares
    assert {r.frictions for r in found.repairs} == {r.frictions for r in exact.repairs if len(r.frictions) <= 3}
    again = friction_lattice(case, "draft0", window=4, threshold=0.3, trials=trials, permutations=60, seed=1)
    assert again is not None
    assert replace(again, seconds=0.0) == replace(found, seconds=0.0)
