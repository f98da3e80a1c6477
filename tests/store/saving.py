"""A process that saves as long as it lives, and tells each thing that it was promised is kept.

`python saving.py URL race` saves version after version, each when told the number that it has seen; `… pour` saves
cases, runs and jobs without a pause.
"""

from __future__ import annotations

import sys

from servanda.provenance import provenance_of
from servanda.store import NewRun, StaleVersionError, Store


def tell(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def race(store: Store) -> None:
    tell("ready")
    for line in sys.stdin:
        seen = int(line)
        try:
            tell(f"saved {store.save_case('pledge', f'{sys.argv[3]} on {seen}', 'A pledge', seen=seen).version}")
        except StaleVersionError as error:
            tell(f"stale {error.current.version if error.current else 0}")


def pour(store: Store) -> None:
    seen = store.case("pledge").version
    how = provenance_of("pledge", "", [])
    tell("ready")
    while True:
        text = f"version {seen + 1}\n" * 20_000
        seen = store.save_case("pledge", text, "A pledge", seen=seen).version
        tell(f"case {seen}")
        files = {f"{n}.txt": f"{seen} {n}".encode() * 5_000 for n in range(5)}
        tell(f"run {store.add_run(NewRun('run', 'pledge', text, text, 'H', {'n': seen}, how, 1.0, files=files)).id}")
        tell(f"job {store.add_job('run', 'pledge', {'n': seen}).id}")


if __name__ == "__main__":
    with Store.open(sys.argv[1]) as opened:
        (race if sys.argv[2] == "race" else pour)(opened)
