"""`servanda fit` and `servanda simulate`: what they print and write, their errors, and that nothing is half-written."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click
import pytest

from servanda.case import load_text
from servanda.cli.fit import command as fit_command
from servanda.cli.simulate import command as simulate_command
from servanda.estimation import fitting
from tests.estimation.quarrels import quarrel

SIMULATED = ["case.yaml", "--episodes", "80", "--seed", "7", "--set", "cost=3", "--set", "sharp=4"]
FAST = ["--starts", "1", "-n", "0"]


def run(command: click.Command, words: Sequence[str]) -> int:
    """The exit code of a command."""
    try:
        code = command.main([str(word) for word in words], standalone_mode=False)
    except click.UsageError as error:
        error.show()
        return 2
    return int(code or 0)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("case.yaml").write_text(quarrel())
    return tmp_path


@pytest.fixture
def data(capsys: pytest.CaptureFixture[str]) -> str:
    assert run(simulate_command, [*SIMULATED, "--out", "panel.csv"]) == 0
    capsys.readouterr()
    return "panel.csv"


def test_simulated_panels_are_the_same_for_a_seed_in_either_form(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(simulate_command, [*SIMULATED, "--out", "one.csv"]) == 0
    out = capsys.readouterr().out
    assert out.endswith("choices in 80 episodes: one.csv\n")
    assert run(simulate_command, [*SIMULATED, "--out", "deep/two.csv", "--quiet"]) == 0
    assert capsys.readouterr().out == "deep/two.csv\n"
    assert Path("one.csv").read_bytes() == Path("deep/two.csv").read_bytes()
    remarks = Path("one.csv").read_text().splitlines()[:3]
    assert remarks == [
        "# simulated play of quarrel: 80 episodes of 4 periods, seed 7", "# with cost=3, sharp=4",
        "episode,period,land,decision,actor,option",
    ]  # fmt: skip
    assert run(simulate_command, [*SIMULATED, "--out", "three.parquet", "--vary", "gain", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["ok"], told["panel"], told["episodes"]) == (True, "three.parquet", 80)
    assert told["columns"][-1] == "gain"
    assert run(fit_command, ["case.yaml", "--data", "three.parquet", "--json", *FAST]) == 0
    found = json.loads(capsys.readouterr().out)["fit"]
    assert (found["episodes"], found["groups"], found["covariates"]) == (80, 80, ["gain"])
    assert [e["name"] for e in found["estimates"]] == ["cost", "sharp"]


def test_it_prints_estimates_quality_and_tests(data: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["case.yaml", "--data", data, "--fix", "gain=7", "--starts", "2", "-n", "300"]
    assert run(fit_command, words) == 0
    out = capsys.readouterr().out
    assert out.startswith("A quarrel over land: estimated from panel.csv\n3 parameters from ")
    for part in (
        "Estimates by maximum likelihood", "Posterior, with the declared distributions", "Pseudo-R²",
        "Predicted odds", "gain = 7: log-likelihood", "with 1 degree of freedom, p = ", "2 of 2 starts reached",
    ):  # fmt: skip
        assert part in out
    (row,) = (line.split() for line in out.splitlines() if line.startswith("cost points"))
    assert float(row[2]) == pytest.approx(3.0, abs=4 * float(row[3]))
    assert max(len(line) for line in out.splitlines()) <= 100
    assert run(fit_command, [*words[:3], *FAST, "-q"]) == 0
    assert "Pseudo" not in capsys.readouterr().out


def test_json_holds_everything(data: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["case.yaml", "--data", data, "--parameters", "cost, sharp", "--set", "gain=6", "--json", "--starts", "1"]
    assert run(fit_command, [*words, "-n", "200"]) == 0
    told = json.loads(capsys.readouterr().out)
    found = told["fit"]
    assert told["ok"] is True
    assert told["written"] is None
    assert [e["name"] for e in found["estimates"]] == ["cost", "sharp"]
    assert found["held"] == [["gain", 6.0]]
    assert found["posterior"]["draws"] == 200
    assert len(found["covariance"]) == 2
    assert ["panel", "panel.csv"] in found["provenance"]["settings"]


def test_the_case_is_written_with_its_comments(data: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(fit_command, ["case.yaml", "--data", data, *FAST, "--write", "new/fitted.yaml"]) == 0
    assert "Case with the estimates: new/fitted.yaml" in capsys.readouterr().out
    text = Path("new/fitted.yaml").read_text()
    assert "# what a fight costs" in text
    assert "# of all the land" in text
    loaded = load_text(text)
    case = loaded.require()
    assert not [issue for issue in loaded.issues if issue.severity == "error"]
    (source,) = case.sources
    assert (source.name, source.grade) == ("panel", "M")
    assert "from panel.csv" in source.title
    assert run(fit_command, ["case.yaml", "--data", data, *FAST, "--json"]) == 0
    found = {e["name"]: e for e in json.loads(capsys.readouterr().out)["fit"]["estimates"]}
    numbers = {p.name: p.number for p in case.parameters}
    for name in ("cost", "gain", "sharp"):
        assert numbers[name].central == pytest.approx(found[name]["value"], rel=1e-4)
        error = max(found[name]["se"], found[name]["se_robust"])
        assert numbers[name].arguments[1] == pytest.approx(error / found[name]["value"], rel=1e-3)
        (parameter,) = (p for p in case.parameters if p.name == name)
        assert parameter.citation.sources == ("panel",)
    # a second fit starts from the first, and its source gets a name of its own
    assert run(fit_command, ["new/fitted.yaml", "--data", data, *FAST, "--write", "again.yaml"]) == 0
    assert [s.name for s in load_text(Path("again.yaml").read_text()).require().sources] == ["panel_2", "panel"]


def test_what_has_no_error_is_left_as_it_was(data: str, capsys: pytest.CaptureFixture[str]) -> None:
    idle = '  idle: "normal(0, 2)"\n'
    Path("idle.yaml").write_text(quarrel(parameters=idle))
    assert run(fit_command, ["idle.yaml", "--data", data, *FAST, "--write", "out.yaml"]) == 0
    out = capsys.readouterr().out
    assert "Not identified: `idle` does not move the odds of any choice." in " ".join(out.split())
    assert "Left as they were, having no standard error: idle" in out
    assert idle in Path("out.yaml").read_text()


def test_what_cannot_be_is_bad_input(data: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(fit_command, ["case.yaml", "--data", "gone.csv"]) == 2
    assert "error[panel-unreadable]: gone.csv cannot be read" in capsys.readouterr().err
    assert run(fit_command, ["case.yaml"]) == 2
    assert "--data" in capsys.readouterr().err
    assert run(fit_command, ["case.yaml", "--data", data, "--parameters", "cots"]) == 2
    assert "did you mean `cost`?" in capsys.readouterr().err
    text = Path(data).read_text().replace("take", "steal")
    Path("bad.csv").write_text(text)
    assert run(fit_command, ["case.yaml", "--data", "bad.csv", "--json"]) == 2
    told = json.loads(capsys.readouterr().out)
    assert told["ok"] is False
    assert len(told["issues"]) == text.count("steal")
    assert {i["code"] for i in told["issues"]} == {"panel-unknown-option"}
    first = told["issues"][0]
    line = text.splitlines()[first["line"] - 1]
    assert line[first["column"] - 1 :] == "steal"
    assert first["shown"] == line
    assert run(simulate_command, [*SIMULATED, "--out", "x.csv", "--vary", "peace"]) == 2
    assert "no parameter is called `peace`" in capsys.readouterr().err
    assert run(simulate_command, [*SIMULATED, "--out", "case.yaml/x.csv"]) == 1
    assert "check the path" in capsys.readouterr().err


def test_an_interruption_leaves_nothing_behind(data: str, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    before = sorted(folder.rglob("*"))
    monkeypatch.setattr(fitting, "quality_of", interrupted)
    with pytest.raises(click.Abort):
        run(fit_command, ["case.yaml", "--data", data, *FAST, "--write", "fitted.yaml"])
    assert sorted(folder.rglob("*")) == before
