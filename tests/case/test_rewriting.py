"""Expressions without some drafts: the text says the same as the tree, and the value is that of another draft."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from servanda.case.expression import Binary, Call, Choice, DraftTerm, Is, Node, Number, Parameter, Rank, Unary
from servanda.case.grammar import Names, VariableNames, parse
from servanda.case.rewriting import pruned, text_of

NAMES = Names(
    parameters=("a", "b"),
    variables={"tension": VariableNames("stock", ("low", "high")), "aid": VariableNames("condition", ("on", "off"))},
    drafts=("pact", "treaty"),
    terms=("cap", "years"),
)

LEAVES: list[Node] = [Number(0.5), Number(2.0), Parameter("a"), DraftTerm("cap"), DraftTerm("years")]
FACTS: list[Node] = [
    Is("draft", ("pact",)),
    Is("draft", ("treaty",)),
    Is("draft", ("none", "pact", "treaty")),
    Is("aid", ("on",)),
    Rank("tension", ">=", "high"),
]


def numbers(conditions: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    return st.recursive(
        st.sampled_from(LEAVES),
        lambda inner: st.one_of(
            st.builds(Binary, st.sampled_from(["+", "-", "*", "/"]), inner, inner),
            st.builds(Unary, st.just("-"), inner),
            st.builds(lambda one, two: Call("max", (one, two)), inner, inner),
            st.builds(Choice, conditions, inner, inner),
        ),
        max_leaves=6,
    )


CONDITIONS: st.SearchStrategy[Node] = st.recursive(
    st.one_of(
        st.sampled_from(FACTS),
        st.builds(Binary, st.sampled_from(["<", "=="]), numbers(st.sampled_from(FACTS)), st.sampled_from(LEAVES)),
    ),
    lambda inner: st.one_of(
        st.builds(Binary, st.sampled_from(["and", "or"]), inner, inner),
        st.builds(Unary, st.just("not"), inner),
        st.builds(Choice, inner, inner, inner),
    ),
    max_leaves=6,
)
NUMBERS = numbers(CONDITIONS)


@given(NUMBERS)
def test_the_text_of_a_number_reads_back(node: Node) -> None:
    assert parse(text_of(node), NAMES) == (node, ())


@given(CONDITIONS)
def test_the_text_of_a_condition_reads_back(node: Node) -> None:
    assert parse(text_of(node), NAMES, wanted="condition") == (node, ())


def value(node: Node, draft: str, terms: dict[str, float]) -> float:
    """The value with a draft on the table, tension high and aid on."""
    match node:
        case Number(value=number):
            return number
        case Parameter():
            return 3.0
        case DraftTerm(term=term):
            return terms.get(term, 0.0)
        case Is(variable="draft", levels=levels):
            return float(draft in levels)
        case Is() | Rank():
            return 1.0
        case Unary(operator=operator, operand=operand):
            inner = value(operand, draft, terms)
            return -inner if operator == "-" else float(not inner)
        case Call(arguments=arguments):
            return max(value(argument, draft, terms) for argument in arguments)
        case Choice(condition=condition, yes=yes, no=no):
            return value(yes if value(condition, draft, terms) else no, draft, terms)
        case Binary(operator=operator, left=left, right=right):
            one, two = np.float64(value(left, draft, terms)), np.float64(value(right, draft, terms))
            with np.errstate(all="ignore"):
                return float(
                    {
                        "+": one + two,
                        "-": one - two,
                        "*": one * two,
                        "/": one / two,
                        "<": one < two,
                        ">": one > two,
                        "==": one == two,
                        "and": bool(one) and bool(two),
                        "or": bool(one) or bool(two),
                    }[operator]
                )
        case _:
            raise AssertionError(node)


@given(st.one_of(NUMBERS, CONDITIONS), st.sampled_from(["none", "treaty"]))
def test_without_a_draft_the_value_is_that_of_other_drafts(node: Node, draft: str) -> None:
    left = pruned(node, {"pact"}, {"years"})
    terms = {"years": 10.0} if draft == "treaty" else {}
    assert value(left, draft, terms) == pytest.approx(value(node, draft, terms), nan_ok=True)
    assert "pact" not in text_of(left)
    assert "cap" not in text_of(left)


@pytest.mark.parametrize(
    ("text", "wanted", "left"),
    [
        ("draft is pact", "condition", "0 > 1"),
        ("draft is not pact", "condition", "1 > 0"),
        ("draft in (none, pact)", "condition", "draft is none"),
        ("aid is on and draft is pact", "condition", "0 > 1"),
        ("aid is on or draft is pact", "condition", "aid is on"),
        ("if draft is pact then a else b", "number", "b"),
        ("2 * draft.cap - (a - b)", "number", "2 * 0 - (a - b)"),
        ("draft.years / (a / b)", "number", "draft.years / (a / b)"),
    ],
)
def test_what_is_left(text: str, wanted: str, left: str) -> None:
    node, faults = parse(text, NAMES, wanted="condition" if wanted == "condition" else "number")
    assert node is not None, faults
    assert text_of(pruned(node, {"pact"}, {"years"})) == left
