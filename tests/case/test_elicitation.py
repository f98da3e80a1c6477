"""What people can say becomes numbers: choice frequencies become decisiveness, rankings become draws in order."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from servanda.case import dump, load_text, read
from servanda.case.elicitation import decisiveness_from_choice, ranked
from servanda.case.resolved import ResolvedCase
from servanda.case.resolved_rankings import Ranking
from servanda.compile.evaluation import Scope, evaluate
from servanda.uncertainty.draws import draws_of

SPEC = Path(__file__).resolve().parents[2] / "spec"
SHOWN = SPEC / "valid" / "rankings.yaml"


@given(st.floats(0.51, 0.999), st.floats(0.01, 1e4))
def test_the_actor_then_picks_as_often_as_was_said(picks: float, points: float) -> None:
    precision = math.log(9) / decisiveness_from_choice(picks, points)
    assert 1 / (1 + math.exp(-precision * points)) == pytest.approx(picks, rel=1e-12)


@pytest.mark.parametrize(("picks", "points"), [(0.5, 10), (1.0, 10), (0.4, 10), (0.75, 0), (0.75, -1), (math.nan, 10)])
def test_what_no_chooser_does_is_refused(picks: float, points: float) -> None:
    with pytest.raises(ValueError, match=r"lies between|above 0"):
        decisiveness_from_choice(picks, points)


def test_how_often_may_be_uncertain() -> None:
    case = read(SPEC / "valid" / "decisiveness.yaml")
    text = next(actor.decisiveness for actor in case.actors if actor.name == "s")
    for often, stake in ((0.6, 10.0), (0.75, 30.0)):
        found = evaluate(
            text.node, Scope({}, {}, parameters={"often": np.array([[often]]), "stake": np.array([[stake]])})
        )
        assert found.item() == pytest.approx(decisiveness_from_choice(often, stake / 2))


def ranking_of(draw: st.DrawFn) -> Ranking:
    sizes = draw(st.lists(st.integers(1, 3), min_size=1, max_size=7))
    places = tuple(tuple(f"x{k}_{i}" for i in range(size)) for k, size in enumerate(sizes))
    low = draw(st.floats(-1e3, 1e3))
    high = low + draw(st.floats(1.0, 1e3))
    chosen = sorted(draw(st.sets(st.integers(0, len(places) - 1))))
    shares = np.linspace(0, 1, len(chosen) + 2)[1:-1]
    fixed = tuple((places[k][0], float(low + share * (high - low))) for k, share in zip(chosen, shares, strict=True))
    return Ranking("r", "r", places, (low, high), fixed)


rankings = st.composite(ranking_of)()


@given(rankings, st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_every_draw_keeps_the_order_and_what_is_fixed(ranking: Ranking, seed: int) -> None:
    assert ranking.clash() is None
    found = ranking.spread(np.random.default_rng(seed).random((50, len(ranking.loose))))
    whole = np.empty((50, len(ranking.places)))
    whole[:, list(ranking.loose)] = found
    for place, value in ranking.anchors.items():
        whole[:, place] = value
    slack = 1e-9 * (ranking.scale[1] - ranking.scale[0])
    assert (np.diff(whole, axis=1) >= -slack).all()
    assert whole.min() >= ranking.scale[0] - slack
    assert whole.max() <= ranking.scale[1] + slack


@given(rankings)
@settings(max_examples=40, deadline=None)
def test_central_values_ascend_and_lie_at_even_steps(ranking: Ranking) -> None:
    central = [ranking.number_of(k).central for k in range(len(ranking.places))]
    assert all(below < above for below, above in pairwise(central))
    even = Ranking("r", "r", ranking.places, ranking.scale, ranking.fixed, "even")
    assert [even.number_of(k).central for k in range(len(even.places))] == central
    assert all(even.number_of(k).certain for k in range(len(even.places)))


def test_each_place_has_the_distribution_of_its_order_statistic() -> None:
    ranking = Ranking("r", "r", (("a",), ("b",), ("c",), ("top",)), (0, 100), (("top", 60),))
    found = ranking.spread(np.random.default_rng(7).random((4000, 3)))
    for place in range(3):
        number = ranking.number_of(place)
        assert number.support == (0, 60)
        assert found[:, place].mean() == pytest.approx(number.central, abs=0.7)
        own = stats.beta(place + 1, 3 - place, scale=60)
        assert stats.kstest(found[:, place], own.cdf).pvalue > 1e-3
        assert number.quantile([0.1, 0.5, 0.9]) == pytest.approx(own.ppf([0.1, 0.5, 0.9]))


def test_every_order_keeping_set_of_numbers_is_equally_likely() -> None:
    # All orderings of independent uniform draws, sorted: the same joint distribution.
    ranking = Ranking("r", "r", (("a",), ("b",), ("c",)), (0, 1))
    rng = np.random.default_rng(11)
    found = ranking.spread(rng.random((20_000, 3)))
    plain = np.sort(rng.random((20_000, 3)), axis=1)
    assert np.cov(found.T) == pytest.approx(np.cov(plain.T), abs=2e-3)
    gaps = np.diff(np.column_stack([np.zeros(len(found)), found, np.ones(len(found))]), axis=1)
    assert gaps.mean(axis=0) == pytest.approx(np.full(4, 0.25), abs=5e-3)


def columns(case: ResolvedCase, count: int) -> dict[str, np.ndarray]:
    drawn = draws_of(case, count)
    return {name: drawn.values[:, k] for k, name in enumerate(drawn.names)}


def test_draws_of_a_case_keep_the_ranking() -> None:
    case = read(SHOWN)
    found = columns(case, 256)
    assert list(found) == ["siege", "blockade", "boycott", "truce"]
    assert (found["blockade"] == found["boycott"]).all()
    assert ((found["siege"] > 0) & (found["siege"] < found["blockade"])).all()
    assert ((found["blockade"] < found["truce"]) & (found["truce"] < 100)).all()
    central = {parameter.name: parameter.number.central for parameter in case.parameters}
    for name, values in found.items():
        assert values.mean() == pytest.approx(central[name], abs=1.0)
    assert central == {
        "war": 0, "siege": 25, "blockade": 50, "boycott": 50, "truce": 75, "calm": 100, "token": 20, "substantial": 30
    }  # fmt: skip


def test_a_draw_is_the_same_however_many_are_made() -> None:
    case = read(SHOWN)
    few, many = draws_of(case, 8), draws_of(case, 64)
    assert np.array_equal(few.values, many.values[:8])
    assert np.array_equal(draws_of(case, 5, first=3).values, many.values[3:8])


def test_what_is_ranked_does_not_move_what_is_correlated() -> None:
    text = SHOWN.read_text("utf-8").replace("worth: calm,", "worth: calm + a + b,")
    text += "parameters:\n  a: {value: 2 to 5, source: judgement}\n  b: {value: 2 to 5, source: judgement}\n"
    text += "correlations:\n  - {between: [a, b], correlation: 0.8, source: judgement}\n"
    found = columns(load_text(text).require(), 512)
    assert stats.spearmanr(found["a"], found["b"]).statistic == pytest.approx(0.8, abs=0.05)
    assert abs(stats.spearmanr(found["a"], found["siege"]).statistic) < 0.1
    assert (found["siege"] < found["truce"]).all()


def test_a_ranked_name_is_a_parameter_like_others() -> None:
    text = SHOWN.read_text("utf-8")
    text += "frictions:\n  fear: {off: {siege: calm / 2}, source: judgement}\n"
    text += "levers:\n  aid: {sets: truce, range: [60, 90], source: judgement}\n"
    case = load_text(text).require()
    assert [friction.off[0][0] for friction in case.frictions] == ["siege"]
    assert [lever.sets for lever in case.levers] == ["truce"]
    titles = {parameter.name: (parameter.title, parameter.unit) for parameter in case.parameters}
    assert titles["calm"] == ("A year of peace", "points a year")
    assert titles["war"] == ("war", "points a year")


def test_a_ranking_that_nobody_reads_is_unused_and_a_rung_is_not() -> None:
    text = SHOWN.read_text("utf-8").replace("{worth: token,", "{worth: 1,")
    unused = [issue.message for issue in load_text(text).issues]
    assert unused == [f"no expression uses the parameter `{name}`" for name in ("token", "substantial")]


def test_the_dumped_ranking_resolves_to_itself() -> None:
    case = read(SHOWN)
    again = load_text(dump(case)).require()
    assert dump(again) == dump(case)
    assert [ranking.places for ranking in again.rankings] == [ranking.places for ranking in case.rankings]
    assert "gaps: any" in dump(case)


def test_ranked_numbers_by_hand() -> None:
    low, tied, other, high = ranked("a", ["b", "c"], "d", scale=(0, 10), fixed={"d": 9})
    assert (low.name, tied.name, other.name, high.name) == ("a", "b", "c", "d")
    assert [each.mean for each in (low, tied, other, high)] == pytest.approx([3, 6, 6, 9])
    assert (high.low, high.high) == (9, 9)
    assert (tied.low, tied.high) == (other.low, other.high)


@pytest.mark.parametrize(
    ("order", "how", "said"),
    [
        (["a", "a"], {}, "`a` stands twice"),
        (["a", "b"], {"fixed": {"c": 1}}, "`c` is fixed and not ranked"),
        (["a", "b"], {"fixed": {"a": 3, "b": 2}}, "`b` is ranked above `a`, but 2 is not above 3"),
        (["a", "b"], {"scale": (10, 0)}, "put the lower end first"),
        (["a", "b"], {"scale": (10, 10)}, "the scale begins and ends at 10"),
    ],
)
def test_rankings_that_no_numbers_meet_are_refused(order: list[str], how: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        ranked(*order, **how)  # type: ignore[arg-type]
