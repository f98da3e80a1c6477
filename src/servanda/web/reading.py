"""The body of a request, read within limits of size and time, and looked at before any route sees it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from servanda.web.problems import Problem

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Scope = MutableMapping[str, Any]

LARGEST_BODY = 1_048_576
SECONDS_TO_SEND = 15.0
DEEPEST = 24
LARGEST_NUMBER = 1e300


class GoneError(Exception):
    """The client went away before its request was complete."""


async def body_of(receive: Receive, declared: bytes | None, *, seconds: float = SECONDS_TO_SEND) -> bytes:
    """The whole body, counted while it arrives, so that a length that is not declared or not true does no harm.

    Raises
    ------
    Problem
        `too-much` or `slow-request`.
    GoneError
        If the client closed the connection.
    """
    if declared is not None and declared.isdigit() and int(declared[:20]) > LARGEST_BODY:
        raise _too_much()
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise GoneError
                body += message.get("body", b"")
                if len(body) > LARGEST_BODY:
                    raise _too_much()
                if not message.get("more_body", False):
                    return bytes(body)
    except TimeoutError:
        raise Problem(408, "slow-request", f"the body did not arrive within {seconds:g} seconds") from None


def _too_much() -> Problem:
    return Problem(413, "too-much", f"the body is larger than {LARGEST_BODY:,} bytes", "send less at once")


def again(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives the body that was read already, then what the connection says."""
    waiting = True

    async def replay() -> Message:
        nonlocal waiting
        if waiting:
            waiting = False
            return {"type": "http.request", "body": body, "more_body": False}
        return await receive()

    return replay


def check_json(body: bytes) -> None:
    """Refuse JSON that a route could stumble over: deep nesting, numbers that are none, halves of characters.

    Raises
    ------
    Problem
        `bad-json`.

    Examples
    --------
    >>> check_json(b'{"set": {"relief": 0.6}}')
    >>> check_json(b"[NaN]")
    Traceback (most recent call last):
    ...
    servanda.web.problems.Problem: the body is not JSON: NaN is no number
    """
    try:
        value = json.loads(body.decode("utf-8"), parse_constant=_no_number, object_pairs_hook=_once)
    except UnicodeDecodeError:
        raise _bad("it is not UTF-8 text") from None
    except RecursionError:
        raise _bad("it is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise _bad(f"{error.msg} (line {error.lineno}, column {error.colno})") from None
    except ValueError as error:
        raise _bad(str(error)) from None
    _walk(value)


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no number")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice in one mapping")
    return found


def _walk(value: Any) -> None:
    """Look at every node, level by level, without recursion."""
    level = [value]
    for _ in range(DEEPEST + 1):
        below: list[Any] = []
        for node in level:
            if isinstance(node, dict):
                for key in node:
                    _check_text(key)
                below.extend(node.values())
            elif isinstance(node, list):
                below.extend(node)
            elif isinstance(node, str):
                _check_text(node)
            elif isinstance(node, int | float) and not abs(node) <= LARGEST_NUMBER:
                raise _bad("a number is too large")
        if not below:
            return
        level = below
    raise _bad(f"it is nested more than {DEEPEST} deep")


def _check_text(text: str) -> None:
    if not plain(text):
        raise _bad("a text holds a NUL or half a character")


def plain(text: str) -> bool:
    """Whether every store can keep a text: no NUL, no half of a surrogate pair.

    >>> plain("ü"), plain(chr(0)), plain(chr(0xD800))
    (True, False, False)
    """
    if text.isascii():
        return "\0" not in text
    return "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


def _bad(reason: str) -> Problem:
    return Problem(400, "bad-json", f"the body is not JSON: {reason}", "send one JSON object")
