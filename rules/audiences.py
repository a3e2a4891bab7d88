"""Who reads about a decision, and which facts each of them may be told."""

from __future__ import annotations

from enum import StrEnum

from rules.texts import Text
from rules.values import FLAG_GROUP

SIGNALS_GROUP = "signals."


class Audience(StrEnum):
    """Who an explanation is for; declared from who may know most to who may know least."""

    CONTROLLER = "controller"  # everything, rule codes and arithmetic too
    SALES = "sales"  # what to tell and what would help; no field reports, no internal flags
    CUSTOMER = "customer"  # safe to forward: only what the customer knows itself


KNOWN_TO_CUSTOMERS = frozenset(
    {
        "customer.credit_limit",
        "customer.standard_terms_days",
        "receivables.open_amount",
        "receivables.overdue_amount",
        "receivables.undisputed_overdue_amount",
        "receivables.disputed_amount",
        "receivables.unapplied_amount",
        "receivables.overdue_invoice_count",
        "receivables.oldest_overdue_days",
        "receivables.oldest_undisputed_overdue_days",
    }
)
"""The facts that a customer knows without us, beside all of its own order."""

NOT_FOR: dict[Audience, tuple[str, Text]] = {
    Audience.SALES: (
        "not_for_sales",
        Text("is not for sales: field reports and flags stay inside", "不可告知销售：一线报告与标记仅限内部"),
    ),
    Audience.CUSTOMER: (
        "not_for_customers",
        Text(
            "is not for customers: only their order, limit, standard terms, open and overdue amounts are",
            "不可告知客户：仅限其订单、额度、标准账期、未清与逾期金额",
        ),
    ),
}
"""The fault of a message that tells an audience what is not for it: its code, and what is wrong."""


def may_know(audience: Audience, fact: str) -> bool:
    """Whether the value of a fact may be told to an audience."""
    match audience:
        case Audience.CONTROLLER:
            return True
        case Audience.SALES:
            return not fact.startswith((SIGNALS_GROUP, FLAG_GROUP))
    return fact in KNOWN_TO_CUSTOMERS or fact.startswith("order.")
