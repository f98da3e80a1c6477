"""Run the benchmarks and print tables; `python -m benchmarks [--case NAME] [--only PART,…] [--output FILE] [--long]`.

Parts: case, diagnosis, draws, kernels, peers, scaling, memory, workbench. Fifty users at the workbench take minutes, so
they come only when asked for. The peers are other programs in an environment of their own (`make peers`); without it
the comparisons show our side alone.
"""

from __future__ import annotations

import argparse
import os
import platform
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

from benchmarks.tables import Table, table_of

PARTS = ("case", "diagnosis", "draws", "kernels", "peers", "scaling", "memory", "workbench")
ROWS = {
    "case": ("What a user waits for", "founding_case", "measure_case"),
    "diagnosis": ("Diagnosis, nothing kept", "diagnosis", "measure_diagnosis"),
    "draws": ("Draws, nothing kept", "draws", "measure_draws"),
    "kernels": ("Kernels of the case, against bounds measured in the same run", "kernels", "measure_kernels"),
    "workbench": ("Fifty users at the workbench", "workbench", "measure_workbench"),
}
HEAD = """\
# Benchmarks

Time and accuracy together, beside other programs in the same run. Written by `{command}` {machine}; see
[size and speed](performance.md) for what a user waits for. Your figures will differ; their proportions should not.
Processor time is the processor's, not the clock's, and the least of several calls, so that other work on the machine
counts little. A ratio above 1 means that the other program takes longer.
"""


def measured(part: str, case: str, *, long: bool) -> list[Table]:
    """The tables of one part."""
    match part:
        case "peers":
            from benchmarks.peers import measure_peers

            return measure_peers(long=long)
        case "scaling":
            from benchmarks.scaling import measure_scaling

            return measure_scaling(case)
        case "memory":
            from benchmarks.memory import measure_memory

            return [measure_memory()]
    title, module, name = ROWS[part]
    rows = getattr(import_module(f"benchmarks.{module}"), name)(case)
    return [table_of(title, rows)]


def machine() -> str:
    """The machine and the versions of what computes, in words."""
    programs = ", ".join(f"{name} {version(name.lower())}" for name in ("NumPy", "SciPy", "Numba"))
    return f"on {os.cpu_count()} shared cores ({platform.machine()}), Python {platform.python_version()}, {programs}"


def parts_of(text: str) -> list[str]:
    """The parts that a list names.

    Raises
    ------
    argparse.ArgumentTypeError
        If there is no such part.
    """
    named = [word.strip() for word in text.split(",") if word.strip()]
    if unknown := [word for word in named if word not in PARTS]:
        raise argparse.ArgumentTypeError(f"no part {unknown[0]!r}; there are {', '.join(PARTS)}")
    return named


def main(words: list[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.split("\n")[0])
    parser.add_argument("--case", default="us-iran", help="shipped case or case file")
    parser.add_argument("--only", type=parts_of, default=[], metavar="PART,…", help=f"parts: {', '.join(PARTS)}")
    parser.add_argument("--workbench", action="store_true", help="also fifty users who move sliders at once")
    parser.add_argument("--long", action="store_true", help="give a peer ten minutes for one answer, not one")
    parser.add_argument("--output", type=Path, metavar="FILE", help="also write the tables as Markdown")
    chosen = parser.parse_args(words)
    parts = chosen.only or [part for part in PARTS if part != "workbench" or chosen.workbench]
    command = f"python -m benchmarks --only {','.join(parts)}{' --long' if chosen.long else ''} --output FILE"
    text = HEAD.format(command=command, machine=machine())
    for part in parts:
        for table in measured(part, chosen.case, long=chosen.long):
            print(f"\n{table.text}", flush=True)
            text += f"\n{table.markdown}\n"
            if chosen.output:
                chosen.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
