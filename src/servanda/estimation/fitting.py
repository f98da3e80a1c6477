"""Estimating declared parameters of a case from a panel: maximum likelihood, standard errors, tests, posterior."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from servanda.case.messages import did_you_mean
from servanda.case.resolved import Parameter, ResolvedCase
from servanda.case.written import dump
from servanda.compile import Compiled, compile_case
from servanda.errors import CaseError, Issue
from servanda.estimation.answers import Fit, Restriction, Search
from servanda.estimation.ascent import Hill, Top
from servanda.estimation.cautions import warnings_of
from servanda.estimation.likelihood import Engine, Likelihood, backward_induction
from servanda.estimation.panel import Panel, read_panel
from servanda.estimation.posterior import beliefs, sample, starts, summary
from servanda.estimation.quality import quality_of
from servanda.estimation.scales import Scale, likelihood_scale, prior_scale, score_correlations, values_at
from servanda.estimation.standard_errors import errors_of
from servanda.provenance import Provenance, provenance_of
from servanda.uncertainty.draws import SEED

Floats = NDArray[np.float64]
Progress = Callable[[str, float], None]

# tops whose heights differ by less are one
_SAME = 1e-3


@dataclass(frozen=True, slots=True)
class Settings:
    """What to estimate, and how.

    parameters: names, or all uncertain ones that stand in no column; held: values of others instead of the central
    ones; fixed: restrictions to test; bounded: keep estimates in their declared ranges; starts: points to climb from,
    the best of sixteen times as many draws; robust: form intervals from errors clustered by episode; draws: of the
    posterior, 0 for none; seed: of starts and draws; engine: what solves the game.
    """

    parameters: Sequence[str] = ()
    held: Mapping[str, float] = field(default_factory=dict)
    fixed: Mapping[str, float] = field(default_factory=dict)
    bounded: bool = False
    robust: bool = False
    starts: int = 6
    draws: int = 1000
    engine: Engine = backward_induction
    seed: int = SEED


def fit_case(
    case: ResolvedCase, data: str | Path, settings: Settings | None = None, progress: Progress | None = None
) -> Fit:
    """Estimate parameters of a case from a panel file.

    Raises
    ------
    CaseError
        If the panel, or what is asked for, does not fit the case.
    """
    compiled = compile_case(case)
    return fit(compiled, read_panel(data, compiled), settings, progress)


def fit(compiled: Compiled, panel: Panel, settings: Settings | None = None, progress: Progress | None = None) -> Fit:
    """Estimate parameters of a compiled case from a panel.

    Raises
    ------
    CaseError
        If what is asked for does not fit the case, or its numbers make no game at any start.
    """
    begun = time.perf_counter()
    how = settings or Settings()
    tell = progress or (lambda _stage, _share: None)
    case = compiled.case
    asked = chosen_parameters(case, panel, how)
    likelihood = Likelihood(panel, dict(how.held), how.engine)
    # what is wrong with the central numbers is told with its place in the case
    compiled.numbers([{**how.held, **panel.of_group(g)} for g in range(panel.groups)])
    scales = [likelihood_scale(p.name, p.number, bounded=how.bounded) for p in asked]
    central = {p.name: how.held.get(p.name, p.number.central) for p in asked}
    correlations = score_correlations(asked, [(c.parameters, c.value) for c in case.correlations])
    scores = [prior_scale(p.name, p.number) for p in asked]
    tell("search", 0.0)
    seeds = starts(scores, correlations, 16 * how.starts, how.seed)
    top, search = _climbed(
        Hill(likelihood, scales), scales, central, seeds, how.starts, lambda x: tell("search", 0.5 * x)
    )
    values = values_at(scales, top.point[None])[0]
    restriction = None
    if how.fixed:
        tell("test", 0.5)
        restriction = _restricted(likelihood, asked, how, values, top.height)
    found = None
    if how.draws:
        tell("posterior", 0.55)
        hill = Hill(likelihood, scores, np.asarray(np.linalg.inv(correlations), dtype=np.float64))
        prior_top = _summit(hill, scores, values, central)
        found = sample(hill, prior_top, how.draws, how.seed, lambda x: tell("posterior", 0.55 + 0.4 * x))
    tell("check", 0.95)
    likelihood.anchor(None)
    cold = float(likelihood.total([values])[0])
    estimates, covariance, condition, directions = errors_of(likelihood, asked, scales, top, robust=how.robust)
    if found is not None:
        estimates = [replace(e, belief=b) for e, b in zip(estimates, beliefs(found), strict=True)]
    posterior = summary(found) if found is not None else None
    at_central = float(likelihood.total([central])[0])
    quality = quality_of(likelihood, values, len(asked), cold, at_central if math.isfinite(at_central) else None)
    search = replace(search, solved=likelihood.solved)
    width = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    together = covariance / np.where(np.outer(width, width) > 0.0, np.outer(width, width), np.nan)
    warnings = warnings_of(likelihood, asked, estimates, directions, search, posterior, cold, top.height)
    held = tuple(
        (p.name, how.held.get(p.name, p.number.central))
        for p in case.parameters
        if p.name not in central and p.name not in panel.covariates and (not p.number.certain or p.name in how.held)
    )
    return Fit(
        case.name, case.title, panel.file, case.values, panel.choices, len(panel.episodes), panel.groups,
        panel.covariates, held, tuple(estimates), _rows(covariance), _rows(together), condition, directions, quality,
        search, restriction, posterior, warnings, time.perf_counter() - begun, _provenance(case, panel, how, asked),
    )  # fmt: skip


def chosen_parameters(case: ResolvedCase, panel: Panel, how: Settings) -> tuple[Parameter, ...]:
    """The parameters to estimate, in the order of the case.

    Raises
    ------
    CaseError
        With every name that cannot be estimated.
    """
    known = {p.name: p for p in case.parameters}
    issues = []

    def wrong(message: str, hint: str) -> None:
        issues.append(Issue("error", "cannot-estimate", message, hint))

    for name in how.parameters:
        if name not in known:
            issues.append(
                Issue("error", "unknown-parameter", f"no parameter is called `{name}`", did_you_mean(name, known))
            )
        elif name in panel.covariates:
            wrong(f"`{name}` is a column of the panel, so it is known", "drop the column, or do not estimate it")
        elif known[name].number.kind == "choice":
            wrong(f"`{name}` takes one of a few values", "fit once for each with --set, and compare log-likelihoods")
        elif known[name].number.certain:
            wrong(f"`{name}` is certain in the case", "give it a distribution, such as `2 to 5`")
        elif name in how.held:
            wrong(f"`{name}` is both estimated and held by --set", "do one of the two")
    names = list(how.parameters) or [
        p.name
        for p in case.parameters
        if not p.number.certain and p.number.kind != "choice" and p.name not in panel.covariates
        and p.name not in how.held
    ]  # fmt: skip
    for name in how.fixed:
        if name not in names:
            wrong(f"`{name}` is not estimated, so holding it tests nothing", f"estimated: {', '.join(names) or 'none'}")
    if not names and not issues:
        wrong("the case has no uncertain parameter that could be estimated", "give parameters distributions")
    if issues:
        raise CaseError("parameters that cannot be estimated", issues=tuple(issues))
    return tuple(p for p in case.parameters if p.name in names)


def _climbed(
    hill: Hill,
    scales: Sequence[Scale],
    central: Mapping[str, float],
    seeds: Sequence[Mapping[str, float]],
    count: int,
    tell: Callable[[float], None],
) -> tuple[Top, Search]:
    """The highest top found from the central values and from the best of many draws."""
    points = np.array([[s.coordinate(v[s.name]) for s in scales] for v in (central, *seeds)]).reshape(-1, len(scales))
    heights, _ = hill.survey(points)
    if not np.isfinite(heights).any():
        message = "no play under any of the declared values could have led to these choices"
        issue = Issue("error", "panel-impossible", message, "look at the ranges of the parameters, and at the panel")
        raise CaseError(message, issues=(issue,))
    order = [k for k in np.argsort(-heights[1:], kind="stable") + 1 if np.isfinite(heights[k])][: max(count - 1, 0)]
    from_where = [0, *order] if np.isfinite(heights[0]) else order
    tops = []
    for done, k in enumerate(from_where):
        tell(done / len(from_where))
        tops.append(hill.climb(points[k]))
    best = max(tops, key=lambda t: t.height)
    reached = sum(t.height > best.height - _SAME for t in tops)
    lower = sorted({round(t.height, 3) for t in tops if t.converged and t.height <= best.height - _SAME}, reverse=True)
    return best, Search(len(tops), reached, tuple(lower), 0, best.left, best.converged)


def _summit(hill: Hill, scales: Sequence[Scale], values: Mapping[str, float], central: Mapping[str, float]) -> Top:
    """The top of the posterior, climbed to from the estimates and from the central values."""
    begins = [np.clip([s.coordinate(v[s.name]) for s in scales], -3.0, 3.0) for v in (values, central)]
    return max((hill.climb(np.asarray(b)) for b in begins), key=lambda t: t.height)


def _restricted(
    likelihood: Likelihood, asked: Sequence[Parameter], how: Settings, values: Mapping[str, float], height: float
) -> Restriction:
    """Fit again with some parameters held, and compare."""
    free = [p for p in asked if p.name not in how.fixed]
    scales = [likelihood_scale(p.name, p.number, bounded=how.bounded) for p in free]
    held = replace(likelihood, held={**likelihood.held, **how.fixed})
    central = {p.name: p.number.central for p in free}
    top, _ = _climbed(Hill(held, scales), scales, central, [values], 2, lambda _: None)
    statistic = max(2.0 * (height - top.height), 0.0)
    others = values_at(scales, top.point[None])[0] if free else {}
    return Restriction(
        tuple(how.fixed.items()), top.height, statistic, len(how.fixed), float(chi2.sf(statistic, len(how.fixed))),
        tuple(others.items()),
    )  # fmt: skip


def _rows(matrix: Floats) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(row) for row in matrix.tolist())


def _provenance(case: ResolvedCase, panel: Panel, how: Settings, asked: Sequence[Parameter]) -> Provenance:
    digest = sha256()
    for part in (panel.episode, panel.period, panel.stage, panel.row, panel.chosen, panel.known, panel.group):
        digest.update(np.ascontiguousarray(part).tobytes())
    settings = [
        ("panel", panel.file), ("panel_digest", digest.hexdigest()), ("parameters", ",".join(p.name for p in asked)),
        ("bounded", str(how.bounded)), ("robust", str(how.robust)), ("starts", str(how.starts)),
        ("draws", str(how.draws)), ("seed", str(how.seed)),
        *[(f"set {k}", repr(v)) for k, v in sorted(how.held.items())],
        *[(f"fix {k}", repr(v)) for k, v in sorted(how.fixed.items())],
    ]  # fmt: skip
    return provenance_of(case.name, dump(case), settings)
