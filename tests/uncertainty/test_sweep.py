"""Sweeps: the same bytes on every executor and after any accident, and nothing lost that was finished."""

from __future__ import annotations

import errno
import os
import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Event

import numpy as np
import pyarrow.parquet as pq
import pytest

from servanda.uncertainty import parts as disk
from servanda.uncertainty.study import Study, SweepError, checked
from servanda.uncertainty.sweep import sweep
from servanda.uncertainty.swept import Sweep
from tests.uncertainty.toys import Toy

ROOT = Path(__file__).resolve().parents[2]
HOME = "70y"


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The file of 60 draws, swept in one piece."""
    return sweep(Toy(), 60, folder=tmp_path_factory.mktemp("unbroken")).path.read_bytes()


def toy_process(folder: Path, count: int, workers: int, nap: float) -> subprocess.Popen[str]:
    words = [sys.executable, "-m", "tests.uncertainty.toys", str(folder), str(count), str(workers), str(nap)]
    return subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def killed_sweeps(folder: Path, times: int, workers: int, seed: int, nap: float) -> list[int]:
    """Start the same sweep again and again, kill it at a random moment; draws done at each start."""
    rng = random.Random(seed)
    starts = []
    for _ in range(times):
        process = toy_process(folder, 60, workers, nap)
        assert process.stdout is not None
        starts.append(int(process.stdout.readline().split()[0]))
        for _ in range(rng.randint(0, 3)):
            process.stdout.readline()
        time.sleep(rng.uniform(0.0, 1.5 * nap))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert process.returncode in {-signal.SIGKILL, 0}
    return starts


# What is kept


def test_rows_come_back_as_they_were_given(tmp_path: Path) -> None:
    given = Toy().solve(0, 50)
    found = sweep(Toy(), 50, folder=tmp_path, chunk=7)
    assert list(found) == list(given)
    for name, values in given.items():
        assert found[name].dtype.kind == values.dtype.kind
        assert np.array_equal(found[name], values, equal_nan=values.dtype.kind == "f"), name
    assert (found.draws, found.failed, found.unsettled, found.resumed) == (50, 7, 9, 0)
    assert found.path == tmp_path / HOME / "sweep.parquet"
    again = Sweep.read(found.path)
    assert (again.draws, again.failed, again.unsettled, again.resumed) == (50, 7, 9, 50)
    with pytest.raises(KeyError, match="nowhere"):
        found["nowhere"]
    with pytest.raises(SweepError, match="is no finished sweep"):
        Sweep.read(tmp_path / "absent.parquet")


def test_the_file_does_not_depend_on_chunks_or_row_groups(tmp_path: Path) -> None:
    files = {sweep(Toy(), 2100, folder=tmp_path / str(n), chunk=n).path.read_bytes() for n in (700, 999, 2100)}
    assert len(files) == 1
    path = next(tmp_path.rglob("sweep.parquet"))
    groups = pq.ParquetFile(path).metadata
    assert [groups.row_group(k).num_rows for k in range(groups.num_row_groups)] == [1024, 1024, 52]


def test_more_draws_use_those_there_are_and_fewer_are_their_first(tmp_path: Path, unbroken: bytes) -> None:
    sweep(Toy(), 10, folder=tmp_path, chunk=4)
    asked: list[tuple[int, int]] = []
    # chunks are solved whole, from a multiple of their length on

    class Counting(Toy):
        def solve(self, first: int, count: int) -> dict[str, np.ndarray]:
            asked.append((first, count))
            return dict(super().solve(first, count))

    more = sweep(Counting(), 60, folder=tmp_path, chunk=16)
    assert asked == [(0, 16), (16, 16), (32, 16), (48, 12)]
    assert more.resumed == 0
    assert more.path.read_bytes() == unbroken
    fewer = sweep(Counting(), 20, folder=tmp_path)
    assert (len(asked), fewer.draws, fewer.resumed) == (4, 20, 20)
    assert np.array_equal(fewer["draw"], np.arange(20))
    most = sweep(Counting(), 70, folder=tmp_path, chunk=16)
    assert asked[4:] == [(48, 16), (64, 6)]
    assert most.resumed == 48


def test_a_finished_sweep_is_read_and_not_solved(tmp_path: Path, unbroken: bytes) -> None:
    path = sweep(Toy(), 60, folder=tmp_path).path
    before = path.stat().st_mtime_ns
    found = sweep(Toy(fatal=3), 60, folder=tmp_path)
    assert (found.resumed, path.stat().st_mtime_ns, path.read_bytes()) == (60, before, unbroken)


def test_progress_counts_up_and_tells_the_time_left(tmp_path: Path) -> None:
    told: list[tuple[int, int, float]] = []
    sweep(Toy(), 10, folder=tmp_path, chunk=4, progress=lambda *now: told.append(now))
    assert [done for done, _, _ in told] == [0, 4, 8, 10]
    assert {of for _, of, _ in told} == {10}
    assert np.isnan(told[0][2])
    assert told[1][2] > 0.0
    assert told[-1][2] == 0.0


def test_frames_for_other_libraries(tmp_path: Path) -> None:
    found = sweep(Toy(), 12, folder=tmp_path)
    table = found.to_arrow()
    assert table.num_rows == 12
    frame = found.to_pandas()
    assert frame["path[1, 2]"][3] == found["path"][3, 1, 2]
    assert frame["state[1]"].tolist() == found["state"][:, 1].tolist()
    html = found._repr_html_()
    assert "12 draws, 1 failed, 2 unsettled." in html
    assert "question.any-deal" in html
    assert "parameter.x" not in html
    ((name, mean, low, high),) = found.summary("question.")
    known = found["question.any-deal"][np.isfinite(found["question.any-deal"])]
    assert (name, mean) == ("question.any-deal", known.mean())
    assert (low, high) == tuple(np.quantile(known, [0.1, 0.9]))


def test_polars(tmp_path: Path) -> None:
    pytest.importorskip("polars", reason="polars is not installed")
    found = sweep(Toy(), 12, folder=tmp_path)
    frame = found.to_polars()
    assert frame["path"].to_numpy().shape == (12, 2, 3)
    assert frame["failure"].to_list() == found["failure"].tolist()


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_arviz(tmp_path: Path) -> None:
    found = sweep(Toy(), 12, folder=tmp_path)
    groups = found.groups()
    assert groups["prior"]["x"].shape == (1, 12)
    assert groups["prior_predictive"]["path"].shape == (1, 12, 2, 3)
    assert groups["sample_stats_prior"]["failed"].sum() == 1
    pytest.importorskip("arviz", reason="arviz is not installed")
    kept = found.to_arviz()
    assert kept["prior"]["x"].dims == ("chain", "draw")
    assert np.array_equal(kept["prior_predictive"]["path"].values[0], found["path"], equal_nan=True)


def test_a_library_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = sweep(Toy(), 4, folder=tmp_path)
    for library in ("arviz", "pandas", "polars"):
        monkeypatch.setitem(sys.modules, library, None)
        with pytest.raises(SweepError, match=f"this needs {library}: python -m pip install"):
            getattr(found, f"to_{library}")()


# Promises of a study


def test_a_study_that_breaks_its_promise_is_told() -> None:
    assert isinstance(Toy(), Study)
    rows = dict(Toy().solve(0, 4))
    assert checked(rows, 0, 4)["draw"].dtype == np.int64
    with pytest.raises(ValueError, match="these are not the rows of draws 1 to 4"):
        checked(rows, 1, 4)
    with pytest.raises(ValueError, match=r"column `path` has shape \(3, 2\)"):
        checked({**rows, "path": np.zeros((3, 2))}, 0, 4)
    with pytest.raises(ValueError, match="the column `settled` for every draw"):
        checked({**rows, "settled": np.ones(4)}, 0, 4)
    with pytest.raises(ValueError, match="column `odd` holds complex128"):
        checked({**rows, "odd": np.ones(4, dtype=complex)}, 0, 4)
    with pytest.raises(ValueError, match="a sweep needs draws, chunks and workers: 0, 16, 1"):
        sweep(Toy(), 0, folder=Path())


# Executors


def test_processes_give_the_bytes_of_one(tmp_path: Path, unbroken: bytes) -> None:
    environment = dict(os.environ)
    assert sweep(Toy(), 60, folder=tmp_path, workers=2, chunk=5).path.read_bytes() == unbroken
    assert dict(os.environ) == environment


def test_a_worker_that_is_killed_is_replaced(tmp_path: Path, unbroken: bytes) -> None:
    wounded = Toy(fatal=31, wound=str(tmp_path / "wound"))
    assert sweep(wounded, 60, folder=tmp_path / "sweeps", workers=2, chunk=10).path.read_bytes() == unbroken
    assert (tmp_path / "wound").exists()


@pytest.mark.verify
def test_a_range_that_kills_every_worker_ends_the_sweep_and_keeps_the_rest(tmp_path: Path) -> None:
    with pytest.raises(SweepError, match=r"worker processes died 3 times without an answer \(draws 30 to 39\)"):
        sweep(Toy(fatal=31), 60, folder=tmp_path, workers=2, chunk=10)
    whole = disk.whole_parts(tmp_path / HOME, Toy().digest)
    assert [part.first for part in whole] == [0, 10, 20, 40, 50]


# Accidents


def test_killed_twice_and_the_same_bytes(tmp_path: Path, unbroken: bytes) -> None:
    starts = killed_sweeps(tmp_path, 2, workers=1, seed=1, nap=0.05)
    assert starts[0] == 0
    found = sweep(Toy(), 60, folder=tmp_path, chunk=3)
    assert 0 < starts[1] <= found.resumed < 60
    assert found.path.read_bytes() == unbroken
    assert not list((tmp_path / HOME).glob(f"*{disk.SUFFIX}"))


@pytest.mark.verify
@pytest.mark.parametrize("workers", [1, 2])
def test_killed_ten_times_and_the_same_bytes(tmp_path: Path, unbroken: bytes, workers: int) -> None:
    starts = killed_sweeps(tmp_path, 10, workers, seed=workers, nap=0.03)
    assert starts == sorted(starts)
    assert len(set(starts)) > 2
    assert sweep(Toy(), 60, folder=tmp_path).path.read_bytes() == unbroken


def test_workers_end_with_the_process_that_started_them(tmp_path: Path) -> None:
    psutil = pytest.importorskip("psutil")
    process = toy_process(tmp_path, 60, 2, 0.2)
    assert process.stdout is not None
    process.stdout.readline()
    deadline = time.monotonic() + 120
    workers: list[object] = []
    while len(workers) < 2 and time.monotonic() < deadline:
        children = psutil.Process(process.pid).children()
        workers = [child for child in children if "spawn_main" in " ".join(child.cmdline())]
        time.sleep(0.05)
    process.stdout.readline()
    process.kill()
    process.communicate()
    gone, alive = psutil.wait_procs(workers, timeout=90)
    assert (len(gone), alive) == (2, [])


def test_torn_foreign_and_unfinished_files_do_no_harm(tmp_path: Path, unbroken: bytes) -> None:
    sweep(Toy(), 60, folder=tmp_path, chunk=10)
    home = tmp_path / HOME
    (home / "sweep.parquet").unlink()
    torn, flipped, foreign, moved = (home / disk.part_name(k, k + 10) for k in (0, 10, 20, 30))
    torn.write_bytes(torn.read_bytes()[:-100])
    damaged = bytearray(flipped.read_bytes())
    damaged[200] ^= 0xFF
    flipped.write_bytes(damaged)
    disk.write_part(home, checked(Toy().solve(20, 10), 20, 10), "another", 20, 30)
    moved.write_bytes((home / disk.part_name(40, 50)).read_bytes())
    (home / f".draws-000000000-000000010.parquet{disk.SUFFIX}").write_bytes(b"half")
    found = sweep(Toy(), 60, folder=tmp_path, chunk=10)
    assert foreign.exists()
    assert found.resumed == 20
    assert found.path.read_bytes() == unbroken
    assert not list(home.glob(f"*{disk.SUFFIX}"))


def test_a_full_disk_is_said_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unbroken: bytes
) -> None:
    home = tmp_path / HOME
    with monkeypatch.context() as patched:

        def full(_handle: int) -> None:
            if len(list(home.glob("draws-*"))) == 3:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        patched.setattr(os, "fsync", full)
        with pytest.raises(SweepError, match=r"cannot be written: No space left on device; what was finished is kept"):
            sweep(Toy(), 60, folder=tmp_path, chunk=10)
    assert len(disk.whole_parts(home, HOME)) == 3
    assert not list(home.glob(f"*{disk.SUFFIX}"))
    found = sweep(Toy(), 60, folder=tmp_path, chunk=10)
    assert found.resumed == 30
    assert found.path.read_bytes() == unbroken


def test_a_file_that_the_system_cuts_off_is_said_and_loses_nothing(tmp_path: Path, unbroken: bytes) -> None:
    """A real limit, met while the merged file is written: parts are small enough, the whole is not."""
    size = len(unbroken)
    parts_only = sweep(Toy(), 60, folder=tmp_path, chunk=3).path
    largest = max(path.stat().st_size for path in parts_only.parent.glob("draws-*"))
    parts_only.unlink()
    assert largest < size
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, ((largest + size) // 2, before[1]))
    try:
        with pytest.raises(SweepError, match=r"sweep\.parquet cannot be written: File too large; what was finished"):
            sweep(Toy(), 60, folder=tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not list(parts_only.parent.glob(f"*{disk.SUFFIX}"))
    assert not parts_only.exists()
    found = sweep(Toy(), 60, folder=tmp_path)
    assert found.resumed == 60
    assert found.path.read_bytes() == unbroken


def test_two_sweeps_do_not_share_a_folder(tmp_path: Path) -> None:
    def meanwhile(done: int, _of: int, _left: float) -> None:
        if done == 5:
            with pytest.raises(SweepError, match="another sweep is writing to"):
                sweep(Toy(), 10, folder=tmp_path, chunk=5)
            raise StopIteration

    with pytest.raises(StopIteration):
        sweep(Toy(), 10, folder=tmp_path, chunk=5, progress=meanwhile)
    assert sweep(Toy(), 10, folder=tmp_path, chunk=5).resumed == 5


@pytest.mark.parametrize("workers", [1, 2])
def test_a_sweep_that_is_told_to_stop_goes_on_later(tmp_path: Path, workers: int, unbroken: bytes) -> None:
    stop = Event()

    def tell(done: int, _of: int, _left: float) -> None:
        if done >= 20:
            stop.set()

    with pytest.raises(SweepError, match=r"stopped after \d+ of 60 draws") as told:
        sweep(Toy(), 60, folder=tmp_path, chunk=10, workers=workers, progress=tell, stop=stop)
    assert told.value.exit_code == 130
    found = sweep(Toy(), 60, folder=tmp_path, chunk=10)
    assert 20 <= found.resumed < 60
    assert found.path.read_bytes() == unbroken


def test_ctrl_c_ends_workers_at_once(tmp_path: Path) -> None:
    """Long before they would have solved what they are at, however slowly a busy machine starts and ends processes."""
    process = toy_process(tmp_path, 60, 2, 600.0)
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert process.returncode == -signal.SIGINT
    assert err.rstrip().endswith("KeyboardInterrupt")
