"""Credibility in a browser: temptations and endings of the draft chosen, refreshed with the scenario."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect


def opened(page: Page, name: str, query: str = "") -> None:
    page.goto(f"/cases/{name}/credibility{query}")
    page.locator("#main[data-shown]").wait_for()


def test_temptations_and_endings_load_and_are_accessible(
    page: Page, small: str, accessible: Callable[[Page], None]
) -> None:
    opened(page, small)
    expect(page.locator("#headline")).to_contain_text(re.compile("tempted", re.IGNORECASE))
    expect(page.locator("#tempted svg")).to_be_visible()
    expect(page.locator("#endings svg")).to_be_visible()
    expect(page.locator("#holders tbody tr")).not_to_have_count(0)
    page.locator("#tempted summary").click()
    expect(page.locator("#tempted table tbody tr")).not_to_have_count(0)
    accessible(page)
    page.get_by_role("button", name="Switch to dark paper").click()
    accessible(page)


def test_another_draft_is_chosen_by_key_and_kept_on_reload(page: Page, small: str) -> None:
    opened(page, small)
    kept = page.locator("#kept").inner_text()
    page.get_by_role("radio", name="The agreement", exact=True).press("ArrowRight")
    expect(page.locator("#kept")).not_to_have_text(kept)
    page.wait_for_url(re.compile("draft=inspected"))
    now = page.locator("#kept").inner_text()
    page.reload()
    expect(page.locator("#kept")).to_have_text(now)
    expect(page.get_by_role("radio", name=re.compile("inspectors everywhere"))).to_be_checked()


def test_a_slider_refreshes_the_temptations(page: Page, small: str) -> None:
    opened(page, small)
    page.locator("#holders table").wait_for()
    before = page.locator("#holders").inner_text()
    page.locator(".slider input").first.press("End")
    expect(page.locator("#holders")).not_to_have_text(before)
    page.get_by_role("button", name="Back to the case as saved").click()
    expect(page.locator("#scenario-says")).to_contain_text("As saved")


def test_an_unknown_draft_is_told(page: Page, small: str) -> None:
    page.goto(f"/cases/{small}/credibility?draft=peace")
    expect(page.get_by_role("alert")).to_contain_text("no draft is called")
    page.get_by_role("radio").nth(1).check()
    page.locator("#main[data-shown]").wait_for()
    expect(page.get_by_role("alert")).to_be_empty()


def test_a_holder_table_is_sorted_by_its_heads(page: Page, small: str) -> None:
    opened(page, small)
    page.get_by_role("button", name="Largest temptation").click()
    expect(page.locator("#holders th[aria-sort]")).to_have_attribute("aria-sort", "descending")
    cells = page.locator("#holders tbody tr td:nth-child(2)").all_inner_texts()
    values = [float(text.replace("−", "-")) for text in cells if text != "–"]
    assert values == sorted(values, reverse=True)
