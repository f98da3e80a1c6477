"""The table of numbers in a browser: found, sorted, changed in the text or only in the scenario."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.running import Running

READY = "#main[data-ready]"
RANKED = Path(__file__).resolve().parents[2] / "spec" / "valid" / "rankings.yaml"


def opened(page: Page, case: str, query: str = "") -> None:
    page.goto(f"/cases/{case}/parameters{query}")
    page.wait_for_selector(READY)


def names(page: Page) -> list[str]:
    return page.locator("#numbers tbody th").all_inner_texts()


def change(page: Page, number: int = 0) -> None:
    page.locator("#numbers tbody tr").nth(number).get_by_role("button", name="Change").click()
    expect(page.locator("#change")).to_be_visible()


def test_it_loads_with_the_parameters_first(
    page: Page, small: str, server: Running, accessible: Callable[[Page], None]
) -> None:
    opened(page, small)
    told = server.get(f"/api/parameters/{small}")["numbers"]
    parameters = [item for item in told if item["section"] == "parameters"]
    assert len(names(page)) == len(parameters)
    expect(page.locator("#count")).to_have_text(re.compile(f"{len(parameters)} numbers? of {len(told)} shown"))
    expect(page.locator("#lead")).to_contain_text(f"{len(told)} numbers: ")
    accessible(page)
    page.locator("#theme").click()
    accessible(page)
    page.locator("#all").click()
    assert len(names(page)) == len(told)
    accessible(page)


def test_filters_live_in_the_address(page: Page, small: str) -> None:
    opened(page, small)
    first = names(page)[0].splitlines()[0]
    page.locator("#all").click()
    page.locator("#find").fill(first)
    expect(page.locator("#numbers tbody th").first).to_contain_text(first)
    expect(page).to_have_url(re.compile("find="))
    shown = names(page)
    page.reload()
    page.wait_for_selector(READY)
    assert names(page) == shown
    page.locator("#find").fill("no such number anywhere")
    expect(page.locator("#numbers")).to_contain_text("No number fits")


def test_a_column_sorts(page: Page, small: str) -> None:
    opened(page, small)
    page.get_by_role("button", name="Value", exact=True).click()
    values = [
        float(text.splitlines()[0].replace("−", "-").replace(",", ""))
        for text in page.locator("#numbers tbody td.n").all_inner_texts()
    ]
    assert values == sorted(values, reverse=True)


def test_a_line_number_leads_to_the_editor(page: Page, small: str, server: Running) -> None:
    opened(page, small)
    item = next(item for item in server.get(f"/api/parameters/{small}")["numbers"] if item["section"] == "parameters")
    page.locator("#numbers tbody tr").first.get_by_role("link", name=f"line {item['line']} in the editor").click()
    page.wait_for_selector(READY)
    at = page.locator("textarea.code-text").evaluate(
        "area => area.value.slice(0, area.selectionStart).split('\\n').length"
    )
    assert at == item["line"]


def test_a_number_is_changed_in_the_text_and_saved(
    page: Page, small: str, server: Running, accessible: Callable[[Page], None]
) -> None:
    before = server.get(f"/api/cases/{small}")["text"]
    opened(page, small)
    item = next(item for item in server.get(f"/api/parameters/{small}")["numbers"] if item["section"] == "parameters")
    change(page)
    expect(page.locator("#change-what")).to_contain_text(item["name"])
    page.locator("#value").fill("0.123")
    page.locator("#central").fill("")
    expect(page.locator("#change-says")).to_contain_text("A sound case with this number.")
    expect(page.locator("#change-says ins").first).to_be_visible()
    accessible(page)
    page.locator("#change-take").click()
    expect(page.locator("#basket")).to_contain_text("1 change not saved yet")
    expect(page.locator("#numbers tr.waiting")).to_contain_text("to become: 0.123")
    page.reload()
    page.wait_for_selector(READY)
    expect(page.locator("#basket")).to_contain_text("1 change not saved yet")
    page.locator("#basket-note").fill("tried 0.123")
    page.get_by_role("button", name="Save as version 2").click()
    expect(page.locator("#numbers caption")).to_contain_text("version 2")
    page.wait_for_selector(READY)
    saved = server.get(f"/api/cases/{small}")
    assert (saved["version"], saved["note"]) == (2, "tried 0.123")
    gone = [line for line in before.splitlines() if line not in saved["text"].splitlines()]
    assert 1 <= len(gone) <= 2
    assert "0.123" in page.locator("#numbers tbody tr").first.inner_text()


def test_an_impossible_number_is_not_taken(page: Page, small: str) -> None:
    opened(page, small)
    change(page)
    page.locator("#value").fill("5 to 2")
    expect(page.locator("#change-says")).to_contain_text("Not a sound case with this number")
    expect(page.locator("#change-says li").first).to_contain_text("runs from 5 to 2")
    expect(page.locator("#change-take")).to_be_disabled()
    page.locator("#change-leave").click()
    expect(page.locator("#change")).to_be_hidden()
    assert page.evaluate("document.activeElement.textContent") == "Change"


def test_a_number_set_in_the_scenario_only(page: Page, small: str, server: Running) -> None:
    opened(page, small)
    item = next(item for item in server.get(f"/api/parameters/{small}")["numbers"] if item["section"] == "parameters")
    change(page)
    value = str(item["central"])
    page.locator("#central").fill("")
    page.locator("#value").fill(value)
    page.locator("#change-set").click()
    expect(page.locator("#numbers tbody tr").first).to_contain_text("in this scenario")
    expect(page).to_have_url(re.compile("set="))
    assert f"set={item['name']}:" in page.url
    page.reload()
    page.wait_for_selector(READY)
    expect(page.locator("#numbers tbody tr").first).to_contain_text("in this scenario")
    expect(page.locator("#basket")).to_contain_text("1 number set in this scenario only")
    page.get_by_role("button", name="Back to the case as saved").click()
    expect(page.locator("#basket")).to_be_hidden()
    assert server.get(f"/api/cases/{small}")["version"] == 1


def test_somebody_else_saved_meanwhile(page: Page, small: str, server: Running) -> None:
    opened(page, small)
    change(page)
    page.locator("#value").fill("0.123")
    page.locator("#central").fill("")
    expect(page.locator("#change-take")).to_be_enabled()
    page.locator("#change-take").click()
    text = server.get(f"/api/cases/{small}")["text"]
    server.send("PUT", f"/api/cases/{small}", {"text": f"{text}# theirs\n", "seen": 1})
    page.get_by_role("button", name="Save as version 2").click()
    again = page.get_by_role("button", name="Make the same changes on version 2")
    expect(again).to_be_visible()
    again.click()
    expect(page.locator("#numbers caption")).to_contain_text("version 3")
    text = server.get(f"/api/cases/{small}")["text"]
    assert text.endswith("# theirs\n")
    assert "0.123" in text


def test_rankings_are_shown_as_ladders(
    page: Page, server: Running, small: str, accessible: Callable[[Page], None]
) -> None:
    name = f"ranked-{small}"
    server.send("POST", "/api/cases", {"name": name, "text": RANKED.read_text(encoding="utf-8"), "title": "Ranked"})
    opened(page, name)
    expect(page.locator("#rankings h3")).to_have_count(2)
    row = page.locator("#rankings tr", has_text="siege")
    expect(row).to_contain_text("25")
    accessible(page)


def test_a_case_that_cannot_be_read_says_so(page: Page, server: Running, small: str) -> None:
    name = f"torn-{small}"
    server.send("POST", "/api/cases", {"name": name, "text": "case: [x", "title": "Torn", "unfinished": True})
    opened(page, name)
    expect(page.locator("#alert")).to_contain_text("The text cannot be read")


def test_an_error_of_the_server_is_told(page: Page, small: str) -> None:
    page.route("**/api/parameters/**", lambda route: route.abort())
    page.goto(f"/cases/{small}/parameters")
    expect(page.locator("#alert")).to_contain_text("The workbench does not answer")
