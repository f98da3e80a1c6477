"""A panel file as a sheet of texts, each with its place: CSV or Parquet, nothing understood yet."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from servanda.case.document import clip
from servanda.errors import CaseError, Issue, Location

LARGEST_FILE = 500_000_000
MOST_ISSUES = 200


@dataclass(frozen=True)
class Sheet:
    """Named columns of texts: rows[k][column]; lines[k] is the line of row k in a CSV file, its number in Parquet.

    `remarks` are the lines before the header that begin with `#`; `header` is the line of the header.
    """

    file: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]
    remarks: tuple[str, ...] = ()
    header: int = 1

    def column(self, name: str) -> tuple[str, ...]:
        """All texts of one column."""
        at = self.columns.index(name)
        return tuple(row[at] for row in self.rows)

    def issue(self, code: str, message: str, hint: str, row: int = -1, column: str = "") -> Issue:
        """An error at a cell, a row or (without either) the header, with the row as it stands."""
        cells = self.columns if row < 0 else self.rows[row]
        before = 0
        if column in self.columns:
            before = sum(len(cell) + 1 for cell in cells[: self.columns.index(column)])
        where = Location(self.file, self.header if row < 0 else self.lines[row], before + 1)
        return Issue("error", code, message, hint, where, column, clip(",".join(cells), 200))


def read_sheet(path: Path) -> Sheet:
    """Read a `.parquet` file, or any other as CSV.

    Raises
    ------
    CaseError
        If the file is not there or is no table, with every row that has too many or too few cells.
    """
    file = str(path)
    try:
        size = path.stat().st_size
        if size > LARGEST_FILE:
            raise _refused(file, "panel-too-large", f"{file} holds {size:,} bytes", "split it, or take fewer episodes")
        return _parquet(path, file) if path.suffix == ".parquet" else _csv(path, file)
    except OSError as failure:
        reason = failure.strerror or str(failure)
        raise _refused(
            file, "panel-unreadable", f"{file} cannot be read: {reason}", "check the path given to --data"
        ) from failure


def _refused(file: str, code: str, message: str, hint: str, line: int = 0) -> CaseError:
    return CaseError(message, issues=(Issue("error", code, message, hint, Location(file, line, 1 if line else 0)),))


def _csv(path: Path, file: str) -> Sheet:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines(keepends=True)
    except UnicodeDecodeError as failure:
        raise _refused(
            file, "panel-unreadable", f"byte {failure.start:,} of {file} is not UTF-8 text", "save the file as UTF-8"
        ) from failure
    skipped = 0
    while skipped < len(lines) and (lines[skipped].startswith("#") or not lines[skipped].strip()):
        skipped += 1
    remarks = tuple(line[1:].strip() for line in lines[:skipped] if line.startswith("#"))
    reader = csv.reader(lines[skipped:], strict=True)
    rows, places, issues = [], [], []
    columns: tuple[str, ...] | None = None
    begun = skipped + 1
    try:
        for cells in reader:
            line, begun = begun, skipped + reader.line_num + 1
            if not cells:
                continue
            stripped = tuple(cell.strip() for cell in cells)
            if columns is None:
                columns = stripped
            elif len(stripped) != len(columns):
                issues.append(
                    Issue(
                        "error", "panel-ragged-row",
                        f"this row has {len(stripped)} cells, the header {len(columns)}",
                        "give every row one cell for each column; put quotes around texts with commas",
                        Location(file, line, 1), "", clip(",".join(cells), 200),
                    )
                )  # fmt: skip
            else:
                rows.append(stripped)
                places.append(line)
    except csv.Error as failure:
        raise _refused(
            file, "panel-unreadable", f"this is not CSV: {failure}", "close every quote", skipped + reader.line_num
        ) from failure
    if issues:
        raise CaseError(f"{file}: {len(issues)} rows of the wrong length", issues=tuple(issues[:MOST_ISSUES]))
    if columns is None:
        raise _refused(file, "panel-empty", f"{file} has no header", "write the names of the columns in the first row")
    return Sheet(file, columns, tuple(rows), tuple(places), remarks, skipped + 1)


def _parquet(path: Path, file: str) -> Sheet:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
    except pa.ArrowException as failure:
        raise _refused(
            file, "panel-unreadable", f"this is not Parquet: {clip(str(failure), 120)}", "write the file again"
        ) from failure
    texts = [["" if cell is None else str(cell) for cell in column.to_pylist()] for column in table.columns]
    rows = tuple(zip(*texts, strict=True)) if texts else ()
    remark = (table.schema.metadata or {}).get(b"servanda", b"").decode("utf-8", "replace")
    return Sheet(file, tuple(table.column_names), rows, tuple(range(1, len(rows) + 1)), (remark,) if remark else (), 0)
