"""Depth of access: the published trade-off of transparency and security, and what a range is."""

from __future__ import annotations

from dataclasses import replace
from threading import Event

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from servanda.case import load_text
from servanda.case.resolved import ResolvedCase
from servanda.compile import compile_case
from servanda.diagnosis.access import access, widest_range
from servanda.diagnosis.answers import Access
from servanda.diagnosis.trials import Trials
from servanda.equilibrium import Settings
from servanda.equilibrium.solve import InterruptedSolveError
from servanda.errors import CaseError
from tests.reference.sources import published
from tests.sketches import Sketch
from tests.strategies import few

# The inspected state may cheat in secret each year. Its gain comes at the decision, a year before the flows of the
# published game: hence the division by the discount factor. Depths near zero are left out, at which even a state that
# always cheats is more likely than not to remain unseen for twenty years. Leaving costs the inspector a point, so that
# it leaves the end to the other side where it is near anyway.
TEXT = """\
case: monitoring
title: Monitoring against security
start: 2000-01-01
period: year
horizon: 20 years
sides:
  inspector: {{party: yes, led_by: agency}}
  inspected: {{party: yes, title: The inspected, led_by: state}}
actors:
  agency: {{side: inspector, discount: 1 / delta - 1, decisiveness: 0.001, source: judgement}}
  state: {{side: inspected, discount: 1 / delta - 1, decisiveness: 0.001, source: judgement}}
parameters:
  delta: {{value: {delta}, source: judgement}}
  surplus: {{value: {surplus}, source: judgement}}
  gain: {{value: {gain}, source: judgement}}
  found: {{value: {found}, source: judgement}}
  exposure: {{value: {exposure}, source: judgement}}
  depth: {{value: 0.4, unit: of all sites, source: judgement}}
levers:
  depth of access: {{sets: depth, range: [0, 1], access: [0.1, 1], source: judgement}}
decisions:
  conduct:
    by: inspected
    when: deal is live
    options:
      comply: {{}}
      cheat: {{hidden: yes, price: {{inspected: -gain / delta}}, source: judgement}}
protocol:
  order: fixed
  cooling_off: 1000 years
  forms: {{accord: {{exit_price: {{inspector: 1}}, source: judgement}}}}
drafts:
  accord:
    title: The accord
    form: accord
    phases: [{{name: in_force, owes: {{inspected: {{conduct: {{must: [comply]}}}}}}}}]
    verification: {{detection: found * depth}}
    source: judgement
payoffs:
  agency: {{security: {{worth: 1, when: deal is live, source: judgement}}}}
  state: {{surplus: {{worth: surplus - exposure * depth, when: deal is live}}}}
"""
FINE = 37
STEP = 0.9 / (FINE - 1)


def monitoring(
    surplus: float = 2.0, gain: float = 2.0, delta: float = 0.9, found: float = 1.0, exposure: float = 1.0
) -> ResolvedCase:
    text = TEXT.format(surplus=surplus, gain=gain, delta=delta, found=found, exposure=exposure)
    return load_text(text, "monitoring.yaml").require()


def only(case: ResolvedCase, points: int = FINE, **more: float) -> Access:
    (found,) = access(case, ["accord"], points=points, window=4, **more)
    return found


@pytest.mark.parametrize("row", [k for k in published("inspection") if k.startswith("coe_vaynman")])
def test_the_range_is_that_of_the_published_trade_off(row: str) -> None:
    known = published("inspection")[row]
    p = known["parameters"]
    case = monitoring(p["vC"] - p["vR"], p["vD"] - p["vC"], p["delta"], p["qbar"], p["sigma"])
    found, expected = only(case), known["prediction"]["m_interval"]
    if not expected:
        assert (found.both, found.passes) == (None, None)
        assert "At no depth of access does every party leave “The accord” standing" in found.sentence
    else:
        assert found.both == pytest.approx(expected, abs=STEP)
        assert found.passes == pytest.approx(expected, abs=STEP)


@pytest.mark.parametrize("exposure", [1.0, 2.0, 3.0, 4.4, 4.6, 8.0])
def test_a_higher_price_of_exposure_narrows_the_range_until_nothing_is_left(exposure: float) -> None:
    """m (S - s m) >= K has the roots (S -+ sqrt(S^2 - 4 s K)) / 2s, and none where s > S^2 / 4K = 4.5."""
    least = 0.1 * 2.0 / 0.9
    inside = 4.0 - 4.0 * exposure * least
    found = only(monitoring(exposure=exposure))
    if inside < 0.0:
        assert found.both is None
        assert found.passes is None
        return
    roots = [(2.0 + sign * np.sqrt(inside)) / (2.0 * exposure) for sign in (-1.0, 1.0)]
    assert found.both == pytest.approx((roots[0], min(roots[1], 1.0)), abs=STEP)
    middle = min(found.points, key=lambda p: abs(p.depth - 2.0 / (2.0 * exposure)))
    assert middle.keep > 0.99
    assert middle.sign > 0.99


