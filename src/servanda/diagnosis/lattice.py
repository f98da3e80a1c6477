"""The friction lattice: an outcome under every subset of the frictions, and what follows from it.

v(F) is the outcome with the frictions in F switched off and everybody's play worked out again. All 2^k subsets are
solved up to k = 12; past that, permutations are sampled in antithetic pairs (`servanda.diagnosis.shapley`) and repairs
are searched from small sets upwards. Subsets that lead to the same numbers are one game: a friction that touches
nothing in the game of a draft costs nothing and gets exactly zero.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from servanda.case.resolved import ResolvedCase
from servanda.compile import Compiled, compile_case
from servanda.diagnosis.answers import FrictionLattice, FrictionShare, Repair
from servanda.diagnosis.frictions import switched_off
from servanda.diagnosis.headlines import Headlines
from servanda.diagnosis.shapley import (
    alone,
    interactions,
    last,
    log_odds,
    members,
    minimal_repairs,
    repairs_searched,
    sampled,
    shapley,
    shapley_sampled,
)
from servanda.diagnosis.trials import Trials

Floats = NDArray[np.float64]
Masks = NDArray[np.int64]
Progress = Callable[[int, int], None]
MOST_EXACT = 12
SEARCHED_PAST_EXACT = 3
HEADLINES = ("sign", "ratify", "keep", "running", "ever_war", "mean_life")
OUTCOMES = {
    "kept": "signed, ratified and kept",
    "survival": "kept once in force",
    "running": "a deal in force",
    "peace": "no war",
}


@dataclass(frozen=True)
class Frictions:
    """Trials under subsets of a case's frictions, given as bit masks (bit i set: friction i off).

    Where two frictions set the same parameter, the later one in the case decides.
    """

    trials: Trials
    off: tuple[Mapping[str, float], ...]
    overrides: Mapping[str, float]

    def overrides_of(self, mask: int) -> dict[str, float]:
        """Parameter values with the frictions of a mask off."""
        found = dict(self.overrides)
        for i in members(int(mask)):
            found |= self.off[i]
        return found

    def headlines(self, masks: Masks, progress: Progress | None = None) -> Headlines:
        """Headline numbers under each mask."""
        return self.trials.run([self.overrides_of(m) for m in masks], progress=progress)


def frictions_of(trials: Trials, overrides: Mapping[str, float]) -> Frictions:
    """The frictions of a compiled case as patches of parameters."""
    compiled = trials.compiled
    off = tuple(switched_off(compiled, f, overrides) for f in compiled.case.frictions)
    return Frictions(trials, off, overrides)


def friction_lattice(
    case: ResolvedCase,
    draft: str | None,
    *,
    outcome: str = "kept",
    threshold: float = 0.5,
    window: int,
    overrides: Mapping[str, float] | None = None,
    trials: Trials | None = None,
    permutations: int = 100,
    seed: int = 1,
    progress: Progress | None = None,
) -> FrictionLattice | None:
    """Solve the lattice of a case's frictions; None if it names none.

    Parameters
    ----------
    draft : the draft alone on the table; None for play with every draft on the table, where `kept` means that a deal is
        in force at the horizon
    outcome : `kept` (signed, ratified and kept), `survival` (kept once in force), `running`, `peace`, or the name of a
        party (what having the draft on the table is worth to whoever leads it at the start, in points)
    threshold : value from which the outcome counts as repaired
    window : periods within which the draft must be signed
    permutations : antithetic pairs sampled past twelve frictions

    Raises
    ------
    ValueError
        An outcome that does not exist for the case.
    """
    if not case.frictions:
        return None
    begun = time.perf_counter()
    names = [d.name for d in case.drafts]
    menu = None if draft is None else [draft]
    ready = trials or Trials(compile_case(case, menu=menu), None if draft is None else names.index(draft), window)
    worth = _Outcome.of(case, ready, outcome)
    under = frictions_of(ready, dict(overrides or {}))
    beside = None if worth.apart is None else frictions_of(worth.apart, dict(overrides or {}))
    k = len(case.frictions)
    asked: dict[int, tuple[Headlines, float]] = {}

    def ask(masks: Masks) -> Floats:
        fresh = np.array([m for m in masks if int(m) not in asked], dtype=np.int64)
        if len(fresh):
            found = under.headlines(fresh, progress)
            value = worth.read(found, None if beside is None else beside.headlines(fresh))
            for i, m in enumerate(fresh):
                asked[int(m)] = (found.pick([i]), float(value[i]))
        return np.array([asked[int(m)][1] for m in masks])

    exact = k <= MOST_EXACT
    everything = np.arange(1 << k, dtype=np.int64) if exact else np.zeros(0, dtype=np.int64)
    if exact:
        values = ask(everything)
        numbers = _Shares.exact(values, probability=worth.unit == "probability")
        repairs = [(m, float(values[m])) for m in minimal_repairs(values, threshold)]
        searched = k
    else:
        drawn = sampled(seed, k, 2 * permutations)
        ask(drawn.masks)
        numbers = _Shares.sampled(ask, drawn, k, probability=worth.unit == "probability")
        search = repairs_searched(ask, k, threshold, SEARCHED_PAST_EXACT)
        repairs = list(zip(search.repairs, search.value, strict=True))
        searched = search.complete_to
        values = np.zeros(0)
    kept = Headlines.joined([asked[int(m)][0] for m in everything]) if exact else None
    titles = tuple(f.title for f in case.frictions)
    found_repairs = tuple(
        Repair(
            tuple(case.frictions[i].name for i in members(int(m))), tuple(titles[i] for i in members(int(m))), float(v)
        )
        for m, v in repairs
    )
    none_off, all_off = float(ask(np.array([0]))[0]), float(ask(np.array([(1 << k) - 1]))[0])
    keys = under.trials.keys([under.overrides_of(m) for m in sorted(asked)])
    title = next((d.title for d in case.drafts if d.name == draft), "Every draft on the table")
    lattice = FrictionLattice(
        draft=draft or "",
        title=title,
        outcome=worth.words,
        unit=worth.unit,
        threshold=threshold,
        frictions=tuple(f.name for f in case.frictions),
        titles=titles,
        values=tuple(values.tolist()),
        settled=() if kept is None else tuple(bool(x) for x in kept.settled),
        headlines=() if kept is None else tuple((n, tuple(getattr(kept, n).tolist())) for n in HEADLINES),
        none_off=none_off,
        all_off=all_off,
        shares=numbers.shares(case),
        interactions=tuple(tuple(row) for row in numbers.pairs.tolist()),
        repairs=found_repairs,
        searched=searched,
        unused=_unused(case, dict(zip(sorted(asked), keys, strict=True))) if exact else _untouched(case, under),
        permutations=0 if exact else 2 * permutations,
        games=len(set(keys)),
        seconds=time.perf_counter() - begun,
    )
    return _with_sentence(lattice)


@dataclass(frozen=True)
class _Outcome:
    """How a number is read off the headline numbers; `apart`: trials of the world without a deal, where needed."""

    words: str
    unit: str
    read: Callable[[Headlines, Headlines | None], Floats]
    apart: Trials | None = None

    @staticmethod
    def of(case: ResolvedCase, trials: Trials, outcome: str) -> _Outcome:
        one = trials.draft is not None
        running = OUTCOMES["running"] + _by(trials, "in", " at the horizon")
        if outcome == "kept" and not case.drafts:
            outcome = "peace"
        if outcome == "kept":
            words = OUTCOMES["kept"] + _by(trials, "to") if one else running
            return _Outcome(words, "probability", lambda h, _: h.holds if one else h.running)
        if outcome == "survival" and one:
            return _Outcome(OUTCOMES[outcome] + _by(trials, "to"), "probability", lambda h, _: h.keep)
        if outcome == "running" and case.drafts:
            return _Outcome(running, "probability", lambda h, _: h.running)
        if outcome == "peace" and case.war is not None:
            words = OUTCOMES[outcome] + _by(trials, "before", " before the horizon")
            return _Outcome(words, "probability", lambda h, _: 1.0 - h.ever_war)
        side = next((s for s in case.sides if s.name == outcome and s.party and s.led_by), None)
        if side is not None and case.drafts:
            actor = leader(trials.compiled, side.name)
            apart = Trials(compile_case(case, menu=()), None, trials.window, trials.settings)

            def gain(found: Headlines, without: Headlines | None) -> Floats:
                assert without is not None
                return np.asarray(found.value[actor] - without.value[actor])

            return _Outcome(f"gain of {side.title} from having it on the table", "points", gain, apart)
        parties = [s.name for s in case.sides if s.party and s.led_by] if case.drafts else []
        gates = ["kept", *(["survival"] if one else []), "running"] if case.drafts else []
        known = [*gates, *(["peace"] if case.war else []), *parties]
        raise ValueError(f"no outcome is called {outcome!r} here; there is: {', '.join(known)}")


def _by(trials: Trials, word: str, horizon: str = "") -> str:
    """The date to which an outcome is followed."""
    return horizon if trials.until is None else f" {word} {trials.compiled.dates[trials.until]:%B %Y}"


def leader(compiled: Compiled, side: str) -> int:
    """Index of the actor who leads a side at the start.

    >>> from servanda.case import find, load
    >>> from servanda.compile import compile_case
    >>> case = load(find("us-iran")).require()
    >>> case.actors[leader(compile_case(case, menu=()), "us")].name
    'us_engager'
    """
    case = compiled.case
    start = {v.name: v.start for v in case.variables}
    led_by = next(s.led_by for s in case.sides if s.name == side)
    return [a.name for a in case.actors].index(start.get(led_by, led_by))


@dataclass(frozen=True)
class _Shares:
    """Arrays behind the shares, [friction]."""

    value: Floats
    odds: Floats
    alone: Floats
    last: Floats
    error: Floats
    pairs: Floats

    @staticmethod
    def exact(values: Floats, *, probability: bool) -> _Shares:
        single = shapley(values)
        odds = shapley(log_odds(np.clip(values, 0.0, 1.0))) if probability else np.zeros_like(single)
        return _Shares(single, odds, alone(values), last(values), np.zeros_like(single), interactions(values))

    @staticmethod
    def sampled(ask: Callable[[Masks], Floats], drawn: object, k: int, *, probability: bool) -> _Shares:
        from servanda.diagnosis.shapley import Permutations

        assert isinstance(drawn, Permutations)
        found = shapley_sampled(ask, drawn)
        odds = np.zeros(k)
        if probability:
            odds = shapley_sampled(lambda m: np.asarray(log_odds(np.clip(ask(m), 0.0, 1.0))), drawn).value
        ones = ask(1 << np.arange(k, dtype=np.int64)) - ask(np.array([0]))[0]
        full = (1 << k) - 1
        lasts = ask(np.array([full]))[0] - ask(full ^ (1 << np.arange(k, dtype=np.int64)))
        return _Shares(found.value, odds, ones, lasts, found.standard_error, np.zeros((0, 0)))

    def shares(self, case: ResolvedCase) -> tuple[FrictionShare, ...]:
        """Records in the order of the case."""
        return tuple(
            FrictionShare(
                f.name, f.title, f.mechanism, float(self.value[i]), float(self.odds[i]), float(self.alone[i]),
                float(self.last[i]), float(self.error[i]),
            )
            for i, f in enumerate(case.frictions)
        )  # fmt: skip


def _unused(case: ResolvedCase, keys: Mapping[int, bytes]) -> tuple[str, ...]:
    """Frictions that never change the game."""
    return tuple(
        f.name for i, f in enumerate(case.frictions) if all(keys[m] == keys[m | 1 << i] for m in keys if not m >> i & 1)
    )


def _untouched(case: ResolvedCase, under: Frictions) -> tuple[str, ...]:
    """Frictions that change nothing alone and nothing as the last: what can be told without all subsets."""
    full = (1 << len(case.frictions)) - 1
    masks = [0, full, *(m for i in range(len(case.frictions)) for m in (1 << i, full ^ 1 << i))]
    keys = under.trials.keys([under.overrides_of(m) for m in masks])
    return tuple(
        f.name for i, f in enumerate(case.frictions) if keys[2 + 2 * i] == keys[0] and keys[3 + 2 * i] == keys[1]
    )


def _with_sentence(found: FrictionLattice) -> FrictionLattice:
    from dataclasses import replace

    first = max(found.shares, key=lambda s: s.shapley)
    number: Callable[[float], str] = (
        (lambda x: f"{100 * x:.0f} %") if found.unit == "probability" else (lambda x: f"{x:.1f}")
    )
    parts = [
        f"With every friction in place the outcome ({found.outcome}) stands at {number(found.none_off)}, with all of "
        f"them off at {number(found.all_off)}."
    ]
    if found.all_off > found.none_off and first.shapley >= 0.005 * (1.0 if found.unit == "probability" else 100.0):
        part = "most of the difference" if 2.0 * first.shapley > found.all_off - found.none_off else "the largest part"
        parts.append(f"{first.title} carries {part}.")
    parts.append(_repair_sentence(found.repairs, found))
    rough = sum(not s for s in found.settled)
    if rough:
        which = "1 subset" if rough == 1 else f"{rough:,} subsets"
        parts.append(f"In {which} of {len(found.settled):,} the far future did not settle; their numbers are rough.")
    return replace(found, sentence=" ".join(parts))


def _repair_sentence(repairs: Sequence[Repair], found: FrictionLattice) -> str:
    bar = f"{100 * found.threshold:.0f} %" if found.unit == "probability" else f"{found.threshold:g} points"
    if found.none_off >= found.threshold:
        return f"It reaches {bar} without any repair."
    if not repairs:
        sets = "set of frictions" if found.searched == len(found.frictions) else f"set of up to {found.searched}"
        return f"No {sets} lifts it to {bar}."
    smallest = len(repairs[0].frictions)
    few = [r for r in repairs if len(r.frictions) == smallest]
    best = max(few, key=lambda r: r.value)
    value = f"{100 * best.value:.0f} %" if found.unit == "probability" else f"{best.value:.1f} points"
    if smallest == 1:
        return f"Removing one alone suffices: {best.titles[0]} ({value})."
    return f"The smallest repair takes {smallest} together: {'; '.join(best.titles)} ({value})."
