"""A real server and a real browser: the same tests over SQLite and over PostgreSQL.

A test fails if the page logs an error, throws, or asks another host for anything, whatever the test itself looks at.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, Request, Response, sync_playwright

from tests.browser.running import Running, running
from tests.store.databases import postgres_url
from tests.web import small as small_case

FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run", "--disable-dev-shm-usage",
)  # fmt: skip
WIDTH, HEIGHT = 1280, 800
PATIENCE_MS = 30_000
# where one of these is set in the environment, a missing browser is a failure
REQUIRED = ("CI", "SERVANDA_REQUIRE_BROWSER")
_NUMBERS = count(1)
# A test in a browser takes some five seconds of processor time, so `make test` runs the first of every page (they load
# it, change something, look at the result, meet an error), and `make verify` all of them on both databases.
ALWAYS = {"sqlite": 4, "postgresql": 1}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave to `make verify` what would take too long."""
    seen: Counter[tuple[str, str]] = Counter()
    for item in items:
        if "browser" in item.path.parts:
            database = "postgresql" if "postgresql" in item.name else "sqlite"
            seen[item.path.stem, database] += 1
            if seen[item.path.stem, database] > ALWAYS[database]:
                item.add_marker(pytest.mark.verify)


@pytest.fixture(scope="session", params=("sqlite", "postgresql"))
def store_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a fresh store in either database."""
    if request.param == "sqlite":
        yield str(tmp_path_factory.mktemp("store") / "store.db")
    else:
        with postgres_url() as url:
            yield url


@pytest.fixture(scope="session")
def server(store_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server over a fresh store, shared by the tests of a worker."""
    with running(store_url, tmp_path_factory.mktemp("server") / "log.txt") as found:
        yield found


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium without a window."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        said = "these tests need Chromium (Debian: apt-get install chromium)"
        if any(os.environ.get(name) for name in REQUIRED):
            pytest.fail(said, pytrace=False)
        pytest.skip(said)
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        yield found
        found.close()


@dataclass
class Watch:
    """What went wrong in a page besides what its test looks at."""

    host: str
    wrong: list[str] = field(default_factory=list)

    def over(self, page: Page) -> None:
        """Listen to everything a page says and asks."""
        page.on("console", self._said)
        page.on("pageerror", self._threw)
        page.on("request", self._asked)
        page.on("response", self._answered)

    def _said(self, message: ConsoleMessage) -> None:
        # What an answer's status was is told by `response`, and no error where a test asks for an error.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self.wrong.append(f"console: {message.text} ({message.location.get('url', '')})")

    def _threw(self, error: Error) -> None:
        self.wrong.append(f"thrown: {error.message}\n{error.stack or ''}")

    def _asked(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob", "about") and parts.netloc != self.host:
            self.wrong.append(f"asked another host: {request.url}")

    def _answered(self, response: Response) -> None:
        path = urlsplit(response.url).path
        told_by_test = path.startswith("/api/") or response.request.is_navigation_request()
        if response.status == 500 or (response.status >= 400 and not told_by_test):
            self.wrong.append(f"{response.status}: {response.url}")


@pytest.fixture
def page(browser: Browser, server: Running) -> Iterator[Page]:
    """A page of 1280 by 800 in a browser that remembers nothing; relative addresses lead to the server."""
    with watched(browser, server) as found:
        yield found


@pytest.fixture
def second_page(browser: Browser, server: Running) -> Iterator[Page]:
    """A page in another browser: somebody else at the same case."""
    with watched(browser, server) as found:
        yield found


@contextmanager
def watched(browser: Browser, server: Running) -> Iterator[Page]:
    """A page of a fresh browser whose every fault fails the test."""
    watch = Watch(urlsplit(server.address).netloc)
    context = browser.new_context(
        base_url=server.address, viewport={"width": WIDTH, "height": HEIGHT}, reduced_motion="reduce"
    )
    try:
        context.set_default_timeout(PATIENCE_MS)
        found = context.new_page()
        watch.over(found)
        yield found
    finally:
        context.close()
    assert not watch.wrong, "\n".join(watch.wrong)


@pytest.fixture(scope="session")
def accessible(store_url: str) -> Callable[[Page], None]:
    """Asserts that an automated checker finds nothing that keeps anybody out of a page; the database plays no part."""
    axe = Axe()
    if store_url.startswith("postgresql"):
        return lambda page: None

    def check(page: Page) -> None:
        found = axe.run(page, options={"resultTypes": ["violations"]})
        told = [
            f"{rule['id']} ({rule['impact']}): {rule['help']}\n  "
            + "\n  ".join(f"{' '.join(map(str, node['target']))}: {node['html'][:200]}" for node in rule["nodes"][:5])
            for rule in found.response["violations"]
        ]
        assert not told, "\n".join(told)

    return check


@pytest.fixture
def small(server: Running) -> str:
    """The name of a small saved case that no other test uses."""
    name = f"{small_case.NAME}-{next(_NUMBERS)}"
    server.send("POST", "/api/cases", {"name": name, "text": small_case.text(), "title": "A small dispute"})
    return name


@pytest.fixture(scope="session")
def founding(server: Running) -> str:
    """The founding case, saved once; for what no small case shows."""
    server.send("POST", "/api/cases", {"name": "us-iran", "shipped": "us-iran"})
    return "us-iran"


@pytest.fixture
def shots(tmp_path: Path) -> Path:
    """A folder for screenshots, away from the project."""
    return tmp_path
