"""The grammar: every tree survives writing and reading, every text ends in a tree or in located faults."""

from __future__ import annotations

import time
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servanda.case.dates import decimal_year
from servanda.case.expression import (
    Binary,
    Call,
    Choice,
    Clock,
    DraftTerm,
    Is,
    Node,
    Number,
    Parameter,
    Rank,
    StockValue,
    Unary,
)
from servanda.case.grammar import Names, VariableNames, parse

NAMES = Names(
    parameters=frozenset({"a", "b", "notable", "orbit"}),
    variables={
        "fuel": VariableNames("stock", ("low", "middle", "high")),
        "sanctions": VariableNames("condition", ("none", "some", "yes")),
        "chair": VariableNames("office", ("hawk", "dove")),
    },
    drafts=("narrow", "broad"),
    terms=("relief",),
)


def text_of(node: Node) -> str:
    """A text that should read back as this tree, with brackets wherever they are allowed."""
    match node:
        case Number(value=value):
            return repr(value)
        case Parameter(name=name) | StockValue(variable=name) | Clock(name=name):
            return name
        case DraftTerm(term=term):
            return f"draft.{term}"
        case Is(variable=variable, levels=(level,)):
            return f"{variable} is {level}"
        case Is(variable=variable, levels=levels):
            return f"{variable} in ({', '.join(levels)})"
        case Rank(variable=variable, operator=operator, level=level):
            return f"{variable} {operator} {level}"
        case Unary(operator=operator, operand=operand):
            return f"{operator} ({text_of(operand)})"
        case Binary(operator=operator, left=left, right=right):
            return f"({text_of(left)}) {operator} ({text_of(right)})"
        case Call(function=function, arguments=arguments):
            return f"{function}({', '.join(map(text_of, arguments))})"
        case Choice(condition=condition, yes=yes, no=no):
            return f"if {text_of(condition)} then {text_of(yes)} else {text_of(no)}"


LEAVES = st.one_of(
    st.floats(0, 1e9, allow_nan=False).map(Number),
    st.sampled_from(["a", "b", "notable", "orbit"]).map(Parameter),
    st.just(StockValue("fuel")),
    st.just(DraftTerm("relief")),
    st.sampled_from(["date", "period_years", "phase"]).map(Clock),
)
CONDITION_LEAVES = st.one_of(
    st.sampled_from(["low", "middle", "high"]).map(lambda level: Is("fuel", (level,))),
    st.just(Is("sanctions", ("none", "yes"))),
    st.just(Is("deal", ("phase", "in_force"))),
    st.just(Is("draft", ("none", "broad"))),
    st.sampled_from(["<", "<=", ">", ">=", "==", "!="]).map(lambda sign: Rank("fuel", sign, "middle")),
)


def _grown(numbers: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    conditions = st.one_of(
        CONDITION_LEAVES,
        st.builds(Binary, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), numbers, numbers),
        st.builds(Binary, st.sampled_from(["and", "or"]), CONDITION_LEAVES, CONDITION_LEAVES),
        st.builds(Unary, st.just("not"), CONDITION_LEAVES),
    )
    return st.one_of(
        st.builds(Binary, st.sampled_from(["+", "-", "*", "/"]), numbers, numbers),
        st.builds(Unary, st.just("-"), numbers),
        st.builds(Call, st.sampled_from(["min", "max"]), st.lists(numbers, min_size=1, max_size=3).map(tuple)),
        st.builds(Call, st.sampled_from(["abs", "exp"]), st.tuples(numbers)),
        st.builds(Choice, conditions, numbers, numbers),
    )


@given(st.recursive(LEAVES, _grown, max_leaves=12))
def test_trees_survive_writing_and_reading(node: Node) -> None:
    text = text_of(node)
    if len(text) <= 2_000:
        assert parse(text, NAMES) == (node, ())


WORDS = st.sampled_from(
    [
        "a",
        "b",
        "fuel",
        "sanctions",
        "deal",
        "draft",
        "date",
        "phase",
        "if",
        "then",
        "else",
        "and",
        "or",
        "not",
        "is",
        "in",
        "min",
        "max",
        "(",
        ")",
        ",",
        "+",
        "-",
        "*",
        "/",
        "<",
        ">=",
        "==",
        "1",
        "2.5",
        ".5",
        "1e3",
        "2024-11-05",
        "2024-13-40",
        "draft.relief",
        "draft.x",
        "low",
        "live",
        "none",
        "zz",
        "$",
        ".",
        ";",
    ]
)


@given(st.lists(WORDS, max_size=30).map(" ".join))
def test_any_row_of_words_ends_in_a_tree_or_in_located_faults(text: str) -> None:
    for wanted in ("number", "condition"):
        node, faults = parse(text, NAMES, wanted=wanted)
        assert (node is None) == bool(faults)
        assert all(0 <= fault.offset <= len(text) and fault.message and fault.hint for fault in faults)


