"""Outlooks against hand-made sums over the rows of the same draws, and what becomes of cases that lack something."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from servanda.analysis import Settings as Run
from servanda.analysis import run
from servanda.case.resolved import ResolvedCase
from servanda.ensemble import Ensemble
from servanda.errors import CaseError
from servanda.outlook.answers import Outlook
from servanda.outlook.forecasting import Settings, look
from tests.outlook.quarrel import OTHERS, SIGNALS, quarrel

Rows = Mapping[str, NDArray[Any]]
DRAWS = 32
# the sum over draws in another order
EXACT = 1e-12
# reports that contradict each other whatever the parameters are: arms fall to nothing, then rise by two levels at once
IMPOSSIBLE = (
    "date: 2022-07-01, variable: arms, level: low, reliability: 1",
    "date: 2023-01-01, variable: arms, level: high, reliability: 1",
)


def seen(case: ResolvedCase, folder: Path, draws: int = DRAWS, **how: Any) -> Outlook:
    return look(case, Settings(draws=draws, workers=1, folder=folder, **how))


def rows_of(case: ResolvedCase, draws: int = DRAWS) -> Rows:
    return Ensemble.of(case, gates=[d.name for d in case.drafts]).solve(0, draws)


def shares(likelihood: NDArray[Any]) -> NDArray[Any]:
    """Bayes' rule for draws that were equally likely."""
    raw = np.exp(likelihood - likelihood.max())
    return np.asarray(raw / raw.sum())


def untimed(outlook: Outlook) -> str:
    """All of an outlook but what tells of the run itself."""
    still = replace(outlook, seconds=0.0, provenance=replace(outlook.provenance, made_at="", settings=(), digest=""))
    return json.dumps(asdict(still), default=str)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sweeps")


@pytest.fixture(scope="module")
def known(folder: Path) -> tuple[ResolvedCase, Outlook, Rows]:
    """The case with four reports, its outlook, and its rows."""
    case = quarrel(*SIGNALS, *OTHERS)
    return case, seen(case, folder), rows_of(case)


def test_answers_are_means_over_weighted_draws(known: tuple[ResolvedCase, Outlook, Rows]) -> None:
    case, outlook, rows = known
    after = shares(rows["likelihood"])
    assert (
        [q.question for q in outlook.questions] == [q.name for q in case.answerable] == ["deal_by", "deal_at", "armed"]
    )
    for q in outlook.questions:
        assert q.after.mean == pytest.approx(after @ rows[f"question.{q.question}"], abs=EXACT)
        assert q.before.mean == pytest.approx(rows[f"before.question.{q.question}"].mean(), abs=EXACT)
        assert q.after.low <= q.after.mean <= q.after.high
    gate = outlook.gates[0]
    assert gate.draft == "swap"
    for k, name in enumerate(("sign", "ratify", "keep", "holds")):
        column = rows[f"gate.swap.{name}"]
        assert gate.before[k].mean == pytest.approx(column.mean(), abs=EXACT)
        assert gate.after[k].mean == pytest.approx(after @ column, abs=EXACT)
    curves = {(c.kind, c.name): c for c in outlook.curves}
    assert {name for kind, name in curves if kind == "state"} == {"deal", "war", "draft.swap"}
    assert {name for kind, name in curves if kind == "event"} == {"deal", "war", "question.deal_by"}
    np.testing.assert_allclose(curves["event", "deal"].mean, after @ rows["event.deal"], atol=EXACT)
    np.testing.assert_allclose(curves["state", "war"].before, rows["before.path.war"].mean(axis=0), atol=EXACT)
    assert curves["state", "deal"].dates[0] == case.as_of
    (fan,) = outlook.fans
    np.testing.assert_allclose(fan.mean, after @ rows["indicator.burden"], atol=EXACT)
    np.testing.assert_allclose(fan.before, rows["before.indicator.burden"].mean(axis=0), atol=EXACT)
    assert fan.observed == ((date(2023, 1, 1), 0.0, 2.0),)


def test_bands_hold_eight_draws_in_ten(known: tuple[ResolvedCase, Outlook, Rows]) -> None:
    _, outlook, rows = known
    after = shares(rows["likelihood"])
    for q in outlook.questions:
        low, high = np.quantile(rows[f"before.question.{q.question}"], [0.1, 0.9])
        assert (q.before.low, q.before.high) == pytest.approx((low, high), abs=EXACT)
        answers = rows[f"question.{q.question}"]
        inside = after[(answers >= q.after.low) & (answers <= q.after.high)].sum()
        # two ends, each off by at most the window over which order statistics are averaged
        assert abs(inside - 0.8) < 2.0 * (1.0 / outlook.weighing.effective + after.max())


