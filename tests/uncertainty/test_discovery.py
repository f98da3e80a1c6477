"""Boxes: planted ones are found, chance finds none, numbers are those of the draws inside."""

from __future__ import annotations

from itertools import combinations, pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servanda.case.uncertain import parse_uncertain
from servanda.uncertainty.answers import Box
from servanda.uncertainty.discovery import find_box
from servanda.uncertainty.factors import Factor

UNIFORM = parse_uncertain("uniform(0, 1)")


def factors_of(count: int) -> list[Factor]:
    return [Factor(f"x{k}", f"X{k}", UNIFORM, "m" if k == 0 else "") for k in range(count)]


def found_in(x: np.ndarray, holds: np.ndarray, **options: object) -> Box:
    box = find_box(factors_of(x.shape[1]), x, holds, quantity="y", title="Y", condition="is likely", **options).box  # type: ignore[arg-type]
    assert box is not None
    return box


def inside(box: Box, x: np.ndarray) -> np.ndarray:
    within = np.ones(len(x), dtype=bool)
    for limit in box.limits:
        column = x[:, int(limit.parameter[1:])]
        within &= (column >= limit.low) & (column <= limit.high)
    return within


@pytest.mark.parametrize("draws", [256, 2000, 4000])
def test_a_planted_box_is_recovered(draws: int) -> None:
    x = np.random.default_rng(2).random((draws, 40))
    box = found_in(x, (x[:, 3] > 0.4) & (x[:, 7] < 0.6) & (x[:, 9] > 0.1) & (x[:, 9] < 0.9))
    sides = {limit.parameter: (limit.low, limit.high) for limit in box.limits}
    assert set(sides) == {"x3", "x7", "x9"}
    # as near as draws lie to the edges: some 30 of 256 are within 0.03 of one
    assert sides["x3"] == pytest.approx((0.4, 1.0), abs=0.03)
    assert sides["x7"] == pytest.approx((0.0, 0.6), abs=0.03)
    assert sides["x9"] == pytest.approx((0.1, 0.9), abs=0.03)
    assert box.density > 0.98
    assert box.coverage > 0.98
    assert all(limit.p_value < 1e-3 for limit in box.limits)


def test_a_noisy_box_matches_what_another_program_finds() -> None:
    # ema-workbench 2.5.3 (peeling by twentieths) passes boxes of which the best is worth 0.1169 in mass times rise of
    # the share; its limits are x0 >= 0.595 and x1 <= 0.490 beside a slice of x2 that is noise.
    rng = np.random.default_rng(7)
    x = rng.random((1000, 6))
    holds = rng.random(1000) < np.where((x[:, 0] > 0.6) & (x[:, 1] < 0.5), 0.85, 0.1)
    box = found_in(x, holds)
    assert [limit.parameter for limit in box.limits] == ["x0", "x1"]
    assert box.mass * (box.density - box.base) >= 0.1169
    assert box.limits[0].low == pytest.approx(0.6, abs=0.03)
    assert box.limits[1].high == pytest.approx(0.5, abs=0.05)


def test_the_numbers_are_those_of_the_draws_inside() -> None:
    rng = np.random.default_rng(4)
    x = rng.random((800, 8))
    holds = rng.random(800) < np.where((x[:, 1] > 0.5) & (x[:, 2] > 0.3), 0.9, 0.2)
    box = found_in(x, holds)
    within = inside(box, x)
    assert box.mass == pytest.approx(within.mean())
    assert box.density == pytest.approx(holds[within].mean())
    assert box.coverage == pytest.approx(holds[within].sum() / holds.sum())
    assert box.base == pytest.approx(holds.mean())
    assert box.path[0] == (1.0, pytest.approx(holds.mean()), 0)
    masses = [coverage / max(density, 1e-9) for coverage, density, _ in box.path]
    assert all(later <= earlier + 1e-12 for earlier, later in pairwise(masses))
    assert all(limits <= 4 for _, _, limits in box.path)
    assert box.limits[0].support == (pytest.approx(0, abs=0.01), pytest.approx(1, abs=0.01))
    percent = f"{100 * box.density:.0f} %"
    assert box.sentence.startswith(f"“Y” is likely in {percent} of the draws where “X")
    assert f"against {100 * box.base:.0f} % of all draws" in box.sentence


def test_no_box_of_two_limits_on_a_small_grid_is_much_better() -> None:
    rng = np.random.default_rng(9)
    x = rng.integers(0, 6, (600, 3)).astype(float)
    holds = rng.random(600) < 0.1 + 0.7 * ((x[:, 0] >= 3) & (x[:, 1] <= 2))
    best = 0.0
    spans = [(low, high) for low in range(6) for high in range(low, 6)]
    for a, b in combinations(range(3), 2):
        for (a0, a1), (b0, b1) in product(spans, spans):
            within = (x[:, a] >= a0) & (x[:, a] <= a1) & (x[:, b] >= b0) & (x[:, b] <= b1)
            if within.any():
                best = max(best, within.mean() * (holds[within].mean() - holds.mean()))
    box = found_in(x, holds)
    assert box.mass * (box.density - box.base) == pytest.approx(best, rel=0.02)
    assert {(limit.parameter, limit.low, limit.high) for limit in box.limits} == {("x0", 3.0, 5.0), ("x1", 0.0, 2.0)}


