"""Many users move sliders over HTTP at once: latencies, and every answer compared with the right one.

`python -m benchmarks.workbench [--case NAME] [--users N] [--moves N] [--pause SECONDS]`. A user drags one slider stop
by stop over a kept connection, looks for a pause, and drags on; no two users ask the same. The right answers come from
a bench in this process, after the server has ended.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from servanda.case import find, load
from servanda.live import Bench
from servanda.web.controls import controls

Row = tuple[str, str, str]
HEADERS = {"Content-Type": "application/json", "X-Servanda": "1"}
PATIENCE = 120.0
CLOSE = 1e-9


@dataclass
class Told:
    """What one user asked and got: values, latencies in seconds, answers, and how often it was told to wait."""

    values: list[dict[str, float]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    answers: list[Any] = field(default_factory=list)
    waits: int = 0


def measure_workbench(name: str, users: int = 50, moves: int = 6, pause: float = 1.0) -> list[Row]:
    """One user alone, then many: quantiles of the time from asking to the whole answer, and wrong answers."""
    text = find(name).read_text(encoding="utf-8")
    case = load(find(name)).require()
    sliders = {each["name"]: each["stops"] for each in controls(case)["parameters"]}
    bench = Bench.of(case)
    rows = []
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as address:
        client = _Client(address)
        client.send("/api/cases", {"name": "bench", "text": text})
        for _ in range(2 * (os.cpu_count() or 1)):
            client.send("/api/cases/bench/verdict", {"set": {}, "off": []})
        found = [(1, [moved(address, sliders, 10_000, 2 * moves, pause=0.0)])]
        begun = time.perf_counter()
        with ThreadPoolExecutor(users) as seats:
            told = list(seats.map(lambda seed: moved(address, sliders, seed, moves, pause), range(users)))
        span = time.perf_counter() - begun
        found.append((users, told))
    for count, each in found:
        seconds = np.concatenate([one.seconds for one in each])
        p50, p95, p99 = np.quantile(seconds, (0.5, 0.95, 0.99))
        wrong = sum(
            not right(bench, values, answer)
            for one in each
            for values, answer in zip(one.values, one.answers, strict=True)
        )
        waits = sum(one.waits for one in each)
        note = f"p95 {1000 * p95:.0f} ms, p99 {1000 * p99:.0f} ms; {len(seconds)} answers, {wrong} wrong, {waits} waits"
        if count > 1:
            note += f"; {len(seconds) / span:.1f} a second, pauses of {pause:g} s"
        rows.append((f"{count} user{'s' if count > 1 else ''} moving sliders, median", f"{1000 * p50:.0f} ms", note))
    return rows


def right(bench: Bench, values: Mapping[str, float], answer: Any) -> bool:
    """Whether an answer has the numbers that a bench gives for these values."""
    live = bench.answer(values)
    told = {draft["draft"]: [draft[key] for key in ("sign", "ratify", "keep", "holds")] for draft in answer["drafts"]}
    ours = {draft.draft: [draft.sign, draft.ratify, draft.keep, draft.holds] for draft in live.drafts}
    return told.keys() == ours.keys() and all(np.allclose(told[key], ours[key], rtol=0, atol=CLOSE) for key in ours)


def moved(address: str, sliders: Mapping[str, list[float]], seed: int, moves: int, pause: float) -> Told:
    """One user at the sliders: three stops of one slider in a row, then a look and another slider."""
    chance = random.Random(seed)
    client, told = _Client(address), Told()
    values: dict[str, float] = {}
    name, stop = "", 0
    for move in range(moves):
        if move % 3 == 0:
            time.sleep(chance.uniform(0.5, 1.5) * pause)
            name = chance.choice([each for each in sliders if len(sliders[each]) > 3])
            stop = chance.randrange(len(sliders[name]) - 2)
        # A user's own mark, too small to matter, so that nobody gets what was computed for somebody else.
        values = values | {name: sliders[name][stop + move % 3] * (1 + 1e-7 * seed)}
        begun = time.perf_counter()
        answer, waits = client.asked("/api/cases/bench/verdict", {"set": values, "off": []})
        told.seconds.append(time.perf_counter() - begun)
        told.values.append(dict(values))
        told.answers.append(answer)
        told.waits += waits
    client.connection.close()
    return told


class _Client:
    """A kept connection that speaks as the pages do."""

    def __init__(self, address: str) -> None:
        self.connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=PATIENCE)

    def send(self, path: str, body: object) -> Any:
        answer, _ = self.asked(path, body)
        return answer

    def asked(self, path: str, body: object) -> tuple[Any, int]:
        """The answer, and how often the server said to try again."""
        for waits in range(100):
            self.connection.request("POST", path, json.dumps(body), HEADERS)
            answer = self.connection.getresponse()
            told = json.loads(answer.read())
            if answer.status < 400:
                return told, waits
            if answer.status != 503:
                raise RuntimeError(f"{path}: {told}")
            time.sleep(float(answer.headers["Retry-After"]))
        raise RuntimeError(f"{path}: no answer")


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """A server over a fresh store in a folder."""
    log = folder / "log.txt"
    words = ["serve", "--no-open", "--port=0", "--workers=0", f"--store={folder / 'store.db'}"]
    with log.open("wb") as out:
        process = subprocess.Popen([sys.executable, "-m", "servanda.cli.main", *words], stdout=out, stderr=out)
    try:
        until = time.monotonic() + PATIENCE
        while not (found := re.search(r"http://\S+", log.read_text())):
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"the server does not listen: {log.read_text()}")
            time.sleep(0.05)
        yield found[0].rstrip("/")
    finally:
        process.terminate()
        process.wait(PATIENCE)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--case", default="us-iran", help="shipped case or case file")
    parser.add_argument("--users", type=int, default=50)
    parser.add_argument("--moves", type=int, default=6)
    parser.add_argument("--pause", type=float, default=1.0, help="seconds that a user looks before the next slider")
    chosen = parser.parse_args()
    for title, value, note in measure_workbench(chosen.case, chosen.users, chosen.moves, chosen.pause):
        print(f"{title:<40}  {value:>10}  {note}")


if __name__ == "__main__":
    main()
