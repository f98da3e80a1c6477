"""Which designs to try: what the levers offer, which of them matter, and the search of spaces too large to go through.

A *combination* gives one option to every axis; an *axis* is a parameter that levers set. Small spaces are gone through.
In large ones a draft is searched by NSGA-II (Deb et al. 2002) with constrained domination: a design that passes beats
one that does not, of two that do not the one nearer to passing is better (in log-odds, so that one chance in a million
beats one in a billion), of two that pass none is better unless it is in every objective. Where the optimiser is not
installed, half of the games are spent on a low-discrepancy sample and the rest on ascent along one axis at a time from
the best designs found. Neither search is exhaustive.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import product
from math import ceil, isclose, log2, prod

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from servanda.case.resolved import Lever

Floats = NDArray[np.float64]
Combination = tuple[int, ...]

EVERY = "every design solved"
EVOLVED = "evolutionary search (NSGA-II), not exhaustive"
SAMPLED = "low-discrepancy sample and ascent along single levers, not exhaustive"
AS_WRITTEN = -1
# settings of the other levers at which a lever is looked at, beyond those that differ from the case in one lever
_SPREAD = 4
_POPULATION = 48
_SEED = 20220901
# the search is over after some generations in a row of which hardly any design is a new game
_PATIENCE = 4
_CONVERGED = 20


@dataclass(frozen=True)
class Option:
    """One value of an axis, and the lever that sets it."""

    lever: Lever
    label: str
    value: float


@dataclass(frozen=True)
class Axis:
    """The values that levers can give to one parameter; `written` is its value in the case."""

    parameter: str
    options: tuple[Option, ...]
    written: float

    @property
    def at_rest(self) -> int:
        """The option that leaves the parameter as written, AS_WRITTEN if no lever offers that."""
        return next((i for i, o in enumerate(self.options) if o.value == self.written), AS_WRITTEN)

    def value(self, option: int) -> float:
        """The parameter's value at an option."""
        return self.written if option == AS_WRITTEN else self.options[option].value

    def moved(self, option: int) -> bool:
        """Whether an option changes the case."""
        return self.value(option) != self.written

    def setting(self, option: int) -> tuple[str, str]:
        """Title of the lever and label of its choice."""
        if option == AS_WRITTEN:
            return self.options[0].lever.title, "as written"
        return self.options[option].lever.title, self.options[option].label


@dataclass(frozen=True)
class Scores:
    """What a search sees: objectives[design, k], to be raised, and shortfall[design], 0 or less where it passes."""

    objectives: Floats
    shortfall: Floats


Score = Callable[[Sequence[Combination]], Scores]


def axes_of(levers: Sequence[Lever], written: Callable[[str], float], points: int) -> tuple[Axis, ...]:
    """The axes of some levers; a range is cut into `points` values from end to end.

    Levers that set the same parameter share an axis, since only one of them can be pulled.

    Raises
    ------
    ValueError
        If `points` is below 2.

    Examples
    --------
    >>> (axis,) = axes_of([Lever("relief", "Relief", "share", range=(0.0, 1.0))], {"share": 0.5}.get, 3)
    >>> [o.label for o in axis.options], axis.at_rest
    (['0', '0.5', '1'], 1)
    """
    if points < 2:
        raise ValueError(f"a range is cut into at least two points, not {points}")
    found: dict[str, dict[float, Option]] = {}
    for lever in levers:
        low, high = lever.range or (0.0, 0.0)
        spread = tuple((f"{x:.4g}", float(x)) for x in np.linspace(low, high, points)) if lever.range else ()
        rest = written(lever.sets)
        for label, value in lever.choices or spread:
            # a point of a range may miss the value of the case by a rounding error
            value = rest if isclose(value, rest, rel_tol=1e-9, abs_tol=1e-12) else value
            found.setdefault(lever.sets, {}).setdefault(value, Option(lever, label, value))
    return tuple(Axis(name, tuple(options.values()), written(name)) for name, options in found.items())


def size_of(axes: Sequence[Axis]) -> int:
    """Number of combinations."""
    return prod(len(axis.options) for axis in axes)


def everything(axes: Sequence[Axis]) -> Iterator[Combination]:
    """Every combination, the last axis turning fastest."""
    return product(*(range(len(axis.options)) for axis in axes))


def as_written(axes: Sequence[Axis]) -> Combination:
    """The combination that leaves the case as it is."""
    return tuple(axis.at_rest for axis in axes)


