"""The forecast over HTTP: kept and central answers, evidence in part, and the register."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from servanda.forecast.register import Forecasts, Outcome
from servanda.store import SavedRun, Store
from tests.outlook.quarrel import written
from tests.web.forecasting import NAME, TEXT, TestClient, Watched, keep_forecast, workbench

DRAWS = 32
CLOSE = 2e-5


@dataclass(frozen=True)
class Bench:
    client: TestClient
    store: Store
    solvers: Watched
    run: SavedRun

    def post(self, path: str, **body: Any) -> Any:
        return self.client.post(f"/api/cases/{NAME}/forecast{path}", json=body)

    def forecast(self, **body: Any) -> Any:
        return self.post("", **body).json()["forecast"]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    client, store, solvers = workbench(tmp_path_factory.mktemp("workbench"))
    store.create_case(NAME, TEXT, "A quarrel")
    with client, store:
        yield Bench(client, store, solvers, keep_forecast(store, NAME, draws=DRAWS))


def test_the_page_names_its_parts(bench: Bench) -> None:
    page = bench.client.get(f"/cases/{NAME}/forecast")
    assert page.status_code == 200
    for part in ('id="questions"', 'id="pieces"', 'id="publish"', "/static/forecast.js"):
        assert part in page.text


def test_an_unknown_case_has_no_forecast(bench: Bench) -> None:
    answer = bench.client.post("/api/cases/nobody/forecast", json={})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not-found")
    assert bench.client.get("/api/cases/nobody/forecasts").status_code == 404


def test_the_kept_forecast_of_the_scenario(bench: Bench) -> None:
    found = bench.forecast()
    assert found["run"] == bench.run.id
    assert found["headline"] == bench.run.headline
    assert [q["question"] for q in found["questions"]] == ["deal_by", "deal_at", "armed"]
    first = found["questions"][0]
    assert first["confidence"] in ("high", "moderate", "low")
    assert first["benchmarks"][0] == {"name": "base rate", "probability": 0.3, "source": "press"}
    assert first["before"]["low"] <= first["before"]["mean"] <= first["before"]["high"]
    assert [p["date"] for p in found["pieces"]] == sorted(p["date"] for p in found["pieces"])
    assert len(found["pieces"]) == 4
    assert found["choices"][0]["choices"][1][0] == "for show"


def test_the_figures_of_a_kept_forecast(bench: Bench) -> None:
    shown = bench.client.get(f"/api/cases/{NAME}/forecast/figures/{bench.run.id}").json()["figures"]
    assert {f["name"] for f in shown} >= {"events", "fans", "surprises"}
    assert all(f["table"]["rows"] and f["says"] for f in shown)
    assert bench.client.get(f"/api/cases/{NAME}/forecast/figures/nothing").status_code == 404


def test_another_scenario_has_none_of_its_own(bench: Bench) -> None:
    assert bench.forecast(set={"hardship": 40.0}) is None
    kept = keep_forecast(bench.store, NAME, draws=8, given={"hardship": 40.0})
    assert bench.forecast(set={"hardship": 40})["run"] == kept.id
    assert bench.forecast()["run"] == bench.run.id


def test_central_answers_move_with_the_numbers(bench: Bench) -> None:
    low, high = (bench.post("/central", set={"hardship": x}).json() for x in (10.0, 80.0))
    assert [q["question"] for q in low["questions"]] == ["deal_by", "deal_at", "armed"]
    assert low["questions"][0]["benchmarks"][0]["name"] == "base rate"
    assert low["questions"][0]["probability"] != high["questions"][0]["probability"]


def test_central_answers_refuse_an_unknown_parameter(bench: Bench) -> None:
    answer = bench.post("/central", set={"hardships": 1.0})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "unknown-parameter")
    assert "hardship" in answer.json()["error"]["hint"]


def prepared(bench: Bench, run: str) -> None:
    done, steps = 0, []
    while done < DRAWS:
        step = bench.post("/prepare", run=run, first=done).json()
        assert step["of"] == DRAWS
        assert step["done"] > done
        done = step["done"]
        steps.append(done)
    assert steps[-1] == DRAWS


def test_draws_are_prepared_ahead_of_need(bench: Bench) -> None:
    prepared(bench, bench.run.id)
    assert bench.post("/prepare", run=bench.run.id, first=0).json() == {"done": DRAWS, "of": DRAWS}
    assert {background for function, background in bench.solvers.seen if function == "prepare"} == {True}


def test_a_part_of_the_evidence(bench: Bench) -> None:
    prepared(bench, bench.run.id)
    found = bench.forecast()
    keys = [piece["key"] for piece in found["pieces"]]
    for left in range(4):
        told = bench.post("/part", run=bench.run.id, pieces=[k for k in keys if k != keys[left]]).json()
        assert told["draws"] == DRAWS
        answers = {a["question"]: a["band"]["mean"] for a in told["answers"]}
        for shift in found["pieces"][left]["shifts"]:
            assert answers[shift["question"]] == pytest.approx(shift["without"], abs=CLOSE)
    none = bench.post("/part", run=bench.run.id, pieces=[]).json()
    for answer, question in zip(none["answers"], found["questions"], strict=True):
        assert answer["band"]["mean"] == pytest.approx(question["before"]["mean"], abs=CLOSE)
    two = bench.post("/part", run=bench.run.id, pieces=keys[:2]).json()
    assert two["possible"]
    assert two["choices"][0]["choices"][0][0] == "earnest"


def test_a_piece_that_is_none_is_refused(bench: Bench) -> None:
    answer = bench.post("/part", run=bench.run.id, pieces=["a rumour"])
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "failed")
    assert "a rumour" in answer.json()["error"]["message"]


@pytest.mark.parametrize(("field", "value"), [("first", 7), ("first", -16), ("first", 4096), ("run", "")])
def test_what_is_out_of_bounds_is_refused(bench: Bench, field: str, value: object) -> None:
    answer = bench.post("/prepare", **{"run": bench.run.id, field: value})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "bad-request")


@pytest.mark.parametrize("run", ["nothing", "0123456789ab"])
def test_an_unknown_run_is_told(bench: Bench, run: str) -> None:
    for path, more in (("/part", {"pieces": []}), ("/prepare", {}), ("/publish", {})):
        answer = bench.post(path, run=run, **more)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not-found")


def test_a_run_of_another_kind_holds_no_forecast(bench: Bench) -> None:
    from servanda.store import NewRun

    other = bench.store.add_run(
        NewRun("run", NAME, TEXT, TEXT, "Nothing.", {}, bench.run.provenance, 1.0, "A quarrel", 1)
    )
    answer = bench.post("/part", run=other.id, pieces=[])
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not-found")
    assert "of the kind `run`" in answer.json()["error"]["message"]


def test_publishing_once(bench: Bench) -> None:
    before = bench.client.get(f"/api/cases/{NAME}/forecasts").json()
    assert (before["entries"], before["sound"]) == ([], True)
    answer = bench.post("/publish", run=bench.run.id)
    assert answer.status_code == 201
    assert answer.json()["number"] == 1
    (entry,) = bench.store.forecasts()
    assert isinstance(entry.what, Forecasts)
    assert entry.sha256 == answer.json()["sha256"]
    assert ("run", bench.run.id) in entry.what.settings
    found = bench.forecast()
    assert [q.probability for q in entry.what.questions] == [q["after"]["mean"] for q in found["questions"]]
    again = bench.post("/publish", run=bench.run.id)
    assert (again.status_code, again.json()["error"]["code"]) == (409, "conflict")
    assert "entry 1" in again.json()["error"]["message"]
    bench.store.publish(Outcome(NAME, "deal_by", False, date(2024, 9, 11), "press", date(2024, 9, 10)))
    after = bench.client.get(f"/api/cases/{NAME}/forecasts").json()
    (shown,) = after["entries"]
    assert shown["run"] == bench.run.id
    assert [q["outcome"] for q in shown["questions"]] == ["no, settled on 2024-09-11", "", ""]
    assert after["head"] == bench.store.verify().head


def test_a_run_of_another_case_is_not_published_here(bench: Bench) -> None:
    bench.store.create_case("other", TEXT, "Another")
    answer = bench.client.post("/api/cases/other/forecast/publish", json={"run": bench.run.id})
    assert answer.status_code == 404
    assert "of the case `quarrel`" in answer.json()["error"]["message"]


def test_without_evidence(tmp_path: Path) -> None:
    client, store, _ = workbench(tmp_path)
    store.create_case(NAME, written(), "A quarrel")
    with client, store:
        run = keep_forecast(store, NAME, draws=16)
        found = client.post(f"/api/cases/{NAME}/forecast", json={}).json()["forecast"]
        assert found["pieces"] == []
        assert found["weighing"]["tempering"] == 1.0
        told = client.post(f"/api/cases/{NAME}/forecast/part", json={"run": run.id, "pieces": []}).json()
        assert told["effective"] == pytest.approx(16.0)


def test_a_broken_run_is_told(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    result = bench.store.result(bench.run)
    monkeypatch.setattr(type(bench.store), "result", lambda *_: {**result, "questions": [{"question": 1}]})
    answer = bench.post("/publish", run=bench.run.id)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "conflict")
    assert "another" in answer.json()["error"]["message"] or "cannot be read" in answer.json()["error"]["message"]
