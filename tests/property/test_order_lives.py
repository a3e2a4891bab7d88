"""Random lives of orders, on PostgreSQL and in a plain model: every bucket of both is the same after every step.

Beyond that, after each step the movements of an order add up to its buckets, and nothing that the service itself does
(a check, a confirmation, a delivery, an expiry) lifts the exposure above the limit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from policy_service.domain.actors import SYSTEM
from policy_service.domain.days import Moment
from policy_service.domain.documents import Allocation, InvoiceStatus, InvoiceType
from policy_service.domain.errors import CreditPolicyError
from policy_service.services.exposure import exposure_document
from policy_service.services.order_life import cancel_order, close_order, deliver_order, expire_reservations
from policy_service.services.receivables import return_payment
from policy_service.services.reconciling import reconcile
from tests.conftest import NOW
from tests.factories import BASE_CURRENCY, Book
from tests.property.order_model import LIMIT, TTL, Model, ModelSource

_POLICY = """
schema: 1
name: order lives
currency: CNY
settings: {require_verified_prepayment: never, reservation_ttl_minutes: 60}
rules:
  - code: EXPOSURE_CAP
    title: Over the limit
    when: {fact: exposure.after, op: gt, value: {fact: customer.credit_limit}, if_missing: true}
    then: [{effect: hold}]
"""
# Few of each, so that what is written meets what is there.
_ORDERS = st.sampled_from(["SO-1", "SO-1", "SO-2"])
_LINKS = st.sampled_from(["SO-1", "SO-1", "SO-2", None])
_NUMBERS = st.integers(1, 2)
_AMOUNTS = st.sampled_from([100, 200, 300, 400, 500, 700, 1000, 1200])
_UTC = ZoneInfo("UTC")

_KEPT_AND_MOVED = text("""
SELECT o.id, o.covered, o.reserved, o.open_orders, o.open_deliveries,
       coalesce(sum(CASE 'reserved' WHEN m.to_bucket THEN m.amount WHEN m.from_bucket THEN -m.amount END), 0),
       coalesce(sum(CASE 'open_orders' WHEN m.to_bucket THEN m.amount WHEN m.from_bucket THEN -m.amount END), 0),
       coalesce(sum(CASE 'open_deliveries' WHEN m.to_bucket THEN m.amount WHEN m.from_bucket THEN -m.amount END), 0)
