"""The map in a browser: seen, walked with the keyboard, stepped through time, refreshed with the scenario, printed."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

SHOWN = "#main[data-shown]"
# a busy machine needs longer than the five seconds that `expect` waits by itself
expect.set_options(timeout=30_000)


def opened(page: Page, case: str, query: str = "") -> None:
    page.goto(f"/cases/{case}/map{query}")
    page.locator(SHOWN).wait_for()


def in_focus(page: Page) -> str:
    return page.evaluate("document.activeElement.getAttribute('aria-label') ?? ''")  # type: ignore[no-any-return]


def test_the_map_loads_says_what_it_shows_and_is_accessible(
    page: Page, small: str, accessible: Callable[[Page], None]
) -> None:
    opened(page, small)
    expect(page.locator("#map-says")).to_contain_text("Most time is spent at “")
    expect(page.get_by_role("group", name="Map of “The agreement”")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("^Talks\\. Ever there"))).to_be_visible()
    expect(page.locator("#map-picture .passage.tightest")).to_have_count(1)
    expect(page.locator("#map-picture .label.tightest")).to_contain_text("tightest: ")
    expect(page.locator("#map-tightest")).to_contain_text("is tightest for")
    accessible(page)
    page.locator("#map-all summary").click()
    expect(page.locator("#map-table tbody tr").first).to_be_visible()
    page.locator("#theme").click()
    accessible(page)


def test_arrow_keys_walk_along_the_lines(page: Page, small: str) -> None:
    opened(page, small)
    first = page.locator("#map-picture .place").first
    first.focus()
    assert in_focus(page).startswith("No talks. ")
    page.keyboard.press("ArrowRight")
    assert in_focus(page).startswith("From “No talks” to “Talks”")
    expect(page.locator("#map-detail h3")).to_have_text("No talks → Talks")
    expect(page.locator("#map-detail table")).to_contain_text("seek talks")
    page.keyboard.press("ArrowRight")
    assert in_focus(page).startswith("Talks. ")
    expect(page.locator("#map-detail")).to_contain_text("Leads to: ")
    page.keyboard.press("ArrowDown")
    line = in_focus(page)
    assert line.startswith("From “Talks” to ")
    page.keyboard.press("ArrowDown")
    assert in_focus(page).startswith("From “Talks” to ")
    assert in_focus(page) != line
    page.keyboard.press("ArrowUp")
    assert in_focus(page) == line
    page.keyboard.press("ArrowLeft")
    assert in_focus(page).startswith("Talks. ")
    page.keyboard.press("Home")
    assert in_focus(page).startswith("No talks. ")
    # the map is one stop of the Tab key
    assert page.locator('#map-picture [tabindex="0"]').count() == 1


def test_what_is_in_focus_is_not_under_its_own_panel(page: Page, small: str) -> None:
    opened(page, small)
    lowest = page.locator("#map-picture .place.live").last
    lowest.focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowRight")
    shown = page.locator("#map-picture .place.chosen").bounding_box()
    panel = page.locator("#map-detail").bounding_box()
    assert shown is not None
    assert panel is not None
    assert shown["y"] + shown["height"] <= panel["y"] + 1.0


def test_a_slider_and_a_switch_refresh_the_map_and_nothing_moves(page: Page, small: str) -> None:
    opened(page, small)
    boxes = "[...document.querySelectorAll('#map-picture .box')].map((b) => b.getAttribute('y')).join()"
    says, before = page.locator("#map-says").inner_text(), page.evaluate(boxes)
    page.get_by_role("checkbox", name="Leaving is cheap").check()
    expect(page.locator("#map-says")).not_to_have_text(says)
    expect(page.locator("#says")).to_contain_text("Most time is spent at")
    assert page.evaluate(boxes) == before
    expect(page).to_have_url(re.compile("off=weak"))
    changed = page.locator("#map-says").inner_text()
    page.reload()
    page.locator(SHOWN).wait_for()
    expect(page.locator("#map-says")).to_have_text(changed)


def test_the_draft_and_the_beginning_can_be_chosen_and_last(page: Page, small: str) -> None:
    opened(page, small)
    page.get_by_label("Draft", exact=True).select_option("inspected")
    expect(page.locator("#map-picture svg")).to_have_attribute("aria-label", re.compile("inspectors everywhere"))
    page.get_by_label("the draft in its first phase").check()
    expect(page).to_have_url(re.compile("begins=live"))
    expect(page.locator("#map-says")).not_to_contain_text("ever begins to run")
    expect(page).to_have_url(re.compile("draft=inspected"))
    page.reload()
    page.locator(SHOWN).wait_for()
    expect(page.get_by_label("the draft in its first phase")).to_be_checked()
    expect(page.get_by_label("Draft", exact=True)).to_have_value("inspected")
    expect(page.locator("#map-says")).not_to_contain_text("ever begins to run")


def test_time_steps_through_the_calendar(page: Page, small: str) -> None:
    opened(page, small, "?begins=live")
    expect(page.locator("#map-when")).to_have_text("whole calendar")
    slider = page.get_by_label("Date")
    slider.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Home")
    expect(page.locator("#map-when")).to_have_text("Jan\u00a02024")
    live = page.locator("#map-picture .place.live").first
    expect(live.locator(".amount")).to_contain_text("100")
    page.keyboard.press("End")
    expect(live).to_have_attribute("aria-label", re.compile(r"On \w+\s20\d\d: "))
    expect(slider).to_have_attribute("aria-valuetext", re.compile(r"\w+\s20\d\d"))
    page.get_by_role("button", name="Whole calendar").click()
    expect(page.locator("#map-when")).to_have_text("whole calendar")
    page.get_by_role("button", name="Play").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    expect(page.locator("#map-when")).to_have_text(re.compile(r"Jul\s2024"))
    page.get_by_role("button", name="Pause").click()


def test_the_map_can_be_brought_nearer_and_back(page: Page, small: str) -> None:
    opened(page, small)
    svg = page.locator("#map-picture svg")
    whole = svg.get_attribute("viewBox")
    page.get_by_role("button", name="Zoom in").click()
    expect(svg).not_to_have_attribute("viewBox", whole or "")
    page.locator("#map-picture .place").last.focus()
    page.keyboard.press("+")
    box, frame = page.locator("#map-picture .place.chosen").bounding_box(), svg.bounding_box()
    assert box is not None
    assert frame is not None
    page.keyboard.press("0")
    page.get_by_role("button", name="Zoom out").is_disabled()
    numbers = [float(x) for x in (svg.get_attribute("viewBox") or "").split()]
    assert numbers == [float(x) for x in (whole or "").split()]


def test_the_tightest_move_is_shown_from_its_sentence(page: Page, small: str) -> None:
    opened(page, small)
    button = page.locator("#map-narrow button").first
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#map-picture .passage.chosen")).to_have_class(re.compile("tightest"))
    expect(page.locator("#map-detail .note")).to_contain_text("is tightest for")


def test_an_error_is_told_and_goes(page: Page, small: str) -> None:
    page.goto(f"/cases/{small}/map?set=hope:1")
    expect(page.get_by_role("alert")).to_contain_text("hope")
    page.goto(f"/cases/{small}/map?draft=peace")
    expect(page.get_by_role("alert")).to_contain_text("no draft of this case is called `peace`")
    page.get_by_label("Draft", exact=True).select_option("inspected")
    page.locator(SHOWN).wait_for()
    expect(page.get_by_role("alert")).to_be_empty()
    page.goto("/cases/nowhere/map")
    expect(page.locator("#main")).to_contain_text("nowhere")


def test_on_paper_the_picture_and_the_tightest_points_stand(page: Page, small: str) -> None:
    opened(page, small)
    page.emulate_media(media="print")
    expect(page.locator("#map-picture svg")).to_be_visible()
    expect(page.locator("#map-narrow li").first).to_be_visible()
    expect(page.locator("#map-in")).not_to_be_visible()
