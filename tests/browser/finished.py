"""Jobs that a test needs done before it looks at a page."""

from __future__ import annotations

import time
from typing import Any

from tests.browser.running import Running

PATIENCE = 240.0


def finished(server: Running, case: str, kind: str, options: dict[str, Any], **scenario: Any) -> str:
    """Do a job about a saved case and give the id of its run."""
    asked = {"kind": kind, "case": case, "set": {}, "off": [], "options": options, **scenario}
    job = server.send("POST", "/api/jobs", asked)["id"]
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        told = server.get(f"/api/jobs/{job}")
        if told["state"] == "done":
            return str(told["run"])
        assert told["state"] in ("queued", "running"), told
        time.sleep(0.2)
    raise AssertionError(f"the job is not done: {told}")
