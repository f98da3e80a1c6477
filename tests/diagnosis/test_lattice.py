"""The friction lattice against every subset solved by itself, and what must follow from any set function."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from itertools import chain, combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from servanda.case.resolved import ResolvedCase
from servanda.compile import compile_case
from servanda.diagnosis import lattice as module
from servanda.diagnosis.answers import FrictionLattice
from servanda.diagnosis.lattice import friction_lattice, frictions_of, leader
from servanda.diagnosis.play import Play
from servanda.diagnosis.shapley import minimal_repairs
from servanda.diagnosis.trials import Trials, remembering
from servanda.equilibrium import solve
from tests.diagnosis.frictional import (
    BASE,
    DUST,
    EASE,
    FREE,
    PLEDGE,
    TOLL_A,
    TOLL_B,
    friction,
    lattice_of,
    with_frictions,
)
from tests.diagnosis.tried import EXACT, TIGHT, assert_same, counted, judged, said
from tests.sketches import Sketch, sketches
from tests.strategies import few

PATCHES = {
    FREE: {"exit_price": 30.0}, PLEDGE: {"bond": 15.0}, TOLL_A: {"toll_a": 0.0}, TOLL_B: {"toll_b": 0.0},
    DUST: {"dust": 2.0}, EASE: {"pain": 60.0},
}  # fmt: skip


def subsets(k: int) -> Iterable[tuple[int, ...]]:
    return chain.from_iterable(combinations(range(k), n) for n in range(k + 1))


@cache
def five() -> tuple[ResolvedCase, Trials]:
    """Five frictions, one of them idle, two alike."""
    case = with_frictions(BASE, FREE, PLEDGE, TOLL_A, TOLL_B, DUST).case
    return case, Trials.of(case, "draft0", 4)


def at(outcome: str, threshold: float) -> FrictionLattice:
    case, trials = five()
    found = friction_lattice(case, "draft0", outcome=outcome, threshold=threshold, window=4, trials=trials)
    assert found is not None
    return found


@cache
def whole(outcome: str) -> FrictionLattice:
    return at(outcome, 0.3)


FREE_AND_EASE = ({"exit_price": 30.0}, {"pain": 60.0}, {"exit_price": 30.0, "pain": 60.0})

# The values


@given(sketch=sketches(), window=st.integers(1, 4))
@few(4)
def test_every_subset_is_what_solving_it_gives(sketch: Sketch, window: int) -> None:
    """All numbers of all subsets by the functions that judge one draft, and the repairs by looking at all of them."""
    own = (FREE, EASE, TOLL_A)
    case = with_frictions(sketch, *own).case
    trials = replace(Trials.of(case, "draft0", window), settings=TIGHT)
    alone = trials.compiled
    found = friction_lattice(case, "draft0", window=window, trials=trials, threshold=0.3)
    assert found is not None
    assume(all(found.settled))
    values = np.zeros(8)
    for taken in subsets(3):
        changes = {k: v for i in taken for k, v in PATCHES[own[i]].items()}
        if 1 in taken:
            changes["pain"] = 2.0 * sketch.pain
        true = judged(Play(alone, solve(alone.game, alone.numbers([changes]), EXACT)), 0, window)
        mask = sum(1 << i for i in taken)
        values[mask] = true.holds[0]
        for name, numbers in found.headlines:
            assert numbers[mask] == pytest.approx(getattr(true, name)[0], abs=1e-6), name
    np.testing.assert_allclose(found.values, values, atol=1e-6)
    assert (found.none_off, found.all_off) == (found.values[0], found.values[7])


@pytest.mark.parametrize("outcome", ["kept", "survival", "running", "peace"])
def test_an_outcome_is_read_off_the_headlines(outcome: str) -> None:
    found = whole(outcome)
    numbers = {name: np.array(values) for name, values in found.headlines}
    read = {
        "kept": numbers["sign"] * numbers["ratify"] * numbers["keep"],
        "survival": numbers["keep"],
        "running": numbers["running"],
        "peace": 1.0 - numbers["ever_war"],
    }
    np.testing.assert_array_equal(found.values, read[outcome])
    assert found.unit == "probability"
    assert np.ptp(found.values) > 0.1


def test_what_a_draft_is_worth_to_a_side() -> None:
    """The leader's value with the draft on the table, over that in a world without any; frictions bite in both."""
    sketch = with_frictions(BASE, EASE, TOLL_A)
    case = sketch.case
    found = {s: lattice_of(sketch, tight=True, outcome=s) for s in ("north", "south")}
    with_it, without = compile_case(case, menu=["draft0"]), compile_case(case, menu=())
    for mask, changes in enumerate(({}, {"pain": 60.0}, {"toll_a": 0.0}, {"pain": 60.0, "toll_a": 0.0})):
        worth = [c.game.start @ solve(c.game, c.numbers([changes]), EXACT).values for c in (with_it, without)]
        for side, actor in (("north", "dove"), ("south", "council")):
            who = [a.name for a in case.actors].index(actor)
            assert who == leader(with_it, side)
            assert found[side].values[mask] == pytest.approx(worth[0][who] - worth[1][who], abs=1e-5)
            assert (found[side].unit, found[side].outcome) == (
                "points",
                f"gain of {case.sides[side == 'south'].title} from having it on the table",
            )
            assert all(s.log_odds == 0.0 for s in found[side].shares)


