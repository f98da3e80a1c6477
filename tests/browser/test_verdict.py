"""The verdict in a browser: it loads, follows sliders and switches, survives reload, and says what goes wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

import pytest
from playwright.sync_api import Page, Route, expect

from servanda.forecast import vocabulary
from servanda.report import words as report
from tests.browser.running import Running

SCENARIO = re.compile(r"[?&]set=[a-z_]+:[\d.]+")


def opened(page: Page, name: str, query: str = "") -> None:
    """Open the verdict and wait until it is shown."""
    page.goto(f"/cases/{name}/verdict{query}")
    page.locator("#main[data-shown]").wait_for()


def shown(page: Page) -> int:
    return int(page.locator("#main").get_attribute("data-shown") or 0)


def refreshed(page: Page, act: Callable[[], None]) -> None:
    """Do something and wait until a further answer is painted."""
    before = shown(page)
    act()
    expect(page.locator("#main")).not_to_have_attribute("data-shown", str(before))
    expect(page.locator("#main:not(.busy)")).to_be_visible()


def test_the_verdict_loads_with_gates_pictures_and_questions(
    page: Page, small: str, accessible: Callable[[Page], None]
) -> None:
    opened(page, small)
    expect(page.locator("#headline")).to_contain_text("signed, ratified and kept")
    expect(page.locator("table.gates tbody tr")).to_have_count(2)
    expect(page.locator("#survival svg")).to_be_visible()
    expect(page.locator("#outcomes svg")).to_be_visible()
    expect(page.locator("table.questions tbody tr")).to_have_count(3)
    expect(page.locator("#number")).to_be_hidden()
    accessible(page)
    page.get_by_role("button", name="Switch to dark paper").click()
    accessible(page)


def test_a_slider_moved_by_key_refreshes_the_verdict_and_the_address(page: Page, small: str) -> None:
    opened(page, small)
    slider = page.locator(".slider input").first
    before = page.locator("table.gates").inner_text()
    refreshed(page, lambda: slider.press("End"))
    expect(slider).to_have_attribute("aria-valuetext", re.compile("central value"))
    expect(page.locator("#number")).to_contain_text("as saved")
    expect(page.locator("#scenario-says")).to_contain_text("Changed:")
    assert page.locator("table.gates").inner_text() != before
    page.wait_for_url(SCENARIO)
    expect(page.get_by_role("link", name="Why", exact=True)).to_have_attribute("href", SCENARIO)

    moved = page.locator("table.gates").inner_text()
    page.reload()
    page.locator("#main[data-shown]").wait_for()
    assert page.locator("table.gates").inner_text() == moved
    refreshed(page, lambda: page.get_by_role("button", name="Back to the case as saved").click())
    assert page.locator("table.gates").inner_text() == before
    page.wait_for_url(lambda address: "set=" not in address)


def test_a_friction_switched_off_refreshes_the_verdict(page: Page, small: str) -> None:
    opened(page, small)
    switch = page.locator(".switches input").first
    refreshed(page, switch.check)
    expect(page.locator("#scenario-says")).to_contain_text("switched off")
    page.wait_for_url(re.compile(r"off="))
    refreshed(page, switch.uncheck)
    expect(page.locator("#scenario-says")).to_contain_text("As saved")
    # a hand that reloads at once must not lose the change: the address has it before anything is answered
    assert "off=" in switch.evaluate("box => { box.click(); return location.search }")
    # browsers refuse hundreds of address changes in a row: a drag writes fewer, its last one always
    writes = switch.evaluate(
        """box => {
            let writes = 0;
            const replace = history.replaceState;
            history.replaceState = (...all) => { writes += 1; replace.apply(history, all); };
            for (let n = 0; n < 401; n += 1) box.click();
            history.replaceState = replace;
            return writes;
        }"""
    )
    assert 1 <= writes < 40
    page.wait_for_url(lambda address: "off=" not in address)


def test_while_a_slider_is_dragged_the_last_value_wins_and_one_request_is_in_flight(page: Page, small: str) -> None:
    opened(page, small)
    flying = {"now": 0, "most": 0, "all": 0}

    def slow(route: Route) -> None:
        flying["now"] += 1
        flying["all"] += 1
        flying["most"] = max(flying["most"], flying["now"])
        page.wait_for_timeout(120)
        route.continue_()

    page.on("requestfinished", lambda request: flying.update(now=flying["now"] - request.url.endswith("/verdict")))
    page.route(f"**/api/cases/{small}/verdict", slow)
    slider = page.locator(".slider input").first
    slider.focus()
    for _ in range(12):
        page.keyboard.press("ArrowRight")
    last = slider.get_attribute("aria-valuetext")
    page.wait_for_url(SCENARIO)
    page.wait_for_timeout(1500)
    expect(page.locator("#main:not(.busy)")).to_be_visible()
    assert flying["most"] == 1
    assert flying["all"] < 12
    assert slider.get_attribute("aria-valuetext") == last
    dragged = page.locator("table.gates").inner_text()
    page.unroute(f"**/api/cases/{small}/verdict")
    page.reload()
    page.locator("#main[data-shown]").wait_for()
    assert page.locator("table.gates").inner_text() == dragged


def test_the_next_stop_of_the_slider_under_the_hand_is_asked_ahead(page: Page, small: str) -> None:
    opened(page, small)
    with page.expect_response(f"**/api/cases/{small}/prefetch") as found:
        page.locator(".slider input").first.focus()
    assert found.value.json()["answered"] == 2
    asked = found.value.request.post_data_json
    assert (asked["page"], asked["set"]) == ("verdict", {})
    with page.expect_response(f"**/api/cases/{small}/prefetch") as found:
        page.locator(".slider input").first.press("End")
    assert found.value.json()["answered"] == 1


def test_drafts_are_switched_by_key_without_asking_again(page: Page, small: str) -> None:
    opened(page, small)
    before = shown(page)
    first = page.locator("table.gates input").first
    first.check()
    title = page.locator("#draft h3").inner_text()
    first.press("ArrowDown")
    expect(page.locator("#draft h3")).not_to_have_text(title)
    page.wait_for_url(re.compile(r"draft=inspected"))
    assert shown(page) == before
    page.reload()
    page.locator("#main[data-shown]").wait_for()
    expect(page.locator("table.gates input").nth(1)).to_be_checked()


def test_what_moves_is_measured_from_the_hand_to_the_painted_page(page: Page, small: str) -> None:
    opened(page, small)
    slider = page.locator(".slider input").first
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft"):
        refreshed(page, lambda key=key: slider.press(key))
    durations = page.evaluate("performance.getEntriesByName('servanda:refresh').map((entry) => entry.duration)")
    assert len(durations) >= 3
    assert all(0 < duration < 10_000 for duration in durations)


def test_pages_say_numbers_as_the_reports_do(page: Page, small: str) -> None:
    page.goto(f"/cases/{small}/verdict")
    shares = [0.0, 4e-5, 0.0042, 0.031, 0.05, 0.2, 0.31, 0.45, 0.5, 0.55, 0.8, 0.95, 0.996, 0.99999, 1.0]
    numbers = [0.0, 12.0, 3000.0, 0.0375, -2.5, 1234567.0, 1e-7, -2.346e9, 0.30000000000000004]
    found = page.evaluate(
        """async ([shares, numbers]) => {
          const words = await import("/static/words.js");
          return {
            percent: shares.map(words.percent), words: shares.map(words.words),
            likelihood: shares.map(words.likelihood),
            number: numbers.map(words.number), signed: numbers.map((x) => words.signed(x)),
            month: words.month("2025-01-20"), date: words.fullDate("2022-09-01"),
          };
        }""",
        [shares, numbers],
    )
    plain = {key: [text.replace("\u00a0", " ") for text in texts] for key, texts in found.items() if key != "date"}
    assert plain["percent"] == [vocabulary.percent(p) for p in shares]
    assert plain["likelihood"] == [vocabulary.likelihood(p) for p in shares]
    assert plain["words"] == [vocabulary.words(p) for p in shares]
    assert plain["number"] == [report.number(x) for x in numbers]
    assert plain["signed"] == [report.signed(x) for x in numbers]
    assert "".join(plain["month"]) == report.month(date(2025, 1, 20))
    assert found["date"].replace("\u00a0", " ") == report.full_date(date(2022, 9, 1))


def test_an_error_is_told_and_goes_away_when_the_next_answer_comes(page: Page, small: str) -> None:
    opened(page, small)
    refuse = {"error": {"code": "too-slow", "message": "Answering took longer than 10 seconds.", "hint": "start a job"}}
    page.route(f"**/api/cases/{small}/verdict", lambda route: route.fulfill(status=503, json=refuse))
    slider = page.locator(".slider input").first
    slider.press("End")
    expect(page.get_by_role("alert")).to_contain_text("Answering took longer")
    expect(page.get_by_role("alert")).to_contain_text("Start a job.")
    page.unroute(f"**/api/cases/{small}/verdict")
    refreshed(page, lambda: slider.press("ArrowLeft"))
    expect(page.get_by_role("alert")).to_be_empty()


def test_a_number_that_the_case_does_not_have_is_told(page: Page, small: str) -> None:
    page.goto(f"/cases/{small}/verdict?set=nothing:1")
    expect(page.get_by_role("alert")).to_contain_text("nothing")
    # said once, and the page no longer says that it waits
    expect(page.get_by_role("alert").locator("li")).to_have_count(0)
    expect(page.locator("#headline")).to_have_text("No answer: what is wrong stands above.")
    refreshed(page, page.get_by_role("button", name="Back to the case as saved").click)
    expect(page.locator("#headline")).not_to_contain_text("No answer")
    expect(page.get_by_role("alert")).to_be_empty()


def test_another_version_is_chosen_and_shown(page: Page, small: str, server: Running) -> None:
    text = server.get(f"/api/cases/{small}")["text"]
    changed = text.replace("A small dispute", "A changed dispute")
    server.send("PUT", f"/api/cases/{small}", {"text": changed, "seen": 1, "note": "renamed"})
    opened(page, small)
    expect(page.get_by_role("heading", level=1)).to_have_text("A changed dispute")
    page.get_by_label("Version").select_option("1")
    page.wait_for_url(re.compile(r"version=1"))
    expect(page.get_by_role("heading", level=1)).to_have_text("A small dispute")
    expect(page.get_by_role("link", name="Why", exact=True)).to_have_attribute("href", re.compile(r"version=1"))


def test_everything_is_reached_by_key(page: Page, small: str) -> None:
    opened(page, small)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    reached = set()
    page.goto(f"/cases/{small}/verdict")
    page.locator("#main[data-shown]").wait_for()
    for _ in range(80):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate("document.activeElement.id || document.activeElement.name || document.activeElement.tagName")
        )
    assert {"theme", "draft"} <= reached
    assert any(name.startswith("p-") for name in reached)
    assert any(name.startswith("f-") for name in reached)


def test_the_printed_page_shows_the_answer_without_the_controls(page: Page, small: str) -> None:
    opened(page, small)
    page.emulate_media(media="print")
    expect(page.locator("#headline")).to_be_visible()
    expect(page.get_by_role("navigation", name="Pages of this case")).to_be_hidden()
    expect(page.locator(".slider").first).to_be_hidden()


@pytest.mark.parametrize("width", [360, 1280, 1920])
def test_nothing_runs_out_of_the_page(page: Page, small: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    opened(page, small)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_many_numbers_are_folded_and_found(page: Page, founding: str) -> None:
    page.goto(f"/cases/{founding}/verdict")
    sliders = page.locator(".slider")
    expect(sliders).to_have_count(67)
    expect(page.locator(".slider:visible")).to_have_count(8)
    page.get_by_label("Find a number").fill("torn up")
    expect(page.locator(".slider:visible")).to_have_count(1)
    expect(page.locator(".slider:visible")).to_contain_text("torn up by Washington")
    page.get_by_label("Find a number").fill("")
    page.get_by_role("button", name=re.compile("What it is: Waivers")).click()
    expect(page.locator(".mechanism:visible")).to_contain_text("Relief must be renewed")
