"""Solver processes: right answers, computed once, within limits of time and memory, whatever the case holds."""

from __future__ import annotations

import asyncio
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

from servanda.case.loading import shipped
from servanda.errors import CaseError
from servanda.web.limits import Limits
from servanda.web.problems import Problem
from servanda.web.solvers import Solvers
from tests.web import small as small_case
from tests.web.loops import awaited

ROOT = Path(__file__).resolve().parents[2]
HERE = "tests.web.asking"
Make = Callable[..., Solvers]


@pytest.fixture(scope="module")
def pledge() -> str:
    return shipped()["theory/pledge"].read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def island() -> str:
    return shipped()["theory/durability-island"].read_text(encoding="utf-8")


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    made: list[Solvers] = []

    def making(processes: int = 1, **more: Any) -> Solvers:
        made.append(Solvers(Limits(processes=processes, **more), rooms=(HERE,), bench=f"{HERE}:Plain"))
        return made[-1]

    yield making
    for solvers in made:
        solvers.close()


def ask(solvers: Solvers, text: str, name: str, *, seconds: float = 30.0, **payload: Any) -> dict[str, Any]:
    return awaited(solvers.ask(text, f"{HERE}:{name}", payload, seconds=seconds))


def problem(solvers: Solvers, text: str, name: str, **more: Any) -> Problem:
    with pytest.raises(Problem) as caught:
        ask(solvers, text, name, **more)
    return caught.value


def test_a_question_reaches_the_function_with_the_values_of_its_scenario(make: Make, pledge: str, island: str) -> None:
    solvers = make()
    first = ask(solvers, pledge, "values", draft="x")
    assert (first["case"], first["values"], first["asked"]) == ("pledge", {}, {"draft": "x"})
    second = ask(solvers, island, "values", set={"durability": 0.5})
    assert (second["pid"], second["values"]) == (first["pid"], {"durability": 0.5})
    assert solvers.tally.computed == 2


def test_a_friction_switched_off_becomes_values(make: Make) -> None:
    text = shipped()["us-iran"].read_text(encoding="utf-8")
    from servanda.case import read
    from servanda.comparison import without

    solvers, case = make(), read("us-iran")
    name, parameter = case.frictions[0].name, case.parameters[0]
    given = {parameter.name: parameter.number.central}
    found = ask(solvers, text, "values", set=given, off=[name])
    assert found["values"] == pytest.approx(without(case, [name], given))
    unknown = problem(solvers, text, "values", off=["no_such"])
    assert (unknown.status, unknown.code) == (422, "unknown-friction")
    strange = problem(solvers, text, "values", set={"no_such": 1.0, parameter.name: 0.5})
    assert (strange.code, len(strange.issues)) == ("unknown-parameter", 1)


@pytest.mark.parametrize("value", [True, "many", None, [1]])
def test_what_is_no_number_is_no_value(make: Make, island: str, value: object) -> None:
    from servanda.case.loading import parse_text

    name = parse_text(island).parameters[0].name
    assert problem(make(), island, "values", set={name: value}).code == "unknown-parameter"


def test_twenty_at_once_get_right_answers_each_computed_once(make: Make, pledge: str) -> None:
    solvers = make(2)

    async def all_of_them() -> list[dict[str, Any]]:
        asked = [solvers.ask(pledge, f"{HERE}:slow", {"seconds": 0.05, "n": k % 5}, seconds=30) for k in range(20)]
        return await asyncio.gather(*asked)

    found = awaited(all_of_them())
    assert [answer["asked"]["n"] for answer in found] == [k % 5 for k in range(20)]
    assert (solvers.tally.computed, solvers.tally.kept) == (5, 15)
    assert awaited(all_of_them()) == found
    assert solvers.tally.computed == 5


def test_answers_cannot_be_changed_by_who_got_them(make: Make, pledge: str) -> None:
    solvers = make()
    ask(solvers, pledge, "values")["values"]["x"] = 1.0
    assert ask(solvers, pledge, "values")["values"] == {}


def test_an_endless_question_is_stopped_and_others_are_answered_meanwhile(make: Make, pledge: str, island: str) -> None:
    solvers = make(2)
    ask(solvers, island, "values")

    async def both() -> tuple[object, float, float]:
        begun = time.monotonic()
        stuck = asyncio.ensure_future(solvers.ask(pledge, f"{HERE}:endless", {}, seconds=4.0))
        await asyncio.sleep(0.3)
        await solvers.ask(island, f"{HERE}:values", {"n": 1})
        answered = time.monotonic() - begun
        (outcome,) = await asyncio.gather(stuck, return_exceptions=True)
        return outcome, answered, time.monotonic() - begun

    outcome, answered, whole = awaited(both())
    assert isinstance(outcome, Problem)
    assert (outcome.status, outcome.code, "Retry-After" in outcome.headers) == (503, "too-slow", True)
    assert answered < 4.0 < whole
    assert solvers.tally.replaced == 1
    assert ask(solvers, pledge, "values")["case"] == "pledge"


