"""Panels that cannot be used: everything is told at once, with its place and a way out."""

from __future__ import annotations

from pathlib import Path

import pytest

from servanda.errors import CaseError, Issue
from servanda.estimation.panel import read_panel
from tests.estimation.quarrels import compiled, written


def issues(path: Path, **kinds: object) -> tuple[Issue, ...]:
    with pytest.raises(CaseError) as caught:
        read_panel(path, compiled(**kinds))
    assert caught.value.exit_code == 2
    assert all(issue.where.file == str(path) and issue.hint for issue in caught.value.issues)
    return caught.value.issues


def test_everything_wrong_in_the_rows_is_told_at_once(tmp_path: Path) -> None:
    rows = [
        "a,0,shared,grab,anna,wait",
        "a,9,shared,grab,anna,wait",
        "a,soon,shared,grab,anna,wait",
        "a,1,,grab,anna,wait",
        "a,1,mine,grab,anna,wait",
        "a,1,shared,grasp,anna,wait",
        "a,1,shared,grab,anna,fly",
        "a,2,east_has,grab,anna,wait",
        "a,2,shared,grab,bert,wait",
        "b,2000-05-01,shared,grab,anna,wait",
        "b,0,shared,grab,anna,take",
    ]
    path = written(tmp_path, rows, "episode,period,land,decision,actor,option")
    told = [(issue.where.line, issue.code, issue.path) for issue in issues(path)]
    assert sorted(told) == [
        (3, "panel-period-outside", "period"),
        (4, "panel-bad-period", "period"),
        (5, "panel-partial-observation", "land"),
        (6, "panel-unknown-level", "land"),
        (7, "panel-unknown-decision", "decision"),
        (8, "panel-unknown-option", "option"),
        (9, "panel-not-open", "decision"),
        (10, "panel-wrong-actor", "actor"),
        (12, "panel-choice-twice", "decision"),
    ]
    (option,) = (issue for issue in issues(path) if issue.code == "panel-unknown-option")
    assert option.where.column == len("a,1,shared,grab,anna,") + 1
    assert option.shown == "a,1,shared,grab,anna,fly"
    assert option.hint == "known here: wait, take"


def test_the_header_is_read_before_the_rows(tmp_path: Path) -> None:
    path = written(tmp_path, ["1,2,3,4"], "episode,period,lnad,weather")
    told = [(issue.code, issue.path) for issue in issues(path)]
    assert told == [
        ("panel-unknown-column", "lnad"),
        ("panel-unknown-column", "weather"),
        ("panel-missing-column", ""),
        ("panel-missing-column", ""),
        ("panel-missing-column", ""),
    ]
    assert "did you mean `land`?" in issues(path)[0].hint
    assert "the state is not wholly observed: there is no column `land`" in issues(path)[4].message


def test_known_parameters_are_numbers_and_keep_still(tmp_path: Path) -> None:
    rows = ["a,0,shared,grab,wait,2", "a,1,shared,grab,wait,3", "b,0,shared,grab,wait,dear"]
    found = issues(written(tmp_path, rows, "episode,period,land,decision,option,cost"))
    assert [(i.where.line, i.code) for i in found] == [(3, "panel-covariate-changes"), (4, "panel-bad-number")]


def test_files_that_are_no_table(tmp_path: Path) -> None:
    assert [i.code for i in issues(tmp_path / "gone.csv")] == ["panel-unreadable"]
    path = written(tmp_path, ["a,0,shared", "a,0,shared,grab,wait", "a,b,c,d,e,f"])
    assert [(i.where.line, i.code) for i in issues(path)] == [(2, "panel-ragged-row"), (4, "panel-ragged-row")]
    path.write_text("# only a remark\n")
    assert [i.code for i in issues(path)] == ["panel-empty"]
    path.write_text("episode,period,land,decision,option\n")
    assert [i.code for i in issues(path)] == ["panel-empty"]
    path.write_bytes(b"episode,\xff\n")
    assert [i.code for i in issues(path)] == ["panel-unreadable"]
    path.write_text('episode,"period\n')
    assert [i.code for i in issues(path)] == ["panel-unreadable"]
    parquet = tmp_path / "panel.parquet"
    parquet.write_text("no parquet")
    assert [i.code for i in issues(parquet)] == ["panel-unreadable"]


def test_states_that_no_play_reaches(tmp_path: Path) -> None:
    text = "  never: {kind: condition, values: [so, other], start: so}\n"
    from servanda.case import load_text
    from servanda.compile import compile_case
    from tests.estimation.quarrels import quarrel

    game = compile_case(load_text(quarrel().replace("decisions:\n", text + "decisions:\n", 1)).require())
    path = written(tmp_path, ["a,0,shared,other,grab,wait"], "episode,period,land,never,decision,option")
    with pytest.raises(CaseError) as caught:
        read_panel(path, game)
    assert [(i.where.line, i.code) for i in caught.value.issues] == [(2, "panel-impossible-state")]


def test_dates_remarks_and_spare_columns_are_read(tmp_path: Path) -> None:
    path = tmp_path / "panel.csv"
    path.write_text("# made up\n\nepisode,period,land,decision,option,_who\na,2001-07-04,shared,grab,take,x\n")
    panel = read_panel(path, compiled())
    assert (panel.period.tolist(), panel.line.tolist(), panel.remarks) == ([1], [4], ("made up",))
    assert panel.points.options(int(panel.stage[0]), int(panel.row[0])) == ("wait", "take")


def test_too_many_issues_are_cut_short(tmp_path: Path) -> None:
    found = issues(written(tmp_path, [f"a,{k},shared,grab,wait" for k in range(50, 300)]))[:-1]
    assert len(found) == 200
