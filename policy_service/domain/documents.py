"""The documents that come in: what an ERP or a sales system says about customers, invoices, payments, orders.

They are plain values: checked for shape where they enter (policy_service.schemas), for sense by the services.
Money is exact and in the currency beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

from policy_service.domain.outcomes import CheckKind


class CustomerStatus(StrEnum):
    """How sales may deal with a customer."""

    ACTIVE = "active"
    WATCH = "watch"
    STOP = "stop"


class Grade(StrEnum):
    """Grades from A, the best, to D: credit classes and strategic value."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"


class SettlementMode(StrEnum):
    """How a customer settles: on credit, batch by batch, or in cash."""

    CREDIT = "credit"
    BATCH = "batch"
    CASH = "cash"


class InvoiceType(StrEnum):
    """An invoice raises what is owed, a credit note lowers it."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"


class InvoiceStatus(StrEnum):
    """A void invoice counts as never owed from the day it was voided."""

    POSTED = "posted"
    VOID = "void"


class HistoryStatus(StrEnum):
    """What became of an order placed elsewhere; a cancelled one leaves the volume."""

    CONFIRMED = "confirmed"
    DELIVERED = "delivered"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class SourceChannel(StrEnum):
    """Where a field report comes from."""

    VISIT = "visit"
    SUPPLIER = "supplier"
    LANDLORD = "landlord"
    BANK = "bank"
    CUSTOMER_OF_CUSTOMER = "customer_of_customer"
    PUBLIC_RECORD = "public_record"
    NEWS = "news"
    INTERNAL = "internal"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class TemporaryLimit:
    """A limit that overrides the base limit from one day to another, both ends in."""

    amount: Decimal
    from_day: date
    to_day: date


@dataclass(frozen=True, slots=True)
class CustomerDocument:
    """A customer and its credit account, whole. Money is in `currency`; a limit of None has not been set."""

    name: str
    currency: str
    credit_limit: Decimal | None = None
    limit_valid_until: date | None = None
    temporary_limit: TemporaryLimit | None = None
    group_credit_limit: Decimal | None = None
    standard_terms_days: int = 0
    status: CustomerStatus = CustomerStatus.ACTIVE
    segment: str | None = None
    customer_class: Grade | None = None
    country: str | None = None
    region: str | None = None
    industry: str | None = None
    parent_id: str | None = None
    registered_on: date | None = None
    strategic_value: Grade | None = None
    substitutability: int | None = None
    settlement_mode: SettlementMode = SettlementMode.CREDIT
    insured_amount: Decimal | None = None
    insured_until: date | None = None
    collateral_amount: Decimal | None = None
    sales_owner: str | None = None
    external_ids: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Allocation:
    """A part of a payment or credit note for one invoice, in the invoice's currency."""

    invoice_id: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class InvoiceDocument:
    """An invoice or credit note. `applies_to` is for credit notes; the rest of one lowers exposure, not overdue."""

    customer_id: str
    amount: Decimal
    currency: str
    invoice_date: date
    due_date: date
    order_id: str | None = None
    type: InvoiceType = InvoiceType.INVOICE
    applies_to: tuple[Allocation, ...] = ()
    disputed: bool = False
    disputed_on: date | None = None
    dispute_reason: str | None = None
    status: InvoiceStatus = InvoiceStatus.POSTED
    voided_on: date | None = None


@dataclass(frozen=True, slots=True)
class PaymentDocument:
    """Money received, and the invoices it pays."""

    customer_id: str
    amount: Decimal
    currency: str
    received_on: date
    order_id: str | None = None
    allocations: tuple[Allocation, ...] = ()


@dataclass(frozen=True, slots=True)
class OrderHistoryDocument:
    """An order placed elsewhere: counts for volume, never for exposure."""

    customer_id: str
    amount: Decimal
    currency: str
    order_date: date
    status: HistoryStatus = HistoryStatus.CONFIRMED


@dataclass(frozen=True, slots=True)
class FieldReportDocument:
    """What someone saw at a customer. `severity` from 1 (note) to 5 (act now); in force until `valid_until`."""

    customer_id: str
    observed_on: date
    category: str
    severity: int
    source_channel: SourceChannel
    note: str
    reported_by: str
    valid_until: date | None = None


@dataclass(frozen=True, slots=True)
class OrderLine:
    """A line of an order, as the sales system has it."""

    sku: str
    quantity: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class CheckRequest:
    """What a sales system asks before it confirms. Money is in `currency`.

    `payment_terms_days` None stands for the account's standard terms, `order_date` None for the business day.
    """

    kind: CheckKind
    subject_id: str
    customer_id: str
    amount: Decimal
    currency: str
    payment_terms_days: int | None = None
    prepaid_amount: Decimal = Decimal(0)
    order_date: date | None = None
    requested_ship_date: date | None = None
    order_type: str | None = None
    channel: str | None = None
    lines: tuple[OrderLine, ...] = ()
