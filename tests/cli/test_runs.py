"""Runs that last: kept by commands, listed, made again to the last bit, exported; trouble costs no answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from sqlalchemy import text

from servanda.case import find, parse_text
from servanda.cli.main import answer
from servanda.store import NewRun, SavedRun, Store
from servanda.store.comparing import unlike

CASE = "theory/durability-island"
PLEDGE = "theory/pledge"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Commands write into the present folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A store with one run of each command."""
    folder = tmp_path_factory.mktemp("kept")
    url = str(folder / "store.db")
    out = ["--out", str(folder / "page.html")]
    few = ["--workers", "1", "-n", "16"]
    commands = [
        ["run", PLEDGE, "--report", str(folder / "report.html"), "--set", "wage=0.5"],
        ["forecast", CASE, *few, *out],
        ["design", CASE, "--draws", "2"],
        ["compare", CASE, PLEDGE],
        ["sensitivity", CASE, *few, "--of", "outcome.deal", "--out", str(folder / "sweeps")],
    ]
    parameter = parse_text(find(PLEDGE).read_text(encoding="utf-8")).parameters[0].name
    for words in commands:
        said = [word.replace("wage=", f"{parameter}=") for word in words]
        assert answer([*said, "-q", "--store", url]) == 0, said
    return url


@pytest.fixture
def store(address: str) -> Iterator[Store]:
    with Store.open(address) as opened:
        yield opened


def first(store: Store, kind: str = "run") -> SavedRun:
    """The run that a command kept; tests may have put others on top."""
    return store.runs(kind=kind)[-1]


