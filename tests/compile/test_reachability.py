"""Reachable states against brute force: one state at a time, every order of blocks, in plain Python."""

from __future__ import annotations

from collections import deque
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given

from servanda.compile import Compiled, compile_case
from servanda.compile.layout import DealLevel
from servanda.compile.rules import Rule
from servanda.errors import CaseError
from tests.reading import code
from tests.sketches import Sketch, sketches
from tests.strategies import few


def successors(rule: Rule, state: int) -> set[int]:
    found, acted = set(), False
    for applied in rule.apply(np.array([state])):
        if len(applied.rows):
            acted = True
            found |= {int(codes[0]) for _, codes in applied.outcomes}
    return found if acted and rule.dates is None else found | {state}


def walk(compiled: Compiled) -> tuple[set[int], list[set[int]]]:
    """All states met anywhere, and those met before each rule."""
    schedule, rules = compiled.game.schedule, compiled.rules
    chains = [
        [*schedule.opening, *(i for b in order for i in schedule.blocks[b]), *schedule.closing]
        for order in permutations(range(len(schedule.blocks)))
    ]
    start = compiled.layout.start
    roots = {start}
    for d, draft in enumerate(compiled.case.drafts):
        first = DealLevel("in_force" if len(draft.phases) == 1 else "phase", d, phase=0)
        roots.add(int(compiled.layout.with_deal(np.array([start]), first)[0]))
    met, before = set(roots), [set() for _ in rules]
    after: dict[tuple[int, int], set[int]] = {}
    seen = {(c, 0, s) for c in range(len(chains)) for s in roots}
    queue = deque(seen)
    while queue:
        chain, place, state = queue.popleft()
        rule = chains[chain][place]
        before[rule].add(state)
        if (rule, state) not in after:
            after[rule, state] = successors(rules[rule], state)
        for target in after[rule, state]:
            met.add(target)
            done = place + 1 == len(chains[chain])
            nodes = [(c, 0, target) for c in range(len(chains))] if done else [(chain, place + 1, target)]
            fresh = [node for node in nodes if node not in seen]
            seen.update(fresh)
            queue.extend(fresh)
    return met, before


@given(sketches())
@few(12)
def test_exactly_the_reachable_states_are_compiled(sketch: Sketch) -> None:
    compiled = compile_case(sketch.case)
    met, before = walk(compiled)
    assert set(compiled.codes.tolist()) == met
    for stage, rule, here in zip(compiled.game.stages, compiled.rules, before, strict=True):
        acts = {s for s in here if any(len(a.rows) for a in rule.apply(np.array([s])))}
        assert set(compiled.codes[stage.state].tolist()) == acts, rule.name


@given(sketches())
@few(20)
def test_a_compiled_game_is_whole(sketch: Sketch) -> None:
    compiled = compile_case(sketch.case)
    game, table = compiled.game, compiled.numbers().coefficient
    assert (np.diff(compiled.codes) > 0).all()
    assert game.start.sum() == 1.0
    assert compiled.codes[int(game.start.argmax())] == compiled.layout.start
    assert [game.labels.state(s) for s in np.flatnonzero(game.start)] == ["deal none"]
    for stage, rule in zip(game.stages, compiled.rules, strict=True):
        assert (np.diff(stage.state) > 0).all()
        assert (np.diff(stage.option_start) > 0).all()
        assert (np.diff(stage.outcome_start) > 0).all()
        chances = table[stage.outcome_coefficient, 0]
        total = np.add.reduceat(chances, stage.outcome_start[:-1].astype(int)) if stage.rows else np.ones(0)
        np.testing.assert_allclose(total, 1.0, atol=1e-12, err_msg=rule.name)
        nature = (stage.mover < 0)[stage.row_of_option]
        assert (np.diff(stage.option_start)[stage.mover < 0] == 1).all(), rule.name
        assert {compiled.game.labels.options[i] for i in stage.label[~nature]} == {
            label
            for label in compiled.places[game.stages.index(stage)]
            if rule.kind not in ("chance", "clock", "linkage")
        }


@given(sketches())
@few(20)
def test_every_option_has_a_place_in_the_case(sketch: Sketch) -> None:
    compiled = compile_case(sketch.case)
    lines = sketch.text.splitlines()
    for rule, places in zip(compiled.rules, compiled.places, strict=True):
        for label, place in places.items():
            assert 0 < place.line <= len(lines), f"{rule.name}: {label}"
            assert place.file == "sketch.yaml"


def test_an_option_leads_to_its_own_line() -> None:
    sketch = Sketch()
    compiled = compile_case(sketch.case)
    lines = sketch.text.splitlines()
    places = dict(zip((r.name for r in compiled.rules), compiled.places, strict=True))
    assert "build:" in lines[places["arming"]["build"].line - 1]
    assert "reduce:" in lines[places["arming"]["reduce"].line - 1]
    assert "election:" in lines[places["election"]["election"].line - 1]
    assert "draft0:" in lines[places["diplomacy of north"]["table draft0"].line - 1]
    assert "pact:" in lines[places["answer of south"]["accept"].line - 1]


def test_too_many_states_are_refused() -> None:
    with pytest.raises(CaseError) as caught:
        compile_case(Sketch().case, limit=20)
    issue = caught.value.issues[0]
    assert (issue.code, issue.message) == ("too-many-states", "more than 20 states can be reached")
    assert issue.hint


def test_a_state_that_cannot_be_reached_is_named() -> None:
    compiled = compile_case(Sketch(ratchet=True).case)
    with pytest.raises(KeyError, match="arms: l0"):
        compiled.states_with(code(compiled, DealLevel("none"), arms="l0"))
