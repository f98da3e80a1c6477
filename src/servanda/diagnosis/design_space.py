"""The designs of one draft, tried in its game with that draft alone on the table and in the world without a deal.

Gains are small differences of large values: games are solved as precisely as in `servanda.diagnosis.cooperation`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from servanda.case.resolved import Draft, Lever, ResolvedCase
from servanda.compile import Compiled, compile_case
from servanda.compile.evaluation import evaluate
from servanda.diagnosis import design_search as search
from servanda.diagnosis.answers import Design
from servanda.diagnosis.cooperation import PRECISE, leaders
from servanda.diagnosis.design_search import Axis, Combination, Floats, Scores
from servanda.diagnosis.headlines import Headlines
from servanda.diagnosis.trials import SETTINGS, Overrides, Trials
from servanda.equilibrium import Settings
from servanda.errors import CaseError

Progress = Callable[[int, int], None]
GATES = ("sign", "ratify", "keep")


@dataclass
class Meter:
    """Games solved so far in all worlds, of how many that are expected."""

    progress: Progress | None
    done: int = 0
    expected: int = 0

    def tell(self, now: int) -> None:
        """Pass on that `now` games more are solved than `done`."""
        if self.progress is not None:
            self.progress(self.done + now, max(self.expected, self.done + now))


@dataclass
class World:
    """The games of one menu, each solved once."""

    trials: Trials
    meter: Meter
    place: dict[bytes, int] = field(default_factory=dict)
    found: Headlines | None = None

    @property
    def games(self) -> int:
        """Distinct games solved."""
        return len(self.place)

    def run(self, asked: Sequence[Overrides]) -> Headlines:
        """Headline numbers of every trial, in the order given."""
        keys = self.trials.keys(asked)
        new = {key: trial for key, trial in zip(keys, asked, strict=True) if key not in self.place}
        if new:
            fresh = self.trials.run(list(new.values()), progress=lambda done, _: self.meter.tell(done))
            self.meter.done += len(new)
            for key in new:
                self.place[key] = len(self.place)
            self.found = fresh if self.found is None else Headlines.joined([self.found, fresh])
        assert self.found is not None
        return self.found.pick([self.place[key] for key in keys])


@dataclass
class DesignSpace:
    """The designs of one draft, and those tried so far."""

    draft: Draft
    index: int
    world: World
    nothing: World
    axes: tuple[Axis, ...]
    idle: tuple[str, ...]
    declared: int
    given: Mapping[str, float]
    threshold: float
    tried: dict[Combination, None] = field(default_factory=dict)

    @classmethod
    def of(
        cls, case: ResolvedCase, draft: Draft, levers: Sequence[Lever], given: Mapping[str, float], points: int,
        periods: int, how: Settings, nothing: World, threshold: float,
    ) -> DesignSpace:  # fmt: skip
        """The axes that matter to a draft's game, and a world to try them in."""
        compiled = compile_case(case, menu=[draft.name])
        index = [d.name for d in case.drafts].index(draft.name)
        trials = Trials(compiled, index, periods, PRECISE).stopping(how)
        central = {**compiled.central, **given}
        axes = search.axes_of(levers, central.__getitem__, points)

        def keys(asked: Sequence[Combination]) -> Sequence[bytes]:
            return trials.keys([{**given, **_values(axes, c)} for c in asked])

        matters = search.mattering(axes, keys)
        idle = {o.lever.title: None for axis, m in zip(axes, matters, strict=True) if not m for o in axis.options}
        return cls(
            draft, index, World(trials, nothing.meter), nothing,
            tuple(axis for axis, m in zip(axes, matters, strict=True) if m), tuple(idle), search.size_of(axes), given,
            threshold,
        )  # fmt: skip

    def overrides(self, combination: Combination) -> dict[str, float]:
        """Parameter values of a design."""
        return {**self.given, **_values(self.axes, combination)}

    def solve(self, asked: Sequence[Combination]) -> tuple[Headlines, Floats]:
        """Headline numbers and gains[party, design]; what was asked counts as tried."""
        self.tried |= dict.fromkeys(asked)
        trials = [self.overrides(c) for c in asked]
        numbers, nothing = self.world.run(trials), self.nothing.run(trials)
        who = list(leaders(self.world.trials.compiled).values())
        return numbers, numbers.value[who] - nothing.value[who]

    def score(self, asked: Sequence[Combination]) -> Scores:
        """What a search sees of designs."""
        numbers, gains = self.solve(asked)
        price = _prices(self.world.trials.compiled, self.axes, asked, self.given)
        shortfall = _log_odds(np.array([self.threshold])) - _log_odds(numbers.holds)
        return Scores(np.vstack([gains, numbers.mean_life, -price]).T, shortfall)

    def spent(self) -> int:
        """Games solved so far."""
        return self.world.games

    def listed(self) -> int:
        """Go through the space without solving it: how many games it holds. As written counts, too."""
        combinations = [search.as_written(self.axes), *search.everything(self.axes)]
        return len(set(self.world.trials.keys([self.overrides(c) for c in combinations])))

    def designs(self) -> list[Design]:
        """The designs tried, one for every game: the one that moves fewest levers, then the cheapest."""
        combinations = list(self.tried)
        numbers, gains = self.solve(combinations)
        keys = self.world.trials.keys([self.overrides(c) for c in combinations])
        price = _prices(self.world.trials.compiled, self.axes, combinations, self.given)
        moved = [sum(axis.moved(o) for axis, o in zip(self.axes, c, strict=True)) for c in combinations]
        best: dict[bytes, int] = {}
        for i in sorted(range(len(combinations)), key=lambda i: (moved[i], price[i], combinations[i])):
            best.setdefault(keys[i], i)
        return [self._design(combinations[i], numbers.pick([i]), gains[:, i], float(price[i])) for i in best.values()]

    def _design(self, combination: Combination, numbers: Headlines, gains: Floats, price: float) -> Design:
        gates = [float(getattr(numbers, gate)[0]) for gate in GATES]
        pairs = list(zip(self.axes, combination, strict=True))
        return Design(
            draft=self.draft.name,
            title=self.draft.title,
            settings=tuple(axis.setting(o) for axis, o in pairs),
            overrides=tuple((axis.parameter, axis.value(o)) for axis, o in pairs),
            sign=gates[0],
            ratify=gates[1],
            keep=gates[2],
            gains=tuple(float(x) for x in gains),
            life=float(numbers.mean_life[0]),
            price=price,
            binding=GATES[int(np.argmin(gates))],
            frontier=False,
            moved=tuple(axis.setting(o) for axis, o in pairs if axis.moved(o)),
            settled=bool(numbers.settled[0]),
        )

    def robustness(self, design: Design, draws: Sequence[Overrides]) -> tuple[float | None, int]:
        """Share of the draws in which a design passes, and the number of draws that make sense as a game."""
        trials = [{**draw, **self.given, **dict(design.overrides)} for draw in draws]
        possible = [t for t in trials if _makes_sense(self.world.trials, t)]
        if not possible:
            return None, 0
        # no gains are asked for: probabilities are found sooner
        rough = replace(self.world.trials, settings=SETTINGS).stopping(self.world.trials.settings)
        holds = rough.run(possible, progress=lambda done, _: self.world.meter.tell(done)).holds
        self.world.meter.done += len(possible)
        return float((holds >= self.threshold).mean()), len(possible)


