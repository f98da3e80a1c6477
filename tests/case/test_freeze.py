"""Freezing: the case as it stood on a day, with the drafts and the knowledge of that day and nothing later."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servanda.case import dump, parse_text, read
from servanda.case.expression import Number, walk
from servanda.case.facts import Facts
from servanda.case.freeze import first_known, freeze
from servanda.case.reader import read_text
from servanda.case.resolved import DealStart, ResolvedCase
from servanda.compile import compile_case
from servanda.errors import CaseError

ROOT = Path(__file__).resolve().parents[2]
PLAIN = [*sorted((ROOT / "spec" / "valid").glob("*.yaml")), *sorted((ROOT / "cases" / "theory").rglob("case.yaml"))]
PLAIN = [path for path in PLAIN if path.stem != "history"]
TEXT = (ROOT / "spec" / "valid" / "history.yaml").read_text("utf-8")
CASE = parse_text(TEXT)
SOMEDAY = date(2019, 6, 1)


def names(case: ResolvedCase) -> tuple[list[str], list[str], list[str]]:
    """Drafts, questions and evidence."""
    return [x.name for x in case.drafts], [x.name for x in case.questions], [x.key for x in case.evidence]


def start_of(case: ResolvedCase) -> dict[str, str]:
    return {variable.name: variable.start for variable in case.variables}


@pytest.mark.parametrize("path", PLAIN, ids=lambda path: path.stem if path.stem != "case" else path.parent.name)
def test_a_case_without_history_is_its_own_freeze(path: Path) -> None:
    case = read(path)
    frozen = freeze(case, case.as_of)
    assert frozen.case is case
    assert case.history is None
    assert frozen.assumed == ()


def test_a_case_is_read_as_it_stands_on_its_own_date() -> None:
    assert names(CASE) == (["pact"], ["calm"], ["2022-06-01 deal phase pact first"])
    assert (CASE.start, CASE.as_of, CASE.learn_from, CASE.periods) == (
        date(2022, 1, 1),
        date(2022, 7, 1),
        date(2020, 1, 1),
        4,
    )
    assert CASE.chance[0].timing.dates == tuple(date(year, 3, 1) for year in range(2022, 2026))
    assert CASE.protocol.start == DealStart("phase", "pact", "first")
    assert CASE.history is not None
    assert names(CASE.history) == (
        ["pact", "old"],
        ["calm", "old treaty", "price of oil"],
        [
            "2018-06-01 tension middle",
            "2018-06-01 deal talks",
            "2019-06-01 deal in_force old",
            "aid stops",
            "2022-06-01 deal phase pact first",
        ],
    )
    assert first_known(CASE) == date(2018, 6, 1)
    # a case frozen on the first day may start up to a period earlier
    assert CASE.history.chance[0].timing.dates[0] == date(2018, 3, 1)


def test_freezing_again_on_the_own_date_changes_nothing() -> None:
    again = freeze(CASE, CASE.as_of)
    assert again.case == CASE
    assert again.case.history is CASE.history
    assert freeze(again.case, date(2019, 1, 1)).case == freeze(CASE, date(2019, 1, 1)).case


def test_a_frozen_case_has_the_knowledge_of_its_day() -> None:
    frozen = freeze(CASE, date(2019, 1, 1))
    case = frozen.case
    assert names(case) == (["old"], ["old treaty", "price of oil"], [])
    assert (case.start, case.as_of, case.learn_from, case.periods) == (date(2019, 1, 1),) * 3 + (4,)
    assert start_of(case) == {"tension": "middle", "aid": "paid"}
    assert frozen.assumed == ("aid",)
    assert case.protocol.start == DealStart("talks")
    assert frozen.state == (("tension", "middle"), ("aid", "paid"), ("deal", "talks"))
    assert case.chance[0].timing.dates == tuple(date(year, 3, 1) for year in range(2019, 2023))
    assert case.questions[1].outside == "no market is modelled"


def test_a_frozen_case_learns_from_a_whole_number_of_periods_earlier() -> None:
    case = freeze(CASE, SOMEDAY, learn_from=date(2018, 6, 1)).case
    assert (case.start, case.as_of, case.learn_from, case.periods) == (
        date(2018, 6, 1),
        SOMEDAY,
        date(2018, 6, 1),
        5,
    )
    # what was seen on the day it starts has become the state
    assert names(case)[2] == ["2019-06-01 deal in_force old"]
    assert case.protocol.start == DealStart("talks")
    assert start_of(case)["tension"] == "middle"


def test_evidence_is_never_read_twice() -> None:
    """A day that is no whole number of periods back is moved forward, not back into what an earlier day has learnt."""
    case = freeze(CASE, SOMEDAY, learn_from=date(2018, 8, 1)).case
    assert (case.start, case.periods) == (SOMEDAY, 4)


def test_on_its_own_date_a_case_learns_from_the_declared_date() -> None:
    frozen = freeze(CASE, CASE.as_of, learn_from=CASE.learn_from)
    case = frozen.case
    assert (case.start, case.learn_from, case.periods) == (date(2020, 1, 1), date(2020, 1, 1), 6)
    assert names(case) == (["pact", "old"], ["calm"], ["aid stops", "2022-06-01 deal phase pact first"])
    assert case.protocol.start == DealStart("in_force", "old")
    assert case.chance[0].timing.dates[:2] == (date(2020, 3, 1), date(2021, 3, 1))
    assert frozen.assumed == ("aid",)


def test_a_live_draft_stays_after_it_has_left_the_table() -> None:
    case = freeze(CASE, date(2022, 1, 1)).case
    assert names(case)[0] == ["pact"]
    text = TEXT.replace(
        "{date: 2022-06-01, deal: phase, draft: pact, phase: first", "{date: 2021-06-01, deal: suspended, draft: old"
    )
    day = date(2021, 12, 1)
    assert [draft.name for draft in freeze(parse_text(text), day).case.drafts] == ["pact", "old"]
    assert freeze(parse_text(text), day).case.protocol.start == DealStart("suspended", "old")


def test_expressions_forget_drafts_that_are_gone() -> None:
    assert [term.worth.text for term in CASE.payoffs] == ["1", "1"]
    assert [term.when.text for term in CASE.payoffs if term.when] == ["tension is low", "aid is paid and draft is pact"]
    early = freeze(CASE, date(2019, 1, 1)).case
    assert early.payoffs[1].when is not None
    assert early.payoffs[1].when.text == "aid is paid and draft is old"
    assert early.payoffs[0].worth.text == "if draft is old then 2 else 1"
    none_left = parse_text(TEXT.replace("on_table: {from: 2018-01-01", "on_table: {from: 2018-12-01"))
    first = freeze(none_left, date(2018, 6, 1)).case
    assert first.drafts == ()
    assert first.payoffs[1].when is not None
    assert first.payoffs[1].when.text == "0 > 1"
    # talks about nothing are no talks
    assert first.protocol.start == DealStart()


@pytest.mark.parametrize("day", ["2018-06-01", "2019-01-01", "2020-07-01", "2021-07-01", "2022-07-01"])
def test_frozen_cases_are_legal_and_compile(day: str) -> None:
    frozen = freeze(CASE, date.fromisoformat(day)).case
    text = dump(frozen)
    again = parse_text(text)
    assert dump(again) == text
    assert start_of(again) == start_of(frozen)
    assert compile_case(frozen).game.stages


@given(
    day=st.dates(date(2018, 6, 1), date(2021, 12, 31)),
    level=st.sampled_from(["low", "high"]),
    option=st.sampled_from(["pay", "stop"]),
    reliability=st.sampled_from(["0.6", "1"]),
)
def test_nothing_later_is_seen(day: date, level: str, option: str, reliability: str) -> None:
    """Whatever is dated after the day can be changed, or taken out, and the frozen case is the same."""
    kept, changed = [], []
    for line in TEXT.splitlines():
        if line.startswith("  - {date: ") and date.fromisoformat(line[11:21]) > day:
            changed.append(
                line.replace("level: middle", f"level: {level}").replace("option: stop", f"option: {option}")
            )
            changed[-1] = changed[-1].replace("0.95", reliability).replace("aid stops", "aid")
            continue
        kept.append(line)
        changed.append(line)
    frozen = freeze(CASE, day, learn_from=date(2018, 6, 1)).case
    for lines in (kept, changed):
        other = freeze(parse_text("\n".join(lines)), day, learn_from=date(2018, 6, 1)).case
        assert dump(other) == dump(frozen)
    assert all(observation.date <= day for observation in frozen.evidence)
    assert all(draft.on_table[0] is None or draft.on_table[0] <= day for draft in frozen.drafts)


def test_hindsight_reaches_nobody_through_expressions() -> None:
    early = freeze(CASE, date(2019, 1, 1)).case
    facts = Facts(early, read_text("case: x")[0])
    assert not any("pact" in expression.text for expression in facts.expressions)
    assert not any(
        isinstance(node, Number) and node.value != node.value
        for expression in facts.expressions
        for node in walk(expression.node)
    )


@pytest.mark.parametrize(
    ("day", "learn_from"),
    [("2018-05-31", None), ("2022-07-02", None), ("2019-01-01", "2018-05-31"), ("2019-01-01", "2019-01-02")],
)
def test_a_day_outside_what_is_known_is_refused(day: str, learn_from: str | None) -> None:
    with pytest.raises(CaseError) as refused:
        freeze(CASE, date.fromisoformat(day), learn_from=date.fromisoformat(learn_from) if learn_from else None)
    assert [issue.code for issue in refused.value.issues] == ["day-not-known"]


def test_a_question_past_the_horizon_is_named() -> None:
    assert CASE.history is not None
    questions = tuple(replace(each, date=date(2023, 1, 1)) for each in CASE.history.questions)
    with pytest.raises(CaseError, match="`old treaty` asks of 2023-01-01") as refused:
        freeze(replace(CASE.history, questions=questions), date(2019, 1, 1))
    assert [issue.code for issue in refused.value.issues] == ["question-past-horizon"]


def test_claims_and_expectations_of_the_past_are_left_out() -> None:
    text = TEXT + (
        "expect:\n  - {quantity: sign(pact), between: [0, 1]}\n  - {quantity: sign(old), between: [0, 1]}\n"
        "claims:\n"
        "  now: {text: Now., finds: {question: calm, at_least: 0}}\n"
        "  then: {text: Then., finds: {question: old treaty, at_least: 0}}\n"
        "  old: {text: Old., finds: {gate: {draft: old, gate: keep}, at_least: 0}}\n"
    )
    case = parse_text(text)
    assert [claim.name for claim in case.claims] == ["now"]
    assert [expected.quantity for expected in case.expect] == ["sign(pact)"]
    assert freeze(case, date(2019, 1, 1)).case.claims == ()
    assert freeze(case, date(2019, 1, 1)).case.expect == ()


def test_history_makes_no_difference_to_what_a_case_says() -> None:
    assert replace(CASE, history=None) == CASE
    assert dump(CASE) == dump(replace(CASE, history=None))
    assert "history" not in repr(CASE)
    assert "old" not in [draft.name for draft in parse_text(dump(CASE)).drafts]


def test_the_whole_case_can_be_written_and_read_back() -> None:
    assert CASE.history is not None
    again = parse_text(dump(CASE.history))
    assert dump(again) == dump(CASE)
    assert again.history is not None
    assert dump(again.history) == dump(CASE.history)
    assert dump(freeze(again, SOMEDAY).case) == dump(freeze(CASE, SOMEDAY).case)
