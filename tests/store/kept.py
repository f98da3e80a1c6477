"""Things to keep."""

from __future__ import annotations

from typing import Any

from servanda.provenance import provenance_of
from servanda.store import NewRun

RESOLVED = "case: pledge\nresolved: yes\n"


def new_run(kind: str = "run", case: str = "pledge", **more: Any) -> NewRun:
    given: dict[str, Any] = {
        "kind": kind, "case": case, "text": "case: pledge\n", "resolved": RESOLVED, "headline": "It holds.",
        "result": {"verdict": {"probability": 0.1 + 0.2}, "names": ["é", "a"], "none": None},
        "provenance": provenance_of(case, RESOLVED, [("draws", "64")]), "seconds": 1.25, "title": "A pledge",
        "files": {"report.html": b"<!DOCTYPE html>" * 100},
    }  # fmt: skip
    return NewRun(**{**given, **more})
