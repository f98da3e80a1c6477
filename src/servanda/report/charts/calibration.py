"""Figures of a backtest: past forecasts as dots, scores with their intervals, and calibration."""

from __future__ import annotations

import math
from collections.abc import Sequence

import altair as alt

from servanda.outlook.backtest_answers import Backtest, CalibrationBin, ForecasterScore, Scored
from servanda.report.charts import theme
from servanda.report.charts.figure import Figure, Table
from servanda.report.charts.likelihoods import Dot, dots
from servanda.report.charts.outlook import naive_names
from servanda.report.charts.outlook_gates import banded
from servanda.report.charts.outlook_paths import over_plot
from servanda.report.charts.plain import distinct, plain
from servanda.report.charts.survival import survival_figures
from servanda.report.words import MINUS, counted, likelihood, month, percent
from servanda.uncertainty.answers import Interval

OURS, BASE = "servanda", "base rate"
OUTCOME = "what happened"
RESULTS = {True: "it happened", False: "it did not happen"}
# a chart of more questions than this is no picture
MANY = 24


def backtest_figures(backtest: Backtest) -> dict[str, Figure]:
    """Every figure for which the backtest has numbers: those of survival, `asked`, `scores` and `calibration`.

    More than `MANY` questions have no figure `asked`: the table of the page holds them.
    """
    backtest = plain(backtest)
    made = survival_figures(backtest.survival) if backtest.survival is not None else {}
    if 0 < len(backtest.questions) <= MANY:
        made["asked"] = asked(backtest.questions, several=len(backtest.cases) > 1)
    if backtest.scores:
        made["scores"] = scores(backtest.scores, over_cases=len(backtest.cases) > 1)
    if any(b.count for b in backtest.calibration):
        made["calibration"] = calibration(backtest.calibration, several=len(backtest.cases) > 1)
    return made


def brier(question: Scored, forecaster: str) -> float | None:
    """The Brier score of one forecaster on one question, None if it gave no answer."""
    return next((score for name, score, _ in question.scores if name == forecaster), None)


def score_text(score: float | None) -> str:
    """A score to three decimals.

    >>> score_text(0.1234), score_text(None)
    ('0.123', '–')
    """
    return "–" if score is None or not math.isfinite(score) else f"{score:.3f}".replace("-", MINUS)


def asked(questions: Sequence[Scored], *, several: bool = False) -> Figure:
    """Every question: our probability with its band, the naive forecasts below, and what happened above."""
    keys = [f"q{k}" for k in range(len(questions))]
    titles = distinct([
        (key, f"{month(q.frozen)}{f', {q.case}' if several else ''}: {q.text}")
        for key, q in zip(keys, questions, strict=True)
    ])  # fmt: skip
    found, texts = [], {}
    for key, q in zip(keys, questions, strict=True):
        if q.probability is not None:
            low, high = (q.band.low, q.band.high) if q.band is not None else (None, None)
            told = percent(q.probability) if q.band is None else f"{percent(q.probability)}, band {banded(q.band)}"
            found.append(Dot(key, OURS, q.probability, low, high, told))
        found += [Dot(key, b.name, b.probability, None, None, f"{percent(b.probability)}: {b.source}")
                  for b in q.benchmarks]  # fmt: skip
        found.append(Dot(key, OUTCOME, float(q.outcome), None, None, RESULTS[q.outcome]))
        ours, base = brier(q, OURS), brier(q, BASE)
        texts[key] = (
            f"{'no answer' if q.probability is None else percent(q.probability)}: {RESULTS[q.outcome]}",
            f"Brier {score_text(ours)}, base {score_text(base)}" if base is not None else f"Brier {score_text(ours)}",
        )
    naive = naive_names(q.benchmarks for q in questions)
    chart = dots(titles, found, texts, (OURS, *naive, OUTCOME))
    description = "Past forecasts and what happened. " + "; ".join(
        f"{q.text} {'no answer' if q.probability is None else likelihood(q.probability)}, {RESULTS[q.outcome]}"
        for q in questions
    )
    caption = (
        "Each question as asked on the date before it. Large dot: ours, with the band of eight draws in ten; small "
        "marks below: naive forecasts; cross above: what happened, on the right if it did. Brier: the square of the "
        "distance between a forecast and what happened; lower is better, a coin scores 0.250."
    )
    table = Table(
        "Past forecasts with their scores",
        ("Question", "Forecaster", "Probability", "Outcome", "Brier score", "Log score"),
        tuple(
            (titles[key], name, _given(q, name), "yes" if q.outcome else "no", score_text(square), score_text(log))
            for key, q in zip(keys, questions, strict=True)
            for name, square, log in q.scores
        ),
        (False, False, True, False, True, True),
    )
    return Figure("Forecasts and what happened", caption, description, theme.configured(chart, description), table)


