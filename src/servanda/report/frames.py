"""A run as pandas data frames, one long table a subject; pandas is asked for only here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from servanda.diagnosis.answers import BondPoint, Diagnosis, FrictionLattice, Trust
from servanda.diagnosis.shapley import members
from servanda.errors import ServandaError
from servanda.runs import Run, Threats

if TYPE_CHECKING:
    import pandas as pd

Rows = list[dict[str, Any]]


def frames(run: Run) -> dict[str, pd.DataFrame]:
    """Data frames of a run by name: drafts, gates, survival, endings, credibility, why, frictions, outcomes,
    questions, indicators, variables; and lattice, shares, bonds, cooperation, designs, windows, access and threats,
    without rows where the run has no such part of the diagnosis.

    Every frame is long (one observation a row) with a `date` column of timestamps where time matters.

    Raises
    ------
    ServandaError
        If pandas is not installed.
    """
    try:
        import pandas as pd
    except ImportError as error:
        raise ServandaError("data frames need pandas: install `servanda[notebook]`") from error

    made = {}
    for name, records in run_rows(run).items():
        frame = pd.DataFrame.from_records(records)
        if "date" in frame:
            frame["date"] = pd.to_datetime(frame["date"])
        made[name] = frame
    return made


def run_rows(run: Run) -> dict[str, Rows]:
    """The rows of `frames`, as plain mappings of column to value."""
    dates = run.forecast.outcomes.dates
    rows: dict[str, Rows] = {
        "drafts": [
            {
                "draft": v.draft,
                "title": v.title,
                "form": v.form,
                "holds": v.holds,
                "signed": v.signed,
                "in_force": v.in_force,
                "running_at_horizon": v.running_at_horizon,
                "alone_signed": v.alone_signed,
                "alone_running": v.alone_running,
                "mean_life_years": v.survival.mean_life_years,
                "kept": v.survival.kept,
            }
            for v in run.drafts
        ],
        "gates": [
            {"draft": v.draft, "gate": g.kind, "probability": g.probability, "margin": g.margin}
            | (
                {}
                if g.tightest is None
                else {"actor": g.tightest.actor, "date": g.tightest.date, "move": g.tightest.move}
            )
            for v in run.drafts
            for g in v.gates
        ],
        "survival": [
            {"draft": v.draft, "date": day, "alive": alive}
            for v in run.drafts
            for day, alive in zip(dates, v.survival.alive, strict=False)
        ],
        "endings": [
            {
                "draft": v.draft,
                "kind": e.kind,
                "actor": e.actor,
                "option": e.option,
                "label": e.label,
                "date": day,
                "ended": p,
            }
            for v in run.drafts
            for e in v.survival.endings
            for day, p in zip(dates[1:], e.by_date, strict=False)
        ],
        "credibility": [
            {
                "draft": v.draft,
                "actor": c.actor,
                "date": dates[t],
                "gap": gap,
                "weight": c.weight[t],
                "tempted": c.tempted[t],
                "option": c.option[t],
            }
            for v in run.drafts
            for c in v.credibility
            for t, gap in enumerate(c.gap)
        ],
        "why": [
            {
                "draft": v.draft,
                "gate": w.gate,
                "actor": w.actor,
                "date": w.date,
                "move": w.move,
                "alternative": w.alternative,
                "margin": w.margin,
                "term": r.term,
                "points": r.points,
            }
            for v in run.drafts
            for w in v.why
            for r in w.reasons
        ],
        "frictions": [asdict(f) for f in run.frictions],
        "outcomes": [
            {"date": day, "outcome": name, "probability": p}
            for name, series in (
                ("none", run.forecast.outcomes.none),
                ("deal", run.forecast.outcomes.deal),
                ("war", run.forecast.outcomes.war),
            )
            for day, p in zip(dates, series, strict=True)
        ],
        "questions": [asdict(a) for a in run.forecast.answers],
        "indicators": [
            {
                "indicator": f.name,
                "unit": f.unit,
                "date": day,
                "mean": f.mean[t],
                "q10": f.q10[t],
                "q50": f.q50[t],
                "q90": f.q90[t],
            }
            for f in run.forecast.indicators
            for t, day in enumerate(f.dates)
        ],
        "variables": [
            {"variable": path.variable, "level": level, "date": day, "probability": series[t]}
            for path in run.forecast.variables
            for level, series in zip(path.levels, path.probability, strict=True)
            for t, day in enumerate(path.dates)
        ],
    }
    return rows | _diagnosis(run.diagnosis) | {"threats": _threats(run.threats)}


def _diagnosis(found: Diagnosis) -> dict[str, Rows]:
    designs, windows = found.designs, found.windows
    return {
        "lattice": _lattice(found.lattice) if found.lattice is not None else [],
        "shares": [asdict(share) for share in found.lattice.shares] if found.lattice is not None else [],
        "bonds": _bonds(found.trust) if found.trust is not None else [],
        "cooperation": [{"draft": one.draft} | asdict(gain) for one in found.cooperation for gain in one.gains],
        "designs": [
            {"draft": d.draft, "title": d.title}
            | {f"lever {lever}": choice for lever, choice in d.settings}
            | {"sign": d.sign, "ratify": d.ratify, "keep": d.keep, "holds": d.holds}
            | {f"gain {side}": gain for side, gain in zip(designs.sides, d.gains, strict=True)}
            | {"mean_life_years": d.life, "price": d.price, "binding": d.binding, "frontier": d.frontier}
            | {"robust": d.robust, "settled": d.settled}
            for d in designs.designs
        ]
        if designs is not None
        else [],
        "windows": [
            {"draft": w.draft, "label": w.label, "date": day, "sign": sign, "ratify": ratify, "keep": keep, "holds": p}
            for w in windows.windows
            for day, sign, ratify, keep, p in zip(windows.dates, w.sign, w.ratify, w.keep, w.holds, strict=True)
        ]
        if windows is not None
        else [],
        "access": [
            {"draft": a.draft, "parameter": a.parameter, "depth": p.depth, "sign": p.sign, "ratify": p.ratify}
            | {"keep": p.keep, "holds": p.holds, "mean_life_years": p.life}
            | {f"kept by {side}": kept for side, kept in zip(a.sides, p.kept_by, strict=True)}
            for a in found.access
            for p in a.points
        ],
    }


def _lattice(lattice: FrictionLattice) -> Rows:
    """One row a subset: the mask, a column a friction (whether it is off), the outcome and the other numbers."""
    return [
        {"mask": mask, "off": len(members(mask))}
        | {f"{name} off": bool(mask >> bit & 1) for bit, name in enumerate(lattice.frictions)}
        | {"value": value, "settled": lattice.settled[mask]}
        | {name: values[mask] for name, values in lattice.headlines}
        for mask, value in enumerate(lattice.values)
    ]


def _threats(threats: Sequence[Threats]) -> Rows:
    """One row a draft and place from which gains are counted; one without a place where none were weighed."""
    nothing = {"place": None, "share": None, "kept_share": None, "play_share": None, "turnover_share": None}
    found: Rows = []
    for one in threats:
        named = {"draft": one.draft, "title": one.title}
        if one.found is None:
            found.append(named | nothing | {"keepable": None, "breaker": None, "breach": None, "reason": one.reason})
            continue
        told = {"keepable": one.found.keepable, "breaker": one.found.breaker, "breach": one.found.breach, "reason": ""}
        found += [named | {key: getattr(at, key) for key in nothing} | told for at in one.found.standings]
    return found


def _bonds(trust: Trust) -> Rows:
    """One row a point: curves of each side's own bond, then the frontier of all together."""

    def row(line: str, at: BondPoint) -> dict[str, Any]:
        bonds = {f"bond {side}": bond for side, bond in zip(trust.sides, at.bonds, strict=True)}
        gates = {"sign": at.sign, "ratify": at.ratify, "keep": at.keep, "holds": at.holds}
        return {"draft": trust.draft, "line": line} | bonds | gates | {"cheapest": at == trust.cheapest}

    curves = [row(side.side, at) for side in trust.each for at in side.curve]
    return curves + [row("frontier", at) for at in trust.frontier]
