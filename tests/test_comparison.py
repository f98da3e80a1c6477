"""Two runs side by side: equal inputs differ by nothing at all, and every difference has its place and its size."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest

import servanda.comparison
from servanda.analysis import Settings, run
from servanda.case import dump, parse_text, read
from servanda.case.resolved import ResolvedCase
from servanda.comparison import compare, named_frictions, run_both, without
from servanda.contrasts import NOT_NEEDED, Contrast
from servanda.differences import InputDifference, case_differences, draft_differences
from servanda.errors import CaseError
from servanda.runs import Run

VALID = Path(__file__).resolve().parent.parent / "spec" / "valid"
TEXT = (VALID / "minimal.yaml").read_text(encoding="utf-8")
BARE = Settings(select=False, frictions=False)
SPECIMENS = sorted(VALID.glob("*.yaml"))

SECOND_DRAFT = """\
  swap:
    title: A smaller stock for half the relief
    form: executive
    terms: {relief: 0.4}
    source: judgement
    phases:
      - {name: first_step, lasts: 1 year, owes: {south: {enrichment: {must: [reduce]}}}}
      - name: in_effect
        owes: {north: {sanctioning: {must: [ease]}}}
    breach:
      north: {leads_to: collapse}
      south: {leads_to: suspension}
    sunset: 2025-01-01

payoffs:
"""
QUESTIONS = """\
questions:
  war_by_2026: {text: Will there be war by the end?, holds: fuel is high and deal is ended, by: 2025-12-31}
  signed_soon: {text: Is there a deal in half a year?, holds: deal is live, by: 2022-08-01}
