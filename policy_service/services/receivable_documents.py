"""Invoices and payments as they were written, with what they are applied to."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from policy_service.db.models import Application, Invoice, Payment
from policy_service.domain.documents import (
    Allocation,
    InvoiceDocument,
    InvoiceStatus,
    InvoiceType,
    PaymentDocument,
)


def invoice_document(session: Session, invoice: Invoice) -> InvoiceDocument:
    """The invoice or credit note as it stands."""
    return InvoiceDocument(
        customer_id=invoice.customer_id,
        order_id=invoice.order_id,
        amount=invoice.amount,
        currency=invoice.currency,
        invoice_date=invoice.invoice_date,
        due_date=invoice.due_date,
        type=InvoiceType(invoice.type),
        applies_to=_allocations(session, "credit_note", invoice.id),
        disputed=invoice.disputed,
        disputed_on=invoice.disputed_on,
        dispute_reason=invoice.dispute_reason,
        status=InvoiceStatus(invoice.status),
        voided_on=invoice.voided_on,
    )


def payment_document(session: Session, payment: Payment) -> PaymentDocument:
    """The payment as it stands, returned or not."""
    return PaymentDocument(
        customer_id=payment.customer_id,
        order_id=payment.order_id,
        amount=payment.amount,
        currency=payment.currency,
        received_on=payment.received_on,
        allocations=_allocations(session, "payment", payment.id),
    )


def _allocations(session: Session, source: str, source_id: str) -> tuple[Allocation, ...]:
    found = session.execute(
        select(Application.invoice_id, Application.amount)
        .where(Application.source == source, Application.source_id == source_id)
        .order_by(Application.id)
    )
    return tuple(Allocation(invoice_id, amount) for invoice_id, amount in found)
