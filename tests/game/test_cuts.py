"""Where a stage falls apart: against the definition, on random stages that do and do not."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from servanda.game import Stage


def stage_of(rows: list[tuple[int, list[list[int]]]]) -> Stage:
    """A stage from (state, successors of every option) of each row."""
    options = [o for _, row in rows for o in row]
    counts = np.cumsum([0, *(len(row) for _, row in rows)])
    outcomes = np.cumsum([0, *(len(o) for o in options)])
    none = np.zeros(0, dtype=np.int32)
    ints = [
        np.array(x, dtype=np.int32) for x in ([s for s, _ in rows], counts, outcomes, [t for o in options for t in o])
    ]
    state, option_start, outcome_start, outcome_state = ints
    label, price_start = np.zeros(len(options), dtype=np.int32), np.zeros(len(options) + 1, dtype=np.int32)
    return Stage(
        "move", state, np.zeros(len(rows), dtype=np.int32), option_start, label, price_start, none, none, none,
        outcome_start, outcome_state, np.zeros(len(outcome_state), dtype=np.int32),
    )  # fmt: skip


@st.composite
def falling_apart(draw: st.DrawFn) -> list[tuple[int, list[list[int]]]]:
    """Rows in order of state whose successors stay within blocks of states, more or less."""
    width = draw(st.integers(1, 6))
    rows = []
    for state in sorted(draw(st.sets(st.integers(0, 23), min_size=1, max_size=16))):
        begin = state // width * width
        near = st.integers(begin, begin + width - 1)
        target = draw(st.sampled_from([near, near, near, st.integers(0, 23)]))
        rows.append((state, draw(st.lists(st.lists(target, min_size=1, max_size=3), min_size=1, max_size=3))))
    return rows


@given(falling_apart())
def test_a_cut_is_where_nothing_crosses_and_none_is_missed(rows: list[tuple[int, list[list[int]]]]) -> None:
    touched = [{s, *(t for o in row for t in o)} for s, row in rows]
    wanted = [
        r for r in range(1, len(rows))
        if max(set().union(*touched[:r])) < min(set().union(*touched[r:]))
    ]  # fmt: skip
    assert stage_of(rows).cuts.tolist() == [0, *wanted, len(rows)]


def test_a_stage_without_rows_has_no_piece() -> None:
    assert stage_of([]).cuts.tolist() == [0]
