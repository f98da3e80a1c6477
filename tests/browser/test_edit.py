"""The editor in a browser: checked while typing, completed, compared, saved, and nobody's work overwritten."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.running import Running

READY = "#main[data-ready]"


def opened(page: Page, case: str, query: str = "") -> None:
    page.goto(f"/cases/{case}/edit{query}")
    page.wait_for_selector(READY)


def caret(page: Page, at: str, *, after: bool = True) -> None:
    """Put the cursor behind (or before) the first place where a text stands."""
    found = page.evaluate(
        """([said, after]) => {
          const area = document.querySelector("textarea.code-text");
          const at = area.value.indexOf(said);
          if (at < 0) return false;
          area.focus();
          const end = at + (after ? said.length : 0);
          area.setSelectionRange(end, end);
          return true;
        }""",
        [at, after],
    )
    assert found, at


def written(page: Page) -> str:
    return page.locator("textarea.code-text").input_value()


def settled(page: Page, *words: str) -> None:
    expect(page.locator("#state")).to_contain_text(re.compile("|".join(words)))


def kept(server: Running, case: str) -> str:
    text = server.get(f"/api/cases/{case}")["text"]
    assert isinstance(text, str)
    return text


def test_it_loads_with_line_numbers_colours_and_its_checks(
    page: Page, small: str, server: Running, accessible: Callable[[Page], None]
) -> None:
    opened(page, small)
    assert written(page) == kept(server, small)
    settled(page, "sound case")
    expect(page.locator(".code-numbers div").first).to_have_text("1")
    assert page.locator(".code-paint .y-key").count() > 5
    expect(page.locator("#diff")).to_contain_text("No difference between version 1 and this text.")
    expect(page.locator("#save")).to_be_disabled()
    accessible(page)
    page.locator("#theme").click()
    accessible(page)


def test_the_coloured_copy_lies_under_the_text(page: Page, small: str) -> None:
    opened(page, small)
    page.locator("textarea.code-text").evaluate("area => { area.scrollTop = 900; }")
    page.wait_for_timeout(200)
    shown = page.evaluate(
        """() => {
          const area = document.querySelector("textarea.code-text");
          const height = parseFloat(getComputedStyle(area).lineHeight);
          const lines = area.value.split("\\n");
          const box = area.getBoundingClientRect();
          const padding = parseFloat(getComputedStyle(area).paddingTop);
          const wrong = [];
          for (const row of document.querySelectorAll(".code-line")) {
            const top = row.getBoundingClientRect().top - box.top;
            const line = Math.round((top + area.scrollTop - padding) / height);
            if (row.textContent.replace("\\u200b", "") !== lines[line]) wrong.push(line);
            if (Math.abs(line * height + padding - area.scrollTop - top) > 1) wrong.push([line, top]);
          }
          const numbers = [...document.querySelectorAll(".code-numbers div")];
          const rows = [...document.querySelectorAll(".code-line")];
          const apart = Math.abs(numbers[20].getBoundingClientRect().top - rows[20].getBoundingClientRect().top);
          return {wrong, apart, rows: rows.length, all: lines.length};
        }"""
    )
    assert shown["wrong"] == []
    assert shown["apart"] < 1
    assert shown["rows"] < shown["all"]


def test_an_error_is_told_at_its_line_and_one_click_leads_there(
    page: Page, small: str, accessible: Callable[[Page], None]
) -> None:
    opened(page, small)
    caret(page, "period: ")
    page.keyboard.type("sometimes ")
    settled(page, "Not a case yet: 1 error")
    issue = page.locator("#issues button").first
    expect(issue).to_contain_text("sometimes")
    line = int(re.search(r"line (\d+)", issue.inner_text())[1])  # type: ignore[index]
    expect(page.locator(".code-numbers .error")).to_have_text(str(line))
    assert page.locator(".code-line.error .wrong").count() == 1
    accessible(page)
    page.locator("#note").focus()
    issue.press("Enter")
    at = page.locator("textarea.code-text").evaluate("area => area.value.slice(0, area.selectionStart)")
    assert at.endswith("period: ")
    for _ in range(12):
        page.keyboard.press("Control+z")
    settled(page, "sound case")
    expect(page.locator("#issues li")).to_have_count(0)


def test_keys_and_names_are_completed_by_keyboard(page: Page, small: str, accessible: Callable[[Page], None]) -> None:
    opened(page, small)
    caret(page, "title: A small dispute")
    page.keyboard.press("Enter")
    page.keyboard.type("lear")
    option = page.locator(".code-list [role=option]").first
    expect(option).to_contain_text("learn_from")
    area = page.locator("textarea.code-text")
    expect(area).to_have_attribute("aria-activedescendant", re.compile("code-list"))
    accessible(page)
    page.keyboard.press("Tab")
    assert "dispute\nlearn_from: \n" in written(page)
    expect(option).to_have_text(re.compile("2024-01-01"))
    page.keyboard.press("Escape")
    expect(page.locator(".code-list")).to_be_hidden()


def test_suggestions_come_when_asked_for_and_go_with_escape(page: Page, small: str) -> None:
    opened(page, small)
    caret(page, "period: ", after=False)
    page.keyboard.press("Control+Space")
    expect(page.locator(".code-list")).to_be_visible()
    page.keyboard.press("ArrowDown")
    chosen = page.locator(".code-list [aria-selected=true] .code-shown").inner_text()
    page.keyboard.press("Escape")
    expect(page.locator(".code-list")).to_be_hidden()
    assert f"{chosen}: period" not in written(page)
    page.keyboard.press("Control+Space")
    expect(page.locator(".code-list")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert re.search(rf"^{chosen}: ?period:", written(page), re.MULTILINE)


def test_tab_indents_and_the_keyboard_is_not_trapped(page: Page, small: str) -> None:
    opened(page, small)
    caret(page, "period: ", after=False)
    page.keyboard.press("Tab")
    assert "\n  period: " in written(page)
    page.keyboard.press("Shift+Tab")
    assert "\nperiod: " in written(page)
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    assert not page.evaluate("document.activeElement.matches('textarea.code-text')")
    expect(page.locator("#keys")).to_contain_text("press Esc, then Tab, to leave")


def test_a_new_line_begins_where_the_last_one_did(page: Page, small: str) -> None:
    opened(page, small)
    caret(page, "drafts:\n  agreement:")
    page.keyboard.press("Enter")
    page.keyboard.type("x")
    assert "drafts:\n  agreement:\n    x\n" in written(page)


def test_what_changed_is_shown_by_line_and_word(page: Page, small: str, accessible: Callable[[Page], None]) -> None:
    opened(page, small)
    caret(page, "title: A small dispute")
    page.keyboard.type(" indeed")
    expect(page.locator("#diff caption")).to_have_text("From version 1 to this text: 1 line removed, 1 added")
    expect(page.locator("#diff ins")).to_have_text(["indeed"], use_inner_text=True)
    page.locator("#layout").select_option("aside")
    expect(page.locator("#diff table.aside td.new")).to_have_count(1)
    accessible(page)


def test_saving_makes_a_new_version_with_its_note(page: Page, small: str, server: Running) -> None:
    opened(page, small)
    caret(page, "title: A small dispute")
    page.keyboard.type(" indeed")
    settled(page, "sound case")
    page.locator("#note").fill("said indeed")
    expect(page.locator("#save")).to_be_enabled()
    page.locator("#save").click()
    expect(page.locator("#dirty")).to_have_text("Saved as version 2.")
    assert "title: A small dispute indeed" in kept(server, small)
    versions = server.get(f"/api/cases/{small}/versions")["versions"]
    assert [(each["version"], each["note"]) for each in versions] == [(2, "said indeed"), (1, "")]
    page.wait_for_selector(READY)
    page.locator("#against").select_option("1")
    expect(page.locator("#diff caption")).to_contain_text("From version 1 to this text: 1 line removed")


def test_a_text_with_errors_is_kept_as_unfinished_only_when_it_says_so(page: Page, small: str, server: Running) -> None:
    opened(page, small)
    caret(page, "period: ")
    page.keyboard.type("sometimes ")
    settled(page, "Not a case yet")
    expect(page.locator("#save")).to_have_text("Save unfinished as version 2")
    page.locator("#save").click()
    expect(page.locator("#dirty")).to_have_text("Saved as version 2.")
    assert "period: sometimes" in kept(server, small)
    settled(page, "Not a case yet")


def test_unsaved_work_survives_a_reload(page: Page, small: str) -> None:
    opened(page, small)
    caret(page, "title: A small dispute")
    page.keyboard.type(" unsaved")
    expect(page.locator("#dirty")).to_contain_text("Changed and not saved")
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    page.wait_for_selector(READY)
    assert "unsaved" not in written(page)
    box = page.locator("#kept")
    expect(box).to_contain_text("Unsaved work is kept in this browser")
    box.get_by_role("button", name="Show what it changes").click()
    expect(page.locator("#diff ins")).to_have_text(["unsaved"], use_inner_text=True)
    box.get_by_role("button", name="Take it up again").click()
    assert "title: A small dispute unsaved" in written(page)
    page.reload()
    page.wait_for_selector(READY)
    page.get_by_role("button", name="Throw it away").click()
    page.reload()
    page.wait_for_selector(READY)
    expect(page.locator("#kept")).to_be_hidden()


def test_leaving_with_unsaved_work_warns(page: Page, small: str) -> None:
    opened(page, small)
    caret(page, "title: A small dispute")
    page.keyboard.type("!")
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.goto("/library")
    assert asked == ["beforeunload"]


def conflicting(page: Page, second_page: Page, case: str, mine: str, theirs: tuple[str, str]) -> None:
    """Both open the case; the second saves first."""
    opened(page, case)
    opened(second_page, case)
    caret(second_page, theirs[0])
    second_page.keyboard.type(theirs[1])
    settled(second_page, "sound case")
    second_page.locator("#note").fill("theirs")
    second_page.locator("#save").click()
    expect(second_page.locator("#dirty")).to_have_text("Saved as version 2.")
    caret(page, "title: A small dispute")
    page.keyboard.type(mine)
    settled(page, "sound case")
    page.locator("#save").click()
    expect(page.locator("#stale h2")).to_have_text("Somebody saved this case while you were writing")


def test_the_second_editor_is_told_and_may_put_both_together(
    page: Page, second_page: Page, small: str, server: Running, accessible: Callable[[Page], None]
) -> None:
    conflicting(page, second_page, small, " (mine)", ("case: small", "  # theirs"))
    assert "(mine)" not in kept(server, small)
    stale = page.locator("#stale")
    expect(stale).to_contain_text("Version 2 was saved on")
    expect(stale).to_contain_text("theirs")
    expect(stale.locator("table.aside ins").first).to_be_visible()
    stale.get_by_role("button", name="What they changed").click()
    expect(stale.locator("td.new")).to_contain_text("# theirs")
    accessible(page)
    stale.get_by_role("button", name="Put both together").click()
    settled(page, "sound case")
    expect(page.locator("#save")).to_have_text("Save as version 3")
    page.locator("#save").click()
    expect(page.locator("#dirty")).to_have_text("Saved as version 3.")
    text = kept(server, small)
    assert "title: A small dispute (mine)" in text
    assert "case: small  # theirs" in text


def test_changes_of_the_same_line_are_decided_by_a_person(
    page: Page, second_page: Page, small: str, server: Running
) -> None:
    conflicting(page, second_page, small, " (mine)", ("title: A small dispute", " (theirs)"))
    stale = page.locator("#stale")
    expect(stale).to_contain_text("Both of you changed the same lines in 1 place")
    expect(stale.get_by_role("button", name="Put both together")).to_have_count(0)
    stale.get_by_role("button", name="Save mine on top, as version 3").click()
    expect(page.locator("#dirty")).to_have_text("Saved as version 3.")
    assert "title: A small dispute (mine)\n" in kept(server, small)
    theirs = server.get(f"/api/cases/{small}?version=2")["text"]
    assert "title: A small dispute (theirs)\n" in theirs


def test_theirs_can_be_taken(page: Page, second_page: Page, small: str, server: Running) -> None:
    conflicting(page, second_page, small, " (mine)", ("title: A small dispute", " (theirs)"))
    page.locator("#stale").get_by_role("button", name="Take theirs, drop mine").click()
    page.wait_for_selector(READY)
    expect(page.locator("textarea.code-text")).to_have_value(re.compile(r"dispute \(theirs\)"))
    expect(page.locator("#kept")).to_be_hidden()


def test_an_older_version_is_not_saved_over_the_newest_in_silence(page: Page, small: str, server: Running) -> None:
    text = kept(server, small)
    server.send("PUT", f"/api/cases/{small}", {"text": f"{text}# two\n", "seen": 1})
    opened(page, small, "?version=1")
    assert not written(page).endswith("# two\n")
    caret(page, "title: A small dispute")
    page.keyboard.type(" again")
    settled(page, "sound case")
    page.locator("#save").click()
    expect(page.locator("#stale")).to_contain_text("You began from version 1")


def test_the_verdict_of_the_text_stands_beside_it(page: Page, small: str) -> None:
    opened(page, small)
    page.locator("#try").click()
    expect(page.locator("#tried")).to_have_text("Of the text as it stands.", timeout=60_000)
    expect(page.locator("#gates .number")).not_to_be_empty()
    expect(page.locator("#gates h3").first).to_be_visible()
    expect(page.locator("#gates .gate-row")).to_have_count(8)


def test_a_text_with_errors_has_no_verdict(page: Page, small: str) -> None:
    opened(page, small)
    caret(page, "period: ")
    page.keyboard.type("sometimes ")
    settled(page, "Not a case yet")
    page.locator("#try").click()
    expect(page.locator("#tried")).to_have_text("No verdict: the text has errors.")


def test_an_address_leads_to_a_line(page: Page, small: str) -> None:
    opened(page, small, "#line-30")
    at = page.locator("textarea.code-text").evaluate(
        "area => area.value.slice(0, area.selectionStart).split('\\n').length"
    )
    assert at == 30


def test_a_server_that_does_not_answer_is_told(page: Page, small: str) -> None:
    opened(page, small)
    page.route("**/api/check", lambda route: route.abort())
    caret(page, "title: A small dispute")
    page.keyboard.type("!")
    settled(page, "Not checked: The workbench does not answer")
    page.unroute("**/api/check")
    page.keyboard.type("!")
    settled(page, "sound case")
