"""Run every benchmark and print one table; `python -m benchmarks [--case NAME]`."""

from __future__ import annotations

import argparse

from benchmarks.diagnosis import measure_diagnosis
from benchmarks.draws import measure_draws
from benchmarks.founding_case import measure_case
from benchmarks.kernels import measure_kernels


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--case", default="us-iran", help="shipped case or case file")
    chosen = parser.parse_args()
    for title, rows in (
        (f"Case {chosen.case}", measure_case(chosen.case)),
        ("Diagnosis, nothing kept", measure_diagnosis(chosen.case)),
        ("Draws, nothing kept", measure_draws(chosen.case)),
        ("Kernels, against bounds measured in the same run", measure_kernels(chosen.case)),
    ):
        print(f"\n{title}")
        width = max(len(name) for name, _, _ in rows)
        for name, value, note in rows:
            print(f"  {name:<{width}}  {value:>12}  {note}")


if __name__ == "__main__":
    main()
