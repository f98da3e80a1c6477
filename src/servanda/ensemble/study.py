"""The ensemble as a study for sweeps: rows of results for any range of draws.

A draw's row does not depend on the draws solved beside it: sixteen at a time share the registers of the machine and
nothing else. Values beyond the horizon are iterated to 3e-4 of the range of values, in
single precision; answers of the founding case are within 5e-3 of those of `servanda.analysis` at the same parameters,
below what parameters leave open. The tolerance costs that, single precision 2e-4 (tests hold both on some draws).
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray

from servanda.case import dump
from servanda.case.freeze import freeze
from servanda.case.resolved import ResolvedCase
from servanda.ensemble.frame import Frame
from servanda.kernels.lanes import LANES
from servanda.ledger import engine_digest
from servanda.uncertainty.draws import SEED, draws_of

Rows = Mapping[str, NDArray[Any]]
# draws asked for at once: many, so that few lanes wait for the slow ones; for a cluster, whose size nobody knows, fewer
_MOST_DRAWS, _ON_A_CLUSTER = 256, 64
# bytes that the values of so many draws beyond the horizon may take
_MOST_BYTES = 2**28
_MOST_FRAMES = 4


@dataclass(frozen=True)
class Ensemble:
    """A case as it stood on a day, to be solved for draws of its parameters.

    Parameters
    ----------
    case : the case as read
    day : date of information; its own if None
    learn_from : evidence after this date is weighed; the case's own for its own date, else none
    seed : of the draws
    gates : drafts whose gates are wanted
    paths : whether paths in calendar time are wanted
    leave_out : whether answers without each piece of evidence are wanted
    frictions : whether the gates of the first of `gates` are wanted with each friction off
    overrides : parameters held at other values

    >>> from servanda.case import read
    >>> study = Ensemble.of(read("theory/two-level-ratification"))
    >>> rows = study.solve(0, 16)
    >>> rows["draw"].shape, bool(rows["settled"].all())
    ((16,), True)
    """

    case: ResolvedCase
    day: date
    learn_from: date
    seed: int = SEED
    gates: tuple[str, ...] = ()
    paths: bool = True
    leave_out: bool = True
    frictions: bool = False
    overrides: tuple[tuple[str, float], ...] = field(default=())

    @classmethod
    def of(
        cls,
        case: ResolvedCase,
        *,
        day: date | None = None,
        learn_from: date | None = None,
        seed: int = SEED,
        gates: Sequence[str] = (),
        paths: bool = True,
        leave_out: bool = True,
        frictions: bool = False,
        overrides: Mapping[str, float] | None = None,
    ) -> Ensemble:
        """The ensemble of a case."""
        chosen = day or case.as_of
        since = learn_from or (case.learn_from if chosen == case.as_of else chosen)
        fixed = tuple(sorted((overrides or {}).items()))
        return cls(case, chosen, min(since, chosen), seed, tuple(gates), paths, leave_out, frictions, fixed)

    @cached_property
    def digest(self) -> str:
        """Names the inputs, the engine and what is asked for."""
        key = sha256(engine_digest("ensemble", "forecast", "uncertainty"))
        whole = self.case.history or self.case
        asked = (dump(whole), self.case.as_of, self.day, self.learn_from, self.seed, self.gates, self.paths)
        key.update(repr((*asked, self.leave_out, self.frictions, self.overrides)).encode())
        return key.hexdigest()

    @property
    def frame(self) -> Frame:
        """The compiled game of the case as it stood."""
        return _frame(self, (self.case.history or self.case).protocol.order)

    def chunk(self, draws: int, workers: int | None = 1, *, cluster: bool = False) -> int:
        """How many of `draws` a sweep should ask for at once, a multiple of sixteen; `workers` is None for all cores.

        >>> from servanda.case import read
        >>> study = Ensemble.of(read("theory/two-level-ratification"))
        >>> study.chunk(100, 2), study.chunk(10_000), study.chunk(10_000, cluster=True)
        (64, 256, 64)
        """
        game = self.frame.compiled.game
        each = draws if cluster else -(-draws // (workers or os.cpu_count() or 1))
        most = min(_ON_A_CLUSTER if cluster else _MOST_DRAWS, _MOST_BYTES // (4 * game.states * game.actors))
        return LANES * max(1, min(-(-each // LANES), most // LANES))

    def solve(self, first: int, count: int) -> Rows:
        """Rows of the draws `first` to `first + count - 1`; `first` a multiple of sixteen.

        Raises
        ------
        ValueError
            If `first` is no multiple of sixteen, or no draw is asked for.
        """
        if first % LANES:
            raise ValueError(f"a range of draws begins at a multiple of {LANES}, not at {first}")
        if count < 1:
            raise ValueError(f"a range of {count} draws has none")
        whole = -(-count // LANES) * LANES
        draws = draws_of(self.case.history or self.case, whole, self.seed, first)
        fixed = dict(self.overrides)
        values = [{**d, **fixed} for d in (draws.mappings() or ({},) * whole)]
        rows: dict[str, NDArray[Any]] = {"draw": np.arange(first, first + whole)}
        # by the widest table of names, so that every range has the same columns
        for k, name in enumerate(draws.names):
            column = draws.values[:, k].copy()
            if name in fixed:
                column[:] = fixed[name]
            rows[f"parameter.{name}"] = column
        rows["model.terminal"] = np.array(draws.terminal)
        rows["model.order"] = np.array(draws.order)
        settled = np.array([x == "settled" for x in draws.terminal])
        found: dict[str, NDArray[Any]] = {}
        for order in sorted(set(draws.order)):
            mine = np.flatnonzero(np.array(draws.order) == order)
            # the last draw also fills what is missing to sixteen
            filled = np.append(mine, np.repeat(mine[-1], -len(mine) % LANES))
            some = _frame(self, order).solve([values[i] for i in filled], settled[filled])
            for name, column in some.items():
                if name not in found:
                    found[name] = np.empty((whole, *column.shape[1:]), dtype=column.dtype)
                found[name][mine] = column[: len(mine)]
        return {name: column[:count] for name, column in {**rows, **found}.items()}


_FRAMES: dict[tuple[str, str], Frame] = {}


def _frame(study: Ensemble, order: str) -> Frame:
    """The frame of a study under one order of movers; the last few are kept."""
    key = study.digest, order
    if key not in _FRAMES:
        while len(_FRAMES) >= _MOST_FRAMES:
            _FRAMES.pop(next(iter(_FRAMES)))
        _FRAMES[key] = _made(study, order)
    return _FRAMES[key]


def _made(study: Ensemble, order: str) -> Frame:
    whole = study.case.history or study.case
    # from its own start on a case is taken as it is written, with what was seen on that day
    own = study.day == whole.as_of and study.learn_from == whole.start
    frozen = freeze(study.case, study.day, learn_from=None if own else study.learn_from).case
    if order != frozen.protocol.order:
        frozen = replace(frozen, protocol=replace(frozen.protocol, order=order))  # type: ignore[arg-type]
    return Frame(frozen, study.paths, study.leave_out, study.gates, study.frictions)
