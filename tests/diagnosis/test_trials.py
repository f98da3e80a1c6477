"""Trials against play judged one draw at a time; and that nothing but a trial's own numbers decides its answer."""

from __future__ import annotations

from dataclasses import replace
from threading import Event

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from servanda.case import load_text
from servanda.compile import Compiled, compile_case
from servanda.diagnosis.drafts import judge_drafts
from servanda.diagnosis.gates import first_signed, running_at_horizon, signing_of
from servanda.diagnosis.play import Play, propagate
from servanda.diagnosis.survival import survival_of
from servanda.diagnosis.trials import SETTINGS, Headlines, Trials
from servanda.equilibrium import Period, Settings, Status, solve
from servanda.equilibrium.iteration import fixed_point
from servanda.equilibrium.solve import InterruptedSolveError, settlement
from servanda.errors import CaseError
from servanda.forecast.propagation import forecast
from tests.diagnosis.tried import EXACT, TIGHT, assert_near, assert_same, counted, judged
from tests.sketches import Sketch, sketches
from tests.strategies import few

CLOSER = replace(SETTINGS, tail_tolerance=1e-5)
BUSY = Sketch(
    drafts=2, phases=2, ratifiers=2, leads_to="suspension", hidden=True, sunset="2023-03-01", renewal=True,
    linkage="collapse", shock="suspended", lottery=True, dated=True,
)  # fmt: skip
SMALL = Sketch(levels=2, office=False)
CALM = Sketch(office=False, pain=60.0, gain=5.0, exit_price=30.0)
TOUGH = Sketch(levels=2, office=False, order="fixed")
values = st.sampled_from([0.0, 2.0, 7.0, 20.0, 60.0])
overrides = st.fixed_dictionaries({}, optional={"pain": values, "gain": values, "bond": values, "exit_price": values})


@given(sketch=sketches(), changes=overrides, window=st.integers(1, 4))
@few(15)
def test_a_trial_says_what_judging_says(sketch: Sketch, changes: dict[str, float], window: int) -> None:
    case = sketch.case
    for d, draft in enumerate(case.drafts):
        alone = compile_case(case, menu=[draft.name])
        solution = solve(alone.game, alone.numbers([changes]), EXACT)
        assume(solution.status is Status.SOLVED)
        true = judged(Play(alone, solution), d, window)
        scale = float(np.ptp(solution.values))
        for how, tolerance in ((SETTINGS, 5e-3), (CLOSER, 5e-4), (TIGHT, 1e-7)):
            found = Trials(alone, d, window, how).run([changes])
            assume(found.settled.all())
            assert_near(found, true, tolerance, scale)


@pytest.mark.parametrize("until", [1, 3, 4])
@pytest.mark.parametrize("sketch", [CALM, replace(CALM, sunset="2023-03-01"), TOUGH], ids=["calm", "sunset", "tough"])
def test_numbers_can_be_read_at_an_earlier_date(sketch: Sketch, until: int) -> None:
    """Play is that of the whole calendar; only what happens up to the date counts."""
    compiled = compile_case(sketch.case)
    found = Trials(compiled, 0, 2, TIGHT, until).run([{}])
    play = Play(compiled, solve(compiled.game, compiled.numbers(), EXACT))
    life = survival_of(play, 0)
    lawful = sum(e.by_date[until - 1] for e in life.endings if e.kind == "expiry")
    running: list[float] = []
    propagate(
        play, compiled.game.start[:, None].copy(), at_start=lambda t, mass: running.append(mass[compiled.live].sum())
    )
    assert found.sign == pytest.approx(signing_of(play, 0, 2).caught[: min(2, until), 0].sum(), abs=1e-7)
    assert found.keep == pytest.approx(life.alive[until] + lawful, abs=1e-7)
    assert found.running == pytest.approx(running[until], abs=1e-7)
    path = forecast(compiled, play.solution, details=False).outcomes
    assert found.ever_war == pytest.approx(path.ever_war[until], abs=1e-7)
    years = (
        0.5 * (np.array(life.alive[:until]) + np.array(life.alive[1 : until + 1])).sum() * compiled.game.period_years
    )
    assert found.mean_life == pytest.approx(years, abs=1e-7)
    whole = Trials(compiled, 0, 2, TIGHT).run([{}])
    np.testing.assert_array_equal(found.value, whole.value)
    np.testing.assert_array_equal(found.value_in_force, whole.value_in_force)
    if until == compiled.case.periods:
        assert_same(found, whole)


