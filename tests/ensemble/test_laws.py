"""What must hold of any ensemble: rows do not depend on their neighbours, evidence on nothing but what it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from servanda.case import load_text, read
from servanda.case.resolved import ResolvedCase
from servanda.compile import Compiled, compile_case
from servanda.diagnosis.trials import Trials
from servanda.ensemble import Ensemble
from servanda.ensemble.frame import Frame
from servanda.ensemble.observations import stacked
from servanda.ensemble.paths import SHARES, Gauge
from servanda.equilibrium.solve import with_terminal
from servanda.kernels.lanes import LANES
from servanda.uncertainty.draws import draws_of
from tests.ensemble.border import border
from tests.ensemble.rows import Rows, parameters, same
from tests.sketches import Sketch

SEEN = (
    "date: 2022-04-10, variable: tension, level: crisis, reliability: 0.75",
    "date: 2022-07-01, indicator: burden, value: [2, 4], reliability: 0.9",
    "date: 2022-08-01, decision: arming, option: build, reliability: 0.8",
)
EITHER = "terminal: 'one of {stationary: 1, settled: 1}', order: 'one of {drawn: 1, fixed: 1}'"
# a single-precision sum over twelve states, rescaled a few times
CLOSE = 2e-6


def answered(rows: Rows) -> dict[str, np.ndarray]:  # type: ignore[type-arg]
    return {n: x for n, x in rows.items() if n.startswith(("question.", "outcome.", "path.", "event.", "indicator."))}


def frames(case: ResolvedCase) -> tuple[Frame, list[Mapping[str, float]]]:
    draws = draws_of(case, 2 * LANES)
    return Ensemble.of(case).frame, list(draws.mappings())


def test_a_row_is_the_same_in_any_chunk() -> None:
    study = Ensemble.of(border(*SEEN, modelling=EITHER))
    whole = study.solve(0, 48)
    parts = [study.solve(first, LANES) for first in (32, 0, 16)]
    for part, first in zip(parts, (32, 0, 16), strict=True):
        same(part, whole, range(LANES), range(first, first + LANES))
    same(study.solve(16, 20), whole, range(20), range(16, 36))
    assert whole["draw"].tolist() == list(range(48))
    assert set(whole["model.terminal"].tolist()) == {"stationary", "settled"}
    assert set(whole["model.order"].tolist()) == {"drawn", "fixed"}


def test_a_chunk_gives_every_process_some_and_fits_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    study = Ensemble.of(border(*SEEN))
    monkeypatch.setattr("os.cpu_count", lambda: 4)
    # draws, processes (None: one a core), on a cluster: asked for at once
    for draws, workers, cluster, expected in (
        (1, 1, False, 16), (100, 1, False, 112), (1000, 1, False, 256), (100, 2, False, 64), (100, None, False, 32),
        (1000, 2, True, 64), (20, 2, True, 32),
    ):  # fmt: skip
        assert study.chunk(draws, workers, cluster=cluster) == expected
    game = study.frame.compiled.game
    monkeypatch.setattr("servanda.ensemble.study._MOST_BYTES", 4 * game.states * game.actors * 50)
    assert study.chunk(1000) == 48
    monkeypatch.setattr("servanda.ensemble.study._MOST_BYTES", 1)
    assert study.chunk(1000) == LANES


@pytest.mark.parametrize("first", [1, 8, 17])
def test_ranges_begin_at_multiples_of_sixteen(first: int) -> None:
    with pytest.raises(ValueError, match=rf"^a range of draws begins at a multiple of 16, not at {first}$"):
        Ensemble.of(border()).solve(first, 16)


@pytest.mark.parametrize("settled", [False, True])
def test_a_row_is_the_same_beside_other_draws(settled: bool) -> None:
    """The same draws in other lanes, beside others, some of which close the horizon otherwise."""
    frame, values = frames(border(*SEEN, modelling="terminal: stationary"))
    closing = np.zeros(LANES, dtype=bool)
    closing[::3] = settled
    rows = frame.solve(values[:LANES], closing)
    order = np.random.default_rng(3).permutation(LANES)
    moved = frame.solve([values[k] for k in order], closing[order])
    same(moved, rows, range(LANES), order)
    mixed = [values[k] if k % 2 else values[LANES + k] for k in range(LANES)]
    same(frame.solve(mixed, closing), rows, range(1, LANES, 2), range(1, LANES, 2))


def test_failing_draws_are_told_and_disturb_none() -> None:
    """A yield of work above one makes no sense as odds."""
    study = Ensemble.of(border(*SEEN, yield_of_work="0.3 to 1.2"))
    rows = study.solve(0, 2 * LANES)
    broken = rows["parameter.yield_of_work"] > 1.0
    assert 0 < broken.sum() < len(broken)
    np.testing.assert_array_equal(rows["failure"] != "", broken)
    assert "make no sense" in str(rows["failure"][broken][0])
    assert not rows["settled"][broken].any()
    for name, column in answered(rows).items():
        assert np.isnan(column[broken]).all(), name
        assert np.isfinite(column[~broken]).all(), name
    assert np.isnan(rows["likelihood"][broken]).all()
    draws = [parameters(rows, k) for k in range(LANES)]
    sound = [d if d["yield_of_work"] <= 1.0 else {**d, "yield_of_work": 0.5} for d in draws]
    honest = study.frame.solve(sound, np.ones(LANES, dtype=bool))
    well = np.flatnonzero(~broken[:LANES])
    same({n: rows[n] for n in honest}, honest, well, well)


def test_a_case_that_never_makes_sense_is_told_in_every_row() -> None:
    rows = Ensemble.of(border(), overrides={"yield_of_work": 1.5}).solve(0, LANES)
    assert "make no sense" in str(rows["failure"][0])
    assert len(set(rows["failure"].tolist())) == 1
    assert np.isnan(rows["question.crisis then"]).all()


def test_overrides_are_told_and_used() -> None:
    study = Ensemble.of(border(*SEEN), overrides={"scale": 2.25})
    rows, free = study.solve(0, LANES), Ensemble.of(border(*SEEN)).solve(0, LANES)
    assert set(rows["parameter.scale"].tolist()) == {2.25}
    np.testing.assert_array_equal(rows["parameter.fear"], free["parameter.fear"])
    values = [{**parameters(free, k), "scale": 2.25} for k in range(LANES)]
    by_hand = study.frame.solve(values, np.ones(LANES, dtype=bool))
    same(by_hand, {n: rows[n] for n in by_hand}, range(LANES), range(LANES))


def test_evidence_that_says_next_to_nothing_moves_nothing() -> None:
    told = "date: 2022-07-01, variable: tension, level: crisis, reliability: {}"
    rows = [Ensemble.of(border(told.format(r))).solve(0, LANES) for r in (0.500001, 0.505, 0.51)]
    moved = [
        max(float(np.abs(r[n] - r[f"before.{n}"]).max()) for n in answered(r) if f"before.{n}" in r) for r in rows
    ]  # fmt: skip
    assert moved[0] <= 2e-5
    assert moved[0] < moved[1] < moved[2]
    # and in proportion: near a coin, twice what is known is twice the move
    assert moved[2] / moved[1] == pytest.approx(2.0, rel=0.02)
    np.testing.assert_allclose(rows[0]["likelihood"], np.log(0.5), atol=1e-5)


def test_what_play_makes_certain_changes_no_answer() -> None:
    """The inspection of 2022 and a level that cannot be; both are sure whatever the draw."""
    case = border(*SEEN)
    sure = (
        "date: 2022-11-01, indicator: late burden, value: 0, reliability: 0.9",
        "date: 2022-01-01, variable: arms, level: l1, reliability: 0.9",
        "date: 2022-12-01, indicator: burden, value: [0, 99], reliability: 1",
    )
    rows, more = Ensemble.of(case).solve(0, LANES), Ensemble.of(border(*SEEN, *sure)).solve(0, LANES)
    np.testing.assert_allclose(more["likelihood"], rows["likelihood"] + 2.0 * np.log(0.9), atol=CLOSE)
    for name, column in answered(rows).items():
        np.testing.assert_allclose(more[name], column, atol=CLOSE, err_msg=name)


def test_without_the_only_piece_there_is_none() -> None:
    rows, nothing = Ensemble.of(border(SEEN[0])).solve(0, LANES), Ensemble.of(border()).solve(0, LANES)
    np.testing.assert_allclose(rows["likelihood.without"], 0.0, atol=CLOSE)
    for name in answered(rows):
        if f"without.{name}" in rows:
            np.testing.assert_array_equal(rows[f"without.{name}"][:, 0], rows[f"before.{name}"], err_msg=name)
        if f"before.{name}" in rows:
            np.testing.assert_allclose(rows[f"before.{name}"], nothing[name], atol=CLOSE, err_msg=name)
            np.testing.assert_array_equal(nothing[f"before.{name}"], nothing[name], err_msg=name)


def test_without_a_piece_is_without_it() -> None:
    rows = Ensemble.of(border(*SEEN)).solve(0, LANES)
    for k in range(len(SEEN)):
        fewer = Ensemble.of(border(*(s for j, s in enumerate(SEEN) if j != k))).solve(0, LANES)
        np.testing.assert_allclose(rows["likelihood.without"][:, k], fewer["likelihood"], atol=CLOSE)
        for name in rows:
            if name.startswith("without."):
                plain = name.removeprefix("without.")
                np.testing.assert_allclose(rows[name][:, k], fewer[plain], atol=CLOSE, err_msg=name)


def test_likelihoods_of_all_that_could_be_told_add_up_to_one() -> None:
    """Of things with two values, one report or the other is made."""
    total = np.zeros(LANES)
    for first, option, last in product(("calm", "crisis"), ("stay", "push"), ("calm", "crisis")):
        case = border(
            f"date: 2022-07-01, variable: tension, level: {first}, reliability: 0.8",
            f"date: 2022-08-01, decision: patrolling, option: {option}, reliability: 0.7",
            f"date: 2023-01-01, variable: tension, level: {last}, reliability: 0.9",
        )
        total += np.exp(Ensemble.of(case, leave_out=False, paths=False).solve(0, LANES)["likelihood"])
    np.testing.assert_allclose(total, 1.0, atol=CLOSE)


def test_a_choice_of_order_or_closing_is_the_case_that_declares_it() -> None:
    rows = Ensemble.of(border(*SEEN, modelling=EITHER)).solve(0, LANES)
    for order, terminal in product(("drawn", "fixed"), ("stationary", "settled")):
        mine = (rows["model.order"] == order) & (rows["model.terminal"] == terminal)
        assert mine.any()
        declared = border(*SEEN, order=order, modelling=f"terminal: {terminal}")
        alone = Ensemble.of(declared).solve(0, LANES)
        assert set(alone["model.order"].tolist()) == {order}
        here = np.flatnonzero(mine)
        same(rows, alone, here, here, but=("model.order", "model.terminal"))


def test_other_days_and_questions_have_other_digests() -> None:
    case = border(*SEEN)
    studies = [
        Ensemble.of(case), Ensemble.of(case, seed=1), Ensemble.of(case, paths=False), Ensemble.of(border(*SEEN[:2])),
        Ensemble.of(case, leave_out=False), Ensemble.of(case, overrides={"scale": 2.0}),
        Ensemble.of(case, learn_from=case.as_of), Ensemble.of(border(*SEEN, order="fixed")),
    ]  # fmt: skip
    assert len({s.digest for s in studies}) == len(studies)
    assert Ensemble.of(border(*SEEN)).digest == studies[0].digest


def test_a_case_without_parameters_has_rows_all_the_same() -> None:
    """Nothing is uncertain in the theory cases: all draws are the same game."""
    rows = Ensemble.of(read("theory/pledge")).solve(0, LANES)
    for name, column in answered(rows).items():
        assert (column == column[:1]).all(), name


def gauge_of(value: str) -> tuple[Compiled, Gauge]:
    written = "late burden: {value: if date > 2023-06-01 then arms else 0}"
    case = border(more=((written, f'late burden: {{value: "{value}"}}'),))
    compiled = compile_case(case)
    return compiled, Gauge.of(compiled, next(i for i in case.indicators if i.name == "late burden"))


@pytest.mark.parametrize(
    "value",
    [
        "min(arms, scale)",
        "if scale * arms > 25 then 1 else 0",
        "max(0, arms - fear)",
        "if scale > 2.5 and tension is crisis then 5 else arms",
        "scale",
        "if date > 2023-06-01 then scale * arms else 7",
    ],
)
@pytest.mark.parametrize("t", [0, 4])
def test_indicators_are_read_state_by_state(value: str, t: int) -> None:
    """Under parameters far from the central ones too: classes of states must hold whatever the draw."""
    compiled, gauge = gauge_of(value)
    random = np.random.default_rng(1)
    scale, fear = random.choice([0.4, 1.5, 2.7, 14.0], LANES), random.choice([0.2, 1.2, 30.0], LANES)
    draws = [{"scale": s, "fear": f} for s, f in zip(scale, fear, strict=True)]
    mass = random.dirichlet(np.ones(compiled.game.states), LANES).T
    mean, values = gauge.read(mass, t, stacked(compiled, draws))
    for draw, one in enumerate(draws):
        level = compiled.truth(gauge.indicator.value.node, t, one)
        order = np.argsort(level, kind="stable")
        below = np.cumsum(mass[order, draw])
        expected = level[order][np.searchsorted(below, SHARES)]
        assert mean[draw] == pytest.approx(float(mass[:, draw] @ level), rel=1e-9, abs=1e-12)
        np.testing.assert_allclose(values[draw], expected, rtol=1e-9)


def test_gates_are_those_of_the_order_and_closing_of_the_draw() -> None:
    """Also where play begins before the date of information, and gates are judged from there on."""
    head = Sketch(levels=2, office=False).text.split("questions:\n")[0]
    head = head.replace("period: half-year\n", "period: half-year\nas_of: 2022-01-01\nlearn_from: 2021-07-01\n")
    head = head.replace("gain: {value: 15.0,", "gain: {value: 5 to 30,")
    seen = "evidence:\n  - {date: 2021-10-10, deal: none, reliability: 0.6, source: judgement}\n"

    def rows(order: str, modelled: str, terminal: str) -> Rows:
        text = head.replace("order: drawn", f"order: {order}") + seen
        text += f"modelling: {{order: {modelled}, terminal: {terminal}, source: judgement}}\n"
        case = load_text(text, "sketch.yaml").require()
        study = Ensemble.of(case, gates=("draft0",))
        assert study.frame.informed == 1
        found = study.solve(0, LANES)
        if order == modelled:
            exact = Trials.of(case, "draft0", 4)
            exact = replace(exact, settings=with_terminal(exact.settings, terminal))
            told = exact.run([parameters(found, k) for k in range(LANES)])
            for name in ("sign", "ratify", "keep", "holds", "mean_life"):
                np.testing.assert_allclose(found[f"gate.draft0.{name}"], getattr(told, name), atol=1e-4, err_msg=name)
        return found

    declared = {(o, t): rows(o, o, t) for o in ("drawn", "fixed") for t in ("stationary", "settled")}
    some = "'one of {drawn: 1, fixed: 1}'", "'one of {stationary: 1, settled: 1}'"
    mixed = rows("drawn", *some)
    gates = [n for n in mixed if n.startswith("gate.draft0.")]
    assert {n.removeprefix("gate.draft0.") for n in gates} == {"sign", "ratify", "keep", "holds", "mean_life"}
    for (order, terminal), alone in declared.items():
        here = np.flatnonzero((mixed["model.order"] == order) & (mixed["model.terminal"] == terminal))
        assert len(here)
        for name in gates:
            np.testing.assert_allclose(mixed[name][here], alone[name][here], rtol=1e-12, err_msg=name)
    signs = {key: float(r["gate.draft0.sign"][0]) for key, r in declared.items()}
    assert len(set(signs.values())) == 4
