"""Sums per currency brought into one currency, at the day's rates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from sqlalchemy import text
from sqlalchemy.orm import Session

from policy_service.domain.errors import NoExchangeRate
from policy_service.domain.money import EXACT, ZERO, Rate, convert

_RATES = text("""
SELECT c.currency, r.rate, r.as_of
FROM unnest(CAST(:currencies AS text[])) AS c(currency)
JOIN LATERAL (
    SELECT rate, as_of FROM fx_rates f WHERE f.currency = c.currency AND f.as_of <= :day ORDER BY as_of DESC LIMIT 1
) r ON true
""")


def day_rates(session: Session, currencies: Iterable[str], day: date, base_currency: str) -> dict[str, Rate]:
    """The day's rate of each currency: the latest on or before `day`; 1 for the base. Raises NoExchangeRate."""
    wanted = set(currencies)
    rates = {base_currency: Rate(Decimal(1), day)}
    foreign = sorted(wanted - {base_currency})
    if foreign:
        for row in session.execute(_RATES, {"currencies": foreign, "day": day}):
            rates[row.currency] = Rate(row.rate, row.as_of)
    for currency in foreign:
        if currency not in rates:
            raise NoExchangeRate(f"No exchange rate of {currency} is known on or before {day}.")
    return {currency: rates[currency] for currency in wanted}


@dataclass(frozen=True, slots=True)
class Exchange:
    """Brings amounts into `currency`. `rates` is empty where every amount is in that currency already."""

    currency: str
    rates: Mapping[str, Rate] = field(default_factory=dict)

    def bring(self, amount: Decimal, currency: str) -> Decimal:
        """`amount` of `currency` in this exchange's currency, not yet rounded to the minor unit. 0 needs no rate."""
        if currency == self.currency or amount == ZERO:
            return amount
        return convert(amount, self.rates[currency], self.rates[self.currency])

    def total(self, rows: Iterable[Mapping[str, object]], name: str) -> Decimal:
        """The sum of column `name` over rows of several currencies."""
        total = ZERO
        for row in rows:
            amount = Decimal(str(row[name]))
            total = EXACT.add(total, self.bring(amount, str(row["currency"])))
        return total

    def to(self, currency: str) -> Exchange:
        """The same rates, into another currency."""
        return Exchange(currency, self.rates)
