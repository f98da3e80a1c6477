"""What a worker does with a job: the right work in the right scenario, kept as a run; stopping; what goes wrong."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from threading import Timer
from typing import Any

import pytest

from servanda.case import read
from servanda.case.loading import parse_text, shipped
from servanda.errors import CaseError
from servanda.outlook.forecasting import Settings
from servanda.provenance import provenance_of
from servanda.report.tables import plain_data
from servanda.store import Job, Store
from servanda.uncertainty.swept import Sweep
from servanda.web import kinds, worker
from servanda.web.jobs import request_of
from servanda.web.kinds import KINDS, Kind, Made, RunOptions, Work
from tests.web import small as small_case

Add = Callable[..., Job]


@pytest.fixture
def add(kept: Store, small: str) -> Add:
    def adding(
        kind: str, case: str = small, given: dict[str, float] | None = None, off: Any = (), **options: Any
    ) -> Job:
        return kept.add_job(kind, case, request_of(1, given or {}, list(off), options))

    return adding


@pytest.fixture
def interruptible() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, worker._interrupted)
    yield
    signal.signal(signal.SIGINT, before)


def done(kept: Store, job: Job) -> tuple[Any, Any]:
    """The run and the result of a job that a worker has done."""
    assert worker.work(kept, beat=0.1) == (1, True)
    job = kept.job(job.id)
    assert (job.state, job.error) == ("done", "")
    assert job.run is not None
    run = kept.run(job.run)
    return run, kept.result(run)


def failed(kept: Store) -> str:
    worker.work(kept, beat=0.1)
    (job,) = kept.jobs(limit=1)
    assert (job.state, job.run) == ("failed", None)
    return job.error


def as_kind(monkeypatch: pytest.MonkeyPatch, perform: Callable[[Work], Made]) -> None:
    monkeypatch.setitem(KINDS, "run", Kind("Test", RunOptions, perform))


def test_frictions_are_explained_in_the_scenario_and_kept_with_it(kept: Store, add: Add) -> None:
    case = parse_text(small_case.text())
    name, parameter = case.frictions[0].name, next(p for p in case.parameters if not p.number.certain)
    value = float(parameter.number.quantile(0.3))
    run, result = done(kept, add("frictions", given={parameter.name: value}, off=[name], draft="agreement"))
    from servanda.comparison import without
    from servanda.inquiry import explain_frictions

    lattice, flips = explain_frictions(case, "agreement", overrides=without(case, [name], {parameter.name: value}))
    wanted = {"frictions": plain_data(lattice), "flips": plain_data(flips)}
    for found in (result, wanted):
        found["frictions"].pop("seconds")
    assert result == wanted
    assert (run.kind, run.case, run.version) == ("frictions", "small", 1)
    assert run.scenario == {"set": {parameter.name: value}, "off": [name]}
    assert run.options == {"by": "job", "draft": "agreement"}
    assert run.headline == lattice.sentence
    assert kept.runs(kind="frictions", scenario=run.scenario, text=small_case.text())[0].id == run.id


def test_designs_and_sensitivity_hold_what_is_set(kept: Store, add: Add) -> None:
    case = parse_text(small_case.text())
    parameter = next(p for p in case.parameters if not p.number.certain)
    value = float(parameter.number.quantile(0.7))
    run, result = done(kept, add("designs", given={parameter.name: value}, drafts=["agreement"], draws=4))
    assert {design["draft"] for design in result["designs"]} == {"agreement"}
    assert dict(run.provenance.settings)[f"set {parameter.name}"] == repr(value)
    asked = add("sensitivity", given={parameter.name: value}, draws=16, question="outcome.ever_war")
    run, result = done(kept, asked)
    assert result["sensitivity"]["quantity"] == "outcome.ever_war"
    assert dict(run.provenance.settings)[f"set {parameter.name}"] == repr(value)
    rows = Sweep.read(Settings().sweeps / dict(run.provenance.settings)["study"] / "sweep.parquet")
    assert set(rows[f"parameter.{parameter.name}"].tolist()) == {value}
    assert len(dict(run.provenance.settings)["study"]) == 32


def test_a_comparison_has_two_scenarios(kept: Store, add: Add, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []

    def both(*sides: Any, progress: Any) -> Any:
        seen.extend(sides)
        raise CaseError("seen enough")

    monkeypatch.setattr("servanda.comparison.run_both", both)
    kept.create_case("pledge", shipped()["theory/pledge"].read_text(encoding="utf-8"), "A pledge")
    add("compare", a=None, b={"case": "pledge", "version": 1, "set": {"gain": 4}, "off": []})
    assert failed(kept) == "seen enough"
    assert [case.name for case in seen[:2]] == ["small", "pledge"]
    assert seen[2:] == [{}, {"gain": 4.0}]


def test_a_backtest_holds_the_scenario_on_every_day(kept: Store, add: Add, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []

    def scored(cases: Any, settings: Any, progress: Any) -> Any:
        seen.append((settings.of_outlook().overrides, settings.draws))
        raise CaseError("nothing to score")

    monkeypatch.setattr("servanda.backtesting.backtest", scored)
    name = parse_text(small_case.text()).parameters[0].name
    add("backtest", given={name: 0.25}, draws=16)
    assert failed(kept) == "nothing to score"
    assert seen == [({name: 0.25}, 16)]


def test_what_is_wrong_with_a_job_is_said(kept: Store, add: Add) -> None:
    add("run", given={"no_such": 1.0})
    assert "no parameter is called `no_such`" in failed(kept)
    add("run", off=["no_such"])
    assert "no friction is called `no_such`" in failed(kept)
    add("run", case="gone")
    assert "gone" in failed(kept)
    kept.create_case("broken", "case: broken\nperiod: soon\n", "Broken")
    add("run", case="broken")
    assert "line 1: the case needs `start`" in failed(kept)
    add("walk")
    assert "knows no job of the kind `walk`" in failed(kept)
    add("sensitivity", question="question.nothing", draws=16)
    assert "no quantity is called `question.nothing`" in failed(kept)


def test_faults_and_lack_of_memory_are_told(kept: Store, add: Add, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(work: Work) -> Made:
        raise MemoryError

    def broken(work: Work) -> Made:
        raise KeyError("x")

    as_kind(monkeypatch, full)
    add("run")
    assert "MB of memory" in failed(kept)
    as_kind(monkeypatch, broken)
    add("run")
    assert failed(kept) == "a fault of the program: KeyError: 'x'"


def test_a_job_that_tells_how_far_it_is_hears_that_it_shall_stop(
    kept: Store, add: Add, monkeypatch: pytest.MonkeyPatch
) -> None:
    def telling(work: Work) -> Made:
        for step in range(600):
            work.progress("steps", step / 600)
            time.sleep(0.02)
        raise AssertionError("nobody stopped it")

    as_kind(monkeypatch, telling)
    job, begun = add("run"), time.monotonic()
    waiting = add("run", off=["another"])
    Timer(0.5, lambda: kept.cancel_job(job.id)).start()
    # a fresh interpreter does what waits: the interruption may have left half a module behind
    assert worker.work(kept, beat=0.1) == (1, False)
    assert kept.job(waiting.id).state == "queued"
    assert kept.job(job.id).state == "cancelled"
    assert 0.0 < kept.job(job.id).progress < 0.5
    assert time.monotonic() - begun < 6.0


@pytest.mark.usefixtures("interruptible")
def test_a_job_that_tells_nothing_is_interrupted(kept: Store, add: Add, monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(work: Work) -> Made:
        time.sleep(60.0)
        raise AssertionError("nobody stopped it")

    as_kind(monkeypatch, silent)
    job, begun = add("run"), time.monotonic()
    Timer(0.3, lambda: kept.cancel_job(job.id)).start()
    worker.work(kept, beat=0.1)
    assert kept.job(job.id).state == "cancelled"
    assert time.monotonic() - begun < 10.0
    assert worker.Pulse.now is None


def test_a_real_run_is_stopped_within_seconds(kept: Store, add: Add) -> None:
    kept.create_case("us-iran", shipped()["us-iran"].read_text(encoding="utf-8"), "US-Iran")
    job = add("frictions", case="us-iran")
    asked: list[float] = []

    def cancel() -> None:
        asked.append(time.monotonic())
        kept.cancel_job(job.id)

    Timer(6.0, cancel).start()
    before = signal.signal(signal.SIGINT, worker._interrupted)
    try:
        worker.work(kept, beat=0.2)
    finally:
        signal.signal(signal.SIGINT, before)
    assert kept.job(job.id).state == "cancelled"
    # two seconds on a machine of its own
    assert time.monotonic() - asked[0] < 15.0
    again = kept.resume_job(job.id)
    assert (again.state, again.attempts) == ("queued", 0)


def test_a_job_that_another_worker_has_taken_up_is_let_go(
    kept: Store, add: Add, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(work: Work) -> Made:
        for _ in range(100):
            work.progress("steps", 0.1)
            time.sleep(0.05)
        return Made("too late", {}, provenance_of("x", "", []), {})

    as_kind(monkeypatch, slow)
    add("run")
    mine = kept.claim_job("mine:1:a")
    assert mine is not None
    time.sleep(0.05)
    kept.requeue_lost(0.01)
    theirs = kept.claim_job("theirs:2:b")
    assert theirs is not None
    worker.carry_out(kept, mine, "mine:1:a", beat=0.1)
    assert (kept.job(mine.id).state, kept.job(mine.id).owner) == ("running", "theirs:2:b")
    assert kept.runs() == ()


def test_every_kind_has_its_options_and_a_title() -> None:
    others = {"frictions", "enforcement", "backtest", "compare"}
    assert set(KINDS) == {"run", "forecast", "sensitivity", "sweep", "designs"} | others
    for kind in KINDS.values():
        assert issubclass(kind.options, kinds.Options)
        assert kind.title[0].isupper()
        assert kind.perform.__doc__


def test_the_verdict_of_a_job_is_that_of_the_command(kept: Store, add: Add) -> None:
    kept.create_case("pledge", shipped()["theory/pledge"].read_text(encoding="utf-8"), "A pledge")
    run, result = done(kept, add("run", case="pledge", given={"gain": 4}))
    from servanda.analysis import Settings as Asked
    from servanda.analysis import run as analyse

    own = analyse(read("theory/pledge"), Asked(overrides={"gain": 4.0}))
    assert result["verdict"] == plain_data(own.verdict)
    assert run.provenance.digest == own.provenance.digest
    assert b"<html" in kept.blob(run.files["report.html"])[:400]