def _given(question: Scored, forecaster: str) -> str:
    if forecaster == OURS:
        return "–" if question.probability is None else percent(question.probability)
    return next((percent(b.probability) for b in question.benchmarks if b.name == forecaster), "–")


def scored(estimate: Interval) -> str:
    """A score with its interval.

    >>> scored(Interval(0.135, 0.06, 0.21))
    '0.135 (0.060 to 0.210)'
    """
    if not math.isfinite(estimate.value):
        return "–"
    if not (math.isfinite(estimate.low) and math.isfinite(estimate.high)):
        return score_text(estimate.value)
    return f"{score_text(estimate.value)} ({score_text(estimate.low)} to {score_text(estimate.high)})"


def scores(found: Sequence[ForecasterScore], *, over_cases: bool = False) -> Figure:
    """Mean Brier and log score and skill of every forecaster, with intervals over questions or, of several, cases."""
    titles = {s.forecaster: s.forecaster for s in found}
    panels = []
    kinds = (
        ("Brier score", "brier", 0.25),
        ("Log score", "log", math.log(2)),
        ("Skill over the base rate", "skill", 0.0),
    )
    for k, (head, field, mark) in enumerate(kinds):
        rows = [
            {
                "key": s.forecaster, "value": round(i.value, 5), "told": scored(i),
                "low": round(i.low if math.isfinite(i.low) else i.value, 5),
                "high": round(i.high if math.isfinite(i.high) else i.value, 5), "ours": s.forecaster.startswith(OURS),
            }
            for s in found
            for i in [getattr(s, field)]
            if math.isfinite(i.value)
        ]  # fmt: skip
        axis = theme.names_axis(titles, limit=170) if k == 0 else theme.rows_axis(titles)
        base = alt.Chart(theme.inline(rows)).encode(
            y=axis,
            tooltip=[alt.Tooltip("key:N", title="Forecaster"), alt.Tooltip("told:N", title=head)],
        )
        scale = alt.Scale(zero=True, nice=True)
        x = alt.X("value:Q", title=None, scale=scale, axis=alt.Axis(tickCount=4, grid=True))
        line = base.mark_rule(color=theme.INK, strokeWidth=1.6).encode(
            x=alt.X("low:Q", title=None), x2=alt.X2("high:Q")
        )
        colour = alt.Color("ours:N", legend=None,
                           scale=alt.Scale(domain=[True, False], range=[theme.BLUE, theme.GREY]))  # fmt: skip
        dot = base.mark_point(size=80, filled=True, opacity=1).encode(x=x, color=colour)
        rule = alt.Chart(theme.inline([{}])).mark_rule(color=theme.GREY, strokeDash=[3, 3]).encode(x=alt.XDatum(mark))
        panels.append(
            alt.layer(rule, line, dot, title=over_plot([head])).properties(width=205, height=max(50, 34 * len(titles)))
        )  # fmt: skip
    chart = alt.concat(*panels, columns=len(panels), spacing=26)
    description = "Mean Brier scores, lower is better: " + "; ".join(f"{s.forecaster} {scored(s.brier)}" for s in found)
    caption = (
        "Lower is better for both scores, higher for skill. Lines are 95 % bootstrap intervals over "
        f"{'cases, each with all its questions' if over_cases else 'questions'}. Dashed: what a coin scores, and no "
        "skill."
    )
    return Figure("Mean scores, with intervals", caption, description, theme.configured(chart, description),
                  backtest_scores(found))  # fmt: skip


