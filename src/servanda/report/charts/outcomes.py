"""Figures of what happens: the outcome at each date, and which draft is live."""

from __future__ import annotations

from datetime import date

import altair as alt

from servanda.report.charts import theme
from servanda.report.charts.figure import Figure, Table
from servanda.report.words import full_date, likelihood, month, percent
from servanda.runs import Run

NAMES = {"none": "no deal, no war", "deal": "deal in force", "war": "war"}
COLOURS = {"deal": theme.GREEN, "none": theme.PALE, "war": theme.VERMILLION}


def events(run: Run) -> list[tuple[date, str]]:
    """The dated events of the case as (date, label)."""
    return [(event.date, event.label) for event in run.forecast.calendar]


def outcome_areas(run: Run) -> Figure:
    """Areas of the three outcomes by date, with the calendar of the case."""
    path = run.forecast.outcomes
    series = {"deal": path.deal, "none": path.none, "war": path.war}
    labels = [NAMES[name] for name in series]
    rows = [
        {"date": day.isoformat(), "outcome": NAMES[name], "p": round(values[t], 6), "order": k}
        for k, (name, values) in enumerate(series.items())
        for t, day in enumerate(path.dates)
    ]
    hover = [
        {"date": day.isoformat()} | {NAMES[name]: percent(values[t]) for name, values in series.items()}
        for t, day in enumerate(path.dates)
    ]
    areas = (
        alt.Chart(theme.inline(rows))
        .mark_area(line=False)
        .encode(
            x=theme.time_axis(),
            y=theme.percent_axis("p", "probability").stack("zero"),
            color=alt.Color(
                "outcome:N",
                scale=theme.palette(labels, [COLOURS[name] for name in series]),
                legend=theme.below(),
            ),
            order=alt.Order("order:Q"),
        )
    )
    readout = (
        alt.Chart(theme.inline(hover))
        .mark_rule(opacity=0, strokeWidth=theme.WIDTH / len(path.dates))
        .encode(
            x=theme.time_axis(),
            tooltip=[theme.day_tip(), *(alt.Tooltip(f"{name}:N") for name in labels)],
        )
    )
    layers = [areas, *theme.event_layers(events(run), path.dates), readout]
    last = path.dates[-1]
    description = (
        f"Outcome by date. At {full_date(last)}: deal in force {likelihood(path.deal[-1])}; "
        f"war {likelihood(path.war[-1])}; neither {likelihood(path.none[-1])}."
    )
    chart = alt.layer(*layers).properties(width=theme.WIDTH, height=260)
    table = Table(
        "Probability of each outcome on the first day of each period",
        ("Date", "Deal in force", "No deal, no war", "War", "A deal so far", "A war so far"),
        tuple(
            (full_date(day), *(percent(v[t]) for v in (path.deal, path.none, path.war, path.ever_deal, path.ever_war)))
            for t, day in enumerate(path.dates)
        ),
    )
    caption = (
        "At each date the three outcomes exclude one another and fill the whole height. "
        "Dotted lines mark the dated events of the case."
    )
    return Figure("What happens, by date", caption, description, theme.configured(chart, description), table)


def live_drafts(run: Run) -> Figure:
    """Lines of the probability that each draft is live, with every draft on the table."""
    path = run.forecast.outcomes
    titles = {verdict.draft: verdict.title for verdict in run.drafts}
    names = [titles.get(draft, draft) for draft, _ in path.drafts]
    top = max((p for _, values in path.drafts for p in values), default=0.0)
    ceiling = min(1.0, max(0.02, top * 1.1))
    lines = (
        theme.folded([(n, p) for n, (_, p) in zip(names, path.drafts, strict=True)], path.dates, name="draft")
        .mark_line(strokeWidth=2.2)
        .encode(
            x=theme.time_axis(),
            y=alt.Y(
                "p:Q",
                title="probability of being live",
                scale=alt.Scale(domain=[0, ceiling]),
                axis=alt.Axis(format=".1%" if ceiling < 0.1 else ".0%", tickCount=5),
            ),
            color=alt.Color("draft:N", scale=theme.palette(names), legend=theme.below(3, lines=True)),
            strokeDash=alt.StrokeDash("draft:N", scale=theme.dashes(names), legend=theme.below(3, lines=True)),
            tooltip=[
                alt.Tooltip("draft:N", title="Draft"),
                theme.day_tip(),
                alt.Tooltip("p:Q", title="Live", format=".2%"),
            ],
        )
    )
    chart = alt.layer(lines, *theme.event_layers(events(run), path.dates, labels=False))
    peaks = sorted(((max(values), name) for name, (_, values) in zip(names, path.drafts, strict=True)), reverse=True)
    best = f"{peaks[0][1]} reaches {percent(peaks[0][0])} at most" if peaks else "no draft"
    description = f"Probability that each draft is live, by date, with every draft on the table: {best}."
    table = Table(
        "Probability that each draft is live on the first day of each period",
        ("Draft", *(month(day) for day in path.dates)),
        tuple((name, *(percent(v) for v in values)) for name, (_, values) in zip(names, path.drafts, strict=True)),
    )
    caption = "With every draft on the table, so that drafts compete. The scale ends a little above the highest line."
    figure = theme.configured(chart.properties(width=theme.WIDTH, height=220), description)
    return Figure("Which draft is live, by date", caption, description, figure, table)
