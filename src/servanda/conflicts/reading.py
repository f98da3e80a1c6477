"""The doors of conflicts: from a path, a name or a text to a conflict, or to all that is wrong with it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import yaml

from servanda.case.document import Document
from servanda.case.loading import library
from servanda.case.messages import did_you_mean, in_order, summary
from servanda.case.reader import read_file, read_text
from servanda.conflicts.exchange import is_gmcr, read_gmcr
from servanda.conflicts.model import Conflict
from servanda.conflicts.own_format import read_own
from servanda.conflicts.shape import Shape
from servanda.errors import CaseError, Issue

LONGEST_NAME = 200


@dataclass(frozen=True)
class LoadedConflict:
    """A conflict, None if there are errors, and all issues, errors first."""

    conflict: Conflict | None
    issues: tuple[Issue, ...]

    def require(self) -> Conflict:
        """The conflict.

        Raises
        ------
        CaseError
            If there are errors.
        """
        if self.conflict is not None:
            return self.conflict
        first = self.issues[0]
        line = f" (line {first.where.line})" if first.where.line else ""
        message = f"{first.where.file}: {summary(self.issues)}; the first: {first.message}{line}"
        raise CaseError(message, issues=self.issues)


def load(path: str | Path) -> LoadedConflict:
    """Read a file, our own YAML or the JSON of gmcr-py, and report everything."""
    document, found = read_file(Path(path))
    return _loaded(document, found, Path(path).stem)


def load_text(text: str, file: str = "<text>") -> LoadedConflict:
    """Read a conflict from a text and report everything."""
    return _loaded(*read_text(text, file), "conflict")


def parse_text(text: str, file: str = "<text>") -> Conflict:
    """Read a conflict from a text.

    Raises
    ------
    CaseError
        With all issues, if there are errors.

    >>> parse_text("conflict: peace")
    Traceback (most recent call last):
    ...
    servanda.errors.CaseError: <text>: 2 errors; the first: the conflict needs `decision_makers` (line 1)
    """
    return load_text(text, file).require()


def read(name: str | Path) -> Conflict:
    """Read a conflict: a file, or (as text) the name of a shipped conflict.

    Raises
    ------
    CaseError
        With all issues, if there are errors.

    >>> read("elmira").title
    'The Elmira groundwater conflict'
    """
    return load(find(str(name))).require()


def shipped() -> dict[str, Path]:
    """All shipped conflicts: name to file."""
    return {file.stem: file for file in sorted((library() / "conflicts").glob("*.yaml"))}


def find(name: str) -> Path:
    """The file of a conflict: a path, or the name of a shipped conflict.

    Raises
    ------
    CaseError
        If there is no such conflict.
    """
    path = Path(name)
    try:
        if path.is_file():
            return path
    except (OSError, ValueError):
        # A name that is no path of this system, for example with a NUL in it.
        path = Path()
    known = shipped()
    if len(name) <= LONGEST_NAME and (file := known.get(name.removeprefix("conflicts/"))) is not None:
        return file
    hint = did_you_mean(name[:LONGEST_NAME], known, "give the path of a YAML or GMCR file")
    issue = Issue("error", "unknown-conflict", f"no conflict is called `{name[:80]}`", hint)
    raise CaseError(f"{issue.message}: {hint}", issues=(issue,))


def _loaded(document: Document, found: list[Issue], stem: str) -> LoadedConflict:
    shape = Shape(document)
    conflict = None
    if isinstance(document.tree, dict):
        # The empty values that JSON may hold are nothing to complain of there.
        gmcr = is_gmcr(document.tree)
        found = [issue for issue in found if not (gmcr and issue.code == "null-value")]
        name = re.sub(r"[^a-z0-9]+", "-", stem.lower()).strip("-") or "conflict"
        conflict = read_gmcr(shape, name) if gmcr else read_own(shape)
    elif not found:
        shape.complain("not-a-mapping", "a conflict is a mapping of keys", "start with `conflict: its-name`", ())
    issues = in_order([*found, *shape.issues])
    return LoadedConflict(None if issues else conflict, tuple(issues))


def dump(conflict: Conflict) -> str:
    """Write a conflict as YAML, state by state; reading it back gives the same conflict but for its options.

    >>> from servanda.conflicts.model import conflict_of
    >>> dare = conflict_of("dare", ["quiet", "war"], {"a": {"quiet": ["war"]}}, {"a": ["quiet", "war"]})
    >>> parse_text(dump(dare)) == dare
    True
    """
    names = [state.name for state in conflict.states]
    tree: dict[str, object] = {"conflict": conflict.name}
    tree |= {key: text for key, text in (("title", conflict.title), ("description", conflict.description)) if text}
    if conflict.sources:
        tree["sources"] = {
            source.name: {key: getattr(source, key) for key in ("title", "url", "grade") if getattr(source, key)}
            for source in conflict.sources
        }
    tree["decision_makers"] = {maker.name: _titled(maker.title) for maker in conflict.makers}
    tree["states"] = {state.name: _titled(state.title) for state in conflict.states}
    tree["moves"] = {
        maker.name: {names[state]: list(conflict.names(there)) for state, there in enumerate(moves) if there}
        for maker, moves in zip(conflict.makers, conflict.moves, strict=True)
    }
    tree["preferences"] = {
        maker.name: [
            tied[0] if len(tied) == 1 else tied
            for place in sorted(set(rank))
            for tied in [[names[state] for state, at in enumerate(rank) if at == place]]
        ]
        for maker, rank in zip(conflict.makers, conflict.rank, strict=True)
    }
    if conflict.status_quo is not None:
        tree["status_quo"] = names[conflict.status_quo]
    return yaml.safe_dump(tree, sort_keys=False, allow_unicode=True, width=10_000)


def _titled(title: str) -> dict[str, str]:
    return {"title": title} if title else {}
