"""The files that pages load: those of the package as they were listed at the start, and those made for charts."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from servanda.web.problems import Problem

KINDS = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
CHARTS = "vega.js"
DARK_CHARTS = "charts.css"


@dataclass(frozen=True)
class Listing:
    """The files that may be asked for, by name; no other path leads to a file."""

    files: dict[str, Traversable]

    @classmethod
    def of_package(cls) -> Listing:
        """Every style, script and picture in `servanda/web/static`."""
        folder = resources.files("servanda.web") / "static"
        listed = folder.iterdir() if folder.is_dir() else iter(())
        return cls({file.name: file for file in listed if kind_of(file.name)})

    def content(self, name: str) -> bytes:
        """What is in a file.

        Raises
        ------
        Problem
            `not-found`.
        """
        if name == CHARTS:
            from servanda.report.bundle import chart_script

            return chart_script().encode()
        if name == DARK_CHARTS:
            from servanda.report.sheet import dark_charts

            return dark_charts().encode()
        if (file := self.files.get(name)) is None:
            raise Problem(404, "not-found", "there is no such file")
        return file.read_bytes()


def kind_of(name: str) -> str:
    """The media type of a file by its ending, "" where it is none that pages load.

    >>> kind_of("style.css"), kind_of("notes.txt")
    ('text/css; charset=utf-8', '')
    """
    return KINDS.get(name[name.rfind(".") :], "")


def router(listing: Listing) -> APIRouter:
    """The one route to all files; a browser that has a file asks only whether it changed."""
    rooms = APIRouter(include_in_schema=False)

    @rooms.get("/static/{name}")
    async def static(request: Request, name: str) -> Response:
        content = await run_in_threadpool(listing.content, name)
        tag = f'"{hashlib.sha256(content).hexdigest()[:24]}"'
        headers = {"etag": tag, "cache-control": "no-cache"}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(content, media_type=kind_of(name), headers=headers)

    return rooms
