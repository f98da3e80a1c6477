"""A shorter menu of drafts: fewer states, and the same play in those that are left."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given

from servanda.compile import compile_case
from servanda.compile.deal_rules import OFF_THE_TABLE, menu_parameter
from servanda.equilibrium import Period, Settings, Status, solve
from tests.sketches import Sketch, sketches
from tests.strategies import few

EXACT = Settings(tail_tolerance=1e-12, tail_steps=1000)
pairs = sketches().map(lambda s: replace(s, drafts=2))


@given(pairs)
@few(8)
def test_a_shorter_menu_reaches_some_of_the_states(sketch: Sketch) -> None:
    case = sketch.case
    full, nothing = compile_case(case), compile_case(case, menu=())
    for d, draft in enumerate(case.drafts):
        alone = compile_case(case, menu=[draft.name])
        assert set(nothing.codes) < set(alone.codes) < set(full.codes)
        here = full.states_of(alone)
        np.testing.assert_array_equal(full.codes[here], alone.codes)
        np.testing.assert_array_equal(full.draft[here], alone.draft)
        np.testing.assert_array_equal(full.live[here], alone.live)
        assert set(alone.draft) == {-1, d}
        assert here[alone.start_with_deal(d)] == full.start_with_deal(d)
        assert full.game.start[here] @ alone.game.start == 1.0
        assert {f"table {x.name}" for x in case.drafts} & set(alone.game.labels.options) == {f"table {draft.name}"}
    assert set(nothing.draft) == {-1}
    assert not nothing.live.any()


def test_a_menu_of_all_drafts_is_no_menu() -> None:
    case = Sketch(drafts=2, ratifiers=1).case
    full, again = compile_case(case), compile_case(case, menu=["draft1", "draft0"])
    np.testing.assert_array_equal(again.codes, full.codes)
    np.testing.assert_array_equal(again.numbers().coefficient, full.numbers().coefficient)
    for one, two in zip(full.game.stages, again.game.stages, strict=True):
        for a, b in zip(one.structure, two.structure, strict=True):
            np.testing.assert_array_equal(a, b)


def test_states_that_only_the_other_compilation_reaches_are_named() -> None:
    case = Sketch(drafts=2).case
    full, first, second = (compile_case(case, menu=m) for m in (None, ["draft0"], ["draft1"]))
    with pytest.raises(KeyError, match="draft1"):
        first.states_of(full)
    with pytest.raises(KeyError, match="draft0"):
        second.states_of(first)
    with pytest.raises(KeyError, match="draft1"):
        first.start_with_deal(1)
    np.testing.assert_array_equal(first.states_of(first), np.arange(first.game.states))


def test_one_draft_on_the_table_prices_the_others_off() -> None:
    compiled = compile_case(Sketch(drafts=2).case)
    assert compiled.only("draft1") == {menu_parameter("draft0"): OFF_THE_TABLE, menu_parameter("draft1"): 0.0}
    alone = compile_case(compiled.case, menu=["draft1"])
    assert alone.central == compiled.central


@given(pairs)
@few(8)
def test_a_draft_alone_is_played_as_with_the_others_priced_off(sketch: Sketch) -> None:
    case = sketch.case
    full = compile_case(case)
    for draft in case.drafts:
        alone = compile_case(case, menu=[draft.name])
        off = solve(full.game, full.numbers([full.only(draft.name)]), EXACT)
        short = solve(alone.game, alone.numbers(), EXACT)
        assume(off.status is short.status is Status.SOLVED)
        here = full.states_of(alone)
        np.testing.assert_allclose(short.values, off.values[here], rtol=1e-8, atol=1e-8)
        np.testing.assert_allclose(short.terminal, off.terminal[here], rtol=1e-8, atol=1e-8)
        mass, wide = alone.game.start[:, None].copy(), full.game.start[:, None].copy()
        one, two = Period(alone.game, short.numbers), Period(full.game, off.numbers)
        for t, (a, b) in enumerate(zip(short.advantage, off.advantage, strict=True)):
            mass, wide = one.forward(mass, t, one.odds(a)), two.forward(wide, t, two.odds(b))
        np.testing.assert_allclose(mass, wide[here], rtol=1e-8, atol=1e-10)
        assert wide.sum() == pytest.approx(wide[here].sum(), abs=1e-12)
