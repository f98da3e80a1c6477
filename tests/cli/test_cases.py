"""`servanda cases` and the names of shipped cases."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from servanda.case import find, load
from servanda.case import loading as loading_module
from servanda.case.heads import first_sentence, heads
from servanda.case.loading import known_as, shipped
from servanda.cli.main import answer
from servanda.errors import CaseError


def test_one_line_a_case_in_three_groups(capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(["cases"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "The founding case"
    assert lines[1].startswith("  us-iran")
    assert "US-Iran nuclear diplomacy (2022-09-01)" in lines[1]
    titles = [line for line in lines if line and not line.startswith("  ")]
    assert titles == [*titles[:1], *(["Historic cases"] if len(titles) == 3 else []), "Cases whose answer is published"]
    assert sum(line.startswith("  ") for line in lines) == len(shipped())
    pledge = next(line for line in lines if line.startswith("  theory/pledge "))
    assert "The pledge that keeps a contract  A contract between an investor and a host" in pledge
    assert "2000" not in pledge


def test_the_list_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(["cases", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["ok"] is True
    assert {row["name"] for row in data["cases"]} == set(shipped())
    first = data["cases"][0]
    assert list(first) == ["name", "group", "title", "as_of", "shows", "file"]
    assert (first["name"], first["group"], first["as_of"]) == ("us-iran", "founding", "2022-09-01")
    historic = [row["as_of"] for row in data["cases"] if row["group"] == "historic"]
    assert historic == sorted(historic)


@pytest.mark.parametrize("name", ["us-iran", "theory/pledge", "theory/commitment-war"])
def test_a_head_says_what_the_whole_file_says(name: str) -> None:
    head = next(head for head in heads() if head.name == name)
    case = load(find(name)).require()
    assert (head.title, head.as_of) == (case.title, case.as_of)
    assert " ".join(case.description.split()).startswith(head.shows)


def test_the_list_comes_at_once() -> None:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-m", "servanda.cli.main", "cases"], check=True, capture_output=True)
    assert time.perf_counter() - started < 5  # measured 0.5 s; the machines that test are slow


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(loading_module, "library", lambda: tmp_path)
    return tmp_path


def put(library: Path, name: str, text: str) -> Path:
    file = library / name / "case.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(text, encoding="utf-8")
    return file


def test_the_last_part_of_a_name_is_enough(library: Path) -> None:
    pledge = put(library, "theory/pledge", "case: pledge\n")
    assert find("pledge") == find("theory/pledge") == pledge
    assert set(known_as()) == {"pledge", "theory/pledge"}


def test_a_whole_name_comes_before_a_last_part(library: Path) -> None:
    whole = put(library, "minsk", "case: minsk\n")
    put(library, "theory/minsk", "case: minsk\n")
    assert find("minsk") == whole


def test_a_last_part_of_two_names_is_refused(library: Path) -> None:
    put(library, "theory/bond", "case: bond\n")
    put(library, "history/bond", "case: bond\n")
    with pytest.raises(CaseError) as caught:
        find("bond")
    (issue,) = caught.value.issues
    assert issue.code == "unknown-case"
    assert issue.message == "`bond` is the name of 2 shipped cases"
    assert issue.hint == "write `history/bond` or `theory/bond`"


def test_what_stands_here_comes_first(library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(library, "theory/pledge", "case: pledge\n")
    here = tmp_path / "elsewhere"
    own = put(here, "pledge", "case: pledge\n")
    monkeypatch.chdir(here)
    assert find("pledge").resolve() == own


def test_a_head_in_another_order_is_read_too(library: Path) -> None:
    put(library, "odd", "sides: {}\ndescription: 'One: two. Three.'\nstart: 2001-02-03\ntitle: |\n  Odd\ncase: odd\n")
    (head,) = heads()
    assert (head.title, str(head.as_of), head.shows) == ("Odd", "2001-02-03", "One: two.")


def test_a_file_that_cannot_be_read_has_its_name(library: Path) -> None:
    put(library, "broken", "case: [x\n")
    (library / "bytes").mkdir()
    (library / "bytes" / "case.yaml").write_bytes(b"title: \xff\n")
    assert {(head.title, head.as_of, head.shows) for head in heads()} == {("broken", None, ""), ("bytes", None, "")}


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("The U.S. Senate votes. Then?", "The U.S. Senate votes."),
        ("No end", "No end"),
        ("", ""),
        ("Can it\n hold? Yes.", "Can it hold?"),
        ("It rose by 2.5 points. Good.", "It rose by 2.5 points."),
    ],
)
def test_first_sentences(text: str, first: str) -> None:
    assert first_sentence(text) == first
