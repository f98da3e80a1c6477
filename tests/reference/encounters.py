"""Theory cases in which sides move at once, or after each other, once or for ever: what the engine says of each.

Games whose published answer is in mixed choices are solved by steep logit play, the rest in sharp play.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from math import comb, exp, log

import numpy as np
from numpy.typing import NDArray

from servanda.case import read
from servanda.compile.layout import CHOICES
from servanda.equilibrium import Settings, Terminal, solve
from servanda.equilibrium.continuation import principal_branch
from servanda.equilibrium.period import slots_of
from servanda.equilibrium.unrolled import unroll
from tests.reference.case_files import CASES as FILES
from tests.reference.case_files import Course, Values, compiled, course

Floats = NDArray[np.float64]
STEEP = 1e-3
LN9 = log(9.0)


def inspections(draws: Sequence[Values], sharpness: float = STEEP) -> list[float]:
    """`inspection-game`: odds of an inspection and of a violation, draw by draw."""
    play = course("inspection-game", [{**d, "sharpness": sharpness} for d in draws], 1, sharp=False)
    return _paired(play.odds("inspection", "made", 1), play.odds("conduct", "violated", 1))


def mixed_inspections(penalty: float, gain: float, cost: float, loss: float) -> tuple[float, float]:
    """Odds of an inspection and of a violation that leave both sides indifferent."""
    return gain / (penalty + gain), cost / loss


def mixed_inspections_error(penalty: float, gain: float, cost: float, loss: float, sharpness: float = STEEP) -> float:
    """How far logit play is from the mixed odds, to first order: whoever mixes needs an advantage of log-odds / λ."""
    look, violate = mixed_inspections(penalty, gain, cost, loss)
    return sharpness / LN9 * max(abs(_log_odds(violate)) / (penalty + gain), abs(_log_odds(look)) / loss)


def doubts(draws: Sequence[Values], sharpness: float = STEEP / 10) -> list[float]:
    """`preventive-doubt`: odds of a programme and of readiness to strike without a sign."""
    play = course("preventive-doubt", [{**d, "sharpness": sharpness} for d in draws], 1, sharp=False)
    return _paired(play.odds("programme", "begun", 1), play.odds("plan", "strike", 1))


def mixed_doubts(C: float, E: float, seen: float, k: float) -> tuple[float, float]:  # noqa: N803 (the names of the source)
    """q* = (C/E) / (1 - s + s C/E) and a* = 1 - k / ((1 - s) E), or neither where k > (1 - s) E."""
    if k > (1 - seen) * E:
        return 0.0, 0.0
    return (C / E) / (1 - seen + seen * C / E), 1 - k / ((1 - seen) * E)


def mixed_doubts_error(C: float, E: float, seen: float, k: float, sharpness: float = STEEP / 10) -> float:  # noqa: N803
    """How far logit play is from the mixed odds, to first order."""
    invest, strike = mixed_doubts(C, E, seen, k)
    if invest == 0.0:
        return 0.0
    own, other = abs(_log_odds(invest)), abs(_log_odds(strike))
    return sharpness / LN9 * max(own / ((1 - seen) * E), other / ((1 - seen) * E + seen * C))


@dataclass(frozen=True)
class Rounds:
    """Periods, inspections and violations left, and the price of being caught."""

    n: int
    m: int
    k: int
    b: float

    @property
    def value(self) -> float:
        """[C(n, m+1) - C(n-k, m+1)] / sum over i <= m of C(n, i) b^(m-i)."""
        n, m, k = self.n, self.m, self.k
        return (comb(n, m + 1) - comb(n - k, m + 1)) / sum(comb(n, i) * self.b ** (m - i) for i in range(m + 1))


@cache
def sequence_values(b: float, sharpness: float = STEEP) -> dict[Rounds, float]:
    """`inspection-sequence`: the value to the inspectee, whatever periods, inspections and violations are left."""
    case = compiled("inspection-sequence")
    numbers = case.numbers([{"b": b, "sharpness": sharpness}])
    solution = solve(case.game, numbers, Settings(terminal=Terminal("settled"), keep_policy=False))
    names = ("periods", "inspections", "violations", "conduct", CHOICES)
    n, m, k, conduct, chosen = (case.layout.digit(case.codes, name) for name in names)
    inspectee = case.game.labels.actors.index("inspectee")
    return {
        Rounds(int(n[i]), int(m[i]), int(k[i]), b): float(solution.values[i, inspectee])
        for i in np.flatnonzero((chosen == 0) & (conduct != 2))
    }


def all_rounds(b: float) -> list[Rounds]:
    """What may be left of 12 periods, 4 inspections and 2 violations, with at least a period for each violation."""
    # Nobody who is caught goes on, so inspections and violations used up fell on different periods.
    return [
        Rounds(n, m, k, b)
        for n, m, k in product(range(13), range(5), range(3))
        if 12 - n >= (4 - m) + (2 - k) and n >= k
    ]


def announced(draws: Sequence[Values]) -> list[float]:
    """`inspection-leader`: the odds of detection that the inspector announces; above 1 if it is not obeyed."""
    play = course("inspection-leader", draws, 1)
    obeyed = play.odds("conduct", "complied", 1)
    shift = np.array([d["finer"] for d in draws])
    return [float(x) for x in mean(play, "test", 1) + shift + 2 * (1 - obeyed)]


def mean(play: Course, stock: str, years: int) -> Floats:
    """Mean value of a stock after some years, for every draw."""
    values = np.asarray(play.case.layout.variables[stock].values, dtype=np.float64)
    return np.asarray(values[play.case.layout.digit(play.case.codes, stock)] @ play.mass[years])


def complies(draws: Sequence[Values]) -> list[float]:
    """`monitored-treaty`: whether the treaty is kept in the first year."""
    return [float(x) for x in course("monitored-treaty", draws, 1).odds("conduct", "kept", 1)]


def least_detection(keeping: float, cheating: float, collapse: float, delta: float) -> float:
    """q = (1 - δ)(v_D - v_C) / (δ (v_C - v_R))."""
    return (1 - delta) * (cheating - keeping) / (delta * (keeping - collapse))


def peaceful(draws: Sequence[Values], years: int = 20) -> list[float]:
    """`appeasement`: odds of peace after some years."""
    return [float(x) for x in course("appeasement", draws, years).odds("war", "none", years)]


def trusting(draws: Sequence[Values], years: int = 5) -> list[float]:
    """`repeated-dilemma`: whether trust lasts some years, if the relation has not ended by itself."""
    play = course("repeated-dilemma", draws, years)
    lasting = play.odds("standing", "trust", years) / (1 - play.odds("standing", "over", years))
    return [float(x) for x in lasting > 0.5]


def reciprocates(draws: Sequence[Values]) -> list[float]:
    """`tit-for-tat`: whether cooperating is the best answer."""
    return [float(x) for x in course("tit-for-tat", draws, 1).odds("conduct", "cooperated", 1)]


def partnership(values: Values, steps: int = 600) -> float:
    """`noisy-monitoring`: the best mean year with any severity at which the partners cooperate; 0 if there is none."""
    severities = (np.arange(steps) + 0.5) / steps
    draws = [{**values, "severity": float(x)} for x in severities]
    play = course("noisy-monitoring", draws, 1)
    # Who cooperates parts with the odds of a false alarm, who shirks with those of a true one.
    halfway = severities * (values["bad_if_kept"] + values["bad_if_shirked"]) / 2
    cooperates = play.odds("partnership", "parted", 1) < halfway
    worth = play.solution.values[int(np.argmax(play.case.game.start)), :steps] * (1 - values["delta"])
    return float(worth[cooperates].max()) if cooperates.any() else 0.0


@dataclass(frozen=True)
class Noise:
    """A partnership under noise: cooperation, gain from shirking, odds of a bad year without and with it, patience."""

    pi: float
    gain: float
    p: float
    q: float
    delta: float

    @property
    def values(self) -> dict[str, float]:
        """The parameters as the case file `noisy-monitoring` names them."""
        names = ("pi", "gain", "bad_if_kept", "bad_if_shirked", "delta")
        return dict(zip(names, vars(self).values(), strict=True))

    @property
    def unbounded(self) -> float:
        """π - gain / (q/p - 1)."""
        return self.pi - self.gain / (self.q / self.p - 1)

    @property
    def severity(self) -> float:
        """The least severity that holds; above 1 there is none."""
        if self.unbounded <= 0:
            return float("inf")
        return (1 - self.delta) * self.gain / (self.delta * (self.q - self.p) * self.unbounded)

    @property
    def best(self) -> float:
        """The best mean year, 0 where nothing holds."""
        return self.unbounded if self.severity <= 1 else 0.0

    def grid_error(self, steps: int = 600) -> float:
        """What a step of severity costs at most, a year: δ p v^2 / ((1 - δ) π)."""
        return self.delta * self.p * self.best**2 / ((1 - self.delta) * self.pi) / steps


def armed(draws: Sequence[Values]) -> list[float]:
    """`fear-of-arms`: odds that the eastern state arms."""
    limit = mean(course("fear-of-arms", draws, 1), "eastern_limit", 1)
    share = np.array([d["eps"] for d in draws])
    return [float(x) for x in share + (1 - share) * limit]


def armed_exact(d: float, eps: float, highest: float = 1.0) -> float:
    """1 if d is no less than the highest cost, otherwise eps + (1 - eps) c with c = d (eps + (1 - eps) c)."""
    return 1.0 if d >= highest else eps / (1 - d / highest * (1 - eps))


def armed_grid_error(d: float, eps: float, highest: float = 1.0) -> float:
    """How far the limits in steps may be from the exact one: half the widest step below it, over 1 - d (1 - eps)."""
    stock = next(v for v in read(FILES / "fear-of-arms" / "case.yaml").variables if v.name == "eastern_limit")
    levels = np.asarray(stock.values)
    slope = d / highest * (1 - eps)
    exact = d / highest * eps / (1 - slope)
    near = np.flatnonzero(levels <= exact).max() + 1
    return (1 - eps) * float(np.diff(levels)[: near + 1].max()) / 2 / (1 - slope)


@dataclass(frozen=True)
class Attrition:
    """How long the two hold out: rate at which each gives in, mean delay, mean discount until a deal, value."""

    hazard: float
    delay: float
    discount: float
    value: float


@cache
def attrition(r: float, z_low: float, z_high: float, c: float, step: float) -> Attrition:
    """`attrition-and-enforcement`: the even equilibrium at one length of period, by the stationary engine."""
    case = compiled("attrition-and-enforcement")
    numbers = case.numbers([{"r": r, "z_low": z_low, "z_high": z_high, "c": c, "step": step, "sharpness": 1e-5}])
    whole = unroll(case.game, numbers, reached=True)
    branch = principal_branch(whole.game, whole.precision)
    assert branch.arrived
    found, game = branch.equilibrium, whole.game
    haggling = int(np.flatnonzero(np.diff(game.seat_start) == 2)[0])
    hold = found.chosen(haggling, 0)[0]
    assert abs(hold - found.chosen(haggling, 1)[0]) < 1e-9
    settled = 1 - hold**2
    value = float(found.values[whole.first[int(np.argmax(case.game.start))], 0])
    beta = exp(-r * step)
    return Attrition((1 - hold) / step, step * (1 / settled - 1), settled / (1 - hold**2 * beta), value)


def in_the_limit(r: float, z_low: float, z_high: float, c: float) -> list[float]:
    """The four numbers of `Attrition` as the period shrinks, extrapolated from two lengths."""
    coarse, fine = (attrition(r, z_low, z_high, c, step) for step in (0.1, 0.05))
    return [2 * b - a for a, b in zip(vars(coarse).values(), vars(fine).values(), strict=True)]


def attrition_exact(r: float, z_low: float, z_high: float, c: float) -> list[float]:
    """r (z_l + c) / (z_h - z_l), half its inverse, the mean of exp(-r T), z_l / r."""
    hazard = r * (z_low + c) / (z_high - z_low)
    return [hazard, 1 / (2 * hazard), 2 * hazard / (2 * hazard + r), z_low / r]


def enforced(draws: Sequence[Values]) -> list[float]:
    """`attrition-and-enforcement`: whether the less favoured side keeps the deal."""
    case = compiled("attrition-and-enforcement")
    solution = solve(case.game, case.numbers(draws, sharp=True), Settings(tail_tolerance=1e-12, tail_steps=5_000))
    stage = next(i for i, s in enumerate(case.game.stages) if s.name == "eastern_compliance")
    slot = next(s for s in slots_of(case.game)[0] if s.stage == stage)
    # How far keeping, the first option, falls short of the best one.
    keep = solution.advantage[0][slot.options][0]
    return [float(x) for x in keep >= 0.0]


def _log_odds(p: float) -> float:
    return log(p / (1 - p))


def _paired(one: Floats, two: Floats) -> list[float]:
    return [float(x) for pair in zip(one, two, strict=True) for x in pair]
