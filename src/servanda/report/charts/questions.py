"""Figures of single numbers: the dated questions on the standard scale, and the effect of each friction."""

from __future__ import annotations

import math
from textwrap import wrap

import altair as alt

from servanda.forecast.vocabulary import SCALE
from servanda.report.charts import theme
from servanda.report.charts.figure import Figure, Table
from servanda.report.words import (
    fine_percent,
    full_date,
    likelihood,
    log_odds,
    percent,
    percent_with_odds,
    rank,
    signed,
)
from servanda.runs import Run

OUTCOMES = {"yes": "happened", "no": "did not happen", "unknown": "not known"}
RESULTS = {"yes": "it happened", "no": "it did not"}
QUESTION_WIDTH = 400


def questions(run: Run) -> Figure:
    """Dots of the probability of each dated question over the ranges of the standard words."""
    answers = run.forecast.answers
    rows = [
        {
            "question": "\n".join(wrap(a.text, 46, max_lines=3, placeholder=" …")),
            "p": round(a.probability, 5),
            "low": round(a.low, 5),
            "high": round(a.high, 5),
            "text": percent(a.probability),
            "words": a.words,
            "result": f"{percent(a.probability)}: {RESULTS[a.outcome]}"
            if a.outcome in RESULTS
            else percent(a.probability),
            "when": full_date(a.date),
        }
        for a in answers
    ]
    bands = [{"low": low, "high": high, "k": k % 2, "name": name} for k, (name, low, high) in enumerate(SCALE)]
    band = (
        alt.Chart(theme.inline(bands))
        .mark_rect()
        .encode(
            x=alt.X("low:Q"),
            x2=alt.X2("high:Q"),
            color=alt.Color("k:N", legend=None, scale=alt.Scale(domain=[0, 1], range=[theme.FAINT, theme.PAPER])),
        )
    )
    short = {"roughly even chance": "even", "almost no chance": "almost none", "almost certain": "almost sure"}
    ticks = [
        {"p": (low + high) / 2, "name": short.get(name, name), "lift": -20 if k % 2 else -8}
        for k, (name, low, high) in enumerate(SCALE)
    ]
    names = [
        alt.Chart(theme.inline([tick for tick in ticks if tick["lift"] == lift]))
        .mark_text(fontSize=11, color=theme.MUTED)
        .encode(x=alt.X("p:Q"), y=theme.at_y(lift), text=alt.Text("name:N"))
        for lift in (-8, -20)
    ]
    base = alt.Chart(theme.inline(rows)).encode(
        y=alt.Y(
            "question:N",
            title=None,
            sort=None,
            axis=alt.Axis(
                labelExpr="split(datum.value, '\\n')", labelLimit=330, labelPadding=9, ticks=False, domain=False
            ),
        ),
        tooltip=[
            alt.Tooltip("question:N", title="Question"),
            alt.Tooltip("when:N", title="Date"),
            alt.Tooltip("text:N", title="Probability"),
            alt.Tooltip("words:N", title="In words"),
            alt.Tooltip("result:N", title="Outcome"),
        ],
    )
    x = alt.X("p:Q", title=None, scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format=".0%", tickCount=5))
    spread = base.mark_rule(color=theme.INK, strokeWidth=1.6).encode(x=alt.X("low:Q", title=None), x2=alt.X2("high:Q"))
    dots = base.mark_point(size=80, filled=True, opacity=1, color=theme.BLUE).encode(x=x)
    results = base.mark_text(align="left").encode(x=theme.at_x(QUESTION_WIDTH + 10), text=alt.Text("result:N"))
    chart = alt.layer(band, *names, spread, dots, results).properties(
        width=QUESTION_WIDTH, height=max(60, 38 * len(rows))
    )
    description = "Probability of each dated question. " + "; ".join(
        f"{a.text} {likelihood(a.probability)}" for a in answers
    )
    table = Table(
        "Dated questions: words, probability, range over the branches of the selection certificate, known outcome",
        ("Question", "Date", "In words", "Probability", "Range", "Outcome"),
        tuple(
            (
                a.text,
                f"{a.timing} {full_date(a.date)}",
                a.words,
                percent_with_odds(a.probability),
                f"{percent(a.low)} to {percent(a.high)}",
                OUTCOMES[a.outcome],
            )
            for a in answers
        ),
        (False, False, False, True, True, False),
    )
    caption = (
        "Columns are the ranges of the standard words, from almost no chance to almost certain. The line through a dot "
        "spans the branches of the selection certificate. The outcome is what later happened; no forecast uses it."
    )
    return Figure("Dated questions", caption, description, theme.configured(chart, description), table)


