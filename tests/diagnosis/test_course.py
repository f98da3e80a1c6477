"""The course of an agreement against other code: gates, survival, the horizon, and play simulated move by move."""

from __future__ import annotations

from datetime import date
from functools import cache

import numpy as np
import pytest

from servanda.case import read
from servanda.case.loading import parse_text
from servanda.compile import compile_case
from servanda.diagnosis.course import Course, Passage, course_of
from servanda.diagnosis.credibility import temptation_of
from servanda.diagnosis.gates import first_live, first_signed, running_at_horizon, sign_window, signing_of
from servanda.diagnosis.places import ground_of
from servanda.diagnosis.play import ALIVE, Play
from servanda.diagnosis.survival import survival_of
from servanda.equilibrium import solve

TREATY = """
case: course
title: Two parties and a parliament
start: 2020-01-01
period: half-year
horizon: 2026-01-01
sources: {}
sides:
  north: {title: the North, party: yes, led_by: minister}
  south: {title: the South, party: yes, led_by: ruler}
actors:
  minister: {side: north, title: the Minister, discount: 0.1, decisiveness: 20}
  ruler: {side: south, title: the Ruler, discount: 0.1, decisiveness: 20}
  parliament: {side: north, title: Parliament, discount: 0.05, decisiveness: 20}
variables:
  calm: {kind: condition, values: [quiet, tense], start: quiet}
chance:
  crisis: {when: calm is quiet, rate: 0.4, effects: {calm: tense}}
  relief: {when: calm is tense, rate: 1.2, effects: {calm: quiet}}
decisions:
  arms:
    by: ruler
    options:
      disarm: {}
      arm: {hidden: yes}
drafts:
  pact:
    title: the Pact
    form: treaty
    proposers: [north, south]
    terms: {worth: 20}
    verification: {detection: 0.5}
    phases:
      - {name: beginning, lasts: 1 year, owes: {south: {arms: {must: [disarm]}}}}
      - {name: in_force, owes: {south: {arms: {must: [disarm]}}}}
    breach:
      south: {leads_to: suspension}
    linkage:
      - {when: calm is tense, leads_to: suspension}
protocol:
  forms:
    treaty: {ratifiers: [{name: the vote, by: parliament, delay: 6 months}]}
  cooling_off: 1 year
  lapse: 1 year
payoffs:
  minister: {peace: {worth: 20, when: deal is live}, talking: {worth: 1, when: deal is talks}}
  ruler: {peace: {worth: 12, when: deal is live}, arms: {worth: 10, when: calm is tense}}
  parliament: {peace: {worth: 8, when: deal is live}, calm: {worth: 4, when: calm is quiet}}
parameters: {}
"""


@cache
def played(name: str, draft: str) -> Play:
    compiled = compile_case(read(name), menu=[draft])
    return Play(compiled, solve(compiled.game, compiled.numbers()))


def courses(name: str, draft: str, begins: str = "start") -> tuple[Play, int, Course]:
    play = played(name, draft)
    index = [d.name for d in play.compiled.case.drafts].index(draft)
    return play, index, course_of(play, index, begins)  # type: ignore[arg-type]


def ever(course: Course, stage: str) -> list[float]:
    return [s.ever for s in course.stays if s.place.stage == stage]


CASES = (("theory/two-level-ratification", "x20"), ("inf-1987", ""), ("new-start", ""), ("colombia-2016", ""))


@pytest.fixture(params=CASES, ids=lambda pair: pair[0])
def drawn(request: pytest.FixtureRequest) -> tuple[str, str]:
    name, draft = request.param
    return name, draft or read(name).drafts[0].name


@pytest.mark.parametrize("begins", ["start", "live"])
def test_at_every_date_the_agreement_stands_somewhere(drawn: tuple[str, str], begins: str) -> None:
    play, _, course = courses(*drawn, begins)
    total = np.sum([s.at for s in course.stays], axis=0)
    np.testing.assert_allclose(total, 1.0, atol=1e-9)
    years = sum(s.years for s in course.stays)
    assert years == pytest.approx(play.periods * play.compiled.game.period_years)


