"""Survival of agreements from questions put at their signature: `alive-3y` and `PARTY-left-10y` of several cases."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from servanda.forecast.benchmarks import COIN, NO_CHANGE
from servanda.forecast.scores import BASE_RATE, Estimate, Standing, wilson
from servanda.forecast.survival_scores import Gap, Lifetime, compare_cases, gap, product_limit, survivors
from servanda.outlook.backtest_answers import (
    CurvePoint,
    Difference,
    Fate,
    ForecasterScore,
    Horizon,
    Life,
    Survival,
)
from servanda.outlook.survival_words import ALIVE, LEFT, OTHERWISE, fate_words, survival_words
from servanda.uncertainty.answers import Band, Interval

OURS = "servanda"
FORECASTERS = (OURS, BASE_RATE, NO_CHANGE, COIN)
_ALIVE = re.compile(r"alive-([1-9]\d*)y")
_LEFT = re.compile(r"(.+)-left-([1-9]\d*)y")


@dataclass(frozen=True)
class Put:
    """A question of survival as put at signature.

    `party` is the title of the side asked about, "" for "is it alive?"; `naive` are probabilities by forecaster.
    """

    case: str
    title: str
    frozen: date
    years: int
    party: str
    band: Band
    outcome: bool | None
    naive: Mapping[str, float] = field(default_factory=dict)

    @property
    def probability(self) -> float:
        """Our probability, in [0, 1] whatever rounding did."""
        return min(max(self.band.mean, 0.0), 1.0)

    def of(self, forecaster: str) -> float:
        """The probability of one forecaster, nan without an answer."""
        return self.probability if forecaster == OURS else self.naive.get(forecaster, math.nan)


def asks_survival(name: str) -> tuple[int, str] | None:
    """The years and the name of the party that a question's name says it asks about ("" for any end), or None.

    >>> asks_survival("alive-3y"), asks_survival("us-left-10y"), asks_survival("war-2030")
    ((3, ''), (10, 'us'), None)
    """
    if found := _ALIVE.fullmatch(name):
        return int(found[1]), ""
    found = _LEFT.fullmatch(name)
    return (int(found[2]), found[1]) if found else None


def survival_of(put: Sequence[Put], cases: Sequence[str]) -> Survival | None:
    """The survival of all agreements asked about; None for less than two, or where nothing is known of any.

    Parameters
    ----------
    put : questions of survival of all cases; of each case those of the first day on which one was put
    cases : all cases, so that those without an agreement can be named
    """
    first = {p.case: p.frozen for p in sorted(put, key=lambda p: p.frozen, reverse=True)}
    put = [p for p in put if p.frozen == first[p.case]]
    alive = [p for p in put if not p.party]
    if len({p.case for p in alive}) < 2 or not any(p.outcome is not None for p in alive):
        return None
    by_case = {name: [p for p in put if p.case == name] for name in dict.fromkeys(p.case for p in alive)}
    years = sorted({p.years for p in alive})
    horizons = tuple(
        h for year in years if (h := _horizon(year, [p for p in alive if p.years == year])) is not None
    )  # fmt: skip
    lives = tuple(sorted((_life(questions) for questions in by_case.values()), key=lambda x: (x.frozen, x.case)))
    standings, difference = _scored(alive)
    left = [p for p in put if p.party]
    known = any(p.outcome is not None for p in left)
    left_standings, left_difference = _scored(left) if known else ((), None)
    absent = tuple(name for name in cases if name not in by_case)
    headline, details = survival_words(horizons, lives, standings, difference, left_standings, left_difference)
    return Survival(
        horizons, _curve(years, alive), lives, standings, difference, left_standings, left_difference, absent,
        headline, details,
    )  # fmt: skip


def as_interval(found: Estimate) -> Interval:
    """A score's estimate as records hold it."""
    return Interval(found.value, found.low, found.high)


def as_score(found: Standing) -> ForecasterScore:
    """A forecaster's standing as records hold it."""
    return ForecasterScore(
        found.forecaster, found.questions, as_interval(found.brier), as_interval(found.log), as_interval(found.skill),
        found.better,
    )  # fmt: skip


