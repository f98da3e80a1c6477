"""The forecast in a browser: made by a job, evidence taken away piece by piece, published once."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.finished import finished
from tests.browser.running import Running
from tests.web import small as small_case

LONG = 180_000
DRAWS = 32


@pytest.fixture(scope="module")
def foreseen(server: Running) -> str:
    """A small case with a kept forecast."""
    server.send("POST", "/api/cases", {"name": "foreseen", "text": small_case.text(), "title": "A small dispute"})
    finished(server, "foreseen", "forecast", {"draws": DRAWS})
    return "foreseen"


def opened(page: Page, case: str, query: str = "") -> None:
    page.goto(f"/cases/{case}/forecast{query}")
    expect(page.locator("#questions tbody tr").first).to_be_visible(timeout=LONG)


def uncheck(page: Page, piece: int) -> None:
    page.locator(f"#piece-{piece}").uncheck()


def test_without_a_forecast_the_answers_move_with_the_sliders(
    page: Page, small: str, accessible: Callable[[Page], None]
) -> None:
    opened(page, small)
    expect(page.locator("#made")).to_contain_text("There is no forecast over draws for this scenario yet")
    expect(page.locator("#headline")).to_contain_text("With every number as it stands")
    expect(page.locator("#evidence-card")).to_be_hidden()
    expect(page.locator("#publish")).to_be_disabled()
    expect(page.locator("#questions-picture svg")).to_be_visible(timeout=LONG)
    accessible(page)
    before = page.locator("#questions tbody tr").first.inner_text()
    slider = page.locator("#controls input[type=range]").first
    slider.focus()
    page.keyboard.press("Home")
    expect(page.locator("#questions tbody tr").first).not_to_have_text(before, timeout=LONG)
    expect(page).to_have_url(re.compile("set="))


def test_a_job_makes_the_forecast(page: Page, small: str) -> None:
    opened(page, small)
    page.locator("#job").get_by_role("button", name="Make the forecast").click()
    expect(page.locator("#job progress")).to_be_visible(timeout=LONG)
    expect(page.locator("#made")).to_contain_text("kept as run", timeout=LONG)
    expect(page.locator("#headline")).to_contain_text(re.compile(r"^By \w+ \d{4} "))
    expect(page.locator("#evidence-card")).to_be_visible()
    expect(page.locator("#when svg").first).to_be_visible(timeout=LONG)
    expect(page.locator("#job")).to_be_empty()


def test_one_piece_taken_away_is_shown_at_once(
    page: Page, foreseen: str, server: Running, accessible: Callable[[Page], None]
) -> None:
    opened(page, foreseen)
    told = server.send("POST", f"/api/cases/{foreseen}/forecast", {})["forecast"]
    expect(page.locator("#pieces tbody tr")).to_have_count(len(told["pieces"]))
    expect(page.locator("#part-says")).to_contain_text("pieces are weighed: the numbers of the kept forecast")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/forecast/p" in request.url else None)
    uncheck(page, 0)
    expect(page.locator("#part-says")).to_have_attribute("data-kind", "kept")
    expect(page.locator("#part-says")).to_contain_text("all but")
    assert not asked
    question = page.locator("#question").input_value()
    shift = next(s for s in told["pieces"][0]["shifts"] if s["question"] == question)
    percent = re.search(r"\((?:less than |more than )?([\d.]+)", page.locator("#part-answer").inner_text())
    assert percent is not None
    assert float(percent[1]) == pytest.approx(100 * shift["without"], abs=1.01)
    expect(page).to_have_url(re.compile("without="))
    accessible(page)
    page.locator("#no-pieces").click()
    expect(page.locator("#part-says")).to_contain_text("No evidence is weighed")
    expect(page.locator("#no-pieces")).to_be_disabled()
    page.locator("#all-pieces").click()
    expect(page.locator("#part-says")).to_contain_text("are weighed: the numbers of the kept forecast")


def test_any_other_part_is_estimated_then_exact(page: Page, foreseen: str, server: Running) -> None:
    opened(page, foreseen)
    uncheck(page, 0)
    uncheck(page, 1)
    expect(page.locator("#part-says")).to_contain_text(f"Exact: all {DRAWS} draws weighed anew", timeout=LONG)
    told = server.send("POST", f"/api/cases/{foreseen}/forecast", {})["forecast"]
    kept = [piece["key"] for piece in told["pieces"][2:]]
    exact = server.send(
        "POST", f"/api/cases/{foreseen}/forecast/part", {"run": told["run"], "pieces": kept}
    )  # fmt: skip
    question = page.locator("#question").input_value()
    mean = next(a["band"]["mean"] for a in exact["answers"] if a["question"] == question)
    shown = re.search(r"\((?:less than |more than )?([\d.]+)", page.locator("#part-answer").inner_text())
    assert shown is not None
    assert float(shown[1]) == pytest.approx(100 * mean, abs=1.01)
    page.reload()
    expect(page.locator("#part-says")).to_contain_text("Exact", timeout=LONG)
    expect(page.locator("#piece-0")).not_to_be_checked()
    expect(page.locator("#piece-1")).not_to_be_checked()
    expect(page.locator("#piece-2")).to_be_checked()


def test_an_answer_that_cannot_be_had_leaves_the_estimate(page: Page, foreseen: str) -> None:
    opened(page, foreseen)
    error = {"code": "too-slow", "message": "answering took too long", "hint": "", "issues": []}
    page.route("**/forecast/prepare", lambda route: route.fulfill(status=503, json={"error": error}))
    uncheck(page, 0)
    uncheck(page, 1)
    expect(page.locator("#part-says")).to_have_attribute("data-kind", "failed", timeout=LONG)
    expect(page.locator("#alert")).to_contain_text("answering took too long")
    expect(page.locator("#part-answer")).to_contain_text("%")


def test_another_question_is_chosen_with_the_keyboard(page: Page, foreseen: str) -> None:
    opened(page, foreseen)
    before = page.locator("#question").input_value()
    page.locator("#question").focus()
    page.keyboard.press("ArrowDown")
    if page.locator("#question").input_value() == before:
        page.keyboard.press("ArrowUp")
    chosen = page.locator("#question").input_value()
    assert chosen != before
    expect(page.locator("#questions tr.chosen")).to_have_count(1)
    expect(page).to_have_url(re.compile(f"question={chosen}"))
    page.reload()
    expect(page.locator("#question")).to_have_value(chosen, timeout=LONG)


def test_publishing_asks_first_and_happens_once(
    page: Page, foreseen: str, server: Running, accessible: Callable[[Page], None]
) -> None:
    opened(page, foreseen)
    expect(page.locator("#published-says")).to_contain_text("Nothing of this case is published yet")
    page.locator("#publish").click()
    expect(page.locator("#sure")).to_be_visible()
    accessible(page)
    page.locator("#sure-no").click()
    assert server.get(f"/api/cases/{foreseen}/forecasts")["entries"] == []
    page.locator("#publish").click()
    page.locator("#sure-yes").click()
    expect(page.locator("#published-says")).to_contain_text("Published as entry")
    (entry,) = server.get(f"/api/cases/{foreseen}/forecasts")["entries"]
    expect(page.locator("#published")).to_contain_text(entry["sha256"])
    expect(page.locator("#publish")).to_be_disabled()
    page.reload()
    expect(page.locator("#published")).to_contain_text(entry["sha256"])
    expect(page.locator("#publish")).to_be_disabled()
    accessible(page)


def test_a_scenario_without_a_forecast_of_its_own_says_so(page: Page, foreseen: str) -> None:
    opened(page, foreseen)
    expect(page.locator("#made")).to_contain_text("kept as run")
    page.locator("#controls input[type=range]").first.focus()
    page.keyboard.press("End")
    expect(page.locator("#made")).to_contain_text("There is no forecast over draws for this scenario yet")
    expect(page.locator("#evidence-card")).to_be_hidden()
    page.locator("#scenario-reset").click()
    expect(page.locator("#made")).to_contain_text("kept as run", timeout=LONG)
    expect(page.locator("#evidence-card")).to_be_visible()