FROM orders o LEFT JOIN movements m ON m.order_id = o.id GROUP BY o.id ORDER BY o.id
""")


class OrderLives(RuleBasedStateMachine):
    """One account with a limit of 2,000, three orders, and what an ERP says about them."""

    connection: Connection

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.now = NOW
        self.ceiling = 0
        self.session = Session(self.connection, join_transaction_mode="create_savepoint", expire_on_commit=False)
        self.around = self.connection.begin_nested()

    def open_account(self) -> None:
        """A customer and a policy."""
        self.book.policy(_POLICY)
        self.book.customer(credit_limit=str(LIMIT))

    @initialize(begun=st.sampled_from(["", "pending", "confirmed", "prepaid", "delivered", "invoiced"]))
    def begin(self, begun: str) -> None:
        """Some lives are watched from the middle on."""
        self.open_account()
        if begun == "prepaid":
            self.write_payment(1, "SO-1", 500, 1, False)
        if begun:
            self.check("SO-1", 1000, 0, 30)
        if begun not in ("", "pending"):
            self.confirm("SO-1", 1, 0)
        if begun == "invoiced":
            self.write_invoice(1, "SO-1", 700, True)
        if begun in ("prepaid", "delivered", "invoiced"):
            self.deliver("SO-1", 1, 1000)

    @property
    def book(self) -> Book:
        """The credit file at this instant."""
        return Book(self.session, Moment.at(self.now, _UTC))

    def teardown(self) -> None:
        """Nothing of it stays."""
        self.session.close()
        self.around.rollback()

    @rule(
        order_id=_ORDERS, amount=_AMOUNTS, prepaid=st.sampled_from([0, 0, 0, 100]), terms=st.sampled_from([30, 30, 0])
    )
    def check(self, order_id: str, amount: int, prepaid: int, terms: int) -> None:
        """A first check, a larger or smaller one, one after the order was confirmed."""
        prepaid = min(prepaid, amount)
        record = self.book.check(str(amount), order_id=order_id, prepaid=str(prepaid), terms=terms)
        with self._own_act(self.now):
            decision = self.model.check(order_id, record["decision_id"], self.now, (amount, prepaid, terms))
        assert record["verdict"]["outcome"] == ("hold" if decision.granted is None else "approve")
        if decision.granted is not None:
            assert Decimal(record["reservation"]["amount"]) == decision.reserved

    @precondition(lambda self: self.model.orders)
    @rule(order_id=_ORDERS, back=st.sampled_from([1, 1, 1, 2]), behind=st.sampled_from([0, 0, 0, 61]))
    def confirm(self, order_id: str, back: int, behind: int) -> None:
        """A decision of the order, the last one most of the time, perhaps by a host whose clock is minutes behind."""
        order = self.model.orders.get(order_id)
        if order is None or len(order.decisions) < back:
            return
        decision = order.decisions[-back]
        now = max(decision.at, self.now - timedelta(minutes=behind))
        record = {"subject_id": order_id, "decision_id": decision.id}
        refusal = self._code_of(lambda: Book(self.session, Moment.at(now, _UTC)).confirm(record))
        with self._own_act(now):
            assert refusal == self.model.confirm(order_id, decision, now)

    @rule(order_id=_ORDERS, amount=_AMOUNTS)
    def check_and_confirm(self, order_id: str, amount: int) -> None:
        """As most orders go."""
        self.check(order_id, amount, 0, 30)
        self.confirm(order_id, 1, 0)

    @rule(amount=_AMOUNTS, invoiced=_AMOUNTS)
    def confirm_what_was_invoiced_meanwhile(self, amount: int, invoiced: int) -> None:
        """The ERP is quicker than the sales system."""
        self.check("SO-1", amount, 0, 30)
        self.write_invoice(2, "SO-1", invoiced, True)
        self.confirm("SO-1", 1, 0)

    @rule(amount=_AMOUNTS, others=_AMOUNTS)
    def confirm_too_late(self, amount: int, others: int) -> None:
        """Another order is decided at the instant at which the reservation ends; the host that confirms is behind."""
        self.check("SO-1", amount, 0, 30)
        self.wait(TTL)
        self.check("SO-2", others, 0, 30)
        self.confirm("SO-1", 1, 61)

    @precondition(lambda self: self.model.orders)
    @rule(order_id=_ORDERS, number=st.integers(1, 4), amount=_AMOUNTS)
    def deliver(self, order_id: str, number: int, amount: int) -> None:
        """A part, the rest, more than was ordered, or a delivery that was reported before."""
        if order_id in self.model.orders:
            delivery = (order_id, f"D-{number}", Decimal(amount))
            refusal = self._code_of(lambda: deliver_order(self.session, SYSTEM, *delivery, self.book.moment))
            assert refusal == self.model.deliver(order_id, f"D-{number}", amount)

    @precondition(lambda self: self.model.orders)
    @rule(order_id=_ORDERS, step=st.sampled_from(["close", "cancel"]))
    def end(self, order_id: str, step: str) -> None:
        """The customer changed his mind, or the rest will never come."""
        if order_id in self.model.orders:
            act = close_order if step == "close" else cancel_order
            refusal = self._code_of(lambda: act(self.session, SYSTEM, order_id, self.book.moment))
            with self._own_act(self.now):
                assert refusal == self.model.end(order_id, step)

    @rule()
    def expire(self) -> None:
        """The job that tidies up after reservations comes by."""
        assert expire_reservations(self.session, self.book.moment, 10) == self.model.expire(self.now)

    @rule(number=_NUMBERS, order_id=_LINKS, amount=_AMOUNTS, posted=st.sampled_from([True, True, True, False]))
    def write_invoice(self, number: int, order_id: str | None, amount: int, posted: bool) -> None:
        """A new invoice or one written anew: larger, smaller, void, posted again, for another order or for none."""
        status = InvoiceStatus.POSTED if posted else InvoiceStatus.VOID
        self.book.invoice(str(amount), issued=0, due=30, invoice_id=f"I-{number}", order_id=order_id, status=status)
        self.model.write_invoice(f"I-{number}", order_id, amount, self.now, posted=posted)

    @rule(number=_NUMBERS, order_id=_LINKS, amount=_AMOUNTS, invoice=_NUMBERS, pays=st.booleans())
    def write_payment(self, number: int, order_id: str | None, amount: int, invoice: int, pays: bool) -> None:
        """A payment, for an order or not, applied to an invoice or not; a returned one stays returned."""
        applied = {f"I-{invoice}": amount} if pays and f"I-{invoice}" in self.model.invoices else {}
        self.book.payment(
            str(amount),
            received=0,
            payment_id=f"P-{number}",
            order_id=order_id,
            pays={name: str(each) for name, each in applied.items()},
        )
        self.model.write_payment(ModelSource(f"P-{number}", order_id, amount, applied))

    @precondition(lambda self: self.model.payments)
    @rule(number=_NUMBERS)
    def return_payment(self, number: int) -> None:
        """The bank takes it back."""
        if f"P-{number}" in self.model.payments:
            return_payment(self.session, SYSTEM, f"P-{number}", None, self.book.moment)
            self.model.return_payment(f"P-{number}")

    @precondition(lambda self: self.model.invoices)
    @rule(amount=_AMOUNTS, invoice=_NUMBERS, applies=st.booleans(), posted=st.booleans())
    def write_credit_note(self, amount: int, invoice: int, applies: bool, posted: bool) -> None:
        """A credit note, applied to an invoice or not, void or not."""
        applied = {f"I-{invoice}": amount} if applies and f"I-{invoice}" in self.model.invoices else {}
        self.book.invoice(
            str(amount),
            issued=0,
            due=0,
            invoice_id="CN-1",
            type=InvoiceType.CREDIT_NOTE,
            applies_to=tuple(Allocation(name, Decimal(each)) for name, each in applied.items()),
            status=InvoiceStatus.POSTED if posted else InvoiceStatus.VOID,
        )
        self.model.credit_notes["CN-1"] = ModelSource("CN-1", None, amount, applied, posted)

    @rule(step=st.sampled_from([timedelta(seconds=1), timedelta(minutes=20), timedelta(minutes=20), TTL]))
    def wait(self, step: timedelta) -> None:
        """Time passes; an hour ends a reservation of this instant exactly."""
        self.now += step

    @rule()
    def prove_the_books(self) -> None:
        """Rows, movements and documents agree, and every kept sum."""
        assert list(reconcile(self.session, self.book.moment).differences) == []

    @invariant()
    def exposure_is_that_of_the_model(self) -> None:
        """Every bucket, the total and what is available."""
        document = exposure_document(self.session, "C-1", self.book.moment, BASE_CURRENCY)
        expected = self.model.buckets(self.now)
        assert {name: Decimal(document[name]) for name in expected} == expected

    @invariant()
    def orders_hold_what_was_moved_into_them(self) -> None:
        """The row of each order, the sum of its movements, and the model."""
        for name, covered, *amounts in self.session.execute(_KEPT_AND_MOVED):
            order = self.model.orders[name]
            assert order.covered == covered, name
            assert amounts[:3] == [order.reserved, order.open_orders, order.open_deliveries], name
            assert amounts[3:] == amounts[:3], name

    def _code_of(self, act: Callable[[], Any]) -> str | None:
        """The code of the refusal of an act, which then changed nothing; None where it was done."""
        try:
            with self.session.begin_nested():
                act()
        except CreditPolicyError as refusal:
            return refusal.code
        return None

    @contextmanager
    def _own_act(self, now: datetime) -> Iterator[None]:
        """What the service does by itself lifts nothing above the limit."""
        before = self.model.buckets(now)["total"]
        yield
        assert self.model.buckets(now)["total"] <= max(LIMIT, before)


def test_random_lives_of_orders_never_pass_the_limit_and_add_up(connection: Connection) -> None:
    class Lives(OrderLives):
        """On the connection of this test."""

    Lives.connection = connection
    run_state_machine_as_test(
        Lives,
        settings=settings(max_examples=40, stateful_step_count=30, suppress_health_check=list(HealthCheck)),
    )


_WENT_WRONG = {
    "an order that shrinks while it is invoiced counted the invoice twice": [
        ("check_and_confirm", "SO-1", 1000),
        ("check", "SO-1", 500, 0, 30),
        ("write_invoice", 1, "SO-1", 300, True),
        ("confirm", "SO-1", 1, 0),
        ("write_invoice", 1, "SO-1", 300, False),
    ],
    "an invoice voided between check and confirmation gave its credit away twice": [
        ("check_and_confirm", "SO-1", 1000),
        ("write_invoice", 1, "SO-1", 400, True),
        ("check", "SO-1", 1000, 0, 30),
        ("write_invoice", 1, "SO-1", 400, False),
        ("confirm", "SO-1", 1, 0),
    ],
    "a clock that is behind confirmed what another order had taken": [
        ("check", "SO-1", 2000, 0, 30),
        ("wait", TTL),
        ("check", "SO-2", 2000, 0, 30),
        ("confirm", "SO-1", 1, 1),
    ],
    "a cancelled order that was checked again was still confirmed under its old decision": [
        ("check_and_confirm", "SO-1", 1000),
        ("end", "SO-1", "cancel"),
        ("check", "SO-1", 1000, 0, 30),
        ("confirm", "SO-1", 2, 0),
    ],
    "a wrong invoice voided after the right one was posted left the order counted twice": [
        ("check_and_confirm", "SO-1", 1000),
        ("write_invoice", 1, "SO-1", 1000, True),
        ("wait", timedelta(seconds=1)),
        ("write_invoice", 2, "SO-1", 1000, True),
        ("write_invoice", 1, "SO-1", 1000, False),
    ],
}


@pytest.mark.parametrize("steps", _WENT_WRONG.values(), ids=_WENT_WRONG)
def test_lives_that_once_went_wrong(connection: Connection, steps: list[tuple[Any, ...]]) -> None:
    lives = type("Lives", (OrderLives,), {"connection": connection})()
    lives.open_account()
    for name, *arguments in steps:
        getattr(lives, name)(*arguments)
        lives.exposure_is_that_of_the_model()
        lives.orders_hold_what_was_moved_into_them()
    lives.teardown()
    assert lives.model.buckets(lives.now)["total"] <= LIMIT
