"""The library scored: its page, its terminal view and its Markdown, and edges of all three."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from servanda.outlook.backtest_answers import Backtest
from servanda.report import backtested
from servanda.report.charts import theme
from servanda.report.charts.calibration import backtest_figures
from servanda.report.library import library_summary, write_summary
from servanda.report.survived import fates_table, horizons_table, left_out, lives_table, scores_table
from servanda.report.tables import to_json
from servanda.report.terminal_backtest import print_backtest
from tests.report.browsing import Reader, stand_in_order, words_of
from tests.report.invented_library import awkward, make_library
from tests.report.test_outlook_page import BAD, check, whole


@pytest.fixture(scope="module")
def text() -> str:
    return backtested.backtest_page(make_library())


@pytest.fixture(scope="module")
def read(text: str) -> Reader:
    return Reader(text)


def printed(what: Backtest, width: int = 100) -> str:
    stream = io.StringIO()
    print_backtest(Console(file=stream, width=width), what, Path("servanda-reports/library.html"))
    return stream.getvalue()


def test_figures_are_legal_and_dark_paper_knows_every_colour() -> None:
    album = backtest_figures(make_library())
    assert list(album) == ["lives", "survival", "differences", "scores", "calibration"]
    check(album)
    drawn = json.dumps([figure.chart.to_dict() for figure in album.values()])
    assert '"url"' not in drawn
    assert set(re.findall(r"#[0-9a-fA-F]{3,8}\b", drawn)) <= set(theme.DARK)


def test_figures_say_in_words_what_they_show() -> None:
    album = backtest_figures(make_library())
    assert "swap-1995: 1 year 95 %, was alive, 3 years 50 %, had ended" in album["lives"].alt
    assert (
        "fish-2017: 1 year 70 %, was alive, 3 years 50 %, was alive, 5 years 50 %, was alive, 10 years 30 %, not"
        in (album["lives"].alt)
    )
    assert "after 3 years: forecast 68 %, base rate 67 %, alive 80 % (38 % to 96 %), 5 at risk, 1 ended since" in (
        album["survival"].alt
    )
    assert "alive, all horizons −0.0" in album["differences"].alt


def test_the_page_is_whole_and_in_order(read: Reader, text: str) -> None:
    whole(read)
    assert len(text.encode()) < 1_500_000
    assert [a["id"] for a in read.all("section")] == [
        *("bottom-line", "survival", "who-left", "scores", "calibration", "questions", "frames", "proof", "method")
    ]
    words = words_of(read)
    stand_in_order(
        words,
        "The library scored: 6 cases",
        "Worse on",
        "Were they still alive?",
        "Alive: 5 of 5 agreements after 1 year, 4 of 5 after 3",
        "2 of 4, 1 not known yet",
        "over cases",
        "Who left?",
        "North 60 %; South 20 %",
        "All 45 questions with their scores",
        "With fewer than 30 cases luck and skill can hardly be told apart",
        "chosen because they are famous, not drawn at random",
        "Left out: new (none of its questions is settled); 2 cases of theory",
        "no part in survival: summit-2019",
    )


def test_many_losses_are_counted_and_the_worst_are_told() -> None:
    found = make_library()
    lost = replace(
        found,
        questions=tuple(
            replace(q, scores=(("servanda", 0.5 + k / 100, 1.0), ("base rate", 0.1, 0.3)))
            for k, q in enumerate(found.questions)
            if q.probability is not None
        ),
    )
    lines = [line for kind, line in backtested.honest_summary(lost) if line.startswith("Worse on")]
    assert len(lines) == 5
    scores = [float(line.split("Brier ")[1][:5]) for line in lines]
    assert scores == sorted(scores, reverse=True)
    assert max(scores) == pytest.approx(max(s[1] for q in lost.questions for s in q.scores))
    assert ("plain", "These lost most; 35 more are marked in the table of questions.") in backtested.honest_summary(
        lost
    )


def test_tables_hold_the_numbers() -> None:
    found = make_library().survival
    assert found is not None
    assert horizons_table(found.horizons).rows[3][:2] == ("10 years", "2 of 4, 1 not known yet")
    assert [row[0] for row in scores_table(found).rows] == [
        "1 year", "3 years", "5 years", "10 years", "all horizons", "who left",
    ]  # fmt: skip
    assert scores_table(found).rows[4][1:3] == ("19", "5")
    assert lives_table(found.lives).rows[1] == (
        "swap-1995", "1 May 1995", "95 %: alive", "50 %: ended", "40 %: ended", "20 %: ended",
    )  # fmt: skip
    assert fates_table(found.lives).rows[2] == (
        "freeze-2000", "10 %", "North 20 %; South 55 %", "15 %", "South left", "North left", "no",
    )  # fmt: skip
    assert fates_table(found.lives).rows[4][-2:] == ("–", "not known yet")
    assert left_out(replace(make_library(), left_out=(), survival=None)) == ""


@pytest.mark.parametrize("width", [80, 100, 180])
@pytest.mark.parametrize("name", ["full", *awkward()])
def test_the_terminal_fits(name: str, width: int) -> None:
    found = {"full": make_library(), **awkward()}[name]
    lines = printed(found, width).splitlines()
    assert max(cell_len(line) for line in lines) <= min(width, 100)


def test_the_terminal_tells_survival_and_not_every_question() -> None:
    text = printed(make_library())
    place = 0
    for part in (
        "The library scored: 6 cases",
        "Were the agreements still alive?",
        "2 of 4",
        "who left",
        "50 % -",
        "30 % ?",
        "North left",
        "All 45 questions, and what was known on each day, are on the page.",
        "famous, not drawn at random",
        "Left out: new",
    ):
        place = text.index(part, place)


@pytest.mark.parametrize("name", awkward())
def test_the_edges_can_be_shown(name: str) -> None:
    found = awkward()[name]
    check(backtest_figures(found))
    whole(Reader(backtested.backtest_page(found)))
    assert to_json(backtested.backtest_json(found))
    assert library_summary(found, "servanda backtest a b").startswith("# The library, scored\n")


def test_text_never_becomes_markup() -> None:
    found = make_library()
    assert found.survival is not None
    lives = tuple(replace(x, case=BAD, title=BAD, said=BAD, came=BAD) for x in found.survival.lives)
    hostile = replace(
        found, chosen=BAD, left_out=((BAD, BAD),), cases=(BAD, BAD, BAD),
        survival=replace(found.survival, headline=BAD, details=(BAD,), lives=lives, absent=(BAD,)),
    )  # fmt: skip
    read = Reader(backtested.backtest_page(hostile))
    whole(read)
    assert len(read.scripts) == 3
    assert not any(name.startswith("on") for _, attributes in read.elements for name in attributes)
    assert re.search(r"(?<!\\)<", library_summary(hostile, "x")) is None


def test_the_summary_says_when_and_how_it_was_made(tmp_path: Path) -> None:
    path = write_summary(make_library(), tmp_path / "deep" / "library.md", "servanda backtest --library -n 128")
    told = path.read_text(encoding="utf-8")
    made = make_library().provenance[0].made_at[:10]
    assert "`servanda backtest --library -n 128`, version" in told
    assert f"on {made}." in told
    assert "| swap-1995 | 1 May 1995 | 95 %: alive | 50 %: ended | 40 %: ended | 20 %: ended |" in told
    heads = [line for line in told.splitlines() if line.startswith("#")]
    assert heads == [
        "# The library, scored", "## Bottom line", "## Survival", "## Who left", "## All questions",
        "## How the cases were chosen",
    ]  # fmt: skip
