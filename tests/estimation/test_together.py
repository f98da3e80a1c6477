"""Choices made at the same time: their likelihood by hand, and parameters found again."""

from __future__ import annotations

from math import log

import numpy as np
import pytest
from scipy.stats import chi2

from servanda.case import load_text
from servanda.compile import Compiled, compile_case
from servanda.estimation.fitting import Settings, fit
from servanda.estimation.likelihood import Likelihood
from servanda.estimation.panel import panel_of
from servanda.estimation.sheets import Sheet
from servanda.estimation.simulation import simulate

STATES = ("calm", "tense")
TRUTH = {"gain": 1.5, "loss": 2.0}
YEARS = 4

# next year is tense if either acts tough; being tough alone gains, being tough together loses, tension costs
_TEXT = f"""\
case: meeting
title: Two who meet
start: 2000-01-01
period: year
horizon: {YEARS} years
values: taste
protocol: {{order: fixed}}
sides: {{one: {{}}, two: {{}}}}
actors:
  first: {{side: one, discount: 0.25, decisiveness: {log(9.0)!r}, source: judgement}}
  second: {{side: two, discount: 0.25, decisiveness: {log(9.0)!r}, source: judgement}}
variables:
  state: {{kind: condition, values: [calm, tense], start: calm}}
decisions:
  act: {{by: first, options: {{mild: {{}}, tough: {{}}}}}}
  answer: {{by: second, options: {{mild: {{}}, tough: {{}}}}}}
simultaneous:
  meeting:
    decisions: [act, answer]
    profiles:
      - {{chosen: {{act: tough, answer: mild}}, price: {{first: -gain}}, effects: {{state: tense}}}}
      - {{chosen: {{act: mild, answer: tough}}, price: {{second: -gain}}, effects: {{state: tense}}}}
      - {{chosen: {{act: tough, answer: tough}}, price: {{first: loss, second: loss}}, effects: {{state: tense}}}}
      - {{chosen: {{act: mild, answer: mild}}, effects: {{state: calm}}}}
payoffs:
  first: {{peace: {{worth: 0.5, when: state is calm, source: judgement}}}}
  second: {{peace: {{worth: 1, when: state is calm, source: judgement}}}}
parameters:
  gain: {{value: "lognormal(1, 0.5)", source: judgement}}
  loss: {{value: "lognormal(1, 0.5)", source: judgement}}
"""


@pytest.fixture(scope="module")
def game() -> Compiled:
    return compile_case(load_text(_TEXT).require())


def odds_by_hand(gain: float, loss: float) -> list[tuple[float, float]]:
    """Odds of acting tough, of both, in every year; they do not depend on the state."""
    peace = np.array([0.5, 1.0])
    # worth of the year and all after it if that year ends calm, or tense
    later = np.zeros(2)
    found = []
    for _ in range(400):
        tough = np.full(2, 0.5)
        calm, tense = peace + 0.8 * later, 0.8 * later
        for _ in range(500):
            other = tough[::-1]
            mild_worth = (1.0 - other) * calm + other * tense
            tough_worth = tense + (1.0 - other) * gain - other * loss
            tough = 0.5 * tough + 0.5 / (1.0 + np.exp(mild_worth - tough_worth))
        later = np.logaddexp(mild_worth, tough_worth)
        found.append((float(tough[0]), float(tough[1])))
    return found[::-1][:YEARS]


def sheet(rows: list[tuple[str, ...]]) -> Sheet:
    columns = ("episode", "period", "state", "decision", "actor", "option")
    return Sheet("made.csv", columns, tuple(rows), tuple(range(2, len(rows) + 2)))


def test_the_likelihood_is_that_worked_out_by_hand(game: Compiled) -> None:
    rows = [
        ("a", "0", "calm", "act", "first", "tough"), ("a", "0", "calm", "answer", "second", "mild"),
        ("a", "1", "tense", "answer", "second", "tough"), ("b", "3", "tense", "act", "first", "mild"),
    ]  # fmt: skip
    odds = odds_by_hand(**TRUTH)
    wanted = log(odds[0][0]) + log(1.0 - odds[0][1]) + log(odds[1][1]) + log(1.0 - odds[3][0])
    likelihood = Likelihood(panel_of(sheet(rows), game))
    assert likelihood.total([TRUTH]) == pytest.approx([wanted], abs=1e-7)
    # one set of numbers has a kernel of its own
    assert likelihood.total([TRUTH] * 3) == pytest.approx([wanted] * 3, abs=1e-7)


def test_known_parameters_are_found_again(game: Compiled) -> None:
    made = simulate(game, 400, 2, values=TRUTH)
    assert made.columns == ("episode", "period", "state", "decision", "actor", "option")
    assert len(made.rows) == 400 * YEARS * 2
    first = [row for row in made.rows if row[1] == "0"]
    assert {row[2] for row in first} == {"calm"}
    share = np.mean([row[-1] == "tough" for row in first if row[3] == "answer"])
    assert abs(share - odds_by_hand(**TRUTH)[0][1]) < 4.0 * 0.5 / np.sqrt(400)
    found = fit(game, panel_of(sheet(list(made.rows)), game), Settings(starts=2, draws=0))
    away = np.array([found[name].value - truth for name, truth in TRUTH.items()])
    assert away @ np.linalg.solve(np.array(found.covariance), away) < chi2.ppf(0.999, 2)
    assert found.search.reached == 2
