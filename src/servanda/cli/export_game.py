"""`servanda export-game`: a case as a game, a chain or a graph for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from servanda.cli.answers import answering, succeed

if TYPE_CHECKING:
    from servanda.compile import Compiled
    from servanda.equilibrium import Solution

FORMATS = ("efg", "nfg", "prism", "storm", "graphml", "dot")


@click.command("export-game", short_help="Hand a case to Gambit, PRISM, Storm or a graph program.")
@click.argument("case", metavar="CASE")
@click.option("--format", "form", type=click.Choice(FORMATS), required=True, help="What to write.")
@click.option("--output", type=click.Path(path_type=Path), metavar="FILE", required=True, help="Where to write it.")
@click.option("--draft", metavar="DRAFT", help="The only draft on the table. [default: all]")
@click.option(
    "--periods", type=click.IntRange(min=1), metavar="N",
    help="How many periods from the start: 1 for efg and nfg unless told, the whole calendar for the others.",
)  # fmt: skip
@click.option("--set", "settings", multiple=True, metavar="PARAM=VALUE", help="Use this value of a parameter.")
@click.option("--sharp", is_flag=True, help="Everybody takes the best option, instead of better ones more often.")
@click.option(
    "--graph", type=click.Choice(["deal", "states"]), default="deal", show_default=True,
    help="For graphml and dot: the deal machine, or all states.",
)  # fmt: skip
@click.option(
    "--limit", type=click.IntRange(min=1), help="Most nodes of an efg (100,000) or profiles of an nfg (10,000)."
)
@click.option("--json", "as_json", is_flag=True, help="Print what was written as JSON.")
def command(
    case: str,
    form: str,
    output: Path,
    draft: str | None,
    periods: int | None,
    settings: tuple[str, ...],
    sharp: bool,
    graph: str,
    limit: int | None,
    as_json: bool,
) -> None:
    """Write CASE in the format of another program.

    efg and nfg: the first periods as a game for Gambit, with what the solved case is worth at the cut. prism and
    storm: play as a Markov chain in explicit files that begin with FILE, with labels and rewards. graphml and dot: the
    deal machine or the states, with what leads from one to another.

    Examples: `servanda export-game theory/pledge --format efg --periods 2 --output pledge.efg`,
    `servanda export-game us-iran --draft narrow --format graphml --output deal.graphml`.
    """
    with answering(as_json=as_json):
        from dataclasses import replace

        from servanda.case import read
        from servanda.cli.settings import overrides
        from servanda.compile import compile_case
        from servanda.equilibrium import solve
        from servanda.errors import ServandaError

        resolved = read(case)
        if periods is not None and periods > resolved.periods:
            raise ServandaError(f"{periods} periods: the calendar of {resolved.name} has {resolved.periods}")
        chosen = overrides(resolved, settings)
        unrolled = form in ("efg", "nfg")
        if periods is not None and not unrolled:
            resolved = replace(resolved, periods=periods)
        compiled = compile_case(resolved, menu=None if draft is None else [draft])
        solution = solve(compiled.game, compiled.numbers([chosen], sharp=sharp))
        if unrolled:
            files, said = _game(compiled, solution, form, periods or 1, limit, output)
        elif form in ("prism", "storm"):
            files, said = _chain(compiled, solution, form, output)
        else:
            files, said = _graph(compiled, solution, form, graph, output)
        if as_json:
            succeed({"case": resolved.name, "format": form, "files": [str(f) for f in files], **said})
            return
        counts = ", ".join(f"{value:,} {name.replace('_', ' ')}" for name, value in said.items())
        click.echo(f"{resolved.title}: {counts}.")
        for file in files:
            click.echo(f"  {file}")


def _game(
    compiled: Compiled, solution: Solution, form: str, periods: int, limit: int | None, output: Path
) -> tuple[list[Path], dict[str, int]]:
    from servanda.bridges import write_efg, write_nfg
    from servanda.export.gambit import NODE_LIMIT, PROFILE_LIMIT, strategic_form_of, unfold

    unfolded = unfold(compiled, solution, periods, limit=limit or NODE_LIMIT if form == "efg" else NODE_LIMIT)
    tree = unfolded.tree
    said = {"periods": periods, "nodes": tree.size, "information_sets": len(tree.decisions)}
    if form == "efg":
        text = write_efg(tree)
    else:
        game = strategic_form_of(unfolded, limit=limit or PROFILE_LIMIT)
        text, said = write_nfg(game), {"periods": periods, "profiles": len(game.cell)}
    output.write_text(text, encoding="utf-8", newline="\n")
    return [output], said


def _chain(compiled: Compiled, solution: Solution, form: str, output: Path) -> tuple[list[Path], dict[str, int]]:
    from servanda.export.explicit import write
    from servanda.export.prism import case_chain, write_prism

    chain = case_chain(compiled, solution)
    said = {"nodes": chain.nodes, "labels": len(chain.labels), "rewards": len(chain.rewards)}
    if form == "prism":
        return list(write_prism(chain, output)), said
    made = write(chain, output)
    return [made.transitions, made.labels, *made.rewards.values()], said


def _graph(
    compiled: Compiled, solution: Solution, form: str, which: str, output: Path
) -> tuple[list[Path], dict[str, int]]:
    from servanda.export.graph import deal_graph, dot, graphml, state_graph

    graph = (deal_graph if which == "deal" else state_graph)(compiled, solution)
    output.write_text((graphml if form == "graphml" else dot)(graph), encoding="utf-8", newline="\n")
    return [output], {"nodes": len(graph.nodes), "edges": len(graph.edges)}
