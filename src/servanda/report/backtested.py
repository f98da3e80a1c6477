"""The page of a backtest: its words and small tables, and the whole of it as HTML and as plain data."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from servanda.forecast.benchmarks import NO_CHANGE
from servanda.outlook.backtest_answers import Backtest, FrozenFrame, Scored
from servanda.report.charts.calibration import BASE, MANY, OURS, RESULTS, backtest_figures, brier, score_text
from servanda.report.charts.evidence import choice_name
from servanda.report.charts.figure import Table
from servanda.report.charts.outlook import naive_columns, naive_names
from servanda.report.forecasted import provenance_table, span
from servanda.report.sheet import asset, drawing, fill
from servanda.report.survived import fates_table, horizons_table, left_out, lives_table, scores_table
from servanda.report.tables import plain_data
from servanda.report.words import counted, full_date, listed, percent
from servanda.writing import atomic_write

# Below this many answered questions, or cases, no difference between forecasters can be told from luck.
FEW, FEW_CASES = 30, 30
# Titles of pages name the cases up to this many, and what speaks against the model up to this many questions.
NAMED, TOLD = 3, 5
BETTER, WORSE, EVEN, OUTSIDE, UNSET = "better", "worse", "as good", "no answer", "no base rate"
STANDINGS = {
    BETTER: "better than the base rate",
    WORSE: "worse than the base rate",
    EVEN: "as good as the base rate",
    OUTSIDE: "no answer",
    UNSET: "no base rate",
}
METHOD = (
    "Each case is frozen at a past date: drafts then on the table, the state as last observed, evidence up to that day "
    "and none after; later evidence and outcomes are invisible.",
    "The frozen case is forecast like any other: draws of the parameters, each solved as a game, weighted by the "
    "evidence then at hand.",
    "Naive forecasters are asked the same: the base rate of comparable cases, chosen before any forecast was seen, no "
    "change from the frozen state, and a coin.",
    "Scores: Brier (squared distance) and log score in nats; lower is better. Intervals are bootstrap intervals, the "
    "same samples for every forecaster: over whole cases where there are several, since questions of one case hang "
    "together, otherwise over questions.",
    "Whoever wrote the case knew how it ended. Nothing was fitted to these outcomes, but what one chose to write down "
    "may lean towards them; only forecasts published before the event are free of that.",
)


@dataclass(frozen=True, slots=True)
class AskedRow:
    """One question in the first table of the page; `naive` are (probability, Brier score) in the order of the names."""

    text: str
    about: str
    asked: str
    words: str
    ours: str
    band: str
    brier: str
    naive: tuple[tuple[str, str], ...]
    outcome: str
    standing: str
    remark: str


def backtest_page(backtest: Backtest) -> str:
    """A backtest as the text of one self-contained HTML page.

    Returns
    -------
    str
        Complete HTML with styles, scripts, data and still pictures inside.
    """
    with drawing():
        album = backtest_figures(backtest)
    naive = naive_columns(q.benchmarks for q in backtest.questions)
    rows = [asked_row(q, naive, several=len(backtest.cases) > 1) for q in backtest.questions]
    return fill(
        "backtest.html.j2",
        album,
        album,
        style=asset("outlook.css"),
        backtest=backtest,
        title=title(backtest),
        many=len(backtest.questions) > MANY,
        survival=survival_tables(backtest),
        left_out=left_out(backtest),
        rooms=rooms(backtest),
        summary=honest_summary(backtest),
        naive=naive,
        questions=rows,
        standings={name: STANDINGS[name] for name in STANDINGS if any(row.standing == name for row in rows)},
        frames=frames_table(backtest.frames),
        proves=proves(backtest),
        method=METHOD,
        provenance=[provenance_table(p) for p in backtest.provenance],
    )


def write_backtest(backtest: Backtest, path: Path) -> Path:
    """Write the page of a backtest to `path`, making its folder; returns the path.

    Raises
    ------
    OSError
        If the file cannot be written; an older page at `path` then stays as it was.
    """
    atomic_write(path, backtest_page(backtest))
    return path


def backtest_json(backtest: Backtest) -> dict[str, Any]:
    """Everything in a backtest as nested dicts, lists, texts, numbers and None; keys are the records' fields."""
    data: dict[str, Any] = plain_data(backtest)
    return data


