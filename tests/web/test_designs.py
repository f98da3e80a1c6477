"""What the page of designs is given: levers with what they offer, gains and price at once, and the search of a run."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest
from fastapi.testclient import TestClient

from servanda.case.loading import parse_text
from servanda.compile import compile_case
from servanda.diagnosis.answers import Designs
from servanda.diagnosis.design import search_designs
from servanda.provenance import provenance_of
from servanda.report.designed import to_dict
from servanda.store import NewRun, Store
from servanda.web.rooms import designs as room
from servanda.web.rooms.designs import designs_shown, price_of
from tests.web import small as small_case
from tests.web.inline import InlineSolvers


@cache
def searched() -> Designs:
    """The designs of the small case."""
    return search_designs(parse_text(small_case.text(), "case"))


@pytest.fixture
def solvers() -> InlineSolvers:
    """A case and its compiled game are all that is asked of a bench."""
    return InlineSolvers(bench="tests.web.asking:Plain")


def keep(store: Store, result: object, kind: str = "designs") -> str:
    """Put a run into the store; its id."""
    provenance = provenance_of("small", "x", ())
    new = NewRun(kind, "small", small_case.text(), "x", "headline", result, provenance, 1.0, version=1)
    return store.add_run(new).id


def test_the_page_shows_the_case(client: TestClient, small: str) -> None:
    answer = client.get(f"/cases/{small}/designs?set=exit_political:30")
    assert answer.status_code == 200
    assert "What a mediator can change" in answer.text


def test_what_levers_offer(client: TestClient, small: str) -> None:
    found = client.post(f"/api/cases/{small}/designs/levers", json={}).json()
    (lever,) = found["levers"]
    assert lever["parameter"] == "exit_political"
    assert lever["written"] == 8.0
    assert [(o["label"], o["value"]) for o in lever["options"]] == [
        ("as written", 8.0),
        ("constitutional lock", 30.0),
        ("ratified treaty", 60.0),
    ]
    assert lever["held_by"] == {"weak form": "Leaving is cheap"}
    assert [side["side"] for side in found["sides"]] == ["side_a", "side_b"]


def test_a_lever_with_a_range_offers_points_of_it(client: TestClient, kept: Store) -> None:
    text = small_case.text().replace(
        "choices: {as written: 8, constitutional lock: 30, ratified treaty: 60}", "range: [0, 60]"
    )
    kept.create_case("ranged", text, "A range")
    (lever,) = client.post("/api/cases/ranged/designs/levers", json={}).json()["levers"]
    assert lever["ranged"]
    assert len(lever["options"]) == room.POINTS
    assert [lever["options"][k]["value"] for k in (0, -1)] == [0.0, 60.0]


@pytest.mark.parametrize("value", [30.0, 60.0])
def test_gains_are_those_of_the_search(client: TestClient, small: str, value: float) -> None:
    body = {"set": {"exit_political": value}, "draft": "agreement"}
    found = client.post(f"/api/cases/{small}/designs/gains", json=body).json()
    design = next(
        d for d in searched().designs if d.draft == "agreement" and dict(d.overrides)["exit_political"] == value
    )
    assert [one["gain"] for one in found["gains"]] == pytest.approx(design.gains, abs=0.01)
    assert found["price"] == 0.0


def test_gains_follow_frictions_and_other_numbers(client: TestClient, small: str) -> None:
    path = f"/api/cases/{small}/designs/gains"
    plain = client.post(path, json={"draft": "agreement"}).json()
    off = client.post(path, json={"draft": "agreement", "off": ["weak form"]}).json()
    treaty = client.post(path, json={"draft": "agreement", "set": {"exit_political": 60}}).json()
    assert off["gains"] == treaty["gains"]
    assert off["gains"] != plain["gains"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"draft": "nothing"}, "unknown-draft"),
        ({"draft": "agreement", "set": {"nothing": 1.0}}, "unknown-parameter"),
        ({"draft": "agreement", "off": ["nothing"]}, "unknown-friction"),
        ({}, "bad-request"),
        ({"draft": ""}, "bad-request"),
        ({"draft": "agreement", "version": 0}, "bad-request"),
        ({"draft": "agreement", "more": 1}, "bad-request"),
    ],
)
def test_what_gains_cannot_be_asked_of(client: TestClient, small: str, body: dict[str, object], code: str) -> None:
    answer = client.post(f"/api/cases/{small}/designs/gains", json=body)
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == code


def test_gains_of_no_case_and_no_version(client: TestClient, small: str) -> None:
    for name, version in (("nowhere", None), (small, 7)):
        answer = client.post(f"/api/cases/{name}/designs/gains", json={"draft": "agreement", "version": version})
        assert answer.status_code == 404


def test_the_price_of_a_lever_is_that_of_the_search() -> None:
    text = small_case.text().replace(
        "ratified treaty: 60}\n", "ratified treaty: 60}\n    price: {government_a: exit_political / 3, people_b: 2}\n"
    )
    actors = [a.name for a in parse_text(small_case.text(), "case").actors]
    text = text.replace("government_a", actors[0]).replace("people_b", actors[-1])
    case = parse_text(text, "case")
    compiled = compile_case(case)
    assert price_of(compiled, {}) == 0.0
    for design in search_designs(case, drafts=["agreement"]).designs:
        assert price_of(compiled, dict(design.overrides)) == pytest.approx(design.price)
    assert price_of(compiled, {"exit_political": 60.0}) > 0.0
    assert price_of(compiled, {"exit_political": 60.0}, held={"exit_political"}) == 0.0


def test_a_run_of_designs(client: TestClient, kept: Store) -> None:
    found = searched()
    answer = client.get(f"/api/runs/{keep(kept, to_dict(found, whole=True))}/designs")
    assert answer.status_code == 200
    shown = answer.json()
    assert shown["sentence"] == found.sentence
    assert shown["verdict"] == found.verdict
    assert shown["found"] == len(found.designs) == len(shown["designs"])
    nearest = shown["designs"][shown["nearest"]]
    assert nearest["holds"] == max(design["holds"] for design in shown["designs"])
    assert [design["frontier"] for design in shown["designs"]] == [design.frontier for design in found.designs]


def test_a_run_that_keeps_only_the_frontier(client: TestClient, kept: Store) -> None:
    found = searched()
    shown = client.get(f"/api/runs/{keep(kept, to_dict(found, whole=False))}/designs").json()
    assert shown["designs"][shown["nearest"]]["label"].endswith("ratified treaty)")


def test_a_whole_run_with_its_designs(client: TestClient, kept: Store) -> None:
    result = {"diagnosis": {"designs": to_dict(searched(), whole=True)}}
    shown = client.get(f"/api/runs/{keep(kept, result, 'run')}/designs").json()
    assert shown["verdict"] == searched().verdict


def test_of_very_many_designs_those_that_say_something_are_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "MOST_DESIGNS", 2)
    found = searched()
    base = found.designs[-1]
    dull = tuple(replace(base, frontier=False, moved=(("x", str(k)),)) for k in range(9))
    shown = designs_shown(replace(found, designs=(*dull, *found.designs)))
    assert shown.found == 9 + len(found.designs)
    labels = [design.label for design in shown.designs]
    assert {design.label for design in shown.designs if design.frontier}
    assert len([label for label in labels if "x: " in label]) == 2
    assert found.nearest is not None
    assert shown.nearest is not None
    assert shown.designs[shown.nearest].holds == found.nearest.holds
