"""Which sliders and switches a case has, and where they stop."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servanda.case import parse_text, read
from servanda.case.resolved import Lever
from servanda.case.resolved_numbers import Parameter
from servanda.case.uncertain import certain, parse_uncertain
from servanda.web.controls import GROUPS, SHOWN, controls, neighbours, slider, stops_of, strongest
from tests.web import small


def parameter(text: str, **more: object) -> Parameter:
    return Parameter("x", "X", parse_uncertain(text, **more))  # type: ignore[arg-type]


def test_a_range_stops_at_about_twenty_values_with_the_ends_and_the_central_one() -> None:
    stops, names = stops_of(parameter("triangular(0.47, 0.58, 0.76)"))
    assert len(stops) == 21
    assert (stops[0], stops[-1]) == (0.47, 0.76)
    assert 0.58 in stops
    assert names == []


def test_whole_numbers_stop_at_whole_numbers_where_they_are_few() -> None:
    stops, _ = stops_of(parameter("triangular(5, 10, 18)"))
    assert stops == [float(k) for k in range(5, 19)]


def test_whole_ends_far_apart_or_close_together_do_not_bind_the_stops() -> None:
    assert len(stops_of(parameter("uniform(2000, 2600)"))[0]) == 21
    assert len(stops_of(parameter("uniform(0, 1)"))[0]) == 21


def test_a_choice_stops_at_its_values_under_their_names() -> None:
    number = parse_uncertain("one of {earnest: 0.7, for_show: 0.3}", choices={"earnest": 1.0, "for_show": 0.0})
    stops, names = stops_of(Parameter("x", "X", number))
    assert stops == [0.0, 1.0]
    assert names == [("earnest", 1.0), ("for show", 0.0)]


def test_a_certain_number_moves_only_as_a_lever_and_stops_at_its_choices() -> None:
    lever = Lever("escrow", "Escrow", "x", choices=(("none", 0.0), ("as proposed", 0.7), ("more", 1.5)))
    stops, names = stops_of(Parameter("x", "X", certain(0.7)), lever)
    assert stops == [0.0, 0.7, 1.5]
    assert names == [("none", 0.0), ("as proposed", 0.7), ("more", 1.5)]


def test_a_lever_widens_the_range_of_what_it_moves() -> None:
    lever = Lever("guarantee", "Guarantee", "x", choices=(("long", 70.0),), range=(10.0, 60.0))
    stops, names = stops_of(parameter("triangular(15, 30, 50)"), lever)
    assert (stops[0], stops[-1]) == (10.0, 70.0)
    assert {30.0, 70.0} <= set(stops)
    assert names == [("long", 70.0)]


def test_a_distribution_without_ends_is_cut_at_its_tails() -> None:
    stops, _ = stops_of(parameter("normal(10, 2)"))
    assert stops[0] == pytest.approx(10 - 1.96 * 2, abs=0.01)
    assert stops[-1] == pytest.approx(10 + 1.96 * 2, abs=0.01)
    assert 10.0 in stops


def test_a_lognormal_number_stops_at_equal_ratios() -> None:
    stops, _ = stops_of(parameter("lognormal(4, 0.5)"))
    ratios = [b / a for a, b in pairwise(stops)]
    assert max(ratios) / min(ratios) < 1.6
    assert 4.0 in stops


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6), st.floats(0.0, 1.0))
def test_stops_ascend_and_hold_what_must_be_among_them(low: float, width: float, share: float) -> None:
    number = parse_uncertain(f"triangular({low!r}, {low + share * width!r}, {low + width!r})")
    stops, _ = stops_of(Parameter("x", "X", number))
    assert stops == sorted(set(stops))
    assert {stops[0], stops[-1]} == {number.support[0], number.support[1]}
    assert number.central in stops
    assert 2 <= len(stops) <= 42


def test_every_uncertain_number_and_every_lever_of_the_founding_case_has_a_slider() -> None:
    case = read("us-iran")
    found = controls(case)
    levers = {lever.sets for lever in case.levers}
    names = [entry["name"] for entry in found["parameters"]]
    assert sorted(names) == sorted(p.name for p in case.parameters if not p.number.certain or p.name in levers)
    assert set(names[: len(levers)]) == levers
    groups = [entry["group"] for entry in found["parameters"][SHOWN:]]
    assert groups == sorted(groups, key=GROUPS.index)
    assert [f["name"] for f in found["frictions"]] == [f.name for f in case.frictions]


def test_what_was_found_to_matter_comes_first_and_leaves_room_for_levers() -> None:
    case = read("us-iran")
    first = ["iran_hostility", "us_turnover", "torn_up_cost", "exit_guaranteed", "clarity", "shield"]
    shown = [entry["name"] for entry in controls(case, first)["parameters"][:SHOWN]]
    assert shown[:4] == first[:4]
    assert sum(name in {lever.sets for lever in case.levers} for name in shown) >= 4


def test_a_slider_says_its_grade_and_source() -> None:
    case = read("us-iran")
    found = next(p for p in case.parameters if p.name == "oil_relief")
    shown = slider(found, None, {source.name: source.title for source in case.sources})
    assert shown["grade"] == "A"
    assert shown["source"].startswith("A: official text")
    assert shown["unit"] == "thousand barrels a day"


def test_neighbours_of_a_value_between_stops_and_at_the_ends() -> None:
    sliders = [{"name": "x", "stops": [0.0, 0.5, 1.0]}]
    assert neighbours(sliders, "x", 0.6) == [0.5, 1.0]
    assert neighbours(sliders, "x", 0.0) == [0.5]
    assert neighbours(sliders, "y", 0.0) == []


def test_the_strongest_parameters_are_found_wherever_a_run_keeps_them() -> None:
    bars = [{"parameter": "b"}, {"parameter": "a"}]
    assert strongest({"found": [{"title": "x", "tornado": bars}]}) == ["b", "a"]
    assert strongest({"indices": [{"parameter": "c"}], "tornado": bars}) == ["c"]
    assert strongest({"draws": 16, "rows": [1.0, 2.0]}) == []


def test_a_small_case_has_a_switch_a_friction() -> None:
    case = parse_text(small.text())
    found = controls(case)
    assert all(entry["title"] and entry["mechanism"] for entry in found["frictions"])
