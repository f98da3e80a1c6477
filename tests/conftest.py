"""Settings for the whole suite: property tests draw the same examples on every run."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# Two shared cores make single examples slow at random: no deadline. Derandomised, so that a red run can be repeated.
settings.register_profile(
    "ci", max_examples=50, deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("search", max_examples=2_000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
