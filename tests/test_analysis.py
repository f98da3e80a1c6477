"""The whole product from a text to a run, on the smallest case."""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import servanda as sv
from servanda.analysis import weakest
from servanda.case.resolved import ResolvedCase
from servanda.diagnosis.gates import passing
from servanda.diagnosis.play import Play
from servanda.diagnosis.survival import survival_of
from servanda.equilibrium import Settings as SolverSettings
from servanda.equilibrium import Status
from servanda.errors import CaseError
from servanda.runs import Run

MINIMAL = Path(__file__).resolve().parent.parent / "spec" / "valid" / "minimal.yaml"
TEXT = MINIMAL.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def case() -> ResolvedCase:
    return sv.read(MINIMAL)


@pytest.fixture(scope="module")
def run(case: ResolvedCase) -> Run:
    return sv.run(case)


def test_a_whole_run(run: Run) -> None:
    assert run.status is Status.SOLVED
    assert run.certificate.value_error < 1e-9
    assert run.certificate.choice_error < 1e-7
    assert (run.size.states, run.size.periods, run.size.actors, run.size.stages) == (72, 8, 3, 8)
    assert [d.draft for d in run.drafts] == ["freeze"]
    assert run.frictions[0].friction == "turnover"
    assert [a.question for a in run.forecast.answers] == ["deal_by_2024"]
    assert run.verdict.probability == run.drafts[0].holds
    assert run.verdict.words in run.verdict.headline
    assert {t.stage for t in run.timings} >= {
        "compile",
        "solve",
        "drafts",
        "forecast",
        "frictions",
        "certificate",
        "selection",
    }
    assert 10.0 < run.peak_memory_mb < 4096.0


def test_the_small_deal_is_not_kept(run: Run) -> None:
    """Nothing holds the council back: enriching during the deal costs it little, so the freeze fails at being kept."""
    sign, ratify, keep = run.drafts[0].gates
    assert sign.probability > 0.5
    assert ratify.probability == 1.0
    assert keep.probability < 0.01
    assert keep.tightest is not None
    assert (keep.tightest.actor, keep.tightest.alternative) == ("council", "enrich")
    assert keep.tightest.margin < 0.0


def test_numbers_of_a_run_agree_with_each_other(run: Run) -> None:
    draft, path = run.drafts[0], run.forecast.outcomes
    assert draft.running_at_horizon == pytest.approx(path.drafts[0][1][-1], abs=1e-9)
    assert draft.in_force <= draft.signed + 1e-12
    assert path.ever_deal[-1] >= path.deal[-1]
    friction = run.frictions[0]
    assert friction.running_on == pytest.approx(path.deal[-1], abs=1e-4)
    odds = [p / (1.0 - p) for p in (friction.running_on, friction.running_off)]
    assert friction.log_odds_change == pytest.approx(np.log(odds[1] / odds[0]))


def test_the_selection_certificate_encloses_what_it_certifies(run: Run) -> None:
    selection = run.selection
    assert len(selection.branches) == 6
    assert len(selection.by_branch) == len(selection.branches)
    for k, spread in enumerate(selection.spreads):
        values = [spread.value, *(branch[k] for branch in selection.by_branch)]
        assert (spread.low, spread.high) == (min(values), max(values))
        assert spread.dependent == (spread.high - spread.low > selection.tolerance)
    answer = run.forecast.answers[0]
    assert answer.low <= answer.probability <= answer.high
    spread = next(s for s in selection.spreads if s.quantity == "question deal_by_2024")
    assert (answer.low, answer.high) == (spread.low, spread.high)


def test_a_run_cannot_be_changed(run: Run) -> None:
    for record in (run, run.verdict, run.drafts[0], run.drafts[0].gates[0], run.forecast, run.provenance):
        field = dataclasses.fields(record)[0].name
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(record, field, None)


def timeless(run: Run) -> Run:
    return replace(run, timings=(), peak_memory_mb=0.0, provenance=replace(run.provenance, made_at=""))


def test_the_same_case_gives_the_same_numbers(run: Run) -> None:
    assert timeless(sv.run(sv.parse_text(TEXT, run.case.file))) == timeless(run)


def test_the_digest_is_that_of_what_the_case_says(run: Run) -> None:
    bare = sv.Settings(select=False, frictions=False)
    comment = sv.run(sv.parse_text("# another comment\n" + TEXT), bare)
    changed = sv.run(
        sv.parse_text(TEXT.replace("worth: 10, when: sanctions is eased", "worth: 11, when: sanctions is eased")), bare
    )
    assert len(run.provenance.digest) == 64
    assert comment.provenance.digest == run.provenance.digest
    assert changed.provenance.digest != run.provenance.digest
    assert run.provenance.case == "minimal"
    assert {name for name, _ in run.provenance.versions} >= {"servanda", "python", "numpy", "scipy", "numba"}


def test_settings_are_part_of_the_provenance(case: ResolvedCase) -> None:
    made = sv.run(case, sv.Settings(select=False, frictions=False, overrides={"pain": 12.0}))
    assert ("set pain", "12.0") in made.provenance.settings


