"""The command line: exit codes, one shape of success and of error, nothing half-written, help at once."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from servanda.case.resolved import ResolvedCase
from servanda.cli.main import answer
from servanda.cli.reference import page
from servanda.runs import Run
from tests.report.fixtures import make_run

ROOT = Path(__file__).resolve().parents[2]
MINIMAL = ROOT / "spec" / "valid" / "minimal.yaml"
BROKEN = ROOT / "spec" / "invalid" / "bad-date.yaml"


@dataclass(frozen=True)
class Settings:
    overrides: Mapping[str, float] = field(default_factory=dict)
    diagnosis: Collection[str] = ()
    fresh: bool = False


class Analysis:
    """Stands in for the solver: remembers what it was asked and gives the fake run."""

    def __init__(self) -> None:
        self.settings: Any = None
        self.case: ResolvedCase | None = None

    def __call__(
        self, case: ResolvedCase, settings: Any = None, progress: Any = None, warnings: Sequence[Any] = ()
    ) -> Run:
        self.case, self.settings = case, settings
        progress("solve", 0.5)
        return make_run()


@pytest.fixture
def analysis(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Analysis:
    fake = Analysis()
    monkeypatch.setattr("servanda.analysis.Settings", Settings)
    monkeypatch.setattr("servanda.analysis.finished.finished", lambda *asked: (fake(*asked), False))
    monkeypatch.chdir(tmp_path)
    return fake


def test_run_prints_the_verdict_and_writes_the_report(
    analysis: Analysis, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert answer(["run", str(MINIMAL)]) == 0
    out = capsys.readouterr().out
    assert analysis.case is not None
    report = Path("servanda-reports") / f"{analysis.case.name}.html"
    assert out.splitlines()[2].startswith("No draft on the table can be kept")
    assert f"Report: {report}" in out
    assert (tmp_path / report).read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_run_as_json_without_report(analysis: Analysis, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert answer(["run", str(MINIMAL), "--no-report", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["ok"] is True
    assert data["report"] is None
    assert data["run"]["verdict"]["probability"] == 0.021
    assert list(tmp_path.iterdir()) == []


def test_quiet_prints_two_lines(analysis: Analysis, capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(["run", str(MINIMAL), "--quiet", "--report", "here.html"]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines() == [make_run().verdict.headline, "Report: here.html"]
    assert err == ""


def test_set_reaches_the_solver(analysis: Analysis, capsys: pytest.CaptureFixture[str]) -> None:
    assert analysis.case is None
    assert answer(["run", str(MINIMAL), "--no-report", "--quiet"]) == 0
    name = analysis.case.parameters[0].name  # type: ignore[union-attr]
    assert answer(["run", str(MINIMAL), "--no-report", "--set", f"{name} = 0.25"]) == 0
    assert dict(analysis.settings.overrides) == {name: 0.25}


def test_settings_that_cannot_be_used_are_all_named(analysis: Analysis, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["run", str(MINIMAL), "--json", "--set", "nothing", "--set", "no_such=1"]
    assert answer(words) == 2
    data = json.loads(capsys.readouterr().out)
    assert data["ok"] is False
    assert [issue["code"] for issue in data["issues"]] == ["bad-setting", "unknown-parameter"]


@pytest.mark.parametrize("command", ["run", "check"])
def test_a_broken_case_is_exit_two_with_the_line(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert answer([command, str(BROKEN)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "error[bad-date]" in err
    assert "help: " in err


def test_the_error_shape(capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(["check", str(BROKEN), "--json"]) == 2
    data = json.loads(capsys.readouterr().out)
    assert set(data) == {"ok", "issues"}
    assert list(data["issues"][0]) == [
        *("severity", "code", "message", "hint", "file", "line", "column", "path", "shown")
    ]
    assert data["issues"][0]["code"] == "bad-date"


def test_check_as_json_and_resolved(capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(["check", str(MINIMAL), "--json", "--resolved"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["ok"] is True
    assert data["resolved"].startswith("case: ")


def test_check_resolved_is_a_case_again(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert answer(["check", str(MINIMAL), "--resolved"]) == 0
    text = capsys.readouterr().out
    (tmp_path / "again.yaml").write_text(text, encoding="utf-8")
    assert answer(["check", str(tmp_path / "again.yaml"), "--resolved"]) == 0
    assert capsys.readouterr().out == text


def test_an_unknown_case_is_bad_input(capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(["run", "no-such-case"]) == 2
    assert "error[unknown-case]" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["chek"], "Did you mean `check`?"),
        (["run"], "Missing argument 'CASE'"),
        (["run", "x", "--no-report", "--report", "y.html"], "exclude each other"),
        (["check", "x", "--nonsense"], "No such option"),
    ],
)
def test_wrong_calls_are_exit_two(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(words) == 2
    assert said in capsys.readouterr().err


def test_a_report_that_cannot_be_written_is_exit_one(analysis: Analysis, capsys: pytest.CaptureFixture[str]) -> None:
    Path("file").write_text("in the way")
    assert answer(["run", str(MINIMAL), "--report", "file/report.html"]) == 1
    assert "error[file-error]" in capsys.readouterr().err
    assert Path("file").read_text() == "in the way"


def test_an_interruption_leaves_nothing(
    analysis: Analysis, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def interrupted(self: Path, other: Path) -> Path:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupted)
    assert answer(["run", str(MINIMAL)]) == 130
    err = capsys.readouterr().err
    assert err.strip().splitlines()[-1] == "Interrupted; nothing was written."
    assert "Traceback" not in err
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []


def test_cases_lists_the_founding_case(capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(["cases", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["ok"] is True
    founding = next(row for row in data["cases"] if row["name"] == "us-iran")
    assert founding["as_of"] == "2022-09-01"


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(["--version"]) == 0
    assert capsys.readouterr().out.startswith("servanda, version ")


def test_help_is_quick_and_imports_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from servanda.cli.main import answer\n"
        "assert answer(['--help']) == 0\n"
        "assert answer(['run', '--help']) == 0\n"
        "heavy = {'numpy', 'scipy', 'numba', 'pandas', 'altair', 'pydantic', 'yaml', 'rich', 'jinja2'}\n"
        "heavy &= set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_reference_page_is_the_generated_one() -> None:
    written = (ROOT / "docs" / "reference" / "cli.md").read_text(encoding="utf-8")
    assert written == page(), "run `python -m servanda.cli.reference > docs/reference/cli.md`"
