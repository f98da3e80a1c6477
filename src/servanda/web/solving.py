"""What runs inside a solver process: cases read, compiled and kept, questions answered one after the other.

The process speaks JSON over its standard input and output, each message after its length in four bytes. It holds
itself to a bound of memory and ends with the process that started it; time is kept by the other side.
"""

from __future__ import annotations

import json
import math
import os
import signal
import sys
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from traceback import format_exc
from typing import TYPE_CHECKING, Any, BinaryIO

from servanda.errors import CaseError, Issue, Location, ServandaError
from servanda.web.limits import bound_memory, end_with_parent

if TYPE_CHECKING:
    from servanda.case.resolved import Parameter, ResolvedCase
    from servanda.live import Bench

Answer = dict[str, Any]
LONGEST_MESSAGE = 1 << 28
# what a room may raise where a process has no more room
_FULL = ("can't start new thread", "cannot allocate memory", "unable to allocate", "resource temporarily unavailable")


def write_message(stream: BinaryIO, message: bytes) -> None:
    """Send one message: its length in four bytes, then itself."""
    stream.write(len(message).to_bytes(4, "big") + message)
    stream.flush()


def read_message(stream: BinaryIO) -> bytes | None:
    """The next message, None at the end.

    Raises
    ------
    EOFError
        If the stream ends inside a message, or the message is longer than any can be.
    """
    head = stream.read(4)
    if not head:
        return None
    length = int.from_bytes(head, "big")
    body = stream.read(length) if len(head) == 4 and length <= LONGEST_MESSAGE else b""
    if len(head) < 4 or len(body) < length:
        raise EOFError("a torn message")
    return body


def issue_of(data: Mapping[str, Any]) -> Issue:
    """An issue from its JSON form.

    >>> issue_of({"severity": "error", "code": "bad-date", "message": "no date", "line": 3}).where.line
    3
    """
    where = Location(str(data.get("file", "")), int(data.get("line", 0)), int(data.get("column", 0)))
    code, message, hint, path, shown = (str(data.get(k, "")) for k in ("code", "message", "hint", "path", "shown"))
    return Issue("warning" if data.get("severity") == "warning" else "error", code, message, hint, where, path, shown)


def scenario_values(
    case: ResolvedCase, given: Mapping[str, Any], off: Sequence[str], bench: Bench | None = None
) -> dict[str, float]:
    """Parameter values of a scenario: those set, and over them what switches frictions off.

    Parameters
    ----------
    given : a number, or the name of a choice, by name of the parameter
    off : names of frictions
    bench : of the case, if there is one: else the case is compiled where frictions are off

    Raises
    ------
    Problem
        With every name that the case does not have, and every value that a parameter cannot take.
    """
    from servanda.case.messages import did_you_mean
    from servanda.web.problems import Problem

    known = {parameter.name: parameter for parameter in case.parameters}
    issues, values = [], {}
    for name, wanted in given.items():
        if name not in known:
            told = f"no parameter is called `{str(name)[:80]}`"
            issues.append(Issue("error", "unknown-parameter", told, did_you_mean(str(name), known)))
            continue
        found = _value(known[name], wanted)
        if isinstance(found, Issue):
            issues.append(found)
        else:
            values[name] = found
    if issues:
        raise Problem(422, "unknown-parameter", issues[0].message, issues[0].hint, tuple(issues))
    mechanisms = {friction.name: friction for friction in case.frictions}
    strange = [str(name) for name in off if name not in mechanisms]
    if strange:
        issues = [
            Issue("error", "unknown-friction", f"no friction is called `{n[:80]}`", did_you_mean(n, mechanisms))
            for n in strange
        ]
        raise Problem(422, "unknown-friction", issues[0].message, issues[0].hint, tuple(issues))
    if off:
        from servanda.compile import compile_case
        from servanda.diagnosis.frictions import switched_off

        compiled = bench.compiled if bench is not None else compile_case(case)
        before = dict(values)
        # in the order of the case, as the diagnosis does: where two set one number the later one decides
        for friction in case.frictions:
            if friction.name in off:
                values |= switched_off(compiled, friction, before)
    return values


def _value(parameter: Parameter, wanted: object) -> float | Issue:
    """The number that a parameter is set to, or what is wrong with it."""
    choices = {choice: value for choice, value, _ in parameter.number.choices}
    if isinstance(wanted, str) and wanted in choices:
        return choices[wanted]
    hint = f"choices: {', '.join(choices)}" if choices else "give a number such as 0.25"
    try:
        value = math.nan if isinstance(wanted, bool) else float(wanted)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        value = math.nan
    if not math.isfinite(value):
        shown = str(wanted)[:40]
        return Issue("error", "unknown-parameter", f"`{shown}` is no value for `{parameter.name}`", hint)
    low, high = parameter.number.support
    if parameter.number.kind == "beta" and not low <= value <= high:
        said = f"`{parameter.name}` lies between 0 and 1, not at {value:g}"
        return Issue("error", "unknown-parameter", said, "set it inside")
    return value


