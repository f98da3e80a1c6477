"""`servanda sweep`: what it prints, its JSON, its errors, and that an interruption loses nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from servanda.case.resolved import ResolvedCase
from servanda.cli.main import answer
from servanda.cli.sweep import _left
from servanda.uncertainty.draws import SEED
from servanda.uncertainty.swept import Sweep
from tests.sketches import Sketch
from tests.uncertainty.toys import Toy


class Ensemble(Toy):
    """A toy in the place of the ensemble: evidence that weighs draws, and an interruption on request."""

    seeds: list[int] = []  # noqa: RUF012 - shared by all, so that a test can read it
    interrupt_at = -1

    @classmethod
    def of(cls, case: ResolvedCase, *, seed: int) -> Ensemble:
        cls.seeds.append(seed)
        return cls(digest=f"70y{seed}")

    def solve(self, first: int, count: int) -> dict[str, Any]:
        if first == self.interrupt_at:
            raise KeyboardInterrupt
        rows = dict(super().solve(first, count))
        even = rows["draw"] % 2 == 0
        rows["likelihood"] = np.where(even, 0.0, -np.inf)
        rows["question.any-deal"] = np.where(even, 0.75, 0.25)
        rows["before.question.any-deal"] = np.full(count, 0.5)
        return rows


@pytest.fixture
def case(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    import servanda.ensemble

    monkeypatch.setattr(servanda.ensemble, "Ensemble", Ensemble)
    monkeypatch.setattr(Ensemble, "seeds", [])
    monkeypatch.chdir(tmp_path)
    (tmp_path / "case.yaml").write_text(Sketch().text)
    return "case.yaml"


def test_it_says_what_came_out_and_where_the_rows_are(case: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(["sweep", case, "-n", "40", "--workers", "1"]) == 0
    out = capsys.readouterr().out
    path = f"servanda-sweeps/sketch/70y{SEED}/sweep.parquet"
    assert f"Rows: {path}" in out
    assert "40 draws, 5 failed, 7 unsettled." in out
    assert "draws a second" in out
    (line,) = (line for line in out.splitlines() if "any-deal" in line)
    assert line.split("question.any-deal")[1].split() == ["50", "%", "(50", "to", "50)", "75", "%", "(75", "to", "75)"]
    assert Sweep.read(Path(path)).draws == 40
    assert answer(["sweep", case, "-n", "40", "--workers", "1", "-q"]) == 0
    assert capsys.readouterr().out == f"{path}\n"


def test_json_holds_counts_and_answers(case: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(["sweep", case, "-n", "32", "--workers", "1", "--seed", "7", "--out", "here", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["ok"] is True
    swept = told["sweep"]
    assert swept["path"] == "here/70y7/sweep.parquet"
    assert (swept["draws"], swept["failed"], swept["unsettled"], swept["resumed"]) == (32, 4, 6, 0)
    question, war = swept["answers"]
    assert question["after"] == pytest.approx({"mean": 0.75, "low": 0.75, "high": 0.75})
    assert question["before"]["mean"] == pytest.approx(0.5)
    assert war["column"] == "outcome.war"
    assert Ensemble.seeds == [7]


def test_processes_give_the_same_file(case: str, capsys: pytest.CaptureFixture[str]) -> None:
    files = []
    for out, workers in (("one", "1"), ("two", "2")):
        assert answer(["sweep", case, "-n", "48", "--workers", workers, "--out", out, "-q"]) == 0
        files.append(Path(capsys.readouterr().out.strip()).read_bytes())
    assert files[0] == files[1]


def test_an_interrupted_sweep_says_what_is_kept_and_goes_on(
    case: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(Ensemble, "interrupt_at", 32)
        assert answer(["sweep", case, "-n", "64", "--chunk", "16", "--workers", "1"]) == 130
    told = capsys.readouterr()
    assert told.out == ""
    assert f"Interrupted; 32 of 64 draws are kept in servanda-sweeps/sketch/70y{SEED}." in told.err
    assert answer(["sweep", case, "-n", "64", "--chunk", "16", "--workers", "1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["sweep"]["resumed"] == 32


def test_what_cannot_be_is_said(case: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert answer(["sweep", case, "--chunk", "5"]) == 2
    assert "give a multiple of 16" in capsys.readouterr().err
    assert answer(["sweep", case, "--workers", "2", "--cluster", "tcp://127.0.0.1:1"]) == 2
    assert "exclude each other" in capsys.readouterr().err
    assert answer(["sweep", case, "-n", "0"]) == 2
    capsys.readouterr()
    (tmp_path / "file").write_text("")
    assert answer(["sweep", case, "-n", "4", "--workers", "1", "--out", "file/below", "--json"]) == 1
    (issue,) = json.loads(capsys.readouterr().out)["issues"]
    assert "file/below" in issue["message"]
    assert "cannot be made: Not a directory" in issue["message"]


def test_the_ensemble_itself_is_swept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("case.yaml").write_text(Sketch().text)
    assert answer(["sweep", "case.yaml", "-n", "20", "--workers", "1", "--json"]) == 0
    swept = json.loads(capsys.readouterr().out)["sweep"]
    assert (swept["draws"], swept["failed"]) == (20, 0)
    assert {"outcome.deal", "outcome.ever_war"} <= {told["column"] for told in swept["answers"]}


def test_the_time_left_is_told_in_words() -> None:
    assert [_left(s) for s in (float("nan"), 0.0, 99.0, 130.0, 7260.0)] == [
        "", "0 s left", "99 s left", "2 min left", "2 h 01 min left",
    ]  # fmt: skip
