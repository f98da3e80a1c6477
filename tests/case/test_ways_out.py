"""Messages that name the way out which a newcomer needs."""

from __future__ import annotations

from pathlib import Path

import pytest

from servanda.case import dump, find, load_text
from servanda.case.uncertain import DistributionError, parse_uncertain
from servanda.errors import CaseError
from tests.sketches import Sketch


@pytest.mark.parametrize(
    ("written", "meant"),
    [("0.4-0.7", "0.4 to 0.7"), ("0.4 – 0.7", "0.4 to 0.7"), ("0.4..0.7", "0.4 to 0.7"), ("40 to 70 %", "0.4 to 0.7")],
)
def test_a_range_as_people_write_it_is_told_how_to_write_it(written: str, meant: str) -> None:
    with pytest.raises(DistributionError) as caught:
        parse_uncertain(written, None, {})
    assert caught.value.hint == f"write `{meant}`"


def test_a_day_that_does_not_exist_is_not_told_to_be_written_as_it_is() -> None:
    (issue,) = (
        i for i in load_text(Sketch().text.replace("2022-01-01", "2022-02-30", 1)).issues if i.code == "bad-date"
    )
    assert issue.message == "there is no day `2022-02-30`"


def test_a_misspelt_case_of_the_folder_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "canal").mkdir()
    (tmp_path / "canal" / "case.yaml").write_text("case: canal\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CaseError, match="did you mean `canal`"):
        find("canl")


def test_the_first_error_stands_in_the_message() -> None:
    with pytest.raises(CaseError, match="the first: "):
        load_text("case: x\n").require()


def test_war_may_be_declared_impossible() -> None:
    loaded = load_text(Sketch().text.replace("war: arms is l2 and sanctions is full", "war: never"))
    assert "war-undeclared" not in {issue.code for issue in loaded.issues}
    case = loaded.require()
    assert "war: never" in dump(case)
    again = load_text(dump(case)).require()
    assert again.war is not None
    assert case.war is not None
    assert again.war.node == case.war.node
