"""A workbench in a process of its own, as a user starts it, and what a test asks of it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PATIENCE = 120.0
_ADDRESS = re.compile(r"http://\S+/")


@dataclass
class Running:
    """A running server: its address without the last slash, its store, its process, where its words go."""

    address: str
    store: str
    process: subprocess.Popen[bytes]
    log: Path

    def get(self, path: str) -> Any:
        """The JSON of an answer."""
        return self._ask("GET", path, None)

    def send(self, method: str, path: str, body: object) -> Any:
        """The JSON of an answer to a request that changes something."""
        return self._ask(method, path, json.dumps(body).encode())

    def _ask(self, method: str, path: str, body: bytes | None) -> Any:
        headers = {"X-Servanda": "1", "Content-Type": "application/json"} if body is not None else {}
        request = urllib.request.Request(self.address + path, body, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                raise AssertionError(f"{method} {path}: {error.code} {error.read().decode()[:2000]}") from None

    def end_jobs(self) -> None:
        """Cancel what still runs: workers outlive their server."""
        for job in self.get("/api/jobs")["jobs"]:
            if job["state"] in ("queued", "running"):
                self.send("POST", f"/api/jobs/{job['id']}/cancel", {})

    def kill(self) -> None:
        """End the server at once, as a lack of memory or power would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(PATIENCE)


@contextmanager
def running(store: str, log: Path, *words: str, port: int = 0) -> Iterator[Running]:
    """Start a server over a store and end it in order."""
    environment = {name: value for name, value in os.environ.items() if name != "SERVANDA_STORE"}
    served = ["serve", "--no-open", f"--port={port}", f"--store={store}", *words]
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "servanda.cli.main", *served], stdout=out, stderr=out, env=environment
        )
    try:
        found = Running(_address(process, log), store, process, log)
        yield found
        if process.poll() is None and "--workers=0" not in words:
            found.end_jobs()
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(20)


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        said = log.read_text(errors="replace")
        if found := _ADDRESS.search(said):
            return found[0].rstrip("/")
        if process.poll() is not None:
            raise AssertionError(f"the server ended: {said[-3000:]}")
        time.sleep(0.05)
    raise AssertionError(f"the server does not listen: {said[-3000:]}")
