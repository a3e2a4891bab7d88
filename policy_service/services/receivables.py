"""Invoices, credit notes and payments as an ERP has them: written whole, by id, as often as it likes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from policy_service.db.models import Application, Invoice, Order, Payment
from policy_service.domain.actors import Actor
from policy_service.domain.days import Moment
from policy_service.domain.documents import (
    Allocation,
    InvoiceDocument,
    InvoiceStatus,
    InvoiceType,
    PaymentDocument,
)
from policy_service.domain.errors import (
    BelongsToAnotherCustomer,
    FieldError,
    Invalid,
    InvoiceNotFound,
    PaymentNotFound,
)
from policy_service.domain.money import ZERO
from policy_service.services.accounts import lock_account
from policy_service.services.audit import record_event
from policy_service.services.holds_recheck import recheck_holds_of
from policy_service.services.order_buckets import give_back, take_for_waiting_invoices, take_from_order, uncover
from policy_service.services.settlement import refresh_settlement, replace_applications


def put_invoice(
    session: Session,
    actor: Actor,
    invoice_id: str,
    document: InvoiceDocument,
    moment: Moment,
    *,
    rechecks: bool = True,
) -> tuple[Invoice, bool]:
    """Write an invoice or credit note whole; the second value says whether it is new.

    Open holds are checked again, unless the caller has that done later.

    Raises CustomerNotFound, BelongsToAnotherCustomer, Invalid (naming the field).
    """
    lock_account(session, document.customer_id)
    invoice = session.get(Invoice, invoice_id, populate_existing=True)
    _check_owner(invoice, document.customer_id, "invoice")
    if invoice is not None and invoice.type != document.type:
        raise Invalid.field("/type", f"this document is recorded as {invoice.type}; that cannot change")
    _check_allocations(session, document.applies_to, document, "/applies_to")
    created = invoice is None
    if invoice is None:
        invoice = _new_invoice(invoice_id, document)
    elif _same(invoice, document, _invoice_days(invoice, document, moment)) and not _reallocates(
        session, "credit_note", invoice_id, document.applies_to
    ):
        return invoice, False
    moves = created or _invoices_otherwise(invoice, document)
    orders = dict.fromkeys((invoice.order_id, document.order_id))
    if moves and not created:
        give_back(session, invoice, moment)
    _fill(invoice, document, moment, _invoice_days(None if created else invoice, document, moment))
    session.add(invoice)
    session.flush()
    if moves:
        take_from_order(session, invoice, moment)
    touched = {invoice_id}
    if document.type is InvoiceType.CREDIT_NOTE:
        touched = replace_applications(
            session,
            customer_id=document.customer_id,
            source="credit_note",
            source_id=invoice_id,
            allocations=document.applies_to,
            dated=document.invoice_date,
        )
    refresh_settlement(session, touched, [invoice_id])
    session.refresh(invoice)
    for order_id in orders:
        if moves and not created:
            take_for_waiting_invoices(session, invoice, order_id, moment)
        uncover(session, invoice, order_id, moment)
    _record(session, actor, "invoice.written", "invoice", invoice_id, document, moment)
    if rechecks:
        recheck_holds_of(session, document.customer_id, moment)
    return invoice, created


def get_invoice(session: Session, invoice_id: str) -> Invoice:
    """One invoice or credit note. Raises InvoiceNotFound."""
    invoice = session.get(Invoice, invoice_id)
    if invoice is None:
        raise InvoiceNotFound(f"No invoice has the id {invoice_id!r}.")
    return invoice


def put_payment(
    session: Session,
    actor: Actor,
    payment_id: str,
    document: PaymentDocument,
    moment: Moment,
    *,
    rechecks: bool = True,
) -> tuple[Payment, bool]:
    """Write a payment and what it pays; the second value says whether it is new. A returned one stays returned.

    Open holds are checked again, unless the caller has that done later.

    Raises CustomerNotFound, BelongsToAnotherCustomer, Invalid (naming the field).
    """
    lock_account(session, document.customer_id)
    payment = session.get(Payment, payment_id, populate_existing=True)
    _check_owner(payment, document.customer_id, "payment")
    _check_allocations(session, document.allocations, document, "/allocations")
    _check_order_currency(session, document)
    created = payment is None
    if payment is None:
        payment = Payment(id=payment_id, customer_id=document.customer_id, applied=ZERO)
    elif _same(payment, document, {}) and not _reallocates(session, "payment", payment_id, document.allocations):
        return payment, False
    orders = dict.fromkeys((payment.order_id, document.order_id))
    _fill(payment, document, moment, {"state_from": document.received_on})
    session.add(payment)
    session.flush()
    touched = replace_applications(
        session,
        customer_id=document.customer_id,
        source="payment",
        source_id=payment_id,
        allocations=document.allocations,
        dated=document.received_on,
    )
    refresh_settlement(session, touched, [payment_id])
    session.refresh(payment)
    for order_id in orders:
        uncover(session, payment, order_id, moment)
    _record(session, actor, "payment.written", "payment", payment_id, document, moment)
    if rechecks:
        recheck_holds_of(session, document.customer_id, moment)
    return payment, created


def get_payment(session: Session, payment_id: str) -> Payment:
    """One payment. Raises PaymentNotFound."""
    payment = session.get(Payment, payment_id)
    if payment is None:
        raise PaymentNotFound(f"No payment has the id {payment_id!r}.")
    return payment


def return_payment(
    session: Session, actor: Actor, payment_id: str, returned_on: date | None, moment: Moment
) -> Payment:
    """The bank took the money back: what it paid is open again from that day. Again with the same day: no change.

    Raises PaymentNotFound; Invalid for a day before the payment was received.
    """
    payment = get_payment(session, payment_id)
    lock_account(session, payment.customer_id)
    session.refresh(payment)
    day = returned_on or payment.returned_on or moment.day
    if day < payment.received_on:
        raise Invalid.field("/returned_on", f"is before the payment was received on {payment.received_on}")
    payment.returned_on = day
    payment.updated_at = moment.now
    session.flush()
    refresh_settlement(session, (), [payment_id])
    session.refresh(payment)
    uncover(session, payment, payment.order_id, moment)
    detail = {"returned_on": day.isoformat()}
    record_event(session, actor, "payment.returned", "payment", payment_id, detail, moment.now)
    session.flush()
    recheck_holds_of(session, payment.customer_id, moment)
    return payment


def _new_invoice(invoice_id: str, document: InvoiceDocument) -> Invoice:
    return Invoice(
        id=invoice_id,
        customer_id=document.customer_id,
        applied=ZERO,
        settled_by_payment=False,
        taken_from_deliveries=ZERO,
        taken_from_orders=ZERO,
    )


def _invoice_days(known: Invoice | None, document: InvoiceDocument, moment: Moment) -> dict[str, date | None]:
    """When it was voided and disputed. What the document leaves open stays as known; else it turned so today,
    or, for a document not seen before, was so from its first day."""
    turned = moment.day if known is not None else document.invoice_date
    voided_on = document.voided_on or (known and known.voided_on) or turned
    disputed_on = document.disputed_on or (known and known.disputed_on) or turned
    return {
        "voided_on": voided_on if document.status is InvoiceStatus.VOID else None,
        "disputed_on": disputed_on if document.disputed else None,
        "state_from": document.invoice_date,
    }


def _fill(
    row: Invoice | Payment,
    document: InvoiceDocument | PaymentDocument,
    moment: Moment,
    days: Mapping[str, date | None],
) -> None:
    for name, value in {**_columns(document), **days}.items():
        setattr(row, name, value)
    row.updated_at = moment.now


def _same(
    row: Invoice | Payment, document: InvoiceDocument | PaymentDocument, days: Mapping[str, date | None]
) -> bool:
    """Whether the row says what the document says, so that writing it again changes nothing."""
    wanted = {**_columns(document), **days}
    wanted.pop("state_from", None)
    return all(getattr(row, name) == value for name, value in wanted.items())


def _columns(document: InvoiceDocument | PaymentDocument) -> dict[str, Any]:
    derived = {"applies_to", "allocations", "voided_on", "disputed_on"}
    return {each.name: getattr(document, each.name) for each in fields(document) if each.name not in derived}


def _invoices_otherwise(invoice: Invoice, document: InvoiceDocument) -> bool:
    """Whether it takes from orders otherwise than it did: a due date or a dispute moves no credit."""
    said = (invoice.order_id, invoice.amount, invoice.currency, invoice.status)
    return said != (document.order_id, document.amount, document.currency, document.status)


def _reallocates(session: Session, source: str, source_id: str, allocations: Sequence[Allocation]) -> bool:
    known = session.execute(
        select(Application.invoice_id, Application.amount).where(
            Application.source == source, Application.source_id == source_id
        )
    )
    return {row.invoice_id: row.amount for row in known} != {each.invoice_id: each.amount for each in allocations}


def _check_owner(found: Invoice | Payment | None, customer_id: str, what: str) -> None:
    if found is not None and found.customer_id != customer_id:
        raise BelongsToAnotherCustomer(f"The {what} {found.id!r} belongs to another customer.")


def _check_allocations(
    session: Session,
    allocations: Sequence[Allocation],
    document: InvoiceDocument | PaymentDocument,
    pointer: str,
) -> None:
    """Allocations name invoices of the same customer and currency, each once, and stay within the amount."""
    if not allocations:
        return
    errors: list[FieldError] = []
    names = [allocation.invoice_id for allocation in allocations]
    invoices = {invoice.id: invoice for invoice in session.scalars(select(Invoice).where(Invoice.id.in_(set(names))))}
    for position, name in enumerate(names):
        fault = _allocation_fault(invoices.get(name), document, repeated=name in names[:position])
        if fault:
            errors.append(FieldError(f"{pointer}/{position}/invoice_id", fault))
    if sum(allocation.amount for allocation in allocations) > document.amount:
        errors.append(FieldError(pointer, "adds up to more than the amount"))
    if errors:
        raise Invalid("The allocations do not fit.", *errors)


def _allocation_fault(
    invoice: Invoice | None, document: InvoiceDocument | PaymentDocument, *, repeated: bool
) -> str | None:
    if repeated:
        return "is named twice"
    if invoice is None or invoice.type != InvoiceType.INVOICE:
        return "no invoice has this id"
    if invoice.customer_id != document.customer_id:
        return "belongs to another customer"
    if invoice.currency != document.currency:
        return f"is in {invoice.currency}, not in {document.currency}"
    return None


def _check_order_currency(session: Session, document: PaymentDocument) -> None:
    if document.order_id is None:
        return
    order = session.get(Order, document.order_id)
    if order is not None and order.customer_id != document.customer_id:
        raise Invalid.field("/order_id", "belongs to another customer")
    if order is not None and order.currency != document.currency:
        raise Invalid.field("/currency", f"the order is in {order.currency}")


def _record(
    session: Session,
    actor: Actor,
    action: str,
    kind: str,
    subject_id: str,
    document: InvoiceDocument | PaymentDocument,
    moment: Moment,
) -> None:
    detail = {
        "customer_id": document.customer_id,
        "amount": format(document.amount, "f"),
        "currency": document.currency,
    }
    record_event(session, actor, action, kind, subject_id, detail, moment.now)
    session.flush()
