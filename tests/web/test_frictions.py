"""What the page of frictions is given: the lattice of a kept run with its figures, the smallest repairs, trust."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from fastapi.testclient import TestClient

from servanda.case.loading import parse_text
from servanda.diagnosis.answers import Cooperation, Flips, FrictionLattice, SideGain
from servanda.diagnosis.cooperation import cooperation
from servanda.inquiry import explain_frictions
from servanda.provenance import provenance_of
from servanda.report.tables import plain_data
from servanda.store import NewRun, Store
from servanda.web.rooms.frictions import MOST_REPAIRS, frictions_shown, lattice_and_flips, trust_shown
from tests.web import small as small_case
from tests.web.inline import InlineSolvers


@cache
def explained() -> tuple[FrictionLattice, Flips | None]:
    """The frictions of the small case, of its first draft."""
    return explain_frictions(parse_text(small_case.text(), "case"), "agreement")


def keep(store: Store, result: Any, kind: str = "frictions") -> str:
    """Put a run into the store; its id."""
    provenance = provenance_of("small", "x", ())
    new = NewRun(kind, "small", small_case.text(), "x", "headline", result, provenance, 1.0, version=1)
    return store.add_run(new).id


@pytest.fixture
def solvers() -> InlineSolvers:
    """The page needs the case, no solver."""
    return InlineSolvers(bench="tests.web.asking:Plain")


def test_the_page_shows_the_case(client: TestClient, small: str) -> None:
    answer = client.get(f"/cases/{small}/frictions?off=turnover")
    assert answer.status_code == 200
    assert "Switch frictions off" in answer.text
    assert "/cases/small/verdict?off=turnover" in answer.text


def test_the_page_of_no_case(client: TestClient) -> None:
    assert client.get("/cases/nowhere/frictions").status_code == 404


def test_a_run_of_frictions(client: TestClient, kept: Store) -> None:
    lattice, flips = explained()
    run = keep(kept, {"frictions": plain_data(lattice), "flips": plain_data(flips)})
    answer = client.get(f"/api/runs/{run}/frictions")
    assert answer.status_code == 200
    found = answer.json()
    assert found["draft"] == "agreement"
    assert found["sentence"] == lattice.sentence
    assert [figure["name"] for figure in found["figures"]] == ["shares", "log-odds", "interactions"]
    shown = {friction["name"]: friction for friction in found["frictions"]}
    assert set(shown) == set(lattice.frictions)
    for share in lattice.shares:
        assert shown[share.friction]["shapley"] == share.shapley
    sizes = [abs(friction["shapley"]) for friction in found["frictions"]]
    assert sizes == sorted(sizes, reverse=True)


def test_the_bits_of_the_frictions_lead_to_the_numbers_of_the_lattice() -> None:
    lattice, _ = explained()
    found = frictions_shown(lattice, None)
    assert found.lattice is not None
    outcome = found.lattice.columns[0].values
    bits = {friction.name: friction.bit for friction in found.frictions if friction.bit is not None}
    for mask, value in enumerate(lattice.values):
        off = [name for k, name in enumerate(lattice.frictions) if mask >> k & 1 and name in bits]
        assert outcome[sum(1 << bits[name] for name in off)] == pytest.approx(value, rel=1e-4, abs=1e-9)


def test_a_repair_names_frictions_that_lift_the_outcome() -> None:
    lattice, _ = explained()
    found = frictions_shown(lattice, None)
    assert found.lattice is not None
    assert found.repairs
    bits = {friction.name: friction.bit or 0 for friction in found.frictions}
    for repair in found.repairs:
        value = found.lattice.columns[0].values[sum(1 << bits[name] for name in repair.off)]
        assert value == pytest.approx(repair.value, rel=1e-4)
        assert value >= lattice.threshold
    assert found.repairs_left == 0


def test_many_repairs_are_not_all_sent() -> None:
    lattice, _ = explained()
    many = replace(lattice, repairs=lattice.repairs[:1] * (MOST_REPAIRS + 7))
    found = frictions_shown(many, None)
    assert len(found.repairs) == MOST_REPAIRS
    assert found.repairs_left == 7


def test_single_assumptions_are_marked_where_they_turn_the_verdict() -> None:
    lattice, flips = explained()
    assert flips is not None
    found = frictions_shown(lattice, flips)
    turning = [one.name for one in found.assumptions if one.turns]
    assert turning == [flip.name for flip in flips.flips]
    assert len(found.assumptions) == len(flips.flips) + len(flips.movers)


def test_sampled_subsets_have_no_switchboard_but_errors() -> None:
    lattice, _ = explained()
    sampled = replace(
        lattice, values=(), settled=(), headlines=(), permutations=64, interactions=(),
        shares=tuple(replace(share, error=0.01) for share in lattice.shares),
    )  # fmt: skip
    found = frictions_shown(sampled, None)
    assert found.lattice is None
    assert not found.exact
    assert all(friction.error == 0.01 for friction in found.frictions)


def test_two_frictions_of_one_title_are_told_apart() -> None:
    lattice, _ = explained()
    shares = tuple(replace(share, title="The same") for share in lattice.shares)
    found = frictions_shown(replace(lattice, titles=("The same",) * len(lattice.titles), shares=shares), None)
    titles = [friction.title for friction in found.frictions]
    assert len(set(titles)) == len(titles)


def test_a_whole_run_with_its_diagnosis_holds_the_same(client: TestClient, kept: Store) -> None:
    lattice, flips = explained()
    result = {"frictions": [], "diagnosis": {"lattice": plain_data(lattice), "flips": plain_data(flips)}}
    assert lattice_and_flips(result) == (lattice, flips)
    answer = client.get(f"/api/runs/{keep(kept, result, 'run')}/frictions")
    assert answer.json()["shares"].startswith("Removing “Leaving is cheap” brings")


def test_a_run_without_a_diagnosis_says_so(client: TestClient, kept: Store) -> None:
    answer = client.get(f"/api/runs/{keep(kept, {'frictions': [], 'diagnosis': None}, 'run')}/frictions")
    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "conflict"


@pytest.mark.parametrize("part", ["frictions", "trust", "designs"])
def test_runs_of_another_kind_and_no_runs(client: TestClient, kept: Store, part: str) -> None:
    other = keep(kept, {}, "forecast")
    for run in (other, "abcdef123456"):
        answer = client.get(f"/api/runs/{run}/{part}")
        assert answer.status_code == 404
        assert answer.json()["error"]["code"] == "not-found"


def test_trust_of_a_run_that_asked_for_none(client: TestClient, kept: Store) -> None:
    answer = client.get(f"/api/runs/{keep(kept, {'diagnosis': {}}, 'run')}/trust")
    assert answer.json() == {"sentence": "", "notes": [], "bonds": None, "cooperation": [], "figures": []}


def test_what_cooperation_is_worth(client: TestClient, kept: Store) -> None:
    case = parse_text(small_case.text(), "case")
    gains = cooperation(case, ["agreement"])
    run = keep(kept, {"diagnosis": {"cooperation": plain_data(gains), "trust": None}}, "run")
    found = client.get(f"/api/runs/{run}/trust").json()
    assert [figure["name"] for figure in found["figures"]] == ["cooperation"]
    assert found["cooperation"] == [gains[0].sentence]
    rows = found["figures"][0]["table"]["rows"]
    assert [row[1] for row in rows] == [gain.title for gain in gains[0].gains]


def test_cooperation_of_two_drafts_of_one_title() -> None:
    gain = SideGain("a", "A", "x", "X", 0.0, 1.0, 2.0, 3.0, 0.3)
    both = tuple(Cooperation(name, "Pact", (gain,), f"About {name}.") for name in ("one", "two"))
    found = trust_shown(None, both)
    assert {row[0] for row in found.figures[0].table.rows} == {"Pact (one)", "Pact (two)"}


def seek(client: TestClient, **asked: Any) -> str | None:
    """The id of the newest run of a scenario of the small case."""
    answer = client.post("/api/cases/small/newest-run", json={"kind": "frictions", **asked})
    assert answer.status_code == 200, answer.text
    run: dict[str, str] | None = answer.json()["run"]
    return run["id"] if run else None


def put(store: Store, kind: str, scenario: dict[str, Any], **options: Any) -> str:
    """Put a run of a scenario into the store; its id."""
    provenance = provenance_of("small", "x", ())
    text = small_case.text()
    new = NewRun(kind, "any", text, "x", "h", {}, provenance, 1.0, scenario=scenario, options=options)
    return store.add_run(new).id


def test_the_newest_run_of_a_scenario(client: TestClient, kept: Store, small: str) -> None:
    assert seek(client) is None
    put(kept, "frictions", {"set": {}, "off": []})
    newer = put(kept, "frictions", {"set": {}, "off": []}, draft=None, by="job")
    other = put(kept, "frictions", {"set": {"nuisance": 2}, "off": []})
    one = put(kept, "frictions", {"set": {}, "off": []}, draft="inspected")
    put(kept, "frictions", {"set": {}, "off": []}, outcome="peace")
    put(kept, "frictions", {"set": {}, "off": []}, until="2030-01-01")
    assert seek(client) == newer
    assert seek(client, set={"nuisance": 2.0}) == other
    assert seek(client, set={"nuisance": 2.5}) is None
    assert seek(client, off=["turnover"]) is None
    assert seek(client, draft="inspected") == one
    assert seek(client, draft="agreement") is None


def test_a_run_of_designs_varies_its_levers_itself(client: TestClient, kept: Store, small: str) -> None:
    run = put(kept, "designs", {"set": {"nuisance": 2.0}, "off": []}, drafts=None, levers=None)
    put(kept, "designs", {"set": {"nuisance": 2.0}, "off": []}, drafts=["agreement"])
    asked = {"kind": "designs", "set": {"nuisance": 2.0, "exit_political": 60.0}}
    assert seek(client, **asked) is None
    assert seek(client, **asked, left=["exit_political"]) == run


def test_a_run_with_its_diagnosis(client: TestClient, kept: Store, small: str) -> None:
    put(kept, "run", {"set": {}, "off": ["turnover"]}, diagnosis=False)
    assert seek(client, kind="run", off=["turnover"]) is None
    deep = put(kept, "run", {"set": {}, "off": ["turnover"]}, deep=True)
    assert seek(client, kind="run", off=["turnover"]) == deep


def test_a_run_of_an_older_text_is_none_of_this_version(client: TestClient, kept: Store, small: str) -> None:
    run = put(kept, "frictions", {"set": {}, "off": []})
    kept.save_case(small, small_case.text() + "# changed\n", "A small dispute", seen=1)
    assert seek(client) is None
    assert seek(client, version=1) == run
    answer = client.post("/api/cases/small/newest-run", json={"kind": "frictions", "version": 9})
    assert answer.status_code == 404
