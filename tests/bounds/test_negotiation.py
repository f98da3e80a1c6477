"""Repeated negotiation and payments: published tables, hand-made games, what must not matter."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servanda.bounds import Bound, payoff_sets
from servanda.bounds.deviations import deviations_of
from servanda.bounds.negotiation import Negotiation, negotiated_sets, negotiated_transfers
from servanda.bounds.transfers import transfer_sets
from servanda.game.markov import simultaneous_game
from servanda.kernels import polygons
from tests.bounds.arms_race import arms_race
from tests.bounds.plain_sets import game, tables
from tests.reference.sources import FOLDER

seeds = st.integers(0, 2**32 - 1)
ANSWERS = FOLDER / "renegotiation"


def prisoners(patience: float, **more):
    row = np.array([[3.0, 0.0], [4.0, 1.0]])
    return simultaneous_game(np.stack([row, row.T])[None], np.ones((1, 2, 2, 1)), [patience, patience], **more)


def alike(seed: int):
    """A random game of two players who discount alike, as arrays."""
    payoff, odds, discount = tables(seed)
    return payoff, odds, float(discount[0])


def answer() -> dict:
    assert [p.name for p in sorted(ANSWERS.glob("*.json"))] == ["arms_race.json"]
    return json.loads((ANSWERS / "arms_race.json").read_text(encoding="utf-8"))


def test_subgame_perfect_payments_of_the_arms_race() -> None:
    one, labels = arms_race()
    found = transfer_sets(one)
    read = answer()
    for s, row in enumerate(read["rerun_here"]["spe"]):
        assert found.joint[s] == pytest.approx(float(row["U"]), abs=1e-12)
        assert found.worst[s] == pytest.approx([float(row["v1"]), float(row["v2"])], abs=1e-12)
        shared = found.worst[s] + found.surplus[s] / 2
        assert shared == pytest.approx([float(row["r1"]), float(row["r2"])], abs=1e-12)
        assert labels[found.path[s]] == row["ae.lab"] == read["published"]["spe_path"][row["x"]]


@pytest.mark.parametrize(("table", "luck"), [("rne", 0.08), ("rne_sp1", 1.0)])
def test_repeated_negotiation_of_the_arms_race(table: str, luck: float) -> None:
    one, labels = arms_race(luck=luck)
    found = negotiated_transfers(one, 0.65, periods=1000)
    assert found.periods == 1000
    other = []
    for s, row in enumerate(answer()["rerun_here"][table]):
        assert found.joint[s] == pytest.approx(float(row["U"]), abs=1e-12)
        assert found.worst[s] == pytest.approx([float(row["v1"]), float(row["v2"])], abs=1e-12)
        assert found.agreed[s] == pytest.approx([float(row["r1"]), float(row["r2"])], abs=1e-12)
        other += [row["x"]] * (labels[found.path[s]] != row["ae.lab"])
    # where the source says that either profile will do
    assert other == {"rne": ["0_1"], "rne_sp1": ["1_1"]}[table]
    # the published payoffs hang on the number of periods: one more, and a profile flips
    assert found.status is Negotiation.MOVING
    assert np.ptp(found.recent, axis=0).max() > 0.004


def test_what_can_be_kept_in_one_state_of_the_arms_race() -> None:
    one, labels = arms_race()
    later = negotiated_transfers(one, 0.65, periods=1000)
    # one step back from the published payoffs, by hand: state 1_0 is the fifth
    first, last = one.profile_start[4], one.profile_start[5]
    joint = one.reward.sum(axis=1) + 0.99 * (one.successors @ later.joint)
    worth = one.reward + 0.99 * (one.successors @ (0.65 * later.agreed + 0.35 * later.worst))
    holds = joint >= deviations_of(one).best(worth).sum(axis=1)
    for row in answer()["published"]["state_1_0_profiles"]:
        profile = first + labels[first:last].index(row["a"])
        assert holds[profile] == row["IC_holds"]
        assert joint[profile] == pytest.approx(row["U_hat"], abs=2e-3)
    assert later.worst[4] == pytest.approx([answer()["published"][k] for k in
                                            ("v1_hat_punish_1", "v2_hat_punish_2")], abs=1e-7)  # fmt: skip


def test_hazards_from_peace_through_armament_to_peace() -> None:
    one, labels = arms_race()
    for hazard, wanted in answer()["rerun_here"]["rho_sweep_initial_state"].items():
        found = negotiated_transfers(one, float(hazard), periods=1000)
        label, _, value = wanted.partition(" (U ")
        assert labels[found.path[0]] == label or {labels[found.path[0]], label} == {"w | wb", "wb | w"}
        assert found.joint[0] == pytest.approx(float(value.rstrip(")")), abs=1e-6)


@pytest.mark.parametrize("hazard", [0.0, 0.3, 0.6, 1.0])
def test_the_prisoners_dilemma_by_formula(hazard: float) -> None:
    # to defect gains 1, both do: worth 2 each less per period, until the next negotiation brings cooperation back
    threshold = 1.0 / (3.0 * (1.0 - hazard)) if hazard < 1.0 else np.inf
    for patience in (0.4, 0.6, 0.9):
        one = prisoners(patience)
        wanted = 3.0 if patience >= threshold else 1.0
        for found in (negotiated_transfers(one, hazard), negotiated_sets(one, hazard)):
            assert found.status is Negotiation.SETTLED
            assert found.agreed[0] * (1 - patience) == pytest.approx([wanted, wanted], abs=1e-7)


@settings(max_examples=20, deadline=None)
@given(seeds, st.floats(0.0, 1.0), st.floats(0.1, 0.9))
def test_names_and_units_do_not_matter(seed: int, hazard: float, weight: float) -> None:
    payoff, odds, discount = alike(seed)
    order = np.random.default_rng(seed).permutation(len(payoff))
    swapped = simultaneous_game(payoff[:, ::-1].swapaxes(2, 3), odds.swapaxes(1, 2), [discount] * 2)
    moved = simultaneous_game(payoff[order], odds[order][..., order], [discount] * 2)
    scaled = simultaneous_game(1e3 * payoff, odds, [discount] * 2)
    plain = simultaneous_game(payoff, odds, [discount] * 2)
    for solve in (negotiated_transfers, negotiated_sets):
        base = solve(plain, hazard, [weight, 1 - weight], periods=30).agreed
        near = {"rtol": 1e-6, "atol": 1e-6 * np.abs(payoff).max()}
        others = [
            solve(swapped, hazard, [1 - weight, weight], periods=30).agreed[:, ::-1],
            solve(scaled, hazard, [weight, 1 - weight], periods=30).agreed / 1e3,
        ]
        for other in others:
            np.testing.assert_allclose(other, base, **near)
        np.testing.assert_allclose(solve(moved, hazard, [weight, 1 - weight], periods=30).agreed, base[order], **near)


@settings(max_examples=20, deadline=None)
@given(seeds)
def test_payments_only_help(seed: int) -> None:
    payoff, odds, discount = alike(seed)
    one = simultaneous_game(payoff, odds, [discount] * 2)
    plain, paid = payoff_sets(one), transfer_sets(one)
    near = 1e-8 * plain.scale
    for s, corners in enumerate(plain.vertices):
        if len(corners):
            assert corners.sum(axis=1).max() <= paid.joint[s] + near
            assert (corners.min(axis=0) >= paid.worst[s] - near).all()
    assert not (plain.supported & ~paid.kept).any()
    if paid.status is Bound.FOUND:
        # nobody gains by one deviation followed by punishment, in the profile that punishes him or on the path
        worth = one.reward + discount * (one.successors @ np.nan_to_num(paid.worst))
        yields = one.reward.sum(axis=1) + discount * (one.successors @ np.nan_to_num(paid.joint))
        best = deviations_of(one).best(worth)
        for s in np.flatnonzero(~np.isnan(paid.joint)):
            assert yields[paid.path[s]] == pytest.approx(paid.joint[s], abs=1e-9)
            for i in range(2):
                assert best[paid.punishment[s, i], i] == pytest.approx(paid.worst[s, i], abs=1e-9)
                assert yields[paid.punishment[s, i]] >= best[paid.punishment[s, i]].sum() - 1e-9


@settings(max_examples=15, deadline=None)
@given(seeds)
def test_without_new_negotiations_the_sets_stay(seed: int) -> None:
    one = game(seed)
    sets = payoff_sets(one)
    found = negotiated_sets(one, 0.0, sets=sets)
    assert [len(v) == 0 for v in found.vertices] == [len(v) == 0 for v in sets.vertices]
    for mine, theirs in zip(found.vertices, sets.vertices, strict=True):
        for a, b in ((mine, theirs), (theirs, mine)):
            assert all(polygons.distance(*p, np.ascontiguousarray(b), len(b)) < 1e-8 * sets.scale for p in a)


@settings(max_examples=15, deadline=None)
@given(seeds, st.floats(0.05, 0.95))
def test_the_bargained_point_beats_a_grid(seed: int, weight: float) -> None:
    random = np.random.default_rng(seed)
    cloud = random.normal(size=(int(random.integers(1, 9)), 2))
    corners = np.empty((1, 2 * len(cloud) + 2, 2))
    n = polygons.hull(cloud, len(cloud), corners[0])
    floor, found = corners[:, :n].min(axis=1), np.empty((1, 2))
    polygons.bargain(corners, np.array([n], dtype=np.int32), floor, weight, found)
    assert polygons.distance(*found[0], corners[0], n) < 1e-12
    shares = random.dirichlet(np.full(n, 0.3), 400)
    trial = np.maximum(shares @ corners[0, :n] - floor[0], 0.0)
    product = trial[:, 0] ** weight * trial[:, 1] ** (1 - weight)
    mine = np.maximum(found[0] - floor[0], 0.0)
    assert product.max() <= mine[0] ** weight * mine[1] ** (1 - weight) + 1e-12


def test_three_players_share_by_weight() -> None:
    # who contributes pays 2, everybody gets 1.5 of every contribution
    given_ = np.stack(np.meshgrid(*[[0.0, 1.0]] * 3, indexing="ij"))
    one = simultaneous_game((1.5 * given_.sum(axis=0) - 2.0 * given_)[None], np.ones((1, 2, 2, 2, 1)), [0.5] * 3)
    found = negotiated_transfers(one, 0.2, [1.0, 1.0, 2.0])
    assert found.joint[0] == pytest.approx(2 * 3 * (3 * 1.5 - 2.0))
    surplus = found.joint[0] - found.worst[0].sum()
    assert found.agreed[0] - found.worst[0] == pytest.approx(surplus * np.array([0.25, 0.25, 0.5]))


def test_refusals() -> None:
    uneven = simultaneous_game(np.zeros((1, 2, 1, 1)), np.ones((1, 1, 1, 1)), [0.5, 0.6])
    with pytest.raises(ValueError, match="state 0: payments need players who discount alike"):
        transfer_sets(uneven)
    with pytest.raises(ValueError, match=r"lie between 0 and 1, and 1\.5 does not"):
        negotiated_sets(uneven, 1.5)
    with pytest.raises(ValueError, match="bargaining weights are 2 numbers above 0"):
        negotiated_sets(uneven, 0.5, [1.0, 0.0])


def test_no_equilibrium_at_all() -> None:
    pennies = np.array([[1.0, -1.0], [-1.0, 1.0]])
    one = simultaneous_game(np.stack([pennies, -pennies])[None], np.ones((1, 2, 2, 1)), [0.9, 0.9])
    assert transfer_sets(one).status is Bound.EMPTY
    for found in (negotiated_transfers(one, 0.3), negotiated_sets(one, 0.3)):
        assert found.status is Negotiation.EMPTY
        assert np.isnan(found.agreed).all()
