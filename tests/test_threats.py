"""What threats could do for every draft of a case: kept as it is found, called off, refused."""

from __future__ import annotations

from pathlib import Path
from threading import Event

import pytest

from servanda.analysis import Settings, run, threats
from servanda.analysis.threats import could_be_asked, weigh_threats
from servanda.bounds.answers import Enforcement
from servanda.case import read
from servanda.case.loading import parse_text
from servanda.enforcement import enforcement
from servanda.equilibrium.solve import InterruptedSolveError
from servanda.errors import CaseError
from servanda.inquiry import EVERYTHING, QUICK
from tests.web import threatened

CASE = parse_text(threatened.text(), "threatened.yaml")


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "servanda" / "threats"


def never(*_: object, **__: object) -> Enforcement:
    raise AssertionError("worked out again")


def test_every_draft_is_answered_as_it_is_alone() -> None:
    found = weigh_threats(CASE)
    assert [one.draft for one in found] == list(threatened.DRAFTS)
    assert [one.found for one in found] == [enforcement(CASE, name, thorough=True) for name in threatened.DRAFTS]
    assert [one.found.keepable for one in found if isinstance(one.found, Enforcement)] == [False, True]


def test_what_is_found_is_kept_and_read_back(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    first = weigh_threats(CASE, patience=True)
    assert len(list(cache.iterdir())) == 2
    monkeypatch.setattr(threats, "enforcement", never)
    assert weigh_threats(CASE, patience=True) == first
    assert weigh_threats(CASE, ["covenant"], patience=True) == first[1:]
    for asked in ({"fresh": True, "patience": True}, {}, {"overrides": {"gain": 2.0}, "patience": True}):
        with pytest.raises(AssertionError, match="worked out again"):
            weigh_threats(CASE, **asked)  # type: ignore[arg-type]


def test_a_fresh_answer_is_not_kept(cache: Path) -> None:
    weigh_threats(CASE, ["contract"], fresh=True)
    assert not cache.exists()


def test_a_torn_file_is_worked_out_again(cache: Path, caplog: pytest.LogCaptureFixture) -> None:
    first = weigh_threats(CASE, ["contract"])
    (file,) = cache.iterdir()
    for torn in (file.read_text(encoding="utf-8")[:200], '{"found": {"case": 1}}'):
        file.write_text(torn, encoding="utf-8")
        assert weigh_threats(CASE, ["contract"]) == first
    assert caplog.text.count("it is worked out again") == 2


def test_a_folder_that_cannot_be_written_costs_no_answer(cache: Path, caplog: pytest.LogCaptureFixture) -> None:
    cache.parent.mkdir(parents=True)
    cache.write_text("in the way", encoding="utf-8")
    assert weigh_threats(CASE, ["contract"])[0].found is not None
    assert "cannot be kept" in caplog.text


def test_finished_drafts_are_kept_where_the_work_is_called_off(monkeypatch: pytest.MonkeyPatch) -> None:
    stop = Event()

    def tell(step: str, share: float) -> None:
        if share >= 0.5:
            assert step == "draft 2 of 2: solving play"
            stop.set()

    with pytest.raises(InterruptedSolveError):
        weigh_threats(CASE, stop=stop, progress=tell)
    monkeypatch.setattr(threats, "enforcement", never)
    assert weigh_threats(CASE, ["contract"])[0].found is not None
    with pytest.raises(AssertionError, match="worked out again"):
        weigh_threats(CASE, ["covenant"])


@pytest.mark.parametrize("patience", [False, True])
def test_progress_goes_forward_and_stays_within(patience: bool) -> None:
    told: list[tuple[str, float]] = []
    weigh_threats(CASE, patience=patience, progress=lambda step, share: told.append((step, share)))
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert 0.0 <= shares[0] < shares[-1] < 1.0
    assert any("payoff sets of" in step for step, _ in told)


def test_refusals_are_answers_and_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    case = read("theory/investment-reversal")
    (found,) = weigh_threats(case)
    assert found.found is None
    assert found.reason.endswith("mark the two sides of the agreement with `party: yes`")
    assert not could_be_asked(case)
    monkeypatch.setattr(threats, "enforcement", never)
    assert weigh_threats(case) == (found,)


def test_a_case_without_drafts_is_taken_as_it_stands() -> None:
    (found,) = weigh_threats(read("theory/repeated-dilemma"))
    assert (found.draft, found.reason) == (None, "")
    assert isinstance(found.found, Enforcement)


def test_an_unknown_draft_is_refused_before_any_work() -> None:
    with pytest.raises(CaseError, match="no draft is called nothing"):
        weigh_threats(CASE, ["contract", "nothing"])


def test_a_run_asks_where_the_whole_diagnosis_is_asked_for() -> None:
    assert [Settings(diagnosis=parts).asks_threats for parts in (QUICK, EVERYTHING)] == [False, True]
    assert not Settings(diagnosis=EVERYTHING, threats=False).asks_threats
    told: list[str] = []
    asked = Settings(threats=True, select=False, overrides={"gain": 2.0}, diagnosis=frozenset())
    found = run(CASE, asked, progress=lambda stage, _: told.append(stage))
    assert [one.found.keepable for one in found.threats if isinstance(one.found, Enforcement)] == [True, True]
    assert "threats, draft 2 of 2: solving play" in told
    assert [t.stage for t in found.timings][-1] == "threats"
    assert run(CASE, Settings(select=False, diagnosis=frozenset())).threats == ()