def test_a_question_without_room_is_told_so_and_the_next_is_answered(make: Make, pledge: str) -> None:
    solvers = make(memory_mb=700)
    found = problem(solvers, pledge, "greedy")
    assert (found.status, found.code) == (422, "too-large")
    assert "700 MB" in found.message
    assert ask(solvers, pledge, "values")["case"] == "pledge"


def test_a_process_that_aborts_is_replaced(make: Make, pledge: str) -> None:
    solvers = make()
    assert problem(solvers, pledge, "dying").code == "too-large"
    assert ask(solvers, pledge, "values")["case"] == "pledge"


def test_a_process_killed_from_outside_is_replaced_and_asked_again(make: Make, pledge: str) -> None:
    solvers = make()
    ask(solvers, pledge, "values")

    async def killed() -> dict[str, Any]:
        asked = asyncio.ensure_future(solvers.ask(pledge, f"{HERE}:slow", {"seconds": 1.0}, seconds=30))
        await asyncio.sleep(0.4)
        os.kill(solvers.pids[0], signal.SIGKILL)
        return await asked

    assert awaited(killed())["case"] == "pledge"
    assert solvers.tally.replaced == 1


def wide(count: int) -> str:
    """A case with so many stocks of six levels that drift on their own: 6 to the power of their number states."""
    one = "kind: stock, levels: [a, b, c, d, e, f], start: a, growth: {rate: 1}, source: judgement"
    more = "".join(f"  v{k}: {{{one}, title: V{k}}}\n" for k in range(count))
    return small_case.text().replace("variables:\n", f"variables:\n{more}", 1)


HOSTILE = {
    "states": (wide(14), {"too-slow", "too-large", "CaseError"}),
    "nesting": ("case: x\na: " + "[" * 500_000, {"CaseError"}),
    "indents": ("\n".join(" " * k + "a:" for k in range(1_400)), {"CaseError"}),
    "aliases": ("case: x\na: &a [x, x]\n" + "".join(f"b{k}: [*a, *a]\n" for k in range(999)), {"CaseError"}),
    "brackets": (small_case.text().replace("rate: 1\n", f"rate: {'(' * 9_000}1{')' * 9_000}\n", 1), {"CaseError"}),
    "powers": (small_case.text().replace("rate: 1\n", "rate: 9**9**9**9\n", 1), {"CaseError"}),
    "horizon": (small_case.text().replace("horizon: 12 years", "horizon: 100000 years"), {"CaseError"}),
}


@pytest.mark.parametrize("name", list(HOSTILE))
def test_a_hostile_case_ends_within_its_limits_and_others_are_answered_meanwhile(
    make: Make, pledge: str, name: str
) -> None:
    text, wanted = HOSTILE[name]
    solvers = make(2, memory_mb=900)
    ask(solvers, pledge, "values")

    async def both() -> tuple[object, object]:
        hostile = asyncio.ensure_future(solvers.ask(text, f"{HERE}:values", {}, seconds=2.0))
        await asyncio.sleep(0.1)
        fair = await solvers.ask(pledge, f"{HERE}:values", {"n": 1})
        (outcome,) = await asyncio.gather(hostile, return_exceptions=True)
        return outcome, fair

    outcome, _ = awaited(both())
    assert getattr(outcome, "code", type(outcome).__name__) in wanted
    assert ask(solvers, pledge, "values", n=2)["case"] == "pledge"


def test_a_case_with_errors_comes_back_with_its_lines(make: Make) -> None:
    solvers = make()
    with pytest.raises(CaseError) as caught:
        ask(solvers, "case: x\nperiod: soon\n", "values")
    assert caught.value.issues[0].where.line == 2 or len(caught.value.issues) > 1
    found = awaited(solvers.check("case: x\nperiod: soon\n"))
    assert not found["ok"]
    assert {"bad-period"} <= {issue["code"] for issue in found["issues"]} or found["issues"]


def test_checking_names_the_case(make: Make, pledge: str) -> None:
    found = awaited(make().check(pledge))
    assert (found["ok"], found["name"]) == (True, "pledge")


def test_what_a_function_refuses_or_breaks_is_told(make: Make, pledge: str) -> None:
    solvers = make()
    refused = problem(solvers, pledge, "refusing")
    assert (refused.code, refused.hint) == ("unknown-draft", "drafts: y")
    with pytest.raises(RuntimeError, match="nothing of this name"):
        ask(solvers, pledge, "broken")
    with pytest.raises(RuntimeError, match="answers no questions"):
        awaited(solvers.ask(pledge, "os:getcwd", {}))
    assert solvers.tally.replaced == 0


def test_prints_and_infinities_do_no_harm(make: Make, pledge: str) -> None:
    assert ask(make(), pledge, "talking") == {"inf": "inf", "day": "2000-01-01"}