class Room:
    """The cases that a process keeps compiled, and what it does with them.

    Parameters
    ----------
    benches : how many are kept
    rooms : packages whose functions may be asked
    bench : where the class of compiled cases is, as ``module:name``
    """

    def __init__(self, benches: int, rooms: Sequence[str], bench: str) -> None:
        self._held: OrderedDict[str, Bench] = OrderedDict()
        self._most = benches
        self._rooms = tuple(rooms)
        module, _, name = bench.partition(":")
        self._bench = getattr(import_module(module), name)

    @property
    def held(self) -> list[str]:
        """Digests of the cases kept, the one used last at the end."""
        return list(self._held)

    def bench(self, text: str, digest: str) -> Bench:
        """The compiled case of a text, kept from before or made.

        Raises
        ------
        CaseError
            If the case has errors.
        """
        if digest not in self._held:
            from servanda.case.loading import parse_text

            while len(self._held) >= self._most:
                self._held.popitem(last=False)
            self._held[digest] = self._bench.of(parse_text(text, "case"))
        self._held.move_to_end(digest)
        return self._held[digest]

    def ask(self, text: str, digest: str, function: str, payload: Mapping[str, Any]) -> Answer:
        """Answer a question about a case in a scenario.

        Raises
        ------
        CaseError
            If the case has errors.
        Problem
            If the scenario names what the case does not have, or the function says so.
        """
        asked = self._function(function)
        bench = self.bench(text, digest)
        rest = {key: value for key, value in payload.items() if key not in ("set", "off")}
        values = scenario_values(bench.case, payload.get("set") or {}, payload.get("off") or (), bench)
        return asked(bench, values, rest)

    def check(self, text: str, digest: str) -> Answer:
        """All that is wrong with a text, and what it is if it is a case."""
        from servanda.case.loading import load_text
        from servanda.case.messages import json_of

        loaded = load_text(text, "case")
        issues = [json_of(issue) for issue in loaded.issues]
        told: Answer = {"ok": loaded.case is not None, "digest": digest, "issues": issues}
        if loaded.case is not None:
            told |= {"name": loaded.case.name, "title": loaded.case.title}
        return told

    def forget(self) -> None:
        """Keep no case."""
        self._held.clear()

    def _function(self, name: str) -> Callable[[Bench, dict[str, float], Answer], Answer]:
        module, _, attribute = name.partition(":")
        if not any(module == room or module.startswith(f"{room}.") for room in self._rooms):
            raise ValueError(f"{module} answers no questions")
        found = getattr(import_module(module), attribute)
        if not callable(found) or getattr(found, "__module__", "") != module:
            raise ValueError(f"{name} is no function of its module")
        return found  # type: ignore[no-any-return]


def answered(room: Room, request: Mapping[str, Any]) -> tuple[str, object]:
    """The answer to one request: its kind (`ok`, `case`, `problem`, `full` or `fault`), and what JSON can carry.

    `full` says whether the process held other cases, without which the question might have had room.
    """
    from servanda.web.problems import Problem

    others = bool(set(room.held) - {request["digest"]})
    try:
        if request["do"] == "check":
            return "ok", room.check(request["text"], request["digest"])
        return "ok", room.ask(request["text"], request["digest"], request["function"], request["payload"])
    except Problem as problem:
        return "problem", problem.body()["error"]
    except CaseError as error:
        from servanda.case.messages import json_of

        return "case", {"message": error.message, "issues": [json_of(issue) for issue in error.issues]}
    except MemoryError:
        room.forget()
        return "full", others
    except ServandaError as error:
        return "problem", {"code": "failed", "message": error.message}
    except RecursionError:
        return "problem", {"code": "failed", "message": "the case nests too deeply", "hint": "simplify its expressions"}
    except Exception as error:  # noqa: BLE001 - what a room does wrong is told to the server, which logs it
        if any(sign in str(error).lower() for sign in _FULL):
            room.forget()
            return "full", others
        return "fault", {"trace": format_exc()}


def encoded(kind: str, answer: object, longest: int) -> tuple[str, bytes]:
    """An answer as the server reads it, records and dates made plain; too long a one is refused."""
    try:
        body = json.dumps(answer, allow_nan=False, separators=(",", ":")).encode()
    except (TypeError, ValueError):
        from servanda.report.tables import plain_data

        try:
            body = json.dumps(plain_data(answer), allow_nan=False, separators=(",", ":")).encode()
        except (TypeError, ValueError):
            return "fault", json.dumps({"trace": format_exc()}).encode()
    if len(body) > longest:
        said = f"the answer has {len(body):,} bytes, more than the {longest:,} that one may have"
        return "problem", json.dumps({"code": "too-large", "message": said}).encode()
    return kind, body


def serve(settings: Mapping[str, Any], asked: BinaryIO, told: BinaryIO) -> None:
    """Answer requests until there are none: one that leaves the process without room is its last."""
    room = Room(settings["benches"], settings["rooms"], settings["bench"])
    bound_memory(settings["memory_mb"])
    write_message(told, b"ready")
    while (message := read_message(asked)) is not None:
        try:
            kind, body = encoded(*answered(room, json.loads(message)), settings["answer"])
        except MemoryError:
            room.forget()
            kind, body = "full", b"true"
        write_message(told, json.dumps({"kind": kind, "held": room.held}).encode())
        write_message(told, body)
        if kind == "full":
            return


def main() -> None:
    """Run as a solver process; the settings are the first argument, as JSON."""
    settings = json.loads(sys.argv[1])
    end_with_parent(settings["parent"])
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # what libraries print must not come between messages
    told = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    asked = os.fdopen(os.dup(0), "rb")
    serve(settings, asked, told)


if __name__ == "__main__":
    main()
