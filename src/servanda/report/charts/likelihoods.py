"""Probabilities as dots over the ranges of the standard words, with bands and with naive forecasts beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import altair as alt

from servanda.forecast.vocabulary import SCALE
from servanda.report.charts import theme

WIDTH = 400
ROW = 46
SHORT = {"roughly even chance": "even", "almost no chance": "almost none", "almost certain": "almost sure"}
NAIVE = ("base rate", "no change", "coin")
LOWER, UPPER = 12, -11


@dataclass(frozen=True, slots=True)
class Look:
    """How one kind of dot is drawn: its shape and colours, its size in square pixels, pixels below the middle."""

    shape: str
    fill: str
    stroke: str
    size: int
    below: int


# Forecasters that nobody foresaw are drawn like a coin.
LOOKS: Mapping[str, Look] = {
    "after the evidence": Look("circle", theme.BLUE, theme.BLUE, 90, 0),
    "servanda": Look("circle", theme.BLUE, theme.BLUE, 90, 0),
    "before it": Look("circle", theme.PAPER, theme.BLUE, 50, UPPER),
    "base rate": Look("diamond", theme.VERMILLION, theme.VERMILLION, 55, LOWER),
    "no change": Look("triangle-up", theme.OLIVE, theme.OLIVE, 42, LOWER),
    "coin": Look("M0,-1V1", theme.MUTED, theme.MUTED, 90, LOWER),
    "what happened": Look("cross", theme.INK, theme.INK, 70, UPPER),
}


@dataclass(frozen=True, slots=True)
class Dot:
    """A probability of row `key`, its kind (a key of `LOOKS`), its band if it has one, and what a reader is told."""

    key: str
    kind: str
    p: float
    low: float | None
    high: float | None
    told: str


def dots(
    titles: Mapping[str, str], found: Sequence[Dot], texts: Mapping[str, tuple[str, str]], legend: Sequence[str]
) -> theme.TopLevel:
    """A chart with a row a title: dots and bands over the scale, and a text of two lines to the right of each row."""
    kinds = list(legend)
    looks = [LOOKS.get(kind, LOOKS["coin"]) for kind in kinds]

    def scale(values: Sequence[str]) -> alt.Scale:
        return alt.Scale(domain=kinds, range=list(values))

    key = alt.Legend(title=None, orient="bottom", symbolSize=70, symbolStrokeWidth=1.6, columns=5, offset=12)
    rows = theme.names_axis(titles, width=46, limit=330, lines=3)
    rows["axis"].labelPadding = 14
    x = alt.X("p:Q", title=None, scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format=".0%", tickCount=5))
    layers: list[alt.Chart] = [*_standard_words()]
    # The first kinds are drawn last, so that none hides them.
    for kind, look in reversed(list(zip(kinds, looks, strict=True))):
        own = [_row(dot, titles) for dot in found if dot.kind == kind]
        if not own:
            continue
        base = alt.Chart(theme.inline(own)).encode(y=rows, tooltip=_tips())
        if any("low" in row for row in own):
            main = look.below == 0
            layers.append(
                base.mark_rule(
                    color=theme.INK if main else theme.GREY, strokeWidth=2.0 if main else 1.2, yOffset=look.below,
                    y2Offset=look.below,
                ).encode(x=alt.X("low:Q", title=None), x2=alt.X2("high:Q"))
            )  # fmt: skip
        layers.append(
            base.mark_point(size=look.size, opacity=1, strokeWidth=1.6, yOffset=look.below).encode(
                x=x,
                shape=alt.Shape("kind:N", scale=scale([look.shape for look in looks]), legend=key),
                fill=alt.Fill("kind:N", scale=scale([look.fill for look in looks]), legend=key),
                stroke=alt.Stroke("kind:N", scale=scale([look.stroke for look in looks]), legend=key),
            )
        )
    beside = [{"key": k, "first": first, "second": second} for k, (first, second) in texts.items()]
    two, one = [row for row in beside if row["second"]], [row for row in beside if not row["second"]]
    for lines, field, colour, below in (
        (one, "first", theme.INK, 0), (two, "first", theme.INK, -8), (two, "second", theme.MUTED, 8),
    ):  # fmt: skip
        if lines:
            layers.append(
                alt.Chart(theme.inline(lines))
                .mark_text(align="left", color=colour, dy=below)
                .encode(x=theme.at_x(WIDTH + 16), y=rows, text=alt.Text(f"{field}:N"))
            )
    return alt.layer(*layers).properties(width=WIDTH, height=max(70, ROW * len(titles)))


def _standard_words() -> list[alt.Chart]:
    """Columns of the standard words, named above the plot."""
    bands = [{"low": low, "high": high, "k": k % 2, "name": name} for k, (name, low, high) in enumerate(SCALE)]
    columns = (
        alt.Chart(theme.inline(bands))
        .mark_rect()
        .encode(
            x=alt.X("low:Q"),
            x2=alt.X2("high:Q"),
            color=alt.Color("k:N", legend=None, scale=alt.Scale(domain=[0, 1], range=[theme.FAINT, theme.PAPER])),
        )
    )
    ticks = [
        {"p": (low + high) / 2, "name": SHORT.get(name, name), "lift": -20 if k % 2 else -8}
        for k, (name, low, high) in enumerate(SCALE)
    ]
    return [
        columns,
        *(
            alt.Chart(theme.inline([tick for tick in ticks if tick["lift"] == lift]))
            .mark_text(fontSize=11, color=theme.MUTED)
            .encode(x=alt.X("p:Q"), y=theme.at_y(lift), text=alt.Text("name:N"))
            for lift in (-8, -20)
        ),
    ]


def _row(dot: Dot, titles: Mapping[str, str]) -> theme.Row:
    row: theme.Row = {
        "key": dot.key, "title": titles[dot.key], "kind": dot.kind, "p": round(dot.p, 5), "told": dot.told,
    }  # fmt: skip
    if dot.low is not None and dot.high is not None:
        row |= {"low": round(dot.low, 5), "high": round(dot.high, 5)}
    return row


def _tips() -> list[alt.Tooltip]:
    return [
        alt.Tooltip("title:N", title="Question"),
        alt.Tooltip("kind:N", title="Forecast"),
        alt.Tooltip("told:N", title="Probability"),
    ]
