"""Figures of survival: forecasts by case with what happened, curves, and differences to the base rate."""

from __future__ import annotations

import math
from collections.abc import Sequence

import altair as alt

from servanda.outlook.backtest_answers import CurvePoint, Difference, Life, Survival
from servanda.report.charts import theme
from servanda.report.charts.figure import Figure, Table
from servanda.report.charts.outlook_gates import banded
from servanda.report.charts.outlook_paths import over_plot
from servanda.report.charts.plain import plain
from servanda.report.survived import after, apart, chance, lives_table, scores_table
from servanda.report.words import percent

ALIVE, ENDED, OPEN, BASE = "was alive", "had ended", "not known yet", "base rate"
_LOOKS = {
    ALIVE: ("circle", theme.BLUE, theme.BLUE),
    ENDED: ("cross", theme.VERMILLION, theme.VERMILLION),
    OPEN: ("circle", theme.PAPER, theme.GREY),
    BASE: ("M0,-1V1", theme.MUTED, theme.MUTED),
}
OBSERVED, FORECAST = "what happened, with 95 % interval", "mean forecast, with 80 % band"
_CURVES = {OBSERVED: theme.INK, FORECAST: theme.BLUE, BASE: theme.VERMILLION}
_ROW = 30


def survival_figures(survival: Survival) -> dict[str, Figure]:
    """The figures `lives`, `survival` and `differences`."""
    survival = plain(survival)
    return {
        "lives": lives(survival.lives),
        "survival": curve(survival.curve),
        "differences": differences(survival),
    }


def lives(found: Sequence[Life]) -> Figure:
    """A row a case and a panel a horizon: our forecast with its band, marked by what happened."""
    titles = {life.case: _dated(life) for life in found}
    years = sorted({asked[0] for life in found for asked in life.asked})
    panels = []
    for k, year in enumerate(years):
        rows = [_dot(life, asked) for life in found for asked in life.asked if asked[0] == year]
        axis = theme.names_axis(titles, width=40, limit=210) if k == 0 else theme.rows_axis(titles)
        panels.append(_panel(rows, axis, over_plot([f"after {after(year)}"]), len(titles)))
    chart = alt.concat(*panels, columns=len(panels), spacing=18)
    description = "Forecasts that each agreement is alive, and what happened. " + "; ".join(
        f"{life.case}: " + ", ".join(f"{after(y)} {percent(p)}, {_was(o)}" for y, p, _, _, o in life.asked)
        for life in found
    )
    caption = (
        "Each agreement as frozen at its signature: our probability that it is alive, with the band of eight draws in "
        "ten. Dots: it was alive, and belong on the right; crosses: it had ended, and belong on the left. Upright "
        "strokes: the base rate."
    )
    return Figure(
        "Forecasts and what became of each agreement", caption, description, theme.configured(chart, description),
        lives_table(found),
    )  # fmt: skip


def _dated(life: Life) -> str:
    year = str(life.frozen.year)
    return life.case if year in life.case else f"{life.case} ({year})"


def _was(outcome: bool | None) -> str:
    return {True: ALIVE, False: ENDED, None: OPEN}[outcome]


def _dot(life: Life, asked: tuple[int, float, object, float, bool | None]) -> theme.Row:
    year, p, band, base, outcome = asked
    low, high = getattr(band, "low", p), getattr(band, "high", p)
    row: theme.Row = {
        "key": life.case, "p": round(p, 4), "low": round(low, 4), "high": round(high, 4), "kind": _was(outcome),
        "told": f"{percent(p)} ({percent(low)} to {percent(high)})", "after": after(year),
        "basis": percent(base) if math.isfinite(base) else "–",
    }  # fmt: skip
    if math.isfinite(base):
        row["base"] = round(base, 4)
    return row