def test_every_draft_on_the_table() -> None:
    """What runs at the horizon counts then, also if it was signed after the window."""
    case = replace(with_frictions(BASE, FREE, EASE), drafts=2).case
    found = friction_lattice(case, None, window=1)
    assert found is not None
    assert (found.draft, found.title) == ("", "Every draft on the table")
    assert found.outcome.startswith(module.OUTCOMES["running"])
    alone = Trials.of(case, None, 1).run([{}, *FREE_AND_EASE])
    np.testing.assert_array_equal(found.values, alone.running)
    assert (alone.running > alone.sign).any()


def test_the_chosen_draft_is_alone_on_the_table() -> None:
    sketch = replace(with_frictions(BASE, FREE, EASE), drafts=2)
    found = lattice_of(sketch, "draft1")
    assert found.draft == "draft1"
    np.testing.assert_array_equal(found.values, Trials.of(sketch.case, "draft1", 4).run([{}, *FREE_AND_EASE]).holds)


def test_overrides_hold_throughout() -> None:
    """As if the case had been written with these numbers, also where a friction's patch reads them."""
    own = (FREE, EASE, TOLL_A)
    found = lattice_of(with_frictions(BASE, *own), tight=True, overrides={"pain": 20.0, "gain": 12.0})
    written = lattice_of(with_frictions(replace(BASE, pain=20.0, gain=12.0), *own), tight=True)
    np.testing.assert_allclose(found.values, written.values, atol=1e-8)
    assert np.ptp(np.array(found.values) - lattice_of(with_frictions(BASE, *own)).values) > 0.01
    gain = lattice_of(with_frictions(BASE, *own), tight=True, overrides={"pain": 25.0}, outcome="south")
    plain = lattice_of(with_frictions(replace(BASE, pain=25.0), *own), tight=True, outcome="south")
    np.testing.assert_allclose(gain.values, plain.values, atol=1e-6)


def test_where_two_frictions_set_a_number_the_later_decides() -> None:
    sketch = with_frictions(BASE, friction("some", "exit_price: 10"), friction("more", "exit_price: 60"))
    found = lattice_of(sketch)
    assert found.values[2] == found.values[3]
    assert len(set(found.values)) == 3
    assert found.games == 3
    under = frictions_of(Trials.of(sketch.case, "draft0", 4), {"pain": 1.0, "exit_price": 5.0})
    assert under.overrides_of(0) == {"pain": 1.0, "exit_price": 5.0}
    assert under.overrides_of(3) == {"pain": 1.0, "exit_price": 60.0}


# What follows from them


