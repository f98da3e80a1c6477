"""Estimates: known ones are found again, errors behave, what cannot be told is named."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import chi2, lognorm

from servanda.case import load_text, read
from servanda.compile import Compiled, compile_case
from servanda.errors import CaseError
from servanda.estimation.ascent import Hill
from servanda.estimation.fitting import Settings, fit, fit_case
from servanda.estimation.likelihood import Likelihood
from servanda.estimation.panel import Panel, panel_of
from servanda.estimation.scales import likelihood_scale, values_at
from servanda.estimation.sheets import Sheet
from servanda.estimation.simulation import simulate
from tests.estimation.quarrels import TRUTH, compiled, quarrel

ROOT = Path(__file__).resolve().parents[2]
QUICK = Settings(starts=1, draws=0)


def panel(game: Compiled, episodes: int, seed: int = 1, times: int = 1, **more: object) -> Panel:
    """Simulated play of the quarrel, perhaps all of it several times over."""
    made = simulate(game, episodes, seed, values=TRUTH, **more)  # type: ignore[arg-type]
    rows = [(f"{k}.{row[0]}", *row[1:]) for k in range(times) for row in made.rows]
    return panel_of(Sheet("made.csv", made.columns, tuple(rows), tuple(range(2, len(rows) + 2))), game)


def covariance(found: object) -> np.ndarray:
    return np.array(found.covariance)  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def game() -> Compiled:
    return compiled()


@pytest.mark.parametrize("kind", [{}, {"order": "drawn"}, {"values": "taste"}])
def test_known_parameters_are_found_again(kind: dict[str, str]) -> None:
    game = compiled(**kind)
    found = fit(game, panel(game, 600), Settings(starts=2, draws=0))
    away = np.array([found[name].value - TRUTH[name] for name in ("cost", "gain", "sharp")])
    distance = away @ np.linalg.solve(covariance(found), away)
    assert distance < chi2.ppf(0.999, 3)
    assert found.search.converged
    assert found.search.reached == 2
    for name, truth in TRUTH.items():
        estimate = found[name]
        assert estimate.se is not None
        assert estimate.se_robust is not None
        assert abs(estimate.value - truth) < 3.5 * estimate.se < 0.5 * truth * 3.5
        # the model is right, so both errors estimate the same thing
        assert 0.75 < estimate.se_robust / estimate.se < 1.35
    assert found.quality.log_likelihood > found.quality.uniform
    assert found.quality.central is not None
    assert found.quality.log_likelihood >= found.quality.central


def test_all_data_twice_give_the_same_estimates_and_half_the_variance(game: Compiled) -> None:
    once, twice = (fit(game, panel(game, 150, times=k), QUICK) for k in (1, 2))
    for one, two in zip(once.estimates, twice.estimates, strict=True):
        assert two.value == pytest.approx(one.value, rel=1e-4)
        assert one.se is not None
        assert two.se == pytest.approx(one.se / math.sqrt(2.0), rel=1e-3)
        # the small-sample factor of clusters moves a little with their number
        assert one.se_robust is not None
        assert two.se_robust == pytest.approx(one.se_robust / math.sqrt(2.0), rel=5e-3)
    assert twice.quality.log_likelihood == pytest.approx(2.0 * once.quality.log_likelihood, rel=1e-8)
    assert twice.quality.pseudo_r2 == pytest.approx(once.quality.pseudo_r2, rel=1e-8)


def test_names_and_order_of_options_do_not_matter(game: Compiled) -> None:
    made = simulate(game, 120, 4, values=TRUTH)
    names = {"take": "storm", "wait": "rest"}
    at, decision = made.columns.index("option"), made.columns.index("decision")
    rows = tuple((*r[:at], names[r[at]], *r[at + 1 :]) if r[decision] == "grab" else r for r in made.rows)
    swapped = compiled(swapped=True)
    lines = tuple(range(2, len(rows) + 2))
    plain = fit(game, panel_of(Sheet("a.csv", made.columns, made.rows, lines), game), QUICK)
    other = fit(swapped, panel_of(Sheet("b.csv", made.columns, rows, lines), swapped), QUICK)
    assert other.quality.log_likelihood == pytest.approx(plain.quality.log_likelihood, rel=1e-10)
    for one, two in zip(plain.estimates, other.estimates, strict=True):
        assert (two.value, two.se, two.se_robust) == pytest.approx((one.value, one.se, one.se_robust), rel=1e-4)
    assert other.quality.hits == plain.quality.hits


def test_slopes_and_curvature_are_those_of_the_likelihood(game: Compiled) -> None:
    likelihood = Likelihood(panel(game, 60))
    scales = [likelihood_scale(p.name, p.number, bounded=False) for p in game.case.parameters]
    hill = Hill(likelihood, scales)
    point = np.array([0.3, -0.2, 0.4])
    height, slope, scores = hill.scored(point)
    assert height == pytest.approx(likelihood.total(values_at(scales, point[None]))[0], abs=1e-9)
    assert scores.shape == (len(likelihood.paths.bundle_episode), 3)
    curvature = -hill.information(point)
    # Richardson's extrapolation over longer steps
    for k in range(3):
        way = np.eye(3)[k]

        def rise(step: float, way: np.ndarray = way) -> np.ndarray:
            return (hill.scored(point + step * way)[1] - hill.scored(point - step * way)[1]) / (2.0 * step)

        up, down = (hill.heights((point + s * 0.01 * way)[None])[0] for s in (1, -1))
        far_up, far_down = (hill.heights((point + s * 0.02 * way)[None])[0] for s in (1, -1))
        wanted = (8.0 * (up - down) - (far_up - far_down)) / 0.12
        assert slope[k] == pytest.approx(wanted, rel=1e-5, abs=1e-4)
        assert curvature[k] == pytest.approx((4.0 * rise(0.01) - rise(0.02)) / 3.0, rel=1e-3, abs=1e-3)


def test_a_sum_is_told_from_its_parts(tmp_path: Path) -> None:
    text = quarrel(more=" + extra", parameters='  extra: {value: "normal(1, 1)", source: judgement}\n')
    text += '  idle: {value: "normal(0, 2)", source: judgement}\n'
    game = compile_case(load_text(text).require())
    found = fit(game, panel(game, 200), replace(QUICK, parameters=("cost", "gain", "extra", "idle")))
    flat = [d for d in found.directions if d.flat]
    assert sorted(sorted(name for name, _ in d.parts) for d in flat) == [["extra", "gain"], ["idle"]]
    assert found["idle"].se is None
    assert found["gain"].se is found["extra"].low is None
    assert found["cost"].se is not None
    assert found.condition is None
    assert any("`idle` does not move the odds of any choice. Hold it with --set" in w for w in found.warnings)
    assert any(w.startswith("Not identified: moving ") and "extra" in w and "gain" in w for w in found.warnings)


def test_restrictions_are_tested_by_the_likelihood_ratio(game: Compiled) -> None:
    seen = panel(game, 150)
    free = fit(game, seen, QUICK)
    held = fit(game, seen, replace(QUICK, held={"cost": 1.5, "gain": 8.0}))
    test = fit(game, seen, replace(QUICK, fixed={"cost": 1.5, "gain": 8.0})).restriction
    assert test is not None
    assert test.log_likelihood == pytest.approx(held.quality.log_likelihood, abs=1e-5)
    wanted = 2.0 * (free.quality.log_likelihood - held.quality.log_likelihood)
    assert (test.statistic, test.degrees) == (pytest.approx(wanted, abs=1e-4), 2)
    assert test.p_value == pytest.approx(chi2.sf(wanted, 2), abs=1e-5)
    assert dict(test.others) == pytest.approx({"sharp": held["sharp"].value}, rel=1e-3)
    assert held.held == (("cost", 1.5), ("gain", 8.0))


def test_bounded_estimates_stay_in_their_ranges() -> None:
    game = compiled(cost="4 to 6")
    seen = panel(game, 300)
    free, kept = fit(game, seen, QUICK), fit(game, seen, replace(QUICK, bounded=True))
    assert free["cost"].value < 4.0 < kept["cost"].value < 6.0
    assert any("`cost` lies outside the declared range 4 to 6" in w for w in free.warnings)
    assert kept.quality.log_likelihood < free.quality.log_likelihood


def test_the_posterior_is_that_of_a_grid() -> None:
    game = compiled()
    seen = panel(game, 25)
    held = {"cost": TRUTH["cost"], "gain": TRUTH["gain"]}
    found = fit(game, seen, Settings(starts=1, draws=2000, held=held))
    grid = np.exp(np.linspace(np.log(0.8), np.log(20.0), 1500))
    likely = Likelihood(seen, held).total([{"sharp": x} for x in grid])
    width = np.gradient(grid)
    mass = np.exp(likely - likely.max()) * lognorm.pdf(grid, 0.5, scale=4.0) * width
    mean = float(mass @ grid / mass.sum())
    sd = math.sqrt(float(mass @ (grid - mean) ** 2 / mass.sum()))
    upto = np.cumsum(mass) / mass.sum()
    belief, posterior = found["sharp"].belief, found.posterior
    assert belief is not None
    assert posterior is not None
    assert belief.mean == pytest.approx(mean, abs=0.1 * sd)
    assert belief.sd == pytest.approx(sd, rel=0.1)
    assert [belief.low, belief.high] == pytest.approx(np.interp([0.025, 0.975], upto, grid), abs=0.25 * sd)
    marginal = math.log(mass.sum()) + float(likely.max())
    assert abs(posterior.log_marginal - marginal) < 4.0 * posterior.log_marginal_error < 0.1
    assert posterior.effective > 1000
    assert posterior.tail < 0.7


def test_without_choices_that_tell_the_posterior_is_the_declared_distribution() -> None:
    also = '  idle: {value: "normal(0, 2)", source: judgement}\n'
    also += '  other: {value: "uniform(0, 1)", source: judgement}\n'
    also += "correlations:\n  - {between: [idle, other], correlation: 0.5, source: judgement}\n"
    game = compile_case(load_text(quarrel(parameters=also)).require())
    found = fit(game, panel(game, 30), Settings(parameters=("idle", "other"), starts=1, draws=4000))
    idle, other = found["idle"].belief, found["other"].belief
    assert idle is not None
    assert other is not None
    assert (idle.mean, idle.sd, idle.high) == pytest.approx((0.0, 2.0, 3.92), abs=0.25)
    assert (other.mean, other.sd, other.low) == pytest.approx((0.5, 0.2887, 0.025), abs=0.03)
    assert found.posterior is not None
    assert found.posterior.correlations[0][1] == pytest.approx(0.5, abs=0.06)
    assert found.posterior.log_marginal == pytest.approx(found.quality.log_likelihood, abs=0.05)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"parameters": ("price",)}, "no parameter is called `price`"),
        ({"parameters": ("kind",)}, "`kind` takes one of a few values"),
        ({"parameters": ("sure",)}, "`sure` is certain in the case"),
        ({"parameters": ("gain",), "held": {"gain": 3.0}}, "`gain` is both estimated and held by --set"),
        ({"parameters": ("gain",), "fixed": {"sharp": 3.0}}, "`sharp` is not estimated, so holding it tests nothing"),
        ({"parameters": ("cost",)}, "`cost` is a column of the panel, so it is known"),
    ],
)
def test_what_cannot_be_estimated_is_refused(settings: dict[str, object], said: str) -> None:
    also = '  kind: {value: "one of {a: 1, b: 2}", choices: {a: 1, b: 2}, source: judgement}\n'
    also += "  sure: {value: 2, source: judgement}\n"
    game = compile_case(load_text(quarrel(parameters=also)).require())
    with pytest.raises(CaseError) as caught:
        fit(game, panel(game, 5, vary=("cost",)), Settings(**settings))  # type: ignore[arg-type]
    assert [issue.message for issue in caught.value.issues] == [said]


def test_the_shipped_panel_gives_back_what_it_was_made_from() -> None:
    case = read("theory/deterrence-panel")
    truth = {"war_cost": 34.0, "audience_cost": 6.0, "reputation": 11.0, "decisiveness": 13.0}
    found = fit_case(case, ROOT / "cases" / "theory" / "deterrence-panel" / "panel.csv", Settings(starts=2, draws=300))
    assert [e.name for e in found.estimates] == list(truth)
    away = np.array([found[name].value - truth[name] for name in truth])
    assert away @ np.linalg.solve(covariance(found), away) < chi2.ppf(0.99, 4)
    for estimate in found.estimates:
        assert estimate.low is not None
        assert estimate.high is not None
        assert estimate.low < truth[estimate.name] < estimate.high
        assert estimate.belief is not None
        assert estimate.belief.low < truth[estimate.name] < estimate.belief.high
    assert (found.episodes, found.groups, found.covariates) == (400, 3, ("balance",))


@pytest.mark.verify
def test_intervals_cover_the_truth_as_often_as_they_say(game: Compiled) -> None:
    panels, covered, ratios, distances = 60, 0, [], []
    for seed in range(panels):
        seen = panel(game, 500, seed=1000 + seed)
        found = fit(game, seen, QUICK)
        away = np.array([found[name].value - truth for name, truth in TRUTH.items()])
        distances.append(away @ np.linalg.solve(covariance(found), away))
        ratios.append(2.0 * (found.quality.log_likelihood - Likelihood(seen).total([TRUTH])[0]))
        covered += sum(e.low < TRUTH[e.name] < e.high for e in found.estimates)  # type: ignore[operator]
    # three in a panel go together, so that the number of panels is what counts
    share, spread = covered / (3 * panels), math.sqrt(0.95 * 0.05 / panels)
    assert abs(share - 0.95) < 3.0 * spread
    # both are chi-squared with three degrees of freedom: mean 3, variance 6
    for statistic in (ratios, distances):
        assert abs(float(np.mean(statistic)) - 3.0) < 3.0 * math.sqrt(6.0 / panels)