"""


def case(text: str = TEXT) -> ResolvedCase:
    return parse_text(text, "minimal.yaml")


def with_second_draft() -> ResolvedCase:
    return case(TEXT.replace("payoffs:\n", SECOND_DRAFT).replace("questions:\n", QUESTIONS))


@pytest.fixture(scope="module")
def small() -> Run:
    return run(case(), BARE)


@pytest.fixture(scope="module")
def larger() -> Run:
    return run(with_second_draft(), BARE)


def places(found: tuple[InputDifference, ...]) -> list[tuple[str, str, str]]:
    return [(d.what, d.a, d.b) for d in found]


def numbers(found: servanda.comparison.Comparison) -> list[Contrast]:
    headline = [] if found.headline is None else [found.headline]
    return [*headline, *(n for d in found.drafts for n in d.numbers), *found.outcomes, *found.questions]


# ------------------------------------------------------------------------------------------------------------- input


@pytest.mark.parametrize("file", SPECIMENS, ids=lambda file: file.stem)
def test_a_case_does_not_differ_from_itself(file: Path) -> None:
    assert case_differences(read(file), read(file), {}, {}) == ()


def test_two_cases_differ_somewhere_if_and_only_if_they_are_written_differently() -> None:
    cases = [read(file) for file in SPECIMENS]
    for one, other in product(cases, cases):
        there = case_differences(one, other, {}, {})
        assert bool(there) == (dump(one) != dump(other)), (one.name, other.name)
        back = case_differences(other, one, {}, {})
        assert sorted((d.what, d.a, d.b, d.wording) for d in there) == sorted(
            (d.what, d.b, d.a, d.wording) for d in back
        )


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("worth: 10, when: sanctions is eased", "worth: 11, when: sanctions is eased",
         [("payoffs.dove.trade.worth", "10", "11")]),
        ("10 to 40, central: 30", "10 to 50, central: 30", [("parameters.pain", "30 (10 to 40)", "30 (10 to 50)")]),
        ("10 to 40, central: 30", "10 to 40, central: 12", [("parameters.pain", "30 (10 to 40)", "12 (10 to 40)")]),
        ("unit: points a year", "unit: points each year",
         [("parameters.pain.unit", "points a year", "points each year")]),
        ("horizon: 4 years", "horizon: 5 years", [("horizon", "48 months", "60 months")]),
        ("terms: {relief: 0.8}", "terms: {relief: 0.7}", [("drafts.freeze.terms.relief", "0.8", "0.7")]),
        ("dove: dove_wins, hawk: 1 - dove_wins", "dove: 0.5, hawk: 0.5",
         [("chance.election.outcomes.presidency: dove.odds", "dove_wins", "0.5"),
          ("chance.election.outcomes.presidency: hawk.odds", "1 - dove_wins", "0.5")]),
        ("seek_price: {hawk: {audience at home: 2}}", "seek_price: {hawk: {blame: 2}}",
         [("protocol.talks.seek_price.hawk.audience at home", "2", ""),
          ("protocol.talks.seek_price.hawk.blame", "", "2")]),
        ("off: {dove_wins: 1}", "off: {dove_wins: 0.9}", [("frictions.turnover.off.dove_wins", "1", "0.9")]),
        ("outcomes:\n  war: fuel is high and presidency is hawk and deal is ended\n", "",
         [("outcomes.war", "fuel is high and presidency is hawk and deal is ended", "")]),
        ("executive: {title: Executive agreement}",
         "executive: {title: Executive agreement, ratifiers: [{by: council, name: assembly, delay: 1 year}]}",
         [("protocol.forms.executive.ratifiers.assembly", "", "by: council, name: assembly, delay: 1 years")]),
    ],
)  # fmt: skip
def test_a_change_shows_at_its_place(old: str, new: str, found: list[tuple[str, str, str]]) -> None:
    assert TEXT.count(old) == 1
    differences = case_differences(case(), case(TEXT.replace(old, new)), {}, {})
    assert places(differences) == found
    assert not any(d.wording for d in differences)


def test_wording_is_told_apart_and_comes_last() -> None:
    changed = TEXT.replace("Fuel for relief", "Relief for fuel").replace(
        "pain: {value: 10", "pain: {note: hm, value: 10"
    )
    changed = changed.replace("fear of fuel: {worth: -20", "fear of fuel: {worth: -21")
    found = case_differences(case(), case(changed), {}, {})
    assert [(d.what, d.wording) for d in found] == [
        ("payoffs.dove.fear of fuel.worth", False),
        ("parameters.pain.note", True),
        ("title", True),
    ]


def test_a_name_spelt_like_a_key_of_wording_is_no_wording() -> None:
    one, other = (TEXT.replace("hawk: {audience at home: 2}", f"hawk: {{note: {price}}}") for price in (2, 3))
    (found,) = case_differences(case(one), case(other), {}, {})
    assert (found.what, found.wording) == ("protocol.talks.seek_price.hawk.note", False)


def test_things_are_matched_by_name_and_another_order_is_one_difference() -> None:
    dove = "    fear of fuel: {worth: -20, when: fuel is high, source: judgement}\n"
    trade = "    trade: {worth: 10, when: sanctions is eased, source: judgement}\n"
    other = case(TEXT.replace(dove + trade, trade + dove))
    assert places(case_differences(case(), other, {}, {})) == [
        ("payoffs.dove (order)", "fear of fuel, trade", "trade, fear of fuel")
    ]


def test_what_only_one_side_has_is_listed_once() -> None:
    larger = with_second_draft()
    assert places(case_differences(case(), larger, {}, {})) == [
        ("drafts.swap", "", "A smaller stock for half the relief"),
        ("questions.war_by_2026", "", "text: Will there be war by the end?, holds: fuel is high and deal is ended, "
         "by: 2025-12-31, outcome: unknown"),
        ("questions.signed_soon", "", "text: Is there a deal in half a year?, holds: deal is live, by: 2022-08-01, "
         "outcome: unknown"),
    ]  # fmt: skip


def test_values_set_are_compared_as_used() -> None:
    small = case()
    assert places(case_differences(small, small, {}, {"pain": 12.0})) == [
        ("parameters.pain", "30 (10 to 40)", "12, set (central 30, 10 to 40)")
    ]
    assert case_differences(small, small, {}, {"pain": 30.0}) == ()
    assert case_differences(small, small, {"pain": 12.0}, {"pain": 12.0}) == ()


def test_the_number_of_a_choice_shows_even_where_its_weight_does_not() -> None:
    one, other = (
        TEXT.replace("10 to 40, central: 30", f"'one of {{low: 1, high: 3}}', choices: {{low: {low}, high: 30}}")
        for low in (10, 11)
    )
    assert places(case_differences(case(one), case(other), {}, {})) == [("parameters.pain.choices.low", "10", "11")]


def test_two_drafts_differ_in_form_terms_phases_sunset_and_consequences() -> None:
    larger = with_second_draft()
    found = {d.what: (d.a, d.b) for d in draft_differences(larger, "freeze", larger, "swap")}
    assert found["draft.terms.relief"] == ("0.8", "0.4")
    assert found["draft.phases.first_step"] == ("", "first_step")
    assert found["draft.phases.in_effect.owes.south"] == ("enrichment: {must: reduce}", "")
    assert found["draft.sunset"] == ("", "2025-01-01")
    assert found["draft.breach.south.leads_to"] == ("collapse", "suspension")
    assert not any(what.startswith("draft.form") for what in found)
    assert draft_differences(larger, "swap", larger, "swap") == ()


def test_another_form_brings_what_it_costs_and_who_ratifies() -> None:
    form = "executive: {title: Executive agreement}"
    ratifiers = "[{by: council, name: assembly, delay: 1 year}]"
    treaty = f"    treaty: {{title: Treaty, ratifiers: {ratifiers}, exit_price: {{dove: {{shame: 3}}}}}}"
    text = TEXT.replace(form, f"{form}\n{treaty}").replace("payoffs:\n", SECOND_DRAFT)
    made = case(text.replace("half the relief\n    form: executive", "half the relief\n    form: treaty"))
    found = {d.what: (d.a, d.b) for d in draft_differences(made, "freeze", made, "swap")}
    assert found["draft.form.name"] == ("executive", "treaty")
    assert found["draft.form.ratifiers.assembly"] == ("", "by: council, name: assembly, delay: 1 years")
    assert found["draft.form.exit_price"] == ("", "dove: {shame: 3}")


# ----------------------------------------------------------------------------------------------------------- outcome


def test_equal_inputs_differ_by_exactly_nothing(larger: Run) -> None:
    again = run(with_second_draft(), BARE)
    assert again is not larger
    found = compare(larger, again)
    assert found.input == ()
    assert len(numbers(found)) == 1 + 2 * 10 + 5 + 3
    assert [n.what for n in numbers(found) if n.difference != 0.0] == []


def test_the_same_case_with_the_same_values_is_run_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, float]] = []

    def counting(made: ResolvedCase, settings: Settings, progress: object = None) -> Run:
        asked.append(dict(settings.overrides))
        return run(made, settings)

    monkeypatch.setattr(servanda.comparison, "run", counting)
    one, other = run_both(case(), case("# a comment\n" + TEXT), {}, {"pain": 30.0})
    assert one is other
    assert asked == [{}]
    one, other = run_both(case(), case(), {}, {"pain": 12.0})
    assert one is not other
    assert asked == [{}, {}, {"pain": 12.0}]


def test_progress_of_two_runs_is_one_progress() -> None:
    told: list[float] = []
    run_both(case(), case(), {}, {"pain": 12.0}, progress=lambda _stage, done: told.append(done))
    assert told == sorted(told)
    assert (told[0], told[-1]) == (0.0, 1.0)
    assert 0.5 in told


def test_numbers_are_those_of_the_runs(small: Run, larger: Run) -> None:
    found = compare(small, larger)
    both = found.drafts[0]
    assert (both.draft_a, both.draft_b) == ("freeze", "freeze")
    one, other = small.drafts[0], larger.drafts[0]
    by_name = {n.what: n for n in both.numbers}
    for k, gate in enumerate(("sign", "ratify", "keep")):
        number = by_name[f"drafts.freeze.{gate}"]
        assert (number.a, number.b) == (one.gates[k].probability, other.gates[k].probability)
        assert number.difference == other.gates[k].probability - one.gates[k].probability
    assert by_name["drafts.freeze.ratify"].words_a == NOT_NEEDED
    assert both.holds.a == one.holds
    life = by_name["drafts.freeze.mean_life_years"]
    assert (life.unit, life.a, life.words_a) == ("years", one.survival.mean_life_years, "")
    assert both.ends_a is not None
    assert both.ends_a.probability == max(e.probability for e in one.survival.endings)
    ends = larger.forecast.outcomes
    assert {n.what: n.b for n in found.outcomes} == pytest.approx(
        {
            "outcomes.deal": ends.deal[-1],
            "outcomes.war": ends.war[-1],
            "outcomes.none": ends.none[-1],
            "outcomes.ever_deal": ends.ever_deal[-1],
            "outcomes.ever_war": ends.ever_war[-1],
        },
        abs=1e-15,
    )
    assert found.headline is not None
    assert (found.headline.a, found.headline.b) == (small.verdict.probability, larger.verdict.probability)
    assert (found.a.headline, found.b.words) == (small.verdict.headline, larger.verdict.words)


def test_a_draft_of_one_side_stands_last_and_has_no_difference(small: Run, larger: Run) -> None:
    found = compare(small, larger)
    assert [(d.draft_a, d.draft_b) for d in found.drafts] == [("freeze", "freeze"), ("", "swap")]
    alone = found.drafts[1]
    assert {n.a for n in alone.numbers} == {None}
    assert {n.difference for n in alone.numbers} == {None}
    assert all(n.b is not None for n in alone.numbers)
    assert (alone.title_a, alone.ends_a) == ("", None)
    assert [q.what for q in found.questions] == ["questions.deal_by_2024"]


def test_lists_are_sorted_by_size(larger: Run) -> None:
    other = run(with_second_draft(), replace(BARE, overrides={"pain": 60.0, "dove_wins": 1.0}))
    found = compare(larger, other)
    for sizes in (
        [abs(d.holds.difference) for d in found.drafts if d.holds.difference is not None],
        [abs(q.difference) for q in found.questions if q.difference is not None],
    ):
        assert len(sizes) >= 2
        assert sizes == sorted(sizes, reverse=True)
        assert sizes[0] > sizes[-1]
    assert places(found.input) == [
        ("parameters.dove_wins", "0.5 (0.3 to 0.7)", "1, set (central 0.5, 0.3 to 0.7)"),
        ("parameters.pain", "30 (10 to 40)", "60, set (central 30, 10 to 40)"),
    ]
    assert found.b.label == "minimal; dove_wins = 1; pain = 60"


def test_swapping_the_sides_turns_every_difference_round(small: Run, larger: Run) -> None:
    there, back = ({n.what: n for n in numbers(found)} for found in (compare(small, larger), compare(larger, small)))
    assert there.keys() == back.keys()
    for what, number in there.items():
        other = back[what]
        assert (number.a, number.b, number.words_a, number.words_b) == (other.b, other.a, other.words_b, other.words_a)
        assert number.difference == (None if other.difference is None else -other.difference)


def test_two_drafts_of_one_run(larger: Run) -> None:
    found = compare(larger, larger, ("freeze", "swap"))
    (pair,) = found.drafts
    one, other = larger.drafts
    assert (pair.draft_a, pair.draft_b, pair.title_b) == ("freeze", "swap", other.title)
    assert pair.numbers[0].what == "draft.sign"
    assert (pair.numbers[0].a, pair.numbers[0].b) == (one.gates[0].probability, other.gates[0].probability)
    assert found.headline is not None
    assert (found.headline.a, found.headline.b) == (one.holds, other.holds)
    assert found.b.headline == f"“{other.title}”: {other.sentence}"
    assert {n.difference for n in (*found.outcomes, *found.questions)} == {0.0}
    assert ("draft.terms.relief", "0.8", "0.4") in places(found.input)
    assert compare(larger, larger, ("swap", "swap")).input == ()


def test_two_drafts_of_two_cases(small: Run, larger: Run) -> None:
    what = {d.what for d in compare(small, larger, ("freeze", "swap")).input}
    assert {"draft.terms.relief", "drafts.swap"} <= what
    assert not any(w.startswith("draft.") for w in {d.what for d in compare(small, larger, ("freeze", None)).input})


def test_one_name_means_that_draft_on_both_sides(small: Run, larger: Run) -> None:
    for drafts in (("freeze", None), (None, "freeze"), ("freeze", "freeze")):
        (pair,) = compare(small, larger, drafts).drafts
        assert (pair.draft_a, pair.draft_b) == ("freeze", "freeze")


def test_an_unknown_draft_is_named_with_those_there_are(small: Run, larger: Run) -> None:
    with pytest.raises(CaseError) as caught:
        compare(small, larger, ("swap", "swop"))
    assert [(i.code, i.message, i.hint) for i in caught.value.issues] == [
        ("unknown-draft", "A: no draft of minimal is called `swap`", "its drafts: freeze"),
        ("unknown-draft", "B: no draft of minimal is called `swop`", "its drafts: freeze, swap"),
    ]


def test_settings_that_differ_are_part_of_the_input(small: Run) -> None:
    other = run(case(), replace(BARE, sign_window_years=2.0))
    assert places(compare(small, other).input) == [("settings.sign_window_years", "4.0", "2.0")]


def test_values_from_an_array_are_values(small: Run) -> None:
    other = run(case(), replace(BARE, overrides={"pain": np.float64(12.5)}))
    assert places(compare(small, other).input) == [
        ("parameters.pain", "30 (10 to 40)", "12.5, set (central 30, 10 to 40)")
    ]


def test_headlines_about_different_things_are_not_subtracted(small: Run) -> None:
    other = run(read("theory/holdup-bond"), BARE)
    found = compare(small, other)
    assert found.headline is None
    assert [q.what for q in found.questions] == []
    assert compare(other, other).headline is not None


# --------------------------------------------------------------------------------------------------------- frictions


def test_a_friction_switched_off_gives_what_the_run_found(small: Run) -> None:
    values = without(case(), ["turnover"], {"pain": 12.0})
    assert values == {"pain": 12.0, "dove_wins": 1.0}
    assert without(case(), ["all"], {}) == {"dove_wins": 1.0}
    with_frictions = run(case(), Settings(select=False))
    off = run(case(), replace(BARE, overrides=without(case(), ["turnover"], {})))
    found = compare(small, off)
    deal = next(n for n in found.outcomes if n.what == "outcomes.deal")
    effect = with_frictions.frictions[0]
    assert deal.b == pytest.approx(effect.running_off, abs=1e-4)
    assert deal.difference == pytest.approx(effect.running_off - effect.running_on, abs=1e-4)


def test_an_unknown_friction_is_named_with_those_there_are() -> None:
    with pytest.raises(CaseError) as caught:
        named_frictions(case(), ["turnover", "all", "turnout"])
    assert [(i.code, i.message, i.hint) for i in caught.value.issues] == [
        ("unknown-friction", "no friction of minimal is called `turnout`", "its frictions: turnover; or `all`")
    ]
    with pytest.raises(CaseError) as caught:
        without(read("theory/holdup-bond"), ["all"], {})
    assert [(i.code, i.hint) for i in caught.value.issues] == [("unknown-friction", "it names no friction")]


# ---------------------------------------------------------------------------------------------------------- notebook


def test_a_comparison_shows_itself_without_trusting_titles(small: Run) -> None:
    hostile = "<script>alert(1)</script>"
    other = run(case(TEXT.replace("Relief for a lower stock", hostile)), replace(BARE, overrides={"pain": 12.0}))
    shown = compare(small, other, labels=("as it is", "less <pain>"))._repr_html_()
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown
    assert "<th>less &lt;pain&gt;</th>" in shown
    assert "<td>30 (10 to 40)</td><td>12, set (central 30, 10 to 40)</td>" in shown
    assert "Nothing differs in the input." in compare(small, small)._repr_html_()
    assert shown.count("<table>") == 2