@pytest.mark.parametrize("outcome", ["kept", "survival", "running", "peace", "north"])
def test_shares_add_up_and_treat_alike_what_is_alike(outcome: str) -> None:
    found = whole(outcome)
    by_name = {s.friction: s for s in found.shares}
    assert list(by_name) == ["free exit", "no pledge", "first toll", "second toll", "dust"] == list(found.frictions)
    total = sum(s.shapley for s in found.shares)
    assert total == pytest.approx(found.all_off - found.none_off, abs=1e-9 * max(1.0, abs(found.all_off)))
    idle, one, two = by_name["dust"], by_name["first toll"], by_name["second toll"]
    assert (idle.shapley, idle.log_odds, idle.alone, idle.last, idle.error) == (0.0, 0.0, 0.0, 0.0, 0.0)
    assert found.unused == ("dust",)
    assert found.games == 16
    assert one.shapley == pytest.approx(two.shapley, rel=1e-9, abs=1e-12)
    assert one.log_odds == pytest.approx(two.log_odds, rel=1e-9, abs=1e-12)
    assert (one.alone, one.last) == pytest.approx((two.alone, two.last), rel=1e-9, abs=1e-12)
    pairs = np.array(found.interactions)
    np.testing.assert_array_equal(pairs, pairs.T)
    np.testing.assert_array_equal(np.diag(pairs), 0.0)
    np.testing.assert_array_equal(pairs[4], 0.0)
    np.testing.assert_allclose(pairs[2, :2], pairs[3, :2], rtol=1e-9, atol=1e-12)
    for i, share in enumerate(found.shares):
        assert share.alone == pytest.approx(found.values[1 << i] - found.values[0], abs=1e-12)
        assert share.last == pytest.approx(found.values[31] - found.values[31 ^ 1 << i], abs=1e-12)
    if found.unit == "probability":
        odds = np.log(np.array([found.none_off, found.all_off]) / (1.0 - np.array([found.none_off, found.all_off])))
        assert sum(s.log_odds for s in found.shares) == pytest.approx(odds[1] - odds[0], abs=1e-9)
    assert found.exact
    assert len(found.settled) == len(found.values) == 32
    assert all(found.settled)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("finished")


@given(place=st.floats(0.0, 1.0), outcome=st.sampled_from(["kept", "survival", "running", "peace", "north"]))
@few(25)
def test_repairs_are_minimal_and_all_there_are(folder: Path, place: float, outcome: str) -> None:
    values = np.array(whole(outcome).values)
    threshold = float(np.quantile(values, place))
    with remembering(folder):
        found = at(outcome, threshold)
    names = np.array(found.frictions)
    expected = {
        frozenset(names[list(taken)])
        for taken in subsets(5)
        if values[sum(1 << i for i in taken)] >= threshold
        and all(
            values[sum(1 << i for i in part)] < threshold for n in range(len(taken)) for part in combinations(taken, n)
        )
    }
    assert {frozenset(r.frictions) for r in found.repairs} == expected
    assert len(found.repairs) == len(expected)
    for repair in found.repairs:
        assert repair.value == values[sum(1 << found.frictions.index(f) for f in repair.frictions)] >= threshold
        assert repair.titles == tuple(f.title() for f in repair.frictions)
        assert "dust" not in repair.frictions
    sizes = [(len(r.frictions), -r.value) for r in found.repairs]
    assert sizes == sorted(sizes)
    assert found.searched == 5


def test_what_needs_no_repair_has_the_empty_one() -> None:
    found = at("kept", 0.0)
    assert [(r.frictions, r.titles, r.value) for r in found.repairs] == [((), (), found.none_off)]
    assert re.search(r"It reaches .* without any repair\.$", found.sentence)


def test_what_nothing_repairs_has_none() -> None:
    found = at("kept", 0.9)
    assert found.repairs == ()
    assert said(found.sentence).endswith("No set of frictions lifts it to 90%.")


def test_a_case_without_frictions_has_no_lattice() -> None:
    assert friction_lattice(BASE.case, "draft0", window=4) is None


def _several_smallest(found: FrictionLattice, threshold: float) -> bool:
    """Whether at least two repairs of more than one friction are the smallest, and not equally good."""
    masks = minimal_repairs(np.array(found.values), threshold)
    smallest = [m for m in masks if m.bit_count() == masks[0].bit_count() > 1]
    return len({found.values[m] for m in smallest}) > 1


