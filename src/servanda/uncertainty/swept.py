"""A finished sweep: rows of all draws in one Parquet file, read column by column."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from html import escape
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from servanda.uncertainty.parts import about, array_of
from servanda.uncertainty.study import REQUIRED, SweepError

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

PARAMETER = "parameter."


class SweptRows(Mapping[str, NDArray[Any]]):
    """The columns of a sweep's file as arrays, first axis draws; each is read when it is first asked for."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._schema: pa.Schema = pq.read_schema(path)
        self._read: dict[str, NDArray[Any]] = {}

    def __getitem__(self, name: str) -> NDArray[Any]:
        if name not in self._read:
            if name not in self._schema.names:
                raise KeyError(name)
            with pq.ParquetFile(self.path) as file:
                values = array_of(file.read(columns=[name])[name], self._schema.field(name))
            values.flags.writeable = False
            self._read[name] = values
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._schema.names)

    def __len__(self) -> int:
        return len(self._schema.names)


@dataclass(frozen=True)
class Sweep:
    """What a sweep found.

    `rows` are columns by name, first axis draws; `draws` counts all of them, `failed` those without an answer and
    `unsettled` those with a rough one; `resumed` were there from before; `seconds` is the time that the rest took.
    """

    path: Path
    draws: int
    failed: int
    unsettled: int
    seconds: float
    resumed: int

    @classmethod
    def read(cls, path: Path, *, seconds: float = 0.0, resumed: int | None = None) -> Sweep:
        """Open the file of a finished sweep.

        Raises
        ------
        SweepError
            If there is no such file, or it is none of a sweep.
        """
        try:
            draws = int(about(path)["end"])
            rows = SweptRows(path)
            answered = rows["failure"] == ""
            unsettled = int((answered & ~rows["settled"]).sum())
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise SweepError(f"{path} is no finished sweep: {error}") from error
        return cls(path, draws, draws - int(answered.sum()), unsettled, seconds, draws if resumed is None else resumed)

    @cached_property
    def rows(self) -> SweptRows:
        """All columns, read when asked for."""
        return SweptRows(self.path)

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self.rows[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.rows)

    def __contains__(self, name: object) -> bool:
        return name in self.rows

    def to_arrow(self) -> pa.Table:
        """The whole file as an Arrow table; arrays of more than one axis are lists of a fixed size."""
        with pq.ParquetFile(self.path) as file:
            return file.read()

    def to_pandas(self) -> pd.DataFrame:
        """One row a draw; an array of more than one axis becomes a column for each of its places, `name[3, 1]`.

        Raises
        ------
        SweepError
            If pandas is not installed.
        """
        try:
            import pandas as pd
        except ImportError as error:
            raise _missing("pandas", "notebook") from error
        columns: dict[str, NDArray[Any]] = {}
        for name, values in self.rows.items():
            if values.ndim == 1:
                columns[name] = values
            else:
                places = np.ndindex(values.shape[1:])
                columns |= {f"{name}[{', '.join(map(str, at))}]": values[(slice(None), *at)] for at in places}
        return pd.DataFrame(columns, copy=True)

    def to_polars(self) -> pl.DataFrame:
        """One row a draw; an array of more than one axis becomes a column of arrays.

        Raises
        ------
        SweepError
            If polars is not installed.
        """
        try:
            import polars as pl
        except ImportError as error:
            raise _missing("polars", "notebook") from error
        return pl.DataFrame({name: v.tolist() if v.dtype.kind == "U" else v for name, v in self.rows.items()})

    def groups(self) -> dict[str, dict[str, NDArray[Any]]]:
        """Arrays [chain, draw, …] in the groups of an inference library, with one chain.

        `prior` holds the parameters, `prior_predictive` what came of them, `sample_stats_prior` how it was solved.
        """
        found: dict[str, dict[str, NDArray[Any]]] = {"prior": {}, "prior_predictive": {}, "sample_stats_prior": {}}
        for name, values in self.rows.items():
            if name == "failure":
                found["sample_stats_prior"]["failed"] = (values != "")[None]
            elif name in REQUIRED:
                found["sample_stats_prior"][name] = values[None]
            elif values.dtype.kind != "U" and values.size:
                parameter = name.startswith(PARAMETER)
                found["prior" if parameter else "prior_predictive"][name.removeprefix(PARAMETER)] = values[None]
        return {name: group for name, group in found.items() if group}

    def to_arviz(self) -> Any:
        """The sweep as ArviZ keeps draws: see `groups`; an `InferenceData`, from ArviZ 1 on a `DataTree`.

        Raises
        ------
        SweepError
            If ArviZ is not installed.
        """
        try:
            arviz: Any = import_module("arviz")
        except ImportError as error:
            raise _missing("arviz", "notebook") from error
        if int(arviz.__version__.partition(".")[0]) >= 1:
            return arviz.from_dict(self.groups())
        return arviz.from_dict(**self.groups())

    def _repr_html_(self) -> str:
        cells = "<tr><th style='text-align:left'>{}</th><td>{:.3g}</td><td>{:.3g} – {:.3g}</td></tr>"
        rows = "".join(cells.format(escape(name), *band) for name, *band in self.summary())
        head = "<tr><th style='text-align:left'>Over draws</th><th>Mean</th><th>80 %</th></tr>"
        return f"<p>{escape(self.sentence)}</p><table><thead>{head}</thead><tbody>{rows}</tbody></table>"

    @property
    def sentence(self) -> str:
        """How many draws there are, and how many of them are no good."""
        return f"{self.draws:,} draws, {self.failed:,} failed, {self.unsettled:,} unsettled."

    def summary(self, *beginnings: str) -> tuple[tuple[str, float, float, float], ...]:
        """Column, mean, and the quantiles between which eight draws in ten lie: number columns of one axis.

        Parameters
        ----------
        beginnings
            Only columns whose names begin so; all but parameters if none is given.
        """
        found = []
        for name in self.rows:
            asked = name.startswith(beginnings) if beginnings else not name.startswith(PARAMETER)
            if not asked or name in REQUIRED:
                continue
            values = self.rows[name]
            if values.ndim == 1 and values.dtype.kind in "fb":
                known = values[np.isfinite(values)].astype(np.float64)
                low, high = np.quantile(known, [0.1, 0.9]) if known.size else (np.nan, np.nan)
                found.append((name, float(known.mean()) if known.size else float("nan"), float(low), float(high)))
        return tuple(found)


def _missing(library: str, extra: str) -> SweepError:
    return SweepError(f"this needs {library}: python -m pip install 'servanda[{extra}]'")