def test_long_texts_questions_and_answers_are_refused(make: Make, pledge: str) -> None:
    solvers = make(text=10_000, payload=500, answer=10_000)
    assert problem(solvers, "x" * 10_001, "values").code == "too-large"
    assert problem(solvers, pledge, "values", more="x" * 600).code == "too-large"
    assert problem(solvers, pledge, "long", bytes=10_001).code == "too-large"
    assert len(ask(solvers, pledge, "long", bytes=9_000)["text"]) == 9_000


def test_more_than_can_be_answered_soon_is_refused(make: Make, pledge: str) -> None:
    solvers = make(waiting=2)

    async def many() -> list[object]:
        asked = [solvers.ask(pledge, f"{HERE}:slow", {"seconds": 0.2, "n": k}, seconds=30) for k in range(6)]
        return await asyncio.gather(*asked, return_exceptions=True)

    outcomes = awaited(many())
    refused = [outcome for outcome in outcomes if isinstance(outcome, Problem)]
    assert {outcome.code for outcome in refused} == {"busy"}
    assert 3 <= len(refused) <= 4


def test_what_is_asked_ahead_waits_for_what_is_asked_in_earnest(make: Make, pledge: str) -> None:
    solvers = make()
    ask(solvers, pledge, "values")
    order: list[str] = []

    async def one(name: str, n: int, *, background: bool = False) -> None:
        try:
            await solvers.ask(pledge, f"{HERE}:{name}", {"seconds": 0.2, "n": n}, seconds=30, background=background)
            order.append(f"{name} {n}")
        except Problem as stopped:
            order.append(f"{stopped.code} {n}")

    async def mixed() -> None:
        ahead = [asyncio.ensure_future(one("slow", k, background=True)) for k in range(3)]
        await asyncio.sleep(0.05)
        await one("values", 10)
        await asyncio.gather(*ahead)
        again = [asyncio.ensure_future(one("slow", k, background=True)) for k in range(20, 23)]
        await asyncio.sleep(0.05)
        await one("slow", 30)
        await asyncio.gather(*again)

    awaited(mixed())
    # another function of the same case drops nothing, but goes first; the same function drops what was asked ahead
    assert order[:4] == ["slow 0", "values 10", "slow 1", "slow 2"]
    assert sorted(order[4:]) == ["busy 21", "busy 22", "slow 20", "slow 30"]


def test_what_nobody_waits_for_is_not_begun(make: Make, pledge: str) -> None:
    solvers = make()
    ask(solvers, pledge, "values")

    async def left() -> None:
        first = asyncio.ensure_future(solvers.ask(pledge, f"{HERE}:slow", {"seconds": 0.4}, seconds=30))
        await asyncio.sleep(0.1)
        second = asyncio.ensure_future(solvers.ask(pledge, f"{HERE}:slow", {"seconds": 0.1}, seconds=30))
        await asyncio.sleep(0.1)
        second.cancel()
        await first

    awaited(left())
    assert (solvers.tally.computed, solvers.tally.waiting) == (2, 0)


def test_processes_prefer_the_cases_they_hold(make: Make, pledge: str, island: str) -> None:
    solvers = make(2)

    async def both(n: int) -> tuple[int, int]:
        payload = {"seconds": 0.2, "n": n}
        asked = [solvers.ask(text, f"{HERE}:slow", payload, seconds=30) for text in (pledge, island)]
        one, other = await asyncio.gather(*asked)
        return one["pid"], other["pid"]

    found = [awaited(both(n)) for n in range(4)]
    assert len(set(found[1:])) == 1
    assert found[1][0] != found[1][1]


def test_closing_ends_every_process_and_refuses_questions(make: Make, pledge: str) -> None:
    solvers = make(2)
    ask(solvers, pledge, "values")
    pids = solvers.pids
    solvers.close()
    assert not any(psutil.pid_exists(pid) for pid in pids)
    assert problem(solvers, pledge, "values").code == "busy"


def test_processes_end_with_a_server_that_is_killed(pledge: str, tmp_path: Path) -> None:
    (tmp_path / "case.yaml").write_text(pledge, encoding="utf-8")
    script = f"""
import asyncio, sys, time
from pathlib import Path
from servanda.web.limits import Limits
from servanda.web.solvers import Solvers
solvers = Solvers(Limits(processes=1), rooms=({HERE!r},), bench="{HERE}:Plain")
text = Path("case.yaml").read_text()
print(asyncio.run(solvers.ask(text, "{HERE}:values", {{}}, seconds=30))["pid"], flush=True)
asyncio.run(solvers.ask(text, "{HERE}:endless", {{}}, seconds=600))
"""
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, cwd=tmp_path, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as server:  # fmt: skip
        assert server.stdout is not None
        pid = int(server.stdout.readline())
        time.sleep(0.3)
        server.kill()
    for _ in range(50):
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return
        time.sleep(0.1)
    raise AssertionError("the solver process lives on without its server")
