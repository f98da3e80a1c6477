"""The passes of an iteration against their plain twins, in both precisions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from servanda.kernels import plain
from servanda.kernels.lanes import LANES, aligned
from servanda.kernels.mixing import combine, combine_sixteen, dots, dots_sixteen, spread
from tests.strategies import seeds

sizes = st.tuples(st.integers(1, 40), st.integers(1, 5))


@pytest.mark.parametrize("number", [np.float64, np.float32])
@given(size=sizes, broken=st.booleans(), seed=seeds)
def test_spread(number: type, size: tuple[int, int], broken: bool, seed: int) -> None:
    image, x = np.random.default_rng(seed).normal(0.0, 10.0, (2, *size)).astype(number)
    if broken:
        image[-1, -1] = np.nan
    found, expected = np.empty((2, 3, size[1]))
    spread(image, x, *found)
    plain.spread(image, x, *expected)
    whole = slice(None, -1 if broken else None)
    np.testing.assert_array_equal(found[:, whole], expected[:, whole])
    assert np.isnan(found[2, -1]) == broken


@pytest.mark.parametrize(("number", "accuracy"), [(np.float64, 1e-12), (np.float32, 1e-4)])
@given(size=sizes, kept=st.integers(1, 8), seed=seeds)
def test_combine(number: type, accuracy: float, size: tuple[int, int], kept: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    images = random.normal(0.0, 10.0, (8, *size)).astype(number)
    order, weight = random.permutation(8)[:kept], random.normal(0.0, 1.0, (kept, size[1])).astype(number)
    found, expected = np.full(size, np.nan, number), np.empty(size, number)
    combine(images, order, weight, found)
    plain.combine(images, order, weight, expected)
    np.testing.assert_allclose(found, expected, rtol=accuracy, atol=accuracy)


@given(rows=st.integers(1, 20), columns=st.integers(1, 4), kept=st.integers(1, 8), seed=seeds)
def test_combine_sixteen(rows: int, columns: int, kept: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    images = aligned((8, rows, columns * LANES))
    images[:] = random.normal(0.0, 10.0, images.shape)
    order, weight = random.permutation(8)[:kept], random.normal(0.0, 1.0, (kept, LANES)).astype(np.float32)
    found, expected = aligned(images.shape[1:]), np.empty(images.shape[1:], np.float32)
    found[:] = np.nan
    combine_sixteen(images.reshape(-1), images[0].size, order, weight.reshape(-1), found.reshape(-1))
    plain.combine(images, order, np.tile(weight, columns), expected)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("draws", [1, 3, LANES])
@given(rows=st.integers(1, 30), columns=st.integers(1, 4), seed=seeds)
def test_dots(draws: int, rows: int, columns: int, seed: int) -> None:
    a, b = np.random.default_rng(seed).normal(0.0, 1.0, (2, rows, columns * draws))
    expected = np.empty(draws)
    plain.dots(a, b, draws, expected)
    for product in (lambda out: dots(a, b, draws, out), *([lambda out: dots_sixteen(a, b, out)] * (draws == LANES))):
        found = np.full(draws, np.nan)
        product(found)
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-10)
