"""The doors of the case language: from a path, a name or a text to a resolved case, or to all that is wrong with it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from servanda.case.binding import Binding, TooManyIssuesError
from servanda.case.check import check
from servanda.case.document import Document
from servanda.case.freeze import freeze
from servanda.case.messages import did_you_mean, in_order, summary
from servanda.case.reader import read_file, read_text
from servanda.case.resolve import resolve
from servanda.case.resolved import ResolvedCase
from servanda.case.structure import structure
from servanda.errors import CaseError, Issue, Location

MOST_ISSUES = 200
LONGEST_NAME = 200


@dataclass(frozen=True)
class Loaded:
    """A case, None if there are errors, and all issues, errors first."""

    case: ResolvedCase | None
    issues: tuple[Issue, ...]

    def require(self) -> ResolvedCase:
        """The case.

        Raises
        ------
        CaseError
            If there are errors.
        """
        if self.case is not None:
            return self.case
        file = next((issue.where.file for issue in self.issues if issue.where.file), "the case")
        first = next(issue for issue in self.issues if issue.severity == "error")
        line = f" (line {first.where.line})" if first.where.line else ""
        raise CaseError(f"{file}: {summary(self.issues)}; the first: {first.message}{line}", issues=self.issues)


def load(path: str | Path) -> Loaded:
    """Read a case file and report everything, warnings too."""
    return _loaded(*read_file(Path(path)))


def load_text(text: str, file: str = "<text>") -> Loaded:
    """Read a case from a text and report everything, warnings too."""
    return _loaded(*read_text(text, file))


def read(path: str | Path) -> ResolvedCase:
    """Read a case: a file, a folder that holds `case.yaml`, or (as text) the name of a shipped case.

    Raises
    ------
    CaseError
        With all issues, if there are errors.
    """
    return load(find(str(path))).require()


def parse_text(text: str, file: str = "<text>") -> ResolvedCase:
    """Read a case from a text.

    Raises
    ------
    CaseError
        With all issues, if there are errors.

    Examples
    --------
    >>> parse_text("case: [x")
    Traceback (most recent call last):
    ...
    servanda.errors.CaseError: <text>: 1 error; the first: this is not YAML: ...
    """
    return load_text(text, file).require()


def _loaded(document: Document, found: list[Issue]) -> Loaded:
    shape = structure(document, found)
    issues = [*found, *shape.issues]
    case = None
    if shape.written is not None:
        binding = Binding(document, shape.written, shape.unreadable, complete=shape.complete)
        try:
            case = resolve(binding)
        except TooManyIssuesError:
            case = None
        issues.extend(binding.issues)
        if shape.complete and case is not None:
            dated = not any(issue.code in ("bad-period", "bad-horizon") for issue in binding.issues)
            issues.extend(check(case, document, dated=dated))
    issues = in_order(issues)
    if case is not None:
        broken = any(issue.severity == "error" for issue in issues)
        case = None if broken else freeze(case, case.as_of).case
    if len(issues) > MOST_ISSUES:
        message = f"{len(issues) - MOST_ISSUES:,} more issues are not shown"
        more = document.issue("too-many-issues", message, "mend these first", severity="warning")
        issues = [*issues[:MOST_ISSUES], more]
    return Loaded(case, tuple(issues))


def library() -> Path:
    """The folder of the shipped cases: package data, or the source checkout."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "cases"
    return installed if installed.is_dir() else package.parent.parent / "cases"


def shipped() -> dict[str, Path]:
    """All shipped cases: name (path below the library) to file."""
    folder = library()
    if not folder.is_dir():
        return {}
    return {file.parent.relative_to(folder).as_posix(): file for file in sorted(folder.rglob("case.yaml"))}


def known_as() -> dict[str, Path]:
    """Every word that means one shipped case: its name, and the last part of its name where no other case has it.

    >>> known_as()["pledge"] == known_as()["theory/pledge"]
    True
    """
    named = shipped()
    words = [name.rpartition("/")[2] for name in named]
    short = {word: file for word, file in zip(words, named.values(), strict=True) if words.count(word) == 1}
    return short | named


def _at_hand() -> list[str]:
    """Case files and folders of cases in the present folder, as they would be written."""
    try:
        files = sorted(Path().glob("*.yaml"))[:50]
        return [*(file.name for file in files), *(file.parent.name for file in sorted(Path().glob("*/case.yaml"))[:50])]
    except OSError:
        return []


def find(name: str) -> Path:
    """The file of a case: a path to a YAML file, a folder that holds `case.yaml`, or the name of a shipped case.

    Of a name such as `theory/pledge` the last part is enough where no other shipped case has it. What stands in the
    present folder comes before what is shipped.

    Raises
    ------
    CaseError
        If there is no such case.
    """
    path = Path(name)
    try:
        if path.is_file():
            return path
        if (path / "case.yaml").is_file():
            return path / "case.yaml"
    except (OSError, ValueError):
        # A name that is no path of this system, for example with a NUL in it.
        path = Path()
    if len(name) <= LONGEST_NAME and re.fullmatch(r"[A-Za-z0-9_-]+(?:/[A-Za-z0-9_-]+)*", name):
        if (file := known_as().get(name)) is not None:
            return file
        if meant := [known for known in shipped() if known.endswith(f"/{name}")]:
            hint = f"write {' or '.join(f'`{known}`' for known in meant)}"
            issue = Issue("error", "unknown-case", f"`{name}` is the name of {len(meant)} shipped cases", hint)
            raise CaseError(f"{issue.message}: {hint}", issues=(issue,))
    hint = did_you_mean(name, (*_at_hand(), *known_as()), "give the path of a YAML file, or see `servanda cases`")
    issue = Issue("error", "unknown-case", f"no case is called `{name[:80]}`", hint, Location())
    raise CaseError(f"no case is called `{name[:80]}`: {hint}", issues=(issue,))
