"""`servanda solve-game`: a game file of Gambit solved."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from servanda.cli.answers import answering, succeed

if TYPE_CHECKING:
    from servanda.bridges import Strategic, Tree


@click.command("solve-game", short_help="Solve a game file of Gambit (.efg, .nfg).")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@click.option(
    "--precision", "precision", type=float, metavar="NUMBER",
    help="Logit play at this λ per unit of payoff, instead of best replies.",
)  # fmt: skip
@click.option("--rows", type=click.IntRange(min=1), default=30, show_default=True, help="Most moves to print.")
@click.option("--json", "as_json", is_flag=True, help="Print everything found as JSON.")
def command(file: Path, precision: float | None, rows: int, as_json: bool) -> None:
    """Solve the game in FILE, written by Gambit or by hand.

    Without `--precision`: backward induction of an .efg in which everybody sees everything, all pure Nash equilibria
    of any other. With it: logit play (agent quantal response), on the branch that begins at even odds.

    Examples: `servanda solve-game tree.efg`, `servanda solve-game dilemma.nfg --precision 2`.
    """
    with answering(as_json=as_json):
        from servanda.bridges import read_game
        from servanda.bridges.nfg import Strategic

        game = read_game(file)
        if isinstance(game, Strategic):
            answer, lines = _strategic(game, precision)
        elif precision is None and not game.perfect:
            from servanda.bridges import strategic_form

            answer, lines = _strategic(strategic_form(game), None)
        else:
            answer, lines = _tree(game, precision)
        if as_json:
            succeed({"title": game.title, "players": list(game.players), **answer})
            return
        click.echo(f"{game.title or file.name}\n")
        for line in lines[:rows]:
            click.echo(line)
        if len(lines) > rows:
            click.echo(f"… and {len(lines) - rows} more; see them with --rows or --json.")


def _tree(tree: Tree, precision: float | None) -> tuple[dict[str, object], list[str]]:
    from servanda.bridges import backward_induction, logit

    play = backward_induction(tree) if precision is None else logit(tree, precision)
    worth = dict(zip(tree.players, play.values[0].tolist(), strict=True))
    moves = []
    for h in tree.decisions:
        own = tree.sets[h]
        moves.append({
            "player": own.player + 1, "number": own.number, "name": own.name,
            "odds": [{"action": a, "odds": float(p)} for a, p in zip(own.actions, play.odds[h], strict=True)],
        })  # fmt: skip
    seen = play.certificate
    answer: dict[str, object] = {
        "rule": "backward induction" if precision is None else "logit", "precision": precision, "values": worth,
        "play": moves, "ties": len(play.ties),
        "certificate": {"value_error": seen.value_error, "odds_error": seen.odds_error, "regret": seen.regret},
    }  # fmt: skip
    lines = ["worth: " + ", ".join(f"{who} {points:.6g}" for who, points in worth.items())]
    found = f"{tree.size:,} nodes; regret {seen.regret:.3g}"
    lines.append(found + (f", recomputed odds differ by {seen.odds_error:.0e}" if precision is not None else ""))
    if play.ties:
        lines.append(f"at {len(play.ties)} moves another action is as good; the first was taken")
    for h in tree.decisions:
        odds = ", ".join(f"{a} {p:.4f}" for a, p in zip(tree.sets[h].actions, play.odds[h], strict=True))
        lines.append(f"  {tree.where(h)}: {odds}")
    return answer, lines


def _strategic(game: Strategic, precision: float | None) -> tuple[dict[str, object], list[str]]:
    from servanda.bridges import logit_profile, pure_equilibria
    from servanda.errors import ServandaError

    if precision is not None:
        branch = logit_profile(game, precision)
        if not branch.arrived:
            raise ServandaError(f"logit play was followed to {branch.reached:.3g} of the precision only: ask for less")
        found = branch.equilibrium
        odds = [found.chosen(0, k).tolist() for k in range(len(game.players))]
        worth = dict(zip(game.players, found.values[0].tolist(), strict=True))
        answer: dict[str, object] = {
            "rule": "logit", "precision": precision, "values": worth, "folds": len(branch.folds),
            "play": [
                {"player": k + 1, "odds": [{"strategy": s, "odds": p} for s, p in zip(names, own, strict=True)]}
                for k, (names, own) in enumerate(zip(game.strategies, odds, strict=True))
            ],
            "certificate": {"odds_error": found.certificate.odds_error, "regret": found.certificate.regret},
        }  # fmt: skip
        lines = ["worth: " + ", ".join(f"{who} {points:.6g}" for who, points in worth.items())]
        for who, names, own in zip(game.players, game.strategies, odds, strict=True):
            lines.append(f"  {who}: " + ", ".join(f"{s} {p:.4f}" for s, p in zip(names, own, strict=True)))
        return answer, lines
    every = pure_equilibria(game)
    listed, lines = [], []
    for each in every.found:
        profile = [names[s] for names, s in zip(game.strategies, each.profile, strict=True)]
        payoffs, slack = [float(x) for x in each.payoffs], None if each.slack is None else float(each.slack)
        listed.append({"profile": profile, "payoffs": payoffs, "slack": slack})
        chosen = ", ".join(f"{who}: {s}" for who, s in zip(game.players, profile, strict=True))
        lines.append(f"  {chosen} → " + ", ".join(f"{x:.6g}" for x in payoffs))
    certificate = {"complete": every.complete, "refused": every.refused, "profiles": every.profiles}
    count = len(every.found)
    noun = "equilibrium" if count == 1 else "equilibria"
    lines = [f"{count or 'no'} pure {noun} among {every.profiles:,} profiles, each of them tried", *lines]
    return {"rule": "pure Nash", "equilibria": listed, "certificate": certificate}, lines
