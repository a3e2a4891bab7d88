"""Workers and PostgreSQL killed under load, with -9: what a client was told is so, once, and the credit adds up."""

from __future__ import annotations

import itertools
import os
import random
import signal
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from policy_service.db.embedded import DatabaseUrls, embedded_postgres
from policy_service.db.engine import make_engine
from policy_service.db.migrate import migrate
from policy_service.domain.days import Moment
from policy_service.services.reconciling.run import reconcile
from tests.embedded.conftest import kill_all, own_folder
from tests.live.conftest import Service, running_service
from tests.live.load import POLICY, REFUSALS, Load, assert_limits_held, open_accounts, run_load

CLIENTS, LIVES = 6, 8
WORKER_KILLED_EVERY = 15
DATABASE_KILLED_AFTER = (45, 90)


class Database:
    """A server of its own, so that no other test is disturbed; joined anew after each kill."""

    def __init__(self, home: Path) -> None:
        self._home, self._held = home, ExitStack()
        self.urls = self._join()
        migrate(self.urls.owner, self.urls.runtime)

    def _join(self) -> DatabaseUrls:
        return self._held.enter_context(embedded_postgres(self._home, say=lambda _: None))

    def crash(self) -> None:
        """As when the power goes, and comes back."""
        kill_all(self._home)
        self._join()

    def leave(self) -> None:
        """Stop it."""
        self._held.close()


@pytest.fixture
def mortal() -> Iterator[Database]:
    """A database that may be killed."""
    with own_folder() as folder:
        database = Database(folder / "home")
        yield database
        database.leave()


def test_what_clients_were_told_survives_killed_workers_and_a_killed_database(
    mortal: Database, tmp_path: Path
) -> None:
    """Workers die every few answers, the database twice; each client sends again until it has its answer."""
    load = Load()
    with running_service(mortal.urls, tmp_path, POLICY) as service:
        open_accounts(service)

        with ThreadPoolExecutor(1) as beside:
            clients = beside.submit(run_load, service, load, clients=CLIENTS, lives=LIVES)
            _kill_along(service, mortal, load)
            clients.result()
    assert load.sent_again, "nobody noticed"
    _assert_nobody_met_an_error(load)
    with _connected(mortal.urls.runtime) as connection:
        _assert_told_is_so(connection, load)
        _assert_reservations_belong_to_decisions(connection)
        assert_limits_held(connection)
        assert reconcile(Session(connection), Moment.at(datetime.now(UTC), ZoneInfo("UTC"))).holds


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    engine = make_engine(url)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def _kill_along(service: Service, database: Database, load: Load) -> None:
    draw = random.Random(CLIENTS)  # noqa: S311  (nothing secret)
    for number in itertools.count(WORKER_KILLED_EVERY, WORKER_KILLED_EVERY):
        if not load.wait_for(number):
            return
        workers = _children(service.pid)
        if workers:
            os.kill(draw.choice(workers), signal.SIGKILL)
        if number in DATABASE_KILLED_AFTER:
            database.crash()


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _assert_nobody_met_an_error(load: Load) -> None:
    refused = [each for each in load.answers if not each.done]
    assert {each.answer.get("code") for each in refused} <= REFUSALS, refused


def _assert_told_is_so(connection: Connection, load: Load) -> None:
    """Every step that was answered is there, and nothing else: sent as often as it was, it was done once."""
    checked = {each.answer["decision_id"]: each.answer["outcome"] for each in load.done("check")}
    assert len(checked) == len(load.done("check")), "two keys were given one decision"
    assert dict(_rows(connection, "SELECT id, outcome FROM decisions")) == checked
    delivered = Counter((each.order_id, each.sent["delivery_id"]) for each in load.done("deliver"))
    assert Counter(_rows(connection, "SELECT order_id, delivery_id FROM deliveries")) == delivered
    confirmed = {each.sent["decision_id"] for each in load.done("confirm")}
    events = text("SELECT detail ->> 'decision_id' FROM audit_events WHERE action = 'order.confirmed'")
    assert sorted(connection.scalars(events)) == sorted(confirmed)
    ended = {each.order_id for step in ("cancel", "close") for each in load.done(step)}
    events = text("SELECT DISTINCT subject_id FROM audit_events WHERE action IN ('order.cancelled', 'order.closed')")
    assert set(connection.scalars(events)) == ended


def _rows(connection: Connection, query: str) -> list[tuple[str, str]]:
    return [(row[0], row[1]) for row in connection.execute(text(query))]


def _assert_reservations_belong_to_decisions(connection: Connection) -> None:
    """Each is of an approval that was recorded, for no more than it granted."""
    strays = text("""
        SELECT m.order_id, m.cause_id FROM movements m LEFT JOIN decisions d ON d.id = m.cause_id
        WHERE m.to_bucket = 'reserved' AND (d.outcome IS NULL OR d.outcome NOT LIKE 'approve%' OR m.amount > d.amount
              OR d.subject_id <> m.order_id OR d.customer_id <> m.customer_id)
        UNION ALL
        SELECT o.id, o.pending_decision_id FROM orders o LEFT JOIN decisions d ON d.id = o.pending_decision_id
        WHERE o.reserved > 0 AND d.id IS NULL
    """)
    assert not connection.execute(strays).all()
