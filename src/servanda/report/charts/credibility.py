"""The figure of the credibility gap: who is tempted to break or leave a running draft, and when."""

from __future__ import annotations

import altair as alt

from servanda.report.charts import theme
from servanda.report.charts.figure import Figure, Table
from servanda.report.charts.outcomes import events
from servanda.report.words import month, points
from servanda.runs import Run


def credibility(run: Run) -> Figure:
    """Lines of the gap by holder, one panel a draft; above zero breaking or leaving pays."""
    dates = run.forecast.outcomes.dates
    holders = dict.fromkeys((gap.actor, gap.actor_title) for v in run.drafts for gap in v.credibility)
    titles = [title for _, title in holders]
    keys = {actor: f"h{k}" for k, (actor, _) in enumerate(holders)}
    rows = [
        {"date": dates[t].isoformat(), "draft": v.title}
        | {keys[gap.actor]: round(value, 2) for gap in v.credibility if (value := gap.gap[t]) is not None}
        for v in run.drafts
        for t in range(len(dates) - 1)
    ]
    legend = alt.Legend(title=None, columns=3, labelLimit=270, symbolType="stroke", symbolSize=900)
    named = [{"key": keys[actor], "holder": title} for actor, title in holders]
    lines = (
        alt.Chart()
        .mark_line(strokeWidth=2.2, point=alt.OverlayMarkDef(size=16, filled=True))
        .encode(
            x=theme.time_axis(ticks=6),
            y=alt.Y("gap:Q", title="temptation, points", axis=alt.Axis(tickCount=5)),
            color=alt.Color("holder:N", scale=theme.palette(titles), legend=legend),
            strokeDash=alt.StrokeDash("holder:N", scale=theme.dashes(titles), legend=legend),
            tooltip=[
                alt.Tooltip("holder:N", title="Holder"),
                theme.day_tip(),
                alt.Tooltip("gap:Q", title="Temptation, points", format="+.1f"),
            ],
        )
    )
    zero = alt.Chart(theme.inline([{}])).mark_rule(color=theme.INK, strokeWidth=1.2).encode(y=alt.YDatum(0))
    marks = theme.event_layers(events(run), dates, labels=False)
    chart = (
        alt.layer(*marks, zero, lines, data=theme.inline(rows))
        .properties(width=theme.PANEL_WIDTH, height=150)
        .facet(facet=alt.Facet("draft:N", title=None, sort=[v.title for v in run.drafts]), columns=2)
        .transform_fold(list(keys.values()), as_=["key", "gap"])
        .transform_lookup("key", from_=alt.LookupData(theme.inline(named), key="key", fields=["holder"]))
        .transform_filter("isValid(datum.gap)")
    )
    worst = []
    for v in run.drafts:
        found = [(g, gap.actor_title, t) for gap in v.credibility for t, g in enumerate(gap.gap) if g is not None]
        if found:
            value, title, t = max(found)
            worst.append(f"{v.title}: largest for {title} in {month(dates[t])}, {points(value)} points")
    description = f"Temptation to break or leave each draft, by holder and date. {'; '.join(worst)}."
    table = Table(
        "Credibility gap in points of present value: best move that breaks or leaves minus best move that keeps",
        ("Draft", "Holder", *(month(day) for day in dates[:-1])),
        tuple(
            (v.title, gap.actor_title, *(points(value) for value in gap.gap))
            for v in run.drafts
            for gap in v.credibility
        ),
        (False, False, *(True for _ in dates[:-1])),
    )
    caption = (
        "Above the zero line the holder gains by breaking or leaving, below it gains by keeping. Means over the "
        "situations in which the holder decides with the draft running; a line starts where that first can happen. "
        "Dotted lines mark the dated events of the case."
    )
    return Figure("Who is tempted, and when", caption, description, theme.configured(chart, description), table)
