"""Gambit's format for games in extensive form (.efg, version 2): read and written, every number exact.

https://gambitproject.readthedocs.io/en/stable/formats.html
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from servanda.bridges.text import Scanner, braced, quoted, written
from servanda.bridges.tree import CHANCE, NOBODY, InformationSet, Node, Outcome, Tree

_NEAR_ONE = Fraction(1, 10**9)


@dataclass
class _Growing:
    """A node whose children are still to come."""

    name: str
    set: int
    outcome: int
    children: list[int]
    wanted: int
    at: int


class _Reader:
    def __init__(self, text: str, file: str) -> None:
        self.scan = Scanner(text, file, "bad-efg")
        self.title, self.players = self.scan.head("EFG", 2)
        self.comment = self.scan.take().text if self.scan.sees("text") else ""
        self.sets: list[InformationSet] = []
        self.index: dict[tuple[int, int], int] = {}
        self.outcomes: list[Outcome] = []
        self.paid: dict[int, int] = {}
        self.first: dict[int, int] = {}

    def tree(self) -> Tree:
        grown: list[_Growing] = []
        waiting: list[int] = []
        while waiting or not grown:
            if self.scan.sees("end"):
                last = grown[waiting[-1]] if grown else None
                missing = (
                    f"the node on line {self.scan.line(last.at)} still lacks children" if last else "there is no node"
                )
                self.scan.fail(self.scan.ahead.at, f"the file ends, but {missing}")
            node = self.node()
            if waiting:
                grown[waiting[-1]].children.append(len(grown))
            grown.append(node)
            waiting.append(len(grown) - 1)
            while waiting and len(grown[waiting[-1]].children) == grown[waiting[-1]].wanted:
                waiting.pop()
        if not self.scan.sees("end"):
            self.scan.fail(self.scan.ahead.at, f"the tree is complete, but {self.scan.ahead} follows")
        for number, at in self.first.items():
            if number not in self.paid:
                self.scan.fail(at, f"outcome {number} is given no payoffs anywhere", "add { … } after its number")
        order = {number: k for k, number in enumerate(self.first)}
        nodes = [Node(g.name, g.set, order[g.outcome] if g.outcome else -1, tuple(g.children)) for g in grown]
        outcomes = tuple(self.outcomes[self.paid[number]] for number in self.first)
        return Tree(self.title, self.comment, self.players, tuple(self.sets), outcomes, tuple(nodes))

    def node(self) -> _Growing:
        kind = self.scan.take()
        if kind.kind != "word" or kind.text not in ("c", "p", "t"):
            self.scan.fail(kind.at, f"a node begins with `c`, `p` or `t`, not with {kind}")
        name, where = self.scan.text("the name of the node"), NOBODY
        if kind.text == "c":
            where = self.set(CHANCE)
        elif kind.text == "p":
            at = self.scan.ahead.at
            player = self.scan.whole("the player", 1)
            if player > len(self.players):
                self.scan.fail(at, f"player {player} moves, but there are {len(self.players)} players")
            where = self.set(player - 1)
        outcome = self.outcome()
        return _Growing(name, where, outcome, [], len(self.sets[where].actions) if where != NOBODY else 0, kind.at)

    def set(self, player: int) -> int:
        """The number, name and actions of an information set; name and actions may be left out when it comes again."""
        number = self.scan.whole("the number of the information set", 1)
        known = self.index.get((player, number))
        name = self.scan.take().text if self.scan.sees("text") else ""
        if not self.scan.sees("mark", "{"):
            if known is None:
                self.scan.fail(self.scan.ahead.at, f"information set {number} comes first here and needs its actions")
            return known
        at = self.scan.ahead.at
        actions, odds = self.actions(chance=player == CHANCE)
        if known is not None:
            if (self.sets[known].actions, self.sets[known].odds) != (actions, odds):
                self.scan.fail(at, f"information set {number} had other actions before")
            return known
        if not actions:
            self.scan.fail(at, "a move needs an action")
        if player == CHANCE:
            if any(p.numerator < 0 for p in odds):
                self.scan.fail(at, "a probability is negative")
            total = sum(odds, Fraction(0))
            if abs(total - 1) > _NEAR_ONE:
                self.scan.fail(at, f"the probabilities add up to {float(total):.12g}, not to 1")
        self.index[player, number] = len(self.sets)
        self.sets.append(InformationSet(player, number, name, actions, odds))
        return len(self.sets) - 1

    def actions(self, *, chance: bool) -> tuple[tuple[str, ...], tuple[Fraction, ...]]:
        self.scan.expect("{", "the list of actions")
        names, odds = [], []
        while not self.scan.skip("}"):
            names.append(self.scan.text("an action"))
            if chance:
                odds.append(self.scan.number(f'the probability of "{names[-1]}"'))
            self.scan.skip(",")
        return tuple(names), tuple(odds)

    def outcome(self) -> int:
        """The number of an outcome; its name and payoffs may stand wherever it is mentioned."""
        at = self.scan.ahead.at
        number = self.scan.whole("the number of the outcome")
        name = self.scan.take().text if self.scan.sees("text") else ""
        if number == 0:
            if self.scan.sees("mark", "{"):
                self.scan.fail(self.scan.ahead.at, "outcome 0 means none; it has no payoffs")
            return 0
        self.first.setdefault(number, at)
        if self.scan.sees("mark", "{"):
            at = self.scan.ahead.at
            payoffs = tuple(self.scan.listed("a payoff"))
            if len(payoffs) != len(self.players):
                self.scan.fail(at, f"{len(payoffs)} payoffs for {len(self.players)} players")
            known = self.paid.get(number)
            if known is None:
                self.paid[number] = len(self.outcomes)
                self.outcomes.append(Outcome(number, name, payoffs))
            elif self.outcomes[known].payoffs != payoffs:
                self.scan.fail(at, f"outcome {number} had other payoffs before")
        return number


def read_efg(text: str, file: str = "") -> Tree:
    """Read a game in extensive form.

    Parameters
    ----------
    file : its name, for messages

    Raises
    ------
    GameFileError
        With line and column, for the first thing that is wrong.

    >>> tree = read_efg('EFG 2 R "x" { "A" } "" p "" 1 1 "" { "l" "r" } 0 t "" 1 "" { 1/3 } t "" 0')
    >>> tree.size, tree.outcomes[0].payoffs
    (3, (Fraction(1, 3),))
    """
    return _Reader(text, file).tree()


def write_efg(tree: Tree) -> str:
    """The text of a game in extensive form, as Gambit lays it out; reading it gives the same tree.

    >>> end = Node("", NOBODY, 0, ())
    >>> tree = Tree("x", "", ("A",), (InformationSet(0, 1, "", ("l", "r")),),
    ...     (Outcome(1, "", (Fraction(1, 2),)),), (Node("", 0, -1, (1, 2)), end, end))
    >>> print(write_efg(tree), end="")
    EFG 2 R "x" { "A" }
    ""
    <BLANKLINE>
    p "" 1 1 "" { "l" "r" } 0
    t "" 1 "" { 0.5 }
    t "" 1 "" { 0.5 }
    """
    moves = []
    for own in tree.sets:
        if own.player == CHANCE:
            pairs = (f"{quoted(a)} {written(p)}" for a, p in zip(own.actions, own.odds, strict=True))
            moves.append(f"{own.number} {quoted(own.name)} {braced(pairs)}")
        else:
            moves.append(f"{own.player + 1} {own.number} {quoted(own.name)} {braced(own.actions, quoted)}")
    paid = [f"{o.number} {quoted(o.name)} {braced(map(written, o.payoffs), between=', ')}" for o in tree.outcomes]
    lines = [f"EFG 2 R {quoted(tree.title)} {braced(tree.players, quoted)}", quoted(tree.comment), ""]
    for node in tree.nodes:
        outcome = paid[node.outcome] if node.outcome >= 0 else "0"
        if node.set == NOBODY:
            lines.append(f"t {quoted(node.name)} {outcome}")
        else:
            kind = "c" if tree.sets[node.set].player == CHANCE else "p"
            lines.append(f"{kind} {quoted(node.name)} {moves[node.set]} {outcome}")
    return "\n".join(lines) + "\n"
