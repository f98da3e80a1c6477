"""All figures of a run, by name, in the order of the report."""

from __future__ import annotations

from dataclasses import replace

from servanda.diagnosis.findings import DraftVerdict
from servanda.report.charts import credibility, drafts, indicators, outcomes, questions
from servanda.report.charts.diagnosis import diagnosis_figures
from servanda.report.charts.figure import Figure
from servanda.report.charts.plain import distinct, plain
from servanda.report.charts.why import why_figure
from servanda.runs import Run


def figures(run: Run) -> dict[str, Figure]:
    """Every figure for which the run has numbers; keys are `gates`, `survival`, `endings`, `credibility`,
    `why:DRAFT`, those of `diagnosis_figures`, `frictions`, `outcomes`, `drafts`, `questions`, `indicators` and
    `variables`.

    Returns
    -------
    dict of str to Figure
        `Figure.chart` is an `altair` chart with the light configuration.
    """
    # The case itself is left as it is: charts read only what was found.
    run = replace(
        run, drafts=_told_apart(plain(run.drafts)), forecast=plain(run.forecast), frictions=plain(run.frictions)
    )
    made: dict[str, Figure] = {}
    if run.drafts:
        made["gates"] = drafts.gates(run)
        made["survival"] = drafts.survival(run)
        made["endings"] = drafts.endings(run)
    if any(gap is not None for v in run.drafts for holder in v.credibility for gap in holder.gap):
        made["credibility"] = credibility.credibility(run)
    made |= {f"why:{v.draft}": why_figure(v) for v in run.drafts if v.why}
    made |= diagnosis_figures(run)
    if run.frictions:
        made["frictions"] = questions.frictions(run)
    made["outcomes"] = outcomes.outcome_areas(run)
    if run.forecast.outcomes.drafts:
        made["drafts"] = outcomes.live_drafts(run)
    if run.forecast.answers:
        made["questions"] = questions.questions(run)
    if run.forecast.indicators:
        made["indicators"] = indicators.fans(run)
    if run.forecast.variables:
        made["variables"] = indicators.variables(run)
    return made


def _told_apart(verdicts: tuple[DraftVerdict, ...]) -> tuple[DraftVerdict, ...]:
    """Drafts and holders with titles of their own: a chart would draw two of one title as one."""
    drafts = distinct([(v.draft, v.title) for v in verdicts])
    holders = distinct([(gap.actor, gap.actor_title) for v in verdicts for gap in v.credibility])
    return tuple(
        replace(
            v,
            title=drafts[v.draft],
            credibility=tuple(replace(gap, actor_title=holders[gap.actor]) for gap in v.credibility),
        )
        for v in verdicts
    )
