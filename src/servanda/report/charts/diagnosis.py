"""The figures of causes, remedies and limits: those parts of the diagnosis that were asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from servanda.diagnosis.answers import Diagnosis, FrictionLattice
from servanda.report.charts.access import access_figure
from servanda.report.charts.designs import designs_figure
from servanda.report.charts.figure import Figure
from servanda.report.charts.interactions import interactions_figure, pairs
from servanda.report.charts.mirage import mirage_figure
from servanda.report.charts.outcomes import events
from servanda.report.charts.plain import distinct, one_line, plain
from servanda.report.charts.shares import log_odds_figure, ranked, shares_figure
from servanda.report.charts.trust import bond_frontier_figure, bonds_figure, cooperation_figure
from servanda.report.charts.windows import windows_figure, world_figure
from servanda.runs import Run


def diagnosis_figures(run: Run) -> dict[str, Figure]:
    """Figures of the parts of `run.diagnosis` that hold anything, in the order of the report.

    Keys are `shares`, `log-odds`, `interactions`, `bonds`, `bond-frontier`, `cooperation`, `designs`, `mirage`,
    `windows`, `world` and `access`.
    """
    found = told_apart(plain(run.diagnosis))
    sides = distinct([(side.name, one_line(side.title) or side.name) for side in run.case.sides])
    made: dict[str, Figure] = {}
    lattice = found.lattice
    if lattice is not None and ranked(lattice):
        made["shares"] = shares_figure(lattice)
        if lattice.unit == "probability":
            made["log-odds"] = log_odds_figure(lattice)
        if pairs(lattice):
            made["interactions"] = interactions_figure(lattice)
    trust = found.trust
    if trust is not None:
        if any(len(side.curve) > 1 and side.least != 0.0 for side in trust.each):
            made["bonds"] = bonds_figure(trust)
        if len(trust.frontier) > 1 and len(trust.sides) == 2:
            made["bond-frontier"] = bond_frontier_figure(trust)
    if any(one.gains for one in found.cooperation):
        made["cooperation"] = cooperation_figure(found.cooperation, {one.draft: one.title for one in found.cooperation})
    designs = found.designs
    if designs is not None and designs.designs:
        made["designs"] = designs_figure(designs, [sides.get(side, side) for side in designs.sides])
    mirage = found.mirage
    if mirage is not None and mirage.drafts:
        made["mirage"] = mirage_figure(mirage, [sides.get(side, side) for side in mirage.sides])
    windows = found.windows
    if windows is not None and windows.dates:
        if windows.windows:
            labels = numbered([window.label for window in windows.windows])
            made["windows"] = windows_figure(windows, labels, events(run))
        if windows.offices or windows.no_deal:
            made["world"] = world_figure(windows, sides, events(run))
    if any(access.points for access in found.access):
        made["access"] = access_figure([access for access in found.access if access.points], sides)
    return made


def numbered(labels: Sequence[str]) -> list[str]:
    """The labels, with a number behind each that stood before already.

    >>> numbered(["a", "b", "a"])
    ['a', 'b', 'a (2)']
    """
    made: list[str] = []
    for label in labels:
        count = labels[: len(made)].count(label)
        made.append(f"{label} ({count + 1})" if count else label)
    return made


def told_apart(found: Diagnosis) -> Diagnosis:
    """The diagnosis with a title of its own for every draft and every friction: a chart draws alike titles as one."""
    named = [(one.draft, one.title) for one in found.cooperation]
    named += [(one.draft, one.title) for one in found.access]
    named += [(d.draft, d.title) for d in (found.designs.designs if found.designs else ())]
    named += [(d.draft, d.title) for d in (found.mirage.drafts if found.mirage else ())]
    titles = distinct(list(dict(named).items()))
    return replace(
        found,
        lattice=_frictions_apart(found.lattice) if found.lattice else None,
        cooperation=tuple(replace(one, title=titles[one.draft]) for one in found.cooperation),
        access=tuple(replace(one, title=titles[one.draft]) for one in found.access),
        designs=replace(found.designs, designs=tuple(replace(d, title=titles[d.draft]) for d in found.designs.designs))
        if found.designs
        else None,
        mirage=replace(found.mirage, drafts=tuple(replace(d, title=titles[d.draft]) for d in found.mirage.drafts))
        if found.mirage
        else None,
    )


def _frictions_apart(lattice: FrictionLattice) -> FrictionLattice:
    named = [*zip(lattice.frictions, lattice.titles, strict=True), *((s.friction, s.title) for s in lattice.shares)]
    titles = distinct(list(dict(named).items()))
    return replace(
        lattice,
        titles=tuple(titles[name] for name in lattice.frictions),
        shares=tuple(replace(share, title=titles[share.friction]) for share in lattice.shares),
    )
