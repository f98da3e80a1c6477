"""The terminal's view fits its width, puts the verdict first and is plain text where nobody can see colours."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from servanda.report.terminal import show
from tests.report.fixtures import make_run, with_hostile_titles


def shown(width: int, *, terminal: bool = False, hostile: bool = False) -> str:
    stream = io.StringIO()
    console = Console(file=stream, width=width, force_terminal=terminal, color_system="standard" if terminal else None)
    run = with_hostile_titles(make_run()) if hostile else make_run()
    show(run, console, report=Path("servanda-reports/us-iran.html"))
    return stream.getvalue()


@pytest.mark.parametrize("width", [80, 100, 180])
def test_it_fits(width: int) -> None:
    assert max(cell_len(line) for line in shown(width).splitlines()) <= min(width, 100)


def test_verdict_then_drafts_then_frictions_then_questions_then_status() -> None:
    text = shown(100)
    parts = (
        "No draft on the table can be kept",
        "Almost no chance (2 %)",
        "Drafts by gate",
        "Treaty with",
        "Waiver vol",
    )
    parts += ("Dated questions", "Solved:", "Selection-dependent", "Report: servanda-reports/us-iran.html")
    place = 0
    for part in parts:
        place = text.index(part, place)


def test_no_escapes_without_a_terminal() -> None:
    assert "\x1b" not in shown(100)
    assert "\x1b[1m" in shown(100, terminal=True)


def test_words_and_margins_stand_in_the_gates() -> None:
    text = shown(100)
    assert "roughly even chance" in text
    assert "24 %, margin −4.6" in text
    assert "not needed" in text
    assert "log-odds −10.8" in text


def test_markup_of_a_title_is_only_text() -> None:
    assert "{{7*7}}" in shown(100, hostile=True)
