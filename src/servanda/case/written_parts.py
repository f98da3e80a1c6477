"""What occurs everywhere in a written case, as plain mappings and texts: citations, effects, outcomes, prices."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from servanda.case.expression import Expression
from servanda.case.resolved import Change, Citation, Outcome, Price

Plain = dict[str, Any]

# Keys that stand even where there is nothing below them.
_REQUIRED = {"sides", "actors", "payoffs"}


def number_text(value: float) -> str:
    """The shortest text that reads back as the same number.

    >>> number_text(3.0), number_text(0.1)
    ('3', '0.1')
    """
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def filled(entries: Plain) -> Plain:
    """The entries that say something."""
    return {key: value for key, value in entries.items() if value not in ("", None, {}, []) or key in _REQUIRED}


def yes_no(value: bool) -> str:
    """A yes or no in words."""
    return "yes" if value else "no"


def years(value: float) -> str:
    """A duration in words."""
    return f"{number_text(value)} years"


def maybe(expression: Expression | None) -> str:
    """The text of an expression, "" without one."""
    return "" if expression is None else expression.text


def cited(citation: Citation) -> Plain:
    """Sources, grade and note, as far as there are some."""
    return filled({"source": list(citation.sources), "grade": citation.grade, "note": citation.note})


def effects_of(changes: Iterable[Change]) -> Plain:
    """Changes as a mapping of effects."""
    return {change.variable: change.to or _step(change.step) for change in changes}


def _step(step: int) -> str:
    return f"{'up' if step > 0 else 'down'} {abs(step)}"


def outcomes_of(outcomes: tuple[Outcome, ...]) -> Plain:
    """Outcomes under the key they are written with."""
    if len(outcomes) == 1 and outcomes[0].odds is None:
        return {"effects": effects_of(outcomes[0].effects)}
    return {
        "outcomes": [
            {**filled({"odds": maybe(outcome.odds)}), "effects": effects_of(outcome.effects)} for outcome in outcomes
        ]
    }


def prices_of(prices: Iterable[Price]) -> Plain:
    """Prices by actor and name."""
    found: Plain = {}
    for price in prices:
        found.setdefault(price.actor, {})[price.term] = price.worth.text
    return found
