"""Jobs over HTTP, and jobs in processes of their own that servers and workers may be killed under."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from servanda.store import Job, Store
from servanda.web.jobs import Jobs, request_of
from servanda.web.kinds import KINDS
from tests.web import small as small_case

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 90.0
Make = Callable[..., Jobs]


# the API


def post(client: Any, path: str = "/api/jobs", **body: Any) -> Any:
    return client.post(path, json=body)


def test_a_job_is_asked_for_listed_stopped_and_taken_up_again(client: Any, small: str) -> None:
    answer = post(client, kind="forecast", case=small, options={"draws": 64})
    assert answer.status_code == 202
    name = answer.json()["id"]
    job = client.get(f"/api/jobs/{name}").json()
    assert (job["kind"], job["title"], job["case"], job["version"]) == ("forecast", "Forecast", small, 1)
    assert (job["state"], job["progress"], job["run"], job["error"]) == ("queued", 0.0, None, "")
    assert job["options"] == {"draws": 64, "leave_out": True}
    assert [one["id"] for one in client.get(f"/api/jobs?case={small}&kind=forecast").json()["jobs"]] == [name]
    assert client.get("/api/jobs?kind=designs").json() == {"jobs": []}
    assert client.get("/api/jobs?state=done").json() == {"jobs": []}
    assert post(client, f"/api/jobs/{name}/cancel").json()["state"] == "cancelled"
    assert post(client, f"/api/jobs/{name}/cancel").json()["state"] == "cancelled"
    assert post(client, f"/api/jobs/{name}/resume").json()["state"] == "queued"


def test_the_same_job_is_not_doubled_and_another_is(client: Any, small: str) -> None:
    case = {"kind": "frictions", "case": small}
    first = post(client, **case).json()["id"]
    assert post(client, **case, version=1, options={"draft": None}).json()["id"] == first
    assert post(client, **case, options={"draft": "agreement"}).json()["id"] != first
    post(client, f"/api/jobs/{first}/cancel")
    assert post(client, **case).json()["id"] != first


def test_a_job_keeps_the_version_that_was_newest_when_it_was_asked(client: Any, kept: Store, small: str) -> None:
    side = {"case": small, "version": None, "set": {}, "off": []}
    name = post(client, kind="compare", case=small, options={"b": side}).json()["id"]
    kept.save_case(small, small_case.text() + "\n# more\n", "A small dispute", seen=1)
    job = client.get(f"/api/jobs/{name}").json()
    assert (job["version"], job["options"]["b"]["version"], job["options"]["a"]) == (1, 1, None)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"kind": "walk"}, 422, "bad-request"),
        ({"case": "nothing-of-this-name"}, 404, "not-found"),
        ({"version": 7}, 404, "not-found"),
        ({"case": "../etc"}, 422, "bad-request"),
        ({"set": {"no_such": 1.0}}, 422, "unknown-parameter"),
        ({"off": ["no_such"]}, 422, "unknown-friction"),
        ({"options": {"draws": 10**9}}, 422, "bad-request"),
        ({"options": {"speed": 1}}, 422, "bad-request"),
        ({"kind": "compare", "options": {}}, 422, "bad-request"),
        ({"kind": "compare", "options": {"b": {"case": "nothing"}}}, 404, "not-found"),
        ({"kind": "compare", "options": {"b": {"case": "small", "set": {"x": 1}}}}, 422, "unknown-parameter"),
        ({"more": 1}, 422, "bad-request"),
    ],
)
def test_what_cannot_be_done_is_refused_at_once(
    client: Any, kept: Store, small: str, body: dict[str, Any], status: int, code: str
) -> None:
    answer = post(client, **{"kind": "forecast", "case": small, **body})
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert kept.jobs() == ()


def test_a_case_with_errors_gets_no_job(client: Any, kept: Store) -> None:
    kept.create_case("broken", "case: broken\n", "Broken")
    answer = post(client, kind="run", case="broken").json()["error"]
    assert answer["code"] == "case-error"
    assert "missing" in {issue["code"] for issue in answer["issues"]} or answer["issues"]


def test_a_case_too_large_to_be_asked_live_may_have_a_job(
    client: Any, kept: Store, solvers: Any, small: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from servanda.web.problems import Problem

    async def slow(*given: Any, **more: Any) -> Any:
        raise Problem(503, "too-slow", "too slow")

    monkeypatch.setattr(solvers, "ask", slow)
    assert post(client, kind="run", case=small).status_code == 202


@pytest.mark.parametrize("path", ["", "/events", "/cancel", "/resume"])
def test_a_job_that_is_not_there_is_not_found(client: Any, path: str) -> None:
    ask = client.get if path in ("", "/events") else lambda address: client.post(address, json={})
    assert ask(f"/api/jobs/nothing{path}").status_code == 404


def test_a_job_that_is_done_is_not_resumed(client: Any, kept: Store, small: str) -> None:
    job = kept.add_job("run", small, request_of(1, {}, [], {}))
    kept.claim_job("x:1:y")
    kept.finish_job(job.id)
    answer = post(client, f"/api/jobs/{job.id}/resume")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "conflict")


def test_events_tell_how_far_a_job_is_until_it_is_over(client: Any, kept: Store, small: str) -> None:
    job = kept.add_job("run", small, request_of(1, {}, [], {}))
    kept.claim_job("x:1:y")
    kept.beat(job.id, 0.25, "solve")
    kept.fail_job(job.id, "no luck")
    with client.stream("GET", f"/api/jobs/{job.id}/events") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        told = [json.loads(line.removeprefix("data: ")) for line in answer.iter_lines() if line.startswith("data: ")]
    assert [(one["state"], one["error"], one["progress"]) for one in told] == [("failed", "no luck", 0.25)]


def test_the_page_of_jobs_is_there(client: Any) -> None:
    answer = client.get("/jobs")
    assert answer.status_code == 200
    assert "jobs.js" in answer.text


def test_the_api_names_every_kind() -> None:
    from typing import get_args

    from servanda.web.rooms.jobs import KindName

    assert set(get_args(KindName)) == set(KINDS)


# processes


@pytest.fixture
def slowly(tmp_path: Path) -> dict[str, str]:
    folder = tmp_path / "steps"
    folder.mkdir()
    return {
        "PYTHONPATH": str(ROOT), "SLOW_FOLDER": str(folder), "SLOW_STEP": "0.1", "SERVANDA_WORKER_BEAT": "0.2",
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }  # fmt: skip


@pytest.fixture
def make(kept: Store, slowly: dict[str, str]) -> Iterator[Make]:
    made: list[Jobs] = []

    def making(**more: Any) -> Jobs:
        given = {"lost_after": 3.0, "look": 0.1, "environment": slowly, "module": "tests.web.slow_worker", **more}
        made.append(Jobs(kept, **given))
        return made[-1]

    yield making
    for jobs in made:
        jobs.close(workers=True)


def until(kept: Store, job: Job, wanted: Callable[[Job], bool]) -> Job:
    end = time.monotonic() + PATIENCE
    while not wanted(found := kept.job(job.id)):
        assert time.monotonic() < end, f"{found}"
        time.sleep(0.05)
    return found


def over(job: Job) -> bool:
    return job.state in ("done", "failed", "cancelled")


def under_way(job: Job) -> bool:
    return job.state == "running" and job.progress > 0.1


def ask(jobs: Jobs, case: str, **options: Any) -> Job:
    return jobs.add("run", case, request_of(1, {}, [], options))


def test_a_job_is_done_by_a_process_and_its_run_is_kept(make: Make, kept: Store, small: str) -> None:
    jobs = make()
    job = until(kept, ask(jobs, small), over)
    assert (job.state, job.attempts, job.progress) == ("done", 1, 1.0)
    assert kept.run(job.run or "").headline == "done from 0"
    end = time.monotonic() + PATIENCE
    while jobs.pids and time.monotonic() < end:
        time.sleep(0.05)
    assert jobs.pids == ()


def test_jobs_wait_for_their_turn(make: Make, kept: Store, small: str) -> None:
    jobs = make(workers=1)
    first, second = ask(jobs, small), ask(jobs, small, diagnosis=True)
    until(kept, first, under_way)
    assert kept.job(second.id).state == "queued"
    assert len(jobs.pids) == 1
    until(kept, first, over)
    assert until(kept, second, over).state == "done"


def test_a_job_whose_worker_is_killed_is_taken_up_again_where_it_was(make: Make, kept: Store, small: str) -> None:
    jobs = make()
    job = ask(jobs, small)
    until(kept, job, under_way)
    os.kill(jobs.pids[0], signal.SIGKILL)
    found = until(kept, job, over)
    assert (found.state, found.attempts) == ("done", 2)
    assert kept.result(kept.run(found.run or ""))["from"] > 0


def test_a_job_that_costs_worker_after_worker_fails_with_the_reason(
    make: Make, kept: Store, small: str, slowly: dict[str, str]
) -> None:
    jobs = make(lost_after=1.0, environment={**slowly, "SLOW_STEP": "30"})
    job = ask(jobs, small)
    killed: set[int] = set()
    end = time.monotonic() + PATIENCE
    while not over(found := kept.job(job.id)) and time.monotonic() < end:
        if found.state == "running" and found.stage == "steps":
            for pid in set(jobs.pids) - killed:
                killed.add(pid)
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)
    assert (found.state, found.attempts) == ("failed", 3)
    assert "lost 3 times" in found.error


def test_a_job_is_stopped_within_seconds_and_goes_on_from_there(make: Make, kept: Store, small: str) -> None:
    jobs = make()
    job = ask(jobs, small)
    until(kept, job, under_way)
    begun = time.monotonic()
    assert jobs.cancel(job.id).cancel_asked
    found = until(kept, job, over)
    assert found.state == "cancelled"
    assert time.monotonic() - begun < 5.0
    assert jobs.resume(job.id).state == "queued"
    found = until(kept, job, over)
    assert found.state == "done"
    assert kept.result(kept.run(found.run or ""))["from"] > 0


def test_a_job_goes_on_when_the_server_is_killed(
    kept: Store, small: str, slowly: dict[str, str], make: Make, tmp_path: Path
) -> None:
    script = f"""