def _log_odds(p: Floats) -> Floats:
    # far finer than a reader needs: a search must tell one hopeless design from another
    kept = np.clip(p, 1e-300, 1.0 - 1e-12)
    return np.asarray(np.log(kept) - np.log1p(-kept))


def _values(axes: Sequence[Axis], combination: Combination) -> dict[str, float]:
    return {axis.parameter: axis.value(option) for axis, option in zip(axes, combination, strict=True)}


def _makes_sense(trials: Trials, draw: Overrides) -> bool:
    """Whether a draw gives a game: parameters are drawn independently, and odds may come out beyond one."""
    try:
        trials.compiled.numbers([draw])
    except CaseError:
        return False
    return True


def _prices(
    compiled: Compiled, axes: Sequence[Axis], combinations: Sequence[Combination], given: Mapping[str, float]
) -> Floats:
    """Price of the levers of every design, in points."""
    count = len(combinations)
    columns = [{**compiled.central, **given, **_values(axes, c)} for c in combinations]
    parameters = {name: np.array([[column[name] for column in columns]]) for name in compiled.central}
    scope = compiled.layout.scope(compiled.codes[:1], parameters=parameters, period_years=compiled.game.period_years)
    side_of = {actor.name: actor.side for actor in compiled.case.actors}
    total = np.zeros(count)
    for k, axis in enumerate(axes):
        for lever in {o.lever.name: o.lever for o in axis.options}.values():
            used = np.array(
                [axis.moved(c[k]) and axis.options[c[k]].lever.name == lever.name for c in combinations], dtype=bool
            )
            paid: dict[str, Floats] = {}
            for price in lever.prices:
                points = np.broadcast_to(evaluate(price.worth.node, scope), (1, count))[0]
                paid[price.actor] = paid.get(price.actor, np.zeros(count)) + points
            for side in dict.fromkeys(side_of[actor] for actor in paid):
                total += np.where(used, np.max([paid[a] for a in paid if side_of[a] == side], axis=0), 0.0)
    return total