def test_on_a_full_table_the_others_are_priced_off() -> None:
    case = BUSY.case
    full, alone = compile_case(case), compile_case(case, menu=["draft1"])
    found = Trials(full, 1, 2, TIGHT).run([full.only("draft1")])
    assert_near(found, Trials(alone, 1, 2, TIGHT).run([{}]), 1e-8, 100.0)
    with_both = Trials(full, 1, 2, TIGHT).run([{}])
    play = Play(full, solve(full.game, full.numbers(), EXACT))
    assert_near(with_both, judged(play, 1, 2), 1e-7, 100.0)


def test_trials_say_what_the_verdicts_say() -> None:
    case = BUSY.case
    compiled = compile_case(case)
    changes = {"bond": 10.0}
    play = Play(compiled, solve(compiled.game, compiled.numbers([changes])))
    for d, (verdict, _) in enumerate(judge_drafts(play, changes, Settings(), 3)):
        found = Trials(compile_case(case, menu=[verdict.draft]), d, 3).run([changes])
        gates = [float(x[0]) for x in (found.sign, found.ratify, found.keep)]
        assert gates == pytest.approx([g.probability for g in verdict.gates], abs=1e-4)
        assert found.running[0] == pytest.approx(verdict.alone_running, abs=1e-4)
        assert found.mean_life[0] == pytest.approx(verdict.survival.mean_life_years, abs=1e-4)
        assert found.holds[0] == pytest.approx(np.prod(gates))


@given(sketch=sketches(), changes=overrides)
@few(12)
def test_what_ends_a_draft_adds_up(sketch: Sketch, changes: dict[str, float]) -> None:
    """A draft survives, expires, or is ended by a side, by chance or by linkage; nothing else."""
    case = sketch.case
    for d, draft in enumerate(case.drafts):
        alone = compile_case(case, menu=[draft.name])
        found = Trials(alone, d, 4, TIGHT).run([changes])
        life = survival_of(Play(alone, solve(alone.game, alone.numbers([changes]), EXACT)), d)
        nobody = sum(e.probability for e in life.endings if not e.actor and e.kind != "expiry")
        lawful = sum(e.probability for e in life.endings if e.kind == "expiry")
        by_sides = float(found.ended_by.sum())
        assert by_sides + lawful + nobody == pytest.approx(1.0 - life.alive[-1], abs=1e-7)
        assert by_sides + nobody == pytest.approx(1.0 - found.keep[0], abs=1e-7)
        assert (found.ended_by >= 0.0).all()
        suspends = "suspen" in sketch.leads_to + sketch.spoiler
        if not (sketch.shock or sketch.linkage or suspends):
            assert nobody == 0.0
        third = [i for i, s in enumerate(case.sides) if not s.party]
        assert (found.ended_by[third].sum() > 0.0) == (sketch.spoiler in {"ended", "none"})


@pytest.mark.parametrize("window", [1, 4])
@pytest.mark.parametrize("sketch", [BUSY, CALM], ids=["busy", "calm"])
def test_every_draft_on_the_table(sketch: Sketch, window: int) -> None:
    """Without a draft in question: signing of any, what runs at the horizon, nothing about a deal in force."""
    compiled = compile_case(sketch.case)
    asked = [{}, {"pain": 60.0}]
    found = Trials(compiled, None, window, TIGHT).run(asked)
    for k, changes in enumerate(asked):
        play = Play(compiled, solve(compiled.game, compiled.numbers([changes]), EXACT))
        running = running_at_horizon(play).sum()
        signed = sum(signing_of(play, d, window).caught[:window, d].sum() for d in range(sketch.drafts))
        assert found.sign[k] == pytest.approx(signed, abs=1e-7)
        assert found.running[k] == pytest.approx(running, abs=1e-7)
        assert found.keep[k] == pytest.approx(min(1.0, running / signed), abs=1e-6)
        assert found.value[:, k] == pytest.approx(compiled.game.start @ play.solution.values, abs=1e-5)
        if window == 4:
            assert found.sign[k] == pytest.approx(first_signed(play).sum(), abs=1e-7)
        elif sketch == CALM:
            # more runs in the end than was signed in the first half-year
            assert running > signed
    assert found.ratify.tolist() == [1.0, 1.0]
    assert found.holds == pytest.approx(np.minimum(found.sign, found.running))
    assert np.isnan(found.value_in_force).all()
    assert np.isnan(found.ended_by).all()
    assert np.isnan(found.mean_life).all()


