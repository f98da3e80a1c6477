"""Answers with any part of the evidence: draws filtered anew, without solving them again.

What evidence says of a draw depends on play up to the date of information, what follows from the states it leaves on
play after it; neither on which pieces are weighed. So each draw is solved once, and of its play is kept what the filter
needs: the odds of choice at the places that evidence, whole or in part, leads to, and the answer to every question from
each state that can stand at the end. Any subset is then one pass of `servanda.ensemble.filter` over the first periods.
Places where less than one part in ten million of the mass stands, whatever is weighed, are left out.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from servanda.ensemble import Ensemble
from servanda.ensemble.filter import filtered
from servanda.ensemble.frame import Frame
from servanda.ensemble.observations import stacked
from servanda.ensemble.reach import reached
from servanda.equilibrium.period import Slot, slots_of
from servanda.equilibrium.sixteen import SixteenPeriod
from servanda.game import Game, Numbers
from servanda.kernels.lanes import LANES, aligned
from servanda.ledger import cache_folder
from servanda.outlook.readings import factors_of
from servanda.uncertainty.answers import Band, Posterior
from servanda.uncertainty.draws import draws_of
from servanda.uncertainty.weights import band, effective_size, posteriors, weigh
from servanda.writing import replacing

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Places = NDArray[np.int64]

LEAST_MASS = 1e-7
MOST_STUDIES = 2
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Toggled:
    """Answers under some of the evidence.

    `pieces` are the keys of what was weighed, `answers` (question, mean and band over draws), `choices` the parameters
    that are one of several things; `effective` is the effective number of draws. `possible` is False where no draw can
    produce these pieces together: the answers are then those without any.
    """

    pieces: tuple[str, ...]
    draws: int
    failed: int
    effective: float
    possible: bool
    answers: tuple[tuple[str, Band], ...]
    choices: tuple[Posterior, ...]


@dataclass(frozen=True, eq=False)
class Kept:
    """What is kept of the play of sixteen draws.

    failed[draw]; places[t] and odds[t][place, draw] for every period up to the date of information; rows[row] are the
    states that can stand there, chance[row, question, draw] the answers from them.
    """

    failed: NDArray[np.bool_]
    places: tuple[Places, ...]
    odds: tuple[Singles, ...]
    rows: Places
    chance: Singles

    def to_bytes(self) -> bytes:
        """As a file of arrays."""
        arrays: dict[str, NDArray[Any]] = {"failed": self.failed, "rows": self.rows, "chance": self.chance}
        for t, (at, odds) in enumerate(zip(self.places, self.odds, strict=True)):
            arrays |= {f"places{t}": at, f"odds{t}": odds}
        file = BytesIO()
        np.savez(file, allow_pickle=False, **arrays)
        return file.getvalue()

    @classmethod
    def read(cls, path: Path, periods: int) -> Kept:
        """What `to_bytes` wrote.

        Raises
        ------
        OSError, EOFError, ValueError, KeyError, BadZipFile
            If there is no such file, or it is none of this.
        """
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            return cls(
                file["failed"], tuple(file[f"places{t}"] for t in range(periods)),
                tuple(file[f"odds{t}"] for t in range(periods)), file["rows"], file["chance"],
            )  # fmt: skip


class _Watched(SixteenPeriod):
    """The operator of a period that notes where mass stands when a stage begins."""

    def __init__(self, game: Game, numbers: Numbers) -> None:
        super().__init__(game, numbers)
        self.passed: dict[int, set[int]] = {}

    def pass_stage(
        self,
        mass: Singles,
        slot: Slot,
        period: int,
        weight: float,
        odds: Singles,
        alive: NDArray[np.uint8],
        which: NDArray[np.int32] | None = None,
    ) -> None:
        """Push mass through one stage, as `SixteenPeriod` does."""
        stage = self.game.stages[slot.stage]
        sites = np.flatnonzero(alive[stage.state])
        sites = sites[mass[stage.state[sites]].max(axis=1, initial=0.0) > LEAST_MASS]
        noted = self.passed.setdefault(period, set())
        for site in sites:
            noted.update(range(slot.options.start + stage.option_start[site],
                               slot.options.start + stage.option_start[site + 1]))  # fmt: skip
        super().pass_stage(mass, slot, period, weight, odds, alive, which)


class _Frame(Frame):
    """A frame that keeps of each sixteen draws what filtering them again needs."""

    @cached_property
    def caught(self) -> list[Kept]:
        """What the last solution kept."""
        return []

    def forget_odds(self) -> None:
        """Let go of the room for the odds of the whole calendar, the largest part of what solving takes."""
        self.__dict__.pop("_odds", None)

    def _sixteen(
        self, values: Sequence[Mapping[str, float]], worth: Singles
    ) -> tuple[dict[str, NDArray[Any]], NDArray[np.bool_]]:
        period = _Watched(self.compiled.game, self.compiled.numbers(values))
        odds = self._played(period, worth)
        known = filtered(
            self.compiled, period, odds, self.seen, self.informed, stacked(self.compiled, values)
        )  # fmt: skip
        rows = np.flatnonzero((known.mass > LEAST_MASS).any(axis=(1, 2)))
        chance = reached(period, odds, self.questions, self.informed)[rows]
        finite = np.asarray(np.isfinite(worth).reshape(len(worth), -1, LANES).all(axis=(0, 1)), dtype=bool)
        places = tuple(np.array(sorted(period.passed.get(t, ())), dtype=np.int64) for t in range(self.informed))
        self.caught.append(
            Kept(~finite, places, tuple(odds[t][at].copy() for t, at in enumerate(places)), rows, chance)
        )
        return {"draw": np.arange(LANES)}, finite


class Toggle:
    """The draws of a study, to be asked with any part of the evidence weighed.

    Parameters
    ----------
    study : whose draws; its gates, paths and frictions are not looked at
    folder : where what is kept of solved draws stands (None: the user's cache)

    >>> from servanda.case import read
    >>> toggle = Toggle(Ensemble.of(read("theory/two-level-ratification")))
    >>> toggle.pieces, toggle.there(16)
    ((), 0)
    """

    def __init__(self, study: Ensemble, folder: Path | None = None) -> None:
        self.study = replace(study, gates=(), paths=False, leave_out=True, frictions=False)
        self._home = (folder or cache_folder() / "filters") / f"{self.study.digest[:32]}-{_FORMAT}"
        self._frames: dict[str, _Frame] = {}
        self._room: list[Singles] = []

    @property
    def pieces(self) -> tuple[str, ...]:
        """Keys of the evidence that is weighed, in order of time."""
        return tuple(item.evidence.key for item in self.frame().seen)

    def frame(self) -> Frame:
        """The compiled game of the case as it stood."""
        return self._frame((self.study.case.history or self.study.case).protocol.order)

    def _frame(self, name: str) -> _Frame:
        """The compiled game under an order of movers."""
        whole = self.study.frame
        if name not in self._frames:
            case = replace(whole.case, protocol=replace(whole.case.protocol, order=name))  # type: ignore[arg-type]
            self._frames[name] = _Frame(case, paths=False, leave_out=True, gates=())
        return self._frames[name]

    def there(self, draws: int) -> int:
        """How many of the first draws have been solved and kept."""
        for first in range(0, draws, LANES):
            if not all(self._file(first, order).exists() for order in set(self._drawn(first)[1])):
                return first
        return draws

    def solve(self, first: int) -> None:
        """Solve sixteen draws from `first`, a multiple of sixteen, and keep them, unless they are there."""
        for order in sorted(set(self._drawn(first)[1])):
            self._kept(first, order)

    def answer(self, pieces: Collection[str], draws: int, power: float | None = None) -> Toggled:
        """Answers over the first draws with these pieces weighed; draws that are not there are solved first.

        Parameters
        ----------
        pieces : keys of the evidence to weigh; what is no key is ignored
        draws : how many, from the first
        power : to which likelihoods are raised; None: as `weigh` thinks fit

        Raises
        ------
        ValueError
            If `draws` is less than one.
        CaseError
            If the case makes no sense as a game.
        """
        if draws < 1:
            raise ValueError(f"answers need draws, not {draws}")
        wanted = frozenset(pieces)
        weighed = tuple(key for key in self.pieces if key in wanted)
        parts = [self._sixteen(frozenset(weighed), first) for first in range(0, draws, LANES)]
        likelihood, told, failed = (np.concatenate([part[k] for part in parts])[:draws] for k in range(3))
        likelihood = np.where(failed, np.nan, likelihood)
        possible = bool(np.isfinite(likelihood).any())
        if not possible and weighed:
            without = self.answer((), draws)
            return replace(without, pieces=weighed, possible=False, effective=0.0)
        # a floor of nearly nothing: the power is given
        weights, weighing = weigh(power * likelihood, least=1e-9) if power else weigh(likelihood)
        names = [question.name for question in self.frame().questions]
        counts = weights > 0.0
        answers = tuple((name, band(told[counts, q], weights[counts])) for q, name in enumerate(names))
        return Toggled(
            weighed, draws, weighing.failed, effective_size(weights), possible, answers, self._choices(weights)
        )  # fmt: skip

    def _choices(self, weights: Floats) -> tuple[Posterior, ...]:
        """What these weights say of the parameters that are one of several things."""
        whole = self.study.case.history or self.study.case
        draws = draws_of(whole, len(weights), self.study.seed)
        fixed = dict(self.study.overrides)
        columns: dict[str, NDArray[Any]] = {
            f"parameter.{name}": np.full(len(weights), fixed[name]) if name in fixed else draws.values[:, k]
            for k, name in enumerate(draws.names)
        }
        columns |= {"model.terminal": np.array(draws.terminal), "model.order": np.array(draws.order)}
        factors, x = factors_of(self.frame().case, columns)  # type: ignore[arg-type]
        free = [k for k, factor in enumerate(factors) if factor.choices and factor.name not in fixed]
        used = weights > 0.0
        if not free or not used.any():
            return ()
        found = posteriors([factors[k] for k in free], x[:, free], weights)
        return tuple(sorted(found, key=lambda p: [factors[k].name for k in free].index(p.parameter)))

    def _drawn(self, first: int) -> tuple[list[dict[str, float]], tuple[str, ...], NDArray[np.bool_]]:
        """Values, orders of movers and closures of sixteen draws."""
        draws = draws_of(self.study.case.history or self.study.case, LANES, self.study.seed, first)
        fixed = dict(self.study.overrides)
        values = [{**one, **fixed} for one in (draws.mappings() or ({},) * LANES)]
        return values, draws.order, np.array([name == "settled" for name in draws.terminal])

    def _file(self, first: int, order: str) -> Path:
        return self._home / f"{order}-{first:06}.npz"

    def _kept(self, first: int, order: str) -> Kept:
        frame = self._frame(order)
        path = self._file(first, order)
        try:
            return Kept.read(path, frame.informed)
        except (OSError, EOFError, ValueError, KeyError, BadZipFile):
            # not there, or torn: solved anew
            pass
        values, _, settled = self._drawn(first)
        frame.caught.clear()
        rows = frame.solve(values, settled)
        (found,) = frame.caught
        frame.forget_odds()
        found = replace(found, failed=found.failed | (rows["failure"] != ""))
        self._make_room()
        with replacing(path) as part:
            part.write_bytes(found.to_bytes())
        return found

    def _make_room(self) -> None:
        """Only the last few studies are kept."""
        if self._home.exists():
            os.utime(self._home)
            return
        self._home.mkdir(parents=True, exist_ok=True)
        others = sorted((p for p in self._home.parent.iterdir() if p.is_dir()), key=lambda p: -p.stat().st_mtime)
        for old in others[MOST_STUDIES:]:
            shutil.rmtree(old, ignore_errors=True)

    def _sixteen(self, weighed: frozenset[str], first: int) -> tuple[Floats, Floats, NDArray[np.bool_]]:
        """Log-likelihood [draw], answers [draw, question] and failures [draw] of sixteen draws."""
        values, orders, _ = self._drawn(first)
        found = np.zeros(LANES), np.zeros((LANES, len(self.frame().questions))), np.zeros(LANES, dtype=bool)
        for order in sorted(set(orders)):
            mine = np.array([one == order for one in orders])
            for whole, some in zip(found, self._sifted(weighed, first, order, values), strict=True):
                whole[mine] = some[mine]
        return found

    def _sifted(
        self, weighed: frozenset[str], first: int, order: str, values: Sequence[Mapping[str, float]]
    ) -> tuple[Floats, Floats, NDArray[np.bool_]]:
        kept, frame = self._kept(first, order), self._frame(order)
        usable = [{} if lost else one for one, lost in zip(values, kept.failed, strict=True)]
        period = SixteenPeriod(frame.compiled.game, frame.compiled.numbers(usable))
        odds = self._odds(frame, kept)
        seen = [item for item in frame.seen if item.evidence.key in weighed]
        known = filtered(
            frame.compiled, period, odds, seen, frame.informed, stacked(frame.compiled, usable), leave_out=False
        )  # fmt: skip
        mass = known.mass[kept.rows, 0].astype(np.float64)
        total = mass.sum(axis=0)
        told = np.einsum("sd,sqd->dq", mass, kept.chance.astype(np.float64))
        with np.errstate(invalid="ignore", divide="ignore"):
            told = np.clip(told / total[:, None], 0.0, 1.0)
        return (known.likelihood[0] if seen else np.zeros(LANES)), told, kept.failed

    def _odds(self, frame: Frame, kept: Kept) -> list[Singles]:
        """The odds of play at the places kept, nothing elsewhere, in room that is used again."""
        options = slots_of(frame.compiled.game)[1]
        if len(self._room) != frame.informed or any(len(room) != options for room in self._room):
            self._room = [aligned((options, LANES)) for _ in range(frame.informed)]
        for room, at, odds in zip(self._room, kept.places, kept.odds, strict=True):
            room[:] = 0.0
            room[at] = odds
        return self._room
