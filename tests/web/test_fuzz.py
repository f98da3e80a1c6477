"""The API fuzzed from its own description against a real server: no fault, and only answers that are described."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.browser.running import Running, running
from tests.web import small as small_case

DESCRIBED = json.loads((Path(__file__).parents[2] / "spec" / "openapi.json").read_text(encoding="utf-8"))
METHODS = ("get", "put", "post", "delete", "patch")
OPERATIONS = [(path, method) for path, each in DESCRIBED["paths"].items() for method in METHODS if method in each]
# Events of a job that waits come for as long as somebody listens.
ENDLESS = "/api/jobs/{job}/events"
SECONDS = 60.0
WORK: dict[str, dict[str, Any]] = {
    "run": {"diagnosis": False},
    "frictions": {},
    "designs": {"draws": 0},
    "forecast": {"draws": 16},
    "sensitivity": {"draws": 16},
}


@dataclass(frozen=True)
class Fuzzed:
    """A server, and names that lead somewhere by name of the path parameter."""

    server: Running
    known: dict[str, list[str]]


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fuzzed]:
    """A server with a saved case, a run of every kind that pages read, and a job that waits for good."""
    folder = tmp_path_factory.mktemp("fuzzed")
    store, log = str(folder / "store.db"), folder / "log.txt"
    with running(store, folder / "first.txt", "--workers=2") as server:
        server.send("POST", "/api/cases", {"name": small_case.NAME, "text": small_case.text()})
        runs = worked(server)
    with running(store, log, "--workers=0") as server:
        job = server.send("POST", "/api/jobs", {"kind": "run", "case": small_case.NAME, "options": {"diagnosis": True}})
        files = ["result.json", "case.yaml", "report.html"]
        yield Fuzzed(server, {"name": [small_case.NAME, "pledge", *files], "job": [job["id"]], "run": runs})
        assert "fault" not in log.read_text(), log.read_text()[-5000:]


def worked(server: Running) -> list[str]:
    """The runs of all jobs, once they are done."""
    for kind, options in WORK.items():
        server.send("POST", "/api/jobs", {"kind": kind, "case": small_case.NAME, "options": options})
    until = time.monotonic() + 10 * SECONDS
    while time.monotonic() < until:
        jobs = server.get("/api/jobs")["jobs"]
        assert not [job["error"] for job in jobs if job["state"] == "failed"]
        if all(job["state"] == "done" for job in jobs):
            return [job["run"] for job in jobs]
        time.sleep(0.2)
    raise AssertionError(jobs)


@pytest.mark.parametrize(("path", "method"), OPERATIONS, ids=lambda word: word)
def test_no_request_makes_a_fault(path: str, method: str, fuzzed: Fuzzed) -> None:
    fuzz(path, method, fuzzed, 12)


@pytest.mark.verify
@pytest.mark.parametrize(("path", "method"), OPERATIONS, ids=lambda word: word)
def test_no_request_of_many_makes_a_fault(path: str, method: str, fuzzed: Fuzzed) -> None:
    fuzz(path, method, fuzzed, 150)


def fuzz(path: str, method: str, fuzzed: Fuzzed, examples: int) -> None:
    """Send requests that fit the description and such that do not, to names that lead somewhere and others."""
    operation = schemathesis.openapi.from_dict(DESCRIBED)[path][method]
    cases = st.one_of(
        operation.as_strategy(generation_mode=GenerationMode.POSITIVE),
        operation.as_strategy(generation_mode=GenerationMode.NEGATIVE),
    )

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases, data=st.data())
    def send(case: Any, data: Any) -> None:
        for name in list(case.path_parameters or {}):
            if path != ENDLESS and data.draw(st.booleans(), label="to what is there"):
                case.path_parameters[name] = data.draw(st.sampled_from(fuzzed.known[name]), label=name)
        # Nearly always with the header, without which nothing gets past the door.
        if method != "get" and data.draw(st.integers(0, 9)):
            case.headers = {**(case.headers or {}), "X-Servanda": "1"}
        answer = case.call(base_url=fuzzed.server.address, timeout=SECONDS)
        assert answer.status_code != 500, answer.text
        if answer.status_code >= 500:
            assert answer.json()["error"]["code"] in ("busy", "too-slow"), answer.text
            return
        checks = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
        case.validate_response(answer, checks=checks)

    send()
