"""The text and JSON form of issues, and suggestions for misspelt names."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from functools import lru_cache
from heapq import nlargest

from servanda.errors import Issue

_MOST_CANDIDATES = 500


def did_you_mean(name: str, candidates: Iterable[str], otherwise: str = "") -> str:
    """A hint that names the nearest candidates, or lists them if they are few.

    >>> did_you_mean("sanctons", ["sanctions", "stockpile"])
    'did you mean `sanctions`?'
    """
    known = [candidate for candidate in candidates if candidate][:_MOST_CANDIDATES]
    # Comparing letter by letter is slow: only the names that share most pairs of letters are compared so.
    pairs = _pairs(name[:80])
    likely = nlargest(8, known, key=lambda candidate: len(pairs & _pairs(candidate)))
    if near := get_close_matches(name[:80], likely, n=2, cutoff=0.6):
        return "did you mean " + " or ".join(f"`{candidate}`" for candidate in near) + "?"
    if 0 < len(known) <= 8:
        return "known here: " + ", ".join(known)
    return otherwise or ("check the spelling" if known else "nothing of this kind is declared")


@lru_cache(maxsize=4_096)
def _pairs(name: str) -> frozenset[str]:
    padded = f" {name.lower()} "
    return frozenset(padded[at : at + 2] for at in range(len(padded) - 1))


def in_order(issues: Iterable[Issue]) -> list[Issue]:
    """Errors first, then by place; an issue that stands twice is kept once."""
    unique = dict.fromkeys(issues)
    return sorted(
        unique,
        key=lambda issue: (issue.severity != "error", issue.where.file, issue.where.line, issue.where.column),
    )


def text_of(issue: Issue) -> str:
    """The issue as lines for a terminal: place, rule and message, the shown line with a caret, the way out.

    >>> from servanda.errors import Location
    >>> print(text_of(Issue("error", "bad-date", "`soon` is not a date", "write YYYY-MM-DD",
    ...                     Location("c.yaml", 3, 8), shown="start: soon")))
    c.yaml:3:8: error[bad-date]: `soon` is not a date
      3 | start: soon
        |        ^
      help: write YYYY-MM-DD
    """
    place = f"{issue.where}: " if issue.where.file or issue.where.line else ""
    lines = [f"{place}{issue.severity}[{issue.code}]: {issue.message}"]
    if issue.shown.strip():
        number = str(issue.where.line)
        lines.append(f"  {number} | {_visible(issue.shown)}")
        if 0 < issue.where.column <= len(issue.shown) + 1:
            # Tabs are kept in front of the caret, so that it stands under its character in any terminal.
            before = "".join(
                character if character == "\t" else " " for character in issue.shown[: issue.where.column - 1]
            )
            lines.append(f"  {' ' * len(number)} | {before}^")
    if issue.hint:
        lines.append(f"  help: {issue.hint}")
    return "\n".join(lines)


def _visible(line: str) -> str:
    """The line without characters that could steer a terminal."""
    return "".join(
        character if character.isprintable() or character == "\t" else "\N{REPLACEMENT CHARACTER}" for character in line
    )


def texts_of(issues: Iterable[Issue]) -> str:
    """All issues in order as one text, an empty line between them."""
    return "\n\n".join(text_of(issue) for issue in in_order(issues))


def json_of(issue: Issue) -> dict[str, object]:
    """The issue as a mapping for JSON: severity, code, message, hint, file, line, column, path, shown."""
    return {
        "severity": issue.severity,
        "code": issue.code,
        "message": issue.message,
        "hint": issue.hint,
        "file": issue.where.file,
        "line": issue.where.line,
        "column": issue.where.column,
        "path": issue.path,
        "shown": issue.shown,
    }


def summary(issues: Iterable[Issue]) -> str:
    """How many errors and warnings there are.

    >>> summary([Issue("error", "tag", ""), Issue("warning", "unsourced", "")])
    '1 error, 1 warning'
    """
    severities = [issue.severity for issue in issues]
    counts = [("error", severities.count("error")), ("warning", severities.count("warning"))]
    return ", ".join(f"{count} {word}{'s' if count != 1 else ''}" for word, count in counts if count) or "no issues"
