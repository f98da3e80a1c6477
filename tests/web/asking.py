"""What the tests of the solver processes ask: functions that run inside them, and a bench without a solver."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import Any

from servanda.case.resolved import ResolvedCase
from servanda.compile import Compiled, compile_case
from servanda.web.problems import Problem


@dataclass(frozen=True)
class Plain:
    """A compiled case, no more."""

    case: ResolvedCase
    compiled: Compiled

    @classmethod
    def of(cls, case: ResolvedCase) -> Plain:
        return cls(case, compile_case(case))


def values(bench: Plain, given: dict[str, float], asked: dict[str, Any]) -> dict[str, Any]:
    """Everything that came in, and which process it came to."""
    return {"case": bench.case.name, "values": given, "asked": asked, "pid": os.getpid()}


def slow(bench: Plain, given: dict[str, float], asked: dict[str, Any]) -> dict[str, Any]:
    """The same after a while."""
    time.sleep(asked["seconds"])
    return values(bench, given, asked)


def endless(bench: Plain, given: dict[str, float], asked: dict[str, Any]) -> dict[str, Any]:
    """Never answers."""
    while True:
        pass


def greedy(bench: Plain, given: dict[str, float], asked: dict[str, Any]) -> dict[str, Any]:
    """Takes all the memory there is."""
    held = []
    while True:
        held.append(bytearray(1 << 24))


def refusing(bench: Plain, given: dict[str, float], asked: dict[str, Any]) -> dict[str, Any]:
    """Says what is wrong with the question."""
    raise Problem(422, "unknown-draft", "no draft is called `x`", "drafts: y")


def broken(bench: Plain, given: dict[str, float], asked: dict[str, Any]) -> dict[str, Any]:
    """A fault of the program."""
    raise KeyError("nothing of this name")


def dying(bench: Plain, given: dict[str, float], asked: dict[str, Any]) -> dict[str, Any]:
    """Ends the process rudely, as code does that finds no memory."""
    os.abort()


def talking(bench: Plain, given: dict[str, float], asked: dict[str, Any]) -> dict[str, Any]:
    """Prints where a message could be expected, and answers with what JSON lacks."""
    print("x" * 100, flush=True)  # noqa: T201
    return {"inf": float("inf"), "day": bench.case.start}


def long(bench: Plain, given: dict[str, float], asked: dict[str, Any]) -> dict[str, Any]:
    """An answer of so many bytes."""
    return {"text": "x" * asked["bytes"]}
