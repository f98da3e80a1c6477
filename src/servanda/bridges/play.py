"""Play of a tree: backward induction where everybody sees everything, logit choice (agent quantal response) elsewhere.

A tree falls apart into *subgames*: subtrees that no information set crosses. They are solved from the ends up. Where a
subgame has one information set left, its odds follow at once; where several depend on each other, the branch of logit
play that begins at even odds is followed through its folds (predictor along the tangent, Newton corrector). Where every
way through a subgame meets each of its information sets once, nobody learns anything on the way: it is a game in normal
form, and the compiled kernel of simultaneous decision points follows the same branch.

Values are expected values: noise is not paid.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from servanda.bridges.tree import CHANCE, NOBODY, GameError, Tree
from servanda.kernels.together import principal_odds

Floats = NDArray[np.float64]
_TIE = 1e-12
_TOLERANCE = 1e-11
_CERTIFIED = 1e-7
_NUDGE = 1e-6
_FIRST, _SHORTEST, _STEPS = 0.05, 1e-7, 3000
_UNKNOWN_LIMIT = 400
_PROFILE_LIMIT = 4096


@dataclass(frozen=True, slots=True)
class PlayCertificate:
    """What other code found when it went through all ways to all ends.

    value_error: largest difference of the values at the root, of the size of the largest payoff. odds_error: largest
    difference between the odds and those implied by the recomputed worth of every action (0 for backward induction).
    regret: most that a mover loses, at any information set, against its best single change of move there, in the
    game's units; `regret_set` says where (index, -1 without a decision).
    """

    value_error: float
    odds_error: float
    regret: float
    regret_set: int


@dataclass(frozen=True)
class TreePlay:
    """Play of a tree.

    odds[set] of the actions of every information set, chance included; values[node, player], outcomes of the node
    itself and of all that follows it; precision[set], None for backward induction; `ties` are information sets
    (indices) at which another action is as good as the one taken.
    """

    tree: Tree
    odds: tuple[Floats, ...]
    values: Floats
    precision: Floats | None
    ties: tuple[int, ...]
    certificate: PlayCertificate


def backward_induction(tree: Tree) -> TreePlay:
    """Everybody takes the best action, the first one of several as good.

    Raises
    ------
    GameError
        If somebody does not know what has happened before.

    >>> from servanda.bridges.efg import read_efg
    >>> play = backward_induction(read_efg('EFG 2 R "" { "A" } p "" 1 1 "" { "l" "r" } 0 t "" 1 "" { 2 } t "" 0'))
    >>> play.odds[0].tolist(), play.values[0].tolist()
    ([1.0, 0.0], [2.0])
    """
    if not tree.perfect:
        unsure = next(h for h in tree.decisions if len(tree.members[h]) > 1)
        raise GameError(
            f"{tree.where(unsure)} has {len(tree.members[unsure])} nodes, and backward induction needs perfect "
            "information; ask for logit play at a precision, or for the pure equilibria of the strategic form"
        )
    odds, values, ties = _even(tree), tree.worth.copy(), []
    for k in range(tree.size - 1, -1, -1):
        node = tree.nodes[k]
        if node.set == NOBODY:
            continue
        own = tree.sets[node.set]
        ahead = values[list(node.children)]
        if own.player != CHANCE:
            worth = ahead[:, own.player]
            good = worth >= worth.max() - _TIE * max(1.0, np.abs(worth).max())
            odds[node.set] = np.eye(len(worth))[int(good.argmax())]
            if good.sum() > 1:
                ties.append(node.set)
        values[k] += odds[node.set] @ ahead
    return TreePlay(tree, tuple(odds), values, None, tuple(sorted(ties)), certify(tree, odds, values, None))


def logit(tree: Tree, precision: ArrayLike) -> TreePlay:
    """Everybody takes better actions more often: odds proportional to exp(precision × expected payoff).

    Parameters
    ----------
    precision : one number, precision[player], or precision[set]; per unit of payoff

    Raises
    ------
    GameError
        If a player forgets what it knew or did, if too much depends on each other at once, or if the branch of play
        cannot be followed up to this precision.

    >>> from servanda.bridges.efg import read_efg
    >>> play = logit(read_efg('EFG 2 R "" { "A" } p "" 1 1 "" { "l" "r" } 0 t "" 1 "" { 1 } t "" 0'), 1.0)
    >>> play.odds[0].round(4).tolist(), play.values[0].round(4).tolist()
    ([0.7311, 0.2689], [0.7311])
    """
    if not tree.recall:
        raise GameError("a player forgets what it knew or did (no perfect recall): logit play is not defined here")
    by_set = _by_set(tree, precision)
    odds, values = _even(tree), tree.worth.copy()
    root = subgame_roots(tree)
    local: dict[int, list[int]] = {}
    for k in range(tree.size):
        local.setdefault(int(root[k]), []).append(k)
    for top in sorted(local, reverse=True):
        inner = [k for k in local[top] if tree.nodes[k].set != NOBODY]
        if inner == [top]:  # nearly all of them where information is perfect
            h = tree.nodes[top].set
            ahead = values[list(tree.nodes[top].children)]
            if tree.sets[h].player != CHANCE:
                odds[h] = _softmax(by_set[h] * ahead[:, tree.sets[h].player])
            values[top] += odds[h] @ ahead
        elif inner:
            _Subgame(tree, top, inner, odds, values, by_set).solve()
    play = TreePlay(tree, tuple(odds), values, by_set, (), certify(tree, odds, values, by_set))
    if play.certificate.odds_error > _CERTIFIED or play.certificate.value_error > _CERTIFIED:
        raise GameError(
            f"uncertified: recomputed odds disagree with the solution by {play.certificate.odds_error:.1e}; "
            "try a lower precision"
        )
    return play


def subgame_roots(tree: Tree) -> NDArray[np.int64]:
    """Root of the smallest subgame that each node belongs to; the node itself if it begins one.

    >>> from servanda.bridges.efg import read_efg
    >>> tree = read_efg('EFG 2 R "" { "A" "B" } p "" 1 1 "" { "l" "r" } 0 '
    ...     'p "" 2 1 "" { "l" "r" } 0 t "" 0 t "" 0 p "" 2 1 0 t "" 0 t "" 0')
    >>> subgame_roots(tree).tolist()
    [0, 0, 2, 3, 0, 5, 6]
    """
    lowest, highest = np.arange(tree.size), np.arange(tree.size)
    for h in tree.decisions:
        at = list(tree.members[h])
        lowest[at], highest[at] = at[0], at[-1]
    for k in range(tree.size - 1, 0, -1):
        up = tree.parent[k]
        lowest[up], highest[up] = min(lowest[up], lowest[k]), max(highest[up], highest[k])
    found = np.zeros(tree.size, dtype=np.int64)
    for k in range(1, tree.size):
        begins = lowest[k] >= k and highest[k] < tree.end[k]
        found[k] = k if begins else found[tree.parent[k]]
    return found


def _even(tree: Tree) -> list[Floats]:
    """Odds of chance, and even odds at every decision."""
    return [
        tree.odds_of(h) if own.player == CHANCE else np.full(len(own.actions), 1.0 / len(own.actions))
        for h, own in enumerate(tree.sets)
    ]


def _by_set(tree: Tree, precision: ArrayLike) -> Floats:
    given = np.asarray(precision, dtype=np.float64)
    if given.ndim == 0:
        found = np.full(len(tree.sets), float(given))
    elif given.shape == (len(tree.sets),) and len(tree.sets) != len(tree.players):
        found = given.copy()
    elif given.shape == (len(tree.players),):
        found = np.array([given[own.player] if own.player != CHANCE else 0.0 for own in tree.sets])
    else:
        raise GameError(
            f"{given.size} precisions for {len(tree.players)} players and {len(tree.sets)} information sets"
        )
    if not (np.isfinite(found).all() and (found >= 0.0).all()):
        raise GameError("a precision is a number from 0 on")
    return found


def _softmax(log_odds: Floats) -> Floats:
    raised = np.exp(log_odds - log_odds.max(axis=0))
    return np.asarray(raised / raised.sum(axis=0))


class _Subgame:
    """A subgame whose own subgames are solved: `nodes` are its own, ends left out, its root first."""

    def __init__(
        self, tree: Tree, top: int, nodes: list[int], odds: list[Floats], values: Floats, precision: Floats
    ) -> None:
        self.tree, self.top, self.odds, self.values, self.precision = tree, top, odds, values, precision
        self.nodes = nodes
        own = {tree.nodes[k].set for k in self.nodes}
        self.sets = sorted(h for h in own if tree.sets[h].player != CHANCE)
        size = [len(tree.sets[h].actions) for h in self.sets]
        self.slices = {h: slice(end - n, end) for h, n, end in zip(self.sets, size, np.cumsum(size), strict=True)}
        self.width = sum(size)

    def solve(self) -> None:
        """Fill in the odds of its information sets and the values of its nodes."""
        start = np.zeros((self.width, 1))
        if len(self.sets) == 1:
            # what a move is worth does not depend on the mover's own odds
            final = self.answer(start, 1.0)
        elif self.sets:
            at_once = self._at_once()
            final = self._followed(start) if at_once is None else at_once
        else:
            final = start
        for h, part in self.slices.items():
            self.odds[h] = _softmax(final[part])[:, 0]
        self._worth({h: o[:, None] for h, o in enumerate(self.odds)}, keep=True)

    def _at_once(self) -> Floats | None:
        """Log-odds if the subgame is one in normal form and the kernel could follow its branch, else None."""
        count = [len(self.tree.sets[h].actions) for h in self.sets]
        profiles = math.prod(count)
        if profiles > _PROFILE_LIMIT or any(self.tree.nodes[k].set not in self.slices for k in self.nodes):
            return None
        stride = {h: math.prod(count[j + 1 :]) for j, h in enumerate(self.sets)}
        inside, players = set(self.nodes), [self.tree.sets[h].player for h in self.sets]
        worth = np.zeros((len(players), profiles))
        ways = [(self.top, frozenset[int](), 0, np.zeros(len(self.tree.players)))]
        while ways:
            k, met, profile, payoff = ways.pop()
            if k not in inside:
                if len(met) < len(self.sets):
                    return None
                worth[:, profile] = (payoff + self.values[k])[players]
                continue
            h = self.tree.nodes[k].set
            if h in met:
                return None
            payoff, met = payoff + self.tree.worth[k], met | {h}
            ways += [(c, met, profile + a * stride[h], payoff) for a, c in enumerate(self.tree.nodes[k].children)]
        odds = np.empty(self.width)
        if not principal_odds(worth, np.array(count, dtype=np.int32), self.precision[self.sets], odds):
            return None
        return np.log(np.maximum(odds, np.finfo(np.float64).tiny))[:, None]

    def answer(self, log_odds: Floats, share: float) -> Floats:
        """Log-odds that answer log-odds [action, column], each set's first action at 0."""
        odds = {h: _softmax(log_odds[part]) for h, part in self.slices.items()}
        worth, reach = self._worth(odds), self._reach(odds)
        found = np.empty_like(log_odds)
        for h, part in self.slices.items():
            player, members = self.tree.sets[h].player, self.tree.members[h]
            weight = np.stack([reach[k] for k in members])
            total = weight.sum(axis=0)
            weight = np.where(total > 0.0, weight / np.where(total > 0.0, total, 1.0), 1.0 / len(members))
            ahead = np.stack([np.stack([worth[c][player] for c in self.tree.nodes[k].children]) for k in members])
            value = (weight[:, None, :] * ahead).sum(axis=0)
            found[part] = share * self.precision[h] * (value - value[0])
        return found

    def _of(self, h: int, odds: dict[int, Floats]) -> Floats:
        return odds[h] if h in odds else self.odds[h][:, None]

    def _worth(self, odds: dict[int, Floats], *, keep: bool = False) -> dict[int, Floats]:
        """Values [player, column] of its nodes and of what follows them."""
        found: dict[int, Floats] = {}
        for k in reversed(self.nodes):
            node = self.tree.nodes[k]
            for c in node.children:
                if c not in found:
                    found[c] = self.values[c][:, None]
            chance = self._of(node.set, odds)
            ahead = (chance[a] * found[c] for a, c in enumerate(node.children))
            found[k] = self.tree.worth[k][:, None] + sum(ahead)
            if keep:
                self.values[k] = found[k][:, 0]
        return found

    def _reach(self, odds: dict[int, Floats]) -> dict[int, Floats]:
        """Probabilities [column] with which its nodes are reached from its root."""
        found: dict[int, Floats] = {self.top: np.ones(1)}
        for k in self.nodes:
            chance = self._of(self.tree.nodes[k].set, odds)
            for a, c in enumerate(self.tree.nodes[k].children):
                found[c] = found[k] * chance[a]
        return found

    def _followed(self, start: Floats) -> Floats:
        if self.width > _UNKNOWN_LIMIT:
            raise GameError(
                f"{self.width} actions depend on each other at once, more than {_UNKNOWN_LIMIT}: too many for this "
                "engine; hand the tree to another program"
            )
        scale = 1.0 + float(np.abs(self.answer(start, 1.0)).max())
        at = np.append(start[:, 0], 0.0)  # log-odds, and the precision in units of the same size
        ahead, step = np.eye(self.width + 1)[-1], _FIRST
        for _ in range(_STEPS):
            slope = self._linear(at, scale)[1]
            try:
                ahead = np.linalg.solve(np.vstack([slope, ahead]), np.eye(self.width + 1)[-1])
            except np.linalg.LinAlgError:
                break
            ahead /= np.linalg.norm(ahead)
            while step > _SHORTEST:
                found = self._corrected(at, ahead, step, scale)
                if found is not None and found[-1] >= scale:
                    part = (scale - at[-1]) / (found[-1] - at[-1])
                    guess = at + part * (found - at)
                    landed = self._landed(guess, scale)
                    if landed is not None and np.abs(landed - guess).max() <= 2.0 * step:
                        return landed[:-1, None]
                    found = None
                if found is not None:
                    break
                step /= 2.0
            if step <= _SHORTEST or found is None or found[-1] <= 0.0:
                break
            at, step = found, min(1.5 * step, 0.25 * (1.0 + float(np.abs(found).max())))
        raise GameError(
            f"the branch of play from even odds could not be followed past {at[-1] / scale:.3g} times the precision "
            f"asked for, in the part of the game that begins at node {self.top + 1} of the file; ask for a lower one"
        )

    def _linear(self, at: Floats, scale: float) -> tuple[Floats, Floats]:
        """What the equations miss at a point, and their slopes in log-odds and precision."""
        nudges = np.hstack([np.zeros((self.width, 1)), _NUDGE * np.eye(self.width), -_NUDGE * np.eye(self.width)])
        points = at[:-1, None] + nudges
        worth = self.answer(points, 1.0 / scale)
        gap = at[-1] * worth - points
        slope = (gap[:, 1 : self.width + 1] - gap[:, self.width + 1 :]) / (2.0 * _NUDGE)
        return gap[:, 0], np.hstack([slope, worth[:, :1]])

    def _corrected(self, at: Floats, ahead: Floats, step: float, scale: float) -> Floats | None:
        """The point of the branch in the plane one step ahead, None if it is not near."""
        guess = at + step * ahead
        found = guess.copy()
        for _ in range(6):
            gap, slope = self._linear(found, scale)
            try:
                move = np.linalg.solve(np.vstack([slope, ahead]), np.append(-gap, ahead @ (guess - found)))
            except np.linalg.LinAlgError:
                return None
            found = found + move
            if not np.isfinite(found).all() or np.linalg.norm(found - guess) > 0.3 * step:
                return None
            if np.abs(move).max() <= 1e-9 * (1.0 + float(np.abs(found).max())):
                return found
        return None

    def _landed(self, at: Floats, scale: float) -> Floats | None:
        """The point of the branch at the full precision near a guess, as exact as the numbers allow."""
        found = np.append(at[:-1], scale)
        best, least = None, np.inf
        for _ in range(12):
            gap, slope = self._linear(found, scale)
            missed = float(np.abs(gap).max())
            if not missed < least:
                break
            best, least = found, missed
            try:
                found = found + np.append(np.linalg.solve(slope[:, :-1], -gap), 0.0)
            except np.linalg.LinAlgError:
                break
        return best if best is not None and least <= _TOLERANCE * (1.0 + float(np.abs(best).max())) else None


