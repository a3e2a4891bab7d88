"""What a history does not say, and a backtest must assume: the section `assume` of its mapping file.

assume:
  currency: USD               # of the amounts in the file
  rate: "6.20"                # units of the policy's currency for one unit of it; 1 where they are the same
  terms_days: 30              # where the file has no due date; the standard terms of every customer
  credit_limit:               # none when left out; a column `credit_limit` in the file comes first
    times_monthly_sales: "3"  # of the sales of the last 12 months known that day, per 30 days ...
    at_least: "200.00"        # ... but never below this; alone: the same limit for all
  dispute_known: due_date     # or invoice_date, settled_on: when a dispute without a date was known
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from policy_service.domain.errors import Invalid
from policy_service.domain.money import EXACT, ZERO, minor_unit, parse_money, plain, round_down
from policy_service.services.importing.layout import MappingNotUnderstood, refuse_unknown

_MONTH_DAYS = 30
_LONGEST_TERMS_DAYS = 3650


class DisputeKnown(StrEnum):
    """When a dispute whose day nobody wrote down was known."""

    INVOICE_DATE = "invoice_date"
    DUE_DATE = "due_date"
    SETTLED_ON = "settled_on"


@dataclass(frozen=True, slots=True)
class LimitAssumption:
    """A limit of so many average months of sales, at least some amount."""

    times_monthly_sales: Decimal = ZERO
    at_least: Decimal = ZERO

    def limit(self, sales: Decimal, days: int, currency: str) -> Decimal:
        """The limit of a customer with `sales` in the last `days` days, at most 12 months."""
        monthly = sales * _MONTH_DAYS / max(_MONTH_DAYS, days)
        return round_down(max(self.at_least, EXACT.multiply(self.times_monthly_sales, monthly)), currency)


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What the history does not say."""

    currency: str
    rate: Decimal | None = None
    terms_days: int | None = None
    credit_limit: LimitAssumption | None = None
    dispute_known: DisputeKnown = DisputeKnown.DUE_DATE

    @property
    def terms(self) -> timedelta:
        """The terms of an invoice without a due date. Raises Invalid where none are assumed."""
        if self.terms_days is None:
            raise Invalid("has no due_date, and the mapping assumes no terms_days")
        return timedelta(days=self.terms_days)

    def as_document(self) -> dict[str, Any]:
        """As JSON: what the result hangs on."""
        limit = self.credit_limit
        return {
            "currency": self.currency,
            "rate": None if self.rate is None else plain(self.rate),
            "terms_days": self.terms_days,
            "credit_limit": limit
            and {"times_monthly_sales": plain(limit.times_monthly_sales), "at_least": plain(limit.at_least)},
            "dispute_known": self.dispute_known.value,
        }


def read_assumptions(tree: object) -> Assumptions:
    """The section `assume` of a mapping. Raises MappingNotUnderstood, naming the place."""
    if not isinstance(tree, dict):
        raise MappingNotUnderstood("assume: must be a map; `currency` at least must be assumed")
    refuse_unknown("assume", tree, ("currency", "rate", "terms_days", "credit_limit", "dispute_known"))
    try:
        return _assumptions(tree)
    except MappingNotUnderstood:
        raise
    except Invalid as error:
        raise MappingNotUnderstood(f"assume.{error.message}") from None


def _assumptions(tree: Mapping[str, object]) -> Assumptions:
    currency = str(tree.get("currency", ""))
    try:
        minor_unit(currency)
    except Invalid:
        raise Invalid(f"currency: {currency!r} is not an ISO 4217 currency code") from None
    limit = tree.get("credit_limit")
    return Assumptions(
        currency=currency,
        rate=_number("rate", tree["rate"]) if "rate" in tree else None,
        terms_days=_days(tree["terms_days"]) if "terms_days" in tree else None,
        credit_limit=None if limit is None else _limit(limit, currency),
        dispute_known=_dispute_known(str(tree.get("dispute_known", DisputeKnown.DUE_DATE))),
    )


def _limit(tree: object, currency: str) -> LimitAssumption:
    if not isinstance(tree, dict) or not tree:
        raise Invalid("credit_limit: must be a map with times_monthly_sales, at_least or both")
    refuse_unknown("assume.credit_limit", tree, ("times_monthly_sales", "at_least"))
    return LimitAssumption(
        _number("credit_limit.times_monthly_sales", tree["times_monthly_sales"])
        if "times_monthly_sales" in tree
        else ZERO,
        _money("credit_limit.at_least", tree["at_least"], currency) if "at_least" in tree else ZERO,
    )


def _number(place: str, value: object) -> Decimal:
    text = str(value)
    whole, _, decimals = text.partition(".")
    if not (whole.isascii() and whole.isdigit()) or (decimals and not (decimals.isascii() and decimals.isdigit())):
        raise Invalid(f"{place}: {text!r} is not a number such as 6.20")
    number = Decimal(text)
    if number <= 0:
        raise Invalid(f"{place}: must be above 0")
    return number


def _money(place: str, value: object, currency: str) -> Decimal:
    try:
        return parse_money(str(value), currency)
    except Invalid as error:
        raise Invalid(f"{place}: {error.message}") from None


def _days(value: object) -> int:
    text = str(value)
    if not (text.isascii() and text.isdigit() and int(text) <= _LONGEST_TERMS_DAYS):
        raise Invalid(f"terms_days: must be a whole number from 0 to {_LONGEST_TERMS_DAYS}")
    return int(text)


def _dispute_known(value: str) -> DisputeKnown:
    try:
        return DisputeKnown(value)
    except ValueError:
        raise Invalid(f"dispute_known: must be one of {', '.join(DisputeKnown)}") from None
