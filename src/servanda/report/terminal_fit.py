"""The terminal's view of a fit: estimates first, then how good it is, tests, what the panel cannot tell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from servanda.estimation.answers import Estimate, Fit, Posterior, Quality, Restriction
from servanda.report.terminal import writers
from servanda.report.words import counted

if TYPE_CHECKING:
    from rich.console import Console


def print_fit(console: Console, found: Fit, *, brief: bool = False) -> None:
    """Print a fit to a rich console, at most 100 columns wide.

    Parameters
    ----------
    console
        Where to print; its width is used up to 100 columns.
    found
        What was found.
    brief
        Print the headline and the estimates only.
    """
    put, head = writers(console)

    put(Text(f"{found.title}: estimated from {found.panel}", style="bold"))
    put(Text(found.headline))
    head("Estimates by maximum likelihood, with standard errors and 95 % intervals")
    put(_estimates(found.estimates))
    if brief:
        return
    if found.posterior is not None:
        head("Posterior, with the declared distributions as what was believed before")
        put(_beliefs(found.estimates))
        put(Text(_posterior(found.posterior), style="dim"))
    head("How well the choices are accounted for")
    for line in quality_lines(found.quality):
        put(Text(line))
    put(_options(found.quality))
    put(_bins(found.quality))
    if found.restriction is not None:
        head("Test of restrictions")
        put(Text(restriction_sentence(found.restriction)))
    if found.warnings:
        head("Beware")
        for warning in found.warnings:
            put(Text(warning, style="yellow"))
    put(Text())
    held = ", ".join(f"{name} = {value:g}" for name, value in found.held)
    if found.covariates:
        put(Text(f"Known for every episode: {', '.join(found.covariates)} ({counted(found.groups, 'different set')})."))
    if held:
        put(Text(f"Held: {held}."))
    reached = f"{found.search.reached} of {counted(found.search.starts, 'start')} reached this top"
    put(Text(f"{reached}; {found.search.solved:,} games solved in {found.seconds:.1f} s. Values: {found.values}."))


def _table() -> Table:
    return Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 2, 0, 0))


def shown(value: float | None) -> str:
    """A number with four figures, or a dash.

    >>> shown(12.34567), shown(None)
    ('12.35', '–')
    """
    return "–" if value is None else f"{value:.4g}"


def _interval(low: float | None, high: float | None) -> str:
    return "–" if low is None or high is None else f"{shown(low)} to {shown(high)}"


def _estimates(estimates: Sequence[Estimate]) -> Table:
    table = _table()
    table.add_column("Parameter")
    for title in ("Estimate", "Error", "Clustered", "Interval", "Declared"):
        table.add_column(title, justify="right", no_wrap=True)
    for e in estimates:
        name = Text.assemble(e.name, (f" {e.unit}" if e.unit else "", "dim"))
        cells = (shown(e.value), shown(e.se), shown(e.se_robust), _interval(e.low, e.high), e.declared)
        table.add_row(name, *cells)
    return table


def _beliefs(estimates: Sequence[Estimate]) -> Table:
    table = _table()
    table.add_column("Parameter")
    for title in ("Mean", "Median", "Deviation", "95 % interval"):
        table.add_column(title, justify="right", no_wrap=True)
    for e in estimates:
        if e.belief is not None:
            b = e.belief
            table.add_row(e.name, shown(b.mean), shown(b.median), shown(b.sd), _interval(b.low, b.high))
    return table


def _posterior(posterior: Posterior) -> str:
    marginal = f"{posterior.log_marginal:,.2f} ± {posterior.log_marginal_error:.2f}"
    return f"{posterior.sentence} Log marginal likelihood {marginal}."


def quality_lines(quality: Quality) -> tuple[str, ...]:
    """How well a fit does, in sentences."""
    central = "" if quality.central is None else f", {quality.central:,.1f} at the central values of the case"
    return (
        f"Log-likelihood {quality.log_likelihood:,.1f}; {quality.uniform:,.1f} if all options were equally likely"
        f"{central}. Pseudo-R² {quality.pseudo_r2:.3f}; AIC {quality.aic:,.1f}, BIC {quality.bic:,.1f}.",
        f"The likeliest option was chosen in {100 * quality.hits:.0f} % of the choices; a blind guess hits "
        f"{100 * quality.hits_uniform:.0f} %.",
    )


def _options(quality: Quality) -> Table:
    table = _table()
    table.add_column("Decision")
    table.add_column("Option")
    table.add_column("Chosen", justify="right")
    table.add_column("Expected", justify="right")
    last = ""
    for o in quality.options:
        table.add_row(o.decision if o.decision != last else "", o.option, f"{o.observed:,}", f"{o.predicted:,.1f}")
        last = o.decision
    return table


def _bins(quality: Quality) -> Table:
    table = _table()
    table.add_column("Predicted odds")
    table.add_column("Options", justify="right")
    table.add_column("Mean", justify="right")
    table.add_column("Chosen", justify="right")
    for b in quality.bins:
        reach = f"{100 * b.low:.0f} to {100 * b.high:.0f} %"
        table.add_row(reach, f"{b.count:,}", f"{100 * b.predicted:.1f} %", f"{100 * b.observed:.1f} %")
    return table


def restriction_sentence(test: Restriction) -> str:
    """A likelihood-ratio test in a sentence.

    >>> restriction_sentence(Restriction((("cost", 0.0),), -10.0, 4.0, 1, 0.0455, ()))
    'cost = 0: log-likelihood -10.0, ratio 4.00 with 1 degree of freedom, p = 0.045.'
    """
    what = ", ".join(f"{name} = {value:g}" for name, value in test.fixed)
    p = f"p = {test.p_value:.3f}" if test.p_value >= 0.001 else "p < 0.001"
    degrees = f"{test.degrees} degree{'s' if test.degrees != 1 else ''} of freedom"
    return f"{what}: log-likelihood {test.log_likelihood:,.1f}, ratio {test.statistic:.2f} with {degrees}, {p}."
