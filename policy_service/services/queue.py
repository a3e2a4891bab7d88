"""Jobs: put in the queue by the transaction that causes them, done by a worker once that is committed.

Each waiting job wakes the workers by a notification, and commits with notifications wait for each other: what happens
at every check goes through the events feed instead.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

QUEUE = "default"

_DEFER = text("""
SELECT procrastinate_defer_jobs_v1(ARRAY[ROW(
    CAST(:queue AS varchar), CAST(:task AS varchar), 0, CAST(:lock AS text), CAST(:lock AS text),
    CAST(:arguments AS jsonb), NULL
)::procrastinate_job_to_defer_v1])
""")

_STALLED = """
    SELECT job.id
    FROM procrastinate_jobs job LEFT JOIN procrastinate_workers worker ON worker.id = job.worker_id
    WHERE job.status = 'doing' AND (worker.id IS NULL OR worker.last_heartbeat < now() - CAST(:silence AS interval))
      AND {which}
    FOR UPDATE OF job SKIP LOCKED
"""
_HAS_SUCCESSOR = """EXISTS (
    SELECT FROM procrastinate_jobs other WHERE other.status = 'todo' AND other.queueing_lock = job.queueing_lock
)"""
_DROP = f"SELECT procrastinate_finish_job_v1(id, 'aborted', true) FROM ({_STALLED}) stalled"
_GIVE_UP = f"SELECT procrastinate_finish_job_v1(id, 'failed', false) FROM ({_STALLED}) stalled"
_RETRY = f"SELECT procrastinate_retry_job_v2(id, now(), NULL, NULL, NULL) FROM ({_STALLED}) stalled"
_TAKE_BACK = (
    text(_DROP.format(which=_HAS_SUCCESSOR)),
    text(_GIVE_UP.format(which=f"job.attempts >= :most AND NOT {_HAS_SUCCESSOR}")),
    text(_RETRY.format(which=f"job.attempts < :most AND NOT {_HAS_SUCCESSOR}")),
)
_MOST_ATTEMPTS = 5

_COUNT = text("SELECT CAST(status AS text) AS status, count(*) AS jobs FROM procrastinate_jobs GROUP BY status")
_SHOWN = ("todo", "doing", "failed")


def defer(session: Session, task: str, arguments: Mapping[str, Any], *, lock: str | None = None) -> None:
    """Put a job in the queue, in the transaction of the session; undone, it was never there.

    Of the jobs with one `lock` at most one waits and one runs; a second that would wait raises IntegrityError.
    Arguments are what JSON can say.
    """
    values = {"queue": QUEUE, "task": task, "lock": lock, "arguments": json.dumps(dict(arguments))}
    session.connection().execute(_DEFER, values)


def retry_stalled(session: Session, silence: timedelta) -> int:
    """Give back to the queue what was begun by workers that have been silent for so long; how many jobs.

    One that waits already under the same lock does the same: then the one that was begun is dropped, which it waits
    for. One that was begun too often may be what kills its workers: it has failed. The clock is that of the database,
    as it is for the signs of life of the workers.
    """
    values = {"silence": silence, "most": _MOST_ATTEMPTS}
    return sum(len(session.connection().execute(statement, values).all()) for statement in _TAKE_BACK)


def depth(session: Session) -> dict[str, int]:
    """How many jobs wait, run and have failed for good."""
    counted = {row.status: row.jobs for row in session.connection().execute(_COUNT)}
    return {status: counted.get(status, 0) for status in _SHOWN}
