"""Readings of a weighed sweep: gates, frictions, curves, fans, what each piece of evidence did, posteriors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from servanda.case.resolved import ResolvedCase
from servanda.case.uncertain import parse_uncertain
from servanda.ensemble import Ensemble
from servanda.ensemble.frame import Frame
from servanda.forecast.vocabulary import percent
from servanda.outlook.answers import (
    EvidenceFinding,
    FrictionOutlook,
    GateOutlook,
    OutlookCurve,
    OutlookFan,
)
from servanda.uncertainty.answers import Band, Posterior, Weighing
from servanda.uncertainty.factors import Factor, grouped
from servanda.uncertainty.swept import Sweep
from servanda.uncertainty.weights import LeftOut, band, bands, mixture_quantiles

Floats = NDArray[np.float64]
_GATES = ("sign", "ratify", "keep", "holds")
_MOST_POSTERIORS = 12


@dataclass(frozen=True)
class Read:
    """A sweep as the outlook reads it: its frame, factors and values, and weights before and after the evidence."""

    frame: Frame
    swept: Sweep
    factors: tuple[Factor, ...]
    x: Floats
    before: Floats
    after: Floats
    weighing: Weighing
    left_out: LeftOut | None

    @property
    def unused(self) -> bool:
        """Whether no draw can produce the evidence, so that what is said after it is what was said before."""
        return self.weighing.tempering == 0.0

    def column(self, name: str) -> Floats:
        """A column after the evidence: nan in draws that cannot produce it, unless none can."""
        early = f"before.{name}"
        return self.swept[early if self.unused and early in self.swept else name]

    def known(self, name: str) -> bool:
        """Whether a column says something of every draw that counts."""
        return bool(np.isfinite(self.column(name)[self.after > 0.0]).all())

    def bands(self, name: str) -> tuple[Band, Band]:
        """A column before and after the evidence."""
        early = f"before.{name}"
        before = self.swept[early if early in self.swept else name]
        return band(before, self.before), band(self.column(name), self.after)


def factors_of(case: ResolvedCase, found: Sweep) -> tuple[tuple[Factor, ...], Floats]:
    """The uncertain parameters of a case as columns, with their correlated groups, and its uncertain modelling."""
    # of what is ranked equal one stands for all
    twins = {name for ranking in case.rankings for place in ranking.places for name in place[1:]}
    uncertain = [p for p in case.parameters if not p.number.certain and p.name not in twins]
    plain = [Factor(p.name, p.title, p.number, p.unit) for p in uncertain]
    columns = [found[f"parameter.{p.name}"] for p in uncertain]
    ranked = [[ranking.places[place][0] for place in ranking.loose] for ranking in case.rankings]
    factors = grouped(plain, [*(c.parameters for c in case.correlations), *filter(None, ranked)])
    choices = (
        ("model.terminal", "What follows the horizon", case.modelling.terminal),
        ("model.order", "Order of movers", case.modelling.order),
    )
    for name, title, weights in choices:
        if len(weights) > 1:
            names = {choice: float(k) for k, (choice, _) in enumerate(weights)}
            text = ", ".join(f"{choice}: {weight!r}" for choice, weight in weights)
            factors = (*factors, Factor(name, title, parse_uncertain(f"one of {{{text}}}", choices=names)))
            columns.append(np.array([names[str(choice)] for choice in found[name]]))
    return factors, np.stack(columns, axis=1) if columns else np.zeros((found.draws, 0))


def gate_outlook(read: Read, draft: str, title: str) -> GateOutlook:
    """The three gates of a draft, and all of them together, before and after the evidence."""
    columns = [read.swept[f"gate.{draft}.{g}"] for g in _GATES]
    early = tuple(band(c, read.before) for c in columns)
    late = tuple(band(c, read.after) for c in columns)
    return GateOutlook(draft, title, early, late)  # type: ignore[arg-type]


def friction_effects(read: Read, study: Ensemble, titles: Mapping[str, str]) -> tuple[FrictionOutlook, ...]:
    """What each friction costs the first draft followed, the dearest first."""
    if not study.frictions or not study.gates:
        return ()
    draft = study.gates[0]
    found = []
    for friction in read.frame.case.frictions:
        rise = read.swept[f"friction.{friction.name}"] - read.swept[f"gate.{draft}.holds"]
        early, late = band(rise, read.before), band(rise, read.after)
        found.append(FrictionOutlook(friction.name, friction.title, titles[draft], early, late))
    return tuple(sorted(found, key=lambda f: -f.after.mean))


def curves(read: Read) -> tuple[OutlookCurve, ...]:
    """Probabilities by date: what holds at each date, and what has happened by then."""
    frame, found = read.frame, []
    texts = {f"question.{q.name}": q.text for q in frame.case.questions}
    titles = {
        "path.deal": "A deal in force", "path.war": "War", "event.deal": "A deal has been in force",
        "event.war": "There has been war", **{f"event.{name}": text for name, text in texts.items()},
        **{f"path.draft.{d.name}": f"{d.title} in force" for d in frame.case.drafts},
    }  # fmt: skip
    for name in read.swept:
        kind, _, rest = name.partition(".")
        if kind not in ("path", "event") or not read.known(name):
            continue
        after = bands(read.column(name), read.after)
        early = f"before.{name}"
        before = bands(read.swept[early], read.before) if early in read.swept else ()
        found.append(
            OutlookCurve(
                rest, titles.get(name, rest), "state" if kind == "path" else "event", frame.dates,
                tuple(b.mean for b in after), tuple(b.low for b in after), tuple(b.high for b in after),
                tuple(b.mean for b in before),
            )
        )  # fmt: skip
    return tuple(found)


def fans(read: Read) -> tuple[OutlookFan, ...]:
    """Indicators over states and draws together, with what has been observed of them."""
    found = []
    for indicator in read.frame.case.indicators:
        name = indicator.name
        if not read.known(f"spread.{name}"):
            continue
        mean = bands(read.swept[f"indicator.{name}"], read.after)
        early = bands(read.swept[f"before.indicator.{name}"], read.before)
        used = read.after > 0.0
        q = mixture_quantiles(read.swept[f"spread.{name}"][used], read.after[used], [0.1, 0.5, 0.9])
        q10, q50, q90 = (tuple(float(v) for v in row) for row in q)
        seen = tuple((o.evidence.date, o.evidence.low, o.evidence.high) for o in read.frame.seen
                     if o.evidence.kind == "indicator" and o.evidence.name == name)  # fmt: skip
        found.append(
            OutlookFan(
                name, indicator.title, indicator.unit, read.frame.dates, tuple(b.mean for b in mean),
                q10, q50, q90, tuple(b.mean for b in early), seen,
            )
        )  # fmt: skip
    return tuple(found)


def findings(read: Read, questions: Sequence[str]) -> tuple[EvidenceFinding, ...]:
    """What each piece of evidence does to the answers, the one that moves them most first."""
    out = read.left_out
    if out is None:
        return ()
    columns = {q.name: k for k, q in enumerate(read.frame.questions)}
    found = []
    for piece, seen in enumerate(read.frame.seen):
        item = seen.evidence
        shifts = tuple(
            (q, float(out.answers[columns[f"question.{q}"]]), float(out.without[piece, columns[f"question.{q}"]]))
            for q in questions
        )
        largest, at = max(((abs(a - b), k) for k, (_, a, b) in enumerate(shifts)), default=(0.0, 0))
        surprise = float(out.surprise[piece])
        found.append(
            EvidenceFinding(
                item.key, item.date, item.title, item.citation.grade, item.citation.sources, surprise, shifts, largest,
                _said(shifts, at, largest, surprise),
            )
        )  # fmt: skip
    return tuple(sorted(found, key=lambda f: -f.largest))


def _said(shifts: Sequence[tuple[str, float, float]], at: int, largest: float, surprise: float) -> str:
    plain = "hardly a surprise" if surprise < 1.0 else "a surprise" if surprise < 4.0 else "a great surprise"
    if not shifts or largest < 0.005:
        return f"Moves no answer by half a point; {plain} ({surprise:.1f} bits)."
    name, now, without = shifts[at]
    way = "raises" if now > without else "lowers"
    by = f"{100.0 * largest:.1f} points to {percent(now)}"
    return f"{way.capitalize()} {name} by {by}; {plain} ({surprise:.1f} bits)."


def told(found: Sequence[Posterior]) -> tuple[Posterior, ...]:
    """Every choice, and the parameters that moved most."""
    choices = [p for p in found if p.choices]
    others = [p for p in found if not p.choices]
    return (*choices, *others[: max(0, _MOST_POSTERIORS - len(choices))])