def test_draws_are_weighed_by_the_likelihood_of_the_evidence(known: tuple[ResolvedCase, Outlook, Rows]) -> None:
    _, outlook, rows = known
    after = shares(rows["likelihood"])
    told = outlook.weighing
    assert (told.draws, told.failed, told.unsettled, told.tempering) == (DRAWS, 0, int((~rows["settled"]).sum()), 1.0)
    assert (told.effective, told.untempered) == pytest.approx((1.0 / (after**2).sum(),) * 2, rel=1e-9)
    assert told.log_evidence == pytest.approx(np.log(np.exp(rows["likelihood"]).mean()), abs=EXACT)
    assert f"{DRAWS} draws are worth {told.effective:.0f} equally" in told.sentence


def test_a_choice_moves_as_bayes_says(known: tuple[ResolvedCase, Outlook, Rows]) -> None:
    _, outlook, rows = known
    earnest = rows["parameter.earnest"] == 1.0
    posterior = outlook.posteriors[0]
    assert posterior.parameter == "earnest"
    odds = {name: (before, after) for name, before, after in posterior.choices}
    share = earnest.mean()
    likelihood = {True: np.exp(rows["likelihood"])[earnest].mean(), False: np.exp(rows["likelihood"])[~earnest].mean()}
    bayes = share * likelihood[True] / (share * likelihood[True] + (1.0 - share) * likelihood[False])
    assert odds["earnest"] == pytest.approx((share, bayes), abs=EXACT)
    assert odds["for_show"] == pytest.approx((1.0 - share, 1.0 - bayes), abs=EXACT)
    # reaching out costs who negotiates for show, and stalling who is in earnest
    assert bayes > share + 0.2


def test_a_signal_against_moves_a_choice_the_other_way(folder: Path) -> None:
    stalled = [s.replace("reach_out", "stall") for s in SIGNALS]
    odds = {c[0]: c[1:] for c in seen(quarrel(*stalled), folder).posteriors[0].choices}
    assert odds["earnest"][1] < odds["earnest"][0] - 0.2


def test_a_piece_left_out_is_a_case_without_it(known: tuple[ResolvedCase, Outlook, Rows], folder: Path) -> None:
    _, outlook, rows = known
    everything = (*SIGNALS, *OTHERS)
    dates = [date.fromisoformat(e[6:16]) for e in everything]
    assert {f.date for f in outlook.evidence} == set(dates)
    assert [f.largest for f in outlook.evidence] == sorted((f.largest for f in outlook.evidence), reverse=True)
    for k, day in enumerate(dates):
        finding = next(f for f in outlook.evidence if f.date == day)
        without = rows_of(quarrel(*everything[:k], *everything[k + 1 :]))
        weights = shares(without["likelihood"])
        for name, now, left in finding.shifts:
            # the filter rescales in single precision, once more or less
            assert left == pytest.approx(weights @ without[f"question.{name}"], abs=2e-6)
            assert now == pytest.approx(next(q.after.mean for q in outlook.questions if q.question == name), abs=EXACT)
        assert finding.largest == max(abs(now - left) for _, now, left in finding.shifts)
        ratio = np.exp(rows["likelihood"]).mean() / np.exp(without["likelihood"]).mean()
        assert finding.surprise == pytest.approx(-np.log2(ratio), abs=2e-5)


def test_sentences_quote_what_is_there(known: tuple[ResolvedCase, Outlook, Rows]) -> None:
    _, outlook, rows = known
    after = shares(rows["likelihood"])
    deal, war = after @ rows["outcome.ever_deal"], after @ rows["outcome.ever_war"]
    assert outlook.headline.startswith("By January 2026 a deal in force at some time is almost certain")
    assert deal > 0.95
    assert f"war at some time is very unlikely ({war:.0%}".replace("%", " %") in outlook.headline
    for f in outlook.evidence:
        name, now, left = max(f.shifts, key=lambda s: abs(s[1] - s[2]))
        way = "Raises" if now > left else "Lowers"
        if f.largest >= 0.005:
            assert f.sentence.startswith(f"{way} {name} by {100 * abs(now - left):.1f} points to {100 * now:.0f} %; ")
        assert f.sentence.endswith(f"({f.surprise:.1f} bits).")


def test_benchmarks_stand_beside_every_question(known: tuple[ResolvedCase, Outlook, Rows]) -> None:
    _, outlook, _ = known
    told = {q.question: [b.name for b in q.benchmarks] for q in outlook.questions}
    plain = ["no change", "coin"]
    assert told == {"deal_by": ["base rate", *plain], "deal_at": plain, "armed": plain}
    assert [b.probability for b in outlook.questions[0].benchmarks] == [0.3, 0.0, 0.5]


