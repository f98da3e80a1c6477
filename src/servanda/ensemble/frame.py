"""The frame of an ensemble: one compiled game in which draws are solved, filtered and read, sixteen at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from servanda.case import expression as syntax
from servanda.case.freeze import freeze
from servanda.case.resolved import Evidence, ResolvedCase
from servanda.compile import Compiled, compile_case
from servanda.diagnosis.frictions import switched_off
from servanda.diagnosis.gates import sign_window
from servanda.diagnosis.headlines import Headlines
from servanda.ensemble.filter import Filtered, filtered
from servanda.ensemble.gates import SixteenTrials
from servanda.ensemble.observations import Observation, Parameters, observations, stacked
from servanda.ensemble.paths import Gauge, Paths, travelled
from servanda.ensemble.reach import Asked, Event, reached
from servanda.equilibrium import Period, Settings
from servanda.equilibrium.period import slots_of
from servanda.equilibrium.sixteen import Singles, SixteenPeriod
from servanda.equilibrium.solve import continuation, settlement, with_terminal
from servanda.equilibrium.streams import Streamed, closed
from servanda.errors import CaseError
from servanda.forecast.propagation import outcome_conditions
from servanda.game import Numbers
from servanda.kernels.lanes import LANES, aligned

Floats = NDArray[np.float64]
SETTINGS = Settings(tail_tolerance=3e-4, tail_steps=250, polish=False, block_threads=False)
_GATES = ("sign", "ratify", "keep", "holds", "mean_life")


@dataclass(frozen=True, eq=False)
class Frame:
    """One compiled game in which draws are solved, from the first evidence weighed to the end of the calendar."""

    case: ResolvedCase
    paths: bool
    leave_out: bool
    gates: tuple[str, ...]
    frictions: bool = False

    @cached_property
    def compiled(self) -> Compiled:
        """The game."""
        return compile_case(self.case)

    @cached_property
    def informed(self) -> int:
        """The period at whose start forecasts begin."""
        return sum(d <= self.case.as_of for d in self.compiled.dates[: self.case.periods]) - 1

    @cached_property
    def dates(self) -> tuple[date, ...]:
        """The dates of the paths: period starts from the date of information on, and the end of the calendar."""
        return self.compiled.dates[self.informed : self.case.periods + 1]

    @cached_property
    def _odds(self) -> list[Singles]:
        """Room for the odds of the whole calendar, used again for every sixteen draws."""
        options = slots_of(self.compiled.game)[1]
        return [aligned((options, LANES)) for _ in range(self.case.periods)]

    @cached_property
    def _observed(self) -> tuple[tuple[Observation, ...], tuple[Evidence, ...]]:
        return observations(self.compiled, self.informed)

    @property
    def seen(self) -> tuple[Observation, ...]:
        """The evidence that is weighed."""
        return self._observed[0]

    @property
    def overtaken(self) -> tuple[Evidence, ...]:
        """Evidence that is not weighed, because later evidence says more."""
        return self._observed[1]

    @cached_property
    def questions(self) -> tuple[Asked, ...]:
        """The questions of the case that the model can answer, and the outcomes as questions at the horizon."""
        end = self.dates[-1]
        deal, war = outcome_conditions(self.case)

        def asked(name: str, node: syntax.Node, timing: str, day: date) -> Asked:
            return Asked.of(self.compiled, name, node, timing, day, self.informed)  # type: ignore[arg-type]

        found = [asked(f"question.{q.name}", q.holds.node, q.timing, q.date) for q in self.case.answerable]
        found.append(asked("outcome.deal", deal, "at", end))
        found.append(asked("outcome.ever_deal", deal, "by", end))
        found.append(asked("outcome.ever_war", war, "by", end))
        return tuple(found)

    @cached_property
    def _outcomes(self) -> dict[str, Event]:
        deal, war = outcome_conditions(self.case)
        return {"deal": Event.of(self.compiled, deal), "war": Event.of(self.compiled, war)}

    @cached_property
    def _states(self) -> dict[str, Event]:
        found = dict(self._outcomes)
        deal = found["deal"].node
        for draft in self.case.drafts:
            node = syntax.Binary("and", deal, syntax.Is("draft", (draft.name,)))
            found[f"draft.{draft.name}"] = Event.of(self.compiled, node)
        return found

    @cached_property
    def _events(self) -> dict[str, Event]:
        found = dict(self._outcomes)
        known = {event.node for event in found.values()}
        for q in self.case.answerable:
            if q.timing == "by" and q.holds.node not in known:
                known.add(q.holds.node)
                found[f"question.{q.name}"] = Event.of(self.compiled, q.holds.node)
        return found

    @cached_property
    def _gauges(self) -> dict[str, Gauge]:
        return {i.name: Gauge.of(self.compiled, i) for i in self.case.indicators}

    @cached_property
    def _trials(self) -> dict[str, SixteenTrials]:
        # gates are judged from the date of information on, in the case as it stood then
        plain = freeze(self.case, self.case.as_of).case if self.informed else self.case
        # whose order of movers may not be the one of this frame
        plain = replace(plain, protocol=replace(plain.protocol, order=self.case.protocol.order))
        found = {}
        for name in self.gates:
            alone = compile_case(plain, menu=[name])
            draft = [d.name for d in plain.drafts].index(name)
            found[name] = SixteenTrials(alone, draft, sign_window(plain), SETTINGS)
        return found

    def solve(self, values: Sequence[Mapping[str, float]], settled: NDArray[np.bool_]) -> dict[str, NDArray[Any]]:
        """Rows of draws that fill sets of sixteen; `settled[draw]` closes the horizon with states that last."""
        numbers, usable, failure = self._numbers(values)
        beyond = self._closed(numbers, settled)
        calm = beyond.settled.copy()
        parts = []
        for first in range(0, len(usable), LANES):
            few = slice(first, first + LANES)
            part, finite = self._sixteen(usable[few], beyond.lanes(first))
            parts.append(part)
            broken = np.flatnonzero(~finite) + first
            failure[broken] = np.where(failure[broken] == "", "values are not finite", failure[broken])
        rows = {name: np.concatenate([p[name] for p in parts]) for name in parts[0]}
        for name in self.gates:
            told = self._headlines(name, usable, settled)
            rows |= {f"gate.{name}.{g}": np.asarray(getattr(told, g), dtype=np.float64) for g in _GATES}
            calm &= told.settled
        if self.frictions and self.gates:
            for friction in self.case.frictions:
                alone = self._trials[self.gates[0]].compiled
                off = [{**v, **switched_off(alone, friction, v)} for v in usable]
                told = self._headlines(self.gates[0], off, settled)
                rows[f"friction.{friction.name}"] = told.holds.astype(np.float64)
                calm &= told.settled
        failed = failure != ""
        for column in rows.values():
            if column.dtype.kind == "f":
                column[failed] = np.nan
        return {"failure": failure, "settled": calm & ~failed, **rows}

    def _closed(self, numbers: Numbers, settled: NDArray[np.bool_]) -> Streamed:
        """Values beyond the horizon: of stationary play, or where a draw says so of a world in which states last."""
        found = closed(self.compiled.game, numbers, SETTINGS)
        if not settled.any():
            return found
        lasting = closed(self.compiled.game, numbers, with_terminal(SETTINGS, "settled"))
        values = np.where(settled[:, None, None], lasting.values, found.values)
        return Streamed(values, found.settled | settled, found.steps)

    def _headlines(self, draft: str, values: Sequence[Mapping[str, float]], settled: NDArray[np.bool_]) -> Headlines:
        trials = self._trials[draft]
        told = trials.headlines(values)
        if not settled.any():
            return told
        lasting = replace(trials, settings=with_terminal(SETTINGS, "settled")).headlines(values)
        rows = np.where(settled[:, None], lasting.rows(), told.rows())
        return Headlines.of_rows(rows, self.compiled.game.actors, len(self.case.sides))

    def _played(self, period: SixteenPeriod, worth: Singles) -> list[Singles]:
        """The odds of play in every period, good until the next sixteen draws; `worth` becomes that at the start."""
        for t in reversed(range(self.case.periods)):
            period.backward(worth, t, self._odds[t])
        return self._odds

    def _sixteen(
        self, values: Sequence[Mapping[str, float]], worth: Singles
    ) -> tuple[dict[str, NDArray[Any]], NDArray[np.bool_]]:
        """Rows of sixteen draws from their values at the horizon, and which of them are numbers."""
        period = SixteenPeriod(self.compiled.game, self.compiled.numbers(values))
        odds = self._played(period, worth)
        parameters = stacked(self.compiled, values)
        known = filtered(
            self.compiled, period, odds, self.seen, self.informed, parameters, leave_out=self.leave_out
        )  # fmt: skip
        rows = self._answered(period, odds, known.mass, known.likelihood)
        if self.paths:
            rows |= self._travelled(period, odds, known, parameters)
        finite = np.isfinite(worth).reshape(len(worth), -1, LANES).all(axis=(0, 1))
        return rows, np.asarray(finite, dtype=bool)

    def branches(self, values: Mapping[str, float], closings: Sequence[Floats]) -> dict[str, Floats]:
        """Answers [branch] before any evidence under other values beyond the horizon (at most sixteen of them).

        closings[branch] are values[state, actor]; the questions look from the start of the calendar.
        """
        period = SixteenPeriod(self.compiled.game, self.compiled.numbers([values]).repeated(LANES))
        worth = period.zeros(self.compiled.game.actors)
        by_actor = worth.reshape(len(worth), -1, LANES)
        for lane in range(LANES):
            by_actor[:, :, lane] = closings[min(lane, len(closings) - 1)]
        odds = self._played(period, worth)
        parameters = stacked(self.compiled, [values] * LANES)
        unseen = filtered(self.compiled, period, odds, (), self.informed, parameters)
        told = self._answered(period, odds, unseen.mass, unseen.likelihood)
        return {q.name: np.asarray(told[q.name], dtype=np.float64)[: len(closings)] for q in self.questions}

    def closings(self, values: Mapping[str, float]) -> list[Floats]:
        """Values [state, actor] that bound what may follow the horizon: play itself, every state lasting, and the best
        and the worst that the others could do for each leading side.
        """
        period = Period(self.compiled.game, self.compiled.numbers([values]), threads=False)
        found = [continuation(period, SETTINGS, values_only=True).values]
        found.append(settlement(period))
        served = [with_terminal(SETTINGS, kind, actor) for actor in self.compiled.leaders for kind in ("best", "worst")]
        return [*found, *(continuation(period, how, values_only=True).values for how in served)]

    def _numbers(
        self, values: Sequence[Mapping[str, float]]
    ) -> tuple[Numbers, list[Mapping[str, float]], NDArray[np.str_]]:
        """Coefficients of draws; a draw that makes no sense is replaced by the central one and told."""
        failure = np.array([""] * len(values), dtype="<U200")
        usable = list(values)
        try:
            return self.compiled.numbers(usable), usable, failure
        except CaseError:
            for k, one in enumerate(values):
                try:
                    self.compiled.numbers([one])
                except CaseError as error:
                    failure[k] = str(error)[:200] or "a number makes no sense"
                    usable[k] = {}
        return self.compiled.numbers(usable), usable, failure

    def _answered(
        self, period: SixteenPeriod, odds: Sequence[Singles], mass: Singles, likelihood: Floats
    ) -> dict[str, NDArray[Any]]:
        chance = reached(period, odds, self.questions, self.informed)
        rows = np.flatnonzero(mass.any(axis=(1, 2)))
        told = np.einsum("svd,sqd->vqd", mass[rows].astype(np.float64), chance[rows].astype(np.float64))
        told = np.clip(told, 0.0, 1.0)
        possible = np.isfinite(likelihood)
        told = np.where(possible[:, None, :], told, np.nan)
        before = min(1, len(likelihood) - 1)
        found: dict[str, NDArray[Any]] = {"likelihood": likelihood[0].copy()}
        lean = len(likelihood) > 2
        if lean:
            found["likelihood.without"] = likelihood[2:].T.copy()
        for q, question in enumerate(self.questions):
            found[question.name] = told[0, q].copy()
            found[f"before.{question.name}"] = told[before, q].copy()
            if lean:
                found[f"without.{question.name}"] = told[2:, q].T.copy()
        return found

    def _travelled(
        self, period: SixteenPeriod, odds: Sequence[Singles], known: Filtered, parameters: Parameters
    ) -> dict[str, NDArray[Any]]:
        mass = known.mass
        after = travelled(
            period, odds, mass[:, 0], self.informed, self._states, self._events, self._gauges, parameters
        )  # fmt: skip
        found = _columns("", after)
        if not self.seen:
            return {**found, **_columns("before.", after, values=False)}
        impossible = ~np.isfinite(known.likelihood[0])
        for column in found.values():
            column[impossible] = np.nan
        before = travelled(
            period, odds, mass[:, 1], self.informed, self._states, self._outcomes, self._gauges, parameters
        )  # fmt: skip
        return {**found, **_columns("before.", before, values=False)}


def _columns(prefix: str, paths: Paths, *, values: bool = True) -> dict[str, NDArray[Any]]:
    found: dict[str, NDArray[Any]] = {}
    found |= {f"{prefix}path.{name}": x for name, x in paths.state.items()}
    found |= {f"{prefix}event.{name}": x for name, x in paths.event.items()}
    found |= {f"{prefix}indicator.{name}": x for name, x in paths.mean.items()}
    if values:
        found |= {f"{prefix}spread.{name}": x for name, x in paths.values.items()}
    return found