def test_an_override_is_as_good_as_another_central_value(case: ResolvedCase) -> None:
    bare = sv.Settings(select=False, frictions=False)
    set_ = sv.run(case, replace(bare, overrides={"pain": 12.0}))
    written = sv.run(sv.parse_text(TEXT.replace("10 to 40, central: 30", "10 to 40, central: 12"), case.file), bare)
    assert set_.verdict == written.verdict
    assert set_.drafts == written.drafts
    assert set_.forecast == written.forecast
    assert set_.verdict != sv.run(case, bare).verdict


def test_an_unknown_override_is_refused(case: ResolvedCase) -> None:
    with pytest.raises(CaseError) as caught:
        sv.run(case, sv.Settings(overrides={"pian": 12.0}))
    assert [i.code for i in caught.value.issues] == ["unknown-parameter"]


def test_what_is_not_asked_for_is_not_computed(case: ResolvedCase, run: Run) -> None:
    made = sv.run(case, sv.Settings(select=False, frictions=False))
    assert made.frictions == ()
    assert made.selection.branches == ()
    assert not made.selection.dependent
    assert made.drafts == run.drafts


def test_progress_is_told_in_order(case: ResolvedCase) -> None:
    told: list[tuple[str, float]] = []
    sv.run(case, sv.Settings(select=False), progress=lambda stage, done: told.append((stage, done)))
    shares = [done for _, done in told]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    assert {"compile", "solve", "drafts", "forecast", "frictions", "certificate", "selection"} <= {s for s, _ in told}


def test_too_few_steps_show_in_the_status(case: ResolvedCase) -> None:
    made = sv.run(case, sv.Settings(select=False, frictions=False, solver=SolverSettings(tail_steps=2)))
    assert made.status in (Status.STEP_LIMIT, Status.STALLED)


def test_a_case_without_drafts_forecasts_only() -> None:
    text = """\
case: quiet
title: Nothing on the table
start: 2022-01-01
period: year
horizon: 3 years
sides:
  north: {led_by: ruler}
actors:
  ruler: {side: north, decisiveness: 10, source: judgement}
variables:
  unrest: {kind: condition, values: [calm, riot], start: calm}
chance:
  spark: {rate: 0.2, effects: {unrest: riot}, source: judgement}
payoffs:
  ruler:
    order: {worth: 10, when: unrest is calm, source: judgement}
outcomes:
  war: unrest is riot
"""
    made = sv.run(sv.parse_text(text))
    assert made.drafts == ()
    expected = [1.0 - np.exp(-0.2 * t) for t in range(4)]
    assert made.forecast.outcomes.war == pytest.approx(expected)
    assert made.forecast.outcomes.ever_war == pytest.approx(expected)
    assert made.verdict.probability == pytest.approx(expected[-1])
    assert made.verdict.headline.startswith("No draft is on the table")


def test_a_draft_whose_far_future_does_not_settle_is_not_passed_over() -> None:
    case = sv.read(MINIMAL)
    settled = sv.run(case, sv.Settings(select=False, frictions=False))
    assert settled.status is Status.SOLVED
    compiled = sv.compile_case(case)
    steps = sv.solve(compiled.game, compiled.numbers()).tail_steps
    # the play of all drafts settles in exactly these steps; the draft alone starts from it and needs fewer
    exact = sv.run(case, sv.Settings(select=False, frictions=False, solver=SolverSettings(tail_steps=steps)))
    assert exact.status is Status.SOLVED
    short = sv.run(case, sv.Settings(select=False, frictions=False, solver=SolverSettings(tail_steps=steps - 1)))
    assert short.status is Status.STEP_LIMIT
    assert weakest([Status.SOLVED, Status.NOT_FINITE]) is Status.NOT_FINITE
    assert weakest([Status.SOLVED, Status.SOLVED]) is Status.SOLVED


def test_the_certificate_spans_the_number_of_the_headline() -> None:
    case = sv.read(MINIMAL)
    made = sv.run(case, sv.Settings(frictions=False))
    best = max(made.drafts, key=lambda d: d.holds)
    spread = next(s for s in made.selection.spreads if s.quantity == f"all three gates of {best.title}")
    assert spread.value == made.verdict.probability == best.holds
    assert spread.low <= spread.value <= spread.high
    compiled = sv.compile_case(case)
    alone = Play(compiled, sv.solve(compiled.game, compiled.numbers([compiled.only(best.draft)])))
    window = round(sv.Settings().sign_window_years / compiled.game.period_years)
    again = passing(alone, 0, survival_of(alone, 0), window)
    assert again == pytest.approx(best.holds, rel=1e-4)


def test_a_run_shows_itself_in_a_notebook_without_trusting_titles() -> None:
    case = replace(sv.read(MINIMAL), title="<script>alert(1)</script>")
    shown = sv.run(case, sv.Settings(select=False, frictions=False))._repr_html_()
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown
    assert shown.count("<td>") == 3


def test_the_door_opens_lazily_and_names_what_it_lacks() -> None:
    assert sv.run.__module__ == "servanda.analysis"
    with pytest.raises(AttributeError, match="no attribute 'rum'"):
        _ = sv.rum