def test_without_evidence_nothing_is_weighed(folder: Path) -> None:
    outlook = seen(quarrel(), folder)
    assert all(q.before == q.after for q in outlook.questions)
    assert all(g.before == g.after for g in outlook.gates)
    assert all(c.before in (c.mean, ()) or c.name.startswith("question.") for c in outlook.curves)
    assert all(p.before == p.after for p in outlook.posteriors)
    assert outlook.evidence == ()
    assert (outlook.weighing.effective, outlook.weighing.tempering) == (DRAWS, 1.0)
    assert outlook.weighing.sentence == f"There is no evidence to weigh: all {DRAWS} draws keep the same weight."
    assert "evidence" not in outlook.headline


def test_evidence_that_no_draw_can_produce_is_told_and_not_used(folder: Path) -> None:
    outlook = seen(quarrel(*IMPOSSIBLE), folder)
    assert outlook.weighing.tempering == 0.0
    assert outlook.weighing.sentence.startswith(f"Under none of the {DRAWS} draws is the evidence possible")
    assert all(q.before == q.after for q in outlook.questions)
    assert "before the evidence" not in outlook.headline
    # what is known only after the evidence is not known at all
    assert {c.name for c in outlook.curves} == {"deal", "war", "draft.swap"}
    assert all(c.mean == c.before for c in outlook.curves if c.before)
    assert outlook.fans == ()
    assert outlook.evidence == ()


def test_evidence_that_few_draws_can_produce(folder: Path) -> None:
    """An indicator that reads a parameter rules most draws out; they count for nothing after it."""
    only = "date: 2022-01-01, indicator: burden, value: [2.9, 3.1], reliability: 1"
    case = quarrel(only, more=[("value: arms + ", "value: 10 * success - arms - ")])
    likelihood = rows_of(case)["likelihood"]
    possible = np.isfinite(likelihood)
    assert 0 < possible.sum() < 8
    outlook = seen(case, folder)
    assert f"possible under {possible.sum()} of them only" in outlook.weighing.sentence
    assert outlook.weighing.effective == pytest.approx(possible.sum(), rel=1e-5)
    success = rows_of(case)["parameter.success"]
    posterior = next(p for p in outlook.posteriors if p.parameter == "success")
    assert posterior.after.mean == pytest.approx(success[possible].mean(), abs=1e-6)
    assert "too few to say what drives" in outlook.sensitivity[0].sentence
    assert outlook.questions[0].confidence.level == "low"
    assert outlook.boxes == ()


ARMED = "questions:\n  armed: {text: Armed?, holds: arms is high, at: 2024-01-01}\n"


@pytest.mark.parametrize(
    ("lack", "headline", "targets"),
    [
        ({"drafts": False, "questions": ARMED}, "By January 2026 war at some time is ", ["outcome.ever_war"]),
        ({"war": False}, "By January 2026 a deal in force at some time is ", ["gate.swap.holds", "outcome.ever_deal"]),
        ({"drafts": False, "war": False, "questions": ARMED}, "A quarrel has neither drafts nor a war", []),
    ],
)  # fmt: skip
def test_what_a_case_lacks_is_not_spoken_of(
    lack: dict[str, Any], headline: str, targets: list[str], folder: Path
) -> None:
    outlook = seen(quarrel(*SIGNALS, **lack), folder)
    assert outlook.headline.startswith(headline)
    assert [s.quantity for s in outlook.sensitivity] == targets
    assert len(outlook.gates) == (0 if "drafts" in lack else 1)
    assert ("war" in outlook.headline.removeprefix("A quarrel has neither")) == (len(targets) == 1 or not targets)


def test_a_case_without_questions(folder: Path) -> None:
    outlook = seen(quarrel(*SIGNALS, questions=""), folder)
    assert outlook.questions == ()
    assert {f.shifts for f in outlook.evidence} == {()}
    assert all(f.sentence.startswith("Moves no answer") for f in outlook.evidence)


def test_a_case_without_uncertain_parameters_is_not_sure_for_that(folder: Path) -> None:
    outlook = seen(quarrel(*SIGNALS, certain=True), folder, draws=16)
    assert outlook.posteriors == ()
    assert outlook.boxes == ()
    for q in outlook.questions:
        assert q.after.low == pytest.approx(q.after.high, abs=EXACT)
        assert q.drivers == ()
        assert q.confidence.level == "low"
        assert "no parameter is declared uncertain" in q.confidence.sentence
    assert "eight draws in ten" not in outlook.headline
    assert len(outlook.evidence) == 2
    assert outlook.weighing.sentence.startswith("No draw accounts for the evidence better than another")


