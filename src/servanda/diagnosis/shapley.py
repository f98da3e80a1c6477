r"""What each of several elements does when they act together: Shapley values, interactions, minimal repairs.

A *set function* :math:`v(S)` gives the outcome with the elements of S switched off; S is a bit mask, bit i set if
element i is in it, and all of v is an array `value[mask]` of 2^k numbers. With N all k elements and s = |S|:

The *Shapley value* (Shapley 1953) is the mean, over all orders in which the elements can be switched off, of what i
adds when its turn comes,

.. math:: \phi_i = \sum_{S \subseteq N \setminus i} \frac{s!\,(k-s-1)!}{k!} \bigl(v(S \cup i) - v(S)\bigr),

the one rule that is *efficient* (the values add up to v(N) - v(∅)), additive in v, the same for symmetric elements, and
zero for an element that never adds anything.

The *interaction index* of a pair (Grabisch and Roubens 1999) is the same mean of second differences,

.. math:: I_{ij} = \sum_{S \subseteq N \setminus \{i,j\}} \frac{s!\,(k-s-2)!}{(k-1)!}
   \bigl(v(S \cup ij) - v(S \cup i) - v(S \cup j) + v(S)\bigr).

It is the Shapley value of j in the effect of i, a set function of the k - 1 others, and is computed as such.

A *minimal repair* is a set that lifts the outcome to a threshold while no proper subset of it does; v need not be
monotone, so all proper subsets are looked at, not only those one element smaller.

These are exact to rounding. Where 2^k outcomes are too many, Shapley values are means over sampled orders (Castro,
Gómez and Tejada 2009): unbiased, and efficient order by order, since what is added along one order telescopes. Orders
are drawn in antithetic pairs, an order and its reverse; standard errors come from the spread of the pairs. Repairs are
searched size by size, and no superset of a repair is visited.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import comb, sqrt
from typing import overload

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Masks = NDArray[np.int64]
Evaluate = Callable[[Masks], Floats]

# a mask is a signed 64-bit integer, and one past the largest mask must fit too
MOST_ELEMENTS = 62


def subsets(k: int) -> Masks:
    """All subsets of k elements as masks, [2^k], in the order in which `value[mask]` is indexed.

    Raises
    ------
    ValueError
        If k is negative or above 62.

    >>> subsets(2).tolist()
    [0, 1, 2, 3]
    """
    return np.arange(_all(k) + 1, dtype=np.int64)


def members(mask: int) -> tuple[int, ...]:
    """Elements of a subset, ascending.

    Raises
    ------
    ValueError
        If the mask is negative.

    >>> members(0b1101)
    (0, 2, 3)
    """
    bits = int(mask)
    if bits < 0:
        raise ValueError(f"a mask is not negative: {bits}")
    return tuple(i for i in range(bits.bit_length()) if bits >> i & 1)


def shapley(value: Floats) -> Floats:
    """Shapley value of every element, [k], in units of `value[mask]`, [2^k] (Shapley 1953).

    They add up to `value[-1] - value[0]` within rounding: 1e-12 of the largest |value|.

    Raises
    ------
    ValueError
        If the length is no power of two, or a value is not finite.

    >>> shapley(np.array([0.0, 0.0, 0.0, 1.0])).tolist()  # only both together help
    [0.5, 0.5]
    """
    worth, k = _set_function(value)
    weight = _weights(k)
    return np.array([weight @ _effect(worth, i) for i in range(k)], dtype=np.float64)


def interactions(value: Floats) -> Floats:
    """Shapley interaction index of every pair, [k, k], symmetric, zero on the diagonal (Grabisch and Roubens 1999).

    In units of `value[mask]`, [2^k]; positive: the two help each other; negative: one stands in for the other.

    Raises
    ------
    ValueError
        If the length is no power of two, or a value is not finite.

    >>> interactions(np.array([0.0, 0.25, 0.5, 1.0])).tolist()
    [[0.0, 0.25], [0.25, 0.0]]
    """
    worth, k = _set_function(value)
    index = np.zeros((k, k))
    weight = _weights(k - 1)
    for i in range(k):
        effect = _effect(worth, i)
        for j in range(i):
            index[i, j] = index[j, i] = weight @ _effect(effect, j)
    return index


def alone(value: Floats) -> Floats:
    """What each element does alone, [k]: v({i}) - v(∅), from `value[mask]`, [2^k].

    Raises
    ------
    ValueError
        If the length is no power of two, or a value is not finite.

    >>> alone(np.array([0.0, 0.25, 0.5, 1.0])).tolist()
    [0.25, 0.5]
    """
    worth, k = _set_function(value)
    gain: Floats = worth[_single(k)] - worth[0]
    return gain


def last(value: Floats) -> Floats:
    """What each element does as the last one, [k]: v(all) - v(all without i), from `value[mask]`, [2^k].

    Raises
    ------
    ValueError
        If the length is no power of two, or a value is not finite.

    >>> last(np.array([0.0, 0.25, 0.5, 1.0])).tolist()
    [0.5, 0.75]
    """
    worth, k = _set_function(value)
    gain: Floats = worth[-1] - worth[_all(k) ^ _single(k)]
    return gain


def minimal_repairs(value: Floats, threshold: float) -> tuple[int, ...]:
    """Masks at which `value[mask]`, [2^k], is at least the threshold while it is below at all their proper subsets.

    Smallest first, then by value, best first, then by mask; (0,) if nothing need be switched off, () if nothing helps.

    Raises
    ------
    ValueError
        If the length is no power of two, or a value is not finite, or the threshold is not a number.

    >>> minimal_repairs(np.array([0.1, 0.2, 0.1, 0.7, 0.9, 0.3, 0.9, 0.9]), 0.5)
    (4, 3)
    """
    worth, k = _set_function(value)
    passes = worth >= _checked(threshold)
    some_part = np.zeros_like(passes)
    for i in range(k):
        # once elements up to i are done, it tells of proper subsets that lack only some of those elements
        lattice, inside = some_part.reshape(-1, 2, 1 << i), passes.reshape(-1, 2, 1 << i)
        lattice[:, 1] |= lattice[:, 0] | inside[:, 0]
    found = np.flatnonzero(passes & ~some_part)
    order = np.lexsort((found, -worth[found], np.bitwise_count(found)))
    return tuple(found[order].tolist())


@overload
def log_odds(probability: float, least: float = ...) -> float: ...
@overload
def log_odds(probability: Floats, least: float = ...) -> Floats: ...
def log_odds(probability: float | Floats, least: float = 1e-15) -> float | Floats:
    """Natural logarithm of p / (1 - p), with p kept within [least, 1 - least] so that changes at 0 and 1 are finite.

    Raises
    ------
    ValueError
        If a probability is outside [0, 1] by more than rounding (1e-9), or `least` outside [1e-15, 0.5).

    >>> log_odds(0.5), round(log_odds(0.0), 3)
    (0.0, -34.539)
    """
    p = np.asarray(probability, dtype=np.float64)
    if not 1e-15 <= least < 0.5:
        raise ValueError(f"the least probability is between 1e-15 and one half, not {least}")
    if not ((p >= -1e-9) & (p <= 1.0 + 1e-9)).all():
        raise ValueError("a probability lies between 0 and 1")
    kept = np.clip(p, least, 1.0 - least)
    odds: Floats = np.log(kept / (1.0 - kept))
    return odds if odds.ndim else float(odds)


@dataclass(frozen=True, eq=False)
class Permutations:
    """Orders in which k elements are switched off, `order[permutation, position]`, in antithetic pairs.

    Rows 2j and 2j + 1 are each other's reverse.

    Raises
    ------
    ValueError
        If a row is no order of 0 … k - 1, rows are not paired, or there are fewer than two pairs.

    >>> Permutations(np.array([[0, 1], [1, 0], [1, 0], [0, 1]])).masks.tolist()
    [0, 1, 2, 3]
    """

    order: Masks

    def __post_init__(self) -> None:
        if self.order.ndim != 2 or len(self.order) % 2 or len(self.order) < 4:
            raise ValueError("permutations come as two or more pairs of rows")
        k = self.order.shape[1]
        _all(k)
        if not (np.sort(self.order, axis=1) == np.arange(k)).all():
            raise ValueError(f"every row must be an order of 0 … {k - 1}")
        if not (self.order[::2] == self.order[1::2, ::-1]).all():
            raise ValueError("every second row must be the reverse of the one before it")

    @property
    def paths(self) -> Masks:
        """Masks met along each order, [permutation, k + 1], from none switched off to all."""
        steps = np.int64(1) << self.order.astype(np.int64)
        return np.concatenate([np.zeros((len(steps), 1), np.int64), np.cumsum(steps, axis=1)], axis=1)

    @property
    def masks(self) -> Masks:
        """Distinct masks whose values the orders need, ascending."""
        return np.unique(self.paths)


@dataclass(frozen=True, eq=False)
class SampledShapley:
    """Shapley values estimated from sampled orders: value[element], standard_error[element], orders drawn."""

    value: Floats
    standard_error: Floats
    permutations: int


@dataclass(frozen=True)
class RepairsFound:
    """Minimal repairs up to a size: masks sorted as in `minimal_repairs`, with their values.

    Every minimal repair of at most `complete_to` elements is there (k: every one there is); `evaluated` counts the
    subsets that were looked at.
    """

    repairs: tuple[int, ...]
    value: tuple[float, ...]
    complete_to: int
    evaluated: int


def sampled(order_seed: int, k: int, count: int) -> Permutations:
    """`count` orders of k elements, drawn uniformly in antithetic pairs; the same seed gives the same orders.

    Raises
    ------
    ValueError
        If k is negative or above 62, or the count is odd or below 4.

    >>> drawn = sampled(7, k=40, count=6)
    >>> drawn.order.shape, len(drawn.masks) <= 6 * 39 + 2
    ((6, 40), True)
    """
    _all(k)
    if count < 4 or count % 2:
        raise ValueError(f"orders are drawn in pairs, two pairs at least: {count}")
    random = np.random.default_rng(order_seed)
    drawn = random.permuted(np.tile(np.arange(k, dtype=np.int64), (count // 2, 1)), axis=1)
    return Permutations(np.stack([drawn, drawn[:, ::-1]], axis=1).reshape(count, k))


def shapley_sampled(evaluate: Evaluate, permutations: Permutations) -> SampledShapley:
    """Shapley values estimated along given orders, with standard errors (Castro, Gómez and Tejada 2009).

    `evaluate` gives values at masks; it is called once, with `permutations.masks`, so values already known for these
    can be handed over. Each order adds up to v(all) - v(∅), hence so do the estimates, whatever the sample.

    Raises
    ------
    ValueError
        If `evaluate` does not give one finite value for each mask.

    >>> drawn = sampled(7, k=20, count=8)
    >>> estimate = shapley_sampled(lambda masks: np.bitwise_count(masks).astype(float), drawn)
    >>> estimate.value[:3].tolist(), estimate.standard_error[:3].tolist()
    ([1.0, 1.0, 1.0], [0.0, 0.0, 0.0])
    """
    paths, masks = permutations.paths, permutations.masks
    worth = _evaluated(evaluate, masks)[np.searchsorted(masks, paths)]
    added = np.empty(permutations.order.shape)
    np.put_along_axis(added, permutations.order, np.diff(worth, axis=1), axis=1)
    pairs = (added[::2] + added[1::2]) / 2.0
    return SampledShapley(pairs.mean(axis=0), pairs.std(axis=0, ddof=1) / sqrt(len(pairs)), len(added))


def repairs_searched(evaluate: Evaluate, k: int, threshold: float, largest: int) -> RepairsFound:
    """Minimal repairs of at most `largest` elements, breadth first by size; supersets of repairs are not visited.

    `evaluate` gives values at masks; it is called once for each size with all candidates, none of them twice. Exact as
    far as it goes: all proper subsets of a repair of that size or below have been seen to fail.

    Raises
    ------
    ValueError
        If k is negative or above 62, `largest` negative, the threshold not a number, or `evaluate` does not give one
        finite value for each mask.

    >>> both = lambda masks: (masks & 0b11 == 0b11).astype(float)  # elements 0 and 1 together
    >>> repairs_searched(both, k=30, threshold=0.5, largest=2)
    RepairsFound(repairs=(3,), value=(1.0,), complete_to=2, evaluated=466)
    """
    _all(k)
    _checked(threshold)
    if largest < 0:
        raise ValueError(f"a size is not negative: {largest}")
    repairs: list[int] = []
    values: list[float] = []
    candidates = np.zeros(1, np.int64)
    evaluated = 0
    for _ in range(min(largest, k) + 1):
        worth = _evaluated(evaluate, candidates)
        evaluated += len(candidates)
        passes = worth >= threshold
        found, worth = candidates[passes], worth[passes]
        order = np.lexsort((found, -worth))
        repairs += found[order].tolist()
        values += worth[order].tolist()
        failing = candidates[~passes]
        # a set is its part without the highest element, and that element: each is made once
        candidates = np.concatenate([failing[:0], *(failing[failing < 1 << i] | 1 << i for i in range(k))])
        for repair in repairs:
            candidates = candidates[candidates & repair != repair]
        if not len(candidates):
            return RepairsFound(tuple(repairs), tuple(values), k, evaluated)
    return RepairsFound(tuple(repairs), tuple(values), largest, evaluated)


def _effect(value: Floats, i: int) -> Floats:
    """What element i adds to each subset of the others, [2^(k-1)]; the elements after i move one bit down."""
    lattice = value.reshape(-1, 2, 1 << i)
    return (lattice[:, 1] - lattice[:, 0]).reshape(-1)


def _weights(k: int) -> Floats:
    """Shapley weight of each subset of k - 1 elements, [2^(k-1)]; empty for no elements."""
    if k < 1:
        return np.zeros(0)
    by_size = np.array([1.0 / (k * comb(k - 1, s)) for s in range(k)])
    return by_size[np.bitwise_count(subsets(k - 1))]


def _single(k: int) -> Masks:
    return np.int64(1) << np.arange(k, dtype=np.int64)


def _all(k: int) -> int:
    if not 0 <= k <= MOST_ELEMENTS:
        raise ValueError(f"between 0 and {MOST_ELEMENTS} elements fit a mask, not {k}")
    return (1 << k) - 1


def _set_function(value: Floats) -> tuple[Floats, int]:
    worth = np.asarray(value, dtype=np.float64)
    if worth.ndim != 1 or worth.size.bit_count() != 1:
        raise ValueError(f"a set function has a power of two of values, in one dimension, not {worth.shape}")
    if not np.isfinite(worth).all():
        raise ValueError(f"the value of subset {int(np.argmin(np.isfinite(worth)))} is not finite")
    return worth, worth.size.bit_length() - 1


def _evaluated(evaluate: Evaluate, masks: Masks) -> Floats:
    worth = np.asarray(evaluate(masks), dtype=np.float64)
    if worth.shape != masks.shape:
        raise ValueError(f"{len(masks)} subsets were to be evaluated, the answer has shape {worth.shape}")
    if not np.isfinite(worth).all():
        raise ValueError(f"the value of subset {int(masks[np.argmin(np.isfinite(worth))])} is not finite")
    return worth


def _checked(threshold: float) -> float:
    if np.isnan(threshold):
        raise ValueError("the threshold is not a number")
    return threshold
