"""A sweep on a Dask cluster: the bytes of one process, also when a worker is lost on the way."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from servanda.uncertainty.study import SweepError
from servanda.uncertainty.sweep import sweep
from tests.uncertainty.toys import Toy


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    distributed = pytest.importorskip("distributed", reason="Dask is not installed: pip install 'servanda[cluster]'")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
    ) as running:
        yield running


def test_a_cluster_gives_the_bytes_of_one_process(tmp_path: Path, cluster: Any) -> None:
    alone = sweep(Toy(), 60, folder=tmp_path / "alone").path.read_bytes()
    together = sweep(Toy(), 60, folder=tmp_path / "cluster", cluster=cluster.scheduler_address, chunk=5)
    assert together.path.read_bytes() == alone


def test_a_lost_worker_loses_nothing(tmp_path: Path, cluster: Any) -> None:
    # a digest of its own: workers keep the study they have
    alone = sweep(Toy(digest="5l0w"), 60, folder=tmp_path / "alone").path.read_bytes()
    told: list[int] = []

    def tell(done: int, _of: int, _left: float) -> None:
        told.append(done)
        if len(told) == 4:
            nanny = next(iter(cluster.workers.values()))
            os.kill(nanny.pid, signal.SIGKILL)

    found = sweep(
        Toy(nap=0.1, digest="5l0w"),
        60,
        folder=tmp_path / "cluster",
        cluster=cluster.scheduler_address,
        chunk=3,
        progress=tell,
    )
    assert found.path.read_bytes() == alone
    assert told == list(range(0, 61, 3))


@pytest.mark.verify
def test_a_range_that_kills_every_worker_ends_the_sweep(tmp_path: Path, cluster: Any) -> None:
    with pytest.raises(SweepError, match="workers of the cluster died time and again"):
        sweep(Toy(fatal=7, digest="fa7al"), 12, folder=tmp_path, cluster=cluster.scheduler_address, chunk=3)


def test_without_dask_or_without_a_scheduler_there_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("servanda.uncertainty.executors._PATIENCE", 0.5)
    with pytest.raises(SweepError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:9"):
        sweep(Toy(), 4, folder=tmp_path, cluster="tcp://127.0.0.1:9")
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(SweepError, match=r"sweeping on a cluster needs Dask: python -m pip install 'servanda\[cluster"):
        sweep(Toy(), 4, folder=tmp_path, cluster="tcp://127.0.0.1:9")
