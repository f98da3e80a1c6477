"""Files of conflicts: what they mean, and what is said, and where, of those that are wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from servanda.conflicts import Conflict, dump, load, load_text, parse_text, read
from servanda.conflicts.exchange import read_gmcr
from servanda.conflicts.model import members
from servanda.conflicts.own_format import KEYS
from servanda.conflicts.rules import RULES
from servanda.conflicts.statements import parse
from servanda.errors import CaseError
from tests.conflicts.test_definitions import sketches, told
from tests.conflicts.test_published import TWELVE

GOOD = """\
conflict: dilemma
title: Two prisoners
decision_makers:
  row:
    options: {quiet: Say nothing}
  col:
    options:
      silent: {title: Say nothing}
preferences:
  row: [s3, s4, s1, s2]
  col:
    statements: [quiet, not silent]
status_quo: s4
"""
GRAPH = """\
conflict: brink
decision_makers: {a: {}, b: {}}
states: [calm, crisis, war]
moves:
  a: {calm: crisis, crisis: [calm, war]}
  b: {crisis: [war]}
preferences:
  a: [calm, crisis, war]
  b: [[calm, crisis], war]
"""


def arcs(conflict: Conflict, maker: int) -> dict[str, tuple[str, ...]]:
    return {conflict.states[s].name: conflict.names(there) for s, there in enumerate(conflict.moves[maker]) if there}


def test_options_make_states_moves_and_rankings() -> None:
    conflict = parse_text(GOOD)
    assert [(state.name, state.pattern) for state in conflict.states] == [
        ("s1", "NN"), ("s2", "YN"), ("s3", "NY"), ("s4", "YY"),
    ]  # fmt: skip
    assert arcs(conflict, 0) == {"s1": ("s2",), "s2": ("s1",), "s3": ("s4",), "s4": ("s3",)}
    assert arcs(conflict, 1) == {"s1": ("s3",), "s2": ("s4",), "s3": ("s1",), "s4": ("s2",)}
    assert conflict.rank == ((2, 3, 0, 1), (2, 0, 3, 1))
    assert conflict.status_quo == 3


def test_states_may_be_a_graph_of_names() -> None:
    conflict = parse_text(GRAPH)
    assert arcs(conflict, 0) == {"calm": ("crisis",), "crisis": ("calm", "war")}
    assert arcs(conflict, 1) == {"crisis": ("war",)}
    assert conflict.rank == ((0, 1, 2), (0, 0, 1))


def test_what_cannot_be_undone_what_is_barred_and_what_is_alike() -> None:
    text = """\
conflict: walls
decision_makers:
  a: {options: {build: {moves: take}, shout: {moves: both}}}
  b: {options: {leave: {moves: take}, talk: {moves: drop}, stand: {moves: none}}}
infeasible: [stand, talk and leave]
alike: [leave]
barred:
  - {by: a, from: shout and not build, to: build}
