"""The map over HTTP and on paper: every place and passage is drawn once, nothing moves with the numbers."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from datetime import date
from functools import cache
from itertools import combinations
from typing import Any

import pytest
from fastapi.testclient import TestClient

from servanda.case import parse_text, read
from servanda.compile import compile_case
from servanda.diagnosis.course import Course, Narrow, course_of
from servanda.diagnosis.play import Play
from servanda.equilibrium import solve
from servanda.store import Store
from servanda.web.drawing import Drawing, drawn
from servanda.web.rooms.map import narrow_says, says
from tests.web import small as small_case

NUMBERS = re.compile(r"-?\d+\.?\d*")


def asked(client: TestClient, name: str, **scenario: Any) -> dict[str, Any]:
    answer = client.post(f"/api/cases/{name}/map", json=scenario)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def refused(client: TestClient, name: str, **scenario: Any) -> tuple[int, str]:
    answer = client.post(f"/api/cases/{name}/map", json=scenario)
    return answer.status_code, answer.json()["error"]["code"]


@cache
def course(draft: str = "agreement") -> Course:
    case = parse_text(small_case.text(), "small")
    compiled = compile_case(case, menu=[draft])
    play = Play(compiled, solve(compiled.game, compiled.numbers()))
    return course_of(play, [d.name for d in case.drafts].index(draft))


def shipped(name: str, draft: int = 0) -> Course:
    case = read(name)
    compiled = compile_case(case, menu=[case.drafts[draft].name])
    return course_of(Play(compiled, solve(compiled.game, compiled.numbers())), draft)


def test_the_map_is_the_course_of_the_draft(client: TestClient, small: str) -> None:
    found, alone = asked(client, small), course()
    assert (found["draft"], found["title"], found["begins"]) == ("agreement", alone.title, "start")
    assert [p["title"] for p in found["places"]] == [s.place.title for s in alone.stays]
    for shown, stay in zip(found["places"], alone.stays, strict=True):
        assert shown["years"] == pytest.approx(stay.years, abs=1e-3)
        assert shown["ever"] == pytest.approx(stay.ever, abs=1e-4)
        assert len(shown["at"]) == len(found["dates"])
    pairs = [(p["source"], p["target"]) for p in found["passages"]]
    assert pairs == [(p.source, p.target) for p in alone.passages]
    for shown, passage in zip(found["passages"], alone.passages, strict=True):
        assert shown["probability"] == pytest.approx(passage.probability, abs=1e-4)
        assert sum(shown["by_period"]) == pytest.approx(passage.passages, abs=1e-4)
        assert sorted(m["title"] for m in shown["moves"]) == sorted(m.title for m in passage.moves)


def test_the_tightest_point_of_every_gate_is_marked(client: TestClient, small: str) -> None:
    found = asked(client, small)
    assert {n["gate"] for n in found["narrow"]} <= {"sign", "ratify", "keep"}
    assert [n["margin"] for n in found["narrow"]] == sorted(n["margin"] for n in found["narrow"])
    drawn_passages = {p for line in found["lines"] for p in line["passages"]}
    for narrow in found["narrow"]:
        assert narrow["passage"] in drawn_passages
        moves = found["passages"][narrow["passage"]]["moves"]
        assert 0 <= narrow["move"] < len(moves)
        assert f"{abs(narrow['margin']):.1f} points" in narrow["says"]


def test_a_map_may_begin_with_the_draft_in_its_first_phase(client: TestClient, small: str) -> None:
    found = asked(client, small, begins="live")
    live = [p for p in found["places"] if p["stage"] in ("phase", "in_force")]
    assert live[0]["at"][0] == 1.0
    assert "ever begins to run" not in found["says"]


def test_numbers_move_and_the_drawing_does_not(client: TestClient, small: str) -> None:
    before, after = asked(client, small), asked(client, small, set={"slight": 8.0}, off=["weak form"])
    assert [p["box"] for p in before["places"]] == [p["box"] for p in after["places"]]
    assert before["lines"] == after["lines"]
    assert [p["ever"] for p in before["places"]] != [p["ever"] for p in after["places"]]


def test_what_cannot_be_mapped_is_told(client: TestClient, small: str, kept: Store) -> None:
    assert refused(client, small, draft="peace") == (422, "unknown-draft")
    assert refused(client, small, set={"hope": 1.0}) == (422, "unknown-parameter")
    assert refused(client, small, off=["hope"]) == (422, "unknown-friction")
    assert refused(client, small, begins="yesterday") == (422, "bad-request")
    assert refused(client, "nowhere") == (404, "not-found")
    kept.create_case("broken", "case: x\n", "Broken")
    assert refused(client, "broken") == (422, "case-error")


def test_the_page_names_the_drafts(client: TestClient, small: str) -> None:
    page = client.get(f"/cases/{small}/map")
    assert page.status_code == 200
    for draft in small_case.DRAFTS:
        assert f'<option value="{draft}">' in page.text
    assert client.get("/cases/nowhere/map").status_code == 404


@pytest.fixture(scope="module", params=["small", "new-start", "inf-1987"])
def mapped(request: pytest.FixtureRequest) -> tuple[Course, Drawing]:
    found = course() if request.param == "small" else shipped(request.param)
    return found, drawn(found)


def test_boxes_lie_apart_and_inside(mapped: tuple[Course, Drawing]) -> None:
    found, drawing = mapped
    assert len(drawing.boxes) == len(found.stays)
    for box in drawing.boxes:
        assert box.x >= 0.0
        assert box.y >= 0.0
        assert box.x + box.width <= drawing.width
        assert box.y + box.height <= drawing.height
    for one, other in combinations(drawing.boxes, 2):
        beside = one.x + one.width <= other.x or other.x + other.width <= one.x
        above = one.y + one.height <= other.y or other.y + other.height <= one.y
        assert beside or above


def test_every_passage_is_drawn_once_and_opposite_ones_apart(mapped: tuple[Course, Drawing]) -> None:
    found, drawing = mapped
    assert sorted(p for line in drawing.lines for p in line.passages) == list(range(len(found.passages)))
    assert len({line.path for line in drawing.lines}) == len(drawing.lines)
    ends = {(line.source, line.target): [float(x) for x in NUMBERS.findall(line.path)] for line in drawing.lines}
    for (source, target), there in ends.items():
        back = ends.get((target, source))
        if back is not None:
            assert math.dist(there[:2], back[6:]) > 8.0
            assert math.dist(there[6:], back[:2]) > 8.0


def test_lines_leave_and_meet_the_boxes_they_join(mapped: tuple[Course, Drawing]) -> None:
    _, drawing = mapped
    for line in drawing.lines:
        numbers = [float(x) for x in NUMBERS.findall(line.path)]
        if len(line.passages) == 1 and drawing.ends is not None and line.source < len(drawing.boxes):
            sides = [(drawing.boxes[line.source], numbers[:2]), (drawing.boxes[line.target], numbers[6:])]
            for box, (x, y) in sides[1:] if _out_of_ends(drawing, line.source) else sides:
                assert box.x - 0.06 <= x <= box.x + box.width + 0.06
                assert box.y - 0.06 <= y <= box.y + box.height + 0.06
        assert 0.0 <= line.label[0] <= drawing.width
        assert 0.0 <= line.label[1] <= drawing.height


def _out_of_ends(drawing: Drawing, place: int) -> bool:
    assert drawing.ends is not None
    return drawing.boxes[place].x >= drawing.ends.x


def test_a_layout_is_the_same_again(mapped: tuple[Course, Drawing]) -> None:
    found, drawing = mapped
    assert drawn(found) == drawing


def test_a_course_without_ends_or_passages_is_drawn_all_the_same() -> None:
    found = course()
    standing = tuple(s for s in found.stays if s.place.stage != "ended")
    bare = drawn(replace(found, stays=standing, passages=(), narrow=()))
    assert bare.ends is None
    assert bare.lines == ()
    assert len(bare.boxes) == len(standing)


def test_sentences_say_who_when_and_by_how_much() -> None:
    narrow = Narrow("keep", 0, 0, "the Ruler", "disarm", "arm", date(2025, 3, 1), -2.25, 0.4)
    assert (
        narrow_says(narrow)
        == "Keep is tightest for the Ruler in Mar 2025: “arm” is better than “disarm” by 2.2 points."
    )
    other = replace(narrow, margin=1.0)
    assert narrow_says(other).endswith("“disarm” is better than “arm” by 1.0 points.")
    told = says(course())
    assert told.startswith("Most time is spent at “")
    assert "The likeliest end at any time" in told