@given(st.text(max_size=200))
def test_any_text_ends_in_a_tree_or_in_located_faults(text: str) -> None:
    node, faults = parse(text, NAMES)
    assert (node is None) == bool(faults)
    assert all(0 <= fault.offset <= max(len(text) - 1, 0) for fault in faults)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a - b - 1", Binary("-", Binary("-", Parameter("a"), Parameter("b")), Number(1.0))),
        ("a + b * -2", Binary("+", Parameter("a"), Binary("*", Parameter("b"), Unary("-", Number(2.0))))),
        ("2*fuel", Binary("*", Number(2.0), StockValue("fuel"))),
        ("min", None),
        ("abs (a)", Call("abs", (Parameter("a"),))),
        ("notable + orbit", Binary("+", Parameter("notable"), Parameter("orbit"))),
    ],
)
def test_numbers_bind_as_written(text: str, tree: Node | None) -> None:
    assert parse(text, NAMES)[0] == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("fuel is not low", Unary("not", Is("fuel", ("low",)))),
        ("high <= fuel", Rank("fuel", ">=", "high")),
        ("deal is live", Is("deal", ("phase", "in_force"))),
        ("deal in (live, phase)", Is("deal", ("phase", "in_force"))),
        ("sanctions is none", Is("sanctions", ("none",))),
        (
            "not fuel is low and a < b or fuel > 2",
            Binary(
                "or",
                Binary("and", Unary("not", Is("fuel", ("low",))), Binary("<", Parameter("a"), Parameter("b"))),
                Binary(">", StockValue("fuel"), Number(2.0)),
            ),
        ),
        ("date < 2024-07-01", Binary("<", Clock("date"), Number(decimal_year(date(2024, 7, 1))))),
    ],
)
def test_conditions_bind_as_written(text: str, tree: Node) -> None:
    assert parse(text, NAMES, wanted="condition") == (tree, ())


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("zz + yy * a - xx", [("unknown-parameter", 0), ("unknown-parameter", 5), ("unknown-parameter", 14)]),
        ("fuel is empty", [("unknown-level", 8)]),
        ("fuel in (low, empty, full)", [("unknown-level", 14), ("unknown-level", 21)]),
        ("fule is low", [("unknown-variable", 0)]),
        ("draft is wide", [("unknown-draft", 9)]),
        ("draft.gain > 1", [("unknown-term", 0)]),
        ("sanctions > 1", [("type-mismatch", 0)]),
        ("sanctions == some", [("type-mismatch", 0)]),
        ("a is low", [("type-mismatch", 0)]),
        ("fuel is low or high", [("unknown-parameter", 15)]),
        ("(fuel is low) + 1 > 2", [("type-mismatch", 1)]),
        ("a", [("type-mismatch", 0)]),
        ("date > 2024-02-30", [("bad-date", 7)]),
        ("a < b < 1", [("bad-expression", 6)]),
        ("a >", [("bad-expression", 2)]),
        ("a ? b", [("bad-expression", 2)]),
        ("then", [("bad-expression", 0)]),
    ],
)
def test_faults_of_conditions_stand_at_their_characters(text: str, found: list[tuple[str, int]]) -> None:
    faults = parse(text, NAMES, wanted="condition")[1]
    assert [(fault.code, fault.offset) for fault in faults] == found


@pytest.mark.parametrize(
    ("text", "scope", "found"),
    [
        ("fuel > low and phase > 1 and deal is none", "structural", []),
        ("fuel > a", "structural", [("non-structural-condition", 7)]),
        ("date > 2024-01-01", "structural", [("non-structural-condition", 0)]),
        (
            "draft.relief > period_years",
            "structural",
            [("non-structural-condition", 0), ("non-structural-condition", 15)],
        ),
        ("a > 1", "constant", []),
        ("fuel > 1 and deal is none", "constant", [("state-in-constant", 0), ("state-in-constant", 13)]),
        ("phase > 1", "constant", [("state-in-constant", 0)]),
    ],
)
def test_scopes(text: str, scope: str, found: list[tuple[str, int]]) -> None:
    faults = parse(text, NAMES, wanted="condition", scope=scope)[1]
    assert [(fault.code, fault.offset) for fault in faults] == found


def test_names_whose_declaration_is_unreadable_are_no_second_error() -> None:
    names = Names(parameters={"a"}, unreadable={"zz", "xx"})
    assert parse("zz + a", names) == (None, ())
    assert parse("xx is low", names, wanted="condition") == (None, ())
    assert [fault.offset for fault in parse("zz + yy", names)[1]] == [5]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("1 + " * 500 + "1", "expression-too-long"),
        ("(" * 990 + "1" + ")" * 990, ""),
        ("-" * 1_900 + "1", "expression-too-deep"),
        ("not " * 400 + "fuel is low", "expression-too-deep"),
        ("+".join("a" * 41), "expression-too-deep"),
        ("+".join("a" * 40), ""),
        ("(" * 1_999, "bad-expression"),
        ("9" * 1_999, "bad-expression"),
        ("if fuel is low then 1 else " * 60 + "1", "expression-too-deep"),
    ],
)
def test_bombs_are_refused_at_once(text: str, code: str) -> None:
    began = time.process_time()
    faults = parse(text, NAMES)[1]
    assert time.process_time() - began < 0.5
    assert [fault.code for fault in faults] == ([code] if code else [])
