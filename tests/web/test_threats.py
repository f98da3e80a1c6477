"""What the page of threats is given: the newest answers to a scenario, draft by draft, and the job that finds them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from servanda.provenance import provenance_of
from servanda.report.tables import plain_data
from servanda.runs import Threats
from servanda.store import NewRun, Store
from servanda.web import worker
from servanda.web.jobs import request_of
from tests.report.invented_threats import REFUSED, make_enforcement, make_threats
from tests.web import threatened

NOTHING: dict[str, Any] = {"set": {}, "off": []}


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def case(kept: Store) -> str:
    return kept.create_case(threatened.NAME, threatened.text(), threatened.TITLE).name


@pytest.fixture
def put(kept: Store) -> Callable[..., str]:
    """Put a run into the store; its id."""

    def run(found: tuple[Threats, ...], kind: str = "enforcement", scenario: Any = NOTHING, **options: Any) -> str:
        result = {"threats": plain_data(found)}
        provenance = provenance_of(threatened.NAME, "x", ())
        new = NewRun(
            kind, threatened.NAME, threatened.text(), "x", "headline", result, provenance, 1.0, version=1,
            scenario=scenario, options=options,
        )  # fmt: skip
        return kept.add_run(new).id

    return run


def asked(client: TestClient, case: str, **scenario: Any) -> Any:
    answer = client.post(f"/api/cases/{case}/threats", json=scenario)
    assert answer.status_code == 200, answer.text
    return answer.json()


def of(draft: str, title: str = "A draft", **found: Any) -> Threats:
    return Threats(draft, title, make_enforcement(draft, title, **found), "")


def test_the_page_is_in_the_navigation(client: TestClient, case: str) -> None:
    text = client.get(f"/cases/{case}/threats?off=temptation").text
    assert "Could any enforcement do?" in text
    assert f'href="/cases/{case}/threats?off=temptation" data-page="threats" aria-current="page">Threats</a>' in text


def test_nobody_has_asked(client: TestClient, case: str) -> None:
    assert asked(client, case) == {"drafts": [], "shares": None}


def test_answers_and_refusals_of_a_run(client: TestClient, case: str, put: Callable[..., str]) -> None:
    run = put(make_threats())
    found = asked(client, case)
    narrow, broad, freeze, _ = found["drafts"]
    assert narrow["run"]["id"] == run
    assert narrow["found"]["answer"].startswith("Threats could support 75 %")
    assert narrow["found"]["places"][1]["kept_share"] == 0.75
    assert len(narrow["found"]["figure"]["spec"]["concat"]) == 2
    assert (broad["found"]["keepable"], broad["found"]["breaker"]) == (False, "Iran")
    assert len(broad["found"]["cautions"]) == 2
    assert (freeze["found"], freeze["reason"]) == (None, REFUSED)
    assert [row[0] for row in found["shares"]["rows"]] == ["Nuclear only", "Broad"]
    assert client.get(f"/api/runs/{run}/threats").json() == found


def test_the_newest_answer_counts_but_one_with_patience_before_others(
    client: TestClient, case: str, put: Callable[..., str]
) -> None:
    hasty = make_enforcement("contract", "Later")
    first = put((of("contract"),))
    second = put((of("contract", "Second"),))
    put((Threats("contract", "Later", replace(hasty, patience=None, patience_asked=False), ""),))
    (found,) = asked(client, case)["drafts"]
    assert (found["run"]["id"], found["title"]) == (second, "Second")
    assert found["run"]["id"] != first
    assert found["found"]["patience"] == 0.71


def test_only_runs_of_the_same_scenario_count(client: TestClient, case: str, put: Callable[..., str]) -> None:
    put((of("contract"),), scenario={"set": {"gain": 2.0}, "off": []})
    put((of("covenant"),), scenario={"set": {}, "off": ["temptation"]})
    assert asked(client, case)["drafts"] == []
    assert [d["draft"] for d in asked(client, case, set={"gain": 2.0})["drafts"]] == ["contract"]
    assert [d["draft"] for d in asked(client, case, off=["temptation"])["drafts"]] == ["covenant"]


def test_a_whole_run_with_its_diagnosis_answers_too(client: TestClient, case: str, put: Callable[..., str]) -> None:
    put((of("contract"),), "run", diagnosis=False)
    assert asked(client, case)["drafts"] == []
    put((of("contract"),), "run", deep=True)
    put((of("covenant"),), "run", diagnosis=True)
    assert {d["draft"] for d in asked(client, case)["drafts"]} == {"contract", "covenant"}


def test_what_cannot_be_asked(client: TestClient, case: str, kept: Store, put: Callable[..., str]) -> None:
    path = f"/api/cases/{case}/threats"
    assert client.post("/api/cases/nowhere/threats", json={}).status_code == 404
    assert client.post(path, json={"version": 9}).status_code == 404
    assert client.post(path, json={"draft": "contract"}).json()["error"]["code"] == "bad-request"
    run = put((), "forecast")
    answer = client.get(f"/api/runs/{run}/threats")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not-found")
    assert kept.runs(kind="forecast")[0].id == run


def test_a_run_of_another_version_of_the_program_says_so(
    client: TestClient, case: str, kept: Store, put: Callable[..., str]
) -> None:
    found = plain_data((of("contract"),))
    del found[0]["found"]["standings"]
    provenance = provenance_of(threatened.NAME, "x", ())
    new = NewRun(
        "enforcement", threatened.NAME, threatened.text(), "x", "headline", {"threats": found}, provenance, 1.0,
        version=1, scenario=NOTHING,
    )  # fmt: skip
    kept.add_run(new)
    answer = client.post(f"/api/cases/{case}/threats", json={})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "conflict")


@pytest.mark.parametrize(
    ("options", "code"),
    [({"draft": 3}, "bad-request"), ({"more": 1}, "bad-request"), ({"patience": "x"}, "bad-request")],
)
def test_a_job_takes_no_other_options(client: TestClient, case: str, options: dict[str, Any], code: str) -> None:
    answer = client.post("/api/jobs", json={"kind": "enforcement", "case": case, "options": options})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "bad-request")


def test_a_job_of_all_drafts_in_a_scenario(client: TestClient, kept: Store, case: str) -> None:
    asked_for = {"kind": "enforcement", "case": case, "off": ["temptation"], "options": {}}
    job = client.post("/api/jobs", json=asked_for).json()["id"]
    worker.work(kept, beat=0.1)
    done = client.get(f"/api/jobs/{job}").json()
    assert (done["state"], done["title"]) == ("done", "Threats"), done
    found = asked(client, case, off=["temptation"])
    assert [(d["draft"], d["found"]["keepable"]) for d in found["drafts"]] == [("contract", True), ("covenant", True)]
    assert kept.run(done["run"]).headline.startswith("“Contract”: threats could support all")
    page = client.get(f"/runs/{done['run']}").text
    assert f'href="/cases/{case}/threats?version=1&amp;off=temptation' in page


def test_a_job_of_one_draft_and_one_of_no_draft(kept: Store, case: str) -> None:
    one = kept.add_job("enforcement", case, request_of(1, {}, [], {"draft": "contract", "patience": True}))
    lost = kept.add_job("enforcement", case, request_of(1, {}, [], {"draft": "nothing"}))
    worker.work(kept, beat=0.1)
    run = kept.run(kept.job(one.id).run or "")
    assert (
        run.headline
        == "No threat, however harsh, could keep “Contract”: Host country would break it whatever is promised."
    )
    assert kept.result(run)["threats"][0]["found"]["patience"] == pytest.approx(0.9524, abs=1e-3)
    assert kept.job(lost.id).state == "failed"
    assert "no draft is called nothing" in kept.job(lost.id).error
