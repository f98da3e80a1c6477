"""Studies that answer at once or after a nap, and a program that sweeps one: what tests interrupt."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from servanda.uncertainty.sweep import sweep


@dataclass(frozen=True)
class Toy:
    """Columns of every kind; every seventh draw fails, every fifth is unsettled. `nap` seconds a range."""

    nap: float = 0.0
    digest: str = "70y"
    fatal: int = -1
    wound: str = ""

    def solve(self, first: int, count: int) -> Mapping[str, NDArray[Any]]:
        time.sleep(self.nap)
        draw = np.arange(first, first + count)
        if self.fatal in draw and not (self.wound and Path(self.wound).exists()):
            if self.wound:
                Path(self.wound).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        failed = draw % 7 == 6
        answer = np.where(failed, np.nan, np.sin(draw) ** 2)
        return {
            "draw": draw,
            "failure": np.where(failed, "no answer: ünsolvable", ""),
            "settled": draw % 5 != 4,
            "parameter.x": np.cos(draw),
            "question.any-deal": answer,
            "outcome.war": 1.0 - answer,
            "path": answer[:, None, None] * np.arange(6.0).reshape(2, 3),
            "gates": np.stack([draw % 2 == 0, draw % 3 == 0], axis=1),
            "state": np.where(draw[:, None] % 2 == 0, np.array(["calm", "war"]), np.array(["crisis", "calm"])),
            "none": np.empty((count, 0)),
        }


def main() -> None:
    """Sweep a toy: folder, draws, workers, nap; a line for every bit of progress."""
    folder, count, workers, nap = sys.argv[1:]

    def tell(done: int, of: int, _left: float) -> None:
        sys.stdout.write(f"{done} of {of}\n")
        sys.stdout.flush()

    sweep(Toy(nap=float(nap)), int(count), folder=Path(folder), workers=int(workers), chunk=3, progress=tell)


if __name__ == "__main__":
    main()
