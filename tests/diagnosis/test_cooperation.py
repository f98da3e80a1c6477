"""The benefit of cooperation: gains over no deal, what mistrust takes of them, and the laws they obey."""

from __future__ import annotations

from dataclasses import replace
from threading import Event

import pytest

from servanda.case import parse_text, read
from servanda.case.resolved import ResolvedCase
from servanda.compile import compile_case
from servanda.diagnosis.answers import SideGain
from servanda.diagnosis.cooperation import PRECISE, cooperation
from servanda.diagnosis.trials import SETTINGS, Trials
from servanda.equilibrium.solve import InterruptedSolveError
from servanda.errors import CaseError
from tests.sketches import Sketch

SETTLING = Sketch(sunset="{mean: 18 months}", leads_to="suspension", detection=0.7, years=4)


def gains(case: ResolvedCase, draft: str = "draft0", **overrides: float) -> dict[str, SideGain]:
    (found,) = cooperation(case, [draft], overrides)
    return {g.side: g for g in found.gains}


def numbers(gain: SideGain) -> tuple[float, ...]:
    return gain.no_deal, gain.offered, gain.in_force, gain.bound


def test_the_actor_is_who_leads_the_side_at_the_start() -> None:
    found = gains(SETTLING.case)
    assert [(g.side, g.actor) for g in found.values()] == [("north", "dove"), ("south", "council")]
    later = parse_text(SETTLING.text.replace("start: dove}", "start: hawk}"), "sketch.yaml")
    assert gains(later)["north"].actor == "hawk"


def test_gains_are_differences_of_values_from_a_world_without_a_deal() -> None:
    case = SETTLING.case
    apart = Trials(compile_case(case, menu=()), None, 1, PRECISE).run([{}]).value[:, 0]
    together = Trials(compile_case(case), 0, 1, PRECISE).run([{}])
    assert not compile_case(case, menu=()).live.any()
    for gain, actor in zip(gains(case).values(), ("dove", "council"), strict=True):
        i = [a.name for a in case.actors].index(actor)
        assert gain.no_deal == pytest.approx(apart[i], abs=1e-4)
        assert gain.offered == pytest.approx(together.value[i, 0] - apart[i], abs=1e-4)
        assert gain.in_force == pytest.approx(together.value_in_force[i, 0] - apart[i], abs=1e-4)


def test_scaling_an_actor_scales_its_gains_and_nobody_elses() -> None:
    """Payoffs, prices and decisiveness of the council tripled: it plays the same, in larger coin."""
    text = SETTLING.text
    for old, new in (
        ("decisiveness: 8", "decisiveness: 24"), ("worth: -pain", "worth: -3 * pain"),
        ("worth: 6, per: arms", "worth: 18, per: arms"), ("income: {worth: 10}", "income: {worth: 30}"),
    ):  # fmt: skip
        assert old in text
        text = text.replace(old, new)
    one, three = gains(SETTLING.case), gains(parse_text(text, "sketch.yaml"))
    assert numbers(three["south"]) == pytest.approx([3.0 * x for x in numbers(one["south"])], rel=1e-4, abs=1e-2)
    assert numbers(three["north"]) == pytest.approx(numbers(one["north"]), rel=1e-4, abs=1e-2)
    assert abs(one["south"].bound) > 1.0
    assert three["south"].lost == pytest.approx(one["south"].lost, abs=1e-4)


def test_a_draft_that_nobody_would_break_loses_nothing() -> None:
    firm = replace(SETTLING, detection=1.0, bond=400.0, exit_price=400.0, gain=60.0, pain=60.0)
    for gain in gains(firm.case).values():
        assert gain.bound > 1.0
        assert gain.lost == pytest.approx(0.0, abs=1e-4)


def test_mistrust_takes_all_where_the_draft_is_broken_at_once() -> None:
    """The host of the pledge seizes at once: the investor loses its ten points, the host gains more than by keeping."""
    found = gains(read("theory/pledge"), "contract")
    assert found["abroad"].bound == pytest.approx(1.0 / (1.0 - 0.9))
    assert found["abroad"].lost == pytest.approx(1.0)
    assert found["hosting"].bound == pytest.approx(0.5 / (1.0 - 0.9))
    assert found["hosting"].in_force == pytest.approx(10.0 + 0.5)
    (whole,) = cooperation(read("theory/pledge"))
    assert "Mistrust costs 100 % of it for Investor's country." in whole.sentence
    assert "Free to break it, Host country would gain more." in whole.sentence


def test_what_brings_nothing_has_nothing_to_lose() -> None:
    """The council only minds sanctions; without pain it gains nothing by a deal that forbids it to arm."""
    found = gains(replace(SETTLING, pain=0.0).case)
    assert found["south"].bound < 0.0
    assert found["south"].lost is None


def test_every_draft_alone_and_progress_is_told() -> None:
    case = replace(SETTLING, drafts=2).case
    told: list[tuple[int, int]] = []
    found = cooperation(case, progress=lambda done, of: told.append((done, of)))
    assert [x.draft for x in found] == ["draft0", "draft1"]
    assert told == [(1, 2), (2, 2)]
    (second,) = cooperation(case, ["draft1"])
    assert second == found[1]
    assert found[0].gains[0].no_deal == found[1].gains[0].no_deal


def test_an_unknown_draft_is_named() -> None:
    with pytest.raises(CaseError) as caught:
        cooperation(SETTLING.case, ["draft7"])
    assert caught.value.issues[0].code == "unknown-draft"
    assert "draft0" in caught.value.issues[0].hint


def test_it_stops_when_told() -> None:
    stop = Event()
    stop.set()
    with pytest.raises(InterruptedSolveError):
        cooperation(SETTLING.case, settings=replace(SETTINGS, stop=stop))
