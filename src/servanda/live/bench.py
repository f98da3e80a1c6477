"""A case on the bench: compiled once, then asked again and again under other values of its parameters.

An answer hangs on the values alone, never on what was asked before. It agrees with `servanda.analysis.run` to about a
thousandth: values beyond the horizon are iterated to 3e-4 of their range, in small games to a tenth of that, in single
precision. In large games every continuation starts from that of the central values, which takes a third of the steps;
where several ways of playing beyond the horizon exist, it may then end in another than a run does. Games that cannot be
wound up (several movers at once, extreme-value values) are solved in full, which takes longer.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from functools import cached_property
from threading import Lock
from typing import TypeVar

from servanda.case.resolved import ResolvedCase
from servanda.compile import Compiled, compile_case
from servanda.diagnosis.credibility import temptation_of
from servanda.diagnosis.gates import gates_of, sign_window, signing_of, voting_of
from servanda.diagnosis.play import Play
from servanda.diagnosis.survival import survival_of
from servanda.equilibrium import Settings, Status, solve
from servanda.equilibrium.reel import fits
from servanda.forecast.projections import Forecast
from servanda.forecast.propagation import forecast
from servanda.live.alone import Alone
from servanda.live.answers import Live, LiveDraft
from servanda.live.together import Together
from servanda.verdict import draft_sentence, verdict_of

Wound = TypeVar("Wound", Together, Alone)
SETTINGS = Settings(tail_tolerance=3e-4, tail_steps=200, polish=False, block_threads=False)
# where a step costs next to nothing
_SMALL, _FINER = 5000, replace(SETTINGS, tail_tolerance=3e-5)
_BASE = replace(SETTINGS, tail_tolerance=3e-6, tail_steps=400)
_EXACT = Settings(tail_tolerance=1e-6, polish=False, block_threads=False)
_KEPT = 4


class Bench:
    """One case, its structure compiled once.

    Parameters
    ----------
    case : the case
    threads : games that are solved side by side
    """

    def __init__(self, case: ResolvedCase, threads: int = 2) -> None:
        self.case = case
        self.compiled: Compiled = compile_case(case)
        self._lock = Lock()
        self._threads = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="servanda-bench")
        self._menus: dict[str, Compiled] = {"": self.compiled}
        self._plays: OrderedDict[tuple[str, tuple[tuple[str, float], ...]], Play] = OrderedDict()

    @classmethod
    def of(cls, case: ResolvedCase, threads: int = 2) -> Bench:
        """A case on the bench.

        Raises
        ------
        CaseError
            If the case makes no sense as a game.
        """
        return cls(case, threads)

    @cached_property
    def wound(self) -> bool:
        """Whether answers come from wound-up games."""
        return fits(self.compiled.game, self.compiled.numbers([{}]))

    @property
    def _small(self) -> bool:
        return self.compiled.game.states <= _SMALL

    @cached_property
    def _together(self) -> Together:
        return self._anchored(Together(self.compiled))

    @cached_property
    def _alone(self) -> tuple[Alone, ...]:
        return tuple(self._anchored(Alone(self._compiled(d.name), i)) for i, d in enumerate(self.case.drafts))

    def _anchored(self, wound: Wound) -> Wound:
        if not self._small:
            wound.reel.anchor(wound.compiled.numbers([{}]), _BASE)
        return wound

    def answer(self, values: Mapping[str, float]) -> Live:
        """Every headline number under these values instead of the central ones.

        Raises
        ------
        CaseError
            If a parameter is not known, or a number makes no sense in some state.
        """
        with self._lock:
            begun = time.perf_counter()
            projected, drafts, settled = self._wound(values) if self.wound else self._solved(values)
            verdict = verdict_of(drafts, projected, self.case.protocol.start)
            calm = settled and all(d.settled for d in drafts)
            return Live(verdict, drafts, projected, calm, time.perf_counter() - begun)

    def _wound(self, values: Mapping[str, float]) -> tuple[Forecast, tuple[LiveDraft, ...], bool]:
        together, alone = self._together, self._alone
        how = _FINER if self._small else SETTINGS
        first = self._threads.submit(together.answer, values, how)
        rest = [self._threads.submit(one.answer, values, how) for one in alone]
        # each of them has a game of its own in its hands until it is done
        wait([first])
        wait(rest)
        projected, settled = first.result()
        return projected, tuple(one.result() for one in rest), settled

    def _solved(self, values: Mapping[str, float]) -> tuple[Forecast, tuple[LiveDraft, ...], bool]:
        play = self._play("", values)
        projected = forecast(self.compiled, play.solution, details=False, overrides=values)
        drafts = tuple(self._judged(i, values) for i in range(len(self.case.drafts)))
        return projected, drafts, play.solution.status is Status.SOLVED

    def _judged(self, draft: int, values: Mapping[str, float]) -> LiveDraft:
        one = self._play(self.case.drafts[draft].name, values)
        window = sign_window(self.case)
        life, temptation = survival_of(one, draft), temptation_of(one, draft)
        gates = gates_of(one, draft, signing_of(one, draft, window), voting_of(one, draft), life, temptation, window)
        sides = {a.name: next(s.title for s in self.case.sides if s.name == a.side) for a in self.case.actors}
        ended: dict[str, float] = {}
        for e in life.endings:
            who = "its own end" if e.kind == "expiry" else sides.get(e.actor, "nobody in particular")
            ended[who] = ended.get(who, 0.0) + e.probability
        sign, ratify, keep = (g.probability for g in gates)
        named = self.case.drafts[draft]
        return LiveDraft(
            named.name, named.title, sign, ratify, keep, life.mean_life_years,
            one.compiled.dates[: len(life.alive)], life.alive, tuple(sorted(ended.items(), key=lambda x: -x[1])),
            draft_sentence(gates), one.solution.status is Status.SOLVED,
        )  # fmt: skip

    def play(self, values: Mapping[str, float]) -> Play:
        """Exact play with every draft on the table; the last few are kept.

        Raises
        ------
        CaseError
            If a parameter is not known, or a number makes no sense in some state.
        """
        with self._lock:
            return self._play("", values)

    def alone(self, draft: str, values: Mapping[str, float]) -> Play:
        """Exact play of one draft alone on the table; the last few are kept.

        Raises
        ------
        CaseError
            If a parameter is not known, or a number makes no sense in some state.
        KeyError
            If no draft is called so.
        """
        if draft not in [d.name for d in self.case.drafts]:
            raise KeyError(draft)
        with self._lock:
            return self._play(draft, values)

    def _play(self, draft: str, values: Mapping[str, float]) -> Play:
        key = draft, tuple(sorted(values.items()))
        if key in self._plays:
            self._plays.move_to_end(key)
            return self._plays[key]
        compiled = self._compiled(draft)
        found = Play(compiled, solve(compiled.game, compiled.numbers([values]), _EXACT))
        self._plays[key] = found
        while len(self._plays) > _KEPT:
            self._plays.popitem(last=False)
        return found

    def _compiled(self, draft: str) -> Compiled:
        """The case with one draft alone on the table ("" for all of them), compiled when it is first wanted."""
        if draft not in self._menus:
            self._menus[draft] = compile_case(self.case, menu=[draft])
        return self._menus[draft]
