"""The frame of every page, what a case page is given, and what stands instead where something is amiss."""

from __future__ import annotations

import json
import re
from importlib import resources
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from servanda.report.charts.theme import DARK
from servanda.store import Store
from servanda.web.pages import CASE_PAGES, carried

SCRIPT = re.compile(r"<script\b([^>]*)>(.*?)</script>", re.DOTALL)
STATIC = Path(str(resources.files("servanda.web"))) / "static"


def held(text: str, name: str) -> object:
    """The JSON that a page holds for its scripts."""
    found = re.search(rf'<script type="application/json" id="{name}">(.*?)</script>', text, re.DOTALL)
    assert found is not None
    return json.loads(found[1])


def test_the_first_page_says_what_there_is_to_start_from(client: TestClient) -> None:
    text = client.get("/").text
    assert "Can the agreement be kept?" in text
    assert "None yet." in text
    assert text.index('value="us-iran"') < text.index('value="agreed-framework-1994"') < text.index('value="theory/')


def test_the_first_page_lists_the_cases_with_what_is_known_of_them(client: TestClient, small: str, kept: Store) -> None:
    before = kept.case(small)
    kept.save_case(small, before.text + "\n# more\n", "<b>Better</b>", seen=1, note="more")
    text = client.get("/").text
    assert f'href="/cases/{small}/verdict">&lt;b&gt;Better&lt;/b&gt;</a>' in text
    assert "version 2" in text
    assert "open it to see" in text
    assert held(text, "taken") == [small]


def test_a_case_page_is_given_dates_drafts_and_controls(client: TestClient, small: str) -> None:
    text = client.get(f"/cases/{small}/verdict").text
    data = held(text, "case-data")
    assert isinstance(data, dict)
    assert (data["name"], data["version"], data["newest"]) == (small, 1, 1)
    assert (data["start"], data["as_of"]) == ("2024-01-01", "2024-07-01")
    assert [draft["name"] for draft in data["drafts"]] == ["agreement", "inspected"]
    assert data["controls"]["parameters"][0]["stops"]
    assert "Information as of <strong>1 Jul 2024</strong>" in text


def test_links_between_pages_carry_the_scenario_and_nothing_else(client: TestClient, small: str) -> None:
    query = "?version=1&set=x:0.5&off=weak+verification&draft=inspected"
    text = client.get(f"/cases/{small}/why{query}&a=other").text
    for stem, _ in CASE_PAGES:
        assert f'href="/cases/{small}/{stem}{query.replace("&", "&amp;")}"' in text
    assert carried([("a", "1"), ("b", "2")]) == ""


def test_a_case_without_a_page_leads_to_its_verdict(client: TestClient, small: str) -> None:
    answer = client.get(f"/cases/{small}/?off=x", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (307, f"/cases/{small}/verdict?off=x")


@pytest.mark.parametrize("address", ["nobody/verdict", "small/why?version=7", "small/why?version=x"])
def test_an_unknown_case_or_version_gives_a_page_that_says_so(client: TestClient, small: str, address: str) -> None:
    answer = client.get(f"/cases/{address}")
    assert answer.status_code == 404
    assert "Nothing of this name here" in answer.text
    assert "not-found" in answer.text


def test_a_case_with_errors_still_has_its_pages_and_says_what_is_wrong(client: TestClient, kept: Store) -> None:
    kept.create_case("broken", "case: broken\ntitle: Broken\nstart: never\n", "Broken")
    answer = client.get("/cases/broken/verdict")
    assert answer.status_code == 200
    assert "This version cannot be played" in answer.text
    assert "Line 3:" in answer.text
    assert 'href="/cases/broken/edit"' in answer.text
    data = held(answer.text, "case-data")
    assert isinstance(data, dict)
    assert data["controls"] is None


def test_titles_and_names_of_a_case_cannot_become_markup(client: TestClient, kept: Store, small: str) -> None:
    evil = "</script><img src=x onerror=alert(1)>"
    text = kept.case(small).text.replace("title: A small dispute", f'title: "{evil}"')
    kept.create_case("evil", text, evil)
    page = client.get("/cases/evil/verdict").text
    assert "<img" not in page
    data = held(page, "case-data")
    assert isinstance(data, dict)
    assert data["title"] == evil


def test_pages_hold_no_script_of_their_own_and_load_only_from_this_server(client: TestClient, small: str) -> None:
    pages = ("verdict", "credibility", "why")
    for address in ("/", *(f"/cases/{small}/{stem}" for stem in pages), "/cases/nobody/why"):
        text = client.get(address).text
        for attributes, inside in SCRIPT.findall(text):
            assert not inside.strip() or 'type="application/json"' in attributes
        assert not re.search(r"""(?:src|href)=["'](?:https?:)?//""", text)
        assert not re.search(r"\son[a-z]+=|\sstyle=", text)


def test_charts_on_dark_paper_have_the_colours_of_the_reports(client: TestClient) -> None:
    assert '<link rel="stylesheet" href="/static/charts.css">' in client.get("/").text
    answer = client.get("/static/charts.css")
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    style = answer.text
    for light, dark in DARK.items():
        for attribute in ("fill", "stroke"):
            assert f'.chart svg [{attribute}="{light}"] {{ {attribute}: {dark}; }}' in style


def test_modules_import_only_modules_that_are_there() -> None:
    for module in STATIC.glob("*.js"):
        text = module.read_text("utf-8")
        for wanted, source in re.findall(r'import \{([^}]*)\} from "\./([a-z]+)\.js"', text):
            assert (STATIC / f"{source}.js").is_file(), f"{module.name}: {source}"
            other = (STATIC / f"{source}.js").read_text("utf-8")
            for name in (part.split(" as ")[0].strip() for part in wanted.split(",")):
                assert re.search(rf"export (?:const|let|class|function|async function) {name}\b", other), (
                    f"{module.name}: {name} of {source}.js"
                )
