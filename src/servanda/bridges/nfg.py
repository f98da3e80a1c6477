"""Games in strategic form, and Gambit's format for them (.nfg, version 1): payoffs, or named outcomes.

https://gambitproject.readthedocs.io/en/stable/formats.html
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import prod

import numpy as np
from numpy.typing import NDArray

from servanda.bridges.text import Scanner, braced, quoted, written
from servanda.bridges.tree import Outcome

Floats = NDArray[np.float64]
PROFILE_LIMIT = 1_000_000


@dataclass(frozen=True)
class Strategic:
    """A finite game in strategic form.

    strategies[player] are names; outcomes[cell[k]] are the payoffs of profile k (cell -1: nothing for anybody), where
    profiles count with the first player's strategy fastest, as in Gambit's files. Where `named`, outcomes are shared
    and kept with their names; otherwise outcome k belongs to profile k.

    >>> game = Strategic("x", "", ("A",), (("l", "r"),), (Outcome(1, "", (Fraction(2),)),), (0, -1))
    >>> game.shape, game.payoffs.tolist()
    ((2,), [[2.0], [0.0]])
    """

    title: str
    comment: str
    players: tuple[str, ...]
    strategies: tuple[tuple[str, ...], ...]
    outcomes: tuple[Outcome, ...]
    cell: tuple[int, ...]
    named: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of strategies of each player."""
        return tuple(len(s) for s in self.strategies)

    @cached_property
    def exact(self) -> NDArray[np.object_]:
        """Payoffs as fractions, exact[strategy of player 0, strategy of player 1, …, player]."""
        nothing = (Fraction(0),) * len(self.players)
        found = np.empty((len(self.cell), len(self.players)), dtype=object)
        for k, where in enumerate(self.cell):
            found[k] = self.outcomes[where].payoffs if where >= 0 else nothing
        turned = found.reshape(*self.shape[::-1], len(self.players))
        return np.ascontiguousarray(np.moveaxis(turned, range(len(self.shape)), range(len(self.shape))[::-1]))

    @cached_property
    def payoffs(self) -> Floats:
        """Payoffs, [strategy of player 0, strategy of player 1, …, player]."""
        return self.exact.astype(np.float64)


def strategic(
    title: str,
    players: tuple[str, ...],
    strategies: tuple[tuple[str, ...], ...],
    exact: NDArray[np.object_],
    comment: str = "",
) -> Strategic:
    """A game from exact payoffs, exact[strategy of player 0, …, player].

    >>> game = strategic("x", ("A",), (("l", "r"),), np.array([[Fraction(1)], [Fraction(2)]], dtype=object))
    >>> game.payoffs.ravel().tolist()
    [1.0, 2.0]
    """
    count = len(players)
    rows = np.moveaxis(exact, range(count), range(count)[::-1]).reshape(-1, count)
    outcomes = tuple(Outcome(k + 1, "", tuple(row)) for k, row in enumerate(rows.tolist()))
    return Strategic(title, comment, players, strategies, outcomes, tuple(range(len(outcomes))))