def rooms(backtest: Backtest) -> tuple[tuple[str, str], ...]:
    """The sections of the page for which the backtest has something, as (anchor, title in the contents)."""
    many = len(backtest.questions) > MANY
    questions = ("questions", "Questions", bool(backtest.questions))
    asked = (
        ("bottom-line", "Bottom line", True),
        ("survival", "Survival", backtest.survival is not None),
        ("who-left", "Who left", backtest.survival is not None and any(x.fates for x in backtest.survival.lives)),
        *(() if many else (questions,)),
        ("scores", "Scores", bool(backtest.scores)),
        ("calibration", "Calibration", any(b.count for b in backtest.calibration)),
        *((questions,) if many else ()),
        ("frames", "Frozen at", bool(backtest.frames)),
        ("proof", "What it proves", True),
        ("method", "Method", True),
    )
    return tuple((name, title) for name, title, there in asked if there)


def title(backtest: Backtest) -> str:
    """What the page is called: the cases by name while they are few."""
    if backtest.chosen:
        return f"The library scored: {counted(len(backtest.cases), 'case')}"
    if len(backtest.cases) > NAMED:
        return f"Backtest: {counted(len(backtest.cases), 'case')}"
    return f"Backtest: {', '.join(backtest.cases)}"


def survival_tables(backtest: Backtest) -> dict[str, Table]:
    """The tables about survival by name: `horizons`, `scores`, `lives` and `fates`; none without survival."""
    found = backtest.survival
    if found is None:
        return {}
    return {
        "horizons": horizons_table(found.horizons),
        "scores": scores_table(found),
        "lives": lives_table(found.lives),
        "fates": fates_table(found.lives),
    }


def standing(question: Scored) -> str:
    """How our Brier score on one question stands to that of the base rate."""
    ours, base = brier(question, OURS), brier(question, BASE)
    if question.probability is None or ours is None:
        return OUTSIDE
    if base is None:
        return UNSET
    if abs(ours - base) < 0.0005:
        return EVEN
    return BETTER if ours < base else WORSE


def honest_summary(backtest: Backtest) -> tuple[tuple[str, str], ...]:
    """Where the forecasts did better and worse than naive forecasters, as (good, bad or plain; sentence).

    Counts are left to the details of the backtest where it has any; what speaks against the model never is.
    """
    lines: list[tuple[str, str]] = []
    mean = {s.forecaster: s.brier.value for s in backtest.scores}
    naive = naive_names(q.benchmarks for q in backtest.questions)
    ahead = [
        name if name == NO_CHANGE else f"the {name}"
        for name in naive
        if mean.get(name, math.inf) < mean.get(OURS, -math.inf)
    ]
    if ahead:
        lines.append(("bad", f"Over all questions the model scores worse than {listed(ahead)}."))
    kinds = [standing(q) for q in backtest.questions]
    compared = sum(kind in (BETTER, WORSE, EVEN) for kind in kinds)
    if compared and not backtest.details:
        lines.append((
            "good" if kinds.count(BETTER) > kinds.count(WORSE) else "bad",
            f"Better than the base rate on {kinds.count(BETTER)} of {counted(compared, 'question')}, worse on "
            f"{kinds.count(WORSE)}.",
        ))  # fmt: skip
    worse = [q for q, kind in zip(backtest.questions, kinds, strict=True) if kind == WORSE]
    shown = worse if len(worse) <= TOLD else sorted(worse, key=_loss, reverse=True)[:TOLD]
    several = len(backtest.cases) > 1
    for q in shown:
        about = f"{q.case}, {full_date(q.frozen)}" if several else full_date(q.frozen)
        lines.append((
            "bad",
            f"Worse on “{q.text}” ({about}): {percent(q.probability or 0.0)}, and {RESULTS[q.outcome]}; "
            f"Brier {score_text(brier(q, OURS))} against {score_text(brier(q, BASE))}.",
        ))  # fmt: skip
    if len(shown) < len(worse):
        rest = len(worse) - len(shown)
        verb = "is" if rest == 1 else "are"
        lines.append(("plain", f"These lost most; {rest} more {verb} marked in the table of questions."))
    if (outside := kinds.count(OUTSIDE)) and not backtest.details:
        verb = "has" if outside == 1 else "have"
        text = f"{counted(outside, 'question')} {verb} no answer in the model and {verb} no part in the scores."
        lines.append(("plain", text))
    return tuple(lines)


