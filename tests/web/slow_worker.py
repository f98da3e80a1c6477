"""A worker whose whole runs take their time, in steps that are kept: for tests that kill and stop."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from servanda.provenance import provenance_of
from servanda.web.kinds import KINDS, Made, RunOptions, Work
from servanda.web.worker import main

STEPS = 40


def slow(work: Work) -> Made:
    """Forty steps; those done before are read from the folder, as the ledgers of the product are."""
    folder = Path(os.environ["SLOW_FOLDER"])
    kept = len(list(folder.iterdir()))
    for step in range(kept, STEPS):
        work.progress("steps", step / STEPS)
        time.sleep(float(os.environ["SLOW_STEP"]))
        (folder / str(step)).touch()
    return Made(f"done from {kept}", {"from": kept}, provenance_of("slow", "", []), work.options)


if __name__ == "__main__":
    KINDS["run"] = type(KINDS["run"])("Slow", RunOptions, slow)
    sys.exit(main())
