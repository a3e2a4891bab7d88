"""Reservations that run out while somebody waits: two transactions at once, on clocks that differ."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from policy_service.db.embedded import DatabaseUrls
from policy_service.db.engine import make_engine, make_sessions
from policy_service.db.models import Order
from policy_service.domain.days import Moment
from policy_service.domain.errors import CreditPolicyError
from policy_service.domain.order_states import OrderState
from policy_service.services.order_life import expire_reservations
from tests.conftest import NOW
from tests.factories import Book
from tests.policies import LIMIT_ONLY

TTL = timedelta(days=1)
INSTANT = NOW + TTL
TICK = timedelta(microseconds=1)


@pytest.fixture(scope="module")
def engine(make_database: Callable[[], DatabaseUrls]) -> Iterator[Engine]:
    """Connections whose transactions really commit, in a database of their own."""
    engine = make_engine(make_database().runtime)
    with make_sessions(engine)() as session:
        _book(session, NOW).policy(LIMIT_ONLY)
        session.commit()
    yield engine
    engine.dispose()


@pytest.fixture
def pending(engine: Engine, request: pytest.FixtureRequest) -> dict[str, Any]:
    """An approved order that reserves the whole limit of an account of this test until INSTANT."""
    name = request.node.name
    with make_sessions(engine)() as session:
        book = _book(session, NOW)
        book.customer(name, credit_limit="100.00")
        record = book.check("100.00", order_id=name, customer_id=name)
        session.commit()
    assert record["verdict"]["outcome"] == "approve"
    return record


def _book(session: Session, now: datetime) -> Book:
    return Book(session, Moment.at(now, ZoneInfo("UTC")))


def _confirm(engine: Engine, record: dict[str, Any], now: datetime) -> str:
    """What a client is told who confirms on a host where it is `now`."""
    with make_sessions(engine)() as session:
        try:
            answer = _book(session, now).confirm(record)
        except CreditPolicyError as refusal:
            return refusal.code
        session.commit()
        return str(answer["status"])


def _wait_until_blocked(engine: Engine, work: Future[Any]) -> None:
    """Until the transaction of `work` waits for a lock."""
    waiting = text("""
        SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'
    """)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while not connection.scalar(waiting):
            assert not work.done(), work.result()


def test_a_confirmation_that_waited_past_the_instant_does_not_take_credit_that_is_gone(
    engine: Engine, pending: dict[str, Any]
) -> None:
    """It came a moment before the instant; while it waited, another order was given the credit at that instant."""
    name = pending["customer_id"]
    with make_sessions(engine)() as session, ThreadPoolExecutor(1) as beside:
        other = _book(session, INSTANT).check("100.00", order_id=f"{name}-other", customer_id=name)
        assert other["verdict"]["outcome"] == "approve"
        late = beside.submit(_confirm, engine, pending, INSTANT - TICK)
        _wait_until_blocked(engine, late)
        session.commit()
        assert late.result() == "reservation_expired"
    assert _confirm(engine, other, INSTANT + TICK) == "confirmed"
    with make_sessions(engine)() as session:
        assert _book(session, INSTANT + TICK).facts(1, name)["exposure.total"] == 100


def test_an_order_of_a_sibling_looks_past_a_reservation_too(engine: Engine, pending: dict[str, Any]) -> None:
    name = pending["customer_id"]
    with make_sessions(engine)() as session:
        book = _book(session, INSTANT)
        book.customer(f"{name}-sibling", credit_limit="100.00", parent_id=name)
        book.check("100.00", order_id=f"{name}-other", customer_id=f"{name}-sibling")
        session.commit()
    assert _confirm(engine, pending, INSTANT - TICK) == "reservation_expired"


@pytest.mark.parametrize(
    ("now", "told"),
    [(INSTANT - TICK, "confirmed"), (INSTANT, "reservation_expired"), (INSTANT + TICK, "reservation_expired")],
)
def test_a_reservation_can_be_confirmed_until_its_very_instant(
    engine: Engine, pending: dict[str, Any], now: datetime, told: str
) -> None:
    assert _confirm(engine, pending, now) == told


def test_a_confirmation_on_its_way_is_not_expired_under_its_hands(engine: Engine, pending: dict[str, Any]) -> None:
    """The job that releases what ran out comes while the confirmation holds the lock: it passes by."""
    with make_sessions(engine)() as session:
        assert _book(session, INSTANT - TICK).confirm(pending)["status"] == "confirmed"
        assert not _expires(engine, pending)
        session.commit()
    assert not _expires(engine, pending)


def test_a_confirmation_after_the_job_finds_the_reservation_expired(engine: Engine, pending: dict[str, Any]) -> None:
    """Its clock says that there is still time; the job said that there is none, and what it said stays."""
    assert _expires(engine, pending)
    assert _confirm(engine, pending, INSTANT - TICK) == "reservation_expired"


def _expires(engine: Engine, record: dict[str, Any]) -> bool:
    """Whether the job, run at the instant, leaves this order expired."""
    with make_sessions(engine)() as session:
        expire_reservations(session, Moment.at(INSTANT, ZoneInfo("UTC")), 100)
        session.commit()
        return session.get_one(Order, record["subject_id"]).status == OrderState.EXPIRED
