"""Claims and the lever of access: what they resolve to, how they are written back, what messages say."""

from __future__ import annotations

import math
from pathlib import Path
from typing import get_args

import pytest

from servanda.case import dump, load_text, parse_text, read
from servanda.case.messages import texts_of
from servanda.case.models_claims import ClaimTest as WrittenTest
from servanda.case.resolved import Citation, ResolvedCase
from servanda.case.resolved_claims import RANGES, ClaimQuantity

ROOT = Path(__file__).resolve().parents[2]
SPECIMEN = ROOT / "spec" / "valid" / "claims.yaml"
WORLD = SPECIMEN.read_text("utf-8").partition("claims:")[0]

Bounds = tuple[str, tuple[str, ...], float | None, float | None, int | None]


def bounds_of(case: ResolvedCase, claim: str) -> list[Bounds]:
    (found,) = (each for each in case.claims if each.name == claim)
    return [(test.quantity, test.subject, test.at_least, test.at_most, test.rank) for test in found.tests]


def test_every_quantity_can_be_written_and_has_a_range() -> None:
    assert set(RANGES) == set(get_args(ClaimQuantity))
    assert list(WrittenTest.model_fields) == [*RANGES, "at_least", "at_most", "rank"]
    shown = {test.quantity for claim in read(SPECIMEN).claims for test in claim.tests}
    assert shown == set(RANGES)


def test_tests_of_frictions() -> None:
    case = read(SPECIMEN)
    assert bounds_of(case, "doubt matters") == [
        ("friction", ("deep doubt",), None, None, 1),
        ("friction", ("deep doubt",), 0.03, 1.0, 1),
        ("friction_alone", ("deep doubt",), -0.1, None, None),
        ("friction_log_odds", ("deep doubt",), 2.0, None, None),
        ("smallest_repair", (), 1.0, 1.0, None),
    ]
    assert case.claims[0].text == "Doubt is what stands in the way."
    assert case.claims[0].citation == Citation(("judgement",), "J", "A third of an equal share.")


def test_sides_and_offices_end_a_draft_through_their_actors() -> None:
    ends = [test for test in bounds_of(read(SPECIMEN), "the pact is kept") if test[0] == "ends"]
    assert [subject for _, subject, *_ in ends] == [("pact", "n"), ("pact", "s", "t"), ("pact", "s", "t", "n")]


def test_an_actor_named_twice_counts_once() -> None:
    text = WORLD + "claims: {c: {text: C., finds: {ends: {draft: pact, by: [south, t, palace]}, at_least: 0}}}\n"
    assert bounds_of(parse_text(text), "c")[0][1] == ("pact", "s", "t")


def test_a_single_test_needs_no_list() -> None:
    case = read(SPECIMEN)
    assert bounds_of(case, "aid is paid") == [("question", ("paid",), 1.0, None, None)]
    text = WORLD + "claims: {c: {text: C., finds: {question: paid, at_least: 1}}}\n"
    listed = WORLD + "claims: {c: {text: C., finds: [{question: paid, at_least: 1}]}}\n"
    assert dump(parse_text(text)) == dump(parse_text(listed))


def test_places_are_those_of_the_claim_and_of_each_test() -> None:
    case = read(SPECIMEN)
    lines = SPECIMEN.read_text("utf-8").splitlines()
    claim = case.claims[0]
    assert lines[claim.where.line - 1] == "  doubt matters:"
    assert [lines[test.where.line - 1][test.where.column - 1 :] for test in claim.tests][:2] == [
        "{friction: deep doubt, rank: 1}",
        "{friction: deep doubt, at_least: 0.03, at_most: 1, rank: 1}",
    ]


def test_a_case_without_claims_has_none() -> None:
    assert parse_text(WORLD).claims == ()
    assert "claims" not in dump(parse_text(WORLD))