def _panel(rows: Sequence[theme.Row], axis: alt.Y, title: alt.TitleParams, count: int) -> theme.TopLevel:
    kinds = list(_LOOKS)
    shape, fill, stroke = ([_LOOKS[kind][k] for kind in kinds] for k in range(3))
    legend = alt.Legend(title=None, orient="bottom", symbolSize=70, symbolStrokeWidth=1.6, columns=4, offset=12)
    tips = [
        alt.Tooltip("key:N", title="Case"),
        alt.Tooltip("after:N", title="After"),
        alt.Tooltip("told:N", title="Forecast"),
        alt.Tooltip("basis:N", title="Base rate"),
        alt.Tooltip("kind:N", title="What happened"),
    ]
    scale, shares = alt.Scale(domain=[0, 1]), alt.Axis(format=".0%", values=[0, 0.5, 1], grid=True)

    def marks(data: Sequence[theme.Row], field: str) -> alt.Chart:
        where = alt.X(f"{field}:Q", title=None, scale=scale, axis=shares)
        chart: alt.Chart = (
            alt.Chart(theme.inline(data))
            .mark_point(size=70, opacity=1, strokeWidth=1.6)
            .encode(
                x=where, y=axis, tooltip=tips,
                shape=alt.Shape("kind:N", legend=legend, scale=alt.Scale(domain=kinds, range=shape)),
                fill=alt.Fill("kind:N", legend=legend, scale=alt.Scale(domain=kinds, range=fill)),
                stroke=alt.Stroke("kind:N", legend=legend, scale=alt.Scale(domain=kinds, range=stroke)),
            )
        )  # fmt: skip
        return chart

    bands = (
        alt.Chart(theme.inline(rows))
        .mark_rule(color=theme.INK, strokeWidth=1.6)
        .encode(x=alt.X("low:Q", title=None), x2=alt.X2("high:Q"), y=axis)
    )
    bases = [row | {"kind": BASE, "told": row["basis"]} for row in rows if "base" in row]
    layers = [*([marks(bases, "base")] if bases else []), bands, marks(rows, "p")]
    return alt.layer(*layers, title=title).properties(width=132, height=max(60, _ROW * count))


def curve(points: Sequence[CurvePoint]) -> Figure:
    """Survival since signature: forecast, base rate, and what happened with the number at risk below."""
    rows: list[theme.Row] = []
    for p in points:
        rows.append(_point(p.years, FORECAST, p.forecast.mean, p.forecast.low, p.forecast.high))
        if math.isfinite(p.base):
            rows.append(_point(p.years, BASE, p.base, p.base, p.base))
        if math.isfinite(p.observed.value):
            rows.append(_point(p.years, OBSERVED, p.observed.value, p.observed.low, p.observed.high))
    kinds = list(_CURVES)
    last = max(p.years for p in points)
    x = alt.X("years:Q", title="years after signature", scale=alt.Scale(domain=[0, last * 1.02], nice=False),
              axis=alt.Axis(values=[p.years for p in points], offset=44))  # fmt: skip
    key = theme.below(3, lines=True)
    colour = alt.Color("kind:N", scale=theme.palette(kinds, list(_CURVES.values())), legend=key)
    dash = alt.StrokeDash("kind:N", legend=key, scale=alt.Scale(domain=kinds, range=[[1, 0], [7, 3], [2, 2]]))
    y = theme.percent_axis("p", None)
    tips = [
        alt.Tooltip("kind:N", title="Curve"),
        alt.Tooltip("years:Q", title="Years"),
        alt.Tooltip("told:N", title="Alive"),
    ]
    area = (
        alt.Chart(theme.inline([row for row in rows if row["kind"] == FORECAST]))
        .mark_area(color=theme.TONES[0], opacity=0.7)
        .encode(x=x, y=alt.Y("low:Q"), y2=alt.Y2("high:Q"))
    )
    lines = (
        alt.Chart(theme.inline(rows))
        .mark_line(strokeWidth=2.2, point=alt.OverlayMarkDef(size=45, filled=True))
        .encode(x=x, y=y, color=colour, strokeDash=dash, tooltip=tips)
    )
    bars = (
        alt.Chart(theme.inline([row for row in rows if row["kind"] == OBSERVED]))
        .mark_rule(color=theme.INK, strokeWidth=1.3)
        .encode(x=x, y=alt.Y("low:Q"), y2=alt.Y2("high:Q"))
    )
    height = 300
    counts = [{"years": p.years, "risk": f"{p.at_risk}", "ended": f"{p.ended}" if p.years else ""} for p in points]
    written = [
        alt.Chart(theme.inline(counts)).mark_text(color=theme.MUTED).encode(
            x=x, y=theme.at_y(height + below), text=alt.Text(f"{field}:N"))
        for field, below in (("risk", 14), ("ended", 31))
    ]  # fmt: skip
    heads = [
        alt.Chart(theme.inline([{}])).mark_text(color=theme.MUTED, align="right", dx=-38).encode(
            x=theme.at_x(0), y=theme.at_y(height + below), text=alt.TextValue(text))
        for text, below in (("at risk", 14), ("ended since", 31))
    ]  # fmt: skip
    chart = alt.layer(area, bars, lines, *written, *heads).properties(width=700, height=height)
    description = "Survival of the agreements. " + "; ".join(
        f"after {after(p.years)}: forecast {percent(p.forecast.mean)}, "
        + (f"base rate {percent(p.base)}, " if math.isfinite(p.base) else "")
        + f"alive {_share(p)}, {p.at_risk} at risk, {p.ended} ended since"
        for p in points
        if p.years
    )
    caption = (
        "Forecast: mean over all agreements, with the mean of their bands. What happened: product limit (Kaplan and "
        "Meier) over the horizons asked about, with 95 % intervals; when between two of them an agreement ended is not "
        "used. At risk: alive at the horizon before, and known at this one."
    )
    table = Table(
        "Survival by years after signature",
        ("After", "Forecast", "Base rate", "Alive", "At risk", "Ended since"),
        tuple(
            (after(p.years), banded(p.forecast), percent(p.base) if math.isfinite(p.base) else "–", _share(p),
             str(p.at_risk), str(p.ended))
            for p in points
        ),
    )  # fmt: skip
    return Figure(
        "Survival: forecast, base rate and what happened", caption, description,
        theme.configured(chart, description), table,
    )  # fmt: skip