def test_points_are_the_gates_at_their_depth() -> None:
    case = monitoring(exposure=3.0)
    found = only(case, points=4)
    assert [p.depth for p in found.points] == pytest.approx([0.1, 0.4, 0.7, 1.0])
    assert (found.central, found.unit, found.parameter, found.lever) == (
        0.4,
        "of all sites",
        "depth",
        "depth of access",
    )
    assert found.sides == ("inspector", "inspected")
    numbers = Trials(compile_case(case, menu=["accord"]), 0, window=4).run([{"depth": p.depth} for p in found.points])
    for j, point in enumerate(found.points):
        gates = (numbers.sign[j], numbers.ratify[j], numbers.keep[j], numbers.mean_life[j])
        assert (point.sign, point.ratify, point.keep, point.life) == pytest.approx(gates, abs=1e-9)
        assert point.kept_by == pytest.approx(tuple(1.0 - numbers.ended_by[:, j]), abs=1e-9)
        # nothing but the parties ends this accord
        assert 1.0 - point.keep == pytest.approx(sum(1.0 - k for k in point.kept_by), abs=1e-9)


def test_the_central_depth_lies_on_the_grid_where_it_is_in_range() -> None:
    case = monitoring()
    assert 0.4 in [p.depth for p in only(case, points=3).points]
    moved = access(case, ["accord"], points=3, overrides={"depth": 0.25}, window=4)[0]
    assert [p.depth for p in moved.points] == pytest.approx([0.1, 0.25, 0.55, 1.0])
    assert moved.central == 0.25
    outside = access(case, ["accord"], points=3, overrides={"depth": 0.0}, window=4)[0]
    assert [p.depth for p in outside.points] == pytest.approx([0.1, 0.55, 1.0])


def test_a_threshold_nobody_fails_gives_the_whole_range_and_one_nobody_reaches_gives_none() -> None:
    case = monitoring()
    assert only(case, points=5, threshold=0.0).both == (0.1, 1.0)
    assert only(case, points=5, threshold=1.1).both is None


def test_only_cases_with_a_depth_of_access_are_swept() -> None:
    assert access(Sketch().case, ["draft0"], window=2) == ()


def test_drafts_that_access_does_not_touch_are_left_out() -> None:
    case = monitoring()
    lever = replace(case.levers[0], sets="unused")
    spare = replace(next(p for p in case.parameters if p.name == "depth"), name="unused")
    deaf = replace(case, levers=(lever,), parameters=(*case.parameters, spare))
    seen: list[tuple[int, int]] = []
    assert access(deaf, ["accord"], window=4, progress=lambda *x: seen.append(x)) == ()
    assert seen == [(1, 1)]


def test_mistakes_and_interruptions_are_said() -> None:
    case = monitoring()
    with pytest.raises(CaseError, match="no draft is called pact"):
        access(case, ["pact"], window=4)
    with pytest.raises(ValueError, match="two points"):
        access(case, ["accord"], points=1, window=4)
    stop = Event()
    stop.set()
    with pytest.raises(InterruptedSolveError):
        access(case, ["accord"], window=4, settings=Settings(stop=stop))


@st.composite
def curves(draw: st.DrawFn) -> np.ndarray:
    places, count = draw(st.integers(2, 6)), draw(st.integers(1, 3))
    level = st.sampled_from([0.0, 0.2, 0.5, 0.7, 1.0])
    return np.array([[draw(level) for _ in range(places)] for _ in range(count)])


@given(curves=curves())
@few(60)
def test_the_widest_range_is_found_by_looking_everywhere(curves: np.ndarray) -> None:
    x = np.arange(curves.shape[1], dtype=np.float64)
    found = widest_range(x, curves, 0.5)
    # breaks of the level set lie at multiples of 1/70 for these levels
    fine = np.arange(0, 70 * (len(x) - 1) + 1) / 70
    inside = np.all([np.interp(fine, x, c) >= 0.5 - 1e-9 for c in curves], axis=0)
    runs, begun = [], None
    for k, here in enumerate([*inside, False]):
        if here and begun is None:
            begun = k
        elif not here and begun is not None:
            runs.append((fine[begun], fine[k - 1]))
            begun = None
    widest = max((b - a for a, b in runs), default=None)
    if widest is None:
        assert found is None
        return
    assert found is not None
    assert found[1] - found[0] == pytest.approx(widest, abs=2.5 / 70)
    assert all(np.interp(np.array(found), x, c) == pytest.approx(1.0, abs=0.5 + 1e-9) for c in curves)
