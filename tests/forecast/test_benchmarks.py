"""Naive forecasts: base rates from tables of survival, no change from the state at the start."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servanda.case import expression as syntax
from servanda.case.resolved import Citation, Question, QuestionBenchmark
from servanda.compile import Compiled, compile_case
from servanda.forecast.benchmarks import naive, no_change, survival
from tests.sketches import Sketch

SANCTIONS = {1: 0.845, 2: 0.7085, 3: 0.6177, 5: 0.555, 10: 0.427, 20: 0.3504}


def test_survival_is_that_of_the_table_and_of_a_constant_hazard_between() -> None:
    for years, share in SANCTIONS.items():
        assert survival(SANCTIONS, years) == share
    hazard = math.log(0.555 / 0.427) / 5
    assert survival(SANCTIONS, 7.5) == pytest.approx(0.555 * math.exp(-2.5 * hazard))
    assert survival(SANCTIONS, 0.5) == pytest.approx(math.sqrt(0.845))
    assert survival(SANCTIONS, 0) == 1.0
    assert survival(SANCTIONS, 30) == pytest.approx(0.3504 * 0.3504 / 0.427)


def test_what_has_lasted_already_counts() -> None:
    assert survival(SANCTIONS, 5, age=5) == pytest.approx(0.427 / 0.555)
    assert survival(SANCTIONS, 0, age=3) == 1.0
    assert survival({1: 0.8}, 4, age=7) == pytest.approx(0.8**4)


@given(st.floats(0, 40), st.floats(0, 40), st.floats(0, 20))
def test_survival_falls_and_multiplies(first: float, second: float, age: float) -> None:
    chain = survival(SANCTIONS, first, age=age) * survival(SANCTIONS, second, age=age + first)
    assert survival(SANCTIONS, first + second, age=age) == pytest.approx(chain, rel=1e-9)
    assert survival(SANCTIONS, first + second, age=age) <= survival(SANCTIONS, first, age=age) + 1e-12


@pytest.mark.parametrize(
    "table", [{}, {0: 1.0}, {1: 0.5, 2: 0.6}, {1: 0.5, 2: 0.0}, {0: 0.9, 1: 0.8}, {-1: 1.0, 1: 0.5}]
)
def test_what_is_no_table_of_survival(table: dict[float, float]) -> None:
    with pytest.raises(ValueError, match="falls from 1 at year 0"):
        survival(table, 1)


def test_survival_looks_forward() -> None:
    with pytest.raises(ValueError, match="years from now"):
        survival(SANCTIONS, -1)


def sketched() -> Compiled:
    return compile_case(Sketch(years=3).case)


def asked(compiled: Compiled, holds: syntax.Node, timing: str, day: date) -> Question:
    example = compiled.case.questions[0]
    expression = replace(example.holds, node=holds)
    return replace(example, holds=expression, timing=timing, date=day)  # type: ignore[arg-type]


def test_without_change_what_holds_stays_and_nothing_else_comes() -> None:
    compiled = sketched()
    start = next(v for v in compiled.case.variables if v.name == "arms").start
    holds = syntax.Is("arms", (start,))
    for timing in ("at", "by"):
        assert no_change(compiled, asked(compiled, holds, timing, date(2024, 3, 1))) == 1.0
        assert no_change(compiled, asked(compiled, syntax.Unary("not", holds), timing, date(2024, 3, 1))) == 0.0


def test_without_change_the_date_still_moves() -> None:
    compiled = sketched()
    early = syntax.Binary("<", syntax.Clock("date"), syntax.Number(2023.0))
    late = syntax.Unary("not", early)
    after, before = date(2024, 3, 1), date(2022, 3, 1)
    assert compiled.case.as_of < before
    found = {
        (name, timing, day): no_change(compiled, asked(compiled, node, timing, day))
        for name, node in (("early", early), ("late", late))
        for timing in ("at", "by")
        for day in (before, after)
    }
    assert found == {
        ("early", "at", before): 1.0,
        ("early", "at", after): 0.0,
        ("early", "by", before): 1.0,
        ("early", "by", after): 1.0,
        ("late", "at", before): 0.0,
        ("late", "at", after): 1.0,
        ("late", "by", before): 0.0,
        ("late", "by", after): 1.0,
    }


def test_naive_forecasts_and_where_they_come_from() -> None:
    compiled = sketched()
    question = asked(compiled, syntax.Is("deal", ("phase", "in_force")), "by", date(2024, 3, 1))
    as_of = compiled.case.as_of.isoformat()
    noted = QuestionBenchmark(0.3, Citation(("ties",), "B", "treaties 1990-2020"))
    assert naive(compiled, replace(question, benchmark=noted)) == (
        ("base rate", 0.3, "treaties 1990-2020"),
        ("no change", 0.0, f"the state on {as_of}"),
        ("coin", 0.5, "no knowledge at all"),
    )
    bare = QuestionBenchmark(0.3, Citation(("ties", "gsdb")))
    assert naive(compiled, replace(question, benchmark=bare))[0] == ("base rate", 0.3, "ties, gsdb")
    assert [name for name, _, _ in naive(compiled, question)] == ["no change", "coin"]
    outside = replace(question, outside="the model knows no oil price", benchmark=noted)
    assert [name for name, _, _ in naive(compiled, outside)] == ["base rate", "coin"]
