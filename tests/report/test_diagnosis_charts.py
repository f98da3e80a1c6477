"""The figures of causes, remedies and limits: legal charts whose words, tables and marks agree, also at the edges."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from servanda.diagnosis.answers import Diagnosis
from servanda.report.charts import Figure, figures, theme
from servanda.report.charts.designs import frontier
from servanda.report.charts.diagnosis import diagnosis_figures, numbered
from servanda.report.charts.interactions import degree, pairs
from servanda.report.charts.shares import misled, ranked
from servanda.report.charts.trust import mistrust
from servanda.report.charts.windows import MOST_LINES, closing
from servanda.runs import Run
from tests.report.fixtures import make_run
from tests.report.invented_diagnosis import (
    awkward,
    make_cooperation,
    make_designs,
    make_diagnosis,
    make_lattice,
    make_sampled,
    make_trust,
    make_windows,
    with_text,
)

ALL = ("shares", "log-odds", "interactions", "bonds", "bond-frontier", "cooperation", "designs", "mirage", "windows")


@pytest.fixture(scope="module")
def run() -> Run:
    return replace(make_run(), diagnosis=make_diagnosis())


@pytest.fixture(scope="module")
def album(run: Run) -> dict[str, Figure]:
    return diagnosis_figures(run)


@pytest.fixture(scope="module")
def specifications(album: dict[str, Figure]) -> dict[str, dict[str, Any]]:
    return {name: figure.chart.to_dict() for name, figure in album.items()}


def rows_of(specification: dict[str, Any], *fields: str) -> list[dict[str, Any]]:
    """The first data of a specification whose rows have these fields."""
    found: list[list[dict[str, Any]]] = []

    def look(value: Any) -> None:
        if isinstance(value, dict):
            rows = value.get("values")
            if isinstance(rows, list) and rows and isinstance(rows[0], dict) and set(fields) <= set(rows[0]):
                found.append(rows)
            for part in value.values():
                look(part)
        elif isinstance(value, list):
            for part in value:
                look(part)

    look(specification)
    named = specification.get("datasets", {}).values()
    found.extend(rows for rows in named if rows and set(fields) <= set(rows[0]))
    return found[0]


def check(album: dict[str, Figure]) -> None:
    for name, figure in album.items():
        assert {len(row) for row in figure.table.rows} <= {len(figure.table.columns)}, name
        assert re.search(r"\d", figure.alt), name
        assert figure.caption.endswith("."), name
        assert "/v6" in figure.chart.to_dict()["$schema"], name


def test_every_part_has_its_figures_in_order(album: dict[str, Figure], run: Run) -> None:
    assert list(album) == [*ALL, "world", "access"]
    whole = list(figures(replace(run, drafts=run.drafts[:1])))
    assert whole[whole.index("why:narrow") + 1 : whole.index("frictions")] == list(album)


def test_words_and_tables_carry_the_charts(album: dict[str, Figure]) -> None:
    check(album)


def test_nothing_is_fetched_and_dark_paper_knows_every_colour(specifications: dict[str, dict[str, Any]]) -> None:
    text = json.dumps(specifications)
    assert '"url"' not in text
    assert set(re.findall(r"#[0-9a-fA-F]{3,8}\b", text)) <= set(theme.DARK)


@pytest.mark.parametrize("name", awkward())
def test_the_edges_can_be_drawn(name: str) -> None:
    check(diagnosis_figures(replace(make_run(), diagnosis=awkward()[name])))


def test_an_empty_diagnosis_has_no_figures() -> None:
    assert diagnosis_figures(replace(make_run(), diagnosis=Diagnosis())) == {}


def test_the_waterfall_runs_from_all_on_to_all_off(specifications: dict[str, dict[str, Any]]) -> None:
    lattice = make_lattice()
    rows = rows_of(specifications["shares"], "from", "to", "role")
    assert rows[0]["to"] == pytest.approx(lattice.none_off, rel=1e-5)
    assert rows[-1]["to"] == pytest.approx(lattice.all_off, rel=1e-5)
    assert rows[-2]["to"] == pytest.approx(lattice.all_off, abs=1e-5)
    assert [later["from"] for later in rows[1:-1]] == pytest.approx([row["to"] for row in rows[:-2]], abs=1e-5)
    assert {row["text"][0] for row in rows if row["role"] == "lowers"} == {"\N{MINUS SIGN}"}


def test_frictions_that_touch_nothing_are_left_out(album: dict[str, Figure]) -> None:
    lattice = make_lattice()
    assert lattice.unused == ("plan_b_us",)
    assert "plan_b_us" not in [share.friction for share in ranked(lattice)]
    assert not any("Deterrence" in row[0] for row in album["shares"].table.rows)
    assert len(pairs(lattice)) == 11 * 10 // 2


def test_what_one_at_a_time_misreads_is_named(album: dict[str, Figure]) -> None:
    odd = misled(make_lattice())
    assert odd is not None
    assert odd.friction == "waiver"
    assert (
        "Judged one at a time, “Waivers that lapse, and the investment that does not come”" in album["shares"].caption
    )
    additive = make_lattice(1, level=0.0)
    assert misled(additive) is None


def test_words_for_interactions_mirror_each_other() -> None:
    for value in (1.0, 0.5, 0.2, 0.01, 0.0):
        more, less = degree(value, 1.0), degree(-value, 1.0)
        assert less == more.replace("helping each other", "in each other's way")


def test_sampled_shares_show_their_errors_and_no_lattice() -> None:
    album = diagnosis_figures(replace(make_run(), diagnosis=Diagnosis(lattice=make_sampled())))
    assert list(album) == ["shares", "log-odds"]
    table = album["shares"].table
    assert table.columns[2] == "Standard error"
    assert table.rows[0][1:3] == ("+20.0", "0.4")
    assert "200 orders; thin lines are one standard error" in album["shares"].caption


def test_outcomes_in_points_have_no_log_odds() -> None:
    album = diagnosis_figures(replace(make_run(), diagnosis=awkward()["in points"]))
    assert "log-odds" not in album
    assert album["shares"].table.columns == ("Friction", "Shapley value", "Removed first, alone", "Removed last")


def test_the_cheapest_bonds_and_the_price_of_mistrust_are_in_the_charts(
    specifications: dict[str, dict[str, Any]],
) -> None:
    (cheapest,) = rows_of(specifications["bond-frontier"], "a", "b", "text")
    assert (cheapest["a"], cheapest["text"]) == (pytest.approx(21.5625), "least burden")
    texts = [row["text"] for row in rows_of(specifications["cooperation"], "kind", "edge")]
    assert "+6.3 (mistrust: 65 %)" in texts
    assert [mistrust(x) for x in (1.0, 0.0, None)] == ["100 %", "none", "nothing to lose"]


def test_curves_of_bonds_end_where_they_are_drawn_to(specifications: dict[str, dict[str, Any]]) -> None:
    panel = specifications["bonds"]["concat"][1]["layer"][1]
    end = panel["encoding"]["x"]["scale"]["domain"][1]
    rows = [row for row in specifications["bonds"]["datasets"][panel["data"]["name"]] if row["line"] == "kept"]
    assert rows[-1]["bond"] == pytest.approx(end)
    assert rows[-2]["p"] <= rows[-1]["p"] <= 1.0
    assert len(rows) < len(make_trust().each[1].curve) + 1


def test_filled_designs_are_those_that_pass(run: Run) -> None:
    for passing in (True, False):
        diagnosis = Diagnosis(designs=make_designs(passing=passing))
        figure = diagnosis_figures(replace(run, diagnosis=diagnosis))["designs"]
        filled = [
            layer["mark"]["filled"]
            for layer in figure.chart.to_dict()["layer"]
            if isinstance(layer["mark"], dict) and layer["mark"].get("strokeWidth") == 2
        ]
        assert filled == [passing]
        assert ("None is filled" in figure.caption) is not passing
    assert [d.frontier for d in frontier(make_designs())] == [True] * 14


def test_dominated_designs_are_few_and_listed_nowhere(run: Run) -> None:
    figure = diagnosis_figures(run)["designs"]
    assert len(figure.table.rows) == 14
    assert "Small grey dots are dominated." in figure.caption


def test_when_the_window_closes_is_said() -> None:
    found = make_windows()
    assert closing(found) == "From 1 Sep 2025 on nothing shown reaches 50 %: the window is closed."
    assert closing(replace(found, closes=None)) == "Something shown still reaches 50 % at the last date."
    assert closing(make_windows(never=True)) == "Nothing shown reaches 50 % at any date."


def test_of_many_drafts_the_best_are_drawn_and_all_are_listed(run: Run) -> None:
    windows = make_windows()
    many = replace(windows, windows=windows.windows * 3)
    gains = tuple(
        replace(one, draft=f"{one.draft}{k}", title=f"{one.title} {k}") for k in range(3) for one in make_cooperation()
    )
    album = diagnosis_figures(replace(run, diagnosis=Diagnosis(windows=many, cooperation=gains)))
    assert len(album["windows"].table.rows) == 4 * 3 * len(windows.windows)
    assert f"Drawn are the {MOST_LINES} with the highest chance; the table has all 21." in album["windows"].caption
    assert "Drawn are the 8 drafts that would bring the most; the table has all 18." in album["cooperation"].caption


def test_titles_alike_are_told_apart() -> None:
    alike = with_text(make_diagnosis(), "The same \u2028 title")
    album = diagnosis_figures(replace(make_run(), diagnosis=alike))
    check(album)
    names = [row[0] for row in album["shares"].table.rows]
    assert len(set(names)) == len(names) == 11
    assert "\u2028" not in json.dumps([figure.chart.to_dict() for figure in album.values()], ensure_ascii=False)
    assert numbered(["a", "a", "b"]) == ["a", "a (2)", "b"]


def test_long_titles_stay_in_two_lines_and_each_keeps_its_row() -> None:
    import vl_convert

    long = make_lattice(3)
    long = replace(long, shares=tuple(replace(s, title="word " * 60) for s in long.shares))
    figure = diagnosis_figures(replace(make_run(), diagnosis=Diagnosis(lattice=long)))["log-odds"]
    svg = vl_convert.vegalite_to_svg(figure.chart.to_dict())
    assert svg.count(" …<") == 3
    assert svg.count("+0.") + svg.count("+1.") + svg.count("+2.") >= 3
