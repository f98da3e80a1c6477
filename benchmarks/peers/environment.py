"""The peers' own environment: their pins clash with ours, so questions and answers go to and fro as files."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = Path(__file__).with_name("answers.py")
# Importing and compiling a peer takes less than this many seconds.
START = 15.0
MISSING = "The peers are not installed: `make peers` puts them into an environment of their own, `.venv-peers`."


class TookTooLongError(Exception):
    """The peer did not answer within the time limit."""


@dataclass(frozen=True)
class Peers:
    """An interpreter that can import the peers."""

    python: Path

    @classmethod
    def find(cls) -> Peers | None:
        """The peers' interpreter: `$SERVANDA_PEERS`, or that of `.venv-peers` beside the Makefile; None without one."""
        python = Path(os.environ.get("SERVANDA_PEERS", ROOT / ".venv-peers" / "bin" / "python"))
        return cls(python) if python.is_file() else None

    def ask(
        self, task: str, question: Mapping[str, NDArray[Any] | float] | str, limit: float
    ) -> dict[str, NDArray[Any]]:
        """The answer to a question (arrays, or the text of a game file), single-threaded.

        Raises
        ------
        TookTooLongError
            If it takes more than `limit` seconds of processor time beyond what its start may take, or ten times as long
            by the clock.
        RuntimeError
            If the peer fails, with its last words.
        """
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        # how times are taken is the same on both sides
        environment["PYTHONPATH"] = str(ROOT)
        environment |= {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMBA")}
        with tempfile.TemporaryDirectory() as folder:
            asked, answer = Path(folder, "question"), Path(folder, "answer.npz")
            if isinstance(question, str):
                asked.write_text(question, encoding="utf-8")
            else:
                with asked.open("wb") as file:
                    np.savez(file, **{k: np.asarray(v) for k, v in question.items()})
            words = [str(self.python), str(SCRIPT), task, str(asked), str(answer)]
            with Path(folder, "log").open("w+", encoding="utf-8") as log:
                done = subprocess.Popen(words, stdout=log, stderr=log, env=environment)
                try:
                    code = self._watched(done, limit)
                finally:
                    done.kill()
                    done.wait()
                if code is None:
                    raise TookTooLongError(f"{task}: more than {limit:g} s")
                if code:
                    log.seek(0)
                    raise RuntimeError(f"{task}: {log.read()[-800:]}")
            with np.load(answer) as file:
                return dict(file)

    def _watched(self, process: subprocess.Popen[bytes], limit: float) -> int | None:
        """The exit code, or None past the limit. It is watched from here: a limit set by the system makes the process's
        own clock coarse."""
        until = time.monotonic() + START + 10 * limit
        while time.monotonic() < until:
            try:
                return process.wait(max(0.0, min(0.2, until - time.monotonic())))
            except subprocess.TimeoutExpired:
                spent = psutil.Process(process.pid).cpu_times()
                if spent.user + spent.system > START + limit:
                    break
        return None

    def versions(self) -> str:
        """Names and versions of the peers."""
        return str(self.ask("versions", {}, 120.0)["versions"])


class Patience:
    """A peer that is no longer asked once it took too long: larger questions take longer still."""

    def __init__(self, peers: Peers | None, limit: float) -> None:
        self.peers, self.limit, self.lost = peers, limit, False

    def ask(self, task: str, question: Mapping[str, NDArray[Any] | float] | str) -> dict[str, NDArray[Any]] | str:
        """The answer, or why there is none."""
        if self.peers is None:
            return "not installed"
        if self.lost:
            return "not tried"
        try:
            return self.peers.ask(task, question, self.limit)
        except TookTooLongError:
            self.lost = True
            return f"more than {self.limit:g} s"
