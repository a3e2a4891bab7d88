"""Invoices, credit notes and payments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from api.auth import needs
from api.blueprint import ApiBlueprint
from api.context import Call
from api.operations import Body, Operation
from api.replies import Answer, stored
from api.schemas.credit_file import StoredInvoiceSchema, StoredPaymentSchema
from policy_service.db.models import Invoice, Payment
from policy_service.domain.days import rfc3339
from policy_service.domain.documents import InvoiceDocument, PaymentDocument
from policy_service.domain.permissions import Scope
from policy_service.schemas import INVOICE, PAYMENT, DocumentSchema, write
from policy_service.schemas.fields import Day
from policy_service.services.receivable_documents import invoice_document, payment_document
from policy_service.services.receivables import (
    get_invoice,
    get_payment,
    put_invoice,
    put_payment,
    return_payment,
)
from rules.texts import Text

blueprint = ApiBlueprint("receivables", Text("Invoices, credit notes and payments", "发票、贷项通知单与付款"))


@dataclass(frozen=True, slots=True)
class PaymentReturn:
    """The bank took a payment back; None: on the business day."""

    returned_on: date | None = None


class PaymentReturnSchema(DocumentSchema[PaymentReturn]):
    """The return of a payment."""

    makes = PaymentReturn

    returned_on = Day(Text("Day of the return; left out, the business day", "退回日期；不填则为业务日"))


@blueprint.serve(
    Operation(
        "PUT",
        needs(Scope.DATA_WRITE),
        Text("Write an invoice or credit note, whole", "写入整张发票或贷项通知单"),
        {200: StoredInvoiceSchema, 201: StoredInvoiceSchema},
        Body(INVOICE),
        errors=(404, 409),
    ),
    "/v1/invoices/<id:invoice_id>",
)
def write_invoice(call: Call[InvoiceDocument], invoice_id: str) -> Answer:
    """Create an invoice or replace it."""
    invoice, created = put_invoice(call.session, call.actor, invoice_id, call.sent, call.moment)
    return stored(_invoice(call.session, invoice), created=created)


@blueprint.serve(
    Operation(
        "GET",
        needs(Scope.DATA_READ),
        Text("Read an invoice or credit note", "读取发票或贷项通知单"),
        {200: StoredInvoiceSchema},
        errors=(404,),
    ),
    "/v1/invoices/<id:invoice_id>",
)
def invoice(call: Call[None], invoice_id: str) -> Answer:
    """One invoice."""
    return Answer(_invoice(call.session, get_invoice(call.session, invoice_id)))


@blueprint.serve(
    Operation(
        "PUT",
        needs(Scope.DATA_WRITE),
        Text("Write a payment, whole", "写入整笔付款"),
        {200: StoredPaymentSchema, 201: StoredPaymentSchema},
        Body(PAYMENT),
        errors=(404, 409),
    ),
    "/v1/payments/<id:payment_id>",
)
def write_payment(call: Call[PaymentDocument], payment_id: str) -> Answer:
    """Create a payment or replace it."""
    payment, created = put_payment(call.session, call.actor, payment_id, call.sent, call.moment)
    return stored(_payment(call.session, payment), created=created)


@blueprint.serve(
    Operation(
        "GET",
        needs(Scope.DATA_READ),
        Text("Read a payment", "读取付款"),
        {200: StoredPaymentSchema},
        errors=(404,),
    ),
    "/v1/payments/<id:payment_id>",
)
def payment(call: Call[None], payment_id: str) -> Answer:
    """One payment."""
    return Answer(_payment(call.session, get_payment(call.session, payment_id)))


@blueprint.serve(
    Operation(
        "POST",
        needs(Scope.DATA_WRITE),
        Text("Return a payment: what it paid is open again", "退回付款：所核销的重新变为未付"),
        {200: StoredPaymentSchema},
        Body(PaymentReturnSchema(), required=False),
        errors=(404,),
    ),
    "/v1/payments/<id:payment_id>/return",
)
def take_back_payment(call: Call[PaymentReturn], payment_id: str) -> Answer:
    """The bank took the money back."""
    payment = return_payment(call.session, call.actor, payment_id, call.sent.returned_on, call.moment)
    return Answer(_payment(call.session, payment))


def _invoice(session: Session, invoice: Invoice) -> dict[str, Any]:
    return {
        "invoice_id": invoice.id,
        **write(INVOICE, invoice_document(session, invoice), invoice.currency),
        "updated_at": rfc3339(invoice.updated_at),
    }


def _payment(session: Session, payment: Payment) -> dict[str, Any]:
    return {
        "payment_id": payment.id,
        **write(PAYMENT, payment_document(session, payment), payment.currency),
        "returned_on": payment.returned_on.isoformat() if payment.returned_on else None,
        "updated_at": rfc3339(payment.updated_at),
    }
