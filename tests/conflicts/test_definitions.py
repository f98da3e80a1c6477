"""The program against the definitions, on random conflicts of one to four decision makers."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from servanda.conflicts import CONCEPTS, Conflict, coalition_stability, conflict_of, stability
from servanda.conflicts.model import improvements
from servanda.conflicts.sequences import reachable, sequence
from tests.conflicts import by_definition as plain
from tests.strategies import few

MAKERS = "abcd"


@st.composite
def sketches(draw: st.DrawFn, most_states: int = 6, most_makers: int = 4) -> plain.Sketch:
    states = tuple(f"s{n}" for n in range(draw(st.integers(1, most_states))))
    makers = MAKERS[: draw(st.integers(1, most_makers))]
    pairs = [(a, b) for a in states for b in states if a != b]
    arcs = {
        maker: draw(st.sets(st.sampled_from(pairs), max_size=8)) if pairs else set[tuple[str, str]]()
        for maker in makers
    }
    places = st.integers(0, len(states) - 1)
    return plain.Sketch(states, arcs, {maker: {state: draw(places) for state in states} for maker in makers})


def told(sketch: plain.Sketch) -> Conflict:
    return conflict_of(
        "random",
        sketch.states,
        {m: {s: [b for a, b in arcs if a == s] for s in sketch.states} for m, arcs in sketch.arcs.items()},
        {
            maker: [[s for s in sketch.states if place[s] == at] for at in range(len(sketch.states))]
            for maker, place in sketch.place.items()
        },
    )


def names(conflict: Conflict, states: int) -> set[str]:
    return set(conflict.names(states))


@few(300)
@given(sketches())
def test_every_definition_for_single_decision_makers(sketch: plain.Sketch) -> None:
    conflict = told(sketch)
    found = stability(conflict)
    for number, maker in enumerate(sketch.arcs):
        stable = {state: plain.stable_alone(sketch, maker, state) for state in sketch.states}
        for concept in CONCEPTS:
            expected = {state for state, by in stable.items() if by[concept]}
            assert names(conflict, found.for_maker(concept, number)) == expected, (concept, maker)


@few(150)
@given(sketches())
def test_every_definition_for_coalitions(sketch: plain.Sketch) -> None:
    conflict = told(sketch)
    found = coalition_stability(conflict)
    gains = {group: plain.coalition_gains(sketch, group) for group in plain.coalitions(sketch.arcs)}
    assert len(found.coalitions) == len(gains) == 2 ** len(sketch.arcs) - 1
    for group, gained in zip(found.coalitions, found.gains, strict=True):
        by_name = frozenset(conflict.makers[maker].name for maker in group)
        for state, there in enumerate(gained):
            here = conflict.states[state].name
            assert names(conflict, there) == {b for a, b in gains[by_name] if a == here}
        stable = {state: plain.stable_together(sketch, by_name, state, gains) for state in sketch.states}
        for concept in CONCEPTS:
            expected = {state for state, by in stable.items() if by[concept]}
            assert names(conflict, found.for_coalition(concept, group)) == expected, (concept, by_name)


@few(100)
@given(sketches(most_states=4, most_makers=3))
def test_lists_hold_what_sequences_written_out_reach(sketch: plain.Sketch) -> None:
    conflict = told(sketch)
    arcs: Mapping[object, plain.Arcs] = dict(sketch.arcs)
    lists = reachable(conflict.moves)
    for state, here in enumerate(sketch.states):
        shortest: dict[str, int] = {}
        for steps in plain.written_out(arcs, here, 4):
            shortest.setdefault(steps[-1][1], len(steps))
        there = names(conflict, lists[state])
        assert shortest.keys() - {here} <= there
        assert there == plain.ends(arcs, here) - {here}
        for end in there:
            way = sequence(conflict.moves, state, conflict.index(end))
            assert way[-1][1] == conflict.index(end)
            assert all(one[0] != two[0] for one, two in pairwise(way))
            froms = [state, *(at for _, at in way)]
            assert all(conflict.moves[m][a] >> b & 1 for a, (m, b) in zip(froms, way, strict=False))
            if end in shortest:
                assert len(way) == shortest[end]


@few(200)
@given(sketches())
def test_known_relations_between_the_concepts(sketch: plain.Sketch) -> None:
    conflict = told(sketch)
    alone, together = stability(conflict), coalition_stability(conflict)
    for number in range(len(conflict.makers)):
        nash, gmr, smr, seq = (alone.for_maker(concept, number) for concept in CONCEPTS)
        assert not nash & ~smr
        assert not smr & ~gmr
        assert not nash & ~seq
        assert not seq & ~gmr
        single = [together.for_coalition(concept, (number,)) for concept in CONCEPTS]
        assert single[:3] == [nash, gmr, smr]
        assert not seq & ~single[3]
    for concept in CONCEPTS:
        assert not together.equilibria(concept) & ~(alone.equilibria(concept) if concept != "seq" else -1)


@given(sketches())
def test_with_two_decision_makers_a_sanction_is_one_move(sketch: plain.Sketch) -> None:
    conflict = told(sketch)
    for moves, rank in zip(conflict.moves, conflict.rank, strict=True):
        assert reachable([moves]) == moves
        assert reachable([improvements(moves, rank)]) == improvements(moves, rank)


def test_three_need_sequences_that_single_answers_do_not_find() -> None:
    """a gains by going from s to t; only b and c in turn can then bring about something worse for a."""
    conflict = conflict_of(
        "three",
        ["s", "t", "u", "v"],
        {"a": {"s": ["t"]}, "b": {"t": ["u"]}, "c": {"u": ["v"]}},
        {"a": ["t", "u", "s", "v"], "b": ["u", "t", "s", "v"], "c": ["v", "u", "t", "s"]},
    )
    found = stability(conflict)
    assert [conflict.names(found.for_maker(concept, 0)) for concept in CONCEPTS] == [
        ("t", "u", "v"),
        ("s", "t", "u", "v"),
        ("s", "t", "u", "v"),
        ("s", "t", "u", "v"),
    ]


def test_nobody_moves_twice_in_a_row_but_may_come_again() -> None:
    moves = [[0b0010, 0b0100, 0, 0], [0, 0, 0b1000, 0]]
    assert reachable(moves) == (0b0010, 0b1100, 0b1000, 0)
    moves[1][1] = 0b0001
    # b takes a back to the start, from where a goes on as before: still not two steps on.
    assert reachable(moves)[0] == 0b0010
    moves[1][1] = 0b0010 << 2
    moves[0][3] = 0b0100
    assert reachable(moves)[0] == 0b1110