def _loss(question: Scored) -> float:
    """How much more we lost than the base rate."""
    return (brier(question, OURS) or 0.0) - (brier(question, BASE) or 0.0)


def proves(backtest: Backtest) -> str:
    """How little the number of questions proves."""
    answered = sum(q.probability is not None for q in backtest.questions)
    asked_at = len({(f.case, f.frozen) for f in backtest.frames})
    text = (
        f"{counted(answered, 'answered question')} from {counted(len(backtest.cases), 'case')}, asked at "
        f"{counted(asked_at, 'date')}; questions of one case hang together, so that they count for fewer than they are."
    )
    if len(backtest.cases) > 1:
        text += " Intervals therefore draw whole cases, not questions."
    if 1 < len(backtest.cases) < FEW_CASES <= answered:
        text += (
            f" With fewer than {FEW_CASES} cases luck and skill can hardly be told apart: read the intervals, not the "
            "means."
        )
    if answered < FEW:
        text += (
            f" With fewer than {FEW} questions luck and skill cannot be told apart: read the intervals, not the means."
        )
    ours = next((s for s in backtest.scores if s.forecaster == OURS), None)
    if ours is not None and ours.better_than_base == ours.better_than_base:
        text += f" Our score is below the base rate's in {percent(ours.better_than_base)} of bootstrap samples"
        text += f": {verdict(ours.better_than_base)}."
    return text


def verdict(share: float) -> str:
    """What a share of bootstrap samples allows one to say.

    >>> verdict(0.86), verdict(0.99)
    ('which could be luck', 'which is hard to put down to luck')
    """
    if share >= 0.975:
        return "which is hard to put down to luck"
    return "which could be luck" if share > 0.025 else "which speaks against it"


def asked_row(q: Scored, naive: Sequence[str], *, several: bool = False) -> AskedRow:
    """A question as the first table shows it."""
    by = {b.name: percent(b.probability) for b in q.benchmarks}
    return AskedRow(
        text=q.text,
        about=f"{q.case}, " if several else "",
        asked=f"asked {full_date(q.frozen)}, for {full_date(q.date)}",
        words=q.words,
        ours="no answer" if q.probability is None else percent(q.probability),
        band="" if q.band is None else span(q.band),
        brier=score_text(brier(q, OURS)),
        naive=tuple((by.get(name, "–"), score_text(brier(q, name))) for name in naive),
        outcome="yes" if q.outcome else "no",
        standing=standing(q),
        remark=q.outside or q.sentence,
    )


def frames_table(frames: Sequence[FrozenFrame]) -> Table:
    """The cases as they stood when they were frozen, and what became of their draws."""
    several = len({f.case for f in frames}) > 1
    return Table(
        "The state as then known, the drafts then on the table, what had to be assumed, and how the draws fared",
        ("Frozen at", "State", "Drafts", "Assumed", "Evidence", "Effective draws", "Tempering", "Failed"),
        tuple(
            (
                f"{full_date(f.frozen)}{f' ({f.case})' if several else ''}",
                "; ".join(f"{name}: {choice_name(level)}" for name, level in f.state) or "–",
                ", ".join(f.drafts) or "none", "; ".join(f.assumed) or "nothing", counted(f.pieces, "piece"),
                f"{f.effective:.0f} of {f.draws:,}", "none" if f.tempering >= 1.0 else f"{f.tempering:.2f}",
                f"{f.failed:,}",
            )
            for f in frames
        ),
        (False, False, False, False, True, True, True, True),
    )  # fmt: skip
