"""Real processes: two that save the same case, and one that is killed while it saves."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from servanda.store import Store
from servanda.store.records import digest_of

SAVING = Path(__file__).with_name("saving.py")


@contextmanager
def process(url: str, *words: str) -> Iterator[subprocess.Popen[str]]:
    running = subprocess.Popen(
        [sys.executable, str(SAVING), url, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with running:
        try:
            yield running
        finally:
            running.kill()


def said(running: subprocess.Popen[str]) -> str:
    assert running.stdout is not None
    return running.stdout.readline().strip()


def test_of_two_that_save_on_the_same_version_one_wins_and_the_other_is_told(url: str) -> None:
    with Store.open(url) as store, ExitStack() as stack:
        store.create_case("pledge", "first", "A pledge")
        both = [stack.enter_context(process(url, "race", name)) for name in ("ann", "bea")]
        assert [said(one) for one in both] == ["ready", "ready"]
        for seen in range(1, 31):
            for one in both:
                assert one.stdin is not None
                one.stdin.write(f"{seen}\n")
            for one in both:
                one.stdin.flush()  # type: ignore[union-attr]
            assert sorted(said(one) for one in both) == [f"saved {seen + 1}", f"stale {seen + 1}"]
        assert [v.version for v in store.versions("pledge")] == list(range(31, 0, -1))


def test_killed_while_saving_nothing_promised_is_lost_and_nothing_is_half(url: str) -> None:
    dice = random.Random(7)
    promised: dict[str, list[str]] = {"case": [], "run": [], "job": []}
    with Store.open(url) as store:
        store.create_case("pledge", "version 1\n" * 20_000, "A pledge")
        for _ in range(4):
            with process(url, "pour") as running:
                assert said(running) == "ready"
                until = time.monotonic() + 0.15 + 0.3 * dice.random()
                while time.monotonic() < until:
                    kind, name = said(running).split()
                    promised[kind].append(name)
                running.kill()
                assert running.stdout is not None
                # what it had told before it died is promised too; its last line may be cut off
                for line in running.stdout.read().split("\n")[:-1]:
                    kind, name = line.split()
                    promised[kind].append(name)
    with Store.open(url) as store:
        numbers = [v.version for v in reversed(store.versions("pledge"))]
        assert numbers == list(range(1, len(numbers) + 1))
        assert {int(name) for name in promised["case"]} <= set(numbers)
        assert len(promised["case"]) >= 4
        for number in numbers:
            version = store.case("pledge", number)
            assert version.text == f"version {number}\n" * 20_000
            assert version.digest == digest_of(version.text)
        kept = {run.id: run for run in store.runs(limit=1000)}
        assert set(promised["run"]) <= set(kept)
        for run in kept.values():
            assert len(run.files) == 8
            number = store.result(run)["n"]
            assert store.blob(run.files["3.txt"]) == f"{number} 3".encode() * 5_000
        assert store.broken_blobs() == ()
        assert set(promised["job"]) <= {job.id for job in store.jobs(limit=1000)}
