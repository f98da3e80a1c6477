"""Sweeps of several studies in one set of processes: `steps` finds them done, and nothing is done twice."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from threading import Event

import pytest

from servanda.outlook import ahead
from servanda.outlook.ahead import Bundle, is_small, sweep_ahead
from servanda.outlook.forecasting import Settings
from servanda.outlook.learning import steps, studies_of
from servanda.uncertainty.study import SweepError
from tests.outlook.quarrel import OTHERS, SIGNALS, quarrel

DAYS = [date(2022, 7, 1), date(2022, 1, 1), date(2022, 7, 1)]


def settings(folder: Path, draws: int = 16, stop: Event | None = None) -> Settings:
    return Settings(draws=draws, workers=1, folder=folder, stop=stop)


def test_the_studies_are_those_that_steps_sweeps(tmp_path: Path) -> None:
    case = quarrel(*SIGNALS, *OTHERS)
    how = settings(tmp_path)
    mine = studies_of(case, DAYS, how)
    assert [study.day for study in mine] == [date(2022, 1, 1), date(2022, 7, 1)]
    assert [step.study.digest for step in steps(case, DAYS, how)] == [study.digest for study in mine]


def test_what_was_swept_ahead_is_only_read(tmp_path: Path) -> None:
    first, second = quarrel(*SIGNALS), quarrel(more=[("case: quarrel", "case: feud")])
    how = settings(tmp_path)
    studies = [*studies_of(first, DAYS, how), *studies_of(second, DAYS[:1], how)]
    told: list[float] = []
    assert sweep_ahead(studies, how, 2, told.append) == 3
    assert told == pytest.approx([1 / 3, 2 / 3, 1.0])
    assert sweep_ahead(studies, how, 2) == 0
    for case, days in ((first, DAYS), (second, DAYS[:1])):
        assert all(step.swept.resumed == 16 for step in steps(case, days, how))
    # the same rows as one process gives
    alone = steps(first, DAYS, settings(tmp_path / "alone"))
    for one, other in zip(alone, steps(first, DAYS, how), strict=True):
        assert (one.swept["outcome.ever_deal"] == other.swept["outcome.ever_deal"]).all()


def test_one_study_one_processor_or_a_cluster_is_left_to_who_reads(tmp_path: Path) -> None:
    how = settings(tmp_path)
    studies = studies_of(quarrel(), DAYS, how)
    assert sweep_ahead(studies[:1], how, 2) == 0
    assert sweep_ahead(studies, how, 1) == 0
    assert sweep_ahead(studies, Settings(draws=16, folder=tmp_path, cluster="tcp://nowhere:1"), 2) == 0
    assert list(tmp_path.iterdir()) == []


def test_stopping_says_how_far_it_came(tmp_path: Path) -> None:
    stop = Event()
    stop.set()
    how = settings(tmp_path, stop=stop)
    with pytest.raises(SweepError, match="stopped after 0 of 2 sweeps; they go on from there") as told:
        sweep_ahead(studies_of(quarrel(), DAYS, how), how, 2)
    assert told.value.exit_code == 130


def test_a_bundle_is_named_by_its_studies_and_draws(tmp_path: Path) -> None:
    studies = studies_of(quarrel(), DAYS, settings(tmp_path))
    names = {
        Bundle(studies, 16, tmp_path).digest, Bundle(studies, 32, tmp_path).digest,
        Bundle(studies[:1], 16, tmp_path).digest,
    }  # fmt: skip
    assert len(names) == 3
    assert dict(Bundle(studies, 16, tmp_path).solve(0, 2)) == {}
    assert sweep_ahead(studies, settings(tmp_path), 2) == 0


def test_small_is_by_states(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (only,) = studies_of(quarrel(), DAYS[:1], settings(tmp_path))
    assert is_small(only)
    monkeypatch.setattr(ahead, "SMALL", only.frame.compiled.game.states - 1)
    assert not is_small(only)
