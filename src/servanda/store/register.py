"""The register of forecasts in the database: the same chained lines as in a file, added to by everybody on a team."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection, insert, select

from servanda.forecast.register import (
    Entry,
    Forecasts,
    Outcome,
    RegisterError,
    Verified,
    chain,
    check_chain,
)
from servanda.store.reach import Reach, now
from servanda.store.tables import ENTRY

_LOCK_KEY = 0x5E27A2DB


class Register(Reach):
    """The published forecasts of a store and what became of them."""

    def publish(self, what: Forecasts | Outcome, *, moment: datetime | None = None) -> Entry:
        """Add an entry to the register and wait until it is on the disk.

        Raises
        ------
        RegisterError
            If the register does not verify; nothing is added then.
        """
        with self._writing() as connection:
            self._alone(connection, _LOCK_KEY)
            found, checked = check_chain(_lines(connection))
            if not checked.sound:
                raise RegisterError(f"the register of the store, entry {checked.broken_at}: {checked.reason}")
            entry, line = chain(what, len(found) + 1, (moment or now()).astimezone(UTC), checked.head)
            row = {"number": entry.number, "sha256": entry.sha256, "line": line.decode("ascii").rstrip("\n")}
            connection.execute(insert(ENTRY).values(row))
        return entry

    def forecasts(self) -> tuple[Entry, ...]:
        """All entries of the register, the first first.

        Raises
        ------
        RegisterError
            If it does not verify.
        """
        found, checked = check_chain(self.register_lines())
        if not checked.sound:
            raise RegisterError(f"the register of the store, entry {checked.broken_at}: {checked.reason}")
        return tuple(found)

    def verify(self, *, head: str = "") -> Verified:
        """Check every entry of the register.

        Parameters
        ----------
        head : digest of an entry that must be in it, kept elsewhere; it shows whether the end was cut off
        """
        found, checked = check_chain(self.register_lines())
        if head and checked.sound and all(entry.sha256 != head for entry in found):
            reason = f"the entry {head[:12]}… is missing: the register was cut off or written anew"
            return Verified(checked.entries, checked.entries + 1, reason, torn=False, head=checked.head)
        return checked

    def register_lines(self) -> bytes:
        """The register as the bytes of a register file, which `servanda.forecast.register` reads."""
        with self._reading() as connection:
            return _lines(connection)


def _lines(connection: Connection) -> bytes:
    lines = connection.execute(select(ENTRY.c.line).order_by(ENTRY.c.number)).scalars()
    return b"".join(line.encode() + b"\n" for line in lines)
