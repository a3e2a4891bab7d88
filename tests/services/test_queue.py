"""Jobs: there if the transaction that causes them is, and given back when their worker is gone."""

from __future__ import annotations

from datetime import timedelta
from importlib.resources import files
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from policy_service.db import migrations
from policy_service.db.engine import Sessions
from policy_service.services.queue import defer, depth, retry_stalled

MINUTE = timedelta(minutes=1)


def jobs(session: Session) -> list[tuple[str, str, dict[str, object]]]:
    """Status, task and arguments of every job."""
    rows = session.execute(text("SELECT CAST(status AS text), task_name, args FROM procrastinate_jobs ORDER BY id"))
    return [tuple(row) for row in rows]


def begin_job(session: Session, *, silent_for: timedelta) -> None:
    """Let a worker that was last heard of so long ago take the next job."""
    worker = session.execute(text("SELECT worker_id FROM procrastinate_register_worker_v1()")).scalar_one()
    values = {"worker": worker, "ago": silent_for}
    session.execute(
        text("UPDATE procrastinate_workers SET last_heartbeat = now() - CAST(:ago AS interval) WHERE id = :worker"),
        values,
    )
    session.execute(text("SELECT id FROM procrastinate_fetch_job_v2(NULL, :worker)"), values)


def test_a_job_is_deferred_by_the_transaction_that_causes_it_and_undone_with_it(sessions: Sessions) -> None:
    with sessions() as session:
        defer(session, "recheck_holds", {"customer_ids": ["C-1"]})
        session.commit()
        defer(session, "recheck_holds", {"customer_ids": ["C-2"]})
        session.rollback()
        assert jobs(session) == [("todo", "recheck_holds", {"customer_ids": ["C-1"]})]
        assert depth(session) == {"todo": 1, "doing": 0, "failed": 0}


def test_of_the_jobs_with_one_lock_only_one_waits(db_session: Session) -> None:
    defer(db_session, "deliver_webhook", {"webhook_id": 1}, lock="webhook 1")
    defer(db_session, "deliver_webhook", {"webhook_id": 2}, lock="webhook 2")
    with pytest.raises(IntegrityError), db_session.begin_nested():
        defer(db_session, "deliver_webhook", {"webhook_id": 1}, lock="webhook 1")
    assert depth(db_session)["todo"] == 2


def test_a_job_whose_worker_has_gone_silent_is_given_back_and_no_other(db_session: Session) -> None:
    for name in ("lost", "in hand"):
        defer(db_session, "recheck_holds", {"name": name})
    begin_job(db_session, silent_for=5 * MINUTE)
    begin_job(db_session, silent_for=timedelta(seconds=10))
    assert depth(db_session) == {"todo": 0, "doing": 2, "failed": 0}
    assert retry_stalled(db_session, MINUTE) == 1
    assert [(status, arguments["name"]) for status, _, arguments in jobs(db_session)] == [
        ("todo", "lost"),
        ("doing", "in hand"),
    ]
    assert retry_stalled(db_session, MINUTE) == 0


def test_a_job_whose_worker_is_not_even_known_any_more_is_given_back(db_session: Session) -> None:
    defer(db_session, "recheck_holds", {})
    begin_job(db_session, silent_for=5 * MINUTE)
    db_session.execute(text("SELECT procrastinate_prune_stalled_workers_v1(60)"))
    assert retry_stalled(db_session, MINUTE) == 1


def test_a_job_that_stalled_while_its_successor_waits_for_it_lets_it_go(db_session: Session) -> None:
    """The next minute's job waits for the lock of the one whose worker was killed."""
    for minute in (1, 2):
        defer(db_session, "expire_reservations", {"minute": minute}, lock="expire_reservations")
        if minute == 1:
            begin_job(db_session, silent_for=5 * MINUTE)
    defer(db_session, "recheck_holds", {"name": "another"})
    begin_job(db_session, silent_for=5 * MINUTE)
    assert retry_stalled(db_session, MINUTE) == 2
    assert [(status, arguments) for status, _, arguments in jobs(db_session)] == [
        ("todo", {"minute": 2}),
        ("todo", {"name": "another"}),
    ]


def test_a_job_that_kills_its_workers_is_given_up(db_session: Session) -> None:
    defer(db_session, "recheck_holds", {})
    for _ in range(6):
        assert depth(db_session)["todo"] == 1
        begin_job(db_session, silent_for=5 * MINUTE)
        assert retry_stalled(db_session, MINUTE) == 1
    assert depth(db_session) == {"todo": 0, "doing": 0, "failed": 1}


def test_the_tables_of_the_queue_are_those_of_the_library_that_is_installed() -> None:
    ours = next(Path(folder) / "procrastinate_3_10.sql" for folder in migrations.__path__)
    theirs = files("procrastinate") / "sql" / "schema.sql"
    assert ours.read_text(encoding="utf-8") == theirs.read_text(encoding="utf-8")