def told(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> dict[str, Any]:
    """The JSON that a command prints."""
    capsys.readouterr()
    assert answer([*words, "--json"]) == code
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_commands_keep_what_they_find(store: Store, address: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = told(capsys, "runs", "--store", address)
    assert found["store"] == address
    assert [run["kind"] for run in found["runs"]] == ["sensitivity", "compare", "designs", "forecast", "run"]
    assert [run["case"] for run in found["runs"]] == [
        "durability-island", "durability-island and pledge", "durability-island", "durability-island", "pledge",
    ]  # fmt: skip
    run = first(store)
    assert store.blob(run.files["case.yaml"]) == find(PLEDGE).read_bytes()
    assert parse_text(store.blob(run.files["resolved.yaml"]).decode()).name == "pledge"
    assert store.blob(run.files["report.html"]).startswith(b"<!DOCTYPE html>")
    assert list(run.scenario["set"].values()) == [0.5]
    assert run.headline == store.result(run)["verdict"]["headline"]
    assert run.digest == run.provenance.digest == store.result(run)["provenance"]["digest"]
    assert sorted(n for n in first(store, "compare").files if n.startswith("others/")) == [
        "others/001/case.yaml",
        "others/001/resolved.yaml",
    ]


def test_runs_are_listed_by_case_and_kind(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(["runs", "pledge", "--store", address]) == 0
    out = capsys.readouterr().out
    assert "pledge; " in out
    assert " = 0.5" in out
    assert "durability-island" not in out
    assert len(told(capsys, "runs", "--kind", "forecast", "--store", address)["runs"]) == 1
    assert len(told(capsys, "runs", "--limit", "2", "--store", address)["runs"]) == 2
    assert answer(["runs", "nobody", "--store", address]) == 0
    assert capsys.readouterr().out.startswith("No run of nobody is kept in ")


@pytest.mark.parametrize("kind", ["run", "forecast", "designs", "compare", "sensitivity"])
def test_the_same_digest_gives_the_same_numbers(
    store: Store, address: str, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run = first(store, kind)
    found = told(capsys, "rerun", run.id[:8], "--store", address)
    assert (found["same"], found["differences"], found["versions"]) == (True, [], [])
    assert found["digest"] == run.digest
    assert found["numbers"] > 10


@pytest.mark.parametrize(
    "asked",
    [
        {"run": {}, "designs": {"draws": 2}, "compare": {"b": {"case": "island"}}},
        # every one of these starts processes for its draws, twice
        pytest.param(
            {"forecast": {"draws": 16}, "sensitivity": {"draws": 16}, "sweep": {"draws": 16}}, marks=pytest.mark.verify
        ),
    ],
    ids=["solved", "drawn"],
)
def test_what_a_job_of_the_workbench_found_is_made_again_too(
    asked: dict[str, dict[str, Any]], here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from servanda.web.worker import work

    url = str(here / "jobs.db")
    with Store.open(url) as store:
        case = store.create_case("island", find(CASE).read_text(encoding="utf-8"), "Island")
        value = {parse_text(case.text).parameters[0].name: 0.5}
        for kind, options in asked.items():
            store.add_job(kind, "island", {"version": 1, "set": value, "off": [], "options": options})
        assert work(store) == (len(asked), True)
        assert {job.kind: job.error for job in store.jobs()} == dict.fromkeys(asked, "")
        kept = store.runs()
    assert [run.kind for run in kept] == list(asked)[::-1]
    for run in kept:
        found = told(capsys, "rerun", run.id, "--store", url)
        assert (found["kind"], found["differences"]) == (run.kind, [])


def forged(store: Store, run: SavedRun, result: Any, versions: tuple[tuple[str, str], ...] = ()) -> SavedRun:
    """The same run with another result, as if something had changed since."""
    from dataclasses import replace

    how = replace(run.provenance, versions=versions or run.provenance.versions)
    return store.add_run(
        NewRun(
            run.kind, run.case, store.blob(run.files["case.yaml"]).decode(),
            store.blob(run.files["resolved.yaml"]).decode(), run.headline, result, how, run.seconds,
            scenario=run.scenario, options=run.options,
        )
    )  # fmt: skip


def test_a_number_that_differs_in_its_last_bit_is_told(
    store: Store, address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    import math

    run = first(store)
    result = store.result(run)
    found = result["verdict"]["probability"]
    result["verdict"]["probability"] = math.nextafter(found, 1.0)
    result["timings"] = []
    other = forged(store, run, result, (("servanda", "0.0.1"), *run.provenance.versions[1:]))
    capsys.readouterr()
    assert answer(["rerun", other.id, "--store", address]) == 1
    out, err = capsys.readouterr()
    assert out.startswith(f"1 of the values of the run {other.id} of pledge differ:\n  verdict.probability: ")
    assert repr(found) in out
    assert err.startswith("Other versions than when it was made: servanda 0.0.1 then and ")
    listed = told(capsys, "rerun", other.id, "--store", address, code=1)
    assert [d["path"] for d in listed["differences"]] == ["verdict.probability"]
    assert [v["name"] for v in listed["versions"]] == ["servanda"]


def test_a_run_that_is_not_there_or_cannot_be_made_again(
    store: Store, address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert answer(["rerun", "ffffffffffff", "--store", address]) == 1
    assert "no run is called `ffffffffffff`: see `servanda runs`" in capsys.readouterr().err
    odd = store.add_run(
        NewRun("poem", "pledge", "x", "x", "H", {}, first(store).provenance, 1.0)
    )  # fmt: skip
    found = told(capsys, "rerun", odd.id, "--store", address, code=1)
    assert "cannot be made again" in found["issues"][0]["message"]


def test_an_export_can_be_read_without_the_program(
    store: Store, address: str, capsys: pytest.CaptureFixture[str], here: Path
) -> None:
    run = first(store)
    found = told(capsys, "export", run.id[:6], "--store", address)
    folder = here / found["folder"]
    assert folder == here / "servanda-exports" / f"run-{run.id}"
    assert set(found["files"]) >= {
        "README.md", "case.yaml", "resolved.yaml", "result.json", "provenance.json", "report.html",
        "tables/drafts.csv", "tables/drafts.parquet", "tables/survival.parquet",
    }  # fmt: skip
    assert (folder / "case.yaml").read_bytes() == find(PLEDGE).read_bytes()
    result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    assert result == store.result(run)
    drafts = pq.read_table(folder / "tables" / "drafts.parquet").to_pylist()
    assert [d["running_at_horizon"] for d in drafts] == [d["running_at_horizon"] for d in result["drafts"]]
    heading, row, *_ = (folder / "tables" / "drafts.csv").read_text(encoding="utf-8").splitlines()
    assert heading.startswith('"draft","title","form","holds"')
    assert row.startswith(f'"{drafts[0]["draft"]}"')
    how = json.loads((folder / "provenance.json").read_text(encoding="utf-8"))
    assert (how["run"], how["digest"], how["provenance"]["versions"]["python"]) == (
        run.id, run.digest, dict(run.provenance.versions)["python"],
    )  # fmt: skip
    readme = (folder / "README.md").read_text(encoding="utf-8")
    assert run.headline in readme
    assert all(f"| `{name}` | " in readme for name in found["files"])
    # nothing is overwritten
    found = told(capsys, "export", run.id, "--store", address, code=1)
    assert "is there already" in found["issues"][0]["message"]


def test_an_export_goes_where_it_is_told_and_makes_tables_of_any_record(
    store: Store, address: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = first(store, "designs")
    assert answer(["export", run.id, "--store", address, "--output", "deep/annex"]) == 0
    assert (
        f"of the designs {run.id} of durability-island in deep/annex; begin with README.md." in capsys.readouterr().out
    )
    rows = pq.read_table(here / "deep" / "annex" / "tables" / "designs.parquet").to_pylist()
    assert [row["holds"] for row in rows] == [d["holds"] for d in store.result(run)["designs"]]
    assert "No report was written" in (here / "deep" / "annex" / "README.md").read_text(encoding="utf-8")


def test_an_export_that_fails_leaves_nothing(
    store: Store, address: str, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = Path.write_bytes

    def full(self: Path, data: bytes) -> int:
        if self.name == "result.json":
            raise OSError(28, "No space left on device", str(self))
        return written(self, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    assert answer(["export", first(store).id, "--store", address, "--output", "annex"]) == 1
    assert list(here.iterdir()) == []


def test_a_store_that_cannot_be_written_costs_no_answer(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "file").write_text("")
    url = str(here / "file" / "store.db")
    assert answer(["run", PLEDGE, "--no-report", "--store", url]) == 0
    out, err = capsys.readouterr()
    assert "The draft cannot be expected" in out
    assert "Kept as run" not in out
    (line,) = [line for line in err.splitlines() if "not kept" in line]
    assert line.startswith(f"The run is not kept: the store {url}: ")
    assert told(capsys, "run", PLEDGE, "--no-report", "--store", url)["kept"] is None


def test_nothing_is_kept_where_that_is_asked_for(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SERVANDA_STORE", str(here / "store.db"))
    assert told(capsys, "run", PLEDGE, "--no-report", "--no-store")["kept"] is None
    assert not (here / "store.db").exists()
    assert answer(["run", PLEDGE, "--no-store", "--store", "x.db"]) == 2
    assert "--store and --no-store exclude each other" in capsys.readouterr().err
    kept = told(capsys, "run", PLEDGE, "--no-report")["kept"]
    assert [run["id"] for run in told(capsys, "runs")["runs"]] == [kept]


def test_the_store_says_where_it_is_and_whether_it_is_sound(
    here: Path, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    url = str(here / "other.db")
    with Store.open(url) as other:
        kept = other.add_run(NewRun("poem", "pledge", "x", "y", "H", {}, first(store).provenance, 1.0))
    assert answer(["store", "--store", url, "--check"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"{url} (sqlite, tables of version 0001)\n")
    assert "       1 runs\n" in out
    assert "All is sound." in out
    with Store.open(url) as other, other._writing() as connection:
        connection.execute(text("DROP TRIGGER blob_no_update"))
        connection.execute(text("UPDATE blob SET packed = x'00' WHERE digest = :d"), {"d": kept.files["case.yaml"]})
    found = told(capsys, "store", "--store", url, "--check", code=1)
    assert (found["sound"], found["broken"]) == (False, [kept.files["case.yaml"]])
    assert "sound" not in told(capsys, "store", "--store", url)


def test_commands_say_what_is_wrong_with_a_store(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["runs"], ["store"], ["rerun", "abcd"], ["export", "abcd"]):
        found = told(capsys, *words, "--store", "mysql://x/y", code=1)
        assert "no store can be kept in `mysql`" in found["issues"][0]["message"]


def test_what_is_compared_and_what_is_not() -> None:
    before = {"a": 1, "b": [1.0, None], "seconds": 1, "deep": {"made_at": "then", "x": "nan"}, "gone": True}
    after = {"a": 1.0, "b": [1.0], "seconds": 9, "deep": {"made_at": "now", "x": "inf"}, "new": {"y": 1}}
    assert [(d.path, d.before, d.after) for d in unlike(before, after)] == [
        ("a", "1", "1.0"),
        ("b", "2 entries", "1 entries"),
        ("deep.x", "nan", "inf"),
        ("gone", "True", "nothing"),
        ("new", "nothing", "1 entries"),
    ]
    assert unlike(before, before) == ()
