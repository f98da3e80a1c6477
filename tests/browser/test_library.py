"""The library in a browser: found, read, copied."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from servanda.case.loading import shipped
from tests.browser.running import Running

READY = "#main[data-ready]"


def opened(page: Page, address: str = "/library") -> None:
    page.goto(address)
    page.wait_for_selector(READY)


def test_every_shipped_case_stands_on_the_shelf(page: Page, accessible: Callable[[Page], None]) -> None:
    opened(page)
    expect(page.locator("article")).to_have_count(len(shipped()))
    heads = ["The founding case", "Historic cases", "Cases whose answer is published"]
    assert page.locator("#groups h2").all_inner_texts() == heads
    expect(page.locator("#score")).to_contain_text("Brier score")
    accessible(page)
    page.locator("#theme").click()
    accessible(page)


def test_a_case_is_found_and_says_what_it_expects(page: Page) -> None:
    opened(page)
    page.locator("#find").fill("minsk")
    expect(page.locator("article")).to_have_count(1)
    page.locator("article details summary").first.click()
    expect(page.locator("article")).to_contain_text("What happened: Russia left.")
    page.locator("#find").fill("pledge")
    expect(page.locator("article").first).to_contain_text("expected")
    page.locator("#find").fill("nothing of the kind")
    expect(page.locator("#count")).to_have_text("No case fits.")


def test_a_case_is_read_and_cannot_be_changed(page: Page, accessible: Callable[[Page], None]) -> None:
    opened(page, "/library/theory/pledge")
    area = page.locator("textarea.code-text")
    expect(area).to_have_value(shipped()["theory/pledge"].read_text(encoding="utf-8"))
    expect(area).to_have_js_property("readOnly", True)
    area.focus()
    page.keyboard.type("x")
    page.keyboard.press("Tab")
    assert not page.evaluate("document.activeElement.matches('textarea')")
    assert page.locator(".code-paint .y-key").count() > 5
    accessible(page)


def test_a_case_is_copied_once_under_each_name(page: Page, server: Running, small: str) -> None:
    opened(page)
    page.locator("#find").fill("theory/pledge")
    expect(page.locator("article")).to_have_count(1)
    page.get_by_role("button", name=re.compile("Copy .* to your cases")).click()
    name = f"copy-of-{small}"
    page.locator("#name").fill(name)
    page.get_by_role("button", name="Copy and open").click()
    page.wait_for_url(f"**/cases/{name}/verdict")
    assert server.get(f"/api/cases/{name}")["text"] == shipped()["theory/pledge"].read_text(encoding="utf-8")
    opened(page)
    page.locator("#find").fill("theory/pledge")
    expect(page.locator("article")).to_have_count(1)
    expect(page.locator("article")).to_contain_text(name)
    page.get_by_role("button", name=re.compile("Copy .* to your cases")).click()
    page.locator("#name").fill(name)
    page.get_by_role("button", name="Copy and open").click()
    expect(page.locator("#copy-says")).to_contain_text("choose another name")
    page.keyboard.press("Escape")
    expect(page.locator("#copy")).to_be_hidden()


def test_an_error_of_the_server_is_told(page: Page) -> None:
    page.route("**/api/library", lambda route: route.abort())
    page.goto("/library")
    expect(page.locator("#alert")).to_contain_text("The workbench does not answer")
