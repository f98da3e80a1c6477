"""Run the benchmarks and print one table; `python -m benchmarks [--case NAME] [--workbench]`.

Fifty users at the workbench take minutes, so they come only when asked for (also `python -m benchmarks.workbench`).
"""

from __future__ import annotations

import argparse

from benchmarks.diagnosis import measure_diagnosis
from benchmarks.draws import measure_draws
from benchmarks.founding_case import measure_case
from benchmarks.kernels import measure_kernels
from benchmarks.workbench import measure_workbench


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--case", default="us-iran", help="shipped case or case file")
    parser.add_argument("--workbench", action="store_true", help="also fifty users who move sliders at once")
    chosen = parser.parse_args()
    parts = [
        (f"Case {chosen.case}", measure_case),
        ("Diagnosis, nothing kept", measure_diagnosis),
        ("Draws, nothing kept", measure_draws),
        ("Kernels, against bounds measured in the same run", measure_kernels),
    ]
    if chosen.workbench:
        parts.append(("Fifty users at the workbench", measure_workbench))
    for title, measure in parts:
        rows = measure(chosen.case)
        print(f"\n{title}")
        width = max(len(name) for name, _, _ in rows)
        for name, value, note in rows:
            print(f"  {name:<{width}}  {value:>12}  {note}")


if __name__ == "__main__":
    main()
