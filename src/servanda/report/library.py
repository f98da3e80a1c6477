"""The summary of a scored library as a page of Markdown, with the date and the command that made it."""

from __future__ import annotations

from pathlib import Path

from servanda.outlook.backtest_answers import Backtest
from servanda.report.backtested import proves, survival_tables
from servanda.report.charts.calibration import backtest_scores
from servanda.report.charts.figure import Table
from servanda.report.survived import left_out
from servanda.writing import atomic_write

_HEAD = """\
# The library, scored

The historic cases and the founding one, each frozen at its signature, forecast with what was known then, and scored by
what happened. [How to score the library](../howto/score-the-library.md) says how to do this and how to read it;
`cases/CONVENTIONS.md` holds the numbers that all historic cases share.

"""


def library_summary(backtest: Backtest, command: str) -> str:
    """The summary of a backtest of several cases as Markdown.

    Parameters
    ----------
    backtest
        What was found.
    command
        The command that found it, as a reader would type it.
    """
    parts = [_HEAD + _made(backtest, command), "## Bottom line\n", f"**{_plain(backtest.headline)}**\n"]
    parts.append(_bullets((*backtest.details, proves(backtest))))
    tables = survival_tables(backtest)
    if backtest.survival is not None:
        found = backtest.survival
        parts += ["## Survival\n", f"{_plain(found.headline)}\n", _bullets(found.details)]
        parts += [_table(tables[name]) for name in ("horizons", "scores", "lives")]
        parts += ["## Who left\n", _table(tables["fates"])]
    parts += ["## All questions\n", _table(backtest_scores(backtest.scores))]
    chosen = [text for text in (backtest.chosen, left_out(backtest)) if text]
    if chosen:
        parts += ["## How the cases were chosen\n", "\n\n".join(_plain(text) for text in chosen) + "\n"]
    return "\n".join(parts)


def write_summary(backtest: Backtest, path: Path, command: str) -> Path:
    """Write the summary to `path`, making its folder; returns the path.

    Raises
    ------
    OSError
        If the file cannot be written; an older page at `path` then stays as it was.
    """
    atomic_write(path, library_summary(backtest, command))
    return path


def _made(backtest: Backtest, command: str) -> str:
    if not backtest.provenance:
        return ""
    made = backtest.provenance[0]
    version = dict(made.versions).get("servanda", "")
    return f"The page is made by the program: `{command}`, version {version}, on {made.made_at[:10]}.\n"


def _bullets(lines: tuple[str, ...]) -> str:
    return "".join(f"- {_plain(line)}\n" for line in lines)


def _table(table: Table) -> str:
    """A table in Markdown under its caption."""
    rule = [" --: " if table.is_numeric(k) else " --- " for k in range(len(table.columns))]
    rows = [table.columns, *table.rows]
    lines = [f"| {' | '.join(_plain(cell) for cell in row)} |" for row in rows]
    return "\n".join([f"{_plain(table.caption)}.\n", lines[0], f"|{'|'.join(rule)}|", *lines[1:], ""])


def _plain(text: str) -> str:
    """Text that Markdown takes as it is."""
    for mark in "\\`*_[]<>|":
        text = text.replace(mark, f"\\{mark}")
    return text
