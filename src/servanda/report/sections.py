"""The words and small tables of the report that are neither charts nor assumptions."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from servanda.bounds.answers import Enforcement
from servanda.case.resolved import Draft
from servanda.diagnosis.findings import DraftVerdict, Gate
from servanda.equilibrium.outcome import Status
from servanda.forecast.vocabulary import words
from servanda.report import diagnosed, enforced
from servanda.report.charts.drafts import NOT_NEEDED, ending_name, waived
from servanda.report.charts.enforcement import enforcement_figure
from servanda.report.charts.figure import Figure, Table
from servanda.report.charts.plain import plain
from servanda.report.words import (
    GATE_TITLES,
    capital,
    counted,
    fine_percent,
    full_date,
    listed,
    month,
    number,
    percent,
    percent_with_odds,
    period_name,
    points,
    years,
)
from servanda.runs import Run


@dataclass(frozen=True, slots=True)
class GateCell:
    """One gate in the table of drafts: words, number, margin, and who is tightest when."""

    kind: str
    title: str
    words: str
    number: str
    margin: str
    who: str
    where: str
    sentence: str


@dataclass(frozen=True, slots=True)
class DraftBrief:
    """One draft as the report shows it."""

    name: str
    title: str
    summary: str
    sentence: str
    form: str
    gates: tuple[GateCell, ...]
    holds_words: str
    holds: str
    mean_life: str
    endings: tuple[tuple[str, str, str], ...]
    play: tuple[tuple[str, str], ...]
    phases: tuple[str, ...]
    positions: Table | None


def gate_cell(gate: Gate) -> GateCell:
    """A gate as words first; a gate nobody has to pass says so."""
    if waived(gate):
        return GateCell(gate.kind, GATE_TITLES[gate.kind], NOT_NEEDED, "", "", "", "", gate.sentence)
    who = where = ""
    if gate.tightest is not None:
        t = gate.tightest
        who = f"{capital(t.actor_title)}, {month(t.date)}"
        where = f"{t.move} rather than {t.alternative}: odds {percent(t.odds)}; {t.state}"
    return GateCell(
        gate.kind, GATE_TITLES[gate.kind], words(gate.probability), percent_with_odds(gate.probability),
        points(gate.margin), who, where, gate.sentence,
    )  # fmt: skip


def _positions(draft: Draft, sides: Mapping[str, str]) -> Table | None:
    if not draft.positions:
        return None
    issues = list(dict.fromkeys(issue for _, stated in draft.positions for issue, _ in stated))
    held = {side: dict(stated) for side, stated in draft.positions}
    rows = tuple(
        (issue, *(number(held[side][issue]) if issue in held[side] else "–" for side in held)) for issue in issues
    )
    return Table(
        f"Stated positions on {draft.title or draft.name}", ("Issue", *(sides.get(side, side) for side in held)), rows
    )


def draft_brief(run: Run, verdict: DraftVerdict) -> DraftBrief:
    """Everything the report says about one draft outside the charts."""
    written = next((draft for draft in run.case.drafts if draft.name == verdict.draft), None)
    forms = {form.name: form.title or form.name for form in run.case.protocol.forms}
    order = sorted(range(len(verdict.survival.endings)), key=lambda k: -verdict.survival.endings[k].probability)
    endings = tuple(
        (ending_name(verdict, k), percent(e.probability), month(e.peak_date))
        for k in order
        if (e := verdict.survival.endings[k]).probability >= 0.005
    )
    return DraftBrief(
        name=verdict.draft,
        title=verdict.title,
        summary=written.summary if written else "",
        sentence=verdict.sentence,
        form=forms.get(verdict.form, verdict.form),
        gates=tuple(gate_cell(gate) for gate in verdict.gates),
        holds_words=words(verdict.holds),
        holds=percent_with_odds(verdict.holds),
        mean_life=years(verdict.survival.mean_life_years),
        endings=endings[:8],
        play=(
            ("Signed, this draft alone on the table", percent(verdict.alone_signed)),
            ("Running at the horizon, this draft alone", percent(verdict.alone_running)),
            ("Ever signed, with every draft on the table", percent(verdict.signed)),
            ("Ever in force, with every draft on the table", percent(verdict.in_force)),
            ("Running at the horizon, with every draft on the table", percent(verdict.running_at_horizon)),
        ),
        phases=tuple(
            f"{phase.title or phase.name} ({years(phase.lasts)})"
            if 0 < phase.lasts < math.inf
            else (phase.title or phase.name)
            for phase in (written.phases if written else ())
        ),
        positions=_positions(written, {s.name: s.title or s.name for s in run.case.sides}) if written else None,
    )


def temptations(run: Run, *, worst_only: bool = False) -> Table:
    """The largest temptation of each holder (or of the most tempted one) of each draft, when and by which move."""
    dates = run.forecast.outcomes.dates
    rows = []
    for verdict in run.drafts:
        own: list[tuple[float, tuple[str, ...]]] = []
        for holder in verdict.credibility:
            found = [(gap, t) for t, gap in enumerate(holder.gap) if gap is not None]
            if not found:
                continue
            gap, t = max(found)
            total = sum(holder.weight)
            mean = (
                percent(sum(w * s for w, s in zip(holder.weight, holder.tempted, strict=True)) / total)
                if total
                else "–"
            )
            own.append((gap, (verdict.title, holder.actor_title, points(gap), month(dates[t]), holder.option[t], mean)))
        if worst_only and own:
            own = [max(own)]
        rows += [row for _, row in own]
    what = "of the most tempted holder of each draft" if worst_only else "of each holder"
    return Table(
        f"The largest temptation {what}, in points of present value",
        ("Draft", "Holder", "Largest gap", "When", "By", "Tempted when it decides"),
        tuple(rows),
        (False, False, True, False, False, True),
    )


def threats(run: Run) -> tuple[Enforcement, ...]:
    """What threats could do, for the drafts for which it was worked out, the likeliest draft first."""
    first = diagnosed.first_draft(run)
    return tuple(sorted(enforced.answered(run.threats), key=lambda found: found.draft != first))


def threat_figures(found: Iterable[Enforcement]) -> dict[str, Figure]:
    """The picture of the payoff sets of each, as `threats:DRAFT`."""
    return {f"threats:{one.draft or one.case}": threat_figure(one) for one in found}


def threat_figure(found: Enforcement) -> Figure:
    """The picture of the payoff sets of one draft, under a heading that names the draft."""
    return replace(enforcement_figure(plain(found)), title=f"What is within reach: {found.title}")


def in_short(run: Run) -> tuple[diagnosed.Line, ...]:
    """The diagnosis in one line a part, and what threats could do, each with the section that shows it."""
    lines = diagnosed.brief(run.diagnosis)
    if not run.threats:
        return lines
    after = sum(line.section in ("frictions", "remedies") for line in lines)
    own = diagnosed.Line("Enforcement", enforced.overall(run.threats, diagnosed.first_draft(run)), "threats")
    return (*lines[:after], own, *lines[after:])


def certificates(run: Run) -> Table:
    """What other code found when it recomputed the solution."""
    c = run.certificate
    regret = f"{number(c.regret)} points" + (f" ({c.regret_actor}: {c.regret_place})" if c.regret_actor else "")
    return Table(
        "Certificates of the solution",
        ("Check", "Found"),
        (
            ("Residual of values, recomputed by other code", f"{c.value_error:.1e} points"),
            ("Residual of odds", f"{c.choice_error:.1e}"),
            ("Regret: the largest expected loss one change of move would avoid", regret),
            ("Steps of the continuation beyond the calendar", f"{c.tail_steps:,}"),
            ("Last change of the continuation, relative", f"{c.tail_change:.1e}"),
            ("Stopping rule", c.rule),
            ("Largest residual of a margin's parts", f"{largest_residual(run):.1e} points"),
        ),
        (False, False),
    )


def largest_residual(run: Run) -> float:
    """The largest difference between a margin and the sum of its parts, in points."""
    return max((abs(why.residual) for verdict in run.drafts for why in verdict.why), default=0.0)


def selection(run: Run) -> Table:
    """Each headline number across the branches of the selection certificate."""
    rows = []
    for k, spread in enumerate(run.selection.spreads):
        shown = number if spread.quantity.endswith("(years)") else fine_percent
        branches = tuple(shown(branch[k]) for branch in run.selection.by_branch)
        verdict = "selection-dependent" if spread.dependent else "stands"
        rows.append((capital(spread.quantity), shown(spread.value), *branches, verdict))
    return Table(
        f"Selection certificate: headline numbers by branch (tolerance {percent(run.selection.tolerance)})",
        ("Quantity", "Answer", *(capital(branch) for branch in run.selection.branches), "Verdict"),
        tuple(rows),
    )


def selection_sentence(run: Run) -> str:
    """Whether the headline numbers hang on the values assumed beyond the horizon."""
    moving = [spread.quantity for spread in run.selection.spreads if spread.dependent]
    branches = counted(len(run.selection.branches), "other continuation")
    if not moving:
        return f"No headline number moves by more than {percent(run.selection.tolerance)} under {branches}."
    return f"Selection-dependent under {branches}: {listed(moving)}."


def status_sentence(run: Run) -> str:
    """The status of the solve, as its sentence."""
    return run.status.value


def solved(run: Run) -> bool:
    """Whether the numbers can be read as they stand."""
    return run.status is Status.SOLVED


def sharpness(run: Run) -> Table:
    """How surely each actor picks the better option."""
    return Table(
        "How surely each actor picks the better option",
        ("Actor", "Nine times in ten at", "Precision λ per point", "λ × range of a year's payoffs"),
        tuple(
            (s.title, f"{s.decisiveness:.1f} points", f"{s.precision:.3f}", f"{s.scale_free:.1f}")
            for s in run.sharpness
        ),
        (False, True, True, True),
    )


def sizes(run: Run) -> Table:
    """Counts of the compiled game and the cost of the run."""
    size = run.size
    rows = [
        (name, f"{value:,}")
        for name, value in (
            ("States", size.states), ("Decision nodes", size.nodes), ("Options", size.options),
            ("Successors", size.successors), ("Coefficients", size.coefficients), ("Stages of a period", size.stages),
            ("Periods", size.periods), ("Actors", size.actors),
        )
    ]  # fmt: skip
    rows += [(f"Time: {timing.stage}", f"{timing.seconds:.2f} s") for timing in run.timings]
    rows.append(("Peak memory", f"{run.peak_memory_mb:,.0f} MB"))
    return Table("Size of the game and cost of the run", ("Measure", "Value"), tuple(rows))


def provenance(run: Run) -> Table:
    """What is needed to make the run again."""
    p = run.provenance
    rows = [("Case", p.case), ("Digest of the resolved case (SHA-256)", p.digest), ("Made at (UTC)", p.made_at)]
    rows += [(f"Setting: {name}", value) for name, value in p.settings]
    rows += [(f"Version: {name}", value) for name, value in p.versions]
    return Table("Provenance", ("Item", "Value"), tuple(rows), (False, False))


def frame(run: Run) -> str:
    """The time frame of the case in one line."""
    case = run.case
    end = run.forecast.outcomes.dates[-1]
    return (
        f"{case.periods} periods of a {period_name(case.period_months)} from {full_date(case.start)} "
        f"to {full_date(end)}; {case.values} values."
    )
