"""Facts that the credit account itself tells: limit in force, insurance, status, terms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from policy_service.db.models import Customer
from policy_service.domain.documents import CustomerStatus

Account = Customer
_AS_STORED = (
    "status",
    "segment",
    "customer_class",
    "country",
    "region",
    "industry",
    "standard_terms_days",
    "strategic_value",
    "substitutability",
    "settlement_mode",
)


@dataclass(frozen=True, slots=True)
class LimitInForce:
    """The limit of a day, None where none is set or it has expired; and the days until it expires, below 0 after."""

    amount: Decimal | None
    days_left: int | None


def limit_in_force(account: Account, day: date) -> LimitInForce:
    """A temporary limit overrides the base limit in its window, both ends in."""
    if (
        account.temporary_limit_amount is not None
        and account.temporary_limit_from is not None
        and account.temporary_limit_to is not None
        and account.temporary_limit_from <= day <= account.temporary_limit_to
    ):
        return LimitInForce(account.temporary_limit_amount, (account.temporary_limit_to - day).days)
    if account.credit_limit is None or account.limit_valid_until is None:
        return LimitInForce(account.credit_limit, None)
    days_left = (account.limit_valid_until - day).days
    return LimitInForce(account.credit_limit if days_left >= 0 else None, days_left)


def group_limit_in_force(topmost: Account, day: date) -> Decimal | None:
    """The topmost parent's group limit, else its own limit of the day."""
    if topmost.group_credit_limit is not None:
        return topmost.group_credit_limit
    return limit_in_force(topmost, day).amount


def insurance_in_force(account: Account, day: date) -> Decimal | None:
    """The insured amount, None where there is none or it has run out."""
    if account.insured_until is not None and account.insured_until < day:
        return None
    return account.insured_amount


def account_facts(account: Account, day: date, limit: LimitInForce, *, is_stopped: bool = False) -> dict[str, Any]:
    """The `customer.` facts that do not need documents. Under an emergency stop the status is `stop`."""
    registered = account.registered_on
    stored: Mapping[str, Any] = {f"customer.{name}": getattr(account, name) for name in _AS_STORED}
    return {
        **stored,
        **({"customer.status": CustomerStatus.STOP.value} if is_stopped else {}),
        "customer.id": account.id,
        "customer.tenure_days": (day - registered).days if registered and registered <= day else None,
        "customer.credit_limit": limit.amount,
        "customer.limit_days_left": limit.days_left,
        "customer.insured_amount": insurance_in_force(account, day),
        "customer.collateral_amount": account.collateral_amount,
    }
