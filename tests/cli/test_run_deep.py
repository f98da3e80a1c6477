"""`servanda run --deep`: what threats could do is in the JSON, the report and the run that is kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from servanda.cli.main import answer
from servanda.store import Store
from tests.web import threatened


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Commands write into the present folder, and keep what they find in a cache of their own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "case.yaml").write_text(threatened.text(), encoding="utf-8")
    return tmp_path


@pytest.mark.verify
def test_a_deep_run_asks_what_threats_could_do(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = ["--store", str(here / "store.db")]
    assert answer(["run", "case.yaml", "--deep", "--json", "--report", "page.html", *store]) == 0
    told = json.loads(capsys.readouterr().out)
    found = told["run"]["threats"]
    assert [(one["draft"], one["found"]["keepable"], one["reason"]) for one in found] == [
        ("contract", False, ""),
        ("covenant", True, ""),
    ]
    assert {"share", "kept_share", "play_share", "enforceable"} <= set(found[1]["found"]["standings"][-1])
    page = (here / "page.html").read_text(encoding="utf-8")
    assert 'id="figure-threats-covenant"' in page
    assert "Not asked in this run." not in page
    with Store.open(store[1]) as kept:
        run = kept.run(told["kept"])
        assert kept.result(run)["threats"] == found
    assert len(list((here / "cache" / "servanda" / "threats").iterdir())) == 2
    assert answer(["rerun", told["kept"], *store]) == 0


def test_a_plain_run_says_how_to_ask(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(["run", "case.yaml", "--json", "--report", "page.html", "--no-store"]) == 0
    assert json.loads(capsys.readouterr().out)["run"]["threats"] == []
    assert "Not asked in this run." in (here / "page.html").read_text(encoding="utf-8")