@pytest.mark.parametrize("sketch", [Sketch(drafts=0), Sketch(drafts=0, war=False)])
def test_a_case_without_drafts(sketch: Sketch) -> None:
    compiled = compile_case(sketch.case)
    found = Trials(compiled, None, 4, TIGHT).run([{}, {"pain": 0.0}])
    for name in ("sign", "keep", "running", "holds"):
        assert getattr(found, name).tolist() == [0.0, 0.0]
    for k, changes in enumerate(({}, {"pain": 0.0})):
        solution = solve(compiled.game, compiled.numbers([changes]), EXACT)
        assert found.value[:, k] == pytest.approx(compiled.game.start @ solution.values, abs=1e-6)
        path = forecast(compiled, solution, details=False).outcomes
        assert found.ever_war[k] == pytest.approx(path.ever_war[-1], abs=1e-7)
    assert found.ever_war[0] > 0.5 if sketch.war else found.ever_war.tolist() == [0.0, 0.0]


def test_a_case_without_war_differs_in_nothing_else() -> None:
    found, quiet = (
        Trials(compile_case(replace(BUSY, war=war).case, menu=["draft0"]), 0, 4).run([{}]) for war in (True, False)
    )
    assert found.ever_war[0] > 0.01
    assert_same(quiet, replace(found, ever_war=np.zeros(1)))


def test_a_case_that_starts_in_war() -> None:
    compiled = compile_case(SMALL.case)
    assert Trials(compiled, 0, 1).run([{}]).ever_war == pytest.approx([1.0])


# Nothing but a trial's own numbers


def test_equal_games_are_solved_once(monkeypatch: pytest.MonkeyPatch) -> None:
    games, told = counted(monkeypatch), []
    compiled = compile_case(Sketch(hidden=False, shock="").case)
    # nothing reads the shock's rate, and the central pain is 20
    asked = [{}, {"shock_rate": 0.9}, {"pain": 20.0}, {"pain": 5.0}, {"gain": 1.0}, {"pain": 5.0, "shock_rate": 0.0}]
    asked += [{"pain": 7.0}, {"pain": 8.0}, {"gain": 1.0}]
    trials = Trials(compiled, 0, 4)
    found = trials.run(asked, workers=1, progress=lambda done, of: told.append((done, of)))
    assert games == [4, 1]
    assert told == [(0, 5), (4, 5), (5, 5)]
    assert len(set(trials.keys(asked))) == 5
    same = [[0, 1, 2], [3, 5], [4, 8]]
    for group in same:
        for other in group[1:]:
            assert_same(found.pick([other]), found.pick(group[:1]))
    assert len({row.tobytes() for row in found.rows()}) == 5


def test_actors_that_differ_play_another_game() -> None:
    """Neither discount rates nor decisiveness stand in the table of coefficients."""
    own = (("parameters", "  care: {value: 8, source: judgement}"), ("parameters", "  rate: {value: 0.05}"))
    text = replace(TOUGH, also=own).text.replace("decisiveness: 8", "decisiveness: care, discount: rate")
    trials = Trials.of(load_text(text, "sketch.yaml").require(), "draft0", 4)
    asked = [{}, {"care": 3.0}, {"rate": 0.2}, {"care": 3.0, "rate": 0.2}, {"care": 8.0}]
    assert len(set(trials.keys(asked))) == 4
    found = trials.run(asked)
    assert len(set(found.sign[:4].tolist())) == 4
    assert_same(found.pick([4]), found.pick([0]))


def test_what_only_later_dates_read_plays_another_game() -> None:
    own = (("parameters", "  later: {value: 20, source: judgement}"),)
    late = ("  dove", "    peace: {worth: if date < 2023-01-01 then 10 else later, when: deal is live}")
    trials = Trials.of(replace(TOUGH, also=(*own, late)).case, "draft0", 4)
    asked = [{}, {"later": 60.0}, {"later": 20.0}]
    assert len(set(trials.keys(asked))) == 2
    found = trials.run(asked)
    assert found.sign[0] == found.sign[2] != found.sign[1]


