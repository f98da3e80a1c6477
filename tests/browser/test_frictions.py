"""Frictions and repairs in a browser: switches with the verdict beside them, shares and repairs of a run, trust."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.running import Running
from tests.web import small as small_case

_NUMBERS = count(1)
WEAK, TURNOVER = "Leaving is cheap", "Power changes hands"
PATIENCE_MS = 90_000
# the first question of a case waits for a solver process to start and for the case to be compiled
expect.set_options(timeout=30_000)


@pytest.fixture
def fresh(server: Running) -> str:
    """The name of a small saved case of a text of its own: runs of an equal text would be found for it."""
    name = f"fresh-{next(_NUMBERS)}"
    text = f"{small_case.text()}# {name}\n"
    server.send("POST", "/api/cases", {"name": name, "text": text, "title": "A small dispute"})
    return name


def finished(server: Running, kind: str, case: str, options: dict[str, Any], **scenario: Any) -> None:
    """Have a job done."""
    asked = {"kind": kind, "case": case, "options": options, **scenario}
    job = server.send("POST", "/api/jobs", asked)["id"]
    until = time.monotonic() + 300.0
    while time.monotonic() < until:
        shown = server.get(f"/api/jobs/{job}")
        if shown["state"] == "done":
            return
        assert shown["state"] in ("queued", "running"), shown
        time.sleep(0.2)
    pytest.fail(f"the job did not end: {shown}")


def test_the_page_loads_and_is_accessible(page: Page, fresh: str, accessible: Callable[[Page], None]) -> None:
    page.goto(f"/cases/{fresh}/frictions")
    expect(page.locator("#headline")).to_contain_text("can")
    expect(page.locator("#gates tbody tr")).to_have_count(2)
    expect(page.get_by_role("checkbox", name=WEAK)).not_to_be_checked()
    expect(page.locator("#made")).to_contain_text("Nobody has looked at the frictions")
    accessible(page)


def test_a_switch_refreshes_the_verdict_and_lasts(page: Page, fresh: str) -> None:
    page.goto(f"/cases/{fresh}/frictions")
    holds = page.locator("#gates tbody tr").first.locator("td.gate").nth(3)
    expect(holds.locator(".num")).to_contain_text("%")
    before = holds.inner_text()
    page.get_by_role("checkbox", name=WEAK).check()
    expect(holds.locator(".diff")).to_contain_text("points")
    assert holds.inner_text() != before
    expect(page.locator("#headline")).to_contain_text("can hold")
    expect(page).to_have_url(re.compile(r"off=weak\+form"))
    page.reload()
    expect(page.get_by_role("checkbox", name=WEAK)).to_be_checked()
    expect(page.locator("#headline")).to_contain_text("can hold")
    page.go_back()
    page.go_forward()
    expect(page.get_by_role("checkbox", name=WEAK)).to_be_checked()


def test_all_off_and_all_at_work_by_keyboard(page: Page, fresh: str) -> None:
    page.goto(f"/cases/{fresh}/frictions?off=turnover")
    expect(page.get_by_role("checkbox", name=TURNOVER)).to_be_checked()
    page.locator("#all-off").focus()
    page.keyboard.press("Enter")
    boxes = page.locator("#switchboard input[type=checkbox]")
    for k in range(boxes.count()):
        expect(boxes.nth(k)).to_be_checked()
    expect(page.locator("#all-off")).to_be_disabled()
    page.locator("#all-on").focus()
    page.keyboard.press("Space")
    for k in range(boxes.count()):
        expect(boxes.nth(k)).not_to_be_checked()
    boxes.first.focus()
    page.keyboard.press("Space")
    expect(boxes.first).to_be_checked()


def test_switches_and_the_scenario_say_the_same(page: Page, fresh: str) -> None:
    page.goto(f"/cases/{fresh}/frictions")
    page.get_by_role("checkbox", name=TURNOVER).check()
    expect(page.locator("#scenario-says")).to_contain_text(f"“{TURNOVER}” switched off")
    page.locator("#scenario-reset").click()
    expect(page.get_by_role("checkbox", name=TURNOVER)).not_to_be_checked()


def test_a_friction_that_is_none_is_said(page: Page, fresh: str) -> None:
    page.goto(f"/cases/{fresh}/frictions?off=nothing")
    expect(page.locator("#alert")).to_contain_text("no friction is called `nothing`")
    page.locator("#scenario-reset").click()
    expect(page.locator("#alert")).to_be_empty()
    expect(page.locator("#gates tbody tr")).to_have_count(2)


def test_shares_and_repairs_of_a_run(
    page: Page, server: Running, fresh: str, accessible: Callable[[Page], None]
) -> None:
    finished(server, "frictions", fresh, {})
    page.goto(f"/cases/{fresh}/frictions?off=turnover")
    expect(page.locator("#made")).to_contain_text("every subset of the frictions", timeout=PATIENCE_MS)
    expect(page.locator("#shares-figures figure svg")).to_have_count(2)
    row = page.get_by_role("row").filter(has=page.get_by_role("checkbox", name=WEAK))
    expect(row).to_contain_text("+")
    expect(page.locator("#known")).to_contain_text(f"“{TURNOVER}” off")
    repair = page.locator("#repairs button").first
    expect(repair).to_contain_text(WEAK)
    repair.click()
    expect(repair).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("checkbox", name=WEAK)).to_be_checked()
    expect(page.get_by_role("checkbox", name=TURNOVER)).not_to_be_checked()
    expect(page.locator("#known")).to_contain_text("That reaches 50")
    expect(page.locator("#headline")).to_contain_text("can hold")
    accessible(page)
    page.locator("#theme").click()
    accessible(page)


def test_what_the_lattice_says_is_what_play_says(page: Page, server: Running, fresh: str) -> None:
    finished(server, "frictions", fresh, {"draft": "agreement"})
    page.goto(f"/cases/{fresh}/frictions?draft=agreement&off=turnover&off=hard+to+reverse")
    expect(page.locator("#known")).to_be_visible(timeout=PATIENCE_MS)
    expect(page.locator("#gates tbody tr[aria-current]")).to_have_count(1)
    live = page.locator("#gates tbody tr[aria-current] td.gate").nth(3).locator(".num span").first.inner_text()
    known = re.search(r"\(([^)]*)\)", page.locator("#known").inner_text())
    assert known is not None
    # words for the ends of the scale are coarser than its numbers
    assert live == known[1] or known[1].startswith(("less than 1", "more than 99"))


def test_another_draft_asks_for_another_run(page: Page, server: Running, fresh: str) -> None:
    finished(server, "frictions", fresh, {"draft": "inspected"})
    page.goto(f"/cases/{fresh}/frictions")
    expect(page.locator("#made")).to_contain_text("Nobody has looked")
    page.locator("#draft").select_option("inspected")
    expect(page.locator("#made")).to_contain_text("From the run of", timeout=PATIENCE_MS)
    expect(page).to_have_url(re.compile("draft=inspected"))


def test_the_job_is_started_here(page: Page, fresh: str) -> None:
    page.goto(f"/cases/{fresh}/frictions?off=turnover")
    page.locator("#job button").first.click()
    expect(page.locator("#repairs-card")).to_be_visible(timeout=PATIENCE_MS)
    expect(page.get_by_role("checkbox", name=TURNOVER)).to_be_checked()


def test_trust_of_a_run_with_its_diagnosis(
    page: Page, server: Running, fresh: str, accessible: Callable[[Page], None]
) -> None:
    finished(server, "run", fresh, {"diagnosis": True})
    page.goto(f"/cases/{fresh}/frictions")
    expect(page.locator("#trust")).to_contain_text("bonds", timeout=PATIENCE_MS)
    expect(page.locator("#trust figure svg").first).to_be_visible()
    expect(page.locator("#trust table").first).to_contain_text("posting alone")
    accessible(page)


def test_a_case_without_frictions_says_so(page: Page, server: Running) -> None:
    server.send("POST", "/api/cases", {"name": "no-frictions", "shipped": "theory/durability-island"})
    page.goto("/cases/no-frictions/frictions")
    expect(page.locator("#switchboard")).to_contain_text("names no frictions")
    expect(page.locator("#job button")).to_have_count(0)
