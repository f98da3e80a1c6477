"""Making a kept run again: from its resolved case and settings, with nothing read that an earlier run has left."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from tempfile import TemporaryDirectory
from threading import Event
from typing import TYPE_CHECKING, Any

from servanda.errors import ServandaError

if TYPE_CHECKING:
    from servanda.case.resolved import ResolvedCase
    from servanda.store import SavedRun

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Work:
    """What a run was asked: its cases as they were read, parameter values (frictions off included), options."""

    cases: Sequence[ResolvedCase]
    values: Mapping[str, float]
    options: Mapping[str, Any]
    progress: Progress

    @property
    def case(self) -> ResolvedCase:
        """The case, the first of several."""
        return self.cases[0]


def redo(run: SavedRun, resolved: Sequence[str], progress: Progress) -> Any:
    """The result of a run, worked out anew, as JSON gives it back.

    Parameters
    ----------
    resolved : the texts of its cases with nothing implied

    Raises
    ------
    ServandaError
        If nothing is known of work of this kind.
    """
    if run.kind not in _AGAIN and run.options.get("by") != "job":
        raise ServandaError(f"a run of kind `{run.kind}` cannot be made again: its files are in `servanda export`")
    from servanda.case import parse_text
    from servanda.comparison import without

    cases = [parse_text(text, f"{run.id}.yaml") for text in resolved]
    with _nothing_kept():
        if run.options.get("by") == "job":
            found = _job(run, cases, progress)
        else:
            values = without(cases[0], tuple(run.scenario.get("off") or ()), _values(run.scenario))
            found = _AGAIN[run.kind](Work(cases, values, run.options, progress))
    return json.loads(json.dumps(found, allow_nan=False))


def _job(run: SavedRun, cases: Sequence[ResolvedCase], progress: Progress) -> Any:
    """What a job of the workbench finds, by the function that does such jobs."""
    from servanda.comparison import without
    from servanda.web.kinds import KINDS, Side
    from servanda.web.kinds import Work as JobWork

    asked: list[Mapping[str, Any]] = [{"case": run.case, **run.scenario}]
    if run.kind == "compare":
        asked = [run.options["a"] or asked[0], run.options["b"]]
    sides = []
    for case, one in zip(cases, asked, strict=True):
        given, off = _values(one), tuple(one.get("off") or ())
        sides.append(Side(one["case"], None, "", case, given, off, without(case, off, given)))
    return KINDS[run.kind].perform(JobWork(sides, run.options, progress, Event())).result


def _values(scenario: Mapping[str, Any]) -> dict[str, float]:
    return {str(name): float(value) for name, value in dict(scenario.get("set") or {}).items()}


@contextmanager
def _nothing_kept() -> Iterator[None]:
    """A cache folder of its own: what earlier runs have solved and kept could hide a difference."""
    before = os.environ.get("XDG_CACHE_HOME")
    with TemporaryDirectory(prefix="servanda-") as folder:
        os.environ["XDG_CACHE_HOME"] = folder
        try:
            yield
        finally:
            if before is None:
                del os.environ["XDG_CACHE_HOME"]
            else:
                os.environ["XDG_CACHE_HOME"] = before


def _run(work: Work) -> Any:
    from servanda.analysis import Settings, run
    from servanda.inquiry import EVERYTHING, QUICK
    from servanda.report.tables import to_dict

    parts = EVERYTHING if work.options.get("deep") else QUICK
    return to_dict(run(work.case, Settings(overrides=work.values, diagnosis=parts, fresh=True), work.progress))


def _forecast(work: Work) -> Any:
    from servanda.cli.forecast import only
    from servanda.outlook.forecasting import DRAWS, Settings, look
    from servanda.report.forecasted import outlook_json
    from servanda.uncertainty.draws import SEED

    asked, day = work.options, work.options.get("day")
    settings = Settings(
        draws=asked.get("draws", DRAWS), seed=asked.get("seed", SEED), day=date.fromisoformat(day) if day else None,
        frictions=bool(asked.get("frictions")), overrides=work.values,
    )  # fmt: skip
    found = look(work.case, settings, work.progress)
    return outlook_json(only(found, asked["questions"]) if asked.get("questions") else found)


def _frictions(work: Work) -> Any:
    from servanda.inquiry import explain_frictions
    from servanda.report.tables import plain_data

    asked, until = work.options, work.options.get("until")
    lattice, turned = explain_frictions(
        work.case, asked.get("draft"), outcome=asked.get("outcome", "kept"), threshold=asked.get("threshold"),
        overrides=work.values, until=date.fromisoformat(until) if until else None, flips=asked.get("flips", True),
        fresh=True, progress=work.progress,
    )  # fmt: skip
    return {"frictions": plain_data(lattice), "flips": plain_data(turned)}


def _designs(work: Work) -> Any:
    from servanda.diagnosis.design import search_designs
    from servanda.inquiry import kept_trials
    from servanda.report.designed import to_dict
    from servanda.uncertainty.draws import parameter_draws

    asked = work.options
    with kept_trials(fresh=True):
        found = search_designs(
            work.case, drafts=asked.get("drafts") or None, levers=asked.get("levers") or None,
            threshold=asked.get("threshold", 0.5), overrides=work.values,
            draws=parameter_draws(work.case, asked.get("draws", 64)), limit=asked.get("limit", 2000),
            points=asked.get("points", 3), progress=lambda done, of: work.progress("games", done / max(of, 1)),
        )  # fmt: skip
    return to_dict(found, whole=True)


def _sensitivity(work: Work) -> Any:
    from servanda.cli.sensitivity import DEFAULT, explain
    from servanda.outlook.forecasting import DRAWS, Settings
    from servanda.uncertainty.draws import SEED

    asked = work.options
    how = Settings(draws=asked.get("draws", DRAWS), seed=asked.get("seed", SEED), overrides=work.values)
    quantity, before = asked.get("quantity", DEFAULT), bool(asked.get("before"))
    return explain(work.case, quantity, asked.get("conditions", ()), how, work.progress, before=before).as_json


def _backtest(work: Work) -> Any:
    from servanda.backtesting import DRAWS, Settings, backtest, backtest_library
    from servanda.outlook.library import Library
    from servanda.report.backtested import backtest_json

    settings = Settings(draws=work.options.get("draws", DRAWS))
    if not work.options.get("library"):
        return backtest_json(backtest(work.cases, settings, work.progress))
    left_out = tuple((name, why) for name, why in work.options.get("left_out", ()))
    return backtest_json(backtest_library(settings, work.progress, Library(tuple(work.cases), left_out)))


def _compare(work: Work) -> Any:
    from servanda.comparison import compare, run_both
    from servanda.report.compared import to_dict

    a, b = work.options["sides"]
    first, second = work.cases
    runs = run_both(first, second, a["set"], b["set"], progress=work.progress)
    return to_dict(compare(*runs, (a["draft"], b["draft"]), (a["label"], b["label"])))


_AGAIN: dict[str, Callable[[Work], Any]] = {
    "run": _run,
    "forecast": _forecast,
    "frictions": _frictions,
    "designs": _designs,
    "sensitivity": _sensitivity,
    "backtest": _backtest,
    "compare": _compare,
}
