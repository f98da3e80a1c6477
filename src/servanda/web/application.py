"""The application: every room that is there, behind the door, with one shape for all errors."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from servanda.errors import CaseError, Issue, ServandaError
from servanda.store import (
    BadNameError,
    BrokenBlobError,
    NameTakenError,
    NotFoundError,
    StaleVersionError,
    StoreError,
    UnreachableStoreError,
)
from servanda.web import access, statics
from servanda.web.access import Access
from servanda.web.description import describe
from servanda.web.problems import CODES, Problem
from servanda.web.security import LOOPBACK, Guard, Hosts, Streams
from servanda.web.state import State

_STORE_CODES: tuple[tuple[type[StoreError], str], ...] = (
    (NotFoundError, "not-found"),
    (NameTakenError, "name-taken"),
    (StaleVersionError, "stale-version"),
    (BadNameError, "bad-name"),
    (UnreachableStoreError, "store-unreachable"),
    (BrokenBlobError, "broken-content"),
)
_HTTP_CODES = {404: "not-found", 405: "wrong-method", 413: "too-much", 400: "bad-json", 415: "wrong-type"}
_STALE_HINT = "look at what was saved meanwhile, then save yours on top of it"


def application(
    state: State, *, hosts: Hosts | None = None, entry: Access | None = None, streams: Streams | None = None
) -> FastAPI:
    """The whole workbench as an ASGI application.

    Parameters
    ----------
    state : store, solvers and jobs; whoever opened them closes them
    hosts : host names it answers to; those of the local machine if None
    entry : the token; none is asked for if None
    streams : the answers that go on, for whoever ends the server
    """
    app = FastAPI(
        title="Servanda workbench",
        version=version("servanda"),
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    app.state.servanda = state
    app.state.access = entry or Access()
    app.include_router(access.router)
    app.include_router(statics.router(statics.Listing.of_package()))
    for _, router in rooms():
        app.include_router(router)
    app.openapi = lambda: describe(app)  # type: ignore[method-assign]

    @app.get("/api/openapi.json", include_in_schema=False)
    def description() -> dict[str, Any]:
        return app.openapi()

    for kind, answer in (
        (Problem, _problem),
        (ServandaError, _servanda),
        (HTTPException, _http),
        (RequestValidationError, _request),
    ):
        app.add_exception_handler(kind, answer)
    app.add_middleware(
        Guard,
        hosts=hosts or Hosts(frozenset(LOOPBACK)),
        access=app.state.access,
        streams=streams or Streams(),
    )
    return app


def rooms() -> Iterator[tuple[str, APIRouter]]:
    """Every room by name; pages are left out of the description of the API.

    Raises
    ------
    ImportError
        If a room cannot be imported: a workbench with a room missing would not say so.
    TypeError
        If a room has no `router`.
    """
    package = import_module("servanda.web.rooms")
    for found in sorted(pkgutil.iter_modules(package.__path__), key=lambda each: each.name):
        router = getattr(import_module(f"{package.__name__}.{found.name}"), "router", None)
        if not isinstance(router, APIRouter):
            raise TypeError(f"the room `{found.name}` has no router")
        for route in router.routes:
            if isinstance(route, APIRoute) and not route.path.startswith("/api/"):
                route.include_in_schema = False
        yield found.name, router


async def _problem(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, Problem)
    if not request.url.path.startswith("/api/") and request.method in ("GET", "HEAD"):
        from servanda.web.pages import problem_page

        return problem_page(request, problem)
    return JSONResponse(problem.body(), problem.status, headers=dict(problem.headers))


async def _servanda(request: Request, error: Exception) -> Response:
    assert isinstance(error, ServandaError)
    return await _problem(request, problem_of(error))


def problem_of(error: ServandaError) -> Problem:
    """The problem that an error of the program is, seen from outside.

    >>> problem_of(NotFoundError("no case is called `x`")).code
    'not-found'
    """
    if isinstance(error, CaseError):
        issues = error.issues or (Issue("error", "bad-case", error.message),)
        return Problem(422, "case-error", error.message, "see the issues", issues)
    for kind, code in _STORE_CODES:
        if isinstance(error, kind):
            hint = _STALE_HINT if code == "stale-version" else ""
            headers = {"Retry-After": "5"} if CODES[code].status == 503 else {}
            return Problem(CODES[code].status, code, error.message, hint, headers=headers)
    return Problem(422, "failed", error.message)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = _HTTP_CODES.get(error.status_code, "internal" if error.status_code >= 500 else "bad-request")
    said = {
        "not-found": "there is nothing at this address",
        "wrong-method": f"this address does not take {request.method}",
    }.get(code, str(error.detail))
    headers = {name: value for name, value in (error.headers or {}).items() if name.lower() == "allow"}
    return await _problem(request, Problem(CODES[code].status, code, said, headers=headers))


async def _request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    issues = tuple(
        Issue("error", str(each["type"]), str(each["msg"]), path=".".join(str(part) for part in each["loc"]))
        for each in error.errors()[:20]
    )
    first = f": {issues[0].path}: {issues[0].message}" if issues else ""
    said = f"the request does not have the form it should have{first}"
    return await _problem(request, Problem(422, "bad-request", said, "see /api/openapi.json", issues))
