"""Published theory, solved by the engine: one row of the table, one test."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from servanda.analysis import Settings, run
from servanda.case import load
from servanda.equilibrium import Status
from tests.reference import alternating_offers, power_shifts, sources, stopping
from tests.reference.case_files import CASES, builds
from tests.reference.power_shifts import Decline
from tests.reference.rows import LEGEND, Row, errors
from tests.reference.standing_offers import BUTTER, Programme
from tests.reference.theory_rows import gradual_shifts
from tests.reference.theory_table import PAGE, ROWS, page

FILES = sorted(CASES.rglob("case.yaml"))


def test_the_reference_answers_are_there() -> None:
    assert sources.FOLDER.is_dir(), sources.MISSING


@pytest.mark.parametrize("row", ROWS or (None,), ids=lambda row: row.name if row else "missing")
def test_the_engine_gives_the_answer(row: Row | None) -> None:
    assert row is not None, sources.MISSING
    assert max(errors(row)) <= row.tolerance, list(zip(row.expected, row.found(), strict=True))


def test_every_row_says_where_it_comes_from() -> None:
    assert len({row.name for row in ROWS}) == len(ROWS)
    for row in ROWS:
        assert row.source, row.name
        assert set(row.provenance.replace("/", " ").split()) & set(LEGEND), row.name
    assert {row.family for row in ROWS} == {
        "bargaining", "two_level", "commitment_war", "nonproliferation", "investment", "holdup"
    }  # fmt: skip


def test_a_wrong_answer_is_seen() -> None:
    row = next(r for r in ROWS if r.case == "payback_r0.1_h0.125")
    wrong = replace(row, expected=(row.expected[0] * 1.01,))
    assert max(errors(wrong)) > wrong.tolerance


Values = Mapping[str, Any]
FORMULAS: tuple[tuple[str, str, str, Callable[[Values], object]], ...] = (
    ("bargaining", "rubinstein", "share1", lambda p: alternating_offers.rubinstein_share(**p)),
    ("two_level", "schelling", "share1", lambda p: alternating_offers.ratified_share(p["k"], 0.0, p["delta"])),
    ("two_level", "two_sided", "share1", lambda p: alternating_offers.ratified_share(*p.values())),
    ("commitment_war", "fearon95", "war", lambda p: power_shifts.Shift(**p).war),
    ("commitment_war", "fearon95", "p2_threshold", lambda p: power_shifts.Shift(**p).threshold),
    ("commitment_war", "powell_0", "war", lambda p: Decline(p["d"], p["p_t"], p["p_next"], p["delta"]).excess > 0),
    ("commitment_war", "powell_0", "p_next_threshold",
     lambda p: power_shifts.after_threshold(p["d"], p["p_t"], p["delta"])),
    ("commitment_war", "powell_g", "war", lambda p: Decline(p["d"], 0.2, 0.8, p["delta"], p["steps"]).excess > 0),
    ("commitment_war", "powell_g", "one_step_condition",
     lambda p: Decline(p["d"], 0.2, 0.8, p["delta"], p["steps"]).neighbours),
    ("nonproliferation", "spaniel", "outcome", lambda p: Programme(**p).outcome[0]),
    ("nonproliferation", "spaniel", "x", lambda p: Programme(**p).outcome[1]),
    ("nonproliferation", "preventive", "lambda_threshold",
     lambda p: power_shifts.attack_threshold(p["p"], p["p2"], p["cD"] + p["cP"], p["d"])),
    ("investment", "payback", "N_max_discrete", lambda p: stopping.payback(**p)),
    ("investment", "dixit", "V_star", lambda p: stopping.option_threshold_exact(**p)),
    ("holdup", "escrow", "min_bond", lambda p: stopping.least_bond(*p.values())),
    ("holdup", "thomas", "I", lambda p: stopping.self_enforcing_investment_exact(*p.values())),
)  # fmt: skip


@pytest.mark.parametrize(
    ("family", "prefix", "key", "formula"),
    FORMULAS,
    ids=[f"{family}/{prefix}: {key}" for family, prefix, key, _ in FORMULAS],
)
def test_the_grids_use_the_formulas_of_the_reference_files(
    family: str, prefix: str, key: str, formula: Callable[[Values], object]
) -> None:
    cases = [case for name, case in sources.published(family).items() if name.startswith(prefix)]
    assert cases
    for case in cases:
        said = case["prediction"][key]
        expected = pytest.approx(said, rel=1e-9) if isinstance(said, float) else said
        assert formula(case["parameters"]) == expected, case["id"]


def test_slow_shifts_mean_war_where_neighbouring_periods_say_peace() -> None:
    """The grid of gradual shifts holds the trap: Powell's condition on neighbouring periods is not necessary."""
    traps = [s for s in gradual_shifts() if s.excess > 0.05 and not s.neighbours]
    assert len(traps) >= 10


def test_a_closing_window_is_built_into_although_a_deal_exists_with_an_open_end() -> None:
    """Two equilibria with an open end, one with a closing window, and that one builds, however long it is open."""
    it = Programme(pr=0.3, pr2=0.5, cD=0.2, cR=0.1, k=0.6, d=0.9)
    assert it.outcome[0] == BUTTER
    assert builds([{**it.values, "closes": 2000.0 + years} for years in (1, 2, 5, 10, 20)]) == [1.0] * 5


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_theory_cases_load_without_errors(path: Path) -> None:
    loaded = load(path)
    # A game without war leaves `outcomes` out, and is reminded of it.
    assert {issue.code for issue in loaded.issues} <= {"war-undeclared"}
    assert loaded.require().name == path.parent.name


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_theory_cases_meet_their_expectations(path: Path) -> None:
    """The central values, in logit play as any case: the file's own `expect` block."""
    case = load(path).require()
    done = run(case, Settings(select=False, frictions=False))
    assert done.status is Status.SOLVED
    found = {f"P({answer.question})": answer.probability for answer in done.forecast.answers}
    assert {e.quantity for e in case.expect} == set(found)
    assert [e.quantity for e in case.expect if not e.low <= found[e.quantity] <= e.high] == []


def test_the_page_of_the_documentation_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `python -m tests.reference.theory_table --write`"
