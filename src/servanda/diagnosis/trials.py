"""Trials: the headline numbers of a game under many parameter sets, four at a time.

A *trial* is one set of parameter values. All trials share the compiled structure; each gets its own coefficient table,
continuation, backward induction over the calendar and forward propagation, so every number has full feedback through
everybody's play. Structure is compiled with only the drafts asked about on the table, which reaches a quarter of the
states. Values beyond the horizon are iterated to `Settings.tail_tolerance` (here 3e-5 of the range of values); the
probabilities that follow agree with those of `servanda.diagnosis.drafts` to about 1e-4 in the founding case, worse
where the horizon is near (tests state the bounds). `settled` says where the iteration ran out of steps instead: such
numbers are the size of something, no more.

Trials with equal coefficient tables are the same game and are solved once. Every continuation starts from the trial's
own settlement, as that of a single solve does, and a draw ends where it settles whatever is solved beside it: a trial's
numbers do not depend on its neighbours, their order or the number of threads. Inside `remembering(folder)` finished
trials are kept in a file there, so that an interrupted lattice resumes and a repeated one is read.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from threading import Event
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from servanda.case.messages import did_you_mean
from servanda.case.resolved import ResolvedCase
from servanda.compile import Compiled, compile_case
from servanda.compile.evaluation import STAGES
from servanda.diagnosis.gates import SIGNED, needs_approval
from servanda.diagnosis.headlines import Headlines
from servanda.diagnosis.play import ALIVE, Crossing
from servanda.diagnosis.survival import ending_kind
from servanda.equilibrium import Period, Settings, Slot
from servanda.equilibrium.solve import continuation
from servanda.errors import CaseError, Issue
from servanda.game import Numbers
from servanda.kernels.fourfold import LANES, forward_marked
from servanda.kernels.stage import LOGIT
from servanda.ledger import KEY_BYTES, Ledger, engine_digest

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Overrides = Mapping[str, float]
SETTINGS = Settings(tail_tolerance=3e-5, tail_steps=600, polish=False, block_threads=False)

_FOLDER: ContextVar[Path | None] = ContextVar("folder of finished trials", default=None)


@contextmanager
def remembering(folder: Path | None) -> Iterator[None]:
    """Keep finished trials in files of this folder, and read them back (None: do not)."""
    token = _FOLDER.set(folder)
    try:
        yield
    finally:
        _FOLDER.reset(token)


@dataclass(frozen=True)
class MarkedFlow:
    """Marked outcomes of every stage, and which of them absorb."""

    mark: tuple[Ints, ...]
    absorb: tuple[Ints, ...]
    kinds: int


@dataclass(frozen=True)
class Trials:
    """Runs trials of one draft alone on the table (or of play as compiled, where `draft` is None).

    Parameters
    ----------
    compiled : compiled with the drafts that count on the table
    draft : index of the draft whose gates are wanted; None leaves `sign` to any draft, `keep` to what runs at the
        horizon
    window : periods within which the draft must be signed to pass the first gate
    settings : see `servanda.equilibrium`; `tail_tolerance` is used as given
    until : periods after which the numbers are read (the whole calendar, without it); play looks as far ahead as ever

    >>> from servanda.case import find, load
    >>> from servanda.compile import compile_case
    >>> compiled = compile_case(load(find("theory/two-level-ratification")).require())
    >>> found = Trials(compiled, 0, window=4).run([{}])
    >>> found.holds.shape
    (1,)
    """

    compiled: Compiled
    draft: int | None
    window: int
    settings: Settings = SETTINGS
    until: int | None = None
    lanes: ClassVar[int] = LANES

    @cached_property
    def _local(self) -> threading.local:
        return threading.local()

    @cached_property
    def signing(self) -> MarkedFlow:
        """What signs this draft first (1), and what signs another (2)."""
        signed = self.stages(SIGNED, self.draft)
        elsewhere = self.stages(SIGNED, None) & ~signed
        return self._flow([(~(signed | elsewhere), signed), (~(signed | elsewhere), elsewhere)], absorbing=True)

    @cached_property
    def voting(self) -> MarkedFlow:
        """Votes decided: approved (1), or rejected (2); mass goes on."""
        pending = self.stages(("ratifying",), None)
        live = self.compiled.live
        return self._flow([(pending, live), (pending, ~pending & ~live)], absorbing=False)

    @cached_property
    def _war(self) -> NDArray[np.bool_]:
        war = self.compiled.case.war
        if war is None:
            return np.zeros(self.compiled.game.states, dtype=bool)
        return np.asarray(self.compiled.truth(war.node, 0) != 0.0)

    @cached_property
    def _warring(self) -> MarkedFlow:
        return self._flow([(~self._war, self._war)], absorbing=True)

    @cached_property
    def ending(self) -> MarkedFlow:
        """What ends this draft: its own lawful end (1), nobody in particular (2), the sides in order (from 3 on)."""
        alive = self.stages(ALIVE, self.draft)
        crossing = Crossing.between(self.compiled, alive, ~alive)
        labels = self.compiled.game.labels.options
        parties = tuple(s.name for s in self.compiled.case.sides if s.party)
        sides = [s.name for s in self.compiled.case.sides]
        side_of = np.array([-1, *(sides.index(a.side) for a in self.compiled.case.actors)], dtype=np.int64) + 3
        marks = []
        for stage, rule, found in zip(self.compiled.game.stages, self.compiled.rules, crossing.outcomes, strict=True):
            mark = np.zeros(len(stage.outcome_state), dtype=np.int32)
            lawful = np.array([ending_kind(rule, x, parties) == "expiry" for x in labels])
            options = stage.option_of_outcome[found]
            by = side_of[stage.mover[stage.row_of_option[options]] + 1]
            mark[found] = np.where(lawful[stage.label[options]], 1, by)
            marks.append(mark)
        return MarkedFlow(tuple(marks), tuple((m > 0).astype(np.int32) for m in marks), 2 + len(sides))

    def stages(self, stages: Iterable[str], draft: int | None) -> NDArray[np.bool_]:
        """States whose deal is at one of these stages (of one draft, if given)."""
        found = np.isin(self.compiled.deal_stage, [STAGES.index(s) for s in stages])
        return found if draft is None else found & (self.compiled.draft == draft)

    def _flow(self, kinds: Sequence[tuple[NDArray[np.bool_], NDArray[np.bool_]]], *, absorbing: bool) -> MarkedFlow:
        marks = [np.zeros(len(s.outcome_state), dtype=np.int32) for s in self.compiled.game.stages]
        for number, (source, target) in enumerate(kinds, start=1):
            for mark, found in zip(marks, Crossing.between(self.compiled, source, target).outcomes, strict=True):
                mark[found] = number
        absorb = tuple((m > 0).astype(np.int32) if absorbing else np.zeros_like(m) for m in marks)
        return MarkedFlow(tuple(marks), absorb, len(kinds))

    def headlines(self, values: Sequence[Overrides]) -> Headlines:
        """Headline numbers of as many trials as are solved at once.

        Raises
        ------
        CaseError
            Where a trial's numbers make no sense.
        """
        return self.solve_four(self.compiled.numbers(values))

    def solve_four(self, numbers: Numbers) -> Headlines:
        """Headline numbers of four draws.

        Raises
        ------
        ValueError
            If `numbers` holds another number of draws.
        """
        if numbers.draws != LANES:
            raise ValueError(f"trials run on {LANES} draws, not on {numbers.draws}")
        period = Period(self.compiled.game, numbers, threads=False)
        beyond = continuation(period, self.settings, values_only=True)
        odds = self._space(period)
        values = beyond.values.copy()
        logit = period.mode == LOGIT
        for t in reversed(range(len(odds))):
            self.settings.check()
            period.backward(values, t, odds[t], as_odds=logit)
            if not logit:
                odds[t][:] = period.odds(odds[t])
        return self._numbers(period, odds, values, beyond.settled)

    def _space(self, period: Period) -> list[Floats]:
        """Room for the odds of the whole calendar, kept for the next trials of this thread."""
        if not hasattr(self._local, "odds"):
            periods = self.compiled.case.periods
            self._local.odds = [np.zeros((period.options, LANES)) for _ in range(periods)]
        found: list[Floats] = self._local.odds
        return found

    def _numbers(self, period: Period, odds: list[Floats], values: Floats, settled: NDArray[np.bool_]) -> Headlines:
        game, odds = self.compiled.game, odds[: self.until]
        at_start = np.repeat(game.start[:, None], self.lanes, axis=1)
        signed = self.stages(SIGNED, None)
        begun = float(game.start[self.stages(SIGNED, self.draft)].sum())
        unsigned = np.where(signed[:, None], 0.0, at_start)
        caught, _, _ = self._push(period, odds[: self.window], unsigned, self.signing)
        sign = np.minimum(begun + caught[0], 1.0)
        voted, end, _ = self._push(period, odds, at_start, self.voting)
        decided = voted.sum(axis=0)
        ratified = np.divide(voted[0], decided, out=np.zeros(self.lanes), where=decided > 0.0)
        running = end[self.compiled.live].sum(axis=0)
        war = np.repeat(float(game.start[self._war].sum()), self.lanes)
        if self._war.any():
            peace = np.where(self._war[:, None], 0.0, at_start)
            war = war + self._push(period, odds, peace, self._warring)[0][0]
        by_actor = values.reshape(game.states, game.actors, self.lanes)
        # summed state by state: einsum's last digit hangs on where the arrays lie in memory
        value = (game.start[:, None, None] * by_actor).sum(axis=0)
        if self.draft is None:
            nothing = np.full((game.actors, self.lanes), np.nan)
            life = np.full(self.lanes, np.nan)
            keep = np.divide(running, sign, out=np.zeros(self.lanes), where=sign > 0.0)
            nobody = np.full((len(self.compiled.case.sides), self.lanes), np.nan)
            kept = np.minimum(keep, 1.0)
            return Headlines(sign, np.ones(self.lanes), kept, running, war, life, value, nothing, nobody, settled)
        start = self.compiled.start_with_deal(self.draft)
        in_force = np.zeros((game.states, self.lanes))
        in_force[start] = 1.0
        ended, alive, curve = self._push(period, odds, in_force, self.ending)
        keep = np.minimum(alive.sum(axis=0) + ended[0], 1.0)
        years = game.period_years
        life = (curve[:-1] + curve[1:]).sum(axis=0) / 2.0 * years
        if not needs_approval(self.compiled, self.draft):
            ratified = np.ones(self.lanes)
        return Headlines(sign, ratified, keep, running, war, life, value, by_actor[start].copy(), ended[2:], settled)

    def _push(
        self, period: Period, odds: Sequence[Floats], mass: Floats, flow: MarkedFlow
    ) -> tuple[Floats, Floats, Floats]:
        """What was caught [kind, draw], the mass left at the end, and the total at the start of every period."""
        game = self.compiled.game
        scratch = np.empty((game.largest_stage, self.lanes))
        caught = np.zeros((flow.kinds, self.lanes))
        curve = np.zeros((len(odds) + 1, self.lanes))
        mass = mass.copy()
        for t, chosen in enumerate(odds):
            curve[t] = mass.sum(axis=0)
            table = period.table(t)

            def step(slot: Slot, weight: float, array: Floats, table: Floats = table, chosen: Floats = chosen) -> None:
                s = slot.stage
                forward_marked(
                    *game.stages[s].structure, table, chosen[slot.options], weight, flow.mark[s], flow.absorb[s], array,
                    scratch, caught,
                )  # fmt: skip

            mass = period.carry(mass, t, step)
        curve[-1] = mass.sum(axis=0)
        return caught, mass, curve

    def run(
        self,
        trials: Sequence[Overrides],
        *,
        progress: Callable[[int, int], None] | None = None,
        workers: int | None = None,
    ) -> Headlines:
        """Headline numbers of every trial, in the order given.

        Parameters
        ----------
        trials : parameter values instead of the central ones
        progress : told how many distinct games are done, of how many
        workers : threads; one a core if None

        Raises
        ------
        CaseError
            Where a trial's numbers make no sense.
        InterruptedSolveError
            If `settings.stop` is set meanwhile.
        ValueError
            Without a trial.
        """
        if not trials:
            raise ValueError("no trial to run")
        keys = self.keys(trials)
        first = {key: i for i, key in reversed(list(enumerate(keys)))}
        kept = self._kept()
        found = {key: kept.known[key] for key in first if key in kept.known} if kept is not None else {}
        todo = [i for key, i in sorted(first.items(), key=lambda x: x[1]) if key not in found]
        if progress is not None:
            progress(len(found), len(first))
        lock, called_off = threading.Lock(), Event()

        def work(batch: list[int]) -> None:
            if called_off.is_set():
                return
            padded = [trials[i] for i in batch] + [trials[batch[-1]]] * (self.lanes - len(batch))
            part = self.headlines(padded)
            fresh = {keys[i]: row for i, row in zip(batch, part.rows(), strict=False)}
            with lock:
                if kept is not None:
                    kept.add(fresh)
                found.update(fresh)
                if progress is not None and not called_off.is_set():
                    # set before the lock is free again: nobody is told of anything after a failure
                    try:
                        progress(len(found), len(first))
                    except BaseException:
                        called_off.set()
                        raise

        batches = [todo[i : i + self.lanes] for i in range(0, len(todo), self.lanes)]
        threads = max(1, min(workers or os.cpu_count() or 1, len(batches)))
        if threads == 1:
            for batch in batches:
                work(batch)
        else:
            with ThreadPoolExecutor(max_workers=threads, thread_name_prefix="servanda-trials") as pool:
                jobs = [pool.submit(work, batch) for batch in batches]
                try:
                    for job in jobs:
                        job.result()
                except BaseException:
                    called_off.set()
                    for job in jobs:
                        job.cancel()
                    if self.settings.stop is not None:
                        self.settings.stop.set()
                    raise
        rows = np.stack([found[key] for key in keys])
        return Headlines.of_rows(rows, self.compiled.game.actors, len(self.compiled.case.sides))

    def _kept(self) -> Ledger | None:
        folder = _FOLDER.get()
        if folder is None:
            return None
        game = self.compiled.game
        key = blake2b(engine_digest(), digest_size=KEY_BYTES)
        how, case = self.settings, self.compiled.case
        told = (self.draft, self.window, self.until, how.tail_tolerance, how.tail_steps, how.terminal, case.values)
        key.update(repr(told).encode())
        schedule = game.schedule
        key.update(repr((schedule.opening, schedule.blocks, schedule.closing, game.period_years)).encode())
        arrays = [self.compiled.codes, schedule.applies, schedule.tail, game.start, game.payoff_class, game.class_start]
        arrays += [game.class_term, game.class_coefficient, game.term_actor, self._war, *self.ending.mark]
        for stage in game.stages:
            arrays += stage.structure
        for array in arrays:
            key.update(np.ascontiguousarray(array).tobytes())
        width = 7 + 2 * game.actors + len(self.compiled.case.sides)
        return Ledger(folder / f"{key.hexdigest()}.ledger", width)

    def keys(self, trials: Sequence[Overrides]) -> list[bytes]:
        """A digest of the numbers of each trial: equal for equal games."""
        found = []
        for begin in range(0, len(trials), 64):
            numbers = self.compiled.numbers(trials[begin : begin + 64])
            for draw in range(numbers.draws):
                key = blake2b(numbers.dated.tobytes(), digest_size=KEY_BYTES)
                for array in (numbers.coefficient, numbers.dated_value, numbers.discount, numbers.precision):
                    key.update(np.ascontiguousarray(array[..., draw]).tobytes())
                found.append(key.digest())
        return found

    @staticmethod
    def of(
        case: ResolvedCase, draft: str | None, window: int, stop: Event | None = None, until: int | None = None
    ) -> Trials:
        """Trials of one draft alone on the table, by name, or of play with every draft (None).

        Raises
        ------
        CaseError
            If there is no draft of this name.
        """
        names = [d.name for d in case.drafts]
        if draft is not None and draft not in names:
            hint = did_you_mean(draft, names) if names else "the case has no drafts"
            raise CaseError(
                f"no draft is called {draft}",
                issues=(Issue("error", "unknown-draft", f"no draft of {case.name} is called `{draft}`", hint),),
            )
        compiled = compile_case(case, menu=None if draft is None else [draft])
        how = replace(SETTINGS, stop=stop)
        return Trials(compiled, None if draft is None else names.index(draft), window, how, until)

    def stopping(self, settings: Settings) -> Trials:
        """The same trials under the `stop` event of other settings."""
        return replace(self, settings=replace(self.settings, stop=settings.stop))
