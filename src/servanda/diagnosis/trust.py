"""The cost of trust: the least bonds with which a draft is kept with a wanted probability, set against what it brings.

A bond is a pledge that a side loses, all its actors alike, with every noticed breach and every exit. What a bond
achieves is found by solving the game with it: whoever may lose it acts otherwise, and so does everybody who knows.

A side carries its bond at its leader's discount rate until the draft's own sunset, or for ever without one. Trust pays
where every side gains more from the draft in force with the bonds posted, over no deal, than carrying its bond costs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from servanda.case.dates import decimal_year
from servanda.case.resolved import ResolvedCase
from servanda.compile import Compiled, compile_case
from servanda.diagnosis.answers import BondPoint, SideBond, SideGain, Trust
from servanda.diagnosis.bond_frontier import Frontier, frontier_of
from servanda.diagnosis.cooperation import PRECISE, draft_index, gains_of, leaders, signed_points, without_deal
from servanda.diagnosis.credibility import temptation_of
from servanda.diagnosis.gates import gates_of, signing_of, voting_of
from servanda.diagnosis.headlines import Floats
from servanda.diagnosis.least_bonds import Pledges, doubling, unit_and_ceiling, yearly_rates
from servanda.diagnosis.play import Crossing, Play, propagate
from servanda.diagnosis.survival import survival_of
from servanda.diagnosis.trials import Trials
from servanda.equilibrium import Settings, Slot, solve

_SIGN_YEARS = 4.0
# Combinations of bonds a search usually solves: what progress is measured against until more are asked for.
_USUALLY = 150
# A fall of the chance of being kept by more than this is a reversal.
_FALL = 1e-4
_HALF = 0.5


def cost_of_trust(
    case: ResolvedCase,
    draft: str,
    *,
    target: float = 0.5,
    overrides: Mapping[str, float] | None = None,
    window: int | None = None,
    settings: Settings | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Trust:
    """The least bonds with which a draft, in force at the start, is kept with probability `target`.

    Parameters
    ----------
    draft : name of the draft, judged alone on the table
    target : wanted probability of being kept, in (0, 1)
    overrides : parameter values that hold throughout
    window : periods within which the draft must be signed (four years, without it)
    settings : only its `stop` is used
    progress : told how many combinations of bonds are solved, and of how many at least

    Raises
    ------
    CaseError
        Unknown draft or parameter.
    InterruptedSolveError
        If `settings.stop` is set meanwhile.
    ValueError
        If the target is not inside (0, 1).

    >>> from servanda.case import read
    >>> cost_of_trust(read("theory/two-level-ratification"), "x10").frontier[0].bonds
    (0.0, 0.0)
    """
    if not 0.0 < target < 1.0:
        raise ValueError(f"the wanted probability lies between 0 and 1, not at {target}")
    given, how = dict(overrides or {}), settings or Settings()
    index = draft_index(case, draft)
    compiled = compile_case(case, menu=[draft], bonds=True)
    periods = window or max(1, min(case.periods, round(_SIGN_YEARS / compiled.game.period_years)))

    def observe(done: int, asked: int) -> None:
        if progress is not None:
            progress(done, max(asked, _USUALLY))

    pledges = Pledges(Trials(compiled, index, periods).stopping(how), given, target, observe)
    unit, ceiling = unit_and_ceiling(compiled, given)
    frontier = frontier_of(pledges, unit, doubling(unit, ceiling))
    nothing = without_deal(case, given, how)
    gains = gains_of(compiled, index, nothing, given, how)
    rates = yearly_rates(compiled, given)
    found = _costs(pledges, frontier, gains, [float(rates[i]) for i in leaders(compiled).values()], nothing)
    if progress is not None:
        progress(pledges.solved, pledges.solved)
    return found


def _costs(
    pledges: Pledges, frontier: Frontier, gains: Sequence[SideGain], rates: Sequence[float], nothing: Floats
) -> Trust:
    cheapest = min(frontier.points, key=lambda p: _burden(p.bonds, gains), default=None)
    bonds = cheapest.bonds if cheapest is not None else (0.0,) * len(gains)
    reading = _Reading(pledges, [g.title for g in gains])
    draft = pledges.compiled.case.drafts[pledges.draft]
    accounts = [] if cheapest is None else _accounts(pledges, bonds, rates, nothing)
    found = Trust(
        draft=draft.name,
        title=draft.title,
        target=pledges.target,
        sides=pledges.sides,
        without=frontier.curves[0][0],
        each=tuple(
            SideBond(
                side=gain.side,
                title=gain.title,
                least=least,
                share=None if least is None else _share(least, gain),
                yearly=None if least is None else rate * least,
                reason=reading.alone(curve) if least is None else "",
                curve=tuple(curve),
            )
            for gain, rate, least, curve in zip(gains, rates, frontier.alone, frontier.curves, strict=True)
        ),
        frontier=frontier.points,
        cheapest=cheapest,
        shares=tuple(None if cheapest is None else _share(b, g) for b, g in zip(bonds, gains, strict=True)),
        yearly=tuple(rate * bond for rate, bond in zip(rates, bonds, strict=True)),
        pays=None if cheapest is None else all(gain > cost for gain, cost in accounts),
        reversals=tuple(reading.reversals(frontier)),
        reason=" ".join(x for x in reading.reasons(frontier, cheapest) if x),
    )
    return replace(found, sentence=_sentence(found, [g.title for g in gains], accounts))


def _share(bond: float, gain: SideGain) -> float | None:
    return bond / gain.bound if gain.bound > 0.0 else None


def _burden(bonds: Sequence[float], gains: Sequence[SideGain]) -> float:
    """Sum of the bonds as shares of what the draft brings; of points where it brings some side nothing."""
    shares = [_share(b, g) for b, g in zip(bonds, gains, strict=True)]
    return sum(bonds) if None in shares else sum(s for s in shares if s is not None)


def _accounts(
    pledges: Pledges, bonds: Sequence[float], rates: Sequence[float], nothing: Floats
) -> list[tuple[float, float]]:
    """For every side what it gains over no deal with the bonds posted, and what carrying its own costs at present."""
    compiled = pledges.compiled
    precise = replace(pledges.trials, settings=replace(PRECISE, stop=pledges.trials.settings.stop))
    worth = precise.run([pledges.posted(tuple(bonds))]).value_in_force[:, 0]
    return [
        (float(worth[leader] - nothing[leader]), bond * _carried(compiled, pledges.draft, rate))
        for leader, bond, rate in zip(leaders(compiled).values(), bonds, rates, strict=True)
    ]


def _carried(compiled: Compiled, draft: int, rate: float) -> float:
    """Present cost of carrying a bond of one point until the draft's own sunset, or for ever."""
    written = compiled.case.drafts[draft]
    if written.sunset_date is not None:
        years = decimal_year(written.sunset_date) - decimal_year(compiled.case.start)
        return float(1.0 - (1.0 + rate) ** -max(years, 0.0))
    return 1.0 if written.sunset_mean is None else rate / (rate + 1.0 / written.sunset_mean)


