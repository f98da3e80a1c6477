"""Every number a case states, with its place, its source and where it is used."""

from __future__ import annotations

import math

from servanda.case.loading import load_text, shipped
from servanda.case.reader import read_text
from servanda.case.stated import StatedNumber, stated_numbers

TEXT = """\
sources: {NYT: {title: Times, grade: A}}
parameters:
  toll:
    title: The toll
    value: 2 to 6
    central: 3
    unit: points
    source: NYT
    note: seen once
  mood: {value: "one of {calm: 2, angry: 1}", choices: {calm: 1, angry: 5}}
  odd: normal(3, 1)
payoffs:
  us:
    peace: {worth: 3 * toll, when: deal is live, source: judgement}
    war: {worth: -1}
chance:
  storm:
    rate: >-
      0.5 *
      toll
frictions:
  tolls: {off: {toll: 0}}
levers:
  cut: {sets: toll, range: [0, 2]}
rankings:
  good: {order: [low, high], fixed: {high: 90}}
evidence:
  - {date: 2020-01-01, reliability: 0.9}
expect:
  - {quantity: keep(x), between: [0.2, 0.3]}
"""


def numbers(text: str = TEXT) -> dict[str, StatedNumber]:
    return {found.name: found for found in stated_numbers(read_text(text)[0])}


def test_a_parameter_with_all_there_is_to_say() -> None:
    toll = numbers()["toll"]
    assert (toll.central, toll.low, toll.high, toll.central_written) == (3.0, 2.0, 6.0, "3")
    assert (toll.title, toll.unit, toll.line) == ("The toll", "points", 5)
    assert (toll.citation.sources, toll.citation.grade, toll.citation.note) == (("NYT",), "", "seen once")
    assert toll.path == ("parameters", "toll", "value")


def test_lines_that_use_it_also_inside_folded_texts() -> None:
    assert numbers()["toll"].used == (14, 20, 22, 24)


def test_choices_and_endless_ranges() -> None:
    found = numbers()
    assert found["mood"].choices == (("calm", 1.0), ("angry", 5.0))
    assert (found["mood"].low, found["mood"].high) == (1.0, 5.0)
    assert (found["odd"].low, found["odd"].high, found["odd"].path) == (-math.inf, math.inf, ("parameters", "odd"))


def test_other_numbers_with_the_source_of_their_table() -> None:
    found = numbers()
    assert found["us: peace: worth"].citation.sources == ("judgement",)
    assert math.isnan(found["us: peace: worth"].central)
    assert found["cut: range: 2"].central == 2.0
    assert found["high"].section == "rankings"
    assert set(found) == {"toll", "mood", "odd", "us: peace: worth", "storm: rate", "cut: range: 2", "high"}


def test_a_case_with_errors_still_has_numbers() -> None:
    broken = TEXT.replace("levers:", "strange: [1, 2]\nlevers:").replace("payoffs:", "payoffs: 3\nold:")
    assert "toll" in numbers(broken)
    assert stated_numbers(read_text("case: [x")[0]) == ()


def test_the_parameters_of_the_founding_case_are_those_of_its_resolution() -> None:
    text = shipped()["us-iran"].read_text(encoding="utf-8")
    case = load_text(text).case
    assert case is not None
    found = {n.name: n for n in stated_numbers(read_text(text)[0]) if n.section == "parameters"}
    assert set(found) == {parameter.name for parameter in case.parameters}
    for parameter in case.parameters:
        stated = found[parameter.name]
        assert (stated.central, (stated.low, stated.high)) == (parameter.number.central, parameter.number.support)
        assert stated.unit == parameter.unit
        assert stated.used
