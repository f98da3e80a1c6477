"""Threats in a browser: ask, look at the answer of each draft, change the scenario, come back."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import count

import pytest
from playwright.sync_api import Page, expect

from tests.browser.finished import finished
from tests.browser.running import Running
from tests.web import threatened

_NUMBERS = count(1)
PATIENCE_MS = 90_000
expect.set_options(timeout=30_000)


@pytest.fixture
def case(server: Running) -> str:
    """The name of a saved case of two drafts, of a text of its own: runs of an equal text would be found for it."""
    name = f"threatened-{next(_NUMBERS)}"
    text = f"{threatened.text()}# {name}\n"
    server.send("POST", "/api/cases", {"name": name, "text": text, "title": threatened.TITLE})
    return name


def test_the_page_loads_and_asks(page: Page, case: str, accessible: Callable[[Page], None]) -> None:
    page.goto(f"/cases/{case}/threats")
    expect(page.locator("#headline")).to_contain_text("Nobody has asked this of the draft")
    expect(page.get_by_role("radio", name="Contract")).to_be_checked()
    accessible(page)
    page.get_by_role("button", name="Ask what threats could do").click()
    expect(page.locator("#headline")).to_contain_text("No threat, however harsh, could keep", timeout=PATIENCE_MS)
    expect(page.locator("#shares")).to_contain_text("impossible")
    expect(page.locator("#figure svg")).to_be_visible()
    expect(page.locator("#drafts")).to_contain_text("cannot be kept")
    page.get_by_role("radio", name="Covenant").check()
    expect(page.locator("#headline")).to_contain_text("Nobody has asked this of the draft")
    expect(page.locator("#reach")).to_be_hidden()
    expect(page).to_have_url(re.compile("draft=covenant"))


def test_answers_of_a_run_draft_by_draft(
    page: Page, server: Running, case: str, accessible: Callable[[Page], None]
) -> None:
    finished(server, case, "enforcement", {})
    page.goto(f"/cases/{case}/threats")
    expect(page.locator("#headline")).to_contain_text("Host country would break it whatever is promised")
    expect(page.locator("#figure svg")).to_be_visible()
    expect(page.locator("#figure figcaption")).to_contain_text("Gains of the two sides over no deal")
    page.get_by_role("radio", name="Contract").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="Covenant")).to_be_checked()
    expect(page.locator("#headline")).to_contain_text("more enforcement would add little")
    expect(page.locator("#figure h3")).to_have_text("Covenant with a pledge")
    page.get_by_text("Gains in points").click()
    expect(page.locator("#gains table")).to_have_count(2)
    page.locator("summary", has_text="Certificates").click()
    expect(page.locator("#certificates")).to_contain_text("Hangs on a hair")
    accessible(page)
    page.locator("#theme").click()
    accessible(page)
    here = page.locator("#beside tr[aria-current]")
    expect(here).to_contain_text("Covenant")
    page.locator("#beside tbody tr").first.focus()
    page.keyboard.press("Enter")
    expect(here).to_contain_text("Contract")
    expect(page.get_by_role("radio", name="Contract")).to_be_checked()


def test_the_scenario_is_respected_and_lasts(page: Page, server: Running, case: str) -> None:
    finished(server, case, "enforcement", {"draft": "contract"})
    finished(server, case, "enforcement", {"draft": "contract"}, off=["temptation"])
    page.goto(f"/cases/{case}/threats")
    expect(page.locator("#headline")).to_contain_text("could keep “Contract”")
    page.get_by_role("checkbox", name="Much to be seized").check()
    expect(page.locator("#headline")).to_contain_text("Threats could support all of the gains")
    expect(page.locator("#cautions")).to_contain_text("hang on a hair")
    page.reload()
    expect(page.locator("#headline")).to_contain_text("Threats could support all of the gains")
    page.locator("#scenario-reset").click()
    expect(page.locator("#headline")).to_contain_text("No threat, however harsh, could keep “Contract”")


def test_an_error_is_shown(page: Page, case: str) -> None:
    page.goto(f"/cases/{case}/threats?version=1&set=nothing:3")
    page.get_by_role("button", name="Ask what threats could do").click()
    expect(page.locator("#job")).to_contain_text("no parameter is called `nothing`")


def test_a_reload_finds_the_job_that_was_stopped(page: Page, server: Running, case: str) -> None:
    page.goto(f"/cases/{case}/threats")
    page.get_by_role("checkbox", name="Ask about every draft").check()
    page.get_by_role("checkbox", name="Also find from which patience").check()
    page.get_by_role("button", name="and from which patience on").click()
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#job")).to_contain_text("Stopped", timeout=PATIENCE_MS)
    page.reload()
    expect(page.get_by_role("checkbox", name="Ask about every draft")).to_be_checked()
    expect(page.get_by_role("checkbox", name="Also find from which patience")).to_be_checked()
    page.get_by_role("button", name="Go on").click()
    expect(page.locator("#conditions")).to_contain_text("from a discount factor of 0.9524 a year", timeout=PATIENCE_MS)
    expect(page.locator("#ask input:visible")).to_have_count(0)
    (job,) = server.get(f"/api/jobs?case={case}")["jobs"]
    assert (job["state"], job["options"]) == ("done", {"draft": None, "patience": True})


def test_patience_can_be_asked_for_later(page: Page, server: Running, case: str) -> None:
    finished(server, case, "enforcement", {"draft": "contract"})
    page.goto(f"/cases/{case}/threats")
    expect(page.locator("#headline")).to_contain_text("No threat")
    expect(page.get_by_role("button", name="Ask what")).to_have_count(0)
    page.get_by_role("checkbox", name="Also find from which patience").check()
    page.get_by_role("button", name="and from which patience on").click()
    expect(page.locator("#conditions")).to_contain_text("from a discount factor of 0.9524 a year", timeout=PATIENCE_MS)


def test_a_case_that_cannot_be_asked_says_why(page: Page, server: Running) -> None:
    name = f"one-sided-{next(_NUMBERS)}"
    server.send("POST", "/api/cases", {"name": name, "shipped": "theory/investment-reversal"})
    finished(server, name, "enforcement", {})
    page.goto(f"/cases/{name}/threats")
    expect(page.locator("#headline")).to_contain_text("Not answered: investment-reversal has 1 sides")
    expect(page.locator("#job button:visible")).to_have_count(0)


def test_a_case_without_drafts_is_taken_as_it_stands(page: Page, server: Running) -> None:
    name = f"dilemma-{next(_NUMBERS)}"
    server.send("POST", "/api/cases", {"name": name, "shipped": "theory/repeated-dilemma"})
    page.goto(f"/cases/{name}/threats")
    expect(page.locator("#drafts input")).to_have_count(0)
    page.get_by_role("button", name="Ask what threats could do").click()
    expect(page.locator("#headline")).to_contain_text("Threats could support all of the gains", timeout=PATIENCE_MS)
    expect(page.locator("#figure h3")).to_be_visible()
