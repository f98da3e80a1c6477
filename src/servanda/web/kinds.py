"""Kinds of jobs: what each may be asked, and the function of the product that does it, in a given scenario.

A scenario reaches the product as parameter values that stand for the central ones throughout: those set, and over them
what switches frictions off. In draws these parameters are held, all others vary. A backtest holds them on every day on
which it freezes the case.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from threading import Event
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from servanda.errors import CaseError, Issue
from servanda.forecast.quantities import quantity_titles

if TYPE_CHECKING:
    from servanda.case.resolved import ResolvedCase
    from servanda.ensemble import Ensemble
    from servanda.outlook.forecasting import Settings as OutlookSettings
    from servanda.outlook.readings import Read
    from servanda.provenance import Provenance
    from servanda.uncertainty.answers import Sensitivity

Progress = Callable[[str, float], None]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Names = Annotated[list[Name], Field(max_length=64)]
EXPLAINED = "outcome.ever_deal"


class Options(BaseModel):
    """What a job is asked besides its scenario."""

    model_config = ConfigDict(extra="forbid")


class RunOptions(Options):
    """A whole run; with `diagnosis` what takes minutes: sets of frictions, bonds, designs, access, claims, threats."""

    diagnosis: bool = False


class ForecastOptions(Options):
    """A forecast; `leave_out`: also the answers without each piece of evidence."""

    draws: int = Field(256, ge=16, le=8192)
    leave_out: bool = True


class SensitivityOptions(Options):
    """What drives an answer, such as `question.NAME`, `outcome.ever_deal` or `gate.DRAFT.holds`."""

    draws: int = Field(256, ge=16, le=8192)
    question: Name = EXPLAINED


class SweepOptions(Options):
    """All draws solved and kept."""

    draws: int = Field(256, ge=16, le=65536)


class DesignsOptions(Options):
    """Designs of some drafts (None: all) by some levers (None: all)."""

    drafts: Names | None = None
    levers: Names | None = None
    draws: int = Field(64, ge=0, le=1024)


class FrictionsOptions(Options):
    """Every subset of frictions for a draft alone (None: the likeliest to hold; `all`: play with all of them)."""

    draft: Name | None = None


class EnforcementOptions(Options):
    """What threats could do for a draft (None: for each); with `patience` also from which patience on they could."""

    draft: Name | None = None
    patience: bool = False


class BacktestOptions(Options):
    """The case frozen on past days, and its forecasts scored."""

    draws: int = Field(128, ge=16, le=4096)


class OtherSide(BaseModel):
    """One side of a comparison: a version of a saved case (None: the newest), values set, frictions switched off."""

    model_config = ConfigDict(extra="forbid")

    case: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
    version: int | None = Field(None, ge=1, le=2**31 - 1)
    set: dict[Name, Annotated[float, Field(allow_inf_nan=False)]] = Field(default_factory=dict, max_length=500)
    off: Names = Field(default_factory=list)


class CompareOptions(Options):
    """Two sides; `a` is the scenario of the job itself if it is left out."""

    a: OtherSide | None = None
    b: OtherSide


@dataclass(frozen=True)
class Side:
    """A saved case as written and as read, in a scenario; `values` are those set, and what switches frictions off."""

    name: str
    version: int | None
    text: str
    case: ResolvedCase
    given: Mapping[str, float]
    off: Sequence[str]
    values: Mapping[str, float]


@dataclass(frozen=True)
class Work:
    """What a job has to do: its scenario (both sides of a comparison), its options, whom to tell, when to stop."""

    sides: Sequence[Side]
    options: Mapping[str, Any]
    progress: Progress
    stop: Event

    @property
    def case(self) -> ResolvedCase:
        """The case, the first of two."""
        return self.sides[0].case

    @property
    def values(self) -> Mapping[str, float]:
        """Parameter values of the first side."""
        return self.sides[0].values

    def counted(self, stage: str) -> Callable[[int, int], None]:
        """Progress for what tells how many of how many are done."""
        return lambda done, of: self.progress(stage, done / max(of, 1))


@dataclass(frozen=True)
class Made:
    """What a job has found, as a run keeps it; `options` is what is needed to do it again."""

    headline: str
    result: Any
    provenance: Provenance
    options: Mapping[str, Any]
    report: str | None = None
    rows: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)


def whole_run(work: Work) -> Made:
    """The verdict, the gates, reasons, forecast and certificates."""
    from servanda.analysis import Settings, run
    from servanda.equilibrium import Settings as SolverSettings
    from servanda.inquiry import EVERYTHING, QUICK
    from servanda.report.frames import run_rows
    from servanda.report.page import html
    from servanda.report.tables import to_dict

    parts = EVERYTHING if work.options["diagnosis"] else QUICK
    how = Settings(overrides=work.values, diagnosis=parts, solver=SolverSettings(stop=work.stop))
    found = run(work.case, how, work.progress)
    return Made(
        found.verdict.headline, to_dict(found), found.provenance, work.options, report=html(found), rows=run_rows(found)
    )


def forecast(work: Work) -> Made:
    """The dated questions over draws, before and after the evidence."""
    from servanda.outlook.forecasting import assembled, likeliest_alone, swept
    from servanda.report.forecasted import forecast_page, outlook_json
    from servanda.report.outlook_frames import outlook_rows

    begun = time.perf_counter()
    work.progress("prepare", 0.0)
    study, how = _study(work, likeliest_alone(work.case, work.values))
    study = replace(study, leave_out=work.options["leave_out"])
    read = swept(study, how, lambda share: work.progress("draws", 0.05 + 0.75 * share))
    found = assembled(work.case, study, read, how, begun, lambda share: work.progress("sensitivity", 0.8 + 0.2 * share))
    work.progress("report", 1.0)
    return Made(
        found.headline, outlook_json(found), found.provenance, {**work.options, "seed": how.seed},
        report=forecast_page(found), rows=outlook_rows(found),
    )  # fmt: skip


def explained(work: Work) -> Made:
    """What drives an answer, and the box of parameters in which it comes out."""
    import numpy as np

    from servanda.outlook.forecasting import likeliest_alone, provenance_of_study, swept
    from servanda.report.outlook_frames import sensitivity_rows
    from servanda.report.tables import plain_data
    from servanda.uncertainty.discovery import find_box
    from servanda.uncertainty.sensitivity import sensitivity

    name = work.options["question"]
    titles = quantity_titles(work.case, work.case.answerable)
    if name not in titles:
        from servanda.case.messages import did_you_mean

        said = f"no quantity is called `{name}`"
        raise CaseError(said, issues=(Issue("error", "unknown-quantity", said, did_you_mean(name, titles)),))
    # the gates of the likeliest draft are followed anyway: so the draws are those of the forecast
    drafts = likeliest_alone(work.case, work.values)
    if name.startswith("gate.") and name.split(".")[1] not in drafts:
        drafts = (name.split(".")[1],)
    study, how = _study(work, drafts)
    rows: Read = swept(study, how, lambda share: work.progress("draws", 0.9 * share))
    work.progress("sensitivity", 0.9)
    y, title = rows.swept[name], titles[name]
    driven: Sensitivity = sensitivity(rows.factors, rows.x, y, rows.after, quantity=name, title=title)
    weights = np.where(np.isfinite(y), rows.after, 0.0)
    condition = "is above 0.5 years" if name.endswith(".mean_life") else "is likelier than not"
    box = find_box(rows.factors, rows.x, y > 0.5, weights, quantity=name, title=title, condition=condition)
    boxes = [box.box] if box.box is not None else []
    return Made(
        driven.sentence,
        {
            "sensitivity": plain_data(driven), "boxes": plain_data(boxes),
            "reasons": [] if boxes else [box.reason], "weighing": plain_data(rows.weighing),
        },
        provenance_of_study(study, rows, how),
        {**work.options, "quantity": name, "seed": how.seed},
        rows=sensitivity_rows([driven], boxes),
    )  # fmt: skip


def swept_draws(work: Work) -> Made:
    """All draws solved, and means and bands of all answers."""
    from servanda.outlook.forecasting import provenance_of_study, swept
    from servanda.report.tables import plain_data
    from servanda.report.words import percent

    study, how = _study(work, ())
    rows = swept(study, how, lambda share: work.progress("draws", share))
    titles = quantity_titles(work.case, work.case.answerable)
    names = [n for n in rows.swept if n in titles and rows.swept[n].ndim == 1 and rows.known(n)]
    answers = [
        {"quantity": n, "title": titles[n], "before": plain_data(early), "after": plain_data(late)}
        for n in names
        for early, late in (rows.bands(n),)
    ]
    first = next((n for n in names if n == EXPLAINED), names[0] if names else None)
    said = f"{rows.swept.draws:,} draws"
    if first is not None:
        said += f": {titles[first][0].lower()}{titles[first][1:]}, {percent(rows.bands(first)[1].mean)} on average"
    counts = {"draws": rows.swept.draws, "failed": rows.swept.failed, "unsettled": rows.swept.unsettled}
    result = {"answers": answers, "weighing": plain_data(rows.weighing), "counts": counts}
    options = {**work.options, "seed": how.seed}
    return Made(f"{said}.", result, provenance_of_study(study, rows, how), options, rows={"answers": _flat(answers)})


def designs(work: Work) -> Made:
    """Every combination of the levers, for every draft."""
    from servanda.diagnosis.design import search_designs
    from servanda.equilibrium import Settings
    from servanda.inquiry import kept_trials
    from servanda.report.designed import brief, to_dict
    from servanda.uncertainty.draws import parameter_draws

    asked = work.options
    with kept_trials():
        found = search_designs(
            work.case, drafts=asked["drafts"], levers=asked["levers"], overrides=work.values,
            settings=Settings(stop=work.stop), draws=parameter_draws(work.case, asked["draws"]),
            progress=work.counted("games"),
        )  # fmt: skip
    headline = found.sentence or brief(found)[0]
    return Made(headline, to_dict(found, whole=True), _provenance(work), asked)


def frictions(work: Work) -> Made:
    """Every subset of frictions, the smallest repairs, and the single assumptions that turn the verdict."""
    from servanda.inquiry import explain_frictions
    from servanda.report.tables import plain_data

    lattice, turned = explain_frictions(
        work.case, work.options["draft"], overrides=work.values, stop=work.stop, progress=work.progress
    )  # fmt: skip
    result = {"frictions": plain_data(lattice), "flips": plain_data(turned)}
    return Made(lattice.sentence, result, _provenance(work), work.options)


def enforcement(work: Work) -> Made:
    """Whether any enforcement could keep a draft, or each of them."""
    from servanda.analysis.threats import weigh_threats
    from servanda.report.enforced import overall
    from servanda.report.tables import plain_data

    draft = work.options["draft"]
    found = weigh_threats(
        work.case, None if draft is None else [draft], work.values, patience=work.options["patience"],
        stop=work.stop, progress=work.progress,
    )  # fmt: skip
    return Made(overall(found), {"threats": plain_data(found)}, _provenance(work), work.options)


def backtested(work: Work) -> Made:
    """Forecasts of settled questions as of past days, scored by what happened."""
    from servanda.backtesting import Settings, backtest
    from servanda.report.backtested import backtest_json, backtest_page
    from servanda.report.outlook_frames import backtest_rows

    values = work.values

    class Held(Settings):
        """Settings that hold the parameters of the scenario in every frame."""

        def of_outlook(self) -> OutlookSettings:
            return replace(super().of_outlook(), overrides=values)

    found = backtest([work.case], Held(draws=work.options["draws"], stop=work.stop), work.progress)
    work.progress("report", 1.0)
    return Made(
        found.headline, backtest_json(found), found.provenance[0], {**work.options, "left_out": [], "library": False},
        report=backtest_page(found), rows=backtest_rows(found),
    )  # fmt: skip


def compared(work: Work) -> Made:
    """Two scenarios run and set side by side."""
    from servanda.comparison import compare, run_both
    from servanda.report.compared import brief, to_dict

    a, b = work.sides
    runs = run_both(a.case, b.case, a.values, b.values, progress=work.progress)
    labels = (_label("A", a), _label("B", b))
    found = compare(*runs, (None, None), labels)
    sides = [
        {"set": dict(side.values), "draft": None, "label": label} for side, label in zip((a, b), labels, strict=True)
    ]
    return Made(" ".join(brief(found)), to_dict(found), runs[0].provenance, {**work.options, "sides": sides})


def _study(work: Work, gates: Sequence[str]) -> tuple[Ensemble, OutlookSettings]:
    from servanda.ensemble import Ensemble
    from servanda.outlook.ahead import is_small
    from servanda.outlook.forecasting import Settings

    how = Settings(draws=work.options["draws"], overrides=work.values, stop=work.stop)
    study = Ensemble.of(work.case, seed=how.seed, gates=gates, overrides=work.values)
    return study, replace(how, workers=1) if is_small(study) else how


def _flat(answers: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [
        {"quantity": a["quantity"], "title": a["title"], "when": when, **a[when]}
        for a in answers
        for when in ("before", "after")
    ]


def _label(letter: str, side: Side) -> str:
    values = [f"{name} = {value:g}" for name, value in side.given.items()]
    return "; ".join([f"{letter}: {side.name}", *values, *(f"without {name}" for name in side.off)])


def _provenance(work: Work) -> Provenance:
    from servanda.case import dump
    from servanda.provenance import provenance_of

    asked = [(name, str(value)) for name, value in work.options.items()]
    held = [(f"set {name}", repr(value)) for name, value in work.values.items()]
    return provenance_of(work.case.name, dump(work.case), [*asked, *held])


@dataclass(frozen=True)
class Kind:
    """A kind of job: what it is called, what it may be asked, what does it."""

    title: str
    options: type[Options]
    perform: Callable[[Work], Made]


KINDS: dict[str, Kind] = {
    "run": Kind("Whole run", RunOptions, whole_run),
    "forecast": Kind("Forecast", ForecastOptions, forecast),
    "sensitivity": Kind("Sensitivity", SensitivityOptions, explained),
    "sweep": Kind("Sweep of draws", SweepOptions, swept_draws),
    "designs": Kind("Designs", DesignsOptions, designs),
    "frictions": Kind("Frictions and repairs", FrictionsOptions, frictions),
    "enforcement": Kind("Threats", EnforcementOptions, enforcement),
    "backtest": Kind("Backtest", BacktestOptions, backtested),
    "compare": Kind("Comparison", CompareOptions, compared),
}
