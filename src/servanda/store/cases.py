"""Saved cases: every version is kept, and nobody overwrites what he has not seen."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from servanda.store.errors import BadNameError, NameTakenError, NotFoundError, StaleVersionError
from servanda.store.reach import Reach, clean, now
from servanda.store.records import CaseVersion, SavedCase, digest_of
from servanda.store.tables import CASE, VERSION

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_MOST_VERSIONS = 2**31 - 1
_HEAD = (VERSION.c.name, VERSION.c.title, VERSION.c.version, VERSION.c.digest, VERSION.c.saved_at, VERSION.c.note)


class Cases(Reach):
    """The saved cases of a store."""

    def cases(self, *, archived: bool = False) -> tuple[SavedCase, ...]:
        """The newest version of every case by name; those put aside only if asked for."""
        last = select(VERSION.c.name, func.max(VERSION.c.version).label("last")).group_by(VERSION.c.name).subquery()
        chosen = CASE.c.archived_at.is_not(None) if archived else CASE.c.archived_at.is_(None)
        query = (
            select(VERSION)
            .join(last, (last.c.name == VERSION.c.name) & (last.c.last == VERSION.c.version))
            .join(CASE, CASE.c.name == VERSION.c.name)
            .where(chosen)
            .order_by(VERSION.c.name)
        )
        with self._reading() as connection:
            return tuple(_saved(row) for row in connection.execute(query))

    def case(self, name: str, version: int | None = None) -> SavedCase:
        """One version of a case, the newest unless told otherwise; cases put aside are found too.

        Raises
        ------
        NotFoundError
            If there is no such case, or no such version of it.
        """
        # what no column can hold is not there, rather than an error of the database
        if NAME.fullmatch(name) and (version is None or 1 <= version <= _MOST_VERSIONS):
            query = select(VERSION).where(VERSION.c.name == name).order_by(VERSION.c.version.desc()).limit(1)
            if version is not None:
                query = query.where(VERSION.c.version == version)
            with self._reading() as connection:
                row = connection.execute(query).one_or_none()
            if row is not None:
                return _saved(row)
        what = f"no saved case is called `{name[:80]}`" if version is None else f"`{name[:80]}` has no such version"
        raise NotFoundError(what)

    def versions(self, name: str) -> tuple[CaseVersion, ...]:
        """All versions of a case without their texts, the newest first.

        Raises
        ------
        NotFoundError
            If there is no such case.
        """
        query = select(*_HEAD).where(VERSION.c.name == name).order_by(VERSION.c.version.desc())
        found = []
        if NAME.fullmatch(name):
            with self._reading() as connection:
                found = [CaseVersion(*row) for row in connection.execute(query)]
        if not found:
            raise NotFoundError(f"no saved case is called `{name[:80]}`")
        return tuple(found)

    def create_case(self, name: str, text: str, title: str, note: str = "") -> SavedCase:
        """Save the first version of a case.

        Raises
        ------
        NameTakenError
            If there is a case of this name, put aside or not.
        BadNameError
            If the name is not made of small letters, digits and hyphens, or a text cannot be kept.
        """
        if not NAME.fullmatch(name):
            raise BadNameError(
                f"`{name[:80]}` cannot name a case: write up to 64 small letters, digits and hyphens, no hyphen first"
            )
        saved = _version(name, 1, text, title, note)
        try:
            with self._writing() as connection:
                connection.execute(insert(CASE).values(name=name, created_at=saved.saved_at))
                connection.execute(insert(VERSION).values(_row(saved)))
        except IntegrityError as error:
            raise NameTakenError(f"there is a case called `{name}` already") from error
        return saved

    def save_case(self, name: str, text: str, title: str, *, seen: int, note: str = "") -> SavedCase:
        """Save a new version of a case on top of the version that was seen; brings it back if it was put aside.

        Raises
        ------
        StaleVersionError
            If `seen` is not the newest version; nothing is saved then, and the error carries the newest.
        NotFoundError
            If there is no such case.
        BadNameError
            If a text cannot be kept.
        """
        current = self.case(name)
        saved = _version(name, max(1, min(seen, _MOST_VERSIONS - 1)) + 1, text, title, note)
        with self._writing() as connection:
            # the row of the case is the lock that writers of its versions wait for
            connection.execute(select(CASE.c.name).where(CASE.c.name == name).with_for_update())
            newest = select(VERSION).where(VERSION.c.name == name).order_by(VERSION.c.version.desc()).limit(1)
            current = _saved(connection.execute(newest).one())
            if current.version == seen:
                connection.execute(insert(VERSION).values(_row(saved)))
                connection.execute(update(CASE).where(CASE.c.name == name).values(archived_at=None))
                return saved
        raise StaleVersionError(
            f"`{name}` has changed since: version {current.version} of {current.saved_at:%Y-%m-%d %H:%M} UTC is the "
            f"newest, not version {seen}",
            current=current,
        )

    def archive_case(self, name: str, *, archived: bool = True) -> None:
        """Put a case aside, or bring it back; nothing is deleted.

        Raises
        ------
        NotFoundError
            If there is no such case.
        """
        self.case(name)
        with self._writing() as connection:
            moment = now() if archived else None
            connection.execute(update(CASE).where(CASE.c.name == name).values(archived_at=moment))


def _version(name: str, number: int, text: str, title: str, note: str) -> SavedCase:
    kept = clean("the text of the case", text)
    return SavedCase(
        name, clean("the title", title), number, kept, digest_of(kept), now(), clean("the note", note)
    )  # fmt: skip


def _row(saved: SavedCase) -> dict[str, object]:
    return {
        "name": saved.name, "version": saved.version, "title": saved.title, "text": saved.text,
        "digest": saved.digest, "saved_at": saved.saved_at, "note": saved.note,
    }  # fmt: skip


def _saved(row: Row[Any]) -> SavedCase:
    return SavedCase(row.name, row.title, row.version, row.text, row.digest, row.saved_at, row.note)