@pytest.fixture(scope="module")
def busy() -> Compiled:
    return compile_case(BUSY.case, menu=["draft0"])


@pytest.fixture(scope="module")
def tough() -> Compiled:
    """A case whose far future takes long to settle for many numbers, each at its own pace."""
    return compile_case(TOUGH.case)


@given(data=st.data(), asked=st.lists(overrides, min_size=1, max_size=11), workers=st.sampled_from([None, 1, 2, 3]))
@few(15)
@pytest.mark.parametrize("which", ["busy", "tough"])
def test_a_trial_does_not_see_the_others(
    request: pytest.FixtureRequest,
    which: str,
    data: st.DataObject,
    asked: list[dict[str, float]],
    workers: int | None,
) -> None:
    """Order, neighbours, padding and threads change no bit."""
    compiled = request.getfixturevalue(which)
    trials = Trials(compiled, 0, 2)
    found = trials.run(asked, workers=workers)
    order = data.draw(st.permutations(range(len(asked))))
    assert_same(Trials(compiled, 0, 2).run([asked[i] for i in order], workers=1), found.pick(order))
    one = data.draw(st.integers(0, len(asked) - 1))
    assert_same(trials.run([asked[one]]), found.pick([one]))


def test_many_trials_in_threads_are_those_alone(busy: Compiled) -> None:
    asked = [{"pain": float(p), "bond": float(b)} for p in range(8) for b in range(8)]
    trials = Trials(busy, 0, 2)
    found = trials.run(asked, workers=2)
    assert found.holds.shape == (64,)
    assert len(set(found.keep.tolist())) == 64
    for one in (0, 7, 33, 63):
        assert_same(Trials(busy, 0, 2).run([asked[one]]), found.pick([one]))


def test_a_trial_that_does_not_settle_says_so(busy: Compiled) -> None:
    few_steps = replace(SETTINGS, tail_steps=2)
    found = Trials(busy, 0, 2, few_steps).run([{}, {"pain": 2.0}])
    assert found.settled.dtype == bool
    assert found.settled.tolist() == [False, False]
    assert Trials(busy, 0, 2).run([{}, {"pain": 2.0}]).settled.tolist() == [True, True]


def test_a_play_that_plain_steps_reach_is_found() -> None:
    """Far from the central numbers too: the far future settles, and what follows is what plain iteration gives."""
    compiled = compile_case(TOUGH.case)
    sets = [(20, 15, 20, 60), (20, 5, 60, 60), (5, 5, 60, 20), (60, 5, 20, 20), (5, 15, 60, 20), (20, 15, 20, 20)]
    asked = [dict(zip(("pain", "gain", "bond", "exit_price"), map(float, s), strict=True)) for s in sets]
    found = Trials(compiled, 0, 4).run(asked)
    assert found.settled.tolist() == [True] * len(asked)
    for k, changes in enumerate(asked):
        numbers = compiled.numbers([changes])
        period = Period(compiled.game, numbers)
        beyond = fixed_point(lambda v, p=period: p.backward(v, -1), settlement(period), 1e-9, 3000, mixing=False)
        assert beyond.settled.all()
        play = Play(compiled, solve(compiled.game, numbers, terminal=beyond.values))
        assert_near(found.pick([k]), judged(play, 0, 4), 1e-3, float(np.ptp(beyond.values)))


def test_numbers_that_make_no_sense_are_named(busy: Compiled) -> None:
    with pytest.raises(CaseError) as caught:
        Trials(busy, 0, 2).run([{}, {"detection": 1.5}])
    assert {i.code for i in caught.value.issues} == {"probability-out-of-range"}
    with pytest.raises(CaseError, match="unknown parameter: nonsense"):
        Trials(busy, 0, 2).run([{"nonsense": 1.0}])
    with pytest.raises(ValueError, match=r"^no trial to run$"):
        Trials(busy, 0, 2).run([])


@pytest.mark.parametrize("draws", [1, 3, 5])
def test_only_four_draws_are_solved_together(busy: Compiled, draws: int) -> None:
    with pytest.raises(ValueError, match=f"^trials run on 4 draws, not on {draws}$"):
        Trials(busy, 0, 2).solve_four(busy.numbers([{}] * draws))


