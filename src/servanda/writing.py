"""Files written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A file beside `path` to write to; it becomes `path` if all goes well, and goes if not.

    Raises
    ------
    OSError
        If the folder cannot be made or written.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     with replacing(Path(folder) / "a.txt") as part:
    ...         _ = part.write_text("whole")
    ...     [file.name for file in Path(folder).iterdir()]
    ['a.txt']
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield part
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def atomic_write(path: Path, text: str) -> None:
    """Write a whole text file or nothing: to a neighbour first, then renamed over `path`.

    Raises
    ------
    OSError
        If the folder cannot be made or written; no part of the file is left behind.
    """
    with replacing(path) as part, part.open("w", encoding="utf-8", newline="\n") as file:
        file.write(text)
