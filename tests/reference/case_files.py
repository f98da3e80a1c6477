"""Theory games written in the case language: the files under `cases/theory`, solved sharp for many parameter values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from servanda.case import read
from servanda.case.expression import DraftTerm
from servanda.compile import Compiled, compile_case
from servanda.equilibrium import Period, Settings, Solution, Terminal, solve
from tests.reference.sources import REPOSITORY

Floats = NDArray[np.float64]
Values = Mapping[str, float]
CASES = REPOSITORY / "cases" / "theory"
SETTLED = Settings(terminal=Terminal("settled"))
STATIONARY = Settings(tail_tolerance=1e-12, tail_steps=5_000)
# Policies of all periods and draws are kept: few draws at a time bound the memory.
TOGETHER = 8


@cache
def compiled(name: str) -> Compiled:
    """A theory case, compiled."""
    return compile_case(read(CASES / name / "case.yaml"))


@dataclass(frozen=True)
class Course:
    """How a theory case goes in sharp play: mass[t][state, draw] after t years."""

    case: Compiled
    solution: Solution
    mass: tuple[Floats, ...]

    def odds(self, variable: str, level: str, years: int) -> Floats:
        """Odds for every draw that a variable has this level at the end of a year (counted from 1)."""
        levels = self.case.layout.variables[variable].levels
        there = self.case.layout.digit(self.case.codes, variable) == levels.index(level)
        return np.asarray(self.mass[years][there].sum(axis=0))


def course(
    name: str, draws: Sequence[Values], years: int, settings: Settings = STATIONARY, *, sharp: bool = True
) -> Course:
    """Solve a theory case sharp (or as decisively as it says) for all draws and follow play over the first years."""
    case = compiled(name)
    numbers = case.numbers(draws, sharp=sharp)
    solution = solve(case.game, numbers, settings)
    period = Period(case.game, numbers)
    mass = np.repeat(case.game.start[:, None], len(draws), axis=1)
    found = [mass.copy()]
    for t in range(years):
        mass = period.forward(mass, t, period.odds(solution.advantage[t]))
        found.append(mass.copy())
    return Course(case, solution, tuple(found))


def fought(draws: Sequence[Values], years: int = 40) -> list[float]:
    """`commitment-war`: odds of war within some years, for every draw."""
    return _in_parts("commitment-war", draws, "war", "fought", years, SETTLED)


def invests(draws: Sequence[Values]) -> list[float]:
    """`investment-reversal`: odds that the firm invests at once."""
    return [float(x) for x in course("investment-reversal", draws, 1).odds("plant", "bought", 1)]


def keeps(draws: Sequence[Values]) -> list[float]:
    """`holdup-bond`: odds that the host keeps its promise in the first year, if it still can."""
    play = course("holdup-bond", draws, 1)
    alive, broken = (play.odds("relation", level, 1) for level in ("alive", "broken"))
    return [float(x) for x in alive / (alive + broken)]


def builds(draws: Sequence[Values], year: int = 1) -> list[float]:
    """`nonproliferation-window`: odds that the rising state has begun to build by the end of a year."""
    none = _in_parts("nonproliferation-window", draws, "programme", "none", year, SETTLED)
    return [1.0 - x for x in none]


def first_offer(draws: Sequence[Values]) -> list[float]:
    """`nonproliferation-window`: the share offered in the first year."""
    play = course("nonproliferation-window", draws, 1, SETTLED)
    offer = play.case.layout.variables["offer"]
    worth = np.asarray(offer.values, dtype=np.float64)[play.case.layout.digit(play.case.codes, "offer")]
    return [float(x) for x in worth @ play.mass[1]]


def policy(draws: Sequence[Values]) -> list[float]:
    """`two-level-ratification`: where policy comes to rest, the treaty ratified or the reversion."""
    play = course("two-level-ratification", draws, 4)
    case = play.case
    ratified = np.where(case.live, case.truth(DraftTerm("x"), 0), 0.0) @ play.mass[-1]
    left = 1.0 - play.mass[-1][case.live].sum(axis=0)
    return [float(x) for x in ratified + left * [draw["q"] for draw in draws]]


def _in_parts(
    name: str, draws: Sequence[Values], variable: str, level: str, years: int, settings: Settings
) -> list[float]:
    found: list[float] = []
    for first in range(0, len(draws), TOGETHER):
        part = course(name, draws[first : first + TOGETHER], years, settings)
        found += [float(x) for x in part.odds(variable, level, years)]
    return found
