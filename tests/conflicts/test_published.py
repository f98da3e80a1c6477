"""Published answers, in a table: what the literature and other programs say of classic conflicts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from servanda.conflicts import CONCEPTS, Conflict, analyse, conflict_of, load_text, read
from servanda.conflicts.model import members
from tests.reference.sources import FOLDER, MISSING

DOVE_HAWK: dict[str, dict[str, Sequence[str]]] = {
    "row": {"cc": ["dc"], "dc": ["cc"], "cd": ["dd"], "dd": ["cd"]},
    "col": {"cc": ["cd"], "cd": ["cc"], "dc": ["dd"], "dd": ["dc"]},
}
FIRST_COLUMNS = ["cc", "dc", "cd", "dd"]


@dataclass(frozen=True)
class Row:
    """Equilibria by concept, where they are published, and where that is said."""

    conflict: Conflict
    expected: Mapping[str, Sequence[str]]
    source: str


def two(name: str, row: list[str], col: list[str]) -> Conflict:
    return conflict_of(name, FIRST_COLUMNS, DOVE_HAWK, {"row": row, "col": col})


TABLE = [
    Row(
        two("dilemma", ["dc", "cc", "dd", "cd"], ["cd", "cc", "dd", "dc"]),
        {"nash": ["dd"], "gmr": ["cc", "dd"], "smr": ["cc", "dd"], "seq": ["cc", "dd"]},
        "prisoner's dilemma: Fang, Hipel & Kilgour 1993, recalled and checked by hand",
    ),
    Row(
        two("chicken", ["dc", "cc", "cd", "dd"], ["cd", "cc", "dc", "dd"]),
        {"nash": ["dc", "cd"], "gmr": ["cc", "dc", "cd"], "smr": ["cc", "dc", "cd"], "seq": ["dc", "cd"]},
        "chicken: Fang, Hipel & Kilgour 1993, recalled and checked by hand",
    ),
    Row(
        read("elmira"),
        {
            "nash": ["s5", "s8", "s9"],
            "seq": ["s5", "s8", "s9"],
            "gmr": ["s1", "s4", "s5", "s8", "s9"],
            "smr": ["s1", "s4", "s5", "s8", "s9"],
        },
        "Elmira: Hipel et al. 1997 (s5, s8, s9); all four concepts by an independent solver with legal sequences",
    ),
]


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.conflict.name)
def test_equilibria_are_the_published_ones(row: Row) -> None:
    found = analyse(row.conflict)
    assert {c: list(row.conflict.names(found.alone.equilibria(c))) for c in CONCEPTS} == dict(row.expected), row.source


# Moves and ordinal payoffs of the nine-state model as tabulated, states counted from 1; the larger the better.
ELMIRA_MOVES = {
    "moe": {1: [2], 3: [4], 5: [6], 7: [8]},
    "uniroyal": {1: [3, 9], 2: [4, 9], 3: [9], 4: [9], 5: [7, 9], 6: [8, 9], 7: [9], 8: [9]},
    "local": {1: [5], 5: [1], 2: [6], 6: [2], 7: [3], 3: [7], 4: [8], 8: [4]},
}
ELMIRA_PAYOFFS = {
    "moe": [4, 3, 8, 7, 5, 2, 9, 6, 1],
    "uniroyal": [9, 2, 4, 8, 6, 1, 3, 7, 5],
    "local": [6, 2, 8, 3, 7, 4, 9, 5, 1],
}


def test_the_shipped_elmira_has_the_published_moves_and_rankings() -> None:
    elmira = read("elmira")
    for maker, moves, rank in zip(elmira.makers, elmira.moves, elmira.rank, strict=True):
        assert {s + 1: [t + 1 for t in members(there)] for s, there in enumerate(moves) if there} == ELMIRA_MOVES[
            maker.name
        ]
        assert [9 - place for place in rank] == ELMIRA_PAYOFFS[maker.name]


def test_ministry_and_firm_leave_the_deadlock_together() -> None:
    elmira = read("elmira")
    found = analyse(elmira)
    (left,) = [d for d in found.departures if elmira.states[d.start].name == "s5"]
    assert [elmira.makers[maker].name for maker in left.coalition] == ["moe", "uniroyal"]
    assert elmira.names(left.ends) == ("s8",)
    steps = [(elmira.makers[maker].name, elmira.states[state].name) for maker, state in left.steps]
    assert steps == [("moe", "s6"), ("uniroyal", "s8")]
    assert left.sanctioned == ()
    assert found.together is not None
    assert elmira.names(found.together.equilibria("nash")) == ("s8", "s9")


# The twelve-state variant in the form in which gmcr-py saves a conflict, its rankings by hand and by statements.
TWELVE = {
    "program": "gmcr-py",
    "version": "0.3.6",
    "useManualPreferenceRanking": True,
    "options": [
        {"name": "Modify", "permittedDirection": "fwd"},
        {"name": "Delay", "permittedDirection": "back"},
        {"name": "Accept", "permittedDirection": "both"},
        {"name": "Abandon", "permittedDirection": "fwd"},
        {"name": "Insist", "permittedDirection": "both"},
    ],
    "decisionMakers": [
        {
            "name": "MoE",
            "options": [0],
            "preferenceRanking": [9, 3, 4, 10, 7, 1, 2, 8, [11, 5, 6, 12]],
            "preferences": [
                [[2, "Y"]],
                [[3, "N"]],
                [[0, "N"]],
                {"compound": True, "members": [[[0, "N"], [4, "Y"]], [[0, "Y"], [4, "N"]]]},
            ],
        },
        {
            "name": "Uniroyal",
            "options": [1, 2, 3],
            "preferenceRanking": [1, 4, 10, 7, [5, 11, 6, 12], 2, 3, 9, 8],
            "preferences": [
                {"compound": True, "members": [[[0, "Y"], [2, "Y"]], [[0, "N"], [2, "N"]]]},
                [[3, "N"]],
                [[4, "N"]],
                {"compound": True, "members": [[[1, "Y"], [4, "N"]], [[1, "N"], [4, "Y"]]]},
            ],
        },
        {
            "name": "Local Government",
            "options": [4],
            "preferenceRanking": [9, 3, 7, 1, 10, 8, 4, 2, [11, 5, 12, 6]],
            "preferences": [],
        },
    ],
    "infeasibles": [
        [[1, "Y"], [2, "Y"]],
        [[1, "Y"], [3, "Y"]],
        [[2, "Y"], [3, "Y"]],
        [[1, "N"], [2, "N"], [3, "N"]],
    ],
}


def test_the_variant_of_twelve_states_has_the_deadlock_and_the_way_out() -> None:
    conflict = load_text(json.dumps(TWELVE), "elmira.gmcr").require()
    assert [state.pattern for state in conflict.states][:5] == ["NYNNN", "YYNNN", "NNYNN", "YNYNN", "NNNYN"]
    found = analyse(conflict)
    assert {"s7", "s10"} < set(conflict.names(found.alone.equilibria("nash")))
    (left,) = [d for d in found.departures if conflict.states[d.start].name == "s7" and d.coalition == (0, 1)]
    assert conflict.names(left.ends) == ("s10",)


def test_statements_rank_the_best_states_as_the_ranking_by_hand() -> None:
    by_statements = load_text(json.dumps(TWELVE | {"useManualPreferenceRanking": False})).require()
    rank = by_statements.rank[0]
    best_first = sorted(range(12), key=lambda state: rank[state])
    assert [f"s{state + 1}" for state in best_first[:4]] == ["s9", "s3", "s4", "s10"]


FILES = sorted((FOLDER / "graph_models").glob("*.json"))


@pytest.mark.skipif(not FILES, reason=MISSING)
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_answers_of_the_shared_reference(file: Path) -> None:
    told = json.loads(file.read_text(encoding="utf-8"))
    payoffs = told["ordinal_payoffs"]
    states = sorted(next(iter(payoffs.values())), key=int)
    ranked: dict[str, Sequence[str | Sequence[str]]] = {
        maker: [[s for s in states if worth[s] == at] for at in sorted(set(worth.values()), reverse=True)]
        for maker, worth in payoffs.items()
    }
    moves = {maker: {s: [str(t) for t in there] for s, there in goes.items()} for maker, goes in told["moves"].items()}
    conflict = conflict_of(file.stem, states, moves, ranked)
    found = analyse(conflict)
    computed = told["independently_computed"]
    for concept in CONCEPTS:
        assert conflict.names(found.alone.equilibria(concept)) == tuple(map(str, computed[concept])), concept
    start = conflict.index("5")
    assert [
        ["+".join(conflict.makers[maker].name for maker in d.coalition), int(conflict.states[end].name)]
        for d in found.departures
        if d.start == start
        for end in members(d.ends)
    ] == computed["coalition_improvement_from_s5"]
