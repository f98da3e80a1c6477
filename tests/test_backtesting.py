"""Backtests: scores against their closed forms, and a summary that does not flatter."""

from __future__ import annotations

import math
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from servanda.backtesting import Settings, backtest, backtest_library, library, settled_questions
from servanda.case import loading, read
from servanda.case.resolved import ResolvedCase
from servanda.errors import CaseError
from servanda.forecast.scores import CLIP
from servanda.outlook import library as shelves
from servanda.outlook.backtest_answers import Backtest
from servanda.outlook.learning import Step, steps
from servanda.uncertainty.weights import band
from tests.outlook.quarrel import OTHERS, SIGNALS, quarrel

RATE = "benchmark: {probability: 0.3, source: press}"
NOW, THEN = "at: 2024-01-01", "at: 2024-07-01"
ASKED = f"""\
questions:
  late deal: {{text: Is there a deal by September 2024?, holds: deal is live, by: 2024-09-10, outcome: no, {RATE}}}
  armed: {{text: Is the south heavily armed?, holds: arms is high, {NOW}, asked: 2022-07-01, outcome: yes, {RATE}}}
  early deal: {{text: Is there a deal in 2024?, holds: deal is live, {THEN}, asked: 2022-07-01, outcome: yes, {RATE}}}
  not rated: {{text: Is the embargo lifted?, holds: embargo is lifted, at: 2024-01-01, asked: 2022-01-01, outcome: no}}
  oil: {{text: Does oil rise?, outside: no market is modelled, by: 2024-09-10, asked: 2022-07-01, outcome: no, {RATE}}}
  open: {{text: Is there a deal by 2025?, holds: deal is live, by: 2025-01-01}}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sweeps")


@pytest.fixture(scope="module")
def scored(folder: Path) -> Backtest:
    return tried(folder, quarrel(*SIGNALS, *OTHERS, questions=ASKED))


def tried(folder: Path, *cases: ResolvedCase) -> Backtest:
    return backtest(cases, Settings(draws=16, workers=1, folder=folder))


def asked(*names: str, **changed: str) -> str:
    """Some of the questions only, with texts replaced in them."""
    lines = [line for line in ASKED.splitlines()[1:] if line.split(":")[0].strip() in names]
    text = "\n".join(["questions:", *lines, ""])
    for old, new in changed.items():
        text = text.replace(old, new)
    return text


def stating(monkeypatch: pytest.MonkeyPatch, **told: float) -> None:
    """Let every draw answer the questions with these probabilities."""
    column = Step.column

    def answer(self: Step, name: str) -> Any:
        question = name.removeprefix("question.").replace(" ", "_")
        return np.full(16, told[question]) if question in told else column(self, name)

    monkeypatch.setattr(Step, "column", answer)


def test_questions_are_those_whose_outcome_is_known() -> None:
    case = quarrel(questions=ASKED)
    assert [(day, q.name) for day, q in settled_questions(case)] == [
        (date(2022, 1, 1), "not rated"), (date(2022, 7, 1), "armed"), (date(2022, 7, 1), "early deal"),
        (date(2022, 7, 1), "oil"), (date(2023, 1, 1), "late deal"),
    ]  # fmt: skip


def test_scores_are_their_closed_forms(scored: Backtest) -> None:
    assert [(s.frozen, s.question) for s in scored.questions] == [
        (date(2022, 1, 1), "not rated"), (date(2022, 7, 1), "armed"), (date(2022, 7, 1), "early deal"),
        (date(2022, 7, 1), "oil"), (date(2023, 1, 1), "late deal"),
    ]  # fmt: skip
    for s in scored.questions:
        stated = {b.name: b.probability for b in s.benchmarks}
        if s.probability is not None:
            assert s.band is not None
            assert s.probability == s.band.mean
            stated = {"servanda": s.probability} | stated
        assert [name for name, _, _ in s.scores] == list(stated)
        for name, squared, logged in s.scores:
            p = stated[name]
            assert squared == pytest.approx((p - s.outcome) ** 2)
            kept = min(max(p, CLIP), 1.0 - CLIP)
            assert logged == pytest.approx(-math.log(kept if s.outcome else 1.0 - kept))


def test_means_are_over_what_every_forecaster_answered(scored: Backtest) -> None:
    common = [s for s in scored.questions if s.question in ("armed", "early deal", "late deal")]
    standing = {s.forecaster: s for s in scored.scores}
    assert list(standing) == ["servanda", "base rate", "no change", "coin", "servanda (all it answers)"]
    for name in ("servanda", "base rate", "no change", "coin"):
        squares = [{n: b for n, b, _ in s.scores}[name] for s in common]
        logs = [{n: x for n, _, x in s.scores}[name] for s in common]
        assert standing[name].questions == 3
        assert standing[name].brier.value == pytest.approx(np.mean(squares))
        assert standing[name].log.value == pytest.approx(np.mean(logs))
        assert standing[name].brier.low <= standing[name].brier.value <= standing[name].brier.high
    assert standing["coin"].brier.value == 0.25
    saved = 1.0 - standing["servanda"].brier.value / standing["base rate"].brier.value
    assert standing["servanda"].skill.value == pytest.approx(saved)
    assert standing["servanda (all it answers)"].questions == 4
    assert sum(b.count for b in scored.calibration) == 4


def test_frames_tell_what_was_known(scored: Backtest) -> None:
    assert [(f.frozen, f.pieces, f.assumed) for f in scored.frames] == [
        (date(2022, 1, 1), 0, ()), (date(2022, 7, 1), 2, ("embargo",)), (date(2023, 1, 1), 4, ()),
    ]  # fmt: skip
    assert all(f.drafts == ("Swap",) and f.draws == 16 and f.failed == 0 for f in scored.frames)
    assert scored.frames[0].state == (("embargo", "in_place"), ("Arms", "middle"), ("deal", "none"))
    assert scored.frames[0].effective == pytest.approx(16.0)
    assert scored.frames[1].effective < 15.9


def test_a_question_outside_the_model_is_not_answered(scored: Backtest) -> None:
    oil = next(s for s in scored.questions if s.question == "oil")
    assert (oil.probability, oil.band, oil.words) == (None, None, "")
    assert (oil.outside, oil.sentence) == ("no market is modelled", "The model has no answer.")
    assert [b.name for b in oil.benchmarks] == ["base rate", "coin"]
    assert scored.details[-1] == "1 question lies outside the model and is scored for the naive forecasters only."


def test_without_known_outcomes_there_is_nothing_to_score(folder: Path) -> None:
    with pytest.raises(CaseError, match="nothing to score: no question of quarrel has a known outcome") as told:
        tried(folder, quarrel())
    assert [(i.code, "outcome: yes" in i.hint) for i in told.value.issues] == [("nothing-to-score", True)]
    with pytest.raises(CaseError, match="nothing to score: no question of no case"):
        tried(folder)


def test_a_case_without_known_outcomes_is_left_out_beside_another(folder: Path) -> None:
    found = tried(folder, quarrel(), read("theory/pledge"), quarrel(questions=asked("armed")))
    assert found.cases == ("quarrel",)
    assert [s.question for s in found.questions] == ["armed"]
    assert len(found.provenance) == 1


def test_two_cases_of_one_name_keep_their_questions(folder: Path) -> None:
    found = tried(folder, quarrel(questions=asked("early deal")), quarrel(questions=asked("armed")))
    assert [s.question for s in found.questions] == ["early deal", "armed"]


GOOD = {"armed": 0.9, "early_deal": 0.8, "late_deal": 0.05}
BAD = {"armed": 0.1, "early_deal": 0.2, "late_deal": 0.9}
MIXED = {"armed": 0.1, "early_deal": 0.9, "late_deal": 0.5}
EVEN = {"armed": 0.5, "early_deal": 0.5, "late_deal": 0.5}


@pytest.mark.parametrize(
    ("told", "headline", "behind"),
    [
        (GOOD, "better than the base rate, no change and a coin", 0),
        (BAD, "no better than the base rate, no change and a coin", 3),
        # no change says never, and was right once in three
        (MIXED, "better than no change and no better than the base rate and a coin", 2),
        (EVEN, "better than the base rate and no change and no better than a coin", 1),
    ],
)  # fmt: skip
def test_the_headline_says_whom_the_model_beats(
    told: dict[str, float], headline: str, behind: int, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stating(monkeypatch, **told)
    found = tried(folder, quarrel(questions=asked("armed", "early deal", "late deal")))
    outcome = {"armed": 1.0, "early_deal": 1.0, "late_deal": 0.0}
    score = np.mean([(told[n] - outcome[n]) ** 2 for n in told])
    assert found.headline == f"Over 3 questions the model's Brier score is {score:.3f}: {headline} (base rate 0.357)."
    worse = [d for d in found.details if d.startswith("The base rate did better")]
    if not behind:
        assert worse == []
    else:
        assert worse == [f"The base rate did better on {behind} of 3."]
    for s in found.questions:
        name = s.question.replace(" ", "_")
        farther = abs(told[name] - outcome[name]) > abs(0.3 - outcome[name])
        assert ("farther from the truth than the base rate" in s.sentence) == farther
    assert found.details[0].startswith("With 3 questions of 1 case this proves little: the interval of the score runs")
    assert "judged by people who knew how it went" in found.details[1]


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        (0.9, "Came true; our 90 % was on the right side of even, nearer the truth than the base rate of 30 %."),
        (0.2, "Came true; our 20 % was on the wrong side of even, farther from the truth than the base rate of 30 %."),
        (0.4, "Came true; our 40 % was on the wrong side of even, nearer the truth than the base rate of 30 %."),
        (0.5, "Came true; our 50 % was on neither side of even, nearer the truth than the base rate of 30 %."),
        (0.3, "Came true; our 30 % was on the wrong side of even, no nearer than the base rate of 30 %."),
    ],
)
def test_a_sentence_says_how_it_went(told: float, sentence: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stating(monkeypatch, armed=told)
    (only,) = tried(folder, quarrel(questions=asked("armed"))).questions
    assert only.sentence == sentence


def test_one_question_has_no_interval(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stating(monkeypatch, armed=0.9)
    found = tried(folder, quarrel(questions=asked("armed")))
    assert found.headline.startswith("Over 1 question the model's Brier score is 0.010: better than")
    assert found.details[0] == "With 1 question of 1 case this proves little: one question has no interval."
    assert math.isnan(found.scores[0].brier.low)


def test_without_base_rates_the_model_is_not_compared(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stating(monkeypatch, not_rated=0.1)
    found = tried(folder, quarrel(questions=asked("not rated")))
    assert found.headline == (
        "No question was answered by every forecaster, so there is nothing to compare; over the 1 question that the "
        "model answers its Brier score is 0.010."
    )
    (only,) = found.questions
    assert only.sentence == "Came out false; our 10 % was on the right side of even."
    silent = tried(folder, quarrel(questions=asked("oil")))
    assert silent.headline.endswith("nothing to compare: the model answers none of them.")
    assert silent.calibration == ()


def test_two_cases_are_scored_together(folder: Path) -> None:
    first = quarrel(questions=asked("armed"))
    second = quarrel(questions=asked("early deal"), more=[("case: quarrel", "case: feud")])
    stages: list[tuple[str, float]] = []
    found = backtest(
        (first, second), Settings(draws=16, workers=1, folder=folder), lambda name, share: stages.append((name, share))
    )
    assert found.cases == ("quarrel", "feud")
    assert [s.case for s in found.questions] == ["quarrel", "feud"]
    assert found.details[0].startswith("With 2 questions of 2 cases")
    assert [share for _, share in stages] == sorted(share for _, share in stages)
    assert stages[-1] == ("feud", 1.0)
    # cases are what is resampled: two of one question each give the two scores and their mean
    ours = found.scores[0]
    own = sorted(b for s in found.questions for n, b, _ in s.scores if n == "servanda")
    assert (ours.brier.low, ours.brier.high) == pytest.approx((own[0], own[1]))
    assert found.difference is not None
    assert (found.difference.cases, found.difference.questions) == (2, 2)
    assert found.details[1].startswith("Set beside the base rate question by question, our score is ")
    assert found.survival is None


ALIVE = """\
questions:
  alive-1y: {text: Alive after a year?, holds: deal is none, at: 2023-07-01, asked: 2022-07-01, outcome: yes, RATE}
  alive-2y: {text: Alive after two?, holds: deal is none, at: 2024-07-01, asked: 2022-07-01, outcome: OUTCOME, RATE}
  north-left-2y: {text: Left?, holds: deal is live, by: 2024-07-01, asked: 2022-07-01, outcome: LEFT, RATE}
  alive-9y: {text: Put later, holds: deal is none, at: 2024-07-01, outcome: yes}
