"""What the store refuses, each with a sentence that a user can act on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from servanda.errors import ServandaError

if TYPE_CHECKING:
    from servanda.store.records import SavedCase


@dataclass
class StoreError(ServandaError):
    """The store cannot do what was asked."""


@dataclass
class UnreachableStoreError(StoreError):
    """There is no such database, it does not answer, or it cannot be written."""


@dataclass
class NewerStoreError(StoreError):
    """The database was written by a newer version of the program."""


@dataclass
class NotFoundError(StoreError):
    """No case, version, run, file or job is called so."""


@dataclass
class NameTakenError(StoreError):
    """A case of this name is there already."""


@dataclass
class BadNameError(StoreError):
    """A name or a text that cannot be kept."""


@dataclass
class StaleVersionError(StoreError):
    """Somebody has saved the case since it was read; `current` is what is there now."""

    current: SavedCase | None = field(default=None, kw_only=True)


@dataclass
class BrokenBlobError(StoreError):
    """What is kept under a digest is not what was put there."""
