"""Figures of paths: reported quantities with their band, and the variables of the case."""

from __future__ import annotations

from dataclasses import replace
from textwrap import wrap

import altair as alt

from servanda.forecast.projections import VariablePath
from servanda.report.charts import theme
from servanda.report.charts.figure import Figure, Table
from servanda.report.charts.outcomes import events
from servanda.report.charts.plain import one_line
from servanda.report.words import month, number, percent
from servanda.runs import Run

BAND = "one in ten to nine in ten"
MEDIAN = "median"
MEAN = "mean"
TIPS = (("high", "nine in ten below"), (MEDIAN, MEDIAN), (MEAN, MEAN), ("low", "one in ten below"))


def fans(run: Run) -> Figure:
    """Bands from the tenth to the ninetieth percentile with median and mean, one panel an indicator."""
    indicators = run.forecast.indicators
    names = [f"{fan.title} ({fan.unit})" if fan.unit else fan.title for fan in indicators]
    heads = ["\n".join(wrap(name, 50)) for name in names]
    rows = [
        {
            "date": day.isoformat(),
            "indicator": head,
            "low": _brief(fan.q10[t]),
            "high": _brief(fan.q90[t]),
            MEDIAN: _brief(fan.q50[t]),
            MEAN: _brief(fan.mean[t]),
        }
        for head, fan in zip(heads, indicators, strict=True)
        for t, day in enumerate(fan.dates)
    ]
    colour = theme.palette([BAND, MEDIAN, MEAN], [theme.SKY, theme.BLUE, theme.VERMILLION])
    legend = alt.Legend(title=None, symbolOpacity=1)
    x = theme.time_axis(ticks=6)
    band = (
        alt.Chart()
        .transform_calculate(line=f"'{BAND}'")
        .mark_area(opacity=0.35)
        .encode(
            x=x,
            y=alt.Y("low:Q", title=None, axis=alt.Axis(tickCount=4), scale=alt.Scale(zero=False, nice=True)),
            y2=alt.Y2("high:Q"),
            color=alt.Color("line:N", scale=colour, legend=legend),
        )
    )
    lines = [
        alt.Chart()
        .transform_calculate(line=f"'{name}'")
        .mark_line(strokeWidth=2, strokeDash=dash)
        .encode(
            x=x,
            y=alt.Y(f"{name}:Q", title=None),
            color=alt.Color("line:N", scale=colour, legend=legend),
        )
        for name, dash in ((MEDIAN, [1, 0]), (MEAN, [5, 3]))
    ]
    readout = (
        alt.Chart()
        .mark_rule(opacity=0, strokeWidth=14)
        .encode(
            x=x,
            tooltip=[
                theme.day_tip(),
                *(alt.Tooltip(f"{field}:Q", title=title) for field, title in TIPS),
            ],
        )
    )
    marks = theme.event_layers(events(run), run.forecast.outcomes.dates, labels=False)
    chart = (
        alt.layer(band, *marks, *lines, readout, data=theme.inline(rows))
        .properties(width=theme.PANEL_WIDTH, height=130)
        .facet(
            facet=alt.Facet(
                "indicator:N", title=None, sort=heads, header=alt.Header(labelExpr="split(datum.value, '\\n')")
            ),
            columns=2,
        )
        .resolve_scale(y="independent")
        .resolve_axis(x="independent")
    )
    ends = "; ".join(
        f"{name}: median {number(fan.q50[-1])}, from {number(fan.q10[-1])} to {number(fan.q90[-1])}"
        for name, fan in zip(names, indicators, strict=True)
    )
    description = f"Reported quantities by date. At the horizon: {ends}."
    dates = indicators[0].dates if indicators else ()
    table = Table(
        "Reported quantities on the first day of each period",
        ("Quantity", "Line", *(month(day) for day in dates)),
        tuple(
            (name, line, *(number(v) for v in values))
            for name, fan in zip(names, indicators, strict=True)
            for line, values in (("10 %", fan.q10), (MEDIAN, fan.q50), ("90 %", fan.q90), (MEAN, fan.mean))
        ),
        (False, False, *(True for _ in dates)),
    )
    caption = (
        "The band spans the tenth to the ninetieth percentile over the states play can reach, at the central value of "
        "every parameter; it holds no uncertainty about parameters. Each panel has its own scale."
    )
    return Figure("Reported quantities", caption, description, theme.configured(chart, description), table)


def _brief(value: float) -> float:
    # Axes of a millionth and less would be all zeros and say nothing.
    return float(f"{value:.4g}") if abs(value) >= 1e-6 else 0.0


def _path_chart(path: VariablePath, ordered: bool) -> theme.TopLevel:
    longest = max(len(level) for level in path.levels)
    keys = [f"level{k:02}" for k in range(len(path.levels))]
    rows = [
        {"date": day.isoformat()} | {key: round(p[t], 4) for key, p in zip(keys, path.probability, strict=True)}
        for t, day in enumerate(path.dates)
    ]
    names = theme.inline([{"key": key, "level": level} for key, level in zip(keys, path.levels, strict=True)])
    chart: alt.Chart = (
        alt.Chart(theme.inline(rows), title=path.title)
        .transform_fold([*keys], as_=["key", "p"])
        .transform_lookup("key", from_=alt.LookupData(names, key="key", fields=["level"]))
        .mark_area()
        .encode(
            x=theme.time_axis(ticks=6),
            y=theme.percent_axis("p", None).stack("zero"),
            color=alt.Color(
                "level:N",
                title=None,
                scale=theme.tones(path.levels) if ordered else theme.palette(path.levels),
                legend=alt.Legend(
                    orient="bottom",
                    columns=1 if longest > 26 else 2 if longest > 20 else 4,
                    labelLimit=360 if longest > 26 else 180 if longest > 20 else 90,
                ),
            ),
            order=alt.Order("key:O"),
        )
        .properties(width=theme.PANEL_WIDTH, height=110)
    )
    return chart


def variables(run: Run) -> Figure:
    """Areas of the probability of each level, one panel a variable."""
    stocks = {variable.name for variable in run.case.variables if variable.kind == "stock"}
    offices = {variable.name for variable in run.case.variables if variable.kind == "office"}
    holders = {actor.name: one_line(actor.title) or actor.name for actor in run.case.actors}
    paths = [
        replace(path, levels=tuple(holders.get(level, level) for level in path.levels))
        if path.variable in offices
        else path
        for path in run.forecast.variables
    ]
    chart = alt.concat(
        *(_path_chart(path, path.variable in stocks) for path in paths), columns=2, spacing=24
    ).resolve_scale(color="independent")
    ends = "; ".join(
        f"{path.title}: {likeliest} likeliest ({percent(p)})"
        for path in paths
        for p, likeliest in [
            max((series[-1], level) for level, series in zip(path.levels, path.probability, strict=True))
        ]
    )
    description = f"Probability of each level of each variable, by date. At the horizon: {ends}."
    dates = paths[0].dates if paths else ()
    table = Table(
        "Probability of each level on the first day of each period",
        ("Variable", "Level", *(month(day) for day in dates)),
        tuple(
            (path.title, level, *(percent(p) for p in series))
            for path in paths
            for level, series in zip(path.levels, path.probability, strict=True)
        ),
        (False, False, *(True for _ in dates)),
    )
    caption = (
        "The levels of a variable fill the height at every date, the first at the bottom; "
        "ordered levels are tones of one colour."
    )
    return Figure("The world of the case", caption, description, theme.configured(chart, description), table)
