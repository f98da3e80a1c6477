"""Outlooks, backtests and sensitivities as long tables, one observation a row; pandas is asked for only here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from servanda.errors import ServandaError
from servanda.outlook.answers import Outlook
from servanda.outlook.backtest_answers import Backtest
from servanda.uncertainty.answers import Band, Box, Interval, Sensitivity

if TYPE_CHECKING:
    import pandas as pd

Rows = list[dict[str, Any]]
DATES = ("date", "frozen")


def outlook_frames(outlook: Outlook) -> dict[str, pd.DataFrame]:
    """Data frames of an outlook by name; the names and columns of `outlook_rows`.

    Raises
    ------
    ServandaError
        If pandas is not installed.
    """
    return _frames(outlook_rows(outlook))


def backtest_frames(backtest: Backtest) -> dict[str, pd.DataFrame]:
    """Data frames of a backtest by name; the names and columns of `backtest_rows`.

    Raises
    ------
    ServandaError
        If pandas is not installed.
    """
    return _frames(backtest_rows(backtest))


def sensitivity_frames(found: Sequence[Sensitivity], boxes: Sequence[Box] = ()) -> dict[str, pd.DataFrame]:
    """Data frames of sensitivities and boxes by name: indices, tornado, boxes.

    Raises
    ------
    ServandaError
        If pandas is not installed.
    """
    return _frames(sensitivity_rows(found, boxes))


def outlook_rows(outlook: Outlook) -> dict[str, Rows]:
    """Rows by name: questions, benchmarks, drivers, curves, fans, observed, evidence, shifts, posteriors, choices,
    gates, frictions, indices, tornado, boxes; without rows where the outlook has no such part.
    """
    return {
        "questions": [
            {"question": q.question, "text": q.text, "timing": q.timing, "date": q.date, "words": q.words}
            | _band("after", q.after)
            | _band("before", q.before)
            | {
                "confidence": q.confidence.level, "grade": q.confidence.grade, "band": q.confidence.band,
                "selection": q.confidence.selection, "outcome": q.outcome,
            }
            for q in outlook.questions
        ],
        "benchmarks": [{"question": q.question} | asdict(b) for q in outlook.questions for b in q.benchmarks],
        "drivers": [
            {"question": q.question, "rank": k + 1} | asdict(d)
            for q in outlook.questions
            for k, d in enumerate(q.drivers)
        ],
        "curves": [
            {"curve": c.name, "kind": c.kind, "date": day, "mean": c.mean[t], "low": c.low[t], "high": c.high[t],
             "before": c.before[t] if c.before else None}
            for c in outlook.curves
            for t, day in enumerate(c.dates)
        ],
        "fans": [
            {"indicator": f.name, "unit": f.unit, "date": day, "mean": f.mean[t], "q10": f.q10[t], "q50": f.q50[t],
             "q90": f.q90[t], "before": f.before[t] if f.before else None}
            for f in outlook.fans
            for t, day in enumerate(f.dates)
        ],
        "observed": [
            {"indicator": f.name, "unit": f.unit, "date": day, "low": low, "high": high}
            for f in outlook.fans
            for day, low, high in f.observed
        ],
        "evidence": [
            {"key": e.key, "date": e.date, "what": e.what, "grade": e.grade, "sources": "; ".join(e.sources),
             "surprise": e.surprise, "largest": e.largest}
            for e in outlook.evidence
        ],
        "shifts": [
            {"key": e.key, "date": e.date, "question": name, "with": full, "without": without}
            for e in outlook.evidence
            for name, full, without in e.shifts
        ],
        "posteriors": [
            {"parameter": p.parameter, "title": p.title, "unit": p.unit} | _band("before", p.before)
            | _band("after", p.after)
            for p in outlook.posteriors
        ],
        "choices": [
            {"parameter": p.parameter, "choice": name, "before": before, "after": after}
            for p in outlook.posteriors
            for name, before, after in p.choices
        ],
        "gates": [
            {"draft": g.draft, "gate": gate} | _band("before", before) | _band("after", after)
            for g in outlook.gates
            for gate, before, after in zip(("sign", "ratify", "keep", "holds"), g.before, g.after, strict=True)
        ],
        "frictions": [
            {"friction": f.friction, "title": f.title, "draft": f.draft} | _band("before", f.before)
            | _band("after", f.after)
            for f in outlook.frictions
        ],
    } | sensitivity_rows(outlook.sensitivity, outlook.boxes)  # fmt: skip


def backtest_rows(backtest: Backtest) -> dict[str, Rows]:
    """Rows by name: questions, forecasts (one a forecaster and question, with its scores), scores, calibration,
    frames, states; without rows where the backtest has no such part.
    """
    forecasts: Rows = []
    for q in backtest.questions:
        given: Mapping[str, float | None] = {"servanda": q.probability} | {b.name: b.probability for b in q.benchmarks}
        scores = {name: (brier, log) for name, brier, log in q.scores}
        for name, probability in given.items():
            brier, log = scores.get(name, (None, None))
            forecasts.append(
                {"case": q.case, "frozen": q.frozen, "question": q.question, "forecaster": name,
                 "probability": probability, "outcome": q.outcome, "brier": brier, "log": log}
            )  # fmt: skip
    return {
        "questions": [
            {"case": q.case, "frozen": q.frozen, "question": q.question, "text": q.text, "date": q.date,
             "probability": q.probability, "low": q.band.low if q.band else None,
             "high": q.band.high if q.band else None, "words": q.words, "outcome": q.outcome, "outside": q.outside}
            for q in backtest.questions
        ],
        "forecasts": forecasts,
        "scores": [
            {"forecaster": s.forecaster, "questions": s.questions} | _interval("brier", s.brier)
            | _interval("log", s.log) | _interval("skill", s.skill) | {"better_than_base": s.better_than_base}
            for s in backtest.scores
        ],
        "calibration": [
            {"low": b.low, "high": b.high, "count": b.count, "mean": b.mean} | _interval("share", b.share)
            for b in backtest.calibration
        ],
        "frames": [
            {"case": f.case, "frozen": f.frozen, "drafts": "; ".join(f.drafts), "assumed": "; ".join(f.assumed),
             "pieces": f.pieces, "effective": f.effective, "tempering": f.tempering, "draws": f.draws,
             "failed": f.failed}
            for f in backtest.frames
        ],
        "states": [
            {"case": f.case, "frozen": f.frozen, "variable": name, "level": level}
            for f in backtest.frames
            for name, level in f.state
        ],
    }  # fmt: skip


def sensitivity_rows(found: Sequence[Sensitivity], boxes: Sequence[Box] = ()) -> dict[str, Rows]:
    """Rows by name: indices, tornado, boxes (one row a limit)."""
    return {
        "indices": [
            {"quantity": s.quantity, "parameter": i.parameter, "title": i.title} | _interval("first", i.first)
            | _interval("total", i.total) | _interval("delta", i.delta) | {"method": s.method, "quality": s.quality}
            for s in found
            for i in s.indices
        ],
        "tornado": [{"quantity": s.quantity, "mean": s.mean} | asdict(bar) for s in found for bar in s.tornado],
        "boxes": [
            {"quantity": b.quantity, "condition": b.condition, "parameter": limit.parameter, "low": limit.low,
             "high": limit.high, "support_low": limit.support[0], "support_high": limit.support[1],
             "p_value": limit.p_value, "coverage": b.coverage, "density": b.density, "mass": b.mass}
            for b in boxes
            for limit in b.limits
        ],
    }  # fmt: skip


def _band(name: str, band: Band) -> dict[str, Any]:
    return {name: band.mean, f"{name}_low": band.low, f"{name}_high": band.high}


def _interval(name: str, estimate: Interval) -> dict[str, Any]:
    return {name: estimate.value, f"{name}_low": estimate.low, f"{name}_high": estimate.high}


def _frames(rows: Mapping[str, Rows]) -> dict[str, pd.DataFrame]:
    try:
        import pandas as pd
    except ImportError as error:
        raise ServandaError("data frames need pandas: install `servanda[notebook]`") from error

    made = {}
    for name, records in rows.items():
        frame = pd.DataFrame.from_records(records)
        for column in DATES:
            if column in frame:
                frame[column] = pd.to_datetime(frame[column])
        made[name] = frame
    return made
