"""Low-discrepancy draws of all uncertain parameters of a case, and of the modelling choices that it leaves open.

Points of a scrambled Sobol sequence (Owen 1998), one dimension a parameter, go through each parameter's inverse
distribution function; correlated parameters go through a Gaussian copula first. Of ranked parameters the highest is
drawn first, each lower one from what is left below it. The last two dimensions choose what follows the horizon and the
order of movers. Draw i is the same however many draws are made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special
from scipy.stats import qmc

from servanda.case.resolved import Parameter, ResolvedCase

Floats = NDArray[np.float64]

SEED = 20220901
# quantiles of unbounded distributions are finite inside
_EDGE = 2.0**-40


@dataclass(frozen=True, eq=False)
class Draws:
    """Draws number `first`, `first` + 1, … of everything that a case leaves uncertain.

    `values[draw, parameter]` in the order of `names`; `terminal[draw]` is what follows the horizon (`stationary` or
    `settled`), `order[draw]` the order of movers (`drawn` or `fixed`).
    """

    first: int
    names: tuple[str, ...]
    values: Floats
    terminal: tuple[str, ...]
    order: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.terminal)

    def mappings(self) -> tuple[dict[str, float], ...]:
        """Values by name of parameter, one mapping a draw."""
        return tuple(dict(zip(self.names, row, strict=True)) for row in self.values.tolist())


def draws_of(case: ResolvedCase, count: int, seed: int = SEED, first: int = 0) -> Draws:
    """Draws `first` to `first + count - 1` of a case.

    The same case, seed and number give the same draw, whatever `first` and `count` are. Correlations are rank
    correlations (Spearman) of a Gaussian copula: 2 sin(π ρ / 6) between the normal scores. They are exact for
    continuous distributions; between choices, which have ties, they are those of the scores. A parameter without
    correlations is drawn as if no other had any, and so are all when `modelling` offers no choice.

    Raises
    ------
    ValueError
        If `count` or `first` is negative, or the correlations contradict each other.

    Examples
    --------
    >>> from servanda.case import read
    >>> case = read("us-iran")
    >>> some = draws_of(case, 4, first=8)
    >>> len(some), some.mappings() == draws_of(case, 16).mappings()[8:12]
    (4, True)
    """
    if count < 0 or first < 0:
        raise ValueError(f"cannot make {count} draws from number {first} on")
    uncertain = [parameter for parameter in case.parameters if not parameter.number.certain]
    wide = len(uncertain)
    inside = _points(wide, first, count, np.random.default_rng(seed)) if wide else np.empty((count, 0))
    # A sequence of its own for the modelling choices: the scrambling of the others would move with its width.
    choosing = _points(wide + 2, first, count, np.random.default_rng([seed, 1]))[:, wide:]
    spread = _correlated(inside, _normal_scores(case, uncertain))
    values = np.empty((count, wide))
    for k, parameter in enumerate(uncertain):
        values[:, k] = parameter.number.quantile(np.ascontiguousarray(spread[:, k]))
    _rank(case, [parameter.name for parameter in uncertain], inside, values)
    terminal = _chosen(case.modelling.terminal, choosing[:, 0])
    order = _chosen(case.modelling.order, choosing[:, 1])
    return Draws(first, tuple(parameter.name for parameter in uncertain), values, terminal, order)


def parameter_draws(case: ResolvedCase, count: int, *, seed: int = SEED) -> tuple[dict[str, float], ...]:
    """Values of every uncertain parameter, one mapping a draw; none where a case has no uncertain parameter.

    The same case, count and seed give the same draws; fewer draws are the first ones of more.

    Raises
    ------
    ValueError
        If `count` is negative.

    Examples
    --------
    >>> from servanda.case import read
    >>> draws = parameter_draws(read("us-iran"), 8)
    >>> len(draws), draws == parameter_draws(read("us-iran"), 16)[:8]
    (8, True)
    """
    if count < 0:
        raise ValueError(f"cannot make {count} draws")
    draws = draws_of(case, count, seed)
    return draws.mappings() if draws.names else ()


def _rank(case: ResolvedCase, names: Sequence[str], inside: Floats, values: Floats) -> None:
    """Put the numbers of all rankings in the place of numbers drawn one by one."""
    at = {name: k for k, name in enumerate(names)}
    for ranking in case.rankings:
        places = [ranking.places[place] for place in ranking.loose]
        found = ranking.spread(inside[:, [at[place[0]] for place in places]])
        for column, place in enumerate(places):
            for name in place:
                values[:, at[name]] = found[:, column]


def _points(wide: int, first: int, count: int, rng: np.random.Generator) -> Floats:
    engine = qmc.Sobol(wide, rng=rng)
    if first:
        engine.fast_forward(first)
    # The first point is taken alone: scipy warns of any other start that is no power of two.
    parts = [] if first or not count else [engine.random(1)]
    parts.append(engine.random(count - len(parts)))
    return np.clip(np.concatenate(parts), _EDGE, 1.0 - _EDGE)


def _normal_scores(case: ResolvedCase, uncertain: Sequence[Parameter]) -> Floats:
    """Correlations of the normal scores of all uncertain parameters."""
    at = {parameter.name: k for k, parameter in enumerate(uncertain)}
    matrix = np.eye(len(uncertain))
    for correlation in case.correlations:
        places = [at[name] for name in correlation.parameters]
        for i in places:
            for j in places:
                if i != j:
                    matrix[i, j] = 2.0 * np.sin(np.pi * correlation.value / 6.0)
    return matrix


def _correlated(inside: Floats, matrix: Floats) -> Floats:
    """Uniform points with these correlations of their normal scores, each column uniform still."""
    if np.array_equal(matrix, np.eye(len(matrix))):
        return inside
    try:
        factor = np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError as error:
        raise ValueError("the correlations contradict each other: no joint distribution has them all") from error
    scores = special.ndtri(inside)
    spread = inside.copy()
    for k, row in enumerate(factor):
        with_others = np.flatnonzero(row[:k])
        if with_others.size:
            # summed one by one: a matrix product may round a row differently beside other rows
            score = row[k] * scores[:, k]
            for j in with_others:
                score = score + row[j] * scores[:, j]
            spread[:, k] = np.clip(special.ndtr(score), _EDGE, 1.0 - _EDGE)
    return spread


def _chosen(weights: Sequence[tuple[str, float]], at: Floats) -> tuple[str, ...]:
    names = [name for name, _ in weights]
    upper = np.cumsum([weight for _, weight in weights])
    picked = np.minimum(np.searchsorted(upper, at, side="left"), len(names) - 1)
    return tuple(names[k] for k in picked)
