"""Outlook, backtest and sensitivity in the terminal: within the width, in order, base rates always; and frames."""

from __future__ import annotations

import io
from pathlib import Path

import pandas as pd
import pytest
from rich.cells import cell_len
from rich.console import Console

from servanda.outlook.answers import Outlook
from servanda.outlook.backtest_answers import Backtest
from servanda.report.outlook_frames import backtest_frames, outlook_frames, outlook_rows, sensitivity_frames
from servanda.report.terminal_backtest import print_backtest
from servanda.report.terminal_outlook import print_outlook, print_sensitivity
from tests.report import invented_backtest, invented_outlook
from tests.report.invented_backtest import make_backtest
from tests.report.invented_outlook import make_box, make_outlook, make_sensitivity


def printed(what: Outlook | Backtest, width: int = 100, *, terminal: bool = False) -> str:
    stream = io.StringIO()
    console = Console(file=stream, width=width, force_terminal=terminal, color_system="standard" if terminal else None)
    if isinstance(what, Outlook):
        print_outlook(console, what, Path("servanda-reports/page.html"))
    else:
        print_backtest(console, what, Path("servanda-reports/page.html"))
    return stream.getvalue()


def in_order(text: str, parts: tuple[str, ...]) -> None:
    place = 0
    for part in parts:
        place = text.index(part, place)


@pytest.mark.parametrize("width", [80, 100, 180])
@pytest.mark.parametrize("name", ["full", *invented_outlook.awkward()])
def test_an_outlook_fits(name: str, width: int) -> None:
    found = {"full": make_outlook(), **invented_outlook.awkward()}[name]
    assert max(cell_len(line) for line in printed(found, width).splitlines()) <= min(width, 100)


@pytest.mark.parametrize("width", [80, 100])
@pytest.mark.parametrize("name", ["full", *invented_backtest.awkward()])
def test_a_backtest_fits(name: str, width: int) -> None:
    found = {"full": make_backtest(), **invented_backtest.awkward()}[name]
    assert max(cell_len(line) for line in printed(found, width).splitlines()) <= min(width, 100)


def test_an_outlook_speaks_in_order_and_in_words() -> None:
    text = printed(make_outlook())
    in_order(
        text,
        (
            "information as of 1 Sep 2022",
            "Any deal alive when the next US President is inaugurated: unlikely (27 %)",
            "Coin  Confidence",
            "very             11 %    10 %     18 %      0 %  50 %  moderate",
            "6–33 %",
            "What drives each",
            "Evidence that moved an answer most",
            "−11.3   5.2",
            "50 % → 41 %",
            "What switching a friction off adds",
            "+16.8 (+8.4 to +27.3)",
            "256 draws; 3 failed, 5 left the far future",
            "Report: servanda-reports/page.html",
        ),
    )
    assert "\x1b" not in text
    assert "\x1b[1m" in printed(make_outlook(), terminal=True)
    assert "moderate" in printed(make_outlook(), 80)


def test_a_backtest_says_what_speaks_against_it() -> None:
    in_order(
        printed(make_backtest()),
        (
            "Backtest: us-iran",
            "On eight settled questions",
            "Worse on “Will the United States be back",
            "Servanda",
            "no answer",
            "worse",
            "Beats base rate",
            "86 % of samples",
            "128 of 128",
            "luck and skill cannot be told",
            "Report: ",
        ),
    )


def test_a_sensitivity_is_printed_with_its_limits() -> None:
    stream = io.StringIO()
    console = Console(file=stream, width=100)
    print_sensitivity(console, make_sensitivity(quality=0.4), (make_box(),), Path("sweep.parquet"))
    in_order(
        stream.getvalue(),
        (
            "Mean over draws: unlikely (27 %).",
            "Oil price (USD a barrel)",
            "62.5   108           19 %            33 %",
            "(unreliable)",
            "0.36 (0.31 to 0.42)",
            "total effects are not to be relied on",
            "at most 71.5",
            "Draws: sweep.parquet",
        ),
    )


def test_frames_are_long_and_dated() -> None:
    found = outlook_frames(make_outlook())
    assert len(found["questions"]) == 13
    assert len(found["curves"]) == 6 * 25
    assert len(found["shifts"]) == 18 * 13
    assert len(found["gates"]) == 6 * 4
    assert pd.api.types.is_datetime64_any_dtype(found["fans"]["date"])
    at = found["questions"].set_index("question").loc["any-deal-2025"]
    assert at["after"] == 0.27
    assert (at["confidence"], at["outcome"]) == ("high", "no")
    assert list(outlook_rows(make_outlook())) == list(found)
    tested = backtest_frames(make_backtest())
    assert len(tested["forecasts"]) == 9 * 4
    assert tested["forecasts"].query("forecaster == 'servanda'")["brier"].isna().sum() == 1
    assert pd.api.types.is_datetime64_any_dtype(tested["frames"]["frozen"])
    assert len(sensitivity_frames((make_sensitivity(),), (make_box(),))["boxes"]) == 3
    assert all(len(frame) == 0 for name, frame in outlook_frames(invented_outlook.awkward()["bare"]).items())
