"""Gates, survival, endings, credibility and reasons: what must add up adds up, what must be consistent is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from servanda.diagnosis.credibility import temptation_of
from servanda.diagnosis.gates import SIGNED, first_entries, first_live, running_at_horizon, signing_of, voting_of
from servanda.diagnosis.play import propagate
from servanda.diagnosis.survival import survival_of
from servanda.kernels import stage as kernel
from tests import dense
from tests.diagnosis.played import play_of, plays_of, verdicts_of
from tests.sketches import Sketch, sketches
from tests.strategies import few

RESTLESS = Sketch(
    drafts=2, phases=2, ratifiers=2, leads_to="suspension", hidden=True, sunset="2023-03-01", renewal=True,
    linkage="collapse", shock="suspended", lottery=True, years=3,
)  # fmt: skip


@given(sketches())
@few(15)
def test_survival_and_endings_add_up_to_one(sketch: Sketch) -> None:
    for d, play in enumerate(plays_of(sketch)):
        life = survival_of(play, d)
        alive = np.array(life.alive)
        assert alive[0] == 1.0
        assert (np.diff(alive) <= 1e-12).all()
        ended = np.sum([e.by_date for e in life.endings], axis=0) if life.endings else np.zeros(len(alive) - 1)
        np.testing.assert_allclose(alive[1:] + ended, 1.0, atol=1e-10)
        assert sum(e.probability for e in life.endings) + alive[-1] == pytest.approx(1.0, abs=1e-10)
        assert list(life.endings) == sorted(life.endings, key=lambda e: -e.probability)
        lawful = sum(e.probability for e in life.endings if e.kind == "expiry")
        assert life.kept == pytest.approx(alive[-1] + lawful, abs=1e-10)
        assert 0.0 < life.mean_life_years <= sketch.years
        for ending in life.endings:
            assert ending.probability == pytest.approx(ending.by_date[-1], abs=1e-12)
            assert ending.kind in {"breach", "exit", "third party", "linkage", "expiry", "lapse", "chance"}
            assert (ending.actor == "") == (ending.kind in {"linkage", "chance", "lapse"}) or (ending.kind == "expiry")


@given(sketches())
@few(15)
def test_reasons_add_up_to_their_margin(sketch: Sketch) -> None:
    seen = 0
    for verdict in verdicts_of(sketch):
        for why in verdict.why:
            seen += 1
            total = sum(r.points for r in why.reasons)
            scale = max(1.0, *(abs(r.points) for r in why.reasons)) if why.reasons else 1.0
            assert total == pytest.approx(why.margin, abs=1e-9 * scale)
            assert why.residual == pytest.approx(why.margin - total, abs=1e-12 * scale)
            assert len({r.term for r in why.reasons}) == len(why.reasons)
    assert seen > 0


@given(sketches())
@few(15)
def test_gates_agree_with_what_they_summarise(sketch: Sketch) -> None:
    for verdict in verdicts_of(sketch):
        sign, ratify, keep = verdict.gates
        assert (sign.kind, ratify.kind, keep.kind) == ("sign", "ratify", "keep")
        lawful = sum(e.probability for e in verdict.survival.endings if e.kind == "expiry")
        assert keep.probability == pytest.approx(verdict.survival.alive[-1] + lawful, abs=1e-12)
        assert sign.probability == pytest.approx(min(1.0, verdict.alone_signed), abs=1e-12)
        if not sketch.ratifiers:
            assert (ratify.probability, ratify.margin, ratify.tightest) == (1.0, None, None)
        for gate in verdict.gates:
            assert 0.0 <= gate.probability <= 1.0
            if gate.tightest is not None:
                assert gate.margin == gate.tightest.margin
                assert gate.tightest.odds > 0.5 or gate.margin <= 0.0
                assert gate.tightest.move != gate.tightest.alternative
                assert 0.0 <= gate.tightest.likelihood <= 1.0
        assert verdict.holds == pytest.approx(sign.probability * ratify.probability * keep.probability)
        for p in (
            verdict.signed,
            verdict.in_force,
            verdict.running_at_horizon,
            verdict.alone_signed,
            verdict.alone_running,
        ):
            assert -1e-12 <= p <= 1.0 + 1e-12


@given(sketches())
@few(10)
def test_signing_comes_before_ratifying_before_running(sketch: Sketch) -> None:
    together = play_of(sketch)
    caught = first_entries(together, together.stage_mask(*SIGNED))
    assert caught.shape == (together.periods, sketch.drafts)
    assert caught.sum() <= 1.0 + 1e-12
    ever = first_live(together)
    assert ever.sum() <= caught.sum() + 1e-12
    for d, play in enumerate(plays_of(sketch)):
        signed, voting = signing_of(play, d, play.periods).caught.sum(axis=0), voting_of(play, d)
        assert voting.approved <= voting.decided + 1e-12
        for other in set(range(sketch.drafts)) - {d}:
            assert (signed[other], voting.running[other], first_live(play)[other]) == (0.0, 0.0, 0.0)
        assert voting.running[d] <= first_live(play)[d] + 1e-12
        assert first_live(play)[d] <= signed[d] + 1e-12


@given(sketches())
@few(8)
def test_running_drafts_are_counted_by_brute_force(sketch: Sketch) -> None:
    for play in (play_of(sketch), play_of(sketch, "draft0")):
        compiled, mass = play.compiled, play.compiled.game.start.copy()
        for t in range(play.periods):
            policy = dense.policy_of(compiled.game, play.solution.numbers, play.odds[t], 0)
            mass = dense.push(compiled.game, play.solution.numbers, t, policy, mass)
        running = running_at_horizon(play)
        for d in range(sketch.drafts):
            assert running[d] == pytest.approx(mass[compiled.live & (compiled.draft == d)].sum(), abs=1e-12)


@given(sketches())
@few(8)
def test_survival_is_that_of_matrix_products(sketch: Sketch) -> None:
    """Without ways back from the end, what is alive at a date is what has not been absorbed before."""
    for d, play in enumerate(plays_of(sketch)):
        compiled = play.compiled
        alive = play.stage_mask("phase", "in_force", "suspended", "expiring", draft=d)
        mass = np.zeros(compiled.game.states)
        mass[compiled.start_with_deal(d)] = 1.0
        expected = [1.0]
        for t in range(play.periods):
            policy = dense.policy_of(compiled.game, play.solution.numbers, play.odds[t], 0)
            mass = dense.push(compiled.game, play.solution.numbers, t, policy, mass, ~alive)
            mass[~alive] = 0.0
            expected.append(float(mass.sum()))
        assert survival_of(play, d).alive == pytest.approx(expected, abs=1e-12)


def test_every_kind_of_ending_is_told_apart() -> None:
    verdicts = verdicts_of(replace(RESTLESS, leads_to="collapse", ratifiers=0))
    kinds = {e.kind for v in verdicts for e in v.survival.endings}
    assert kinds >= {"breach", "exit", "linkage", "expiry", "lapse"}
    chance = verdicts_of(Sketch(shock="ended"))[0].survival.endings
    assert {e.label for e in chance if e.kind == "chance"} == {"shock"}
    labels = [e.label for e in chance if e.kind == "breach"]
    assert "council: build" in labels
    assert [e.label for e in verdicts[0].survival.endings if e.kind == "linkage"] == ["linkage: too many arms"]


def test_reasons_are_the_terms_of_the_actor_who_decides() -> None:
    play = play_of(RESTLESS)
    names: dict[str, set[str]] = {a.name: set() for a in play.compiled.case.actors}
    for term in play.compiled.game.terms:
        names[play.compiled.case.actors[term.actor].name].add(term.name)
    for verdict in verdicts_of(RESTLESS):
        assert {w.gate for w in verdict.why} == {"sign", "ratify", "keep"}
        for why in verdict.why:
            assert {r.term for r in why.reasons} <= names[why.actor]


def test_a_prohibitive_price_of_leaving_keeps_the_deal() -> None:
    free = verdicts_of(Sketch(years=3))[0]
    bound = verdicts_of(Sketch(years=3, exit_price=2000.0, bond=2000.0))[0]
    assert free.gates[2].probability < 0.1
    assert bound.gates[2].probability > 0.999
    assert bound.gates[2].margin > 1000.0
    assert all(g is None or g < -1000.0 for c in bound.credibility for g in c.gap)
    assert all(x == 0.0 for c in bound.credibility for x in c.tempted)


def test_a_hidden_breach_that_nobody_sees_tempts_despite_the_bond() -> None:
    seen = Sketch(years=3, exit_price=2000.0, bond=2000.0, hidden=True, detection=1.0)
    unseen = replace(seen, detection=0.0)
    gaps = [next(c for c in verdicts_of(s)[0].credibility if c.actor == "council").gap[0] for s in (seen, unseen)]
    assert gaps[0] < -1000.0 < gaps[1]


@given(sketches())
@few(10)
def test_temptation_is_read_with_the_right_sign(sketch: Sketch) -> None:
    """At a reached node a positive gap means that some breaking option is likelier than every keeping one."""
    for d, play in enumerate(plays_of(sketch)):
        for gap in temptation_of(play, d).gaps:
            for worth, weight, share, option in zip(gap.gap, gap.weight, gap.tempted, gap.option, strict=True):
                assert (worth is None) == (weight == 0.0)
                assert -1e-12 <= share <= 1.0 + 1e-12
                assert bool(option) == (worth is not None)
                if worth is not None and share == 0.0:
                    assert worth <= 1e-9
                if worth is not None and share > 1.0 - 1e-12:
                    assert worth >= -1e-9


@given(sketches())
@few(10)
def test_gaps_are_recomputed_from_dense_values(sketch: Sketch) -> None:
    """In the last period, first slot of a duty: the gap is log(odds of the best breach / best keeping) / λ."""
    play = play_of(sketch)
    compiled = play.compiled
    for slot in play.period.slots:
        stage, breaks = compiled.game.stages[slot.stage], compiled.breaks[slot.stage]
        for r in range(stage.rows):
            options = np.arange(stage.option_start[r], stage.option_start[r + 1])
            bad, good = options[breaks[options]], options[~breaks[options]]
            if not len(bad) or not len(good):
                continue
            odds = play.odds[0][slot.options, 0]
            advantage = play.solution.advantage[0][slot.options, 0]
            gap = advantage[bad].max() - advantage[good].max()
            precision = play.solution.numbers.precision[stage.mover[r], 0]
            if min(odds[bad].max(), odds[good].max()) > 1e-12:
                logs = np.log(odds[bad].max() / odds[good].max()) / precision
                assert gap == pytest.approx(logs, abs=1e-6)


@given(sketch=sketches(), bond=st.floats(0.1, 300.0))
@few(15)
def test_a_bond_never_makes_a_breach_likelier_where_the_future_is_held_fixed(sketch: Sketch, bond: float) -> None:
    compiled = play_of(replace(sketch, detection=0.3)).compiled
    free, dear = (compiled.numbers([{"bond": b}]) for b in (0.0, bond))
    after = np.random.default_rng(1).normal(0.0, 20.0, (compiled.game.states, compiled.game.actors))
    checked = 0
    for stage, rule, breaks in zip(compiled.game.stages, compiled.rules, compiled.breaks, strict=True):
        if rule.kind != "decision" or not breaks.any():
            continue
        odds = []
        for numbers in (free, dear):
            advantage, chosen = np.empty((stage.options, 1)), np.empty((stage.options, 1))
            kernel.backward(
                *stage.structure, numbers.at(0), numbers.precision, 1.0, kernel.LOGIT, 0, after.copy(),
                np.empty((stage.rows, compiled.game.actors)), advantage,
            )  # fmt: skip
            kernel.choose(stage.mover, stage.option_start, advantage, numbers.precision, kernel.LOGIT, chosen)
            odds.append(np.add.reduceat(np.where(breaks, chosen[:, 0], 0.0), stage.option_start[:-1].astype(int)))
        assert (odds[1] <= odds[0] + 1e-12).all()
        checked += int((odds[1] < odds[0]).sum())
    assert checked > 0


def test_a_watched_flow_does_not_change_what_flows() -> None:
    play = play_of(RESTLESS)
    start = play.compiled.game.start[:, None]
    plain = propagate(play, start.copy())
    watched = propagate(play, start.copy(), before=lambda t, slot, a: None, at_start=lambda t, a: None)
    np.testing.assert_array_equal(plain, watched)
    assert plain.sum() == pytest.approx(1.0, abs=1e-12)
