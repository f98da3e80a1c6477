"""Charts of a run: ordinary Altair charts, each with its title, caption, words and table."""

from servanda.report.charts.album import figures
from servanda.report.charts.figure import Figure, Table

__all__ = ["Figure", "Table", "figures"]
