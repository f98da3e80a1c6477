"""Resolving: shorthand is written out, defaults are filled, and a resolved case resolves to itself."""

from __future__ import annotations

import math
from dataclasses import fields, is_dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from servanda.case import dump, load_text, parse_text, read
from servanda.case.expression import NEVER, Binary, Is, Number, Parameter
from servanda.case.resolved import Change, Citation, DealStart, Modelling, Outcome, QuestionBenchmark, Timing
from servanda.errors import NOWHERE, CaseError, Location

ROOT = Path(__file__).resolve().parents[2]
FILES = [*sorted((ROOT / "spec" / "valid").glob("*.yaml")), *sorted((ROOT / "cases").rglob("case.yaml"))]


def without_places(part: Any) -> Any:
    """The same record with every place and file name emptied."""
    if isinstance(part, Location):
        return NOWHERE
    if isinstance(part, tuple):
        return tuple(without_places(each) for each in part)
    if is_dataclass(part):
        values = {each.name: without_places(getattr(part, each.name)) for each in fields(part)}
        return type(part)(**{**values, **({"file": ""} if "file" in values else {})})
    return part


def test_places_do_not_hide_differences() -> None:
    assert without_places(Outcome(None, (Change("a", "b"),))) != without_places(Outcome(None, (Change("a", "c"),)))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem if path.stem != "case" else path.parent.name)
def test_resolving_twice_changes_nothing(path: Path) -> None:
    case = read(path)
    assert without_places(parse_text(dump(case))) == without_places(case)


def test_the_minimal_case_resolves_as_its_author_means_it() -> None:
    case = read(ROOT / "spec" / "valid" / "minimal.yaml")
    assert (case.period_months, case.periods, case.as_of) == (6, 8, date(2022, 2, 1))
    assert [(side.name, side.party, side.led_by) for side in case.sides] == [
        ("north", True, "presidency"),
        ("south", True, "council"),
    ]
    (election,) = case.chance
    assert election.timing == Timing("dates", (date(2024, 11, 5),))
    assert [outcome.effects for outcome in election.outcomes] == [
        (Change("presidency", "dove"),),
        (Change("presidency", "hawk"),),
    ]
    assert election.outcomes[1].odds is not None
    assert election.outcomes[1].odds.node == Binary("-", Number(1.0), Parameter("dove_wins"))
    sanctioning, enrichment = case.decisions
    assert (sanctioning.by, enrichment.by) == ("presidency", "council")
    press = sanctioning.options[1]
    assert [(price.actor, price.term, price.worth.text) for price in press.prices] == [
        ("dove", "cost of enforcement", "1"),
        ("hawk", "cost of enforcement", "1"),
    ]
    (freeze,) = case.drafts
    assert freeze.proposers == ("north", "south")
    assert [(duty.side, duty.decision, duty.permitted) for duty in freeze.phases[0].owes] == [
        ("north", "sanctioning", ("ease",)),
        ("south", "enrichment", ("reduce",)),
    ]
    assert math.isinf(freeze.phases[0].lasts)
    assert freeze.detection.node == Number(1.0)
    assert [exit_.side for exit_ in freeze.exits] == ["north", "south"]
    assert case.protocol.cooling_off == 0.5
    assert case.war is not None
    assert case.questions[0].holds.node == Is("deal", ("phase", "in_force"))
    assert case.parameters[1].number.arguments == (10.0, 30.0, 40.0)
    assert case.actors[0].citation.grade == "J"
    assert case.evidence[0].citation.grade == "M"


def test_growth_and_decay_become_chance_events() -> None:
    case = read(ROOT / "spec" / "valid" / "stock.yaml")
    grows, decays = case.chance
    assert (grows.name, grows.timing.kind, grows.outcomes[0].effects) == (
        "tension grows",
        "rate",
        (Change("tension", "", 1),),
    )
    assert grows.when is not None
    assert grows.when.node == Is("aid", ("stopped",))
    assert (decays.name, decays.outcomes[0].effects) == ("tension decays", (Change("tension", "", -1),))
    assert decays.citation.sources == ("judgement",)


def test_regular_dates_are_those_of_the_periods_modelled() -> None:
    case = read(ROOT / "spec" / "valid" / "office.yaml")
    assert case.chance[0].timing.dates == (date(2023, 6, 1), date(2025, 6, 1))


def test_prices_without_a_name_are_called_after_what_costs() -> None:
    case = read(ROOT / "spec" / "valid" / "chance.yaml")
    assert [(price.actor, price.term) for price in case.chance[2].prices] == [("n", "damage"), ("s", "price of storm")]


def test_steps_count_levels() -> None:
    case = read(ROOT / "spec" / "valid" / "ratchet.yaml")
    assert case.chance[0].outcomes == (Outcome(None, (Change("tension", "", 2),), case.chance[0].outcomes[0].where),)


def test_all_errors_come_at_once() -> None:
    text = (ROOT / "spec" / "valid" / "minimal.yaml").read_text("utf-8")
    broken = (
        text.replace("kind: condition", "kind: conditoin")
        .replace("effects: {fuel: down}", "effects: {feul: down}")
        .replace("worth: -pain", "worth: -pian")
        .replace("horizon: 4 years", "horizn: 4 years")
    )
    found = {issue.code for issue in load_text(broken).issues}
    assert found == {"unknown-kind", "unknown-variable", "unknown-parameter", "unknown-key", "missing-key"}


def test_what_is_unreadable_is_no_second_error() -> None:
    text = (ROOT / "spec" / "valid" / "minimal.yaml").read_text("utf-8")
    broken = text.replace("levels: [low, middle, high]", "levels: low")
    assert [issue.code for issue in load_text(broken).issues] == ["wrong-type"]


