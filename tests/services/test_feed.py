"""The events feed: one order for all readers, nothing missed, nothing told that did not happen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from policy_service.db.embedded import DatabaseUrls
from policy_service.db.engine import Sessions, make_engine, make_sessions
from policy_service.domain.errors import OrderBelongsToAnotherCustomer
from policy_service.domain.outcomes import CheckKind
from policy_service.services import checks
from policy_service.services.feed import arrange, end_of_feed, event_document, events_after, publish_event
from tests.conftest import NOW
from tests.factories import Book
from tests.policies import LIMIT_ONLY


@pytest.fixture(scope="module")
def own_sessions(make_database: Callable[[], DatabaseUrls]) -> Iterator[Sessions]:
    """Sessions of a database of its own: what is tested is who sees which commit when."""
    engine = make_engine(make_database().runtime)
    yield make_sessions(engine)
    engine.dispose()


def tell(session: Session, subject_id: str) -> None:
    """Publish an event about something, uncommitted."""
    publish_event(session, "order.confirmed", subject_id, {"order_id": subject_id}, NOW)
    session.flush()


def read_on(sessions: Sessions, position: int) -> tuple[list[str], int]:
    """What a poller gets who has read up to `position`, and how far it has read then."""
    with sessions() as session:
        arrange(session)
        end = end_of_feed(session)
        found = events_after(session, position, end, limit=100)
        session.commit()
        return [event.subject_id for event in found], found[-1].id if found else position


def test_a_poller_never_misses_an_event_that_was_numbered_first_and_committed_last(own_sessions: Sessions) -> None:
    position = read_on(own_sessions, 0)[1]
    with own_sessions() as slow, own_sessions() as quick:
        tell(slow, "first to begin")
        tell(quick, "first to commit")
        quick.commit()
        seen, position = read_on(own_sessions, position)
        assert seen == ["first to commit"]
        slow.commit()
    assert read_on(own_sessions, position)[0] == ["first to begin"]


def test_a_transaction_that_goes_on_for_long_holds_up_nobody_else(own_sessions: Sessions) -> None:
    position = read_on(own_sessions, 0)[1]
    with own_sessions() as long, own_sessions() as other:
        long.execute(text("SELECT pg_current_xact_id()"))
        tell(other, "told meanwhile")
        other.commit()
        assert read_on(own_sessions, position)[0] == ["told meanwhile"]


def test_what_was_rolled_back_is_never_told(own_sessions: Sessions) -> None:
    position = read_on(own_sessions, 0)[1]
    with own_sessions() as session:
        tell(session, "undone")
        session.rollback()
        tell(session, "done")
        session.commit()
    assert read_on(own_sessions, position)[0] == ["done"]


def test_while_one_reader_arranges_the_feed_another_does_not_wait_and_sees_it_after(own_sessions: Sessions) -> None:
    position = read_on(own_sessions, 0)[1]
    with own_sessions() as session:
        tell(session, "arranged once")
        session.commit()
    with own_sessions() as busy:
        assert arrange(busy)
        assert read_on(own_sessions, position) == ([], position)
        busy.commit()
    assert read_on(own_sessions, position)[0] == ["arranged once"]


def test_events_of_one_transaction_keep_their_order(db_session: Session) -> None:
    for number in range(50):
        publish_event(db_session, "order.confirmed", str(number), {}, NOW)
    arrange(db_session)
    found = events_after(db_session, 0, end_of_feed(db_session), limit=100)
    assert [event.subject_id for event in found] == [str(number) for number in range(50)]


def test_an_event_says_what_happened_to_what_and_when(db_session: Session) -> None:
    publish_event(db_session, "order.confirmed", "SO-1", {"customer_id": "C-1"}, NOW)
    arrange(db_session)
    (event,) = events_after(db_session, 0, end_of_feed(db_session), limit=1)
    assert event_document(event) == {
        "id": f"evt_{event.id}",
        "kind": "order.confirmed",
        "subject_id": "SO-1",
        "occurred_at": "2026-11-23T08:00:00.000000Z",
        "payload": {"customer_id": "C-1"},
    }


def test_a_kind_that_nobody_knows_is_refused(db_session: Session) -> None:
    with pytest.raises(ValueError, match=r"order\.lost"):
        publish_event(db_session, "order.lost", "SO-1", {}, NOW)


@pytest.mark.parametrize("change", ["UPDATE events SET kind = 'other'", "DELETE FROM events"])
def test_what_was_told_is_never_changed(db_session: Session, change: str) -> None:
    with pytest.raises(DBAPIError, match="permission denied"):
        db_session.execute(text(change))


def told(session: Session, *kinds: str) -> list[dict[str, Any]]:
    """The events of some kinds as they are told, the oldest first."""
    arrange(session)
    found = events_after(session, 0, end_of_feed(session), limit=100, kinds=kinds)
    return [event_document(event) for event in found]


@pytest.fixture
def shop(book: Book) -> Book:
    """A customer with a limit of 1,000 whose orders are approved up to it."""
    book.policy(LIMIT_ONLY)
    book.customer(credit_limit="1000", standard_terms_days=30)
    return book


def test_the_feed_tells_every_decision_on_orders_and_quotes(shop: Book) -> None:
    approved, held = shop.check("100"), shop.check("5000", order_id="SO-2")
    quoted = shop.check("10", order_id="Q-1", kind=CheckKind.QUOTE)
    events = told(shop.session, "decision.made")
    assert [event["subject_id"] for event in events] == [each["decision_id"] for each in (approved, held, quoted)]
    assert events[0]["payload"] == {
        "decision_id": approved["decision_id"],
        "kind": "order",
        "order_id": "SO-1",
        "customer_id": "C-1",
        "outcome": "approve",
        "amount": "100.00",
        "granted_credit_amount": "100.00",
        "currency": "CNY",
        "rule_codes": [],
        "policy_version": approved["policy"]["version"],
        "valid_until": approved["valid_until"],
    }
    assert events[1]["payload"]["outcome"] == held["verdict"]["outcome"]
    assert (events[1]["payload"]["granted_credit_amount"], events[2]["payload"]["quote_id"]) == (None, "Q-1")


def test_a_decision_that_could_not_be_written_is_not_told(shop: Book) -> None:
    shop.customer("C-2", credit_limit="1000")
    shop.check("100")
    with pytest.raises(OrderBelongsToAnotherCustomer), shop.session.begin_nested():
        shop.check("100", customer_id="C-2")
    assert [event["payload"]["customer_id"] for event in told(shop.session, "decision.made")] == ["C-1"]


def test_the_feed_tells_alerts_policies_and_confirmations(shop: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.confirm(shop.check("100"))

    def fail(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(checks, "gather", fail)
    record = shop.check("100", order_id="SO-2")
    (alert,) = told(shop.session, "alert.raised")
    assert (alert["payload"]["rule_code"], alert["payload"]["decision_id"]) == ("ENGINE_ERROR", record["decision_id"])
    assert set(alert["payload"]["message"]) == {"en", "zh"}
    (published,) = told(shop.session, "policy.published")
    assert published["payload"]["version"] == record["policy"]["version"]
    assert published["payload"]["effective_at"] == "2026-11-23T08:00:00.000000Z"
    (confirmed,) = told(shop.session, "order.confirmed")
    assert (confirmed["subject_id"], confirmed["payload"]["customer_id"]) == ("SO-1", "C-1")
