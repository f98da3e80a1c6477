"""Sensitivity against functions with known indices, against SALib, and by laws."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta, norm, qmc

from servanda.case.uncertain import parse_uncertain
from servanda.uncertainty.answers import Sensitivity, SensitivityIndex
from servanda.uncertainty.direct import direct_indices
from servanda.uncertainty.factors import Factor
from servanda.uncertainty.sensitivity import sensitivity
from servanda.uncertainty.surrogate import fit_surrogate, orthonormal_inputs
from servanda.uncertainty.tornado import tornado_bars

UNIFORM = parse_uncertain("uniform(0, 1)")
ISHIGAMI_FIRST = (0.3139, 0.4424, 0.0)
ISHIGAMI_TOTAL = (0.5576, 0.4424, 0.2437)
G_WEIGHTS = np.array([0.0, 1.0, 4.5, 9.0])


def factors_of(count: int) -> list[Factor]:
    return [Factor(f"x{k}", f"X{k}", UNIFORM) for k in range(count)]


def points(n: int, width: int, seed: int = 1) -> np.ndarray:
    return qmc.Sobol(width, rng=np.random.default_rng(seed)).random(n)


def ishigami(u: np.ndarray) -> np.ndarray:
    x = np.pi * (2.0 * u - 1.0)
    return np.sin(x[:, 0]) + 7.0 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])


def sobol_g(u: np.ndarray) -> np.ndarray:
    return np.prod((np.abs(4.0 * u[:, :4] - 2.0) + G_WEIGHTS) / (1.0 + G_WEIGHTS), axis=1)


def g_indices() -> tuple[np.ndarray, np.ndarray]:
    own = 1.0 / (3.0 * (1.0 + G_WEIGHTS) ** 2)
    whole = np.prod(1.0 + own) - 1.0
    return own / whole, own * np.prod(1.0 + own) / (1.0 + own) / whole


def by_name(found: Sensitivity) -> dict[str, SensitivityIndex]:
    return {index.parameter: index for index in found.indices}


def judged(function: Callable[[np.ndarray], np.ndarray], n: int, width: int) -> Sensitivity:
    u = points(n, width)
    return sensitivity(factors_of(width), u, function(u), quantity="y", title="Y")


# The error of a share is about that of a variance: 2 / sqrt(1024) of it, 0.03 at most; the polynomial adds up to 0.02.
@pytest.mark.parametrize("width", [3, 20])
def test_the_ishigami_function_from_given_draws(width: int) -> None:
    found = judged(ishigami, 1024, width)
    index = by_name(found)
    for k in range(3):
        assert index[f"x{k}"].first.value == pytest.approx(ISHIGAMI_FIRST[k], abs=0.03)
        assert index[f"x{k}"].total.value == pytest.approx(ISHIGAMI_TOTAL[k], abs=0.03)
        assert index[f"x{k}"].total.low <= ISHIGAMI_TOTAL[k] <= index[f"x{k}"].total.high + 0.01
    for k in range(3, width):
        assert index[f"x{k}"].first.value < 0.005
        assert index[f"x{k}"].total.value < 0.01
        assert index[f"x{k}"].delta.low == 0.0
    assert found.quality > 0.97
    assert found.method == "surrogate"
    assert "X0 (3" in found.sentence
    assert found.deviation == pytest.approx(3.72, abs=0.1)


def test_the_g_function_from_given_draws_and_directly() -> None:
    first, total = g_indices()
    given_data = by_name(judged(sobol_g, 2048, 6))
    direct = direct_indices(sobol_g, factors_of(6), 2048, quantity="y")
    for k in range(4):
        for found in (given_data, by_name(direct)):
            assert found[f"x{k}"].first.value == pytest.approx(first[k], abs=0.03)
            assert found[f"x{k}"].total.value == pytest.approx(total[k], abs=0.03)
    assert by_name(direct)["x5"].total.value == 0.0
    assert (direct.method, direct.quality, direct.draws) == ("direct", 1.0, 4096)


def test_a_linear_function_with_few_draws() -> None:
    # 64 parameters and 256 draws, as a quick forecast has; shares are the squares of the slopes.
    slopes = np.array([4.0, 2.0, 1.0])
    index = by_name(judged(lambda u: u[:, :3] @ slopes, 256, 64))
    for k, share in enumerate(slopes**2 / 21.0):
        assert index[f"x{k}"].first.value == pytest.approx(share, abs=0.03)
        assert index[f"x{k}"].total.value == pytest.approx(share, abs=0.04)
    assert sum(i.first.value for i in index.values()) < 1.1


def test_delta_of_a_sum_of_two_uniforms() -> None:
    # Given x, y is uniform on [x, x + 1]; over all draws its density is the triangle 1 - |y - 1|.
    y = np.linspace(0.0, 2.0, 2_001)
    x = np.linspace(0.0, 1.0, 201)[:, None]
    inside = ((y >= x) & (y <= x + 1.0)).astype(float)
    truth = 0.5 * np.abs(inside - (1.0 - np.abs(y - 1.0))).mean() * 2.0
    index = by_name(judged(lambda u: u[:, 0] + u[:, 1], 4096, 4))
    # kernels and sixteen classes blur sharp edges: a few hundredths too low
    assert index["x0"].delta.value == pytest.approx(truth, abs=0.05)
    assert index["x1"].delta.value == pytest.approx(truth, abs=0.05)
    assert index["x2"].delta.value == 0.0


def test_delta_sees_what_moves_no_mean() -> None:
    # The parameter sets the spread only: no mean of a class moves, yet distributions do.
    rng = np.random.default_rng(5)
    u = rng.random((4096, 3))
    y = (0.2 + 2.0 * u[:, 0]) * rng.standard_normal(4096)
    found = sensitivity(factors_of(3), u, y, quantity="y")
    index = by_name(found)
    assert index["x0"].first.value < 0.02
    assert index["x0"].delta.low > 0.05
    assert index["x1"].delta.low == 0.0
    assert found.quality < 0.1
    assert "lower bounds, not to be relied on" in found.sentence


def test_noise_is_driven_by_nothing() -> None:
    rng = np.random.default_rng(11)
    found = sensitivity(factors_of(30), rng.random((512, 30)), rng.standard_normal(512), quantity="y", title="Y")
    assert found.quality < 0.05
    # thirty parameters at 95 %: one or two may stand out
    assert sum(index.first.low > 0.0 for index in found.indices) <= 3
    assert sum(index.delta.low > 0.0 for index in found.indices) <= 2


def test_against_salib() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from SALib.analyze import delta as salib_delta
        from SALib.analyze import sobol as salib_sobol
        from SALib.sample import sobol as salib_sample

        problem = {"num_vars": 3, "names": ["x0", "x1", "x2"], "bounds": [[0.0, 1.0]] * 3}
        sample = salib_sample.sample(problem, 1024, calc_second_order=False, seed=4)
        theirs = salib_sobol.analyze(problem, ishigami(sample), calc_second_order=False, num_resamples=2, seed=4)
        u = points(1024, 3, seed=8)
        moments = salib_delta.analyze(problem, u, ishigami(u), num_resamples=5, method="delta", seed=4)
    direct = by_name(direct_indices(ishigami, factors_of(3), 1024, quantity="y", seed=4))
    mine = by_name(sensitivity(factors_of(3), u, ishigami(u), quantity="y"))
    raw = moments["delta_raw"] if "delta_raw" in moments else moments["delta"]
    for k in range(3):
        assert direct[f"x{k}"].first.value == pytest.approx(float(theirs["S1"][k]), abs=0.04)
        assert direct[f"x{k}"].total.value == pytest.approx(float(theirs["ST"][k]), abs=0.04)
        assert mine[f"x{k}"].first.value == pytest.approx(float(theirs["S1"][k]), abs=0.04)
        assert mine[f"x{k}"].total.value == pytest.approx(float(theirs["ST"][k]), abs=0.05)
        # the same classes, other kernels: theirs smooths the quantity itself, ours its normal scores
        assert mine[f"x{k}"].delta.value == pytest.approx(float(raw[k]), abs=0.06)


def test_correlated_parameters_are_one_group() -> None:
    # y = a + b + c with correlation r of the normals a and b: their group has (2 + 2 r) / (3 + 2 r).
    r = 0.8
    normal = parse_uncertain("normal(0, 1)")
    names = [Factor("a", "A", normal, group="ab"), Factor("c", "C", normal), Factor("b", "B", normal, group="ab")]
    z = norm.ppf(np.clip(points(2048, 3), 1e-9, 1 - 1e-9))
    x = np.stack([z[:, 0], z[:, 1], r * z[:, 0] + np.sqrt(1 - r * r) * z[:, 2]], axis=1)
    share = (2 + 2 * r) / (3 + 2 * r)
    given_data = sensitivity(names, x, x.sum(axis=1), quantity="y")
    correlation = np.eye(3)
    correlation[0, 2] = correlation[2, 0] = r
    plain = [Factor(f.name, f.title, normal) for f in names]
    direct = direct_indices(
        lambda v: v.sum(axis=1), plain, 2048, quantity="y", correlation=correlation
    )  # fmt: skip
    for found in (given_data, direct):
        assert [index.parameter for index in found.indices] == ["a + b", "c"]
        assert found.indices[0].title == "A + B"
        for index, truth in zip(found.indices, (share, 1 - share), strict=True):
            assert index.first.value == pytest.approx(truth, abs=0.04)
            assert index.total.value == pytest.approx(truth, abs=0.04)
        assert found.indices[0].delta.value > found.indices[1].delta.value > 0.1
        assert [bar.parameter for bar in found.tornado][-1] == "c"
    assert direct.deviation == pytest.approx(np.sqrt(3 + 2 * r), rel=0.02)


def test_weights_change_the_distribution_of_the_parameters() -> None:
    # Weighed so, x0 has the variance of Beta(6, 6), 1/52; x1 keeps 1/12.
    u = points(2048, 5)
    weights = beta.pdf(u[:, 0], 6, 6)
    found = sensitivity(factors_of(5), u, u[:, 0] + u[:, 1], weights / weights.sum(), quantity="y")
    share = (1 / 52) / (1 / 52 + 1 / 12)
    index = by_name(found)
    assert index["x0"].first.value == pytest.approx(share, abs=0.03)
    assert index["x1"].first.value == pytest.approx(1 - share, abs=0.03)
    assert found.mean == pytest.approx(1.0, abs=0.01)
    double = sensitivity(factors_of(5), u, u[:, 0] + u[:, 1], weights * 3.0, quantity="y")
    assert by_name(double)["x0"].first.value == pytest.approx(index["x0"].first.value, abs=1e-9)


def test_draws_without_weight_or_answer_do_not_matter() -> None:
    u = points(256, 3)
    y = u[:, 0] + u[:, 1] ** 2
    more_u, more_y = np.concatenate([u, u[:7]]), np.concatenate([y, np.full(7, np.nan)])
    weights = np.ones(263)
    weights[256] = 0.0
    assert sensitivity(factors_of(3), more_u, more_y, weights, quantity="y") == sensitivity(
        factors_of(3), u, y, quantity="y"
    )


def test_a_choice_and_a_fixed_parameter() -> None:
    choice = parse_uncertain("one of {low: 1, mid: 1, high: 2}", choices={"low": 0, "mid": 3, "high": 1})
    names = [Factor("c", "C", choice), Factor("x", "X", UNIFORM), Factor("fixed", "Fixed", UNIFORM)]
    u = points(1024, 2)
    x = np.stack([choice.quantile(u[:, 0]), u[:, 1], np.full(1024, 0.3)], axis=1)
    found = sensitivity(names, x, (x[:, 0] == 3.0) + x[:, 1], quantity="y")
    index = by_name(found)
    variance = 0.25 * 0.75
    assert index["c"].first.value == pytest.approx(variance / (variance + 1 / 12), abs=0.02)
    assert index["fixed"].total.value == 0.0
    assert index["fixed"].delta.value == 0.0
    bar = next(bar for bar in found.tornado if bar.parameter == "c")
    # the two choices furthest apart, the one with the smaller number first
    assert bar.high_value == 3.0
    assert bar.at_high - bar.at_low == pytest.approx(1.0, abs=0.05)


def test_a_quantity_that_never_changes_and_too_few_draws() -> None:
    u = points(64, 2)
    still = sensitivity(factors_of(2), u, np.full(64, 0.3), quantity="y", title="Y")
    assert still.deviation == 0.0
    assert all(index.total.value == 0.0 for index in still.indices)
    assert still.sentence == "“Y” is the same in every draw, so nothing drives it."
    assert direct_indices(lambda x: np.ones(len(x)), factors_of(2), 16, quantity="y").sentence.endswith("drives it.")
    with pytest.raises(ValueError, match="4 draws are too few"):
        sensitivity(factors_of(2), u[:4], u[:4, 0], quantity="y")
    with pytest.raises(ValueError, match=r"draws of shape \(64, 2\) for 64 answers and 3 factors"):
        sensitivity(factors_of(3), u, u[:, 0], quantity="y")
    with pytest.raises(ValueError, match="power of two, not 100"):
        direct_indices(ishigami, factors_of(3), 100, quantity="y")
    with pytest.raises(ValueError, match="one finite answer a draw"):
        direct_indices(lambda x: np.full(len(x), np.nan), factors_of(2), 16, quantity="y")
    with pytest.raises(ValueError, match="contradict each other"):
        direct_indices(ishigami, factors_of(3), 16, quantity="y", correlation=2.0 * np.ones((3, 3)) - np.eye(3))


def test_with_little_to_go_on_it_says_so() -> None:
    u = points(32, 2)
    assert "take it as a hint" in sensitivity(factors_of(2), u, u[:, 0], quantity="y").sentence


@settings(max_examples=8)
@given(st.permutations(range(5)), st.floats(-1e3, 1e3).filter(lambda a: abs(a) > 1e-3), st.floats(-1e3, 1e3))
def test_relabelling_permutes_and_rescaling_changes_nothing(order: list[int], scale: float, shift: float) -> None:
    u = points(256, 5)
    y = np.sin(3 * u[:, 0]) + u[:, 1] * u[:, 2]
    plain = by_name(sensitivity(factors_of(5), u, y, quantity="y"))
    names = factors_of(5)
    moved = by_name(
        sensitivity([names[k] for k in order], u[:, order], scale * y + shift, quantity="y")
    )  # fmt: skip
    for name, index in plain.items():
        for kind in ("first", "total", "delta"):
            assert getattr(moved[name], kind).value == pytest.approx(getattr(index, kind).value, abs=0.02)
        assert index.total.value >= index.first.value
        assert index.first.low <= index.first.value <= index.first.high
        assert 0.0 <= index.delta.low <= index.delta.value <= index.delta.high <= 1.0
    assert sum(index.first.value for index in plain.values()) <= 1.05
    assert plain["x4"].total.value < 0.01


def test_the_surrogate_splits_variance_exactly_where_the_function_is_a_polynomial() -> None:
    u = points(512, 4)
    w = np.full(512, 1 / 512)
    legendre = np.sqrt(3.0) * (2.0 * u - 1.0)
    fitted = fit_surrogate(orthonormal_inputs(u, w), 2.0 * legendre[:, 0] + legendre[:, 1] * legendre[:, 3], w)
    assert fitted.quality == pytest.approx(1.0, abs=1e-3)
    squares = {fitted.columns_of(k): c * c for k, c in enumerate(fitted.coefficients) if c * c > 1e-4}
    assert squares == {(0,): pytest.approx(4.0, rel=0.01), (1, 3): pytest.approx(1.0, rel=0.01)}


def test_tornado_bars_by_hand() -> None:
    x = np.stack([np.arange(10.0), np.array([0.0] * 5 + [1.0] * 5)], axis=1)
    choice = parse_uncertain("one of {no: 1, yes: 1}", choices={"no": 0, "yes": 1})
    names = [Factor("ramp", "Ramp", UNIFORM, "m"), Factor("said", "Said", choice)]
    ramp, said = tornado_bars(names, x, x[:, 0], np.ones(10))
    assert (ramp.at_low, ramp.at_high, ramp.low_value, ramp.high_value, ramp.unit) == (0.5, 8.5, 0.5, 8.5, "m")
    assert (said.at_low, said.at_high, said.low_value, said.high_value) == (2.0, 7.0, 0.0, 1.0)
    weights = np.array([0.0] + [1.0] * 9)
    assert tornado_bars(names, x, x[:, 0], weights)[0].at_low == pytest.approx(1.5)
    # one value holds more than a fifth of the draws: the fifth is all of them
    lumpy = np.array([[0.0]] * 8 + [[1.0]] * 2)
    (bar,) = tornado_bars(names[:1], lumpy, lumpy[:, 0], np.ones(10))
    assert (bar.at_low, bar.at_high) == (0.0, 1.0)
