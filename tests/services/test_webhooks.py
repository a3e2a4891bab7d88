"""Webhooks: every event once and in order, signed, tried again, given up after days; nobody waits for another."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session
from standardwebhooks import Webhook as Signature

from policy_service.config import load_config
from policy_service.db.engine import Sessions
from policy_service.db.models import Alert, AuditEvent, Webhook
from policy_service.domain.actors import Actor
from policy_service.domain.errors import WebhookNotFound
from policy_service.domain.event_kinds import EventKind
from policy_service.jobs import deliver_next
from policy_service.schemas import DocumentRefused
from policy_service.services.feed import arrange, publish_event
from policy_service.services.webhook_delivery import dispatch, next_message, settle_delivered, settle_failed
from policy_service.services.webhook_sending import Sender
from policy_service.services.webhooks import create_webhook, delete_webhook, get_webhook, resume_webhook
from policy_service.wiring import Wiring
from tests.conftest import NOW
from tests.receiver import Receiver, answers, running_receiver

ANN = Actor("ann")
URL = "https://hooks.example.com/credit"
SENDER = Sender(seconds=5, allow_private=True)


def add(session: Session, url: str = URL, *kinds: EventKind) -> Webhook:
    """Add a webhook."""
    return create_webhook(session, ANN, url, kinds or None, NOW, allow_private=True)


def tell(session: Session, *subjects: str, kind: str = "order.confirmed") -> None:
    """Let things happen, and let the feed know their order."""
    for subject in subjects:
        publish_event(session, kind, subject, {}, NOW)
    arrange(session)


def deferred(session: Session) -> list[Any]:
    """The webhooks for which a job is in the queue."""
    return list(session.scalars(text("SELECT args -> 'webhook_id' FROM procrastinate_jobs ORDER BY id")))


def deliver(session: Session, webhook: Webhook, now: datetime = NOW, *, fails: bool = False) -> str | None:
    """Send the next message to nowhere; what it was about."""
    message = next_message(session, webhook.id, now)
    if message is None:
        return None
    if fails:
        settle_failed(session, message, "answered 500", now, is_gone=False)
    else:
        settle_delivered(session, message, now)
    return str(json.loads(message.body)["subject_id"])


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/",
        "ftp://hooks.example.com/",
        "https://user:secret@hooks.example.com/",
        "https:///nowhere",
        "https://hooks.example.com/#part",
        "https://hooks.example.com:99999/",
        "https://hooks.example.com/a b",
        "https://höoks.example.com/",
        "https://[::1",
        "hooks.example.com",
        "javascript:alert(1)",
    ],
)
def test_only_https_addresses_are_taken(db_session: Session, url: str) -> None:
    with pytest.raises(DocumentRefused) as refused:
        add(db_session, url)
    assert [each.pointer for each in refused.value.faults] == ["/url"]
    assert db_session.scalars(select(Webhook)).all() == []


@pytest.mark.parametrize(
    "url",
    ["http://localhost:9000/", "https://127.0.0.1/", "https://10.1.2.3/", "https://[::1]/", "https://a.localhost/"],
)
def test_private_addresses_are_taken_only_where_a_setting_says_so(db_session: Session, url: str) -> None:
    with pytest.raises(DocumentRefused, match="not acceptable"):
        create_webhook(db_session, ANN, url, None, NOW, allow_private=False)
    assert create_webhook(db_session, ANN, url, None, NOW, allow_private=True).id


def test_a_webhook_gets_what_happens_from_its_beginning_on_in_order(db_session: Session) -> None:
    tell(db_session, "before")
    webhook = add(db_session)
    tell(db_session, "first", "second")
    assert [deliver(db_session, webhook) for _ in range(3)] == ["first", "second", None]
    tell(db_session, "third")
    assert deliver(db_session, webhook) == "third"
    assert webhook.last_delivered_at == NOW


def test_a_webhook_gets_only_the_kinds_that_it_asked_for(db_session: Session) -> None:
    webhook = add(db_session, URL, EventKind.ORDER_CLOSED)
    tell(db_session, "confirmed")
    tell(db_session, "closed", kind="order.closed")
    tell(db_session, "confirmed later")
    assert [deliver(db_session, webhook) for _ in range(2)] == ["closed", None]
    assert dispatch(db_session, NOW) == 0, "what it did not ask for is settled too"


def test_a_job_is_deferred_for_each_webhook_that_is_behind_and_only_one(db_session: Session) -> None:
    first, second = add(db_session), add(db_session, "https://other.example.com/")
    assert dispatch(db_session, NOW) == 0
    tell(db_session, "something")
    assert dispatch(db_session, NOW) == 2
    assert dispatch(db_session, NOW) == 0
    assert deferred(db_session) == [first.id, second.id]


def test_what_fails_is_tried_again_later_and_later_and_nothing_else_is_sent_before(db_session: Session) -> None:
    webhook = add(db_session)
    tell(db_session, "first", "second")
    now, pauses = NOW, []
    for _ in range(14):
        assert deliver(db_session, webhook, now, fails=True) == "first"
        assert webhook.next_attempt_at is not None
        assert next_message(db_session, webhook.id, webhook.next_attempt_at - timedelta(microseconds=1)) is None
        assert dispatch(db_session, now) == 0
        pauses.append((webhook.next_attempt_at - now).total_seconds())
        now = webhook.next_attempt_at
    assert pauses == [5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600, 3600, 3600]
    assert [deliver(db_session, webhook, now) for _ in range(3)] == ["first", "second", None]
    assert (webhook.failures, webhook.failing_since, webhook.next_attempt_at, webhook.last_error) == (
        0,
        None,
        None,
        None,
    )


def test_one_that_fails_holds_up_no_other(db_session: Session) -> None:
    broken, well = add(db_session), add(db_session, "https://other.example.com/")
    tell(db_session, "first")
    deliver(db_session, broken, fails=True)
    assert dispatch(db_session, NOW) == 1
    assert deferred(db_session) == [well.id]
    assert deliver(db_session, well) == "first"


def test_after_three_days_of_failure_it_is_disabled_with_an_alert_and_can_go_on_where_it_stopped(
    db_session: Session,
) -> None:
    webhook = add(db_session)
    tell(db_session, "first")
    deliver(db_session, webhook, fails=True)
    deliver(db_session, webhook, NOW + timedelta(days=3, seconds=-1), fails=True)
    assert webhook.disabled_at is None
    late = NOW + timedelta(days=3, hours=2)
    deliver(db_session, webhook, late, fails=True)
    assert webhook.disabled_at == late
    (alert,) = db_session.scalars(select(Alert)).all()
    assert (alert.rule_code, URL in alert.message["en"], "已停用" in alert.message["zh"]) == (
        "WEBHOOK_DISABLED",
        True,
        True,
    )
    assert (dispatch(db_session, late + timedelta(days=30)), deliver(db_session, webhook, late)) == (0, None)
    resume_webhook(db_session, ANN, webhook.id, late)
    assert dispatch(db_session, late) == 1
    assert deliver(db_session, webhook, late) == "first"


def test_an_address_that_says_it_is_gone_is_disabled_at_once(db_session: Session) -> None:
    webhook = add(db_session)
    tell(db_session, "first")
    message = next_message(db_session, webhook.id, NOW)
    assert message is not None
    settle_failed(db_session, message, "answered 410", NOW, is_gone=True)
    assert webhook.disabled_at == NOW


def test_a_late_failure_does_not_send_again_what_another_has_delivered(db_session: Session) -> None:
    """Two workers hold the same message: one was thought dead."""
    webhook = add(db_session)
    tell(db_session, "first")
    message = next_message(db_session, webhook.id, NOW)
    assert message is not None
    settle_delivered(db_session, message, NOW)
    settle_failed(db_session, message, "timed out", NOW, is_gone=False)
    assert (webhook.failures, deliver(db_session, webhook)) == (0, None)


def test_a_deleted_webhook_gets_nothing_more(db_session: Session) -> None:
    webhook = add(db_session)
    tell(db_session, "first")
    message = next_message(db_session, webhook.id, NOW)
    assert message is not None
    delete_webhook(db_session, ANN, webhook.id, NOW)
    settle_delivered(db_session, message, NOW)
    assert next_message(db_session, webhook.id, NOW) is None
    with pytest.raises(WebhookNotFound):
        get_webhook(db_session, webhook.id)


def test_every_step_is_recorded_and_never_with_the_secret(db_session: Session) -> None:
    webhook = add(db_session)
    resume_webhook(db_session, ANN, webhook.id, NOW)
    delete_webhook(db_session, ANN, webhook.id, NOW)
    events = db_session.scalars(select(AuditEvent).order_by(AuditEvent.id)).all()
    assert [event.action for event in events] == ["webhook.created", "webhook.resumed", "webhook.deleted"]
    assert all(event.detail == {"url": URL, "kinds": None} for event in events)


@dataclass
class Clock:
    """A clock that is turned by hand."""

    now: datetime = field(default_factory=datetime.now)

    def __call__(self) -> datetime:
        """The instant."""
        return self.now


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A server on this machine that takes webhooks."""
    with running_receiver() as running:
        yield running