def test_the_error_carries_every_issue_and_counts_them() -> None:
    with pytest.raises(CaseError) as refused:
        parse_text("case: A b\ntitle: x\n", "c.yaml")
    assert refused.value.exit_code == 2
    assert str(refused.value) == "c.yaml: 7 errors; the first: the case needs `start` (line 1)"
    assert [issue.code for issue in refused.value.issues].count("missing-key") == 6


def long_case(lines: int) -> str:
    text = (ROOT / "spec" / "valid" / "minimal.yaml").read_text("utf-8")
    terms = "".join(
        f"    term {at}:\n"
        f"      worth: {at}.5 * pain + max(fuel, {at})\n"
        f"      when: fuel > low and sanctions is full or date > 2023-01-{at % 28 + 1:02d}\n"
        f"      source: judgement\n"
        for at in range(lines // 4)
    )
    return text.replace("  council:\n    sanctions:", f"  council:\n{terms}    sanctions:")


def test_two_thousand_lines_are_read_without_an_issue() -> None:
    text = long_case(2_000)
    assert text.count("\n") > 2_000
    assert load_text(text).issues == ()


def test_observations_are_named_titled_and_trusted_by_their_grade() -> None:
    case = read(ROOT / "spec" / "valid" / "history.yaml").history
    assert case is not None
    assert [(seen.kind, seen.name, seen.what, seen.phase, seen.reliability) for seen in case.evidence] == [
        ("variable", "tension", "middle", "", 0.85),
        ("deal", "talks", "", "", 0.85),
        ("deal", "in_force", "old", "", 0.85),
        ("decision", "paying", "stop", "", 0.95),
        ("deal", "phase", "pact", "first", 0.85),
    ]
    assert [seen.title for seen in case.evidence] == [
        "2018-06-01: tension is middle",
        "2018-06-01: the deal is in talks",
        "2019-06-01: the deal is in force: old",
        "2020-02-01: paying: stop",
        "2022-06-01: the deal is first: pact",
    ]
    assert case.evidence[3].key == "aid stops"


def evidence_text(*lines: str) -> str:
    text = (ROOT / "spec" / "valid" / "minimal.yaml").read_text("utf-8")
    return text[: text.index("evidence:")] + "evidence:\n" + "".join(f"  - {{date: 2022-02-01, {x}}}\n" for x in lines)


def test_default_names_of_observations_are_made_unique() -> None:
    case = parse_text(
        evidence_text(
            "variable: fuel, level: low, source: judgement",
            "variable: fuel, level: low, source: judgement, grade: J:A",
            "variable: fuel, level: high, source: judgement, name: 2022-02-01 fuel low (2)",
        )
    )
    assert [seen.key for seen in case.evidence] == [
        "2022-02-01 fuel low",
        "2022-02-01 fuel low (3)",
        "2022-02-01 fuel low (2)",
    ]


@pytest.mark.parametrize(("grade", "reliability"), [("A", 0.99), ("B", 0.97), ("C", 0.9), ("M", 0.9)])
def test_the_grade_of_the_best_source_decides_how_far_to_trust(grade: str, reliability: float) -> None:
    text = evidence_text("variable: fuel, level: low, source: Report")
    text = text.replace("\nsources:\n", f"\nsources:\n  Report: {{title: A report, grade: {grade}}}\n", 1)
    assert parse_text(text).evidence[0].reliability == reliability


@pytest.mark.parametrize(
    ("written", "stand"),
    [
        ("{deal: none}", DealStart()),
        ("{deal: talks}", DealStart("talks")),
        ("{deal: suspended, draft: pact}", DealStart("suspended", "pact")),
        ("{deal: phase, draft: pact}", DealStart("phase", "pact", "first")),
        ("{deal: in_force, draft: pact}", DealStart("in_force", "pact")),
        ("{deal: in_force, draft: pact, phase: first}", DealStart("phase", "pact", "first")),
        ("{deal: phase, draft: pact, phase: full}", DealStart("in_force", "pact")),
    ],
)
def test_where_the_deal_starts(written: str, stand: DealStart) -> None:
    text = (ROOT / "spec" / "valid" / "history.yaml").read_text("utf-8")
    case = parse_text(text.replace("start: {deal: phase, draft: pact, phase: first}", f"start: {written}"))
    assert case.protocol.start == stand


def test_a_question_outside_the_model_never_holds_and_says_why() -> None:
    case = read(ROOT / "spec" / "valid" / "history.yaml")
    assert case.questions[0].benchmark == QuestionBenchmark(0.7, Citation(("judgement",), "J"))
    assert case.history is not None
    outside = case.history.questions[2]
    assert (outside.outside, outside.holds, outside.asked) == ("no market is modelled", NEVER, date(2019, 1, 1))


def test_correlations_and_choices_of_the_model() -> None:
    case = read(ROOT / "spec" / "valid" / "correlations.yaml")
    assert [(group.parameters, group.value) for group in case.correlations] == [(("a", "b"), 0.5), (("b", "c"), -0.25)]
    assert case.modelling.terminal == (("stationary", 0.75), ("settled", 0.25))
    assert case.modelling.order == (("drawn", 2 / 3), ("fixed", 1 / 3))
    assert parse_text(dump(case)).modelling == case.modelling


def test_choices_of_the_model_are_certain_unless_written() -> None:
    assert read(ROOT / "spec" / "valid" / "protocol.yaml").modelling.order == (("fixed", 1.0),)
    assert read(ROOT / "spec" / "valid" / "minimal.yaml").modelling == Modelling()


def test_learning_begins_at_the_start_unless_written() -> None:
    case = read(ROOT / "spec" / "valid" / "minimal.yaml")
    assert case.learn_from == case.start
