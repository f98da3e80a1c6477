"""Reasons in a browser: every gate with its waterfall, its words, and all numbers in the table."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect


def opened(page: Page, name: str, query: str = "") -> None:
    page.goto(f"/cases/{name}/why{query}")
    page.locator("#main[data-shown]").wait_for()


def number(text: str) -> float:
    return float(text.replace("−", "-"))


def test_reasons_load_and_are_accessible(page: Page, small: str, accessible: Callable[[Page], None]) -> None:
    opened(page, small)
    expect(page.locator("#gates > section")).to_have_count(3)
    expect(page.locator("#gates svg").first).to_be_visible()
    expect(page.locator("#gates figcaption").first).to_contain_text("Together")
    page.get_by_text("The other move that a signature takes").click()
    accessible(page)
    page.get_by_role("button", name="Switch to dark paper").click()
    accessible(page)


def test_all_terms_stand_in_the_table_and_add_up(page: Page, small: str) -> None:
    opened(page, small)
    figure = page.locator("#gates figure").first
    figure.locator("summary").click()
    values = [number(text) for text in figure.locator("tbody td").all_inner_texts()]
    assert len(values) >= 3
    assert abs(sum(values[:-1]) - values[-1]) < 0.001 * len(values)


def test_a_slider_and_another_draft_refresh_the_reasons(page: Page, small: str) -> None:
    opened(page, small)
    caption = page.locator("#gates figcaption").first
    before = caption.inner_text()
    page.locator(".slider input").nth(1).press("End")
    expect(caption).not_to_have_text(before)
    page.wait_for_url(re.compile("set="))
    now = caption.inner_text()
    page.reload()
    expect(page.locator("#gates figcaption").first).to_have_text(now)
    page.get_by_role("radio").nth(1).check()
    expect(page.locator("#exact")).to_contain_text("inspectors everywhere")


def test_an_error_is_told(page: Page, small: str) -> None:
    page.route(f"**/api/cases/{small}/why", lambda route: route.abort())
    page.goto(f"/cases/{small}/why")
    expect(page.get_by_role("alert")).to_contain_text("The workbench does not answer.")
