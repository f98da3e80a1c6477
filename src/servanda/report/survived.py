"""The survival of several agreements as tables: by horizon, by case, and who left."""

from __future__ import annotations

import math
from collections.abc import Sequence

from servanda.outlook.backtest_answers import Backtest, Difference, Fate, ForecasterScore, Horizon, Life, Survival
from servanda.outlook.survival_words import ALIVE, LEFT, OTHERWISE
from servanda.report.charts.figure import Table
from servanda.report.charts.outlook_gates import banded
from servanda.report.words import MINUS, counted, full_date, percent

RIGHT = {True: "yes", False: "no", None: "not known yet"}


def after(years: int) -> str:
    """A horizon in words.

    >>> after(1), after(10)
    ('1 year', '10 years')
    """
    return counted(years, "year")


def decimals(value: float) -> str:
    """A score or a difference to three decimals.

    >>> decimals(-0.0123), decimals(float("nan"))
    ('−0.012', '–')
    """
    return f"{value:.3f}".replace("-", MINUS) if math.isfinite(value) else "–"


def apart(difference: Difference) -> str:
    """Our score less that of the base rate, signed, with its interval over cases."""
    found = difference.brier
    if not math.isfinite(found.value):
        return "–"

    def signed(x: float) -> str:
        return f"{x:+.3f}".replace("-", MINUS)

    if not (math.isfinite(found.low) and math.isfinite(found.high)):
        return signed(found.value)
    return f"{signed(found.value)} ({signed(found.low)} to {signed(found.high)})"


def chance(difference: Difference) -> str:
    """The share of sign patterns in which chance does as much."""
    return percent(difference.chance) if math.isfinite(difference.chance) and difference.cases > 1 else "–"


def horizons_table(found: Sequence[Horizon]) -> Table:
    """What was forecast and what happened, by horizon."""
    rows = []
    for h in found:
        alive = round(h.alive.value * h.known)
        pending = f", {h.pending} not known yet" if h.pending else ""
        rows.append((
            after(h.years), f"{alive} of {h.known}{pending}",
            f"{percent(h.alive.value)} ({percent(h.alive.low)} to {percent(h.alive.high)})", banded(h.forecast),
            percent(h.base) if math.isfinite(h.base) else "–",
            f"{h.expected.mean:.1f} ({h.expected.low:.0f} to {h.expected.high:.0f})",
        ))  # fmt: skip
    return Table(
        "Agreements alive after so many years: what happened with its 95 % interval, the mean forecast with its 80 % "
        "band, the mean base rate, and how many the forecasts lead one to expect, with eight chances in ten",
        ("After", "Alive", "Share alive", "Forecast", "Base rate", "Expected alive"),
        tuple(rows),
        (False, False, True, True, True, True),
    )


def scores_table(found: Survival) -> Table:
    """Brier scores of every forecaster by horizon, over all horizons and of who left."""
    names = [s.forecaster for s in found.alive]
    rows = [_scores(after(h.years), h.scores, h.difference, names) for h in found.horizons]
    rows.append(_scores("all horizons", found.alive, found.alive_difference, names))
    if found.left and found.left_difference is not None:
        rows.append(_scores("who left", found.left, found.left_difference, names))
    return Table(
        "Mean Brier scores on survival, lower is better; the difference to the base rate with its 95 % interval over "
        "cases, negative where ours is better; and how often chance alone would do as much",
        ("After", "Questions", "Cases", *names, "Ours less base rate", "By chance"),
        tuple(rows),
    )


def _scores(
    title: str, scores: Sequence[ForecasterScore], difference: Difference, names: Sequence[str]
) -> tuple[str, ...]:
    by = {s.forecaster: decimals(s.brier.value) for s in scores}
    return (
        title, str(difference.questions), str(difference.cases), *(by.get(name, "–") for name in names),
        apart(difference), chance(difference),
    )  # fmt: skip


def lives_table(lives: Sequence[Life]) -> Table:
    """Every agreement: our forecast at each horizon, and whether it was alive."""
    years = sorted({asked[0] for life in lives for asked in life.asked})
    rows = []
    for life in lives:
        at = {asked[0]: asked for asked in life.asked}
        cells = [_cell(at[year]) if year in at else "–" for year in years]
        rows.append((life.case, full_date(life.frozen), *cells))
    return Table(
        "Each agreement as frozen at its signature: our probability that it is alive, and whether it was",
        ("Case", "Frozen at", *(after(year) for year in years)),
        tuple(rows),
        (False, False, *(True for _ in years)),
    )


def _cell(asked: tuple[int, float, object, float, bool | None]) -> str:
    was = {True: "alive", False: "ended", None: "not known yet"}[asked[4]]
    return f"{percent(asked[1])}: {was}"


def fates_table(lives: Sequence[Life]) -> Table:
    """Every agreement: who we said would leave, and who left."""
    rows = [
        (
            life.case, _chance_of(life.fates, ALIVE),
            "; ".join(f"{f.party} {percent(f.probability)}" for f in life.fates if f.kind == LEFT),
            _chance_of(life.fates, OTHERWISE), life.said, life.came or "–", RIGHT[life.right],
        )
        for life in lives
        if life.fates
    ]  # fmt: skip
    return Table(
        "What we said would become of each agreement by the last horizon, and what did. A deal that one side left may "
        "be made again and left by the other: then the chances add up to more than one",
        ("Case", "Alive", "Left by", "Otherwise", "Likeliest", "What happened", "Right"),
        tuple(rows),
        (False, True, False, True, False, False, False),
    )


def _chance_of(fates: Sequence[Fate], kind: str) -> str:
    return next((percent(f.probability) for f in fates if f.kind == kind), "–")


def left_out(backtest: Backtest) -> str:
    """Which shipped cases are not scored, in one sentence; "" where none is left out."""
    theory = sum(why == "theory" for _, why in backtest.left_out)
    rest = [f"{name} ({why})" for name, why in backtest.left_out if why != "theory"]
    if theory:
        rest.append(f"{counted(theory, 'case')} of theory, whose answer is published and not history")
    if backtest.survival is not None and backtest.survival.absent:
        rest.append(
            f"no part in survival: {', '.join(backtest.survival.absent)}, where no agreement was signed or none asked "
            "about"
        )
    return f"Left out: {'; '.join(rest)}." if rest else ""
