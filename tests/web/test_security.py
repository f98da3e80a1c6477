"""The door: hosts, origins, tokens, sizes, times, headers, and what nobody is told."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from servanda.store import Store
from servanda.web.problems import Problem
from servanda.web.reading import DEEPEST, LARGEST_BODY, body_of
from servanda.web.security import Hosts
from tests.web.conftest import HERE
from tests.web.loops import awaited


def code(answer: Any) -> str:
    return str(answer.json()["error"]["code"])


# ------------------------------------------------------------------------------------------------------------- headers


@pytest.mark.parametrize("path", ["/", "/api/cases", "/api/nowhere", "/static/style.css", "/nowhere", "/login"])
def test_every_answer_keeps_the_page_to_itself(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe-eval" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert not [name for name in headers if name.startswith("access-control")]


def test_answers_of_the_api_are_not_kept(client: TestClient) -> None:
    assert client.get("/api/cases").headers["cache-control"] == "no-store"
    assert client.get("/api/nowhere").headers["cache-control"] == "no-store"


# --------------------------------------------------------------------------------------------------------------- hosts


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "localhost@evil.example", "", "a b",
             "[::1", "localhost:x", "localhost/evil", "192.168.1.7"],
)  # fmt: skip
def test_other_host_names_are_refused(client: TestClient, host: str) -> None:
    answer = client.get("/api/cases", headers={"Host": host})
    assert (answer.status_code, code(answer)) == (421, "wrong-host")


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8765", "127.0.0.1:1", "[::1]:8765"])
def test_names_of_this_machine_are_known(client: TestClient, host: str) -> None:
    assert client.get("/api/cases", headers={"Host": host}).status_code == 200


def test_a_server_for_all_takes_addresses_and_named_hosts_only() -> None:
    hosts = Hosts.of("0.0.0.0", ["board.example"])
    assert hosts.allow("10.1.2.3:8765")
    assert hosts.allow("[fe80::1]")
    assert hosts.allow("board.example:80")
    assert not hosts.allow("other.example")
    assert not Hosts.of("10.1.2.3").allow("10.1.2.4")


# ------------------------------------------------------------------------------------------------------------- origins


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "http://localhost:9999"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"X-Servanda": ""},
        {"X-Servanda": "2"},
    ],
)
def test_what_another_site_sends_changes_nothing(
    client: TestClient, kept: Store, small: str, headers: dict[str, str]
) -> None:
    body = {"text": "case: x", "seen": 1, "unfinished": True}
    answer = client.put(f"/api/cases/{small}", json=body, headers=headers)
    assert (answer.status_code, code(answer)) == (403, "foreign-request")
    assert kept.case(small).version == 1


@pytest.mark.parametrize(
    "headers", [{}, {"Origin": HERE}, {"Origin": HERE, "Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}]
)
def test_our_own_pages_and_programs_may_change_things(client: TestClient, small: str, headers: dict[str, str]) -> None:
    answer = client.put(f"/api/cases/{small}", json={"text": "case: x", "seen": 1, "unfinished": True}, headers=headers)
    assert answer.status_code == 200


def test_other_sites_may_lead_here_but_not_read_or_embed(client: TestClient) -> None:
    visit = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert client.get("/", headers=visit).status_code == 200
    assert client.get("/", headers=visit | {"Sec-Fetch-Dest": "iframe"}).status_code == 403
    assert (
        client.get("/api/cases", headers={"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}).status_code
        == 403
    )


def test_nobody_is_allowed_across_origins(client: TestClient) -> None:
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "PUT"}
    answer = client.options("/api/cases/x", headers=asked)
    assert answer.status_code >= 400
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_only_json_is_taken(client: TestClient, kind: str) -> None:
    answer = client.post("/api/check", content=b'{"text": ""}', headers={"Content-Type": kind})
    assert (answer.status_code, code(answer)) == (415, "wrong-type")


# ---------------------------------------------------------------------------------------------------------------- JSON


@pytest.mark.parametrize(
    "body",
    [
        b"{", b"", b"nul", b"\xff\xfe", b'{"text": NaN}', b'{"text": Infinity}', b'{"text": 1e999}',
        b'{"text": ' + b"9" * 5000 + b"}", b'{"text": ' + b"9" * 400 + b"}", b'{"text": "\\ud800"}',
        b'{"text": "a\\u0000b"}', b'{"te\\u0000xt": ""}', b'{"text": "", "text": ""}', b"[" * 100_000,
        b'{"a":' * (DEEPEST + 2) + b"1" + b"}" * (DEEPEST + 2),
    ],
)  # fmt: skip
def test_json_that_a_route_could_stumble_over_is_refused(client: TestClient, body: bytes) -> None:
    answer = client.post("/api/check", content=body, headers={"Content-Type": "application/json"})
    # No body at all passes the door: the route says what it lacks.
    assert (answer.status_code, code(answer)) == ((400, "bad-json") if body else (422, "bad-request"))


def test_a_body_over_the_limit_is_refused_whatever_its_length_says(client: TestClient) -> None:
    large = b'{"text": "' + b"x" * LARGEST_BODY + b'"}'
    answer = client.post("/api/check", content=large, headers={"Content-Type": "application/json"})
    assert (answer.status_code, code(answer)) == (413, "too-much")

    def pieces() -> Iterator[bytes]:
        for start in range(0, len(large), 65_536):
            yield large[start : start + 65_536]

    answer = client.post("/api/check", content=pieces(), headers={"Content-Type": "application/json"})
    assert (answer.status_code, code(answer)) == (413, "too-much")


def test_a_packed_body_is_not_unpacked(client: TestClient) -> None:
    packed = gzip.compress(b'{"text": "' + b" " * 1_000_000 + b'"}')
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    assert code(client.post("/api/check", content=packed, headers=headers)) == "bad-json"


def test_a_body_that_does_not_come_is_given_up() -> None:
    async def silent() -> dict[str, Any]:
        await asyncio.sleep(60)
        return {}

    with pytest.raises(Problem) as refused:
        awaited(body_of(silent, None, seconds=0.05))  # type: ignore[arg-type]
    assert refused.value.code == "slow-request"


# ----------------------------------------------------------------------------------------------------------- addresses


@pytest.mark.parametrize(
    "path",
    [
        "/static/../security.py", "/static/%2e%2e/security.py", "/static/..%2fsecurity.py", "/static/..%5csecurity.py",
        "/static/%2fetc%2fpasswd", "/static//etc/passwd", "/static/style.css%00", "/static/.", "/static/",
        "/api/shipped/../../pyproject", "/api/shipped/%2e%2e%2f%2e%2e%2fpyproject", "/api/shipped//etc/passwd",
        "/api/shipped/us-iran/case.yaml", "/api/cases/..%2f..%2fetc", "/api/cases/%2e%2e", "/cases/..%2f/verdict",
    ],
)  # fmt: skip
def test_no_path_leads_to_a_file_that_is_not_listed(app: FastAPI, path: str) -> None:
    """Sent as raw paths: a client would tidy them."""
    status, body = raw(app, path)
    assert status in (400, 404, 422), path
    assert b"root:" not in body
    assert b"import" not in body


def raw(app: FastAPI, path: str) -> tuple[int, bytes]:
    """The answer to a path sent as it stands."""
    from urllib.parse import unquote

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": unquote(path), "raw_path": path.encode(), "query_string": b"", "root_path": "",
        "headers": [(b"host", b"localhost")], "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8765), "state": {},
    }  # fmt: skip
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    awaited(app(scope, receive, send))
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


def test_a_nul_in_a_query_is_refused(client: TestClient) -> None:
    assert code(client.get("/api/cases?archived=%00")) == "bad-address"
