"""A run as JSON and as data frames."""

from __future__ import annotations

import json
import sys
from dataclasses import replace

import pytest

from servanda.errors import ServandaError
from servanda.report.frames import frames
from servanda.report.tables import plain_data, to_dict, to_json
from tests.report.fixtures import PERIODS, make_run


def test_json_carries_the_whole_run() -> None:
    run = make_run()
    data = json.loads(to_json(to_dict(run)))
    assert data["verdict"]["probability"] == 0.021
    assert data["status"] == {"name": "solved", "sentence": run.status.value}
    assert data["drafts"][2]["survival"]["alive"] == list(run.drafts[2].survival.alive)
    assert data["case"]["start"] == "2022-09-01"
    assert data["case"]["payoffs"][0]["worth"] == "weight_0 * draft.relief"
    assert data["warnings"][0]["code"] == "unsourced"
    assert data["warnings"][0]["line"] == 210
    assert "where" not in data["case"]["payoffs"][0]


def test_numbers_json_lacks_become_texts() -> None:
    run = make_run()
    odd = replace(run, frictions=(replace(run.frictions[0], log_odds_change=float("nan")),))
    assert json.loads(to_json(to_dict(odd)))["frictions"][0]["log_odds_change"] == "nan"


def test_what_no_record_holds_is_refused() -> None:
    with pytest.raises(TypeError, match="holds no set"):
        plain_data({1})


def test_frames_are_long_and_dated() -> None:
    run = make_run()
    made = frames(run)
    assert len(made["survival"]) == 6 * (PERIODS + 1)
    assert str(made["survival"]["date"].dtype).startswith("datetime64")
    assert len(made["why"]) == 6 * 3 * 7
    total = made["outcomes"].groupby("date")["probability"].sum()
    assert float((total - 1).abs().max()) < 1e-9
    narrow = made["gates"].query("draft == 'narrow' and gate == 'keep'")
    assert narrow["actor"].item() == "us_opponent"


def test_without_pandas_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ServandaError, match=r"servanda\[notebook\]"):
        frames(make_run())
