"""Writes the dump of a store with rows in every table, as a released version leaves it behind.

Before a release that changes the tables: `python -m tests.store.freezing` writes `schemas/<version>.<database>.sql`,
once for each version and never again. `test_migrating.py` leads every dump forward to the present version.
"""

from __future__ import annotations

import sqlite3
import subprocess
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from servanda.forecast.register import Asked, Forecasts, Outcome
from servanda.store import Store
from servanda.store.tables import REVISION
from tests.store.databases import needed, postgres_server
from tests.store.kept import new_run

SCHEMAS = Path(__file__).parent / "schemas"


def fill(store: Store) -> None:
    """Something in every table."""
    store.create_case("pledge", "case: pledge\n# é\n", "A pledge", note="as found")
    store.save_case("pledge", "case: pledge\n# better\n", "A pledge", seen=1, note="mended")
    store.create_case("aside", "case: aside\n", "Put aside")
    store.archive_case("aside")
    run = store.add_run(new_run(version=2, scenario={"set": {"a": 0.1}, "off": ["b"]}, options={"draws": 64}))
    asked = Asked("war", "War before 2027?", "by", date(2027, 1, 1), 0.07, 0.02, 0.15, "very unlikely")
    store.publish(Forecasts("pledge", date(2025, 1, 1), "c0ffee", "1", (), (asked,)))
    store.publish(Outcome("pledge", "war", False, date(2027, 1, 2), "Reuters", date(2027, 1, 1)))
    store.add_job("run", "pledge", {"set": {}})
    for _ in range(2):
        store.add_job("forecast", "pledge", {"draws": 64})
    done, running = store.claim_job("w1"), store.claim_job("w2")
    assert done is not None
    assert running is not None
    store.finish_job(done.id, run.id)
    store.beat(running.id, 0.5, "draws")


def main() -> None:
    """Write both dumps of the present version; those that are there stay as they are."""
    SCHEMAS.mkdir(exist_ok=True)
    lite, post = (SCHEMAS / f"{REVISION}.{name}.sql" for name in ("sqlite", "postgresql"))
    if not lite.exists():
        with TemporaryDirectory() as folder:
            file = Path(folder) / "store.db"
            with Store.open(str(file)) as store:
                fill(store)
            connection = sqlite3.connect(file)
            lite.write_text("\n".join(connection.iterdump()) + "\n", encoding="utf-8")
            connection.close()
    if not post.exists():
        with postgres_server() as server:
            with Store.open(url := server.fresh()) as store:
                fill(store)
            words = ["--inserts", "--no-owner", "--no-privileges", "-U", "postgres", "-h", str(server.socket)]
            program = [str(needed() / "pg_dump"), *words, url.partition("@/")[2].partition("?")[0]]
            said = subprocess.run(program, check=True, capture_output=True, text=True).stdout
            # lines for its own terminal, which are no SQL
            kept = [line for line in said.splitlines() if not line.startswith("\\")]
            post.write_text("\n".join(kept) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
