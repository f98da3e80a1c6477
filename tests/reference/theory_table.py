"""The table of theory: published answers beside the engine's. `python -m tests.reference.theory_table` prints it.

With `--write` it also writes the page of the documentation that a test compares with it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from math import floor, log10

from tests.reference import sources
from tests.reference.rows import LEGEND, Row, errors
from tests.reference.theory_rows import rows

PAGE = sources.REPOSITORY / "docs" / "reference" / "theory.md"
ROWS: tuple[Row, ...] = rows() if sources.FOLDER.is_dir() else ()

OPENING = """\
# Published theory, solved again

What the engine gives where theory has an answer. Every family is written as a game, in the case language
(`cases/theory`) or move by move, and solved by the same engine as any case. Thresholds are crossed from both sides. An
error is the largest distance from the answer over all parameter values, rounded up. Where the answer is yes or no, the
number of wrong answers stands instead.

Play is sharp, everyone takes the best option, except where the published play is mixed (inspections, strikes in doubt,
wars of attrition) or carries shocks (estimated dyads). Mixed play is the limit of logit play as choice becomes steep:
odds are off in proportion to the decisiveness, values by its square, and the tests check both rates. Errors elsewhere
come from offers, limits or severities in steps of a grid; a war of attrition in continuous time is extrapolated from
two lengths of the period.

Where a game has several equilibria, the engine gives the one of backward induction from its horizon. Spaniel's closing
window is therefore built into at once; his deal with an open end, which rests on an exact indifference, is found only
where the offer is binding. Trust and threats are written as states of the case (`repeated-dilemma`, `taking-turns`,
`stick-and-carrot`); everlasting distrust is then an equilibrium as well. Rows that say that a plan holds or fails
weigh the plan against every deviation of one period; rows that say that trust lasts are solved backward from a world
in which it has lasted. Of the estimated dyads backward induction selects other equilibria than the published ones; the
stationary engine finds those among others, begun from many odds.

The table is generated: `python -m tests.reference.theory_table --write`.
"""


def line(group: list[Row]) -> str:
    """One line for rows of one family, quantity and route."""
    first = group[0]
    found = [e for row in group for e in errors(row)]
    limit = max(row.tolerance for row in group)
    exact = all(row.tolerance == 0.0 for row in group)
    error = f"{sum(e > 0.0 for e in found)} wrong" if exact else _rounded_up(max(found), limit)
    allowed = "0 wrong" if exact else f"{limit:.2g}"
    cited = "; ".join(dict.fromkeys(row.source for row in group)).replace("|", "/")
    grades = ", ".join(dict.fromkeys(row.provenance for row in group))
    words = first.family.replace("_", " "), first.quantity, first.route, str(len(found)), error, allowed, grades, cited
    return f"| {' | '.join(words)} |"


def page(table: Iterable[Row] = ROWS) -> str:
    """The table as a page of the documentation."""
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for row in table:
        groups.setdefault((row.family, row.quantity, row.route), []).append(row)
    heads = ("Family", "Quantity", "Written as", "Points", "Largest error", "Allowed", "Provenance", "Source")
    legend = "\n".join(f"- **{grade}**: {meaning}." for grade, meaning in LEGEND.items())
    lines = [f"| {' | '.join(heads)} |", f"|{' --- |' * len(heads)}", *(line(group) for group in groups.values())]
    return f"{OPENING}\n{chr(10).join(lines)}\n\nProvenance of the answers:\n\n{legend}\n"


def _rounded_up(error: float, limit: float) -> str:
    """The next of 1, 2, 5 times a power of ten (at most the limit, if kept): stable against the last digits."""
    if error < 1e-9:
        return "0"
    power = 10.0 ** floor(log10(error))
    above = next(leading * power for leading in (1, 2, 5, 10) if error <= leading * power * (1 + 1e-6))
    return f"{min(above, limit) if error <= limit else above:.2g}"


def main(arguments: list[str]) -> None:
    """Print the table; write the page if asked to.

    Raises
    ------
    FileNotFoundError
        If the reference answers are not there.
    """
    if not ROWS:
        raise FileNotFoundError(sources.MISSING)
    text = page()
    sys.stdout.write(text)
    if "--write" in arguments:
        PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
