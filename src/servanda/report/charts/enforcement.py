"""The picture of what threats could do: payoff sets as polygons of gains, with play and no deal as points."""

from __future__ import annotations

import altair as alt

from servanda.bounds.answers import Enforcement, Pair, Standing
from servanda.report.charts import theme
from servanda.report.charts.figure import Figure, Table
from servanda.report.enforced import answer, coordinates

SETS = (
    "bound by promises (feasible)",
    "supported by threats",
    "… while the draft is kept",
    "… if the two may sit down anew",
)
POINTS = (
    "no deal",
    "evenest enforceable point",
    "play as it is",
    "play as offices change hands",
    "agreed when they sit down anew",
)
_FILLS = (theme.PALE, theme.SKY, theme.GREEN, theme.ORANGE)
_INKS = (theme.INK, theme.BLUE, theme.VERMILLION, theme.PURPLE, theme.ORANGE)
_LEGEND = alt.Legend(title=None, orient="bottom", columns=1, symbolType="square", symbolStrokeWidth=0)
_SHAPES = ("cross", "diamond", "circle", "triangle-up", "square")


def enforcement_figure(found: Enforcement) -> Figure:
    """Feasible, enforceable and kept gains from each place, one panel a place."""
    # a legend of what is there
    sets = tuple(n for n in SETS if any(n == name for place in found.standings for name, _ in _sets(place)))
    points = tuple(n for n in POINTS if any(n == name for place in found.standings for name, _ in _points(place)))
    panels = [_panel(found, place, sets, points) for place in found.standings]
    chart = alt.concat(*panels, columns=2, spacing=30).resolve_scale(color="shared", shape="shared", fill="shared")
    counted = "no deal" if found.draft is not None else "what each can assure itself alone"
    anew = ""
    if any(place.renegotiated is not None for place in found.standings):
        anew = (
            f" Orange is what threats support if, with odds of {100 * (found.hazard or 0.0):.0f} % a year, the two sit "
            "down anew and all threats are bygones."
        )
    caption = (
        f"Gains of the two sides over {counted}, in points of those who lead them. Above and to the right of the cross "
        "both gain. Grey is what they could have if promises bound them, blue what threats support, green what threats "
        "support while neither side breaks or leaves the draft." + anew
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
    later = zip(SETS[2:], (place.kept, place.renegotiated), strict=True)
    return found + [(name, corners) for name, corners in later if corners is not None]


def _points(place: Standing) -> list[tuple[str, Pair]]:
    # what is agreed comes first: the evenest point is often there too, and is drawn on it
    found = [(POINTS[4], place.agreed), (POINTS[0], (0.0, 0.0)), (POINTS[1], place.best), (POINTS[2], place.play)]
    found.append((POINTS[3], place.turnover))
    return [(name, at) for name, at in found if at is not None]


def _panel(found: Enforcement, place: Standing, sets: tuple[str, ...], points: tuple[str, ...]) -> theme.TopLevel:
    x = alt.X("x:Q", title=f"gain of {found.sides[0]}, points", axis=alt.Axis(grid=True), scale=alt.Scale(zero=True))
    y = alt.Y("y:Q", title=f"gain of {found.sides[1]}, points", scale=alt.Scale(zero=True))
    fills, inks = [_FILLS[SETS.index(n)] for n in sets], [_INKS[POINTS.index(n)] for n in points]
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
                fill=alt.Fill("set:N", scale=theme.palette(sets, fills), legend=_LEGEND),
            )
        )  # fmt: skip
    marks = [{"x": round(at[0], 4), "y": round(at[1], 4), "point": name} for name, at in _points(place)]
    scale = alt.Scale(domain=list(points), range=[_SHAPES[POINTS.index(n)] for n in points])
    layers.append(
        alt.Chart(theme.inline(marks))
        .mark_point(size=110, filled=True, opacity=1.0)
        .encode(
            x=x, y=y,
            color=alt.Color("point:N", scale=theme.palette(points, inks), legend=theme.below(1)),
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
