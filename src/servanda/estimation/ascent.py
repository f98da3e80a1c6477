"""Climbing a log-likelihood: gradients and curvature by central differences over a batch of draws solved together.

A trial point and its neighbours are the columns of one solve. Per bundle of choices the differences give a score; the
sum of the outer products of the scores (Berndt, Hall, Hall and Hausman 1974) is the curvature for a trust-region
method, second differences give the observed information at the top. Steps are in units of the declared distributions:
`STEP` for gradients (error of order STEP², below that of the solver), `CURVATURE_STEP` for curvature.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from servanda.estimation.likelihood import Likelihood
from servanda.estimation.scales import Scale, values_at

Floats = NDArray[np.float64]

STEP = 1e-3
CURVATURE_STEP = 5e-3
FARTHEST = 40.0
# a step that would gain less than this in log-likelihood is not worth taking
_NEAR = 1e-7


@dataclass(frozen=True)
class Top:
    """Where a climb ended: the point, its log-likelihood (with the prior's, if there is one), the gain another step
    would bring, the observed information, and the scores of the bundles, [bundle, parameter].
    """

    point: Floats
    height: float
    left: float
    information: Floats
    scores: Floats

    @property
    def converged(self) -> bool:
        """Whether there is nothing left to gain."""
        return self.left < 1e-4


@dataclass
class Hill:
    """A log-likelihood over coordinates, and the log of a normal prior over them if `precision` is its inverse
    correlation matrix.
    """

    likelihood: Likelihood
    scales: Sequence[Scale]
    precision: Floats | None = None

    def __post_init__(self) -> None:
        self._at: Floats | None = None
        self._known: tuple[float, Floats, Floats] = (-np.inf, np.zeros(0), np.zeros((0, 0)))

    def heights(self, points: Floats) -> Floats:
        """Heights of several points[draw, parameter]."""
        inside = (np.abs(points) <= FARTHEST).all(axis=1)
        found = np.full(len(points), -np.inf)
        if inside.any():
            found[inside] = self.likelihood.total(values_at(self.scales, points[inside]))
        return found + self._prior(points)

    def survey(self, points: Floats) -> tuple[Floats, NDArray[np.bool_]]:
        """Heights of many points, quickly, and whether play beyond the horizon had settled there."""
        likely, settled = self.likelihood.surveyed(values_at(self.scales, np.clip(points, -FARTHEST, FARTHEST)))
        return likely + self._prior(points), settled

    def _prior(self, points: Floats) -> Floats:
        if self.precision is None:
            return np.zeros(len(points))
        return np.asarray(-0.5 * np.einsum("ij,jk,ik->i", points, self.precision, points))

    def scored(self, point: Floats) -> tuple[float, Floats, Floats]:
        """Height, gradient and scores[bundle, parameter] (of the likelihood alone) at a point."""
        if self._at is not None and np.array_equal(self._at, point):
            return self._known
        size = len(point)
        around = np.concatenate([point[None], point + STEP * np.eye(size), point - STEP * np.eye(size)])
        if np.abs(point).max(initial=0.0) > FARTHEST:
            likely = np.full((1, len(around)), -np.inf)
        else:
            likely = self.likelihood.bundles(values_at(self.scales, around))
        if np.isfinite(likely).all():
            scores = (likely[:, 1 : size + 1] - likely[:, size + 1 :]) / (2.0 * STEP)
            height = float(likely[:, 0].sum() + self._prior(point[None])[0])
            gradient = scores.sum(axis=0)
            if self.precision is not None:
                gradient = gradient - self.precision @ point
        else:
            height, gradient, scores = -np.inf, np.zeros(size), np.zeros((1, size))
        self._at, self._known = point.copy(), (height, gradient, scores)
        return self._known

    def information(self, point: Floats) -> Floats:
        """Minus the matrix of second differences, [parameter, parameter]; not a number where a neighbour is no game."""
        size, h = len(point), CURVATURE_STEP
        pairs = [(i, j) for i in range(size) for j in range(i)]
        single = h * np.eye(size)
        double = np.array([single[i] + single[j] for i, j in pairs]).reshape(-1, size)
        offsets = np.concatenate([np.zeros((1, size)), single, -single, double, -double])
        likely = self.likelihood.bundles(values_at(self.scales, point + offsets))
        if not np.isfinite(likely).all():
            return np.full((size, size), np.nan)
        # differences of bundles first: their sum is large and would drown them
        change = (likely - likely[:, :1]).sum(axis=0)
        up, down = change[1 : size + 1], change[size + 1 : 2 * size + 1]
        more, less = change[2 * size + 1 : 2 * size + 1 + len(pairs)], change[2 * size + 1 + len(pairs) :]
        matrix = np.diag(up + down)
        for k, (i, j) in enumerate(pairs):
            matrix[i, j] = matrix[j, i] = 0.5 * (more[k] + less[k] - up[i] - up[j] - down[i] - down[j])
        found = -matrix / h**2
        return found if self.precision is None else found + self.precision

    def climb(self, start: Floats) -> Top:
        """The nearest top from a start: trust region first, Newton steps at the end."""

        def fall(point: Floats) -> float:
            return -self.scored(point)[0]

        def slope(point: Floats) -> Floats:
            return -self.scored(point)[1]

        def curvature(point: Floats) -> Floats:
            scores = self.scored(point)[2]
            matrix = scores.T @ scores
            if self.precision is not None:
                matrix = matrix + self.precision
            # a direction in which nothing changes must not look like a way to go
            return np.asarray(matrix + (1e-7 * np.trace(matrix) / len(point) + 1e-9) * np.eye(len(point)))

        point = np.asarray(start, dtype=np.float64)
        if len(point) == 0:
            return Top(point, float(self.heights(point[None])[0]), 0.0, np.zeros((0, 0)), np.zeros((1, 0)))
        self.likelihood.anchor(values_at(self.scales, point[None])[0])
        found = minimize(
            fall, point, jac=slope, hess=curvature, method="trust-exact",
            options={"gtol": 1e-3, "maxiter": 100, "initial_trust_radius": 0.5, "max_trust_radius": 2.0},
        )  # fmt: skip
        point = np.asarray(found.x, dtype=np.float64)
        self.likelihood.anchor(values_at(self.scales, point[None])[0])
        self._at = None
        information = self.information(point)
        for _ in range(8):
            height, gradient, scores = self.scored(point)
            step = newton_step(information, gradient)
            left = 0.5 * float(step @ gradient)
            if left < _NEAR or not np.isfinite(left):
                break
            # halved until it does not lead down
            for share in (1.0, 0.5, 0.25, 0.1, 0.01):
                if self.heights((point + share * step)[None])[0] > height:
                    point = point + share * step
                    break
            else:
                break
            information = self.information(point)
        height, gradient, scores = self.scored(point)
        left = abs(0.5 * float(newton_step(information, gradient) @ gradient))
        return Top(point, height, left, information, scores)


def newton_step(information: Floats, gradient: Floats) -> Floats:
    """The step to the top of a parabola with this slope and curvature; none in directions that are flat or not curved
    downwards.

    >>> newton_step(np.array([[2.0, 0.0], [0.0, 0.0]]), np.array([4.0, 1e-9])).tolist()
    [2.0, 0.0]
    """
    if not np.isfinite(information).all():
        return np.zeros(len(gradient))
    sizes, ways = np.linalg.eigh(information)
    good = sizes > 1e-8 * max(float(sizes.max(initial=0.0)), 1e-300)
    along = ways.T @ gradient
    return np.asarray(ways[:, good] @ (along[good] / sizes[good]))
