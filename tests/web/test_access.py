"""The token: without it nothing is told, the form leads on, forged cookies are worth nothing, guessing gets slow."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from servanda.errors import ServandaError
from servanda.store import Store
from servanda.web.access import MOST_ATTEMPTS, SESSION_SECONDS, Access
from servanda.web.application import application
from servanda.web.problems import Problem
from servanda.web.serving import Serving, token_for
from servanda.web.state import State
from tests.web.conftest import HEADERS, HERE
from tests.web.inline import InlineSolvers
from tests.web.loops import awaited
from tests.web.test_security import code

TOKEN = "a token of some length"


@pytest.fixture
def guarded(kept: Store) -> Iterator[TestClient]:
    app = application(State(kept, InlineSolvers(), None), entry=Access(TOKEN, 8765))  # type: ignore[arg-type]
    with TestClient(app, base_url=HERE, headers=HEADERS, follow_redirects=False) as client:
        yield client


def test_without_the_token_nothing_is_told(guarded: TestClient) -> None:
    for method, path in (("GET", "/api/cases"), ("GET", "/api/openapi.json"), ("POST", "/api/check")):
        answer = guarded.request(method, path)
        assert (answer.status_code, code(answer)) == (401, "token-needed")
        assert answer.headers["www-authenticate"] == "Bearer"
    answer = guarded.get("/cases/x/verdict?set=a:1")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/login?next=%2Fcases%2Fx%2Fverdict%3Fset%3Da%3A1"
    assert guarded.get("/api/health").json() == {"ok": True}
    assert guarded.get("/static/style.css").status_code == 200


def test_the_token_opens_the_api(guarded: TestClient) -> None:
    right = {"Authorization": f"Bearer {TOKEN}"}
    assert guarded.get("/api/cases", headers=right).status_code == 200
    assert guarded.get("/api/cases", headers={"Authorization": "Bearer wrong"}).status_code == 401
    assert guarded.get("/api/cases", headers={"Authorization": f"Basic {TOKEN}"}).status_code == 401


def test_the_form_leads_on_and_is_remembered(guarded: TestClient) -> None:
    page = guarded.get("/login?next=/runs")
    assert 'value="/runs"' in page.text
    wrong = guarded.post("/login", data={"token": "guess", "next": "/runs"})
    assert wrong.status_code == 401
    assert "not the token" in wrong.text
    assert "set-cookie" not in wrong.headers
    right = guarded.post("/login", data={"token": TOKEN, "next": "/runs"})
    assert (right.status_code, right.headers["location"]) == (303, "/runs")
    cookie = right.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert TOKEN not in cookie
    assert guarded.get("/api/cases").status_code == 200


@pytest.mark.parametrize("to", ["//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:alert(1)"])
def test_the_form_leads_nowhere_else(guarded: TestClient, to: str) -> None:
    answer = guarded.post("/login", data={"token": TOKEN, "next": to})
    assert answer.headers["location"] == "/"


def test_forged_and_old_cookies_are_worth_nothing(guarded: TestClient) -> None:
    access = Access(TOKEN, 8765)
    for session in ("", "1.2", access.session(time.time() - SESSION_SECONDS - 1), Access("another token!!!").session()):
        guarded.cookies.set(access.cookie, session)
        assert guarded.get("/api/cases").status_code == 401, session
        guarded.cookies.clear()


def test_guessing_gets_slower_and_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr("servanda.web.access.asyncio.sleep", sleep)
    access = Access(TOKEN)

    async def guess() -> None:
        for number in range(MOST_ATTEMPTS):
            assert not await access.attempt(f"guess {number}", "10.0.0.1")
        with pytest.raises(Problem) as refused:
            await access.attempt(TOKEN, "10.0.0.1")
        assert refused.value.code == "too-many-attempts"
        assert int(refused.value.headers["Retry-After"]) > 0
        assert await access.attempt(TOKEN, "10.0.0.2")

    awaited(guess())
    assert waited == sorted(waited)
    assert (waited[0], waited[-1]) == (0.1, 4.0)


def test_other_addresses_need_a_token() -> None:
    assert token_for(Serving("127.0.0.1"), None) == token_for(Serving("::1"), None) == ""
    made = token_for(Serving("192.168.1.7"), None)
    assert len(made) >= 32
    assert made != token_for(Serving("192.168.1.7"), None)
    for short in ("", "short", "with a space in it"):
        with pytest.raises(ServandaError, match="no token"):
            token_for(Serving("0.0.0.0"), short)
