"""A credit file to look at: customers of two languages, a year of history, and a decision of every kind."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from sqlalchemy.orm import Session

from policy_service.domain.actors import Actor
from policy_service.domain.days import Moment
from policy_service.domain.documents import (
    Allocation,
    CheckRequest,
    CustomerDocument,
    CustomerStatus,
    FieldReportDocument,
    Grade,
    InvoiceDocument,
    OrderHistoryDocument,
    PaymentDocument,
    SettlementMode,
    SourceChannel,
)
from policy_service.domain.outcomes import CheckKind
from policy_service.domain.permissions import Role
from policy_service.services.checks import check
from policy_service.services.customers import put_customer
from policy_service.services.market import add_field_report, put_fx_rate, put_order_history
from policy_service.services.policies import publish_in_one_step
from policy_service.services.receivables import put_invoice, put_payment

DEFAULT_POLICY = Path(__file__).parents[2] / "rules" / "packs" / "default.yaml"

_ADMIN = Actor(user="mei", role=Role.ADMIN)
_SALES_SYSTEM = Actor(user="wang", key="sales system", role=Role.SALES)

# id, name, currency, limit, terms, class, status, settlement, parent, country, industry, strategic value
_TABLE = """
C-1001 | 上海远东贸易有限公司 | CNY | 800000 | 60 | A | active | credit | - | CN | 贸易 | A
C-1002 | 深圳市华强电子股份有限公司 | CNY | 500000 | 30 | B | active | credit | - | CN | 电子 | B
C-1003 | 广州南方化工有限公司 | CNY | 300000 | 45 | C | watch | credit | - | CN | 化工 | C
C-1004 | 成都天府食品集团 | CNY | - | 0 | - | active | credit | - | CN | 食品 | -
C-1005 | 成都天府食品集团郫都分公司 | CNY | 120000 | 30 | B | active | batch | C-1004 | CN | 食品 | B
C-1006 | 宁波海曙机械制造厂 | CNY | 60000 | 15 | D | stop | cash | - | CN | 机械 | D
C-2001 | Acme Industrial GmbH | EUR | 150000 | 30 | A | active | credit | - | DE | Machinery | B
C-2002 | Nordic Pulp & Paper AB | EUR | 90000 | 60 | B | active | credit | - | SE | Paper | C
C-2003 | Tata Components Ltd | USD | 250000 | 45 | B | watch | credit | - | IN | Automotive | B
C-2004 | Contoso Retail Holdings | USD | 40000 | 30 | C | active | credit | - | US | Retail | C
C-2005 | Yamato Precision K.K. | JPY | 12000000 | 60 | A | active | credit | - | JP | Optics | A
"""
_CUSTOMERS = tuple(
    tuple(None if cell == "-" else cell for cell in row.split(" | ")) for row in _TABLE.strip().splitlines()
)


def fill(session: Session, moment: Moment) -> None:
    """Write it all; the policy is the default one. Flushes, does not commit."""
    publish_in_one_step(
        session, _ADMIN, DEFAULT_POLICY.read_text(), "Start with the default policy", moment.now - timedelta(days=2)
    )
    for currency, rate in (("EUR", "8.25"), ("USD", "7.10"), ("JPY", "0.0468")):
        put_fx_rate(session, _ADMIN, currency, Decimal(rate), moment.day, moment, "CNY")
    for row in _CUSTOMERS:
        _customer(session, moment, row)
    for position, row in enumerate(_CUSTOMERS[:3] + _CUSTOMERS[6:]):
        _history(session, moment, str(row[0]), str(row[2]), Decimal(row[3] or 0), position)
    _trouble(session, moment)
    _decisions(session, moment)


def _customer(session: Session, moment: Moment, row: tuple[str | None, ...]) -> None:
    customer_id, name, currency, limit, terms, grade, status, settlement, parent, country, industry, value = row
    document = CustomerDocument(
        name=str(name),
        currency=str(currency),
        credit_limit=Decimal(limit) if limit else None,
        limit_valid_until=moment.day + timedelta(days=200) if limit else None,
        standard_terms_days=int(terms or 0),
        customer_class=Grade(grade) if grade else None,
        status=CustomerStatus(str(status)),
        settlement_mode=SettlementMode(str(settlement)),
        parent_id=parent,
        country=country,
        industry=industry,
        strategic_value=Grade(value) if value else None,
        registered_on=moment.day - timedelta(days=1100),
        sales_owner="wang",
        external_ids={"SAP": f"00{customer_id}"},
    )
    put_customer(session, _ADMIN, str(customer_id), document, moment)


def _history(session: Session, moment: Moment, customer: str, currency: str, limit: Decimal, position: int) -> None:
    """A year of orders and invoices, a month apart; what is due is paid, by every third customer late."""
    amount = (limit / 8).quantize(Decimal(1))
    for month in range(1, 13):
        issued = moment.day - timedelta(days=30 * month - 12)
        order = OrderHistoryDocument(customer, amount, currency, issued - timedelta(days=7))
        put_order_history(session, _ADMIN, f"H-{customer}-{month}", order, moment)
        due, late = issued + timedelta(days=30), (position * month) % 9 if position % 3 == 2 else 0
        invoice = InvoiceDocument(customer, amount, currency, issued, due)
        put_invoice(session, _ADMIN, f"INV-{customer}-{month}", invoice, moment)
        if due + timedelta(days=late) <= moment.day:
            paid = (Allocation(f"INV-{customer}-{month}", amount),)
            payment = PaymentDocument(customer, amount, currency, due + timedelta(days=late), allocations=paid)
            put_payment(session, _ADMIN, f"PAY-{customer}-{month}", payment, moment)


def _trouble(session: Session, moment: Moment) -> None:
    late = InvoiceDocument(
        "C-1003",
        Decimal("46800.50"),
        "CNY",
        moment.day - timedelta(days=70),
        moment.day - timedelta(days=25),
    )
    put_invoice(session, _ADMIN, "INV-LATE", late, moment)
    for category, severity, channel in (
        ("supplier_payment", 3, SourceChannel.SUPPLIER),
        ("headcount", 2, SourceChannel.VISIT),
    ):
        seen = moment.day - timedelta(days=9)
        report = FieldReportDocument("C-2003", seen, category, severity, channel, "Two shifts stopped", "wang")
        add_field_report(session, _ADMIN, report, moment)


def _decisions(session: Session, moment: Moment) -> None:
    asked = (
        ("C-1001", "120000.00", "CNY", 60, CheckKind.ORDER),
        ("C-1001", "560000.00", "CNY", 90, CheckKind.ORDER),
        ("C-1002", "48500.00", "CNY", 30, CheckKind.ORDER),
        ("C-1003", "35000.00", "CNY", 45, CheckKind.ORDER),
        ("C-1003", "35000.00", "CNY", 45, CheckKind.QUOTE),
        ("C-1004", "8800.00", "CNY", 30, CheckKind.ORDER),
        ("C-1006", "12000.00", "CNY", 15, CheckKind.ORDER),
        ("C-2001", "18250.40", "EUR", 30, CheckKind.ORDER),
        ("C-2002", "15500.00", "EUR", 90, CheckKind.ORDER),
        ("C-2003", "42000.00", "USD", 45, CheckKind.ORDER),
        ("C-2004", "5200.00", "USD", 60, CheckKind.ORDER),
        ("C-2005", "1450000", "JPY", 60, CheckKind.ORDER),
    )
    for position, (customer, amount, currency, terms, kind) in enumerate(asked):
        then = Moment(moment.now - timedelta(minutes=37 * (len(asked) - position)), moment.day)
        request = CheckRequest(kind, f"SO-{2041 + position}", customer, Decimal(amount), currency, terms)
        check(session, _SALES_SYSTEM, request, then, "CNY")