@pytest.mark.parametrize("begins", ["start", "live"])
def test_what_flows_in_less_what_flows_out_is_what_stays(drawn: tuple[str, str], begins: str) -> None:
    _, _, course = courses(*drawn, begins)
    for k, stay in enumerate(course.stays):
        into = sum(p.passages for p in course.passages if p.target == k)
        out = sum(p.passages for p in course.passages if p.source == k)
        assert stay.at[0] + into - out == pytest.approx(stay.at[-1], abs=1e-9)


@pytest.mark.parametrize("begins", ["start", "live"])
def test_probabilities_are_no_larger_than_expected_numbers(drawn: tuple[str, str], begins: str) -> None:
    _, _, course = courses(*drawn, begins)
    for passage in course.passages:
        assert sum(m.passages for m in passage.moves) == pytest.approx(passage.passages)
        if passage.probability is None:
            assert course.stays[passage.source].place.stage == "ended"
            continue
        assert 0.0 <= passage.probability <= min(1.0, passage.passages) + 1e-9
        assert passage.probability == pytest.approx(0.0, abs=1e-12) or passage.passages > 0.0
    for k, stay in enumerate(course.stays):
        entering = [p.probability or 0.0 for p in course.passages if p.target == k]
        if any(p.target == k and p.probability is None for p in course.passages):
            continue
        assert stay.ever <= stay.at[0] + sum(entering) + 1e-9
        assert stay.ever >= max((*entering, stay.at[0])) - 1e-9


def test_signed_live_and_running_agree_with_the_gates(drawn: tuple[str, str]) -> None:
    play, draft, course = courses(*drawn)
    signed = [*ever(course, "ratifying"), *ever(course, "phase"), *ever(course, "in_force")]
    live = [*ever(course, "phase"), *ever(course, "in_force")]
    running = [s.at[-1] for s in course.stays if s.place.stage in ("phase", "in_force")]
    assert signed[0] == pytest.approx(float(first_signed(play)[draft]), abs=1e-9)
    assert max(live) == pytest.approx(float(first_live(play)[draft]), abs=1e-9)
    assert sum(running) == pytest.approx(float(running_at_horizon(play)[draft]), abs=1e-9)


def test_a_running_draft_leaves_its_life_as_survival_says(drawn: tuple[str, str]) -> None:
    play, draft, course = courses(*drawn, "live")
    survival = survival_of(play, draft)
    alive = [k for k, s in enumerate(course.stays) if s.place.stage in ALIVE]
    # in the first period nothing that has ended can have begun again
    ended = sum(_first(p) for p in course.passages if p.source in alive and p.target not in alive)
    assert ended == pytest.approx(1.0 - survival.alive[1], abs=1e-9)


def _first(passage: Passage) -> float:
    return sum(m.by_period[0] for m in passage.moves)


def test_the_tightest_points_are_those_of_the_gates(drawn: tuple[str, str]) -> None:
    play, draft, course = courses(*drawn)
    found = {n.gate: n for n in course.narrow}
    assert [n.margin for n in course.narrow] == sorted(n.margin for n in course.narrow)
    pair = signing_of(play, draft, sign_window(play.compiled.case)).pair
    if pair is not None:
        assert found["sign"].margin == min(p.margin for p in pair)
    tempted = temptation_of(play, draft).tightest
    if tempted is not None:
        assert found["keep"].margin == tempted.margin
        assert found["keep"].date == play.compiled.dates[tempted.period]


