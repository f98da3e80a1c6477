"""Sensitivity in a browser: what drives an answer, the box with its button, the answer along one slider."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.finished import finished
from tests.browser.running import Running
from tests.web import small as small_case

LONG = 180_000
DRAWS = 64


@pytest.fixture(scope="module")
def examined(server: Running) -> str:
    """A small case whose draws are kept."""
    server.send("POST", "/api/cases", {"name": "examined", "text": small_case.text(), "title": "A small dispute"})
    finished(server, "examined", "sensitivity", {"draws": DRAWS})
    return "examined"


def opened(page: Page, case: str, query: str = "") -> None:
    page.goto(f"/cases/{case}/sensitivity{query}")
    expect(page.locator("#quantity")).to_be_enabled(timeout=LONG)


def test_without_draws_there_is_the_line_and_a_job(page: Page, small: str, accessible: Callable[[Page], None]) -> None:
    opened(page, small)
    expect(page.locator("#made")).to_contain_text("No draws of the uncertain numbers have been solved")
    expect(page.locator("#job").get_by_role("button", name="Find what drives the answer")).to_be_visible()
    expect(page.locator("#drives-card")).to_be_hidden()
    expect(page.locator("#line svg")).to_be_visible(timeout=LONG)
    expect(page.locator("#line-progress")).to_be_empty(timeout=LONG)
    accessible(page)
    before = page.locator("#line figcaption").inner_text()
    page.locator("#parameter").select_option(index=1)
    expect(page.locator("#line figcaption")).not_to_have_text(before, timeout=LONG)


def test_what_drives_a_chosen_answer(
    page: Page, examined: str, server: Running, accessible: Callable[[Page], None]
) -> None:
    opened(page, examined)
    expect(page.locator("#headline")).to_contain_text(re.compile("What drives|No single parameter"), timeout=LONG)
    expect(page.locator("#drives svg")).to_have_count(2, timeout=LONG)
    expect(page.locator("#quality")).to_contain_text("explains")
    expect(page.locator("#now")).to_contain_text("At central values", timeout=LONG)
    accessible(page)
    page.locator("#theme").click()
    accessible(page)
    names = page.locator("#quantity option").evaluate_all("options => options.map((option) => option.value)")
    other = next(name for name in names if name != page.locator("#quantity").input_value())
    page.locator("#quantity").select_option(other)
    told = server.send("POST", f"/api/cases/{examined}/sensitivity", {"quantity": other})["found"]
    expect(page.locator("#headline")).to_contain_text(told["title"], timeout=LONG)
    page.reload()
    expect(page.locator("#quantity")).to_have_value(other, timeout=LONG)
    page.locator("#drives details summary").first.click()
    expect(page.locator("#drives table").first).to_be_visible()


def test_the_sliders_go_into_the_box(page: Page, examined: str, server: Running) -> None:
    first = server.send("POST", f"/api/cases/{examined}/sensitivity", {})["found"]
    chosen = None
    for quantity in first["quantities"]:
        told = server.send("POST", f"/api/cases/{examined}/sensitivity", {"quantity": quantity["name"]})["found"]
        if told["box"] and told["box"]["centre"]:
            chosen = told
            break
    assert chosen is not None
    opened(page, examined, f"?quantity={chosen['quantity']}")
    expect(page.locator("#box-says")).to_contain_text(chosen["box"]["sentence"], timeout=LONG)
    expect(page.locator("#box-pictures svg")).to_be_visible(timeout=LONG)
    page.locator("#into-box").click()
    for name, value in chosen["box"]["centre"].items():
        expect(page).to_have_url(re.compile(f"set={name}:"))
        slider = page.locator(f"[data-parameter='{name}']")
        expect(slider).to_have_class(re.compile("moved"))
        assert f"set={name}:{value:g}"[:12] in page.url
    expect(page.locator("#now")).to_contain_text("With the sliders and switches as they stand", timeout=LONG)
    expect(page.locator("#made")).to_contain_text("those of the case as saved", timeout=LONG)
    expect(page.locator("#job").get_by_role("button", name="Find what drives the answer")).to_be_visible()


def test_another_threshold(page: Page, examined: str) -> None:
    opened(page, examined)
    expect(page.locator("#box-says")).not_to_be_empty(timeout=LONG)
    page.locator("#side").select_option("below")
    page.locator("#threshold").select_option("0.1")
    expect(page.locator("#box-says")).to_contain_text("below 10 %", timeout=LONG)


def test_draws_that_are_gone(page: Page, small: str) -> None:
    error = {"code": "no-draws", "message": "the draws of this run are gone", "hint": "", "issues": []}
    page.route("**/sensitivity", lambda route: (
        route.fulfill(status=409, json={"error": error}) if route.request.method == "POST" else route.continue_()
    ))  # fmt: skip
    opened(page, small)
    expect(page.locator("#made")).to_contain_text("The draws of this run are gone", timeout=LONG)
    expect(page.locator("#job").get_by_role("button", name="Find what drives the answer")).to_be_visible()


def test_an_error_is_told(page: Page, small: str) -> None:
    error = {"code": "too-slow", "message": "answering took too long", "hint": "start a job", "issues": []}
    page.route("**/sensitivity/at", lambda route: route.fulfill(status=503, json={"error": error}))
    page.goto(f"/cases/{small}/sensitivity")
    expect(page.locator("#alert")).to_contain_text("answering took too long", timeout=LONG)
    expect(page.locator("#alert")).to_contain_text("Start a job.")
