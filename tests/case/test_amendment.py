"""Single numbers changed in the text: the rest stays byte for byte as it was."""

from __future__ import annotations

import pytest

from servanda.case.amendment import Amendment, amend, parameter_amendments
from servanda.case.loading import load_text, shipped
from servanda.case.reader import read_text
from servanda.case.stated import stated_numbers
from servanda.errors import CaseError

TEXT = """\
# the head
parameters:
  short: 0.4   # a guess
  long:
    title: 'A long one'  # why
    value: 2 to 5
    unit: points
  flow: {value: 3, central: 3.5, unit: x}   # in brackets
  folded:
    value: >-
      0.2 to
      0.6
    source: judgement
drafts:
  - odds
payoffs:
  us: {peace: {worth: "3 * long"}}
"""


def one(path: tuple[str | int, ...], value: str, text: str = TEXT) -> str:
    return amend(text, [Amendment(path, value)])


def test_only_the_number_changes() -> None:
    assert one(("parameters", "short"), "0.3 to 0.6") == TEXT.replace("short: 0.4 ", "short: 0.3 to 0.6 ")
    assert one(("parameters", "long", "value"), "normal(3, 0.5)") == TEXT.replace(
        "value: 2 to 5", "value: 'normal(3, 0.5)'"
    )
    assert one(("parameters", "flow", "central"), "4") == TEXT.replace("central: 3.5", "central: 4")
    assert one(("payoffs", "us", "peace", "worth"), "4 * long") == TEXT.replace('"3 * long"', "4 * long")


def test_a_folded_value_becomes_one_line() -> None:
    assert one(("parameters", "folded", "value"), "0.5") == TEXT.replace(">-\n      0.2 to\n      0.6\n", "0.5\n")


def test_a_central_value_comes_and_goes() -> None:
    widened = one(("parameters", "short", "central"), "0.5")
    assert widened == TEXT.replace("short: 0.4 ", "short: {value: 0.4, central: 0.5} ")
    added = one(("parameters", "long", "central"), "3")
    assert added == TEXT.replace("value: 2 to 5\n", "value: 2 to 5\n    central: 3\n")
    assert one(("parameters", "long", "central"), "", added) == TEXT
    assert one(("parameters", "flow", "central"), "") == TEXT.replace("value: 3, central: 3.5, ", "value: 3, ")
    assert one(("parameters", "short"), "") == TEXT.replace("  short: 0.4   # a guess\n", "")
    assert one(("parameters", "flow", "unit"), "") == TEXT.replace(", unit: x}", "}")


@pytest.mark.parametrize("line_break", ["\r\n", "\n"])
def test_line_breaks_and_the_mark_of_the_encoding_stay(line_break: str) -> None:
    text = "\ufeff" + TEXT.replace("\n", line_break)
    expected = text.replace("value: 2 to 5", f"value: 2 to 5{line_break}    central: 4")
    assert one(("parameters", "long", "central"), "4", text) == expected


def test_signs_outside_the_first_plane_move_nothing() -> None:
    text = TEXT.replace("# the head", "# 𝔘 🙂 head")
    assert one(("parameters", "short"), "1", text) == text.replace("short: 0.4", "short: 1")


def test_several_changes_at_once() -> None:
    changed = amend(TEXT, [Amendment(("parameters", "short"), "1"), Amendment(("parameters", "flow", "value"), "9")])
    assert changed == TEXT.replace("short: 0.4", "short: 1").replace("value: 3,", "value: 9,")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("parameters", "none_such"), ""),
        (("parameters", "long"), "3"),
        (("nothing", "here"), "3"),
        (("drafts", 0), ""),
        (("parameters", "short", "unit"), "x"),
        (("drafts", 7), "3"),
        (("parameters", "short"), "1\ninjected: yes"),
        (("parameters", "short"), "x" * 2_001),
        (("parameters", "short"), "1\x00"),
        ((), "1"),
    ],
)
def test_what_cannot_be_is_refused(path: tuple[str | int, ...], value: str) -> None:
    with pytest.raises(CaseError) as caught:
        one(path, value)
    assert caught.value.issues[0].code in ("wrong-type", "control-character")


@pytest.mark.parametrize(
    "value", ["a: b", "# no", "{x: 1}", "[1", "'", '"', "- 1", "*x", "&y", "!z", "%", "@", "null", "~", ", 3"]
)
def test_any_text_is_written_as_the_text_it_is(value: str) -> None:
    changed = one(("parameters", "flow", "value"), value)
    tree = read_text(changed)[0].tree
    assert isinstance(tree, dict)
    expected = read_text(TEXT)[0].tree
    assert isinstance(expected, dict)
    assert tree["parameters"]["flow"].pop("value") == value.strip()
    expected["parameters"]["flow"].pop("value")
    assert tree == expected


def test_a_text_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(CaseError) as caught:
        one(("a",), "1", "a: [1")
    assert caught.value.issues[0].code == "yaml-syntax"


def test_changes_of_a_parameter() -> None:
    assert parameter_amendments(TEXT, "short", "1 to 2", "1.5") == (
        Amendment(("parameters", "short"), "1 to 2"),
        Amendment(("parameters", "short", "central"), "1.5"),
    )
    assert parameter_amendments(TEXT, "long", central="") == ()
    assert parameter_amendments(TEXT, "flow", central="") == (Amendment(("parameters", "flow", "central"), ""),)
    with pytest.raises(CaseError, match="no parameter `none`"):
        parameter_amendments(TEXT, "none", "1")


def test_every_number_of_the_founding_case_can_be_written_anew() -> None:
    """Each stated number replaced by itself gives the same case, and the text differs in that place at most."""
    text = shipped()["us-iran"].read_text(encoding="utf-8")
    document, _ = read_text(text)
    numbers = [n for n in stated_numbers(document) if n.section == "parameters"]
    assert len(numbers) == 68
    changes = [Amendment(n.path, n.written) for n in numbers[::6]]
    assert load_text(amend(text, changes)).case == load_text(text).case


def test_a_changed_parameter_is_another_case() -> None:
    text = shipped()["us-iran"].read_text(encoding="utf-8")
    changed = amend(text, parameter_amendments(text, "us_turnover", "0.5 to 0.7", "0.6"))
    differing = [
        (one, other) for one, other in zip(text.splitlines(), changed.splitlines(), strict=True) if one != other
    ]
    assert differing == [
        ("    value: 0.47 to 0.76", "    value: 0.5 to 0.7"),
        ("    central: 0.58", "    central: 0.6"),
    ]
    case = load_text(changed).case
    assert case is not None
    found = next(p for p in case.parameters if p.name == "us_turnover").number
    assert (found.central, found.support) == (0.6, (0.5, 0.7))