def test_other_play_is_tried_as_it_is_played() -> None:
    """Values with the extreme-value term, on a path of its own: each trial as judged, whatever is beside it."""
    alone = compile_case(replace(BUSY, values="taste").case, menu=["draft0"])
    asked = [{"pain": float(p)} for p in range(6)]
    trials = Trials(alone, 0, 2, TIGHT)
    found = trials.run(asked)
    for k in (0, 5):
        play = Play(alone, solve(alone.game, alone.numbers([asked[k]]), EXACT))
        assert play.solution.numbers.taste
        assert_near(found.pick([k]), judged(play, 0, 2), 1e-7, 100.0)
        assert_same(Trials(alone, 0, 2, TIGHT).run([asked[k]]), found.pick([k]))
    assert abs(found.keep[0] - Trials(compile_case(BUSY.case, menu=["draft0"]), 0, 2).run(asked[:1]).keep[0]) > 1e-4


def test_trials_of_a_draft_by_its_name() -> None:
    stop = Event()
    trials = Trials.of(BUSY.case, "draft1", 3, stop)
    assert (trials.draft, trials.window, trials.settings.stop) == (1, 3, stop)
    assert_same(trials.run([{}]), Trials(compile_case(BUSY.case, menu=["draft1"]), 1, 3).run([{}]))
    assert Trials.of(BUSY.case, None, 3).draft is None
    with pytest.raises(CaseError, match="no draft is called draft2") as caught:
        Trials.of(BUSY.case, "draft2", 3)
    assert [i.code for i in caught.value.issues] == ["unknown-draft"]
    with pytest.raises(CaseError, match="no draft is called draft0") as caught:
        Trials.of(Sketch(drafts=0).case, "draft0", 3)
    assert [i.hint for i in caught.value.issues] == ["the case has no drafts"]


def test_headlines_come_back_from_rows(busy: Compiled) -> None:
    found = Trials(busy, 0, 2).run([{}, {"pain": 2.0}, {"bond": 30.0}])
    actors, sides = busy.game.actors, len(busy.case.sides)
    assert found.rows().shape == (3, 7 + 2 * actors + sides)
    back = Headlines.of_rows(found.rows(), actors, sides)
    assert_same(back, found)
    assert back.settled.dtype == bool
    assert_same(Headlines.joined([found.pick([0]), found.pick([2, 1])]), found.pick([0, 2, 1]))
    assert found.holds == pytest.approx(found.sign * found.ratify * found.keep)


# Interruption


@pytest.mark.parametrize("workers", [1, 2])
def test_a_run_stops_when_it_is_told(busy: Compiled, workers: int) -> None:
    stop = Event()
    trials = Trials(busy, 0, 2).stopping(Settings(stop=stop))
    told = []

    def progress(done: int, of: int) -> None:
        told.append(done)
        if done:
            stop.set()

    with pytest.raises(InterruptedSolveError):
        trials.run([{"pain": float(p)} for p in range(40)], progress=progress, workers=workers)
    assert 0 < max(told) <= 4 * workers
    with pytest.raises(InterruptedSolveError):
        trials.run([{"pain": 99.0}])
    stop.clear()
    assert_same(trials.run([{"pain": 1.0}]), Trials(busy, 0, 2).run([{"pain": 1.0}]))


def test_a_failure_calls_off_what_has_not_begun(busy: Compiled) -> None:
    """Also where nobody can be told to stop."""
    told = []

    def progress(done: int, of: int) -> None:
        told.append(done)
        if done:
            raise RuntimeError("told enough")

    with pytest.raises(RuntimeError, match="told enough"):
        Trials(busy, 0, 2).run([{"pain": float(p)} for p in range(96)], progress=progress, workers=2)
    assert told == [0, 4]


@pytest.mark.parametrize("workers", [1, 2])
def test_a_failure_in_one_thread_stops_the_others(busy: Compiled, workers: int) -> None:
    stop, told = Event(), []

    def progress(done: int, of: int) -> None:
        told.append(done)
        if done:
            raise RuntimeError("told enough")

    trials = Trials(busy, 0, 2, replace(SETTINGS, stop=stop))
    with pytest.raises(RuntimeError, match="told enough"):
        trials.run([{"pain": float(p)} for p in range(60)], progress=progress, workers=workers)
    assert told == [0, 4]
    assert stop.is_set() == (workers > 1)
