"""Several persons, checks and payments on one hold at once, on connections of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from policy_service.db.embedded import DatabaseUrls
from policy_service.db.engine import Sessions, make_engine, make_sessions
from policy_service.db.models import Decision, Hold
from policy_service.domain.actors import Actor
from policy_service.domain.days import Moment
from policy_service.domain.errors import HoldNotOpen
from policy_service.domain.permissions import Role
from policy_service.services.exposure import exposure_document
from policy_service.services.holds import recheck_open_holds, release_hold
from tests.conftest import NOW, TODAY
from tests.factories import BASE_CURRENCY, Book
from tests.policies import LIMIT_ONLY

AUTO = LIMIT_ONLY.replace("currency: CNY\n", "currency: CNY\nsettings: {auto_release: true}\n", 1)
MOMENT = Moment(NOW, TODAY)


@pytest.fixture
def sessions(make_database: Callable[[], DatabaseUrls]) -> Iterator[Sessions]:
    """A database of its own: here transactions are committed."""
    engine = make_engine(make_database().runtime)
    yield make_sessions(engine)
    engine.dispose()


def at_once(sessions: Sessions, works: list[Callable[[Session], str]]) -> list[str]:
    """Do all of these at once, each in a transaction; what each of them said."""
    barrier = Barrier(len(works))

    def run(work: Callable[[Session], str]) -> str:
        with sessions() as session:
            barrier.wait()
            said = work(session)
            session.commit()
        return said

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def held(session: Session, number: int, amount: str) -> str:
    """An order that is held; the later, the higher the number."""
    book = Book(session, Moment(NOW + timedelta(seconds=number), TODAY))
    record = book.check(amount, order_id=f"SO-{number}")
    assert record["verdict"]["outcome"] == "hold"
    return str(record["decision_id"])


def shop(session: Session, policy: str, limit: str) -> Book:
    """A customer with a limit."""
    book = Book(session, MOMENT)
    book.policy(policy)
    book.customer(credit_limit=limit, standard_terms_days=30)
    return book


def reserved(sessions: Sessions) -> str:
    """What is reserved for C-1."""
    with sessions() as session:
        return str(exposure_document(session, "C-1", MOMENT, BASE_CURRENCY)["reserved"])


def test_of_several_persons_who_release_at_once_one_does(sessions: Sessions) -> None:
    with sessions() as session:
        shop(session, LIMIT_ONLY, "1000")
        decision_id = held(session, 1, "5000")
        session.commit()

    def releasing(person: str) -> Callable[[Session], str]:
        def work(session: Session) -> str:
            actor = Actor(person, role=Role.MANAGER)
            try:
                release_hold(session, actor, decision_id, "now", MOMENT, BASE_CURRENCY)
            except HoldNotOpen:
                return "too late"
            return "released"

        return work

    said = at_once(sessions, [releasing(f"manager {number}") for number in range(4)])
    assert sorted(said) == ["released", *["too late"] * 3]
    assert reserved(sessions) == "5000.00"


def test_a_check_of_the_order_and_its_release_at_once_leave_one_answer(sessions: Sessions) -> None:
    with sessions() as session:
        shop(session, LIMIT_ONLY, "1000")
        decision_id = held(session, 1, "5000")
        session.commit()

    def releasing(session: Session) -> str:
        try:
            release_hold(session, Actor("mei", role=Role.MANAGER), decision_id, "now", MOMENT, BASE_CURRENCY)
        except HoldNotOpen:
            return "too late"
        return "released"

    def checking(session: Session) -> str:
        return str(Book(session, MOMENT).check("5000", order_id="SO-1")["verdict"]["outcome"])

    said = at_once(sessions, [releasing, checking])
    assert said in (["released", "hold"], ["too late", "hold"])
    assert reserved(sessions) == "0.00"
    with sessions() as session:
        assert session.scalar(select(func.count()).select_from(Hold).where(Hold.status == "open")) == 1


def test_payments_and_jobs_that_release_at_once_never_pass_the_limit(sessions: Sessions) -> None:
    """Ten orders of 300 wait for a limit of 1,000 to be free: three go out, each once."""
    with sessions() as session:
        book = shop(session, AUTO, "1000")
        book.invoice("1000", issued=-40, due=-10, invoice_id="INV-1")
        for number in range(10):
            held(session, number, "300")
        session.commit()

    def paying(session: Session) -> str:
        Book(session, MOMENT).payment("1000", received=0, pays={"INV-1": "1000"}, payment_id="PAY-1")
        return ""

    def rechecking(session: Session) -> str:
        recheck_open_holds(session, ["C-1"], MOMENT, BASE_CURRENCY)
        return ""

    at_once(sessions, [paying, rechecking, rechecking])
    assert reserved(sessions) == "900.00"
    with sessions() as session:
        approved = session.scalars(select(Decision.subject_id).where(Decision.outcome == "approve")).all()
        assert sorted(approved) == ["SO-0", "SO-1", "SO-2"]
