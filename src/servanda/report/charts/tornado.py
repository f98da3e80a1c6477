"""Figures of what drives one quantity: the tornado of its ends, and sensitivity indices with their intervals."""

from __future__ import annotations

import math

import altair as alt

from servanda.report.charts import theme
from servanda.report.charts.figure import Figure, Table
from servanda.report.measures import PROBABILITY, Measure
from servanda.report.words import number, percent
from servanda.uncertainty.answers import Interval, Sensitivity

MOST_BARS = 10
MOST_INDICES = 12
# Below this share of explained variance a surrogate says too little for total effects.
TRUSTED = 0.7
LOW, HIGH = "lowest fifth", "highest fifth"
KINDS = (
    ("first", "alone", "circle", theme.BLUE, -7),
    ("total", "with interactions", "diamond", theme.VERMILLION, 1),
    ("delta", "delta", "square", theme.OLIVE, 9),
)


def measure_of(found: Sensitivity) -> Measure:
    """Whether the quantity is a probability: then its ends are, too."""
    ends = [found.mean, *(end for bar in found.tornado for end in (bar.at_low, bar.at_high))]
    likely = not found.quantity.startswith("indicator") and all(0.0 <= end <= 1.0 for end in ends)
    return Measure(PROBABILITY if likely else "")


def trusted(found: Sensitivity) -> bool:
    """Whether total effects may be believed: computed directly, or from a surrogate that foretells unseen draws."""
    return found.method == "direct" or found.quality >= TRUSTED


def tornado(found: Sensitivity) -> Figure:
    """Bars from the mean to the mean over the draws in which a parameter is in its lowest or highest fifth."""
    measure = measure_of(found)
    shown = found.tornado[:MOST_BARS]
    titles = {bar.parameter: bar.title for bar in shown}
    rows: list[theme.Row] = [
        {
            "key": bar.parameter, "title": bar.title, "end": end, "mean": round(found.mean, 6), "at": round(at, 6),
            "told": f"{measure.level(at)} at {_brief(value)} {bar.unit}".strip(),
            "text": f"{_brief(bar.low_value)} to {_brief(bar.high_value)}",
        }
        for bar in shown
        for end, at, value in ((LOW, bar.at_low, bar.low_value), (HIGH, bar.at_high, bar.high_value))
    ]  # fmt: skip
    span = max((abs(row["at"] - found.mean) for row in rows), default=0.0)
    axis = alt.Axis(format=theme.percent_format(2 * span) if measure.probability else "~g", tickCount=6)
    scale = alt.Scale(zero=False, nice=True)
    base = alt.Chart(theme.inline(rows)).encode(
        y=theme.names_axis(titles),
        tooltip=[
            alt.Tooltip("title:N", title="Parameter"),
            alt.Tooltip("end:N", title="Draws"),
            alt.Tooltip("told:N", title="Mean there"),
        ],
    )
    colour = alt.Color("end:N", scale=theme.palette([LOW, HIGH], [theme.ORANGE, theme.BLUE]),
                       legend=alt.Legend(title=None))  # fmt: skip
    bars = [
        base.transform_filter(f"datum.end === '{end}'")
        .mark_bar(height=8, yOffset=offset)
        .encode(x=alt.X("mean:Q", title=None, axis=axis, scale=scale), x2=alt.X2("at:Q"), color=colour)
        for end, offset in ((LOW, -5), (HIGH, 4))
    ]
    middle = alt.Chart(theme.inline([{}])).mark_rule(color=theme.MUTED).encode(x=alt.XDatum(found.mean))
    text = base.transform_filter(f"datum.end === '{LOW}'").mark_text(align="left").encode(
        x=theme.at_x(410), text=alt.Text("text:N")
    )  # fmt: skip
    chart = alt.layer(*bars, middle, text).properties(width=400, height=max(50, 36 * len(shown)))
    first = shown[0]
    description = (
        f"What drives “{found.title}”: mean {measure.level(found.mean)}. First: {first.title}, "
        f"{measure.level(first.at_low)} in its lowest fifth and {measure.level(first.at_high)} in its highest."
    )
    table = Table(
        "Mean of the quantity where a parameter is low and where it is high, the longest bar first",
        ("Parameter", "Unit", "Low value", "High value", "Mean when low", "Mean when high"),
        tuple(
            (bar.title, bar.unit or "–", _brief(bar.low_value), _brief(bar.high_value), measure.level(bar.at_low),
             measure.level(bar.at_high))
            for bar in found.tornado
        ),
        (False, False, True, True, True, True),
    )  # fmt: skip
    caption = (
        f"From the mean of all draws ({measure.level(found.mean)}) to the mean of the draws in which the parameter is "
        "in its lowest and in its highest fifth, all other parameters as drawn. Numbers on the right: those low and "
        "high values."
    )
    return Figure("What moves it", caption, description, theme.configured(chart, description), table)


