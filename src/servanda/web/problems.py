"""What the API says when it cannot answer: one shape, one table of codes.

Every answer that is no success has the body ``{"error": {"code", "message", "hint", "issues"}}``; the codes are listed
in `CODES`, and `docs/reference/api.md` shows the same table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel, Field

from servanda.errors import Issue


@dataclass(frozen=True, slots=True)
class Code:
    """One kind of problem: the status it comes with, and what it means."""

    status: int
    meaning: str


CODES: dict[str, Code] = {
    "bad-request": Code(422, "The request does not have the form the description asks for; `issues` says where."),
    "bad-json": Code(400, "The body is not JSON of a sensible depth, with finite numbers and plain text."),
    "bad-address": Code(400, "The address holds characters that no address of the workbench has."),
    "wrong-type": Code(415, "The body of a request that changes something must be `application/json`."),
    "too-much": Code(413, "The body is larger than the limit."),
    "slow-request": Code(408, "The body did not arrive in time."),
    "wrong-host": Code(421, "The `Host` header names no address of this server."),
    "foreign-request": Code(403, "Another site, or a page that is not ours, sent this request."),
    "token-needed": Code(401, "This server asks for its token: none was given, or a wrong one."),
    "too-many-attempts": Code(429, "Too many wrong tokens from this address; wait and try again."),
    "not-found": Code(404, "There is nothing of this name here."),
    "wrong-method": Code(405, "This address does not take this method."),
    "name-taken": Code(409, "A case of this name exists already."),
    "stale-version": Code(409, "Somebody saved a newer version of the case meanwhile; nothing was overwritten."),
    "conflict": Code(409, "What is asked for does not fit the present state of the thing."),
    "case-error": Code(422, "The case has errors; `issues` gives each with its line."),
    "unknown-parameter": Code(422, "The case has no parameter of this name, or the value is none it can take."),
    "unknown-friction": Code(422, "The case has no friction of this name."),
    "unknown-draft": Code(422, "The case has no draft of this name."),
    "bad-name": Code(422, "A name or a text that cannot be kept."),
    "unknown-shipped-case": Code(404, "No case of this name is shipped."),
    "store-unreachable": Code(503, "The store does not answer, or cannot be written; nothing was saved."),
    "broken-content": Code(500, "What the store keeps is not what was put there; it is not shown."),
    "failed": Code(422, "The program could not do it; the message says why."),
    "too-large": Code(422, "Answering would take more memory than the limit."),
    "too-slow": Code(503, "Answering took longer than the limit and was stopped."),
    "busy": Code(503, "Too much is being asked at the moment; try again after `Retry-After` seconds."),
    "internal": Code(500, "A fault of the program. The message holds the number under which the log has it."),
}


def declare(code: str, status: int, meaning: str) -> None:
    """Add a code that only one room uses.

    Raises
    ------
    ValueError
        If the code stands in the table already and means something else.
    """
    entry = Code(status, meaning)
    if CODES.setdefault(code, entry) != entry:
        raise ValueError(f"the code `{code}` means something else already")


@dataclass(eq=False)
class Problem(Exception):  # noqa: N818 - the word of the field (RFC 9457)
    """Ends a request with one of the documented errors.

    Parameters
    ----------
    status
        HTTP status, the one the code is documented with.
    code
        One of `CODES`.
    message
        What is wrong, in one sentence.
    hint
        One way out.
    issues
        What is wrong where, for a case or a request.
    headers
        Further headers of the answer, such as ``Retry-After``.

    Raises
    ------
    ValueError
        If the code is not in the table, or the table says another status.

    Examples
    --------
    >>> Problem(404, "not-found", "no case is called `x`").body()["error"]["code"]
    'not-found'
    """

    status: int
    code: str
    message: str
    hint: str = ""
    issues: tuple[Issue | Mapping[str, Any], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.issues = tuple(self.issues)
        if (known := CODES.get(self.code)) is None:
            raise ValueError(f"the error code `{self.code}` is not documented in `problems.CODES`")
        if known.status != self.status:
            raise ValueError(f"`{self.code}` is documented with status {known.status}, not {self.status}")

    def __str__(self) -> str:
        return self.message

    def body(self) -> dict[str, Any]:
        """The JSON of the answer."""
        from servanda.case.messages import json_of

        issues = [json_of(issue) if isinstance(issue, Issue) else dict(issue) for issue in self.issues]
        return {"error": {"code": self.code, "message": self.message, "hint": self.hint, "issues": issues}}


class IssueShown(BaseModel):
    """One thing wrong with a case or a request, and where."""

    severity: str = Field(description="`error` or `warning`.")
    code: str = Field(description="The rule that is broken.")
    message: str
    hint: str = ""
    file: str = ""
    line: int = Field(0, description="From 1; 0 where the whole is meant.")
    column: int = 0
    path: str = Field("", description="Dotted path of the node, such as `drafts.narrow.phases.0`.")
    shown: str = Field("", description="The text of the line.")


class ProblemShown(BaseModel):
    """What went wrong."""

    code: str = Field(description="One of the documented codes.")
    message: str
    hint: str = ""
    issues: list[IssueShown] = Field(default_factory=list)


class ProblemBody(BaseModel):
    """The body of every answer that is no success."""

    error: ProblemShown


def responses(*codes: str) -> dict[int | str, dict[str, Any]]:
    """The `responses=` of a route that can fail with these codes.

    >>> responses("not-found")[404]["description"]
    'Not Found: `not-found`'
    """
    found: dict[int, list[str]] = {}
    for code in codes:
        found.setdefault(CODES[code].status, []).append(code)
    return {
        status: {"model": ProblemBody, "description": described(status, names)}
        for status, names in sorted(found.items())
    }


def described(status: int, codes: Iterable[str]) -> str:
    """One line that says what a status means here."""
    return f"{HTTPStatus(status).phrase}: {', '.join(f'`{code}`' for code in codes)}"