def test_draws_that_fail_are_counted_and_left_out(folder: Path) -> None:
    case = quarrel(*SIGNALS, success='"uniform(0.5, 1.4)"')
    rows = rows_of(case)
    failed = rows["failure"] != ""
    np.testing.assert_array_equal(failed, rows["parameter.success"] > 1.0)
    outlook = seen(case, folder)
    assert outlook.weighing.failed == failed.sum() > 10
    after = shares(rows["likelihood"][~failed])
    for q in outlook.questions:
        assert q.after.mean == pytest.approx(after @ rows[f"question.{q.question}"][~failed], abs=EXACT)
        assert q.before.mean == pytest.approx(rows[f"before.question.{q.question}"][~failed].mean(), abs=EXACT)
    posterior = next(p for p in outlook.posteriors if p.parameter == "success")
    assert posterior.before.mean == pytest.approx(rows["parameter.success"][~failed].mean(), abs=EXACT)
    assert outlook.weighing.sentence.startswith(f"After the evidence, {(~failed).sum()} draws")


def test_where_every_draw_fails_it_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(self: Ensemble, first: int, count: int) -> Rows:
        failure = np.full(count, "a number makes no sense")
        return {"draw": np.arange(first, first + count), "failure": failure, "settled": np.zeros(count, dtype=bool)}

    monkeypatch.setattr(Ensemble, "solve", failing)
    with pytest.raises(CaseError, match="no draw could be solved: a number makes no sense"):
        seen(quarrel(*SIGNALS[:1], questions=""), folder, gates=())


@pytest.mark.parametrize(
    ("how", "code", "message"),
    [
        ({"gates": ("treaty",)}, "unknown-draft", "no draft is called `treaty`"),
        ({"overrides": {"zeal": 1.0}}, "unknown-parameter", "no parameter is called `zeal`"),
        (
            {"day": date(2020, 1, 1)},
            "day-not-known",
            "cannot be frozen on 2020-01-01: it knows 2022-01-01 to 2023-01-01",
        ),
    ],
)
def test_what_is_not_there_cannot_be_asked_for(how: dict[str, Any], code: str, message: str, folder: Path) -> None:
    with pytest.raises(CaseError, match=message) as told:
        seen(quarrel(), folder, draws=16, **how)
    assert [issue.code for issue in told.value.issues] == [code]


@pytest.mark.parametrize("draws", [1, 5])
def test_few_draws_tell_answers_but_not_what_drives_them(draws: int, folder: Path) -> None:
    outlook = seen(quarrel(*SIGNALS), folder, draws=draws)
    assert {s.sentence.split(" to say")[0] for s in outlook.sensitivity} == {f"{draws} draws are too few"}
    assert {q.confidence.level for q in outlook.questions} == {"low"}
    assert all("could not be told" in q.confidence.sentence for q in outlook.questions)


def test_a_parameter_held_at_a_value_is_no_longer_uncertain(folder: Path) -> None:
    outlook = seen(quarrel(*SIGNALS), folder, overrides={"earnest": 0.0})
    posterior = next(p for p in outlook.posteriors if p.parameter == "earnest")
    assert {name: after for name, _, after in posterior.choices} == {"earnest": 0.0, "for_show": pytest.approx(1.0)}
    assert ("set earnest", "0.0") in outlook.provenance.settings


def test_an_earlier_day_knows_nothing_later(folder: Path) -> None:
    """Neither the reports nor the questions of the time after it."""
    whole, cut = quarrel(*SIGNALS, *OTHERS), quarrel(*SIGNALS[:1], OTHERS[0])
    day = date(2022, 7, 1)
    early = seen(whole, folder, day=day)
    assert (early.as_of, early.since, early.questions) == (day, day, ())
    assert untimed(early) == untimed(seen(cut, folder, day=day))


def test_the_same_seed_gives_the_same_outlook(folder: Path, tmp_path: Path) -> None:
    case = quarrel(*SIGNALS, *OTHERS)
    first = seen(case, folder)
    assert untimed(first) == untimed(seen(case, tmp_path))
    other = seen(case, folder, draws=16, seed=7)
    assert ("seed", "7") in other.provenance.settings
    assert other.posteriors[0].before != first.posteriors[0].before


@pytest.mark.verify
def test_two_processes_find_what_one_finds(folder: Path, tmp_path: Path) -> None:
    case = quarrel(*SIGNALS, *OTHERS)
    assert untimed(look(case, Settings(draws=DRAWS, workers=2, folder=tmp_path))) == untimed(seen(case, folder))


