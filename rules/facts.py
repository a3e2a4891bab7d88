"""What is known when a check is decided: values of the catalogue, and the money context they stand in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType

from policy_service.domain.money import Rate

FactValue = Decimal | int | bool | str


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for, in the currency of the order.

    `prepaid_amount` is what counts as prepaid, `invoiced_amount` what is already invoiced under the order.
    """

    amount: Decimal
    currency: str
    payment_terms_days: int
    prepaid_amount: Decimal = Decimal(0)
    invoiced_amount: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Brake:
    """What a person stopped by hand: why, and until when unless it is lifted before. None: until it is lifted."""

    reason: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a decision reads. A fact that is missing is absent from `values`.

    `currency` is the account's, that of every money fact but the `group.` ones (`group_currency`).
    `rates` holds the day's rate of every currency that took part; a currency needs none when all are the same.
    `request` is None only for a rule case that does not say what is ordered.
    `freeze` stops every order, `stop` those of this customer; None where no such brake is in force.
    """

    day: date
    currency: str
    values: Mapping[str, FactValue]
    request: Request | None = None
    group_currency: str | None = None
    rates: Mapping[str, Rate] = field(default_factory=lambda: MappingProxyType({}))
    freeze: Brake | None = None
    stop: Brake | None = None
