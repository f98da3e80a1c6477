"""What threats could do, in the report of a run: the answer first, what it rests on, and what was not answered."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from servanda.case import read as read_case
from servanda.diagnosis.answers import Diagnosis
from servanda.report import page
from servanda.report.charts.plain import plain
from servanda.report.enforced import (
    answered,
    cautions,
    certificates,
    conditions,
    coordinates,
    overall,
    proven,
    refused,
    sentences,
    shares_table,
)
from servanda.report.sections import in_short, threat_figures, threats
from servanda.report.tables import to_dict
from servanda.runs import Run, Threats
from tests.report.browsing import Reader
from tests.report.fixtures import make_run
from tests.report.invented_diagnosis import with_text
from tests.report.invented_threats import REFUSED, make_enforcement, make_threats
from tests.report.test_diagnosis_page import BAD, bare, whole


def asked(found: tuple[Threats, ...] = ()) -> Run:
    return replace(bare(Diagnosis()), threats=found)


@pytest.fixture(scope="module")
def text() -> str:
    return page.html(asked(make_threats()))


@pytest.fixture(scope="module")
def words(text: str) -> str:
    return " ".join("".join(Reader(text).text).replace("\N{NO-BREAK SPACE}", " ").split())


def test_the_page_is_whole_and_has_a_picture_and_tables_of_every_answer(text: str) -> None:
    read = Reader(text)
    whole(read)
    assert {a["id"] for a in read.all("figure")} >= {"figure-threats-narrow", "figure-threats-broad"}
    assert text.count("<noscript><img") >= 2
    assert {"threats:narrow", "threats:broad"} <= set(json.loads(read.scripts[0])["charts"])


def test_the_answer_comes_first_and_shares_stand_beside_what_play_reaches(words: str) -> None:
    said = "“Nuclear only”: threats could support 75 % of the gains of a draft that is kept; play as it is reaches 12 %"
    assert words.index(said) < words.index("Probabilities hold at the central value")
    section = words[words.index("Could any enforcement do?") :]
    assert section.index(said) < section.index("Share of the gains within reach, in force")
    assert "No threat could keep “Broad”." in section
    assert "No threat, however harsh, could keep “Broad”: Iran would break it whatever is promised." in section
    assert shares_table(answered(make_threats())).rows == (
        ("Nuclear only", "80 %", "75 %", "12 %", "\N{MINUS SIGN}4 %"),
        ("Broad", "80 %", "impossible", "12 %", "\N{MINUS SIGN}4 %"),
    )


def test_what_was_not_answered_is_said_once_with_its_reason(words: str) -> None:
    assert words.count(REFUSED) == 1
    assert f"Not answered for “Freeze” and “Treaty”: {REFUSED}." in words


def test_reserves_and_certificates_are_told(words: str) -> None:
    assert "what is shown is an outer bound. What it rules out is ruled out." in words
    assert "discount factor of 0.7100 a year" in words
    assert "3e-12 of the range of payoffs" in words
    assert "not written out: too many corners" in words


def test_a_run_that_did_not_ask_says_how_to(text: str) -> None:
    plain_page = Reader(page.html(asked()))
    whole(plain_page)
    assert "Not asked in this run." in "".join(plain_page.text)
    assert 'href="#threats"' in text
    assert in_short(asked()) == ()


def test_only_refusals_still_have_a_section() -> None:
    run = asked(make_threats()[2:])
    read = Reader(page.html(run))
    whole(read)
    assert f"“Freeze” and “Treaty”: {REFUSED}." in "".join(read.text)
    assert overall(run.threats) == f"“Freeze” and “Treaty”: {REFUSED}."


def test_without_two_sides_nothing_is_said_of_threats() -> None:
    case = read_case("theory/investment-reversal")
    read = Reader(page.html(replace(asked(), case=case)))
    assert "threats" not in {a["id"] for a in read.all("section")}


def test_text_of_an_answer_never_becomes_markup(text: str) -> None:
    found = with_text(make_enforcement(), BAD)
    run = asked((Threats(found.draft, BAD, replace(found, draft="narrow"), ""), Threats(BAD, BAD, None, BAD)))
    hostile = Reader(page.html(run))
    whole(hostile)
    assert hostile.scripts[1:] == Reader(text).scripts[1:]
    assert not any(name.startswith("on") for _, attributes in hostile.elements for name in attributes)


def test_a_case_as_it_stands_has_no_draft_to_keep() -> None:
    found = replace(make_enforcement(), draft=None, keepable=None, patience=None, patience_asked=False)
    found = replace(found, standings=(replace(found.standings[0], turnover=None, turnover_share=None),))
    whole(Reader(page.html(asked((Threats(None, found.title, found, ""),)))))
    assert shares_table([found]).columns == ("Case", "Threats could support", "Play as it is reaches")
    assert set(threat_figures([found])) == {"threats:us-iran"}


def test_the_likeliest_draft_comes_first() -> None:
    run = make_run()
    likeliest = max(run.drafts, key=lambda verdict: verdict.holds)
    found = (Threats("z", "Z", make_enforcement("z", "Z"), ""),)
    found += (Threats(likeliest.draft, likeliest.title, make_enforcement(likeliest.draft, likeliest.title), ""),)
    assert [one.draft for one in threats(replace(run, threats=found))] == [likeliest.draft, "z"]


def test_json_holds_the_answers_and_the_refusals() -> None:
    found = to_dict(asked(make_threats()))["threats"]
    assert [one["draft"] for one in found] == ["narrow", "broad", "freeze", "treaty"]
    assert found[0]["found"]["standings"][1]["kept_share"] == 0.75
    assert found[2] == {"draft": "freeze", "title": "Freeze", "found": None, "reason": REFUSED}
    assert to_dict(asked())["threats"] == []


def test_sentences_are_the_answer_the_conditions_the_cautions_and_the_proof() -> None:
    for one in answered(make_threats()):
        proof = proven(one)
        assert list(sentences(one))[1:] == [*conditions(one), *cautions(one), *([proof] if proof else [])]
    assert {row[0]: row[1] for row in certificates(make_enforcement()).rows}["Hangs on a hair"] == "no"


@pytest.mark.parametrize(
    ("drafts", "said"),
    [
        ((0, 1), "“Nuclear only”: threats could support 75 %"),
        ((1,), "No threat, however harsh, could keep “Broad”: Iran would break it"),
        ((0,), "Threats could support 75 % of the gains of a draft that is kept"),
    ],
)
def test_the_bottom_line(drafts: tuple[int, ...], said: str) -> None:
    assert overall([make_threats()[k] for k in drafts]).startswith(said)


def test_two_drafts_that_nothing_keeps() -> None:
    lost = make_threats()[1]
    other = Threats("more", "More", replace(make_enforcement("more", "More", kept=False)), "")
    assert overall([lost, other]).endswith("Nor could any keep “More”.")


def test_corners_that_are_one_to_the_eye_are_one() -> None:
    assert coordinates(((-0.0004, 1.0), (0.0003, 1.0), (2.0, 1.0))) == "(0, 1), (2, 1)"
    assert refused(make_threats()) == [("“Freeze” and “Treaty”", f"{REFUSED}.")]
    assert plain(make_enforcement()) == make_enforcement()
