"""The report stands alone: nothing is fetched, nothing of a case becomes markup, and it is written whole or not."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from servanda.equilibrium.outcome import Spread, Status
from servanda.report import bundle, page, sections
from servanda.report.assumptions import chapters
from servanda.runs import Run
from tests.report.browsing import Reader, stand_in_order
from tests.report.fixtures import make_run, with_hostile_titles


@pytest.fixture(scope="module")
def run() -> Run:
    return make_run()


@pytest.fixture(scope="module")
def text(run: Run) -> str:
    return page.html(run)


@pytest.fixture(scope="module")
def read(text: str) -> Reader:
    return Reader(text)


@pytest.fixture(scope="module")
def hostile(run: Run) -> Reader:
    return Reader(page.html(with_hostile_titles(run)))


def test_tags_balance_and_the_page_is_small_enough(read: Reader, text: str) -> None:
    assert read.unbalanced == []
    assert read.open == []
    assert len(text.encode()) < 1_500_000


def test_nothing_is_loaded_from_anywhere(read: Reader) -> None:
    for tag, attributes in read.elements:
        for name in ("src", "srcset", "data", "poster", "action"):
            assert attributes.get(name, "data:").startswith("data:"), (tag, attributes)
        if tag == "link":
            assert attributes["href"] == "data:,"
    assert not any(tag in {"iframe", "object", "embed", "base", "form"} for tag, _ in read.elements)


def test_the_policy_allows_the_two_scripts_of_the_page_and_no_other(read: Reader) -> None:
    (policy,) = [m["content"] for m in read.all("meta") if m.get("http-equiv") == "Content-Security-Policy"]
    code = [s for s, a in zip(read.scripts, read.all("script"), strict=True) if a.get("type") != "application/json"]
    digests = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in code]
    assert f"script-src 'sha256-{digests[0]}' 'sha256-{digests[1]}';" in policy
    assert len(code) == 2
    assert policy.startswith("default-src 'none'")
    assert "unsafe-eval" not in policy


def test_text_of_a_case_never_becomes_markup(read: Reader, hostile: Reader) -> None:
    assert hostile.unbalanced == []
    assert len(hostile.scripts) == len(read.scripts) == 3
    assert hostile.scripts[1:] == read.scripts[1:]
    assert not any(name.startswith("on") for _, attributes in hostile.elements for name in attributes)
    assert {a["src"][:19] for a in hostile.all("img")} == {"data:image/svg+xml,"}
    assert "<script>alert('x')</script></textarea><img src=x onerror=alert(1)> {{7*7}}" in "".join(hostile.text)
    assert "<" not in hostile.scripts[0]
    assert json.loads(hostile.scripts[0])["charts"].keys() >= {"gates", "outcomes"}


def test_only_web_addresses_become_links(hostile: Reader, read: Reader) -> None:
    addresses = {a["href"] for a in hostile.all("a")} | {a["href"] for a in read.all("a")}
    assert "https://www.iaea.org/documents" in addresses
    assert {a.split(":")[0] for a in addresses if not a.startswith("#")} == {"https"}


def test_inner_links_labels_and_ids_hold_together(read: Reader) -> None:
    ids = [a["id"] for _, a in read.elements if "id" in a]
    assert len(ids) == len(set(ids))
    for _, attributes in read.elements:
        for name in ("aria-labelledby", "for"):
            if name in attributes:
                assert attributes[name] in ids
    assert {a["href"][1:] for a in read.all("a") if a["href"].startswith("#")} <= set(ids)


def test_headings_step_down_one_at_a_time(read: Reader) -> None:
    assert read.headings[0] == 1
    assert read.headings.count(1) == 1
    assert all(later <= earlier + 1 for earlier, later in zip(read.headings, read.headings[1:], strict=False))


def test_tables_have_captions_and_scopes_and_charts_have_words(read: Reader, text: str) -> None:
    assert len(read.all("caption")) == len(read.all("table"))
    assert all(a.get("scope") in ("row", "col") for a in read.all("th"))
    charts = [a for _, a in read.elements if "data-figure" in a]
    assert len(charts) == 16
    assert all(len(a["aria-label"]) > 40 for a in charts)
    assert text.count("<summary>Table: ") >= len(charts)


def test_the_bottom_line_comes_first(read: Reader, run: Run) -> None:
    words = "".join(read.text).replace("\N{NO-BREAK SPACE}", " ")
    stand_in_order(
        words,
        "Information as of 1 Sep 2022",
        run.verdict.headline,
        "Would it be signed, ratified and kept?",
        "Dated questions, in words and numbers",
        "Certificates of the solution",
    )
    assert run.status.value in words
    assert "Selection-dependent under 5 other continuations: war by the horizon." in words


def test_an_unsolved_run_says_so(run: Run) -> None:
    assert f'<p class="status bad">{Status.STEP_LIMIT.value}</p>' in page.html(replace(run, status=Status.STEP_LIMIT))


def test_a_value_set_for_the_run_is_shown_as_such(run: Run) -> None:
    parameters = chapters(run.case, (("set oil_price", "60.0"),))[0]
    oil = next(row for row in parameters.rows if row.name == "oil_price")
    assert (oil.value, oil.note) == ("60", "Set for this run; the case says 82. real, 2022")
    assert (oil.unit, oil.grade, oil.sources[0].title) == ("USD a barrel", "A", "EIA short-term energy outlook")


def test_headline_numbers_that_are_years_are_no_percentages(run: Run) -> None:
    life = Spread("mean life of the freeze (years)", 3.25, 3.0, 5.5, True)
    selection = replace(run.selection, spreads=(life,), by_branch=((3.0,), (5.5,)), branches=("one", "two"))
    table = sections.selection(replace(run, selection=selection))
    assert table.rows == (("Mean life of the freeze (years)", "3.25", "3", "5.5", "selection-dependent"),)


def test_every_parameter_and_payoff_term_is_listed(run: Run) -> None:
    by_name = {chapter.name: chapter for chapter in chapters(run.case)}
    assert [row.name for row in by_name["parameters"].rows] == [p.name for p in run.case.parameters]
    assert len(by_name["payoffs"].rows) == len(run.case.payoffs)


def test_notes_keep_their_shape_but_not_their_markup() -> None:
    assert page._blocks("# A\n\n- one\n  more\n- two\n\nfirst\nsecond\n") == [
        ("heading", ["A"]),
        ("list", ["one more", "two"]),
        ("paragraph", ["first second"]),
    ]


def test_a_broken_write_leaves_the_old_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "new" / "report.html"
    bundle.atomic_write(target, "old")

    def interrupted(self: Path, other: Path) -> Path:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        bundle.atomic_write(target, "new")
    assert target.read_text() == "old"
    assert [p.name for p in target.parent.iterdir()] == ["report.html"]


def test_a_spoilt_cache_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = bundle.chart_script()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("vl_convert.javascript_bundle", lambda snippet: script)
    bundle.chart_script.cache_clear()
    (tmp_path / "servanda").mkdir()
    name = f"vega-embed-{bundle.version('vl-convert-python')}.js"
    (tmp_path / "servanda" / name).write_text(script[:5000])
    assert bundle.chart_script() == script
    assert (tmp_path / "servanda" / name).read_text() == script
    bundle.chart_script.cache_clear()
