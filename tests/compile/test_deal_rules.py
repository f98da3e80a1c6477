"""What the deal machine does, read back from the compiled game state by state."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from servanda.case import parse_text
from servanda.compile import Compiled, compile_case
from servanda.compile.layout import DealLevel
from tests.reading import code, deal, level, moves
from tests.sketches import Sketch

LIVE = DealLevel("in_force", 0, phase=0)
ENDED = DealLevel("ended")


def compiled_of(**changes: object) -> Compiled:
    return compile_case(replace(Sketch(), **changes).case)


def applied_in(compiled: Compiled, name: str) -> list[int]:
    """Periods in which a dated stage acts."""
    stage = [s.name for s in compiled.game.stages].index(name)
    return np.flatnonzero(compiled.game.schedule.applies[: compiled.case.periods, stage]).tolist()


def test_an_election_falls_into_the_period_that_contains_its_date() -> None:
    compiled = compiled_of(years=6)
    assert [d.isoformat() for d in compiled.dates[1:3]] == ["2022-07-01", "2023-01-01"]
    assert applied_in(compiled, "election") == [1, 5, 9]  # November 2022, 2024, 2026 in half-years from January 2022
    stage = [s.name for s in compiled.game.stages].index("election")
    assert compiled.game.schedule.tail[stage] == pytest.approx(0.25, rel=1e-3)  # every fourth period, for ever


@pytest.mark.parametrize(
    ("day", "period"), [("2022-01-01", 0), ("2022-06-30", 0), ("2022-07-01", 1), ("2022-12-31", 1), ("2023-01-01", 2)]
)
def test_the_first_day_of_a_period_belongs_to_it(day: str, period: int) -> None:
    assert applied_in(compiled_of(shock="ended", shock_timing=f"dates: [{day}]"), "shock") == [period]


def test_a_single_date_never_comes_again() -> None:
    compiled = compiled_of(shock="ended", shock_timing="dates: [2022-05-01]")
    assert compiled.game.schedule.tail[[s.name for s in compiled.game.stages].index("shock")] == 0.0


def test_the_holder_of_the_office_moves() -> None:
    compiled = compiled_of()
    state = code(compiled, LIVE)
    assert moves(compiled, "sanctioning", state)["ease"].mover == "dove"
    assert moves(compiled, "sanctioning", code(compiled, LIVE, presidency="hawk"))["ease"].mover == "hawk"
    election = moves(compiled, "election", state)["election"]
    assert election.mover == ""
    assert {level(compiled, c, "presidency"): p for c, p in election.odds.items()} == pytest.approx(
        {"dove": 0.4, "hawk": 0.6}
    )


def test_a_seen_breach_ends_the_deal_surely() -> None:
    compiled = compiled_of(bond=9.0)
    press = moves(compiled, "sanctioning", code(compiled, LIVE, sanctions="eased"))["press"]
    assert press.breaks
    assert press.odds == {code(compiled, ENDED, sanctions="full"): 1.0}
    assert sum(p for (who, _), p in press.prices.items() if who == "dove") == pytest.approx(10.0)
    ease = moves(compiled, "sanctioning", code(compiled, LIVE))["ease"]
    assert not ease.breaks
    assert ease.odds == {code(compiled, LIVE, sanctions="eased"): 1.0}


def test_a_hidden_breach_is_noticed_with_the_odds_of_detection() -> None:
    compiled = compiled_of(hidden=True, detection=0.3, bond=9.0)
    build = moves(compiled, "arming", code(compiled, LIVE, sanctions="eased"))["build"]
    assert build.breaks
    assert build.odds == pytest.approx(
        {
            code(compiled, ENDED, sanctions="full", arms="l2"): 0.3,
            code(compiled, LIVE, sanctions="eased", arms="l2"): 0.7,
        }
    )
    assert sum(p for (who, _), p in build.prices.items() if who == "council") == pytest.approx(0.3 * 9.0)


def test_without_a_deal_the_same_option_is_no_breach() -> None:
    compiled = compiled_of(hidden=True, detection=0.3, bond=9.0)
    build = moves(compiled, "arming", code(compiled, DealLevel("none"), sanctions="eased"))["build"]
    assert not build.breaks
    assert build.odds == {code(compiled, DealLevel("none"), sanctions="eased", arms="l2"): 1.0}
    assert build.prices == {}


def test_a_lottery_and_detection_multiply() -> None:
    compiled = compiled_of(hidden=True, detection=0.3, lottery=True)
    build = moves(compiled, "arming", code(compiled, LIVE))["build"]
    found = {(deal(compiled, c).stage, level(compiled, c, "arms")): p for c, p in build.odds.items()}
    assert found == pytest.approx(
        {("ended", "l2"): 0.21, ("in_force", "l2"): 0.49, ("ended", "l1"): 0.09, ("in_force", "l1"): 0.21}
    )


def test_a_duty_binds_only_where_it_can_be_met() -> None:
    """Draft 1 permits only `reduce`; at the lowest level there is nothing to reduce, so nothing else is a breach."""
    compiled = compiled_of(drafts=2)
    second = DealLevel("in_force", 1, phase=0)
    assert moves(compiled, "arming", code(compiled, second))["wait"].breaks
    lowest = moves(compiled, "arming", code(compiled, second, arms="l0"))
    assert set(lowest) == {"wait", "build"}
    assert not lowest["wait"].breaks
    assert not lowest["build"].breaks


def test_a_phase_binds_to_what_it_says() -> None:
    """South owes nothing before the last phase."""
    compiled = compiled_of(phases=2)
    first, last = DealLevel("phase", 0, phase=0), DealLevel("in_force", 0, phase=1)
    assert not moves(compiled, "arming", code(compiled, first))["build"].breaks
    assert moves(compiled, "arming", code(compiled, last))["build"].breaks


def test_phases_advance_with_their_mean_duration_and_only_when_they_may() -> None:
    compiled = compiled_of(phases=2, lasts="2 years", advance=True)
    first = DealLevel("phase", 0, phase=0)
    assert moves(compiled, "deal clock", code(compiled, first, sanctions="full")) == {}
    here = code(compiled, first, sanctions="eased")
    advance = moves(compiled, "deal clock", here)["advance"]
    assert advance.odds == pytest.approx(
        {code(compiled, DealLevel("in_force", 0, phase=1), sanctions="eased"): 0.25, here: 0.75}
    )


def test_a_dated_sunset_acts_in_its_period_only() -> None:
    compiled = compiled_of(sunset="2023-03-01")
    assert applied_in(compiled, "sunset of draft0") == [2]
    expiry = moves(compiled, "sunset of draft0", code(compiled, LIVE))["expiry"]
    assert expiry.odds == {code(compiled, ENDED): 1.0}


def test_an_open_sunset_falls_with_its_mean() -> None:
    compiled = compiled_of(sunset="{mean: 2 years}")
    expiry = moves(compiled, "deal clock", code(compiled, LIVE))["expiry"]
    assert expiry.odds == pytest.approx({code(compiled, ENDED): 0.25, code(compiled, LIVE): 0.75})


def test_renewal_takes_an_offer_and_an_answer() -> None:
    compiled = compiled_of(sunset="2023-03-01", renewal=True)
    open_ = DealLevel("expiring", 0)
    sides = [s.name for s in compiled.case.sides]
    offered = DealLevel("expiring", 0, side=sides.index("north"))
    assert moves(compiled, "sunset of draft0", code(compiled, LIVE))["expiry"].odds == {code(compiled, open_): 1.0}
    offer = moves(compiled, "diplomacy of north", code(compiled, open_))
    assert offer["offer renewal"].odds == {code(compiled, offered): 1.0}
    assert offer["let it expire"].odds == {code(compiled, open_): 1.0}
    answer = moves(compiled, "answer of south", code(compiled, offered))
    assert answer["renew"].odds == {code(compiled, LIVE): 1.0}
    assert answer["decline renewal"].odds == {code(compiled, ENDED): 1.0}
    assert moves(compiled, "deal clock", code(compiled, open_))["expiry"].odds == {code(compiled, ENDED): 1.0}


def test_suspension_waits_for_the_other_side() -> None:
    compiled = compiled_of(leads_to="suspension")
    sides = [s.name for s in compiled.case.sides]
    suspended = DealLevel("suspended", 0, side=sides.index("north"))
    press = moves(compiled, "sanctioning", code(compiled, LIVE, sanctions="eased"))["press"]
    assert {deal(compiled, c) for c in press.odds} == {suspended}
    here = code(compiled, suspended)
    assert set(moves(compiled, "diplomacy of north", here)) == {"stand by", "withdraw"}
    assert moves(compiled, "diplomacy of south", here)["resume"].odds == {code(compiled, LIVE): 1.0}
    lapse = moves(compiled, "deal clock", here)["lapse"]
    assert lapse.odds == pytest.approx({code(compiled, ENDED): 0.5, here: 0.5})


@pytest.mark.parametrize("leads_to", ["collapse", "suspension"])
def test_linkage_ends_the_deal_when_its_condition_holds(leads_to: str) -> None:
    compiled = compiled_of(linkage=leads_to, hidden=True)
    there = code(compiled, LIVE, arms="l2")
    fall = next(iter(moves(compiled, "linkage", there).values()))
    assert [deal(compiled, c).stage for c in fall.odds] == ["ended" if leads_to == "collapse" else "suspended"]
    assert moves(compiled, "linkage", code(compiled, LIVE)) == {}
    assert "linkage" in fall_label(compiled, there)


def fall_label(compiled: Compiled, state: int) -> str:
    return next(iter(moves(compiled, "linkage", state)))


def test_ratification_takes_its_time_and_its_voters_in_turn() -> None:
    compiled = compiled_of(ratifiers=2, delay="2 years")
    first, second = DealLevel("ratifying", 0, ratifier=0), DealLevel("ratifying", 0, ratifier=1)
    table = moves(compiled, "diplomacy of north", code(compiled, DealLevel("talks")))["table draft0"]
    tabled = next(iter(table.odds))
    assert moves(compiled, "answer of south", tabled)["accept"].odds == {code(compiled, first): 1.0}
    vote = moves(compiled, "ratification 1", code(compiled, first))
    assert vote["approve"].mover == "senate"
    assert vote["approve"].odds == pytest.approx({code(compiled, second): 0.25, code(compiled, first): 0.75})
    assert vote["reject"].odds == pytest.approx({code(compiled, ENDED): 0.25, code(compiled, first): 0.75})
    last = moves(compiled, "ratification 2", code(compiled, second))
    assert last["approve"].mover == "council"
    assert last["approve"].odds == {code(compiled, LIVE): 1.0}


def test_without_ratifiers_a_signed_draft_enters_its_first_phase() -> None:
    compiled = compiled_of(phases=2)
    table = moves(compiled, "diplomacy of south", code(compiled, DealLevel("talks")))["table draft0"]
    tabled = next(iter(table.odds))
    assert deal(compiled, tabled).stage == "tabled"
    answer = moves(compiled, "answer of north", tabled)
    assert [deal(compiled, c) for c in answer["accept"].odds] == [DealLevel("phase", 0, phase=0)]
    assert [deal(compiled, c).stage for c in answer["refuse"].odds] == ["talks"]


def test_leaving_costs_the_side_that_leaves() -> None:
    compiled = compiled_of(exit_price=7.0)
    withdraw = moves(compiled, "diplomacy of south", code(compiled, LIVE))["withdraw"]
    assert withdraw.breaks
    assert withdraw.odds == {code(compiled, ENDED): 1.0}
    assert {who: p for (who, _), p in withdraw.prices.items()} == {"council": 7.0}


def test_talks_cool_off() -> None:
    compiled = compiled_of()
    over = code(compiled, ENDED)
    assert moves(compiled, "diplomacy of north", over) == {}
    cooling = moves(compiled, "deal clock", over)["cooling off"]
    assert cooling.odds == pytest.approx({code(compiled, DealLevel("none")): 0.5, over: 0.5})


def test_seeking_talks_costs_only_whoever_seeks_them() -> None:
    compiled = compiled_of(audience=4.0)
    nothing = DealLevel("none")
    assert moves(compiled, "diplomacy of north", code(compiled, nothing))["seek talks"].mover == "dove"
    hawk = moves(compiled, "diplomacy of north", code(compiled, nothing, presidency="hawk"))["seek talks"]
    assert [p for (who, _), p in hawk.prices.items() if who == "hawk"] == [4.0]
    assert moves(compiled, "diplomacy of south", code(compiled, nothing))["seek talks"].prices == {}


def test_a_ratchet_never_falls_and_stocks_stop_at_their_ends() -> None:
    compiled = compiled_of(ratchet=True)
    state = code(compiled, DealLevel("none"))
    assert moves(compiled, "arming", state)["reduce"].odds == {state: 1.0}
    top = code(compiled, DealLevel("none"), arms="l2")
    assert moves(compiled, "arming", top)["build"].odds == {top: 1.0}


def test_the_drawn_blocks_are_the_parties_and_a_fixed_order_draws_nothing() -> None:
    drawn, fixed = compiled_of(), compiled_of(order="fixed")
    names = [s.name for s in drawn.game.stages]
    assert [[names[i] for i in b] for b in drawn.game.schedule.blocks] == [
        ["diplomacy of north", "answer of south", "sanctioning"],
        ["diplomacy of south", "answer of north", "arming"],
    ]
    assert fixed.game.schedule.blocks == ()
    assert len(fixed.game.schedule.closing) == 6


def test_one_draft_can_be_left_alone_on_the_table() -> None:
    compiled = compiled_of(drafts=2)
    assert compiled.only("draft1") == {"menu of drafts:draft0": 1e9, "menu of drafts:draft1": 0.0}
    table = moves(compiled, "diplomacy of north", code(compiled, DealLevel("talks")))
    assert set(table) == {"talk on", "walk out", "table draft0", "table draft1"}


@pytest.mark.parametrize(
    ("old", "new", "stage", "option"),
    [
        ("effects: {sanctions: full}, price: {south", "effects: {deal: suspended}, price: {south", "arming", "build"),
        (
            "    verification:", "    exit: {south: {effects: {deal: suspended}}}\n    verification:",
            "diplomacy of south", "withdraw",
        ),
    ],
)  # fmt: skip
def test_leaving_ends_the_deal_whatever_its_effects_say(old: str, new: str, stage: str, option: str) -> None:
    compiled = compile_case(parse_text(Sketch().text.replace(old, new), "sketch.yaml"))
    found = moves(compiled, stage, code(compiled, LIVE))[option]
    assert {deal(compiled, c).stage: p for c, p in found.odds.items()} == {"ended": 1.0}
