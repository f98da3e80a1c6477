"""Least bonds: search for the pledges with which a draft is kept with a wanted probability, all feedback included.

The chance of being kept need not rise with a bond: whoever will surely lose a pledge does not mind losing it, and
others react. So a search never trusts the ends of a range. It walks a grid outwards from a point that misses the
target, takes the first step that reaches it, and narrows inside that step. A bond counts as *least* when a cut of 1 %
misses the target, and this is looked at by solving the game with the cut.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import log

import numpy as np

from servanda.compile import Compiled
from servanda.compile.bonds import bond_parameter
from servanda.diagnosis.answers import BondPoint
from servanda.diagnosis.headlines import Headlines
from servanda.diagnosis.trials import Trials
from servanda.game.game import flow_payoffs

Bonds = tuple[float, ...]
Observe = Callable[[int, int], None]
# A bond with this much less of it must miss the target.
CUT = 0.01
# Least bonds are found to this share of their size: well inside the cut.
_EXACT = 0.004
# A step shorter than this is not divided any more.
_TINY = 1e-9
# Differences within the accuracy of trials.
_SAME = 1e-4
# A breach may go unnoticed: this many times all that is at stake deters one that is noticed one time in twenty.
_BEYOND_STAKES = 20.0
_LEAST_ODDS = 1e-15
# Play beyond the horizon that does not settle is given this many times as many steps.
_PATIENCE = 3


@dataclass(frozen=True)
class Path:
    """Bonds along a half-line: start + distance × step, one entry a side."""

    start: Bonds
    step: Bonds

    def at(self, distance: float) -> Bonds:
        """The bonds at a distance."""
        return tuple(a + distance * b for a, b in zip(self.start, self.step, strict=True))


@dataclass
class Bracket:
    """A step of a path that misses the target at `low` and reaches it at `high`."""

    path: Path
    low: float
    high: float
    shrinks: bool = True

    @property
    def slack(self) -> float:
        """Width below which no bond that grows along the path is off by more than it may be."""
        pairs = zip(self.path.at(self.high), self.path.step, strict=True)
        return max(_EXACT * min(bond / step for bond, step in pairs if step > 0.0), _TINY)


class Pledges:
    """What bonds achieve, each combination solved once.

    Parameters
    ----------
    trials : of one draft alone on the table, compiled with bonds
    overrides : parameter values that hold throughout
    target : probability of being kept that is wanted
    observe : told how many combinations are solved, and how many are asked for so far

    Raises
    ------
    ValueError
        If the trials are not of one draft, or not compiled with bonds.
    """

    def __init__(
        self, trials: Trials, overrides: Mapping[str, float], target: float, observe: Observe | None = None
    ) -> None:
        if trials.draft is None or not trials.compiled.bonded:
            raise ValueError("bonds are searched for one draft, compiled with bonds")
        self.trials = trials
        self.compiled = trials.compiled
        self.sides = trials.compiled.bonded
        self.draft = trials.draft
        settings = trials.settings
        self._patient = replace(trials, settings=replace(settings, tail_steps=_PATIENCE * settings.tail_steps))
        self.target = target
        self._overrides = overrides
        self._observe = observe
        self._known: dict[Bonds, BondPoint] = {}
        self._life: dict[Bonds, float] = {}

    @property
    def solved(self) -> int:
        """Combinations of bonds solved so far."""
        return len(self._known)

    @property
    def rough(self) -> int:
        """How many of them play does not settle for beyond the horizon."""
        return sum(not p.settled for p in self._known.values())

    @property
    def window(self) -> int:
        """Periods within which the draft must be signed."""
        return self.trials.window

    def posted(self, bonds: Bonds) -> dict[str, float]:
        """Parameter values with these bonds."""
        names = (bond_parameter(side) for side in self.sides)
        return {**self._overrides, **dict(zip(names, bonds, strict=True))}

    def solve(self, wanted: Sequence[Bonds]) -> list[BondPoint]:
        """What each combination of bonds achieves; those not known yet are solved together."""
        fresh = list(dict.fromkeys(b for b in wanted if b not in self._known))
        if fresh:
            before = len(self._known)

            def seen(done: int, of: int) -> None:
                if self._observe is not None:
                    self._observe(before + done, before + of)

            trials = [self.posted(b) for b in fresh]
            found = self.trials.run(trials, progress=seen)
            rough = np.flatnonzero(~found.settled).tolist()
            if rough:
                again = self._patient.run([trials[i] for i in rough])
                order = [len(fresh) + rough.index(i) if i in rough else i for i in range(len(fresh))]
                found = Headlines.joined([found, again]).pick(order)
            for i, bonds in enumerate(fresh):
                keep, sign, ratify = (float(x[i]) for x in (found.keep, found.sign, found.ratify))
                self._known[bonds] = BondPoint(bonds, keep, sign, ratify, bool(found.settled[i]))
                self._life[bonds] = float(found.mean_life[i])
        return [self._known[b] for b in wanted]

    def kept(self, bonds: Bonds) -> float:
        """Probability of being kept with these bonds."""
        return self.solve([bonds])[0].keep

    def reaches(self, bonds: Bonds) -> bool:
        """Whether the draft is kept with the wanted probability."""
        return self.kept(bonds) >= self.target

    def scan(self, paths: Sequence[Path], grid: Sequence[float]) -> list[list[BondPoint]]:
        """Points of every path over a rising grid, and its last one; left off where bonds have ceased to matter."""
        found: list[list[BondPoint]] = [[] for _ in paths]
        open_ = list(range(len(paths)))
        self.solve([p.at(grid[-1]) for p in paths])
        for first in range(0, len(grid), 4):
            part = grid[first : first + 4]
            self.solve([paths[i].at(x) for i in open_ for x in part])
            for i in list(open_):
                found[i] += self.solve([paths[i].at(x) for x in part])
                if self._same(found[i][-1].bonds, paths[i].at(grid[-1])):
                    open_.remove(i)
        for points, path in zip(found, paths, strict=True):
            if points[-1].bonds != path.at(grid[-1]):
                points += self.solve([path.at(grid[-1])])
        return found

    def _same(self, a: Bonds, b: Bonds) -> bool:
        one, two = self.solve([a, b])
        others = (one.sign - two.sign, one.ratify - two.ratify, self._life[a] - self._life[b])
        return abs(one.keep - two.keep) < _SAME and max(abs(x) for x in others) < 10.0 * _SAME

    def first_step(self, path: Path, grid: Sequence[float]) -> Bracket | None:
        """The first step of a rising grid, from one that misses the target, at which it is reached."""
        passing = [self.reaches(path.at(x)) for x in grid]
        index = next((i for i, passes in enumerate(passing) if passes), None)
        if index is None or index == 0:
            return None
        return Bracket(path, grid[index - 1], grid[index])

    def narrow(self, brackets: Sequence[Bracket]) -> list[Bonds]:
        """The least bonds of every bracket, to 0.4 % of their size, searched together."""
        open_ = [b for b in brackets if b.high - b.low > b.slack]
        while open_:
            probes = [self._probes(b) for b in open_]
            self.solve([b.path.at(x) for b, part in zip(open_, probes, strict=True) for x in part])
            for bracket, part in zip(open_, probes, strict=True):
                width = bracket.high - bracket.low
                low = bracket.low
                for x in part:
                    if self.reaches(bracket.path.at(x)):
                        bracket.high = x
                        break
                    low = x
                bracket.low = low
                bracket.shrinks = bracket.high - bracket.low < 0.5 * width
            open_ = [b for b in open_ if b.high - b.low > b.slack]
        return [b.path.at(b.high) for b in brackets]

    def _probes(self, b: Bracket) -> list[float]:
        """Points inside a bracket: on both sides of where the log-odds of being kept should cross the target's."""
        width = b.high - b.low
        if not b.shrinks:
            return [b.low + width * k / 4.0 for k in (1, 2, 3)]
        ends = [_log_odds(self.kept(b.path.at(x))) for x in (b.low, b.high)]
        share = (_log_odds(self.target) - ends[0]) / max(ends[1] - ends[0], 1e-12)
        middle = b.low + width * min(max(share, 0.05), 0.95)
        apart = max(0.1 * width, 0.45 * b.slack)
        inside = [x for x in (middle - apart, middle + apart) if b.low < x < b.high]
        return inside or [b.low + width / 2.0]

    def settle(self, points: Sequence[Bonds]) -> list[Bonds]:
        """Those points, with single bonds lowered, at which no bond can be cut by 1 % without missing the target."""
        settled: list[Bonds] = []
        todo = list(dict.fromkeys(points))
        for _ in range(12):
            self.solve([_cut(p, k) for p in todo for k in range(len(p)) if p[k] > 0.0])
            loose = {p: k for p in todo for k in range(len(p)) if p[k] > 0.0 and self.reaches(_cut(p, k))}
            settled += [p for p in todo if p not in loose]
            if not loose:
                break
            todo = self._lowered(list(loose.items()))
        return list(dict.fromkeys(settled))

    def _lowered(self, loose: Sequence[tuple[Bonds, int]]) -> list[Bonds]:
        """Each point with one of its bonds lowered as far as the target allows, step by step."""
        shares = (0.0, 0.5, 0.8, 0.93, 1.0 - CUT)
        paths = [Path(_cut(p, k, 1.0), _only(len(p), k, p[k])) for p, k in loose]
        self.solve([path.at(x) for path in paths for x in shares])
        brackets, found = [], []
        for path in paths:
            missed = [i for i, x in enumerate(shares) if not self.reaches(path.at(x))]
            if missed:
                brackets.append(Bracket(path, shares[missed[-1]], shares[missed[-1] + 1]))
            else:
                found.append(path.start)
        return [*found, *self.narrow(brackets)]


