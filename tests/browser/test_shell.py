"""What every page has: it loads, keeps to itself, is open to everybody, works by keyboard, in the dark and on paper."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.running import Running

PAGES = ("/", "/library", "/runs", "/jobs")
CASE_PAGES = (
    "verdict", "credibility", "why", "frictions", "designs", "forecast", "sensitivity", "compare", "map", "edit",
    "parameters",
)  # fmt: skip


def _settled(page: Page) -> None:
    """Wait until the page has asked what it asks at first; one that listens for events is never idle."""
    page.wait_for_load_state("load")
    page.wait_for_timeout(300)
    # Not by a script of the test's own: the pages allow none.
    expect(page.locator(".busy")).to_have_count(0)


@pytest.mark.parametrize("address", PAGES)
def test_a_page_loads_and_is_accessible(page: Page, address: str, accessible: Callable[[Page], None]) -> None:
    answer = page.goto(address)
    assert answer is not None
    assert answer.status == 200
    expect(page.locator("h1").first).to_be_visible()
    _settled(page)
    accessible(page)


@pytest.mark.parametrize("stem", CASE_PAGES)
def test_a_page_of_a_case_loads_and_is_accessible(
    page: Page, stem: str, small: str, accessible: Callable[[Page], None]
) -> None:
    answer = page.goto(f"/cases/{small}/{stem}")
    assert answer is not None
    assert answer.status == 200
    expect(page.locator("h1").first).to_be_visible()
    _settled(page)
    accessible(page)


def test_an_unknown_address_says_so(page: Page, accessible: Callable[[Page], None]) -> None:
    for address in ("/nowhere", "/cases/nowhere/verdict", "/runs/nowhere"):
        answer = page.goto(address)
        assert answer is not None
        assert answer.status == 404, address
        expect(page.locator("h1").first).to_be_visible()
    accessible(page)


def test_the_keyboard_reaches_the_content_at_once(page: Page, small: str) -> None:
    page.goto(f"/cases/{small}/verdict")
    page.keyboard.press("Tab")
    focused = page.evaluate("document.activeElement.textContent")
    assert focused == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_light_and_dark_differ_and_the_choice_lasts(page: Page, small: str) -> None:
    page.goto(f"/cases/{small}/verdict")
    paper = "getComputedStyle(document.body).backgroundColor"
    before = page.evaluate(paper)
    page.locator("#theme").click()
    assert page.evaluate(paper) != before
    after = page.evaluate(paper)
    page.reload()
    assert page.evaluate(paper) == after


@pytest.mark.parametrize("stem", CASE_PAGES)
def test_nothing_is_wider_than_the_screen(page: Page, stem: str, small: str) -> None:
    page.goto(f"/cases/{small}/{stem}")
    _settled(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280


def test_what_a_foreign_page_can_send_is_refused(page: Page) -> None:
    """Another site's script may send plain text without asking first: that is what is tried here."""
    page.goto("/")
    refused = page.evaluate(
        """async () => {
          const plain = {method: "POST", body: "{}", headers: {"Content-Type": "text/plain"}};
          return (await fetch("/api/cases", plain)).status;
        }"""
    )
    assert refused == 403


def test_no_script_of_a_text_runs(page: Page, server: Running, small: str) -> None:
    """A title is text wherever it is shown."""
    saved = server.get(f"/api/cases/{small}")
    title = "<img src=x onerror=\"document.title='run'\"><script>document.title='run'</script>"
    server.send("PUT", f"/api/cases/{small}", {"text": saved["text"], "title": title, "seen": 1})
    for address in ("/", f"/cases/{small}/verdict", f"/cases/{small}/edit"):
        page.goto(address)
        _settled(page)
        assert page.title() != "run"
        assert page.locator("img[src=x]").count() == 0
