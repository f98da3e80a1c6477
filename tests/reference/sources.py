"""Where the reference answers lie: the folder `shared/reference` beside the repository."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

REPOSITORY = Path(__file__).resolve().parents[2]
FOLDER = REPOSITORY.parent / "shared" / "reference"
MISSING = "the reference answers are missing: `shared/reference` must lie beside the repository"


def families() -> tuple[str, ...]:
    """Names of the families of theory that have a file; none if the answers are not beside the repository."""
    return tuple(path.stem for path in (FOLDER / "theory").glob("*.json"))


@cache
def published(family: str) -> dict[str, dict[str, Any]]:
    """Cases of one family of theory by their id.

    Raises
    ------
    FileNotFoundError
        If the answers are not beside the repository.
    """
    return {case["id"]: case for case in json.loads(_file(f"theory/{family}.json"))["cases"]}


@cache
def arrays(name: str) -> dict[str, NDArray[Any]]:
    """Arrays of one file of equilibria that another program computed."""
    with np.load(_path(f"markov_equilibria/{name}")) as file:
        return dict(file)


def gambit(name: str) -> str:
    """The text of one file that belongs to Gambit's answers."""
    return _file(f"markov_equilibria/{name}")


def _path(name: str) -> Path:
    path = FOLDER / name
    if not path.is_file():
        raise FileNotFoundError(f"{MISSING} ({name})")
    return path


def _file(name: str) -> str:
    return _path(name).read_text(encoding="utf-8")
