"""What lasts: cases with every version, runs with their provenance, published forecasts, jobs."""

from servanda.store.errors import (
    BadNameError,
    BrokenBlobError,
    NameTakenError,
    NewerStoreError,
    NotFoundError,
    StaleVersionError,
    StoreError,
    UnreachableStoreError,
)
from servanda.store.records import CaseVersion, Job, JobState, NewRun, SavedCase, SavedRun
from servanda.store.store import Store, is_kept

__all__ = [
    "BadNameError",
    "BrokenBlobError",
    "CaseVersion",
    "Job",
    "JobState",
    "NameTakenError",
    "NewRun",
    "NewerStoreError",
    "NotFoundError",
    "SavedCase",
    "SavedRun",
    "StaleVersionError",
    "Store",
    "StoreError",
    "UnreachableStoreError",
    "is_kept",
]
