"""The page of an outlook: whole, self-contained, bottom line first, naive forecasts always beside, edges included."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from servanda.outlook.answers import Outlook
from servanda.report import forecasted, sheet
from servanda.report.charts import Figure, theme
from servanda.report.charts.outlook import outlook_figures
from servanda.report.charts.plain import _plain
from servanda.report.tables import to_json
from tests.report.browsing import Reader, stand_in_order, words_of
from tests.report.invented_outlook import awkward, make_outlook, make_sensitivity

BAD = "<script>alert('x')</script></textarea><img src=x onerror=alert(1)> {{7*7}} \u2028 </style>"
ALL = ("questions", "events", "states", "fans", "shifts", "surprises", "choices", "moved", "gates", "frictions")


@pytest.fixture(scope="module")
def outlook() -> Outlook:
    return make_outlook()


@pytest.fixture(scope="module")
def album(outlook: Outlook) -> dict[str, Figure]:
    return outlook_figures(outlook)


@pytest.fixture(scope="module")
def specifications(album: dict[str, Figure]) -> dict[str, dict[str, Any]]:
    return {name: figure.chart.to_dict() for name, figure in album.items()}


@pytest.fixture(scope="module")
def text(outlook: Outlook) -> str:
    return forecasted.forecast_page(outlook)


@pytest.fixture(scope="module")
def read(text: str) -> Reader:
    return Reader(text)


def whole(read: Reader) -> None:
    """What every page must be, whatever it shows."""
    assert read.unbalanced == []
    assert read.open == []
    assert len(read.all("caption")) == len(read.all("table"))
    assert all(a.get("scope") in ("row", "col") for a in read.all("th"))
    assert all(later <= earlier + 1 for earlier, later in zip(read.headings, read.headings[1:], strict=False))
    ids = [a["id"] for _, a in read.elements if "id" in a]
    assert len(ids) == len(set(ids))
    assert {a["href"][1:] for a in read.all("a") if a["href"].startswith("#")} <= set(ids)
    assert {a[name] for _, a in read.elements for name in ("aria-labelledby", "for") if name in a} <= set(ids)
    assert {"theme", "print"} <= set(ids)
    assert {"find", "grade", "found"} <= set(ids) or not {"find", "grade", "found"} & set(ids)


def check(album: dict[str, Figure]) -> None:
    for name, figure in album.items():
        assert {len(row) for row in figure.table.rows} <= {len(figure.table.columns)}, name
        assert re.search(r"\d", figure.alt), name
        assert figure.caption.endswith("."), name
        assert "/v6" in figure.chart.to_dict()["$schema"], name


def test_every_part_has_its_figures_in_order(album: dict[str, Figure], outlook: Outlook) -> None:
    drawn = [f"{kind}:{s.quantity}" for s in outlook.sensitivity for kind in ("tornado", "indices")]
    assert list(album) == [*ALL, *drawn, "box:0"]
    check(album)


def test_nothing_is_fetched_and_dark_paper_knows_every_colour(specifications: dict[str, dict[str, Any]]) -> None:
    text = json.dumps(specifications)
    assert '"url"' not in text
    assert set(re.findall(r"#[0-9a-fA-F]{3,8}\b", text)) <= set(theme.DARK)


def test_the_page_is_whole_and_no_monster(read: Reader, text: str) -> None:
    whole(read)
    assert len(text.encode()) < 1_700_000
    charts = [a for _, a in read.elements if "data-figure" in a]
    assert len(charts) == 15
    assert all(len(a["aria-label"]) > 40 for a in charts)
    assert text.count("<noscript><img") == len(charts)
    assert text.count("<summary>Table: ") == len(charts)


def test_only_the_two_scripts_of_the_page_may_run(read: Reader) -> None:
    (policy,) = [m["content"] for m in read.all("meta") if m.get("http-equiv") == "Content-Security-Policy"]
    code = [s for s, a in zip(read.scripts, read.all("script"), strict=True) if a.get("type") != "application/json"]
    digests = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in code]
    assert len(digests) == 2
    assert f"script-src 'sha256-{digests[0]}' 'sha256-{digests[1]}';" in policy
    assert policy.startswith("default-src 'none'")
    for _, attributes in read.elements:
        assert attributes.get("src", "data:").startswith("data:")


def test_sections_come_in_the_order_of_the_argument(read: Reader, outlook: Outlook) -> None:
    order = ["bottom-line", "questions", "drivers", "when", "quantities", "evidence", "gates", "sensitivity", "boxes"]
    assert [a["id"] for a in read.all("section")] == [*order, "sure", "method"]
    words = words_of(read)
    stand_in_order(
        words,
        "Information as of 1 Sep 2022",
        outlook.headline,
        "3 of 256 draws failed, 5 left the far future unsettled",
        "Base rate",
        "42 % of the variance; 4 % when low, 18 % when high; grade J",
        "Every piece, with its grade and sources",
        "Not weighed: later evidence on the same thing says all they could (2)",
        "Three parameters carry 71 % of the variance.",
        "total effects are not to be relied on",
        "Failed, without an answer",
        "How to make this page again",
    )


def test_every_question_has_words_band_before_naive_forecasts_and_confidence(outlook: Outlook) -> None:
    naive = ("base rate", "no change", "coin")
    rows = [forecasted.question_row(q, naive) for q in outlook.questions]
    assert (rows[2].words, rows[2].after, rows[2].before, rows[2].naive) == (
        "unlikely", "27 %", "25 %", ("35 %", "0 %", "50 %"),
    )  # fmt: skip
    assert rows[8].naive == ("–", "0 %", "50 %")
    assert {row.confidence for row in rows} == {"high", "moderate", "low"}
    assert rows[7].outcome == "–"


def test_the_farthest_from_its_base_rate_and_the_leading_drivers_are_named(outlook: Outlook) -> None:
    found = forecasted.farthest_from_base(outlook.questions)
    assert found is not None
    assert found[0].question == "resilience-2028"
    assert forecasted.farthest_from_base(()) is None
    heads = [line.head for line in forecasted.brief(outlook)]
    assert heads == ["Against base rates", "Drivers", "Evidence", "Which world", "Confidence"]


def test_the_chosen_question_moves_the_bars_and_the_chooser_is_outside_the_picture(
    specifications: dict[str, dict[str, Any]], read: Reader
) -> None:
    (parameter,) = specifications["shifts"]["params"]
    assert parameter["bind"]["element"] == "#choose-shifts"
    assert len(parameter["bind"]["options"]) == 13
    assert parameter["value"] in parameter["bind"]["options"]
    assert [a["role"] for _, a in read.elements if a.get("id") == "choose-shifts"] == ["group"]


def test_a_low_quality_surrogate_is_said_so(outlook: Outlook) -> None:
    poor = outlook_figures(replace(outlook, sensitivity=(make_sensitivity(quality=0.3),)))
    figure = poor["indices:question.any-deal-2025"]
    assert "do not rely on the hollow marks" in figure.caption
    assert "with interactions (unreliable)" in json.dumps(figure.chart.to_dict())
    good = outlook_figures(replace(outlook, sensitivity=(make_sensitivity(quality=0.95),)))
    assert "rely" not in good["indices:question.any-deal-2025"].caption


def test_tables_hold_the_numbers(album: dict[str, Figure]) -> None:
    row = next(r for r in album["questions"].table.rows if r[0].startswith("Will any deal"))
    assert row[1:4] == ("at 20 Jan 2025", "unlikely", "27 %")
    assert row[-4:] == ("35 %", "0 %", "50 %", "it did not")
    assert album["box:0"].table.rows[1] == ("Oil price (USD a barrel)", "at most 71.5", "40", "140", "0.2 %")
    show = next(r for r in album["choices"].table.rows if r[0].startswith("Is the Iranian") and r[1] == "in earnest")
    assert show[2:] == ("50 %", "22 %", "0.28")


@pytest.mark.parametrize("name", awkward())
def test_the_edges_can_be_shown(name: str) -> None:
    found = awkward()[name]
    check(outlook_figures(found))
    assert to_json(forecasted.outlook_json(found))


@pytest.mark.parametrize("name", ["bare", "nothing moves"])
def test_the_page_of_an_edge_is_whole(name: str) -> None:
    whole(Reader(forecasted.forecast_page(awkward()[name])))


def test_text_of_a_case_never_becomes_markup(outlook: Outlook) -> None:
    hostile = replace(
        outlook,
        title=BAD,
        headline=BAD,
        questions=tuple(replace(q, text=BAD) for q in outlook.questions),
        evidence=tuple(replace(e, what=BAD, sentence=BAD, sources=(BAD,)) for e in outlook.evidence),
        posteriors=tuple(replace(p, title=BAD) for p in outlook.posteriors),
        fans=tuple(replace(f, title=BAD) for f in outlook.fans),
        boxes=tuple(replace(b, title=BAD, sentence=BAD) for b in outlook.boxes),
        sensitivity=tuple(replace(s, title=BAD, sentence=BAD) for s in outlook.sensitivity),
    )
    read = Reader(forecasted.forecast_page(hostile))
    whole(read)
    assert len(read.scripts) == 3
    assert "<" not in read.scripts[0]
    assert not any(name.startswith("on") for _, attributes in read.elements for name in attributes)
    assert {a["src"][:19] for a in read.all("img")} == {"data:image/svg+xml,"}
    assert "<script>alert('x')</script></textarea><img src=x onerror=alert(1)> {{7*7}}" in "".join(read.text)
    assert _plain(BAD) != BAD


def test_the_page_is_written_whole(tmp_path: Path) -> None:
    path = forecasted.write_forecast(awkward()["bare"], tmp_path / "new" / "outlook.html")
    assert path.read_text(encoding="utf-8").endswith("</html>")
    assert [p.name for p in path.parent.iterdir()] == ["outlook.html"]
    assert set(sheet.TEMPLATES) >= {"page.html.j2", "forecast.html.j2", "backtest.html.j2"}


def test_the_search_field_stands_where_there_is_something_to_search(read: Reader) -> None:
    bare = Reader(forecasted.forecast_page(awkward()["bare"]))
    assert [a["id"] for a in read.all("input")] == ["find"]
    assert bare.all("input") == bare.all("select") == []


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node to run the script of the page")
@pytest.mark.parametrize("searched", [True, False])
def test_the_script_runs_with_and_without_a_search_field(searched: bool) -> None:
    script = """
    const heard = [];
    const listening = (id) => ({ addEventListener: (what) => heard.push(`${id} ${what}`), setAttribute() {} });
    const there = SEARCHED ? ["theme", "print", "find", "grade", "found"] : ["theme", "print"];
    globalThis.document = {
      documentElement: { classList: { add() {} }, dataset: {} },
      getElementById: (id) => id === "charts" ? { textContent: "{}" } : there.includes(id) ? listening(id) : null,
      querySelectorAll: () => [],
    };
    globalThis.matchMedia = () => listening("system");
    globalThis.addEventListener = (what) => heard.push(`window ${what}`);
    globalThis.location = { hash: "" };
    """.replace("SEARCHED", json.dumps(searched))
    node = shutil.which("node") or "node"
    told = subprocess.run(
        [node, "-e", script + sheet.asset("page.js") + "console.log(JSON.stringify(heard));"],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    heard = json.loads(told.stdout)
    found = ["find input", "grade change"] if searched else []
    assert heard == [
        *("system change", "theme click", "print click", *found),
        *("window beforeprint", "window afterprint", "window hashchange"),
    ]


def test_json_is_the_records(outlook: Outlook) -> None:
    data = json.loads(to_json(forecasted.outlook_json(outlook)))
    assert data["as_of"] == "2022-09-01"
    assert data["questions"][2]["after"]["mean"] == 0.27
    assert data["questions"][4]["confidence"]["selection"] == "nan"
    assert data["evidence"][0]["shifts"][0][0] == "eu-text-2022"


def test_a_box_of_choices_has_a_bar_and_no_numbers(outlook: Outlook) -> None:
    limit = replace(outlook.boxes[0].limits[0], low=1.0, high=1.0, support=(0.0, 1.0), choices=("for_show",))
    figure = outlook_figures(replace(outlook, boxes=(replace(outlook.boxes[0], limits=(limit,)),)))["box:0"]
    assert figure.table.rows[0][1:] == ("for show", "–", "–", "<0.1 %")
    assert '"from": 0.98, "to": 1.0' in json.dumps(figure.chart.to_dict())
