"""A cheap stand-in for a model, learnt from draws: a sparse polynomial whose variance splits by parameter.

Every parameter is first mapped to its rank, so that inputs are uniform; correlated ones are made independent within
their group (normal scores through a Cholesky factor). The stand-in is a sum of products of orthonormal functions of one
input each: Legendre polynomials, or indicator contrasts for a parameter with few values. Variance then splits exactly
into the squared coefficients (Sudret 2008). Terms enter one at a time, the one most correlated with what is left first
(orthogonal matching pursuit), as long as the extended Bayesian information criterion (Chen and Chen 2008), which
charges for the number of candidates looked at, falls. Products are looked for between any two inputs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import eval_legendre, ndtr, ndtri

from servanda.uncertainty.factors import Floats, midranks

Integers = NDArray[np.intp]

DEGREE = 6
PAIR_DEGREE = 4
FEW = 5
FOLDS = 5
MOST_TERMS = 60
MOST_DRAWS = 2_500
_ROUNDS = 2
_PAIRS_KEPT = 60


@dataclass(frozen=True, slots=True)
class Inputs:
    """Orthonormal functions of single inputs on the draws.

    `functions` [draw, function], the `column` each belongs to, and its `degree`.
    """

    functions: Floats
    column: Integers
    degree: Integers


@dataclass(frozen=True, slots=True)
class Surrogate:
    """A fitted stand-in.

    `terms` are pairs of functions (the second is -1 for a term of one), `coefficients` theirs after the constant,
    `design` [draw, term] their values, `residual` [draw] what is left, `quality` the share of the variance explained on
    draws not used for the fit.
    """

    inputs: Inputs
    terms: tuple[tuple[int, int], ...]
    constant: float
    coefficients: Floats
    design: Floats
    residual: Floats
    quality: float

    def columns_of(self, term: int) -> tuple[int, ...]:
        """The input or the two inputs that a term depends on."""
        first, second = self.terms[term]
        one = int(self.inputs.column[first])
        return (one,) if second < 0 else tuple(sorted({one, int(self.inputs.column[second])}))


def orthonormal_inputs(x: Floats, weights: Floats, groups: tuple[tuple[int, ...], ...] = ()) -> Inputs:
    """Orthonormal functions of every column on weighted draws.

    Parameters
    ----------
    x
        Values, [draw, column].
    weights
        Weights adding up to one.
    groups
        Columns that are correlated among themselves; all others are taken as independent.
    """
    ranks = midranks(x, weights)
    for group in groups:
        ranks[:, group] = _independent(ranks[:, group], weights)
    functions: list[Floats] = []
    column: list[int] = []
    degree: list[int] = []
    grouped = {c for group in groups for c in group}
    for c in range(x.shape[1]):
        values = np.unique(x[weights > 0.0, c])
        few = len(values) <= FEW and c not in grouped
        # orthonormal among themselves on these very draws
        made = _contrasts(x[:, c], values, weights) if few else _polynomials(ranks[:, c], len(values))
        functions += list(made)
        column += [c] * len(made)
        degree += [1] * len(made) if few else list(range(1, len(made) + 1))
    wide = np.stack(functions, axis=1) if functions else np.empty((len(x), 0))
    return Inputs(wide, np.array(column, dtype=np.intp), np.array(degree, dtype=np.intp))


def fit_surrogate(inputs: Inputs, y: Floats, weights: Floats, *, seed: int = 0) -> Surrogate:
    """Fit the sparse polynomial, and judge it on draws left out in five parts.

    Terms are looked for on the first 2,500 draws that count; coefficients are fitted to all of them.

    Parameters
    ----------
    y
        The quantity, [draw].
    weights
        Weights adding up to one.
    seed
        Of the assignment of draws to parts.
    """
    searched = _thinned(weights)
    terms = _selected(inputs, y, searched)
    design = _design(inputs, terms)
    constant, coefficients = _solved(design, y, weights)
    residual = y - constant - design @ coefficients
    folds = np.random.default_rng(seed).permutation(len(y)) % FOLDS
    lost, spread = 0.0, 0.0
    for fold in range(FOLDS):
        out = folds == fold
        inside = np.where(out, 0.0, searched)
        if inside.sum() <= 0.0 or weights[out].sum() <= 0.0:
            continue
        inside /= inside.sum()
        found = _selected(inputs, y, inside)
        offset, slope = _solved(_design(inputs, found), y, inside)
        tried = y[out] - offset - _design(inputs, found)[out] @ slope
        lost += float(weights[out] @ tried**2)
        spread += float(weights[out] @ (y[out] - inside @ y) ** 2)
    quality = 1.0 - lost / spread if spread > 0.0 else 0.0
    return Surrogate(inputs, terms, constant, coefficients, design, residual, quality)


def _thinned(weights: Floats) -> Floats:
    counting = np.flatnonzero(weights > 0.0)
    if len(counting) <= MOST_DRAWS:
        return weights
    kept = np.zeros_like(weights)
    kept[counting[:MOST_DRAWS]] = weights[counting[:MOST_DRAWS]]
    return np.asarray(kept / kept.sum())


def _independent(ranks: Floats, weights: Floats) -> Floats:
    """Uniform inputs without correlation of their normal scores."""
    scores = ndtri(ranks)
    scores -= weights @ scores
    covariance = (scores * weights[:, None]).T @ scores
    covariance[np.diag_indices(len(covariance))] += 1e-9
    apart = np.linalg.solve(np.linalg.cholesky(covariance), scores.T).T
    return np.asarray(ndtr(apart), dtype=np.float64)


def _polynomials(ranks: Floats, distinct: int) -> list[Floats]:
    at = 2.0 * ranks - 1.0
    degrees = range(1, min(DEGREE, distinct - 1) + 1)
    made: list[Floats] = [math.sqrt(2 * d + 1) * np.asarray(eval_legendre(d, at), dtype=np.float64) for d in degrees]
    return made


def _contrasts(x: Floats, values: Floats, weights: Floats) -> list[Floats]:
    """Orthonormal functions of a value among few: each against all later ones."""
    made = []
    shares = np.array([float(weights[x == value].sum()) for value in values])
    for k in range(len(values) - 1):
        here, later = shares[k], float(shares[k + 1 :].sum())
        if min(here, later) < 1e-12:
            continue
        height = math.sqrt(later / (here * (here + later)))
        made.append(np.where(x == values[k], height, np.where(x > values[k], -height * here / later, 0.0)))
    return made


def _design(inputs: Inputs, terms: tuple[tuple[int, int], ...]) -> Floats:
    if not terms:
        return np.empty((len(inputs.functions), 0))
    f = inputs.functions
    return np.stack([f[:, a] if b < 0 else f[:, a] * f[:, b] for a, b in terms], axis=1)


def _solved(design: Floats, y: Floats, weights: Floats) -> tuple[float, Floats]:
    mean = float(weights @ y)
    if design.shape[1] == 0:
        return mean, np.empty(0)
    centre = weights @ design
    root = np.sqrt(weights)[:, None]
    slope = np.linalg.lstsq(root * (design - centre), root[:, 0] * (y - mean), rcond=1e-10)[0]
    return mean - float(centre @ slope), np.asarray(slope, dtype=np.float64)


def _selected(inputs: Inputs, y: Floats, weights: Floats) -> tuple[tuple[int, int], ...]:
    """Terms in the order they enter: single inputs, then products where they explain what is left, and once more."""
    used = weights > 0.0
    f, w = inputs.functions[used], weights[used]
    target = y[used] - w @ y[used]
    effective = 1.0 / float(w @ w)
    # a constant quantity leaves nothing to explain
    if f.shape[1] == 0 or float(w @ target**2) <= 0.0:
        return ()
    simple = np.flatnonzero(inputs.degree <= PAIR_DEGREE)
    singles = [(int(k), -1) for k in range(f.shape[1])]
    pair_count = len(simple) * (len(simple) - 1) // 2
    root = np.sqrt(w)[:, None]
    pursuit = _Pursuit(root[:, 0] * target, effective)
    pursuit.extend(singles, root * (f - w @ f), len(singles))
    for _ in range(_ROUNDS):
        before = len(pursuit.chosen)
        pairs = _promising(inputs, simple, f, w, pursuit.residual / root[:, 0])
        fresh = [pair for pair in pairs if pair not in pursuit.chosen]
        if fresh:
            products = np.stack([f[:, a] * f[:, b] for a, b in fresh], axis=1)
            pursuit.extend(fresh, root * (products - w @ products), pair_count)
        pursuit.extend(singles, root * (f - w @ f), len(singles))
        if len(pursuit.chosen) == before:
            break
    return tuple(pursuit.chosen)


def _promising(inputs: Inputs, simple: Integers, f: Floats, w: Floats, residual: Floats) -> list[tuple[int, int]]:
    """Products of functions of two inputs that are most correlated with the residual."""
    table = f[:, simple]
    strength = np.abs((table * (w * residual)[:, None]).T @ table)
    own = inputs.column[simple]
    strength[own[:, None] == own[None, :]] = 0.0
    strength[np.tril_indices(len(simple))] = 0.0
    kept = min(_PAIRS_KEPT, strength.size)
    best = np.argpartition(strength, strength.size - kept, axis=None)[-kept:]
    best = best[np.argsort(-strength.ravel()[best], kind="stable")]
    rows, columns = np.unravel_index(best, strength.shape)
    return [(int(simple[a]), int(simple[b])) for a, b in zip(rows, columns, strict=True) if strength[a, b] > 0.0]


class _Pursuit:
    """Orthogonal matching pursuit with a stop by the extended Bayesian information criterion."""

    def __init__(self, target: Floats, effective: float) -> None:
        self.residual = target.copy()
        self.chosen: list[tuple[int, int]] = []
        self.effective = effective
        self.most = int(min(MOST_TERMS, effective / 5.0))
        self._basis = np.empty((len(target), 0))
        self._floor = 1e-14 * float(target @ target)

    def extend(self, names: list[tuple[int, int]], columns: Floats, candidates: int) -> None:
        """Take terms from these columns while each pays for itself among `candidates` ones."""
        left = columns - self._basis @ (self._basis.T @ columns)
        norms = np.einsum("ij,ij->j", left, left)
        original = np.maximum(np.einsum("ij,ij->j", columns, columns), 1e-300)
        price = (math.log(max(self.effective, 2.0)) + 2.0 * math.log(max(candidates, 1))) / self.effective
        while len(self.chosen) < self.most:
            power = float(self.residual @ self.residual)
            if power <= self._floor:
                return
            free = norms > 1e-6 * original
            inner = self.residual @ left
            gains = np.where(free, inner**2 / np.where(free, norms, 1.0), 0.0)
            best = int(gains.argmax())
            remaining = power - float(gains[best])
            if remaining > 0.0 and math.log(power / remaining) < price:
                return
            direction = left[:, best] / math.sqrt(norms[best])
            self._basis = np.column_stack([self._basis, direction])
            self.chosen.append(names[best])
            self.residual = self.residual - direction * float(direction @ self.residual)
            left = left - np.outer(direction, direction @ left)
            norms = np.einsum("ij,ij->j", left, left)
