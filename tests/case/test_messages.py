"""What a user sees of an issue."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from servanda.case import find, library, load_text
from servanda.case.messages import did_you_mean, in_order, json_of, summary, text_of, texts_of
from servanda.errors import CaseError, Issue, Location


def test_an_issue_shows_its_line_with_a_caret() -> None:
    (issue, *_) = load_text("case: Not a name\n", "c.yaml").issues[-1:]
    assert text_of(issue) == (
        "c.yaml:1:7: error[bad-name]: `Not a name` is not a case name\n"
        "  1 | case: Not a name\n"
        "    |       ^\n"
        "  help: use small letters, digits and dashes, like us-iran-2022"
    )


def test_the_caret_stands_under_its_character_behind_tabs() -> None:
    issue = Issue("error", "tag", "x", where=Location("c", 12, 3), shown="\t\tx")
    assert text_of(issue).splitlines()[2] == "     | \t\t^"


def test_control_characters_never_reach_the_terminal() -> None:
    text = texts_of(load_text("title: a\x1b[31m\n").issues)
    assert "\x1b" not in text
    assert "control-character" in text


def test_errors_come_first_then_places() -> None:
    late = Issue("error", "tag", "x", where=Location("c", 9, 1))
    early = Issue("warning", "unsourced", "x", where=Location("c", 1, 1))
    first = Issue("error", "tag", "x", where=Location("c", 2, 5))
    assert in_order([early, late, first, late]) == [first, late, early]
    assert summary([early, late, first]) == "2 errors, 1 warning"
    assert summary([]) == "no issues"


def test_json_has_one_shape() -> None:
    issue = load_text("case: [x\n", "c.yaml").issues[0]
    shape = json.loads(json.dumps(json_of(issue)))
    assert list(shape) == ["severity", "code", "message", "hint", "file", "line", "column", "path", "shown"]
    assert (shape["code"], shape["file"], shape["line"]) == ("yaml-syntax", "c.yaml", 2)


def test_suggestions() -> None:
    assert did_you_mean("sanctons", ["sanctions", "fuel"]) == "did you mean `sanctions`?"
    assert did_you_mean("zzz", ["a", "b"]) == "known here: a, b"
    assert did_you_mean("zzz", []) == "nothing of this kind is declared"


def test_a_flood_of_issues_is_cut() -> None:
    issues = load_text("case: x\n" + "".join(f"k{at}: 1\n" for at in range(500))).issues
    assert len(issues) == 201
    assert issues[-1].code == "too-many-issues"


def test_cases_are_found_by_path_folder_and_name(tmp_path: Path) -> None:
    (tmp_path / "case.yaml").write_text("case: x\n")
    assert find(str(tmp_path / "case.yaml")) == tmp_path / "case.yaml"
    assert find(str(tmp_path)) == tmp_path / "case.yaml"
    assert find("us-iran") == library() / "us-iran" / "case.yaml"


@pytest.mark.parametrize("name", ["us-irn", "../cases", "", "a\x00b", "x" * 5_000])
def test_a_case_that_is_not_there_is_said_so(name: str) -> None:
    with pytest.raises(CaseError) as refused:
        find(name)
    assert [issue.code for issue in refused.value.issues] == ["unknown-case"]
    assert len(str(refused.value)) < 300


def test_a_misspelt_case_is_suggested() -> None:
    with pytest.raises(CaseError, match="did you mean `us-iran`"):
        find("us-irn")
