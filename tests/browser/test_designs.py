"""Designs in a browser: levers with the answer at once, and the frontier to choose from."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.running import Running
from tests.browser.test_frictions import PATIENCE_MS, finished, fresh

__all__ = ["fresh"]

LEVER = "A form that is dearer to leave"


def test_the_page_loads_and_is_accessible(page: Page, fresh: str, accessible: Callable[[Page], None]) -> None:
    page.goto(f"/cases/{fresh}/designs")
    expect(page.locator("#headline")).to_contain_text("to be signed, ratified and kept")
    expect(page.get_by_role("group", name=LEVER)).to_be_visible()
    expect(page.get_by_role("radio", name="as written")).to_be_checked()
    expect(page.locator("#worth")).to_contain_text("Gain of Side A over no deal")
    expect(page.locator("#found")).to_be_hidden()
    accessible(page)


def test_a_lever_refreshes_the_answer_and_lasts(page: Page, fresh: str) -> None:
    page.goto(f"/cases/{fresh}/designs?draft=agreement")
    expect(page.locator("#worth dd").first).to_contain_text("points")
    before = page.locator("#worth").inner_text()
    page.get_by_role("radio", name="ratified treaty").check()
    expect(page.locator("#headline")).to_contain_text("with these levers: almost certain")
    expect(page.locator("#moved")).to_contain_text(f"{LEVER}: ratified treaty")
    expect(page.locator("#gates .diff.up").first).to_be_visible()
    expect(page.locator("#worth dd.muted")).to_have_count(0)
    assert page.locator("#worth").inner_text() != before
    expect(page).to_have_url(re.compile("set=exit_political:60"))
    page.reload()
    expect(page.get_by_role("radio", name="ratified treaty")).to_be_checked()
    expect(page.locator("#headline")).to_contain_text("almost certain")
    page.locator("#as-written").click()
    expect(page.get_by_role("radio", name="as written")).to_be_checked()
    expect(page.locator("#as-written")).to_be_disabled()


def test_levers_by_keyboard(page: Page, fresh: str) -> None:
    page.goto(f"/cases/{fresh}/designs?draft=agreement")
    page.get_by_role("radio", name="as written").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="constitutional lock")).to_be_checked()
    expect(page.locator("#moved")).to_contain_text("constitutional lock")


def test_another_draft_with_the_same_levers(page: Page, fresh: str) -> None:
    page.goto(f"/cases/{fresh}/designs?set=exit_political:60&draft=agreement")
    expect(page.locator("#headline")).to_contain_text("“The agreement”")
    page.get_by_role("radio", name="The agreement with inspectors everywhere").check()
    expect(page.locator("#headline")).to_contain_text("inspectors everywhere")
    expect(page).to_have_url(re.compile("draft=inspected"))


def test_a_friction_that_sets_the_number_of_a_lever_holds_it(page: Page, fresh: str) -> None:
    page.goto(f"/cases/{fresh}/designs?off=weak+form")
    expect(page.get_by_role("group", name=LEVER)).to_contain_text("“Leaving is cheap” is switched off")
    expect(page.get_by_role("radio", name="ratified treaty")).to_be_disabled()


def test_a_number_that_is_none_is_said(page: Page, fresh: str) -> None:
    page.goto(f"/cases/{fresh}/designs?set=nothing:3")
    expect(page.locator("#alert")).to_contain_text("no parameter is called `nothing`")


def test_the_frontier_of_a_run(page: Page, server: Running, fresh: str, accessible: Callable[[Page], None]) -> None:
    finished(server, "designs", fresh, {"draws": 8})
    page.goto(f"/cases/{fresh}/designs?set=exit_political:30")
    expect(page.locator("#verdict")).to_contain_text("It is the draft, not the structure", timeout=PATIENCE_MS)
    expect(page.locator("#change")).to_contain_text("The fewest changes that pass")
    expect(page.locator("#figure svg")).to_be_visible()
    rows = page.locator("#table tbody tr")
    assert rows.count() >= 3
    here = page.locator("#table tr[aria-current]")
    expect(here).to_contain_text("constitutional lock")
    rows.first.focus()
    page.keyboard.press("Enter")
    expect(here).to_contain_text("ratified treaty")
    expect(page.get_by_role("radio", name="ratified treaty")).to_be_checked()
    expect(page).to_have_url(re.compile(r"set=exit_political:60"))
    expect(page.locator("#headline")).to_contain_text("almost certain")
    accessible(page)
    page.locator("#theme").click()
    accessible(page)


def test_the_nearest_design_and_a_mark_set_the_levers(page: Page, server: Running, fresh: str) -> None:
    finished(server, "designs", fresh, {"draws": 0})
    page.goto(f"/cases/{fresh}/designs")
    page.locator("#nearest").click(timeout=PATIENCE_MS)
    expect(page.get_by_role("radio", name="ratified treaty")).to_be_checked()
    page.locator("#as-written").click()
    expect(page.get_by_role("radio", name="as written")).to_be_checked()
    # the last mark drawn is the design likeliest to hold
    marks = page.locator(
        "#figure svg .mark-symbol.role-mark.layer_2_marks path, #figure svg .mark-symbol.role-mark path"
    )
    page.locator("#figure svg").scroll_into_view_if_needed()
    assert marks.count() >= 3
    for k in range(marks.count()):
        marks.nth(k).dispatch_event("click")
        if page.get_by_role("radio", name="ratified treaty").is_checked():
            break
    expect(page.get_by_role("radio", name="ratified treaty")).to_be_checked()


def test_columns_can_be_sorted_without_losing_the_place(page: Page, server: Running, fresh: str) -> None:
    finished(server, "designs", fresh, {"draws": 0})
    page.goto(f"/cases/{fresh}/designs?set=exit_political:60&draft=agreement")
    here = page.locator("#table tr[aria-current]")
    expect(here).to_have_count(1, timeout=PATIENCE_MS)
    page.get_by_role("button", name="Mean life").click()
    expect(here).to_have_count(1)
    expect(here).to_contain_text("ratified treaty")


def test_the_job_is_started_here_and_leaves_the_levers_alone(page: Page, fresh: str) -> None:
    page.goto(f"/cases/{fresh}/designs?set=exit_political:30")
    page.locator("#job button").first.click()
    expect(page.locator("#found")).to_be_visible(timeout=PATIENCE_MS)
    expect(page.get_by_role("radio", name="constitutional lock")).to_be_checked()
    expect(page.locator("#table tr[aria-current]")).to_contain_text("constitutional lock")


def test_a_lever_with_a_range(page: Page, server: Running) -> None:
    server.send("POST", "/api/cases", {"name": "ranged", "shipped": "theory/durability-island"})
    page.goto("/cases/ranged/designs")
    slider = page.locator("#levers input[type=range]")
    expect(page.locator("#headline")).to_contain_text("as written")
    slider.focus()
    page.keyboard.press("End")
    expect(slider).to_have_attribute("aria-valuetext", "1, written 0.8")
    expect(page.locator("#headline")).to_contain_text("almost certain")


def test_a_case_without_levers_says_so(page: Page, server: Running) -> None:
    server.send("POST", "/api/cases", {"name": "no-levers", "shipped": "theory/inspection-game"})
    page.goto("/cases/no-levers/designs")
    expect(page.locator("#levers")).to_contain_text("names no levers")
    expect(page.locator("#job button")).to_have_count(0)
