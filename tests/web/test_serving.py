"""The server: faults told by number, streams that end with it, clients that take too long, ports that are taken."""

from __future__ import annotations

import asyncio
import http.client
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import pytest
import uvicorn
from fastapi import APIRouter, FastAPI
from fastapi.testclient import TestClient

from servanda.errors import ServandaError
from servanda.store import Store
from servanda.web.access import Access
from servanda.web.application import application
from servanda.web.security import Guard, Hosts, Streams
from servanda.web.serving import PatientProtocol, bound
from servanda.web.state import State
from tests.browser.running import running
from tests.web.conftest import HERE
from tests.web.inline import InlineSolvers
from tests.web.loops import awaited
from tests.web.test_security import code


def broken(kept: Store) -> FastAPI:
    app = application(State(kept, InlineSolvers(), None))  # type: ignore[arg-type]
    room = APIRouter()

    @room.get("/api/broken")
    def fault() -> None:
        raise RuntimeError("a secret of the inside")

    app.include_router(room)
    return app


def test_a_fault_is_told_by_number_only(kept: Store, caplog: pytest.LogCaptureFixture) -> None:
    with TestClient(broken(kept), base_url=HERE) as client:
        answer = client.get("/api/broken")
    assert (answer.status_code, code(answer)) == (500, "internal")
    assert "secret" not in answer.text
    number = answer.json()["error"]["message"].split("number ")[1].split()[0]
    logged = next(record for record in caplog.records if number in record.getMessage())
    assert logged.exc_info is not None
    assert "a secret of the inside" in str(logged.exc_info[1])


def through(guard: Guard, path: str) -> list[Any]:
    """Everything the guard sends for one request."""
    scope = {
        "type": "http", "method": "GET", "path": path, "query_string": b"", "headers": [(b"host", b"localhost")],
        "client": ("127.0.0.1", 1),
    }  # fmt: skip
    sent: list[Any] = []

    async def receive() -> Any:
        await asyncio.sleep(30)

    async def send(message: Any) -> None:
        sent.append(message)
        if message.get("body") == b"begun":
            asyncio.get_running_loop().call_later(0.05, guard.streams.end)

    awaited(asyncio.wait_for(guard(scope, receive, send), 5))
    return sent


def test_an_answer_that_takes_too_long_is_given_up() -> None:
    async def slow(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(30)

    sent = through(Guard(slow, Hosts.of(""), Access(), seconds=0.05), "/api/slow")
    assert sent[0]["status"] == 503
    assert json.loads(sent[1]["body"])["error"]["code"] == "too-slow"


def test_events_go_on_past_the_limit_and_end_with_the_server() -> None:
    async def events(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
        await asyncio.sleep(0.2)
        await send({"type": "http.response.body", "body": b"begun", "more_body": True})
        await asyncio.sleep(30)

    guard = Guard(events, Hosts.of(""), Access(), streams=Streams(), seconds=0.05)
    sent = through(guard, "/api/jobs/x/events")
    assert [message.get("body") for message in sent] == [None, b"begun", b""]
    assert sent[-1]["more_body"] is False
    assert not guard.streams.open


def test_too_many_at_once_are_told_to_wait() -> None:
    async def slow(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(30)

    guard = Guard(slow, Hosts.of(""), Access(), most=0)
    sent = through(guard, "/api/cases")
    assert sent[0]["status"] == 503
    assert (b"retry-after", b"1") in sent[0]["headers"]


def test_no_web_sockets_are_spoken() -> None:
    sent: list[Any] = []

    async def never(*_: Any) -> None:
        raise AssertionError

    async def send(message: Any) -> None:
        sent.append(message)

    awaited(Guard(never, Hosts.of(""), Access())({"type": "websocket"}, never, send))  # type: ignore[arg-type]
    assert sent == [{"type": "websocket.close", "code": 1008}]


# ------------------------------------------------------------------------------------------------------- slow requests


def test_a_head_that_never_ends_is_cut_off(kept: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over a real socket: one client sends its head letter by letter and is let go; others are answered meanwhile."""
    monkeypatch.setattr("servanda.web.serving.SECONDS_TO_ASK", 0.5)
    app = application(State(kept, InlineSolvers(), None))  # type: ignore[arg-type]
    listening = bound("127.0.0.1", 0)
    port = listening.getsockname()[1]
    config = uvicorn.Config(app, http=PatientProtocol, ws="none", lifespan="off", log_config=None, access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.02)
        began = time.monotonic()
        here = ("127.0.0.1", port)
        with socket.create_connection(here) as silent, socket.create_connection(here) as slow:
            silent.settimeout(10)
            slow.settimeout(0.1)
            slow.sendall(b"GET /api/health HTTP/1.1\r\nX-Slow: ")
            with socket.create_connection(here) as quick:
                quick.sendall(b"GET /api/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
                assert quick.recv(100).startswith(b"HTTP/1.1 200")
            ended = False
            while not ended and time.monotonic() - began < 10:
                try:
                    slow.sendall(b"a")
                    ended = slow.recv(100) == b""
                except TimeoutError:
                    continue
                except OSError:
                    ended = True
            assert ended
            try:
                assert silent.recv(100) == b""
            except ConnectionError:
                ended = True
        assert time.monotonic() - began < 8
    finally:
        server.should_exit = True
        thread.join(20)
        listening.close()


def test_a_taken_port_is_said_at_once() -> None:
    with bound("127.0.0.1", 0) as taken:
        taken.listen()
        with pytest.raises(ServandaError, match="is taken"):
            bound("127.0.0.1", cast("int", taken.getsockname()[1]))
    with pytest.raises(ServandaError, match="no address of this machine"):
        bound("no-such-host.invalid", 0)


def test_the_command_says_where_it_is_and_ends_in_order(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "servanda.cli.main", "serve", "--no-open", "--workers=0"]
    with running(str(tmp_path / "store.db"), tmp_path / "log.txt", "--workers=0") as server:
        port = server.address.rpartition(":")[2]
        second = subprocess.run(
            [*words, f"--port={port}", f"--store={tmp_path / 'other.db'}"], capture_output=True, text=True, timeout=120
        )
        assert second.returncode == 1
        assert f"port {port} is taken" in second.stderr
        assert not (tmp_path / "other.db").exists()
        assert server.get("/api/health") == {"ok": True}
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(60) == 0
    said = server.log.read_text()
    assert said.endswith("Ended.\n")
    assert "Traceback" not in said
    assert "Token" not in said
    broken = subprocess.run([*words, "--store=mysql://x/y"], capture_output=True, text=True, timeout=120)
    assert broken.returncode == 1
    assert "no store can be kept in `mysql`" in broken.stderr


def test_a_server_for_others_prints_its_token_once(tmp_path: Path) -> None:
    with running(str(tmp_path / "store.db"), tmp_path / "log.txt", "--host=127.0.0.1", "--workers=0") as local:
        assert "Token" not in local.log.read_text()
    with running(str(tmp_path / "store.db"), tmp_path / "log.txt", "--host=0.0.0.0", "--workers=0") as server:
        while "Ctrl-C" not in (said := server.log.read_text()):
            time.sleep(0.05)
        token = said.split("Token: ")[1].split()[0]
        port = server.address.rpartition(":")[2]
        with closing(http.client.HTTPConnection("127.0.0.1", int(port), timeout=30)) as connection:
            for headers, status in (({}, 401), ({"Authorization": f"Bearer {token}"}, 200)):
                connection.request("GET", "/api/cases", headers=headers)
                answer = connection.getresponse()
                answer.read()
                assert answer.status == status
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(60) == 0
    assert said.count(token) == 1
