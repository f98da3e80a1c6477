"""Scales on which parameters are estimated: unbounded, with the declared distribution one unit wide.

For maximum likelihood a parameter that cannot be negative moves on the scale of its logarithm, a probability on that of
its log-odds, any other as it is. For the posterior it moves on normal scores: a value is the quantile of a standard
normal distribution function, so that the declared distribution, whatever it is, becomes the standard normal one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from servanda.case.resolved import Parameter
from servanda.case.uncertain import UncertainNumber

Floats = NDArray[np.float64]

# normal scores beyond this are no longer told apart by a distribution function in double precision
_FARTHEST = 7.5
_ONE_SD = 0.841344746068543


@dataclass(frozen=True, slots=True)
class Scale:
    """The scale of one parameter: `kind`, `value(z)` from a coordinate and `coordinate(x)` from a value."""

    name: str
    kind: str
    value: Callable[[Floats], Floats]
    coordinate: Callable[[float], float]

    def slope(self, z: float) -> float:
        """Change of the value per unit of the coordinate.

        >>> from servanda.case.uncertain import parse_uncertain
        >>> scale = likelihood_scale("a", parse_uncertain("normal(2, 3)"), bounded=False)
        >>> round(scale.slope(0.5), 6)
        3.0
        """
        step = 1e-5
        up, down = self.value(np.array([z + step, z - step]))
        return float((up - down) / (2.0 * step))


def likelihood_scale(name: str, number: UncertainNumber, *, bounded: bool) -> Scale:
    """The scale of a parameter for maximum likelihood; `bounded` keeps it inside the declared range.

    >>> from servanda.case.uncertain import parse_uncertain
    >>> likelihood_scale("cost", parse_uncertain("2 to 8"), bounded=False).kind
    'log'
    >>> likelihood_scale("cost", parse_uncertain("2 to 8"), bounded=True).kind
    'between 2 and 8'
    """
    low, high = number.support
    if number.kind == "beta" or (bounded and math.isfinite(low) and math.isfinite(high)):
        return _between(name, number, low, high)
    if low >= 0.0:
        return _logarithm(name, number)
    return _plain(name, number)


def _spread(number: UncertainNumber) -> tuple[float, float]:
    """The ends of one standard deviation to each side of the median."""
    low, high = number.quantile([1.0 - _ONE_SD, _ONE_SD])
    return float(low), float(high)


def _plain(name: str, number: UncertainNumber) -> Scale:
    low, high = _spread(number)
    centre, width = number.central, (high - low) / 2.0
    return Scale(name, "as it is", lambda z: centre + width * z, lambda x: (x - centre) / width)


def _logarithm(name: str, number: UncertainNumber) -> Scale:
    low, high = _spread(number)
    centre = math.log(number.central if number.central > 0.0 else (low + high) / 2.0)
    width = (math.log(high) - math.log(low)) / 2.0 if low > 0.0 else 1.0
    least = math.exp(centre - 30.0)
    return Scale(
        name, "log", lambda z: np.exp(np.clip(centre + width * z, -600.0, 600.0)),
        lambda x: (math.log(max(x, least)) - centre) / width,
    )  # fmt: skip


def _between(name: str, number: UncertainNumber, low: float, high: float) -> Scale:
    def logit(x: float) -> float:
        share = (x - low) / (high - low)
        return float(special.logit(min(max(share, 1e-9), 1.0 - 1e-9)))

    left, right = _spread(number)
    centre, width = logit((left + right) / 2.0), (logit(right) - logit(left)) / 2.0
    kind = f"between {low:g} and {high:g}"
    return Scale(
        name, kind, lambda z: low + (high - low) * special.expit(centre + width * z),
        lambda x: (logit(x) - centre) / width,
    )  # fmt: skip


def prior_scale(name: str, number: UncertainNumber) -> Scale:
    """Normal scores of a parameter under its declared distribution.

    >>> from servanda.case.uncertain import parse_uncertain
    >>> scale = prior_scale("a", parse_uncertain("uniform(0, 4)"))
    >>> scale.value(np.array([0.0])).tolist(), round(scale.coordinate(2.0), 6)
    ([2.0], 0.0)
    """
    grid = np.linspace(-_FARTHEST, _FARTHEST, 3001)
    values = number.quantile(special.ndtr(grid))

    def value(z: Floats) -> Floats:
        return number.quantile(special.ndtr(np.clip(z, -_FARTHEST, _FARTHEST)))

    return Scale(name, "normal scores", value, lambda x: float(np.interp(x, values, grid)))


def values_at(scales: Sequence[Scale], points: Floats) -> list[dict[str, float]]:
    """Parameter values at points[draw, parameter] of the scales, one mapping a draw."""
    columns = [scale.value(points[:, k]).tolist() for k, scale in enumerate(scales)]
    return [dict(zip((s.name for s in scales), row, strict=True)) for row in zip(*columns, strict=True)]


def score_correlations(parameters: Sequence[Parameter], pairs: Sequence[tuple[tuple[str, ...], float]]) -> Floats:
    """Correlations of the normal scores of some parameters, from rank correlations of (names, value)."""
    at = {parameter.name: k for k, parameter in enumerate(parameters)}
    matrix = np.eye(len(at))
    for names, value in pairs:
        places = [at[name] for name in names if name in at]
        for i in places:
            for j in places:
                if i != j:
                    matrix[i, j] = 2.0 * math.sin(math.pi * value / 6.0)
    return matrix
