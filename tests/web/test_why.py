"""Reasons over HTTP: margins of the tightest moves, split into terms that add up."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from servanda.analysis import Settings, run
from servanda.case import parse_text
from servanda.equilibrium import Settings as Solver
from servanda.store import Store
from tests.web import small as small_case


def asked(client: TestClient, name: str, **scenario: Any) -> dict[str, Any]:
    answer = client.post(f"/api/cases/{name}/why", json=scenario)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_terms_add_up_to_the_margin_of_every_move(client: TestClient, small: str) -> None:
    gates = asked(client, small)["gates"]
    assert [gate["kind"] for gate in gates] == ["sign", "ratify", "keep"]
    moves = [move for gate in gates for move in gate["moves"]]
    assert len(moves) >= 3
    for move in moves:
        assert sum(term["points"] for term in move["terms"]) == pytest.approx(move["margin"], abs=1e-3)
        sizes = [abs(term["points"]) for term in move["terms"]]
        assert sizes == sorted(sizes, reverse=True)


def test_gates_are_those_of_a_run(client: TestClient, small: str) -> None:
    found = asked(client, small, draft="inspected")
    how = Settings(select=False, frictions=False, diagnosis=(), solver=Solver(tail_tolerance=1e-6))
    judged = next(d for d in run(parse_text(small_case.text()), how).drafts if d.draft == "inspected")
    for shown, gate in zip(found["gates"], judged.gates, strict=True):
        assert shown["probability"] == pytest.approx(gate.probability, abs=1e-3)
        if gate.tightest is not None:
            first = shown["moves"][0]
            assert (first["actor"], first["move"]) == (gate.tightest.actor_title, gate.tightest.move)
            assert first["margin"] == pytest.approx(gate.tightest.margin, abs=1e-2)
            assert first["odds"] == pytest.approx(gate.tightest.odds, abs=1e-3)


def test_the_tightest_move_of_a_gate_comes_first(client: TestClient, small: str) -> None:
    sign = asked(client, small)["gates"][0]
    assert len(sign["moves"]) == 2
    assert sign["moves"][0]["margin"] <= sign["moves"][1]["margin"]
    assert sign["moves"][0]["odds"] is not None


def test_a_gate_that_nobody_decides_has_no_moves(client: TestClient, small: str) -> None:
    ratify = asked(client, small)["gates"][1]
    assert (ratify["probability"], ratify["moves"]) == (1.0, [])
    assert ratify["sentence"] == "Nobody has to approve it."


def test_nothing_is_split_under_taste_values(client: TestClient, kept: Store, small: str) -> None:
    text = kept.case(small).text.replace("case: small\n", "case: small\nvalues: taste\n", 1)
    kept.create_case("taste", text, "Taste")
    found = asked(client, "taste")
    assert found["note"].startswith("Under taste values")
    assert all(not gate["moves"] for gate in found["gates"])
