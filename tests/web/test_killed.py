"""The server is killed while everybody saves: what was confirmed is there, whole, and work goes on."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.browser.running import Running, running
from tests.store.databases import postgres_url
from tests.web import small as small_case

WRITERS = 4
CONFIRMED = 12


@pytest.fixture(params=("sqlite", "postgresql"))
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield str(tmp_path / "store.db")
    else:
        with postgres_url() as url:
            yield url


def test_nothing_that_was_confirmed_is_lost(store_url: str, tmp_path: Path) -> None:
    confirmed: list[list[str]] = [[] for _ in range(WRITERS)]
    with running(store_url, tmp_path / "first.txt", "--workers=0") as server:
        for writer in range(WRITERS):
            server.send("POST", "/api/cases", {"name": f"w{writer}", "text": "0", "unfinished": True})
        writers = [threading.Thread(target=save, args=(server, k, confirmed[k])) for k in range(WRITERS)]
        for thread in writers:
            thread.start()
        until = time.monotonic() + 60
        while sum(map(len, confirmed)) < CONFIRMED and time.monotonic() < until:
            time.sleep(0.005)
        server.kill()
        for thread in writers:
            thread.join(30)
    assert sum(map(len, confirmed)) >= CONFIRMED
    with running(store_url, tmp_path / "second.txt", "--workers=0") as server:
        for writer, texts in enumerate(confirmed):
            kept = server.get(f"/api/cases/w{writer}/versions")["versions"]
            found = [server.get(f"/api/cases/w{writer}?version={each['version']}")["text"] for each in reversed(kept)]
            # The last may have been saved without anybody having been told.
            assert found[1 : len(texts) + 1] == texts
            assert len(found) - 1 - len(texts) in (0, 1)
            assert all(text == "0" or text.endswith("end\n") for text in found)
            body = {"text": small_case.text(), "seen": len(found)}
            assert server.send("PUT", f"/api/cases/w{writer}", body)["version"] == len(found) + 1


def save(server: Running, writer: int, confirmed: list[str]) -> None:
    """Save version after version until the server is gone; note what it confirmed."""
    address = server.address.removeprefix("http://")
    headers = {"Content-Type": "application/json", "X-Servanda": "1"}
    version = 1
    with closing(http.client.HTTPConnection(address, timeout=60)) as connection:
        while True:
            text = f"{writer} {version} " + "x" * 20_000 + " end\n"
            body = {"text": text, "seen": version, "unfinished": True}
            try:
                connection.request("PUT", f"/api/cases/w{writer}", json.dumps(body), headers)
                answer = connection.getresponse()
                told = json.loads(answer.read())
            except (OSError, http.client.HTTPException, json.JSONDecodeError):
                return
            assert answer.status == 200, told
            version = told["version"]
            confirmed.append(text)
