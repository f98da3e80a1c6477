"""Long work that outlives the process that asked for it: a queue in the database, claimed by one worker each."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from servanda.store.errors import NotFoundError
from servanda.store.reach import Reach, clean, most, now
from servanda.store.records import Job, JobState
from servanda.store.tables import JOB

MOST_ATTEMPTS = 3
_LOST = "its worker was lost {} times; it may need more memory than there is"
_NOT_FINISHED: tuple[JobState, ...] = ("queued", "running")


class Jobs(Reach):
    """The jobs of a store."""

    def add_job(self, kind: str, case: str, request: Mapping[str, Any]) -> Job:
        """Put a job at the end of the queue; `request` is whatever its worker needs, as JSON carries it."""
        moment = now()
        row = {
            "id": secrets.token_hex(6), "kind": clean("the kind", kind), "case_name": clean("the name", case),
            "request": dict(request), "state": "queued", "progress": 0.0, "stage": "", "attempts": 0, "owner": "",
            "created_at": moment, "queued_at": moment, "cancel_asked": False, "error": "",
        }  # fmt: skip
        with self._writing() as connection:
            connection.execute(insert(JOB).values(row))
        return self.job(str(row["id"]))

    def job(self, job: str) -> Job:
        """One job by its id.

        Raises
        ------
        NotFoundError
            If there is none.
        """
        if job.isascii() and job.isalnum():
            with self._reading() as connection:
                row = connection.execute(select(JOB).where(JOB.c.id == job)).one_or_none()
            if row is not None:
                return _job(row)
        raise NotFoundError(f"no job is called `{job[:80]}`")

    def jobs(
        self,
        case: str | None = None,
        kind: str | None = None,
        state: JobState | None = None,
        limit: int = 50,
    ) -> tuple[Job, ...]:
        """Jobs, the newest first."""
        query = select(JOB).order_by(JOB.c.created_at.desc(), JOB.c.id).limit(most(limit))
        for column, wanted in ((JOB.c.case_name, case), (JOB.c.kind, kind), (JOB.c.state, state)):
            if wanted is not None:
                query = query.where(column == clean("the word", wanted))
        with self._reading() as connection:
            return tuple(_job(row) for row in connection.execute(query))

    def claim_job(self, owner: str) -> Job | None:
        """Take up the job that has waited longest, None if none waits; no two workers get the same."""
        longest = (
            select(JOB.c.id)
            .where(JOB.c.state == "queued")
            .order_by(JOB.c.queued_at, JOB.c.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        with self._writing() as connection:
            found = connection.execute(longest).scalar_one_or_none()
            if found is None:
                return None
            moment = now()
            connection.execute(
                update(JOB)
                .where(JOB.c.id == found)
                .values(state="running", owner=owner, attempts=JOB.c.attempts + 1, started_at=moment, beaten_at=moment)
            )
            return _job(connection.execute(select(JOB).where(JOB.c.id == found)).one())

    def beat(self, job: str, progress: float, stage: str, *, owner: str | None = None) -> bool:
        """Tell how far a job is; False: stop, because somebody asked for it or the job is no longer this worker's."""
        share = min(max(float(progress), 0.0), 1.0) if progress == progress else 0.0
        with self._writing() as connection:
            mine = _held(job, owner)
            done = connection.execute(
                update(JOB).where(*mine).values(progress=share, stage=clean("the stage", stage), beaten_at=now())
            )
            if done.rowcount == 0:
                return False
            return not connection.execute(select(JOB.c.cancel_asked).where(JOB.c.id == job)).scalar_one()

    def finish_job(self, job: str, run: str | None = None, *, owner: str | None = None) -> bool:
        """Say that a job is done and which kept run it made; False if it is no longer this worker's."""
        return self._end(job, owner, {"state": "done", "progress": 1.0, "run": run, "error": ""})

    def fail_job(self, job: str, error: str, *, owner: str | None = None) -> bool:
        """Say that a job cannot be done, and why; False if it is no longer this worker's."""
        return self._end(job, owner, {"state": "failed", "error": error.replace("\0", " ")})

    def stop_job(self, job: str, *, owner: str | None = None) -> bool:
        """Say that a job has stopped because somebody asked for it; False if it is no longer this worker's."""
        return self._end(job, owner, {"state": "cancelled"})

    def cancel_job(self, job: str) -> Job:
        """Ask a job to stop: one that waits is cancelled at once, one that runs by its worker at the next beat.

        Raises
        ------
        NotFoundError
            If there is none.
        """
        self.job(job)
        with self._writing() as connection:
            waiting = update(JOB).where(JOB.c.id == job, JOB.c.state == "queued")
            connection.execute(waiting.values(state="cancelled", finished_at=now(), cancel_asked=True))
            connection.execute(update(JOB).where(JOB.c.id == job, JOB.c.state == "running").values(cancel_asked=True))
        return self.job(job)

    def resume_job(self, job: str) -> Job:
        """Put a failed or cancelled job back into the queue; one that waits, runs or is done stays as it is.

        Raises
        ------
        NotFoundError
            If there is none.
        """
        self.job(job)
        with self._writing() as connection:
            stopped = update(JOB).where(JOB.c.id == job, JOB.c.state.in_(("failed", "cancelled")))
            connection.execute(stopped.values(**_fresh(), attempts=0))
        return self.job(job)

    def requeue_lost(self, seconds: float, *, attempts: int = MOST_ATTEMPTS) -> tuple[Job, ...]:
        """Put jobs whose worker has given no sign of life for so long back into the queue; returns those it touched.

        One that was to be cancelled is cancelled; one that has lost `attempts` workers has failed.
        """
        silent = select(JOB).where(JOB.c.state == "running", JOB.c.beaten_at < now() - timedelta(seconds=seconds))
        with self._writing() as connection:
            lost = connection.execute(silent.with_for_update(skip_locked=True)).all()
            for row in lost:
                self._lose(connection, row, attempts)
        return tuple(self.job(row.id) for row in lost)

    def _lose(self, connection: Connection, row: Row[Any], attempts: int) -> None:
        values: dict[str, Any] = _fresh()
        if row.cancel_asked:
            values = {"state": "cancelled", "finished_at": now(), "owner": ""}
        elif row.attempts >= attempts:
            values = {"state": "failed", "error": _LOST.format(row.attempts), "finished_at": now(), "owner": ""}
        connection.execute(update(JOB).where(JOB.c.id == row.id).values(values))

    def _end(self, job: str, owner: str | None, values: dict[str, Any]) -> bool:
        with self._writing() as connection:
            ended = connection.execute(update(JOB).where(*_held(job, owner)).values(**values, finished_at=now()))
            return ended.rowcount > 0


def _held(job: str, owner: str | None) -> list[Any]:
    held: list[Any] = [JOB.c.id == job, JOB.c.state == "running"]
    return held if owner is None else [*held, JOB.c.owner == owner]


def _fresh() -> dict[str, Any]:
    """A job that waits again; how far it was is kept by the work itself, not here."""
    return {
        "state": "queued", "owner": "", "queued_at": now(), "finished_at": None, "cancel_asked": False, "error": "",
    }  # fmt: skip


def _job(row: Row[Any]) -> Job:
    return Job(
        row.id, row.kind, row.case_name, row.request, row.state, row.progress, row.stage, row.attempts, row.owner,
        row.created_at, row.started_at, row.beaten_at, row.finished_at, row.cancel_asked, row.error, row.run,
    )  # fmt: skip
