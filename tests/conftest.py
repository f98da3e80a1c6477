"""Settings for the whole suite: property tests draw the same examples on every run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Two shared cores make single examples slow at random: no deadline. Derandomised, so that a red run can be repeated.
settings.register_profile(
    "ci", max_examples=50, deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("search", max_examples=2_000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


@pytest.fixture(autouse=True, scope="session")
def no_store() -> Iterator[None]:
    """What tests solve is kept in no store, least of all in the user's; tests of the store name their own."""
    before = os.environ.get("SERVANDA_STORE")
    os.environ["SERVANDA_STORE"] = "none"
    yield
    if before is None:
        del os.environ["SERVANDA_STORE"]
    else:
        os.environ["SERVANDA_STORE"] = before


@pytest.fixture(autouse=True, scope="session")
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Trials that tests solve are kept in a folder of their own, never in the user's."""
    folder = tmp_path_factory.mktemp("cache")
    before = os.environ.get("XDG_CACHE_HOME")
    os.environ["XDG_CACHE_HOME"] = str(folder)
    yield folder
    if before is None:
        del os.environ["XDG_CACHE_HOME"]
    else:
        os.environ["XDG_CACHE_HOME"] = before
