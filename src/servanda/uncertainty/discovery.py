"""Scenario discovery: a box of parameters in which a condition mostly holds.

Boxes come from patient rule induction (Friedman and Fisher 1999; `prim`), in two ways: all parameters at once, of which
the few are kept whose limits matter, and parameters added one by one. The better box is taken. Limits that chance can
explain are dropped (quasi-p-values of Bryant and Lempert 2010, times the number of limits that could have been drawn).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from servanda.uncertainty.answers import Box, BoxLimit
from servanda.uncertainty.factors import Factor, Floats
from servanda.uncertainty.prim import Limits, Search, Truths

LEAST_MASS = 0.05
MOST_LIMITS = 4
# a condition must both hold and fail in draws worth at least this many, and in this share of them
FEWEST = 10.0
RAREST = 0.01


@dataclass(frozen=True, slots=True)
class Discovery:
    """A box, or the reason why there is none."""

    box: Box | None
    reason: str = ""


def find_box(
    factors: Sequence[Factor],
    x: Floats,
    holds: Truths,
    weights: Floats | None = None,
    *,
    quantity: str,
    title: str = "",
    condition: str = "holds",
    density: float | None = None,
    least_mass: float = LEAST_MASS,
    most_limits: int = MOST_LIMITS,
) -> Discovery:
    """A box of at most a few limits in which a condition mostly holds.

    Of the boxes passed on the way the one is taken that holds most above what chance would put into it: the mass of the
    box times the rise of the share that holds. With `density`, it is the one of largest coverage in which at least
    that share holds. Peeling stops when everything inside holds, when less than `least_mass` (or draws worth ten)
    would be left, or when no slice raises the share.

    Parameters
    ----------
    x
        Values drawn, [draw, factor].
    holds
        Whether the condition holds, [draw].
    weights
        Weight of each draw; equal if None.
    quantity, title, condition
        Name of the quantity, what it is in words, and a predicate that continues them, such as `is above 0.5`.
    density
        Least share that must hold inside, None for the best balance.
    least_mass
        Least share of the draws inside.
    most_limits
        How many parameters may have limits.

    Notes
    -----
    Parameters with choices lose one choice at a time. A `density` that no box reaches gives the densest box.

    Raises
    ------
    ValueError
        If the shapes do not fit or no draw counts.

    Examples
    --------
    >>> from servanda.case.uncertain import parse_uncertain
    >>> x = np.random.default_rng(0).random((500, 3))
    >>> factors = [Factor(n, n.upper(), parse_uncertain("uniform(0, 1)")) for n in "abc"]
    >>> box = find_box(factors, x, x[:, 1] > 0.7, quantity="war", title="War", condition="is likely").box
    >>> [limit.parameter for limit in box.limits], box.coverage, box.density
    (['b'], 1.0, 1.0)
    """
    given = np.ones(len(x)) if weights is None else np.asarray(weights, dtype=np.float64)
    if x.shape != (len(holds), len(factors)) or given.shape != holds.shape:
        raise ValueError(f"draws of shape {x.shape} for {len(holds)} truths and {len(factors)} factors")
    used = given > 0.0
    if not used.any():
        raise ValueError("no draw counts")
    x, truth, w = x[used], holds[used].astype(np.float64), given[used] / given[used].sum()
    effective = 1.0 / float(w @ w)
    base = float(w @ truth)
    name = title or quantity
    if reason := _too_one_sided(name, condition, base, effective):
        return Discovery(None, reason)
    search = Search(x, truth, w, base, effective, max(least_mass, FEWEST / effective), tuple(factors))
    # every parameter at once on part of the draws, and parameters added one by one: the better of two ways
    thinned = search.thinned()
    wide = thinned.best(thinned.peel(range(len(factors))), density)
    peeled = search.refined(thinned.strongest(wide, most_limits), density, most_limits)
    start = peeled[0].restricted(search.least, search.most)
    grown = search.refined(thinned.grown(start, density, most_limits), density, most_limits)
    limits, passed = max((peeled, grown), key=lambda found: search.worth(found[0], density))
    restricted = limits.restricted(search.least, search.most)
    if not restricted:
        return Discovery(None, f"No range of a few parameters tells when “{name}” {condition}: chance does as well.")
    return Discovery(_described(search, limits, restricted, passed, quantity, name, condition))


def _too_one_sided(name: str, condition: str, base: float, effective: float) -> str:
    if min(base, 1.0 - base) >= max(RAREST, FEWEST / effective):
        return ""
    if base <= 1e-12:
        return f"“{name}” {condition} in no draw, so there is nothing to look for."
    if base >= 1.0 - 1e-12:
        return f"“{name}” {condition} in every draw, whatever the parameters are."
    often = "hardly any" if base < 0.5 else "nearly every"
    return f"“{name}” {condition} in {often} draw ({_percent(base)}): too one-sided to say where."


def _described(
    search: Search,
    limits: Limits,
    restricted: list[int],
    passed: Sequence[Limits],
    quantity: str,
    name: str,
    condition: str,
) -> Box:
    """The record of a box."""
    least, most = search.least, search.most
    mass, share = search.mass_and_density(limits, restricted)
    coverage = min(mass * share / search.base, 1.0)
    sides = []
    for c in sorted(restricted, key=lambda c: -search.loss(limits, c, restricted)):
        factor = search.factors[c]
        inside = search.x[limits.inside(search.x, restricted), c]
        low, high = (inside.min(), inside.max()) if factor.choices else (limits.low[c], limits.high[c])
        names = tuple(n for n, value in factor.choices if bool((inside == value).any()))
        sides.append(
            BoxLimit(
                factor.name, factor.title, factor.unit, float(low), float(high), (float(least[c]), float(most[c])),
                search.p_value(limits, c, restricted), names,
            )
        )  # fmt: skip
    path = []
    for box in passed:
        limited = box.restricted(least, most)
        m, d = search.mass_and_density(box, limited)
        path.append((min(m * d / search.base, 1.0), d, len(limited)))
    sentence = (
        f"“{name}” {condition} in {_percent(share)} of the draws where {_listed([_limit_text(s) for s in sides])}, "
        f"against {_percent(search.base)} of all draws. These are {_percent(mass)} of the draws; they hold "
        f"{_percent(coverage)} of all draws in which that is so."
    )
    return Box(quantity, name, condition, tuple(sides), coverage, share, mass, search.base, tuple(path), sentence)


def _limit_text(limit: BoxLimit) -> str:
    unit = f" {limit.unit}" if limit.unit else ""
    if limit.choices:
        return f"“{limit.title}” is {' or '.join(limit.choices)}"
    least, most = limit.support
    if limit.low <= least:
        return f"“{limit.title}” is at most {limit.high:.3g}{unit}"
    if limit.high >= most:
        return f"“{limit.title}” is at least {limit.low:.3g}{unit}"
    return f"“{limit.title}” is between {limit.low:.3g} and {limit.high:.3g}{unit}"


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _percent(share: float) -> str:
    return f"{100.0 * share:.0f} %" if share >= 0.0095 or share == 0.0 else "<1 %"
