"""Every figure is a legal chart with words and a table that say what the chart says."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from servanda.diagnosis.findings import Reason
from servanda.report.charts import Figure, figures, theme
from servanda.report.charts.drafts import ending_name
from servanda.report.charts.why import MOST_TERMS, REST, digits, largest_first
from servanda.runs import Run
from tests.report.fixtures import make_run, with_hostile_titles


@pytest.fixture(scope="module")
def run() -> Run:
    return make_run()


@pytest.fixture(scope="module")
def album(run: Run) -> dict[str, Figure]:
    return figures(run)


@pytest.fixture(scope="module")
def specifications(album: dict[str, Figure]) -> dict[str, dict[str, Any]]:
    return {name: figure.chart.to_dict() for name, figure in album.items()}


def test_the_album_is_complete_and_in_order(album: dict[str, Figure], run: Run) -> None:
    why = [f"why:{v.draft}" for v in run.drafts]
    assert list(album) == [
        *("gates", "survival", "endings", "credibility"),
        *why,
        *("frictions", "outcomes", "drafts", "questions", "indicators", "variables"),
    ]


def test_every_specification_is_of_vega_lite_six(specifications: dict[str, dict[str, Any]]) -> None:
    assert {s["$schema"].split("/")[-1].split(".")[0] for s in specifications.values()} == {"v6"}


def test_tables_are_rectangular_and_words_carry_numbers(album: dict[str, Figure]) -> None:
    for name, figure in album.items():
        assert {len(row) for row in figure.table.rows} == {len(figure.table.columns)}, name
        assert re.search(r"\d", figure.alt), name
        assert figure.caption.endswith("."), name


def test_nothing_is_fetched(specifications: dict[str, dict[str, Any]]) -> None:
    assert '"url"' not in json.dumps(specifications)


def test_dark_paper_knows_every_colour(specifications: dict[str, dict[str, Any]]) -> None:
    used = set(re.findall(r"#[0-9a-fA-F]{3,8}\b", json.dumps(specifications)))
    assert used <= set(theme.DARK)
    assert len(set(theme.DARK.values())) == len(theme.DARK)


def test_survival_table_holds_the_curve(album: dict[str, Figure], run: Run) -> None:
    table = album["survival"].table
    assert table.columns[:3] == ("Draft", "Mean life", "Sep 2022")
    treaty = next(row for row in table.rows if row[0].startswith("Treaty"))
    assert treaty[2] == "100 %"
    assert treaty[-1] == f"{100 * run.drafts[2].survival.alive[-1]:.0f} %"


def test_endings_and_survival_add_up_in_the_chart(specifications: dict[str, dict[str, Any]]) -> None:
    (rows,) = specifications["endings"]["datasets"].values() if "datasets" in specifications["endings"] else (
        [specifications["endings"]["data"]["values"]]
    )  # fmt: skip
    for row in rows:
        assert sum(v for k, v in row.items() if k not in ("date", "draft")) == pytest.approx(1.0, abs=5e-4)


def test_waterfall_ends_at_the_margin(run: Run) -> None:
    for verdict in run.drafts:
        for why in verdict.why:
            assert sum(value for _, value in largest_first(why)) == pytest.approx(why.margin, abs=1e-9)


def test_many_terms_are_summed_but_none_lost(run: Run) -> None:
    why = run.drafts[0].why[0]
    many = replace(why, reasons=tuple(replace(why.reasons[0], term=f"t{k}", points=1.0 + k) for k in range(20)))
    shown = largest_first(many)
    assert len(shown) == MOST_TERMS
    assert shown[-1][0] == REST
    assert sum(value for _, value in shown) == pytest.approx(sum(r.points for r in many.reasons))


def test_small_terms_are_summed_and_small_margins_get_more_decimals(run: Run) -> None:
    why = run.drafts[0].why[0]
    parts = (("pride", 0.5), ("fear", -0.2), ("dust", 0.004), ("ashes", 0.003), ("nought", 0.0))
    small = replace(why, reasons=tuple(Reason(term, value) for term, value in parts), margin=0.307)
    assert largest_first(small) == [("pride", 0.5), ("fear", -0.2), (REST, pytest.approx(0.007))]
    assert digits(small) == 2
    assert digits(why) == 1


def test_endings_a_draft_lacks_do_not_break_the_stack(run: Run, specifications: dict[str, dict[str, Any]]) -> None:
    assert {"filter": "isValid(datum.p)"} in specifications["endings"]["spec"]["transform"]


def test_an_ending_is_named_once(run: Run) -> None:
    verdict = run.drafts[0]
    ending = replace(verdict.survival.endings[0], kind="expiry", label="expires")
    survival = replace(verdict.survival, endings=(ending, *verdict.survival.endings[1:]))
    named = replace(verdict, survival=survival)
    assert ending_name(named, 0) == "expires"
    assert ending_name(named, 2) == "The region is at war (linkage)"


def test_a_gate_nobody_has_to_pass_is_not_a_certainty(album: dict[str, Figure]) -> None:
    narrow = album["gates"].table.rows[0]
    assert narrow[3] == "not needed"


def test_titles_with_separators_still_draw(run: Run) -> None:
    import vl_convert

    album = figures(with_hostile_titles(run))
    svg = vl_convert.vegalite_to_svg(album["survival"].chart.to_dict())
    assert "<script" not in svg
    assert "\u2028" not in json.dumps(album["survival"].chart.to_dict(), ensure_ascii=False)


def test_a_run_without_drafts_or_questions_still_has_outcomes(run: Run) -> None:
    outcomes = replace(run.forecast.outcomes, drafts=())
    bare = replace(
        run,
        drafts=(),
        frictions=(),
        forecast=replace(run.forecast, outcomes=outcomes, answers=(), indicators=(), variables=(), calendar=()),
    )
    assert list(figures(bare)) == ["outcomes"]


def test_labels_of_close_events_take_other_lanes() -> None:
    assert theme.lanes([(0, 50), (10, 60), (20, 70), (55, 90)]) == [0, 1, 2, 0]
