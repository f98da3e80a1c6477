"""Polygon kernels against plain loops: hulls, sums, cuts, distances, and sets that may only grow."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from servanda.kernels import polygons
from tests.bounds.plain_sets import clipped, extreme, support

# numbers of one digit meet in lines and points; small shifts make edges that rounding alone sets upright
number = st.one_of(
    st.integers(-9, 9).map(lambda n: n / 10), st.floats(-1.0, 1.0), st.integers(-9, 9).map(lambda n: 0.3 + n * 1e-17)
)
points = st.lists(st.tuples(number, number), min_size=1, max_size=12).map(np.array)


def hull(of: np.ndarray) -> np.ndarray:
    out = np.empty((2 * len(of) + 2, 2))
    return out[: polygons.hull(np.ascontiguousarray(of), len(of), out)].copy()


def turns(corners: np.ndarray) -> np.ndarray:
    edge = np.roll(corners, -1, axis=0) - corners
    after = np.roll(edge, -1, axis=0)
    return edge[:, 0] * after[:, 1] - edge[:, 1] * after[:, 0]


@given(points)
def test_hulls_are_convex_and_hold_every_point(cloud: np.ndarray) -> None:
    corners = hull(cloud)
    assert sorted(map(tuple, corners)) == sorted(map(tuple, extreme(cloud)))
    assert min(map(tuple, corners)) == tuple(corners[0])
    if len(corners) > 2:
        assert (turns(corners) > 0.0).all()
    assert support(corners) == pytest.approx(support(cloud), abs=1e-15)


@given(points, points, points, st.floats(0.01, 1.0))
def test_sums_reach_as_far_as_their_parts_together(a, b, c, scale: float) -> None:
    parts = hull(a), hull(b), hull(c)
    total = np.zeros((1, 2))
    for part, share in zip(parts, (scale, 1.0 - scale, 0.7), strict=True):
        out = np.empty((len(total) + len(part) + 8, 2))
        n = polygons.add(total, len(total), part, len(part), share, out)
        total = hull(out[:n])
    wanted = scale * support(a) + (1.0 - scale) * support(b) + 0.7 * support(c)
    assert support(total) == pytest.approx(wanted, abs=4e-15)


@given(points, st.integers(0, 1), st.floats(-1.0, 1.0))
def test_cuts_keep_what_lies_above(cloud: np.ndarray, axis: int, floor: float) -> None:
    corners = hull(cloud)
    out = np.empty((2 * len(corners) + 8, 2))
    kept = out[: polygons.clip(corners, len(corners), axis, floor, out)]
    wanted = clipped(corners, axis, floor)
    assert len(kept) == 0 if len(wanted) == 0 else support(kept) == pytest.approx(support(wanted), abs=1e-13)


@given(points, st.tuples(number, number))
def test_the_distance_of_a_point_is_that_of_the_nearest(cloud: np.ndarray, point: tuple[float, float]) -> None:
    corners = hull(cloud)
    found = polygons.distance(*point, corners, len(corners))
    # a lower bound from 64 directions, an upper one from points of the polygon
    reach = np.array([[np.cos(t), np.sin(t)] for t in np.linspace(0.0, 2.0 * np.pi, 64, endpoint=False)])
    assert found >= max(0.0, (reach @ np.array(point) - support(corners)).max()) - 1e-14
    assert found <= np.hypot(*(corners - point).T).min() + 1e-15


@given(points, st.floats(0.0, 0.3))
def test_widening_loses_nothing_and_adds_little(cloud: np.ndarray, tolerance: float) -> None:
    corners = hull(cloud)
    wide = corners.copy()
    wide = wide[: polygons.widen(wide, len(wide), tolerance)]
    assert len(wide) <= len(corners)
    for x, y in corners:
        assert polygons.distance(x, y, hull(wide), len(hull(wide))) <= 4e-15
    for x, y in wide:
        assert polygons.distance(x, y, corners, len(corners)) <= tolerance + 4e-15


def test_a_fine_circle_becomes_coarse() -> None:
    angle = np.linspace(0.0, 2.0 * np.pi, 400, endpoint=False)
    circle = hull(np.column_stack((np.cos(angle), np.sin(angle))))
    size = polygons.widen(circle, len(circle), 0.05)
    assert size < 60


@given(points, st.booleans(), st.integers(0, 11))
def test_rings_are_put_in_order(cloud: np.ndarray, convex: bool, turn: int) -> None:
    ring = np.roll(hull(cloud) if convex else cloud, turn, axis=0)
    out = np.empty((len(ring), 2))
    polygons.sort_ring(np.ascontiguousarray(ring), len(ring), out)
    assert list(map(tuple, out)) == sorted(map(tuple, ring))


@given(st.lists(st.tuples(points, points), min_size=1, max_size=4))
def test_the_movement_is_the_largest_distance(pairs) -> None:
    hulls = [[hull(cloud) for cloud in pair] for pair in pairs]
    packed = []
    for side in range(2):
        sizes = np.array([len(pair[side]) for pair in hulls], dtype=np.int32)
        sets = np.zeros((len(hulls), int(sizes.max()), 2))
        for s, pair in enumerate(hulls):
            sets[s, : sizes[s]] = pair[side]
        packed += [sets, sizes]
    wanted = max(polygons.distance(x, y, b, len(b)) for a, b in hulls for x, y in a)
    assert polygons.moved(*packed) == wanted
