"""Places in a case file, issues found there, and the one exception that carries them to the boundary."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Location:
    """A place in a file: 1-based line and column, 0 where the whole file is meant.

    >>> str(Location("cases/x.yaml", 3, 7))
    'cases/x.yaml:3:7'
    """

    file: str = ""
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


NOWHERE = Location()


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing wrong with a case: which rule, where, why it matters and one way out.

    `path` is the dotted path of the node (``drafts.narrow.phases.0``), `shown` the text of the line.
    """

    severity: Severity
    code: str
    message: str
    hint: str = ""
    where: Location = NOWHERE
    path: str = ""
    shown: str = ""


@dataclass
class ServandaError(Exception):
    """Base of every error that a user can cause; `exit_code` is what the command line returns."""

    message: str
    exit_code: int = field(default=1, kw_only=True)

    def __str__(self) -> str:
        return self.message


@dataclass
class CaseError(ServandaError):
    """The case cannot be used; `issues` holds everything found, errors first."""

    issues: tuple[Issue, ...] = ()
    exit_code: int = field(default=2, kw_only=True)