class _Reading:
    """What stands in the way, in words."""

    def __init__(self, pledges: Pledges, titles: Sequence[str]) -> None:
        self.pledges = pledges
        self.titles = titles

    def alone(self, curve: Sequence[BondPoint]) -> str:
        """Why no bond of one side alone suffices."""
        best = max(p.keep for p in curve)
        return (
            f"Whatever its bond, up to {points_text(max(curve[-1].bonds))} points, the draft is kept with probability "
            f"{percent_text(best)} at most; with the largest, {self._ends(curve[-1])}."
        )

    def impossible(self, frontier: Frontier) -> str:
        """Why no bonds of both sides suffice."""
        tried = [p for curve in (*frontier.curves, *frontier.beside) for p in curve]
        best, largest = max(p.keep for p in tried), max(tried, key=lambda p: min(p.bonds))
        return (
            f"Whatever the bonds, up to {points_text(max(largest.bonds))} points, it is kept with probability "
            f"{percent_text(best)} at most; with the largest, {self._ends(largest)}."
        )

    def reasons(self, frontier: Frontier, cheapest: BondPoint | None) -> list[str]:
        """Why the draft fails even so, and what is uncertain about it."""
        rough, solved = self.pledges.rough, self.pledges.solved
        doubt = f"Play beyond the horizon does not settle with {rough} of the {solved} combinations of bonds tried."
        failing = self.impossible(frontier) if cheapest is None else self.gates(cheapest, frontier.curves[0][0])
        return [failing, doubt if rough else ""]

    def gates(self, cheapest: BondPoint, without: BondPoint) -> str:
        """Which gate the draft fails even with the bonds, and whose vote it is; nothing if it passes them all."""
        if cheapest.holds >= _HALF:
            return ""
        if min(cheapest.sign, cheapest.ratify) >= _HALF:
            whole = _against(cheapest.holds, without.holds)
            return f"Being kept is not all: with these bonds it is signed, ratified and kept with {whole}."
        play, index = self._play(cheapest), self.pledges.draft
        parts = []
        if cheapest.sign < _HALF:
            sign, _, _ = gates_of(
                play, index, signing_of(play, index, self.pledges.window), voting_of(play, index),
                survival_of(play, index), temptation_of(play, index), self.pledges.window,
            )  # fmt: skip
            parts.append(f"it is signed with {_against(cheapest.sign, without.sign)}. {sign.sentence}")
        if cheapest.ratify < _HALF:
            parts.append(f"it is ratified with {_against(cheapest.ratify, without.ratify)}{_undone(play)}.")
        return f"Being kept is not all: with these bonds {' Also, '.join(parts)}"

    def reversals(self, frontier: Frontier) -> list[str]:
        """Where a higher bond lowers the chance of being kept."""
        found = []
        for k, title in enumerate(self.titles):
            for curve, other in ((frontier.curves[k], False), (frontier.beside[k], True)):
                for first, last in _falls(curve):
                    text = f"Raising the bond of {title} from {points_text(first.bonds[k])} to "
                    text += f"{points_text(last.bonds[k])} points lowers the chance of being kept from "
                    text += f"{100 * first.keep:.2f} % to {100 * last.keep:.2f} %"
                    found.append(f"{text}{', with the largest bond on the other side' if other else ''}.")
        return found

    def _play(self, point: BondPoint) -> Play:
        compiled = self.pledges.compiled
        numbers = compiled.numbers([self.pledges.posted(point.bonds)])
        return Play(compiled, solve(compiled.game, numbers, self.pledges.trials.settings))

    def _ends(self, point: BondPoint) -> str:
        """What ends the draft with these bonds, the likeliest first."""
        endings = [e for e in survival_of(self._play(point), self.pledges.draft).endings if e.kind != "expiry"]
        named = [f"“{e.label}” ({percent_text(e.probability)})" for e in endings[:3] if e.probability >= 0.01]
        return f"what ends it is {', '.join(named)}" if named else "nothing in particular ends it"