import sys, time
from servanda.store import Store
from servanda.web.jobs import Jobs, request_of
store = Store.open(sys.argv[1])
jobs = Jobs(store, look=0.1, module="tests.web.slow_worker")
print(jobs.add("run", {small!r}, request_of(1, {{}}, [], {{}})).id, flush=True)
print(jobs.add("run", {small!r}, request_of(1, {{}}, [], {{"diagnosis": True}})).id, flush=True)
time.sleep(600)
"""
    with subprocess.Popen(
        [sys.executable, "-c", script, kept.url], stdout=subprocess.PIPE, text=True, env={**os.environ, **slowly}
    ) as server:
        assert server.stdout is not None
        first, second = (kept.job(server.stdout.readline().strip()) for _ in range(2))
        worker = int(until(kept, first, under_way).owner.split(":")[1])
        server.send_signal(signal.SIGKILL)
        server.wait(10)
    assert psutil.pid_exists(worker)
    # a server that starts meanwhile leaves the living worker alone
    again = make()
    time.sleep(1.0)
    assert again.pids == ()
    found = until(kept, first, over)
    assert (found.state, found.attempts) == ("done", 1)
    assert kept.run(found.run or "").kind == "run"
    assert until(kept, second, over).state == "done"


def test_closing_leaves_a_worker_at_work(make: Make, kept: Store, small: str) -> None:
    jobs = make()
    job = ask(jobs, small)
    until(kept, job, under_way)
    jobs.close()
    jobs.close()
    assert until(kept, job, over).state == "done"