def read_nfg(text: str, file: str = "") -> Strategic:
    """Read a game in strategic form.

    Parameters
    ----------
    file : its name, for messages

    Raises
    ------
    GameFileError
        With line and column, for the first thing that is wrong.

    >>> read_nfg('NFG 1 R "x" { "A" "B" } { 2 1 } 1 2 3 4').exact[1, 0].tolist()
    [Fraction(3, 1), Fraction(4, 1)]
    """
    scan = Scanner(text, file, "bad-nfg")
    title, players = scan.head("NFG", 1)
    strategies = _strategies(scan, players)
    comment = scan.take().text if scan.sees("text") else ""
    profiles = prod(map(len, strategies))
    if profiles > PROFILE_LIMIT:
        scan.fail(scan.ahead.at, f"the game has {profiles:,} profiles; at most {PROFILE_LIMIT:,} are read")
    if scan.sees("mark", "{"):
        outcomes = _outcomes(scan, players)
        cell = []
        while not scan.sees("end"):
            at = scan.ahead.at
            number = scan.whole("the number of an outcome")
            if number > len(outcomes):
                scan.fail(at, f"outcome {number} of {len(outcomes)}")
            cell.append(number - 1)
            scan.skip(",")
        if len(cell) != profiles:
            scan.fail(scan.ahead.at, f"{len(cell)} outcomes for {profiles} profiles")
        return Strategic(title, comment, players, strategies, outcomes, tuple(cell), named=True)
    numbers = []
    while not scan.sees("end"):
        numbers.append(scan.number("a payoff"))
        scan.skip(",")
    count = len(players)
    if len(numbers) != profiles * count:
        scan.fail(scan.ahead.at, f"{len(numbers)} payoffs for {profiles} profiles of {count} players")
    listed = tuple(Outcome(k + 1, "", tuple(numbers[k * count : (k + 1) * count])) for k in range(profiles))
    return Strategic(title, comment, players, strategies, listed, tuple(range(profiles)))


def _strategies(scan: Scanner, players: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """Strategies as counts, or as names player by player."""
    at = scan.expect("{", "the list of strategies").at
    found: list[tuple[str, ...]] = []
    while not scan.skip("}"):
        here = scan.ahead.at
        if scan.sees("mark", "{"):
            found.append(tuple(scan.texts("the list of strategies")))
        else:
            count = scan.whole("the number of strategies", 1)
            if count > PROFILE_LIMIT:
                scan.fail(here, f"{count:,} strategies; at most {PROFILE_LIMIT:,} are read")
            found.append(tuple(str(k + 1) for k in range(count)))
        if not found[-1]:
            scan.fail(here, "a player needs a strategy")
        scan.skip(",")
    if len(found) != len(players):
        scan.fail(at, f"strategies of {len(found)} players, but there are {len(players)} players")
    return tuple(found)


def _outcomes(scan: Scanner, players: tuple[str, ...]) -> tuple[Outcome, ...]:
    scan.expect("{", "the list of outcomes")
    found: list[Outcome] = []
    while not scan.skip("}"):
        scan.expect("{", "an outcome")
        name = scan.text("the name of an outcome")
        at = scan.ahead.at
        payoffs = []
        while not scan.skip("}"):
            payoffs.append(scan.number("a payoff"))
            scan.skip(",")
        if len(payoffs) != len(players):
            scan.fail(at, f"{len(payoffs)} payoffs for {len(players)} players")
        found.append(Outcome(len(found) + 1, name, tuple(payoffs)))
        scan.skip(",")
    return tuple(found)


def write_nfg(game: Strategic) -> str:
    """The text of a game in strategic form; reading it gives the same game.

    >>> game = Strategic("x", "", ("A",), (("l", "r"),), (Outcome(1, "", (Fraction(1, 2),)),), (0, -1), named=True)
    >>> print(write_nfg(game), end="")
    NFG 1 R "x" { "A" }
    <BLANKLINE>
    { { "l" "r" }
    }
    ""
    <BLANKLINE>
    {
    { "" 0.5 }
    }
    1 0
    """
    names = "\n".join(braced(own, quoted) for own in game.strategies)
    head = f"NFG 1 R {quoted(game.title)} {braced(game.players, quoted)}\n\n{{ {names}\n}}\n{quoted(game.comment)}\n\n"
    if game.named:
        listed = (f"{{ {quoted(o.name)} {', '.join(map(written, o.payoffs))} }}\n" for o in game.outcomes)
        return head + "{\n" + "".join(listed) + "}\n" + " ".join(str(k + 1) for k in game.cell) + "\n"
    nothing = (Fraction(0),) * len(game.players)
    rows = (game.outcomes[k].payoffs if k >= 0 else nothing for k in game.cell)
    return head + "".join(" ".join(map(written, row)) + "\n" for row in rows)