def certify(tree: Tree, odds: list[Floats], values: Floats, precision: Floats | None) -> PlayCertificate:
    """Recompute play by going back from every end, which shares nothing with the solver.

    The worth of an action is the sum over the ends behind it of the payoffs of the whole way, weighed by the odds of
    the moves of the way but the one in question; what was received before it is the same for all actions.
    """
    total = np.zeros(len(tree.players))
    gains = [np.zeros(len(own.actions)) for own in tree.sets]
    masses = [np.zeros(len(own.actions)) for own in tree.sets]
    for k, node in enumerate(tree.nodes):
        if node.set != NOBODY:
            continue
        way, at, payoff = [], k, np.zeros(len(tree.players))
        while at >= 0:
            payoff += tree.worth[at]
            up = int(tree.parent[at])
            if up >= 0:
                way.append((tree.nodes[up].set, tree.nodes[up].children.index(at)))
            at = up
        chances = np.array([odds[h][a] for h, a in way])
        total += payoff * chances.prod()
        before = np.append(np.cumprod(chances[::-1])[::-1][1:], 1.0)  # of the moves nearer the root
        behind = np.append(1.0, np.cumprod(chances)[:-1])  # of those nearer the end
        for (h, a), up, down in zip(way, before, behind, strict=True):
            # alone in its set a node is judged whether it is reached or not
            reach = down if len(tree.members[h]) == 1 else up * down
            if tree.sets[h].player != CHANCE:
                gains[h][a] += reach * payoff[tree.sets[h].player]
                masses[h][a] += reach
    size = max(1.0, float(np.abs(tree.worth).max(initial=0.0)))
    odds_error, regret, regret_set = 0.0, 0.0, -1
    for h in tree.decisions:
        if masses[h].max() <= 1e-300:
            continue
        worth = gains[h] / masses[h].max()
        if precision is not None:
            odds_error = max(odds_error, float(np.abs(_softmax(precision[h] * worth) - odds[h]).max()))
        lost = float(worth.max() - odds[h] @ worth)
        if lost > regret or regret_set < 0:
            regret, regret_set = max(lost, 0.0), h
    return PlayCertificate(float(np.abs(total - values[0]).max()) / size, odds_error, regret, regret_set)