def mattering(axes: Sequence[Axis], keys: Callable[[Sequence[Combination]], Sequence[bytes]]) -> tuple[bool, ...]:
    """Which axes change some number of a game.

    An axis is looked at with all others as written, with any one other at any of its options, and at a few settings
    spread over the space; it does not matter if the game is the same at all of its options every time.

    Parameters
    ----------
    keys : a digest of the game behind each combination, equal for equal games
    """
    still = as_written(axes)
    grounds = [still]
    for k, axis in enumerate(axes):
        grounds += [_with(still, k, option) for option in range(len(axis.options))]
    if axes:
        grounds += spread_over(axes, _SPREAD)
    groups: list[tuple[int, list[Combination]]] = []
    for k, axis in enumerate(axes):
        choices = range(len(axis.options))
        others = dict.fromkeys(_with(g, k, axis.at_rest) for g in grounds)
        groups += [(k, [ground, *(_with(ground, k, option) for option in choices)]) for ground in others]
    asked = list(dict.fromkeys(c for _, group in groups for c in group))
    key = dict(zip(asked, keys(asked), strict=True))
    matters = [False] * len(axes)
    for k, group in groups:
        matters[k] = matters[k] or len({key[c] for c in group}) > 1
    return tuple(matters)


def spread_over(axes: Sequence[Axis], count: int) -> list[Combination]:
    """Combinations spread evenly over the space (a scrambled Sobol sequence, always the same one)."""
    sizes = np.array([len(axis.options) for axis in axes])
    points = qmc.Sobol(len(axes), rng=np.random.default_rng(_SEED)).random_base2(max(0, ceil(log2(count))))[:count]
    return [tuple(int(i) for i in row) for row in np.minimum((points * sizes).astype(np.int64), sizes - 1)]


def optimiser_installed() -> bool:
    """Whether the optional extra `design` is there."""
    return find_spec("optuna") is not None


def evolve(axes: Sequence[Axis], score: Score, spent: Callable[[], int], budget: int) -> None:
    """Search one draft by NSGA-II until `budget` games are spent or hardly any new ones turn up.

    The first generation holds the draft as written and the two corners of the space; the same space gives the same
    search.
    """
    import optuna

    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        distributions: dict[str, optuna.distributions.BaseDistribution] = {
            axis.parameter: optuna.distributions.IntDistribution(0, len(axis.options) - 1) for axis in axes
        }
        still = as_written(axes)
        starts = [tuple(0 for _ in axes), tuple(len(axis.options) - 1 for axis in axes)]
        starts += [still] if AS_WRITTEN not in still else []
        sampler = optuna.samplers.NSGAIISampler(population_size=_POPULATION, seed=_SEED)
        directions = [optuna.study.StudyDirection.MAXIMIZE] * score([starts[0]]).objectives.shape[1]
        study = optuna.create_study(directions=directions, sampler=sampler)
        for start in starts:
            study.enqueue_trial({axis.parameter: i for axis, i in zip(axes, start, strict=True)}, skip_if_exists=True)
        idle = 0
        while spent() < budget and idle < _PATIENCE:
            before = spent()
            trials = [study.ask(distributions) for _ in range(min(_POPULATION, budget - spent()))]
            asked = [tuple(int(trial.params[axis.parameter]) for axis in axes) for trial in trials]
            found = score(asked)
            for trial, objectives, shortfall in zip(trials, found.objectives, found.shortfall, strict=True):
                trial.set_constraint("passes", float(shortfall))
                study.tell(trial, [float(x) for x in objectives])
            idle = idle + 1 if spent() - before < len(asked) // _CONVERGED + 1 else 0
    finally:
        optuna.logging.set_verbosity(level)


def sample_and_climb(axes: Sequence[Axis], score: Score, spent: Callable[[], int], budget: int) -> None:
    """Search one draft without an optimiser: a spread sample, then ascent from the designs nearest to passing."""
    begun = spent()
    sample = list(dict.fromkeys(spread_over(axes, max(2, (budget - begun) // 2))))
    shortfall = dict(zip(sample, score(sample).shortfall, strict=True))
    climbed: set[Combination] = set()
    while spent() < budget:
        fresh = [c for c in shortfall if c not in climbed]
        if not fresh:
            return
        here = min(fresh, key=lambda c: (shortfall[c], c))
        while here not in climbed and spent() < budget:
            climbed.add(here)
            near = [_with(here, k, o) for k, axis in enumerate(axes) for o in range(len(axis.options))]
            new = [c for c in dict.fromkeys(near) if c not in shortfall][: max(1, budget - spent())]
            if new:
                shortfall |= dict(zip(new, score(new).shortfall, strict=True))
            here = min((c for c in near if c in shortfall), key=lambda c: (shortfall[c], c))


def _with(combination: Combination, k: int, option: int) -> Combination:
    return (*combination[:k], option, *combination[k + 1 :])
