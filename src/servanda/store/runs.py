"""Kept runs: what was found, from what, how, and the files that go with it; nothing is ever changed."""

from __future__ import annotations

import json
import secrets
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from servanda.provenance import Provenance
from servanda.store.errors import BrokenBlobError, NotFoundError, StoreError
from servanda.store.reach import Reach, clean, most, now
from servanda.store.records import RESOLVED, RESULT, WRITTEN, NewRun, SavedRun, digest_of
from servanda.store.tables import BLOB, RUN, RUN_FILE, canonical

_PACKING = "zlib"
_SHORTEST_PREFIX = 4
_ID_BYTES = 6


def asked_key(written: str, scenario: Mapping[str, Any]) -> str:
    """Digest of what a run was asked about: a text as written (its digest), parameter values, frictions off.

    >>> asked_key("c0ffee", {"set": {"a": 1}, "off": []}) == asked_key("c0ffee", {"set": {"a": 1.0}, "version": 3})
    True
    """
    given = {str(name): float(value) for name, value in dict(scenario.get("set") or {}).items()}
    off = sorted(str(name) for name in scenario.get("off") or ())
    return digest_of(canonical([written, given, off]))


class Runs(Reach):
    """The runs and blobs of a store."""

    def add_run(self, new: NewRun) -> SavedRun:
        """Keep a run with all its files; it is on the disk when this returns.

        Raises
        ------
        StoreError
            If the result, scenario or options hold what JSON cannot carry.
        """
        try:
            result = json.dumps(new.result, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
            scenario, options = json.loads(canonical(dict(new.scenario))), json.loads(canonical(dict(new.options)))
        except (TypeError, ValueError) as error:
            raise StoreError(f"a run of kind `{new.kind}` cannot be kept as JSON: {error}") from error
        contents = {**new.files, RESULT: result, WRITTEN: new.text.encode(), RESOLVED: new.resolved.encode()}
        digests = {name: digest_of(data) for name, data in contents.items()}
        saved = SavedRun(
            id=secrets.token_hex(_ID_BYTES), kind=new.kind, case=new.case, title=clean("the title", new.title),
            version=new.version, scenario=scenario, options=options, digest=new.provenance.digest,
            written=digests[WRITTEN], created=now(), seconds=float(new.seconds),
            headline=clean("the headline", new.headline), provenance=new.provenance, files=digests,
        )  # fmt: skip
        with self._writing() as connection:
            # in one order everywhere, so that two writers of the same blobs cannot wait for each other
            for name in sorted(contents, key=digests.__getitem__):
                _keep(connection, digests[name], contents[name])
            connection.execute(insert(RUN).values(_row(saved)))
            connection.execute(
                insert(RUN_FILE), [{"run": saved.id, "name": name, "digest": digests[name]} for name in sorted(digests)]
            )
        return saved

    def runs(
        self,
        case: str | None = None,
        kind: str | None = None,
        digest: str | None = None,
        limit: int = 50,
        *,
        scenario: Mapping[str, Any] | None = None,
        text: str | None = None,
    ) -> tuple[SavedRun, ...]:
        """Runs, the newest first.

        Parameters
        ----------
        digest : of the resolved case, or of the text as written
        scenario, text : together: runs of this text with exactly these `set` and `off`, whatever the case was called
        """
        query = select(RUN).order_by(RUN.c.created_at.desc(), RUN.c.id).limit(most(limit))
        if case is not None:
            query = query.where(RUN.c.case_name == clean("the name", case))
        if kind is not None:
            query = query.where(RUN.c.kind == clean("the kind", kind))
        if digest is not None:
            wanted = clean("the digest", digest)
            query = query.where((RUN.c.digest == wanted) | (RUN.c.written == wanted))
        if text is not None:
            query = query.where(RUN.c.asked == asked_key(digest_of(text), scenario or {}))
        with self._reading() as connection:
            return _with_files(connection, connection.execute(query).all())

    def run(self, run: str) -> SavedRun:
        """One run by its id, or by the beginning of it if no other begins so.

        Raises
        ------
        NotFoundError
            If there is none, or more than one.
        """
        wanted = run.strip().lower()
        if not (wanted.isascii() and wanted.isalnum()):
            raise NotFoundError(f"no run is called `{run[:80]}`: see `servanda runs`")
        query = select(RUN).where(RUN.c.id.startswith(wanted)).limit(2)
        if len(wanted) < _SHORTEST_PREFIX:
            query = select(RUN).where(RUN.c.id == wanted)
        with self._reading() as connection:
            found = _with_files(connection, connection.execute(query).all())
        if len(found) != 1:
            how_many = "several runs begin with" if found else "no run is called"
            raise NotFoundError(f"{how_many} `{run[:80]}`: see `servanda runs`")
        return found[0]

    def result(self, run: SavedRun) -> Any:
        """The record of a run, as JSON carries it.

        Raises
        ------
        BrokenBlobError
            If it is not what was kept.
        """
        return json.loads(self.blob(run.files[RESULT]))

    def blob(self, digest: str) -> bytes:
        """The bytes kept under a digest, checked.

        Raises
        ------
        NotFoundError
            If nothing is kept under it.
        BrokenBlobError
            If they are not what was kept.
        """
        with self._reading() as connection:
            row = connection.execute(select(BLOB).where(BLOB.c.digest == clean("the digest", digest))).one_or_none()
        if row is None:
            raise NotFoundError(f"nothing is kept under the digest {digest[:80]}")
        return _unpacked(row)

    def broken_blobs(self) -> tuple[str, ...]:
        """Digests of all contents that are not what was put there; reads everything."""
        broken = []
        with self._reading() as connection:
            for digest in connection.execute(select(BLOB.c.digest).order_by(BLOB.c.digest)).scalars().all():
                try:
                    _unpacked(connection.execute(select(BLOB).where(BLOB.c.digest == digest)).one())
                except BrokenBlobError:
                    broken.append(digest)
        return tuple(broken)


def _keep(connection: Connection, digest: str, data: bytes) -> None:
    """Keep bytes under their digest, once."""
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as upsert
    else:
        from sqlalchemy.dialects.sqlite import insert as upsert  # type: ignore[assignment]
    if connection.execute(select(BLOB.c.digest).where(BLOB.c.digest == digest)).one_or_none() is None:
        values = {"digest": digest, "size": len(data), "packing": _PACKING, "packed": zlib.compress(data, 6)}
        connection.execute(upsert(BLOB).values(values).on_conflict_do_nothing())


def _unpacked(row: Row[Any]) -> bytes:
    opened = zlib.decompressobj()
    try:
        data = opened.decompress(row.packed, row.size + 1) if row.packing == _PACKING else b""
    except zlib.error as error:
        raise BrokenBlobError(f"what is kept under {row.digest[:12]}… cannot be read: {error}") from error
    if digest_of(data) != row.digest:
        raise BrokenBlobError(f"what is kept under {row.digest[:12]}… is not what was put there")
    return data


def _row(run: SavedRun) -> dict[str, object]:
    return {
        "id": run.id, "kind": run.kind, "case_name": run.case, "title": run.title, "version": run.version,
        "scenario": run.scenario, "options": run.options, "asked": asked_key(run.written, run.scenario),
        "digest": run.digest, "written": run.written, "created_at": run.created, "seconds": run.seconds,
        "headline": run.headline, "provenance": asdict(run.provenance),
    }  # fmt: skip


def _with_files(connection: Connection, rows: Sequence[Row[Any]]) -> tuple[SavedRun, ...]:
    if not rows:
        return ()
    files: dict[str, dict[str, str]] = {row.id: {} for row in rows}
    query = select(RUN_FILE).where(RUN_FILE.c.run.in_(list(files))).order_by(RUN_FILE.c.name)
    for file in connection.execute(query):
        files[file.run][file.name] = file.digest
    return tuple(
        SavedRun(
            row.id, row.kind, row.case_name, row.title, row.version, row.scenario, row.options, row.digest,
            row.written, row.created_at, row.seconds, row.headline, _provenance(row.provenance), files[row.id],
        )
        for row in rows
    )  # fmt: skip


def _provenance(data: Mapping[str, Any]) -> Provenance:
    return Provenance(
        data["case"], data["digest"], _pairs(data["settings"]), _pairs(data["versions"]), data["made_at"]
    )  # fmt: skip


def _pairs(given: Iterable[Sequence[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in given)