def test_a_tightest_point_lies_on_the_passage_of_its_move() -> None:
    _, _, course = courses("theory/two-level-ratification", "x20")
    seen = {}
    for narrow in course.narrow:
        assert narrow.passage is not None
        assert narrow.move is not None
        passage = course.passages[narrow.passage]
        names = tuple(course.stays[k].place.stage for k in (passage.source, passage.target))
        move = passage.moves[narrow.move]
        seen[narrow.gate] = (names, move.title, move.breaks)
    assert seen["ratify"] == (("ratifying", "in_force"), "approve", False)
    assert seen["keep"][0] == ("in_force", "ended")
    assert seen["keep"][2]
    assert seen["sign"][0][0] in ("talks", "tabled")


def test_margins_and_odds_of_the_ratifier_are_one_another_under_logit_choice() -> None:
    play, _, course = courses("theory/two-level-ratification", "x20")
    moves = {m.title: m for p in course.passages for m in p.moves}
    yes, no = moves["approve"], moves["reject"]
    assert yes.margin is not None
    assert no.margin is not None
    assert yes.margin == pytest.approx(-no.margin)
    assert yes.odds + no.odds == pytest.approx(1.0)
    actor = [a.name for a in play.compiled.case.actors].index(yes.actor)
    precision = float(play.solution.numbers.precision[actor, 0])
    assert yes.odds == pytest.approx(1.0 / (1.0 + np.exp(-precision * yes.margin)), abs=1e-9)


def test_places_and_steps_do_not_depend_on_numbers() -> None:
    case = read("theory/two-level-ratification")
    compiled = compile_case(case, menu=["x20"])
    one, other = ground_of(compiled, 20), ground_of(compiled, 20)
    assert one.places == other.places
    assert one.steps == other.steps
    assert [p.title for p in one.places][:3] == ["No talks", "Talks", "Tabled by home"]


def test_the_course_of_a_running_draft_begins_in_its_first_phase() -> None:
    _, _, course = courses("inf-1987", read("inf-1987").drafts[0].name, "live")
    first = next(s for s in course.stays if s.place.stage in ("phase", "in_force"))
    assert first.at[0] == 1.0
    assert first.ever == 1.0
    assert course.dates[0] == read("inf-1987").start


def test_another_draft_that_runs_at_the_start_is_one_place() -> None:
    old = "  old: {title: the old one, form: treaty, terms: {worth: 1}, phases: [{name: in_force}]}\n"
    text = TREATY.replace("protocol:\n", "protocol:\n  start: {deal: in_force, draft: old}\n")
    case = parse_text(text.replace("drafts:\n", f"drafts:\n{old}"), "case")
    compiled = compile_case(case, menu=["pact"])
    play = Play(compiled, solve(compiled.game, compiled.numbers()))
    course = course_of(play, 1)
    place = next(s for s in course.stays if s.place.name == "another")
    assert place.at[0] == 1.0
    assert place.place.title == "Another draft"


def test_an_agreement_that_ended_before_the_start_cools_off_first() -> None:
    case = parse_text(TREATY.replace("protocol:\n", "protocol:\n  start: {deal: ended}\n"), "case")
    compiled = compile_case(case)
    course = course_of(Play(compiled, solve(compiled.game, compiled.numbers())), 0)
    before = next(k for k, s in enumerate(course.stays) if s.place.cause == "before")
    assert (course.stays[before].at[0], course.stays[before].ever) == (1.0, 1.0)
    away = next(p for p in course.passages if p.source == before)
    # a cooling-off of a year on average, in periods of half a year: gone with even odds in each
    assert away.moves[0].by_period[:3] == pytest.approx((0.5, 0.25, 0.125))
    np.testing.assert_allclose(np.sum([s.at for s in course.stays], axis=0), 1.0, atol=1e-9)


