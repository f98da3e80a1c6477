"""Dates and durations of the case language."""

from __future__ import annotations

import calendar
import re
from datetime import date

_DURATION = re.compile(r"\s*(\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)\s*(months?|years?)\s*")
_DATE = re.compile(r"\s*(\d{4})-(\d{2})-(\d{2})\s*")
PERIODS = {"month": 1, "quarter": 3, "half-year": 6, "year": 12}


def parse_date(text: str) -> date | None:
    """The date of ``YYYY-MM-DD``, or None.

    >>> parse_date("2022-09-01")
    datetime.date(2022, 9, 1)
    """
    found = _DATE.fullmatch(text)
    if found is None:
        return None
    year, month, day = (int(part) for part in found.groups())
    if not (1 <= month <= 12 and year >= 1 and 1 <= day <= calendar.monthrange(year, month)[1]):
        return None
    return date(year, month, day)


def parse_duration(text: str) -> float | None:
    """Years of ``N months`` or ``N years``, or None.

    >>> parse_duration("18 months")
    1.5
    """
    found = _DURATION.fullmatch(text)
    if found is None:
        return None
    number = float(found[1])
    return number / 12 if found[2].startswith("month") else number


def parse_period(text: str) -> int | None:
    """Months of ``month``, ``quarter``, ``half-year``, ``year`` or ``N months``, or None.

    >>> parse_period("half-year"), parse_period("2 months")
    (6, 2)
    """
    if (named := PERIODS.get(text.strip())) is not None:
        return named
    found = re.fullmatch(r"\s*(\d{1,4})\s*months?\s*", text)
    return int(found[1]) if found and int(found[1]) > 0 else None


def decimal_year(day: date) -> float:
    """The date as a year with a fraction.

    >>> decimal_year(date(2023, 7, 2))
    2023.4986301369863
    """
    days = 366 if calendar.isleap(day.year) else 365
    return day.year + (day.timetuple().tm_yday - 1) / days


def add_months(day: date, months: int) -> date:
    """The same day some months later, or the last day of a shorter month.

    Raises
    ------
    OverflowError
        Past the year 9999.

    Examples
    --------
    >>> add_months(date(2022, 8, 31), 6)
    datetime.date(2023, 2, 28)
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        raise OverflowError(f"no date {months} months after {day}")
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def shifted(day: date, months: int) -> date:
    """As `add_months`, but the first or last day there is where the date would leave the calendar.

    >>> shifted(date(9999, 5, 1), 12)
    datetime.date(9999, 12, 31)
    """
    try:
        return add_months(day, months)
    except OverflowError:
        return date.max if months > 0 else date.min
