"""Several users move sliders at once: everybody gets the answer to their own question."""

from __future__ import annotations

import http.client
import json
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import pytest

from servanda.case import parse_text
from servanda.live import Bench
from tests.browser.running import Running, running
from tests.web import small as small_case

USERS = 8
MOVES = 6
SLIDERS = {"drift": (0.1, 0.4), "turnover": (0.35, 0.7), "exit_political": (3.0, 15.0)}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("load")
    with running(str(folder / "store.db"), folder / "log.txt", "--workers=0") as found:
        found.send("POST", "/api/cases", {"name": small_case.NAME, "text": small_case.text()})
        yield found


def test_every_user_gets_the_right_answers(server: Running) -> None:
    with ThreadPoolExecutor(USERS) as users:
        found = [pair for pairs in users.map(lambda seed: moved(server, seed), range(USERS)) for pair in pairs]
    bench = Bench.of(parse_text(small_case.text()))
    assert len(found) == USERS * MOVES
    for values, answer in found:
        live = bench.answer(values)
        assert answer["probability"] == pytest.approx(max(draft.holds for draft in live.drafts), abs=1e-12)
        told = {draft["draft"]: (draft["sign"], draft["keep"], draft["holds"]) for draft in answer["drafts"]}
        for draft in live.drafts:
            assert told[draft.draft] == pytest.approx((draft.sign, draft.keep, draft.holds), abs=1e-12), values


def moved(server: Running, seed: int) -> list[tuple[dict[str, float], Any]]:
    """What one user asked and got: moves of sliders over one kept connection."""
    chance = random.Random(seed)
    values: dict[str, float] = {}
    found = []
    with closing(http.client.HTTPConnection(server.address.removeprefix("http://"), timeout=120)) as connection:
        for _ in range(MOVES):
            name = chance.choice(list(SLIDERS))
            values = values | {name: round(chance.uniform(*SLIDERS[name]), 3)}
            body = json.dumps({"set": values, "off": []})
            headers = {"Content-Type": "application/json", "X-Servanda": "1"}
            connection.request("POST", f"/api/cases/{small_case.NAME}/verdict", body, headers)
            answer = connection.getresponse()
            told = json.loads(answer.read())
            assert answer.status == 200, told
            found.append((values, told))
    return found
