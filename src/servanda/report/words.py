"""Numbers as a reader wants them: probabilities with the standard words, points, dates, amounts, lists.

Every function is pure and returns plain text; the HTML page escapes it like any other text.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date

from servanda.diagnosis.findings import FrictionEffect
from servanda.forecast.vocabulary import TINY, likelihood, percent

__all__ = [
    "TINY",
    "capital",
    "counted",
    "fine_percent",
    "full_date",
    "grade_title",
    "likelihood",
    "listed",
    "log_odds",
    "month",
    "number",
    "percent",
    "percent_with_odds",
    "period_name",
    "points",
    "rank",
    "signed",
    "years",
]

MINUS = "\N{MINUS SIGN}"
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

GATE_TITLES = {"sign": "Sign", "ratify": "Ratify", "keep": "Keep"}
ENDING_TITLES = {
    "breach": "breach",
    "third party": "third party",
    "exit": "lawful exit",
    "linkage": "linkage",
    "expiry": "expiry at the sunset",
    "lapse": "lapse while suspended",
    "chance": "chance event",
}
GRADES = {
    "A": "A: official text, news agency or known institute",
    "B": "B: mirror, encyclopaedia or advocacy",
    "C": "C: secondary pointer, to be verified",
    "M": "M: general knowledge, nothing opened",
    "J": "J: judgement",
}


def fine_percent(probability: float) -> str:
    """Like `percent` with one decimal below 10 %, for changes that whole numbers hide.

    >>> fine_percent(0.0214), fine_percent(0.19), fine_percent(0.0002)
    ('2.1 %', '19 %', '<0.1 %')
    """
    if 0.0095 <= probability < 0.0995:
        return f"{100 * probability:.1f} %"
    return percent(probability)


def percent_with_odds(probability: float) -> str:
    """Like `percent`, with log-odds where the percentage hides the size.

    >>> percent_with_odds(0.0002), percent_with_odds(0.2)
    ('<0.1 % (log-odds −8.5)', '20 %')
    """
    if 0.0 < probability < TINY or 1.0 - TINY < probability < 1.0:
        return f"{percent(probability)} (log-odds {signed(log_odds(probability))})"
    return percent(probability)


def log_odds(probability: float) -> float:
    """Natural logarithm of the odds, infinite at 0 and 1.

    >>> round(log_odds(0.75), 4)
    1.0986
    """
    if probability <= 0.0:
        return -math.inf
    if probability >= 1.0:
        return math.inf
    return math.log(probability) - math.log1p(-probability)


def signed(value: float, digits: int = 1) -> str:
    """A number with its sign (a true minus), zero without.

    >>> signed(1.25), signed(-3.04), signed(0.04), signed(float("inf"))
    ('+1.2', '−3.0', '0.0', '+∞')
    """
    if math.isinf(value):
        return "+∞" if value > 0 else f"{MINUS}∞"
    text = f"{abs(value):.{digits}f}"
    if float(text) == 0.0:
        return text
    return ("+" if value > 0 else MINUS) + text


def points(value: float | None) -> str:
    """Points of present value with sign and one decimal; a dash where there is none.

    >>> points(-3.14), points(None)
    ('−3.1', '–')
    """
    return "–" if value is None else signed(value)


def number(value: float) -> str:
    """A plain number to about four significant digits, thousands set apart, no exponent in ordinary ranges.

    >>> number(3000.0), number(0.0375), number(12), number(4.0e-7)
    ('3,000', '0.0375', '12', '4e-07')
    """
    if value == 0:
        return "0"
    if not math.isfinite(value):
        return signed(value)
    if 1e-4 <= abs(value) < 1e7:
        digits = max(0, 3 - math.floor(math.log10(abs(value))))
        text = f"{value:,.{min(digits, 6)}f}"
        if "." in text:
            text = text.rstrip("0").rstrip(".")
        return text.replace("-", MINUS)
    return f"{value:.3g}".replace("-", MINUS, 1) if value < 0 else f"{value:.3g}"


def month(day: date) -> str:
    """A date to the month.

    >>> month(date(2025, 1, 20))
    'Jan 2025'
    """
    return f"{MONTHS[day.month - 1]} {day.year}"


def full_date(day: date) -> str:
    """A date to the day.

    >>> full_date(date(2022, 9, 1))
    '1 Sep 2022'
    """
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def period_name(months: int) -> str:
    """The length of a period in words.

    >>> period_name(6), period_name(4)
    ('half-year', '4 months')
    """
    return {1: "month", 3: "quarter", 6: "half-year", 12: "year"}.get(months, f"{months} months")


def years(value: float) -> str:
    """A duration in years.

    >>> years(1.0), years(2.46), years(0.04)
    ('1.0 years', '2.5 years', 'under a month')
    """
    return "under a month" if value < 1 / 12 else f"{value:.1f} years"


def listed(items: Sequence[str]) -> str:
    """Items joined as a sentence does.

    >>> listed(["a"]), listed(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"


def counted(count: int, noun: str) -> str:
    """A count with its noun.

    >>> counted(1, "draft"), counted(24000, "state")
    ('1 draft', '24,000 states')
    """
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def capital(sentence: str) -> str:
    """The text with its first letter raised, the rest untouched.

    >>> capital("almost no chance of an EU text")
    'Almost no chance of an EU text'
    """
    return sentence[:1].upper() + sentence[1:]


def grade_title(grade: str) -> str:
    """What a grade of evidence means.

    >>> grade_title("J:B")
    'J: judgement, resting on B'
    """
    base, _, rest = grade.partition(":")
    title = GRADES.get(base, grade)
    return f"{title}, resting on {rest}" if rest else title


def rank(effect: FrictionEffect) -> tuple[bool, float]:
    """Sort key of frictions: the largest change of log-odds first, all together last."""
    change = effect.log_odds_change
    return effect.friction == "all", -change if math.isfinite(change) else -math.inf