def _share(p: CurvePoint) -> str:
    if not math.isfinite(p.observed.value):
        return "–"
    return f"{percent(p.observed.value)} ({percent(p.observed.low)} to {percent(p.observed.high)})"


def _point(years: int, kind: str, p: float, low: float, high: float) -> theme.Row:
    told = percent(p) if low == high else f"{percent(p)} ({percent(low)} to {percent(high)})"
    return {"years": years, "kind": kind, "p": round(p, 4), "low": round(low, 4), "high": round(high, 4), "told": told}


def differences(survival: Survival) -> Figure:
    """Our Brier score less that of the base rate, by horizon, over all of them and of who left, with intervals."""
    kinds: list[tuple[str, Difference]] = [(f"alive after {after(h.years)}", h.difference) for h in survival.horizons]
    kinds.append(("alive, all horizons", survival.alive_difference))
    if survival.left_difference is not None:
        kinds.append(("who left", survival.left_difference))
    titles = {f"k{k}": title for k, (title, _) in enumerate(kinds)}
    rows = []
    for key, (_, d) in zip(titles, kinds, strict=True):
        if math.isfinite(d.brier.value):
            low, high = (x if math.isfinite(x) else d.brier.value for x in (d.brier.low, d.brier.high))
            rows.append({
                "key": key, "value": round(d.brier.value, 5), "low": round(low, 5), "high": round(high, 5),
                "title": titles[key], "told": apart(d), "chance": chance(d),
                "text": f"{apart(d)}; by chance {chance(d)}",
            })  # fmt: skip
    base = alt.Chart(theme.inline(rows)).encode(
        y=theme.names_axis(titles, limit=190),
        tooltip=[
            alt.Tooltip("title:N", title="Questions"),
            alt.Tooltip("told:N", title="Ours less base rate"),
            alt.Tooltip("chance:N", title="As far by chance"),
        ],
    )
    x = alt.X("value:Q", title="our Brier score less that of the base rate; left of the line ours is better",
              axis=alt.Axis(tickCount=6, grid=True), scale=alt.Scale(zero=True, nice=True))  # fmt: skip
    rule = alt.Chart(theme.inline([{}])).mark_rule(color=theme.GREY, strokeDash=[3, 3]).encode(x=alt.XDatum(0))
    line = base.mark_rule(color=theme.INK, strokeWidth=1.6).encode(x=alt.X("low:Q", title=None), x2=alt.X2("high:Q"))
    dot = base.mark_point(size=80, filled=True, opacity=1, color=theme.BLUE).encode(x=x)
    text = base.mark_text(align="left", color=theme.MUTED).encode(x=theme.at_x(430), text=alt.Text("text:N"))
    chart = alt.layer(rule, line, dot, text).properties(width=410, height=max(60, 32 * len(titles)))
    description = "Our mean Brier score less that of the base rate, negative is better: " + "; ".join(
        f"{title} {apart(d)}" for title, d in kinds
    )
    caption = (
        "Lines are 95 % bootstrap intervals over cases: the questions of a case hang together, so cases are drawn, not "
        "questions. By chance: the share of ways in which the signs of the cases could fall that part the two as far."
    )
    return Figure(
        "How far from the base rate, and how sure", caption, description, theme.configured(chart, description),
        scores_table(survival),
    )  # fmt: skip
