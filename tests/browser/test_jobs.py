"""Jobs in a browser: how far each is, stopping and going on, what failed, and the box that starts one on a page."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from tests.browser.running import Running

PATIENCE_MS = 120_000
LONG = {"kind": "sweep", "options": {"draws": 8_192}}


def start(server: Running, case: str, **asked: object) -> str:
    return str(server.send("POST", "/api/jobs", {"case": case, **asked})["id"])


def row(page: Page, job: str) -> Locator:
    return page.locator(f"#job-{job}")


def test_a_job_goes_on_to_its_run(page: Page, server: Running, small: str, accessible: Callable[[Page], None]) -> None:
    job = start(server, small, kind="frictions", options={"draft": "agreement"})
    page.goto("/jobs")
    expect(row(page, job)).to_contain_text("Frictions and repairs")
    expect(row(page, job)).to_contain_text("draft agreement")
    accessible(page)
    expect(row(page, job)).to_have_attribute("data-state", "done", timeout=PATIENCE_MS)
    expect(row(page, job).locator(".chip")).to_have_text("done")
    page.reload()
    expect(row(page, job).locator(".chip")).to_have_text("done")
    accessible(page)
    row(page, job).get_by_role("link", name=re.compile("^See the run")).click()
    expect(page).to_have_url(re.compile(r"/runs/[0-9a-f]+"))


def test_a_job_is_stopped_and_goes_on(page: Page, server: Running, small: str) -> None:
    job = start(server, small, **LONG)
    page.goto("/jobs")
    stop = row(page, job).get_by_role("button", name=re.compile("^Stop"))
    expect(row(page, job)).to_have_attribute("data-state", "running", timeout=PATIENCE_MS)
    stop.focus()
    page.keyboard.press("Enter")
    expect(row(page, job).locator(".chip")).to_have_text("stopped", timeout=PATIENCE_MS)
    on = row(page, job).get_by_role("button", name=re.compile("^Go on"))
    expect(on).to_be_enabled()
    on.click()
    expect(row(page, job)).to_have_attribute("data-state", re.compile("queued|running"))
    row(page, job).get_by_role("button", name=re.compile("^Stop")).click()
    expect(row(page, job)).to_have_attribute("data-state", "cancelled", timeout=PATIENCE_MS)


def test_a_job_that_fails_says_why(page: Page, server: Running, small: str, accessible: Callable[[Page], None]) -> None:
    job = start(server, small, kind="backtest", options={"draws": 16})
    page.goto("/jobs")
    expect(row(page, job)).to_have_attribute("data-state", "failed", timeout=PATIENCE_MS)
    expect(row(page, job)).to_contain_text("nothing to score")
    accessible(page)


def test_a_box_starts_a_job_and_finds_it_after_a_reload(
    page: Page, server: Running, small: str, accessible: Callable[[Page], None]
) -> None:
    # A value of its own: other cases of the same text have runs already. Something else is at work before, so that
    # the job is still there after the reload.
    long = start(server, small, **LONG)
    page.goto(f"/cases/{small}/designs?set=slight:4.31")
    button = page.locator("#job .job .button.main")
    expect(button).to_be_visible()
    button.click()
    expect(page.locator("#job progress")).to_be_visible()
    page.reload()
    expect(page.locator("#job progress")).to_be_visible()
    expect(page.locator("#job")).to_contain_text(re.compile("waiting for its turn|%"))
    accessible(page)
    found = server.get(f"/api/jobs?case={small}&kind=designs")["jobs"]
    assert len(found) == 1
    server.send("POST", f"/api/jobs/{long}/cancel", {})
    expect(page.locator("#found")).to_be_visible(timeout=PATIENCE_MS)
    (job,) = server.get(f"/api/jobs?case={small}&kind=designs")["jobs"]
    assert job["state"] == "done"


def test_a_box_stops_its_job_and_offers_to_go_on(page: Page, server: Running, small: str) -> None:
    long = start(server, small, **LONG)
    page.goto(f"/cases/{small}/designs?set=slight:4.73")
    page.locator("#job .job .button.main").click()
    page.locator("#job").get_by_role("button", name="Stop").click()
    expect(page.locator("#job .button.main")).to_have_text("Go on", timeout=PATIENCE_MS)
    page.reload()
    expect(page.locator("#job .button.main")).to_have_text("Go on")
    server.send("POST", f"/api/jobs/{long}/cancel", {})