def simulated(play: Play, draft: int, games: int, seed: int) -> tuple[dict[str, float], dict[tuple[str, str], float]]:
    """Share of simulated games that ever stand in a place, or take a passage, the cause of an end carried along."""
    compiled, period = play.compiled, play.period
    ground = ground_of(compiled, draft)
    rng = np.random.default_rng(seed)
    names = [p.name for p in ground.places]
    stood: dict[str, int] = dict.fromkeys(names, 0)
    went: dict[tuple[str, str], int] = {}
    for _ in range(games):
        state = int(rng.choice(compiled.game.states, p=compiled.game.start))
        place = int(ground.place[state])
        here, gone = {names[place]}, set()
        for t in range(play.periods):
            remaining = (1 << len(compiled.game.schedule.blocks)) - 1
            slots = [s for s in period.slots if s.block == -1]
            while remaining:
                blocks = [b for b in range(len(compiled.game.schedule.blocks)) if remaining >> b & 1]
                block = int(rng.choice(blocks))
                slots += [s for s in period.slots if (s.remaining, s.block) == (remaining, block)]
                remaining ^= 1 << block
            slots += [s for s in period.slots if s.block == -2]
            for slot in slots:
                stage = compiled.game.stages[slot.stage]
                row = np.flatnonzero(stage.state == state)
                if not len(row):
                    continue
                row = int(row[0])
                if stage.mover[row] < 0 and rng.random() >= period.weight(slot, t):
                    continue
                options = np.arange(stage.option_start[row], stage.option_start[row + 1])
                odds = play.odds[t][slot.options][options, 0]
                option = int(rng.choice(options, p=odds / odds.sum()))
                outcomes = np.arange(stage.outcome_start[option], stage.outcome_start[option + 1])
                chance = period.table(t)[stage.outcome_coefficient[outcomes], 0]
                outcome = int(rng.choice(outcomes, p=chance / chance.sum()))
                state = int(stage.outcome_state[outcome])
                steps = ground.stages[slot.stage]
                hit = np.flatnonzero(steps.outcome == outcome)
                after = place
                if len(hit):
                    after = ground.steps[int(steps.step[hit[0]])].target
                elif place in ground.causes and ground.place[state] >= 0:
                    after = int(ground.place[state])
                if after != place:
                    gone.add((names[place], names[after]))
                    here.add(names[after])
                    place = after
        for name in here:
            stood[name] += 1
        for pair in gone:
            went[pair] = went.get(pair, 0) + 1
    return {k: v / games for k, v in stood.items()}, {k: v / games for k, v in went.items()}


def test_what_is_ever_passed_is_what_simulated_play_passes() -> None:
    compiled = compile_case(parse_text(TREATY, "case"))
    play = Play(compiled, solve(compiled.game, compiled.numbers()))
    course = course_of(play, 0)
    games = 1_000
    stood, went = simulated(play, 0, games, seed=5)
    error = 4.0 * 0.5 / np.sqrt(games)
    names = [s.place.name for s in course.stays]
    assert {"suspended", "ended: lapse", "ended: ratification"} <= set(names)
    for stay in course.stays:
        assert stood[stay.place.name] == pytest.approx(stay.ever, abs=error), stay.place
    for passage in course.passages:
        pair = (names[passage.source], names[passage.target])
        if passage.probability is None:
            continue
        assert went.get(pair, 0.0) == pytest.approx(passage.probability, abs=error), pair


def test_a_linkage_and_a_breach_lead_to_suspension_and_back() -> None:
    compiled = compile_case(parse_text(TREATY, "case"))
    play = Play(compiled, solve(compiled.game, compiled.numbers()))
    course = course_of(play, 0, "live")
    names = [s.place.name for s in course.stays]
    into = {names[p.source]: {m.kind for m in p.moves} for p in course.passages if names[p.target] == "suspended"}
    assert into["phase 1"] == into["in force"] == {"linkage", "decision"}
    back = next(p for p in course.passages if (names[p.source], names[p.target]) == ("suspended", "phase 1"))
    assert {m.title for m in back.moves} == {"resume"}
    assert all(m.peak is not None and m.peak >= date(2020, 1, 1) for m in back.moves)
