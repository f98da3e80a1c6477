"""The coefficient table: structure stands apart from numbers, dates count, nonsense is located."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given

from servanda.case import parse_text
from servanda.compile import Compiled, compile_case
from servanda.compile.layout import DealLevel
from servanda.equilibrium import Period
from servanda.errors import CaseError
from servanda.game import Numbers
from tests.reading import code, moves
from tests.sketches import Sketch, sketches
from tests.strategies import few

OTHER = {"pain": 33.0, "gain": 7.0, "bond": 12.5, "exit_price": 3.0, "dove_wins": 0.9, "detection": 0.25}


def same_structure(one: Compiled, two: Compiled) -> bool:
    stages = zip(one.game.stages, two.game.stages, strict=True)
    arrays = [pair for a, b in stages for pair in zip(a.structure, b.structure, strict=True)]
    arrays += [(one.codes, two.codes), (one.game.payoff_class, two.game.payoff_class)]
    arrays += [(one.game.class_coefficient, two.game.class_coefficient), (one.game.class_term, two.game.class_term)]
    return one.game.terms == two.game.terms and all(np.array_equal(a, b) for a, b in arrays)


def assert_same_numbers(one: Numbers, two: Numbers) -> None:
    for name in ("coefficient", "dated", "dated_value", "discount", "precision"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name), err_msg=name)


@given(sketches())
@few(20)
def test_structure_does_not_depend_on_parameters_and_the_table_only_on_them(sketch: Sketch) -> None:
    one, two = compile_case(sketch.case), compile_case(replace(sketch, **OTHER).case)
    assert same_structure(one, two)
    used = {k: v for k, v in OTHER.items() if k in one.central}
    assert_same_numbers(one.numbers([used]), two.numbers())


@given(sketches())
@few(10)
def test_a_batch_holds_the_numbers_of_its_draws(sketch: Sketch) -> None:
    compiled = compile_case(sketch.case)
    draws = [{}, {"pain": 50.0}, {"gain": 1.0, "bond": 3.0}]
    batch = compiled.numbers(draws)
    for k, draw in enumerate(draws):
        assert_same_numbers(batch.draw(k), compiled.numbers([draw]))


def test_structure_depends_on_what_is_not_a_parameter() -> None:
    assert not same_structure(compile_case(Sketch().case), compile_case(Sketch(lottery=True).case))


def test_dated_payoffs_change_on_their_date() -> None:
    compiled = compile_case(Sketch(dated=True, years=3).case)
    council = [a.name for a in compiled.case.actors].index("council")
    state = int(compiled.game.start.argmax())
    period = Period(compiled.game, compiled.numbers())
    flows = [float(period.flow(t)[compiled.game.payoff_class[state], council]) for t in (*range(6), -1)]
    # 6 points a year for the one level of arms held, 20 lost to sanctions; 10 and from 2023 on 20 of income
    assert flows == pytest.approx([0.5 * (6 - 20 + x) for x in (10, 10, 20, 20, 20, 20, 20)])


def test_undated_cases_carry_no_dated_numbers() -> None:
    assert len(compile_case(Sketch().case).numbers().dated) == 0
    assert len(compile_case(Sketch(dated=True).case).numbers().dated) == 1


def test_discounting_and_precision_are_per_period() -> None:
    numbers = compile_case(Sketch().case).numbers()
    np.testing.assert_allclose(numbers.discount[:, 0], [1.05**-0.5, 1.1**-0.5, 1.05**-0.5, 1.05**-0.5])
    np.testing.assert_allclose(numbers.precision[:, 0], np.log(9.0) / np.array([10.0, 10.0, 10.0, 8.0]))
    odds = 1.0 / (1.0 + np.exp(-numbers.precision[3, 0] * 8.0))
    assert odds == pytest.approx(0.9)


def test_a_rate_becomes_odds_of_the_period() -> None:
    compiled = compile_case(Sketch(shock="ended").case)
    live = code(compiled, DealLevel("in_force", 0, phase=0))
    ended = code(compiled, DealLevel("ended"))
    shock = moves(compiled, "shock", live)["shock"]
    assert shock.odds[ended] == pytest.approx(1.0 - np.exp(-0.3 * 0.5))
    assert shock.odds[live] == pytest.approx(np.exp(-0.3 * 0.5))
    assert moves(compiled, "shock", code(compiled, DealLevel("in_force", 0, phase=0), arms="l0")) == {}


def test_odds_out_of_range_are_located() -> None:
    sketch = Sketch()
    compiled = compile_case(sketch.case)
    with pytest.raises(CaseError) as caught:
        compiled.numbers([{}, {"dove_wins": 1.25}])
    assert {i.code for i in caught.value.issues} == {"probability-out-of-range"}
    issue = caught.value.issues[0]
    assert issue.where.file == "sketch.yaml"
    assert "election" in sketch.text.splitlines()[issue.where.line - 1]
    assert "1.25" in issue.message or "-0.25" in issue.message


def test_a_division_by_zero_is_located() -> None:
    text = Sketch().text.replace("worth: gain, when", "worth: 10 / (pain - 20), when")
    with pytest.raises(CaseError) as caught:
        compile_case(parse_text(text, "sketch.yaml")).numbers()
    issue = caught.value.issues[0]
    assert issue.code == "not-finite"
    assert "trade" in text.splitlines()[issue.where.line - 1]


def test_an_unknown_parameter_is_named() -> None:
    with pytest.raises(CaseError) as caught:
        compile_case(Sketch().case).numbers([{"pian": 1.0}])
    assert caught.value.issues[0].code == "unknown-parameter"
    assert "pian" in caught.value.issues[0].message


@pytest.mark.parametrize(
    ("old", "new", "said", "path"),
    [
        ("discount: 0.1", "discount: pain / 200", "discount-not-positive", "actors.hawk.discount"),
        ("decisiveness: 8", "decisiveness: pain - 12", "precision-not-positive", "actors.council.decisiveness"),
    ],
)
def test_actors_need_positive_rates_in_every_draw(old: str, new: str, said: str, path: str) -> None:
    compiled = compile_case(parse_text(Sketch().text.replace(old, new), "sketch.yaml"))
    assert compiled.numbers().draws == 1
    with pytest.raises(CaseError) as caught:
        compiled.numbers([{}, {"pain": 0.0}])
    issue = caught.value.issues[0]
    assert (issue.code, issue.path) == (said, path)
    assert issue.where.line > 0
