"""Two scenarios side by side in a browser: picked, held, swapped, kept in the address, run in full."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.running import Running
from tests.web import small as small_case

SHOWN = "#main[data-shown]"
# a busy machine needs longer than the five seconds that `expect` waits by itself
expect.set_options(timeout=30_000)
WEAK = "Leaving is cheap"


def opened(page: Page, case: str, query: str = "") -> None:
    page.goto(f"/cases/{case}/compare{query}")
    page.locator(SHOWN).wait_for()


def test_the_page_loads_and_is_accessible(page: Page, small: str, accessible: Callable[[Page], None]) -> None:
    opened(page, small)
    expect(page.locator("#compare-says")).to_contain_text("No difference")
    expect(page.locator("#compare-input")).to_have_text("Nothing differs in the input.")
    expect(page.locator("#gates-chart svg")).to_be_visible()
    expect(page.locator("#play-chart svg")).to_be_visible()
    accessible(page)
    page.locator("#theme").click()
    page.locator("#gates-chart summary").click()
    expect(page.locator("#gates-chart tbody tr")).to_have_count(10)
    accessible(page)


def test_a_switch_moves_one_side_and_lasts(page: Page, small: str) -> None:
    opened(page, small)
    page.get_by_role("checkbox", name=WEAK).check()
    expect(page.locator("#compare-says")).to_contain_text("B is likelier than A by")
    expect(page.locator("#shown-a")).to_contain_text("as saved")
    expect(page.locator("#shown-b")).to_contain_text("without")
    expect(page.locator("#compare-input")).to_contain_text("frictions.weak form")
    expect(page.locator("#gates-chart figcaption")).to_contain_text("The largest difference (")
    expect(page.locator("#says")).to_contain_text("B is likelier than A by")
    told = page.locator("#compare-says").inner_text()
    page.reload()
    expect(page.locator("#compare-says")).to_have_text(told)


def test_the_sliders_can_be_held_and_the_sides_swapped(page: Page, small: str) -> None:
    opened(page, small, "?off=weak+form")
    expect(page.locator("#compare-says")).to_contain_text("B is likelier")
    page.locator("#hold-a").click()
    expect(page.locator("#compare-says")).to_contain_text("No difference")
    expect(page).to_have_url(re.compile(r"a=small-\d+%40?@?1?"))
    page.locator("#scenario-reset").click()
    expect(page.locator("#compare-says")).to_contain_text("B is less likely")
    expect(page.locator("#side-a")).to_have_value("held")
    page.locator("#swap").click()
    expect(page.locator("#compare-says")).to_contain_text("B is likelier")
    expect(page.locator("#side-b")).to_have_value("held")
    page.reload()
    expect(page.locator("#side-b")).to_have_value("held")
    expect(page.locator("#compare-says")).to_contain_text("B is likelier")
    page.locator("#side-b").select_option("sliders")
    page.locator("#side-a").select_option("saved")
    expect(page.locator("#compare-says")).to_contain_text("No difference")


def test_another_version_and_another_case_can_be_picked(page: Page, small: str, server: Running) -> None:
    text = small_case.text().replace("detection: 0.9", "detection: 0.25")
    server.send("PUT", f"/api/cases/{small}", {"text": text, "title": "A small dispute", "seen": 1})
    server.send("POST", "/api/cases", {"name": f"{small}-b", "text": small_case.text(), "title": "A twin dispute"})
    opened(page, small)
    page.get_by_label("A", exact=True).select_option(f"{small}@1")
    expect(page.locator("#compare-input")).to_contain_text("drafts.inspected.verification.detection")
    page.get_by_label("B", exact=True).select_option(f"{small}-b")
    expect(page.locator("#compare-input")).to_have_text("Nothing differs in the input.")
    page.reload()
    expect(page.get_by_label("B", exact=True)).to_have_value(f"{small}-b")
    expect(page.locator("#shown-b")).to_contain_text("version 1: as saved")


def test_an_error_says_on_which_side(page: Page, small: str) -> None:
    page.goto(f"/cases/{small}/compare?b={small}%401%3Bset%3Dhope%253A1")
    expect(page.get_by_role("alert")).to_contain_text("B: no parameter is called `hope`")
    page.get_by_label("B", exact=True).select_option("sliders")
    expect(page.locator("#compare-says")).to_contain_text("No difference")
    expect(page.get_by_role("alert")).to_be_empty()
    page.goto(f"/cases/{small}/compare?b=%25%25")
    page.locator(SHOWN).or_(page.get_by_role("alert").locator("p").first).first.wait_for()
    page.goto("/cases/nowhere/compare")
    expect(page.locator("#main")).to_contain_text("nowhere")


def test_a_full_comparison_is_run_as_a_job_and_found_again(page: Page, small: str) -> None:
    opened(page, small, "?off=weak+form")
    page.get_by_role("button", name="Compare both in full").click()
    full = page.locator("#compare-full")
    expect(full.get_by_role("link", name="Open the run")).to_be_visible(timeout=120_000)
    expect(full.locator("table").first).to_contain_text("Mean life once in force")
    page.reload()
    expect(full.get_by_role("link", name="Open the run")).to_be_visible()
