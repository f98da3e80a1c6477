"""The figure of the designs: what each side gains, how long it lasts, and whether it passes every gate."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt

from servanda.diagnosis.answers import Design, Designs
from servanda.report.charts import theme
from servanda.report.charts.figure import Figure, Table
from servanda.report.words import GATE_TITLES, counted, fine_percent, likelihood, number, percent, points, years

MOST_DOMINATED = 300
MOST_LISTED = 40


def described(design: Design) -> str:
    """A design by its draft and the levers moved from where the case has them."""
    if not design.moved:
        return f"{design.title}, as written"
    text = f"{design.title}, {'; '.join(f'{lever}: {choice}' for lever, choice in design.moved)}"
    return text if design.settled else f"{text} (far future unsettled)"


def frontier(designs: Designs) -> list[Design]:
    """The undominated designs, the likeliest to hold first."""
    return sorted((d for d in designs.designs if d.frontier), key=lambda d: -d.holds)


def designs_figure(designs: Designs, sides: Sequence[str]) -> Figure:
    """Dots of the gains of both parties, one a design; size is mean life, filled ones pass every gate.

    Parameters
    ----------
    sides
        Titles of the parties, in the order of `Designs.sides`; with other than two, life and chance are the axes.
    """
    best = frontier(designs)
    others = [d for d in designs.designs if not d.frontier][:MOST_DOMINATED]
    drafts = list(dict.fromkeys(d.title for d in best))
    two = len(sides) == 2
    if two:
        scale, ticks = alt.Scale(zero=False, nice=True), alt.Axis(tickCount=8)
        x = alt.X("x:Q", title=f"gain of {sides[0]}, points", scale=scale, axis=ticks)
        y = alt.Y("y:Q", title=f"gain of {sides[1]}, points", scale=scale, axis=ticks)
    else:
        x = alt.X("x:Q", title="mean life, years", scale=alt.Scale(zero=True))
        y = theme.percent_axis("y", "signed, ratified and kept")
    layers: list[alt.Chart] = []
    if two:
        layers += [
            alt.Chart(theme.inline([{}])).mark_rule(color=theme.MUTED, strokeWidth=1).encode(x=alt.XDatum(0)),
            alt.Chart(theme.inline([{}])).mark_rule(color=theme.MUTED, strokeWidth=1).encode(y=alt.YDatum(0)),
        ]
    if others:
        layers.append(
            alt.Chart(theme.inline([_row(d, two, brief=True) for d in others]))
            .mark_point(size=18, filled=True, color=theme.GREY, opacity=0.55)
            .encode(x=x, y=y, tooltip=[alt.Tooltip("label:N", title="Dominated")])
        )
    layers += _marks(best, designs.threshold, two, x, y, drafts)
    chart = alt.layer(*layers).properties(width=theme.WIDTH - 210, height=360)
    passing = [d for d in designs.designs if d.holds >= designs.threshold]
    description = f"{counted(len(designs.designs), 'design')}, {len(best)} of them undominated; " + (
        f"{len(passing)} pass every gate with {percent(designs.threshold)} or more."
        if passing
        else f"none passes every gate with {percent(designs.threshold)}."
    )
    nearest = designs.nearest
    if nearest is not None:
        gains = ", ".join(f"{side} {points(g)}" for side, g in zip(sides, nearest.gains, strict=False))
        description += f" Likeliest to hold: {described(nearest)}, {likelihood(nearest.holds)}"
        description += f", gains over no deal {gains}." if gains else "."
    among = " among the designs that pass" if passing else ""
    caption = (
        f"Coloured marks are undominated{among}: no other is at least as good in both gains, mean life and price. "
        f"Filled ones are signed, ratified and kept with {percent(designs.threshold)} or more; the larger, the longer "
        "the mean life once in force."
    )
    if two:
        caption += " Above and to the right of the zero lines both sides gain over no deal, each in its own points."
    if others:
        caption += " Small grey dots are dominated."
    if not passing:
        caption += " None is filled: no design in the declared space passes."
    title = "Designs: what each side gains, and which ones hold"
    return Figure(title, caption, description, theme.configured(chart, description), _table(designs, best, sides))


def _row(design: Design, two: bool, *, brief: bool = False) -> theme.Row:
    first, second = design.gains[:2] if two else (design.life, design.holds)
    row: theme.Row = {"x": round(first, 3), "y": round(second, 5), "label": described(design)}
    if not brief:
        row |= {
            "draft": design.title, "life": round(design.life, 2), "holds": fine_percent(design.holds),
            "gates": ", ".join(
                f"{name.lower()} {fine_percent(p)}"
                for name, p in zip(GATE_TITLES.values(), (design.sign, design.ratify, design.keep), strict=True)
            ),
            "robust": "not examined" if design.robust is None else percent(design.robust),
        }  # fmt: skip
    return row


def _marks(
    best: Sequence[Design], threshold: float, two: bool, x: alt.X, y: alt.Y, drafts: list[str]
) -> list[alt.Chart]:
    legend = alt.Legend(orient="right", columns=1, labelLimit=190)
    colours = alt.Color("draft:N", title="draft", scale=theme.palette(drafts), legend=legend)
    lives = [d.life for d in best]
    size = alt.Size(
        "life:Q",
        title="mean life, years",
        scale=alt.Scale(domain=[0.0, max([*lives, 1e-9])], range=[30, 420]),
        legend=alt.Legend(orient="right", tickCount=4, symbolFillColor=theme.GREY, symbolStrokeColor=theme.GREY),
    )
    shapes = ["circle", "square", "diamond", "triangle-up", "triangle-down", "cross", "triangle-right", "triangle-left"]
    shape = alt.Shape(
        "draft:N", title="draft",
        scale=alt.Scale(domain=drafts, range=[shapes[k % len(shapes)] for k in range(len(drafts))]),
    )  # fmt: skip
    tips = [
        alt.Tooltip("label:N", title="Design"),
        alt.Tooltip("holds:N", title="All three gates"),
        alt.Tooltip("gates:N", title="Gates"),
        alt.Tooltip("life:Q", title="Mean life, years"),
        alt.Tooltip("robust:N", title="Passes in draws"),
    ]
    made = []
    for passes in (False, True):
        rows = [_row(d, two) for d in best if (d.holds >= threshold) is passes]
        if rows:
            made.append(
                alt.Chart(theme.inline(rows))
                .mark_point(filled=passes, strokeWidth=2, opacity=0.9 if passes else 1.0)
                .encode(x=x, y=y, color=colours, size=size, shape=shape, tooltip=tips)
            )
    return made


def _table(designs: Designs, best: Sequence[Design], sides: Sequence[str]) -> Table:
    caption = "Undominated designs, the likeliest to hold first; gains over no deal in each side's own points"
    if len(best) > MOST_LISTED:
        caption += f"; the first {MOST_LISTED} of {len(best):,}"
    robust = f"Passes in {designs.draws} draws" if designs.draws else "Robust"
    rows = tuple(
        (
            described(d), fine_percent(d.sign), fine_percent(d.ratify), fine_percent(d.keep), fine_percent(d.holds),
            GATE_TITLES.get(d.binding, d.binding), *(points(g) for g in d.gains), years(d.life), number(d.price),
            "–" if d.robust is None else percent(d.robust),
        )
        for d in best[:MOST_LISTED]
    )  # fmt: skip
    columns = ("Design", "Sign", "Ratify", "Keep", "All three", "Binding", *(f"Gain: {side}" for side in sides))
    kinds = (False, True, True, True, True, False, *(True for _ in sides), True, True, True)
    return Table(caption, (*columns, "Mean life", "Price", robust), rows, kinds)
