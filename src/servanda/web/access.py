"""The token of a server that others can reach: asked for once, then remembered in a signed cookie."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated
from urllib.parse import parse_qs, urlsplit

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from servanda.web.problems import Problem

SHORTEST_TOKEN = 16
SESSION_SECONDS = 7 * 24 * 3600
MOST_ATTEMPTS = 10
FORGET_AFTER = 900.0
LONGEST_DELAY = 4.0
MOST_REMEMBERED = 10_000

router = APIRouter(include_in_schema=False)


@dataclass
class Access:
    """Who may use the server: everybody who reaches it if `token` is empty.

    >>> access = Access("correct horse battery")
    >>> access.remembers(access.session(now=1000.0), now=2000.0), access.remembers("1000.forged", now=2000.0)
    (True, False)
    """

    token: str = ""
    port: int = 0
    _failed: dict[str, tuple[int, float]] = field(default_factory=dict)

    @property
    def cookie(self) -> str:
        """The cookie's name; cookies do not know ports, so that the name holds it."""
        return f"servanda-{self.port}"

    def right(self, given: str) -> bool:
        """Whether this is the token, compared in a time that does not depend on where it differs."""
        return hmac.compare_digest(_digest(given), _digest(self.token))

    def session(self, now: float | None = None) -> str:
        """What the cookie holds: when it was given, signed with the token, which it does not hold."""
        given = str(int(time.time() if now is None else now))
        return f"{given}.{self._signature(given)}"

    def remembers(self, session: str, now: float | None = None) -> bool:
        """Whether a cookie is one of ours and not too old."""
        given, _, signature = session.partition(".")
        if not hmac.compare_digest(signature.encode(), self._signature(given).encode()):
            return False
        return given.isdigit() and (time.time() if now is None else now) - int(given) < SESSION_SECONDS

    def _signature(self, given: str) -> str:
        return hmac.new(self.token.encode(), f"servanda session {given}".encode(), hashlib.sha256).hexdigest()

    async def admit(self, headers: Mapping[str, str], cookies: Mapping[str, str], address: str) -> bool:
        """Whether a request carries the token or the cookie; a wrong token is answered slowly.

        Raises
        ------
        Problem
            `too-many-attempts`.
        """
        if not self.token or self.remembers(cookies.get(self.cookie, "")):
            return True
        scheme, _, given = headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and await self.attempt(given.strip(), address)

    async def attempt(self, given: str, address: str) -> bool:
        """Compare a token; each wrong one from an address makes the next wait longer.

        Raises
        ------
        Problem
            `too-many-attempts`.
        """
        now = time.monotonic()
        failures, last = self._failed.get(address, (0, 0.0))
        if now - last > FORGET_AFTER:
            failures = 0
        if failures >= MOST_ATTEMPTS:
            wait = max(1, round(FORGET_AFTER - (now - last)))
            message = f"{failures} wrong tokens came from {address}"
            raise Problem(429, "too-many-attempts", message, "wait", headers={"Retry-After": str(wait)})
        if self.right(given):
            self._failed.pop(address, None)
            return True
        # Counted before the wait: attempts at the same time do not share one delay.
        self._failed.pop(address, None)
        self._failed[address] = (failures + 1, now)
        while len(self._failed) > MOST_REMEMBERED:
            del self._failed[next(iter(self._failed))]
        await asyncio.sleep(min(0.1 * 2**failures, LONGEST_DELAY))
        return False


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()


def local_path(address: str) -> str:
    """An address on this server as it stands, the first page for any other.

    >>> local_path("/runs?kind=run"), local_path("//elsewhere.example/"), local_path("https://elsewhere.example/")
    ('/runs?kind=run', '/', '/')
    """
    parts = urlsplit(address) if address.isprintable() and "\\" not in address else None
    inside = parts is not None and not parts.scheme and not parts.netloc and address.startswith("/")
    return address if inside and not address.startswith("//") else "/"


def access_of(request: Request) -> Access:
    """The access rules of the application a request came to."""
    access = request.app.state.access
    assert isinstance(access, Access)
    return access


@router.get("/login")
async def login_page(request: Request, to: Annotated[str, Query(alias="next", max_length=8_000)] = "/") -> Response:
    """The page that asks for the token."""
    from servanda.web.pages import page

    return page(request, "login.html", title="Token", next=local_path(to), problem=None)


@router.post("/login")
async def login(request: Request) -> Response:
    """Take the token from the form, remember it in a cookie, go on to the page that was asked for."""
    from servanda.web.pages import page

    try:
        form = parse_qs((await request.body()).decode("utf-8", "replace"), max_num_fields=8)
    except ValueError:
        raise Problem(422, "bad-request", "the form has too many fields") from None
    to = local_path(form.get("next", ["/"])[0])
    access = access_of(request)
    address = request.client.host if request.client else ""
    problem: Problem | None = None
    try:
        if not await access.attempt(form.get("token", [""])[0].strip(), address):
            problem = Problem(401, "token-needed", "that is not the token", "copy it from the terminal")
    except Problem as refusal:
        problem = refusal
    if problem is not None:
        return page(request, "login.html", title="Token", status=problem.status, next=to, problem=problem)
    gone_on = RedirectResponse(to, status_code=303)
    gone_on.set_cookie(
        access.cookie, access.session(), SESSION_SECONDS, path="/", httponly=True, samesite="strict",
        secure=request.url.scheme == "https",
    )  # fmt: skip
    return gone_on
