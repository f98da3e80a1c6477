"""Rows of an ensemble, and what tests read off them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Rows = Mapping[str, NDArray[Any]]


def parameters(rows: Rows, draw: int) -> dict[str, float]:
    """Parameters of one draw by name."""
    found = {n.removeprefix("parameter."): x for n, x in rows.items() if n.startswith("parameter.")}
    return {name: float(x[draw]) for name, x in found.items()}


def same(some: Rows, others: Rows, here: Iterable[int], there: Iterable[int], *, but: Iterable[str] = ()) -> None:
    """Rows `here` of some are bit for bit rows `there` of others, in every column but these."""
    assert some.keys() == others.keys()
    for name, column in some.items():
        if name not in but:
            np.testing.assert_array_equal(column[list(here)], others[name][list(there)], err_msg=name)