def test_more_draws_begin_with_the_same() -> None:
    case = quarrel(*SIGNALS)
    few, many = rows_of(case, 16), rows_of(case, 32)
    for name, column in few.items():
        np.testing.assert_array_equal(column, many[name][:16], err_msg=name)


def test_a_draft_cannot_be_tabled_before_its_day() -> None:
    """Where a half-year is learnt from in which it is not yet on the table."""
    ask = "questions:\n  in force: {text: Deal?, holds: deal is live, by: 2024-09-10}\n"
    signed = "date: 2022-07-01, deal: in_force, draft: swap, reliability: 0.9"
    later = "date: 2023-01-01, deal: in_force, draft: swap, reliability: 0.9"

    def likelihood(report: str, on_table: str = "") -> NDArray[Any]:
        return np.exp(Ensemble.of(quarrel(report, questions=ask, on_table=on_table)).solve(0, 16)["likelihood"])

    # before its day the report can only be wrong
    np.testing.assert_allclose(likelihood(signed, "from: 2022-07-01"), 0.1, rtol=1e-5)
    assert (likelihood(signed) > 0.15).all()
    assert (likelihood(later, "from: 2022-07-01") > 0.15).all()
    # and not in the period before the day of information either
    np.testing.assert_allclose(likelihood(later, "from: 2023-01-01"), 0.1, rtol=1e-5)


def test_reports_of_one_thing_within_a_period_are_weighed_once(folder: Path) -> None:
    """The last of them counts; the others are told, not weighed."""
    early = "date: 2022-03-01, variable: arms, level: high, reliability: 0.9"
    unplayed = "date: 2023-01-01, decision: signalling, option: stall, reliability: 0.9"
    both, last = seen(quarrel(early, *OTHERS, unplayed), folder), seen(quarrel(*OTHERS), folder)
    assert both.overtaken == ("2022-03-01: Arms is high", "2023-01-01: What the north signals: stall")
    assert (last.overtaken, both.questions, both.weighing) == ((), last.questions, last.weighing)


def test_modelling_choices_drive_answers_too(folder: Path) -> None:
    case = quarrel(modelling="terminal: 'one of {stationary: 1, settled: 3}'")
    outlook, rows = seen(case, folder), rows_of(case)
    terminal = next(p for p in outlook.posteriors if p.parameter == "model.terminal")
    share = (rows["model.terminal"] == "settled").mean()
    assert {name: before for name, before, _ in terminal.choices}["settled"] == pytest.approx(share) == 0.75
    assert "model.terminal" in {i.parameter for i in outlook.sensitivity[0].indices}


IN_FORCE = "deal: in_force, draft: swap"


def test_a_case_that_starts_in_a_deal(folder: Path) -> None:
    """It is signed already, and its keeping is judged from where things stand."""
    case = quarrel(*SIGNALS, deal=IN_FORCE, more=[("start: in_place", "start: lifted")])
    outlook = seen(case, folder)
    gate = outlook.gates[0]
    assert gate.before[:2] == gate.after[:2]
    assert [(b.low, b.high) for b in gate.before[:2]] == [(1.0, 1.0)] * 2
    rows = rows_of(case)
    np.testing.assert_array_equal(rows["gate.swap.sign"], 1.0)
    np.testing.assert_array_equal(rows["gate.swap.holds"], rows["gate.swap.keep"])
    assert {b.probability for b in outlook.questions[0].benchmarks if b.name == "no change"} == {1.0}
    judged = run(case, Run(frictions=False, select=False, diagnosis=())).drafts[0]
    assert [g.probability for g in judged.gates[:2]] == [1.0, 1.0]
    assert judged.gates[0].sentence == "It is signed already."
    assert judged.survival.alive[0] == 1.0


OPENING = """\
      - name: opening
        lasts: 1 year
        owes:
          south: {arming: {must_not: [build]}}
"""


def test_keeping_begins_where_the_deal_stands() -> None:
    """In its second phase if it has come so far; in its first if it is there, or nowhere yet."""
    opened = [("      - name: running\n", f"{OPENING}      - name: running\n")]

    def keep(**how: Any) -> NDArray[Any]:
        return np.asarray(Ensemble.of(quarrel(more=opened, **how), gates=["swap"]).solve(0, 16)["gate.swap.keep"])

    nowhere, first, second = keep(), keep(deal="deal: phase, draft: swap, phase: opening"), keep(deal=IN_FORCE)
    np.testing.assert_array_equal(first, nowhere)
    assert (np.abs(second - first) > 1e-3).any()
