"""The picture of what threats could do: payoff sets as polygons of gains, with play and no deal as points."""

from __future__ import annotations

import altair as alt

from servanda.enforcement import Enforcement, Pair, Standing
from servanda.report.charts import theme
from servanda.report.charts.figure import Figure, Table
from servanda.report.enforced import answer, coordinates

SETS = ("bound by promises (feasible)", "supported by threats", "… while the draft is kept")
POINTS = ("no deal", "evenest enforceable point", "play as it is", "play as offices change hands")
_FILLS = (theme.PALE, theme.SKY, theme.GREEN)
_INKS = (theme.INK, theme.BLUE, theme.VERMILLION, theme.PURPLE)
_LEGEND = alt.Legend(title=None, orient="bottom", columns=1, symbolType="square", symbolStrokeWidth=0)
_SHAPES = ("cross", "diamond", "circle", "triangle-up")


def enforcement_figure(found: Enforcement) -> Figure:
    """Feasible, enforceable and kept gains from each place, one panel a place."""
    panels = [_panel(found, place) for place in found.standings]
    chart = alt.concat(*panels, columns=2, spacing=30).resolve_scale(color="shared", shape="shared", fill="shared")
    counted = "no deal" if found.draft is not None else "what each can assure itself alone"
    caption = (
        f"Gains of the two sides over {counted}, in points of those who lead them. Above and to the right of the cross "
        "both gain. Grey is what they could have if promises bound them, blue what threats support, green what threats "
        "support while neither side breaks or leaves the draft."
    )
    rows = [
        (place.place, name, coordinates(corners)) for place in found.standings for name, corners in _sets(place)
    ] + [(place.place, name, coordinates((at,))) for place in found.standings for name, at in _points(place)]
    table = Table(
        f"Gains of {found.sides[0]} and {found.sides[1]} in points", ("Place", "What", "Gains (first, second)"),
        tuple(rows), (False, False, False),
    )  # fmt: skip
    description = answer(found)
    title = f"Could any enforcement do? {found.title}"
    return Figure(title, caption, description, theme.configured(chart, description), table)


def _sets(place: Standing) -> list[tuple[str, tuple[Pair, ...]]]:
    found = [(SETS[0], place.feasible), (SETS[1], place.enforceable)]
    return found if place.kept is None else [*found, (SETS[2], place.kept)]


def _points(place: Standing) -> list[tuple[str, Pair]]:
    found = [(POINTS[0], (0.0, 0.0)), (POINTS[1], place.best), (POINTS[2], place.play), (POINTS[3], place.turnover)]
    return [(name, at) for name, at in found if at is not None]


def _panel(found: Enforcement, place: Standing) -> theme.TopLevel:
    x = alt.X("x:Q", title=f"gain of {found.sides[0]}, points", axis=alt.Axis(grid=True), scale=alt.Scale(zero=True))
    y = alt.Y("y:Q", title=f"gain of {found.sides[1]}, points", scale=alt.Scale(zero=True))
    layers: list[alt.Chart] = []
    for name, corners in _sets(place):
        if not corners:
            continue
        closed = (*corners, corners[0])
        rows = [{"x": round(a, 4), "y": round(b, 4), "k": k, "set": name} for k, (a, b) in enumerate(closed)]
        colour = _FILLS[SETS.index(name)]
        layers.append(
            alt.Chart(theme.inline(rows))
            .mark_line(strokeWidth=2.0, filled=True, fillOpacity=0.35, interpolate="linear")
            .encode(
                x=x, y=y, order="k:Q", stroke=alt.value(colour),
                fill=alt.Fill("set:N", scale=theme.palette(SETS, _FILLS), legend=_LEGEND),
            )
        )  # fmt: skip
    marks = [{"x": round(at[0], 4), "y": round(at[1], 4), "point": name} for name, at in _points(place)]
    scale = alt.Scale(domain=list(POINTS), range=list(_SHAPES))
    layers.append(
        alt.Chart(theme.inline(marks))
        .mark_point(size=110, filled=True, opacity=1.0)
        .encode(
            x=x, y=y,
            color=alt.Color("point:N", scale=theme.palette(POINTS, _INKS), legend=theme.below(1)),
            shape=alt.Shape("point:N", scale=scale, legend=theme.below(1)),
            tooltip=[
                alt.Tooltip("point:N", title="Point"),
                alt.Tooltip("x:Q", title=found.sides[0], format=".1f"),
                alt.Tooltip("y:Q", title=found.sides[1], format=".1f"),
            ],
        )
    )  # fmt: skip
    title = alt.TitleParams(text=place.place.capitalize())
    return alt.layer(*layers).properties(width=theme.PANEL_WIDTH - 60, height=theme.PANEL_WIDTH - 100, title=title)