def test_the_sentence_names_the_largest_share_and_the_smallest_repair() -> None:
    found = whole("kept")
    best, repair = max(found.shares, key=lambda s: s.shapley), found.repairs[0]
    start, middle, end = re.split(r"(?<=\.) (?=[A-Z])", said(found.sentence))
    assert re.fullmatch(
        r"With every friction in place the outcome \(signed, ratified and kept[\w ]*\) stands at [\w ]*\d+%, "
        rf"with all of them off at {found.all_off:.0%}\.",
        start,
    )
    assert middle == f"{best.title} carries the largest part."
    assert 0.0 < best.shapley < 0.5 * (found.all_off - found.none_off)
    assert len(repair.titles) > 1
    assert end == (
        f"The smallest repair takes {len(repair.titles)} together: {'; '.join(repair.titles)} ({repair.value:.0%})."
    )
    # where several repairs are smallest, the best of them is named
    several = at("kept", next(x for x in sorted(found.values) if _several_smallest(found, x)))
    best = several.repairs[0]
    assert said(several.sentence).endswith(f" together: {'; '.join(best.titles)} ({best.value:.0%}).")
    points = at("north", 0.5 * whole("north").all_off)
    assert re.search(r"The smallest repair takes \d together: .* \(\d+\.\d points\)\.$", points.sentence)


def test_a_friction_that_does_it_alone_is_named() -> None:
    both = friction("both", "exit_price: 30, bond: 15, toll_b: 0")
    found = lattice_of(with_frictions(BASE, TOLL_A, both, DUST), threshold=0.3)
    assert [r.frictions for r in found.repairs] == [("both",)]
    (repair,) = found.repairs
    assert "Both carries most of the difference." in found.sentence
    assert said(found.sentence).endswith(f"Removing one alone suffices: Both ({repair.value:.0%}).")


def test_no_friction_carries_a_difference_of_the_other_sign() -> None:
    """One removal helps a little, the other hurts more: what is left all off is worse, and nobody is to thank."""
    sketch = with_frictions(
        replace(BASE, pain=60.0, exit_price=30.0), TOLL_A, friction("shield", "exit_price: 0, pain: 40")
    )
    found = lattice_of(sketch, outcome="survival")
    helps, hurts = found.shares
    assert helps.shapley > 0.005
    assert found.all_off < found.none_off - 0.005
    assert hurts.shapley < 0.0
    assert "First Toll carries" not in found.sentence


def test_a_case_without_drafts_asks_for_peace() -> None:
    bare = (friction("ease", "pain: pain * 2"), friction("hope", "dove_wins: 0.9"))
    found = lattice_of(replace(BASE, drafts=0, also=bare), None)
    assert found.outcome.startswith(module.OUTCOMES["peace"])
    assert found.unit == "probability"
    assert found.values[0] != found.values[1]


# What is asked


def test_an_outcome_that_does_not_exist_is_named() -> None:
    with pytest.raises(
        ValueError,
        match=r"^no outcome is called 'glory' here; there is: kept, survival, running, peace, north, south$",
    ):
        lattice_of(with_frictions(BASE, EASE), outcome="glory")
    with pytest.raises(ValueError, match=r"'peace' here; there is: kept, survival, running, north, south$"):
        lattice_of(replace(with_frictions(BASE, EASE), war=False), outcome="peace")


@pytest.mark.parametrize(
    ("sketch", "draft"),
    [
        (with_frictions(BASE, EASE), "draft0"),
        (with_frictions(BASE, EASE), None),
        (replace(BASE, drafts=0, also=(friction("ease", "pain: 0"),)), None),
        (replace(with_frictions(BASE, EASE), war=False), "draft0"),
    ],
    ids=["a draft", "all drafts", "no draft", "no war"],
)
def test_every_outcome_that_is_offered_is_there(sketch: Sketch, draft: str | None) -> None:
    with pytest.raises(ValueError, match=r"^no outcome is called 'glory' here; there is: ") as caught:
        lattice_of(sketch, draft, outcome="glory")
    for outcome in str(caught.value).partition("there is: ")[2].split(", "):
        assert len(lattice_of(sketch, draft, outcome=outcome).values) == 2


def test_progress_tells_of_distinct_games() -> None:
    told: list[tuple[int, int]] = []
    lattice_of(with_frictions(BASE, TOLL_A, TOLL_B, DUST), progress=lambda done, of: told.append((done, of)))
    assert told[0] == (0, 4)
    assert told[-1] == (4, 4)


def test_trials_at_hand_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    case, trials = five()
    monkeypatch.setattr(module, "compile_case", None)
    games = counted(monkeypatch)
    assert_same(trials.run([{}]), trials.run([{"dust": 5.0}]))
    found = friction_lattice(case, "draft0", window=4, trials=trials)
    assert found is not None
    assert sum(games) == 2 + 16
