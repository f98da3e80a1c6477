"""Standard errors at a top of the likelihood, and the directions in which it is flat."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from servanda.case.resolved import Parameter
from servanda.estimation.answers import Direction, Estimate
from servanda.estimation.ascent import Top
from servanda.estimation.likelihood import Likelihood
from servanda.estimation.scales import Scale, values_at

Floats = NDArray[np.float64]

_NORMAL = 1.959963984540054
# a direction whose curvature is less than this part of the largest is flat
_FLAT = 1e-9


def errors_of(
    likelihood: Likelihood, asked: Sequence[Parameter], scales: Sequence[Scale], top: Top, *, robust: bool
) -> tuple[list[Estimate], Floats, float | None, tuple[Direction, ...]]:
    """Estimates with standard errors, their covariance (clustered by episode if `robust`), the condition number of the
    information (None where a direction is flat), and the directions of which the panel says little.

    Errors are found on the scales of the estimates and carried over by their slopes. The sandwich sums the scores of
    each episode, with the usual factor for the number of clusters.
    """
    size = len(asked)
    count = len(likelihood.panel.episodes)
    point = top.point
    values = values_at(scales, point[None])[0]
    information = top.information
    sandwich = plain = np.full((size, size), np.nan)
    lost = np.ones(size, dtype=bool)
    condition: float | None = None
    directions: tuple[Direction, ...] = ()
    if np.isfinite(information).all():
        sizes, ways = np.linalg.eigh(information)
        flat = sizes <= _FLAT * max(float(sizes.max()), 1e-300)
        lost = (np.abs(ways[:, flat]) > 0.05).any(axis=1)
        kept = ways[:, ~flat]
        plain = (kept / sizes[~flat]) @ kept.T
        clusters = np.zeros((count, size))
        np.add.at(clusters, likelihood.paths.bundle_episode, top.scores)
        meat = clusters.T @ clusters * (count / max(count - 1, 1))
        sandwich = plain @ meat @ plain
        condition = float(sizes.max() / sizes.min()) if not flat.any() else None
        directions = _directions([p.name for p in asked], sizes, ways, flat)
    slopes = np.array([s.slope(z) for s, z in zip(scales, point, strict=True)])
    used = sandwich if robust else plain
    found = []
    for k, (parameter, scale) in enumerate(zip(asked, scales, strict=True)):
        known = not lost[k] and np.isfinite(used[k, k])
        error = math.sqrt(max(plain[k, k], 0.0)) if known else math.nan
        clustered = math.sqrt(max(sandwich[k, k], 0.0)) if known else math.nan
        reach = _NORMAL * (clustered if robust else error)
        ends = scale.value(np.array([point[k] - reach, point[k] + reach])) if known else np.full(2, np.nan)
        found.append(
            Estimate(
                parameter.name, parameter.title, parameter.unit, parameter.number.text, parameter.number.central,
                values[parameter.name], _told(error * slopes[k]), _told(clustered * slopes[k]), _told(ends[0]),
                _told(ends[1]), scale.kind, _told(clustered if robust else error),
            )
        )  # fmt: skip
    covariance = used * np.outer(slopes, slopes)
    covariance[lost] = np.nan
    covariance[:, lost] = np.nan
    return found, covariance, condition, directions


def _directions(names: Sequence[str], sizes: Floats, ways: Floats, flat: NDArray[np.bool_]) -> tuple[Direction, ...]:
    """Flat directions, and those along which the panel says less than the declared distributions do."""
    found = []
    for k in np.flatnonzero(flat | (sizes < 1.0)):
        way = ways[:, k]
        order = np.argsort(-np.abs(way), kind="stable")
        sign = math.copysign(1.0, way[order[0]])
        parts = tuple((names[i], float(sign * way[i])) for i in order if abs(way[i]) > 0.25)
        found.append(Direction(parts, None if flat[k] else float(1.0 / math.sqrt(sizes[k])), bool(flat[k])))
    return tuple(found)


def _told(x: float) -> float | None:
    return float(x) if math.isfinite(x) else None
