"""Figures by date with parameter uncertainty: probabilities with their bands, and reported quantities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from textwrap import wrap
from types import MappingProxyType

import altair as alt

from servanda.outlook.answers import OutlookCurve, OutlookFan
from servanda.report.charts import theme
from servanda.report.charts.figure import Figure, Table
from servanda.report.charts.plain import distinct
from servanda.report.words import full_date, month, number, percent

BAND = "eight draws in ten"
AFTER = "mean after the evidence"
BEFORE = "mean before it"
SPREAD = "one in ten to nine in ten"
MEDIAN = "median"
OBSERVED = "observed"
# Room for the numbers beside each panel, so that panels stand in columns.
EXTENT = 44
KINDS = {"state": "on that date", "event": "by that date"}


def curves(found: Sequence[OutlookCurve], title: str, due: Mapping[str, date] = MappingProxyType({})) -> Figure:
    """One panel a curve: the band over draws, the mean after the evidence and, where known, the mean before it.

    `due` are the dates for which curves of that name are asked, each drawn as an upright line.
    """
    titles = distinct([(c.name, c.title) for c in found])
    chart = alt.concat(
        *(_curve(c, titles[c.name], due.get(c.name)) for c in found), columns=2, spacing=26
    ).resolve_scale(x="independent", y="independent")  # fmt: skip
    ends = "; ".join(
        f"{titles[c.name]} {KINDS[c.kind]}: {percent(c.mean[-1])} ({percent(c.low[-1])} to {percent(c.high[-1])})"
        for c in found
    )
    description = f"Probabilities by date. At the last date, {full_date(found[0].dates[-1])}: {ends}."
    dates = found[0].dates
    table = Table(
        "Probabilities by date: mean over draws and 80 % band after the evidence, and mean before it",
        ("Curve", "Line", *(month(day) for day in dates)),
        tuple(
            (f"{titles[c.name]}, {KINDS[c.kind]}", line, *(percent(p) for p in series))
            for c in found
            for line, series in (("10 %", c.low), ("mean", c.mean), ("90 %", c.high), ("mean before", c.before))
            if series
        ),
        (False, False, *(True for _ in dates)),
    )
    says = {
        "event": "“By that date”: the chance that it has happened once, which never falls. ",
        "state": "“On that date”: the chance that it holds then. ",
    }
    caption = "".join(text for kind, text in says.items() if any(c.kind == kind for c in found)) + (
        "The band holds eight draws of the parameters in ten, after the evidence. Each panel has its own scale."
    )
    if any(c.name in due for c in found):
        caption += " An upright line marks the date for which a question is asked."
    return Figure(title, caption, description, theme.configured(chart, description), table)


def over_plot(lines: Sequence[str]) -> alt.TitleParams:
    """A title that begins where the plot does, not where the numbers beside it do."""
    return alt.TitleParams(list(lines) or [""], frame="group", anchor="start")


def _curve(curve: OutlookCurve, title: str, due: date | None) -> alt.LayerChart | alt.FacetChart:
    rows = [
        {
            "date": day.isoformat(), "low": round(curve.low[t], 6), "high": round(curve.high[t], 6),
            AFTER: round(curve.mean[t], 6), **({BEFORE: round(curve.before[t], 6)} if curve.before else {}),
        }
        for t, day in enumerate(curve.dates)
    ]  # fmt: skip
    top = ceiling(max((*curve.high, *curve.before, *curve.mean), default=0.0))
    y = alt.Y("low:Q", title=None, scale=alt.Scale(domain=[0, top]),
              axis=alt.Axis(format=theme.percent_format(top), tickCount=4, minExtent=EXTENT))  # fmt: skip
    tips = [theme.day_tip(), *(alt.Tooltip(f"{field}:Q", title=said, format=theme.percent_format(top / 10))
                               for field, said in (("high", "nine in ten below"), (AFTER, AFTER), (BEFORE, BEFORE),
                                                   ("low", "one in ten below")))]  # fmt: skip
    return _layers(rows, y, BAND, ((AFTER, theme.BLUE, [1, 0]), (BEFORE, theme.GREY, [5, 3])), tips,
                   title if title.endswith("?") else f"{title}: {KINDS[curve.kind]}", 150, (), due)  # fmt: skip


def ceiling(value: float) -> float:
    """A round upper end for an axis of probabilities.

    >>> [ceiling(x) for x in (0.0, 0.008, 0.13, 0.55, 0.97)]
    [0.01, 0.01, 0.15, 0.6, 1.0]
    """
    ends = (0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0)
    return next((end for end in ends if value <= end), 1.0)


def fans(found: Sequence[OutlookFan]) -> Figure:
    """One panel an indicator: band and median over states and draws, the mean before, and what was observed."""
    names = {fan.name: f"{fan.title} ({fan.unit})" if fan.unit else fan.title for fan in found}
    chart = alt.concat(
        *(_fan(fan, names[fan.name]) for fan in found), columns=2, spacing=26
    ).resolve_scale(x="independent", y="independent")  # fmt: skip
    ends = "; ".join(
        f"{names[fan.name]}: median {number(fan.q50[-1])}, from {number(fan.q10[-1])} to {number(fan.q90[-1])}"
        for fan in found
    )
    description = f"Reported quantities by date. At the last date: {ends}."
    dates = found[0].dates
    table = Table(
        "Reported quantities by date, over states and draws, after the evidence",
        ("Quantity", "Line", *(month(day) for day in dates)),
        tuple(
            (names[fan.name], line, *(number(float(f"{v:.4g}")) for v in series))
            for fan in found
            for line, series in (("10 %", fan.q10), (MEDIAN, fan.q50), ("90 %", fan.q90), ("mean", fan.mean),
                                 ("mean before", fan.before))
            if series
        ),
        (False, False, *(True for _ in dates)),
    )  # fmt: skip
    seen = [
        f"{names[fan.name]}, {full_date(day)}: {number(low)}" + (f" to {number(high)}" if high > low else "")
        for fan in found
        for day, low, high in fan.observed
    ]
    caption = (
        "The band spans the tenth to the ninetieth percentile over the states play can reach and over the draws of "
        "the parameters. Each panel has its own scale."
    )
    if seen:
        caption += f" Observed, as the source gives it: {'; '.join(seen)}."
    return Figure("Reported quantities", caption, description, theme.configured(chart, description), table)


def _fan(fan: OutlookFan, title: str) -> alt.LayerChart | alt.FacetChart:
    rows = [
        {
            "date": day.isoformat(), "low": _brief(fan.q10[t]), "high": _brief(fan.q90[t]), MEDIAN: _brief(fan.q50[t]),
            "mean": _brief(fan.mean[t]), **({BEFORE: _brief(fan.before[t])} if fan.before else {}),
        }
        for t, day in enumerate(fan.dates)
    ]  # fmt: skip
    y = alt.Y("low:Q", title=None, scale=alt.Scale(zero=False, nice=True),
              axis=alt.Axis(tickCount=4, minExtent=EXTENT))  # fmt: skip
    tips = [theme.day_tip(), *(alt.Tooltip(f"{field}:Q", title=said)
                               for field, said in (("high", "nine in ten below"), (MEDIAN, MEDIAN), ("mean", "mean"),
                                                   (BEFORE, BEFORE), ("low", "one in ten below")))]  # fmt: skip
    return _layers(rows, y, SPREAD, ((MEDIAN, theme.BLUE, [1, 0]), (BEFORE, theme.GREY, [5, 3])), tips, title, 130,
                   fan.observed)  # fmt: skip


def _brief(value: float) -> float:
    # Axes of a millionth and less would be all zeros and say nothing.
    return float(f"{value:.4g}") if abs(value) >= 1e-6 else 0.0


def _layers(
    rows: Sequence[theme.Row],
    y: alt.Y,
    band: str,
    lines: Sequence[tuple[str, str, list[int]]],
    tips: list[alt.Tooltip],
    title: str,
    height: int,
    observed: Sequence[tuple[date, float, float]],
    due: date | None = None,
) -> alt.LayerChart | alt.FacetChart:
    """Band, lines, a readout under the pointer and observed intervals; all panels share one legend."""
    names = [band, *(name for name, _, _ in lines), OBSERVED]
    colour = theme.palette(names, [theme.SKY, *(c for _, c, _ in lines), theme.VERMILLION])
    # One legend serves all panels; what none of them shows is not named in it.
    legend = alt.Legend(title=None, symbolOpacity=1, symbolType="square", values=names[:-1] if band == BAND else names)
    data = theme.inline(rows)
    x = theme.time_axis(ticks=6)

    color = alt.Color("line:N", scale=colour, legend=legend)
    area = (
        alt.Chart(data).transform_calculate(line=f"'{band}'").mark_area(opacity=0.35)
        .encode(x=x, y=y, y2=alt.Y2("high:Q"), color=color)
    )  # fmt: skip
    drawn = [
        alt.Chart(data)
        .transform_calculate(line=f"'{name}'")
        .mark_line(strokeWidth=2, strokeDash=dash)
        .encode(x=x, y=alt.Y(f"{name}:Q", title=None), color=color)
        for name, _, dash in lines
    ]
    readout = alt.Chart(data).mark_rule(opacity=0, strokeWidth=14).encode(x=x, tooltip=tips)
    layers = [area, *drawn, readout]
    if due is not None:
        mark = alt.Chart(theme.inline([{"date": due.isoformat()}]))
        layers.insert(0, mark.mark_rule(color=theme.INK, strokeDash=[2, 3], strokeWidth=1.2).encode(x=x))
    if observed:
        seen = theme.inline([
            {"date": day.isoformat(), "from": _brief(low), "to": _brief(high), "line": OBSERVED,
             "said": number(low) + (f" to {number(high)}" if high > low else "")}
            for day, low, high in observed
        ])  # fmt: skip
        base = alt.Chart(seen).encode(
            x=x, color=color, tooltip=[theme.day_tip(), alt.Tooltip("said:N", title=OBSERVED)]
        )
        layers.append(base.mark_rule(strokeWidth=3, opacity=1).encode(y=alt.Y("from:Q", title=None), y2=alt.Y2("to:Q")))
        layers += [
            base.mark_tick(thickness=2, size=9, orient="horizontal", opacity=1).encode(y=alt.Y(f"{end}:Q", title=None))
            for end in ("from", "to")
        ]
    titled = alt.layer(*layers, title=over_plot(wrap(title, 50)))
    return titled.properties(width=theme.PANEL_WIDTH - 8, height=height)
