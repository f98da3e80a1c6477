"""The door of the workbench: every request passes it before a route, every answer on its way out.

It decides by host name, origin, token and size; it reads bodies within limits of time; it answers whatever goes wrong
in one shape, never with a trace; it sets the headers that keep a page to itself.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import logging
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import quote, unquote_to_bytes, urlsplit

from starlette.datastructures import Headers

from servanda.web.access import Access
from servanda.web.problems import Problem
from servanda.web.reading import GoneError, Message, Receive, Scope, Send, again, body_of, check_json, plain

LOG = logging.getLogger("servanda.web")
MOST_AT_ONCE = 256
SECONDS_TO_ANSWER = 120.0
LOOPBACK = ("localhost", "127.0.0.1", "::1")
SAFE = ("GET", "HEAD", "OPTIONS")
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
OPEN_TO_ALL = ("/login", "/api/health")
OWN_HEADER = "x-servanda"

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; frame-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
# A stored report is one file with its own script and style: it runs apart from the pages, and reaches nothing.
REPORT_POLICY = (
    "sandbox allow-scripts allow-popups allow-modals allow-downloads; default-src 'none'; script-src 'unsafe-inline'; "
    "style-src 'unsafe-inline'; img-src data:; font-src data:; frame-ancestors 'self'; base-uri 'none'; "
    "form-action 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}


@dataclass(frozen=True)
class Hosts:
    """The host names a server answers to; any address, but no other name, if `any_address`.

    A name that somebody else's name server answers for could lead a browser here; an address cannot.

    >>> Hosts.of("127.0.0.1").allow("localhost:8765"), Hosts.of("127.0.0.1").allow("evil.example")
    (True, False)
    >>> Hosts.of("0.0.0.0").allow("192.168.1.7:8765"), Hosts.of("0.0.0.0").allow("evil.example")
    (True, False)
    """

    names: frozenset[str]
    any_address: bool = False

    @classmethod
    def of(cls, bound: str, more: Iterable[str] = ()) -> Hosts:
        """The names of a server bound to an address, and those allowed besides."""
        names = frozenset(name.lower().strip("[]") for name in (*LOOPBACK, bound, *more) if name)
        return cls(names, any_address=everywhere(bound))

    def allow(self, header: str) -> bool:
        """Whether a `Host` header names this server."""
        try:
            parts = urlsplit(f"//{header}")
            name, _ = parts.hostname or "", parts.port
        except ValueError:
            return False
        if not name or parts.path or parts.query or parts.fragment or "@" in header:
            return False
        return name in self.names or (self.any_address and is_address(name))


def everywhere(host: str) -> bool:
    """Whether a server bound to this listens on every address of the machine."""
    return not host or (is_address(host) and ipaddress.ip_address(host).is_unspecified)


def is_address(name: str) -> bool:
    """Whether a host is written as an IP address."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


@dataclass
class Streams:
    """The answers that go on for as long as somebody listens, so that the server can end them when it ends."""

    open: set[asyncio.Timeout | None] = field(default_factory=set)

    def end(self) -> None:
        """End all of them, each with a complete last message."""
        for limit in tuple(self.open):
            assert limit is not None
            limit.reschedule(asyncio.get_running_loop().time())


