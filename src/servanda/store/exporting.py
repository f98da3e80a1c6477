"""A kept run as files that anybody can read without this program."""

from __future__ import annotations

import io
import json
import os
import shutil
import zipfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from servanda.store.errors import NotFoundError, StoreError
from servanda.store.records import REPORT, RESOLVED, RESULT, WRITTEN, SavedRun
from servanda.store.store import Store
from servanda.store.tabling import TABLES, csv_of, parquet_files, rows_of, tables_of

README, PROVENANCE = "README.md", "provenance.json"
_WHAT = {
    README: "what each file is",
    WRITTEN: "the case as its author wrote it",
    RESOLVED: "the same case with nothing implied: shorthand expanded, defaults filled in; it is a legal case too",
    RESULT: "everything that was found; keys are explained in the program's documentation",
    PROVENANCE: "how it was made: digests, settings, versions of the program and its libraries, time",
    REPORT: "the report, one page that opens offline in a browser",
}
# every file of an archive carries it, so that the same run gives the same bytes
_MOMENT = (1980, 1, 1, 0, 0, 0)


def run_files(store: Store, run: SavedRun) -> dict[str, bytes]:
    """The files of an export by name: the case, what was found, tables as Parquet and CSV, provenance, a README.

    Raises
    ------
    BrokenBlobError
        If something is not what was kept.
    """
    files = {name: store.blob(digest) for name, digest in run.files.items()}
    result = json.loads(files[RESULT])
    files[RESULT] = json.dumps(result, indent=2, ensure_ascii=False).encode() + b"\n"
    if not any(name.startswith(TABLES) for name in files):
        files |= parquet_files(tables_of(result))
    files |= {f"{name.removesuffix('.parquet')}.csv": csv_of(data) for name, data in files.items() if _is_parquet(name)}
    files[PROVENANCE] = json.dumps(_provenance(run), indent=2, ensure_ascii=False).encode() + b"\n"
    files[README] = _readme(run, [*files, README]).encode()
    return dict(sorted(files.items()))


def run_tables(store: Store, run: SavedRun) -> dict[str, list[dict[str, Any]]]:
    """The tables of a run by name: those that were kept with it, otherwise those that its record holds.

    Raises
    ------
    BrokenBlobError
        If something is not what was kept.
    """
    kept = {name: digest for name, digest in run.files.items() if _is_parquet(name)}
    if not kept:
        return {name: rows for name, rows in tables_of(store.result(run)).items() if rows}
    return {
        name.removeprefix(TABLES).removesuffix(".parquet"): rows_of(store.blob(digest))
        for name, digest in sorted(kept.items())
    }


def run_file(store: Store, run: SavedRun, name: str) -> bytes:
    """One file of an export by its name.

    Raises
    ------
    NotFoundError
        If an export of this run has no such file.
    BrokenBlobError
        If it is not what was kept.
    """
    if name in run.files and name != RESULT:
        return store.blob(run.files[name])
    files = run_files(store, run)
    if name not in files:
        raise NotFoundError(f"the run {run.id} has no file `{name[:80]}`")
    return files[name]


def export_run(store: Store, run: SavedRun, folder: Path) -> Path:
    """Write a run to a new folder, all of it or nothing; returns the folder.

    Raises
    ------
    StoreError
        If there is something at `folder` already.
    OSError
        If it cannot be written; nothing is left behind then.
    """
    if folder.exists() or folder.is_symlink():
        raise StoreError(f"{folder} is there already: name a folder that is not, with --output")
    files = run_files(store, run)
    folder.parent.mkdir(parents=True, exist_ok=True)
    part = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    try:
        for name, data in files.items():
            path = part / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        part.rename(folder)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    return folder


def run_archive(store: Store, run: SavedRun) -> bytes:
    """The files of an export as one ZIP archive, the same bytes every time."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in run_files(store, run).items():
            entry = zipfile.ZipInfo(f"{run.kind}-{run.id}/{name}", date_time=_MOMENT)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)
    return sink.getvalue()


def _is_parquet(name: str) -> bool:
    return name.startswith(TABLES) and name.endswith(".parquet")


def _provenance(run: SavedRun) -> dict[str, object]:
    how = asdict(run.provenance)
    return {
        "run": run.id, "kind": run.kind, "case": run.case, "title": run.title, "version": run.version,
        "scenario": dict(run.scenario), "options": dict(run.options), "created": run.created.isoformat(),
        "seconds": run.seconds, "headline": run.headline, "digest": run.digest, "written": run.written,
        "provenance": {**how, "settings": dict(how["settings"]), "versions": dict(how["versions"])},
        "files": dict(run.files),
    }  # fmt: skip


def _readme(run: SavedRun, names: list[str]) -> str:
    lines = [
        f"# {run.title or run.case}: {run.kind}", "", run.headline, "",
        f"Run `{run.id}`, made on {run.created:%Y-%m-%d %H:%M} UTC by servanda "
        f"{dict(run.provenance.versions).get('servanda', '?')}. `servanda rerun {run.id}` makes it again from the "
        "store and compares every number.",
        "", "| file | holds |", "| --- | --- |",
    ]  # fmt: skip
    lines += [f"| `{name}` | {_what(name)} |" for name in sorted(names)]
    if REPORT not in names:
        lines += ["", "No report was written when this run was made."]
    return "\n".join(lines) + "\n"


def _what(name: str) -> str:
    if name in _WHAT:
        return _WHAT[name]
    if name.startswith(TABLES):
        stem, _, kind = name.removeprefix(TABLES).rpartition(".")
        return f"the table “{stem}”, {'for programs' if kind == 'parquet' else 'for a spreadsheet'}"
    if name.startswith("others/"):
        return f"another case that was part of it: {_WHAT.get(name.rpartition('/')[2], 'a file')}"
    return "a file kept with the run"
