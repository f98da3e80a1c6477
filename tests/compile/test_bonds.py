"""Bonds compiled in: what they charge, to whom, and that they change nothing while they are zero."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings

from servanda.compile import Compiled, compile_case
from servanda.compile.bonds import bond_parameter, bound_parameter
from servanda.compile.deal_rules import OFF_THE_TABLE
from servanda.compile.layout import DealLevel
from servanda.diagnosis.headlines import Headlines
from servanda.diagnosis.trials import Trials
from servanda.errors import CaseError
from tests.reading import code, stage_index
from tests.sketches import Sketch, sketches

LIVE = DealLevel("in_force", 0, phase=0)
NORTH, SOUTH = bond_parameter("north"), bond_parameter("south")


def bonded_of(**changes: object) -> Compiled:
    return compile_case(replace(Sketch(), **changes).case, bonds=True)


def dearer(compiled: Compiled, stage: str, state: int, overrides: dict[str, float]) -> dict[str, dict[str, float]]:
    """What each option of a stage in a state costs each actor more under these overrides."""
    index = stage_index(compiled, stage)
    game, rows = compiled.game, compiled.game.stages[index]
    table = compiled.numbers([{}, overrides]).coefficient
    change = table[:, 1] - table[:, 0]
    row = int(np.flatnonzero(rows.state == compiled.states_with(state))[0])
    found: dict[str, dict[str, float]] = {}
    for o in range(rows.option_start[row], rows.option_start[row + 1]):
        paid: dict[str, float] = {}
        for j in range(rows.price_start[o], rows.price_start[o + 1]):
            extra = float(change[rows.price_coefficient[j]])
            if extra:
                actor = game.labels.actors[rows.price_actor[j]]
                paid[actor] = paid.get(actor, 0.0) + extra
        found[game.labels.options[rows.label[o]]] = paid
    return found


@given(sketches())
@settings(max_examples=25)
def test_bonds_of_zero_change_no_headline_number(sketch: Sketch) -> None:
    case = sketch.case
    for d in range(sketch.drafts):
        found, plain = (
            Trials(compile_case(case, menu=[f"draft{d}"], bonds=bonds), d, window=4).run([{}, {"pain": 7.0}])
            for bonds in (True, False)
        )
        for f in fields(Headlines):
            np.testing.assert_allclose(getattr(found, f.name), getattr(plain, f.name), rtol=1e-12, atol=1e-12)


@given(sketches())
@settings(max_examples=25)
def test_only_prices_are_added_and_exactly_where_a_party_breaks_or_leaves(sketch: Sketch) -> None:
    case = sketch.case
    plain, bonded = compile_case(case), compile_case(case, bonds=True)
    np.testing.assert_array_equal(plain.codes, bonded.codes)
    change = np.diff(bonded.numbers([{}, {NORTH: 3.0, SOUTH: 3.0}]).coefficient, axis=1)[:, 0]
    for index, (rule, one, two) in enumerate(zip(plain.rules, plain.game.stages, bonded.game.stages, strict=True)):
        for name in ("state", "mover", "option_start", "label", "outcome_start", "outcome_state"):
            np.testing.assert_array_equal(getattr(one, name), getattr(two, name), err_msg=name)
        np.testing.assert_array_equal(plain.breaks[index], bonded.breaks[index])
        named = np.array([bonded.game.terms[t].name for t in two.price_term], dtype=object) == "bond"
        charged = np.zeros(two.options, dtype=bool)
        charged[two.option_of_price[named]] = True
        party = rule.side in ("north", "south")
        np.testing.assert_array_equal(charged, plain.breaks[index] & party)
        if sketch.detection > 0.0:
            assert (change[two.price_coefficient[named]] > 0.0).all()


def test_the_default_knows_no_hidden_parameter() -> None:
    plain, bonded = compile_case(Sketch().case), bonded_of()
    hidden = {NORTH, SOUTH, bound_parameter("north"), bound_parameter("south")}
    assert hidden.isdisjoint(plain.central)
    assert set(bonded.central) - set(plain.central) == hidden
    assert all(bonded.central[name] == 0.0 for name in hidden)
    assert (plain.bonded, bonded.bonded) == ((), ("north", "south"))
    with pytest.raises(CaseError) as caught:
        plain.numbers([{NORTH: 1.0}])
    assert caught.value.issues[0].code == "unknown-parameter"
    assert "bond of north" in caught.value.issues[0].message


def test_an_open_breach_costs_every_actor_of_the_side_the_bond() -> None:
    compiled = bonded_of()
    here = code(compiled, LIVE, sanctions="eased")
    cost = dearer(compiled, "sanctioning", here, {NORTH: 7.0, SOUTH: 100.0})
    assert cost == {"ease": {}, "press": {"dove": 7.0, "hawk": 7.0, "senate": 7.0}}
    after = code(compiled, LIVE, sanctions="eased", presidency="hawk")
    assert dearer(compiled, "sanctioning", after, {NORTH: 7.0})["press"] == cost["press"]


def test_a_hidden_breach_costs_the_bond_with_the_odds_of_being_noticed() -> None:
    compiled = bonded_of(hidden=True, detection=0.3)
    cost = dearer(compiled, "arming", code(compiled, LIVE), {SOUTH: 10.0})
    assert cost["build"] == pytest.approx({"council": 3.0})
    assert cost["wait"] == cost["reduce"] == {}


def test_the_bound_is_charged_to_the_mover_alone_noticed_or_not() -> None:
    compiled = bonded_of(hidden=True, detection=0.3)
    by = {bound_parameter("north"): 5.0, bound_parameter("south"): 8.0}
    assert dearer(compiled, "arming", code(compiled, LIVE), by)["build"] == {"council": 8.0}
    for holder in ("dove", "hawk"):
        here = code(compiled, LIVE, sanctions="eased", presidency=holder)
        assert dearer(compiled, "sanctioning", here, by) == {"ease": {}, "press": {holder: 5.0}}


def test_leaving_costs_the_bond_while_the_deal_lives_or_is_suspended_and_never_else() -> None:
    compiled = bonded_of(leads_to="suspension", ratifiers=1)
    sides = [s.name for s in compiled.case.sides]
    places = [LIVE, *(DealLevel("suspended", 0, side=sides.index(s)) for s in sides)]
    for place in places:
        cost = dearer(compiled, "diplomacy of south", code(compiled, place), {SOUTH: 4.0, NORTH: 9.0})
        assert cost["withdraw"] == {"council": 4.0}
        assert not any(paid for option, paid in cost.items() if option != "withdraw")
    waiting = code(compiled, DealLevel("ratifying", 0, ratifier=0))
    assert dearer(compiled, "diplomacy of south", waiting, {SOUTH: 4.0})["withdraw signature"] == {}
    nothing = code(compiled, DealLevel("none"))
    assert dearer(compiled, "arming", nothing, {SOUTH: 4.0}) == {"reduce": {}, "wait": {}, "build": {}}


def test_a_side_outside_the_deal_posts_no_bond() -> None:
    compiled = bonded_of(spoiler="ended")
    assert bond_parameter("outside") not in compiled.central
    assert dearer(compiled, "spoiling", code(compiled, LIVE), {NORTH: 4.0, SOUTH: 4.0}) == {"watch": {}, "raid": {}}


@given(sketches())
@settings(max_examples=15)
def test_who_is_bound_neither_breaks_nor_leaves(sketch: Sketch) -> None:
    spoiler = "ended" if sketch.spoiler else ""
    case = replace(sketch, linkage="", shock="", spoiler=spoiler).case
    compiled = compile_case(case, menu=["draft0"], bonds=True)
    never = {bound_parameter(side): OFF_THE_TABLE for side in compiled.bonded}
    found = Trials(compiled, 0, window=4).run([never])
    outside = 0.0 if not spoiler else float(found.ended_by[2, 0])
    assert found.ended_by[:2, 0].tolist() == [0.0, 0.0]
    assert found.keep[0] == pytest.approx(1.0 - outside, abs=1e-9)