def _falls(curve: Sequence[BondPoint]) -> list[tuple[BondPoint, BondPoint]]:
    """Ends of the stretches of a curve over which the chance of being kept falls."""
    found: list[tuple[BondPoint, BondPoint]] = []
    for one, two in pairwise(p for p in curve if p.settled):
        if two.keep < one.keep - _FALL:
            joined = bool(found) and found[-1][1] == one
            found = [*found[:-1], (found[-1][0], two)] if joined else [*found, (one, two)]
    return found


def _against(p: float, without: float) -> str:
    return f"probability {percent_text(p)} ({percent_text(without)} without bonds)"


def _undone(play: Play) -> str:
    """How signed drafts fail before they enter into force, the likeliest first, as shares of all that are decided."""
    compiled, pending = play.compiled, play.stage_mask("ratifying")
    crossing = Crossing.between(compiled, pending, ~pending)
    labels, size = compiled.game.labels, len(compiled.game.labels.options)
    flows = np.zeros((len(labels.actors) + 1) * size)
    decided = np.zeros(1)

    def before(t: int, slot: Slot, mass: Floats) -> None:
        stage, index = compiled.game.stages[slot.stage], crossing.outcomes[slot.stage]
        if not len(index):
            return
        flow = crossing.flow(play, slot, t, mass, play.odds[t])[:, 0]
        options = stage.option_of_outcome[index]
        keys = (stage.mover[stage.row_of_option[options]] + 1) * size + stage.label[options]
        fails = ~compiled.live[stage.outcome_state[index]]
        np.add.at(flows, keys[fails], flow[fails])
        decided[0] += flow.sum()

    propagate(play, compiled.game.start[:, None].copy(), before=before)
    named = []
    for key in np.argsort(-flows)[:3]:
        actor, label = divmod(int(key), size)
        share = float(flows[key] / max(decided[0], 1e-300))
        if share >= 0.05:
            who = f"{compiled.case.actors[actor - 1].title}, " if actor else ""
            named.append(f"“{who}{labels.options[label]}” ({percent_text(share)})")
    return f"; signatures come to nothing by {', '.join(named)}" if named else ""


def _sentence(found: Trust, titles: Sequence[str], accounts: Sequence[tuple[float, float]]) -> str:
    wanted = f"“{found.title}” kept with probability {percent_text(found.target)}"
    if found.cheapest is None:
        return f"No bonds make {wanted}. {found.reason}"
    if not any(found.cheapest.bonds):
        return f"Without any bond “{found.title}” is kept with probability {percent_text(found.without.keep)}."
    posted = [
        f"{title} {points_text(bond)} points"
        + (", although it loses by the draft" if share is None else f" ({percent_text(share)} of what it brings)")
        for title, bond, share in zip(titles, found.cheapest.bonds, found.shares, strict=True)
        if bond > 0.0
    ]
    text = f"To have {wanted}, it takes bonds of {' and '.join(posted)}."
    poor = [
        f"{title} (a gain of {signed_points(gain)} points over no deal, {points_text(cost)} for carrying its bond)"
        for title, (gain, cost) in zip(titles, accounts, strict=True)
        if gain <= cost
    ]
    if poor:
        return f"{text} They do not pay for {' and '.join(poor)}."
    return f"{text} Every side then gains more, over no deal, than carrying its bond costs."


def percent_text(p: float) -> str:
    """A share in per cent.

    >>> percent_text(0.374), percent_text(0.0004), percent_text(0.99996)
    ('37 %', '<0.1 %', '>99.9 %')
    """
    if 0.0 < p < 0.001:
        return "<0.1 %"
    if 0.999 < p < 1.0:
        return ">99.9 %"
    return f"{100 * p:.1f} %" if 0.0 < p < 0.01 or 0.99 < p < 1.0 else f"{100 * p:.0f} %"


def points_text(x: float) -> str:
    """A number of points.

    >>> points_text(3.14), points_text(31.4), points_text(40960.0), points_text(0.0)
    ('3.1', '31', '40,960', '0')
    """
    return f"{x:,.0f}" if x >= 10.0 or x == 0.0 else f"{x:.1f}" if x >= 1.0 else f"{x:.2g}"
