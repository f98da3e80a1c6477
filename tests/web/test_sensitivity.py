"""What drives an answer over HTTP: kept draws explained, boxes, and points along a slider."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from servanda.outlook.forecasting import Settings
from servanda.store import SavedRun, Store
from servanda.uncertainty.answers import Box, BoxLimit
from servanda.uncertainty.swept import Sweep
from servanda.web.rooms.sensitivity import centre, study_of
from tests.web.forecasting import NAME, TEXT, TestClient, Watched, keep_forecast, workbench

DRAWS = 64


@dataclass(frozen=True)
class Bench:
    client: TestClient
    store: Store
    solvers: Watched
    run: SavedRun

    def post(self, path: str = "", **body: Any) -> Any:
        return self.client.post(f"/api/cases/{NAME}/sensitivity{path}", json=body)

    def found(self, **body: Any) -> Any:
        return self.post(**body).json()["found"]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    client, store, solvers = workbench(tmp_path_factory.mktemp("workbench"))
    store.create_case(NAME, TEXT, "A quarrel")
    with client, store:
        yield Bench(client, store, solvers, keep_forecast(store, draws=DRAWS))


def test_the_page_names_its_parts(bench: Bench) -> None:
    page = bench.client.get(f"/cases/{NAME}/sensitivity")
    assert page.status_code == 200
    for part in ('id="quantity"', 'id="into-box"', 'id="line"', "/static/sensitivity.js"):
        assert part in page.text


def test_the_answer_that_leads(bench: Bench) -> None:
    found = bench.found()
    assert (found["run"], found["kind"], found["quantity"]) == (bench.run.id, "forecast", "outcome.ever_deal")
    assert [q["name"] for q in found["quantities"]][:2] == ["question.deal_by", "question.deal_at"]
    assert [f["name"] for f in found["figures"]] == ["tornado", "indices"]
    assert found["sentence"].startswith("What drives “A deal comes into force by the horizon”")
    assert "explains" in found["quality"]
    assert found["draws"] <= DRAWS


def test_a_chosen_answer_and_its_box(bench: Bench) -> None:
    found = bench.found(quantity="question.deal_at", threshold=0.95)
    assert (found["quantity"], found["threshold"], found["above"]) == ("question.deal_at", 0.95, True)
    box = found["box"]
    assert box["condition"] == "is above 95 %"
    assert box["density"] > box["base"]
    assert set(box["centre"]) == {limit["parameter"] for limit in box["limits"]}
    for limit in box["limits"]:
        assert limit["low"] <= box["centre"][limit["parameter"]] <= limit["high"]
    swept = Sweep.read(Settings().sweeps / study_of(bench.run) / "sweep.parquet")
    first = swept[f"parameter.{box['limits'][0]['parameter']}"]
    across = [point[0] for point in box["scatter"]["points"]]
    assert set(across) <= set(first.tolist())
    assert len(box["scatter"]["points"]) == found["draws"]


def test_the_other_side(bench: Bench) -> None:
    above, below = (bench.found(quantity="question.deal_at", threshold=0.95, above=x) for x in (True, False))
    assert above["box"]["base"] + below["box"]["base"] == pytest.approx(1.0)
    assert below["box"]["condition"] == "is below 95 %"


def test_without_a_threshold_one_is_found(bench: Bench) -> None:
    found = bench.found(quantity="outcome.ever_deal")
    column = Sweep.read(Settings().sweeps / study_of(bench.run) / "sweep.parquet")["outcome.ever_deal"]
    assert column.min() > 0.5
    assert found["threshold"] != 0.5
    assert column.min() < found["threshold"] < column.max()
    assert "likelier than not" in found["reason"]


def test_years_are_no_probability(bench: Bench) -> None:
    found = bench.found(quantity="gate.swap.mean_life")
    assert not found["probability"]
    if found["box"]:
        assert found["box"]["condition"].endswith("years")


def test_an_answer_that_draws_do_not_hold(bench: Bench) -> None:
    answer = bench.post(quantity="question.nobody")
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "failed")
    assert bench.post(quantity="../../etc").status_code == 422


def test_no_draws_of_another_scenario(bench: Bench) -> None:
    assert bench.found(set={"hardship": 41.0}) is None


def test_draws_that_are_gone_are_told(bench: Bench) -> None:
    kept = keep_forecast(bench.store, draws=16, given={"success": 0.5})
    assert bench.found(set={"success": 0.5})["run"] == kept.id
    (Settings().sweeps / study_of(kept) / "sweep.parquet").unlink()
    # an answer that was given is still known; another is not
    answer = bench.post(set={"success": 0.5}, quantity="question.armed")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "no-draws")
    assert "make the run again" in answer.json()["error"]["hint"]


def test_points_along_a_slider(bench: Bench) -> None:
    points = [bench.post("/at", set={"hardship": x}, ahead=True).json()["answers"] for x in (10.0, 45.0, 80.0)]
    assert len({p["question.deal_by"] for p in points}) == 3
    assert set(points[0]) >= {"outcome.deal", "outcome.ever_war", "gate.swap.holds", "gate.swap.mean_life"}
    bench.post("/at", set={"hardship": 12.0})
    assert bench.solvers.seen[-2:] == [("ahead", True), ("headlines", False)]


def test_points_agree_with_the_live_answer(bench: Bench) -> None:
    answers = bench.post("/at").json()["answers"]
    central = bench.client.post(f"/api/cases/{NAME}/forecast/central", json={}).json()
    for question in central["questions"]:
        assert answers[f"question.{question['question']}"] == pytest.approx(question["probability"], abs=1e-12)


def test_the_middle_of_a_box() -> None:
    limits = (
        BoxLimit("relief", "Relief", "", 0.123456, 0.2, (0.0, 1.0), 0.01),
        BoxLimit("toss", "Toss", "", 1.0, 1.0, (0.0, 1.0), 0.01, ("heads",)),
        BoxLimit("model.order", "Order", "", 0.0, 0.0, (0.0, 1.0), 0.01, ("drawn",)),
        BoxLimit("thin", "Thin", "", 0.123451, 0.123452, (0.0, 1.0), 0.01),
    )
    box = Box("war", "War", "is likely", limits, 1.0, 1.0, 0.5, 0.5, (), "")
    found = centre(box, {"relief", "toss", "thin"})
    assert found == pytest.approx({"relief": 0.1617, "toss": 1.0, "thin": 0.1234515})
    assert np.isclose(found["thin"], 0.1234515, atol=1e-12)


def test_a_run_of_a_folder_that_is_none(bench: Bench, tmp_path: Path) -> None:
    from servanda.web.problems import Problem
    from servanda.web.rooms.sensitivity import explained

    with pytest.raises(Problem) as caught:
        explained(None, {}, {"study": f"../{tmp_path.name}"})  # type: ignore[arg-type]
    assert (caught.value.status, caught.value.code) == (409, "no-draws")
