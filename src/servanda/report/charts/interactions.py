"""The figure of how frictions work together: the interaction of every pair."""

from __future__ import annotations

import altair as alt

from servanda.diagnosis.answers import FrictionLattice
from servanda.report.charts import theme
from servanda.report.charts.figure import Figure, Table
from servanda.report.charts.shares import asked
from servanda.report.measures import Measure

# More rows and columns than this are too small to read; the table has them all.
MOST = 14
WITHIN, TOGETHER = 0.08, (0.35, 0.7)
LEVELS = (
    ("strongly in each other's way", theme.WARM[2]),
    ("in each other's way", theme.WARM[1]),
    ("slightly in each other's way", theme.WARM[0]),
    ("next to nothing", theme.FAINT),
    ("slightly helping each other", theme.TONES[0]),
    ("helping each other", theme.TONES[1]),
    ("strongly helping each other", theme.TONES[3]),
)
ON_DARK = (LEVELS[0][0], LEVELS[-1][0])


def degree(value: float, largest: float) -> str:
    """The words for an interaction, by its size beside the largest of all.

    >>> degree(0.9, 1.0), degree(-0.2, 1.0), degree(0.01, 1.0)
    ('strongly helping each other', "slightly in each other's way", 'next to nothing')
    """
    size = abs(value) / largest if largest > 0.0 else 0.0
    if size < WITHIN:
        return LEVELS[3][0]
    step = 1 + sum(size >= bound for bound in TOGETHER)
    return LEVELS[3 + step if value > 0.0 else 3 - step][0]


def pairs(lattice: FrictionLattice) -> list[tuple[int, int, float]]:
    """Every pair of frictions that touch the game with its interaction, the largest first."""
    used = [name not in lattice.unused for name in lattice.frictions]
    rows = enumerate(lattice.interactions)
    found = [(i, j, row[j]) for i, row in rows for j in range(i) if used[i] and used[j]]
    return sorted(found, key=lambda pair: -abs(pair[2]))


def interactions_figure(lattice: FrictionLattice) -> Figure:
    """A triangle of the interactions of pairs: blue where two removals help each other."""
    measure = Measure(lattice.unit)
    ordered = pairs(lattice)
    largest = abs(ordered[0][2]) if ordered else 0.0
    decimals = measure.decimals(value for _, _, value in ordered)
    size = {share.friction: abs(share.shapley) for share in lattice.shares}
    used = [i for i, name in enumerate(lattice.frictions) if name not in lattice.unused]
    shown = sorted(used, key=lambda i: -size.get(lattice.frictions[i], 0.0))[:MOST]
    place = {i: k for k, i in enumerate(shown)}
    rows = []
    for i, j, value in ordered:
        if i in place and j in place:
            upper, lower = sorted((place[i], place[j]))
            rows.append(
                {
                    "key": f"f{lower:02}",
                    "column": f"{upper + 1}",
                    "v": measure.change(value, decimals),
                    "degree": degree(value, largest),
                    "pair": f"{lattice.titles[shown[upper]]} + {lattice.titles[shown[lower]]}",
                }
            )
    titles = {f"f{k:02}": f"{k + 1}  {lattice.titles[i]}" for k, i in enumerate(shown)}
    columns = [str(k + 1) for k in range(len(shown) - 1)]
    met = [(name, colour) for name, colour in LEVELS if any(row["degree"] == name for row in rows)]
    base = alt.Chart().encode(
        y=theme.names_axis(titles, width=48, limit=330),
        x=alt.X(
            "column:N",
            sort=None,
            scale=alt.Scale(domain=columns),
            axis=alt.Axis(orient="top", labelAngle=0, ticks=False, domain=False, title=None),
        ),
        tooltip=[
            alt.Tooltip("pair:N", title="Pair"),
            alt.Tooltip("v:N", title=measure.steps.capitalize()),
            alt.Tooltip("degree:N", title="These two are"),
        ],
    )
    cells = base.mark_rect(stroke=theme.PAPER, strokeWidth=2).encode(
        color=alt.Color(
            "degree:N",
            scale=theme.palette([name for name, _ in met], [colour for _, colour in met]),
            legend=alt.Legend(title=None, orient="bottom", columns=3, symbolType="square", labelLimit=220),
        )
    )
    dark = f"indexof({list(ON_DARK)!r}, datum.degree) >= 0"
    numbers = [
        base.transform_filter(where).mark_text(fontSize=10, color=colour).encode(text=alt.Text("v:N"))
        for where, colour in ((f"!({dark})", theme.INK), (dark, theme.PAPER))
    ]
    side = max(36, min(64, 480 // max(len(columns), 1)))
    chart = alt.layer(cells, *numbers, data=theme.inline(rows)).properties(
        width=side * len(columns), height=33 * len(titles)
    )
    lead = "; ".join(
        f"{lattice.titles[i]} and {lattice.titles[j]} {measure.change(value, decimals)}"
        for i, j, value in ordered[:3]
        if value != 0.0
    )
    description = f"Interactions of pairs of frictions for {asked(lattice)}, in {measure.steps}. "
    description += f"Largest: {lead or '0'}."
    caption = (
        f"Shapley interaction index of each pair, in {measure.steps}: above zero, two removals do more together than "
        "one by one, so that neither is worth much without the other; below zero, each makes the other less needed. "
        "Columns carry the numbers of the rows."
    )
    if len(shown) < len(used):
        caption += f" The {len(shown)} frictions with the largest shares; the table has all pairs."
    table = Table(
        f"Interaction of every pair, in {measure.steps}, the largest first",
        ("One", "Other", "Interaction", "In words"),
        tuple(
            (lattice.titles[i], lattice.titles[j], measure.change(value, decimals), degree(value, largest))
            for i, j, value in ordered
        ),
        (False, False, True, False),
    )
    return Figure("Which removals need each other", caption, description, theme.configured(chart, description), table)
