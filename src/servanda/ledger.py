"""An append-only file of finished numbers, so that long work resumes and repeated work is read instead of done.

A record is a key of 16 bytes, a fixed count of doubles and a checksum. Records are appended whole; what a crash left
half-written at the end, or anything that fails its checksum, is ignored on reading. Several processes may append to the
same file: a record then stands in it more than once, which does no harm. Keys are digests of everything the numbers
depend on, so a record is never out of date, only unused.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Mapping
from functools import cache
from hashlib import blake2b
from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
KEY_BYTES = 16
_ENGINE = ("case", "compile", "diagnosis", "equilibrium", "game", "kernels")
_log = logging.getLogger("servanda")


def cache_folder() -> Path:
    """The user's cache folder for this program (`XDG_CACHE_HOME`, else `~/.cache`)."""
    root = os.environ.get("XDG_CACHE_HOME")
    return (Path(root) if root else Path.home() / ".cache") / "servanda"


@cache
def engine_digest(*more: str) -> bytes:
    """Digest of the source that makes numbers and of the numerical libraries' versions: what differs, may answer so.

    `more` names further rooms of the package that a result passes through.
    """
    from importlib.metadata import version

    key = blake2b(digest_size=KEY_BYTES)
    here = Path(__file__).parent
    for path in sorted(p for room in (*_ENGINE, *more) for p in (here / room).rglob("*.py")):
        key.update(str(path.relative_to(here)).encode())
        key.update(path.read_bytes())
    for name in ("numpy", "numba", "scipy"):
        key.update(version(name).encode())
    return key.digest()


class Ledger:
    """Numbers by key, kept in a file.

    Parameters
    ----------
    path : the file, made when the first record is written
    width : doubles per record

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "numbers.ledger"
    ...     Ledger(path, 2).add({b"k" * 16: np.array([1.0, 2.0])})
    ...     Ledger(path, 2).known[b"k" * 16].tolist()
    [1.0, 2.0]
    """

    def __init__(self, path: Path, width: int) -> None:
        self.path = path
        self.width = width
        self._lock = threading.Lock()
        self._size = KEY_BYTES + 8 * width + 4
        self._warned = False
        self.known: dict[bytes, Floats] = {}
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            data = b""
        except OSError as error:
            _log.warning("finished work cannot be read from %s (%s); it is done again", path, error.strerror)
            data = b""
        at = 0
        while at + self._size <= len(data):
            record = data[at : at + self._size]
            body = record[:-4]
            if crc32(body) == int.from_bytes(record[-4:], "little"):
                self.known[body[:KEY_BYTES]] = np.frombuffer(body, dtype="<f8", offset=KEY_BYTES).copy()
                at += self._size
            else:
                # a torn record shifts all that follow: look for the next whole one byte by byte
                at += 1

    def add(self, records: Mapping[bytes, Floats]) -> None:
        """Append records; where the file cannot be written they are known to this object only, and a warning says so.

        Raises
        ------
        ValueError
            If a key or a row of numbers has the wrong length.
        """
        written = bytearray()
        for key, numbers in records.items():
            if len(key) != KEY_BYTES or len(numbers) != self.width:
                raise ValueError(f"a record is {KEY_BYTES} bytes of key and {self.width} numbers")
            body = key + np.ascontiguousarray(numbers, dtype="<f8").tobytes()
            written += body + crc32(body).to_bytes(4, "little")
        with self._lock:
            self.known.update({k: np.asarray(v, dtype=np.float64) for k, v in records.items()})
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                with self.path.open("ab") as file:
                    file.write(written)
            except OSError as error:
                if not self._warned:
                    _log.warning("finished work cannot be kept in %s (%s)", self.path, error.strerror)
                self._warned = True
