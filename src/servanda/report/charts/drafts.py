"""Figures that set the drafts side by side: gates, survival, what ends each."""

from __future__ import annotations

import json
from collections.abc import Iterable

import altair as alt

from servanda.diagnosis.findings import DraftVerdict, Gate
from servanda.report.charts import theme
from servanda.report.charts.figure import Figure, Table
from servanda.report.charts.outcomes import events
from servanda.report.words import ENDING_TITLES, GATE_TITLES, likelihood, month, percent, points, years
from servanda.runs import Run

KEPT = "still running"
NOT_NEEDED = "not needed"
LEAST_LISTED = 0.001
ENDING_COLOURS = {
    KEPT: theme.GREEN,
    ENDING_TITLES["exit"]: theme.BLUE,
    ENDING_TITLES["breach"]: theme.VERMILLION,
    ENDING_TITLES["linkage"]: theme.PURPLE,
    ENDING_TITLES["third party"]: theme.ORANGE,
    ENDING_TITLES["lapse"]: theme.OLIVE,
    ENDING_TITLES["expiry"]: theme.GREY,
    ENDING_TITLES["chance"]: theme.SKY,
}


def waived(gate: Gate) -> bool:
    """Whether nobody has to pass the gate: ratification where no ratifier is named."""
    return gate.kind == "ratify" and gate.tightest is None and gate.probability >= 1.0


def gates(run: Run) -> Figure:
    """Bars of the probability of passing each gate, one row a draft."""
    rows = [
        {
            "draft": verdict.title,
            "gate": GATE_TITLES[gate.kind],
            "p": round(gate.probability, 6),
            "text": NOT_NEEDED if waived(gate) else percent(gate.probability),
            "waived": waived(gate),
            "why": gate.sentence,
        }
        for verdict in run.drafts
        for gate in verdict.gates
    ]
    base = alt.Chart().encode(
        y=alt.Y("draft:N", title=None, sort=None, axis=alt.Axis(ticks=False, domain=False, labelLimit=220)),
        x=alt.X("p:Q", title=None, scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format=".0%", tickCount=3)),
        tooltip=[
            alt.Tooltip("draft:N", title="Draft"),
            alt.Tooltip("gate:N", title="Gate"),
            alt.Tooltip("text:N", title="Probability"),
            alt.Tooltip("why:N", title="Because"),
        ],
    )
    bars = base.transform_filter("!datum.waived").mark_bar(color=theme.BLUE, height=12)
    texts = [
        base.transform_filter(shown)
        .mark_text(align="left", dx=4, color=colour)
        .encode(text=alt.Text("text:N"), **place)
        for shown, colour, place in (
            ("!datum.waived", theme.INK, {}),
            ("datum.waived", theme.MUTED, {"x": alt.XDatum(0)}),
        )
    ]
    chart = (
        alt.layer(bars, *texts, data=theme.inline(rows))
        .properties(width=180, height=max(60, 30 * len(run.drafts)))
        .facet(column=alt.Column("gate:N", title=None, sort=list(GATE_TITLES.values())), spacing=44)
    )
    best = max(run.drafts, key=lambda verdict: verdict.holds, default=None)
    description = "Probability that each draft passes each gate."
    if best is not None:
        description += f" Best through all three: {best.title}, {likelihood(best.holds)}."
    table = Table(
        "Gates of each draft: probability and margin of the tightest move, in points of present value",
        (
            "Draft",
            *(f"{title}: {what}" for title in GATE_TITLES.values() for what in ("probability", "margin")),
            "All three",
        ),
        tuple(
            (
                v.title,
                *(
                    text
                    for g in v.gates
                    for text in (NOT_NEEDED if waived(g) else percent(g.probability), points(g.margin))
                ),
                percent(v.holds),
            )
            for v in run.drafts
        ),
    )
    caption = (
        "Each draft alone on the table. Sign: signed within the window. Ratify: approved by all who must, given "
        "signature. Keep: kept to the horizon or to its own lawful end, given that it entered into force at the start."
    )
    return Figure("The three gates", caption, description, theme.configured(chart, description), table)


def survival(run: Run) -> Figure:
    """Survival curves of the drafts put in force at the start."""
    every = run.forecast.outcomes.dates
    last = _last_alive(run)
    dates = every[: last + 1]
    shown = tuple(event for event in events(run) if event[0] <= dates[-1])
    names = [verdict.title for verdict in run.drafts]
    lines = (
        theme.folded([(v.title, v.survival.alive[: last + 1]) for v in run.drafts], dates, name="draft")
        .mark_line(strokeWidth=2.4)
        .encode(
            x=theme.time_axis(months=(dates[-1] - dates[0]).days < 6 * 365, ticks=8),
            y=theme.percent_axis("p", "still running"),
            color=alt.Color("draft:N", scale=theme.palette(names), legend=theme.below(3, lines=True)),
            strokeDash=alt.StrokeDash("draft:N", scale=theme.dashes(names), legend=theme.below(3, lines=True)),
            tooltip=[
                alt.Tooltip("draft:N", title="Draft"),
                theme.day_tip(),
                alt.Tooltip("p:Q", title="Still running", format=".1%"),
            ],
        )
    )
    chart = alt.layer(lines, *theme.event_layers(shown, dates)).properties(width=theme.WIDTH, height=280)
    ends = "; ".join(
        f"{v.title}: {percent(v.survival.alive[-1])} at the horizon, mean life {years(v.survival.mean_life_years)}"
        for v in run.drafts
    )
    description = f"Probability that each draft still runs, had it entered into force at the start. {ends}."
    table = Table(
        "Probability that each draft still runs on the first day of each period",
        ("Draft", "Mean life", *(month(day) for day in every)),
        tuple(
            (v.title, years(v.survival.mean_life_years), *(percent(p) for p in v.survival.alive)) for v in run.drafts
        ),
    )
    caption = "Each draft is put in force at the start, whatever its chance of being signed, and followed."
    if last + 1 < len(every):
        caption += f" After {month(dates[-1])} fewer than one in a hundred are left of any."
    return Figure("How long each draft lasts", caption, description, theme.configured(chart, description), table)


