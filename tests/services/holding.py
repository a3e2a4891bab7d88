"""People, policies and short ways for the tests of held orders."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import text

from policy_service.db.models import Hold, User
from policy_service.domain.actors import Actor
from policy_service.domain.holds import DelegationDocument
from policy_service.domain.permissions import Role
from policy_service.services.authority import set_dual_release
from policy_service.services.delegations import delegate_authority
from policy_service.services.exposure import exposure_document
from policy_service.services.held_orders import get_hold
from policy_service.services.holds import (
    Release,
    release_hold,
)
from tests.conftest import NOW
from tests.factories import BASE_CURRENCY, Book, day
from tests.policies import LIMIT_ONLY

CARL = Actor("carl", role=Role.CONTROLLER)
CORA = Actor("cora", role=Role.CONTROLLER)
MEI = Actor("mei", role=Role.MANAGER)
DORA = Actor("dora", role=Role.DIRECTOR)
SAM = Actor("sam", role=Role.SALES)
ADA = Actor("ada", role=Role.ADMIN)
ROBOT = Actor(key="robot", key_id=3)
PEOPLE = (CARL, CORA, MEI, DORA, SAM, ADA)
AUTO = LIMIT_ONLY.replace("currency: CNY\n", "currency: CNY\nsettings: {auto_release: true}\n", 1)
CAPPED = (
    LIMIT_ONLY
    + """
  - code: THIRTY_DAYS
    then: [{effect: cap_terms, days: 30}]
    when: {fact: order.payment_terms_days, op: gt, value: 0}
"""
)
FOR_DIRECTOR = LIMIT_ONLY.replace("{effect: hold}", "{effect: hold, authority: director}")
OVERDUE = """
schema: 1
name: overdue
currency: CNY
rules:
  - code: OVERDUE
    when: {fact: receivables.overdue_amount, op: gt, value: "0.00"}
    then: [{effect: hold}]
"""


def open_shop(book: Book) -> Book:
    """A customer with a limit of 1,000, and people."""
    for person in PEOPLE:
        book.session.add(
            User(
                name=str(person.user),
                password_hash="-",
                role=str(person.role),
                is_active=True,
                failed_logins=0,
                session_epoch=0,
                created_at=NOW,
            )
        )
    book.policy(LIMIT_ONLY)
    book.customer(credit_limit="1000", standard_terms_days=30)
    book.session.flush()
    return book


def held(book: Book, amount: str = "5000", **fields: Any) -> str:
    """Check an order that is held; the id of the decision."""
    record = book.check(amount, **fields)
    assert record["verdict"]["outcome"] == "hold"
    return str(record["decision_id"])


def release(book: Book, decision_id: str, actor: Actor = MEI, note: str = "they promised") -> Release:
    """Release a hold."""
    return release_hold(book.session, actor, decision_id, note, book.moment, BASE_CURRENCY)


def released(book: Book, decision_id: str, actor: Actor = MEI) -> dict[str, Any]:
    """Release a hold; the record of the decision."""
    record = release(book, decision_id, actor).record
    assert record is not None
    return record


def reserved(book: Book) -> str:
    """What is reserved for C-1."""
    return str(exposure_document(book.session, "C-1", book.moment, BASE_CURRENCY)["reserved"])


def hold_of(book: Book, decision_id: str) -> Hold:
    """A hold as it is stored."""
    book.session.flush()
    return get_hold(book.session, decision_id)


def dual_above(book: Book, amount: str) -> None:
    """Two persons release what is above."""
    set_dual_release(book.session, ADA, Decimal(amount), BASE_CURRENCY, NOW)


def recheck_jobs(book: Book) -> list[list[str]]:
    """The customers of the jobs that wait to check holds again."""
    jobs = book.session.execute(text("SELECT args FROM procrastinate_jobs WHERE task_name = 'recheck_holds'"))
    return [job.args["customer_ids"] for job in jobs]


def lend(book: Book, delegator: Actor, delegate: Actor, first: int = 0, last: int = 7) -> int:
    """Lend authority by day offsets."""
    document = DelegationDocument(str(delegate.user), day(first), day(last))
    return delegate_authority(book.session, delegator, document, book.moment).id
