"""`servanda test`: solve cases and hold their `expect` blocks against what came out."""

from __future__ import annotations

import click

from servanda.cli.answers import answering, succeed

FAILED = 1


@click.command("test", short_help="Check what a case expects of its own results.")
@click.argument("cases", metavar="CASE...", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="Print everything found as JSON.")
def command(cases: tuple[str, ...], as_json: bool) -> None:
    """Solve each CASE at its central values and hold its `expect` block against the results.

    The exit code is 1 if a number lies outside the range that the case expects.
    """
    with answering(as_json=as_json):
        from servanda.analysis import Settings, run
        from servanda.case import read
        from servanda.expectations import expectations_of
        from servanda.forecast.vocabulary import percent

        rows: list[dict[str, object]] = []
        missed = 0
        for each in cases:
            case = read(each)
            met = expectations_of(run(case, Settings(select=False, frictions=False, diagnosis=())))
            missed += sum(not m.holds for m in met)
            rows += [
                {
                    "case": case.name,
                    "quantity": m.expected.quantity,
                    "low": m.expected.low,
                    "high": m.expected.high,
                    "found": m.found,
                    "holds": m.holds,
                }
                for m in met
            ]
            if as_json:
                continue
            kept = sum(m.holds for m in met)
            told = f"{kept} of {len(met)} expectations met" if met else "expects nothing"
            click.echo(f"{case.name}: {told}")
            for m in met:
                if not m.holds:
                    low, high = percent(m.expected.low), percent(m.expected.high)
                    where = m.expected.where
                    place = f"  ({where.file}:{where.line})" if where.line else ""
                    click.echo(f"  {m.expected.quantity} is {percent(m.found)}, not {low} to {high}{place}")
        if as_json:
            succeed({"expectations": rows, "missed": missed})
        if missed:
            raise click.exceptions.Exit(FAILED)
