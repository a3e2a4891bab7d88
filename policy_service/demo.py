"""Demo data: a handful of customers, each a story of credit management, with a year behind them.

All days count back from the day on which it is loaded, all money is in CNY.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from policy_service.domain.actors import Actor
from policy_service.domain.days import Moment
from policy_service.domain.documents import (
    Allocation,
    CustomerDocument,
    CustomerStatus,
    FieldReportDocument,
    Grade,
    InvoiceDocument,
    OrderHistoryDocument,
    PaymentDocument,
    SourceChannel,
)
from policy_service.services.customers import put_customer
from policy_service.services.market import add_field_report, put_order_history
from policy_service.services.receivables import put_invoice, put_payment

_CURRENCY = "CNY"
_ORDERS_EVERY_DAYS = 30
_NEWEST_ORDER_DAYS = 25
_INVOICED_AFTER_DAYS = 2
_SEASONS = (100, 92, 108, 97, 105, 88, 110)
"""Percent of the usual amount, order by order."""


@dataclass(frozen=True, slots=True)
class Story:
    """A customer, what they buy every month and how they pay: days after the due date, order by order."""

    customer_id: str
    name: str
    about: Mapping[str, Any]
    monthly: int = 0
    months: int = 13
    paid_late_days: tuple[int, ...] = (0,)
    never_paid: tuple[int, ...] = ()
    """Orders still unpaid whatever their due date; 0 is the newest."""


def _about(limit: int | None, terms: int, **more: Any) -> dict[str, Any]:
    return {"credit_limit": None if limit is None else Decimal(limit), "standard_terms_days": terms, **more}


STORIES = (
    Story(
        "C-1001",
        "华东精密机械 East China Precision",
        _about(500_000, 60, customer_class=Grade.A, strategic_value=Grade.A, industry="machinery", region="Shanghai"),
        monthly=80_000,
        paid_late_days=(-4, 0, -2, -6),
    ),
    Story(
        "C-1002",
        "湖畔食品 Lakeside Foods",
        _about(200_000, 30, customer_class=Grade.C, strategic_value=Grade.C, industry="food", region="Hangzhou"),
        monthly=40_000,
        paid_late_days=(12, 25, 3),
        never_paid=(1, 2),
    ),
    Story(
        "C-1003",
        "北风贸易 Northwind Trading",
        _about(50_000, 30, strategic_value=Grade.B, industry="trade", region="Tianjin"),
    ),
    Story(
        "C-1004",
        "青山建材 Green Hill Building Materials",
        _about(
            150_000, 60, customer_class=Grade.B, strategic_value=Grade.B, industry="construction", region="Chengdu"
        ),
        monthly=45_000,
        paid_late_days=(0, -1, 3, -2, 0),
    ),
    Story(
        "C-1005",
        "飞龙电子 Flying Dragon Electronics",
        _about(
            300_000, 45, customer_class=Grade.B, strategic_value=Grade.C, industry="electronics", region="Shenzhen"
        ),
        monthly=20_000,
        paid_late_days=(1, 6, 9, 14),
    ),
    Story(
        "C-1006",
        "旧港货运 Old Harbour Freight",
        _about(0, 0, status=CustomerStatus.STOP, strategic_value=Grade.D, industry="logistics", region="Dalian"),
        monthly=15_000,
        months=6,
        paid_late_days=(40, 70),
    ),
    Story(
        "C-1007",
        "金河集团 Golden River Group",
        _about(400_000, 30, group_credit_limit=Decimal(250_000), customer_class=Grade.A, strategic_value=Grade.B),
        monthly=100_000,
        paid_late_days=(0, 1),
    ),
    Story(
        "C-1008",
        "金河零售 Golden River Retail",
        _about(200_000, 30, parent_id="C-1007", customer_class=Grade.B, strategic_value=Grade.B),
        monthly=70_000,
        paid_late_days=(0, 2),
    ),
    Story(
        "C-1009",
        "慢船纺织 Slow Boat Textiles",
        _about(250_000, 60, customer_class=Grade.C, strategic_value=Grade.B, industry="textiles", region="Ningbo"),
        monthly=30_000,
        paid_late_days=(18, 22, 9, 30),
    ),
)

SAMPLE_ORDERS: tuple[Mapping[str, Any], ...] = (
    {"order_id": "SO-2001", "customer_id": "C-1001", "amount": "95000.00"},
    {"order_id": "SO-2002", "customer_id": "C-1002", "amount": "18000.00"},
    {"order_id": "SO-2003", "customer_id": "C-1003", "amount": "12500.00"},
    {"order_id": "SO-2004", "customer_id": "C-1004", "amount": "80000.00"},
    {"order_id": "SO-2005", "customer_id": "C-1005", "amount": "60000.00"},
    {"order_id": "SO-2006", "customer_id": "C-1006", "amount": "5000.00"},
    {"order_id": "SO-2007", "customer_id": "C-1008", "amount": "90000.00"},
    {"order_id": "SO-2008", "customer_id": "C-1009", "amount": "28000.00"},
)
"""Orders for `/check-order`, the currency aside."""

_REPORTS = (
    (
        "C-1005",
        12,
        "asset_transfer",
        3,
        SourceChannel.VISIT,
        "两台贴片机被运走，称“送修” Two placement machines were taken away",
    ),
    ("C-1005", 8, "landlord", 2, SourceChannel.LANDLORD, "房租拖欠两个月 Two months of rent are unpaid"),
    ("C-1009", 20, "headcount", 2, SourceChannel.VISIT, "夜班取消 The night shift was ended"),
)


def load_demo(session: Session, actor: Actor, moment: Moment) -> None:
    """Write all demo data; once written, it is not written again by the same call on the same day."""
    for story in STORIES:
        _write_story(session, actor, story, moment)
    for customer_id, days_ago, category, severity, channel, note in _REPORTS:
        observed = moment.day - timedelta(days=days_ago)
        report = FieldReportDocument(customer_id, observed, category, severity, channel, note, reported_by="sales")
        add_field_report(session, actor, report, moment)


def _write_story(session: Session, actor: Actor, story: Story, moment: Moment) -> None:
    registered = moment.day - timedelta(days=400 if story.monthly else 3)
    about = {"country": "CN", "registered_on": registered, "sales_owner": "sales", **story.about}
    customer = CustomerDocument(name=story.name, currency=_CURRENCY, **about)
    put_customer(session, actor, story.customer_id, customer, moment)
    for deal in _deals(story, customer.standard_terms_days, moment.day):
        deal.write(session, actor, moment)


@dataclass(frozen=True, slots=True)
class _Deal:
    """An order, its invoice, and the payment where it has come in."""

    name: str
    customer_id: str
    amount: Decimal
    ordered: date
    due: date
    paid: date | None

    def write(self, session: Session, actor: Actor, moment: Moment) -> None:
        invoiced = self.ordered + timedelta(days=_INVOICED_AFTER_DAYS)
        order = OrderHistoryDocument(self.customer_id, self.amount, _CURRENCY, self.ordered)
        invoice = InvoiceDocument(self.customer_id, self.amount, _CURRENCY, invoiced, self.due)
        put_order_history(session, actor, f"SO-{self.name}", order, moment)
        put_invoice(session, actor, f"INV-{self.name}", invoice, moment)
        if self.paid is not None:
            pays = (Allocation(f"INV-{self.name}", self.amount),)
            payment = PaymentDocument(self.customer_id, self.amount, _CURRENCY, self.paid, allocations=pays)
            put_payment(session, actor, f"PAY-{self.name}", payment, moment)


def _deals(story: Story, terms_days: int, day: date) -> Iterator[_Deal]:
    """The deals of a customer, the oldest first."""
    for number in reversed(range(story.months if story.monthly else 0)):
        ordered = day - timedelta(days=_NEWEST_ORDER_DAYS + number * _ORDERS_EVERY_DAYS)
        due = ordered + timedelta(days=_INVOICED_AFTER_DAYS + terms_days)
        paid = due + timedelta(days=story.paid_late_days[number % len(story.paid_late_days)])
        yield _Deal(
            name=f"{story.customer_id.removeprefix('C-')}-{number:02}",
            customer_id=story.customer_id,
            amount=Decimal(story.monthly * _SEASONS[number % len(_SEASONS)]) / 100,
            ordered=ordered,
            due=due,
            paid=None if paid > day or number in story.never_paid else paid,
        )
