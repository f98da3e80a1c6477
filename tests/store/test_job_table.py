"""Jobs: one worker each, told to stop, taken up again when their worker is lost."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from servanda.store import Job, NotFoundError, Store
from tests.store.kept import new_run


def claimed(store: Store, owner: str = "w1") -> Job:
    job = store.claim_job(owner)
    assert job is not None
    return job


def test_the_life_of_a_job(store: Store) -> None:
    added = store.add_job("forecast", "pledge", {"draws": 64, "set": {"a": 0.5}})
    assert (added.state, added.progress, added.attempts, added.started) == ("queued", 0.0, 0, None)
    job = claimed(store)
    assert (job.id, job.state, job.attempts, job.owner) == (added.id, "running", 1, "w1")
    assert job.request == {"draws": 64, "set": {"a": 0.5}}
    assert store.claim_job("w2") is None
    assert store.beat(job.id, 0.25, "draws", owner="w1")
    assert (store.job(job.id).progress, store.job(job.id).stage) == (0.25, "draws")
    run = store.add_run(new_run())
    assert store.finish_job(job.id, run.id, owner="w1")
    done = store.job(job.id)
    assert (done.state, done.progress, done.run, done.error) == ("done", 1.0, run.id, "")
    assert done.finished is not None
    assert done.created <= job.started <= done.finished  # type: ignore[operator]
    assert not store.beat(job.id, 0.5, "late")
    assert not store.fail_job(job.id, "late")


def test_jobs_are_taken_up_in_order(store: Store) -> None:
    ids = [store.add_job("run", name, {}).id for name in ("a", "b", "c")]
    assert [claimed(store).id for _ in ids] == ids
    assert [job.id for job in store.jobs()] == ids[::-1]
    assert [job.case for job in store.jobs("b")] == ["b"]
    assert store.jobs(state="queued") == ()
    assert len(store.jobs(kind="run", state="running", limit=2)) == 2


def test_a_waiting_job_is_cancelled_at_once(store: Store) -> None:
    job = store.add_job("run", "a", {})
    assert store.cancel_job(job.id).state == "cancelled"
    assert store.claim_job("w") is None


def test_a_running_job_is_asked_to_stop_and_can_be_resumed(store: Store) -> None:
    job = store.add_job("run", "a", {})
    claimed(store)
    asked = store.cancel_job(job.id)
    assert (asked.state, asked.cancel_asked) == ("running", True)
    assert not store.beat(job.id, 0.3, "solve", owner="w1")
    assert store.stop_job(job.id, owner="w1")
    assert store.job(job.id).state == "cancelled"
    again = store.resume_job(job.id)
    assert (again.state, again.cancel_asked, again.attempts, again.finished) == ("queued", False, 0, None)
    assert claimed(store, "w2").id == job.id
    assert store.beat(job.id, 0.4, "solve", owner="w2")


def test_what_is_done_or_runs_is_not_resumed(store: Store) -> None:
    job = store.add_job("run", "a", {})
    assert store.resume_job(job.id).state == "queued"
    claimed(store)
    assert store.resume_job(job.id).state == "running"
    store.finish_job(job.id)
    assert store.resume_job(job.id).state == store.cancel_job(job.id).state == "done"


def test_a_job_whose_worker_is_lost_is_taken_up_again_and_fails_in_the_end(store: Store) -> None:
    job = store.add_job("run", "a", {})
    assert store.requeue_lost(0.0) == ()
    for attempt in (1, 2, 3):
        assert claimed(store, f"w{attempt}").attempts == attempt
        assert store.requeue_lost(60.0) == ()
        time.sleep(0.002)
        (lost,) = store.requeue_lost(0.0)
        assert lost.state == ("queued" if attempt < 3 else "failed")
        # the worker that was thought dead is told that the job is no longer its own
        assert not store.beat(job.id, 0.9, "late", owner=f"w{attempt}")
        assert not store.finish_job(job.id, owner=f"w{attempt}")
    assert store.job(job.id).error == "its worker was lost 3 times; it may need more memory than there is"
    assert store.resume_job(job.id).state == "queued"


def test_a_lost_job_that_was_to_stop_is_cancelled(store: Store) -> None:
    job = store.add_job("run", "a", {})
    claimed(store)
    store.cancel_job(job.id)
    time.sleep(0.002)
    store.requeue_lost(0.0)
    assert store.job(job.id).state == "cancelled"


def test_a_failed_job_says_why(store: Store) -> None:
    job = store.add_job("run", "a", {})
    claimed(store)
    assert store.fail_job(job.id, "no\0draw could be solved")
    assert (store.job(job.id).state, store.job(job.id).error) == ("failed", "no draw could be solved")


@pytest.mark.parametrize("name", ["", "nobody", "%", "a\0"])
def test_a_job_that_is_not_there(store: Store, name: str) -> None:
    for ask in (store.job, store.cancel_job, store.resume_job):
        with pytest.raises(NotFoundError):
            ask(name)
    assert not store.beat("nobody", 0.5, "x")


def test_no_two_workers_get_the_same_job(url: str) -> None:
    with Store.open(url) as store:
        ids = {store.add_job("run", "a", {"n": n}).id for n in range(24)}

    def work(owner: str) -> list[str]:
        taken = []
        with Store.open(url) as mine:
            while (job := mine.claim_job(owner)) is not None:
                taken.append(job.id)
        return taken

    with ThreadPoolExecutor(6) as pool:
        taken = [job for jobs in pool.map(work, [f"w{k}" for k in range(6)]) for job in jobs]
    assert len(taken) == 24
    assert set(taken) == ids
