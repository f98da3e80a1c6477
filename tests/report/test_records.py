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
from tests.report.invented_diagnosis import make_diagnosis
from tests.report.invented_threats import make_threats


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


def test_json_carries_the_whole_diagnosis() -> None:
    found = make_diagnosis()
    data = json.loads(to_json(to_dict(replace(make_run(), diagnosis=found))))["diagnosis"]
    assert list(data) == [
        *("lattice", "flips", "cooperation", "trust", "designs", "mirage", "windows", "access", "claims")
    ]
    assert data["lattice"]["values"] == list(found.lattice.values) if found.lattice else False
    assert data["windows"]["dates"][0] == "2022-09-01"
    assert data["designs"]["designs"][0]["settings"] == [["Escrowed relief", "none"], ["Sunset", "5 years"]]
    assert data["trust"]["frontier"][0]["bonds"] == [34.5, pytest.approx(0.125)]
    assert json.loads(to_json(to_dict(make_run())))["diagnosis"]["lattice"] is None


def test_frames_of_the_diagnosis() -> None:
    made = frames(replace(make_run(), diagnosis=make_diagnosis()))
    lattice = made["lattice"]
    assert len(lattice) == 4096
    row = lattice.query("mask == 5").iloc[0]
    assert (row["off"], row["time off"], row["waiver off"], row["snapback off"]) == (2, True, False, True)
    assert not row["settled"]
    assert float(made["shares"]["shapley"].sum()) == pytest.approx(lattice["value"].iloc[-1] - lattice["value"].iloc[0])
    bonds = made["bonds"]
    assert bonds["line"].value_counts().to_dict() == {"us": 9, "iran": 9, "frontier": 9}
    assert bonds.query("cheapest")["bond us"].item() == pytest.approx(21.5625)
    assert len(made["designs"]) == 40
    assert made["designs"]["lever Sunset"].iloc[0] == "5 years"
    assert str(made["windows"]["date"].dtype).startswith("datetime64")
    assert {"kept by us", "kept by iran"} <= set(made["access"].columns)
    assert len(made["cooperation"]) == 12
    assert frames(make_run())["lattice"].empty


def test_frames_of_threats() -> None:
    threats = make_threats()
    made = frames(replace(make_run(), threats=threats))["threats"]
    weighed = [one.found for one in threats if one.found is not None]
    assert made["draft"].unique().tolist() == [one.draft for one in threats]
    assert len(made) == sum(len(found.standings) for found in weighed) + len(threats) - len(weighed)
    first = made.iloc[0]
    assert (first["share"], first["play_share"]) == (weighed[0].standings[0].share, weighed[0].standings[0].play_share)
    assert made.query("reason != ''")["share"].isna().all()
    assert frames(make_run())["threats"].empty


def test_without_pandas_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ServandaError, match=r"servanda\[notebook\]"):
        frames(make_run())