preferences: {a: [[s1, s2, s3, s4, s5, s6, s7, s8, s9]], b: {statements: [not leave]}}
"""
    conflict = parse_text(text)
    patterns = [state.pattern for state in conflict.states]
    assert patterns == ["NNNNN", "YNNNN", "NYNNN", "YYNNN", "--YNN", "NNNYN", "YNNYN", "NYNYN", "YYNYN"]
    # a builds for good, and not while it shouts; what it does once b has left changes nothing.
    assert arcs(conflict, 0) == {
        "s1": ("s2", "s3", "s4"), "s2": ("s4",), "s3": ("s1",), "s4": ("s2",),
        "s6": ("s7", "s8", "s9"), "s7": ("s9",), "s8": ("s6",), "s9": ("s7",),
    }  # fmt: skip
    assert arcs(conflict, 1) == {
        **{f"s{n}": ("s5",) for n in (1, 2, 3, 4)},
        **{f"s{n}": (f"s{n - 5}", "s5") for n in (6, 7, 8, 9)},
    }
    assert conflict.rank[1] == (0, 0, 0, 0, 1, 0, 0, 0, 0)


def changed(*swaps: tuple[str, str], text: str = GOOD) -> str:
    for old, new in swaps:
        assert old in text
        text = text.replace(old, new)
    return text


PATTERNS = ("preferences:", "states: {p: YN, q: NY}\npreferences:")
TWO = [PATTERNS, ("[s3, s4, s1, s2]", "[p, q]"), ("status_quo: s4", "status_quo: q")]
MANY = ", ".join(f"o{n}" for n in range(13))
ALL = ", ".join(f"s{n}" for n in range(2_100))
WRONG = [
    ("not-a-mapping", "[a, b]", 1, 1),
    ("missing-key", changed(("preferences:", "prefer:")), 1, 1),
    ("missing-key", changed(("moves:\n", "barred: []\n"), ("  a: {calm: crisis, crisis: [calm, war]}\n", ""),
                            ("  b: {crisis: [war]}\n", ""), text=GRAPH), 3, 1),
    ("unknown-key", changed(("title: Two", "titel: Two")), 2, 1),
    ("unknown-key", changed(("{title: Say", "{name: Say")), 8, 16),
    ("wrong-type", changed(("{quiet: Say nothing}", "quiet")), 5, 14),
    ("wrong-type", changed(("{title: Say nothing}", "{moves: sometimes}")), 8, 23),
    ("too-few", changed(("{quiet: Say nothing}", "{}")), 5, 5),
    ("bad-name", changed(("conflict: dilemma", "conflict: The Dilemma")), 1, 11),
    ("bad-name", changed(("  row:\n", "  not:\n"), ("row: [", "not: [")), 4, 3),
    ("name-taken", changed(("silent: {", "quiet: {"), ("not silent", "not quiet")), 8, 7),
    ("name-taken", changed(("[calm, crisis, war]\nmoves", "[calm, crisis, calm]\nmoves"), text=GRAPH), 3, 24),
    ("clashing-keys", changed(*TWO, ("preferences:", "infeasible: [quiet]\npreferences:")), 10, 1),
    ("clashing-keys", changed(("preferences:", "moves: {}\npreferences:")), 9, 1),
    ("clashing-keys", changed(("preferences:", "barred: []\npreferences:"), text=GRAPH), 7, 1),
    ("too-many", changed(("quiet: Say nothing", "quiet: a, " + MANY.replace(",", ": a,") + ": a")), 3, 1),
    ("too-many", changed(("calm, crisis, war]\nm", ALL + "]\nm"), text=GRAPH), 3, 1),
    ("no-states", changed(("preferences:", "infeasible: [quiet, not quiet]\npreferences:")), 9, 1),
    ("no-states", "conflict: x\ndecision_makers: {a: {}}\npreferences: {a: []}\n", 2, 1),
    ("bad-pattern", changed(*TWO, ("p: YN", "p: YNN")), 9, 13),
    ("states-overlap", changed(*TWO, ("q: NY", "q: '-N'")), 9, 20),
    ("statement-syntax", changed(("not silent]", "(not silent]")), 12, 35),
    ("statement-syntax", changed(("not silent]", "quiet silent]")), 12, 31),
    ("statement-syntax", changed(("not silent]", "quiet and]")), 12, 33),
    ("statement-syntax", changed(("not silent]", "quiet + silent]")), 12, 31),
    ("statement-undecided", changed(("preferences:", "states: {p: Y-, q: N-}\npreferences:"),
                                    ("[s3, s4, s1, s2]", "[p, q]"), ("status_quo: s4", "")), 13, 25),
    ("unknown-option", changed(("not silent", "not slient")), 12, 29),
    ("unknown-state", changed(("s3, s4", "s3, s5, s4")), 10, 13),
    ("unknown-state", changed(("status_quo: s4", "status_quo: s5")), 13, 13),
    ("unknown-state", changed(("b: {crisis", "b: {crash"), text=GRAPH), 6, 7),
    ("unknown-state", changed(("[calm, war]}", "[calm, peace]}"), text=GRAPH), 5, 36),
    ("unknown-maker", changed(("preferences:", "barred: [{by: nobody, to: quiet}]\npreferences:")), 9, 15),
    ("unknown-maker", changed(("  b: {crisis", "  c: {crisis"), text=GRAPH), 6, 3),
    ("ranked-twice", changed(("s3, s4", "s3, s3, s4")), 10, 13),
    ("not-ranked", changed(("s3, s4, ", "s3, ")), 10, 3),
    ("null-value", changed(("title: Two prisoners", "title:")), 2, 1),
    ("duplicate-key", changed(("title: Two prisoners", "title: a\ntitle: b")), 3, 1),
]  # fmt: skip


@pytest.mark.parametrize(("code", "text", "line", "column"), WRONG, ids=lambda value: str(value)[:24])
def test_what_is_wrong_is_said_with_its_place(code: str, text: str, line: int, column: int) -> None:
    found = load_text(text, "c.yaml")
    assert found.conflict is None
    places = {(issue.code, issue.where.line, issue.where.column) for issue in found.issues}
    assert (code, line, column) in places
    assert all(issue.hint for issue in found.issues)


def test_every_rule_is_seen_broken() -> None:
    assert set(RULES) - {code for code, *_ in WRONG} == {"unknown-conflict"}


def test_all_issues_come_at_once() -> None:
    text = changed(
        ("title: Two", "titel: Two"), ("s3, s4, ", ""), ("not silent", "silnt"), ("status_quo: s4", "status_quo: x")
    )
    codes = [issue.code for issue in load_text(text).issues]
    assert codes == ["unknown-key", "not-ranked", "unknown-option", "unknown-state"]


def test_an_unknown_conflict_is_no_traceback() -> None:
    with pytest.raises(CaseError) as raised:
        read("elmirra")
    (issue,) = raised.value.issues
    assert (issue.code, issue.hint) == ("unknown-conflict", "did you mean `elmira`?")


@given(sketches())
def test_a_conflict_written_and_read_back_is_the_same(sketch: Any) -> None:
    conflict = told(sketch)
    again = parse_text(dump(conflict))
    assert (again.makers, again.states, again.moves) == (conflict.makers, conflict.states, conflict.moves)
    for old, new in zip(conflict.rank, again.rank, strict=True):
        dense = {place: at for at, place in enumerate(sorted(set(old)))}
        assert tuple(dense[place] for place in old) == new


def test_the_shipped_conflict_written_state_by_state_is_the_same_graph() -> None:
    elmira = read("elmira")
    again = parse_text(dump(elmira))
    assert (again.moves, again.rank, again.status_quo) == (elmira.moves, elmira.rank, elmira.status_quo)
    assert again.sources == elmira.sources


NAMES = ("a", "b", "c")
TEXTS = st.recursive(
    st.sampled_from(NAMES),
    lambda inner: st.one_of(
        inner.map(lambda text: f"not ({text})"),
        st.tuples(inner, st.sampled_from(("and", "or", "if", "iff")), inner).map(lambda t: f"({t[0]}) {t[1]} ({t[2]})"),
    ),
    max_leaves=6,
)


@given(TEXTS, st.integers(0, 7))
def test_statements_mean_what_logic_says(text: str, mask: int) -> None:
    import numpy as np

    said = parse(text, NAMES).holds(np.array([mask]))[0]
    python = text.replace("iff", "==").replace(" if ", " >= ").replace(") and (", ") & (").replace(") or (", ") | (")
    values = {name: np.bool_(mask >> at & 1) for at, name in enumerate(NAMES)}
    assert said == eval(python.replace("not (", "~("), {"__builtins__": {}}, values)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a or b and not c", (0, 1, 2, "not", "and", "or")),
        ("a iff b if c or a", (0, 1, 2, 0, "or", "if", "iff")),
        ("not (a or b)", (0, 1, "or", "not")),
    ],
)
def test_words_bind_as_they_should(text: str, parts: tuple[int | str, ...]) -> None:
    assert parse(text, NAMES).parts == parts


def gmcr(**changes: Any) -> str:
    return json.dumps(TWELVE | changes, indent=1)


@pytest.mark.parametrize(
    ("text", "code", "shown"),
    [
        (gmcr(options=3), "missing-key", '"options": 3'),
        (gmcr(infeasibles=[[[9, "Y"]]]), "unknown-option", "9,"),
        (gmcr(infeasibles=[[[0, "X"]]]), "wrong-type", "["),
        (gmcr(infeasibles=[[[0, "Y"]], [[0, "N"]]]), "no-states", "["),
        (gmcr().replace('"fwd"', '"sideways"', 1), "wrong-type", '"permittedDirection": "sideways"'),
        (gmcr().replace("9,", "13,", 1), "unknown-state", "13,"),
        (gmcr().replace("9,", "3,", 1), "not-ranked", "{"),
        (gmcr(decisionMakers=TWELVE["decisionMakers"][:2]), "wrong-type", "["),  # type: ignore[index]
    ],
)
def test_a_wrong_file_of_gmcr_py_is_told_by_line(text: str, code: str, shown: str) -> None:
    found = load_text(text, "x.gmcr")
    assert found.conflict is None
    assert code in [issue.code for issue in found.issues]
    assert any(issue.code == code and shown in issue.shown for issue in found.issues)


def test_names_of_gmcr_py_become_identifiers(tmp_path: Path) -> None:
    options = [{"name": "Cooperate with 2"}, {"name": "Cooperate with 2"}, {"name": "2nd"}]
    makers = [{"name": "A", "options": [0, 1], "preferences": []}, {"name": "A", "options": [2], "preferences": []}]
    file = tmp_path / "Two Friends.gmcr"
    file.write_text(json.dumps({"options": options, "decisionMakers": makers, "infeasibles": []}))
    conflict = load(file).require()
    assert conflict.name == "two-friends"
    assert [option.name for option in conflict.options] == ["cooperate_with_2", "cooperate_with_2_2", "_2nd"]
    assert [(maker.name, maker.title) for maker in conflict.makers] == [("a", "A"), ("a_2", "A")]
    assert set(conflict.rank[0]) == {0}
    assert list(members(conflict.moves[1][0])) == [4]
    assert read_gmcr.__doc__


def test_the_reference_page_lists_every_rule_and_key() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "reference" / "conflicts.md").read_text(encoding="utf-8")
    assert [code for code, meaning in RULES.items() if f"| `{code}` | {meaning} |" not in page] == []
    assert [key for key in KEYS if f"`{key}`" not in page] == []


def nodes(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inside = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [path, *(each for key, value in inside for each in nodes(value, (*path, key)))]


def replaced(tree: Any, path: tuple[Any, ...], junk: Any) -> Any:
    if not path:
        return junk
    changed = dict(tree) if isinstance(tree, dict) else list(tree)
    changed[path[0]] = replaced(tree[path[0]], path[1:], junk)
    return changed


@pytest.mark.parametrize("whole", [yaml.load(text, yaml.BaseLoader) for text in (GOOD, GRAPH)] + [TWELVE])
def test_junk_anywhere_is_an_issue_or_harmless_never_a_traceback(whole: Any) -> None:
    outcomes = set()
    paths = nodes(whole)
    for path in paths[:: 1 + len(paths) // 60]:
        for junk in ("", "s1", "7", [], ["s1", ["s2"]], {"statements": [{"a": "b"}], "members": "x"}):
            found = load_text(json.dumps(replaced(whole, path, junk)))
            outcomes.add(found.conflict is None)
            assert (found.conflict is None) == any(issue.severity == "error" for issue in found.issues)
    assert outcomes == {True, False}
