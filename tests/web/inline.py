"""Solvers without processes: the same answers, computed where the test runs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from servanda.errors import CaseError
from servanda.web.problems import CODES, Problem
from servanda.web.solving import Room, answered, encoded, issue_of


class InlineSolvers:
    """Answers as `Solvers` does; `asked` lists the functions that were asked."""

    def __init__(
        self, *, rooms: Sequence[str] = ("servanda.web", "tests.web"), bench: str = "servanda.live:Bench"
    ) -> None:
        self.asked: list[str] = []
        self._rooms = rooms
        self._bench = bench
        self._room: Room | None = None

    @property
    def room(self) -> Room:
        if self._room is None:
            self._room = Room(4, self._rooms, self._bench)
        return self._room

    async def ask(
        self, text: str, function: str, payload: Mapping[str, Any], *, seconds: float = 10.0, background: bool = False
    ) -> dict[str, Any]:
        self.asked.append(function)
        return self._answer({"do": "ask", "text": text, "function": function, "payload": dict(payload)})

    async def check(self, text: str, *, seconds: float = 10.0) -> dict[str, Any]:
        return self._answer({"do": "check", "text": text})

    def close(self) -> None:
        """Nothing is open."""

    def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        request = json.loads(json.dumps(request | {"digest": sha256(request["text"].encode()).hexdigest()}))
        kind, body = encoded(*answered(self.room, request), 16 << 20)
        told = json.loads(body)
        if kind == "ok":
            assert isinstance(told, dict)
            return told
        if kind == "case":
            raise CaseError(told["message"], issues=tuple(issue_of(issue) for issue in told["issues"]))
        if kind == "problem":
            issues = tuple(issue_of(issue) for issue in told.get("issues", ()))
            status = CODES[told["code"]].status
            raise Problem(status, told["code"], told["message"], told.get("hint", ""), issues)
        raise AssertionError(told)
