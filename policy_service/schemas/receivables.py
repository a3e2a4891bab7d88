"""Invoices, credit notes and payments."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from policy_service.domain.documents import (
    Allocation,
    InvoiceDocument,
    InvoiceStatus,
    InvoiceType,
    PaymentDocument,
)
from policy_service.schemas.base import DocumentSchema
from policy_service.schemas.faults import Message, message
from policy_service.schemas.fields import CurrencyCode, Day, Id, Money, OneOf, Several, Words, YesNo
from rules.texts import Text

_MOST_ALLOCATIONS = 1000


class AllocationSchema(DocumentSchema[Allocation]):
    """A part of a payment or credit note for one invoice."""

    makes = Allocation

    invoice_id = Id(Text("Invoice that is paid", "被核销的发票"), required=True)
    amount = Money(Text("Amount, above 0", "金额，大于 0"), positive=True, required=True)


class InvoiceSchema(DocumentSchema[InvoiceDocument]):
    """An invoice or credit note, whole."""

    makes = InvoiceDocument

    customer_id = Id(Text("Customer", "客户编号"), required=True)
    order_id = Id(Text("Order that is invoiced", "所开票的订单"))
    amount = Money(Text("Amount, always above 0", "金额，总大于 0"), positive=True, required=True)
    currency = CurrencyCode(Text("ISO 4217 code", "币种代码"), required=True)
    invoice_date = Day(Text("Day of the invoice", "开票日期"), required=True)
    due_date = Day(Text("Day on which it is due", "到期日"), required=True)
    type = OneOf(Text("Invoice or credit note", "发票或贷项通知单"), InvoiceType, load_default=InvoiceType.INVOICE)
    applies_to = Several(
        Text("Invoices that a credit note lowers", "贷项通知单所冲减的发票"),
        fields.Nested(AllocationSchema),
        at_most=_MOST_ALLOCATIONS,
        load_default=(),
    )
    disputed = YesNo(Text("Whether the customer disputes it", "客户是否有争议"), load_default=False)
    disputed_on = Day(Text("Day of the dispute", "争议提出日"))
    dispute_reason = Words(Text("What is disputed", "争议原因"), longest=500)
    status = OneOf(Text("Posted or void", "已过账或已作废"), InvoiceStatus, load_default=InvoiceStatus.POSTED)
    voided_on = Day(Text("Day of the voiding", "作废日"))

    @validates_schema(skip_on_field_errors=True)
    def _fits_together(self, document: dict[str, Any], **_: Any) -> None:
        found: dict[str, list[Message]] = {}
        if document["due_date"] < document["invoice_date"]:
            found["due_date"] = [message("day_order", other="invoice_date")]
        if document["applies_to"] and document["type"] is not InvoiceType.CREDIT_NOTE:
            found["applies_to"] = [message("credit_notes_only")]
        if not document["disputed"]:
            for name in ("disputed_on", "dispute_reason"):
                if document[name] is not None:
                    found[name] = [message("disputed_only")]
        if document["voided_on"] is not None and document["status"] is not InvoiceStatus.VOID:
            found["voided_on"] = [message("void_only")]
        if found:
            raise ValidationError(found)


class PaymentSchema(DocumentSchema[PaymentDocument]):
    """Money received, and what it pays."""

    makes = PaymentDocument

    customer_id = Id(Text("Customer", "客户编号"), required=True)
    order_id = Id(Text("Order whose prepayment this is", "所预付的订单"))
    amount = Money(Text("Amount, above 0", "金额，大于 0"), positive=True, required=True)
    currency = CurrencyCode(Text("ISO 4217 code", "币种代码"), required=True)
    received_on = Day(Text("Day on which it came in", "到账日"), required=True)
    allocations = Several(
        Text("Invoices that are paid", "所核销的发票"),
        fields.Nested(AllocationSchema),
        at_most=_MOST_ALLOCATIONS,
        load_default=(),
    )


INVOICE = InvoiceSchema()
PAYMENT = PaymentSchema()