def as_difference(found: Gap) -> Difference:
    """A difference of scores as records hold it."""
    return Difference(as_interval(found.mean), found.cases, found.questions, found.chance, found.needed)


def _scored(put: Sequence[Put]) -> tuple[tuple[ForecasterScore, ...], Difference]:
    settled = [p for p in put if p.outcome is not None]
    outcomes = [float(bool(p.outcome)) for p in settled]
    cases = [p.case for p in settled]
    stated = {name: [p.of(name) for p in settled] for name in FORECASTERS}
    standings = tuple(as_score(s) for s in compare_cases(stated, outcomes, cases))
    return standings, as_difference(gap(stated[OURS], stated[BASE_RATE], outcomes, cases))


def _horizon(year: int, put: Sequence[Put]) -> Horizon | None:
    settled = [p for p in put if p.outcome is not None]
    if not settled:
        return None
    alive = sum(bool(p.outcome) for p in settled)
    mean, low, high = survivors([p.probability for p in settled])
    standings, difference = _scored(settled)
    return Horizon(
        years=year,
        known=len(settled),
        pending=len(put) - len(settled),
        alive=as_interval(wilson(alive, len(settled))),
        forecast=_together(settled),
        expected=Band(mean, low, high),
        base=_mean([p.of(BASE_RATE) for p in settled]),
        scores=standings,
        difference=difference,
    )


def _together(put: Sequence[Put]) -> Band:
    """The mean forecast, with the mean of the bands."""
    rows = np.array([(p.probability, p.band.low, p.band.high) for p in put])
    return Band(*(float(x) for x in rows.mean(axis=0)))


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else math.nan


def _curve(years: Sequence[int], alive: Sequence[Put]) -> tuple[CurvePoint, ...]:
    """From signature on; an agreement asked about at some horizons only counts where it was asked."""
    cases = list(dict.fromkeys(p.case for p in alive))
    known = {(p.case, p.years): p.outcome for p in alive}
    lives: tuple[Lifetime, ...] = product_limit([[known.get((case, year)) for year in years] for case in cases])
    found = [CurvePoint(0, Band(1.0, 1.0, 1.0), 1.0, len(cases), 0, Interval(1.0, 1.0, 1.0))]
    for year, life in zip(years, lives, strict=True):
        asked = [p for p in alive if p.years == year]
        found.append(
            CurvePoint(
                year, _together(asked), _mean([p.of(BASE_RATE) for p in asked]), life.at_risk, life.ended,
                as_interval(life.share),
            )
        )  # fmt: skip
    return tuple(found)


def _life(put: Sequence[Put]) -> Life:
    first = put[0]
    alive = sorted((p for p in put if not p.party), key=lambda p: p.years)
    asked = tuple((p.years, p.probability, p.band, p.of(BASE_RATE), p.outcome) for p in alive)
    fates = _fates(put)
    said = max(fates, key=lambda f: f.probability) if fates else None
    came = [f for f in fates if f.happened]
    return Life(
        first.case, first.title, first.frozen, asked, fates,
        fate_words(said) if said else "", " and ".join(fate_words(f) for f in came),
        None if said is None or not came else bool(said.happened),
    )  # fmt: skip


def _fates(put: Sequence[Put]) -> tuple[Fate, ...]:
    """Alive at the horizon of "who left", left by each party, or ended without: one of them came, or none is known."""
    left = [p for p in put if p.party]
    end = max((p.years for p in left), default=0)
    left = [p for p in left if p.years == end]
    alive = next((p for p in put if not p.party and p.years == end), None)
    if alive is None or not left:
        return ()
    asked = (alive, *left)
    open_ = any(p.outcome is None for p in asked)
    gone = any(p.outcome for p in left)
    lasted = bool(alive.outcome) and not gone

    def rest(forecaster: str) -> float:
        return max(0.0, 1.0 - sum(p.of(forecaster) for p in asked))

    return (
        Fate(ALIVE, "", alive.probability, alive.of(BASE_RATE), None if open_ else lasted),
        *(Fate(LEFT, p.party, p.probability, p.of(BASE_RATE), None if open_ else bool(p.outcome)) for p in left),
        Fate(OTHERWISE, "", rest(OURS), rest(BASE_RATE), None if open_ else not (lasted or gone)),
    )
