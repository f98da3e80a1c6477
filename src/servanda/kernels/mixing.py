"""Passes over whole value arrays that an iteration needs at every step, each done once instead of many times."""

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import NDArray

from servanda.kernels.lanes import LANES, every_four, load, store
from servanda.kernels.plain import Floats
from servanda.kernels.registers import copies, replaced
from servanda.kernels.stage import _U

Singles = NDArray[np.float32]

_S = nb.float32[::1]
_F1 = nb.float64[::1]
_F2 = nb.float64[:, ::1]
_F3 = nb.float64[:, :, ::1]
_S2 = nb.float32[:, ::1]
_S3 = nb.float32[:, :, ::1]


@nb.njit(
    [nb.void(_F2, _F2, _F1, _F1, _F1), nb.void(_S2, _S2, _F1, _F1, _F1)], cache=True, nogil=True, error_model="numpy"
)
def spread(image: Floats, x: Floats, high: Floats, low: Floats, change: Floats) -> None:
    """Largest and least value of every column of `image`, and its largest absolute distance from `x` (nan if any is).

    image, x: float64[row, column], or both float32; high, low, change: float64[column], written.
    """
    width = image.shape[1]
    for j in range(width):
        high[j] = -np.inf
        low[j] = np.inf
        change[j] = 0.0
    for i in range(image.shape[0]):
        for j in range(width):
            value = image[i, j]
            high[j] = max(high[j], value)
            low[j] = min(low[j], value)
            gap = abs(value - x[i, j])
            # not (gap <= change) lets nan in, which max() would drop; what is nan stays so
            if not gap <= change[j] and change[j] == change[j]:
                change[j] = gap


@nb.njit(
    [nb.void(_F3, nb.int64[::1], _F2, _F2), nb.void(_S3, nb.int64[::1], _S2, _S2)],
    cache=True,
    nogil=True,
    error_model="numpy",
    fastmath={"contract"},
)
def combine(images: Floats, order: NDArray[np.int64], weight: Floats, mixed: Floats) -> None:
    """Weighted sum of arrays: mixed = sum over k of weight[k] * images[order[k]], column by column.

    images: float64[slot, row, column]; order: int64[k], at least one; weight: float64[k, column]; mixed: float64[row,
    column], written. All of them may be float32 instead, the order apart.
    """
    width = mixed.shape[1]
    for i in range(mixed.shape[0]):
        first = order[0]
        for j in range(width):
            mixed[i, j] = weight[0, j] * images[first, i, j]
        for k in range(1, order.shape[0]):
            slot = order[k]
            for j in range(width):
                mixed[i, j] += weight[k, j] * images[slot, i, j]


@nb.njit(nb.void(_F2, _F2, nb.int64, _F1), cache=True, nogil=True, error_model="numpy")
def dots(a: Floats, b: Floats, draws: int, total: Floats) -> None:
    """Inner product of two arrays for every draw: total[d] = sum of a * b over rows and the columns of draw d.

    a, b: float64[row, column * draws + draw]; total: float64[draw], written. Sums run in one fixed order, so that the
    last digit does not hang on where the arrays lie in memory.
    """
    total[:] = 0.0
    for i in range(a.shape[0]):
        for first in range(0, a.shape[1], draws):
            for d in range(draws):
                total[d] += a[i, first + d] * b[i, first + d]


@nb.njit(nb.void(_S, nb.int64, nb.int64[::1], _S, _S), cache=True, nogil=True, error_model="numpy")
def combine_sixteen(images: Singles, size: int, order: NDArray[np.int64], weight: Singles, mixed: Singles) -> None:
    """`combine` for sixteen draws in single precision, half as long: mixed[i] = weighted sum of images[order[k], i].

    All flat, an image having `size` entries of which every sixteenth is of the same draw; weight[(k, draw)].
    """
    first = _U(order[0] * size)
    for i in range(0, size, LANES):
        x = _U(i)
        total = load(weight, _U(0)) * load(images, first + x)
        for k in range(1, order.shape[0]):
            total = total + load(weight, _U(k * LANES)) * load(images, _U(order[_U(k)] * size) + x)
        store(mixed, x, total)


@nb.njit(nb.void(_F2, _F2, _F1), cache=True, nogil=True, error_model="numpy")
def dots_sixteen(a: Floats, b: Floats, total: Floats) -> None:
    """`dots` for sixteen draws, a seventh as long."""
    one, other = a.reshape(a.size), b.reshape(b.size)
    sums = copies(every_four(0.0), 4)
    for i in range(0, one.shape[0], LANES):
        for j in range(4):
            x = _U(i + 4 * j)
            sums = replaced(sums, j, sums[j] + load(one, x) * load(other, x))
    for j in range(4):
        store(total, _U(4 * j), sums[j])
