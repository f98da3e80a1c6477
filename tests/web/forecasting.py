"""Forecasts kept as a job keeps them, and a workbench over a case with evidence."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path

from servanda.case.loading import parse_text
from servanda.outlook.forecasting import Settings, look
from servanda.report.forecasted import outlook_json
from servanda.store import NewRun, SavedRun, Store
from servanda.web.application import application
from servanda.web.solving import scenario_values
from servanda.web.state import State
from tests.outlook.quarrel import OTHERS, SIGNALS, written
from tests.web.inline import InlineSolvers

with warnings.catch_warnings():
    # which of two HTTP libraries drives the tests is no matter of ours
    warnings.simplefilter("ignore")
    from fastapi.testclient import TestClient

__all__ = ["NAME", "TEXT", "TestClient", "Watched", "keep_forecast", "workbench"]
NAME = "quarrel"
TEXT = written(*SIGNALS, *OTHERS)


class Watched(InlineSolvers):
    """Solvers that remember which functions were asked, and which of them ahead of need."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, bool]] = []

    async def ask(self, text, function, payload, *, seconds=10.0, background=False):  # type: ignore[no-untyped-def]
        self.seen.append((function.rpartition(":")[2], background))
        return await super().ask(text, function, payload, seconds=seconds, background=background)


def workbench(folder: Path) -> tuple[TestClient, Store, Watched]:
    """A client of a workbench with an empty store in a folder."""
    store, solvers = Store.open(str(folder / "store.db")), Watched()
    app = application(State(store, solvers, None))  # type: ignore[arg-type]
    return TestClient(app, base_url="http://localhost:8765", headers={"X-Servanda": "1"}), store, solvers


def keep_forecast(
    store: Store,
    name: str = NAME,
    *,
    draws: int = 32,
    given: Mapping[str, float] | None = None,
    off: tuple[str, ...] = (),
    gates: tuple[str, ...] | None = None,
) -> SavedRun:
    """Forecast the newest version of a saved case in a scenario and keep the run, as a job does."""
    saved = store.case(name)
    case = parse_text(saved.text, name)
    values = scenario_values(case, dict(given or {}), off)
    outlook = look(case, Settings(draws=draws, workers=1, gates=gates, overrides=values))
    return store.add_run(
        NewRun(
            kind="forecast", case=name, text=saved.text, resolved=saved.text, headline=outlook.headline,
            result=outlook_json(outlook), provenance=outlook.provenance, seconds=outlook.seconds, title=case.title,
            version=saved.version, scenario={"set": dict(given or {}), "off": list(off)}, options={"draws": draws},
        )
    )  # fmt: skip
