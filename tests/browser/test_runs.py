"""The pages of kept runs in a browser: all of them, one, its tables, another beside it, the same again."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from servanda.store import SavedRun, Store
from tests.browser.running import PATIENCE, Running
from tests.store.kept import new_run

RESULT = {
    "drafts": [
        {"draft": "freeze", "title": "Freeze", "holds": 0.25, "settled": True, "price": None},
        {"draft": "broad", "title": "Broad", "holds": 0.125, "settled": True, "price": None},
    ],
    "verdict": {"probability": 0.25},
}


@pytest.fixture
def kept(server: Running, small: str) -> list[SavedRun]:
    """Two runs of a saved case, one of them in a scenario, and one of something else."""
    other = {**RESULT, "verdict": {"probability": 0.5}}
    with Store.open(server.store) as store:
        return [
            store.add_run(new_run("run", small, result=RESULT, version=1, headline="None can be kept.")),
            store.add_run(
                new_run(
                    "run", small, result=other, version=1, headline="One can be kept.",
                    scenario={"set": {"relief": 0.75}, "off": ["waiver_volatility"]},
                )
            ),
            store.add_run(new_run("forecast", "elsewhere", headline="War is unlikely.")),
        ]  # fmt: skip


def rows(page: Page) -> list[str]:
    return page.locator("#runs tbody tr th a").all_text_contents()


def test_all_runs_are_listed_filtered_and_the_filter_is_in_the_address(
    page: Page, kept: list[SavedRun], small: str, accessible: Callable[[Page], None]
) -> None:
    page.goto("/runs")
    expect(page.locator("#runs table")).to_be_visible()
    assert rows(page)[:3] == ["War is unlikely.", "One can be kept.", "None can be kept."]
    accessible(page)
    page.get_by_label("Case").select_option(small)
    expect(page.locator("#count")).to_have_text("2 runs, the newest first.")
    assert page.url.endswith(f"/runs?case={small}")
    assert "relief = 0.75; without waiver_volatility" in page.locator("#runs tbody tr").first.inner_text()
    page.reload()
    expect(page.locator("#count")).to_have_text("2 runs, the newest first.")
    page.get_by_label("Kind").select_option("forecast")
    expect(page.locator("#count")).to_contain_text("No run is kept here.")
    expect(page.locator("#runs table")).to_have_count(0)
    page.go_back()
    page.goto(f"/runs?case={small}")
    page.locator("#runs tbody tr th a").first.click()
    expect(page.locator("h1")).to_have_text("A pledge")
    assert page.url.endswith(f"/runs/{kept[1].id}")


def test_a_list_that_cannot_be_read_says_so_and_comes_back(page: Page, kept: list[SavedRun]) -> None:
    broken = '{"error": {"code": "busy", "message": "Too much is asked at the moment.", "hint": "try again"}}'
    page.route("**/api/runs?*", lambda route: route.fulfill(status=503, body=broken, content_type="application/json"))
    page.goto("/runs")
    expect(page.locator("#alert")).to_contain_text("Too much is asked at the moment.")
    page.unroute("**/api/runs?*")
    page.get_by_label("Kind").select_option("run")
    expect(page.locator("#runs table")).to_be_visible()
    expect(page.locator("#alert")).to_be_empty()


def test_one_run_shows_what_it_found_and_how(
    page: Page, kept: list[SavedRun], small: str, accessible: Callable[[Page], None], shots: Path
) -> None:
    run = kept[1]
    page.goto(f"/runs/{run.id}")
    expect(page.locator(".headline")).to_have_text("One can be kept.")
    expect(page.locator("#table caption")).to_have_text("Drafts")
    assert page.locator("#table tbody th").all_text_contents() == ["freeze", "broad"]
    expect(page.get_by_role("link", name="Open on the page Verdict")).to_have_attribute(
        "href", f"/cases/{small}/verdict?version=1&set=relief:0.75&off=waiver_volatility"
    )
    expect(page.locator(".facts")).to_contain_text(run.digest)
    accessible(page)
    page.get_by_label("Table").select_option("summary")
    expect(page.locator("#table")).to_contain_text("verdict.probability")
    page.reload()
    expect(page.locator("#table caption")).to_have_text("Summary")
    with page.expect_download() as begun:
        page.get_by_role("link", name="Download everything").click()
    assert begun.value.suggested_filename == f"run-{run.id}.zip"
    with page.expect_download() as begun:
        page.get_by_role("link", name="resolved.yaml").click()
    assert begun.value.path().read_text().startswith("case: pledge")
    for theme in ("light", "dark"):
        page.screenshot(path=shots / f"run-{theme}.png", full_page=True)
        page.locator("#theme").click()


def test_two_runs_are_compared_and_the_choice_is_in_the_address(page: Page, kept: list[SavedRun]) -> None:
    page.goto(f"/runs/{kept[0].id}")
    page.get_by_label("Compare with").select_option(kept[1].id)
    told = page.locator("#differences")
    expect(told).to_contain_text("1 value of this run differs from the run")
    expect(told).to_contain_text("It found: One can be kept.")
    expect(told.get_by_role("region", name="What was asked differently")).to_contain_text("set.relief")
    page.locator("#differences summary").click()
    expect(told.get_by_role("region", name="Values that differ")).to_contain_text("verdict.probability")
    page.reload()
    expect(told).to_contain_text("1 value of this run differs")
    expect(page.get_by_label("Compare with")).to_have_value(kept[1].id)
    page.goto(f"/runs/{kept[0].id}?with=ffffffffffff")
    expect(page.locator("#alert")).to_contain_text("no run is called")


def test_the_report_opens_apart(page: Page, kept: list[SavedRun]) -> None:
    page.goto(f"/runs/{kept[0].id}")
    with page.expect_popup() as opened:
        page.get_by_role("link", name="Open the report").click()
    opened.value.wait_for_load_state()
    assert opened.value.url.endswith(f"/api/runs/{kept[0].id}/report")
    opened.value.close()


def test_a_run_is_made_again_and_is_the_same(page: Page, server: Running, small: str) -> None:
    job = server.send("POST", "/api/jobs", {"kind": "run", "case": small, "set": {}, "off": [], "options": {}})
    until = time.monotonic() + PATIENCE
    while (now := server.get(f"/api/jobs/{job['id']}"))["state"] not in ("done", "failed") and time.monotonic() < until:
        time.sleep(0.2)
    assert now["state"] == "done", now
    page.goto(f"/runs/{now['run']}")
    page.get_by_role("button", name="Make it again").click()
    expect(page.locator("#differences")).to_contain_text(
        re.compile("The same: all .* numbers agree"), timeout=PATIENCE * 1000
    )
    assert "with=" in page.url
    expect(page.get_by_role("button", name="Make it again")).to_be_enabled()