def indices(found: Sensitivity) -> Figure:
    """Dots of the share of variance each parameter explains alone and with its interactions, and of delta."""
    shown = found.indices[:MOST_INDICES]
    titles = {index.parameter: index.title for index in shown}
    believed = trusted(found)
    names = [name if believed or field != "total" else f"{name} (unreliable)" for field, name, *_ in KINDS]
    rows: list[theme.Row] = [
        {
            "key": index.parameter, "title": index.title, "kind": name, "value": round(value.value, 5),
            "low": round(value.low if math.isfinite(value.low) else value.value, 5),
            "high": round(value.high if math.isfinite(value.high) else value.value, 5), "told": interval(value),
        }
        for index in shown
        for name, value in zip(names, (index.first, index.total, index.delta), strict=True)
        if math.isfinite(value.value)
    ]  # fmt: skip
    top = max([0.1, *(row["high"] for row in rows)])
    fills = [colour if believed or field != "total" else theme.PAPER for field, _, _, colour, _ in KINDS]
    legend = alt.Legend(title=None, symbolStrokeWidth=1.6)
    layers = []
    for name, (_, _, _, colour, offset) in zip(names, KINDS, strict=True):
        base = alt.Chart(theme.inline([row for row in rows if row["kind"] == name])).encode(
            y=theme.names_axis(titles),
            tooltip=[
                alt.Tooltip("title:N", title="Parameter"),
                alt.Tooltip("kind:N", title="Index"),
                alt.Tooltip("told:N", title="Value"),
            ],
        )
        layers.append(
            base.mark_rule(color=colour, strokeWidth=1.4, yOffset=offset, y2Offset=offset).encode(
                x=alt.X("low:Q", title=None), x2=alt.X2("high:Q")
            )
        )
        layers.append(
            base.mark_point(size=48, strokeWidth=1.6, opacity=1, yOffset=offset).encode(
                x=alt.X(
                    "value:Q", title="share of the variance; delta from 0 to 1",
                    scale=alt.Scale(domain=[min(0.0, *(row["low"] for row in rows)) if rows else 0.0, top]),
                    axis=alt.Axis(tickCount=6, grid=True),
                ),
                shape=alt.Shape("kind:N", scale=alt.Scale(domain=names, range=[k[2] for k in KINDS]), legend=legend),
                fill=alt.Fill("kind:N", scale=alt.Scale(domain=names, range=fills), legend=legend),
                stroke=alt.Stroke("kind:N", scale=alt.Scale(domain=names, range=[k[3] for k in KINDS]), legend=legend),
            )
        )  # fmt: skip
    chart = alt.layer(*layers).properties(width=480, height=max(50, 38 * len(shown)))
    first = shown[0]
    description = (
        f"Sensitivity indices of “{found.title}” over {found.draws} draws. First: {first.title}, "
        f"alone {interval(first.first)}, with interactions {interval(first.total)}."
    )
    table = Table(
        "Sensitivity indices with 95 % intervals, the largest total effect first",
        ("Parameter", "Alone", "With interactions", "Delta"),
        tuple((i.title, interval(i.first), interval(i.total), interval(i.delta)) for i in found.indices),
    )
    return Figure("Shares of the variance", _read(found), description,
                  theme.configured(chart, description), table)  # fmt: skip


def interval(estimate: Interval) -> str:
    """An estimate with its interval.

    >>> interval(Interval(0.312, 0.25, 0.4)), interval(Interval(float("nan"), 0, 1))
    ('0.31 (0.25 to 0.40)', '–')
    """
    if not math.isfinite(estimate.value):
        return "–"
    if not (math.isfinite(estimate.low) and math.isfinite(estimate.high)):
        return f"{estimate.value:.2f}"
    return f"{estimate.value:.2f} ({estimate.low:.2f} to {estimate.high:.2f})".replace("-", "\N{MINUS SIGN}")


def _read(found: Sensitivity) -> str:
    text = (
        "Alone: the share of the variance over draws that a parameter explains by itself (Sobol). With interactions: "
        "its total effect. Delta: how far knowing it moves the whole distribution (Borgonovo), 0 for nothing. Lines "
        "are 95 % intervals."
    )
    if found.method == "direct":
        return text
    if not math.isfinite(found.quality):
        return f"{text} Total effects come from a surrogate whose quality could not be measured: do not rely on them."
    quality = f"a surrogate that explains {percent(max(found.quality, 0.0))} of the variance of draws it has not seen"
    if trusted(found):
        return f"{text} Total effects come from {quality}."
    return f"{text} Total effects come from {quality}, which is too little: do not rely on the hollow marks."


def _brief(value: float) -> str:
    return number(float(f"{value:.3g}")) if math.isfinite(value) else "–"