def test_a_receiver_can_verify_what_it_gets_and_knows_what_it_had(
    sessions: Sessions, receiver: Receiver, tmp_path: Path
) -> None:
    clock = Clock(datetime.now(NOW.tzinfo))
    wiring = Wiring(load_config({"CREDIT_POLICY_HOME": str(tmp_path)}), sessions, clock)
    with sessions() as session:
        webhook = add(session, f"{receiver.address}/credit")
        publish_event(session, "order.confirmed", "SO-1", {"note": "客户"}, NOW)
        arrange(session)
        session.commit()
    receiver.behaviours = [answers(500), answers(200)]
    assert not deliver_next(wiring, SENDER, webhook.id)
    assert not deliver_next(wiring, SENDER, webhook.id), "it is too early"
    clock.now += timedelta(seconds=5)
    assert deliver_next(wiring, SENDER, webhook.id)
    assert not deliver_next(wiring, SENDER, webhook.id)
    first, again = receiver.take(), receiver.take()
    assert receiver.received.empty()
    assert (first.body, first.headers["webhook-id"]) == (again.body, again.headers["webhook-id"])
    for request in (first, again):
        document = Signature(webhook.secret).verify(request.body, request.headers)
        assert (document["id"], document["payload"]) == (request.headers["webhook-id"], {"note": "客户"})