def backtest_scores(found: Sequence[ForecasterScore]) -> Table:
    """Mean scores of every forecaster with their intervals."""
    return Table(
        "Mean scores with 95 % bootstrap intervals over the questions that every forecaster answered",
        ("Forecaster", "Questions", "Brier score", "Log score", "Skill over the base rate", "Beats the base rate in"),
        tuple(
            (s.forecaster, str(s.questions), scored(s.brier), scored(s.log), scored(s.skill), better(s)) for s in found
        ),
    )


def better(score: ForecasterScore) -> str:
    """In which share of bootstrap samples a forecaster beats the base rate; a dash for the base rate itself."""
    if score.forecaster == BASE or not math.isfinite(score.better_than_base):
        return "–"
    return f"{percent(score.better_than_base)} of samples"


def calibration(bins: Sequence[CalibrationBin], *, several: bool = False) -> Figure:
    """Forecast against the share that came true, with intervals and counts, beside the line of perfect calibration."""
    filled = [b for b in bins if b.count]
    rows = [
        {
            "mean": round(b.mean, 4), "share": round(b.share.value, 4), "low": round(b.share.low, 4),
            "high": round(b.share.high, 4), "count": b.count, "text": f"{b.count}", "bin": _bin(b),
            "told": f"{percent(b.share.value)} ({percent(b.share.low)} to {percent(b.share.high)})",
        }
        for b in filled
    ]  # fmt: skip
    axis = alt.Axis(format=".0%", tickCount=5, grid=True)
    base = alt.Chart(theme.inline(rows)).encode(
        x=alt.X("mean:Q", title="forecast", scale=alt.Scale(domain=[0, 1]), axis=axis),
        tooltip=[
            alt.Tooltip("bin:N", title="Forecasts"),
            alt.Tooltip("count:Q", title="How many"),
            alt.Tooltip("mean:Q", title="Their mean", format=".0%"),
            alt.Tooltip("told:N", title="Came true"),
        ],
    )
    y = alt.Y("share:Q", title="came true", scale=alt.Scale(domain=[0, 1]), axis=axis)
    line = base.mark_rule(color=theme.INK, strokeWidth=1.4).encode(y=alt.Y("low:Q"), y2=alt.Y2("high:Q"))
    dot = base.mark_point(filled=True, opacity=1, color=theme.BLUE).encode(
        y=y, size=alt.Size("count:Q", legend=None, scale=alt.Scale(range=[60, 260], zero=False))
    )
    text = base.mark_text(align="left", dx=11).encode(y=y, text=alt.Text("text:N"))
    ideal = (
        alt.Chart(theme.inline([{"p": 0.0, "q": 0.0}, {"p": 1.0, "q": 1.0}]))
        .mark_line(color=theme.GREY, strokeDash=[3, 3], strokeWidth=1.2)
        .encode(x=alt.X("p:Q"), y=alt.Y("q:Q"))
    )
    chart = alt.layer(ideal, line, dot, text).properties(width=380, height=320)
    description = "Calibration: " + "; ".join(
        f"of {counted(b.count, 'forecast')} of {_bin(b)}, {percent(b.share.value)} came true" for b in filled
    )
    table = Table(
        "Calibration: forecasts by range, their mean, and the share that came true with its 95 % interval",
        ("Forecasts", "How many", "Mean forecast", "Came true", "95 % interval"),
        tuple(
            (_bin(b), str(b.count), percent(b.mean), percent(b.share.value),
             f"{percent(b.share.low)} to {percent(b.share.high)}")
            for b in filled
        ),
    )  # fmt: skip
    caption = (
        "A calibrated forecaster stays near the dashed line. Numbers beside the dots count the forecasts; lines are "
        "95 % intervals, which a handful of questions leaves wide."
    )
    if several:
        caption += " They take the questions for independent; those of one case are not, so that they are too narrow."
    return Figure(
        "Forecasts and the share that came true", caption, description, theme.configured(chart, description), table
    )


def _bin(b: CalibrationBin) -> str:
    return f"{100 * b.low:.0f} to {percent(b.high)}"
