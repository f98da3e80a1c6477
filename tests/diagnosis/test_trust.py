"""The cost of trust: least bonds against theory, the frontier against fresh solves, and the law that bonds deter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from itertools import pairwise
from math import exp
from threading import Event

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servanda.case import find, parse_text, read
from servanda.compile import compile_case
from servanda.compile.bonds import bond_parameter
from servanda.diagnosis.answers import BondPoint, Trust
from servanda.diagnosis.bond_frontier import Frontier, frontier_of
from servanda.diagnosis.cooperation import cooperation
from servanda.diagnosis.least_bonds import Bonds, Pledges, doubling
from servanda.diagnosis.one_shot import one_shot
from servanda.diagnosis.trials import SETTINGS, Trials
from servanda.diagnosis.trust import cost_of_trust
from servanda.equilibrium import Settings
from servanda.equilibrium.solve import InterruptedSolveError
from servanda.errors import CaseError
from tests.reference.sources import FOLDER, published
from tests.sketches import Sketch, sketches

SHARPNESS = 0.01
BOTH_ALONE = Sketch(
    leads_to="suspension", hidden=True, detection=0.3, gain=5.0, sunset="{mean: 18 months}", order="fixed"
)
ONE_ALONE = Sketch(leads_to="suspension", sunset="{mean: 18 months}")
NEITHER = Sketch(
    phases=2, ratifiers=1, leads_to="suspension", detection=0.3, gain=5.0, sunset="{mean: 18 months}", years=4
)
REVERSING = Sketch(phases=2, ratifiers=1, pain=60.0, gain=60.0, sunset="{mean: 18 months}", years=4, order="fixed")
CORNERS = {"both": BOTH_ALONE, "one": ONE_ALONE, "neither": NEITHER}


@cache
def trust_of(sketch: Sketch, target: float = 0.5) -> Trust:
    return cost_of_trust(sketch.case, "draft0", target=target)


def published_bond(gain: float, surplus: float, delta: float, hazard: float = 0.0) -> float:
    d = delta * (1.0 - hazard)
    return max(0.0, gain - d * surplus / (1.0 - d))


@cache
def least_pledge(gain: float, surplus: float, delta: float, hazard: float = 0.0) -> Trust:
    given = {"gain": gain, "surplus": surplus, "delta": delta, "hazard": hazard, "sharpness": SHARPNESS}
    return cost_of_trust(read("theory/pledge"), "contract", overrides=given)


@pytest.mark.parametrize("hazard", [0.0, 0.05])
@pytest.mark.parametrize(
    ("gain", "surplus", "delta"), [(10.0, 0.5, 0.9), (20.0, 0.5, 0.8), (10.0, 1.5, 0.8), (5.0, 1.0, 0.9)]
)
def test_the_least_pledge_is_the_published_bond(gain: float, surplus: float, delta: float, hazard: float) -> None:
    """Telser and Williamson: g - d s / (1 - d); finite decisiveness moves it by a few hundredths of a point."""
    formula, found = published_bond(gain, surplus, delta, hazard), least_pledge(gain, surplus, delta, hazard)
    investor, host = found.each
    assert host.least == pytest.approx(formula, rel=0.01, abs=4.0 * SHARPNESS)
    assert (host.least == 0.0) == (formula == 0.0)
    if formula:
        assert investor.least is None
        assert "“Host: seize”" in investor.reason
        assert [p.bonds for p in found.frontier] == [(0.0, host.least)]
        assert found.reversals == ()


@pytest.mark.skipif(not FOLDER.is_dir(), reason="needs the reference answers")
def test_the_least_pledge_is_that_of_the_reference_answers() -> None:
    cases = {i: c for i, c in published("holdup").items() if i.startswith("escrow")}
    assert len(cases) >= 2
    for c in cases.values():
        p = c["parameters"]
        found = least_pledge(p["temptation"], p["surplus"], p["delta"]).each[1].least
        assert found == pytest.approx(c["prediction"]["min_bond"], rel=0.01, abs=4.0 * SHARPNESS)


@pytest.mark.parametrize(("name", "target"), [*((name, 0.5) for name in CORNERS), ("one", 0.62)])
def test_every_point_reaches_the_target_and_no_bond_can_be_cut(name: str, target: float) -> None:
    """Looked at with games solved anew, all in one batch."""
    found, compiled = trust_of(CORNERS[name], target), compile_case(CORNERS[name].case, menu=["draft0"], bonds=True)
    sides = [bond_parameter(s) for s in found.sides]
    points = [p.bonds for p in found.frontier]
    cuts = [tuple(b * (0.99 if j == k else 1.0) for j, b in enumerate(p)) for p in points for k in (0, 1) if p[k] > 0.0]
    solved = Trials(compiled, 0, window=4).run([dict(zip(sides, p, strict=True)) for p in [*points, *cuts]])
    assert solved.settled.all()
    assert solved.keep[: len(points)].tolist() == [p.keep for p in found.frontier]
    assert (solved.keep[: len(points)] >= target).all()
    assert (solved.keep[len(points) :] < target).all()
    assert len(points) >= 5
    assert all(p[0] > q[0] and p[1] < q[1] for p, q in pairwise(points))


@pytest.mark.parametrize(
    ("name", "alone"), [("both", (True, True)), ("one", (False, True)), ("neither", (False, False))]
)
def test_the_ends_of_the_frontier_are_the_bonds_of_one_side_alone(name: str, alone: tuple[bool, bool]) -> None:
    found = trust_of(CORNERS[name])
    assert tuple(s.least is not None for s in found.each) == alone
    ends = [p.bonds for p in found.frontier if 0.0 in p.bonds]
    assert ends == [
        bonds for s, bonds in zip(found.each, ((found.each[0].least, 0.0), (0.0, found.each[1].least)), strict=True)
        if s.least is not None
    ]  # fmt: skip
    for side in found.each:
        assert (side.reason == "") == (side.least is not None)
        assert side.curve[0].bonds == (0.0, 0.0)
        assert side.curve[0] == found.without


def test_costs_are_shares_of_gains_and_interest_on_bonds() -> None:
    found, gains = trust_of(BOTH_ALONE), cooperation(BOTH_ALONE.case)[0].gains
    assert found.cheapest is not None
    assert found.yearly == pytest.approx([0.05 * b for b in found.cheapest.bonds])
    for side, gain in zip(found.each, gains, strict=True):
        assert side.least is not None
        assert side.yearly == pytest.approx(0.05 * side.least)
        assert side.share == pytest.approx(side.least / gain.bound, rel=1e-6)
    burdens = [sum(b / g.bound for b, g in zip(p.bonds, gains, strict=True)) for p in found.frontier]
    assert found.cheapest == found.frontier[burdens.index(min(burdens))]
    assert sum(x for x in found.shares if x is not None) == pytest.approx(min(burdens), rel=1e-6)


def test_where_a_side_gains_nothing_points_decide() -> None:
    poor = replace(ONE_ALONE, pain=0.0)
    found = trust_of(poor)
    assert cooperation(poor.case)[0].gains[1].bound < 0.0
    assert found.cheapest is not None
    assert found.shares[1] is None
    assert sum(found.cheapest.bonds) == min(sum(p.bonds) for p in found.frontier)
    assert "although it loses by the draft" in found.sentence


def test_what_a_pledge_costs_to_carry_decides_whether_it_pays() -> None:
    """The host gains 5 points by keeping, for ever: a pledge of 5.5 costs more, one of 4.5 does not."""
    dear, cheap = least_pledge(10.0, 0.5, 0.9), least_pledge(9.0, 0.5, 0.9)
    assert (dear.pays, cheap.pays) == (False, True)
    assert dear.shares[1] == pytest.approx(5.5 / 5.0, rel=0.01)
    assert dear.yearly[1] == pytest.approx(5.5 / 9.0, rel=0.01)
    assert "They do not pay for Host country" in dear.sentence
    assert cheap.sentence.endswith("Every side then gains more, over no deal, than carrying its bond costs.")


def test_a_pledge_until_a_sunset_is_cheaper_to_carry() -> None:
    written = find("theory/pledge").read_text(encoding="utf-8")
    text = written.replace("    exit:\n", "    sunset: 2001-01-01\n    exit:\n")
    assert text != written
    found = cost_of_trust(parse_text(text, "pledge.yaml"), "contract")
    assert found.cheapest is not None
    assert found.cheapest.bonds[1] > 5.0
    assert (found.pays, least_pledge(10.0, 0.5, 0.9).pays) == (True, False)


def test_where_chance_ends_the_deal_no_bond_suffices() -> None:
    found = least_pledge(10.0, 0.5, 0.9, hazard=0.3)
    assert [s.least for s in found.each] == [None, None]
    assert (found.frontier, found.cheapest, found.pays, found.shares) == ((), None, None, (None, None))
    assert "“the contract ends by itself” (83 %)" in found.reason
    assert "kept with probability 17 % at most" in found.reason
    assert found.sentence.startswith("No bonds make “Contract” kept with probability 50 %.")


def test_being_kept_is_not_all() -> None:
    """The treaty at 0.9 would be kept without a bond, but the legislature does not ratify it."""
    found = cost_of_trust(read("theory/two-level-ratification"), "x18")
    assert [p.bonds for p in found.frontier] == [(0.0, 0.0)]
    assert "ratified with probability" in found.reason
    assert "“The pivotal member of the legislature, reject”" in found.reason
    assert cost_of_trust(read("theory/two-level-ratification"), "x10").reason == ""
    assert " it is signed with probability " in trust_of(ONE_ALONE).reason
    mortal = cost_of_trust(read("theory/pledge"), "contract", target=0.4, overrides={"hazard": 0.15})
    assert mortal.cheapest is not None
    assert mortal.cheapest.keep == pytest.approx(0.85**5, abs=0.01)
    assert mortal.reason.startswith("Being kept is not all: with these bonds it is signed, ratified and kept with prob")


def test_a_reversal_is_named_with_side_and_range() -> None:
    """What will be lost anyway is sunk: above 250 points a higher bond of the north no longer helps."""
    found = trust_of(REVERSING)
    assert any(x.startswith("Raising the bond of north from 128 to ") for x in found.reversals)
    assert found.each[0].least is not None
    assert found.each[0].least < 128.0


def test_numbers_given_hold_throughout() -> None:
    changed = cost_of_trust(BOTH_ALONE.case, "draft0", overrides={"pain": 30.0})
    written = cost_of_trust(replace(BOTH_ALONE, pain=30.0).case, "draft0")
    for one, two in zip(changed.each, written.each, strict=True):
        assert one.least == pytest.approx(two.least, rel=0.01)
        assert one.share == pytest.approx(two.share, rel=0.02)
    assert changed.each[1].least != pytest.approx(trust_of(BOTH_ALONE).each[1].least, rel=0.05)


def test_progress_rises_to_its_end_and_it_stops_when_told() -> None:
    told: list[tuple[int, int]] = []
    cost_of_trust(BOTH_ALONE.case, "draft0", progress=lambda done, of: told.append((done, of)))
    assert [d for d, _ in told] == sorted(d for d, _ in told)
    assert all(done <= of for done, of in told)
    assert told[-1][0] == told[-1][1]
    stop = Event()
    stop.set()
    with pytest.raises(InterruptedSolveError):
        cost_of_trust(BOTH_ALONE.case, "draft0", settings=replace(SETTINGS, stop=stop))


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        cost_of_trust(BOTH_ALONE.case, "draft0", target=1.0)
    with pytest.raises(CaseError) as caught:
        cost_of_trust(BOTH_ALONE.case, "draft7")
    assert caught.value.issues[0].code == "unknown-draft"
    with pytest.raises(ValueError, match="compiled with bonds"):
        Pledges(Trials(compile_case(BOTH_ALONE.case), 0, 4), {}, 0.5)


# The law, and the search on invented answers


@given(sketches(), st.sampled_from([0.5, 5.0, 50.0, 5000.0]))
@settings(max_examples=25)
def test_taken_for_itself_a_bond_deters_whoever_posts_it(sketch: Sketch, bond: float) -> None:
    compiled = compile_case(sketch.case, menu=["draft0"], bonds=True)
    rough = Settings(tail_tolerance=1e-3, tail_steps=20, polish=False)
    for side in ("north", "south"):
        assert one_shot(compiled, {side: bond}, settings=rough) <= 1e-12


def test_the_law_would_be_seen_broken() -> None:
    """A prize for breaking raises the odds; a bond of a tempted side lowers them; no bond leaves them."""
    compiled = compile_case(Sketch(years=1).case, bonds=True)
    assert one_shot(compiled, {"north": -5.0}) > 0.01
    assert one_shot(compiled, {"north": 0.0, "south": 0.0}) == 0.0
    assert -1.0 < one_shot(compiled, {"north": 5.0}) < 0.0
    with pytest.raises(CaseError):
        one_shot(compiled, {"west": 5.0})


class Invented(Pledges):
    """Pledges whose chance of being kept is a function of the bonds, and nothing else."""

    def __init__(self, keep: Callable[[float, float], float], target: float = 0.5) -> None:
        self.target, self._keep, self.asked = target, keep, 0

    def solve(self, wanted: Sequence[Bonds]) -> list[BondPoint]:
        self.asked += len(wanted)
        return [BondPoint(b, self._keep(*b), 1.0, 1.0) for b in wanted]

    def _same(self, a: Bonds, b: Bonds) -> bool:
        return abs(self._keep(*a) - self._keep(*b)) < 1e-4


GRID = doubling(1.0, 4096.0)


def rising(x: float, middle: float, width: float) -> float:
    return 1.0 / (1.0 + exp(-max(min((x - middle) / width, 500.0), -500.0)))


def assert_settled(found: Frontier, pledges: Invented) -> None:
    for p in found.points:
        assert pledges.reaches(p.bonds)
        for k in (0, 1):
            cut = tuple(b * (0.99 if j == k else 1.0) for j, b in enumerate(p.bonds))
            assert p.bonds[k] == 0.0 or not pledges.reaches(cut)


@settings(max_examples=15)
@given(*(st.floats(-30.0, 200.0), st.floats(0.5, 20.0)) * 2, st.sampled_from([0.3, 0.5, 0.9]))
def test_rising_chances_give_a_settled_frontier(a: float, wa: float, b: float, wb: float, target: float) -> None:
    """Each side keeps by itself with a chance that rises with its own bond."""
    pledges = Invented(lambda x, y: rising(x, a, wa) * rising(y, b, wb), target)
    found = frontier_of(pledges, 1.0, GRID)
    assert found.points
    assert_settled(found, pledges)
    for k, (middle, width) in enumerate(((a, wa), (b, wb))):
        other = rising(0.0, *((b, wb), (a, wa))[k])
        if pledges.reaches((0.0, 0.0)):
            assert found.alone[k] == 0.0
        elif other < 0.9999 * target:
            assert found.alone[k] is None
        elif other > 1.0001 * target:
            least = found.alone[k]
            assert least is not None
            assert rising(0.99 * least, middle, width) * other < target <= rising(least, middle, width) * other


def test_steps_meet_in_a_corner() -> None:
    """Where each side keeps surely from some bond on, one point is the whole frontier."""
    pledges = Invented(lambda x, y: float(x >= 37.0 and y >= 11.0))
    found = frontier_of(pledges, 1.0, GRID)
    assert found.alone == (None, None)
    (point,) = found.points
    assert point.bonds == pytest.approx((37.0, 11.0), rel=0.01)
    assert_settled(found, pledges)


def test_one_bond_that_does_nothing_leaves_a_single_point() -> None:
    found = frontier_of(pledges := Invented(lambda x, y: rising(x, 20.0, 2.0)), 1.0, GRID)
    assert found.alone == (pytest.approx(20.0, rel=0.01), None)
    assert [p.bonds for p in found.points] == [(found.alone[0], 0.0)]
    assert_settled(found, pledges)


def test_the_first_crossing_counts_and_not_a_later_one() -> None:
    """Kept from 20 to 60, broken from there to 150, kept again."""
    pledges = Invented(lambda x, y: 0.9 if 20.0 <= x < 60.0 or x >= 150.0 else 0.1)
    found = frontier_of(pledges, 1.0, GRID)
    assert found.alone[0] == pytest.approx(20.0, rel=0.01)


def test_nothing_suffices() -> None:
    found = frontier_of(Invented(lambda x, y: 0.4 * rising(x, 5.0, 1.0)), 1.0, GRID)
    assert (found.alone, found.points) == ((None, None), ())
    assert max(p.bonds for p in found.beside[0]) == (4096.0, 4096.0)
