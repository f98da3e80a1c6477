"""The first page: it explains itself, and a case begins from a shipped one, from nothing, or from a text."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.running import Running
from tests.web import small as small_case

VERDICT = re.compile(r"/cases/[a-z0-9-]+/verdict$")


def test_the_first_page_explains_itself_and_is_accessible(page: Page, accessible: Callable[[Page], None]) -> None:
    page.goto("/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Can the agreement be kept?")
    expect(page.get_by_label("Case", exact=True)).to_have_value("us-iran")
    expect(page.get_by_label("Name of your copy")).to_have_value(re.compile(r"us-iran(-\d+)?"))
    accessible(page)


def test_a_copy_of_a_shipped_case_opens_at_its_verdict(page: Page) -> None:
    page.goto("/")
    page.get_by_label("Case", exact=True).select_option("theory/two-level-ratification")
    name = page.get_by_label("Name of your copy").input_value()
    page.get_by_role("button", name="Open the copy").click()
    page.wait_for_url(f"**/cases/{name}/verdict")
    page.locator("#main[data-shown]").wait_for()
    expect(page.locator("#headline")).to_contain_text("all three gates")
    page.goto("/")
    page.get_by_label("Case", exact=True).select_option("theory/two-level-ratification")
    expect(page.get_by_label("Name of your copy")).not_to_have_value(name)


def test_a_case_begins_from_a_few_words(page: Page) -> None:
    page.goto("/")
    page.get_by_label("What it is about").fill("Fish, and who may catch them")
    expect(page.locator("#beginning-name")).to_have_value(re.compile(r"fish-and-who-may-catch-them"))
    page.get_by_label("One side", exact=True).fill("Coast: the fleet")
    page.get_by_label("Who on the one side must approve").fill("Chamber of boats")
    page.get_by_role("button", name="Begin").click()
    page.wait_for_url(VERDICT)
    expect(page.get_by_role("heading", level=1)).to_have_text("Fish, and who may catch them")
    page.locator("table.gates").wait_for()


def test_a_file_is_read_and_a_text_with_errors_is_told_and_kept_if_wanted(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(small_case.text().replace("case: small", "case: boats"), "utf-8")
    page.goto("/")
    page.get_by_label("Choose a file").set_input_files(file)
    expect(page.locator("#text-name")).to_have_value(re.compile(r"boats(-\d+)?"))
    text = page.get_by_label("or paste its text")
    text.fill(text.input_value().replace("start: 2024-01-01", "start: soon"))
    page.get_by_role("button", name="Save it as a case").click()
    expect(page.get_by_role("alert")).to_contain_text(re.compile(r"line \d+"))
    page.get_by_role("button", name="Save it with its errors").click()
    page.wait_for_url(VERDICT)
    expect(page.get_by_role("heading", name="This version cannot be played")).to_be_visible()
    expect(page.get_by_role("link", name="Mend it in the editor")).to_be_visible()


def test_a_taken_name_is_told_with_another(page: Page, small: str) -> None:
    page.goto("/")
    page.get_by_label("Name of your copy").fill(small)
    page.get_by_role("button", name="Open the copy").click()
    expect(page.get_by_role("alert")).to_contain_text(f"{small}-2")
    page.get_by_role("alert").get_by_role("button", name="Close").click()
    expect(page.get_by_role("alert")).to_be_empty()


def test_saved_cases_stand_on_the_first_page_with_their_versions(page: Page, small: str, server: Running) -> None:
    text = server.get(f"/api/cases/{small}")["text"]
    server.send("PUT", f"/api/cases/{small}", {"text": text + "\n# more\n", "seen": 1, "title": "Twice saved"})
    page.goto("/")
    row = page.get_by_role("row").filter(has_text=small).filter(has_text="Twice saved")
    expect(row).to_contain_text("version 2")
    row.get_by_role("link", name="Twice saved").click()
    page.wait_for_url(f"**/cases/{small}/verdict")
