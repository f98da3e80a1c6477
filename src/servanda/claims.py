"""Claims of the analysis set beside what the model finds.

A claim is one or more tests of quantities of the result, written in the case before the result is known. It agrees if
every test comes out, partly if some do. How robust that is: the least share, over its tests, of the variations examined
in which the test comes out the same way. Gates, endings and the effect of frictions are examined over draws of the
uncertain parameters (a friction by the mean of its effect alone and as the last), questions and outcomes over the
continuations of the selection certificate; what is neither is not examined.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Event

import numpy as np
from numpy.typing import NDArray

from servanda.case.resolved import Claim, ResolvedCase
from servanda.case.resolved_claims import ClaimTest
from servanda.diagnosis.answers import ClaimFinding, Cooperation, FrictionLattice, Mirage
from servanda.diagnosis.findings import DraftVerdict
from servanda.diagnosis.frictions import switched_off
from servanda.diagnosis.trials import Trials
from servanda.equilibrium import Selection
from servanda.forecast.projections import Forecast

Floats = NDArray[np.float64]
GATES = ("sign", "ratify", "keep")


@dataclass(frozen=True)
class Evidence:
    """Results that claims are tested by; `draws` maps (quantity, *subject) to its value in each parameter draw."""

    case: ResolvedCase
    drafts: Sequence[DraftVerdict]
    forecast: Forecast
    selection: Selection
    lattice: FrictionLattice | None
    mirage: Mirage | None
    cooperation: Sequence[Cooperation]
    draws: Mapping[tuple[str, ...], Floats] = field(default_factory=dict)


def examine_claims(evidence: Evidence) -> tuple[ClaimFinding, ...]:
    """Every claim of the case beside what was found."""
    return tuple(_finding(claim, evidence) for claim in evidence.case.claims)


def _finding(claim: Claim, evidence: Evidence) -> ClaimFinding:
    results = [_tested(test, evidence) for test in claim.tests]
    passed = [r.passed for r in results if r.passed is not None]
    if not passed:
        agrees = "not examined"
    elif all(passed):
        agrees = "yes" if len(passed) == len(results) else "partly"
    else:
        agrees = "partly" if any(passed) else "no"
    shares = [r.same for r in results if r.same is not None]
    over = sorted({r.examined for r in results if r.examined})
    found = "; ".join(r.words for r in results)
    return ClaimFinding(claim.name, claim.text, found, agrees, min(shares, default=None), "; ".join(over))


@dataclass(frozen=True)
class _Result:
    """One test: in words, whether it came out (None: not computed), and in what share of variations it does so too."""

    words: str
    passed: bool | None
    same: float | None = None
    examined: str = ""


def _tested(test: ClaimTest, evidence: Evidence) -> _Result:
    name = _name(test, evidence.case)
    value = _value(test, evidence)
    if value is None:
        return _Result(f"{name}: not computed", None)
    ranked = ""
    passed = _within(test, value)
    if test.rank is not None and evidence.lattice is not None:
        # equal shares share a place: what differs by less than a shown digit does not decide it
        place = 1 + sum(s.shapley > value + 5e-5 for s in evidence.lattice.shares)
        passed = passed and place <= test.rank
        ranked = f", place {place}"
    words = f"{name} {_number(test, value)}{ranked} ({_asked(test)}): {'yes' if passed else 'no'}"
    if test.quantity.startswith("friction") and test.subject[0] in (
        evidence.lattice.unused if evidence.lattice else ()
    ):
        words += ", it touches no number of this draft"
    variations, examined = _variations(test, evidence)
    if variations is None or test.rank is not None:
        return _Result(words, passed)
    return _Result(words, passed, float(np.mean([_within(test, float(v)) == passed for v in variations])), examined)


def _value(test: ClaimTest, evidence: Evidence) -> float | None:
    first = test.subject[0] if test.subject else ""
    lattice, path = evidence.lattice, evidence.forecast.outcomes
    match test.quantity:
        case "friction" | "friction_alone" | "friction_log_odds":
            share = next((s for s in lattice.shares if s.friction == first), None) if lattice else None
            if share is None:
                return None
            return {"friction": share.shapley, "friction_alone": share.alone}.get(test.quantity, share.log_odds)
        case "gate":
            verdict = next(d for d in evidence.drafts if d.draft == first)
            gate = test.subject[1]
            return verdict.holds if gate == "all" else verdict.gates[GATES.index(gate)].probability
        case "ends":
            verdict = next(d for d in evidence.drafts if d.draft == first)
            return sum(e.probability for e in verdict.survival.endings if _by(e.actor, e.kind, test.subject[1:]))
        case "question":
            return next(a.probability for a in evidence.forecast.answers if a.question == first)
        case "outcome":
            return {"deal": path.deal[-1], "war": path.war[-1], "neither": path.none[-1]}[first]
        case "ever":
            return {"deal": path.ever_deal[-1], "war": path.ever_war[-1]}[first]
        case "smallest_repair":
            if lattice is None:
                return None
            return float(min((len(r.frictions) for r in lattice.repairs), default=np.inf))
        case "overlap":
            row = next((d for d in evidence.mirage.drafts if d.draft == first), None) if evidence.mirage else None
            return None if row is None else float(row.apparent)
        case "gain":
            best = max(evidence.drafts, key=lambda d: d.holds).draft
            found = next((c for c in evidence.cooperation if c.draft == best), None)
            return next((g.in_force for g in found.gains if g.side == first), None) if found else None


def _by(actor: str, kind: str, wanted: Sequence[str]) -> bool:
    return actor in wanted and kind in ("breach", "exit")


def _within(test: ClaimTest, value: float) -> bool:
    above = test.at_least is None or value >= test.at_least
    return above and (test.at_most is None or value <= test.at_most)


def _variations(test: ClaimTest, evidence: Evidence) -> tuple[Floats | None, str]:
    drawn = evidence.draws.get((test.quantity, *test.subject))
    if drawn is not None and len(drawn):
        return drawn, f"{len(drawn)} parameter draws"
    quantity = {
        "question": f"question {test.subject[0]}" if test.subject else "",
        "outcome": "a deal in force at the horizon" if test.subject == ("deal",) else "",
        "ever": {"deal": "ever a deal in force", "war": "ever war"}.get(test.subject[0] if test.subject else "", ""),
    }.get(test.quantity, "")
    names = [s.quantity for s in evidence.selection.spreads]
    if quantity in names and evidence.selection.by_branch:
        column = names.index(quantity)
        branches = np.array([row[column] for row in evidence.selection.by_branch])
        return branches, f"{len(branches)} continuations beyond the horizon"
    return None, ""


def _number(test: ClaimTest, value: float) -> str:
    if test.quantity in ("gain", "friction_log_odds"):
        return f"{value:+.1f}".replace("-", "−")
    if test.quantity == "smallest_repair":
        return "none" if np.isinf(value) else f"{value:.0f}"
    if test.quantity == "overlap":
        return "yes" if value else "no"
    sign = "+" if test.quantity.startswith("friction") else ""
    return f"{100 * value:{sign}.1f} %".replace("-", "−")


def _asked(test: ClaimTest) -> str:
    parts = []
    if test.at_least is not None:
        parts.append(f"at least {_bound(test, test.at_least)}")
    if test.at_most is not None:
        parts.append(f"at most {_bound(test, test.at_most)}")
    if test.rank is not None:
        parts.append(f"place {test.rank} or better")
    return ", ".join(parts)


def _bound(test: ClaimTest, value: float) -> str:
    if test.quantity in ("gain", "friction_log_odds", "smallest_repair", "overlap"):
        return f"{value:g}"
    return f"{100 * value:g} %"


def _name(test: ClaimTest, case: ResolvedCase) -> str:
    first = test.subject[0] if test.subject else ""
    titles = {d.name: d.title for d in case.drafts} | {f.name: f.title for f in case.frictions}
    titles |= {s.name: s.title for s in case.sides} | {a.name: a.title for a in case.actors}
    match test.quantity:
        case "friction":
            return f"share of “{titles[first]}”"
        case "friction_alone":
            return f"“{titles[first]}” removed alone"
        case "friction_log_odds":
            return f"share of “{titles[first]}” in log-odds"
        case "gate":
            gates = {"sign": "signed", "ratify": "ratified", "keep": "kept", "all": "through all gates"}
            return f"“{titles[first]}” {gates[test.subject[1]]}"
        case "ends":
            return f"“{titles[first]}” ended by {', '.join(titles[a] for a in test.subject[1:])}"
        case "question":
            return next(q.text for q in case.questions if q.name == first)
        case "outcome":
            words = {"deal": "a deal in force", "war": "war", "neither": "neither deal nor war"}
            return f"{words[first]} at the horizon"
        case "ever":
            return {"deal": "some deal ever in force", "war": "war at any time"}[first]
        case "smallest_repair":
            return "frictions in the smallest repair"
        case "overlap":
            return f"stated positions on “{titles[first]}” overlap"
        case "gain":
            return f"gain of {titles[first]} from the likeliest draft, in points,"


def claim_draws(
    case: ResolvedCase,
    best: str,
    drawn: Sequence[Mapping[str, float]],
    window: int,
    stop: Event | None,
    progress: Callable[[int, int], None],
) -> dict[tuple[str, ...], Floats]:
    """Values of what claims test, in every parameter draw: gates, endings, and frictions of the likeliest draft.

    Under draws a friction's share is the mean of its effect alone and as the last of all, whose exact share lies
    between the two where effects grow or shrink as frictions go; whole lattices of every draw would take too long.
    """
    if not drawn:
        return {}
    tests = [t for c in case.claims for t in c.tests]
    found: dict[tuple[str, ...], Floats] = {}
    gates = {t.subject[0] for t in tests if t.quantity == "gate"}
    named = {t.subject[0] for t in tests if t.quantity.startswith("friction")}
    rounds = len(gates | ({best} if named else set()))
    for turn, draft in enumerate(sorted(gates | ({best} if named else set()))):
        trials = Trials.of(case, draft, window, stop)

        def tell(done: int, of: int, turn: int = turn) -> None:
            progress(turn * of + done, rounds * of)

        asked = list(drawn)
        frictions = [f for f in case.frictions if f.name in named] if draft == best else []
        for draw in drawn:
            patches = {f.name: switched_off(trials.compiled, f, draw) for f in case.frictions}
            everything = {k: v for patch in patches.values() for k, v in patch.items()}
            asked.append({**draw, **everything})
            for f in frictions:
                others = {k: v for name, patch in patches.items() if name != f.name for k, v in patch.items()}
                asked += [{**draw, **patches[f.name]}, {**draw, **others}]
        if not frictions:
            asked = list(drawn)
        numbers = trials.run(asked, progress=tell)
        count = len(drawn)
        if draft in gates:
            for gate in ("sign", "ratify", "keep"):
                found["gate", draft, gate] = getattr(numbers, gate)[:count]
            found["gate", draft, "all"] = numbers.holds[:count]
        if frictions:
            rest = numbers.holds[count:].reshape(count, 1 + 2 * len(frictions))
            for j, f in enumerate(frictions):
                alone = rest[:, 1 + 2 * j] - numbers.holds[:count]
                last = rest[:, 0] - rest[:, 2 + 2 * j]
                found["friction_alone", f.name] = alone
                found["friction", f.name] = (alone + last) / 2.0
    return found
