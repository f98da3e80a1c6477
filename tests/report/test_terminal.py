"""The terminal's view fits its width, puts the verdict first and is plain text where nobody can see colours."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from servanda.diagnosis.answers import Flips, FrictionLattice
from servanda.report.terminal import show, show_frictions
from tests.report.fixtures import make_run, with_hostile_titles
from tests.report.invented_diagnosis import awkward, make_diagnosis, make_flips, make_lattice, make_sampled


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


def asked(width: int, lattice: FrictionLattice | None, flips: Flips | None) -> str:
    stream = io.StringIO()
    show_frictions(lattice, flips, Console(file=stream, width=width, force_terminal=False))
    return stream.getvalue()


@pytest.mark.parametrize("name", ["full", *awkward()])
@pytest.mark.parametrize("width", [80, 130])
def test_the_diagnosis_fits(name: str, width: int) -> None:
    found = {"full": make_diagnosis(), **awkward()}[name]
    stream = io.StringIO()
    show(replace(make_run(), diagnosis=found), Console(file=stream, width=width, force_terminal=False))
    lines = stream.getvalue().splitlines() + asked(width, found.lattice, found.flips).splitlines()
    assert max(cell_len(line) for line in lines) <= min(width, 100)


def test_the_diagnosis_stands_between_drafts_and_questions() -> None:
    stream = io.StringIO()
    show(replace(make_run(), diagnosis=make_diagnosis()), Console(file=stream, width=100, force_terminal=False))
    text = stream.getvalue()
    place = 0
    for part in (
        "What ends it",
        "Frictions  ",
        "Smallest repair  ",
        "Cost of trust  ",
        "Draft or structure  ",
        "When  ",
    ):
        place = text.lower().index(part.lower(), place)
    assert text.index("Dated questions") > place
    assert "Each friction switched off alone" not in text


def test_a_run_without_a_lattice_still_shows_frictions_one_by_one() -> None:
    stream = io.StringIO()
    found = replace(make_diagnosis(), lattice=None)
    show(replace(make_run(), diagnosis=found), Console(file=stream, width=100, force_terminal=False))
    assert "Each friction switched off alone" in stream.getvalue()


def test_frictions_alone_give_shares_repairs_pairs_and_flips() -> None:
    text = asked(100, make_lattice(), make_flips())
    place = 0
    for part in (
        "signed, ratified and kept",
        "Every friction on: almost no chance (less than 1 %); off: almost certain (96 %).",
        "What removing each friction adds, in percentage points",
        "+30.6   +3.4  +36.6     +2.45",
        "The smallest repairs",
        "Pairs that work on each other most",
        "+20.9  No commitment beyond the administration",
        "4,096 distinct games solved, 41.0 s.",
        "What flips the verdict",
        "roughly even chance (53 %)",
    ):
        place = text.index(part, place)
    assert "± 0.4" in asked(100, make_sampled(), None)


def test_markup_of_a_title_is_only_text() -> None:
    assert "{{7*7}}" in shown(100, hostile=True)
