"""What may stand at a place of a case text that is being written."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servanda.case.completion import complete
from servanda.case.loading import shipped
from servanda.case.models import Case
from servanda.case.outline import outline
from servanda.case.reader import read_text

BASE = """\
case: border
title: The border
start: 2020-01-01
sides:
  us: {party: yes, led_by: white_house}
  iran: {party: yes, led_by: leader}
  region: {}
actors:
  engager: {side: us, title: The engager, decisiveness: 10}
  opponent: {side: us, decisiveness: 10}
  leader: {side: iran, decisiveness: 10}
variables:
  white_house: {kind: office, side: us, holders: [engager, opponent], start: engager}
  stock: {kind: stock, levels: [low, mid, high], start: low}
  climate: {kind: condition, values: [warm, cold], start: warm}
decisions:
  enrich: {by: iran, options: {hold: {}, run: {effects: {stock: up}}}}
protocol:
  forms: {treaty: {}, memo: {}}
drafts:
  narrow: {form: memo, terms: {relief: 0.4}, phases: [{name: first}, {name: in_force}]}
parameters:
  a_cost: {title: What it costs, value: 3}
  a_gain: 1 to 2
rankings:
  how good: {order: [worst, [fair, good]]}
sources:
  NYT: {title: The Times, grade: A}