def _last_alive(run: Run) -> int:
    """Index of the date up to which survival is worth drawing: four periods past the last curve above 1 %."""
    alive = [t for v in run.drafts for t, p in enumerate(v.survival.alive) if p > 0.01]
    return min(len(run.forecast.outcomes.dates) - 1, max(alive, default=0) + 4)


def _kinds(verdicts: Iterable[DraftVerdict]) -> list[str]:
    present = {ENDING_TITLES[ending.kind] for v in verdicts for ending in v.survival.endings}
    return [name for name in ENDING_COLOURS if name == KEPT or name in present]


def _by_kind(verdict: DraftVerdict) -> dict[str, tuple[float, ...]]:
    periods = len(verdict.survival.alive)
    totals: dict[str, list[float]] = {}
    for ending in verdict.survival.endings:
        series = totals.setdefault(ENDING_TITLES[ending.kind], [0.0] * periods)
        for t, probability in enumerate(ending.by_date):
            series[t + 1] += probability
    return {KEPT: verdict.survival.alive, **{name: tuple(series) for name, series in totals.items()}}


def ending_name(verdict: DraftVerdict, index: int) -> str:
    """How a table names an ending: its label, with the kind where the label does not say it."""
    ending = verdict.survival.endings[index]
    kind = ENDING_TITLES[ending.kind]
    return ending.label if kind.split()[0][:5] in ending.label.lower() else f"{ending.label} ({kind})"


def endings(run: Run) -> Figure:
    """Areas of competing risks by date: still running, and ended by each kind of ending, one panel a draft."""
    dates = run.forecast.outcomes.dates
    names = _kinds(run.drafts)
    rows = [
        {"date": day.isoformat(), "draft": v.title}
        | {name: round(series[t], 4) for name, series in _by_kind(v).items()}
        for v in run.drafts
        for t, day in enumerate(dates)
    ]
    chart = (
        alt.Chart(theme.inline(rows))
        .transform_fold([*names], as_=["ending", "p"])
        .transform_filter("isValid(datum.p)")
        .transform_calculate(order=f"indexof({json.dumps(names)}, datum.ending)")
        .mark_area()
        .encode(
            x=theme.time_axis(ticks=6),
            y=theme.percent_axis("p", None).stack("zero"),
            color=alt.Color(
                "ending:N",
                title=None,
                scale=theme.palette(names, [ENDING_COLOURS[name] for name in names]),
                legend=alt.Legend(columns=6),
            ),
            order=alt.Order("order:Q"),
        )
        .properties(width=theme.PANEL_WIDTH, height=130)
        .facet(
            facet=alt.Facet("draft:N", title=None, sort=[v.title for v in run.drafts]),
            columns=2,
        )
    )
    parts = []
    for v in run.drafts:
        totals = {name: series[-1] for name, series in _by_kind(v).items() if name != KEPT}
        if totals:
            worst = max(totals, key=lambda name: totals[name])
            parts.append(f"{v.title}: mostly {worst} ({percent(totals[worst])})")
    description = f"What ends each draft, by date. {'; '.join(parts)}."
    table_rows = []
    for v in run.drafts:
        table_rows.append((v.title, "still running at the horizon", "", percent(v.survival.alive[-1])))
        order = sorted(range(len(v.survival.endings)), key=lambda k: -v.survival.endings[k].probability)
        rest = sum(e.probability for e in v.survival.endings if e.probability < LEAST_LISTED)
        for k in order:
            ending = v.survival.endings[k]
            if ending.probability < LEAST_LISTED:
                continue
            table_rows.append((v.title, ending_name(v, k), month(ending.peak_date), percent(ending.probability)))
        if rest > 0:
            table_rows.append((v.title, "all other ways together", "", percent(rest)))
    table = Table(
        "How each draft ends, the likeliest first; with survival the rows of a draft add up to one",
        ("Draft", "Ending", "Likeliest in", "Probability by the horizon"),
        tuple(table_rows),
        (False, False, False, True),
    )
    caption = (
        "Each draft put in force at the start. The green part still runs; the rest has ended, in the way the colour "
        "says. The table names the actor and the move of every ending."
    )
    return Figure("What ends each draft", caption, description, theme.configured(chart, description), table)
