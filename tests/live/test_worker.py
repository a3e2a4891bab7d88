"""Real worker processes: what they do at once, what becomes of a job whose worker is killed, how they stop."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from standardwebhooks import Webhook as Signature

from policy_service.config import load_config
from policy_service.db.embedded import DatabaseUrls
from policy_service.db.engine import Sessions, make_engine, make_sessions
from policy_service.db.models import Webhook
from policy_service.domain.actors import SYSTEM
from policy_service.domain.days import Moment
from policy_service.home import session_key
from policy_service.jobs import reconcile_now
from policy_service.services.feed import publish_event
from policy_service.services.webhooks import create_webhook
from policy_service.wiring import Wiring
from tests.cli.conftest import CREDIT_POLICY, environment
from tests.factories import Book
from tests.policies import LIMIT_ONLY
from tests.receiver import Receiver, answers, hangs, running_receiver

_SOON = 60


@dataclass
class Site:
    """A database, and the workers that a test starts on it."""

    urls: DatabaseUrls
    home: Path
    sessions: Sessions

    @contextmanager
    def worker(self, **settings: str) -> Iterator[subprocess.Popen[bytes]]:
        """A worker for the length of the block."""
        with (self.home / "worker.log").open("ab") as log:
            process = subprocess.Popen(
                [*CREDIT_POLICY, "worker"],
                env=environment(self.home, DATABASE_URL=self.urls.runtime, **settings),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
            try:
                yield process
            finally:
                process.kill()
                process.wait(timeout=60)

    def asked(self, statement: str) -> Any:
        """The one value that a statement gives."""
        with self.sessions() as session:
            return session.execute(text(statement)).scalar()

    def until(self, statement: str) -> None:
        """Wait until a statement gives something true."""
        deadline = time.monotonic() + _SOON
        while not self.asked(statement):
            assert time.monotonic() < deadline, (self.home / "worker.log").read_text()
            time.sleep(0.05)

    def happened(self, *subjects: str) -> None:
        """Let things happen now."""
        with self.sessions() as session:
            for subject in subjects:
                publish_event(session, "order.confirmed", subject, {"order_id": subject}, datetime.now(UTC))
            session.commit()

    def webhook(self, url: str) -> Webhook:
        """Add a webhook."""
        with self.sessions() as session:
            webhook = create_webhook(session, SYSTEM, url, None, datetime.now(UTC), allow_private=True)
            session.commit()
            return webhook


@pytest.fixture
def site(make_database: Callable[[], DatabaseUrls], tmp_path: Path) -> Iterator[Site]:
    """A site of its own."""
    urls = make_database()
    engine = make_engine(urls.runtime)
    session_key(tmp_path)
    yield Site(urls, tmp_path, make_sessions(engine))
    engine.dispose()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A server on this machine that takes webhooks."""
    with running_receiver() as running:
        yield running


def subjects(receiver: Receiver, webhook: Webhook, count: int) -> list[str]:
    """What the next messages are about, each with a good signature."""
    requests = [receiver.take() for _ in range(count)]
    verified = [Signature(webhook.secret).verify(request.body, request.headers) for request in requests]
    return [document["subject_id"] for document in verified]


def test_a_worker_sends_what_happens_and_stops_when_it_is_told(site: Site, receiver: Receiver) -> None:
    webhook = site.webhook(receiver.address)
    site.happened("SO-1", "SO-2", "SO-3")
    with site.worker(WEBHOOKS_TO_PRIVATE_ADDRESSES="1") as process:
        assert subjects(receiver, webhook, 3) == ["SO-1", "SO-2", "SO-3"]
        site.happened("SO-4")
        assert subjects(receiver, webhook, 1) == ["SO-4"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=_SOON) == 0
    assert site.asked("SELECT count(*) FROM procrastinate_workers") == 0


def test_a_job_whose_worker_is_killed_in_the_middle_is_done_by_another(site: Site, receiver: Receiver) -> None:
    webhook = site.webhook(receiver.address)
    receiver.behaviours = [hangs, answers(200)]
    site.happened("SO-1")
    with site.worker(WEBHOOKS_TO_PRIVATE_ADDRESSES="1") as first:
        assert subjects(receiver, webhook, 1) == ["SO-1"]
        first.kill()
        first.wait(timeout=_SOON)
    assert site.asked("SELECT status FROM procrastinate_jobs WHERE task_name = 'deliver_webhook'") == "doing"
    with site.sessions() as session:
        session.execute(text("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '5 minutes'"))
        session.commit()
    with site.worker(WEBHOOKS_TO_PRIVATE_ADDRESSES="1"):
        assert subjects(receiver, webhook, 1) == ["SO-1"]
        site.until("SELECT last_delivered_at IS NOT NULL FROM webhooks")


def test_a_worker_goes_on_when_all_its_connections_were_cut(site: Site, receiver: Receiver) -> None:
    webhook = site.webhook(receiver.address)
    with site.worker(WEBHOOKS_TO_PRIVATE_ADDRESSES="1") as process:
        site.happened("SO-1")
        assert subjects(receiver, webhook, 1) == ["SO-1"]
        site.until("SELECT count(*) = 0 FROM procrastinate_jobs WHERE task_name = 'deliver_webhook'")
        site.asked(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        site.happened("SO-2")
        assert subjects(receiver, webhook, 1) == ["SO-2"]
        assert process.poll() is None


def test_many_workers_expire_a_reservation_once(site: Site) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=30)
    with site.sessions() as session:
        book = Book(session, Moment(long_ago, long_ago.date()))
        book.policy(LIMIT_ONLY)
        book.customer(credit_limit="1000", standard_terms_days=30)
        book.check("100")
        session.commit()
    with site.worker(), site.worker():
        site.until("SELECT reserved = 0 FROM orders")
        site.until("SELECT count(*) = 2 FROM procrastinate_workers")
    assert site.asked("SELECT count(*) FROM movements WHERE cause = 'expiry'") == 1
    told = (
        "SELECT count(*) FROM (TABLE events UNION ALL TABLE event_arrivals) told WHERE kind = 'reservation.expired'"
    )
    assert site.asked(told) == 1
    assert site.asked("SELECT count(*) FROM procrastinate_jobs WHERE status = 'failed'") == 0


def test_the_nightly_reconciliation_raises_an_alert_only_where_something_does_not_hold(site: Site) -> None:
    now = datetime.now(UTC)
    with site.sessions() as session:
        book = Book(session, Moment(now, now.date()))
        book.policy(LIMIT_ONLY)
        book.customer(credit_limit="1000", standard_terms_days=30)
        book.check("100")
        session.commit()
    wiring = Wiring(load_config({"CREDIT_POLICY_HOME": str(site.home)}), site.sessions)
    reconcile_now(wiring)
    assert site.asked("SELECT count(*) FROM alerts") == 0
    with site.sessions() as session:
        session.execute(text("UPDATE orders SET reserved = reserved + 1"))
        session.commit()
    reconcile_now(wiring)
    assert site.asked("SELECT rule_code FROM alerts") == "RECONCILIATION_FAILED"
