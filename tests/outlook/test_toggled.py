"""Any part of the evidence, against the same draws solved with only that part written in the case."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from servanda.ensemble import Ensemble
from servanda.errors import CaseError
from servanda.outlook import toggled
from servanda.outlook.forecasting import Settings, look
from servanda.outlook.toggled import Toggle
from servanda.uncertainty.weights import band, weigh
from tests.outlook.quarrel import OTHERS, SIGNALS, quarrel

Floats = NDArray[np.float64]
ALL = (*SIGNALS, *OTHERS)
# single precision, and the places that are left out
CLOSE = 2e-5
DRAWS = 32


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("filters")


@pytest.fixture(scope="module")
def toggle(folder: Path) -> Toggle:
    return Toggle(Ensemble.of(quarrel(*ALL)), folder)


def written_with(pieces: tuple[str, ...]) -> tuple[Floats, Mapping[str, Floats]]:
    """Log-likelihood and answers of the draws where the case holds only these pieces."""
    rows = Ensemble.of(quarrel(*pieces), paths=False, leave_out=False).solve(0, DRAWS)
    likelihood = rows["likelihood"] if pieces else np.zeros(DRAWS)
    return likelihood, {name: rows[name] for name in rows if name.startswith(("question.", "outcome."))}


@pytest.mark.parametrize("kept", [part for size in range(5) for part in combinations(range(4), size)])
def test_any_part_answers_like_the_case_that_holds_only_it(toggle: Toggle, kept: tuple[int, ...]) -> None:
    keys = [key for text in ALL for key in toggle.pieces if key.startswith(text[6:16])]
    assert len(set(keys)) == len(ALL)
    likelihood, rows = written_with(tuple(ALL[k] for k in kept))
    weights, _ = weigh(likelihood)
    found = toggle.answer([keys[k] for k in kept], DRAWS)
    assert set(found.pieces) == {keys[k] for k in kept}
    assert found.possible
    assert found.effective == pytest.approx(1.0 / float(weights @ weights), rel=1e-3)
    for name, told in found.answers:
        counts = weights > 0.0
        exact = band(rows[name][counts], weights[counts])
        assert (told.mean, told.low, told.high) == pytest.approx((exact.mean, exact.low, exact.high), abs=CLOSE)


def test_draws_are_solved_once_and_read_after(toggle: Toggle, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    toggle.solve(0)
    toggle.solve(16)
    assert toggle.there(DRAWS) == DRAWS
    assert toggle.there(64) == DRAWS
    again = Toggle(Ensemble.of(quarrel(*ALL)), folder)
    monkeypatch.setattr(toggled._Frame, "solve", lambda *_: pytest.fail("solved twice"))
    assert again.answer(again.pieces[:2], DRAWS) == toggle.answer(toggle.pieces[:2], DRAWS)


def test_all_and_none_are_the_numbers_of_the_forecast(toggle: Toggle, tmp_path: Path) -> None:
    outlook = look(quarrel(*ALL), Settings(draws=DRAWS, workers=1, folder=tmp_path))
    full = dict(toggle.answer(toggle.pieces, DRAWS, outlook.weighing.tempering).answers)
    none = dict(toggle.answer((), DRAWS, outlook.weighing.tempering).answers)
    for q in outlook.questions:
        assert full[f"question.{q.question}"].mean == pytest.approx(q.after.mean, abs=CLOSE)
        assert none[f"question.{q.question}"].mean == pytest.approx(q.before.mean, abs=CLOSE)


def test_each_piece_left_out_is_what_the_forecast_says_of_it(toggle: Toggle, tmp_path: Path) -> None:
    outlook = look(quarrel(*ALL), Settings(draws=DRAWS, workers=1, folder=tmp_path))
    for piece in outlook.evidence:
        rest = [key for key in toggle.pieces if key != piece.key]
        found = dict(toggle.answer(rest, DRAWS, outlook.weighing.tempering).answers)
        for question, _, without in piece.shifts:
            assert found[f"question.{question}"].mean == pytest.approx(without, abs=CLOSE)


def test_choices_follow_the_weights(toggle: Toggle) -> None:
    nothing, signals = toggle.answer((), DRAWS), toggle.answer(toggle.pieces, DRAWS)
    (before,), (after,) = nothing.choices, signals.choices
    assert [name for name, _, _ in before.choices] == ["earnest", "for_show"]
    assert before.choices[0][1] == pytest.approx(before.choices[0][2])
    assert after.choices[0][2] > after.choices[0][1]


def test_a_parameter_that_is_held_has_no_odds(tmp_path: Path) -> None:
    held = Toggle(Ensemble.of(quarrel(*SIGNALS), overrides={"earnest": 1.0}), tmp_path)
    assert held.answer(held.pieces, 16).choices == ()


def test_what_contradicts_itself_is_not_weighed(tmp_path: Path) -> None:
    impossible = (
        "date: 2022-07-01, variable: arms, level: low, reliability: 1",
        "date: 2023-01-01, variable: arms, level: high, reliability: 1",
    )
    toggle = Toggle(Ensemble.of(quarrel(*impossible)), tmp_path)
    found = toggle.answer(toggle.pieces, 16)
    assert (found.possible, found.effective, len(found.pieces)) == (False, 0.0, 2)
    assert found.answers == toggle.answer((), 16).answers
    assert toggle.answer(toggle.pieces[:1], 16).possible


def test_several_orders_of_movers(tmp_path: Path) -> None:
    modelling = 'order: "one of {drawn: 0.5, fixed: 0.5}", terminal: "one of {stationary: 0.5, settled: 0.5}"'
    rows = Ensemble.of(quarrel(*ALL, modelling=modelling), paths=False, leave_out=False).solve(0, 16)
    assert len(set(rows["model.order"])) == 2
    toggle = Toggle(Ensemble.of(quarrel(*ALL, modelling=modelling)), tmp_path)
    likelihood, answers, failed = toggle._sixteen(frozenset(toggle.pieces), 0)
    assert likelihood == pytest.approx(rows["likelihood"], abs=1e-4)
    assert not failed.any()
    for q, question in enumerate(toggle.frame().questions):
        assert answers[:, q] == pytest.approx(rows[question.name], abs=CLOSE)
    assert toggle.there(16) == 16


def test_only_the_last_studies_are_kept(tmp_path: Path) -> None:
    for success in ("0.3 to 0.9", "0.2 to 0.8", "0.1 to 0.7"):
        Toggle(Ensemble.of(quarrel(*SIGNALS, success=success)), tmp_path).solve(0)
    assert len(list(tmp_path.iterdir())) == toggled.MOST_STUDIES == 2


def test_a_torn_file_is_solved_again(tmp_path: Path) -> None:
    toggle = Toggle(Ensemble.of(quarrel(*SIGNALS)), tmp_path)
    before = toggle.answer(toggle.pieces, 16)
    (file,) = tmp_path.rglob("*.npz")
    file.write_bytes(file.read_bytes()[:100])
    assert toggle.answer(toggle.pieces, 16) == before


def test_no_draws_are_refused(toggle: Toggle) -> None:
    with pytest.raises(ValueError, match="answers need draws, not 0"):
        toggle.answer((), 0)


def test_a_draw_that_makes_no_sense_is_told(tmp_path: Path) -> None:
    case = quarrel(*SIGNALS, success='"normal(0.95, 0.1)"')
    toggle = Toggle(Ensemble.of(case), tmp_path)
    found = toggle.answer(toggle.pieces, DRAWS)
    assert 0 < found.failed < DRAWS
    with pytest.raises(CaseError):
        toggle.frame().compiled.numbers([{"success": 1.5}])