@pytest.mark.parametrize(
    ("finds", "code", "said"),
    [
        ("{friction: deep dout, at_least: 0}", "unknown-friction", "did you mean `deep doubt`?"),
        ("{ends: {draft: pact, by: sout}, at_least: 0}", "unknown-actor", "did you mean `south`?"),
        ("{frction: deep doubt, at_least: 0}", "unknown-key", "did you mean `friction` or"),
        ("[{frction: deep doubt, at_least: 0}]", "unknown-key", "did you mean `friction` or"),
        ("{smallest_repair: no, at_least: 2}", "claim-unclear", "this one is of none"),
        ("{question: paid, smallest_repair: yes, at_least: 1}", "claim-unclear", "this one is of 2"),
        ("{gate: {draft: pact}, at_least: 0}", "missing-key", "gate: The gate, or `all`"),
        ("[{gate: {draft: pact}, at_least: 0}]", "missing-key", "gate: The gate, or `all`"),
        ("{outcome: none, at_least: 0}", "wrong-type", "`none` is not one of deal, war or neither"),
        ("{ever: neither, at_least: 0}", "wrong-type", "`neither` is not one of deal or war"),
        ("{friction: deep doubt, rank: 0}", "wrong-type", "`0` is not a rank"),
        ("{friction: deep doubt, rank: 1.5}", "wrong-type", "`1.5` is not a rank"),
        ("{friction: deep doubt, rank: [1]}", "wrong-type", "`this` is not a rank"),
        ("{gate: {draft: pact, gate: keep}, at_most: 1.01}", "bound-out-of-range", "it lies between 0 and 1"),
        ("{friction_alone: deep doubt, at_least: -2}", "bound-out-of-range", "it lies between -1 and 1"),
        ("{smallest_repair: yes, at_least: -1}", "bound-out-of-range", "it is 0 or more"),
        ("{ends: {draft: pact, by: e}, at_least: 0}", "not-a-party", "name an actor of north, south"),
        ("{gain: n, at_least: 0}", "unknown-side", "north, south, east"),
        ("{question: paid, at_least: much}", "wrong-type", "`much` is not a number"),
        ("all of it", "wrong-type", "`finds` must be a mapping"),
        ("[]", "too-few", "`finds` needs at least 1"),
    ],
)
def test_messages(finds: str, code: str, said: str) -> None:
    text = WORLD + f"claims:\n  c: {{text: C., source: judgement, finds: {finds}}}\n"
    issues = load_text(text).issues
    assert [issue.code for issue in issues] == [code], texts_of(issues)
    assert said in f"{issues[0].message} {issues[0].hint}"


@pytest.mark.parametrize("finds", ["{friction_log_odds: deep doubt, at_most: -40}", "{gain: north, at_least: -500}"])
def test_quantities_without_a_range_take_any_bound(finds: str) -> None:
    text = WORLD + f"claims:\n  c: {{text: C., source: judgement, finds: {finds}}}\n"
    (test,) = parse_text(text).claims[0].tests
    assert RANGES[test.quantity] == (-math.inf, math.inf)


def test_a_side_without_actors_ends_nothing() -> None:
    text = WORLD.replace("  east: {}\n", "  east: {}\n  west: {}\n")
    text += "claims: {c: {text: C., finds: {ends: {draft: pact, by: west}, at_least: 0}}}\n"
    (issue,) = load_text(text).issues
    assert (issue.code, issue.message) == ("unknown-actor", "the side `west` has no actors")


def test_a_friction_that_could_not_be_read_is_no_second_error() -> None:
    text = WORLD.replace("{off: {doubt: 0}", "{of: {doubt: 0}")
    text += "claims: {c: {text: C., finds: {friction: deep doubt, rank: 1}}}\n"
    assert {issue.code for issue in load_text(text).issues} == {"unknown-key", "missing-key"}


def test_access_belongs_to_one_lever() -> None:
    case = read(ROOT / "spec" / "valid" / "frictions-and-levers.yaml")
    assert [(lever.name, lever.sets, lever.access) for lever in case.levers] == [
        ("how much", "share", None),
        ("any", "share", None),
        ("how deep", "depth", (0.0, 1.5)),
    ]


def test_the_founding_case_states_fourteen_claims_and_sweeps_access() -> None:
    case = read(ROOT / "cases" / "us-iran")
    assert len(case.claims) == 14
    assert all(claim.citation.note for claim in case.claims)
    tested = {test.subject[0] for claim in case.claims for test in claim.tests if test.quantity == "friction"}
    assert tested == {friction.name for friction in case.frictions}
    (lever,) = (lever for lever in case.levers if lever.access is not None)
    assert (lever.name, lever.sets, lever.access) == ("inspection", "extra_access", (-1.0, 0.2))