""".replace("RATE", RATE)


def lasting(name: str, outcome: str, left: str) -> ResolvedCase:
    questions = ALIVE.replace("OUTCOME", outcome).replace("LEFT", left)
    if outcome == "unknown":
        questions = questions.replace(", outcome: unknown", "")
    return quarrel(questions=questions, more=[("case: quarrel", f"case: {name}")])


def test_survival_is_scored_by_the_names_of_questions(folder: Path) -> None:
    found = tried(
        folder, lasting("first", "no", "yes"), lasting("second", "yes", "no"), lasting("third", "unknown", "no"),
        quarrel(questions=asked("armed")),
    ).survival  # fmt: skip
    assert found is not None
    # only agreements asked about have a part, as they stood on the first day on which they were
    assert [life.case for life in found.lives] == ["first", "second", "third"]
    assert found.absent == ("quarrel",)
    assert [(h.years, h.known, h.pending) for h in found.horizons] == [(1, 3, 0), (2, 2, 1)]
    assert [(p.years, p.at_risk, p.ended) for p in found.curve] == [(0, 3, 0), (1, 3, 0), (2, 2, 1)]
    first = next(life for life in found.lives if life.case == "first")
    assert [f.party for f in first.fates] == ["", "north", ""]
    assert first.came == "north left"
    # the same forecast for the same question, whether it is known or not
    assert len({life.asked[1][1] for life in found.lives}) == 1


def test_the_library_is_the_founding_case_and_history(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    files = {}
    kinds = {"old": "questions", "theory/pledge": "theory", "open": "open", "broken": "broken"}
    for name, text in kinds.items():
        folder = tmp_path / name
        folder.mkdir(parents=True)
        files[name] = folder / "case.yaml"
        files[name].write_text(text, encoding="utf-8")

    def load(file: Path) -> loading.Loaded:
        kind = file.read_text(encoding="utf-8")
        if kind == "broken":
            return loading.load_text("case: [x")
        return loading.Loaded(quarrel(questions=asked("armed") if kind == "questions" else ""), ())

    monkeypatch.setattr(shelves, "shipped", lambda: files)
    monkeypatch.setattr(shelves, "load", load)
    chosen = library()
    assert [case.name for case in chosen.cases] == ["quarrel"]
    assert chosen.left_out == (
        ("theory/pledge", "theory"), ("open", "none of its questions is settled"),
        ("broken", "cannot be read: 1 error"),
    )  # fmt: skip
    found = backtest_library(Settings(draws=16, workers=1, folder=tmp_path / "sweeps"), chosen=chosen)
    assert (found.cases, found.left_out) == (("quarrel",), chosen.left_out)
    assert "famous, not drawn at random" in found.chosen


def test_shipped_history_is_in_the_library() -> None:
    chosen = library()
    names = [case.name for case in chosen.cases]
    assert "us-iran" in names
    assert [case.as_of for case in chosen.cases] == sorted(case.as_of for case in chosen.cases)
    assert all(why == "theory" for name, why in chosen.left_out)
    assert all(name.startswith("theory/") for name, why in chosen.left_out)


def test_answers_are_weighed_means(scored: Backtest, folder: Path) -> None:
    case = quarrel(*SIGNALS, *OTHERS, questions=ASKED)
    days = [day for day, _ in settled_questions(case)]
    for step in steps(case, days, Settings(draws=16, workers=1, folder=folder).of_outlook()):
        for s in scored.questions:
            if s.frozen == step.day and s.probability is not None:
                assert s.band == band(step.swept[f"question.{s.question}"], step.weights)


@pytest.mark.verify
def test_the_founding_case_is_frozen_on_six_days_and_its_own(folder: Path) -> None:
    found = tried(folder, read("us-iran"))
    assert [f.frozen for f in found.frames] == [
        date(2013, 12, 1), date(2015, 7, 15), date(2018, 5, 9), date(2020, 8, 15), date(2021, 4, 6), date(2022, 8, 10),
        date(2022, 9, 1),
    ]  # fmt: skip
    assert found.frames[0].pieces == 0
    assert [f.pieces for f in found.frames] == sorted(f.pieces for f in found.frames)
    assert all(f.failed == 0 for f in found.frames)
    # of them four of survival, put on a day that others are put on
    assert sum(s.probability is not None for s in found.questions) == 11
    assert [s.question for s in found.questions if s.outside] == [
        s.question for s in found.questions if s.probability is None
    ]
    assert "judged by people who knew how it went" in found.details[1]
