"""What threats could do for the theory cases, against formulas, and the words that say it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from servanda.bounds.answers import Enforcement
from servanda.case import read
from servanda.compile import compile_case
from servanda.diagnosis.cooperation import cooperation
from servanda.enforcement import enforcement, with_offices_held
from servanda.equilibrium.unrolled import TooLargeError
from servanda.errors import CaseError
from servanda.report.charts.enforcement import SETS, enforcement_figure
from servanda.report.enforced import answer, enforced_json, rows_of, sentences

PLEDGE = read("theory/pledge")
DILEMMA = read("theory/repeated-dilemma")


def pledged(**values: float) -> Enforcement:
    return enforcement(PLEDGE, overrides=values)


@pytest.mark.parametrize(("gain", "kept"), [(4.4, True), (4.6, False)])
def test_the_contract_is_keepable_where_the_formula_says(gain: float, kept: bool) -> None:
    # no pledge: kept if and only if gain <= delta s / (1 - delta) = 4.5
    found = pledged(gain=gain)
    assert found.keepable is kept
    assert found.breaker == (None if kept else "Host country")


def test_the_critical_patience_of_the_contract() -> None:
    # gain = delta s / (1 - delta) at delta = gain / (gain + s)
    found = enforcement(PLEDGE, overrides={"gain": 2.0}, patience=True)
    assert found.patience == pytest.approx(2.0 / 2.5, abs=1e-4)
    assert "discount factor of 0.8000 a year" in " ".join(sentences(found))


def test_a_contract_that_ends_by_itself_needs_more() -> None:
    # d = delta (1 - h) = 0.72: gain <= d s / (1 - d) = 1.2857
    assert pledged(gain=1.2, hazard=0.2).keepable
    assert not pledged(gain=1.4, hazard=0.2).keepable


@pytest.mark.parametrize(("delta", "all_"), [(0.49, False), (0.51, True), (0.8, True)])
def test_cooperation_is_supported_above_the_critical_discount_factor(delta: float, all_: bool) -> None:
    # grim trigger: delta >= (T - R) / (T - P) = 0.5; the even point of the feasible gains is both cooperating
    (at_start,) = enforcement(DILEMMA, overrides={"delta": delta}).standings
    assert at_start.share is not None
    assert (at_start.share > 0.999) is all_


def test_the_hasty_have_nothing_to_enforce() -> None:
    found = enforcement(DILEMMA, overrides={"delta": 0.1})
    assert found.standings[0].share == pytest.approx(0.0, abs=1e-3)
    assert answer(found).startswith("Threats could support nothing of the gains: no enforcement")
    assert found.draft is None
    assert found.keepable is None


def test_gains_are_those_over_no_deal() -> None:
    # no office changes hands here: the play of the two in force gains what the diagnosis says a draft in force gains,
    # but for its calendar
    found = pledged(gain=2.0)
    (known,) = cooperation(PLEDGE, overrides={"gain": 2.0})
    assert found.standings[1].place == "in force"
    assert found.standings[1].play == pytest.approx(tuple(g.in_force for g in known.gains), abs=1e-3)
    assert found.standings[1].turnover is None


def test_the_words_for_a_draft_that_cannot_be_kept() -> None:
    found = pledged(gain=10.0)
    assert answer(found) == (
        "No threat, however harsh, could keep “Contract”: Host country would break it whatever is promised."
    )
    assert enforced_json(found)["sentences"] == list(sentences(found))


def test_the_words_for_a_gap_and_for_an_empty_set() -> None:
    found = pledged(gain=2.0)
    gap = replace(found.standings[1], kept_share=0.8, play_share=0.05)
    text = answer(replace(found, standings=(found.standings[0], gap)))
    assert text == (
        "Threats could support 80 % of the gains of a draft that is kept; play as it is reaches 5 %: the structure "
        "lacks not incentives but credible punishment."
    )
    assert answer(replace(found, empty=True)).startswith("Nothing can be said to be enforceable")


def test_thorough_answers_come_with_strategies() -> None:
    found = enforcement(PLEDGE, overrides={"gain": 2.0}, thorough=True)
    assert found.gain is not None
    assert found.gain < 1e-8
    assert found.hair is not None


def test_the_picture_has_every_set_and_point() -> None:
    figure = enforcement_figure(pledged(gain=2.0))
    text = figure.chart.to_json()
    assert all(name in text for name in SETS[:3])
    assert SETS[3] not in text
    assert [row[1] for row in figure.table.rows][:2] == list(SETS[:2])
    assert figure.alt == answer(pledged(gain=2.0))


def test_what_breaks_a_draft_is_found_on_the_way_from_it_and_may_pay_nonetheless() -> None:
    # kept means never broken, in secret neither: uranium tempts whatever is promised, though oil for a frozen reactor
    # is worth much to both as long as it lasts; that others would leave a suspended draft is beside the point
    found = enforcement(read("agreed-framework-1994"), tolerance=1e-2)
    assert found.keepable is False
    assert found.breaker == "North Korea"
    assert found.breach == "What Pyongyang does about uranium"
    assert found.where is not None
    assert found.where.startswith("deal phase The Agreed Framework")
    (place,) = found.standings
    assert place.play_share is not None
    assert 0.8 < place.play_share < 0.95


def test_talks_from_scratch_leave_less_to_threats_and_are_drawn() -> None:
    found = enforcement(PLEDGE, overrides={"gain": 2.0}, hazard=0.5)
    force = found.standings[-1]
    assert found.hazard == 0.5
    assert found.renegotiation is not None
    assert found.renegotiation.startswith("Settled")
    assert force.renegotiated
    assert force.agreed is not None
    assert force.share is not None
    assert force.renegotiated_share is not None
    assert force.renegotiated_share <= force.share + 1e-3
    figure = enforcement_figure(found)
    assert SETS[3] in figure.chart.to_json()
    assert "with odds of 50 % a year" in figure.caption
    assert enforcement(PLEDGE, overrides={"gain": 2.0}).standings[-1].renegotiated is None


def test_long_work_says_how_far_it_is_and_can_be_called_off() -> None:
    told: list[str] = []
    enforcement(PLEDGE, progress=told.append)
    parts = [float(t.split(": ")[1].removesuffix(" %")) for t in told if t.startswith("payoff sets of 13 states: ")]
    assert parts == sorted(parts)
    assert parts[-1] == 100.0

    def stop(step: str) -> None:
        if "%" in step:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        enforcement(PLEDGE, progress=stop)


def test_offices_are_held_for_good() -> None:
    case = read("hanoi-2019")
    held = with_offices_held(case, ("us", "dprk"))
    assert compile_case(held, menu=()).game.states < compile_case(case, menu=()).game.states
    assert with_offices_held(PLEDGE, ("abroad", "hosting")) == PLEDGE


def test_what_cannot_be_asked() -> None:
    with pytest.raises(CaseError) as one:
        enforcement(read("theory/holdup-bond"))
    assert [i.code for i in one.value.issues] == ["not-two-parties"]
    with pytest.raises(CaseError) as two:
        enforcement(PLEDGE, "treaty")
    assert [i.code for i in two.value.issues] == ["unknown-draft"]
    with pytest.raises(TooLargeError, match="states after reduction"):
        enforcement(PLEDGE, limit=3)


def test_what_breaks_it_and_what_it_is_worth_until_then_is_told() -> None:
    """A draft that cannot be kept for ever, and is worth most of its gains all the same, is no contradiction."""
    found = enforcement(read("agreed-framework-1994"))
    assert (found.keepable, found.breaker) == (False, "North Korea")
    told = " ".join(sentences(found))
    assert "nothing can deter is that of North Korea at “What Pyongyang does about uranium”" in told
    assert f"Play as it is reaches {100 * (found.standings[-1].play_share or 0.0):.0f} % all the same" in told


def test_talks_from_scratch_are_told() -> None:
    found = enforcement(read("theory/repeated-dilemma"), hazard=0.1)
    assert "With odds of 10 % a year that the two sit down anew" in " ".join(sentences(found))
    named = [row[0] for row in rows_of(found.standings[-1])]
    assert "… if the two may sit down anew" in named
    assert enforcement(read("theory/repeated-dilemma")).standings[-1].renegotiated is None