def test_a_choice_is_named() -> None:
    numbers = {"north": 0, "east": 1, "south": 2, "west": 3}
    choice = parse_uncertain("one of {north: 1, east: 1, south: 1, west: 1}", choices=numbers)
    rng = np.random.default_rng(1)
    x = np.stack([rng.integers(0, 4, 500), rng.random(500)], axis=1)
    factors = [Factor("wind", "Wind", choice), Factor("x", "X", UNIFORM)]
    holds = np.isin(x[:, 0], (0.0, 2.0)) & (x[:, 1] > 0.5)
    box = find_box(factors, x, holds, quantity="y", title="Y", condition="is likely").box
    assert box is not None
    wind = next(limit for limit in box.limits if limit.parameter == "wind")
    assert wind.choices == ("north", "south")
    assert (wind.low, wind.high) == (0.0, 2.0)
    assert "“Wind” is north or south" in box.sentence
    assert box.density > 0.95


def test_chance_finds_no_box() -> None:
    rng = np.random.default_rng(6)
    for _ in range(10):
        found = find_box(
            factors_of(30), rng.random((300, 30)), rng.random(300) < 0.3, quantity="y", title="Y", condition="is so"
        )  # fmt: skip
        assert found.box is None
        assert found.reason == "No range of a few parameters tells when “Y” is so: chance does as well."


@pytest.mark.parametrize(
    ("held", "reason"),
    [
        (0, "“Y” is so in no draw, so there is nothing to look for."),
        (3, "“Y” is so in hardly any draw (1 %): too one-sided to say where."),
        (297, "“Y” is so in nearly every draw (99 %): too one-sided to say where."),
        (300, "“Y” is so in every draw, whatever the parameters are."),
    ],
)
def test_what_is_nearly_always_or_never_so_has_no_box(held: int, reason: str) -> None:
    x = np.random.default_rng(0).random((300, 3))
    found = find_box(factors_of(3), x, np.arange(300) < held, quantity="y", title="Y", condition="is so")
    assert (found.box, found.reason) == (None, reason)


def test_weights_count_like_repeated_draws() -> None:
    rng = np.random.default_rng(8)
    x = rng.random((1200, 5))
    holds = (x[:, 0] > 0.5) & (x[:, 1] > 0.4)
    weights = np.where(x[:, 4] < 0.5, 1.0, 0.0)
    some = find_box(factors_of(5), x, holds, weights, quantity="y").box
    kept = x[:, 4] < 0.5
    other = find_box(factors_of(5), x[kept], holds[kept], quantity="y").box
    assert some == other
    assert some is not None
    tilted = find_box(factors_of(5), x, holds, 1.0 + x[:, 0], quantity="y").box
    assert tilted is not None
    assert tilted.base == pytest.approx(np.average(holds, weights=1.0 + x[:, 0]))
    assert {limit.parameter for limit in tilted.limits} == {"x0", "x1"}


def test_a_denser_and_a_wider_box_can_be_asked_for() -> None:
    rng = np.random.default_rng(12)
    x = rng.random((3000, 4))
    holds = rng.random(3000) < np.clip(x[:, 0] + x[:, 1] - 0.6, 0.0, 1.0)
    wide, narrow = found_in(x, holds, density=0.6), found_in(x, holds, density=0.85)
    assert wide.density >= 0.6
    assert narrow.density >= 0.85
    assert wide.coverage > narrow.coverage
    assert len(found_in(x, holds, most_limits=1).limits) == 1
    assert found_in(x, holds, least_mass=0.3).mass >= 0.3


def test_shapes_and_weights_are_checked() -> None:
    x = np.zeros((4, 2))
    with pytest.raises(ValueError, match=r"draws of shape \(4, 2\) for 3 truths and 2 factors"):
        find_box(factors_of(2), x, np.ones(3, dtype=bool), quantity="y")
    with pytest.raises(ValueError, match="no draw counts"):
        find_box(factors_of(2), x, np.ones(4, dtype=bool), np.zeros(4), quantity="y")


@settings(max_examples=10)
@given(st.permutations(range(4)), st.integers(0, 99))
def test_stretching_parameters_moves_no_draw_and_relabelling_finds_as_good_a_box(order: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.random((400, 4))
    holds = rng.random(400) < np.where((x[:, 0] > 0.4) & (x[:, 2] < 0.5), 0.9, 0.05)
    plain = found_in(x, holds)
    names = factors_of(4)
    stretched = found_in(np.exp(5.0 * x), holds)
    assert (stretched.mass, stretched.density, stretched.path) == (plain.mass, plain.density, plain.path)
    lows = {limit.parameter: np.log(limit.low) / 5.0 for limit in stretched.limits}
    assert lows == {limit.parameter: pytest.approx(limit.low, abs=1e-9) for limit in plain.limits}
    moved = find_box([names[k] for k in order], x[:, order], holds, quantity="y").box
    assert moved is not None
    # equally good slices are taken in the order of the parameters
    worth = plain.mass * (plain.density - plain.base)
    assert moved.mass * (moved.density - moved.base) == pytest.approx(worth, rel=0.05)
