"""Game files by their names."""

from __future__ import annotations

from pathlib import Path

from servanda.bridges.efg import read_efg
from servanda.bridges.nfg import Strategic, read_nfg
from servanda.bridges.tree import GameFileError, Tree
from servanda.errors import Issue, Location


def read_game(path: Path | str) -> Tree | Strategic:
    """Read an .efg or .nfg file, told apart by their first word.

    Raises
    ------
    GameFileError
        If it is neither, with line and column.
    OSError
        If there is no such file.
    """
    file = Path(path)
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        issue = Issue("error", "bad-game-file", "the file is not UTF-8 text", "save it as UTF-8", Location(str(file)))
        raise GameFileError(f"{file}: not UTF-8 text", issues=(issue,)) from error
    words = text.split(maxsplit=1)
    if words and words[0] == "NFG":
        return read_nfg(text, str(file))
    if words and words[0] == "EFG":
        return read_efg(text, str(file))
    issue = Issue(
        "error", "bad-game-file", "the file begins with neither `EFG` nor `NFG`",
        "Gambit's .efg and .nfg files are read; save other kinds as one of them", Location(str(file), 1, 1),
    )  # fmt: skip
    raise GameFileError(f"{file}: no game file", issues=(issue,))
