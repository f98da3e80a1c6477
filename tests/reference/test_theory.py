"""Published theory, solved by the engine: one row of the table, one test."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from servanda.analysis import Settings, run
from servanda.case import load
from servanda.equilibrium import Status
from servanda.equilibrium.search import equilibria
from servanda.equilibrium.unrolled import unroll
from servanda.expectations import expectations_of
from tests.reference import alternating_offers, encounters, escalation, power_shifts, sources, stopping
from tests.reference.case_files import CASES, builds, compiled
from tests.reference.encounter_rows import least_for, least_with_stick
from tests.reference.encounters import all_rounds, inspections, sequence_values
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


@pytest.mark.parametrize("family", sorted(sources.families()) or ("missing",))
def test_every_published_case_has_a_row(family: str) -> None:
    assert sources.FOLDER.is_dir(), sources.MISSING
    assert set(sources.published(family)) - {row.case for row in ROWS if row.family == family} == set()


@pytest.mark.parametrize(("sharpness", "allowed"), [(0.1, 0.02), (0.01, 2e-4), (0.001, 2e-6)])
def test_the_steeper_the_nearer_in_a_sequence_of_inspections(sharpness: float, allowed: float) -> None:
    """What a game with mixed play is worth in logit play: off by the square of the decisiveness."""
    found = sequence_values(3.0, sharpness)
    worst = max(abs(found[left] - left.value) for left in all_rounds(3.0))
    assert allowed / 10 < worst < allowed


@pytest.mark.parametrize("sharpness", [0.1, 0.01, 0.001])
def test_the_steeper_the_nearer_in_the_inspection_game(sharpness: float) -> None:
    """Odds in logit play: off in proportion to the decisiveness."""
    odds = inspections([{"penalty": 9.0, "gain": 1.0, "cost": 1.0, "loss": 5.0}], sharpness)
    worst = max(abs(odds[0] - 0.1), abs(odds[1] - 0.2))
    assert worst == pytest.approx(0.2 * sharpness, rel=0.05)


def test_a_cooperative_equilibrium_is_found_above_the_threshold_only() -> None:
    """Begun from many odds, the stationary engine finds cooperation at 0.55 and not at 0.45, where 0.5 is needed."""
    case = compiled("repeated-dilemma")
    found = {}
    for delta in (0.45, 0.55):
        whole = unroll(case.game, case.numbers([{"delta": delta, "sharpness": 0.05}]), reached=True)
        start = int(np.flatnonzero(whole.game.start)[0])
        successor = whole.game.outcome_state[whole.game.outcome_start[whole.game.profile_start[start]]]
        assert whole.game.seat_start[start + 1] == whole.game.seat_start[start], "the year begins with chance"
        many = equilibria(whole.game, whole.precision, starts=12, pure=16, trace=0)
        found[delta] = [round(float(e.chosen(int(successor))[0])) for e in many.found]
    assert set(found[0.45]) == {0}
    assert {0, 1} <= set(found[0.55])


@pytest.mark.parametrize("dyad", sorted(sources.published(escalation.FAMILY)) if ROWS else ())
def test_the_tables_of_the_dyads_fall_apart_as_written(dyad: str) -> None:
    """Sixteen numbers a dyad, three of them shared, give all 54 published payoffs to their last digit."""
    values = escalation.parameters(dyad)
    assert np.abs(escalation.written(values) - escalation.table(dyad)).max() <= 2.1e-8
    shared = [values[k] for k in ("both_from_peace", "both_in_conflict", "both_in_war")]
    assert shared == pytest.approx([-48.24506819, 9.32279796, 13.83602805], rel=0.0, abs=2.1e-8)


@pytest.mark.parametrize("dyad", sorted(sources.published(escalation.FAMILY)) if ROWS else ())
def test_backward_induction_selects_another_equilibrium_than_the_published_one(dyad: str) -> None:
    """The selection that the notes of the case own up to."""
    assert np.abs(escalation.backward(dyad) - escalation.answer(dyad)).max() > 0.01


def test_the_case_file_holds_the_numbers_of_its_dyad() -> None:
    written = compiled(escalation.CASE).central
    assert {k: written[k] for k in escalation.parameters("ajps_731_732")} == pytest.approx(
        escalation.parameters("ajps_731_732"), rel=0.0, abs=2.1e-8
    )


def test_a_wrong_answer_is_seen() -> None:
    row = next(r for r in ROWS if r.case == "payback_r0.1_h0.125")
    wrong = replace(row, expected=(row.expected[0] * 1.01,))
    assert max(errors(wrong)) > wrong.tolerance


Values = Mapping[str, Any]


def _haggling(p: Values) -> list[float]:
    return encounters.attrition_exact(p["r"], p["z_low"], p["z_high"], p["c"])


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
    ("nonproliferation", "debs", "invest_prob", lambda p: encounters.mixed_doubts(*p.values())[0]),
    ("nonproliferation", "debs", "strike_prob", lambda p: encounters.mixed_doubts(*p.values())[1]),
    ("inspection", "costly", "p_inspect", lambda p: encounters.mixed_inspections(*p.values())[0]),
    ("inspection", "costly", "q_violate", lambda p: encounters.mixed_inspections(*p.values())[1]),
    ("inspection", "stengel", "value_to_inspectee",
     lambda p: encounters.Rounds(p["n"], p["m"], p["k"], float(p["b"])).value),
    ("inspection", "repeated", "q_min",
     lambda p: encounters.least_detection(p["vC"], p["vD"], p["vR"], p["delta"])),
    ("arms_race", "baliga", "build_prob", lambda p: encounters.armed_exact(p["d"], p["eps"], p["c_bar"])),
    ("bargaining_enforcement", "fearon98", "hazard", lambda p: _haggling(p)[0]),
    ("bargaining_enforcement", "fearon98", "expected_delay", lambda p: _haggling(p)[1]),
    ("bargaining_enforcement", "fearon98", "expected_discount", lambda p: _haggling(p)[2]),
    ("monitoring", "amp", "v", lambda p: encounters.Noise(*p.values()).best),
    ("repeated_pd", "2period", "min_delta", lambda p: least_for(p["T"], p["R"], p["P"], p["k"])),
    ("repeated_pd", "cournot", "min_delta", lambda p: least_with_stick(round(24 * p["x_star"]))),
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
    assert case.expect
    assert [(met.expected.quantity, met.found) for met in expectations_of(done) if not met.holds] == []


def test_the_page_of_the_documentation_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `python -m tests.reference.theory_table --write`"