"""


def shown(tail: str, base: str = BASE) -> list[str]:
    """What is suggested at the mark | behind the base text."""
    text = base + tail
    at = text.index("|") if "|" in tail else len(text)
    return [each.shown for each in complete(text.replace("|", ""), at).suggestions]


@pytest.mark.parametrize(
    ("tail", "first"),
    [
        ("pay", ["payoffs"]),
        ("payoffs:\n  ", ["engager", "opponent", "leader"]),
        ("payoffs:\n  eng", ["engager"]),
        ("payoffs:\n  engager:\n    peace:\n      ", ["worth", "when", "per"]),
        ("payoffs:\n  engager:\n    peace: {worth: a_", ["a_cost", "a_gain"]),
        ("payoffs:\n  engager:\n    peace: {worth: 'a_cost * a_", ["a_cost", "a_gain"]),
        ("payoffs:\n  engager:\n    peace:\n      worth: 2\n      source: ", ["judgement", "NYT"]),
        ("payoffs:\n  engager:\n    peace:\n      worth: 2\n      source: [NYT, ", ["judgement", "NYT"]),
        ("payoffs:\n  engager:\n    peace: {grade: J", ["J", "J:A", "J:B"]),
        ("chance:\n  e:\n    when: stock is ", ["low", "mid", "high"]),
        ("chance:\n  e:\n    when: stock is not h", ["high"]),
        ("chance:\n  e:\n    when: climate in (warm, ", ["warm", "cold"]),
        ("chance:\n  e:\n    when: stock >= ", ["low", "mid", "high"]),
        ("chance:\n  e:\n    when: white_house is ", ["engager", "opponent"]),
        ("chance:\n  e:\n    when: deal is ", ["none", "talks", "tabled"]),
        ("chance:\n  e:\n    when: draft is ", ["none", "narrow"]),
        ("chance:\n  e:\n    when: stock ", ["is", "is not", "in ("]),
        ("chance:\n  e:\n    when: >-\n      stock is ", []),
        ("chance:\n  e:\n    variable: white_house\n    holders: {", ["engager", "opponent"]),
        ("chance:\n  e:\n    effects: {", ["white_house", "stock", "climate", "deal"]),
        ("chance:\n  e:\n    effects: {stock: ", ["low", "mid", "high", "up", "down"]),
        ("chance:\n  e:\n    effects: {climate: ", ["warm", "cold"]),
        ("chance:\n  e:\n    effects: {deal: ", ["ended", "suspended", "none"]),
        ("chance:\n  e:\n    price: {le", ["leader"]),
        ("levers:\n  l: {sets: ", ["a_cost", "a_gain", "worst", "fair", "good"]),
        ("frictions:\n  x:\n    off: {a_g", ["a_gain"]),
        ("questions:\n  q:\n    holds: draft.", ["draft.relief"]),
        ("evidence:\n  - variable: stock\n    level: ", ["low", "mid", "high"]),
        ("evidence:\n  - decision: enrich\n    option: ", ["hold", "run"]),
        ("evidence:\n  - ", ["date"]),
        ("evidence:\n  - vari", ["variable"]),
        ("expect:\n  - quantity: si", ["sign(narrow)"]),
        ("claims:\n  c:\n    finds: {gate: {draft: narrow, gate: ", ["sign", "ratify", "keep", "all"]),
        ("modelling: {terminal: ", []),
        ("values: ", ["expected", "taste"]),
        ("period: h", ["half-year", "month"]),
        ("correlations:\n  - between: [a_cost, ", ["a_cost", "a_gain"]),
    ],
)
def test_at_the_end_of_a_text(tail: str, first: list[str]) -> None:
    found = shown(tail)
    assert found[: len(first)] == first
    assert bool(found) == bool(first)


@pytest.mark.parametrize(
    "tail", ["# comm", "description: free te", "payoffs: # wo", 'notes: "a: b" ', "title: x\n  more"]
)
def test_free_text_and_comments_get_none(tail: str) -> None:
    assert shown(tail, BASE.replace("title: The border\n", "")) == []


def test_keys_that_are_required_come_first_and_those_that_stand_are_left_out() -> None:
    found = complete(BASE, len(BASE)).suggestions
    names = [each.shown for each in found]
    assert names[:3] == ["period", "horizon", "payoffs"]
    assert found[0].about.startswith("required. ")
    assert not {"case", "title", "start", "sides", "actors", "parameters"} & set(names)


def test_between_other_keys_of_the_same_mapping() -> None:
    text = BASE.replace(
        "  enrich: {by: iran,", "  enrich:\n    t\n    by: iran\n    options: {hold: {}}\n  other: {by: iran,"
    )
    at = text.index("    t\n") + len("    t")
    found = complete(text, at)
    assert [each.shown for each in found.suggestions] == ["title"]
    assert found.path == ("decisions", "enrich")


def test_the_rest_of_the_word_is_replaced_too() -> None:
    at = BASE.index("form: memo") + len("form: me")
    found = complete(BASE, at)
    assert BASE[found.start : found.end] == "memo"
    assert [each.shown for each in found.suggestions] == ["memo"]


def test_options_that_a_side_owes() -> None:
    text = BASE.replace("{name: first}", "{name: first, owes: {iran: {enrich: {must: [ho]}}}}")
    assert [each.shown for each in complete(text, text.index("[ho]") + 3).suggestions] == ["hold"]
    text = BASE.replace("{name: first}", "{name: first, owes: {iran: {en}}}")
    assert [each.insert for each in complete(text, text.index("{en}") + 3).suggestions] == ["enrich: "]


def test_what_follows_a_mapping_key_goes_on_the_next_line() -> None:
    assert complete("sour", 4).suggestions[0].insert == "sources:"
    assert complete("tit", 3).suggestions[0].insert == "title: "


def test_titles_say_what_a_name_is() -> None:
    text = BASE + "levers:\n  l: {sets: a_c"
    assert complete(text, len(text)).suggestions[0].about == "parameter: What it costs"


def test_a_text_that_is_no_yaml_is_completed_all_the_same() -> None:
    broken = BASE.replace("title: The border", 'title: "The border\nactors: [}')
    assert shown("values: t", broken) == ["taste", "expected"]


@pytest.mark.parametrize("name", sorted(shipped()))
def test_the_outline_of_every_shipped_case_is_its_tree(name: str) -> None:
    text = shipped()[name].read_text(encoding="utf-8")
    document, _ = read_text(text)
    folded = {mark.start for mark in document.values.values() if mark.style in ("|", ">") or mark.start == mark.end}

    def compare(one: object, other: object, path: tuple[str | int, ...] = ()) -> None:
        if isinstance(one, dict):
            assert isinstance(other, dict), path
            assert list(one) == list(other), path
            for key in one:
                compare(one[key], other[key], (*path, key))
        elif isinstance(one, list):
            assert isinstance(other, list), path
            assert len(one) == len(other), path
            for position, (left, right) in enumerate(zip(one, other, strict=True)):
                compare(left, right, (*path, position))
        else:
            assert isinstance(other, str), path
            mark = document.values[path]
            if mark.start not in folded and "\n" not in text[mark.start : mark.end]:
                assert other == one, path

    compare(document.tree, outline(text).tree)


def test_every_word_of_a_real_case_that_can_be_completed_is_offered() -> None:
    """Cut a word of a shipped case after two letters: it is among the suggestions, wherever names are known."""
    text = shipped()["minsk-2"].read_text(encoding="utf-8")
    tried = missed = 0
    for found in list(re.finditer(r"(?m)^ +([a-z_]{4,}):", text))[::5]:
        at = found.start(1) + 2
        cut = text[:at] + text[found.end(1) :]
        spot = outline(cut[:at]).spot
        if spot.part not in ("key", "either") or len(spot.path) < 2 or spot.path[0] in ("sources", "parameters"):
            continue
        offered = [each.shown for each in complete(cut, at).suggestions]
        if not offered:
            continue
        tried += 1
        missed += found[1] not in offered
    assert tried > 20
    assert missed <= tried // 20


@given(st.text(alphabet=st.sampled_from(list("ab:-#'\"{}[],|> \n\r1")), max_size=60), st.integers(0, 60))
def test_nothing_that_can_be_typed_makes_it_fail(text: str, offset: int) -> None:
    found = complete(BASE + text, min(len(BASE) + offset, len(BASE + text)))
    assert 0 <= found.start <= found.end <= len(BASE + text)


def test_hostile_texts_take_no_time() -> None:
    for text in (
        "a" + " " * 300_000,
        "a: {" + "x" * 300_000,
        "- " * 100_000,
        "a: [" * 60_000,
        "a: {'" + "''" * 100_000,
    ):
        complete(text, len(text))


def test_every_key_of_a_case_is_known() -> None:
    offered = {each.shown for each in complete("", 0, most=1_000).suggestions}
    assert offered == set(Case.model_fields)
