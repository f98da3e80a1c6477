"""The page of a backtest: whole, honest where it did worse than the base rate, and edges included."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from servanda.report import backtested
from servanda.report.charts import theme
from servanda.report.charts.calibration import backtest_figures
from servanda.report.tables import to_json
from servanda.uncertainty.answers import Interval
from tests.report.browsing import Reader, stand_in_order, words_of
from tests.report.invented_backtest import awkward, make_backtest
from tests.report.test_outlook_page import BAD, check, whole


@pytest.fixture(scope="module")
def text() -> str:
    return backtested.backtest_page(make_backtest())


@pytest.fixture(scope="module")
def read(text: str) -> Reader:
    return Reader(text)


def test_figures_are_legal_and_dark_paper_knows_every_colour() -> None:
    album = backtest_figures(make_backtest())
    assert list(album) == ["asked", "scores", "calibration"]
    check(album)
    drawn = json.dumps([figure.chart.to_dict() for figure in album.values()])
    assert '"url"' not in drawn
    assert set(re.findall(r"#[0-9a-fA-F]{3,8}\b", drawn)) <= set(theme.DARK)


def test_the_page_is_whole_and_in_order(read: Reader, text: str) -> None:
    whole(read)
    assert len(text.encode()) < 1_300_000
    assert [a["id"] for a in read.all("section")] == [
        *("bottom-line", "questions", "scores", "calibration", "frames", "proof", "method")
    ]
    words = words_of(read)
    stand_in_order(
        words,
        "On eight settled questions",
        "It did worse than the base rate on 1 of 8 questions.",
        "Worse on “Will the United States be back in the agreement by the end of 2021?” (6 Apr 2021): 31 %, and it did "
        "not happen; Brier 0.096 against 0.040.",
        "With fewer than 30 questions luck and skill cannot be told apart",
        "Votes of the Security Council are no state of the model.",
        "86 % of samples",
        "Know-how is not observed",
    )


def test_questions_stand_to_the_base_rate_as_their_scores_do() -> None:
    found = make_backtest()
    rows = [backtested.asked_row(q, ("base rate", "no change", "coin")) for q in found.questions]
    assert [row.standing for row in rows].count("better") == 7
    assert rows[5].standing == "no answer"
    assert rows[5].ours == "no answer"
    assert rows[5].brier == "–"
    assert rows[0].naive == (("33 %", "0.449"), ("0 %", "0.990"), ("50 %", "0.250"))


def test_a_model_that_loses_says_so_first() -> None:
    found = make_backtest()
    ours = replace(found.scores[0], brier=Interval(0.4, 0.3, 0.5), better_than_base=0.02)
    lost = replace(found, scores=(ours, *found.scores[1:]))
    worse = "Over all questions the model scores worse than the base rate and the coin."
    assert backtested.honest_summary(lost)[0] == ("bad", worse)
    assert not any(line.startswith("Over all") for _, line in backtested.honest_summary(found))
    counted = [line for _, line in backtested.honest_summary(replace(found, details=()))]
    assert counted[0] == "Better than the base rate on 7 of 8 questions, worse on 1."
    assert counted[-1] == "1 question has no answer in the model and has no part in the scores."
    words = words_of(Reader(backtested.backtest_page(lost)))
    assert words.index(worse) < words.index("The questions")
    assert "which speaks against it" in words


@pytest.mark.parametrize("name", awkward())
def test_the_edges_can_be_shown(name: str) -> None:
    found = awkward()[name]
    check(backtest_figures(found))
    whole(Reader(backtested.backtest_page(found)))
    assert to_json(backtested.backtest_json(found))


def test_frozen_states_are_told_without_underscores(read: Reader) -> None:
    table = backtested.frames_table(make_backtest().frames)
    assert table.rows[0][1] == "White House: us engager; Programme: capped; Deal: phase 1"
    assert "White House: us opponent" in words_of(read)
    assert "us_" not in words_of(read)


def test_text_never_becomes_markup() -> None:
    found = make_backtest()
    hostile = replace(
        found,
        headline=BAD,
        details=(BAD,),
        cases=(BAD,),
        questions=tuple(replace(q, text=BAD, outside=BAD if q.outside else "") for q in found.questions),
    )
    read = Reader(backtested.backtest_page(hostile))
    whole(read)
    assert len(read.scripts) == 3
    assert not any(name.startswith("on") for _, attributes in read.elements for name in attributes)


def test_it_is_written_and_json_is_the_records(tmp_path: Path, text: str) -> None:
    path = backtested.write_backtest(make_backtest(), tmp_path / "deep" / "backtest.html")
    assert path.read_text(encoding="utf-8") == text
    data = json.loads(to_json(backtested.backtest_json(make_backtest())))
    assert data["questions"][5]["probability"] is None
    assert data["frames"][0]["frozen"] == "2013-12-01"