def frictions(run: Run) -> Figure:
    """Bars of the change of log-odds of a deal at the horizon when one friction, or all of them, are switched off."""
    ranked = sorted(run.frictions, key=rank)
    rows = [
        {
            "friction": f.label,
            "change": round(f.log_odds_change, 4) if math.isfinite(f.log_odds_change) else 0.0,
            "text": f"{fine_percent(f.running_on)} → {fine_percent(f.running_off)}",
            "edge": max(0.0, round(f.log_odds_change, 4)) if math.isfinite(f.log_odds_change) else 0.0,
            "sign": "helps" if f.log_odds_change >= 0 else "harms",
            "mechanism": f.mechanism,
        }
        for f in ranked
    ]
    base = alt.Chart().encode(
        y=alt.Y("friction:N", title=None, sort=None, axis=alt.Axis(labelLimit=330, ticks=False, domain=False)),
        tooltip=[
            alt.Tooltip("friction:N", title="Friction"),
            alt.Tooltip("text:N", title="Deal at the horizon"),
            alt.Tooltip("mechanism:N", title="Mechanism"),
        ],
    )
    bars = base.mark_bar(height=13).encode(
        x=alt.X("change:Q", title="change of log-odds", axis=alt.Axis(tickCount=6)),
        color=alt.Color(
            "sign:N",
            legend=None,
            scale=theme.palette(["helps", "harms"], [theme.BLUE, theme.VERMILLION]),
        ),
    )
    texts = base.mark_text(align="left", dx=5).encode(x=alt.X("edge:Q"), text=alt.Text("text:N"))
    zero = alt.Chart(theme.inline([{}])).mark_rule(color=theme.MUTED).encode(x=alt.XDatum(0))
    chart = alt.layer(bars, zero, texts, data=theme.inline(rows)).properties(width=560, height=max(60, 26 * len(rows)))
    lead = f" The largest: {ranked[0].title}, {rows[0]['text']}." if ranked else ""
    description = f"Chance that a deal runs at the horizon with each friction switched off alone.{lead}"
    table = Table(
        "Each friction switched off alone",
        (
            "Friction",
            "Mechanism",
            "Deal at the horizon",
            "without it",
            "Ever signed",
            "without it",
            "Change of log-odds",
        ),
        tuple(
            (
                f.label,
                f.mechanism,
                fine_percent(f.running_on),
                fine_percent(f.running_off),
                fine_percent(f.signed_on),
                fine_percent(f.signed_off),
                signed(f.log_odds_change, 2) if not math.isnan(f.log_odds_change) else "–",
            )
            for f in ranked
        ),
        (False, False, True, True, True, True, True),
    )
    now = run.frictions[0].running_on if run.frictions else 0.0
    caption = (
        "How far the log-odds of a deal running at the horizon move when one friction alone is switched off, and "
        "last when all are; beside each bar the probability before and after. With all frictions on it is "
        f"{fine_percent(now)}" + (f" (log-odds {signed(log_odds(now))})." if 0 < now < 1 else ".")
    )
    return Figure("Which friction does the harm", caption, description, theme.configured(chart, description), table)
