"""Further ways to break each rule, as edits of the minimal case; values of constants and of structural conditions."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import pytest

from servanda.case import load_text
from servanda.case.binding import NOT_READ
from servanda.case.check_sources import literal_numbers
from servanda.case.constants import constants_of, value_of
from servanda.case.expression import Expression
from servanda.case.grammar import Names, VariableNames, parse
from servanda.case.messages import texts_of
from servanda.case.resolved import Variable
from servanda.case.structural import assignments, holds

MINIMAL = (Path(__file__).resolve().parents[2] / "spec" / "valid" / "minimal.yaml").read_text("utf-8")
ELECTION = MINIMAL[MINIMAL.index("    every: {years: 4") : MINIMAL.index("\ndecisions:")]


def edited(old: str, new: str) -> list[tuple[str, int]]:
    assert MINIMAL.count(old) == 1, f"{old!r} stands {MINIMAL.count(old)} times"
    return [(issue.code, issue.where.line) for issue in load_text(MINIMAL.replace(old, new)).issues]


def line_of(text: str) -> int:
    return MINIMAL[: MINIMAL.index(text)].count("\n") + 1


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("    by: south\n", "    by: fuel\n", "unknown-actor"),
        ("levels: [low, middle, high]", "levels: [low, middle, if]", "reserved-name"),
        ("seek_price: {hawk:", "seek_price: {hwak:", "unknown-actor"),
        ("seek_price: {hawk: {audience at home: 2}}", "seek_price: {hawk: [2]}", "wrong-type"),
        ("terms: {relief: 0.8}", "terms: {relief: fuel}", "state-in-constant"),
        ("terms: {relief: 0.8}", "terms: {relief: draft.relief}", "state-in-constant"),
        ("effects: {fuel: up}", "effects: {deal: signed}", "unknown-level"),
        ("effects: {fuel: up}", "effects: {fuel: sideways}", "unknown-level"),
        ("effects: {fuel: up}", "effects: {fuel: up 0}", "unknown-level"),
        ("years: 4, from", "years: 0.01, from", "bad-duration"),
        ("years: 4, from", "years: -1, from", "wrong-type"),
        ("years: 4, from", "years: 1e308, from", "wrong-type"),
        ("variable: presidency", "variable: fuel", "holders-without-office"),
        ("variable: presidency", "variable: presidncy", "unknown-variable"),
        ("holders: {dove: dove_wins, hawk:", "holders: {dove: dove_wins, council:", "unknown-level"),
        ("holders: [dove, hawk], start", "holders: [dove, hawk, hwak], start", "unknown-actor"),
        ("must_not: [enrich]", "must_not: [enrch]", "unknown-option"),
        ("owes:\n          north:", "owes:\n          nrth:", "unknown-side"),
        ("south: {leads_to: collapse, effects", "south: {leads_to: war, effects", "wrong-type"),
        ("variable: fuel, level: middle", "variable: fule, level: middle", "unknown-variable"),
        ("variable: fuel, level: middle", "variable: fuel, level: midle", "unknown-level"),
        ("variable: fuel, level: middle", "decision: enrichment, option: rest", "unknown-option"),
        ("variable: fuel, level: middle", "variable: fuel", "evidence-unclear"),
        ("at: 2024-07-01", "at: 2024-07-01, by: 2024-07-01", "question-timing"),
        ("title: Fuel for relief", "title: '  '", "null-value"),
        ("unit: kg\n    start: middle", "unit: [kg]\n    start: middle", "wrong-type"),
        ("values: [0, 50, 100]", "values: [0, fifty, 100]", "wrong-type"),
        ("period: half-year", "period: 0 months", "bad-period"),
        ("horizon: 4 years", "horizon: later", "bad-horizon"),
        ("horizon: 4 years", "horizon: 2021-01-01", "bad-horizon"),
        ("{dove_wins: 1}", "{dove_wins: fuel}", "state-in-constant"),
        ("turnover: {", "turn\u200bover: {", "bad-name"),
        ("form: executive\n", "form: exec\n", "unknown-form"),
        ("grade: M}", "grade: Z}", "wrong-type"),
    ],
)
def test_an_edit_shows_its_rule_and_nothing_else(old: str, new: str, code: str) -> None:
    at = line_of(old) + new[: len(new) - len(new.lstrip())].count("\n")
    found = edited(old, new)
    assert [each for each, _ in found if each not in ("unused-parameter", "unsourced")] == [code]
    assert any(at <= line <= at + old.count("\n") for _, line in found)


@pytest.mark.parametrize(
    ("event", "codes"),
    [
        ("    dates: [2023-01-01]\n    variable: fuel\n    effects: {fuel: up}\n", ["holders-without-office"]),
        ("    rate: 1\n    variable: presidency\n    holders: {dove: 1}\n    effects: {}\n", ["effects-and-outcomes"]),
        ("    rate: -1\n    odds: 2\n    effects: {fuel: up}\n", ["negative-rate", "two-timings"]),
        ("    odds: if fuel is high then 2 else 0\n    effects: {}\n", ["probability-out-of-range"]),
        ("    outcomes: [{odds: 0.7, effects: {}}, {odds: 0.7, effects: {}}, {effects: {}}]\n", ["odds-do-not-add-up"]),
        ("    outcomes: []\n", ["too-few"]),
    ],
)
def test_chance_events(event: str, codes: list[str]) -> None:
    issues = load_text(MINIMAL.replace(ELECTION, event)).issues
    assert [issue.code for issue in issues if issue.severity == "error"] == codes, texts_of(issues)


def test_growth_of_the_same_name_as_an_event_is_refused() -> None:
    text = MINIMAL.replace("    unit: kg\n", "    unit: kg\n    growth: {rate: 1}\n", 1)
    assert load_text(text).issues == ()
    again = text.replace("chance:\n", "chance:\n  fuel grows: {effects: {fuel: up}}\n")
    assert [issue.code for issue in load_text(again).issues] == ["name-twice"]


def test_a_side_may_have_the_name_of_its_only_actor() -> None:
    text = MINIMAL.replace("  south: {party: yes, led_by: council}", "  council: {party: yes, led_by: council}")
    text = (
        text.replace("side: south", "side: council").replace("south:", "council:").replace("by: south", "by: council")
    )
    assert texts_of(load_text(text).issues) == ""


def test_a_side_may_not_have_the_name_of_another_actor() -> None:
    text = MINIMAL.replace("  south: {party: yes", "  hawk: {party: yes").replace("side: south", "side: hawk")
    text = text.replace("by: south", "by: council").replace("          south:", "          hawk:")
    text = text.replace("      south: {leads_to", "      hawk: {leads_to")
    assert [issue.code for issue in load_text(text).issues] == ["name-twice"]


def test_expected_probabilities_lie_between_0_and_1() -> None:
    text = MINIMAL + "expect:\n  - {quantity: keep(freeze), between: [0, 50]}\n"
    (issue,) = load_text(text).issues
    assert (issue.code, issue.shown) == (
        "probability-out-of-range",
        "  - {quantity: keep(freeze), between: [0, 50]}",
    )


def test_the_default_discount_needs_no_source_but_a_written_one_does() -> None:
    text = MINIMAL.replace("decisiveness: 20, source: judgement}\n  hawk", "discount: 0.05, decisiveness: 1}\n  hawk")
    assert [issue.code for issue in load_text(text).issues] == ["unsourced"]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("2.5 * x1 + 1 - .25", ["2.5", ".25"]), ("date < 2024-11-05", []), ("1e-3 + a_2 - 0.0", ["1e-3"])],
)
def test_literal_numbers(text: str, numbers: list[str]) -> None:
    assert literal_numbers(text) == numbers


NAMES = Names(
    parameters={"a"},
    variables={"fuel": VariableNames("stock", ("low", "high")), "mood": VariableNames("condition", ("x", "y", "z"))},
    drafts=("pact",),
)
VARIABLES: Mapping[str, Variable] = {
    "fuel": Variable("fuel", "stock", "fuel", ("low", "high"), "low", (5.0, 10.0)),
    "mood": Variable("mood", "condition", "mood", ("x", "y", "z"), "x", (0.0, 1.0, 2.0)),
}


def bound(text: str, wanted: str = "number") -> Expression:
    node, faults = parse(text, NAMES, wanted=wanted)
    assert faults == ()
    return Expression(text, node or NOT_READ)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + a * -2", -5.0),
        ("min(a, 2) + max(a, 5) - abs(-1) + exp(0)", 7.0),
        ("if a > 2 and not a == 4 or a <= 0 then 1 else 2", 1.0),
        ("if a < 3 or a != 3 then 1 else a / 2", 1.5),
        ("if a >= 3 then exp(1000) else 0", math.inf),
        ("fuel + 1", None),
        ("max(1, fuel)", None),
        ("if fuel > 2 then 1 else 1", None),
        ("-phase", None),
    ],
)
def test_values_of_constants(text: str, value: float | None) -> None:
    assert value_of(bound(text).node, {"a": 3.0}) == value


def test_a_division_by_zero_has_no_value_and_what_was_not_read_is_not_constant() -> None:
    assert math.isnan(value_of(bound("a / (a - 3)").node, {"a": 3.0}) or 0.0)
    assert value_of(NOT_READ, {}) is None
    assert list(constants_of(bound("if fuel > 2 then a else if mood is x then 1 else fuel"), {"a": 3.0})) == [3.0, 1.0]


@pytest.mark.parametrize(
    ("text", "draft", "found"),
    [
        ("fuel is low", "", [True, False]),
        ("fuel >= high", "", [False, True]),
        ("fuel > 5", "", [False, True]),
        ("fuel < 5 or fuel <= low", "", [True, False]),
        ("fuel == 5 and fuel != high", "", [True, False]),
        ("if fuel is low then 1 > 2 else 2 > 1", "", [False, True]),
        ("fuel + 1 > 2", "", [None, None]),
        ("-fuel < -7", "", [False, True]),
        ("phase > 1 and fuel is low", "", [None, False]),
        ("phase > 1 or fuel is low", "", [True, None]),
        ("not deal is live and fuel is low", "", [None, False]),
        ("not deal is live and fuel is low", "pact", [False, False]),
        ("deal is in_force and fuel is low", "pact", [None, False]),
        ("draft is pact and fuel is low", "pact", [True, False]),
        ("draft is none or fuel is low", "pact", [True, False]),
    ],
)
def test_structural_conditions_in_both_states(text: str, draft: str, found: list[bool | None]) -> None:
    condition = bound(text, "condition")
    states = assignments([condition, None], VARIABLES)
    assert states is not None
    assert [holds(condition, state, VARIABLES, draft) for state in states] == found


def test_too_many_states_are_not_tried() -> None:
    many = {f"v{at}": Variable(f"v{at}", "condition", "", ("x", "y"), "x", (0.0, 1.0)) for at in range(13)}
    names = Names(variables={name: VariableNames("condition", ("x", "y")) for name in many})
    node, _ = parse(" and ".join(f"{name} is x" for name in many), names, wanted="condition")
    assert node is not None
    assert assignments([Expression("", node)], many) is None