def unit_and_ceiling(compiled: Compiled, overrides: Mapping[str, float]) -> tuple[float, float]:
    """The finest and the largest bond worth a look, in points.

    The finest is a quarter of the least decisiveness of the parties' actors. The largest is twenty times all that the
    most exposed of them has at stake: its best year instead of its worst for ever, and its largest single price.
    """
    numbers = compiled.numbers([overrides])
    table = numbers.at(0)
    flow = flow_payoffs(compiled.game, table)[:, :, 0]
    rates = yearly_rates(compiled, overrides)
    price = np.zeros(compiled.game.actors)
    for stage in compiled.game.stages:
        np.maximum.at(price, stage.price_actor, np.abs(table[stage.price_coefficient, 0]))
    mine = [i for i, a in enumerate(compiled.case.actors) if a.side in compiled.bonded]
    stakes = (np.ptp(flow, axis=0) / rates + price)[mine]
    widths = np.log(9.0) / numbers.precision[mine, 0]
    return float(widths.min()) / 4.0, _BEYOND_STAKES * float(max(stakes.max(), widths.max()))


def yearly_rates(compiled: Compiled, overrides: Mapping[str, float]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Discount rates per year, [actor]."""
    factor = compiled.numbers([overrides]).discount[:, 0]
    return np.asarray(factor ** (-1.0 / compiled.game.period_years) - 1.0)


def doubling(unit: float, ceiling: float) -> list[float]:
    """Zero, then bonds that double from the unit to the ceiling.

    >>> doubling(1.0, 6.0)
    [0.0, 1.0, 2.0, 4.0, 6.0]
    """
    grid = [0.0]
    x = unit
    while x < ceiling:
        grid.append(x)
        x *= 2.0
    return [*grid, ceiling]


def _only(sides: int, k: int, bond: float = 1.0) -> Bonds:
    return tuple(bond if j == k else 0.0 for j in range(sides))


def _cut(bonds: Bonds, k: int, by: float = CUT) -> Bonds:
    return tuple(b * (1.0 - by) if j == k else b for j, b in enumerate(bonds))


def _log_odds(p: float) -> float:
    kept = min(max(p, _LEAST_ODDS), 1.0 - _LEAST_ODDS)
    return log(kept / (1.0 - kept))