@dataclass
class Guard:
    """The middleware that is the door; `application` is what lies behind."""

    application: Application
    hosts: Hosts
    access: Access
    streams: Streams = field(default_factory=Streams)
    public: tuple[str, ...] = ("/static/",)
    seconds: float = SECONDS_TO_ANSWER
    most: int = MOST_AT_ONCE
    _inside: int = field(default=0, init=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection; web sockets are not spoken."""
        if scope["type"] == "lifespan":
            await self.application(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            answer = _Answer(scope, send, self.streams)
            self._inside += 1
            try:
                await self._answer(scope, receive, answer)
            finally:
                self._inside -= 1
                self.streams.open.discard(answer.limit)

    async def _answer(self, scope: Scope, receive: Receive, answer: _Answer) -> None:
        try:
            headers = Headers(scope=scope)
            self._check_room()
            _check_address(scope)
            self._check_host(headers)
            _check_origin(scope["method"], scope["path"], headers)
            if not await self._admitted(scope, headers):
                await self._ask_token(scope, headers, answer)
                return
            if scope["method"] not in SAFE:
                body = await body_of(receive, headers.get("content-length", "").encode() or None)
                _check_body(scope["path"], headers, body)
                receive = again(body, receive)
            async with asyncio.timeout(self.seconds) as answer.limit:
                await self.application(scope, receive, answer.send)
        except GoneError:
            return
        except Problem as problem:
            await answer.refuse(problem)
        except TimeoutError:
            if answer.limit in self.streams.open:
                await answer.send({"type": "http.response.body", "body": b"", "more_body": False})
                return
            await answer.refuse(Problem(503, "too-slow", "the answer took too long", headers={"Retry-After": "5"}))
        except Exception:
            number = secrets.token_hex(6)
            LOG.exception("fault %s: %s %s", number, scope["method"], scope["path"])
            message = f"a fault of the program, number {number} in its log"
            await answer.refuse(Problem(500, "internal", message, "tell whoever runs the server"))

    def _check_room(self) -> None:
        if self._inside > self.most:
            raise Problem(503, "busy", "too many requests at once", "try again", headers={"Retry-After": "1"})

    def _check_host(self, headers: Headers) -> None:
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not self.hosts.allow(hosts[0]):
            hint = "start the server with `--allow-host NAME` if this name is right"
            raise Problem(421, "wrong-host", "this server does not answer to that host name", hint)

    async def _admitted(self, scope: Scope, headers: Headers) -> bool:
        path = scope["path"]
        if not self.access.token or path in OPEN_TO_ALL or path.startswith(self.public):
            return True
        address = scope["client"][0] if scope.get("client") else ""
        return await self.access.admit(headers, cookies_of(headers), address)

    async def _ask_token(self, scope: Scope, headers: Headers, answer: _Answer) -> None:
        if scope["method"] == "GET" and not scope["path"].startswith("/api/") and "authorization" not in headers:
            query = scope["query_string"].decode("latin-1")
            wanted = scope["path"] + (f"?{query}" if query else "")
            await answer.send_whole(303, b"", {"location": f"/login?next={quote(wanted, safe='')}"})
            return
        hint = "send `Authorization: Bearer TOKEN`, or open the first page in a browser"
        raise Problem(
            401, "token-needed", "this server asks for its token", hint, headers={"WWW-Authenticate": "Bearer"}
        )


def cookies_of(headers: Headers) -> dict[str, str]:
    """The cookies of a request; none where they cannot be read."""
    try:
        return {name: each.value for name, each in SimpleCookie(headers.get("cookie", "")).items()}
    except CookieError:
        return {}


def _check_address(scope: Scope) -> None:
    query = unquote_to_bytes(scope["query_string"])
    path = scope["path"]
    if b"\0" in query or not plain(path) or "\ufffd" in path or "\\" in path or ".." in path.split("/"):
        raise Problem(400, "bad-address", "the address holds characters that no address here has")


def _check_origin(method: str, path: str, headers: Headers) -> None:
    """Refuse what another site makes a browser send; programs that are no browser send neither header."""
    site = headers.get("sec-fetch-site", "none")
    visiting = method == "GET" and headers.get("sec-fetch-mode") == "navigate"
    if site not in ("same-origin", "none") and not (visiting and headers.get("sec-fetch-dest") == "document"):
        raise Problem(403, "foreign-request", "another site sent this request", "open the page of this server itself")
    if method in SAFE:
        return
    origin = headers.get("origin")
    # A form on a page that tells no referrer has no origin; the token in it is proof enough.
    if path == "/login" and origin == "null":
        return
    if origin is not None and urlsplit(origin).netloc.lower() != headers.get("host", "").lower():
        raise Problem(403, "foreign-request", "a page of another site sent this request")


def _check_body(path: str, headers: Headers, body: bytes) -> None:
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if path == "/login":
        if kind != "application/x-www-form-urlencoded":
            raise Problem(415, "wrong-type", "the token comes from the form of the page")
        return
    if headers.get(OWN_HEADER) != "1":
        raise Problem(403, "foreign-request", "the header `X-Servanda: 1` is missing", "send it with every change")
    if body:
        if kind != "application/json":
            raise Problem(415, "wrong-type", "the body is not `application/json`", "send `Content-Type` with it")
        check_json(body)


class _Answer:
    """One answer on its way out: adds the headers, knows whether it has begun."""

    def __init__(self, scope: Scope, send: Send, streams: Streams) -> None:
        self.scope = scope
        self.to_client = send
        self.streams = streams
        self.begun = False
        self.limit: asyncio.Timeout | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.begun = True
            headers = list(message.get("headers", []))
            present = {name.lower() for name, _ in headers}
            wanted = dict(HEADERS)
            if self.scope["path"].startswith("/api/"):
                wanted["cache-control"] = "no-store"
            elif b"etag" not in present:
                wanted["cache-control"] = "no-cache"
            headers += [(k.encode(), v.encode()) for k, v in wanted.items() if k.encode() not in present]
            if self.limit is not None and any(
                name.lower() == b"content-type" and value.startswith(b"text/event-stream") for name, value in headers
            ):
                self.limit.reschedule(None)
                self.streams.open.add(self.limit)
            message = {**message, "headers": headers}
        await self.to_client(message)

    async def send_whole(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        """Send a short answer in one go."""
        pairs = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        pairs.append((b"content-length", str(len(body)).encode()))
        await self.send({"type": "http.response.start", "status": status, "headers": pairs})
        await self.send({"type": "http.response.body", "body": b"" if self.scope["method"] == "HEAD" else body})

    async def refuse(self, problem: Problem) -> None:
        """Send a problem; where an answer has begun, all that is left is to break it off."""
        if self.begun:
            raise ConnectionError(f"broken off: {problem.message}")
        body = json.dumps(problem.body(), ensure_ascii=False).encode("utf-8", "replace")
        headers: dict[str, Any] = {"content-type": "application/json", **problem.headers}
        if problem.status in (408, 413):
            # What is still to come of the body is not wanted.
            headers["connection"] = "close"
        await self.send_whole(problem.status, body, headers)
