"""What a sweep runs: a study, which answers any range of draws with rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from servanda.errors import ServandaError

Rows: TypeAlias = Mapping[str, NDArray[Any]]
"""Arrays by column, first axis draws: float64, int64, bool or text, of any number of further axes."""

REQUIRED = {"draw": "i", "failure": "U", "settled": "b"}


@dataclass
class SweepError(ServandaError):
    """A sweep that cannot go on; what it had finished is kept."""


@runtime_checkable
class Study(Protocol):
    """Something to be answered for every draw.

    A study can be pickled. `solve` gives the same rows for a draw whatever range it is asked in; it need not be safe
    to call from two threads (every thread that solves has a study of its own).
    """

    @property
    def digest(self) -> str:
        """A name for all that the rows depend on (inputs, seed, program): letters and digits, fit for a folder."""
        ...

    def solve(self, first: int, count: int) -> Rows:
        """The rows of draws `first` to `first + count - 1`; `first` is a multiple of the chunk of the sweep.

        At least `draw` (number of the draw), `failure` (why there is no answer, "" if there is one) and `settled`
        (False if the answer is a rough one).
        """
        ...


def checked(rows: Rows, first: int, count: int) -> dict[str, NDArray[Any]]:
    """The rows of a study as plain arrays, after a look at their form.

    Raises
    ------
    ValueError
        If a column is missing, of another length or kind than promised, or the draws are not those asked for.

    Examples
    --------
    >>> rows = {"draw": np.array([4, 5]), "failure": np.array(["", ""]), "settled": np.array([True, True])}
    >>> sorted(checked(rows, 4, 2))
    ['draw', 'failure', 'settled']
    """
    found = {name: _plain(name, np.asarray(values)) for name, values in rows.items()}
    for name, kind in REQUIRED.items():
        if name not in found or found[name].dtype.kind != kind or found[name].ndim != 1:
            raise ValueError(f"a study gives the column `{name}` for every draw")
    for name, values in found.items():
        if values.ndim == 0 or len(values) != count:
            raise ValueError(f"column `{name}` has shape {values.shape}: its first axis is the {count} draws")
    if not np.array_equal(found["draw"], np.arange(first, first + count)):
        raise ValueError(f"these are not the rows of draws {first} to {first + count - 1}")
    return found


def _plain(name: str, values: NDArray[Any]) -> NDArray[Any]:
    match values.dtype.kind:
        case "f":
            return values.astype(np.float64, copy=False)
        case "i" | "u":
            return values.astype(np.int64, copy=False)
        case "b" | "U":
            return values
        case "O" if all(isinstance(value, str) for value in values.flat):
            return values.astype(np.str_)
    raise ValueError(f"column `{name}` holds {values.dtype}: only numbers, truths and text can be kept")
