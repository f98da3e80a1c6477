r"""The likelihood of observed choices: the game solved again at every trial value (nested fixed point, Rust 1987).

Of a choice of option o by actor i in state s and period t the likelihood is the odds that play gives it,
:math:`\pi_{it}(o\mid s)\propto\exp(\lambda_i Q_{it}(o, s))`, with Q from the solution of the whole game under the trial
values. States are taken as observed, so that chance and the lots of options enter through what actors expect of them
only (a conditional likelihood). Structure is compiled once; a trial moves the coefficient table.

Where nature draws the order of the sides, odds depend on who has moved already. The rows of one episode and period, in
the order of the file, say this in part; what they leave open is averaged over the orders that fit, each as likely as
the others. An order in which a side would have had to decide where the panel has no decision of it does not fit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from servanda.equilibrium import Period, solve
from servanda.equilibrium import Settings as SolverSettings
from servanda.equilibrium.solve import continuation
from servanda.errors import CaseError
from servanda.estimation.panel import Panel
from servanda.estimation.sites import Sites
from servanda.game import Game, Numbers

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# draws solved side by side: enough to fill the registers, few enough to stay in the cache
WIDTH = 128
# differences of log-likelihoods are taken over steps of a thousandth: the continuation must be far finer
SOLVER = SolverSettings(tail_tolerance=1e-11, tail_steps=600, polish=False)
# for the many draws of a search or a posterior: all but those without a stationary play settle within so many steps
QUICK = SolverSettings(tail_tolerance=1e-8, tail_steps=60, polish=False)


@dataclass(frozen=True)
class Played:
    """A solved game: advantage[period][option, draw], the values beyond the horizon, and which draws settled there."""

    advantage: Sequence[Floats]
    beyond: Floats
    settled: NDArray[np.bool_]


# solves a game under numbers, from values beyond the horizon of a game like it (None: from nothing)
Engine = Callable[[Game, Numbers, SolverSettings, Floats | None], Played]


def backward_induction(game: Game, numbers: Numbers, how: SolverSettings, warm: Floats | None) -> Played:
    """The engine of `servanda run`: backward induction from a stationary continuation beyond the horizon."""
    found = continuation(Period(game, numbers), how, warm, values_only=True)
    solution = solve(game, numbers, how, terminal=found.values)
    return Played(solution.advantage, found.values, found.settled)


@dataclass(frozen=True)
class Paths:
    """How the choices of a panel become sites in play.

    A *bundle* is one episode in one period; its *paths* are the orders of movers that fit, path_weight their log
    shares. term_path, term_choice and term_option (in the flat list of options of `sites`) say which odds make up
    a path; bundle_start and path_start cut paths and terms, which are sorted.
    """

    sites: Sites
    term_choice: Ints
    term_option: Ints
    path_start: Ints
    path_weight: Floats
    bundle_start: Ints
    bundle_episode: Ints
    unexplained: int

    @classmethod
    def of(cls, panel: Panel) -> Paths:
        """Find them."""
        keys: dict[tuple[int, int, int], int] = {}
        places: list[tuple[int, int, int]] = []
        path_start, weights, bundle_start, episodes = [0], [], [0], []
        unexplained = 0
        order = np.lexsort((np.arange(panel.choices), panel.period, panel.episode))
        cuts = np.flatnonzero(np.diff(panel.episode[order]) | np.diff(panel.period[order])) + 1
        for bundle in np.split(order, cuts):
            found, fits = _contexts(panel, bundle.tolist())
            unexplained += not fits
            total = sum(found.values())
            for contexts, ways in found.items():
                for choice, context in zip(bundle.tolist(), contexts, strict=True):
                    slot = panel.points.slot_of[int(panel.stage[choice]), context]
                    key = int(panel.period[choice]), slot, int(panel.row[choice])
                    places.append((choice, keys.setdefault(key, len(keys)), int(panel.chosen[choice])))
                path_start.append(len(places))
                weights.append(np.log(ways / total))
            bundle_start.append(len(weights))
            episodes.append(int(panel.episode[bundle[0]]))
        sites = Sites.of(panel.points, list(keys))
        table = np.array(places, dtype=np.int64).reshape(-1, 3)
        return cls(
            sites, table[:, 0], sites.start[table[:, 1]] + table[:, 2], np.array(path_start), np.array(weights),
            np.array(bundle_start), np.array(episodes), unexplained,
        )  # fmt: skip

    def log_likelihood(self, log_odds: Floats) -> Floats:
        """Log-likelihood of every bundle, [bundle, draw], from log odds of the flat list of options."""
        paths = np.add.reduceat(log_odds[self.term_option], self.path_start[:-1], axis=0)
        paths += self.path_weight[:, None]
        if len(paths) == len(self.bundle_episode):
            return paths
        best = np.maximum.reduceat(paths, self.bundle_start[:-1], axis=0)
        width = np.diff(self.bundle_start)
        sums = np.add.reduceat(np.exp(paths - np.repeat(best, width, axis=0)), self.bundle_start[:-1], axis=0)
        return np.asarray(best + np.log(sums))


def _contexts(panel: Panel, bundle: Sequence[int]) -> tuple[dict[tuple[int, ...], int], bool]:
    """Contexts (blocks still to move) of the choices of a bundle in every order that fits, with how many orders share
    them; and whether any fits. If none does, all orders that agree with the order of the rows are taken.
    """
    points = panel.points
    blocks = [points.block_of.get(int(panel.stage[k]), -1) for k in bundle]
    present = list(dict.fromkeys(b for b in blocks if b >= 0))
    count = len(points.compiled.game.schedule.blocks)
    if not present:
        return {(0,) * len(bundle): 1}, True
    absent = [b for b in range(count) if b not in present]
    agreeing: dict[tuple[int, ...], int] = {}
    fitting: dict[tuple[int, ...], int] = {}
    for order in permutations(range(count)):
        if [b for b in order if b in present] != present:
            continue
        left = {b: sum(1 << later for later in order[order.index(b) :]) for b in present}
        contexts = tuple(left.get(b, 0) for b in blocks)
        agreeing[contexts] = agreeing.get(contexts, 0) + 1
        if all(_passes(panel, bundle, blocks, order, b) for b in absent):
            fitting[contexts] = fitting.get(contexts, 0) + 1
    return (fitting, True) if fitting else (agreeing, False)


def _passes(panel: Panel, bundle: Sequence[int], blocks: Sequence[int], order: Sequence[int], absent: int) -> bool:
    """Whether a side without a row had nothing to decide at its place in the order."""
    later = [k for k, b in zip(bundle, blocks, strict=True) if b in order[order.index(absent) :]]
    if later:
        states = [_state(panel, later[0])]
    else:
        last = next(k for k, b in reversed(list(zip(bundle, blocks, strict=True))) if b >= 0)
        stage = panel.points.compiled.game.stages[panel.stage[last]]
        option = stage.option_start[panel.row[last]] + panel.chosen[last]
        states = stage.outcome_state[stage.outcome_start[option] : stage.outcome_start[option + 1]].tolist()
    return any(not _decides(panel, absent, state) for state in states)


def _decides(panel: Panel, block: int, state: int) -> bool:
    points = panel.points
    for stage in points.compiled.game.schedule.blocks[block]:
        row = points.row(stage, state)
        if row >= 0 and len(points.options(stage, row)) > 1:
            return True
    return False


def _state(panel: Panel, choice: int) -> int:
    return int(panel.points.compiled.game.stages[panel.stage[choice]].state[panel.row[choice]])


@dataclass(frozen=True)
class _Tried:
    """Columns (group, draw) solved together: log odds [option of the flat list, column], and which settled."""

    columns: Sequence[tuple[int, int]]
    log_odds: Floats
    settled: NDArray[np.bool_]


@dataclass
class Likelihood:
    """The likelihood of a panel as a function of parameter values.

    `held` are values of parameters that are not estimated and stand in no column; `engine` solves the game; `solved`
    counts games solved. Every solve starts from the continuation of the last `anchor`.
    """

    panel: Panel
    held: Mapping[str, float] = field(default_factory=dict)
    engine: Engine = backward_induction
    solver: SolverSettings = SOLVER
    solved: int = 0

    def __post_init__(self) -> None:
        self.paths = Paths.of(self.panel)
        self._warm: list[Floats] | None = None
        episode_group = self.panel.group[self.paths.bundle_episode]
        self._members = [np.flatnonzero(episode_group == g) for g in range(self.panel.groups)]

    def bundles(self, draws: Sequence[Mapping[str, float]]) -> Floats:
        """Log-likelihood of every bundle under every draw of the parameters, [bundle, draw].

        Minus infinity in the whole column of a draw whose numbers make no game.
        """
        return self._bundles_of(draws, self.solver)[0]

    def total(self, draws: Sequence[Mapping[str, float]]) -> Floats:
        """Log-likelihood of the panel under every draw."""
        return np.asarray(self.bundles(draws).sum(axis=0))

    def surveyed(self, draws: Sequence[Mapping[str, float]]) -> tuple[Floats, NDArray[np.bool_]]:
        """Log-likelihood of the panel under many draws, to 1e-8, and whether play beyond the horizon had settled."""
        likely, settled = self._bundles_of(draws, QUICK)
        return np.asarray(likely.sum(axis=0)), settled

    def settles(self, values: Mapping[str, float]) -> bool:
        """Whether play beyond the horizon becomes stationary under these values."""
        return bool(self._bundles_of([values], self.solver)[1].all())

    def _bundles_of(
        self, draws: Sequence[Mapping[str, float]], how: SolverSettings
    ) -> tuple[Floats, NDArray[np.bool_]]:
        found = np.full((len(self.paths.bundle_episode), len(draws)), -np.inf)
        settled = np.ones(len(draws), dtype=bool)
        columns = [(g, d) for d in range(len(draws)) for g in range(self.panel.groups)]
        for first in range(0, len(columns), WIDTH):
            for tried in self._tried(columns[first : first + WIDTH], draws, how):
                likely = self.paths.log_likelihood(tried.log_odds)
                for at, (g, d) in enumerate(tried.columns):
                    found[self._members[g], d] = likely[self._members[g], at]
                    settled[d] &= tried.settled[at]
        # a draw that is no game for some episodes is none at all
        found[:, ~np.isfinite(found).all(axis=0)] = -np.inf
        return found, settled

    def anchor(self, values: Mapping[str, float] | None) -> None:
        """Start later solves from play under these values (None: from nothing)."""
        self._warm = None
        if values is None:
            return
        self._warm = [
            self.engine(self._game, self._numbers([(g, 0)], [values]), self.solver, None).beyond
            for g in range(self.panel.groups)
        ]

    def predictions(self, values: Mapping[str, float]) -> list[Floats]:
        """Odds of every option of every choice, averaged over the orders that fit, one array a choice."""
        share = np.exp(self.paths.path_weight)
        path_of = np.repeat(np.arange(len(share)), np.diff(self.paths.path_start))
        found: list[Floats] = [np.zeros(0)] * self.panel.choices
        group = self.panel.group[self.panel.episode]
        start = self.paths.sites.start
        site = np.searchsorted(start, self.paths.term_option, side="right") - 1
        for g in range(self.panel.groups):
            (tried,) = self._tried([(g, 0)], [values], self.solver)
            odds = np.exp(tried.log_odds[:, 0])
            for k in np.flatnonzero(group[self.paths.term_choice] == g):
                choice = self.paths.term_choice[k]
                here = share[path_of[k]] * odds[start[site[k]] : start[site[k] + 1]]
                found[choice] = here if len(found[choice]) == 0 else found[choice] + here
        return found

    @property
    def _game(self) -> Game:
        return self.panel.points.compiled.game

    def _numbers(self, columns: Sequence[tuple[int, int]], draws: Sequence[Mapping[str, float]]) -> Numbers:
        return self.panel.points.compiled.numbers(
            [{**self.held, **draws[d], **self.panel.of_group(g)} for g, d in columns]
        )

    def _tried(
        self, columns: Sequence[tuple[int, int]], draws: Sequence[Mapping[str, float]], how: SolverSettings
    ) -> list[_Tried]:
        """Log odds of columns (group, draw), in parts; columns whose numbers make no game are left out."""
        try:
            numbers = self._numbers(columns, draws)
        except CaseError:
            if len(columns) == 1:
                return []
            half = len(columns) // 2
            return [*self._tried(columns[:half], draws, how), *self._tried(columns[half:], draws, how)]
        warm = None
        if self._warm is not None:
            warm = np.empty((self._game.states, self._game.actors * len(columns)))
            for at, (g, _) in enumerate(columns):
                warm[:, at :: len(columns)] = self._warm[g]
        play = self.engine(self._game, numbers, how, warm)
        self.solved += len(columns)
        return [_Tried(columns, self.paths.sites.log_odds(numbers, play.advantage), play.settled)]
